//! The report of a run as one self-contained HTML page, for screens, phones and print.

use crate::compare::report::CompareReport;
use crate::drift::changes::FeatureChange;
use crate::drift::drift_report::{DriftReport, SignalReport};
use crate::drift::estimated_f1::EstimatedF1;
use crate::drift::histograms::{FeatureDistance, FeatureHistogram};
use crate::reason::Reason;
use crate::report::escape::html;
use crate::report::table::{LONGEST, cell, mark, name, numeric, passed, plot, table};
use crate::report::{Decision, RunResults, chart, prose};
use crate::rows::contract;
use crate::stats::intervals::Interval;
use crate::stats::metrics::Metrics;

/// Runs in the history strip.
const RUNS: usize = 64;

/// Histograms that are shown, and bins of each.
const PICTURES: usize = 12;
const BINS: usize = 64;

/// Nothing is fetched and nothing is run, whatever stands in the page.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

const STYLE: &str = include_str!("page.css");

/// The whole page.
pub(super) fn report(run: &RunResults, decision: &Decision) -> String {
    let mut page = String::with_capacity(1 << 16);
    let title = html(&decision.says);
    page.extend([format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
        <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
        <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
        <meta name=\"color-scheme\" content=\"light dark\">\n\
        <title>{title} · spamops</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n"
    )]);
    head(&mut page, run, decision);
    page.push_str("<main>\n");
    if let Some(drift) = &run.drift {
        section(&mut page, "Is a new model needed?", &reasons("Trigger", &drift.reasons));
        champion(&mut page, run);
        history(&mut page, drift);
        signals(&mut page, drift);
        if !drift.signals.is_empty() {
            moves(&mut page, &drift.moved);
        }
        pictures(&mut page, drift);
        repeats(&mut page, drift);
    } else {
        champion(&mut page, run);
    }
    rows(&mut page, run);
    if let Some(compare) = &run.compare {
        comparison(&mut page, compare);
    }
    if let Some(promote) = &run.promote {
        let was = promote
            .previous_version
            .map_or_else(String::new, |version| format!(" It was version {version}."));
        let text = format!(
            "{} version {} is the champion since {}: {}.{was}",
            prose::word(&promote.name),
            promote.version,
            prose::word(&promote.moved),
            prose::sentence(&promote.reason)
        );
        section(&mut page, "Promoted", &paragraph("", &text));
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
    page.extend(["<header>\n", &paragraph("kicker", &format!("spamops · {}", prose::minute(decision.time)))]);
    page.extend(["<h1>", &html(&decision.says), "</h1>\n"]);
    if !decision.reasons.is_empty() {
        page.push_str("<ul class=\"lead\">\n");
        for reason in decision.reasons.iter().take(3) {
            page.extend(["<li>", &html(reason), "</li>\n"]);
        }
        let more = decision.reasons.len().saturating_sub(3);
        if more > 0 {
            page.extend(["<li class=\"rest\">and ", &more.to_string(), " more below</li>\n"]);
        }
        page.push_str("</ul>\n");
    }
    let mut facts: Vec<(&str, String, String)> = Vec::new();
    if let Some(drift) = &run.drift {
        let alarms = drift.signals.iter().filter(|signal| signal.fired).count();
        let of = if drift.signals.is_empty() {
            String::new()
        } else {
            format!("{alarms} of {} alarms", drift.signals.len())
        };
        facts.push(("Messages", prose::verdict(drift.verdict).1.into(), of));
        if let Some(EstimatedF1 { expected, reference, .. }) = &drift.expected {
            let was = format!("the reference has {}", prose::figure(reference.value));
            facts.push(("F1 to be expected", prose::figure(expected.value), was));
        }
    }
    if let Some(Metrics { labelled, figures, .. }) =
        run.metrics.as_ref().filter(|metrics| metrics.labelled > 0)
    {
        facts.push(("F1 by labels", prose::figure(figures.f1), format!("{} rows", prose::count(*labelled))));
    }
    if let Some(validate) = &run.validate {
        facts.push((
            "New rows",
            prose::count(validate.clean),
            format!("{} refused", prose::count(validate.rejected)),
        ));
    } else if let Some(drift) = &run.drift {
        facts.push(("New rows", prose::count(drift.window.rows), String::new()));
    }
    if !facts.is_empty() {
        page.push_str("<dl class=\"facts\">\n");
        for (what, value, small) in facts {
            let small = if small.is_empty() { small } else { format!("<small>{}</small>", html(&small)) };
            page.extend(["<div><dt>", what, "</dt><dd>", &html(&value), &small, "</dd></div>\n"]);
        }
        page.push_str("</dl>\n");
    }
    page.push_str("</header>\n");
}

