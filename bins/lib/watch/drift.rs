//! Is the live model still right for what arrives now? F1 against its gate, and one test on the scores.

use serde::{Deserialize, Serialize};

use crate::data::dates::Timestamp;
use crate::data::results::Head;
use crate::data::share::Share;
use crate::judge::metrics::{Figures, Metrics};
use crate::judge::significance::homogeneity;
use crate::watch::reason::{Reason, p_value};

/// The level of the test.
pub const ALPHA: f64 = 0.05;

/// Distinct texts under which nothing is said: they could not show an effect of the floor.
pub const LEAST: u64 = 100;

/// Labelled rows, and positives or verdicts of it among them, under which F1 says nothing.
pub const LABELLED: (u64, u64) = (30, 10);

/// The least Cramér's V that counts as drift however small the p-value.
pub const FLOOR: f64 = 0.1;

/// What is held against each other.
#[derive(Clone, Copy, Debug, Default)]
pub struct Evidence<'a> {
    /// What the champion scored on new rows with labels.
    pub metrics: Option<&'a Metrics>,
    /// Scores of distinct texts, the reference's and the new ones', by bin; none without a champion.
    pub scores: Option<(&'a [u64], &'a [u64])>,
    /// When a new model was last asked for.
    pub last_retrain: Option<Timestamp>,
}

/// When to retrain.
#[derive(Clone, Copy, Debug)]
pub struct Policy {
    /// The least F1.
    pub min_f1: Share,
    /// How long after a retrain no other is asked for.
    pub cooldown_hours: f64,
    /// Retrain whatever the signals say.
    pub forced: bool,
}

/// What `drift` found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Schema and tool.
    #[serde(flatten)]
    pub head: Head,
    /// Seconds since 1970.
    pub time: i64,
    /// The rows looked at.
    pub rows: u64,
    /// `drifted`, `steady` or `insufficient_data`.
    pub verdict: String,
    /// Whether a new model is asked for.
    pub retrain_needed: bool,
    /// Every trigger, whether it fired or not.
    pub reasons: Vec<Reason>,
    /// Scores of distinct texts by bin: the reference's and the new ones'.
    pub scores: [Vec<u64>; 2],
}

/// Decides.
pub fn decide(evidence: Evidence, policy: Policy, now: Timestamp, rows: u64, tool: &str) -> Report {
    let (verdict, drift) = drift(evidence.scores);
    let mut reasons = vec![
        Reason::plain(
            "forced",
            policy.forced,
            if policy.forced { "a retrain is forced" } else { "not forced" },
        ),
        champion(evidence.scores.is_some()),
        performance(evidence.metrics, policy.min_f1.value()),
        drift,
    ];
    let mut retrain_needed = reasons.iter().any(|reason| reason.fired);
    let held = cooldown(evidence.last_retrain, policy.cooldown_hours, now);
    if let Some(mut held) = held.filter(|_| !policy.forced) {
        // What nobody asked for is not held back.
        held.fired &= retrain_needed;
        retrain_needed &= !held.fired;
        reasons.push(held);
    }
    let (reference, new) = evidence.scores.unwrap_or_default();
    Report {
        head: Head::new("drift", tool),
        time: now.0,
        rows,
        verdict: verdict.into(),
        retrain_needed,
        reasons,
        scores: [reference.to_vec(), new.to_vec()],
    }
}

fn champion(there: bool) -> Reason {
    let says = if there { "there is a champion" } else { "there is no champion yet" };
    Reason::plain("no_champion", !there, says)
}

fn performance(metrics: Option<&Metrics>, gate: f64) -> Reason {
    match metrics {
        Some(Metrics { labelled, figures: Figures { confusion, .. }, .. })
            if *labelled < LABELLED.0 || confusion.total() - confusion.true_negative < LABELLED.1 =>
        {
            let involved = confusion.total() - confusion.true_negative;
            let says = format!(
                "{labelled} labelled rows, {involved} of them positive or taken for it, are too few for F1"
            );
            Reason::plain("performance", false, says)
        }
        Some(Metrics { labelled, figures: Figures { f1, .. }, .. }) => {
            let fired = *f1 < gate;
            let side = if fired { "below" } else { "not below" };
            let says = format!("F1 {f1:.3} on {labelled} labelled rows is {side} {gate}");
            Reason::against("performance", fired, says, *f1, gate)
        }
        None => Reason::plain("performance", false, "no metrics to hold F1 against its gate"),
    }
}

