//! The state of a sequential test: labels arrive over time, and you may check the evidence after each one.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use serde::{Deserialize, Serialize};

use crate::io::result_file::{ResultHead, hex};
use crate::rows::label::Label;
use crate::stats::paired::PairedConfusion;
use crate::stats::sequential::ln_evidence;

/// The evidence at which a model is taken for the better one: it reaches that in at most one of twenty comparisons in which it is
/// not (Ville 1939), however often it is looked at.
pub const EVIDENCE_NEEDED: f64 = 20.0;

/// What has been counted so far: the state of a comparison that goes on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SequentialTest {
    /// The schema.
    pub schema: String,
    /// Who wrote it.
    pub tool: crate::io::result_file::ToolVersion,
    /// The digest of the champion, where it was given.
    pub champion: Option<String>,
    /// The digest of the challenger, where it was given.
    pub challenger: Option<String>,
    /// The rows by truth and by who took them for positive.
    pub counters: PairedConfusion,
    /// How often it was looked at.
    pub looks: u64,
    /// The logarithm of the most evidence for the challenger that there has been after a row.
    pub ln_most_for: f64,
    /// The logarithm of the most for the champion.
    pub ln_most_against: f64,
    /// The rows that have been counted, by a hash of what they go by, in order.
    pub counted: BTreeSet<String>,
}

/// How the evidence stands.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SequentialEvidence {
    /// How often it was looked at, now included.
    pub looks: u64,
    /// Rows counted so far.
    pub rows: u64,
    /// Rows new in this look.
    pub new: u64,
    /// The e-value for the challenger, now.
    pub for_challenger: f64,
    /// The e-value for the champion, now.
    pub for_champion: f64,
    /// The most that was ever reached for the challenger: what is reached is reached.
    pub most_for_challenger: f64,
    /// The most that was ever reached for the champion.
    pub most_for_champion: f64,
}

impl SequentialTest {
    /// A comparison of which nothing is known yet.
    pub fn new(tool: &str) -> Self {
        let ResultHead { schema, tool, .. } = ResultHead::new("sequential", tool);
        Self {
            schema,
            tool,
            champion: None,
            challenger: None,
            counters: PairedConfusion::default(),
            looks: 0,
            ln_most_for: 0.0,
            ln_most_against: 0.0,
            counted: BTreeSet::new(),
        }
    }

    /// Checks that it can be gone on with.
    pub fn check(&self) -> Result<()> {
        let (rows, counted) = (self.counters.rows(), self.counted.len() as u64);
        ensure!(rows == counted, "counts {rows} rows, and has the names of {counted}");
        let most = [self.ln_most_for, self.ln_most_against];
        ensure!(most.iter().all(|most| (0.0..1e9).contains(most)), "the evidence is none");
        let [now_for, now_against] = self.now();
        ensure!(
            now_for <= most[0] + 1e-9 && now_against <= most[1] + 1e-9,
            "the evidence is more than the most there has been"
        );
        Ok(())
    }

    /// Begins a look: goes on with the state that was kept, or begins a new one. A state is about one pair of models.
    pub fn look(
        kept: Option<Self>,
        tool: &str,
        champion: Option<&str>,
        challenger: Option<&str>,
    ) -> Result<Self> {
        let mut state = kept.unwrap_or_else(|| Self::new(tool));
        state.check()?;
        state.expect_models(champion, challenger)?;
        state.looks += 1;
        Ok(state)
    }

    /// Refuses other models than those that were compared so far.
    fn expect_models(&mut self, champion: Option<&str>, challenger: Option<&str>) -> Result<()> {
        for (known, given, what) in
            [(&mut self.champion, champion, "champion"), (&mut self.challenger, challenger, "challenger")]
        {
            let Some(given) = given else { continue };
            let same = known.as_deref().is_none_or(|known| known == given);
            ensure!(same, "is about another {what}; begin a new state for these models");
            *known = Some(given.to_owned());
        }
        Ok(())
    }

    /// Counts a row by what it goes by; false where it was counted before.
    pub fn add(&mut self, id: u64, truth: Label, champion: Label, challenger: Label) -> bool {
        if !self.counted.insert(hex(&id.to_be_bytes())) {
            return false;
        }
        self.counters.add(truth, champion, challenger);
        if champion != challenger {
            let [now_for, now_against] = self.now();
            self.ln_most_for = self.ln_most_for.max(now_for);
            self.ln_most_against = self.ln_most_against.max(now_against);
        }
        true
    }

    fn now(&self) -> [f64; 2] {
        let right = self.counters.right();
        [ln_evidence(right.only_other, right.only_one), ln_evidence(right.only_one, right.only_other)]
    }

    /// How the evidence stands after so many new rows.
    pub fn evidence(&self, new: u64) -> SequentialEvidence {
        let [now_for, now_against] = self.now();
        // JSON knows no infinity.
        let value = |ln: f64| ln.exp().min(f64::MAX);
        SequentialEvidence {
            looks: self.looks,
            rows: self.counters.rows(),
            new,
            for_challenger: value(now_for),
            for_champion: value(now_against),
            most_for_challenger: value(self.ln_most_for),
            most_for_champion: value(self.ln_most_against),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Label::{Negative, Positive};

    fn after(rows: &[(u64, bool)]) -> SequentialTest {
        let mut state = SequentialTest::look(None, "compare", None, None).unwrap();
        for (id, ours) in rows {
            let (champion, challenger) = if *ours { (Negative, Positive) } else { (Positive, Negative) };
            state.add(*id, Positive, champion, challenger);
        }
        state.check().unwrap();
        state
    }

    #[test]
    fn each_row_counts_once() {
        let once: Vec<(u64, bool)> = (0..7).map(|id| (id, true)).collect();
        let twice: Vec<(u64, bool)> = once.iter().chain(&once).copied().collect();
        assert_eq!(after(&once), after(&twice));
        assert_eq!(after(&twice).evidence(0).rows, 7);
    }

    #[test]
    fn what_is_reached_stays_reached() {
        let mut rows: Vec<(u64, bool)> = (0..9).map(|id| (id, true)).collect();
        let reached = after(&rows).evidence(9);
        assert!(reached.most_for_challenger >= EVIDENCE_NEEDED && reached.for_challenger >= EVIDENCE_NEEDED);
        rows.extend((9..18).map(|id| (id, false)));
        let fallen = after(&rows).evidence(9);
        assert!(fallen.for_challenger < 1.0 && fallen.most_for_challenger >= reached.most_for_challenger);
        assert!(fallen.most_for_champion < EVIDENCE_NEEDED);
    }

    #[test]
    fn another_model_is_another_comparison() {
        let mut state = SequentialTest::new("compare");
        state.expect_models(Some("a"), Some("b")).unwrap();
        state.expect_models(None, Some("b")).unwrap();
        assert!(
            state.expect_models(Some("a"), Some("c")).unwrap_err().to_string().contains("another challenger")
        );
    }

    #[test]
    fn a_state_that_was_changed_is_refused() {
        let sound = after(&[(1, true), (2, true)]);
        let mut more = sound.clone();
        more.counters.positive.only_other += 1;
        let mut less = sound.clone();
        less.ln_most_for = 0.0;
        let mut none = sound;
        none.ln_most_for = f64::NAN;
        assert!([more, less, none].iter().all(|changed| changed.check().is_err()));
    }
}
