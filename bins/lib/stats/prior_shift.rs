//! Class balance of new rows from their scores (Saerens et al. 2002), and scores corrected for it.

use std::fmt;
use std::str::FromStr;

use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};
use statrs::distribution::{ChiSquared, ContinuousCDF};

/// Distinct rows under which nothing is estimated.
pub const LEAST: u64 = 200;

/// The level of the test.
pub const LEVEL: f64 = 0.01;

/// The least difference of shares that is worth a correction, however small the p-value.
pub const FLOOR: f64 = 0.03;

/// The least recall less rate of false positives: under it the scores of the classes are too much alike to tell a share.
pub const APART: f64 = 0.2;

/// The most that an estimate may move the odds by, up or down.
pub const MOST: f64 = 10.0;

/// Which share the scores shall go by.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RequestedPrior {
    /// That of the rows, estimated.
    Auto,
    /// This one, over 0 and under 1.
    Given(f64),
}

impl FromStr for RequestedPrior {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        match (text, text.parse()) {
            ("auto", _) => Ok(Self::Auto),
            (_, Ok(share)) if share > 0.0 && share < 1.0 => Ok(Self::Given(share)),
            _ => bail!("expected auto, or a share between 0 and 1"),
        }
    }
}

/// The labelled rows that scores were learned and calibrated on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TrainingBalance {
    /// The positive ones.
    pub positive: u64,
    /// The others.
    pub negative: u64,
}

impl TrainingBalance {
    /// The share of positives; none where a class has no rows.
    pub fn share(self) -> Option<f64> {
        let (positive, negative) = (self.positive as f64, self.negative as f64);
        (positive > 0.0 && negative > 0.0).then(|| positive / (positive + negative))
    }
}

/// The share of positives among rows that were scored by what was trained with another share: the maximum of the likelihood
/// that the EM algorithm of Saerens, Latinne and Decaestecker (2002) climbs to. The likelihood is concave, so the direction
/// of a step of EM tells on which side of the maximum it is: halving finds it to 2^-60, where the steps would only creep.
pub fn estimate(scores: &[f64], training: f64) -> f64 {
    most_likely(scores, training, TrainingBalance::default())
}

/// Whether the share has changed: the likelihood-ratio test (Wilks 1938) on one degree of freedom of two shares against one
/// and the same, which EM finds with the training rows among the others. Both are samples: Saerens et al. take the share
/// of the training rows as exact, which would raise the rate of false alarms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PriorShiftTest {
    /// The share of positives among the rows.
    pub estimated: f64,
    /// That of rows and training rows, were it one.
    pub common: f64,
    /// Twice the log of the ratio of the likelihoods.
    pub statistic: f64,
    /// The chance of such a statistic, or a larger one, where the share is one.
    pub p: f64,
}

impl PriorShiftTest {
    /// The test; none where a class has no training rows.
    pub fn test(scores: &[f64], trained: TrainingBalance) -> Option<Self> {
        let training = trained.share()?;
        let estimated = estimate(scores, training);
        let common = most_likely(scores, training, trained);
        let labelled =
            |share: f64| trained.positive as f64 * share.ln() + trained.negative as f64 * (1.0 - share).ln();
        let two = log_likelihood(scores, training, estimated) + labelled(training);
        let one = log_likelihood(scores, training, common) + labelled(common);
        let statistic = (2.0 * (two - one)).max(0.0);
        Some(Self { estimated, common, statistic, p: ChiSquared::new(1.0).ok()?.sf(statistic) })
    }
}

/// The most likely share of positives among scored rows and labelled ones.
fn most_likely(scores: &[f64], training: f64, labelled: TrainingBalance) -> f64 {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let share = f64::midpoint(low, high);
        let slope = |&score: &f64| {
            let (positive, negative) = densities(score, training);
            (positive - negative) / (share * positive + (1.0 - share) * negative)
        };
        let known = labelled.positive as f64 / share - labelled.negative as f64 / (1.0 - share);
        if known + scores.iter().map(slope).sum::<f64>() > 0.0 {
            low = share;
        } else {
            high = share;
        }
    }
    // What has only ever moved to one side is that side.
    match (low > 0.0, high < 1.0) {
        (false, _) => 0.0,
        (_, false) => 1.0,
        _ => f64::midpoint(low, high),
    }
}

