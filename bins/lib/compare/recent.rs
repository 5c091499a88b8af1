//! The newest rows: which rows count as new, and the paired result on them.

use std::str::FromStr;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::compare::paired_result::PairedResult;
use crate::io::dates::Timestamp;
use crate::io::fraction::Fraction;
use crate::rows::label::Label;
use crate::stats::paired::PairedConfusion;

/// The share of rows that count as new by default.
const DEFAULT_NEWEST_SHARE: f64 = 0.25;

/// The fewest rows that count as new by default; if there are no more than these, all rows are judged as one.
const MIN_NEWEST_ROWS: usize = 500;

/// Which rows are new.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NewestRows {
    /// This share of those with a date; 0 is none.
    Fraction(Fraction),
    /// Those from this moment on.
    Since(Timestamp),
}

impl FromStr for NewestRows {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        text.parse().map(Self::Fraction).or_else(|_| text.parse().map(Self::Since))
    }
}

/// Both models on the newest rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecentRows {
    /// The oldest of them.
    pub since: String,
    /// Rows that have no date that can be read, and are not among them.
    pub undated: u64,
    /// What they tell.
    #[serde(flatten)]
    pub part: PairedResult,
}

/// Rows by their date: sixteen bytes each.
#[derive(Clone, Debug, Default)]
pub struct DatedRows {
    rows: Vec<(i64, [Label; 3])>,
    undated: u64,
}

impl DatedRows {
    /// Counts a row.
    pub fn add(&mut self, date: Option<Timestamp>, truth: Label, champion: Label, challenger: Label) {
        match date {
            Some(Timestamp(date)) => self.rows.push((date, [truth, champion, challenger])),
            None => self.undated += 1,
        }
    }

    /// Whether there is a row with a date.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The newest rows, and those of the same moment as the oldest of them; none where there are no dates, none are asked for,
    /// or nobody asked and there are few.
    pub fn newest(mut self, asked: Option<NewestRows>) -> Option<RecentRows> {
        let rows = self.rows.len();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a count")]
        let of = |share: f64| (share * rows as f64).ceil() as usize;
        let since = match asked {
            Some(NewestRows::Since(Timestamp(since))) => since,
            Some(NewestRows::Fraction(share)) => self.since(of(share.value()))?,
            None => self
                .since(of(DEFAULT_NEWEST_SHARE).max(MIN_NEWEST_ROWS))
                .filter(|_| rows > MIN_NEWEST_ROWS)?,
        };
        if rows == 0 {
            return None;
        }
        let mut counters = PairedConfusion::default();
        for (_, [truth, champion, challenger]) in self.rows.iter().filter(|(date, _)| *date >= since) {
            counters.add(*truth, *champion, *challenger);
        }
        Some(RecentRows {
            since: Timestamp(since).to_string(),
            undated: self.undated,
            part: PairedResult::of(counters),
        })
    }

    /// From when on there are so many rows.
    fn since(&mut self, newest: usize) -> Option<i64> {
        let place = self.rows.len().checked_sub(newest).filter(|_| newest > 0)?;
        self.rows.sort_unstable_by_key(|(date, _)| *date);
        self.rows.get(place).map(|(date, _)| *date)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Label::{Negative, Positive};

    fn dated(rows: i64) -> DatedRows {
        let mut dated = DatedRows::default();
        // Out of order, two at each moment; the champion is wrong from the middle on.
        for row in (0..rows).rev() {
            let champion = if row * 2 >= rows { Negative } else { Positive };
            dated.add(Some(Timestamp(row / 2)), Positive, champion, Positive);
        }
        dated.add(None, Positive, Positive, Positive);
        dated
    }

    fn share(share: f64) -> NewestRows {
        NewestRows::Fraction(Fraction::try_from(share).unwrap())
    }

    #[test]
    fn the_newest_are_the_newest() {
        let found = dated(100).newest(Some(share(0.2))).unwrap();
        assert_eq!((found.part.rows, found.part.mcnemar.only_challenger_right, found.undated), (20, 20, 1));
        assert_eq!(found.since, "1970-01-01T00:00:40Z");
        // What ties with the oldest of them belongs to them.
        assert_eq!(dated(100).newest(Some(share(0.19))).unwrap().part.rows, 20);
        let since = dated(100).newest(Some(NewestRows::Since(Timestamp(45)))).unwrap();
        assert_eq!(since.part.rows, 10);
        assert_eq!(dated(100).newest(Some(NewestRows::Since(Timestamp(99)))).unwrap().part.rows, 0);
    }

    #[test]
    fn few_rows_are_judged_as_one() {
        assert_eq!(
            (dated(500).newest(None), dated(100).newest(Some(share(0.0))), dated(0).newest(Some(share(0.5)))),
            (None, None, None)
        );
        assert_eq!(dated(1000).newest(None).unwrap().part.rows, 500);
        assert_eq!(dated(4000).newest(None).unwrap().part.rows, 1000);
    }

    #[test]
    fn a_share_or_a_date() {
        assert_eq!("0.5".parse::<NewestRows>().unwrap(), share(0.5));
        assert_eq!("2026-07-01".parse::<NewestRows>().unwrap(), NewestRows::Since(Timestamp(1_782_864_000)));
        assert!("1.5".parse::<NewestRows>().is_err() && "soon".parse::<NewestRows>().is_err());
    }
}
