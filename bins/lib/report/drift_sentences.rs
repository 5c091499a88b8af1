//! The sentences of `drift`: turns signals and triggers into `drift.json`.

use crate::drift::decision::DriftDecision;
use crate::drift::drift_report::{DriftReport, SignalReport};
use crate::drift::estimated_f1::EstimatedF1;
use crate::drift::families::{ShareOf, TestSubject};
use crate::drift::labelled_f1::{LabelledF1, MeasuredF1};
use crate::drift::policy::{Persistence, RetrainOn};
use crate::drift::signals::Signal;
use crate::drift::triggers::{ChampionPresence, DriftPersistence, Trigger, TriggerCause};
use crate::drift::verdict::DriftVerdict;
use crate::io::result_file::ResultHead;
use crate::profile::descriptor::FLAGS;
use crate::reason::{Reason, p_value};
use crate::stats::two_by_two::TwoByTwo;

/// What unlabelled messages cannot show, whatever is measured.
const BLIND: &str = "Without labels a change of what counts as positive cannot be seen, nor can mistakes that the model is \
    sure of: only labels show these.";

/// The report of a decision, written by the tool of that name.
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
        moved: assessment.moved,
        shift: assessment.shift,
        expected: assessment.expected,
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
    let side = match (signal.fired, signal.is_news()) {
        (false, _) => ": no drift",
        (true, false) => ": no more than in the windows before",
        (true, true) => "",
    };
    let found = subject_sentence(&signal.test.subject, signal.test.effect);
    format!("{found} (p {} over all tests){side}", p_value(signal.corrected))
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

fn subject_sentence(subject: &TestSubject, effect: f64) -> String {
    match subject {
        TestSubject::Scale { scale, is_lower } => {
            let way = if *is_lower { "lower" } else { "higher" };
            format!("the {} is {way} (D {effect:.3})", scale.name())
        }
        TestSubject::Share { of, table: TwoByTwo([new, reference]) } => {
            let share = |[part, rest]: [u64; 2]| 100.0 * part as f64 / (part + rest).max(1) as f64;
            let (new, reference) = (share(*new), share(*reference));
            format!("{}: {new:.1}% of messages, {reference:.1}% before", share_name(of))
        }
        TestSubject::NoWord => "no word has moved".into(),
        TestSubject::AllWords => {
            format!("a classifier tells new messages from old ones with an AUC of {effect:.3}")
        }
        TestSubject::EstimatedF1 { new, reference } => {
            format!("the F1 to be expected is {new:.3}, {reference:.3} before")
        }
    }
}

fn share_name(of: &ShareOf) -> String {
    match of {
        ShareOf::Flag(flag) => FLAGS[*flag].into(),
        ShareOf::LabelledPositive => "labelled positive".into(),
        ShareOf::TakenForPositive => "taken for positive".into(),
        ShareOf::Word(name) => format!("'{name}'"),
        ShareOf::UnnamedWord(_) => "a word".into(),
    }
}

fn trigger_sentence(cause: &TriggerCause) -> String {
    match cause {
        TriggerCause::Forced(true) => "a retrain is forced".into(),
        TriggerCause::Forced(false) => "not forced".into(),
        TriggerCause::Champion(presence) => match presence {
            ChampionPresence::Present => "there is a champion".into(),
            ChampionPresence::NotAsked => "no champion is asked about".into(),
            ChampionPresence::Missing => "there is no champion yet".into(),
        },
        TriggerCause::Performance(performance) => performance_sentence(performance),
        TriggerCause::Estimated(estimated, margin) => estimated_sentence(estimated.as_ref(), *margin),
        TriggerCause::Drift(drift) => drift_sentence(drift),
        TriggerCause::Age(None, _) => "nobody knows when the champion was fitted".into(),
        TriggerCause::Age(Some(days), limit) => {
            format!("the champion is {days:.1} days old, may be {limit}")
        }
        TriggerCause::NewRows(rows, limit) => {
            format!("{rows} rows have come since the champion, may be {limit}")
        }
        TriggerCause::Changes { file, lines, limit } => {
            format!("{lines} lines of {file} have changed since the champion, may be {limit}")
        }
        TriggerCause::Cooldown { hours, limit, holds } => {
            let verb = if *holds { "holds" } else { "is over" };
            let hours = hours.max(0.0);
            format!("cooldown {verb}: the last retrain was {hours:.1} hours ago, the limit is {limit}")
        }
        TriggerCause::Labels(labels, limit) => {
            format!("{labels} rows have been labelled since the champion, a retrain takes {limit}")
        }
        TriggerCause::HistoryUnreadable(why) => {
            format!("a part of the history cannot be read and is left out ({why})")
        }
    }
}

