//! Tests on simulated streams that `drift` rarely raises a false alarm and detects a large change.
//!
//! `tests/real.sh drift` tests more cases, with 500 runs each.

use spamops::drift::decision::{DriftDecision, decide};
use spamops::drift::history::History;
use spamops::drift::labelled_f1::LabelledF1;
use spamops::drift::labelled_verdicts::LabelledVerdicts;
use spamops::drift::observation::{Champion, DriftEvidence, PastRetrain, VerdictRows};
use spamops::drift::policy::{DriftPolicy, RetrainOn};
use spamops::drift::run_record::{ObservedRun, RunFindings, RunRecord};
use spamops::drift::triggers::{Trigger, TriggerCause, TriggerCode};
use spamops::drift::verdict::DriftVerdict;
use spamops::drift::word_names::WordNames;
use spamops::io::dates::Timestamp;
use spamops::io::fraction::Fraction;
use spamops::model::profile_builder::ProfileBuilder;
use spamops::profile::descriptor::Descriptor;
use spamops::profile::summary::{MessageRecord, Profile, StoredProfile};
use spamops::rows::fingerprint::{mix, unit};
use spamops::rows::label::Label;
use spamops::stats::confusion::Confusion;
use spamops::stats::metrics::{DistinctFigures, Figures, Metrics};

use stream::{Message, Scenario};

#[path = "../bench/drift/stream.rs"]
#[expect(dead_code, reason = "the benchmark uses the rest")]
mod stream;

fn profile(messages: impl Iterator<Item = Message>) -> Profile {
    let mut observer = ProfileBuilder::new(None, |_: u16, _: &str| ());
    for Message { text, spam } in messages {
        let label = if spam { Label::Positive } else { Label::Negative };
        observer.message(&text, Some(label));
    }
    observer.done()
}

fn verdict(reference: &Profile, new: Profile) -> DriftVerdict {
    let evidence = DriftEvidence { reference: Some((reference, "")), new, ..DriftEvidence::default() };
    decide(&evidence, &DriftPolicy::default(), Timestamp(0)).unwrap().0.assessment.verdict
}

/// Number of runs with an alarm.
fn alarms(scenario: Scenario, rows: usize, runs: u64) -> usize {
    let drifted = |run: &u64| {
        let reference = profile(stream::rows(Scenario::QUIET, 1500, run % 10));
        verdict(&reference, profile(stream::rows(scenario, rows, 1000 + run))) == DriftVerdict::Drifted
    };
    (0..runs).filter(drifted).count()
}

#[test]
fn a_steady_stream_rarely_raises_an_alarm() {
    // At the level 0.05, the chance of more than 11 alarms in 100 runs is 0.4%.
    assert!(alarms(Scenario::QUIET, 300, 100) <= 11);
    assert!(alarms(Scenario { repeats: 0.3, ..Scenario::QUIET }, 400, 50) <= 8);
}

#[test]
fn a_large_change_raises_an_alarm() {
    assert!(alarms(Scenario { campaign: 0.3, ..Scenario::QUIET }, 500, 20) >= 18);
    assert_eq!(alarms(Scenario { language: 0.3, ..Scenario::QUIET }, 300, 10), 10);
}

#[test]
fn merged_profiles_of_parts_equal_the_profile_of_all() {
    let rows = || stream::rows(Scenario { repeats: 0.3, ..Scenario::QUIET }, 12_000, 5).enumerate();
    let expected = StoredProfile::of(&profile(rows().map(|(_, message)| message)));
    let mut merged = Profile::default();
    for part in [3, 0, 2, 1] {
        merged.merge(profile(rows().filter(|(row, _)| row % 4 == part).map(|(_, message)| message)));
    }
    assert!(StoredProfile::of(&merged) == expected);
}

/// Decisions on consecutive days of one stream.
fn days(scenario: Scenario, rows: usize, days: usize) -> Vec<DriftDecision> {
    days_of(rows, days, |_| scenario)
}

/// Decisions on consecutive days, each with its own scenario.
fn days_of(rows: usize, days: usize, scenario: impl Fn(usize) -> Scenario) -> Vec<DriftDecision> {
    let reference = profile(stream::rows(Scenario::QUIET, 1500, 3));
    let (mut history, mut decisions) = (History::default(), Vec::new());
    for day in 0..days {
        let all = stream::rows(scenario(day), rows * days, 79);
        let evidence = DriftEvidence {
            reference: Some((&reference, "the reference")),
            new: profile(all.skip(rows * day).take(rows)),
            history: history.clone(),
            ..DriftEvidence::default()
        };
        let now = Timestamp(i64::try_from(day).unwrap() * 86_400);
        let (decision, record) = decide(&evidence, &DriftPolicy::default(), now).unwrap();
        history.add(record).unwrap();
        decisions.push(decision);
    }
    decisions
}