/// What the tests of a comparison are headed by: to speak for the challenger is to pass.
const TESTS: &str = "Test";

/// Every trigger or test, whether it fired or not.
fn reasons(what: &str, list: &[Reason]) -> String {
    let value = |value: Option<f64>| value.map_or_else(String::new, prose::number);
    let rows: Vec<String> = list
        .iter()
        .map(|reason| {
            [
                name(&prose::trigger(reason), ""),
                if what == TESTS { passed(reason.fired) } else { mark(prose::fired(reason)) },
                cell("says", &prose::sentence(&reason.says)),
                numeric("value", &value(reason.value)),
                numeric("limit", &value(reason.limit)),
            ]
            .concat()
        })
        .collect();
    let fired = if what == TESTS { "Passed" } else { "Fired" };
    let head = [("", what), ("", fired), ("", "In words"), ("num", "Value"), ("num", "Limit")];
    table("folds", what, &head, &rows)
}

/// A figure of a range plot.
struct Plotted {
    what: String,
    class: &'static str,
    value: f64,
    interval: Option<Interval>,
}

/// What the champion is worth now, by expectation and by labels.
fn champion(page: &mut String, run: &RunResults) {
    let expected = run.drift.as_ref().and_then(|drift| drift.expected.as_ref());
    let metrics = run.metrics.as_ref().filter(|metrics| metrics.labelled > 0);
    let mut figures: Vec<Plotted> = Vec::new();
    if let Some(EstimatedF1 { expected, reference, before, .. }) = expected {
        for (what, class, figure) in [
            ("F1 to be expected now", "now", expected),
            ("F1 of the reference, with the positives of now", "was", reference),
            ("F1 of the reference", "was", before),
        ] {
            let what = what.into();
            figures.push(Plotted { what, class, value: figure.value, interval: Some(figure.interval) });
        }
    }
    if let Some(Metrics { labelled, figures: found, .. }) = metrics {
        let what = format!("F1 on {} labelled rows of this run", prose::count(*labelled));
        figures.insert(0, Plotted { what, class: "now", value: found.f1, interval: found.intervals.f1 });
    }
    let mut body = String::new();
    if !figures.is_empty() {
        let ends = |one: &Plotted| one.interval.map_or([one.value; 3], |ends| [one.value, ends.0, ends.1]);
        let scale = chart::AxisScale::over(figures.iter().flat_map(ends));
        let row = |one: &Plotted| {
            let value = html(&prose::figure(one.value));
            let text = one.interval.map_or_else(String::new, prose::bounds);
            let value =
                format!("<td role=\"cell\" class=\"num\">{value}<span class=\"sub\">{text}</span></td>");
            [name(&one.what, ""), value, plot(&chart::range(&scale, one.class, one.value, one.interval))]
                .concat()
        };
        let mut rows: Vec<String> = figures.iter().map(row).collect();
        rows.push(["<td role=\"cell\"></td><td role=\"cell\"></td>", &plot(&chart::axis(&scale))].concat());
        let head = [("", "Figure"), ("num", "Value, 95% interval"), ("", "")];
        body.push_str(&table("folds ranges", "F1, by labels and by expectation", &head, &rows));
    }
    if figures.is_empty() {
        body.push_str(&paragraph("", "Neither labels nor scores tell: nothing was measured."));
    }
    if let Some(expected) = expected {
        body.push_str(&paragraph("", &prose::expected(expected)));
    }
    if let Some(drift) = &run.drift {
        if let Some(shift) = &drift.shift {
            body.push_str(&paragraph("", &prose::shift(shift)));
        }
        body.push_str(&paragraph("small", &prose::sentence(&drift.blind)));
    }
    if !figures.is_empty() || run.drift.is_some() {
        section(page, "How good is the champion now?", &body);
    }
}

