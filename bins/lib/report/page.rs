//! Writes the report of a run as one self-contained HTML page, for screens, phones and print.

use crate::compare::report::CompareReport;
use crate::drift::changes::FeatureChange;
use crate::drift::drift_report::{DriftReport, SignalReport};
use crate::drift::estimated_f1::EstimatedF1;
use crate::drift::histograms::FeatureHistogram;
use crate::reason::Reason;
use crate::report::escape::html;
use crate::report::key_facts::{self, KeyFact, key_facts};
use crate::report::next_steps::next_steps;
use crate::report::table::{MAX_ROWS, cell, mark, name, numeric, passed, plot, table};
use crate::report::{Decision, RunResults, chart, error_rates, numbers, prose};
use crate::rows::contract::{FailedCheck, ValidateReport};
use crate::stats::intervals::Interval;
use crate::stats::metrics::Figures;

/// Maximum number of runs in the history.
const RUNS: usize = 64;

/// Maximum number of histograms.
const HISTOGRAMS: usize = 12;

/// Maximum number of bins of a histogram.
const BINS: usize = 64;

/// The page fetches nothing and runs no script, whatever text it shows.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

const STYLE: &str = include_str!("page.css");

pub(super) fn report(run: &RunResults, decision: &Decision) -> String {
    let mut page = String::with_capacity(1 << 16);
    let title = html(&key_facts::title(run, decision));
    page.extend([format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
        <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
        <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
        <meta name=\"color-scheme\" content=\"light dark\">\n\
        <title>{title} · spamops</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n"
    )]);
    head(&mut page, run, decision);
    page.push_str("<main>\n");
    if let Some(compare) = &run.compare {
        comparison(&mut page, compare);
    }
    if let Some(drift) = &run.drift {
        section(&mut page, "Is a retrain needed?", &reasons("Trigger", &drift.reasons));
    }
    champion(&mut page, run);
    if let Some(drift) = &run.drift {
        signals(&mut page, drift);
        if !drift.signals.is_empty() {
            changes(&mut page, drift);
        }
        histograms(&mut page, drift);
        repeats(&mut page, drift);
        history(&mut page, drift);
    }
    if let Some(validate) = &run.validate {
        rows(&mut page, validate);
    }
    if let Some(promote) = &run.promote {
        section(&mut page, "Promotion", &paragraph("", &prose::promotion(promote)));
    }
    page.push_str("</main>\n");
    foot(&mut page, run, decision);
    page.push_str("</body>\n</html>\n");
    page
}

fn section(page: &mut String, heading: &str, body: &str) {
    page.extend(["<section>\n<h2>", &html(heading), "</h2>\n", body, "</section>\n"]);
}

fn paragraph(class: &str, text: &str) -> String {
    let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
    format!("<p{class}>{}</p>\n", html(text))
}

fn head(page: &mut String, run: &RunResults, decision: &Decision) {
    let kicker = format!("spamops · {}", key_facts::subtitle(run, decision));
    page.extend(["<header>\n", &paragraph("kicker", &kicker)]);
    page.extend(["<h1>", &html(&key_facts::title(run, decision)), "</h1>\n"]);
    page.push_str(&paragraph("lead", &prose::stop(&decision.reason)));
    let facts = key_facts(run);
    if !facts.is_empty() {
        page.push_str("<dl class=\"facts\">\n");
        for KeyFact { name, value, remark } in facts {
            let remark = if remark.is_empty() { remark } else { format!("<small>{}</small>", html(&remark)) };
            page.extend(["<div><dt>", name, "</dt><dd>", &html(&value), &remark, "</dd></div>\n"]);
        }
        page.push_str("</dl>\n");
    }
    page.push_str("<h2>What to do next</h2>\n<ul class=\"steps\">\n");
    for step in next_steps(run) {
        let command = step.command.map(|command| format!(" <code>{}</code>", html(&command)));
        page.extend(["<li>", &html(&step.text), &command.unwrap_or_default(), "</li>\n"]);
    }
    page.push_str("</ul>\n</header>\n");
}

