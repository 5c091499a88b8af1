//! Generates pseudo-random numbers from a seed, so that every run makes the same choices.

/// The SplitMix64 generator. One word of state is enough to choose phrases.
pub(crate) struct Rng(u64);

impl Rng {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, or 0 if `bound` is 0.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        // The remainder is smaller than a `usize`, so the conversion cannot fail.
        usize::try_from(self.next() % (bound.max(1) as u64)).unwrap_or_default()
    }

    pub(crate) fn percent(&mut self, share: usize) -> bool {
        self.below(100) < share
    }

    pub(crate) fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(self.below(items.len()))
    }

    /// The index of an item drawn in proportion to its weight; `None` if all weights are 0.
    pub(crate) fn weighted(&mut self, weights: impl Iterator<Item = usize> + Clone) -> Option<usize> {
        let mut left = self.below(weights.clone().sum());
        weights.into_iter().position(|weight| {
            let hit = left < weight;
            left = left.saturating_sub(weight);
            hit
        })
    }
}