/// Chi-square of homogeneity on the scores of distinct texts; the bins pooled until each expects five of each side.
fn drift(scores: Option<(&[u64], &[u64])>) -> (&'static str, Reason) {
    let few = |says: String| ("insufficient_data", Reason::plain("drift", false, says));
    let Some((reference, new)) = scores else { return few("no champion to hold the scores against".into()) };
    let distinct = new.iter().sum::<u64>();
    if distinct < LEAST {
        return few(format!("{distinct} distinct texts are too few to compare scores; {LEAST} would do"));
    }
    let (pooled_reference, pooled_new) = pooled(reference, new);
    let Some(test) = homogeneity(&pooled_reference, &pooled_new) else {
        return few("all scores are in one bin".into());
    };
    let p = p_value(test.p);
    let fired = test.p < ALPHA && test.cramers_v >= FLOOR;
    let says = if fired {
        format!("the scores have moved (Cramér's V {:.3}, p {p})", test.cramers_v)
    } else {
        format!("the scores have not moved enough (Cramér's V {:.3}, p {p})", test.cramers_v)
    };
    let reason = Reason { p: Some(test.p), ..Reason::against("drift", fired, says, test.cramers_v, FLOOR) };
    (if fired { "drifted" } else { "steady" }, reason)
}

/// Neighbouring bins joined until each expects at least five of either side (Cochran 1954).
fn pooled(one: &[u64], other: &[u64]) -> (Vec<u64>, Vec<u64>) {
    let sums = [one.iter().sum::<u64>() as f64, other.iter().sum::<u64>() as f64];
    let smaller = sums[0].min(sums[1]) / (sums[0] + sums[1]).max(1.0);
    let mut pooled: Vec<(u64, u64)> = vec![(0, 0)];
    let expects_five = |(a, b): (u64, u64)| (a + b) as f64 * smaller >= 5.0;
    for (&a, &b) in one.iter().zip(other) {
        match pooled.last_mut() {
            Some(last) if !expects_five(*last) => *last = (last.0 + a, last.1 + b),
            _ => pooled.push((a, b)),
        }
    }
    // What is left over at the end is too little for a bin of its own.
    if pooled.len() > 1
        && let Some(rest) = pooled.pop_if(|last| !expects_five(*last))
        && let Some(last) = pooled.last_mut()
    {
        *last = (last.0 + rest.0, last.1 + rest.1);
    }
    pooled.into_iter().unzip()
}

fn cooldown(last: Option<Timestamp>, hours: f64, now: Timestamp) -> Option<Reason> {
    let since = (now.0 - last?.0) as f64 / 3600.0;
    // A retrain in the future is a clock that was put back: the safe reading is that it was just now.
    let holds = since < hours;
    let verb = if holds { "holds" } else { "is over" };
    let says = format!(
        "cooldown {verb}: the last retrain was {:.1} hours ago, the limit is {hours}",
        since.max(0.0)
    );
    Some(Reason::against("cooldown", holds, says, since, hours))
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: Policy = Policy { min_f1: Share::ZERO, cooldown_hours: 24.0, forced: false };

    fn decided(evidence: Evidence, policy: Policy, now: i64) -> Report {
        decide(evidence, policy, Timestamp(now), 0, "drift")
    }

    #[test]
    fn moved_scores_ask_for_a_retrain_and_cooldown_holds_it() {
        let scores = Some((&[500u64, 100, 400][..], &[50u64, 80, 20][..]));
        let fresh = decided(Evidence { scores, ..Evidence::default() }, POLICY, 100_000);
        assert_eq!((fresh.verdict.as_str(), fresh.retrain_needed), ("drifted", true));
        let evidence = Evidence { scores, last_retrain: Some(Timestamp(50_000)), ..Evidence::default() };
        assert!(!decided(evidence, POLICY, 100_000).retrain_needed);
        assert!(decided(evidence, POLICY, 200_000).retrain_needed);
        assert!(decided(evidence, Policy { forced: true, ..POLICY }, 100_000).retrain_needed);
    }

    #[test]
    fn a_handful_of_rows_says_nothing() {
        let scores = Some((&[500u64, 100, 400][..], &[0u64, 3, 0][..]));
        let report = decided(Evidence { scores, ..Evidence::default() }, POLICY, 0);
        assert_eq!((report.verdict.as_str(), report.retrain_needed), ("insufficient_data", false));
    }

    #[test]
    fn without_a_champion_there_is_one_to_make() {
        assert!(decided(Evidence::default(), POLICY, 0).retrain_needed);
    }
}