/// The heading of the checks of a comparison, which pass or fail.
const CHECK: &str = "Check";

fn reasons(kind: &str, list: &[Reason]) -> String {
    let row = |reason: &Reason| {
        let fired = if kind == CHECK { passed(reason.fired) } else { mark(prose::fired(reason)) };
        [name(&prose::trigger(reason), ""), fired, cell("says", &prose::finding(&reason.says))].concat()
    };
    let rows: Vec<String> = list.iter().map(row).collect();
    let fired = if kind == CHECK { "Passed" } else { "Fired" };
    table("folds", &format!("{kind}s"), &[("", kind), ("", fired), ("", "Finding")], &rows)
}

/// A figure of a range plot.
struct PlottedFigure {
    name: String,
    class: &'static str,
    value: f64,
    interval: Option<Interval>,
}

fn champion(page: &mut String, run: &RunResults) {
    let figures = plotted_figures(run);
    if figures.is_empty() && run.drift.is_none() {
        return;
    }
    let mut body = String::new();
    if figures.is_empty() {
        body.push_str(&paragraph(
            "",
            "F1 is unknown, because there are no labelled rows and no scores to estimate F1 from. Label or score some rows.",
        ));
    } else {
        body.push_str(&ranges(&figures));
    }
    if let Some(drift) = &run.drift {
        if let Some(estimated) = &drift.expected {
            body.push_str(&paragraph("", &prose::estimated(estimated)));
        }
        if let Some(shift) = &drift.shift {
            body.push_str(&paragraph("", &prose::shift(shift)));
        }
        body.push_str(&paragraph("small", &prose::sentence(&drift.blind)));
    }
    section(page, "How good is the champion now?", &body);
}

fn plotted_figures(run: &RunResults) -> Vec<PlottedFigure> {
    let mut figures: Vec<PlottedFigure> = Vec::new();
    if let Some(metrics) = run.metrics.as_ref().filter(|metrics| metrics.labelled > 0) {
        let mut add = |name, Figures { f1, intervals, .. }: &Figures| {
            figures.push(PlottedFigure { name, class: "now", value: *f1, interval: intervals.f1 });
        };
        add(prose::labelled_f1(metrics), metrics.deciding_figures());
        if metrics.distinct.is_some() {
            add(prose::traffic_f1(metrics), &metrics.figures);
        }
    }
    if let Some(EstimatedF1 { expected, reference, before, adjusted, .. }) =
        run.drift.as_ref().and_then(|drift| drift.expected.as_ref())
    {
        for (name, class, figure) in [
            ("Estimated F1", "now", Some(expected)),
            ("F1 of the reference, adjusted for class balance", "was", adjusted.then_some(reference)),
            ("F1 of the reference", "was", Some(before)),
        ] {
            let Some(figure) = figure else { continue };
            let (value, interval) = (figure.value, Some(figure.interval));
            figures.push(PlottedFigure { name: name.into(), class, value, interval });
        }
    }
    figures
}

fn ranges(figures: &[PlottedFigure]) -> String {
    let ends = |one: &PlottedFigure| one.interval.map_or([one.value; 3], |ends| [one.value, ends.0, ends.1]);
    let scale = chart::AxisScale::over(figures.iter().flat_map(ends));
    let row = |one: &PlottedFigure| {
        let value = html(&numbers::figure(one.value));
        let text = one.interval.map_or_else(String::new, numbers::bounds);
        let value = format!("<td role=\"cell\" class=\"num\">{value}<span class=\"sub\">{text}</span></td>");
        [name(&one.name, ""), value, plot(&chart::range(&scale, one.class, one.value, one.interval))].concat()
    };
    let mut rows: Vec<String> = figures.iter().map(row).collect();
    rows.push(["<td role=\"cell\"></td><td role=\"cell\"></td>", &plot(&chart::axis(&scale, "F1"))].concat());
    let head = [("", "Figure"), ("num", "Value, 95% interval"), ("", "F1 with its 95% interval")];
    table("folds ranges", "F1, measured and estimated", &head, &rows)
}

