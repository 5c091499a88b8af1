//! Writes the report of a run as Markdown, for a job summary on GitHub.

use crate::compare::report::CompareReport;
use crate::drift::drift_report::DriftReport;
use crate::drift::estimated_f1::EstimatedF1;
use crate::drift::run_record::RunSummary;
use crate::reason::Reason;
use crate::registry::moves::Promotion;
use crate::report::escape::markdown as escaped;
use crate::report::key_facts::{self, KeyFact, key_facts};
use crate::report::next_steps::next_steps;
use crate::report::{Decision, RunResults, error_rates, numbers, prose};
use crate::rows::contract::ValidateReport;
use crate::stats::metrics::{Figures, Metrics};

/// Maximum size of a report in bytes.
pub(super) const MAX_BYTES: usize = 60_000;

/// Maximum number of runs in the history.
const RUNS: usize = 64;

/// Tables with more rows are folded.
const OPEN_ROWS: usize = 10;

/// Writes the report. If it is too long, its lists get shorter.
pub(super) fn report(run: &RunResults, decision: &Decision) -> String {
    let mut text = String::new();
    for max_rows in [40, 20, 8, 3] {
        text = with_max_rows(run, decision, max_rows);
        if text.len() <= MAX_BYTES {
            break;
        }
    }
    // Only forged results can still be too long, because cells are cut and lists are short.
    while text.len() > MAX_BYTES {
        let end = text.trim_end().rfind('\n').map_or(0, |end| end + 1);
        text.truncate(end);
    }
    text
}

fn with_max_rows(run: &RunResults, decision: &Decision, max_rows: usize) -> String {
    let mut page = MarkdownPage { text: String::new(), max_rows };
    page.text.extend(["## ", &escaped(&key_facts::title(run, decision)), "\n\n"]);
    page.paragraph(&escaped(&key_facts::subtitle(run, decision)));
    page.paragraph(&format!("**{}**", escaped(&prose::stop(&decision.reason))));
    facts(&mut page, run);
    steps(&mut page, run);
    if let Some(compare) = &run.compare {
        comparison(&mut page, compare);
    }
    if let Some(drift) = &run.drift {
        page.heading("Is a retrain needed?");
        reasons(&mut page, "trigger", &drift.reasons);
    }
    performance(&mut page, run.drift.as_ref(), run.metrics.as_ref());
    if let Some(drift) = &run.drift {
        messages(&mut page, drift);
        history(&mut page, &drift.strip);
    }
    if let Some(validate) = &run.validate {
        rows(&mut page, validate);
    }
    if let Some(promote) = &run.promote {
        promotion(&mut page, promote);
    }
    page.text
}

/// A page under construction.
struct MarkdownPage {
    text: String,
    max_rows: usize,
}

impl MarkdownPage {
    fn heading(&mut self, text: &str) {
        self.text.extend(["### ", text, "\n\n"]);
    }

    /// Adds a paragraph that is already escaped.
    fn paragraph(&mut self, text: &str) {
        self.text.extend([text, "\n\n"]);
    }

    /// Adds a list item that is already escaped.
    fn item(&mut self, text: &str) {
        self.text.extend(["- ", text, "\n"]);
    }

    /// Adds content that the reader can unfold. GitHub needs the blank line after the summary.
    fn fold(&mut self, summary: &str, content: impl FnOnce(&mut Self)) {
        self.text.extend(["<details><summary>", summary, "</summary>\n\n"]);
        content(self);
        self.text.push_str("</details>\n\n");
    }

    /// Adds a table, folded if it is long. `columns` is the line below its head, such as `|---|--:|`. Escapes the cells.
    fn table(&mut self, summary: &str, head: &[&str], columns: &str, rows: &[Vec<String>]) {
        if rows.len() > OPEN_ROWS {
            let summary = format!("{summary} ({})", rows.len());
            self.fold(&summary, |page| page.open_table(head, columns, rows));
        } else {
            self.open_table(head, columns, rows);
        }
    }

    fn open_table(&mut self, head: &[&str], columns: &str, rows: &[Vec<String>]) {
        if rows.is_empty() {
            return;
        }
        self.text.extend(["| ", &head.join(" | "), " |\n", columns, "\n"]);
        for row in rows.iter().take(self.max_rows) {
            let cells: Vec<String> = row.iter().map(|cell| escaped(cell)).collect();
            self.text.extend(["| ", &cells.join(" | "), " |\n"]);
        }
        self.text.push('\n');
        let more = rows.len().saturating_sub(self.max_rows);
        if more > 0 {
            self.paragraph(&format!("and {more} more"));
        }
    }
}

