//! The charts of the HTML page. Shape and position show everything that colour shows.

use crate::drift::histograms::FeatureHistogram;
use crate::drift::run_record::RunSummary;
use crate::report::prose;
use crate::report::svg::{Anchor, Drawing};
use crate::stats::intervals::Interval;

/// Floors that a bar of an effect has room for.
const ROOM: f64 = 5.0;

/// An effect next to its floor: the bar is full where it is an alarm, hollow where not, and pointed where it goes on.
pub(super) fn effect(floors: f64, fired: bool) -> String {
    let mut drawing = Drawing::new(14.0);
    let place = |floors: f64| 96.0 * floors / ROOM;
    let class = if fired { "alarm" } else { "quiet" };
    drawing.line("base", (0.0, 13.0), (100.0, 13.0));
    drawing.rect(class, (0.3, 3.0), (place(floors.min(ROOM)).max(0.4), 8.0));
    if floors > ROOM {
        drawing.text("more", (100.0, 11.5), Anchor::End, "›");
    }
    drawing.line("floor", (place(1.0), 0.0), (place(1.0), 14.0));
    drawing.ornament()
}

/// Points of the mean score, up to the right and down to the left.
pub(super) fn points(points: f64, most: f64) -> String {
    let mut drawing = Drawing::new(14.0);
    let long = if most > 0.0 { 49.0 * points.abs() / most } else { 0.0 };
    let (class, start) = if points < 0.0 { ("down", 50.0 - long) } else { ("up", 50.0) };
    drawing.rect(class, (start, 2.0), (long, 10.0));
    drawing.line("zero", (50.0, 0.0), (50.0, 14.0));
    drawing.ornament()
}

/// A scale over figures from 0 to 1, on round numbers.
pub(super) struct AxisScale {
    low: f64,
    high: f64,
    step: f64,
}