#[test]
fn small_days_are_pooled_until_there_are_enough_rows() {
    let quiet = days(Scenario::QUIET, 100, 9);
    assert_eq!(quiet[0].assessment.verdict, DriftVerdict::InsufficientData);
    let fired = quiet[8].assessment.signals.iter().filter(|signal| signal.fired);
    assert_eq!(quiet[8].assessment.verdict, DriftVerdict::Steady, "{:?}", fired.collect::<Vec<_>>());
    let needed = quiet[8].assessment.window.needed.unwrap();
    let mut windows = quiet.iter().map(|day| &day.assessment.window);
    assert!(windows.all(|window| window.runs == 1 || window.messages < needed + 100));
    let campaign = days(Scenario { campaign: 0.3, ..Scenario::QUIET }, 100, 7);
    assert!(campaign.iter().any(|day| day.assessment.verdict == DriftVerdict::Drifted));
}

#[test]
fn lasting_drift_requests_a_retrain_and_one_window_does_not() {
    let reports = days(Scenario { language: 0.3, ..Scenario::QUIET }, 600, 3);
    let requests: Vec<bool> = reports.iter().map(|report| report.retrain_needed).collect();
    assert_eq!(requests, [false, true, true]);
    let small = days(Scenario { language: 0.3, ..Scenario::QUIET }, 100, 14);
    let first = small.iter().position(|report| report.retrain_needed).unwrap();
    // The window that requests the retrain shares no run with the previous window.
    assert!(first >= small[first].assessment.window.runs, "{first}");
}

/// A stream of drift whose requests are answered: each retrain compares a challenger.
#[derive(Default)]
struct AnsweredStream {
    history: History,
    retrains: Vec<PastRetrain>,
    day: i64,
}

impl AnsweredStream {
    /// Decides on 600 rows of the next day. Without `was_better`, no retrain follows a request.
    fn day(&mut self, reference: (&Profile, &str), language: f64, was_better: Option<bool>) -> DriftDecision {
        let seed = 500 + u64::try_from(self.day).unwrap();
        let evidence = DriftEvidence {
            reference: Some(reference),
            new: profile(stream::rows(Scenario { language, ..Scenario::QUIET }, 600, seed)),
            history: self.history.clone(),
            retrains: self.retrains.clone(),
            ..DriftEvidence::default()
        };
        let time = Timestamp(self.day * 86_400);
        let (decision, record) = decide(&evidence, &DriftPolicy::default(), time).unwrap();
        self.history.add(record).unwrap();
        let answered = was_better.filter(|_| decision.retrain_needed);
        self.retrains.extend(answered.map(|was_better| PastRetrain { time, was_better }));
        self.day += 1;
        decision
    }

    /// Requests on consecutive days.
    fn requests(
        &mut self,
        days: usize,
        reference: (&Profile, &str),
        language: f64,
        was_better: Option<bool>,
    ) -> Vec<bool> {
        (0..days).map(|_| self.day(reference, language, was_better).retrain_needed).collect()
    }
}

#[test]
fn drift_that_a_refused_challenger_has_seen_is_requested_again_only_when_it_grows() {
    let quiet = profile(stream::rows(Scenario::QUIET, 1500, 3));
    let reference = (&quiet, "first");
    let mut stream = AnsweredStream::default();
    assert_eq!(stream.requests(2, reference, 0.2, Some(false)), [false, true]);
    assert_eq!(stream.requests(6, reference, 0.2, Some(false)), [false; 6]);
    assert_eq!(stream.requests(1, reference, 0.0, Some(false)), [false]);
    assert_eq!(stream.requests(2, reference, 0.2, Some(false)), [false; 2]);
    let requests = stream.requests(3, reference, 0.6, Some(false));
    assert_eq!(requests, [false, true, false], "two windows of larger drift");
    // The records of old runs leave the history, but the answered level stays.
    assert_eq!(stream.requests(70, reference, 0.6, Some(false)), [false; 70]);
    assert_eq!(History::read(stream.history.lines().unwrap().lines()), stream.history);
}

#[test]
fn drift_after_quiet_windows_is_other_drift() {
    let quiet = profile(stream::rows(Scenario::QUIET, 1500, 3));
    let reference = (&quiet, "first");
    let mut stream = AnsweredStream::default();
    assert_eq!(stream.requests(2, reference, 0.9, Some(false)), [false, true]);
    assert_eq!(stream.requests(6, reference, 0.0, Some(false)), [false; 6]);
    assert_eq!(stream.requests(2, reference, 0.2, Some(false)), [false, true]);
}

#[test]
fn a_request_without_a_comparison_is_repeated() {
    let quiet = profile(stream::rows(Scenario::QUIET, 1500, 3));
    let mut stream = AnsweredStream::default();
    assert_eq!(stream.requests(4, (&quiet, "first"), 0.2, None), [false, true, true, true]);
}

