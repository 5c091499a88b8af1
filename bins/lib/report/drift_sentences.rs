//! Turns the signals and triggers of `drift` into the sentences of `drift.json`.

use crate::drift::contradicted_estimate::ContradictedEstimate;
use crate::drift::decision::DriftDecision;
use crate::drift::drift_news::{AnsweredLoss, ChallengerFate, DriftAnswer, DriftNews};
use crate::drift::drift_report::{DriftReport, SignalReport};
use crate::drift::estimated_f1::{EstimatedF1, NotEstimated};
use crate::drift::families::{ShareOf, TestSubject};
use crate::drift::labelled_f1::{CountedLabels, LabelledF1, MIN_LABELLED, MeasuredF1, MeasuredFpr};
use crate::drift::observation::VerdictRows;
use crate::drift::policy::{Persistence, RetrainOn};
use crate::drift::shift::LabelShift;
use crate::drift::signals::Signal;
use crate::drift::sizes::MIN_MESSAGES;
use crate::drift::triggers::{
    ChampionPresence, DriftPersistence, EstimatedLoss, LabelsSinceRetrain, Trigger, TriggerCause,
};
use crate::drift::verdict::DriftVerdict;
use crate::io::result_file::ResultHead;
use crate::model::score_calibration::MIN_LABELLED_PER_CLASS;
use crate::profile::descriptor::FLAGS;
use crate::reason::Reason;
use crate::report::compare_sentences::feedback;
use crate::report::numbers::{CountUnit, count, counted, day, percent};
use crate::report::prose;
use crate::stats::two_by_two::TwoByTwo;

/// A sentence for runs without labels.
const BLIND: &str = "Without labels, drift cannot see that the meaning of spam changed, or that the model is confidently wrong. \
    Label some rows to measure this.";

/// Builds `drift.json`; `tool` is the name of the program that writes it.
pub fn drift_report(decision: DriftDecision, tool: &str) -> DriftReport {
    let DriftDecision { assessment, .. } = decision;
    DriftReport {
        head: ResultHead::new("drift", tool),
        time: decision.time.0,
        verdict: assessment.verdict,
        retrain_needed: decision.retrain_needed,
        labels_needed: decision.labels_needed,
        reason: decision.asked,
        reasons: decision.triggers.iter().map(reason).collect(),
        window: assessment.window,
        signals: assessment.signals.iter().map(signal).collect(),
        moved: assessment.changes.moved,
        mean_score: assessment.changes.mean_score,
        shift: assessment.shift,
        prior_gain: assessment.prior_gain,
        expected: assessment.expected.ok(),
        not_estimated: assessment.expected.err(),
        labels: assessment.labels,
        labelled: decision.labelled,
        repeats: decision.repeats,
        distances: assessment.distances,
        pictures: assessment.pictures,
        strip: decision.strip,
        schedule: decision.schedule,
        blind: BLIND.into(),
    }
}

fn reason(trigger: &Trigger) -> Reason {
    let (code, says) = (trigger.code().name(), trigger_sentence(&trigger.cause));
    match trigger.measured() {
        Some((value, limit)) => Reason::against(code, trigger.fired, says, value, limit),
        None => Reason::plain(code, trigger.fired, says),
    }
}

fn signal(signal: &Signal) -> SignalReport {
    let Signal { test, corrected, surprise, fired } = signal;
    SignalReport {
        family: test.family.name().into(),
        test: test.family.test().into(),
        what: Some(subject_name(&test.subject)),
        p: test.p,
        corrected: *corrected,
        effect: test.effect,
        measure: test.family.measure().into(),
        minimum_effect: test.family.minimum_effect(),
        strength: test.strength,
        surprise: *surprise,
        fired: *fired,
        says: signal_sentence(signal),
    }
}

fn signal_sentence(signal: &Signal) -> String {
    let outcome = match (signal.fired, signal.is_unusual()) {
        (false, _) => "; no alarm",
        (true, false) => "; this change is not larger than in 95% of the earlier windows",
        (true, true) => "",
    };
    change_sentence(&signal.test.subject, signal.test.effect) + outcome
}

