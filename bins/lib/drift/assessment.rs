//! What new messages show beside the reference: the verdict of the tests, and what moved.

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::drift::changes::{self, FeatureChange, WordNames};
use crate::drift::estimated_f1::{self, EstimatedF1};
use crate::drift::histograms::{FeatureDistance, FeatureHistogram, pictures};
use crate::drift::history::{PastRuns, RunRecord};
use crate::drift::messages::Messages;
use crate::drift::policy::DriftPolicy;
use crate::drift::shift::{LabelShift, shift};
use crate::drift::signals::{self, Signal};
use crate::io::dates::Timestamp;
use crate::io::fraction::Fraction;
use crate::profile::summary::Profile;
use crate::stats::metrics::Confusion;

/// Distinct messages under which nothing is said.
pub const LEAST: u64 = 30;

/// Distinct messages that performance, labelled or expected, is pooled over.
pub const EXPECTED: u64 = 2000;

/// The champion, as far as it is watched.
#[derive(Clone, Copy, Debug)]
pub struct Champion {
    /// From where on it says yes.
    pub threshold: Fraction,
    /// Its verdicts on rows it had not seen, where that was measured.
    pub confusion: Option<Confusion>,
    /// When it was fitted.
    pub fitted: Option<Timestamp>,
}

/// What a verdict is about.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Window {
    /// New rows of this run.
    pub rows: u64,
    /// Distinct messages among them, about.
    pub distinct: u64,
    /// Runs, this one and those before it, that were pooled.
    pub runs: usize,
    /// Distinct messages that were tested.
    pub messages: u64,
    /// Those they were held against.
    pub reference: u64,
    /// How many it takes to see a distance of .10 half of the time; none where the reference is too small for that.
    pub needed: Option<u64>,
    /// The least distance that these messages would show half of the time.
    pub detectable: Option<f64>,
    /// `history` where drift is news only if larger than in 95 of 100 windows before, else `iid-only`.
    pub calibration: String,
}

/// What the messages show.
pub(super) struct Assessment {
    pub(super) verdict: String,
    /// Runs, this one and those before it, that performance is about: the last ones, and more.
    pub(super) runs: [usize; 2],
    /// Whether the labelled messages were picked.
    pub(super) picked: bool,
    pub(super) window: Window,
    pub(super) signals: Vec<Signal>,
    pub(super) moved: Vec<FeatureChange>,
    pub(super) shift: Option<LabelShift>,
    pub(super) expected: Option<EstimatedF1>,
    pub(super) distances: Vec<FeatureDistance>,
    pub(super) pictures: Vec<FeatureHistogram>,
}

impl Default for Assessment {
    fn default() -> Self {
        Self {
            verdict: "insufficient_data".into(),
            runs: [1, 1],
            picked: false,
            window: Window { runs: 1, calibration: "iid-only".into(), ..Window::default() },
            signals: Vec::new(),
            moved: Vec::new(),
            shift: None,
            expected: None,
            distances: Vec::new(),
            pictures: Vec::new(),
        }
    }
}

/// Tests the new messages, and those of the runs before it that they take to speak, against the reference.
pub(super) fn look(
    reference: &Profile,
    champion: Option<Champion>,
    new: &Profile,
    names: &WordNames,
    past: &PastRuns,
    block: &mut RunRecord,
    policy: &DriftPolicy,
) -> Result<Assessment> {
    let side = Messages::of_reference(reference);
    let needed = signals::needed(side.len());
    let (pool, runs) = past.pooled(new, needed.unwrap_or(EXPECTED))?;
    let window = Messages::of_new(&pool, reference);
    block.runs = runs;
    let threshold = champion.map(|champion| champion.threshold);
    let meaning = estimated_f1::calibration(&side);
    let known = threshold.zip(meaning.as_ref());
    let at = |window: &Messages| {
        known.and_then(|(threshold, meaning)| EstimatedF1::of(&side, window, threshold, meaning))
    };
    let mut seen = Assessment::default();
    seen.window.runs = runs;
    (seen.window.messages, seen.window.reference) = (window.len(), side.len());
    (seen.window.needed, seen.window.detectable) = (needed, signals::detectable(side.len(), window.len()));
    if window.len() < LEAST || side.len() < LEAST {
        return Ok(seen);
    }
    seen.signals = signals::all(&side, &window, threshold, at(&window).as_ref());
    let (longer, runs_of_longer) = past.pooled(new, EXPECTED)?;
    let longer = Messages::of_new(&longer, reference);
    seen.runs = [runs, runs_of_longer];
    seen.picked = signals::are_picked(&longer);
    // What is fresh shows where only the last messages are asked, what is slight where many are.
    let lost = |one: &EstimatedF1, other: &EstimatedF1| one.surely_lost().total_cmp(&other.surely_lost());
    seen.expected = [at(&window), at(&longer)].into_iter().flatten().max_by(lost);
    block.f1 = seen.expected.map(|expected| expected.expected.value);
    // The last windows may be the beginning of what is looked for.
    let judged = policy.persistence.of - 1;
    for signal in &mut seen.signals {
        block.strengths.insert(signal.family.clone(), signal.strength);
        signal.surprise = past.surprise(block, &signal.family, signal.strength, judged);
        block.calibrated |= signal.surprise.is_some();
        let news = signal.surprise.is_none_or(|p| p <= signals::ALPHA);
        block.news |= signal.fired && news;
        if signal.fired && !news {
            signal.says += ": no more than in the windows before";
        }
        if signal.family == "words"
            && let Some(name) = signal.what.as_ref().and_then(|word| names.get(word.parse().ok()?))
        {
            signal.says = signal.says.replacen("a word", &format!("'{name}'"), 1);
            signal.what = Some(name);
        }
    }
    seen.window.calibration = if block.calibrated { "history" } else { "iid-only" }.into();
    let fired = seen.signals.iter().any(|signal| signal.fired);
    let enough = needed.is_some_and(|needed| window.len() >= needed);
    seen.verdict = if fired {
        "drifted"
    } else if enough {
        "steady"
    } else {
        "insufficient_data"
    }
    .into();
    block.verdict.clone_from(&seen.verdict);
    seen.moved = changes::all(&side, &window, names);
    seen.shift = known.and_then(|(threshold, meaning)| shift(&side, &window, threshold, meaning));
    (seen.distances, seen.pictures) = pictures(&side, &window);
    Ok(seen)
}
