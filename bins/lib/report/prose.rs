//! Writes the sentences that the Markdown report, the HTML page and the annotations share. The caller escapes them.

use crate::compare::decision::BothFigures;
use crate::compare::reasons::CompareReasonCode;
use crate::compare::report::CompareReport;
use crate::drift::changes::{FeatureChange, MeanScore};
use crate::drift::drift_report::DriftReport;
use crate::drift::estimated_f1::{EstimateDoubt, EstimatedF1};
use crate::drift::families::Family;
use crate::drift::histograms::FeatureDistance;
use crate::drift::past_runs::MIN_WINDOWS;
use crate::drift::policy::Schedule;
use crate::drift::repeats::{Repeated, Repeats};
use crate::drift::shift::LabelShift;
use crate::drift::triggers::TriggerCode;
use crate::drift::verdict::{AlarmCalibration, DriftVerdict, Window};
use crate::io::diagnostics::inert;
use crate::reason::{Reason, p_value};
use crate::registry::moves::Promotion;
use crate::report::compare_sentences::title;
use crate::report::escape::cut;
use crate::report::numbers::{CountUnit, bounds, count, counted, figure, number, percent, signed};
use crate::rows::contract::{ValidateReport, ValidateVerdict};
use crate::stats::metrics::Metrics;

/// Maximum number of characters in a sentence. Only forged results have more.
const SENTENCE: usize = 400;

/// Maximum number of characters in a word or a file name.
const WORD: usize = 48;

/// Cuts and escapes a sentence of a tool, because the sentence may quote a message.
pub(super) fn sentence(text: &str) -> String {
    cut(&inert(&cut(text, SENTENCE)), SENTENCE)
}

/// Cuts and escapes a word of a message.
pub(super) fn word(text: &str) -> String {
    cut(&inert(&cut(text, WORD)), WORD)
}

/// A sentence of a tool for a table. A hyphen before a number becomes a minus sign, so that no line breaks before the
/// number.
pub(super) fn finding(text: &str) -> String {
    let text: Vec<char> = capital(&sentence(text)).chars().collect();
    let is_minus = |place: usize| {
        let before = place.checked_sub(1).and_then(|before| text.get(before));
        let is_number = text.get(place + 1).is_some_and(char::is_ascii_digit);
        is_number && matches!(before, Some(' ' | '(' | 'e'))
    };
    let shown = |(place, c): (usize, &char)| if *c == '-' && is_minus(place) { '−' } else { *c };
    text.iter().enumerate().map(shown).collect()
}

/// A sentence with a capital letter at its start.
pub(super) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// A sentence with a full stop at its end.
pub(super) fn stop(text: &str) -> String {
    if text.ends_with(['.', '…']) { text.to_owned() } else { format!("{text}.") }
}

/// A letter and a word for a verdict of `drift`.
pub(super) fn verdict(verdict: DriftVerdict) -> (char, &'static str) {
    match verdict {
        DriftVerdict::Drifted => ('D', "drifted"),
        DriftVerdict::Steady => ('S', "steady"),
        DriftVerdict::InsufficientData => ('?', "too few messages"),
    }
}

/// The name of a trigger, or of a check of `compare`.
pub(super) fn trigger(reason: &Reason) -> String {
    if let Some(code) = TriggerCode::named(&reason.code) {
        return drift_trigger(code).into();
    }
    CompareReasonCode::named(&reason.code).map_or_else(|| word(&reason.code), |code| title(code).into())
}

fn drift_trigger(code: TriggerCode) -> &'static str {
    match code {
        TriggerCode::Forced => "Forced",
        TriggerCode::NoChampion => "No champion",
        TriggerCode::Performance => "F1 on labelled rows",
        TriggerCode::Fpr => "False positive rate",
        TriggerCode::ExpectedPerformance => "Estimated F1",
        TriggerCode::Drift => "Drift",
        TriggerCode::Age => "Age of the champion",
        TriggerCode::NewRows => "New rows",
        TriggerCode::MoreLabels => "More to learn from",
        TriggerCode::Changes => "Watched file",
        TriggerCode::Cooldown => "Cooldown",
        TriggerCode::LabelsNeeded => "New labels",
        TriggerCode::FeedbackLoop => "Independent labels",
        TriggerCode::HistoryUnreadable => "History",
    }
}