fn facts(page: &mut MarkdownPage, run: &RunResults) {
    let facts = key_facts(run);
    for KeyFact { name, value, remark } in &facts {
        let remark = if remark.is_empty() { String::new() } else { format!(", {remark}") };
        page.item(&format!("{name}: **{}**{}", escaped(value), escaped(&remark)));
    }
    if !facts.is_empty() {
        page.text.push('\n');
    }
}

fn steps(page: &mut MarkdownPage, run: &RunResults) {
    page.heading("What to do next");
    for step in next_steps(run) {
        // A command contains no backquote, so it cannot close its code span.
        let command = step.command.map_or_else(String::new, |command| format!(" `{command}`"));
        page.item(&format!("{}{command}", escaped(&step.text)));
    }
    page.text.push('\n');
}

fn reasons(page: &mut MarkdownPage, kind: &str, list: &[Reason]) {
    let rows = list.iter().map(|reason| {
        let fired = prose::fired(reason).to_owned();
        vec![prose::trigger(reason), fired, prose::finding(&reason.says)]
    });
    let (fired, summary) = if kind == "check" { ("passed", "Checks") } else { ("fired", "Triggers") };
    page.table(summary, &[kind, fired, "finding"], "|---|---|---|", &rows.collect::<Vec<_>>());
}

fn comparison(page: &mut MarkdownPage, compare: &CompareReport) {
    page.heading("Is the challenger better?");
    page.paragraph(&escaped(&prose::compare_verdict(compare)));
    let rows: Vec<Vec<String>> = error_rates::rows(&compare.figures).into_iter().map(Vec::from).collect();
    page.open_table(&error_rates::HEAD, "|---|--:|--:|", &rows);
    reasons(page, "check", &compare.reasons);
}

fn messages(page: &mut MarkdownPage, drift: &DriftReport) {
    page.heading("Have the messages changed?");
    page.paragraph(&escaped(&prose::drift_verdict(drift)));
    if !drift.signals.is_empty() {
        page.fold(&format!("Signals ({})", drift.signals.len()), |page| signals(page, drift));
        changes(page, drift);
    }
    page.paragraph(&escaped(&prose::repeats(&drift.repeats)));
    let repeated = &drift.repeats.most;
    if !repeated.is_empty() {
        page.fold(&format!("Most repeated messages ({})", repeated.len()), |page| {
            for message in repeated.iter().take(page.max_rows) {
                page.item(&escaped(&prose::repeated(message)));
            }
            page.text.push('\n');
        });
    }
    page.fold("What this verdict can and cannot show", |page| {
        page.item(&escaped(&prose::window(&drift.window)));
        if let Some(detectable) = prose::detectable(&drift.window) {
            page.item(&escaped(&detectable));
            page.item(&prose::calibration(&drift.window));
        }
        page.item(&escaped(&prose::schedule(&drift.schedule)));
        page.item(&escaped(&prose::sentence(&drift.blind)));
        page.text.push('\n');
    });
}

fn signals(page: &mut MarkdownPage, drift: &DriftReport) {
    let rows = drift.signals.iter().map(|signal| {
        vec![
            prose::family(&signal.family),
            if signal.fired { "yes" } else { "no" }.into(),
            prose::finding(&signal.says),
            prose::effect(signal.effect, &signal.measure, signal.minimum_effect),
            numbers::p(signal.corrected),
            prose::word(&signal.test),
        ]
    });
    let head = ["signal", "alarm", "finding", "effect", "corrected p", "test"];
    let rows: Vec<Vec<String>> = rows.collect();
    page.open_table(&head, "|---|---|---|---|--:|---|", &rows);
}

fn changes(page: &mut MarkdownPage, drift: &DriftReport) {
    let list = &drift.moved;
    if list.is_empty() {
        page.paragraph("No single word, flag or size changed enough to be listed.");
        return;
    }
    let rows = prose::by_points(list).into_iter().map(|change| {
        let (name, values) = prose::change(change);
        let points = change.points.map_or_else(|| "–".into(), numbers::signed);
        vec![name, prose::word(&change.kind), values, points]
    });
    let head = ["feature", "kind", "reference → new", "effect on the mean score (percentage points)"];
    let rows: Vec<Vec<String>> = rows.collect();
    page.fold(&format!("What changed ({})", rows.len()), |page| {
        if let Some(score) = &drift.mean_score {
            page.paragraph(&escaped(&prose::mean_score(score)));
        }
        page.open_table(&head, "|---|---|---|--:|", &rows);
    });
}

