//! Parses dates (RFC 3339, RFC 2822, Unix time), and prints timestamps.

use std::fmt;
use std::str::FromStr;

use anyhow::{Context, Result};
use jiff::civil;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// A time in seconds since 1970-01-01 UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Timestamp(pub i64);

/// One day in seconds.
pub const DAY: i64 = 86_400;

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_second(self.0) {
            Ok(time) => time.fmt(f),
            Err(_) => self.0.fmt(f),
        }
    }
}

impl FromStr for Timestamp {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        read(text).context("expected a date such as 2026-07-01, 2026-07-01T08:30:00Z or seconds since 1970")
    }
}

/// Parses RFC 3339, RFC 2822 as in mail, or Unix seconds or milliseconds. In RFC 3339, a missing zone
/// means UTC, and a missing time means midnight.
pub fn read(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    if let Ok(number) = text.parse::<i64>() {
        // Eleven digits of seconds reach the year 5138, so longer numbers are milliseconds. Fewer than nine digits are
        // a year or a day.
        return match number.unsigned_abs() {
            100_000_000..=99_999_999_999 => Some(Timestamp(number)),
            100_000_000_000..=99_999_999_999_999 => Some(Timestamp(number.div_euclid(1000))),
            _ => None,
        };
    }
    let time = text
        .parse::<jiff::Timestamp>()
        .or_else(|_| civil::DateTime::from_str(text).and_then(in_utc))
        .or_else(|_| civil::Date::from_str(text).and_then(|day| in_utc(day.at(0, 0, 0, 0))))
        .or_else(|_| jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text))
        .ok()?;
    Some(Timestamp(time.as_second()))
}

fn in_utc(time: civil::DateTime) -> Result<jiff::Timestamp, jiff::Error> {
    TimeZone::UTC.to_timestamp(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_every_time_format() {
        for text in [
            "2026-07-01T08:30:00Z",
            "2026-07-01T10:30:00+02:00",
            "2026-07-01 08:30:00",
            "2026-07-01 08:30",
            "Wed, 1 Jul 2026 08:30:00 +0000",
            "1782894600",
            "1782894600000",
        ] {
            assert_eq!(read(text), Some(Timestamp(1_782_894_600)), "{text}");
        }
        assert_eq!(read("2026-07-01"), Some(Timestamp(1_782_864_000)));
        for text in ["", "soon", "2026", "20260701", "2026-13-01"] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(Timestamp(1_782_894_600).to_string(), "2026-07-01T08:30:00Z");
    }
}
