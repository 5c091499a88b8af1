//! The deploy rule: a challenger is deployed if it is better and passes every check.

use crate::compare::golden::GoldenResult;
use crate::compare::paired_result::CompareVerdict;
use crate::compare::slices::Slice;
use crate::model::estimate::RequiredGate;

/// The reason why a challenger is not deployed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeployBlock {
    /// It is not better than the champion.
    Verdict(CompareVerdict),
    /// It misses a gate or a requirement, loses in a slice, or gets a golden message wrong.
    Check,
}

/// The first thing that keeps a challenger from being deployed, if anything does. `gates` says of each gate whether it is passed.
pub fn deploy_block(
    verdict: CompareVerdict,
    mut gates: impl Iterator<Item = bool>,
    required: &[RequiredGate],
    slices: &[Slice],
    golden: Option<&GoldenResult>,
) -> Option<DeployBlock> {
    if verdict != CompareVerdict::Better {
        return Some(DeployBlock::Verdict(verdict));
    }
    let passed = gates.all(|passed| passed)
        && required.iter().all(|gate| gate.passed)
        && !slices.iter().any(|slice| slice.loses)
        && golden.is_none_or(GoldenResult::passed);
    (!passed).then_some(DeployBlock::Check)
}
