//! Draws the charts of the HTML page. No chart relies on colour alone.

use crate::drift::histograms::FeatureHistogram;
use crate::drift::run_record::RunSummary;
use crate::report::svg::{Anchor, Drawing};
use crate::report::{numbers, prose};
use crate::stats::intervals::Interval;

/// The longest bar of an effect, as a multiple of the minimum effect.
const MAX_RATIO: f64 = 5.0;

/// An effect as a multiple of its minimum. The bar of an alarm is filled. The bar of an effect beyond the axis ends in ›.
pub(super) fn effect(ratio: f64, fired: bool) -> String {
    let mut drawing = Drawing::new(14.0);
    let class = if fired { "alarm" } else { "quiet" };
    drawing.line("base", (0.0, 13.0), (100.0, 13.0));
    drawing.rect(class, (0.3, 3.0), (effect_position(ratio.min(MAX_RATIO)).max(0.4), 8.0));
    if ratio > MAX_RATIO {
        drawing.text("more", (100.0, 11.5), Anchor::End, "›");
    }
    drawing.line("floor", (effect_position(1.0), 0.0), (effect_position(1.0), 14.0));
    drawing.ornament()
}

/// The axis below the bars of effects.
pub(super) fn effect_axis() -> String {
    let mut drawing = Drawing::new(32.0);
    for ratio in 0..=5u8 {
        let anchor = if ratio == 0 { Anchor::Start } else { Anchor::Middle };
        drawing.text("tick", (effect_position(f64::from(ratio)), 12.0), anchor, &ratio.to_string());
    }
    drawing.text("axis", (48.0, 28.0), Anchor::Middle, "effect ÷ minimum effect");
    drawing.ornament()
}

fn effect_position(ratio: f64) -> f64 {
    96.0 * ratio / MAX_RATIO
}

/// The effect of a change on the mean score: higher to the right, lower to the left.
pub(super) fn points(points: f64, largest: f64) -> String {
    let mut drawing = Drawing::new(14.0);
    let length = if largest > 0.0 { 49.0 * points.abs() / largest } else { 0.0 };
    let (class, start) = if points < 0.0 { ("down", 50.0 - length) } else { ("up", 50.0) };
    drawing.rect(class, (start, 2.0), (length, 10.0));
    drawing.line("zero", (50.0, 0.0), (50.0, 14.0));
    drawing.ornament()
}

/// The axis below the bars of changes. The bars end at 49 hundredths from the middle.
pub(super) fn points_axis(largest: f64) -> String {
    let mut drawing = Drawing::new(32.0);
    let ends = [(1.0, Anchor::Start, -largest), (50.0, Anchor::Middle, 0.0), (99.0, Anchor::End, largest)];
    for (x, anchor, points) in ends {
        drawing.text("tick", (x, 12.0), anchor, &numbers::number(points));
    }
    drawing.text("axis", (50.0, 28.0), Anchor::Middle, "percentage points");
    drawing.ornament()
}

/// An axis for figures from 0 to 1, with round numbers.
pub(super) struct AxisScale {
    low: f64,
    high: f64,
    step: f64,
}

impl AxisScale {
    /// An axis that covers all values.
    pub(super) fn over(values: impl Iterator<Item = f64>) -> Self {
        let inside = values.filter(|value| (0.0..=1.0).contains(value));
        let (low, high) =
            inside.fold((1.0f64, 0.0f64), |(low, high), value| (low.min(value), high.max(value)));
        let (low, high) = if low > high { (0.0, 1.0) } else { (low, high.max(low + 0.01)) };
        let steps = [0.005, 0.01, 0.02, 0.05, 0.1];
        let step = steps.into_iter().find(|step| high - low <= 4.0 * step).unwrap_or(0.25);
        let (low, high) = ((low / step).floor() * step, (high / step).ceil() * step);
        Self { low: low.max(0.0), high: high.min(1.0), step }
    }

    fn at(&self, value: f64) -> f64 {
        ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }

    fn ticks(&self) -> impl Iterator<Item = f64> {
        (0..=10u8)
            .map(|tick| self.low + f64::from(tick) * self.step)
            .take_while(|tick| *tick < self.high + 1e-9)
    }

    fn label(&self, value: f64) -> String {
        if self.step < 0.01 { format!("{value:.3}") } else { format!("{value:.2}") }
    }
}

/// A position in a range plot, in hundredths of its width, with room for the labels at both ends.
fn inside(share: f64) -> f64 {
    5.0 + 90.0 * share
}

