//! Keeps the state of a sequential test. Labels arrive over time, and you can check the evidence after each label.

use std::collections::{BTreeSet, HashSet};

use anyhow::{Result, ensure};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::io::result_file::{ResultHead, hex};
use crate::rows::fingerprint::{Fingerprint, mix};
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
    /// Fingerprints of the texts of counted rows and of their copies, with the label, sorted. A later row with one of
    /// these fingerprints is a copy. Absent in a state of an earlier version.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub messages: BTreeSet<String>,
}

/// How the sequential test treats a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SequentialRow {
    /// The row is counted now.
    New,
    /// The row was counted earlier.
    Known,
    /// Another row of the same message was counted, so this row is not counted.
    Copy,
}

/// Numbers of rows that one check added and left out.
#[derive(Clone, Debug, Default)]
pub struct SequentialCheck {
    /// Number of rows that are new to the state.
    pub new: u64,
    /// Number of rows left out as copies.
    pub copies: u64,
    /// Messages in this check that the state has counted.
    counted: HashSet<u32>,
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
    /// Number of rows left out by this check, because they are copies of a counted message. Absent if there are none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub copies: u64,
    /// Current evidence (e-value) for the challenger.
    pub for_challenger: f64,
    /// Current evidence (e-value) for the champion.
    pub for_champion: f64,
    /// Maximum evidence for the challenger so far. The maximum decides, not the current evidence.
    pub most_for_challenger: f64,
    /// Maximum evidence for the champion so far.
    pub most_for_champion: f64,
}

/// Whether a count is left out of the report.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
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
            messages: BTreeSet::new(),
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

    /// Counts a row unless the row or a copy of its message was counted. `message` is the number of the message in this
    /// check: its near-duplicates have the same number. In a later check, only copies with the same fingerprint are
    /// recognised.
    pub fn add_once(
        &mut self,
        check: &mut SequentialCheck,
        id: u64,
        (message, text): (u32, Option<&str>),
        [truth, champion, challenger]: [Label; 3],
    ) -> SequentialRow {
        let label = u64::from(truth == Label::Positive);
        let key = |text| hex(&mix(Fingerprint::of(text).0 ^ label).to_be_bytes());
        let is_known_text = text.is_some_and(|text| !self.messages.insert(key(text)));
        let is_known_row = self.counted.contains(&hex(&id.to_be_bytes()));
        let is_known_message = !check.counted.insert(message) || is_known_text;
        match (is_known_row, is_known_message) {
            (true, _) => SequentialRow::Known,
            (false, true) => {
                check.copies += 1;
                SequentialRow::Copy
            }
            (false, false) => {
                check.new += 1;
                self.add(id, truth, champion, challenger);
                SequentialRow::New
            }
        }
    }

    fn now(&self) -> [f64; 2] {
        let right = self.counters.right();
        [ln_evidence(right.only_other, right.only_one), ln_evidence(right.only_one, right.only_other)]
    }

    /// The evidence after a check.
    pub fn evidence(&self, check: &SequentialCheck) -> SequentialEvidence {
        let [now_for_challenger, now_for_champion] = self.now();
        // JSON has no infinity.
        let value = |ln: f64| ln.exp().min(f64::MAX);
        SequentialEvidence {
            looks: self.looks,
            rows: self.counters.rows(),
            new: check.new,
            copies: check.copies,
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
        assert_eq!(test_of(&twice).evidence(&SequentialCheck::default()).rows, 7);
    }

    #[test]
    fn counts_each_message_once_in_one_check_and_in_later_checks() {
        use SequentialRow::{Copy, Known, New};
        let mut state = SequentialTest::new("compare");
        let labels = [Positive, Negative, Positive];
        let mut add_rows = |rows: &[(u64, u32, &str)]| {
            let mut check = SequentialCheck::default();
            let found: Vec<SequentialRow> = rows
                .iter()
                .map(|(id, message, text)| state.add_once(&mut check, *id, (*message, Some(text)), labels))
                .collect();
            state.check().unwrap();
            (found, check.new, check.copies, state.counters.rows())
        };
        let first = add_rows(&[(1, 0, "win 5"), (2, 0, "win 6"), (3, 0, "win it 7"), (4, 1, "hello")]);
        assert_eq!(first, (vec![New, Copy, Copy, New], 2, 2, 2));
        // The numbers of messages begin again in a later check.
        let later = add_rows(&[(1, 0, "win 5"), (5, 1, "WIN 9"), (6, 2, "win it 8"), (7, 3, "new")]);
        assert_eq!(later, (vec![Known, Copy, Copy, New], 1, 2, 3));
    }

    #[test]
    fn maximum_evidence_is_non_decreasing() {
        let mut rows: Vec<(u64, bool)> = (0..9).map(|id| (id, true)).collect();
        let reached = test_of(&rows).evidence(&SequentialCheck::default());
        assert!(reached.most_for_challenger >= EVIDENCE_NEEDED && reached.for_challenger >= EVIDENCE_NEEDED);
        rows.extend((9..18).map(|id| (id, false)));
        let fallen = test_of(&rows).evidence(&SequentialCheck::default());
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
