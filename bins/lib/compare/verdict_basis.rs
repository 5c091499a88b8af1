//! Chooses the basis of the verdict: paired tests on the newest rows and on all rows, or a sequential test.

use crate::compare::paired_result::{CompareVerdict, PairedResult};
use crate::compare::reasons::{CompareReason, RowScope};
use crate::compare::recent::RecentRows;
use crate::compare::sequential::{EVIDENCE_NEEDED, SequentialEvidence};

/// The tests that decide the verdict.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum VerdictBasis<'a> {
    /// There are no labelled rows.
    NoRows,
    /// There is no champion: the checks decide.
    FirstModel,
    /// A sequential test, and the result on all rows so far.
    Sequential(SequentialEvidence, &'a PairedResult),
    /// All rows together, because they have no dates or are few.
    AllRows(&'a PairedResult),
    /// The newest rows first, then all rows.
    NewestRows(&'a RecentRows, &'a PairedResult),
}

impl<'a> VerdictBasis<'a> {
    /// Chooses the basis. `rows` is the number of labelled rows; `all_rows` is none without a champion.
    pub fn of(
        rows: u64,
        all_rows: Option<&'a PairedResult>,
        recent: Option<&'a RecentRows>,
        sequential: Option<SequentialEvidence>,
    ) -> Self {
        match (all_rows, sequential, recent) {
            _ if rows == 0 => Self::NoRows,
            (None, ..) => Self::FirstModel,
            (Some(all_rows), Some(evidence), _) => Self::Sequential(evidence, all_rows),
            (Some(all_rows), None, None) => Self::AllRows(all_rows),
            (Some(all_rows), None, Some(recent)) => Self::NewestRows(recent, all_rows),
        }
    }

    pub fn verdict(&self) -> CompareVerdict {
        match self {
            Self::NoRows => CompareVerdict::Inconclusive,
            Self::FirstModel => CompareVerdict::Better,
            Self::AllRows(all_rows) => all_rows.verdict,
            // The maximum evidence decides, not the current evidence.
            Self::Sequential(evidence, all_rows) => {
                let reached = [evidence.most_for_challenger, evidence.most_for_champion]
                    .map(|most| most >= EVIDENCE_NEEDED);
                match reached {
                    [true, _] if all_rows.is_not_worse() => CompareVerdict::Better,
                    [_, true] => CompareVerdict::Worse,
                    _ => CompareVerdict::Inconclusive,
                }
            }
            // The challenger must be better on the newest rows, and not worse on all rows.
            Self::NewestRows(recent, all_rows) => match recent.part.verdict {
                CompareVerdict::Better if all_rows.is_not_worse() => CompareVerdict::Better,
                CompareVerdict::Worse => CompareVerdict::Worse,
                _ if all_rows.verdict == CompareVerdict::Worse => CompareVerdict::Worse,
                _ => CompareVerdict::Inconclusive,
            },
        }
    }

    /// The tests behind the verdict.
    pub fn reasons(&self) -> Vec<CompareReason> {
        match self {
            Self::NoRows => vec![CompareReason::NoRows],
            Self::FirstModel => vec![CompareReason::FirstModel],
            Self::Sequential(evidence, all_rows) => {
                vec![CompareReason::Evidence(*evidence), CompareReason::NotWorse(RowScope::All, **all_rows)]
            }
            Self::AllRows(all_rows) => vec![
                CompareReason::PairedTest(RowScope::All, **all_rows),
                CompareReason::F1Difference(RowScope::All, **all_rows),
                CompareReason::NotWorse(RowScope::All, **all_rows),
            ],
            Self::NewestRows(RecentRows { part, since, .. }, all_rows) => {
                let newest = RowScope::NewestSince(since.clone());
                let mut reasons = vec![
                    CompareReason::PairedTest(newest.clone(), *part),
                    CompareReason::F1Difference(newest.clone(), *part),
                ];
                if !part.is_not_worse() {
                    reasons.push(CompareReason::NotWorse(newest, *part));
                }
                reasons.push(CompareReason::NotWorse(RowScope::All, **all_rows));
                reasons
            }
        }
    }

    /// For an inconclusive verdict, the number of rows tested first and the number needed. None if no number is enough.
    pub fn rows_needed(&self) -> Option<(u64, u64)> {
        let part = match self {
            Self::AllRows(all_rows) => all_rows,
            Self::NewestRows(recent, _) => &recent.part,
            Self::NoRows | Self::FirstModel | Self::Sequential(..) => return None,
        };
        let needed = part.rows_needed.filter(|_| self.verdict() == CompareVerdict::Inconclusive)?;
        Some((part.rows, needed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::recent::{DatedRows, NewestRows};
    use crate::io::dates::Timestamp;
    use crate::io::fraction::Fraction;
    use crate::rows::label::Label::{self, Negative, Positive};
    use crate::stats::paired::{PairedConfusion, PairedCounts};

    /// The verdict on rows at two times. Each pair has two counts: spam that only the challenger finds, and spam that
    /// only the champion finds.
    fn by_time(old: (u64, u64), new: (u64, u64)) -> (CompareVerdict, Option<(u64, u64)>) {
        let (mut dated, mut all) = (DatedRows::default(), PairedConfusion::default());
        let mut message = 0;
        let mut add = |time, count, champion: Label, challenger: Label| {
            for _ in 0..count {
                dated.add(message, Some(Timestamp(time)), Positive, champion, challenger);
                message += 1;
                all.add(Positive, champion, challenger);
            }
        };
        for (time, (only_challenger, only_champion)) in [(1, old), (2, new)] {
            add(time, 200, Positive, Positive);
            add(time, only_challenger, Negative, Positive);
            add(time, only_champion, Positive, Negative);
        }
        let recent = dated.newest(Some(NewestRows::Fraction(Fraction::try_from(0.4).unwrap())));
        let all_rows = PairedResult::of(all);
        let basis = VerdictBasis::of(all.rows(), Some(&all_rows), recent.as_ref(), None);
        (basis.verdict(), basis.rows_needed())
    }

    #[test]
    fn better_needs_better_newest_rows_and_no_loss_on_all_rows() {
        let verdict = |old, new| by_time(old, new).0;
        assert_eq!(verdict((3, 3), (20, 4)), CompareVerdict::Better);
        assert_eq!(verdict((3, 30), (20, 4)), CompareVerdict::Inconclusive);
        assert_eq!(verdict((3, 60), (20, 4)), CompareVerdict::Worse);
        // Better on all rows, but inconclusive on the newest rows.
        assert_eq!(verdict((40, 4), (5, 3)), CompareVerdict::Inconclusive);
        assert_eq!(verdict((40, 4), (3, 20)), CompareVerdict::Worse);
        let (_, needed) = by_time((40, 4), (8, 3));
        assert!(needed.is_some_and(|(rows, needed)| rows == 211 && needed > 211), "{needed:?}");
    }

    #[test]
    fn evidence_decides_in_a_sequential_test() {
        let evidence = SequentialEvidence {
            looks: 3,
            rows: 224,
            new: 9,
            copies: 0,
            for_challenger: 15.0,
            for_champion: 0.1,
            most_for_challenger: 15.0,
            most_for_champion: 1.0,
        };
        let all_rows = PairedResult::of(PairedConfusion {
            positive: PairedCounts { both: 100, only_one: 4, only_other: 20, neither: 0 },
            negative: PairedCounts { neither: 100, ..PairedCounts::default() },
        });
        let verdict = |evidence| VerdictBasis::of(224, Some(&all_rows), None, Some(evidence)).verdict();
        assert_eq!(verdict(evidence), CompareVerdict::Inconclusive);
        let only_challenger = SequentialEvidence { most_for_challenger: 20.0, ..evidence };
        assert_eq!(verdict(only_challenger), CompareVerdict::Better);
        let only_champion = SequentialEvidence { most_for_champion: 20.0, ..evidence };
        assert_eq!(verdict(only_champion), CompareVerdict::Worse);
    }
}
