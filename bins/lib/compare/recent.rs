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
    /// Number of distinct messages left out because they have no readable date.
    pub undated: u64,
    /// The paired result on these rows.
    #[serde(flatten)]
    pub part: PairedResult,
}

/// The labels and verdicts of distinct messages by date. The newest row of a message counts: its date, and the verdicts
/// on it. Takes 16 bytes per message.
#[derive(Clone, Debug, Default)]
pub struct DatedRows {
    /// The newest dated row of each message; none if no row of the message has a date.
    newest: Vec<Option<(i64, [Label; 3])>>,
}

impl DatedRows {
    /// Adds a row of a message. Among equally new rows of a message, the first counts.
    pub fn add(
        &mut self,
        message: u32,
        date: Option<Timestamp>,
        truth: Label,
        champion: Label,
        challenger: Label,
    ) {
        let place = message as usize;
        if self.newest.len() <= place {
            self.newest.resize(place + 1, None);
        }
        let known = &mut self.newest[place];
        if let Some(Timestamp(date)) = date
            && known.is_none_or(|(newest, _)| date > newest)
        {
            *known = Some((date, [truth, champion, challenger]));
        }
    }

    /// Whether no row has a date.
    pub fn is_empty(&self) -> bool {
        self.newest.iter().all(Option::is_none)
    }

    /// The newest messages, including all messages as old as the oldest of them. By default, none if there are too few
    /// messages. Also none if no row has a date, or if the requested share is 0.
    pub fn newest(self, requested: Option<NewestRows>) -> Option<RecentRows> {
        let undated = self.newest.iter().filter(|message| message.is_none()).count() as u64;
        let mut dated: Vec<(i64, [Label; 3])> = self.newest.into_iter().flatten().collect();
        let rows = dated.len();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a count")]
        let share_of_rows = |share: f64| (share * rows as f64).ceil() as usize;
        let since = match requested {
            Some(NewestRows::Since(Timestamp(since))) => since,
            Some(NewestRows::Fraction(share)) => since(&mut dated, share_of_rows(share.value()))?,
            None => since(&mut dated, share_of_rows(DEFAULT_NEWEST_SHARE).max(MIN_NEWEST_ROWS))
                .filter(|_| rows > MIN_NEWEST_ROWS)?,
        };
        if rows == 0 {
            return None;
        }
        let mut counts = PairedConfusion::default();
        for (_, [truth, champion, challenger]) in dated.iter().filter(|(date, _)| *date >= since) {
            counts.add(*truth, *champion, *challenger);
        }
        Some(RecentRows { since: Timestamp(since).to_string(), undated, part: PairedResult::of(counts) })
    }
}

/// The date of the oldest of the `newest` newest messages; none if there are too few messages or `newest` is 0.
fn since(dated: &mut [(i64, [Label; 3])], newest: usize) -> Option<i64> {
    let place = dated.len().checked_sub(newest).filter(|_| newest > 0)?;
    dated.sort_unstable_by_key(|(date, _)| *date);
    dated.get(place).map(|(date, _)| *date)
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
            let message = u32::try_from(rows - 1 - row).unwrap();
            dated.add(message, Some(Timestamp(row / 2)), Positive, champion, Positive);
        }
        dated.add(u32::try_from(rows).unwrap(), None, Positive, Positive, Positive);
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
    fn the_newest_row_of_a_message_counts() {
        let mut dated = DatedRows::default();
        let mut add = |message, date: Option<i64>, challenger| {
            dated.add(message, date.map(Timestamp), Positive, Negative, challenger);
        };
        add(0, Some(1), Negative);
        add(1, None, Negative);
        add(0, Some(9), Positive);
        add(0, Some(9), Negative);
        add(0, Some(5), Negative);
        add(1, Some(2), Negative);
        add(0, None, Negative);
        let found = dated.newest(Some(NewestRows::Since(Timestamp(3)))).unwrap();
        assert_eq!((found.part.rows, found.part.mcnemar.only_challenger_right, found.undated), (1, 1, 0));
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
