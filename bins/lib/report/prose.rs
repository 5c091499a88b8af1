//! Sentences and number formats that the Markdown report, the HTML page and the annotations share, not yet escaped.

use crate::compare::reasons::CompareReasonCode;
use crate::drift::changes::FeatureChange;
use crate::drift::drift_report::DriftReport;
use crate::drift::estimated_f1::EstimatedF1;
use crate::drift::families::{ALPHA, Family};
use crate::drift::policy::Schedule;
use crate::drift::repeats::{Repeated, Repeats};
use crate::drift::shift::LabelShift;
use crate::drift::triggers::TriggerCode;
use crate::drift::verdict::{AlarmCalibration, DriftVerdict, Window};
use crate::io::dates::Timestamp;
use crate::io::diagnostics::inert;
use crate::reason::{Reason, p_value};
use crate::report::compare_sentences::title;
use crate::report::escape::cut;
use crate::stats::intervals::Interval;
use crate::stats::prior_shift;

/// Characters of a sentence that are shown: what is longer was not written by a tool.
const LONG: usize = 400;

/// Characters of a word, or of the name of a file, that are shown.
const WORD: usize = 48;

/// A sentence of a tool, which may quote a message.
pub(super) fn sentence(text: &str) -> String {
    cut(&inert(&cut(text, LONG)), LONG)
}

/// A word of a message.
pub(super) fn word(text: &str) -> String {
    cut(&inert(&cut(text, WORD)), WORD)
}

/// A count with its thousands apart.
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

/// So many of something, with an s where it is not one.
pub(super) fn counted(number: u64, what: &str) -> String {
    format!("{} {what}{}", count(number), if number == 1 { "" } else { "s" })
}

/// A number in as few digits as a reader needs.
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

/// A figure such as F1.
pub(super) fn figure(value: f64) -> String {
    if (-9.0..=9.0).contains(&value) { format!("{value:.3}").replace('-', "−") } else { number(value) }
}

/// The bounds of a figure.
pub(super) fn bounds(interval: Interval) -> String {
    format!("{} to {}", figure(interval.0), figure(interval.1))
}

/// A share of a hundred.
pub(super) fn percent(share: f64) -> String {
    if (-100.0..=100.0).contains(&share) { format!("{:.1}%", 100.0 * share) } else { number(share) }
}

/// A number with its sign.
pub(super) fn signed(value: f64) -> String {
    let text = if value.abs() < 1e6 { format!("{value:+.2}") } else { format!("{value:+.1e}") };
    text.replace('-', "−")
}

/// A p-value in a table.
pub(super) fn p(value: f64) -> String {
    if value < 0.001 { "< 0.001".into() } else { format!("{:.3}", value.min(1.0)) }
}

/// The minute of a run.
pub(super) fn minute(time: i64) -> String {
    let text = Timestamp(time).to_string();
    match (text.get(..10), text.get(11..16)) {
        (Some(day), Some(minute)) => format!("{day} {minute} UTC"),
        _ => text,
    }
}

/// The day of a run.
pub(super) fn day(time: i64) -> String {
    let text = Timestamp(time).to_string();
    text.get(..10).map_or(text.clone(), str::to_owned)
}

/// A letter and a word for a verdict of `drift`.
pub(super) fn verdict(verdict: DriftVerdict) -> (char, &'static str) {
    match verdict {
        DriftVerdict::Drifted => ('D', "drifted"),
        DriftVerdict::Steady => ('S', "steady"),
        DriftVerdict::InsufficientData => ('?', "too few messages"),
    }
}

/// What a trigger is called.
pub(super) fn trigger(reason: &Reason) -> String {
    if let Some(code) = TriggerCode::named(&reason.code) {
        return drift_trigger(code).into();
    }
    CompareReasonCode::named(&reason.code).map_or_else(|| word(&reason.code), |code| title(code).into())
}

/// The heading of a trigger of `drift`.
fn drift_trigger(code: TriggerCode) -> &'static str {
    match code {
        TriggerCode::Forced => "Forced",
        TriggerCode::NoChampion => "No champion",
        TriggerCode::Performance => "F1 on labelled rows",
        TriggerCode::ExpectedPerformance => "F1 to be expected",
        TriggerCode::Drift => "Drift",
        TriggerCode::Age => "Age of the champion",
        TriggerCode::NewRows => "New rows",
        TriggerCode::Changes => "A watched file",
        TriggerCode::Cooldown => "Cooldown",
        TriggerCode::LabelsNeeded => "New labels",
        TriggerCode::HistoryUnreadable => "History",
    }
}