/// `yes` if the trigger fired, `blocks` if the trigger blocks a retrain, else `no`.
pub(super) fn fired(reason: &Reason) -> &'static str {
    match (TriggerCode::named(&reason.code), reason.fired) {
        (Some(TriggerCode::Cooldown | TriggerCode::LabelsNeeded | TriggerCode::FeedbackLoop), true) => {
            "blocks"
        }
        (_, true) => "yes",
        (_, false) => "no",
    }
}

/// The name of a signal.
pub(super) fn family(name: &str) -> String {
    let Some(family) = Family::ALL.into_iter().find(|family| family.name() == name) else {
        return word(name);
    };
    let title = match family {
        Family::Sizes => "Message sizes",
        Family::Score => "Scores",
        Family::Flags => "Message content",
        Family::Labels => "Class balance of labels",
        Family::Verdicts => "Class balance of verdicts",
        Family::Words => "Words",
        Family::Classifier => "New vs reference",
        Family::Expected => "Estimated F1",
    };
    title.into()
}

/// The messages that were compared.
pub(super) fn window(window: &Window) -> String {
    let Window { messages, reference, rows, distinct, runs, needed, .. } = window;
    let new =
        format!("This run has {} with {}", counted(*rows, "new row"), counted(*distinct, "distinct message"));
    if *reference == 0 {
        return format!("{new}. There is no reference to compare them with.");
    }
    let pooled = if *runs > 1 {
        format!("They are pooled with {}", counted(*runs as u64 - 1, "earlier run"))
    } else if needed.is_some_and(|needed| *messages >= needed) {
        "They are enough without earlier runs".into()
    } else {
        "There is no earlier run to pool them with".into()
    };
    let (messages, reference) = (counted(*messages, "distinct message"), count(*reference));
    format!(
        "{new}. {pooled}. {} compared with {reference} of the reference.",
        if messages == "1 distinct message" { format!("{messages} was") } else { format!("{messages} were") }
    )
}

/// The smallest change that the tests detect half of the time, and the messages needed for a distance of 0.10.
pub(super) fn detectable(window: &Window) -> Option<String> {
    let needed = match window.needed {
        _ if window.reference == 0 => return None,
        Some(needed) if window.messages < needed => {
            let (needed, messages) = (counted(needed, "message"), count(window.messages));
            format!(
                " To detect a distance of 0.10, {needed} are needed; {messages} are too few to report \"steady\"."
            )
        }
        Some(_) => String::new(),
        None => " The reference is too small to detect a distance of 0.10.".into(),
    };
    let smallest = window.detectable.map(|smallest| {
        let distance = number(smallest);
        format!("The tests detect a change with a distance of {distance} (Kolmogorov's D) half of the time.")
    });
    let smallest = smallest.unwrap_or_else(|| "These messages are too few to detect any change.".into());
    Some(format!("{smallest}{needed}"))
}

/// Describes how earlier windows limit the drift that triggers a retrain.
pub(super) fn calibration(window: &Window) -> String {
    if window.calibration == AlarmCalibration::History {
        "A change is drift only if it is larger than in 95% of the earlier windows.".into()
    } else {
        format!(
            "There are fewer than {MIN_WINDOWS} earlier windows to compare with, so only the tests and minimum effects count."
        )
    }
}

pub(super) fn effect(value: f64, measure: &str, minimum: f64) -> String {
    let measure = word(measure);
    let value = if measure == "difference" { signed(value) } else { number(value) };
    format!("{measure} {value} (minimum {})", number(minimum))
}

/// An effect as a multiple of its minimum. From 1 on, the signal can be an alarm.
pub(super) fn effect_ratio(effect: f64, measure: &str, minimum: f64) -> f64 {
    // An AUC of 0.5 means no difference.
    let zero = if measure == "AUC" { 0.5 } else { 0.0 };
    let ratio = (effect - zero).abs() / (minimum - zero).abs();
    if ratio.is_finite() { ratio } else { 0.0 }
}

/// The name of a change, and its values in the reference and now.
pub(super) fn change(change: &FeatureChange) -> (String, String) {
    let name =
        if change.kind == "word" { format!("‘{}’", word(&change.what)) } else { word(&change.what) };
    let is_number = change.kind == "size" && !change.what.starts_with("share");
    let show = if is_number { number } else { percent };
    (name, format!("{} → {}", show(change.reference), show(change.new)))
}