fn history(page: &mut String, drift: &DriftReport) {
    let runs = &drift.strip[drift.strip.len().saturating_sub(RUNS)..];
    let (Some(first), Some(last)) = (runs.first(), runs.last()) else { return };
    let letters: String = runs.iter().map(|run| prose::verdict(run.verdict).0).collect();
    let drifted = letters.chars().filter(|letter| *letter == 'D').count();
    let left = drift.strip.len() - runs.len();
    let earlier = if left > 0 {
        format!(" {} before them are not shown.", prose::count(left as u64))
    } else {
        String::new()
    };
    let says = format!(
        "{} from {} to {}, {drifted} of them drifted.{earlier}",
        prose::counted(runs.len() as u64, "run"),
        prose::day(first.time),
        prose::day(last.time)
    );
    if runs.len() == 1 {
        let body = [
            paragraph("", "This is the first run on record."),
            paragraph("small", &prose::schedule(&drift.schedule)),
        ];
        section(page, "The runs before", &body.concat());
        return;
    }
    let reference = drift.expected.map(|expected| expected.reference.value);
    let mut body = paragraph("", &says);
    body.push_str(concat!(
        "<ul class=\"legend\">",
        "<li><svg aria-hidden=\"true\" height=\"10\"><line class=\"new\" x1=\"0\" y1=\"5\" x2=\"22\" y2=\"5\"/>",
        "</svg>F1 to be expected</li>",
        "<li><svg aria-hidden=\"true\" height=\"10\"><line class=\"reference-line\" x1=\"0\" y1=\"5\" x2=\"22\" ",
        "y2=\"5\"/></svg>the reference</li>",
        "<li><svg aria-hidden=\"true\" height=\"16\"><rect class=\"alarm\" x=\"8\" y=\"0\" width=\"8\" height=\"16\"/>",
        "</svg>D drifted</li>",
        "<li><svg aria-hidden=\"true\" height=\"16\"><rect class=\"steady\" x=\"8\" y=\"8\" width=\"8\" height=\"7\"/>",
        "</svg>S steady</li>",
        "<li><svg aria-hidden=\"true\" height=\"16\"><circle class=\"unknown\" cx=\"12\" cy=\"13\" r=\"1.5\"/>",
        "</svg>? too few messages</li></ul>\n"
    ));
    body.extend(["<figure>", &chart::history(runs, reference, &says), "</figure>\n"]);
    if runs.len() > 16 {
        body.push_str(&paragraph("letters", &format!("Oldest first: {letters}")));
    }
    body.push_str(&paragraph("small", &prose::schedule(&drift.schedule)));
    section(page, "The runs before", &body);
}