fn log_likelihood(scores: &[f64], training: f64, share: f64) -> f64 {
    let row = |&score: &f64| {
        let (positive, negative) = densities(score, training);
        (share * positive + (1.0 - share) * negative).ln()
    };
    scores.iter().map(row).sum()
}

/// How frequent such rows are among positives and among negatives, next to the training rows, by Bayes' rule.
fn densities(score: f64, training: f64) -> (f64, f64) {
    (score / training, (1.0 - score) / (1.0 - training))
}

/// What is known of a model before it corrects its scores.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PriorBasis {
    /// What it was trained on.
    pub trained: TrainingBalance,
    /// Whether its scores are calibrated.
    pub calibrated: bool,
    /// Its recall less its rate of false positives, out of fold.
    pub apart: f64,
}

/// Which share of positives the scores go by, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prior {
    /// `auto` or `given`.
    pub asked: String,
    /// The share among the training rows; none where a class had none.
    pub training: Option<f64>,
    /// Distinct rows that the estimate is from.
    pub rows: Option<u64>,
    /// The share among them.
    pub estimated: Option<f64>,
    /// The share the scores go by.
    pub used: Option<f64>,
    /// How surprising the estimate would be if nothing had changed.
    pub p: Option<f64>,
    /// Whether scores were corrected.
    pub acted: bool,
    /// A sentence for people.
    pub why: String,
}

impl Prior {
    /// Goes by a share that is known, be it as far away as it may.
    pub fn given(share: f64, ground: PriorBasis) -> Self {
        let prior = Self::unmoved("given", ground);
        match ground.refusal() {
            Some(why) => Self { why, ..prior },
            None => Self { used: Some(share), acted: true, why: "the share was named".into(), ..prior },
        }
    }

    /// Goes by the share that the scores of distinct rows tell, where they tell another one clearly and by enough; the odds
    /// move by [`MOST`] then at most.
    pub fn auto(scores: &[f64], ground: PriorBasis) -> Self {
        let rows = scores.len() as u64;
        let mut prior = Self { rows: Some(rows), ..Self::unmoved("auto", ground) };
        let change = match (ground.refusal(), PriorShiftTest::test(scores, ground.trained)) {
            (None, Some(change)) if rows >= LEAST => change,
            (refusal, _) => {
                let few = || format!("{rows} distinct rows are too few for an estimate; {LEAST} would do");
                prior.why = refusal.unwrap_or_else(few);
                return prior;
            }
        };
        let training = prior.training.unwrap_or_default();
        let PriorShiftTest { estimated, p, .. } = change;
        (prior.estimated, prior.p) = (Some(estimated), Some(p));
        let found = format!("of {rows} distinct rows an estimated {estimated:.3} are positive");
        let clear = p < LEVEL;
        let far = (estimated - training).abs() >= FLOOR;
        prior.acted = clear && far && ground.apart >= APART;
        prior.why = if !clear {
            format!("{found}, not clearly another share than {training:.3} in training (p {p:.3})")
        } else if !far {
            format!("{found}, by less than {FLOOR} another share than {training:.3} in training")
        } else if !prior.acted {
            format!(
                "{found}, but recall less false alarms was {:.3} out of fold, under {APART}",
                ground.apart
            )
        } else {
            let factor = (odds(estimated) / odds(training)).clamp(1.0 / MOST, MOST);
            prior.used = Some(moved(training, factor));
            let bounded = if factor == MOST || factor == 1.0 / MOST {
                format!("; the odds moved by a factor of {MOST}, which is the most")
            } else {
                String::new()
            };
            format!("{found} (p {p:.0e}){bounded}")
        };
        prior
    }

    /// A score by the share that is used, by Bayes' rule (Saerens et al. 2002).
    pub fn corrected(&self, score: f64) -> f64 {
        match (self.acted, self.training, self.used) {
            (true, Some(training), Some(used)) => moved(score, odds(used) / odds(training)),
            _ => score,
        }
    }

    fn unmoved(asked: &str, ground: PriorBasis) -> Self {
        let training = ground.trained.share();
        Self {
            asked: asked.into(),
            training,
            rows: None,
            estimated: None,
            used: training,
            p: None,
            acted: false,
            why: String::new(),
        }
    }
}

