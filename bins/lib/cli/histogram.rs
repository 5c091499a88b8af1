//! Draws the histogram of scores for a terminal: twenty bins, highest scores first, one column per class.

use crate::io::diagnostics::inert;
use crate::rows::label::{Label, LabelNames};

/// Number of bins, each of the same width.
const BINS: usize = 20;

/// Length of the longest bar in characters.
const WIDTH: usize = 16;

/// Number of rows per bin: positive, negative and unlabelled.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScoreHistogram([[u64; BINS]; 3]);

impl ScoreHistogram {
    pub fn add(&mut self, score: f64, label: Option<Label>) {
        let column = match label {
            Some(Label::Positive) => 0,
            Some(Label::Negative) => 1,
            None => 2,
        };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "scores are from 0 to 1")]
        let bin = (score * BINS as f64) as usize;
        self.0[column][bin.min(BINS - 1)] += 1;
    }

    /// Returns a header and one line per bin, or nothing without rows. Each column has its own scale, so that a rare
    /// class is visible.
    pub fn lines(&self, names: &LabelNames) -> Vec<String> {
        let titles = [&names.positive, &names.negative, "unlabelled"].map(|name| cut(&inert(name)));
        let colours = ["31", "32", "2"];
        let columns =
            self.0.iter().zip(titles).zip(colours).filter(|((bins, _), _)| bins.iter().sum::<u64>() > 0);
        let columns: Vec<_> =
            columns.map(|((bins, title), colour)| ClassScores::new(bins, title, colour)).collect();
        if columns.is_empty() {
            return Vec::new();
        }
        let line = |first: String, cell: &dyn Fn(&ClassScores) -> String| {
            columns.iter().fold(first, |line, column| line + "  " + &cell(column)).trim_end().to_owned()
        };
        let header = line("score".into(), &|column| column.header());
        let bins = (0..BINS).rev();
        let rows =
            bins.map(|bin| line(format!("{:5.2}", bin as f64 / BINS as f64), &|column| column.row(bin)));
        std::iter::once(header).chain(rows).collect()
    }
}

/// One column of the histogram.
struct ClassScores<'a> {
    bins: &'a [u64; BINS],
    title: String,
    colour: &'static str,
    most: u64,
    digits: usize,
}

impl<'a> ClassScores<'a> {
    fn new(bins: &'a [u64; BINS], title: String, colour: &'static str) -> Self {
        let most = bins.iter().copied().max().unwrap_or_default();
        Self { bins, title, colour, most, digits: most.to_string().len() }
    }

    fn header(&self) -> String {
        format!("{:width$}", self.title, width = WIDTH + 1 + self.digits)
    }

    fn row(&self, bin: usize) -> String {
        let Self { bins, colour, most, digits, .. } = self;
        let count = bins[bin];
        // The length is rounded up, so that a single row is visible.
        let full =
            (0..WIDTH).filter(|&place| (place as f64) < count as f64 / *most as f64 * WIDTH as f64).count();
        let bar =
            if full > 0 { format!("\u{1b}[{colour}m{}\u{1b}[0m", "#".repeat(full)) } else { String::new() };
        format!("{count:digits$} {bar}{}", " ".repeat(WIDTH - full))
    }
}

fn cut(title: &str) -> String {
    title.chars().take(WIDTH).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(histogram: &ScoreHistogram, names: &LabelNames) -> Vec<String> {
        let lines = histogram.lines(names);
        lines
            .iter()
            .map(|line| anstream::adapter::strip_str(line).to_string().trim_end().to_owned())
            .collect()
    }

    #[test]
    fn each_class_has_its_own_scale() {
        let mut histogram = ScoreHistogram::default();
        let rows = [
            (1.0, Some(Label::Positive), 2),
            (0.95, Some(Label::Positive), 1),
            (0.0, Some(Label::Negative), 100),
        ];
        for (score, label, count) in rows {
            (0..count).for_each(|_| histogram.add(score, label));
        }
        histogram.add(0.5, Some(Label::Negative));
        let lines = plain(&histogram, &LabelNames::default());
        assert_eq!(lines.len(), 21);
        assert_eq!(lines[0], "score  spam                ham");
        assert_eq!(lines[1], " 0.95  3 ################    0");
        assert_eq!(lines[2], " 0.90  0                     0");
        assert_eq!(lines[10], " 0.50  0                     1 #");
        assert_eq!(lines[20], " 0.00  0                   100 ################");
    }

    #[test]
    fn unlabelled_rows_have_their_own_column_and_an_empty_histogram_has_no_lines() {
        let mut histogram = ScoreHistogram::default();
        assert!(histogram.lines(&LabelNames::default()).is_empty());
        histogram.add(0.999, None);
        let lines = histogram.lines(&LabelNames::default());
        assert_eq!(lines[0], "score  unlabelled");
        assert_eq!(lines[1], format!(" 0.95  1 \u{1b}[2m{}\u{1b}[0m", "#".repeat(16)));
    }

    #[test]
    fn a_class_name_is_escaped_and_cut() {
        let mut histogram = ScoreHistogram::default();
        histogram.add(0.5, Some(Label::Positive));
        let names =
            LabelNames { positive: format!("\u{1b}[2J\n{}", "x".repeat(80)), ..LabelNames::default() };
        assert_eq!(histogram.lines(&names)[0], format!("score  \\u{{1b}}[2J {}", "x".repeat(6)));
    }
}