fn signals(page: &mut String, drift: &DriftReport) {
    let mut body = paragraph("", &prose::found(drift));
    let row = |signal: &SignalReport| {
        let ratio = prose::floors(signal.effect, &signal.measure, signal.minimum_effect);
        let effect = prose::effect(signal.effect, &signal.measure, signal.minimum_effect);
        let bar =
            format!("{}<span class=\"small\">{}</span>", chart::effect(ratio, signal.fired), html(&effect));
        [
            name(&prose::family(&signal.family), &prose::word(&signal.test)),
            mark(if signal.fired { "alarm" } else { "no" }),
            cell("says", &prose::sentence(&signal.says)),
            plot(&bar),
            numeric("corrected p", &prose::p(signal.corrected)),
        ]
        .concat()
    };
    if !drift.signals.is_empty() {
        let rows: Vec<String> = drift.signals.iter().map(row).collect();
        let head = [
            ("", "Family of tests"),
            ("", "Alarm"),
            ("", "In words"),
            ("", "Effect, next to its floor"),
            ("num", "Corrected p"),
        ];
        body.push_str(&table("folds signals", "Families of tests", &head, &rows));
        body.push_str(&paragraph("small", "The upright line is the least effect that counts; an alarm goes beyond it and has a corrected p of no more than 0.05. Bars end at five times that effect, › where it is larger."));
    }
    body.push_str(&paragraph("", &prose::window(&drift.window)));
    if let Some(detectable) = prose::detectable(&drift.window) {
        body.push_str(&paragraph("", &format!("{detectable} {}", prose::calibration(&drift.window))));
    }
    section(page, "Have the messages changed?", &body);
}

fn moves(page: &mut String, list: &[FeatureChange]) {
    if list.is_empty() {
        section(page, "What moved", &paragraph("", "No word, flag or size moved enough to be named."));
        return;
    }
    let list = prose::by_points(list);
    let most =
        list.iter().filter_map(|moved| moved.points).fold(0.0f64, |most, points| most.max(points.abs()));
    let row = |moved: &&FeatureChange| {
        let (what, from_to) = prose::moved(moved);
        let points = moved.points.map_or_else(|| "–".into(), prose::signed);
        let bar = moved.points.map_or_else(String::new, |points| chart::points(points, most));
        [
            name(&what, &format!("{} · {from_to}", prose::word(&moved.kind))),
            plot(&bar),
            numeric("points", &points),
        ]
        .concat()
    };
    let rows: Vec<String> = list.iter().map(row).collect();
    let head = [("", "What, before → now"), ("middle", "← lower · score · higher →"), ("num", "Points")];
    let mut body = paragraph(
        "",
        "Words, flags and sizes that are in more messages than before, or in fewer, and how many points of a hundred each moved the mean score.",
    );
    body.push_str(&table("moves", "What moved", &head, &rows));
    section(page, "What moved", &body);
}

fn pictures(page: &mut String, drift: &DriftReport) {
    if drift.pictures.is_empty() {
        return;
    }
    let mut body = paragraph(
        "",
        "How messages are distributed, as shares of either side. Heights grow with the square root, so that what is rare can be seen.",
    );
    body.push_str(concat!(
        "<ul class=\"legend\"><li><svg aria-hidden=\"true\" height=\"12\"><rect class=\"reference\" x=\"2\" y=\"0\" ",
        "width=\"18\" height=\"12\"/></svg>reference, filled</li><li><svg aria-hidden=\"true\" height=\"12\">",
        "<line class=\"new\" x1=\"2\" y1=\"6\" x2=\"20\" y2=\"6\"/></svg>new messages, outlined</li></ul>\n",
        "<div class=\"charts\">\n"
    ));
    // Scores first: they are what verdicts are made of.
    let scores = |picture: &&FeatureHistogram| picture.what == "score";
    let list =
        drift.pictures.iter().filter(scores).chain(drift.pictures.iter().filter(|picture| !scores(picture)));
    for picture in list.take(PICTURES).filter(|picture| picture.from.len() <= BINS) {
        let distance = drift.distances.iter().find(|distance| distance.what == picture.what);
        let distance = distance.map_or_else(String::new, |distance| {
            let FeatureDistance { psi, jensen_shannon, wasserstein, .. } = distance;
            let [psi, bits, far] = [psi, jensen_shannon, wasserstein].map(|value| prose::number(*value));
            format!(" PSI {psi}, Jensen-Shannon {bits} bits, Wasserstein {far}.")
        });
        let caption = html(&format!("{}{distance}", chart::gap(picture)));
        body.extend(["<figure><h3>", &html(&capital(&prose::word(&picture.what))), "</h3>"]);
        body.extend([&*chart::histogram(picture), "<figcaption>", &caption, "</figcaption>"]);
        body.extend([&*bins(picture), "</figure>\n"]);
    }
    body.push_str("</div>\n");
    section(page, "What messages look like", &body);
}