pub(super) fn range(scale: &AxisScale, class: &str, value: f64, interval: Option<Interval>) -> String {
    let mut drawing = Drawing::new(26.0);
    for tick in scale.ticks() {
        let x = inside(scale.at(tick));
        drawing.line("grid", (x, 0.0), (x, 26.0));
    }
    if let Some(Interval(low, high)) = interval {
        let (low, high) = (inside(scale.at(low)), inside(scale.at(high)));
        drawing.line(class, (low, 13.0), (high, 13.0));
        for end in [low, high] {
            drawing.line(class, (end, 9.0), (end, 17.0));
        }
    }
    drawing.dot(class, (inside(scale.at(value)), 13.0), 5.0);
    drawing.ornament()
}

/// The axis below range plots, with its title.
pub(super) fn axis(scale: &AxisScale, title: &str) -> String {
    let mut drawing = Drawing::new(32.0);
    for tick in scale.ticks() {
        drawing.text("tick", (inside(scale.at(tick)), 12.0), Anchor::Middle, &scale.label(tick));
    }
    drawing.text("axis", (50.0, 28.0), Anchor::Middle, title);
    drawing.ornament()
}

/// Names the bin with the largest difference between reference and new messages.
pub(super) fn largest_gap(histogram: &FeatureHistogram) -> String {
    let (reference, new) = (shares(&histogram.reference), shares(&histogram.new));
    let bins = histogram.from.len().min(reference.len()).min(new.len());
    let gap = |bin: usize| (reference[bin] - new[bin]).abs();
    let Some(bin) = (0..bins).max_by(|one, other| gap(*one).total_cmp(&gap(*other))) else {
        return "There are no messages.".into();
    };
    let edge = |bin: usize| histogram.from.get(bin).map(|from| edge(&histogram.what, *from));
    let range = match (edge(bin), edge(bin + 1)) {
        (Some(from), Some(to)) => format!("{from} to {to}"),
        (from, _) => format!("{} and more", from.unwrap_or_default()),
    };
    format!(
        "Largest difference at {range}: {} in the reference and {} now.",
        numbers::percent(reference[bin]),
        numbers::percent(new[bin])
    )
}

/// The lower edge of a bin, with its unit.
pub(super) fn edge(feature: &str, from: f64) -> String {
    if feature.starts_with("share") {
        format!("{:.0}%", 100.0 * from.clamp(0.0, 10.0))
    } else if feature == "score" {
        format!("{:.2}", from.clamp(-9.0, 9.0))
    } else {
        numbers::number(from.round())
    }
}

fn axis_title(feature: &str) -> String {
    let unit = match feature {
        "score" => " (0 to 1)",
        _ if feature.starts_with("share") => " (%)",
        _ => "",
    };
    format!("{}{unit}", prose::word(feature))
}

/// The share of messages in each bin, from 0 to 1.
pub(super) fn shares(bins: &[u64]) -> Vec<f64> {
    let all = bins.iter().map(|count| *count as f64).sum::<f64>().max(1.0);
    bins.iter().map(|count| *count as f64 / all).collect()
}

/// Two histograms: bars for the reference, and a line for the new messages.
pub(super) fn histogram(histogram: &FeatureHistogram) -> String {
    const TOP: f64 = 26.0;
    const PLOT: f64 = 108.0;
    // The width of the plot in hundredths leaves room for the labels at the right.
    const WIDTH: f64 = 86.0;
    let (reference, new) = (shares(&histogram.reference), shares(&histogram.new));
    let bins = reference.len().max(new.len()).max(1);
    let largest = reference.iter().chain(&new).fold(0.01f64, |largest, share| largest.max(*share));
    // A square-root scale: most messages are in a few bins, and drift shows in the others.
    let top = |share: f64| TOP + PLOT - PLOT * (share / largest).sqrt();
    let (bottom, bin_width) = (TOP + PLOT, WIDTH / bins as f64);
    let mut drawing = Drawing::new(bottom + 32.0);
    drawing.text("axis", (100.0, 11.0), Anchor::End, "share of messages (%)");
    for (bin, share) in reference.iter().enumerate().filter(|(_, share)| **share > 0.0) {
        let y = top(*share);
        drawing.rect("reference", (bin as f64 * bin_width, y), (bin_width, bottom - y));
    }
    for share in [0.01, 0.1, 0.5].into_iter().filter(|share| *share <= largest) {
        drawing.line("grid", (0.0, top(share)), (WIDTH, top(share)));
        drawing.text("tick", (100.0, top(share) + 4.0), Anchor::End, &format!("{:.0}%", 100.0 * share));
    }
    let mut before = bottom;
    for (bin, share) in new.iter().enumerate() {
        let (x, y) = (bin as f64 * bin_width, top(*share));
        if (y - before).abs() > 0.05 {
            drawing.line("new", (x, before), (x, y));
        }
        if *share > 0.0 {
            drawing.line("new", (x, y), (x + bin_width, y));
        }
        before = y;
    }
    drawing.line("new", (WIDTH, before), (WIDTH, bottom));
    drawing.line("base", (0.0, bottom), (WIDTH, bottom));
    for quarter in 0..4 {
        let bin = quarter * bins / 4;
        let Some(from) = histogram.from.get(bin) else { continue };
        let anchor = if bin == 0 { Anchor::Start } else { Anchor::Middle };
        drawing.text("tick", (bin as f64 * bin_width, bottom + 13.0), anchor, &edge(&histogram.what, *from));
    }
    drawing.text("axis", (WIDTH / 2.0, bottom + 28.0), Anchor::Middle, &axis_title(&histogram.what));
    let title = format!("Histogram of the {} in the reference and in the new messages", histogram.what);
    drawing.finish(&title, &largest_gap(histogram))
}

