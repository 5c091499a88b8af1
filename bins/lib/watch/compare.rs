//! Is the challenger better than the champion? A paired test on the same rows, and a gate.

use serde::{Deserialize, Serialize};

use crate::data::label::Label;
use crate::data::results::Head;
use crate::data::share::Share;
use crate::judge::metrics::Confusion;
use crate::judge::significance::mcnemar_exact;
use crate::learn::estimate::Gate;
use crate::watch::reason::{Reason, p_value};

/// The level of the test.
pub const ALPHA: f64 = 0.05;

/// Labelled rows that both models have judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pairs {
    /// The champion's verdicts; all zero where there is no champion.
    pub champion: Confusion,
    /// The challenger's verdicts.
    pub challenger: Confusion,
    /// Rows that only the champion got right.
    pub only_champion_right: u64,
    /// Rows that only the challenger got right.
    pub only_challenger_right: u64,
}

impl Pairs {
    /// Counts a row.
    pub fn add(&mut self, truth: Label, champion: Option<Label>, challenger: Label) {
        self.challenger.add(truth, challenger);
        if let Some(champion) = champion {
            self.champion.add(truth, champion);
            self.only_champion_right += u64::from(champion == truth && challenger != truth);
            self.only_challenger_right += u64::from(champion != truth && challenger == truth);
        }
    }
}

/// What `compare` found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Schema and tool.
    #[serde(flatten)]
    pub head: Head,
    /// Labelled rows compared.
    pub rows: u64,
    /// `better`, `worse` or `inconclusive`.
    pub verdict: String,
    /// Whether the challenger should be promoted.
    pub deploy_needed: bool,
    /// Test and gate, whether they spoke for the challenger or not.
    pub reasons: Vec<Reason>,
    /// The champion's F1, where there is a champion.
    pub champion_f1: Option<f64>,
    /// The challenger's F1.
    pub challenger_f1: f64,
    /// The counts behind it all.
    pub pairs: Pairs,
}

/// Decides. Without a champion the gate alone does.
pub fn decide(pairs: Pairs, champion: bool, min_f1: Share, required: &[Gate], tool: &str) -> Report {
    let challenger_f1 = pairs.challenger.f1();
    let gate = min_f1.value();
    let passed = challenger_f1 >= gate;
    let side = if passed { "not below" } else { "below" };
    let says = format!("the challenger's F1 {challenger_f1:.3} is {side} {gate}");
    let gate = Reason::against("gate", passed, says, challenger_f1, gate);
    let rows = pairs.challenger.total();
    let (verdict, test) = match (rows, champion) {
        (0, _) => ("inconclusive", Reason::plain("rows", false, "no labelled rows to compare on")),
        (_, true) => test(&pairs),
        (_, false) => ("better", first()),
    };
    Report {
        head: Head::new("compare", tool),
        rows,
        verdict: verdict.into(),
        deploy_needed: passed && verdict == "better" && required.iter().all(|gate| gate.passed),
        reasons: [test, gate].into_iter().chain(required.iter().map(requirement)).collect(),
        champion_f1: champion.then(|| pairs.champion.f1()),
        challenger_f1,
        pairs,
    }
}

fn requirement(gate: &Gate) -> Reason {
    let says = format!("out of fold {gate}");
    let reason = Reason::plain("required", gate.passed, &says);
    Reason { value: gate.value, limit: Some(gate.limit), ..reason }
}

fn first() -> Reason {
    Reason::plain("first", true, "there is no champion to be better than")
}

fn test(pairs: &Pairs) -> (&'static str, Reason) {
    let (ours, theirs) = (pairs.only_challenger_right, pairs.only_champion_right);
    let p = mcnemar_exact(ours, theirs);
    let verdict = match ours.cmp(&theirs) {
        _ if p >= ALPHA => "inconclusive",
        std::cmp::Ordering::Greater => "better",
        _ => "worse",
    };
    let says = format!(
        "{ours} rows only the challenger got right, {theirs} only the champion (exact McNemar p {})",
        p_value(p)
    );
    let better = verdict == "better";
    (verdict, Reason { p: Some(p), ..Reason::against("paired_test", better, says, p, ALPHA) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(ours: u64, theirs: u64) -> Pairs {
        let right = Confusion { true_positive: 100, true_negative: 100, ..Confusion::default() };
        Pairs { champion: right, challenger: right, only_champion_right: theirs, only_challenger_right: ours }
    }

    #[test]
    fn better_takes_more_than_a_few_rows() {
        let verdict = |ours, theirs| decide(pairs(ours, theirs), true, Share::ZERO, &[], "compare").verdict;
        assert_eq!(verdict(20, 4), "better");
        assert_eq!(verdict(4, 20), "worse");
        assert_eq!(verdict(5, 3), "inconclusive");
        assert_eq!(verdict(0, 0), "inconclusive");
    }

    #[test]
    fn the_gate_holds_for_the_first_model_too() {
        let missed = Pairs {
            challenger: Confusion { false_negative: 5, true_positive: 1, ..Confusion::default() },
            ..Pairs::default()
        };
        let gate = Share::try_from(0.8).unwrap();
        assert!(!decide(missed, false, gate, &[], "compare").deploy_needed);
        assert!(decide(pairs(0, 0), false, gate, &[], "compare").deploy_needed);
    }

    #[test]
    fn a_requirement_that_was_missed_holds_the_better_model_back() {
        let deploys = |passed| {
            let gate = Gate { figure: "f1".into(), limit: 0.9, value: Some(0.8), passed };
            decide(pairs(20, 4), true, Share::ZERO, &[gate], "compare").deploy_needed
        };
        assert!(deploys(true) && !deploys(false));
    }
}