/// The numbers of a histogram.
fn bins(picture: &FeatureHistogram) -> String {
    let (reference, new) = (chart::shares(&picture.reference), chart::shares(&picture.new));
    let row = |(bin, from): (usize, &f64)| {
        let share = |shares: &[f64]| shares.get(bin).map_or_else(String::new, |share| prose::percent(*share));
        [
            name(&chart::edge(&picture.what, *from), ""),
            numeric("", &share(&reference)),
            numeric("", &share(&new)),
        ]
        .concat()
    };
    let rows: Vec<String> = picture.from.iter().enumerate().map(row).collect();
    let head = [("", "From"), ("num", "Reference"), ("num", "New")];
    format!("<details><summary>Numbers</summary>{}</details>", table("", &picture.what, &head, &rows))
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

fn repeats(page: &mut String, drift: &DriftReport) {
    let mut body = paragraph("", &prose::repeats(&drift.repeats));
    if !drift.repeats.most.is_empty() {
        body.push_str("<ul>\n");
        for message in drift.repeats.most.iter().take(LONGEST) {
            body.extend(["<li><bdi>", &html(&prose::repeated(message)), "</bdi></li>\n"]);
        }
        body.push_str("</ul>\n");
    }
    section(page, "Repeats and bursts", &body);
}

fn rows(page: &mut String, run: &RunResults) {
    let Some(validate) = &run.validate else { return };
    let contract::ValidateReport { verdict, rows, clean, rejected, failed, .. } = validate;
    let [rows, clean, rejected] = [*rows, *clean, *rejected].map(prose::count);
    let text =
        format!("{}: {rows} rows, {clean} clean, {rejected} refused.", capital(&prose::word(verdict.name())));
    let mut body = paragraph("", &text);
    if !failed.is_empty() {
        let rows: Vec<String> = failed
            .iter()
            .map(|check| {
                let example = check.examples.first().map_or_else(String::new, |text| prose::sentence(text));
                [
                    name(&prose::word(&check.name), ""),
                    numeric("rows", &prose::count(check.count)),
                    cell("says", &example),
                ]
                .concat()
            })
            .collect();
        body.push_str(&table(
            "folds",
            "Checks that failed",
            &[("", "Check"), ("num", "Rows"), ("", "For example")],
            &rows,
        ));
    }
    section(page, "The rows", &body);
}

fn comparison(page: &mut String, compare: &CompareReport) {
    let champion = compare
        .champion_f1
        .map_or_else(String::new, |f1| format!(", the champion has {}", prose::figure(f1)));
    let text = format!(
        "{}: the challenger has an F1 of {} on {} labelled rows of the holdout{champion}.",
        capital(&prose::word(compare.verdict.name())),
        prose::figure(compare.challenger_f1),
        prose::count(compare.rows)
    );
    let body = [paragraph("", &text), reasons(TESTS, &compare.reasons)].concat();
    section(page, "Is the challenger better?", &body);
}

fn foot(page: &mut String, run: &RunResults, decision: &Decision) {
    let parts = [
        ("validate.json", run.validate.is_some()),
        ("metrics.json", run.metrics.is_some()),
        ("drift.json", run.drift.is_some()),
        ("compare.json", run.compare.is_some()),
        ("promote.json", run.promote.is_some()),
    ];
    let from: Vec<&str> = parts.iter().filter(|(_, there)| *there).map(|(name, _)| *name).collect();
    let from = if from.is_empty() { "no results: none were there".into() } else { from.join(", ") };
    let text = format!(
        "Made by spamops {} from {from}. This page holds no script and fetches nothing.",
        decision.head.tool.version
    );
    page.extend(["<footer>\n", &paragraph("", &prose::sentence(&text)), "</footer>\n"]);
}
