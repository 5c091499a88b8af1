//! The triggers of a retrain: each with its value and its limit, whether it fired or not.

use crate::drift::assessment::{Assessment, Champion};
use crate::drift::estimated_f1::EstimatedF1;
use crate::drift::history::{PastRuns, RunRecord};
use crate::drift::policy::{DriftPolicy, Persistence, RetrainOn};
use crate::io::dates::Timestamp;
use crate::stats::intervals;
use crate::stats::metrics::Confusion;
use crate::verdict::Reason;

/// Labelled rows, and positives or verdicts of it among them, under which F1 says nothing.
pub const LABELLED: (u64, u64) = (30, 10);

/// Whether there is a model at all.
pub(super) fn first(champion: Option<Champion>, reference: bool) -> Reason {
    let says = match (champion, reference) {
        (Some(_), _) => "there is a champion",
        (None, true) => "no champion is asked about",
        (None, false) => "there is no champion yet",
    };
    Reason::plain("no_champion", champion.is_none() && !reference, says)
}

/// All that triggers look at.
pub(super) struct Triggers<'a> {
    pub(super) champion: Option<Champion>,
    pub(super) policy: &'a DriftPolicy,
    pub(super) past: &'a PastRuns<'a>,
    pub(super) block: &'a RunRecord,
    pub(super) seen: &'a Assessment,
    /// Whether there are metrics.
    pub(super) metrics: bool,
}

impl Triggers<'_> {
    /// F1 on labelled rows, of this run and some before it: only what is surely lost counts.
    pub(super) fn labelled(&self) -> Reason {
        let [short, long] = self.seen.runs;
        // Twice the chances of a false alarm ask for surer bounds of the one that is looked at more often.
        let last = self.labelled_of(short, if short < long { SURER } else { 1.0 });
        if last.fired || short == long { last } else { self.labelled_of(long, 1.0) }
    }

    /// The same of so many runs, the bounds being so much wider.
    fn labelled_of(&self, runs: usize, wider: f64) -> Reason {
        let code = "performance";
        let Self { champion, policy, past, block, seen, .. } = self;
        let confusion = past.confusion(block, runs);
        let rows = confusion.total();
        let few = |says: String| Reason::plain(code, false, says);
        if !self.metrics && rows == 0 {
            return few("no --metrics that say what the champion made of labelled rows".into());
        }
        if rows < LABELLED.0 || involved(confusion) < LABELLED.1 {
            let involved = involved(confusion);
            return few(format!(
                "{rows} labelled rows, {involved} of them positive or taken for it, are too few for F1"
            ));
        }
        if seen.picked {
            return few(format!(
                "the {rows} labelled rows were picked: they do not score as the others do, and say nothing of all"
            ));
        }
        let (f1, low, high) = f1(confusion);
        let found = format!("F1 {f1:.3} ({low:.3} to {high:.3}) on {rows} labelled rows");
        let share = (confusion.true_positive + confusion.false_negative) as f64 / rows as f64;
        let before = champion.and_then(|champion| champion.confusion).and_then(|known| f1_at(known, share));
        match (policy.min_f1, before) {
            (Some(gate), _) => {
                let (gate, fired) = (gate.value(), f1 + wider * (high - f1) < gate.value());
                let side = if fired { "is below" } else { "is not surely below" };
                Reason::against(code, fired, format!("{found} {side} {gate}"), f1, gate)
            }
            (None, Some((before, least))) => {
                // The bounds of a difference from those of its parts (Zou & Donner 2008).
                let surely = before - f1 - wider * (before - least).hypot(high - f1);
                let fired = surely > policy.margin;
                let side = if fired { "is less" } else { "is not surely less" };
                let says =
                    format!("{found} {side} than {before:.3}, out of fold, by more than {}", policy.margin);
                Reason::against(code, fired, says, surely, policy.margin)
            }
            (None, None) => few(format!("{found}; nothing says what it should be, see --min-f1")),
        }
    }

    /// F1 as the scores of unlabelled rows let it expect.
    pub(super) fn expected(&self) -> Reason {
        let code = "expected_performance";
        let Some(expected) = &self.seen.expected else {
            return Reason::plain(code, false, "no scores and labels to tell by what F1 is to be expected");
        };
        let (surely, margin) = (expected.surely_lost(), self.policy.margin);
        let EstimatedF1 { expected: now, reference: before, messages, .. } = expected;
        let seen = format!(
            "F1 {:.3} ({:.3} to {:.3}) is to be expected of {messages} distinct messages, {:.3} of the reference at their share of positives",
            now.value, now.interval.0, now.interval.1, before.value
        );
        let fired = surely > margin;
        let side = if fired { "more" } else { "not surely more" };
        let says = format!("{seen}: {side} than {margin} is lost");
        Reason::against(code, fired, says, surely, margin)
    }

    /// Drift, as the policy wants it.
    pub(super) fn drift(&self) -> Reason {
        let Self { policy, past, block, .. } = self;
        let Persistence { windows, of } = policy.persistence;
        let drifted = past.drifted(block, of);
        let says = match &*block.verdict {
            "drifted" if !block.news => "messages have drifted, no more than in the windows before",
            "drifted" => "messages have drifted",
            "steady" => "messages have not drifted",
            _ => "too few messages to say that they have not drifted",
        };
        let (fired, says, limit) = match policy.retrain_on {
            RetrainOn::Performance => {
                (false, format!("{says}, and only performance asks for a retrain"), windows)
            }
            RetrainOn::AnyDrift => (block.news, says.into(), 1),
            RetrainOn::PersistentDrift => (
                drifted >= windows && block.news,
                format!("{says}: {drifted} of the last {of} windows have, {windows} ask for a retrain"),
                windows,
            ),
        };
        Reason::against("drift", fired, says, drifted as f64, limit as f64)
    }

    /// How old the champion is.
    pub(super) fn age(&self, now: Timestamp) -> Option<Reason> {
        let (limit, fitted) = (self.policy.max_age_days?, self.champion?.fitted);
        let Some(fitted) = fitted else {
            return Some(Reason::plain("age", false, "nobody knows when the champion was fitted"));
        };
        let days = (now.0 - fitted.0) as f64 / 86_400.0;
        let fired = days > limit;
        Some(Reason::against(
            "age",
            fired,
            format!("the champion is {days:.1} days old, may be {limit}"),
            days,
            limit,
        ))
    }

    /// How many rows have come.
    pub(super) fn rows(&self) -> Option<Reason> {
        let limit = self.policy.max_new_rows?;
        let (rows, _) = self.block.since;
        let says = format!("{rows} rows have come since the champion, may be {limit}");
        Some(Reason::against("new_rows", rows > limit, says, rows as f64, limit as f64))
    }

    /// How much of a watched file has changed.
    pub(super) fn changes(&self, file: &str, lines: u64) -> Reason {
        let limit = self.policy.max_changes;
        let says = format!("{lines} lines of {file} have changed since the champion, may be {limit}");
        Reason::against("changes", lines > limit, says, lines as f64, limit as f64)
    }

    /// How much there is to learn from.
    pub(super) fn labels(&self) -> Reason {
        let limit = self.policy.min_new_labels;
        let (_, labels) = self.block.since;
        let says = format!("{labels} rows have been labelled since the champion, a retrain takes {limit}");
        Reason::against("labels_needed", labels < limit, says, labels as f64, limit as f64)
    }
}

