//! Formats numbers, percentages, p-values and dates for sentences and tables.

use crate::io::dates::Timestamp;
use crate::stats::intervals::Interval;

/// A count with commas between thousands.
pub(super) fn count(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A count and its noun: "1 row", "2,000 rows".
pub(super) fn counted(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", count(number), if number == 1 { "" } else { "s" })
}

/// What a sentence counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CountUnit {
    Rows,
    /// Distinct messages among this many rows: copies of a message count once.
    Messages(u64),
}

impl CountUnit {
    /// Messages if some of the rows are copies, else rows.
    pub(super) fn of(messages: Option<u64>, rows: u64) -> Self {
        messages.map_or(Self::Rows, |_| Self::Messages(rows))
    }

    /// "224 rows", "200 distinct messages".
    pub(super) fn counted(self, number: u64) -> String {
        counted(number, if self == Self::Rows { "row" } else { "distinct message" })
    }

    /// "224 labelled rows", "200 distinct labelled messages".
    pub(super) fn labelled(self, number: u64) -> String {
        counted(number, if self == Self::Rows { "labelled row" } else { "distinct labelled message" })
    }

    /// The noun for a part of them: "row", "message".
    pub(super) fn noun(self) -> &'static str {
        if self == Self::Rows { "row" } else { "message" }
    }

    /// " (711 rows)" after a count of messages, else nothing.
    pub(super) fn of_rows(self) -> String {
        match self {
            Self::Rows => String::new(),
            Self::Messages(rows) => format!(" ({})", counted(rows, "row")),
        }
    }
}

/// A measured number and its noun: "1 hour", "2.5 hours".
pub(super) fn amount(value: f64, noun: &str) -> String {
    let number = number(value);
    let plural = if number == "1" { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// A number with about three significant digits.
pub(super) fn number(value: f64) -> String {
    let size = value.abs();
    let short = |text: String| {
        let digits = text.trim_end_matches('0').trim_end_matches('.');
        if text.contains('.') { digits.to_owned() } else { text }
    };
    let text = match size {
        _ if !value.is_finite() => "?".into(),
        _ if value == 0.0 => "0".into(),
        1e6.. => format!("{value:.1e}"),
        100.0.. => format!("{value:.0}"),
        10.0.. => short(format!("{value:.1}")),
        1.0.. => short(format!("{value:.2}")),
        0.001.. => short(format!("{value:.3}")),
        _ => format!("{value:.0e}"),
    };
    text.replace('-', "−")
}

/// A figure such as F1, with three decimals.
pub(super) fn figure(value: f64) -> String {
    if (-9.0..=9.0).contains(&value) { format!("{value:.3}").replace('-', "−") } else { number(value) }
}

pub(super) fn bounds(interval: Interval) -> String {
    format!("{} to {}", figure(interval.0), figure(interval.1))
}

/// A share from 0 to 1 as a percentage.
pub(super) fn percent(share: f64) -> String {
    if (-100.0..=100.0).contains(&share) { format!("{:.1}%", 100.0 * share) } else { number(share) }
}

/// A number that always shows its sign.
pub(super) fn signed(value: f64) -> String {
    let text = if value.abs() < 1e6 { format!("{value:+.2}") } else { format!("{value:+.1e}") };
    text.replace('-', "−")
}

/// A p-value in a table.
pub(super) fn p(value: f64) -> String {
    if value < 0.001 { "< 0.001".into() } else { format!("{:.3}", value.min(1.0)) }
}

/// A time in seconds since 1970, to the minute.
pub(super) fn minute(time: i64) -> String {
    let text = Timestamp(time).to_string();
    match (text.get(..10), text.get(11..16)) {
        (Some(day), Some(minute)) => format!("{day} {minute} UTC"),
        _ => text,
    }
}

/// The day of a time in seconds since 1970.
pub(super) fn day(time: i64) -> String {
    let text = Timestamp(time).to_string();
    text.get(..10).map_or(text.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_any_number_briefly() {
        let cases = [
            (0.0, "0"),
            (2.0, "2"),
            (0.083_94, "0.084"),
            (-0.5, "−0.5"),
            (1.5e300, "1.5e300"),
            (3e-7, "3e−7"),
            (f64::NAN, "?"),
            (1234.5, "1234"),
            (10.0, "10"),
        ];
        for (value, wanted) in cases {
            assert_eq!(number(value), wanted);
        }
        assert_eq!([count(0), count(999), count(1_234_567)], ["0", "999", "1,234,567"]);
        assert_eq!(signed(-0.639), "−0.64");
        assert_eq!([p(0.0), p(0.0421), p(7.0)], ["< 0.001", "0.042", "1.000"]);
        assert_eq!(minute(1_790_812_800), "2026-10-01 00:00 UTC");
        assert_eq!(day(i64::MAX), i64::MAX.to_string()[..10]);
    }
}