fn performance_sentence(performance: &LabelledF1) -> String {
    let measured = |found: &MeasuredF1| {
        let MeasuredF1 { value, low, high, rows } = found;
        format!("F1 {value:.3} ({low:.3} to {high:.3}) on {rows} labelled rows")
    };
    match performance {
        LabelledF1::NoMetrics => "no --metrics that say what the champion made of labelled rows".into(),
        LabelledF1::TooFew { rows, involved } => {
            format!("{rows} labelled rows, {involved} of them positive or taken for it, are too few for F1")
        }
        LabelledF1::Picked { rows } => format!(
            "the {rows} labelled rows were picked: they do not score as the others do, and say nothing of all"
        ),
        LabelledF1::NoLimit(found) => {
            format!("{}; nothing says what it should be, see --min-f1", measured(found))
        }
        LabelledF1::Minimum { found, minimum, is_below } => {
            let side = if *is_below { "is below" } else { "is not surely below" };
            format!("{} {side} {minimum}", measured(found))
        }
        LabelledF1::Loss { found, before, margin, .. } => {
            let side = if performance.fired() { "is less" } else { "is not surely less" };
            format!("{} {side} than {before:.3}, out of fold, by more than {margin}", measured(found))
        }
    }
}

fn estimated_sentence(estimated: Option<&EstimatedF1>, margin: f64) -> String {
    let Some(estimated) = estimated else {
        return "no scores and labels to tell by what F1 is to be expected".into();
    };
    let EstimatedF1 { expected: now, reference: before, messages, .. } = estimated;
    let side = if estimated.least_loss() > margin { "more" } else { "not surely more" };
    format!(
        "F1 {:.3} ({:.3} to {:.3}) is to be expected of {messages} distinct messages, {:.3} of the reference at their share \
        of positives: {side} than {margin} is lost",
        now.value, now.interval.0, now.interval.1, before.value
    )
}

fn drift_sentence(drift: &DriftPersistence) -> String {
    let DriftPersistence { verdict, is_news, drifted, persistence, retrain_on } = *drift;
    let says = match verdict {
        DriftVerdict::Drifted if !is_news => "messages have drifted, no more than in the windows before",
        DriftVerdict::Drifted => "messages have drifted",
        DriftVerdict::Steady => "messages have not drifted",
        DriftVerdict::InsufficientData => "too few messages to say that they have not drifted",
    };
    let Persistence { windows, of } = persistence;
    match retrain_on {
        RetrainOn::Performance => format!("{says}, and only performance asks for a retrain"),
        RetrainOn::AnyDrift => says.into(),
        RetrainOn::PersistentDrift => {
            format!("{says}: {drifted} of the last {of} windows have, {windows} ask for a retrain")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trigger_says_its_numbers() {
        let says = |cause| {
            let Reason { code, says, value, limit, .. } = reason(&Trigger { fired: false, cause });
            format!("{code}: {says} {value:?} {limit:?}")
        };
        assert_eq!(
            says(TriggerCause::Age(None, 30.0)),
            "age: nobody knows when the champion was fitted None None"
        );
        assert_eq!(
            says(TriggerCause::Age(Some(92.04), 30.0)),
            "age: the champion is 92.0 days old, may be 30 Some(92.04) Some(30.0)"
        );
        assert_eq!(
            says(TriggerCause::Cooldown { hours: -2.0, limit: 24.0, holds: true }),
            "cooldown: cooldown holds: the last retrain was 0.0 hours ago, the limit is 24 Some(-2.0) Some(24.0)"
        );
    }

    #[test]
    fn a_word_has_its_name_if_new_rows_have_it() {
        let table = TwoByTwo([[3, 9], [0, 7]]);
        let both = |of| {
            let subject = TestSubject::Share { of, table };
            format!("{} | {}", subject_name(&subject), subject_sentence(&subject, 1.0))
        };
        assert_eq!(both(ShareOf::Word("viagra".into())), "viagra | 'viagra': 25.0% of messages, 0.0% before");
        assert_eq!(both(ShareOf::UnnamedWord(77)), "77 | a word: 25.0% of messages, 0.0% before");
    }
}