fn performance(page: &mut MarkdownPage, drift: Option<&DriftReport>, metrics: Option<&Metrics>) {
    let estimated = drift.and_then(|drift| drift.expected.as_ref());
    let shift = drift.and_then(|drift| drift.shift.as_ref());
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut row = |name: &str, value: String, bounds: String| rows.push(vec![name.into(), value, bounds]);
    if let Some(metrics) = metrics.filter(|metrics| metrics.labelled > 0) {
        let Figures { f1, precision, recall, intervals, confusion, .. } = metrics.deciding_figures();
        let bounds = |interval: Option<_>| interval.map_or_else(String::new, numbers::bounds);
        row(&prose::labelled_f1(metrics), numbers::figure(*f1), bounds(intervals.f1));
        if metrics.distinct.is_some() {
            let f1 = metrics.figures.f1;
            row(&prose::traffic_f1(metrics), numbers::figure(f1), bounds(metrics.figures.intervals.f1));
        }
        row("Precision on these rows", numbers::figure(*precision), bounds(intervals.precision));
        row("Recall on these rows", numbers::figure(*recall), bounds(intervals.recall));
        row("Ham lost per 1,000 ham", error_rates::lost(confusion), String::new());
        row("Spam missed per 1,000 spam", error_rates::missed(confusion), String::new());
    }
    if let Some(EstimatedF1 { expected, reference, before, adjusted, others, .. }) = estimated {
        for (name, figure) in [
            ("Estimated F1", Some(expected)),
            ("F1 of the reference, adjusted for class balance", adjusted.then_some(reference)),
            ("F1 of the reference", Some(before)),
        ] {
            let Some(figure) = figure else { continue };
            row(name, numbers::figure(figure.value), numbers::bounds(figure.interval));
        }
        for (name, figure) in
            ["Estimated accuracy", "Estimated precision", "Estimated recall"].iter().zip(others)
        {
            if let Some(figure) = figure {
                row(name, numbers::figure(figure.value), numbers::bounds(figure.interval));
            }
        }
    }
    if rows.is_empty() && shift.is_none() {
        return;
    }
    page.heading("How good is the champion now?");
    page.open_table(&["figure", "value", "95% interval"], "|---|--:|---|", &rows);
    if let Some(estimated) = estimated {
        page.paragraph(&escaped(&prose::estimated(estimated)));
    }
    if let Some(shift) = shift {
        page.paragraph(&escaped(&prose::shift(shift)));
    }
}

/// The last runs in two lines: estimated F1 as the height of a block, and the verdict as a letter.
fn history(page: &mut MarkdownPage, strip: &[RunSummary]) {
    const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let last = &strip[strip.len().saturating_sub(RUNS)..];
    let (Some(from), Some(to)) = (last.first(), last.last()) else { return };
    if strip.len() == 1 {
        return;
    }
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
    page.heading("Earlier runs");
    let heights: String = last.iter().map(|run| height(run).unwrap_or(&' ')).collect();
    let verdicts: String = last.iter().map(|run| prose::verdict(run.verdict).0).collect();
    let is_estimated = low <= high;
    let heights = if is_estimated { format!("    F1       {}\n", heights.trim_end()) } else { String::new() };
    page.text.extend([&heights, "    verdict  ", &verdicts, "\n\n"]);
    let hidden = strip.len() - last.len();
    let hidden = if hidden > 0 {
        format!("; {} not shown", numbers::counted(hidden as u64, "earlier run"))
    } else {
        String::new()
    };
    let range = if is_estimated {
        format!(" Estimated F1 is between {} and {}.", numbers::figure(low), numbers::figure(high))
    } else {
        String::new()
    };
    let runs = numbers::counted(last.len() as u64, "run");
    let days = [from.time, to.time].map(numbers::day);
    let text = format!(
        "{runs} from {} to {}{hidden}.{range} D: drifted, S: steady, ?: too few messages.",
        days[0], days[1]
    );
    page.paragraph(&escaped(&text));
}

fn rows(page: &mut MarkdownPage, validate: &ValidateReport) {
    page.heading("Are the new rows valid?");
    page.paragraph(&escaped(&prose::validate_verdict(validate)));
    let rows = validate.failed.iter().map(|check| {
        let example = check.examples.first().map_or_else(String::new, |text| prose::sentence(text));
        vec![prose::word(&check.name), numbers::count(check.count), example]
    });
    page.table(
        "Failed checks",
        &["failed check", "rows", "example"],
        "|---|--:|---|",
        &rows.collect::<Vec<_>>(),
    );
}

fn promotion(page: &mut MarkdownPage, promote: &Promotion) {
    page.heading("Promotion");
    page.paragraph(&escaped(&prose::promotion(promote)));
}
