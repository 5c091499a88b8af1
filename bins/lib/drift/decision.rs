//! Is the live model still right for what arrives now? Every trigger of a retrain, whether it fired or not.

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::drift::assessment::{Assessment, Champion, Window, look};
use crate::drift::changes::{FeatureChange, WordNames};
use crate::drift::estimated_f1::EstimatedF1;
use crate::drift::histograms::{FeatureDistance, FeatureHistogram};
use crate::drift::history::{History, RunRecord};
use crate::drift::policy::DriftPolicy;
use crate::drift::repeats::{Repeats, repeats};
use crate::drift::shift::LabelShift;
use crate::drift::signals::Signal;
use crate::drift::triggers::{Triggers, cooldown, first};
use crate::io::dates::Timestamp;
use crate::io::result_file::ResultHead;
use crate::profile::summary::Profile;
use crate::stats::metrics::Metrics;
use crate::verdict::Reason;

/// What unlabelled messages cannot show, whatever is measured.
pub const BLIND: &str = "Without labels a change of what counts as positive cannot be seen, nor can mistakes that the model is \
    sure of: only labels show these.";

/// What is held against each other.
#[derive(Clone, Debug, Default)]
pub struct DriftEvidence<'a> {
    /// The champion, if there is one.
    pub champion: Option<Champion>,
    /// What messages looked like when it was fitted, or those that it is held against instead; and its digest.
    pub reference: Option<(&'a Profile, &'a str)>,
    /// The new messages.
    pub new: Profile,
    /// How their words are spelled.
    pub names: WordNames,
    /// What the champion scored on new rows with labels.
    pub metrics: Option<&'a Metrics>,
    /// The runs before this one.
    pub history: History,
    /// Files that are watched, each with its changed lines since the champion.
    pub changes: Vec<(String, u64)>,
    /// When a new model was last asked for.
    pub last_retrain: Option<Timestamp>,
}

/// What `drift` found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DriftReport {
    /// Schema and tool.
    #[serde(flatten)]
    pub head: ResultHead,
    /// Seconds since 1970.
    pub time: i64,
    /// `drifted`, `steady` or `insufficient_data`.
    pub verdict: String,
    /// Whether a new model is asked for.
    pub retrain_needed: bool,
    /// Whether labels are asked for, without which a new model would have nothing to learn from.
    pub labels_needed: bool,
    /// The code of the first trigger that fired.
    pub reason: Option<String>,
    /// Every trigger, whether it fired or not.
    pub reasons: Vec<Reason>,
    /// What the verdict is about.
    pub window: Window,
    /// Every family of tests.
    pub signals: Vec<Signal>,
    /// What moved.
    pub moved: Vec<FeatureChange>,
    /// Whether the share of positives moved, or what is in the messages.
    pub shift: Option<LabelShift>,
    /// The F1 to be expected.
    pub expected: Option<EstimatedF1>,
    /// Messages that came more than once.
    pub repeats: Repeats,
    /// How far sizes and scores are from the reference's; nothing is decided by these.
    pub distances: Vec<FeatureDistance>,
    /// Histograms of them.
    pub pictures: Vec<FeatureHistogram>,
    /// The runs before this one, and this one, in a few words each.
    pub strip: Vec<RunSummary>,
    /// What this schedule costs where nothing ever changes.
    pub schedule: Schedule,
    /// What unlabelled messages cannot show.
    pub blind: String,
}

/// A run in a few words.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunSummary {
    /// Seconds since 1970.
    pub time: i64,
    /// Its rows.
    pub rows: u64,
    /// Its verdict.
    pub verdict: String,
    /// The F1 that was to be expected.
    pub f1: Option<f64>,
}

/// What a schedule costs where nothing ever changes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    /// Runs in a year, by the history; 365 where there is none.
    pub runs: f64,
    /// Retrains in a year that would be false, about; none where the policy is not the one that was simulated.
    pub false_retrains: Option<f64>,
}

/// False retrains in a year of daily runs where nothing changes, by simulation at the defaults, the larger of 100 and of 1,000
/// rows a day at the upper end of its 99% interval: `tests/real.sh drift`.
pub const FALSE_RETRAINS: f64 = 0.3;

