//! Draws timestamps with realistic weekdays and hours.

use crate::rng::Rng;

const FIRST_YEAR: usize = 2024;
const FIRST_MONTH: usize = 10;
/// 2024-10-01 is a Tuesday: day 1 if Monday is day 0.
const FIRST_WEEKDAY: usize = 1;

/// Weights of the days from Monday to Sunday.
const WEEKDAYS: [usize; 7] = [11, 11, 11, 11, 11, 8, 7];
/// Weights of the hours. Machines send most spam, so spam has more messages at night.
const PEOPLE_HOURS: [usize; 24] =
    [1, 1, 0, 0, 0, 1, 3, 7, 10, 11, 11, 10, 9, 9, 10, 10, 9, 9, 9, 8, 7, 6, 4, 2];
const SPAM_HOURS: [usize; 24] = [4, 4, 4, 4, 4, 5, 6, 7, 8, 9, 9, 9, 8, 8, 8, 8, 8, 8, 8, 7, 6, 5, 5, 4];

pub(crate) struct Quarter {
    days: Vec<Day>,
}

struct Day {
    date: String,
    weight: usize,
}

impl Quarter {
    /// A random time in the quarter as RFC 3339 text, which sorts by time.
    pub(crate) fn timestamp(&self, spam: bool, rng: &mut Rng) -> String {
        let day = rng.weighted(self.days.iter().map(|day| day.weight)).unwrap_or_default();
        let date = self.days.get(day).map_or("", |day| day.date.as_str());
        let hours = if spam { SPAM_HOURS } else { PEOPLE_HOURS };
        let hour = rng.weighted(hours.into_iter()).unwrap_or_default();
        let minute = rng.below(60);
        format!("{date}T{hour:02}:{minute:02}:00Z")
    }
}

/// The quarters from the first month of the corpus.
pub(crate) fn quarters(count: usize) -> Vec<Quarter> {
    let first = FIRST_YEAR * 12 + FIRST_MONTH - 1;
    let mut weights = WEEKDAYS.into_iter().cycle().skip(FIRST_WEEKDAY);
    let mut quarter = |start: usize| {
        let dates = (start..start + 3).flat_map(|month| dates(month / 12, month % 12 + 1));
        Quarter { days: dates.zip(&mut weights).map(|(date, weight)| Day { date, weight }).collect() }
    };
    (0..count).map(|number| quarter(first + number * 3)).collect()
}

fn dates(year: usize, month: usize) -> impl Iterator<Item = String> {
    (1..=length(year, month)).map(move |day| format!("{year}-{month:02}-{day:02}"))
}

/// Number of days in a month. The corpus contains no century year.
const fn length(year: usize, month: usize) -> usize {
    match month {
        2 if year.is_multiple_of(4) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}