/// Sorts changes by their effect on the mean score, the largest first. Unknown effects come last.
pub(super) fn by_points(list: &[FeatureChange]) -> Vec<&FeatureChange> {
    let mut list: Vec<&FeatureChange> = list.iter().collect();
    let size = |change: &FeatureChange| change.points.map_or(-1.0, f64::abs);
    list.sort_by(|one, other| size(other).total_cmp(&size(one)));
    list
}

/// The change of the mean score: the part that the listed changes explain, and the rest.
pub(super) fn mean_score(score: &MeanScore) -> String {
    let MeanScore { reference, new, left_over } = *score;
    let [before, now] = [reference, new].map(|points| percent(points / 100.0));
    format!(
        "The mean score went from {before} to {now} ({} percentage points). These changes explain {}; {} is unexplained.",
        signed(new - reference),
        signed(new - reference - left_over),
        signed(left_over)
    )
}

/// The distances of a size or of the score, which are reduced by the distance that chance alone causes.
pub(super) fn distance(distance: &FeatureDistance) -> String {
    const SMALLEST: f64 = 0.001;
    let FeatureDistance { psi, jensen_shannon, wasserstein, .. } = *distance;
    let distances = [psi, jensen_shannon, wasserstein];
    if distances.iter().all(|distance| *distance <= 0.0) {
        return " Chance alone can cause this difference.".into();
    }
    let show = |value| if value < SMALLEST { format!("below {SMALLEST}") } else { number(value) };
    let [psi, bits, shift] = distances.map(show);
    format!(" Beyond chance: PSI {psi}, Jensen-Shannon {bits} bits, Wasserstein {shift} standard deviations.")
}

pub(super) fn estimated(estimated: &EstimatedF1) -> String {
    let EstimatedF1 { expected, reference, before, messages, positives, adjusted, doubt, .. } = estimated;
    let now = format!(
        "Estimated F1 is {} ({}) on {}; the reference is {}",
        figure(expected.value),
        bounds(expected.interval),
        counted(*messages, "distinct message"),
        figure(reference.value),
    );
    let adjusted = if *adjusted {
        format!(
            " after adjusting for class balance ({} positive). Without this adjustment, the reference is {}.",
            percent(*positives),
            figure(before.value)
        )
    } else {
        ".".into()
    };
    let trust = doubt.map_or_else(
        || "The estimate assumes that a score has the same meaning as in the reference.".into(),
        |doubt| format!("Do not trust this estimate: {}. Label some rows to measure F1.", self::doubt(doubt)),
    );
    format!("{now}{adjusted} {trust}")
}

/// Why an estimate of F1 cannot be trusted.
pub(super) fn doubt(doubt: EstimateDoubt) -> &'static str {
    match doubt {
        EstimateDoubt::OtherMessages => {
            "the messages have little in common with the reference, so it is a guess"
        }
        EstimateDoubt::ChangedWords => "the words changed, so a score can have another meaning",
        EstimateDoubt::ChangedScores => "the scores changed in a way that no class balance explains",
        EstimateDoubt::UnclearBalance => {
            "the class balance seems to have changed, but there are too few messages to rule out another change"
        }
    }
}

/// Names the kind of shift: label shift, content shift or none.
pub(super) fn shift(shift: &LabelShift) -> String {
    let LabelShift { before, estimated, by_verdicts, distance, p, text, only_base_rate, .. } = *shift;
    let verdicts =
        by_verdicts.map_or_else(String::new, |share| format!(", {} from verdicts", percent(share)));
    let shares = format!(
        "{} positive in the reference; now {} estimated from scores{verdicts}",
        percent(before),
        percent(estimated)
    );
    let has_words = text.is_some_and(|text| text.is_change());
    let words = text.map_or_else(String::new, |text| format!(", AUC of the words {}", number(text.auc)));
    let test = format!("distance {}, p {}{words}", number(distance), p_value(p));
    match (shift.is_balance_changed(), has_words || shift.are_scores_changed()) {
        _ if only_base_rate => {
            format!(
                "Label shift: the class balance changed ({shares}), and this explains the new scores ({test})."
            )
        }
        (true, true) => format!(
            "Content shift: the scores suggest another class balance ({shares}), but this does not explain all changes ({test})."
        ),
        (true, false) => format!(
            "Unclear shift: the scores suggest another class balance ({shares}), but there are too few messages to rule out another change ({test})."
        ),
        (false, true) => format!(
            "Content shift: the messages changed ({test}), but the class balance hardly changed ({shares})."
        ),
        (false, false) => {
            format!("No shift: neither the class balance ({shares}) nor the messages ({test}) changed much.")
        }
    }
}

