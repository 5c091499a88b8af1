//! Applies the deploy rule: a challenger is deployed if it is better and passes every check.

use crate::compare::golden::GoldenResult;
use crate::compare::paired_result::CompareVerdict;
use crate::compare::slices::Slice;
use crate::model::estimate::RequiredGate;

/// The reason why a challenger is not deployed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeployBlock {
    /// The verdict is not `better`.
    Verdict(CompareVerdict),
    /// The challenger misses a gate, loses in a slice, or gets a golden message wrong.
    Check,
}

/// The reason that blocks a deployment; none if the challenger can be deployed. `gates` is true for each gate that passed.
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
