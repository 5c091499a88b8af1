//! Keeps the state of a sequential test. Labels arrive over time, and you can check the evidence after each label.

use std::collections::BTreeSet;

use anyhow::{Result, ensure};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::io::result_file::{ResultHead, hex};
use crate::rows::label::Label;
use crate::stats::paired::PairedConfusion;
use crate::stats::sequential::ln_evidence;

/// Minimum evidence for a verdict. A model that is not better reaches this evidence in at most 5% of comparisons,
/// however often you check (Ville 1939).
pub const EVIDENCE_NEEDED: f64 = 20.0;

/// The state of a sequential test: all rows counted so far.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SequentialTest {
    /// Schema of the file.
    pub schema: String,
    /// Tool that wrote the file, and its version.
    pub tool: crate::io::result_file::ToolVersion,
    /// SHA-256 of the champion's file; null if not given.
    pub champion: Option<String>,
    /// SHA-256 of the challenger's file; null if not given.
    pub challenger: Option<String>,
    /// Counts of rows by label and by the models that predict positive.
    pub counters: PairedConfusion,
    /// Number of checks of the evidence.
    pub looks: u64,
    /// Natural logarithm of the maximum evidence for the challenger so far.
    pub ln_most_for: f64,
    /// Natural logarithm of the maximum evidence for the champion so far.
    pub ln_most_against: f64,
    /// Hashes of the identifiers of all counted rows, sorted.
    pub counted: BTreeSet<String>,
}

/// The current and the maximum evidence for each model.
#[derive(Clone, Copy, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct SequentialEvidence {
    /// Number of checks of the evidence, including this check.
    pub looks: u64,
    /// Number of rows counted so far.
    pub rows: u64,
    /// Number of rows added by this check.
    pub new: u64,
    /// Current evidence (e-value) for the challenger.
    pub for_challenger: f64,
    /// Current evidence (e-value) for the champion.
    pub for_champion: f64,
    /// Maximum evidence for the challenger so far. The maximum decides, not the current evidence.
    pub most_for_challenger: f64,
    /// Maximum evidence for the champion so far.
    pub most_for_champion: f64,
}

impl SequentialTest {
    /// A test without rows.
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

    /// Fails if the state is not consistent.
    pub fn check(&self) -> Result<()> {
        let (rows, counted) = (self.counters.rows(), self.counted.len() as u64);
        ensure!(
            rows == counted,
            "counts {rows} rows but lists {counted}; restore the file or delete it to start again"
        );
        let maximum = [self.ln_most_for, self.ln_most_against];
        ensure!(
            maximum.iter().all(|maximum| (0.0..1e9).contains(maximum)),
            "invalid evidence; restore the file or delete it to start again"
        );
        let [now_for_challenger, now_for_champion] = self.now();
        ensure!(
            now_for_challenger <= maximum[0] + 1e-9 && now_for_champion <= maximum[1] + 1e-9,
            "current evidence exceeds its recorded maximum; restore the file or delete it to start again"
        );
        Ok(())
    }

    /// Starts a check with the stored state, or with a new state. Fails if the stored state belongs to other models.
    pub fn look(
        stored: Option<Self>,
        tool: &str,
        champion: Option<&str>,
        challenger: Option<&str>,
    ) -> Result<Self> {
        let mut state = stored.unwrap_or_else(|| Self::new(tool));
        state.check()?;
        state.expect_models(champion, challenger)?;
        state.looks += 1;
        Ok(state)
    }

    /// Fails if the state belongs to other models.
    fn expect_models(&mut self, champion: Option<&str>, challenger: Option<&str>) -> Result<()> {
        for (known, given, role) in
            [(&mut self.champion, champion, "champion"), (&mut self.challenger, challenger, "challenger")]
        {
            let Some(given) = given else { continue };
            let same = known.as_deref().is_none_or(|known| known == given);
            ensure!(same, "belongs to another {role}; use a new state file for these models");
            *known = Some(given.to_owned());
        }
        Ok(())
    }

    /// Counts a row. Returns false, and changes nothing, if its identifier was already counted.
    pub fn add(&mut self, id: u64, truth: Label, champion: Label, challenger: Label) -> bool {
        if !self.counted.insert(hex(&id.to_be_bytes())) {
            return false;
        }
        self.counters.add(truth, champion, challenger);
        if champion != challenger {
            let [now_for_challenger, now_for_champion] = self.now();
            self.ln_most_for = self.ln_most_for.max(now_for_challenger);
            self.ln_most_against = self.ln_most_against.max(now_for_champion);
        }
        true
    }

    fn now(&self) -> [f64; 2] {
        let right = self.counters.right();
        [ln_evidence(right.only_other, right.only_one), ln_evidence(right.only_one, right.only_other)]
    }

    /// The evidence after `new` new rows.
    pub fn evidence(&self, new: u64) -> SequentialEvidence {
        let [now_for_challenger, now_for_champion] = self.now();
        // JSON has no infinity.
        let value = |ln: f64| ln.exp().min(f64::MAX);
        SequentialEvidence {
            looks: self.looks,
            rows: self.counters.rows(),
            new,
            for_challenger: value(now_for_challenger),
            for_champion: value(now_for_champion),
            most_for_challenger: value(self.ln_most_for),
            most_for_champion: value(self.ln_most_against),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Label::{Negative, Positive};

    fn test_of(rows: &[(u64, bool)]) -> SequentialTest {
        let mut state = SequentialTest::look(None, "compare", None, None).unwrap();
        for (id, challenger_right) in rows {
            let (champion, challenger) =
                if *challenger_right { (Negative, Positive) } else { (Positive, Negative) };
            state.add(*id, Positive, champion, challenger);
        }
        state.check().unwrap();
        state
    }

    #[test]
    fn counts_each_row_once() {
        let once: Vec<(u64, bool)> = (0..7).map(|id| (id, true)).collect();
        let twice: Vec<(u64, bool)> = once.iter().chain(&once).copied().collect();
        assert_eq!(test_of(&once), test_of(&twice));
        assert_eq!(test_of(&twice).evidence(0).rows, 7);
    }

    #[test]
    fn maximum_evidence_is_non_decreasing() {
        let mut rows: Vec<(u64, bool)> = (0..9).map(|id| (id, true)).collect();
        let reached = test_of(&rows).evidence(9);
        assert!(reached.most_for_challenger >= EVIDENCE_NEEDED && reached.for_challenger >= EVIDENCE_NEEDED);
        rows.extend((9..18).map(|id| (id, false)));
        let fallen = test_of(&rows).evidence(9);
        assert!(fallen.for_challenger < 1.0 && fallen.most_for_challenger >= reached.most_for_challenger);
        assert!(fallen.most_for_champion < EVIDENCE_NEEDED);
    }

    #[test]
    fn rejects_another_model() {
        let mut state = SequentialTest::new("compare");
        state.expect_models(Some("a"), Some("b")).unwrap();
        state.expect_models(None, Some("b")).unwrap();
        assert!(
            state.expect_models(Some("a"), Some("c")).unwrap_err().to_string().contains("another challenger")
        );
    }

    #[test]
    fn rejects_an_edited_state() {
        let valid = test_of(&[(1, true), (2, true)]);
        let mut more = valid.clone();
        more.counters.positive.only_other += 1;
        let mut less = valid.clone();
        less.ln_most_for = 0.0;
        let mut invalid = valid;
        invalid.ln_most_for = f64::NAN;
        assert!([more, less, invalid].iter().all(|changed| changed.check().is_err()));
    }
}