fn subject_name(subject: &TestSubject) -> String {
    match subject {
        TestSubject::Scale { scale, .. } => scale.name().into(),
        TestSubject::Share { of: ShareOf::Word(name), .. } => name.clone(),
        TestSubject::Share { of: ShareOf::UnnamedWord(word), .. } => word.to_string(),
        TestSubject::Share { of, .. } => share_name(of),
        TestSubject::NoWord => "no word".into(),
        TestSubject::AllWords => "all words together".into(),
        TestSubject::EstimatedF1 { .. } => "F1".into(),
    }
}

fn change_sentence(subject: &TestSubject, effect: f64) -> String {
    match subject {
        TestSubject::Scale { scale, is_lower } => {
            let direction = if *is_lower { "lower" } else { "higher" };
            format!("the {} is {direction} (D {effect:.3})", scale.name())
        }
        TestSubject::Share { of, table: TwoByTwo([new, reference]) } => {
            let percent = |[part, rest]: [u64; 2]| 100.0 * part as f64 / (part + rest).max(1) as f64;
            let (new, reference) = (percent(*new), percent(*reference));
            format!("{}: {new:.1}% of messages, {reference:.1}% in the reference", share_name(of))
        }
        TestSubject::NoWord => "no word changed".into(),
        TestSubject::AllWords => {
            format!("a classifier separates new messages from the reference with AUC {effect:.3}")
        }
        TestSubject::EstimatedF1 { new, reference } => {
            format!("estimated F1 is {new:.3}; the reference is {reference:.3}")
        }
    }
}

fn share_name(of: &ShareOf) -> String {
    match of {
        ShareOf::Flag(flag) => FLAGS[*flag].into(),
        ShareOf::LabelledPositive => "labelled positive".into(),
        ShareOf::PositiveVerdict => "predicted positive".into(),
        ShareOf::Word(name) => format!("'{name}'"),
        ShareOf::UnnamedWord(_) => "a word".into(),
    }
}

/// The fact and its limit come before the first semicolon, because `Reason::fact` cuts at that semicolon.
fn trigger_sentence(cause: &TriggerCause) -> String {
    match cause {
        TriggerCause::Forced(true) => "a retrain is forced".into(),
        TriggerCause::Forced(false) => "no retrain is forced".into(),
        TriggerCause::Champion(presence) => match presence {
            ChampionPresence::Present => "there is a champion".into(),
            ChampionPresence::ReferenceOnly => {
                "the messages are compared with a reference, not with a champion".into()
            }
            ChampionPresence::Missing => "there is no champion yet".into(),
        },
        TriggerCause::Performance(performance, since) => {
            performance_sentence(performance) + &since.map_or_else(String::new, answered_loss)
        }
        TriggerCause::Estimated(loss) => estimated_sentence(loss),
        TriggerCause::Fpr(rate, limit) => fpr_sentence(rate.as_ref(), *limit),
        TriggerCause::Drift(drift) => drift_sentence(drift),
        TriggerCause::Age(None, limit) => format!("the age of the champion is unknown (limit {limit} days)"),
        TriggerCause::Age(Some(days), limit) => {
            format!("the champion is {days:.1} days old (limit {limit})")
        }
        TriggerCause::NewRows(rows, limit) => {
            format!("{} arrived since the champion was fitted (limit {limit})", counted(*rows, "new row"))
        }
        TriggerCause::MoreLabels { new, learned, limit, is_refit } => {
            let (since, learner) =
                if *is_refit { ("the last retrain", "it") } else { ("the fit", "the champion") };
            let (rows, all) = (counted(*new, "labelled row"), counted(*learned, "row"));
            format!("{rows} arrived since {since} (limit {}); {learner} learned from {all}", count(*limit))
        }
        TriggerCause::Changes { file, lines, limit } => {
            let lines = counted(*lines, "line");
            format!("{lines} of {file} changed since the champion was fitted (limit {limit})")
        }
        TriggerCause::Cooldown { hours, limit, holds } => {
            let over = if *holds { "" } else { "; the cooldown is over" };
            let hours = hours.max(0.0);
            format!("the last retrain was {hours:.1} hours ago (cooldown {limit} hours){over}")
        }
        TriggerCause::Labels(labels, limit) => {
            format!("{} (a retrain needs {limit})", counted(*labels, "new label"))
        }
        TriggerCause::Feedback(labels) => feedback(labels),
        TriggerCause::HistoryUnreadable(why) => {
            format!(
                "part of the history cannot be read and is ignored ({why}); restore history.jsonl from a backup"
            )
        }
    }
}

