//! The report of a run as Markdown, for a job summary.

use crate::compare::report::CompareReport;
use crate::drift::changes::FeatureChange;
use crate::drift::drift_report::DriftReport;
use crate::drift::estimated_f1::EstimatedF1;
use crate::drift::run_record::RunSummary;
use crate::reason::Reason;
use crate::report::escape::markdown as escaped;
use crate::report::{Decision, RunResults, prose};
use crate::rows::contract;
use crate::stats::metrics::{Figures, Metrics};

/// Bytes that a report may have.
pub(super) const MOST: usize = 60_000;

/// Runs in the history strip.
const RUNS: usize = 64;

/// The report with lists as long as fit.
pub(super) fn report(run: &RunResults, decision: &Decision) -> String {
    let mut text = String::new();
    for longest in [40, 20, 8, 3] {
        text = with_lists(run, decision, longest);
        if text.len() <= MOST {
            break;
        }
    }
    // Every cell is cut short, so that the shortest lists fit; this is for what is forged.
    while text.len() > MOST {
        let end = text.trim_end().rfind('\n').map_or(0, |end| end + 1);
        text.truncate(end);
    }
    text
}

fn with_lists(run: &RunResults, decision: &Decision, longest: usize) -> String {
    let mut page = MarkdownPage { text: String::new(), longest };
    let mut first = format!("**{}.**", escaped(&decision.says));
    if !decision.reasons.is_empty() {
        let named: Vec<String> = decision.reasons.iter().take(3).map(|reason| escaped(reason)).collect();
        let rest = decision.reasons.len().saturating_sub(3);
        let more = if rest > 0 { format!("; and {rest} more below") } else { String::new() };
        first.extend([" ", &upper(&named.join("; ")), &more, "."]);
    }
    page.paragraph(&first);
    if let Some(drift) = &run.drift {
        triggers(&mut page, drift);
        about(&mut page, drift);
        signals(&mut page, drift);
        if !drift.signals.is_empty() {
            moves(&mut page, &drift.moved);
        }
        performance(&mut page, drift, run.metrics.as_ref());
        repeats(&mut page, drift);
        history(&mut page, &drift.strip);
    }
    rows(&mut page, run);
    if let Some(compare) = &run.compare {
        comparison(&mut page, compare);
    }
    if let Some(promote) = &run.promote {
        page.heading("Promoted");
        let digest: String = promote.digest.chars().take(12).collect();
        let was = promote.previous_version.map_or_else(String::new, |version| format!(" after {version}"));
        let (name, reason) = (prose::word(&promote.name), prose::sentence(&promote.reason));
        let why = if reason.is_empty() { String::new() } else { format!(": {reason}") };
        page.paragraph(&escaped(&format!("{name} version {}{was}, {digest}{why}.", promote.version)));
    }
    page.text
}