/// The share of repeated messages.
pub(super) fn repeats(repeats: &Repeats) -> String {
    let reference =
        repeats.reference.map_or_else(String::new, |share| format!(" ({} in the reference)", percent(share)));
    format!(
        "{} of the rows of this run repeat another row{reference}. Each repeated message counts once.",
        percent(repeats.share)
    )
}

/// A message with many copies.
pub(super) fn repeated(message: &Repeated) -> String {
    let words: Vec<String> = message.words.iter().take(8).map(|text| word(text)).collect();
    let words = if words.is_empty() { "no known words".into() } else { words.join(" · ") };
    let score = message.score.map_or_else(String::new, |score| format!(", score {}", figure(score)));
    format!("{} copies: {words}{score}", count(message.copies.into()))
}

/// The expected number of false retrains a year.
pub(super) fn schedule(schedule: &Schedule) -> String {
    let Schedule { runs, false_retrains } = *schedule;
    let runs = number(runs.round());
    match false_retrains {
        Some(retrains) => format!(
            "At about {runs} runs a year, this policy causes at most {} false retrains a year if nothing changes.",
            number(retrains)
        ),
        None => format!(
            "There are about {runs} runs a year. The number of false retrains is known for the default policy only."
        ),
    }
}

/// The number of alarms in parentheses; empty without signals.
pub(super) fn alarm_count(drift: &DriftReport) -> String {
    let alarms = drift.signals.iter().filter(|signal| signal.fired).count();
    match drift.signals.len() {
        0 => String::new(),
        signals => format!(" ({alarms} of {} raised an alarm)", counted(signals as u64, "signal")),
    }
}

/// The reason for `insufficient_data`. `needed` is the number of messages for a verdict, if known.
pub(super) fn too_few(messages: u64, reference: u64, needed: Option<u64>) -> String {
    let [new, known] = [messages, reference].map(count);
    match needed.filter(|needed| messages < *needed) {
        _ if reference == 0 => "there is no reference to compare the messages with".into(),
        Some(needed) => format!("too few messages for a verdict: {new} (minimum {})", count(needed)),
        None => format!("too few messages for a verdict: {new} new and {known} in the reference"),
    }
}

/// Says that the messages have not drifted. With alarms, the reason of the trigger says why they are no drift.
pub(super) fn steady(drift: &DriftReport) -> String {
    let reason = drift.reasons.iter().find(|reason| reason.code == TriggerCode::Drift.name());
    let has_alarm = drift.signals.iter().any(|signal| signal.fired);
    let fact = reason.filter(|_| has_alarm).map(|reason| reason.fact().to_owned());
    fact.unwrap_or_else(|| format!("the messages have not drifted{}", alarm_count(drift)))
}

/// The verdict of `drift` in a sentence.
pub(super) fn drift_verdict(drift: &DriftReport) -> String {
    let alarms = drift.signals.iter().filter(|signal| signal.fired).count();
    let signals = counted(drift.signals.len() as u64, "signal");
    match drift.verdict {
        DriftVerdict::Steady if alarms > 0 => stop(&capital(&steady(drift))),
        DriftVerdict::Drifted => format!("The messages have drifted: {alarms} of {signals} raised an alarm."),
        DriftVerdict::Steady => format!("The messages have not drifted: none of {signals} raised an alarm."),
        DriftVerdict::InsufficientData => {
            let Window { messages, reference, needed, .. } = drift.window;
            stop(&capital(&too_few(messages, reference, needed)))
        }
    }
}

/// A move of the champion in a sentence.
pub(super) fn promotion(promote: &Promotion) -> String {
    let (name, version) = (word(&promote.name), promote.version);
    let replaced = promote.previous_version.map(|version| format!(" It replaced version {version}."));
    let reason = sentence(&promote.reason);
    let reason = if reason.is_empty() { String::new() } else { format!(" Reason: {reason}.") };
    let digest: String = promote.digest.chars().take(12).collect();
    format!(
        "{name} version {version} (SHA-256 {}) has been the champion since {}.{}{reason}",
        word(&digest),
        word(&promote.moved),
        replaced.unwrap_or_default()
    )
}