#[test]
fn a_new_champion_answers_the_drift_that_its_first_window_still_shows() {
    let profile_of = |language: f64| profile(stream::rows(Scenario { language, ..Scenario::QUIET }, 1500, 3));
    let (quiet, partly) = (profile_of(0.0), profile_of(0.1));
    let mut stream = AnsweredStream::default();
    assert_eq!(stream.requests(2, (&quiet, "first"), 0.3, Some(true)), [false, true]);
    let first = stream.day((&partly, "second"), 0.3, Some(true));
    assert_eq!(first.assessment.verdict, DriftVerdict::Drifted);
    assert_eq!(stream.requests(5, (&partly, "second"), 0.3, Some(true)), [false; 5]);
    assert_eq!(stream.requests(2, (&partly, "second"), 0.9, Some(true)), [false, true]);
    // Drift that nobody requested a retrain for is not answered by the next model.
    let mut stream = AnsweredStream::default();
    assert_eq!(stream.requests(1, (&quiet, "first"), 0.3, Some(true)), [false]);
    assert_eq!(stream.requests(2, (&partly, "second"), 0.3, Some(true)), [false, true]);
}

#[test]
fn a_single_newsletter_is_reported_and_requests_no_retrain() {
    let newsletter = Scenario { newsletter: 0.3, ..Scenario::QUIET };
    let reports = days_of(600, 8, |day| if day == 3 { newsletter } else { Scenario::QUIET });
    assert_eq!(reports[3].assessment.verdict, DriftVerdict::Drifted);
    assert!(reports.iter().all(|report| !report.retrain_needed));
}

#[test]
fn history_drops_profiles_that_no_run_needs() {
    let reference = profile(stream::rows(Scenario::QUIET, 300, 3));
    let mut history = History::default();
    for day in 0..80 {
        let new = profile(stream::rows(Scenario::QUIET, 200, 100 + u64::try_from(day).unwrap()));
        let run = ObservedRun::of(&new, "one", day, LabelledVerdicts::default()).unwrap();
        history.add(RunRecord::new(run, RunFindings { runs: 1, ..RunFindings::default() })).unwrap();
    }
    assert_eq!(history.runs().len(), 64);
    let kept = history.runs().iter().filter(|block| !block.profile.is_empty()).count();
    assert!((15..=25).contains(&kept), "{kept}");
    assert!(history.lines().unwrap().len() < 1_000_000);
    assert_eq!(History::read(history.lines().unwrap().lines()), history);
    // The scores of another champion are not comparable, so its runs are not pooled.
    let run = ObservedRun::of(&reference, "two", 80, LabelledVerdicts::default()).unwrap();
    let past = history.before(&run).unwrap();
    assert_eq!(past.pooled(&reference, 1000).unwrap().runs, 1);
    assert_eq!(past.since(&run), (300, 300));
}

#[test]
fn rows_whose_labels_come_a_day_late_do_not_replace_the_run_before() {
    let day = |number: u64, is_labelled: bool| {
        let mut observer = ProfileBuilder::new(None, |_: u16, _: &str| ());
        for Message { text, spam } in stream::rows(Scenario::QUIET, 100, 900 + number) {
            let label = if spam { Label::Positive } else { Label::Negative };
            observer.message(&text, is_labelled.then_some(label));
        }
        observer.done()
    };
    let mut history = History::default();
    for number in 0..4 {
        let mut new = day(number + 1, false);
        new.merge(day(number, true));
        let run = ObservedRun::of(&new, "one", i64::try_from(number).unwrap(), LabelledVerdicts::default());
        let (run, past) = (run.as_ref().unwrap(), history.before(run.as_ref().unwrap()).unwrap());
        assert_eq!(past.since(run), (200 * (number + 1), 100 * (number + 1)));
        let findings = RunFindings { runs: 1, since: past.since(run), ..RunFindings::default() };
        history.add(RunRecord::new(run.clone(), findings)).unwrap();
    }
    assert_eq!(history.runs().len(), 4);
}

/// The decision on 1,000 or more labelled rows of a champion with a cross-validated F1 of 0.95 at 20% positive.
fn measured(now: Confusion, policy: &DriftPolicy) -> DriftDecision {
    let at_fit =
        Confusion { true_positive: 950, false_negative: 50, false_positive: 50, true_negative: 3950 };
    let metrics = Metrics::new(now.total(), Figures::of(&mut [], now), "test");
    let threshold = Fraction::try_from(0.5).unwrap();
    let mut new = Profile::new(true);
    (0..now.total()).for_each(|_| new.count_only(false, Some(Label::Negative)));
    let reference = Profile::new(true);
    let evidence = DriftEvidence {
        champion: Some(Champion {
            threshold,
            confusion: Some(at_fit),
            basis: VerdictRows::CrossValidation,
            fitted: None,
            learned: None,
        }),
        reference: Some((&reference, "")),
        new,
        metrics: Some(&metrics),
        ..DriftEvidence::default()
    };
    decide(&evidence, policy, Timestamp(0)).unwrap().0
}

