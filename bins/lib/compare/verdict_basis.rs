//! What the verdict rests on: paired tests on the newest rows and on all rows, or a sequential test.

use crate::compare::paired_result::{CompareVerdict, PairedResult};
use crate::compare::reasons::{CompareReason, RowScope};
use crate::compare::recent::RecentRows;
use crate::compare::sequential::{EVIDENCE_NEEDED, SequentialEvidence};

/// What the verdict rests on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum VerdictBasis<'a> {
    /// No labelled rows.
    NoRows,
    /// No champion: the checks decide.
    FirstModel,
    /// The evidence of a sequential test, and all rows so far.
    Sequential(SequentialEvidence, &'a PairedResult),
    /// All rows as one, as they have no dates or are few.
    AllRows(&'a PairedResult),
    /// The newest rows first, then all of them.
    NewestRows(&'a RecentRows, &'a PairedResult),
}

impl<'a> VerdictBasis<'a> {
    /// Chooses it. `whole` is none without a champion; `rows` counts the labelled rows.
    pub fn of(
        rows: u64,
        whole: Option<&'a PairedResult>,
        recent: Option<&'a RecentRows>,
        sequential: Option<SequentialEvidence>,
    ) -> Self {
        match (whole, sequential, recent) {
            _ if rows == 0 => Self::NoRows,
            (None, ..) => Self::FirstModel,
            (Some(whole), Some(evidence), _) => Self::Sequential(evidence, whole),
            (Some(whole), None, None) => Self::AllRows(whole),
            (Some(whole), None, Some(recent)) => Self::NewestRows(recent, whole),
        }
    }

    /// The verdict.
    pub fn verdict(&self) -> CompareVerdict {
        match self {
            Self::NoRows => CompareVerdict::Inconclusive,
            Self::FirstModel => CompareVerdict::Better,
            Self::AllRows(whole) => whole.verdict,
            // What counts is the most evidence that there has been.
            Self::Sequential(evidence, whole) => {
                let reached = [evidence.most_for_challenger, evidence.most_for_champion]
                    .map(|most| most >= EVIDENCE_NEEDED);
                match reached {
                    [true, _] if whole.is_not_worse() => CompareVerdict::Better,
                    [_, true] => CompareVerdict::Worse,
                    _ => CompareVerdict::Inconclusive,
                }
            }
            // The challenger must be better on today's rows, and must not have forgotten the rows before.
            Self::NewestRows(recent, whole) => match recent.part.verdict {
                CompareVerdict::Better if whole.is_not_worse() => CompareVerdict::Better,
                CompareVerdict::Worse => CompareVerdict::Worse,
                _ if whole.verdict == CompareVerdict::Worse => CompareVerdict::Worse,
                _ => CompareVerdict::Inconclusive,
            },
        }
    }

    /// The tests behind it.
    pub fn reasons(&self) -> Vec<CompareReason> {
        match self {
            Self::NoRows => vec![CompareReason::NoRows],
            Self::FirstModel => vec![CompareReason::FirstModel],
            Self::Sequential(evidence, whole) => {
                vec![CompareReason::Evidence(*evidence), CompareReason::NotWorse(RowScope::All, **whole)]
            }
            Self::AllRows(whole) => vec![
                CompareReason::PairedTest(RowScope::All, **whole),
                CompareReason::F1Difference(RowScope::All, **whole),
                CompareReason::NotWorse(RowScope::All, **whole),
            ],
            Self::NewestRows(RecentRows { part, since, .. }, whole) => {
                let newest = RowScope::NewestSince(since.clone());
                let mut reasons = vec![
                    CompareReason::PairedTest(newest.clone(), *part),
                    CompareReason::F1Difference(newest.clone(), *part),
                ];
                if !part.is_not_worse() {
                    reasons.push(CompareReason::NotWorse(newest, *part));
                }
                reasons.push(CompareReason::NotWorse(RowScope::All, **whole));
                reasons
            }
        }
    }

    /// The rows that decide first and how many would settle it, if the verdict is open and so many rows can.
    pub fn rows_needed(&self) -> Option<(u64, u64)> {
        let part = match self {
            Self::AllRows(whole) => whole,
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

    /// So many rows at each of two moments that only one of the models finds.
    fn by_time(old: (u64, u64), new: (u64, u64)) -> (CompareVerdict, Option<(u64, u64)>) {
        let (mut dated, mut all) = (DatedRows::default(), PairedConfusion::default());
        let mut add = |time, count, champion: Label, challenger: Label| {
            for _ in 0..count {
                dated.add(Some(Timestamp(time)), Positive, champion, challenger);
                all.add(Positive, champion, challenger);
            }
        };
        for (time, (ours, theirs)) in [(1, old), (2, new)] {
            add(time, 200, Positive, Positive);
            add(time, ours, Negative, Positive);
            add(time, theirs, Positive, Negative);
        }
        let recent = dated.newest(Some(NewestRows::Fraction(Fraction::try_from(0.4).unwrap())));
        let whole = PairedResult::of(all);
        let basis = VerdictBasis::of(all.rows(), Some(&whole), recent.as_ref(), None);
        (basis.verdict(), basis.rows_needed())
    }

    #[test]
    fn better_now_and_nothing_forgotten() {
        let verdict = |old, new| by_time(old, new).0;
        assert_eq!(verdict((3, 3), (20, 4)), CompareVerdict::Better);
        assert_eq!(verdict((3, 30), (20, 4)), CompareVerdict::Inconclusive);
        assert_eq!(verdict((3, 60), (20, 4)), CompareVerdict::Worse);
        // Better all in all, and not known to be so where it counts.
        assert_eq!(verdict((40, 4), (5, 3)), CompareVerdict::Inconclusive);
        assert_eq!(verdict((40, 4), (3, 20)), CompareVerdict::Worse);
        let (_, needed) = by_time((40, 4), (8, 3));
        assert!(needed.is_some_and(|(rows, needed)| rows == 211 && needed > 211), "{needed:?}");
    }

    #[test]
    fn over_time_evidence_decides_and_not_the_test_at_hand() {
        let evidence = SequentialEvidence {
            looks: 3,
            rows: 224,
            new: 9,
            for_challenger: 15.0,
            for_champion: 0.1,
            most_for_challenger: 15.0,
            most_for_champion: 1.0,
        };
        let whole = PairedResult::of(PairedConfusion {
            positive: PairedCounts { both: 100, only_one: 4, only_other: 20, neither: 0 },
            negative: PairedCounts { neither: 100, ..PairedCounts::default() },
        });
        let verdict = |evidence| VerdictBasis::of(224, Some(&whole), None, Some(evidence)).verdict();
        assert_eq!(verdict(evidence), CompareVerdict::Inconclusive);
        let ours = SequentialEvidence { most_for_challenger: 20.0, ..evidence };
        assert_eq!(verdict(ours), CompareVerdict::Better);
        let theirs = SequentialEvidence { most_for_champion: 20.0, ..evidence };
        assert_eq!(verdict(theirs), CompareVerdict::Worse);
    }
}
