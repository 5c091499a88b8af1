//! Measures how much the reference changed in its own order of time: a scale for the change of a window.

use std::collections::BTreeMap;

use crate::drift::families::FamilyTest;
use crate::drift::messages::Messages;

/// Minimum number of messages in a block. Smaller blocks differ by chance alone.
const MIN_BLOCK: usize = 100;

/// Minimum number of blocks in the reference. A window that is larger than this part of the reference is compared with
/// smaller blocks, which differ more.
const MIN_BLOCKS: usize = 12;

/// Strengths of the changes within the reference, by family.
#[derive(Clone, Debug, Default)]
pub(super) struct ReferenceOrder(BTreeMap<&'static str, Vec<f64>>);

impl ReferenceOrder {
    /// Divides the dated messages of the reference into consecutive blocks of the size of the window, and compares each
    /// block, from the second quarter on, with the blocks before it. None if the reference has too few dated messages.
    pub(super) fn of(
        reference: &Messages,
        window: u64,
        families: impl Fn(&Messages, &Messages) -> Vec<FamilyTest>,
    ) -> Option<Self> {
        let mut places: Vec<usize> =
            (0..reference.records.len()).filter(|place| reference.records[*place].day.is_some()).collect();
        places.sort_by_key(|place| reference.records[*place].day);
        let largest = places.len() / MIN_BLOCKS;
        if largest < MIN_BLOCK || 2 * places.len() < reference.records.len() {
            return None;
        }
        let size = usize::try_from(window).unwrap_or(usize::MAX).clamp(MIN_BLOCK, largest);
        let blocks = places.len() / size;
        let mut strengths: BTreeMap<&'static str, Vec<f64>> = BTreeMap::new();
        for end in (blocks.div_ceil(4)..blocks).map(|block| places.len() - (blocks - block) * size) {
            let (before, block) = (&places[..end], &places[end..end + size]);
            let tests = families(&reference.part(before, true), &reference.part(block, false));
            for test in tests {
                strengths.entry(test.family.name()).or_default().push(test.strength);
            }
        }
        Some(Self(strengths))
    }

    /// Share of the blocks with a change at least as large as this one; none if no block has this family.
    pub(super) fn share_at_least(&self, test: &FamilyTest) -> Option<f64> {
        let blocks = self.0.get(test.family.name())?;
        let larger = blocks.iter().filter(|strength| **strength >= test.strength).count();
        Some(larger as f64 / blocks.len() as f64)
    }
}