#[test]
fn a_lower_f1_on_labelled_rows_requests_a_retrain() {
    let decision = |missed: u64, policy: &DriftPolicy| {
        let (true_positive, false_negative) = (200 - missed, missed);
        measured(Confusion { true_positive, false_negative, false_positive: 10, true_negative: 790 }, policy)
    };
    let policy = DriftPolicy::default();
    assert!(!decision(10, &policy).retrain_needed && !decision(20, &policy).retrain_needed);
    let lost = decision(60, &policy);
    assert!(lost.retrain_needed && lost.asked == Some(TriggerCode::Performance), "{:?}", lost.triggers);
    assert!(
        decision(60, &DriftPolicy { retrain_on: RetrainOn::Performance, ..policy.clone() }).retrain_needed
    );
    assert!(
        !decision(60, &DriftPolicy { min_f1: Some(Fraction::try_from(0.5).unwrap()), ..policy.clone() })
            .retrain_needed
    );
    assert!(
        decision(10, &DriftPolicy { min_f1: Some(Fraction::try_from(0.99).unwrap()), ..policy.clone() })
            .retrain_needed
    );
    let labels = decision(60, &DriftPolicy { min_new_labels: 5000, ..policy });
    assert!(!labels.retrain_needed && labels.labels_needed);
}

#[test]
fn a_minimum_of_f1_allows_for_rare_positives() {
    let policy =
        DriftPolicy { min_f1: Some(Fraction::try_from(0.9).unwrap()), margin: 0.9, ..DriftPolicy::default() };
    // At 4% positive, the same error rates give F1 0.844 instead of 0.95.
    let fired = |found: u64| {
        let (true_positive, false_negative) = (found, 160 - found);
        let now = Confusion { true_positive, false_negative, false_positive: 48, true_negative: 3792 };
        measured(now, &policy).asked == Some(TriggerCode::Performance)
    };
    assert!(!fired(152) && fired(100));
    // A larger share of positives does not raise the limit.
    let many = Confusion { true_positive: 840, false_negative: 160, false_positive: 12, true_negative: 88 };
    let decision = measured(many, &policy);
    let cause = &trigger(&decision, TriggerCode::Performance).cause;
    let TriggerCause::Performance(LabelledF1::Minimum { minimum, .. }, _) = cause else {
        panic!("{cause:?}")
    };
    assert!((minimum - 0.9).abs() < 1e-12);
}

/// F1 on 400 labelled rows of a champion that misses one message, which arrives `copies` times.
#[test]
fn copies_of_one_missed_message_request_no_retrain() {
    let found = Confusion { true_positive: 190, false_positive: 5, true_negative: 205, false_negative: 0 };
    let decision = |copies: u64, tells_copies: bool| {
        let figures = |missed: u64| Figures::of(&mut [], Confusion { false_negative: missed, ..found });
        let distinct = DistinctFigures { messages: found.total() + 1, figures: figures(1) };
        let distinct = tells_copies.then_some(distinct);
        let metrics = Metrics { distinct, ..Metrics::new(400 + copies, figures(copies), "test") };
        let at_fit =
            Confusion { true_positive: 1950, false_negative: 50, false_positive: 50, true_negative: 1950 };
        let champion = Champion {
            threshold: Fraction::try_from(0.5).unwrap(),
            confusion: Some(at_fit),
            basis: VerdictRows::CrossValidation,
            fitted: None,
            learned: None,
        };
        let mut new = Profile::new(true);
        (0..400 + copies).for_each(|_| new.count_only(false, Some(Label::Positive)));
        let reference = Profile::new(true);
        let evidence = DriftEvidence {
            champion: Some(champion),
            reference: Some((&reference, "")),
            new,
            metrics: Some(&metrics),
            ..DriftEvidence::default()
        };
        decide(&evidence, &DriftPolicy::default(), Timestamp(0)).unwrap().0
    };
    assert!(decision(60, false).retrain_needed);
    let kept = decision(60, true);
    assert!(!kept.retrain_needed, "{:?}", kept.triggers);
    let labelled = kept.labelled.unwrap();
    assert_eq!((labelled.rows, labelled.messages), (460, 401));
    assert!(labelled.traffic_f1 < labelled.f1);
}

/// A message with one word, for profiles that need no text.
fn message(word: u16, score: f64, label: Option<Label>) -> MessageRecord {
    let look = Descriptor { words: vec![word, word + 1, word + 2], ..Descriptor::default() };
    MessageRecord::new(0, look, score, label, 1)
}

/// Messages whose scores are calibrated and mostly certain. The words begin at `first`. A label is drawn with the
/// probability of the score, or copied from the verdict.
fn scored(count: u64, seed: u64, first: u16, label: impl Fn(f64, f64) -> Label) -> Profile {
    scored_at(0.4, 0.0, count, seed, first, label)
}