impl AxisScale {
    /// A scale that holds all values.
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

/// Across a range plot, with room for the labels at its ends.
fn inside(share: f64) -> f64 {
    3.0 + 94.0 * share
}

/// A figure with its interval on a scale.
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

/// The numbers below range plots.
pub(super) fn axis(scale: &AxisScale) -> String {
    let mut drawing = Drawing::new(16.0);
    for tick in scale.ticks() {
        drawing.text("tick", (inside(scale.at(tick)), 12.0), Anchor::Middle, &scale.label(tick));
    }
    drawing.ornament()
}

/// What is most different between the two sides of a picture.
pub(super) fn gap(picture: &FeatureHistogram) -> String {
    let (reference, new) = (shares(&picture.reference), shares(&picture.new));
    let most = (0..picture.from.len().min(reference.len()).min(new.len())).max_by(|one, other| {
        (reference[*one] - new[*one]).abs().total_cmp(&(reference[*other] - new[*other]).abs())
    });
    let Some(most) = most else { return "No messages to show.".into() };
    let edge = |bin: usize| picture.from.get(bin).map(|from| edge(&picture.what, *from));
    let range = match (edge(most), edge(most + 1)) {
        (Some(from), Some(to)) => format!("{from} to {to}"),
        (from, _) => format!("{} and more", from.unwrap_or_default()),
    };
    format!(
        "Largest gap at {range}: {} before, {} now.",
        prose::percent(reference[most]),
        prose::percent(new[most])
    )
}

/// Where a bin begins, in words.
pub(super) fn edge(what: &str, from: f64) -> String {
    if what.starts_with("share") {
        format!("{:.0}%", 100.0 * from.clamp(0.0, 10.0))
    } else if what == "score" {
        format!("{:.2}", from.clamp(-9.0, 9.0))
    } else {
        prose::number(from.round())
    }
}

/// The share of messages in each bin.
pub(super) fn shares(bins: &[u64]) -> Vec<f64> {
    let all = bins.iter().map(|count| *count as f64).sum::<f64>().max(1.0);
    bins.iter().map(|count| *count as f64 / all).collect()
}

/// Two histograms: the reference as bars, the new messages as the line above them.
pub(super) fn histogram(picture: &FeatureHistogram) -> String {
    const TOP: f64 = 12.0;
    const PLOT: f64 = 108.0;
    // Across, with room for the numbers of the scale at the right.
    const WIDE: f64 = 88.0;
    let (reference, new) = (shares(&picture.reference), shares(&picture.new));
    let bins = reference.len().max(new.len()).max(1);
    let most = reference.iter().chain(&new).fold(0.01f64, |most, share| most.max(*share));
    // By the square root: most messages are in a few bins, and what drifts is in the others.
    let top = |share: f64| TOP + PLOT - PLOT * (share / most).sqrt();
    let (floor, wide) = (TOP + PLOT, WIDE / bins as f64);
    let mut drawing = Drawing::new(TOP + PLOT + 16.0);
    for (bin, share) in reference.iter().enumerate().filter(|(_, share)| **share > 0.0) {
        let y = top(*share);
        drawing.rect("reference", (bin as f64 * wide, y), (wide, floor - y));
    }
    for share in [0.01, 0.1, 0.5].into_iter().filter(|share| *share <= most) {
        drawing.line("grid", (0.0, top(share)), (WIDE, top(share)));
        drawing.text("tick", (100.0, top(share) + 4.0), Anchor::End, &format!("{:.0}%", 100.0 * share));
    }
    let mut before = floor;
    for (bin, share) in new.iter().enumerate() {
        let (x, y) = (bin as f64 * wide, top(*share));
        if (y - before).abs() > 0.05 {
            drawing.line("new", (x, before), (x, y));
        }
        if *share > 0.0 {
            drawing.line("new", (x, y), (x + wide, y));
        }
        before = y;
    }
    drawing.line("new", (WIDE, before), (WIDE, floor));
    drawing.line("base", (0.0, floor), (WIDE, floor));
    for quarter in 0..4 {
        let bin = quarter * bins / 4;
        let Some(from) = picture.from.get(bin) else { continue };
        let anchor = if bin == 0 { Anchor::Start } else { Anchor::Middle };
        drawing.text("tick", (bin as f64 * wide, floor + 13.0), anchor, &edge(&picture.what, *from));
    }
    drawing.finish(&format!("Histogram: {}, the reference and the new messages", picture.what), &gap(picture))
}

/// The last runs: the F1 that was to be expected as a line, the verdict as a mark below it.
pub(super) fn history(runs: &[RunSummary], reference: Option<f64>, says: &str) -> String {
    const TOP: f64 = 14.0;
    // Across, with room for the numbers of the scale at the right.
    const WIDE: f64 = 92.0;
    let values = || runs.iter().filter_map(|run| run.f1);
    // Without a figure there is no line to make room for.
    let plot = if values().next().is_some() { 120.0 } else { 0.0 };
    let marks = TOP + plot + 34.0;
    let scale = AxisScale::over(values().chain(reference));
    let slot = WIDE / runs.len().max(8) as f64;
    let middle = |run: usize| (run as f64 + 0.5) * slot;
    let y = |f1: f64| TOP + plot * (1.0 - scale.at(f1));
    let mut drawing = Drawing::new(marks + 18.0);
    if values().next().is_some() {
        for tick in scale.ticks() {
            drawing.line("grid", (0.0, y(tick)), (WIDE, y(tick)));
            drawing.text("tick", (100.0, y(tick) + 4.0), Anchor::End, &scale.label(tick));
        }
        if let Some(reference) = reference {
            drawing.line("reference-line", (0.0, y(reference)), (WIDE, y(reference)));
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
    drawing.line("base", (0.0, marks), (WIDE, marks));
    if runs.len() > 16 {
        let ends = [(runs.first(), 0.0, Anchor::Start), (runs.last(), WIDE, Anchor::End)];
        for (run, x, anchor) in ends {
            let day = run.map_or_else(String::new, |run| prose::day(run.time));
            drawing.text("tick", (x, marks + 13.0), anchor, &day);
        }
    }
    drawing.finish("The runs before: F1 to be expected, and the verdict of each", says)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_is_on_round_numbers_and_holds_its_values() {
        let scale = AxisScale::over([0.908, 0.959, 0.9848].into_iter());
        let ticks: Vec<String> = scale.ticks().map(|tick| scale.label(tick)).collect();
        assert_eq!(ticks, ["0.90", "0.92", "0.94", "0.96", "0.98", "1.00"]);
        assert!((scale.at(0.95) - 0.5).abs() < 1e-9 && scale.at(7.0) <= 1.0);
        assert_eq!(AxisScale::over([].into_iter()).ticks().count(), 5);
        assert!(AxisScale::over([1.0, 1.0].into_iter()).high <= 1.0);
    }

    #[test]
    fn a_forged_picture_is_drawn_all_the_same() {
        let picture = FeatureHistogram {
            what: "score".into(),
            from: vec![0.0],
            reference: vec![],
            new: vec![u64::MAX, 7],
        };
        assert!(histogram(&picture).contains("No messages to show."));
        assert!(
            histogram(&FeatureHistogram { from: vec![f64::MAX; 3], reference: vec![1, 2], ..picture })
                .starts_with("<svg")
        );
    }
}