fn history(page: &mut String, drift: &DriftReport) {
    let runs = &drift.strip[drift.strip.len().saturating_sub(RUNS)..];
    let (Some(first), Some(last)) = (runs.first(), runs.last()) else { return };
    let schedule = paragraph("small", &prose::schedule(&drift.schedule));
    if runs.len() == 1 {
        section(page, "Earlier runs", &[paragraph("", "There are no earlier runs."), schedule].concat());
        return;
    }
    let letters: String = runs.iter().map(|run| prose::verdict(run.verdict).0).collect();
    let drifted = letters.chars().filter(|letter| *letter == 'D').count();
    let hidden = drift.strip.len() - runs.len();
    let hidden = if hidden > 0 {
        format!(" {} not shown.", numbers::counted(hidden as u64, "earlier run"))
    } else {
        String::new()
    };
    let summary = format!(
        "{} from {} to {}; {drifted} drifted.{hidden}",
        numbers::counted(runs.len() as u64, "run"),
        numbers::day(first.time),
        numbers::day(last.time)
    );
    let reference = drift.expected.map(|estimated| estimated.reference.value);
    let mut body = paragraph("", &summary);
    body.push_str(concat!(
        "<ul class=\"legend\">",
        "<li><svg aria-hidden=\"true\" height=\"10\"><line class=\"new\" x1=\"0\" y1=\"5\" x2=\"22\" y2=\"5\"/>",
        "</svg>estimated F1</li>",
        "<li><svg aria-hidden=\"true\" height=\"10\"><line class=\"reference-line\" x1=\"0\" y1=\"5\" x2=\"22\" ",
        "y2=\"5\"/></svg>F1 of the reference</li>",
        "<li><svg aria-hidden=\"true\" height=\"16\"><rect class=\"alarm\" x=\"8\" y=\"0\" width=\"8\" height=\"16\"/>",
        "</svg>D: drifted</li>",
        "<li><svg aria-hidden=\"true\" height=\"16\"><rect class=\"steady\" x=\"8\" y=\"8\" width=\"8\" height=\"7\"/>",
        "</svg>S: steady</li>",
        "<li><svg aria-hidden=\"true\" height=\"16\"><circle class=\"unknown\" cx=\"12\" cy=\"13\" r=\"1.5\"/>",
        "</svg>?: too few messages</li></ul>\n"
    ));
    body.extend(["<figure>", &chart::history(runs, reference, &summary), "</figure>\n"]);
    if runs.len() > 16 {
        body.push_str(&paragraph("letters", &format!("Verdicts, oldest first: {}", grouped(&letters))));
    }
    body.push_str(&schedule);
    section(page, "Earlier runs", &body);
}