/// As `scored`, with another share of spam, and a share of messages with scores of 0.15 and 0.85.
fn scored_at(
    spam: f64,
    unsure: f64,
    count: u64,
    seed: u64,
    first: u16,
    label: impl Fn(f64, f64) -> Label,
) -> Profile {
    let mut profile = Profile::new(true);
    for n in 0..count {
        let random = |part: u64| unit(mix(mix(seed << 32 | n) ^ part));
        let wrong = if random(3) < unsure { 0.15 } else { 0.5 * random(1).powi(8) };
        let score = if random(0) < spam { 1.0 - wrong } else { wrong };
        let label = Some(label(score, random(2)));
        profile.count_only(false, label);
        let word = first + u16::try_from(mix(n ^ seed) % 900).unwrap();
        profile.remember(mix(seed << 40 | n), message(word, score, label));
    }
    profile
}

fn by_verdict(score: f64, _: f64) -> Label {
    if score >= 0.5 { Label::Positive } else { Label::Negative }
}

fn drawn(score: f64, random: f64) -> Label {
    if random < score { Label::Positive } else { Label::Negative }
}

/// The decision on new messages of a champion with a threshold of 0.5. The confusion counts the labelled messages.
fn decided(reference: &Profile, new: Profile, policy: &DriftPolicy) -> DriftDecision {
    let mut confusion = Confusion::default();
    for record in new.records() {
        let verdict = if record.score() >= 0.5 { Label::Positive } else { Label::Negative };
        record.label().into_iter().for_each(|label| confusion.add(label, verdict));
    }
    let metrics = Metrics::new(new.rows, Figures::of(&mut [], confusion), "test");
    let at_fit =
        Confusion { true_positive: 1500, false_negative: 130, false_positive: 100, true_negative: 2270 };
    let threshold = Fraction::try_from(0.5).unwrap();
    let evidence = DriftEvidence {
        champion: Some(Champion {
            threshold,
            confusion: Some(at_fit),
            basis: VerdictRows::CrossValidation,
            fitted: None,
            learned: None,
        }),
        reference: Some((reference, "")),
        new,
        metrics: (confusion.total() > 0).then_some(&metrics),
        ..DriftEvidence::default()
    };
    decide(&evidence, policy, Timestamp(0)).unwrap().0
}

#[test]
fn lost_ham_above_the_limit_requests_a_retrain_with_confidence_only() {
    let reference = scored(4000, 1, 0, drawn);
    let policy = |limit: f64| DriftPolicy {
        max_fpr: Some(Fraction::try_from(limit).unwrap()),
        margin: 0.9,
        min_new_labels: 0,
        ..DriftPolicy::default()
    };
    // About 5.5% of the negative messages have a score above the threshold.
    let rate = |limit: f64, count: u64| {
        let decision = decided(&reference, scored(count, 2, 0, drawn), &policy(limit));
        let TriggerCause::Fpr(rate, _) = trigger(&decision, TriggerCode::Fpr).cause else { panic!() };
        (rate, decision.asked == Some(TriggerCode::Fpr))
    };
    let (found, fired) = rate(0.001, 1500);
    assert!(fired && found.unwrap().is_above, "{found:?}");
    let value = found.unwrap().value;
    // The limit is below the rate, but inside its interval.
    let (found, fired) = rate(value - 0.002, 1500);
    assert!(!fired && !found.unwrap().is_above, "{found:?}");
    assert_eq!(rate(0.001, 30), (None, false));
    assert!(
        decided(&reference, scored(1500, 2, 0, drawn), &DriftPolicy::default())
            .triggers
            .iter()
            .all(|trigger| trigger.code() != TriggerCode::Fpr)
    );
}

#[test]
fn the_points_of_all_changes_add_up_to_the_change_of_the_mean_score() {
    let reference = scored(4000, 1, 0, drawn);
    // Half of the new messages have three new words, which always occur together, and a higher score.
    let mut new = scored(500, 2, 0, drawn);
    for n in 0..500 {
        new.count_only(false, None);
        new.remember(mix(n ^ 7), message(3000, 0.7 + 0.0004 * unit(mix(n)), None));
    }
    let mut names = WordNames::default();
    for word in [3000, 3001, 3002] {
        names.note(word, &format!("word{word}"));
    }
    let evidence = DriftEvidence {
        champion: Some(Champion {
            threshold: Fraction::try_from(0.5).unwrap(),
            confusion: None,
            basis: VerdictRows::CrossValidation,
            fitted: None,
            learned: None,
        }),
        reference: Some((&reference, "")),
        new,
        names,
        ..DriftEvidence::default()
    };
    let changes = decide(&evidence, &DriftPolicy::default(), Timestamp(0)).unwrap().0.assessment.changes;
    let (score, points) =
        (changes.mean_score.unwrap(), changes.moved.iter().filter_map(|change| change.points));
    let words: Vec<f64> = points.clone().take(3).collect();
    assert!(words.iter().all(|points| (points - words[0]).abs() < 1e-9 && *points > 1.0), "{words:?}");
    let change = score.new - score.reference;
    assert!(change > 5.0 && (points.sum::<f64>() + score.left_over - change).abs() < 1e-9, "{score:?}");
    assert!(score.left_over.abs() < 0.2 * change, "{score:?}");
}