/// Draws the last runs: estimated F1 as a line, and a mark for each verdict below the line.
pub(super) fn history(runs: &[RunSummary], reference: Option<f64>, summary: &str) -> String {
    const TOP: f64 = 26.0;
    // The width of the plot in hundredths leaves room for the labels at the right.
    const WIDTH: f64 = 92.0;
    let values = || runs.iter().filter_map(|run| run.f1);
    let is_estimated = values().next().is_some();
    let plot = if is_estimated { 120.0 } else { 0.0 };
    let marks = TOP + plot + 34.0;
    let scale = AxisScale::over(values().chain(reference));
    let slot = WIDTH / runs.len().max(8) as f64;
    let middle = |run: usize| (run as f64 + 0.5) * slot;
    let y = |f1: f64| TOP + plot * (1.0 - scale.at(f1));
    let mut drawing = Drawing::new(marks + 34.0);
    if is_estimated {
        drawing.text("axis", (100.0, 11.0), Anchor::End, "estimated F1");
        for tick in scale.ticks() {
            drawing.line("grid", (0.0, y(tick)), (WIDTH, y(tick)));
            drawing.text("tick", (100.0, y(tick) + 4.0), Anchor::End, &scale.label(tick));
        }
        if let Some(reference) = reference {
            drawing.line("reference-line", (0.0, y(reference)), (WIDTH, y(reference)));
        }
    }
    let mut last = None;
    for (run, f1) in runs.iter().enumerate().map(|(run, one)| (run, one.f1)) {
        let here = f1.map(|f1| (middle(run), y(f1)));
        if let (Some(from), Some(to)) = (last, here) {
            drawing.line("new", from, to);
        }
        if let Some(here) = here
            && (runs.len() <= 32 || run + 1 == runs.len())
        {
            drawing.dot("new", here, 3.0);
        }
        last = here;
    }
    for (run, one) in runs.iter().enumerate() {
        let (letter, _) = prose::verdict(one.verdict);
        let left = middle(run) - 0.36 * slot;
        match letter {
            'D' => drawing.rect("alarm", (left, marks - 22.0), (0.72 * slot, 22.0)),
            'S' => drawing.rect("steady", (left, marks - 9.0), (0.72 * slot, 9.0)),
            _ => drawing.dot("unknown", (middle(run), marks - 2.5), 1.5),
        }
        if runs.len() <= 16 {
            drawing.text("tick", (middle(run), marks + 13.0), Anchor::Middle, &letter.to_string());
        }
    }
    drawing.line("base", (0.0, marks), (WIDTH, marks));
    if runs.len() > 16 {
        let ends = [(runs.first(), 0.0, Anchor::Start), (runs.last(), WIDTH, Anchor::End)];
        for (run, x, anchor) in ends {
            let day = run.map_or_else(String::new, |run| numbers::day(run.time));
            drawing.text("tick", (x, marks + 13.0), anchor, &day);
        }
    }
    drawing.text("axis", (WIDTH / 2.0, marks + 29.0), Anchor::Middle, "run, oldest first, with its verdict");
    drawing.finish("Estimated F1 and verdict of each run", summary)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_has_round_numbers_and_covers_its_values() {
        let scale = AxisScale::over([0.908, 0.959, 0.9848].into_iter());
        let ticks: Vec<String> = scale.ticks().map(|tick| scale.label(tick)).collect();
        assert_eq!(ticks, ["0.90", "0.92", "0.94", "0.96", "0.98", "1.00"]);
        assert!((scale.at(0.95) - 0.5).abs() < 1e-9 && scale.at(7.0) <= 1.0);
        assert_eq!(AxisScale::over([].into_iter()).ticks().count(), 5);
        assert!(AxisScale::over([1.0, 1.0].into_iter()).high <= 1.0);
    }

    #[test]
    fn draws_a_forged_histogram() {
        let forged = FeatureHistogram {
            what: "score".into(),
            from: vec![0.0],
            reference: vec![],
            new: vec![u64::MAX, 7],
        };
        assert!(histogram(&forged).contains("There are no messages."));
        assert!(
            histogram(&FeatureHistogram { from: vec![f64::MAX; 3], reference: vec![1, 2], ..forged })
                .starts_with("<svg")
        );
    }
}
