//! Writes the headline of a run, and one sentence with the decision and its reason.

use crate::compare::report::CompareReport;
use crate::drift::drift_report::DriftReport;
use crate::drift::triggers::TriggerCode;
use crate::drift::verdict::DriftVerdict;
use crate::io::diagnostics::inert;
use crate::reason::Reason;
use crate::registry::holds::AliasHold;
use crate::registry::journal::JournalAction;
use crate::registry::moves::Promotion;
use crate::report::RunResults;
use crate::report::compare_facts::{better_fact, stays_fact};
use crate::report::numbers::{amount, count, counted, figure, number};
use crate::report::prose::{self, word};
use crate::rows::contract::{Severity, ValidateReport, ValidateVerdict};
use crate::stats::metrics::Metrics;

/// Maximum number of characters in the sentence, so that it fits into a chat or commit message.
pub(super) const MAX_SENTENCE: usize = 200;

/// The decision of a run.
pub(super) enum RunOutcome<'a> {
    /// The alias moved, or already pointed to this version.
    Promoted(&'a Promotion),
    /// The challenger is better, but not promoted.
    Better(&'a CompareReport),
    /// The challenger is better, but the champion is held.
    Held(&'a CompareReport, &'a AliasHold),
    /// The challenger is not promoted.
    Stays(&'a CompareReport),
    /// Drift requests a retrain.
    Retrain(&'a DriftReport),
    /// A retrain needs more labels first.
    NeedsLabels(&'a DriftReport),
    /// A retrain waits for the cooldown.
    Waits(&'a Reason),
    /// `drift` requests neither a retrain nor labels.
    Quiet(&'a DriftReport),
    /// The new rows are valid, and drift has not run.
    Valid(&'a ValidateReport),
    /// The new rows break the contract.
    Invalid(&'a ValidateReport),
    /// There are no new rows.
    NoRows,
    /// There are only metrics.
    Measured(&'a Metrics),
    /// The directory has no results.
    NoResults,
}

impl<'a> RunOutcome<'a> {
    /// The last decision of a run.
    pub(super) fn of(run: &'a RunResults) -> Self {
        let waits = |drift: &'a DriftReport| find(drift, TriggerCode::Cooldown).filter(|reason| reason.fired);
        match run {
            RunResults { promote: Some(promote), .. } => Self::Promoted(promote),
            RunResults { compare: Some(compare), hold: Some(hold), .. } if compare.deploy_needed => {
                Self::Held(compare, hold)
            }
            RunResults { compare: Some(compare), .. } if compare.deploy_needed => Self::Better(compare),
            RunResults { compare: Some(compare), .. } => Self::Stays(compare),
            RunResults { drift: Some(drift), .. } if drift.retrain_needed => Self::Retrain(drift),
            RunResults { drift: Some(drift), .. } if drift.labels_needed => Self::NeedsLabels(drift),
            RunResults { drift: Some(drift), validate, .. } => match (waits(drift), validate) {
                (Some(cooldown), _) => Self::Waits(cooldown),
                (None, Some(validate)) if validate.verdict == ValidateVerdict::Invalid => {
                    Self::Invalid(validate)
                }
                (None, _) => Self::Quiet(drift),
            },
            RunResults { validate: Some(validate), .. } => match validate.verdict {
                ValidateVerdict::Valid => Self::Valid(validate),
                ValidateVerdict::Invalid => Self::Invalid(validate),
                ValidateVerdict::Empty => Self::NoRows,
            },
            RunResults { metrics: Some(metrics), .. } => Self::Measured(metrics),
            _ => Self::NoResults,
        }
    }

    /// The decision in a few words, without its reason.
    pub(super) fn headline(&self) -> String {
        match self {
            Self::Promoted(promote) => {
                let version = promote.version;
                match promote.action {
                    JournalAction::RolledBack => format!("Version {version} is the champion again"),
                    _ if !promote.changed => format!("Version {version} is already the champion"),
                    _ => format!("Version {version} is now the champion"),
                }
            }
            Self::Better(compare) if compare.champion_f1.is_none() => {
                "The challenger can be the first champion".into()
            }
            Self::Better(_) => "The challenger is better".into(),
            Self::Held(..) => "The challenger is better, but the champion is held".into(),
            Self::Stays(compare) if compare.champion_f1.is_none() => "The challenger is not promoted".into(),
            Self::Stays(_) => "The champion stays".into(),
            Self::Retrain(drift) if drift.reason == Some(TriggerCode::NoChampion) => {
                "A first model is needed".into()
            }
            Self::Retrain(_) => "A retrain is needed".into(),
            Self::NeedsLabels(_) => "A retrain is needed, but labels are missing".into(),
            Self::Waits(_) => "A retrain is needed but waits".into(),
            Self::Quiet(_) | Self::NoRows | Self::NoResults => "Nothing to do".into(),
            Self::Valid(_) => "The new rows are valid".into(),
            Self::Invalid(_) => "The new rows break the contract".into(),
            Self::Measured(_) => "The champion is measured".into(),
        }
    }

    /// The decision and the facts behind it, in one line of at most 200 characters.
    pub(super) fn sentence(&self, run: &RunResults) -> String {
        let headline = self.headline();
        let with =
            |fact: String| if fact.is_empty() { headline.clone() } else { format!("{headline}: {fact}") };
        let sentence = match self {
            Self::Promoted(promote) => match &run.compare {
                Some(compare) if compare.deploy_needed && promote.action != JournalAction::RolledBack => {
                    let short = with(better_fact(compare));
                    let long = run.drift.as_ref().and_then(|drift| promotion_reason(&short, drift));
                    long.unwrap_or(short)
                }
                _ => with(promote.reason.clone()),
            },
            Self::Better(compare) => with(better_fact(compare)),
            Self::Held(compare, hold) => format!("{headline} {}; {}", hold_fact(hold), better_fact(compare)),
            Self::Stays(compare) => with(stays_fact(compare)),
            Self::Retrain(drift) => with(retrain_fact(drift)),
            Self::NeedsLabels(drift) => labels_sentence(run, drift),
            Self::Waits(cooldown) => {
                let [since, limit] =
                    [cooldown.value, cooldown.limit].map(|hours| hours.unwrap_or(0.0).max(0.0));
                with(format!(
                    "the last retrain was {} ago (cooldown {})",
                    amount(since, "hour"),
                    amount(limit, "hour")
                ))
            }
            Self::Quiet(drift) => with(quiet_fact(drift)),
            Self::Valid(validate) => with(format!(
                "the contract accepts {} of {}",
                count(validate.clean),
                counted(validate.rows, "row")
            )),
            Self::Invalid(validate) => with(contract_fact(validate)),
            Self::NoRows => with("there are no new rows".into()),
            Self::Measured(metrics) => with(format!(
                "F1 is {} on {}",
                figure(metrics.deciding_figures().f1),
                match &metrics.distinct {
                    Some(distinct) => counted(distinct.messages, "distinct labelled message"),
                    None => counted(metrics.labelled, "labelled row"),
                }
            )),
            Self::NoResults => with("there are no results yet".into()),
        };
        cut(inert(&sentence).trim_end_matches(['.', ':', ';', ' ']))
    }
}

/// Since when, by whom and why the champion is held. A long reason is cut, because the verdict follows.
fn hold_fact(hold: &AliasHold) -> String {
    let day = |time: &str| time.split('T').next().unwrap_or_default().to_owned();
    let until = hold.until.as_ref().map_or_else(String::new, |until| format!(" until {}", day(until)));
    let by = hold.actor.as_ref().map_or_else(String::new, |actor| format!(" by {}", word(actor)));
    let why = if hold.reason.is_empty() { String::new() } else { format!(" ({})", word(&hold.reason)) };
    format!("since {}{until}{by}{why}", day(&hold.since))
}

pub(super) fn find(drift: &DriftReport, code: TriggerCode) -> Option<&Reason> {
    drift.reasons.iter().find(|reason| reason.code == code.name())
}

/// The trigger of a retrain. Several triggers can have the same code, one for each watched file.
fn fired_trigger(drift: &DriftReport) -> Option<&Reason> {
    let code = drift.reason?;
    drift.reasons.iter().find(|reason| reason.fired && reason.code == code.name())
}

fn labels_sentence(run: &RunResults, drift: &DriftReport) -> String {
    if let Some(feedback) = find(drift, TriggerCode::FeedbackLoop) {
        return format!("Independent labels are needed: {}", feedback.fact());
    }
    let labels = find(drift, TriggerCode::LabelsNeeded).and_then(|reason| reason.value.zip(reason.limit));
    let (labels, limit) = labels.unwrap_or_default();
    let labels = match amount(labels, "new label") {
        labels if labels == "0 new labels" => "there are no new labels".into(),
        labels if labels == "1 new label" => format!("only {labels} is available"),
        labels => format!("only {labels} are available"),
    };
    let rows = if run.files.contains(&"to-label.csv") { "the rows in to-label.csv" } else { "more rows" };
    format!("A retrain is needed, but {labels} (limit {}); label {rows}", number(limit))
}

/// Appends the trigger of the retrain, if the sentence stays within its maximum length.
fn promotion_reason(sentence: &str, drift: &DriftReport) -> Option<String> {
    let is_retrain = drift.retrain_needed && drift.reason != Some(TriggerCode::NoChampion);
    let long = is_retrain.then(|| format!("{sentence}; retrained because {}", retrain_fact(drift)))?;
    (inert(&long).chars().count() <= MAX_SENTENCE).then_some(long)
}

/// The trigger of a retrain, with its number and limit.
pub(super) fn retrain_fact(drift: &DriftReport) -> String {
    let fired = fired_trigger(drift);
    let measured = fired.and_then(|reason| reason.value.zip(reason.limit));
    match (drift.reason, measured, &drift.expected) {
        (Some(TriggerCode::Forced), ..) => "it is forced".into(),
        (Some(TriggerCode::ExpectedPerformance), Some((_, margin)), Some(estimated)) => format!(
            "estimated F1 is {} on {}; the reference is {}{} (limit: {} below the reference)",
            figure(estimated.expected.value),
            counted(estimated.messages, "message"),
            figure(estimated.reference.value),
            if estimated.adjusted { " after adjusting for class balance" } else { "" },
            number(margin)
        ),
        (Some(TriggerCode::Drift), Some((windows, limit)), _) => {
            format!("the messages drifted in {} (limit {})", amount(windows, "window"), number(limit))
        }
        (Some(TriggerCode::Changes), Some((lines, limit)), _) => {
            format!("a watched file has {} (limit {})", amount(lines, "changed line"), number(limit))
        }
        _ => fired.map_or_else(String::new, |reason| reason.fact().to_owned()),
    }
}

fn quiet_fact(drift: &DriftReport) -> String {
    let window = &drift.window;
    match drift.verdict {
        DriftVerdict::Steady => prose::steady(drift),
        DriftVerdict::InsufficientData => prose::too_few(window.messages, window.reference, window.needed),
        DriftVerdict::Drifted => match find(drift, TriggerCode::Drift) {
            // The reason of the trigger names the policy: the number of windows, or that drift triggers nothing.
            Some(reason) => reason.says.clone(),
            None => format!(
                "the messages have drifted{}, but not enough for a retrain",
                prose::alarm_count(drift)
            ),
        },
    }
}

fn contract_fact(validate: &ValidateReport) -> String {
    let Some(check) = validate.failed.iter().find(|check| check.severity == Severity::Fail) else {
        let rejected = count(validate.rejected);
        return format!("the contract rejects {rejected} of {}", counted(validate.rows, "row"));
    };
    match check.examples.first() {
        Some(example) if check.count <= 1 => example.clone(),
        _ => format!("{} failed the check {}", counted(check.count, "row"), word(&check.name)),
    }
}

/// Cuts a long sentence between two words.
fn cut(sentence: &str) -> String {
    let Some((end, _)) = sentence.char_indices().nth(MAX_SENTENCE) else { return sentence.to_owned() };
    // Leave room for the ellipsis.
    let kept: String = sentence[..end].chars().take(MAX_SENTENCE - 1).collect();
    let words = kept.rsplit_once(' ').map_or(&*kept, |(words, _)| words);
    format!("{}…", words.trim_end_matches([',', ';', ':', ' ']))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::decision;
    use crate::compare::evidence::{CompareEvidence, RowCounts};
    use crate::compare::gates::Gate;
    use crate::compare::golden::{GoldenMiss, GoldenResult};
    use crate::compare::recent::{DatedRows, NewestRows};
    use crate::compare::sequential::SequentialEvidence;
    use crate::compare::slices::Slices;
    use crate::drift::decision::decide;
    use crate::drift::observation::DriftEvidence;
    use crate::drift::policy::DriftPolicy;
    use crate::io::dates::Timestamp;
    use crate::io::fraction::Fraction;
    use crate::model::estimate::RequiredGate;
    use crate::report::compare_sentences::report;
    use crate::report::drift_sentences::drift_report;
    use crate::rows::contract::FailedCheck;
    use crate::rows::label::Label::{Negative, Positive};
    use crate::stats::metrics::{Confusion, FigureName};
    use crate::stats::paired::{PairedConfusion, PairedCounts};

    const HOSTILE: [&str; 5] = [
        "a\n::set-output name=x::y\r\u{1b}[31m\u{202e}",
        "=cmd|' /C calc'!A0; <script>alert(1)</script>",
        "one two three",
        "lang",
        "",
    ];

    fn sentence(run: &RunResults) -> String {
        let sentence = RunOutcome::of(run).sentence(run);
        assert!(sentence.chars().count() <= MAX_SENTENCE, "{sentence}");
        assert!(!sentence.chars().any(char::is_control) && !sentence.contains('\u{202e}'), "{sentence}");
        for word in [" p ", "(p", "McNemar", "Kolmogorov", "AUC"] {
            assert!(!sentence.contains(word), "{word}: {sentence}");
        }
        assert!(!sentence.ends_with(['.', ':', ' ']), "{sentence}");
        sentence
    }

    fn paired(only_champion: u64, only_challenger: u64) -> PairedConfusion {
        PairedConfusion {
            positive: PairedCounts {
                both: 100,
                only_one: only_champion,
                only_other: only_challenger,
                neither: 0,
            },
            negative: PairedCounts { neither: 100, ..PairedCounts::default() },
        }
    }

    fn evidence(only_champion: u64, only_challenger: u64) -> CompareEvidence {
        CompareEvidence::of(RowCounts::Paired(paired(only_champion, only_challenger)))
    }

    fn compared(evidence: CompareEvidence) -> RunResults {
        RunResults { compare: Some(report(decision::decide(evidence), "compare")), ..RunResults::default() }
    }

    fn drift(code: TriggerCode, reason: Reason) -> DriftReport {
        let (decision, _) = decide(&DriftEvidence::default(), &DriftPolicy::default(), Timestamp(0)).unwrap();
        let mut drift = drift_report(decision, "drift");
        (drift.retrain_needed, drift.reason) = (true, Some(code));
        drift.reasons = vec![Reason { code: code.name().into(), fired: true, ..reason }];
        drift
    }

    fn drifted(code: TriggerCode, reason: Reason) -> RunResults {
        RunResults { drift: Some(drift(code, reason)), ..RunResults::default() }
    }

    #[test]
    fn names_the_trigger_of_a_retrain() {
        let f1 = "F1 fell to 0.872 on 711 labelled rows (limit 0.977); 95% interval 0.836 to 0.901";
        let retrain = |code, reason| sentence(&drifted(code, reason));
        assert_eq!(
            retrain(TriggerCode::Performance, Reason::against("", true, f1, 0.1, 0.01)),
            "A retrain is needed: F1 fell to 0.872 on 711 labelled rows (limit 0.977)"
        );
        assert_eq!(
            retrain(TriggerCode::NoChampion, Reason::plain("", true, "there is no champion yet")),
            "A first model is needed: there is no champion yet"
        );
        assert_eq!(
            retrain(TriggerCode::Drift, Reason::against("", true, "the messages have drifted", 2.0, 2.0)),
            "A retrain is needed: the messages drifted in 2 windows (limit 2)"
        );
        let mut watched = drifted(TriggerCode::Changes, Reason::against("", true, "", 500.0, 100.0));
        let changes = &mut watched.drift.as_mut().unwrap().reasons;
        changes.insert(0, Reason { fired: false, value: Some(1.0), ..changes[0].clone() });
        assert_eq!(
            sentence(&watched),
            "A retrain is needed: a watched file has 500 changed lines (limit 100)"
        );
        for code in TriggerCode::ALL {
            for text in HOSTILE {
                let long = text.repeat(300);
                for says in [text, &long] {
                    assert!(!retrain(code, Reason::against("", true, says, f64::MAX, -1e300)).is_empty());
                    assert!(!retrain(code, Reason::plain("", true, says)).is_empty());
                }
            }
        }
    }

    #[test]
    fn says_why_a_retrain_waits() {
        let mut run = drifted(TriggerCode::Cooldown, Reason::against("", true, "", 12.0, 24.0));
        run.drift.as_mut().unwrap().retrain_needed = false;
        assert_eq!(
            sentence(&run),
            "A retrain is needed but waits: the last retrain was 12 hours ago (cooldown 24 hours)"
        );
        let mut run = drifted(TriggerCode::LabelsNeeded, Reason::against("", true, "", 12.0, 100.0));
        let drift = run.drift.as_mut().unwrap();
        (drift.retrain_needed, drift.labels_needed) = (false, true);
        run.files = vec!["to-label.csv"];
        assert_eq!(
            sentence(&run),
            "A retrain is needed, but only 12 new labels are available (limit 100); label the rows in to-label.csv"
        );
    }

    #[test]
    fn says_why_nothing_is_needed() {
        let quiet = |verdict, windows, messages| {
            let says = "the messages have drifted (7 of 8 signals); persistent drift needs 2 of the last 3 windows (1 so far)";
            let mut run = drifted(TriggerCode::Drift, Reason::against("", false, says, windows, 2.0));
            let drift = run.drift.as_mut().unwrap();
            (drift.retrain_needed, drift.verdict) = (false, verdict);
            drift.reasons[0].fired = false;
            (drift.window.messages, drift.window.needed, drift.window.reference) = (messages, Some(212), 9);
            sentence(&run)
        };
        assert_eq!(quiet(DriftVerdict::Steady, 0.0, 500), "Nothing to do: the messages have not drifted");
        assert_eq!(
            quiet(DriftVerdict::InsufficientData, 0.0, 38),
            "Nothing to do: too few messages for a verdict: 38 (minimum 212)"
        );
        assert_eq!(
            quiet(DriftVerdict::Drifted, 1.0, 500),
            "Nothing to do: the messages have drifted (7 of 8 signals); persistent drift needs 2 of the last 3 windows (1 so far)"
        );
    }

    #[test]
    fn states_the_result_of_a_comparison() {
        assert_eq!(
            sentence(&compared(evidence(4, 20))),
            "The challenger is better: F1 rose from 0.912 to 0.984 on 224 rows"
        );
        assert_eq!(
            sentence(&compared(evidence(20, 4))),
            "The champion stays: F1 is 0.912 for the challenger and 0.984 for the champion on 224 rows"
        );
        let open = sentence(&compared(evidence(3, 5)));
        assert!(
            open.starts_with(
                "The champion stays: F1 is 0.986 for the challenger and 0.976 for the champion; "
            ),
            "{open}"
        );
        assert!(open.ends_with(" more labelled rows are needed to detect this difference"), "{open}");
        assert_eq!(
            sentence(&compared(CompareEvidence::of(RowCounts::Paired(PairedConfusion::default())))),
            "The champion stays: there are no labelled rows to compare the models on"
        );
        let first =
            CompareEvidence::of(RowCounts::Alone(Confusion { true_positive: 3, ..Confusion::default() }));
        assert_eq!(
            sentence(&compared(first)),
            "The challenger can be the first champion: its F1 is 1.000 on 3 labelled rows"
        );
        let sequential = |most_for_challenger, most_for_champion| SequentialEvidence {
            copies: 0,
            looks: 3,
            rows: 224,
            new: 9,
            for_challenger: 15.0,
            for_champion: 0.1,
            most_for_challenger,
            most_for_champion,
        };
        for (challenger, champion, wanted) in [
            (
                25.0,
                1.0,
                "The challenger is better: the evidence for the challenger is 25 after 224 rows (limit 20)",
            ),
            (1.0, 25.0, "The champion stays: the evidence for the champion is 25 after 224 rows (limit 20)"),
            (
                15.0,
                1.0,
                "The champion stays: the evidence for the challenger is 15 after 224 rows (limit 20)",
            ),
        ] {
            let sequential = Some(sequential(challenger, champion));
            assert_eq!(sentence(&compared(CompareEvidence { sequential, ..evidence(4, 20) })), wanted);
        }
        let sequential = Some(sequential(302.0, 1.0));
        let stays = sentence(&compared(CompareEvidence { sequential, ..evidence(40, 20) }));
        assert!(stays.starts_with("The champion stays: on all 260 rows, F1 may be up to 0."), "{stays}");
    }

    #[test]
    fn names_the_newest_rows_and_a_possible_loss_on_all_rows() {
        let (mut dated, mut all, mut message) = (DatedRows::default(), PairedConfusion::default(), 0);
        for (time, only_champion, only_challenger) in [(1, 30, 3), (2, 4, 20)] {
            let rows = [
                (200, Positive, Positive),
                (only_champion, Positive, Negative),
                (only_challenger, Negative, Positive),
            ];
            for (count, champion, challenger) in rows {
                for _ in 0..count {
                    dated.add(message, Some(Timestamp(time)), Positive, champion, challenger);
                    message += 1;
                    all.add(Positive, champion, challenger);
                }
            }
        }
        let recent = dated.newest(Some(NewestRows::Fraction(Fraction::try_from(0.4).unwrap())));
        let run = compared(CompareEvidence { recent, ..CompareEvidence::of(RowCounts::Paired(all)) });
        let sentence = sentence(&run);
        assert!(
            sentence.starts_with("The champion stays: on all 457 rows, F1 may be up to 0.0"),
            "{sentence}"
        );
    }

    #[test]
    fn names_the_failed_check() {
        let checked = |change: &dyn Fn(&mut CompareEvidence)| {
            let mut evidence = evidence(4, 20);
            change(&mut evidence);
            sentence(&compared(evidence))
        };
        assert_eq!(
            checked(&|evidence| evidence.gates = vec![Gate::at_threshold(FigureName::F1, 0.99)]),
            "The champion stays: the challenger's f1 is 0.984 (limit 0.99)"
        );
        let required = RequiredGate { figure: "f1".into(), limit: 0.9, value: Some(0.5), passed: false };
        assert!(checked(&|evidence| evidence.required = vec![required.clone()]).contains("0.5"));
        let shown =
            vec![GoldenMiss { line: 7, expected: "spam".into(), judged_as: "ham".into(), spam_score: 0.1 }];
        let golden = GoldenResult { rows: 40, wrong: 3, shown };
        assert_eq!(
            checked(&|evidence| evidence.golden = Some(golden.clone())),
            "The champion stays: 3 of 40 golden messages got the wrong verdict (limit 0)"
        );
        for by in HOSTILE {
            for value in [by, &by.repeat(300), "de"] {
                let mut slices = Slices::default();
                for (rows, challenger) in [(12, Negative), (20, Positive)] {
                    (0..rows).for_each(|_| slices.add(by, value, Positive, Positive, challenger));
                }
                let said = checked(&|evidence| evidence.slices = slices.clone());
                if (by, value) == ("lang", "de") {
                    let wanted = "The champion stays: F1 on lang=de fell from 1.000 to 0.769 on 32 rows (maximum loss 0.03)";
                    assert_eq!(said, wanted);
                }
                assert!(said.contains("(maximum loss 0.03)"), "{said}");
            }
        }
    }

    #[test]
    fn a_promotion_says_why_it_retrained() {
        let f1 = "F1 fell to 0.872 on 711 labelled rows (limit 0.977); 95% interval 0.836 to 0.901";
        let promotion = |reason: &str, action| Promotion {
            head: crate::io::result_file::ResultHead::new("promote", "promote"),
            name: "spam".into(),
            alias: "champion".into(),
            action,
            changed: true,
            dry_run: false,
            version: 2,
            previous_version: Some(1),
            digest: "71e7".into(),
            sequence: 2,
            journal_head: None,
            hold: None,
            moved: "2026-10-01".into(),
            reason: reason.into(),
            actor: None,
            writes: Vec::new(),
        };
        let mut run = compared(evidence(4, 20));
        run.drift = Some(drift(TriggerCode::Performance, Reason::against("", true, f1, 0.1, 0.01)));
        run.promote = Some(promotion("better", JournalAction::Assigned));
        assert_eq!(
            sentence(&run),
            "Version 2 is now the champion: F1 rose from 0.912 to 0.984 on 224 rows; \
            retrained because F1 fell to 0.872 on 711 labelled rows (limit 0.977)"
        );
        let mut rollback = run.clone();
        rollback.promote = Some(promotion("ham in quarantine", JournalAction::RolledBack));
        assert_eq!(sentence(&rollback), "Version 2 is the champion again: ham in quarantine");
        run.drift.as_mut().unwrap().reasons[0].says = "long words ".repeat(30);
        assert_eq!(sentence(&run), "Version 2 is now the champion: F1 rose from 0.912 to 0.984 on 224 rows");
        for text in HOSTILE {
            let run = RunResults {
                promote: Some(promotion(&text.repeat(300), JournalAction::RolledBack)),
                ..RunResults::default()
            };
            assert!(sentence(&run).starts_with("Version 2 is the champion again"));
        }
    }

    #[test]
    fn says_which_rows_break_the_contract() {
        let invalid = |name: &str, count, example: &str| {
            let failed = FailedCheck {
                name: name.into(),
                severity: Severity::Fail,
                count,
                examples: vec![example.into()],
            };
            let validate = ValidateReport {
                head: crate::io::result_file::ResultHead::new("validate", "validate"),
                verdict: ValidateVerdict::Invalid,
                rows: 500,
                clean: 88,
                rejected: 412,
                failed: vec![failed],
                reasons: Vec::new(),
            };
            sentence(&RunResults { validate: Some(validate), ..RunResults::default() })
        };
        assert_eq!(
            invalid("rejects", 1, "82.4% of the rows are rejected (limit 5%)"),
            "The new rows break the contract: 82.4% of the rows are rejected (limit 5%)"
        );
        assert_eq!(
            invalid("label.type", 412, "line 7: …"),
            "The new rows break the contract: 412 rows failed the check label.type"
        );
        for text in HOSTILE {
            invalid(text, 1, &text.repeat(300));
            invalid(&text.repeat(300), 2, text);
        }
    }

    #[test]
    fn cuts_a_long_sentence_between_words() {
        assert_eq!(cut("short"), "short");
        let long = "word, ".repeat(60);
        let sentence = cut(&long);
        assert!(sentence.ends_with("word…") && sentence.chars().count() <= MAX_SENTENCE, "{sentence}");
        assert_eq!(cut(&"é".repeat(500)).chars().count(), MAX_SENTENCE);
    }
}