fn performance_sentence(performance: &LabelledF1) -> String {
    match performance {
        LabelledF1::NoMetrics => {
            "F1 is not measured: drift has no metrics of labelled rows; set --metrics".into()
        }
        LabelledF1::TooFew { counted, involved } => {
            let (least_rows, least_positive) = MIN_LABELLED;
            let (number, rows) = (counted.messages, unit(counted).labelled(0));
            let rows = rows.trim_start_matches("0 ");
            format!(
                "too few {rows} to measure F1: {number} (minimum {least_rows}), \
                 {involved} of them labelled or predicted positive (minimum {least_positive})"
            )
        }
        LabelledF1::Feedback(labels) => format!("F1 is not measured: {}", feedback(labels)),
        LabelledF1::Picked { counted } => {
            format!(
                "F1 is not measured: {} are not a random sample; label a random sample",
                unit(counted).labelled(counted.messages)
            )
        }
        LabelledF1::NoLimit(found) => {
            let MeasuredF1 { low, high, .. } = found;
            let (fact, rows) = (measured("is", found), all_rows(found));
            format!("{fact} (no limit){rows}; 95% interval {low:.3} to {high:.3}; set --min-f1")
        }
        LabelledF1::Minimum { found, minimum, is_below } => {
            below(found, *minimum, *is_below) + &interval(found)
        }
        LabelledF1::Loss { found, before, basis, margin, .. } => {
            let fact = below(found, before - margin, performance.fired());
            let earlier = match basis {
                VerdictRows::CrossValidation => "cross-validated F1",
                VerdictRows::Reference => "F1 on the reference",
            };
            format!("{fact}{}; {earlier} is {before:.3}", interval(found))
        }
    }
}

/// Says that a retrain has answered the loss, and when another retrain follows.
fn answered_loss(since: LabelsSinceRetrain) -> String {
    let LabelsSinceRetrain { new, needed } = since;
    format!(
        "; the last retrain has answered this loss, and {} arrived since (another retrain needs {needed})",
        counted(new, "label")
    )
}

fn fpr_sentence(rate: Option<&MeasuredFpr>, limit: f64) -> String {
    let (least, _) = MIN_LABELLED;
    let limit_text = format!("{}%", short(100.0 * limit));
    let Some(MeasuredFpr { value, interval, negatives, is_above }) = rate else {
        return format!(
            "the false positive rate is not measured (limit {limit_text}); it needs {least} negative messages with \
             independent labels"
        );
    };
    let verb = if *is_above { "rose to" } else { "is" };
    let chance = if !is_above && *value > limit { "; the difference can be chance" } else { "" };
    format!(
        "the false positive rate {verb} {} on {} (limit {limit_text}){chance}; 95% interval {} to {}",
        percent(*value),
        counted(*negatives, "distinct negative message"),
        percent(interval.0),
        percent(interval.1)
    )
}

fn measured(verb: &str, found: &MeasuredF1) -> String {
    let MeasuredF1 { value, counted, .. } = found;
    format!("F1 {verb} {value:.3} on {}", unit(counted).labelled(counted.messages))
}

/// Rows, or distinct messages if some of the rows are copies.
fn unit(labels: &CountedLabels) -> CountUnit {
    CountUnit::of((labels.messages < labels.rows).then_some(labels.messages), labels.rows)
}