impl fmt::Display for Prior {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.acted, self.training, self.used) {
            (true, Some(training), Some(used)) => {
                write!(f, "corrected from a share of {training:.3} positive rows to {used:.3}: ")?;
            }
            _ => f.write_str("not corrected: ")?,
        }
        f.write_str(&self.why)
    }
}

impl PriorBasis {
    /// Why the scores of the model are not corrected at all.
    fn refusal(self) -> Option<String> {
        if !self.calibrated {
            return Some("the model is not calibrated; fit one with --calibrate sigmoid".into());
        }
        self.trained
            .share()
            .is_none()
            .then(|| "the model does not say how many rows of each class it has seen".into())
    }
}

fn odds(share: f64) -> f64 {
    share / (1.0 - share)
}

/// A probability whose odds are moved by a factor.
fn moved(share: f64, factor: f64) -> f64 {
    share * factor / (share * factor + (1.0 - share))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUND: PriorBasis = PriorBasis {
        trained: TrainingBalance { positive: 200, negative: 1800 },
        calibrated: true,
        apart: 0.9,
    };

    /// So many sure rows of either class.
    fn sure(positive: usize, negative: usize) -> Vec<f64> {
        [vec![0.99; positive], vec![0.01; negative]].concat()
    }

    #[test]
    fn every_gate_holds_back_alone() {
        let shifted = sure(100, 100);
        let acted = Prior::auto(&shifted, GROUND);
        assert!(acted.acted, "{acted:?}");
        let refused = |scores: &[f64], ground: PriorBasis, why: &str| {
            let prior = Prior::auto(scores, ground);
            assert!(!prior.acted && prior.why.contains(why), "{why}: {prior:?}");
            assert_eq!((prior.used, prior.corrected(0.3)), (ground.trained.share(), 0.3));
        };
        refused(&sure(100, 99), GROUND, "too few");
        refused(&shifted, PriorBasis { calibrated: false, ..GROUND }, "calibrated");
        refused(&shifted, PriorBasis { apart: 0.199, ..GROUND }, "out of fold");
        refused(
            &shifted,
            PriorBasis { trained: TrainingBalance { positive: 0, negative: 9 }, ..GROUND },
            "each class",
        );
        refused(&sure(25, 175), GROUND, "not clearly");
        // .115 against .1 of very many rows is as clear as can be, and little.
        let many = PriorBasis { trained: TrainingBalance { positive: 10_000, negative: 90_000 }, ..GROUND };
        refused(&sure(2300, 17_700), many, "less than 0.03");
    }

    #[test]
    fn the_odds_move_by_a_factor_of_ten_at_most() {
        for scores in [sure(990, 10), vec![1.0; 300]] {
            let up = Prior::auto(&scores, GROUND);
            assert!((odds(up.used.unwrap()) - 10.0 / 9.0).abs() < 1e-12, "{up:?}");
            assert!((odds(up.corrected(0.5)) - 10.0).abs() < 1e-12 && up.why.contains("the most"), "{up:?}");
        }
        let down = Prior::auto(
            &sure(0, 3000),
            PriorBasis { trained: TrainingBalance { positive: 900, negative: 1100 }, ..GROUND },
        );
        assert!(down.estimated == Some(0.0) && (odds(down.corrected(0.5)) - 0.1).abs() < 1e-12, "{down:?}");
        let named = Prior::given(0.99, GROUND);
        assert!((odds(named.corrected(0.1)) - 99.0).abs() < 1e-9, "{named:?}");
    }

    #[test]
    fn what_is_sure_stays_sure_and_no_two_scores_change_places() {
        let prior = Prior::given(0.7, GROUND);
        assert_eq!((prior.corrected(0.0), prior.corrected(1.0)), (0.0, 1.0));
        let corrected: Vec<f64> = (0..=1000).map(|n| prior.corrected(f64::from(n) / 1000.0)).collect();
        assert!(corrected.is_sorted());
    }

    #[test]
    fn a_share_is_inside_or_auto() {
        assert_eq!("auto".parse::<RequestedPrior>().unwrap(), RequestedPrior::Auto);
        assert_eq!("0.25".parse::<RequestedPrior>().unwrap(), RequestedPrior::Given(0.25));
        for wrong in ["0", "1", "-0.5", "1.5", "NaN", "inf", "", "Auto", "50%"] {
            assert!(wrong.parse::<RequestedPrior>().is_err(), "{wrong}");
        }
    }
}