#[test]
fn labels_that_repeat_the_verdicts_are_no_evidence() {
    let reference = scored(4000, 1, 0, drawn);
    let policy = DriftPolicy::default();
    let copied = decided(&reference, scored(1000, 2, 0, by_verdict), &policy);
    assert!(copied.labels_needed && !copied.retrain_needed, "{:?}", copied.triggers);
    assert_eq!(copied.asked, Some(TriggerCode::FeedbackLoop));
    let performance = copied.triggers.iter().find(|trigger| trigger.code() == TriggerCode::Performance);
    assert!(
        matches!(performance.unwrap().cause, TriggerCause::Performance(LabelledF1::Feedback(_), _)),
        "{performance:?}"
    );
    // A retrain on these labels would only confirm the champion, unless it is forced.
    let forced = DriftPolicy { forced: true, ..policy.clone() };
    let forced = decided(&reference, scored(1000, 2, 0, by_verdict), &forced);
    assert!(forced.retrain_needed && !forced.labels_needed, "{:?}", forced.triggers);
    // Independent labels of the same messages are evidence.
    let own = decided(&reference, scored(1000, 2, 0, drawn), &policy);
    assert!(!own.labels_needed && own.asked.is_none(), "{:?}", own.triggers);
}

#[test]
fn a_guess_of_f1_requests_labels_and_no_retrain() {
    let reference = scored(4000, 1, 0, drawn);
    // Other words, and scores near the threshold: the estimate shows a loss, but it is a guess.
    let unsure = |label: bool| {
        let mut new = Profile::new(true);
        for n in 0..600 {
            let label = label.then_some(if n % 10 < 4 { Label::Positive } else { Label::Negative });
            let score = if n % 10 < 4 { 0.8 } else { 0.2 };
            new.count_only(false, label);
            new.remember(mix(n ^ 5), message(2000 + u16::try_from(n % 500).unwrap(), score, label));
        }
        new
    };
    let policy =
        DriftPolicy { retrain_on: RetrainOn::Performance, min_new_labels: 0, ..DriftPolicy::default() };
    let guess = decided(&reference, unsure(false), &policy);
    assert!(guess.assessment.expected.unwrap().is_guess(), "{:?}", guess.assessment.expected);
    assert_eq!(guess.asked, Some(TriggerCode::ExpectedPerformance));
    assert!(guess.labels_needed && !guess.retrain_needed, "{:?}", guess.triggers);
}

/// Runs of a champion that get their labels in the next run.
struct LateLabels {
    reference: Profile,
    history: History,
    retrains: Vec<PastRetrain>,
    unlabelled: Option<Profile>,
    min_new_labels: u64,
    runs: u64,
}

impl LateLabels {
    fn new() -> Self {
        Self {
            reference: scored(4000, 1, 0, drawn),
            history: History::default(),
            retrains: Vec::new(),
            unlabelled: None,
            min_new_labels: 0,
            runs: 0,
        }
    }

    /// A run with 400 new messages, and the labels of the messages before that `is_labelled` lets through. A challenger
    /// of a requested retrain is refused.
    fn run(
        &mut self,
        spam: f64,
        unsure: f64,
        label: impl Fn(f64, f64) -> Label,
        is_labelled: impl Fn(&MessageRecord) -> bool,
    ) -> DriftDecision {
        self.runs += 1;
        let known = scored_at(spam, unsure, 400, 100 + self.runs, 0, label);
        let (mut new, mut labelled) = (Profile::new(true), Profile::new(true));
        let mut confusion = Confusion::default();
        for (hash, record) in known.hashes().zip(known.records()) {
            new.count_only(false, None);
            new.remember(hash, MessageRecord::new(0, record.look.clone(), record.score(), None, 1));
        }
        if let Some(before) = self.unlabelled.replace(known) {
            let kept = before.hashes().zip(before.records()).filter(|(_, record)| is_labelled(record));
            for (hash, record) in kept {
                let label = record.label().unwrap();
                let is_positive = record.score() >= 0.5;
                confusion.add(label, if is_positive { Label::Positive } else { Label::Negative });
                labelled.count_only(false, Some(label));
                labelled.remember(hash, record.clone());
            }
        }
        new.merge(labelled);
        let metrics = Metrics::new(new.rows, Figures::of(&mut [], confusion), "test");
        let at_fit =
            Confusion { true_positive: 1500, false_negative: 130, false_positive: 100, true_negative: 2270 };
        let threshold = Fraction::try_from(0.5).unwrap();
        let evidence = DriftEvidence {
            champion: Some(Champion {
                threshold,
                confusion: Some(at_fit),
                basis: VerdictRows::CrossValidation,
                fitted: None,
                learned: None,
            }),
            reference: Some((&self.reference, "the reference")),
            new,
            metrics: (confusion.total() > 0).then_some(&metrics),
            history: self.history.clone(),
            retrains: self.retrains.clone(),
            ..DriftEvidence::default()
        };
        let policy = DriftPolicy {
            retrain_on: RetrainOn::Performance,
            min_new_labels: self.min_new_labels,
            ..DriftPolicy::default()
        };
        let time = Timestamp(i64::try_from(self.runs).unwrap() * 86_400);
        let (decision, record) = decide(&evidence, &policy, time).unwrap();
        self.history.add(record).unwrap();
        let answered = decision.retrain_needed.then_some(PastRetrain { time, was_better: false });
        self.retrains.extend(answered);
        decision
    }
}