/// Decides; gives the block for the history, too.
pub fn decide(
    evidence: DriftEvidence,
    policy: &DriftPolicy,
    now: Timestamp,
    tool: &str,
) -> Result<(DriftReport, RunRecord)> {
    let DriftEvidence { champion, reference, new, names, metrics, history, changes, last_retrain } = evidence;
    let mut block = RunRecord::of(&new, reference.map_or("", |(_, digest)| digest), now.0)?;
    let past = history.before(&block, &new)?;
    block.confusion = metrics.map(|metrics| metrics.figures.confusion).unwrap_or_default();
    let mut seen = match reference {
        Some((reference, _)) => look(reference, champion, &new, &names, &past, &mut block, policy)?,
        None => Assessment::default(),
    };
    let repeats = repeats(&new, reference.map(|(profile, _)| profile), &names);
    seen.window.rows = new.rows;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a number of messages")]
    let distinct = new.distinct().round() as u64;
    seen.window.distinct = distinct;
    block.since = past.since(&block);
    let triggers =
        Triggers { champion, policy, past: &past, block: &block, seen: &seen, metrics: metrics.is_some() };
    let forced = if policy.forced { "a retrain is forced" } else { "not forced" };
    let mut reasons =
        vec![Reason::plain("forced", policy.forced, forced), first(champion, reference.is_some())];
    reasons.push(triggers.labelled());
    reasons.push(triggers.expected());
    reasons.push(triggers.drift());
    reasons.extend(triggers.age(now));
    reasons.extend(triggers.rows());
    let last = reasons.len();
    reasons.extend(changes.into_iter().map(|(file, lines)| triggers.changes(&file, lines)));
    let compels = |reason: &Reason| reason.fired && matches!(reason.code.as_str(), "forced" | "no_champion");
    let compelled = reasons.iter().any(compels);
    // A word list that has changed is something to learn from; what the rows say needs labels.
    let learns = compelled || reasons[last..].iter().any(|reason| reason.fired);
    let asked = reasons.iter().find(|reason| reason.fired).map(|reason| reason.code.clone());
    let mut retrain_needed = asked.is_some();
    if let Some(mut held) = cooldown(last_retrain, policy.cooldown_hours, now).filter(|_| !compelled) {
        // What nobody asked for is not held back.
        held.fired &= retrain_needed;
        retrain_needed &= !held.fired;
        reasons.push(held);
    }
    let labels = triggers.labels();
    let labels_needed = retrain_needed && !learns && labels.fired;
    reasons.push(Reason { fired: labels_needed, ..labels });
    retrain_needed &= !labels_needed;
    if let Some(why) = &history.unreadable {
        let says = format!("a part of the history cannot be read and is left out ({why})");
        reasons.push(Reason::plain("history_unreadable", false, says));
    }
    let runs = history.interval(now.0).map_or(365.0, |days| 365.0 / days.max(1.0 / 24.0));
    let run = |block: &RunRecord| RunSummary {
        time: block.time,
        rows: block.rows,
        verdict: block.verdict.clone(),
        f1: block.f1,
    };
    block.verdict.clone_from(&seen.verdict);
    let is_earlier = |known: &&RunRecord| known.id != block.id && known.time <= block.time;
    let strip = history.blocks().iter().filter(is_earlier).chain([&block]).map(run).collect();
    let report = DriftReport {
        head: ResultHead::new("drift", tool),
        time: now.0,
        verdict: seen.verdict,
        retrain_needed,
        labels_needed,
        reason: asked,
        reasons,
        window: seen.window,
        signals: seen.signals,
        moved: seen.moved,
        shift: seen.shift,
        expected: seen.expected,
        repeats,
        distances: seen.distances,
        pictures: seen.pictures,
        strip,
        schedule: Schedule {
            runs,
            false_retrains: policy.is_as_simulated().then_some(FALSE_RETRAINS * (runs / 365.0).max(1.0)),
        },
        blind: BLIND.into(),
    };
    Ok((report, block))
}