/// "; 711 labelled rows with copies", or nothing if no row is a copy.
fn all_rows(found: &MeasuredF1) -> String {
    match unit(&found.counted) {
        CountUnit::Rows => String::new(),
        CountUnit::Messages(rows) => format!("; {} with copies", counted(rows, "labelled row")),
    }
}

fn below(found: &MeasuredF1, limit: f64, is_below: bool) -> String {
    let fact =
        format!("{} (limit {})", measured(if is_below { "fell to" } else { "is" }, found), short(limit));
    let is_chance = !is_below && found.value < limit;
    if is_chance { fact + "; the difference can be chance" } else { fact }
}

fn interval(found: &MeasuredF1) -> String {
    format!("{}; 95% interval {:.3} to {:.3}", all_rows(found), found.low, found.high)
}

/// A limit with at most three decimals: 0.9, 0.977.
fn short(limit: f64) -> f64 {
    (limit * 1000.0).round() / 1000.0
}

fn estimated_sentence(loss: &EstimatedLoss) -> String {
    let estimated = match loss.estimated {
        Ok(estimated) => estimated,
        Err(why) => return format!("F1 cannot be estimated: {}", not_estimated(why)),
    };
    let EstimatedF1 { expected: now, reference, messages, adjusted, doubt, .. } = estimated;
    let limit = loss.limit();
    let is_chance = estimated.loss_lower_bound() <= limit && now.value < reference.value - limit;
    format!(
        "estimated F1 is {:.3} ({:.3} to {:.3}) on {}; the reference is {:.3}{} (limit: {} below the reference){}{}{}{}",
        now.value,
        now.interval.0,
        now.interval.1,
        counted(messages, "message"),
        reference.value,
        if adjusted { " after adjusting for class balance" } else { "" },
        short(limit),
        if is_chance { "; the difference can be chance" } else { "" },
        loss.answered.map_or_else(String::new, |AnsweredLoss { loss, answer }| format!(
            "; {} has answered a loss of {loss:.3}",
            answered_by(answer)
        )),
        loss.contradicted.map_or_else(String::new, contradiction),
        doubt.map_or_else(String::new, |doubt| format!(
            "; do not trust this estimate: {}",
            prose::doubt(doubt)
        ))
    )
}

/// Says that labels contradict the estimate.
fn contradiction(contradicted: ContradictedEstimate) -> String {
    let ContradictedEstimate { messages, f1, interval, estimated } = contradicted;
    format!(
        "; {} contradict the estimate: their F1 is {f1:.3} ({:.3} to {:.3}), their estimated F1 is {estimated:.3}",
        counted(messages, "distinct labelled message"),
        interval.0,
        interval.1
    )
}

fn not_estimated(why: NotEstimated) -> String {
    match why {
        NotEstimated::NoReference => "there is no reference; set --model or --reference".into(),
        NotEstimated::TooFewMessages => {
            format!(
                "the new rows and the reference need {MIN_MESSAGES} distinct messages each; use more rows"
            )
        }
        NotEstimated::NoScores => {
            "the new rows and the reference need scores; set --model or --score-column".into()
        }
        NotEstimated::TooFewLabels => {
            format!("the reference needs {MIN_LABELLED_PER_CLASS} labelled messages per class")
        }
        NotEstimated::NoPositives => {
            "no message is predicted positive, and the scores suggest that none is; label some rows".into()
        }
    }
}