fn measured_f1(decision: &DriftDecision) -> Option<LabelledF1> {
    match trigger(decision, TriggerCode::Performance).cause {
        TriggerCause::Performance(measured, _) => Some(measured),
        _ => None,
    }
}

#[test]
fn labels_that_come_a_run_late_are_no_picked_sample() {
    let mut late = LateLabels::new();
    for _ in 0..3 {
        late.run(0.4, 0.0, drawn, |_| true);
    }
    // The new messages have another class balance, so their scores differ from those of the labelled messages.
    assert!(measured_f1(&late.run(0.1, 0.0, drawn, |_| true)).unwrap().is_measured());
    let mut picked = LateLabels::new();
    let is_unsure = |record: &MessageRecord| (0.05..0.95).contains(&record.score());
    for _ in 0..3 {
        picked.run(0.4, 0.0, drawn, is_unsure);
    }
    let measured = measured_f1(&picked.run(0.4, 0.0, drawn, is_unsure));
    assert!(matches!(measured, Some(LabelledF1::Picked { .. })), "{measured:?}");
}

#[test]
fn labels_that_contradict_an_estimated_loss_prevent_a_retrain() {
    // The scores predict more errors than the labels have.
    let cautious = |score: f64, random: f64| {
        let verdict = by_verdict(score, 0.0);
        match verdict {
            Label::Positive if random < 0.6 * (1.0 - score) => Label::Negative,
            Label::Negative if random < 0.6 * score => Label::Positive,
            _ => verdict,
        }
    };
    let loss = |decision: &DriftDecision| match &trigger(decision, TriggerCode::ExpectedPerformance).cause {
        TriggerCause::Estimated(loss) => *loss,
        other => panic!("{other:?}"),
    };
    let mut late = LateLabels::new();
    for _ in 0..5 {
        late.run(0.4, 0.3, cautious, |_| true);
    }
    let labelled = late.run(0.4, 0.3, cautious, |_| true);
    assert!(!labelled.retrain_needed, "{:?}", labelled.triggers);
    assert!(loss(&labelled).contradicted.is_some(), "{:?}", loss(&labelled));
    // A further loss, without labels, counts.
    late.run(0.4, 1.0, cautious, |_| false);
    let worse = late.run(0.4, 1.0, cautious, |_| false);
    assert!(loss(&worse).lower_bound() > Some(0.0), "{:?}", loss(&worse));
    // Labels that agree with the estimate do not hide the loss.
    let mut late = LateLabels::new();
    let requests: Vec<bool> = (0..6).map(|_| late.run(0.4, 0.3, drawn, |_| true).retrain_needed).collect();
    assert!(requests.contains(&true), "{requests:?}");
}

#[test]
fn a_measured_loss_that_a_retrain_has_answered_needs_new_labels() {
    let often_wrong = |score: f64, random: f64| {
        let is_wrong = random < 4.0 * score.min(1.0 - score);
        by_verdict(if is_wrong { 1.0 - score } else { score }, 0.0)
    };
    let mut late = LateLabels { min_new_labels: 1000, ..LateLabels::new() };
    let runs: Vec<DriftDecision> = (0..8).map(|_| late.run(0.4, 0.0, often_wrong, |_| true)).collect();
    let requests: Vec<bool> = runs.iter().map(|run| run.retrain_needed).collect();
    // Each run brings 400 labels.
    assert_eq!(requests, [false, false, false, true, false, false, true, false]);
    assert!(runs[2].labels_needed && runs[3..].iter().all(|run| !run.labels_needed));
}

#[test]
fn an_estimated_loss_that_a_retrain_has_answered_is_requested_again_only_when_it_grows() {
    let mut unlabelled = LateLabels::new();
    let mut requests = |unsure: f64, runs: usize| -> usize {
        let run = |_| unlabelled.run(0.4, unsure, drawn, |_| false).retrain_needed;
        (0..runs).map(run).filter(|requested| *requested).count()
    };
    assert_eq!(requests(0.0, 4), 0);
    let first = requests(0.4, 10);
    assert!((1..=3).contains(&first), "{first}");
    assert_eq!(requests(0.4, 10), 0, "the loss is the same");
    assert!(requests(1.0, 6) >= 1, "the loss has grown");
}