/// Whether a trigger asks for a new model, or holds one back.
pub(super) fn fired(reason: &Reason) -> &'static str {
    match (TriggerCode::named(&reason.code), reason.fired) {
        (Some(TriggerCode::Cooldown | TriggerCode::LabelsNeeded), true) => "holds back",
        (_, true) => "yes",
        (_, false) => "no",
    }
}

/// What a family of tests is about.
pub(super) fn family(name: &str) -> String {
    let Some(family) = Family::ALL.into_iter().find(|family| family.name() == name) else {
        return word(name);
    };
    let title = match family {
        Family::Sizes => "Sizes of messages",
        Family::Score => "Scores",
        Family::Flags => "What is in messages",
        Family::Labels => "Share of positives",
        Family::Verdicts => "Share taken for positive",
        Family::Words => "Words",
        Family::Classifier => "New against old",
        Family::Expected => "F1 to be expected",
    };
    title.into()
}

/// What was held against what.
pub(super) fn window(window: &Window) -> String {
    let Window { messages, reference, rows, distinct, runs, needed, .. } = window;
    let new =
        format!("This run has {}, {}", counted(*rows, "new row"), counted(*distinct, "distinct message"));
    if *reference == 0 {
        return format!("{new}. There was nothing to hold them against.");
    }
    let pooled = if *runs > 1 {
        format!("They were pooled with those of {} before", counted(*runs as u64 - 1, "run"))
    } else if needed.is_some_and(|needed| *messages >= needed) {
        "They are enough by themselves".into()
    } else {
        "There is no run before to pool them with".into()
    };
    let (messages, reference) = (count(*messages), count(*reference));
    format!("{new}. {pooled}: {messages} distinct messages were held against {reference} of the reference.")
}

/// What could have been seen.
pub(super) fn detectable(window: &Window) -> Option<String> {
    let needed = match window.needed {
        _ if window.reference == 0 => return None,
        Some(needed) if window.messages < needed => {
            let (needed, messages) = (count(needed), count(window.messages));
            format!(
                " It takes {needed} messages to see a distance of 0.10 half of the time: {messages} are too few to say that nothing has changed."
            )
        }
        Some(_) => String::new(),
        None => " The reference is too small to see a distance of 0.10, however many messages come.".into(),
    };
    let least = window.detectable.map(|least| {
        format!(
            "The smallest change of a size or score that these would have shown half of the time is a distance of {} (Kolmogorov's D).",
            number(least)
        )
    });
    let text = least.unwrap_or_else(|| "So few messages show no change of any size.".into());
    Some(format!("{text}{needed}"))
}

/// What alarms rest on.
pub(super) fn calibration(window: &Window) -> &'static str {
    if window.calibration == AlarmCalibration::History {
        "Alarms also had to be larger than in 95 of 100 blocks of this stream before."
    } else {
        "There is too little history of this stream to hold alarms against: they rest on the tests and their floors alone."
    }
}

/// What a change is, as its p-value and its floor have it.
pub(super) fn effect(value: f64, measure: &str, floor: f64) -> String {
    let measure = word(measure);
    let value = if measure == "difference" { signed(value) } else { number(value) };
    format!("{measure} {value}, floor {}", number(floor))
}

/// How far a signal went, in floors: 1 is where it begins to count.
pub(super) fn floors(effect: f64, measure: &str, floor: f64) -> f64 {
    // An AUC of one half tells nothing from nothing.
    let nothing = if measure == "AUC" { 0.5 } else { 0.0 };
    let ratio = (effect - nothing).abs() / (floor - nothing).abs();
    if ratio.is_finite() { ratio } else { 0.0 }
}

/// What moved, and from where to where.
pub(super) fn moved(moved: &FeatureChange) -> (String, String) {
    let what = if moved.kind == "word" { format!("‘{}’", word(&moved.what)) } else { word(&moved.what) };
    let is_number = moved.kind == "size" && !moved.what.starts_with("share");
    let show = if is_number { number } else { percent };
    (what, format!("{} → {}", show(moved.reference), show(moved.new)))
}

/// What moved, by what it is worth; what is worth nothing known comes last.
pub(super) fn by_points(list: &[FeatureChange]) -> Vec<&FeatureChange> {
    let mut list: Vec<&FeatureChange> = list.iter().collect();
    let size = |moved: &FeatureChange| moved.points.map_or(-1.0, f64::abs);
    list.sort_by(|one, other| size(other).total_cmp(&size(one)));
    list
}

/// What F1 is to be expected.
pub(super) fn expected(performance: &EstimatedF1) -> String {
    let EstimatedF1 { expected, reference, before, messages, positives, .. } = performance;
    format!(
        "Of {} distinct messages an F1 of {} ({}) is to be expected if scores still mean what they meant; the reference has {}, and {} weighed to the {} positives expected now.",
        count(*messages),
        figure(expected.value),
        bounds(expected.interval),
        figure(before.value),
        figure(reference.value),
        percent(*positives),
    )
}