fn drift_sentence(drift: &DriftPersistence) -> String {
    let DriftPersistence { verdict, alarms, news, since, drifted, persistence, retrain_on, .. } = drift;
    let alarms = format!("{} of {}", alarms.0, counted(alarms.1 as u64, "signal"));
    let since = since.map_or_else(String::new, |since| format!(" since {}", day(since.0)));
    let verdict = match verdict {
        DriftVerdict::Drifted => {
            format!("the messages have drifted{since} ({alarms} raised an alarm){}", news_sentence(news))
        }
        DriftVerdict::Steady => {
            format!("the messages have not drifted{} ({alarms} raised an alarm)", no_drift(news, &since))
        }
        DriftVerdict::InsufficientData => prose::too_few(drift.messages, drift.reference, drift.needed),
    };
    let Persistence { windows, of } = persistence;
    match retrain_on {
        RetrainOn::Performance => format!("{verdict}; only F1 can trigger a retrain"),
        RetrainOn::AnyDrift => verdict,
        RetrainOn::PersistentDrift => {
            format!("{verdict}; persistent drift needs {windows} of the last {of} windows ({drifted} so far)")
        }
    }
}

/// Says why alarms are no drift.
fn no_drift(news: &DriftNews, since: &str) -> String {
    match news {
        DriftNews::Usual => ": no change is larger than in 95% of the earlier windows".into(),
        DriftNews::Answered(answer) => format!(
            " further since {}: it has answered the drift{since}, and nothing has grown by a quarter",
            answered_by(*answer)
        ),
        DriftNews::NoAlarm | DriftNews::ClassBalance(..) | DriftNews::New(..) => String::new(),
    }
}

/// Says why drift is no reason for a retrain, or what is new about it.
fn news_sentence(news: &DriftNews) -> String {
    match news {
        DriftNews::NoAlarm | DriftNews::Usual | DriftNews::Answered(_) | DriftNews::New(_, None) => {
            String::new()
        }
        DriftNews::ClassBalance(LabelShift { before, estimated, .. }, gain) => format!(
            ", but only the class balance changed, from {} to {}; score --prior corrects scores for this change{}",
            percent(*before),
            percent(*estimated),
            gain.map_or_else(String::new, |gain| format!(
                ": F1 {:.3} instead of {:.3} on {}",
                gain.corrected_f1,
                gain.f1,
                counted(gain.messages, "distinct labelled message")
            ))
        ),
        DriftNews::New(families, Some(answer)) => {
            let names: Vec<&str> = families.iter().map(|family| family.name()).collect();
            format!("; new since {}: {}", answered_by(Some(*answer)), names.join(", "))
        }
    }
}

fn answered_by(answer: Option<DriftAnswer>) -> String {
    let Some(DriftAnswer { time, fate }) = answer else { return "an earlier retrain".into() };
    let fate = match fate {
        ChallengerFate::Refused => "its challenger was not better",
        ChallengerFate::Better => "its challenger was better, but is not the champion",
        ChallengerFate::Champion => "its challenger is the champion",
    };
    format!("the retrain of {} ({fate})", day(time.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trigger_sentence_states_value_and_limit() {
        let shown = |cause| {
            let Reason { code, says, value, limit, .. } = reason(&Trigger { fired: false, cause });
            format!("{code}: {says} {value:?} {limit:?}")
        };
        assert_eq!(
            shown(TriggerCause::Age(None, 30.0)),
            "age: the age of the champion is unknown (limit 30 days) None None"
        );
        assert_eq!(
            shown(TriggerCause::Age(Some(92.04), 30.0)),
            "age: the champion is 92.0 days old (limit 30) Some(92.04) Some(30.0)"
        );
        assert_eq!(
            shown(TriggerCause::Cooldown { hours: -2.0, limit: 24.0, holds: true }),
            "cooldown: the last retrain was 0.0 hours ago (cooldown 24 hours) Some(-2.0) Some(24.0)"
        );
    }

    #[test]
    fn a_word_without_a_name_is_called_a_word() {
        let table = TwoByTwo([[3, 9], [0, 7]]);
        let both = |of| {
            let subject = TestSubject::Share { of, table };
            format!("{} | {}", subject_name(&subject), change_sentence(&subject, 1.0))
        };
        assert_eq!(
            both(ShareOf::Word("viagra".into())),
            "viagra | 'viagra': 25.0% of messages, 0.0% in the reference"
        );
        assert_eq!(both(ShareOf::UnnamedWord(77)), "77 | a word: 25.0% of messages, 0.0% in the reference");
    }
}