fn trigger(decision: &DriftDecision, code: TriggerCode) -> &Trigger {
    decision.triggers.iter().find(|trigger| trigger.code() == code).unwrap()
}

#[test]
fn a_change_of_the_class_balance_alone_requests_no_retrain() {
    let reference = scored(4000, 1, 0, drawn);
    let less_ham = |first: u16| {
        let all = scored(6000, 9, first, drawn);
        let (mut kept, mut ham) = (Profile::new(true), 0);
        for (hash, record) in all.hashes().zip(all.records()) {
            ham += u32::from(record.label() == Some(Label::Negative));
            if record.label() == Some(Label::Positive) || ham % 4 == 0 {
                kept.count_only(false, record.label());
                kept.remember(hash, record.clone());
            }
        }
        kept
    };
    let policy = DriftPolicy { retrain_on: RetrainOn::AnyDrift, min_new_labels: 0, ..DriftPolicy::default() };
    let decision = decided(&reference, less_ham(0), &policy);
    assert_eq!(decision.assessment.verdict, DriftVerdict::Drifted);
    assert!(!trigger(&decision, TriggerCode::Drift).fired, "{:?}", decision.triggers);
    let gain = decision.assessment.prior_gain.unwrap();
    assert!(gain.messages > 2000 && gain.corrected_f1 > gain.f1, "{gain:?}");
    // Other words are drift, whatever the class balance.
    let decision = decided(&reference, less_ham(2000), &policy);
    assert!(trigger(&decision, TriggerCode::Drift).fired, "{:?}", decision.triggers);
    assert_eq!(decision.assessment.prior_gain, None);
}

/// Decisions of a small first model on consecutive days of 100 rows.
fn days_of_small_model(scenario: Scenario, days: usize) -> Vec<DriftDecision> {
    let reference = profile(stream::rows(Scenario::QUIET, 300, 3));
    let (mut history, mut decisions) = (History::default(), Vec::new());
    let mut rows = stream::rows(scenario, 100 * days, 79);
    for day in 0..days {
        let evidence = DriftEvidence {
            reference: Some((&reference, "the reference")),
            new: profile(rows.by_ref().take(100)),
            history: history.clone(),
            ..DriftEvidence::default()
        };
        let now = Timestamp(i64::try_from(day).unwrap() * 86_400);
        let (decision, record) = decide(&evidence, &DriftPolicy::default(), now).unwrap();
        history.add(record).unwrap();
        decisions.push(decision);
    }
    decisions
}

#[test]
fn a_small_first_model_gets_the_windows_that_the_policy_promises() {
    let drifted = days_of_small_model(Scenario { language: 0.3, ..Scenario::QUIET }, 9);
    // A window has at most the 300 messages of the reference, so three windows are nine days.
    assert!(drifted.iter().all(|day| day.assessment.window.messages < 400));
    assert!(drifted.iter().any(|day| day.retrain_needed));
    let quiet = days_of_small_model(Scenario::QUIET, 30);
    assert!(quiet.iter().all(|day| !day.retrain_needed));
}

#[test]
fn labelled_rows_to_learn_from_request_a_retrain() {
    let reference = profile(stream::rows(Scenario::QUIET, 1000, 3));
    let threshold = Fraction::try_from(0.5).unwrap();
    let (mut history, mut retrains, mut requests) = (History::default(), Vec::new(), Vec::new());
    let decide_on = |history: &History, retrains: &[PastRetrain], day: i64, policy: &DriftPolicy| {
        let evidence = DriftEvidence {
            champion: Some(Champion {
                threshold,
                confusion: None,
                basis: VerdictRows::CrossValidation,
                fitted: None,
                learned: Some(1000),
            }),
            reference: Some((&reference, "the reference")),
            new: profile(stream::rows(Scenario::QUIET, 300, 700 + u64::try_from(day).unwrap())),
            history: history.clone(),
            retrains: retrains.to_vec(),
            ..DriftEvidence::default()
        };
        decide(&evidence, policy, Timestamp(day * 86_400)).unwrap()
    };
    for day in 0..6 {
        let (decision, record) = decide_on(&history, &retrains, day, &DriftPolicy::default());
        history.add(record).unwrap();
        requests.push(decision.retrain_needed);
        if decision.retrain_needed {
            assert_eq!(decision.asked, Some(TriggerCode::MoreLabels));
            retrains.push(PastRetrain { time: decision.time, was_better: false });
        }
    }
    // 600 rows are more than half of 1,000. The refused challenger learned from 1,600, so 900 more are needed.
    assert_eq!(requests, [false, true, false, false, true, false]);
    let without = DriftPolicy { max_label_growth: None, ..DriftPolicy::default() };
    let (decision, _) = decide_on(&history, &retrains, 20, &without);
    assert!(decision.triggers.iter().all(|trigger| trigger.code() != TriggerCode::MoreLabels));
}