/// The first letter large, as sentences begin.
fn upper(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// A page under way.
struct MarkdownPage {
    text: String,
    longest: usize,
}

impl MarkdownPage {
    fn heading(&mut self, text: &str) {
        self.text.extend(["### ", text, "\n\n"]);
    }

    /// A paragraph, escaped already.
    fn paragraph(&mut self, text: &str) {
        self.text.extend([text, "\n\n"]);
    }

    /// A table; `columns` such as `|---|--:|` below its head. Cells are escaped here.
    fn table(&mut self, head: &[&str], columns: &str, rows: impl ExactSizeIterator<Item = Vec<String>>) {
        let all = rows.len();
        if all == 0 {
            return;
        }
        self.text.extend(["| ", &head.join(" | "), " |\n", columns, "\n"]);
        for row in rows.take(self.longest) {
            let cells: Vec<String> = row.iter().map(|cell| escaped(cell)).collect();
            self.text.extend(["| ", &cells.join(" | "), " |\n"]);
        }
        self.text.push('\n');
        if all > self.longest {
            self.paragraph(&format!("and {} more", all - self.longest));
        }
    }
}

fn reasons(page: &mut MarkdownPage, what: &str, list: &[Reason]) {
    let value = |value: Option<f64>| value.map_or_else(String::new, prose::number);
    page.table(
        &[what, if what == "test" { "passed" } else { "fired" }, "value", "limit", "in words"],
        "|---|---|--:|--:|---|",
        list.iter().map(|reason| {
            let fired = prose::fired(reason).to_owned();
            let says = prose::sentence(&reason.says);
            vec![prose::trigger(reason), fired, value(reason.value), value(reason.limit), says]
        }),
    );
}

fn triggers(page: &mut MarkdownPage, drift: &DriftReport) {
    page.heading("Is a new model needed?");
    reasons(page, "trigger", &drift.reasons);
}

fn about(page: &mut MarkdownPage, drift: &DriftReport) {
    page.heading("What this is about");
    let mut text = escaped(&prose::window(&drift.window));
    if let Some(detectable) = prose::detectable(&drift.window) {
        text.extend([" ", &escaped(&detectable), " ", prose::calibration(&drift.window)]);
    }
    page.paragraph(&text);
    page.paragraph(&escaped(&prose::schedule(&drift.schedule)));
    page.paragraph(&escaped(&prose::sentence(&drift.blind)));
}

fn signals(page: &mut MarkdownPage, drift: &DriftReport) {
    page.heading("Have the messages changed?");
    page.paragraph(&escaped(&prose::found(drift)));
    page.table(
        &["family", "alarm", "effect and floor", "corrected p", "in words", "test"],
        "|---|---|---|--:|---|---|",
        drift.signals.iter().map(|signal| {
            vec![
                prose::family(&signal.family),
                if signal.fired { "yes" } else { "no" }.into(),
                prose::effect(signal.effect, &signal.measure, signal.minimum_effect),
                prose::p(signal.corrected),
                prose::sentence(&signal.says),
                prose::word(&signal.test),
            ]
        }),
    );
}

fn moves(page: &mut MarkdownPage, list: &[FeatureChange]) {
    page.heading("What moved");
    if list.is_empty() {
        page.paragraph("No word, flag or size moved enough to be named.");
        return;
    }
    page.table(
        &["what", "", "before and now", "points of the mean score"],
        "|---|---|---|--:|",
        prose::by_points(list).into_iter().map(|moved| {
            let (what, from_to) = prose::moved(moved);
            let points = moved.points.map_or_else(|| "–".into(), prose::signed);
            vec![what, prose::word(&moved.kind), from_to, points]
        }),
    );
}

fn performance(page: &mut MarkdownPage, drift: &DriftReport, metrics: Option<&Metrics>) {
    if drift.expected.is_none() && drift.shift.is_none() && metrics.is_none() {
        return;
    }
    page.heading("How good is the champion now?");
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut row = |what: &str, value: String, bounds: String| rows.push(vec![what.into(), value, bounds]);
    if let Some(EstimatedF1 { expected, reference, before, others, .. }) = &drift.expected {
        for (what, figure) in [
            ("F1 to be expected now", expected),
            ("F1 of the reference, at the share of positives of now", reference),
            ("F1 of the reference", before),
        ] {
            row(what, prose::figure(figure.value), prose::bounds(figure.interval));
        }
        for (what, figure) in ["Accuracy to be expected", "Precision to be expected", "Recall to be expected"]
            .iter()
            .zip(others)
        {
            if let Some(figure) = figure {
                row(what, prose::figure(figure.value), prose::bounds(figure.interval));
            }
        }
    }
    if let Some(Metrics { labelled, figures, .. }) = metrics {
        let Figures { f1, precision, recall, intervals, .. } = figures;
        let bounds = |interval: Option<_>| interval.map_or_else(String::new, prose::bounds);
        row(
            &format!("F1 on {} labelled rows of this run", prose::count(*labelled)),
            prose::figure(*f1),
            bounds(intervals.f1),
        );
        row("Precision on them", prose::figure(*precision), bounds(intervals.precision));
        row("Recall on them", prose::figure(*recall), bounds(intervals.recall));
    }
    page.table(&["figure", "value", "95% interval"], "|---|--:|---|", rows.into_iter());
    if let Some(expected) = &drift.expected {
        page.paragraph(&escaped(&prose::expected(expected)));
    }
    if let Some(shift) = &drift.shift {
        page.paragraph(&escaped(&prose::shift(shift)));
    }
}

fn repeats(page: &mut MarkdownPage, drift: &DriftReport) {
    page.heading("Repeats and bursts");
    page.paragraph(&escaped(&prose::repeats(&drift.repeats)));
    let most = &drift.repeats.most;
    for message in most.iter().take(page.longest) {
        page.text.extend(["- ", &escaped(&prose::repeated(message)), "\n"]);
    }
    if !most.is_empty() {
        page.text.push('\n');
    }
}

/// The last runs as two lines of signs: the F1 that was to be expected as a height, and the verdict.
fn history(page: &mut MarkdownPage, strip: &[RunSummary]) {
    const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let last = &strip[strip.len().saturating_sub(RUNS)..];
    let (Some(from), Some(to)) = (last.first(), last.last()) else { return };
    let (low, high) = last
        .iter()
        .filter_map(|run| run.f1)
        .fold((1.0f64, 0.0f64), |(low, high), f1| (low.min(f1), high.max(f1)));
    let height = |run: &RunSummary| {
        let f1 = run.f1?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 7")]
        let step = ((f1 - low) / (high - low).max(0.01) * 7.0).clamp(0.0, 7.0).round() as usize;
        HEIGHTS.get(step)
    };
    page.heading("The runs before");
    if strip.len() == 1 {
        page.paragraph("This is the first run on record.");
        return;
    }
    let heights: String = last.iter().map(|run| height(run).unwrap_or(&' ')).collect();
    let verdicts: String = last.iter().map(|run| prose::verdict(run.verdict).0).collect();
    let heights = if low <= high { format!("    F1       {}\n", heights.trim_end()) } else { String::new() };
    page.text.extend([&heights, "    verdict  ", &verdicts, "\n\n"]);
    let left = strip.len() - last.len();
    let earlier = if left > 0 {
        format!(", {} before them not shown", prose::count(left as u64))
    } else {
        String::new()
    };
    let range = if low <= high {
        format!("; F1 to be expected from {} to {}", prose::figure(low), prose::figure(high))
    } else {
        String::new()
    };
    let runs = prose::counted(last.len() as u64, "run");
    let text = format!(
        "{runs} from {} to {}{earlier}{range}. D drifted, S steady, ? too few messages.",
        prose::day(from.time),
        prose::day(to.time)
    );
    page.paragraph(&escaped(&text));
}

fn rows(page: &mut MarkdownPage, run: &RunResults) {
    let Some(validate) = &run.validate else {
        return;
    };
    page.heading("The rows");
    let contract::ValidateReport { verdict, rows, clean, rejected, failed, .. } = validate;
    let [rows, clean, rejected] = [*rows, *clean, *rejected].map(prose::count);
    page.paragraph(&escaped(&format!(
        "{}: {rows} rows, {clean} clean, {rejected} refused.",
        prose::word(verdict.name())
    )));
    page.table(
        &["check", "rows", "for example"],
        "|---|--:|---|",
        failed.iter().map(|check| {
            let example = check.examples.first().map_or_else(String::new, |text| prose::sentence(text));
            vec![prose::word(&check.name), prose::count(check.count), example]
        }),
    );
}

fn comparison(page: &mut MarkdownPage, compare: &CompareReport) {
    page.heading("Is the challenger better?");
    let champion = compare
        .champion_f1
        .map_or_else(String::new, |f1| format!(", the champion has {}", prose::figure(f1)));
    page.paragraph(&escaped(&format!(
        "{}: the challenger has an F1 of {} on {} labelled rows of the holdout{champion}.",
        upper(&prose::word(compare.verdict.name())),
        prose::figure(compare.challenger_f1),
        prose::count(compare.rows),
    )));
    reasons(page, "test", &compare.reasons);
}