/// The verdict of `compare` in a sentence.
pub(super) fn compare_verdict(compare: &CompareReport) -> String {
    let verdict = capital(compare.verdict.name());
    let challenger = figure(compare.challenger_f1);
    let unit = CountUnit::of(compare.messages, compare.rows);
    let rows = unit.labelled(compare.counted());
    let champion = compare.champion_f1.map(|f1| format!("; the champion's F1 is {}", figure(f1)));
    let traffic = compare.traffic.map(|traffic| {
        let BothFigures { champion, challenger } = traffic.figures;
        let champion = champion.map(|figures| format!(" and the champion's is {}", figure(figures.f1)));
        let all = counted(compare.rows, "row");
        format!(
            " With every copy counted ({all}), the challenger's F1 is {}{}.",
            figure(challenger.f1),
            champion.unwrap_or_default()
        )
    });
    format!(
        "{verdict}: the challenger's F1 is {challenger} on {rows} of the holdout{}.{}",
        champion.unwrap_or_default(),
        traffic.unwrap_or_default()
    )
}

/// The name of the F1 on labelled rows that decides.
pub(super) fn labelled_f1(metrics: &Metrics) -> String {
    let labels = match &metrics.distinct {
        Some(distinct) => counted(distinct.messages, "distinct labelled message"),
        None => counted(metrics.labelled, "labelled row"),
    };
    format!("F1 on {labels} of this run")
}

/// The name of the F1 with every copy counted.
pub(super) fn traffic_f1(metrics: &Metrics) -> String {
    format!("F1 on all {} with copies", counted(metrics.labelled, "labelled row"))
}

/// The verdict of `validate` in a sentence.
pub(super) fn validate_verdict(validate: &ValidateReport) -> String {
    if validate.verdict == ValidateVerdict::Empty {
        return "Empty: there are no new rows.".into();
    }
    let rows = counted(validate.rows, "row");
    let [clean, rejected] = [validate.clean, validate.rejected].map(count);
    let verdict = capital(validate.verdict.name());
    format!("{verdict}: the contract accepts {clean} of {rows} and rejects {rejected}.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_has_minus_signs() {
        assert_eq!(
            finding("p 7e-80 since 2026-03-10 (limit -0.005)"),
            "P 7e−80 since 2026-03-10 (limit −0.005)"
        );
        assert_eq!(finding("-"), "-");
    }

    #[test]
    fn a_distance_of_zero_is_stated_as_chance() {
        let shown = |psi, jensen_shannon, wasserstein| {
            distance(&FeatureDistance { what: "score".into(), psi, jensen_shannon, wasserstein })
        };
        assert_eq!(shown(0.0, 0.0, 0.0), " Chance alone can cause this difference.");
        assert_eq!(
            shown(0.0, 0.0432, 2e-5),
            " Beyond chance: PSI below 0.001, Jensen-Shannon 0.043 bits, Wasserstein below 0.001 standard deviations."
        );
    }

    #[test]
    fn expresses_an_effect_as_a_multiple_of_its_minimum() {
        assert!((effect_ratio(0.645, "AUC", 0.55) - 2.9).abs() < 1e-9);
        assert!((effect_ratio(-0.06, "difference", 0.03) - 2.0).abs() < 1e-9);
        assert!((effect_ratio(1.0, "D", 0.0)).abs() < 1e-9);
    }

    #[test]
    fn distinguishes_label_shift_from_content_shift() {
        let base = LabelShift {
            before: 0.3,
            estimated: 0.5,
            by_verdicts: None,
            balance_p: 1e-9,
            distance: 0.01,
            distance_upper: 0.05,
            p: 0.9,
            text: None,
            only_base_rate: true,
        };
        assert!(shift(&base).starts_with("Label shift"));
        let content = LabelShift { distance: 0.2, p: 1e-9, only_base_rate: false, ..base };
        assert!(shift(&content).starts_with("Content shift: the scores suggest another class balance"));
        let unclear = LabelShift { distance_upper: 0.15, only_base_rate: false, ..base };
        assert!(shift(&unclear).starts_with("Unclear shift"));
        let still = LabelShift { estimated: 0.31, only_base_rate: false, ..base };
        assert!(shift(&still).starts_with("No shift"));
        assert!(shift(&LabelShift { estimated: 0.31, ..content }).contains("hardly changed"));
    }
}
