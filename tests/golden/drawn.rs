//! Provides scored rows for the cases, either stored in a golden file or drawn from a seed as in `make.py`.

use serde::Deserialize;

use spamops::rows::label::Label;
use spamops::stats::ranking::ScoredLabel;

/// Parameters of the function `drawn` in `tests/golden/make.py`.
#[derive(Debug, Deserialize)]
pub(crate) struct Drawn {
    seed: u64,
    rows: usize,
    grains: f64,
    lean: f64,
    slope: f64,
}

impl Drawn {
    /// The same parameters with another seed.
    pub(crate) fn with_seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    pub(crate) fn rows(&self) -> Vec<ScoredLabel> {
        self.pairs().into_iter().map(|(score, positive)| scored(score, positive)).collect()
    }

    pub(crate) fn pairs(&self) -> Vec<(f64, bool)> {
        let mut seed = self.seed;
        let mut number = || {
            seed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mixed = (seed ^ (seed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1u64 << 53) as f64
        };
        let draw = |_| {
            let (one, other) = (number(), number());
            let score = if self.grains > 0.0 { (one * self.grains).floor() / self.grains } else { one };
            (score, other < self.lean + self.slope * score)
        };
        (0..self.rows).map(draw).collect()
    }
}

pub(crate) fn scored(score: f64, positive: bool) -> ScoredLabel {
    ScoredLabel::new(score, if positive { Label::Positive } else { Label::Negative })
}

/// Rows of a case: parameters to draw them, or stored scores and labels.
#[derive(Debug, Deserialize)]
pub(crate) struct DrawnOrStored {
    drawn: Option<Drawn>,
    #[serde(default)]
    scores: Vec<f64>,
    #[serde(default)]
    positive: Vec<bool>,
}

impl DrawnOrStored {
    pub(crate) fn pairs(&self) -> Vec<(f64, bool)> {
        let stored = || self.scores.iter().copied().zip(self.positive.iter().copied()).collect();
        self.drawn.as_ref().map_or_else(stored, Drawn::pairs)
    }
}