/// How much wider than 95 times in 100 the bounds are that leave out 3 of 1,000.
const SURER: f64 = 1.5;

/// F1 out of fold at another share of positives, and the least it is, 97.5 times in 100, by the bounds of both rates (Zou &
/// Donner 2008); none where a class has no rows.
fn f1_at(known: Confusion, share: f64) -> Option<(f64, f64)> {
    let Confusion { true_positive, false_positive, true_negative, false_negative } = known;
    let (positive, negative) = (true_positive + false_negative, false_positive + true_negative);
    let f1 = |found: f64, alarms: f64| 2.0 * share * found / (share * found + (1.0 - share) * alarms + share);
    let (found, alarms) =
        (intervals::wilson(true_positive, positive)?, intervals::wilson(false_positive, negative)?);
    let rates = (true_positive as f64 / positive as f64, false_positive as f64 / negative as f64);
    let value = f1(rates.0, rates.1);
    let off = (value - f1(found.0, rates.1)).hypot(value - f1(rates.0, alarms.1));
    (share > 0.0).then_some((value, value - off))
}

/// F1 with its bounds, 95 times in 100.
fn f1(confusion: Confusion) -> (f64, f64, f64) {
    let interval = intervals::of_f1(confusion.true_positive, involved(confusion));
    let (low, high) = interval.map_or((0.0, 1.0), |interval| (interval.0, interval.1));
    (confusion.f1(), low, high)
}

/// Rows that F1 is about: positive, or taken for it.
fn involved(confusion: Confusion) -> u64 {
    confusion.total() - confusion.true_negative
}

/// Whether the last retrain is too near.
pub(super) fn cooldown(last: Option<Timestamp>, hours: f64, now: Timestamp) -> Option<Reason> {
    let since = (now.0 - last?.0) as f64 / 3600.0;
    // A retrain a little ahead is a clock that was put back: the safe reading is that it was just now. One that is further
    // ahead than any cooldown was never taken at that time.
    let holds = -hours <= since && since < hours;
    let verb = if holds { "holds" } else { "is over" };
    let says = format!(
        "cooldown {verb}: the last retrain was {:.1} hours ago, the limit is {hours}",
        since.max(0.0)
    );
    Some(Reason::against("cooldown", holds, says, since, hours))
}