/// Whether the share of positives moved, or what is in the messages.
pub(super) fn shift(shift: &LabelShift) -> String {
    let LabelShift { before, estimated, by_verdicts, distance, p, only_base_rate } = *shift;
    let verdicts = by_verdicts.map_or_else(String::new, |share| format!(", {} by verdicts", percent(share)));
    let shares = format!("{} to {} by scores{verdicts}", percent(before), percent(estimated));
    let far = format!("distance {}, p {}", number(distance), p_value(p));
    let content = p <= ALPHA && distance >= 0.10;
    let moved = (estimated - before).abs() >= prior_shift::MIN_EFFECT;
    match (only_base_rate, moved, content) {
        (true, ..) => {
            format!(
                "Label shift: the share of positives went from {shares}, and that accounts for the scores ({far})."
            )
        }
        (_, true, _) => {
            format!(
                "Content shift: the share of positives went from {shares}, but that does not account for the scores ({far}); what is in the messages has changed."
            )
        }
        (_, false, true) => {
            format!(
                "Content shift: the share of positives is about what it was ({shares}), and the scores are not ({far})."
            )
        }
        (_, false, false) => {
            format!(
                "Neither label nor content shift: the share of positives is about what it was ({shares}), and so are the scores ({far})."
            )
        }
    }
}

/// How much came more than once.
pub(super) fn repeats(repeats: &Repeats) -> String {
    let before =
        repeats.reference.map_or_else(String::new, |share| format!(", {} in the reference", percent(share)));
    format!(
        "{} of this run's rows repeat another{before}; they were tested as one each.",
        percent(repeats.share)
    )
}

/// A message that came often.
pub(super) fn repeated(message: &Repeated) -> String {
    let words: Vec<String> = message.words.iter().take(8).map(|text| word(text)).collect();
    let words = if words.is_empty() { "no words that are known".into() } else { words.join(" · ") };
    let score = message.score.map_or_else(String::new, |score| format!(", score {}", figure(score)));
    format!("{} copies: {words}{score}", count(message.copies.into()))
}

/// What the schedule costs.
pub(super) fn schedule(schedule: &Schedule) -> String {
    let Schedule { runs, false_retrains } = *schedule;
    let runs = number(runs.round());
    match false_retrains {
        Some(retrains) => format!(
            "At this schedule, about {runs} runs a year, no more than {} false retrains a year are to be expected where \
             nothing ever changes.",
            number(retrains)
        ),
        None => format!(
            "At this schedule, about {runs} runs a year, nobody has simulated how many retrains would be false: the policy \
             is not the one by default."
        ),
    }
}

/// The verdict of `drift` in a sentence.
pub(super) fn found(drift: &DriftReport) -> String {
    let alarms = drift.signals.iter().filter(|signal| signal.fired).count();
    let families = drift.signals.len();
    match drift.verdict {
        DriftVerdict::Drifted => {
            format!("The messages have drifted: {alarms} of {families} families of tests say so.")
        }
        DriftVerdict::Steady => {
            format!("The messages have not drifted: none of {families} families of tests says so.")
        }
        DriftVerdict::InsufficientData if drift.window.reference == 0 => {
            "There was nothing to hold the messages against.".into()
        }
        DriftVerdict::InsufficientData => {
            "There are too few messages to say whether they have drifted.".into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_whatever_they_are() {
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

    #[test]
    fn an_effect_is_told_in_floors() {
        assert!((floors(0.645, "AUC", 0.55) - 2.9).abs() < 1e-9);
        assert!((floors(-0.06, "difference", 0.03) - 2.0).abs() < 1e-9);
        assert!((floors(1.0, "D", 0.0)).abs() < 1e-9);
    }

    #[test]
    fn a_shift_is_of_labels_or_of_content() {
        let base = LabelShift {
            before: 0.3,
            estimated: 0.5,
            by_verdicts: None,
            distance: 0.01,
            p: 0.9,
            only_base_rate: true,
        };
        assert!(shift(&base).starts_with("Label shift"));
        let content = LabelShift { distance: 0.2, p: 1e-9, only_base_rate: false, ..base };
        assert!(shift(&content).starts_with("Content shift: the share of positives went"));
        let still = LabelShift { estimated: 0.31, only_base_rate: false, ..base };
        assert!(shift(&still).starts_with("Neither"));
        assert!(shift(&LabelShift { estimated: 0.31, ..content }).contains("about what it was"));
    }
}
