//! Selects the newest rows and compares the models on them.

use std::str::FromStr;

use anyhow::Result;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::compare::paired_result::PairedResult;
use crate::io::dates::Timestamp;
use crate::io::fraction::Fraction;
use crate::rows::label::Label;
use crate::stats::paired::PairedConfusion;

/// Share of the dated rows that count as new by default.
const DEFAULT_NEWEST_SHARE: f64 = 0.25;

/// Minimum number of new rows by default. The newest rows have no separate result if there are no more dated rows.
const MIN_NEWEST_ROWS: usize = 500;

/// The rows that count as new.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NewestRows {
    /// The newest rows, as a share of the dated rows; 0 means no rows.
    Fraction(Fraction),
    /// Rows from this time on.
    Since(Timestamp),
}

impl FromStr for NewestRows {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        text.parse().map(Self::Fraction).or_else(|_| text.parse().map(Self::Since))
    }
}

/// The result of both models on the newest rows.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct RecentRows {
    /// Time of the oldest of these rows, in UTC (RFC 3339).
    pub since: String,
    /// Number of rows left out because they have no readable date.
    pub undated: u64,
    /// The paired result on these rows.
    #[serde(flatten)]
    pub part: PairedResult,
}

/// The labels and verdicts of rows by date. Takes 16 bytes per row.
#[derive(Clone, Debug, Default)]
pub struct DatedRows {
    rows: Vec<(i64, [Label; 3])>,
    undated: u64,
}

impl DatedRows {
    pub fn add(&mut self, date: Option<Timestamp>, truth: Label, champion: Label, challenger: Label) {
        match date {
            Some(Timestamp(date)) => self.rows.push((date, [truth, champion, challenger])),
            None => self.undated += 1,
        }
    }

    /// Whether no row has a date.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The newest rows, including all rows as old as the oldest of them. By default, none if there are too few rows.
    /// Also none if no row has a date, or if the requested share is 0.
    pub fn newest(mut self, requested: Option<NewestRows>) -> Option<RecentRows> {
        let rows = self.rows.len();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a count")]
        let share_of_rows = |share: f64| (share * rows as f64).ceil() as usize;
        let since = match requested {
            Some(NewestRows::Since(Timestamp(since))) => since,
            Some(NewestRows::Fraction(share)) => self.since(share_of_rows(share.value()))?,
            None => self
                .since(share_of_rows(DEFAULT_NEWEST_SHARE).max(MIN_NEWEST_ROWS))
                .filter(|_| rows > MIN_NEWEST_ROWS)?,
        };
        if rows == 0 {
            return None;
        }
        let mut counts = PairedConfusion::default();
        for (_, [truth, champion, challenger]) in self.rows.iter().filter(|(date, _)| *date >= since) {
            counts.add(*truth, *champion, *challenger);
        }
        Some(RecentRows {
            since: Timestamp(since).to_string(),
            undated: self.undated,
            part: PairedResult::of(counts),
        })
    }

    /// The date of the oldest of the `newest` newest rows; none if there are too few rows or `newest` is 0.
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
        // The newest row comes first, and two rows share each time. The champion is wrong on the newer half.
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
    fn selects_the_newest_rows() {
        let found = dated(100).newest(Some(share(0.2))).unwrap();
        assert_eq!((found.part.rows, found.part.mcnemar.only_challenger_right, found.undated), (20, 20, 1));
        assert_eq!(found.since, "1970-01-01T00:00:40Z");
        // A row as old as the oldest new row is new, too.
        assert_eq!(dated(100).newest(Some(share(0.19))).unwrap().part.rows, 20);
        let since = dated(100).newest(Some(NewestRows::Since(Timestamp(45)))).unwrap();
        assert_eq!(since.part.rows, 10);
        assert_eq!(dated(100).newest(Some(NewestRows::Since(Timestamp(99)))).unwrap().part.rows, 0);
    }

    #[test]
    fn has_no_newest_rows_if_there_are_few() {
        assert_eq!(
            (dated(500).newest(None), dated(100).newest(Some(share(0.0))), dated(0).newest(Some(share(0.5)))),
            (None, None, None)
        );
        assert_eq!(dated(1000).newest(None).unwrap().part.rows, 500);
        assert_eq!(dated(4000).newest(None).unwrap().part.rows, 1000);
    }

    #[test]
    fn parses_a_share_or_a_date() {
        assert_eq!("0.5".parse::<NewestRows>().unwrap(), share(0.5));
        assert_eq!("2026-07-01".parse::<NewestRows>().unwrap(), NewestRows::Since(Timestamp(1_782_864_000)));
        assert!("1.5".parse::<NewestRows>().is_err() && "soon".parse::<NewestRows>().is_err());
    }
}