/// Letters in groups of eight, so that lines can break between groups.
fn grouped(letters: &str) -> String {
    let letters: Vec<char> = letters.chars().collect();
    letters.chunks(8).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

fn signals(page: &mut String, drift: &DriftReport) {
    let mut body = paragraph("", &prose::drift_verdict(drift));
    let row = |signal: &SignalReport| {
        let ratio = prose::effect_ratio(signal.effect, &signal.measure, signal.minimum_effect);
        let effect = prose::effect(signal.effect, &signal.measure, signal.minimum_effect);
        let bar =
            format!("{}<span class=\"small\">{}</span>", chart::effect(ratio, signal.fired), html(&effect));
        [
            name(&prose::family(&signal.family), &prose::word(&signal.test)),
            mark(if signal.fired { "alarm" } else { "no" }),
            cell("says", &prose::finding(&signal.says)),
            plot(&bar),
            numeric("corrected p", &numbers::p(signal.corrected)),
        ]
        .concat()
    };
    if !drift.signals.is_empty() {
        let mut rows: Vec<String> = drift.signals.iter().map(row).collect();
        let empty = "<td role=\"cell\"></td>";
        rows.push([empty, empty, empty, &plot(&chart::effect_axis()), empty].concat());
        let head = [
            ("", "Signal"),
            ("", "Alarm"),
            ("", "Finding"),
            ("", "Effect, and its minimum"),
            ("num", "Corrected p"),
        ];
        body.push_str(&table("folds signals", "Signals", &head, &rows));
        let legend = "The vertical line is the minimum effect. An alarm has a larger effect and a corrected p of at \
            most 0.05. A bar ends at 5 times the minimum; › marks a larger effect.";
        body.push_str(&paragraph("small", legend));
    }
    body.push_str(&paragraph("", &prose::window(&drift.window)));
    if let Some(detectable) = prose::detectable(&drift.window) {
        body.push_str(&paragraph("", &format!("{detectable} {}", prose::calibration(&drift.window))));
    }
    section(page, "Have the messages changed?", &body);
}

fn changes(page: &mut String, drift: &DriftReport) {
    let list = &drift.moved;
    if list.is_empty() {
        let none = "No single word, flag or size changed enough to be listed.";
        section(page, "What changed", &paragraph("", none));
        return;
    }
    let list = prose::by_points(list);
    let largest = list
        .iter()
        .filter_map(|change| change.points)
        .fold(0.0f64, |largest, points| largest.max(points.abs()));
    let row = |change: &&FeatureChange| {
        let (feature, values) = prose::change(change);
        let points = change.points.map_or_else(|| "–".into(), numbers::signed);
        let bar = change.points.map_or_else(String::new, |points| chart::points(points, largest));
        let kind = format!("{} · {values}", prose::word(&change.kind));
        [name(&feature, &kind), plot(&bar), numeric("points", &points)].concat()
    };
    let mut rows: Vec<String> = list.iter().take(MAX_ROWS - 1).map(row).collect();
    if largest > 0.0 {
        let empty = "<td role=\"cell\"></td>";
        rows.push([empty, &plot(&chart::points_axis(largest)), empty].concat());
    }
    let head = [
        ("", "Feature, reference → new"),
        ("middle", "← lower · mean score · higher →"),
        ("num", "Percentage points"),
    ];
    let mut body = paragraph(
        "",
        "Each word, flag or size that changed, and its effect on the mean score in percentage points. Changes in the same \
        messages share their effect.",
    );
    if let Some(score) = &drift.mean_score {
        body.push_str(&paragraph("", &prose::mean_score(score)));
    }
    body.push_str(&table("moves", "What changed", &head, &rows));
    section(page, "What changed", &body);
}

fn histograms(page: &mut String, drift: &DriftReport) {
    if drift.pictures.is_empty() {
        return;
    }
    let mut body = paragraph(
        "",
        "The distribution of the messages in the reference and now. Heights grow with the square root, so rare values \
        stay visible.",
    );
    body.push_str(concat!(
        "<ul class=\"legend\"><li><svg aria-hidden=\"true\" height=\"12\"><rect class=\"reference\" x=\"2\" y=\"0\" ",
        "width=\"18\" height=\"12\"/></svg>reference (filled)</li><li><svg aria-hidden=\"true\" height=\"12\">",
        "<line class=\"new\" x1=\"2\" y1=\"6\" x2=\"20\" y2=\"6\"/></svg>new messages (line)</li></ul>\n",
        "<div class=\"charts\">\n"
    ));
    // Scores come first, because they decide the verdicts.
    let is_score = |histogram: &&FeatureHistogram| histogram.what == "score";
    let (scores, others): (Vec<_>, Vec<_>) = drift.pictures.iter().partition(is_score);
    let list = scores.into_iter().chain(others);
    for histogram in list.take(HISTOGRAMS).filter(|histogram| histogram.from.len() <= BINS) {
        let distance = drift.distances.iter().find(|distance| distance.what == histogram.what);
        let distance = distance.map_or_else(String::new, prose::distance);
        let caption = html(&format!("{}{distance}", chart::largest_gap(histogram)));
        body.extend(["<figure><h3>", &html(&prose::capital(&prose::word(&histogram.what))), "</h3>"]);
        body.extend([&*chart::histogram(histogram), "<figcaption>", &caption, "</figcaption>"]);
        body.extend([&*bins(histogram), "</figure>\n"]);
    }
    body.push_str("</div>\n");
    section(page, "How the messages are distributed", &body);
}

/// The histogram as a table.
fn bins(histogram: &FeatureHistogram) -> String {
    let (reference, new) = (chart::shares(&histogram.reference), chart::shares(&histogram.new));
    let row = |(bin, from): (usize, &f64)| {
        let share =
            |shares: &[f64]| shares.get(bin).map_or_else(String::new, |share| numbers::percent(*share));
        [
            name(&chart::edge(&histogram.what, *from), ""),
            numeric("", &share(&reference)),
            numeric("", &share(&new)),
        ]
        .concat()
    };
    let rows: Vec<String> = histogram.from.iter().enumerate().map(row).collect();
    let head = [("", "From"), ("num", "Reference"), ("num", "New")];
    format!(
        "<details><summary>Show as a table</summary>{}</details>",
        table("", &histogram.what, &head, &rows)
    )
}

fn repeats(page: &mut String, drift: &DriftReport) {
    let mut body = paragraph("", &prose::repeats(&drift.repeats));
    if !drift.repeats.most.is_empty() {
        body.push_str("<ul>\n");
        for message in drift.repeats.most.iter().take(MAX_ROWS) {
            body.extend(["<li><bdi>", &html(&prose::repeated(message)), "</bdi></li>\n"]);
        }
        body.push_str("</ul>\n");
    }
    section(page, "Repeated messages", &body);
}

fn rows(page: &mut String, validate: &ValidateReport) {
    let mut body = paragraph("", &prose::validate_verdict(validate));
    if !validate.failed.is_empty() {
        let row = |check: &FailedCheck| {
            let example = check.examples.first().map_or_else(String::new, |text| prose::sentence(text));
            [
                name(&prose::word(&check.name), ""),
                numeric("rows", &numbers::count(check.count)),
                cell("says", &example),
            ]
            .concat()
        };
        let rows: Vec<String> = validate.failed.iter().map(row).collect();
        let head = [("", "Failed check"), ("num", "Rows"), ("", "Example")];
        body.push_str(&table("folds", "Failed checks", &head, &rows));
    }
    section(page, "Are the new rows valid?", &body);
}

fn comparison(page: &mut String, compare: &CompareReport) {
    let row = |[figure, champion, challenger]: &[String; 3]| {
        [name(figure, ""), numeric("champion", champion), numeric("challenger", challenger)].concat()
    };
    let rows: Vec<String> = error_rates::rows(&compare.figures).iter().map(row).collect();
    let head = [("", "Figure"), ("num", "Champion"), ("num", "Challenger")];
    let errors = table("", "Errors of both models", &head, &rows);
    let verdict = paragraph("", &prose::compare_verdict(compare));
    section(page, "Is the challenger better?", &[verdict, errors, reasons(CHECK, &compare.reasons)].concat());
}

fn foot(page: &mut String, run: &RunResults, decision: &Decision) {
    let parts = [
        ("validate.json", run.validate.is_some()),
        ("metrics.json", run.metrics.is_some()),
        ("drift.json", run.drift.is_some()),
        ("compare.json", run.compare.is_some()),
        ("promote.json", run.promote.is_some()),
    ];
    let from: Vec<&str> = parts.iter().filter(|(_, exists)| *exists).map(|(name, _)| *name).collect();
    let from = if from.is_empty() { String::new() } else { format!(" from {}", from.join(", ")) };
    let version = &decision.head.tool.version;
    let text = format!(
        "Written by spamops {version}{from} at {}. This page has no script and fetches nothing.",
        numbers::minute(decision.time)
    );
    page.extend(["<footer>\n", &paragraph("", &prose::sentence(&text)), "</footer>\n"]);
}
