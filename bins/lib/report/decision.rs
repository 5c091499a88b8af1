//! Combines the results of a run into one decision, and formats the runner's outputs.

use super::{escape, prose};
use std::path::Path;

use anyhow::{Result, bail};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::compare::paired_result::CompareVerdict;
use crate::compare::report::CompareReport;
use crate::cycle::files::RECORD;
use crate::cycle::record;
use crate::drift::drift_report::DriftReport;
use crate::drift::triggers::TriggerCode;
use crate::drift::verdict::DriftVerdict;
use crate::io::dates::Timestamp;
use crate::io::diagnostics::inert;
use crate::io::result_file::{self, ResultHead};
use crate::io::stream::Place;
use crate::reason::Reason;
use crate::registry::CHAMPION;
use crate::registry::moves::Promotion;
use crate::rows::contract::{ValidateReport, ValidateVerdict};
use crate::state::gathered;
use crate::stats::metrics::Metrics;

/// The results of one run, as far as it went.
#[derive(Clone, Debug, Default)]
pub struct RunResults {
    /// The run of the cycle that all results belong to; none if the tools were called one by one.
    pub run_id: Option<String>,
    /// What `validate` found.
    pub validate: Option<ValidateReport>,
    /// What the champion scored.
    pub metrics: Option<Metrics>,
    /// What `drift` found.
    pub drift: Option<DriftReport>,
    /// What `compare` found.
    pub compare: Option<CompareReport>,
    /// What `promote` did.
    pub promote: Option<Promotion>,
}

/// What a run decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is an answer of its own")]
pub struct Decision {
    /// Schema and tool.
    #[serde(flatten)]
    pub head: ResultHead,
    /// Seconds since 1970.
    pub time: i64,
    /// Whether there are new rows and they kept their contract.
    pub valid: bool,
    /// Whether a new model is asked for.
    pub retrain_needed: bool,
    /// Whether labels are asked for first.
    #[serde(default)]
    pub labels_needed: bool,
    /// Whether the new model is better.
    pub deploy_needed: bool,
    /// The version promoted, where one was.
    pub promoted_version: Option<u64>,
    /// A word for programs: the trigger that asks for a new model, what holds it back, or else the verdict on the messages
    /// or on the rows; `none` where nobody asked.
    #[serde(default)]
    pub reason_code: String,
    /// What was decided, in a few words.
    #[serde(default)]
    pub says: String,
    /// Every reason that spoke.
    pub reasons: Vec<String>,
}

/// Reasons that are named at most.
pub(super) const REASONS: usize = 20;

/// Reads the results in a directory, which must be those of one run.
pub fn read(directory: &Path) -> Result<RunResults> {
    Ok(RunResults {
        run_id: run_id(directory)?,
        validate: found(directory, "validate")?,
        metrics: found(directory, "metrics")?,
        drift: found(directory, "drift")?,
        compare: found(directory, "compare")?,
        promote: found(directory, "promote")?.filter(made_champion),
    })
}

/// The run that the results in a directory belong to. Results of two runs are an error: together they say nothing.
fn run_id(directory: &Path) -> Result<Option<String>> {
    let record = directory.join(RECORD);
    let recorded = record.exists().then(|| record::id_in(&Place::File(record))).transpose()?;
    let mut first = recorded.map(|id| ("run", Some(id)));
    for kind in ["validate", "metrics", "drift", "compare", "promote"] {
        let Some(head) = found::<ResultHead>(directory, kind)? else { continue };
        match &first {
            None => first = Some((kind, head.run_id)),
            Some((_, id)) if *id == head.run_id => {}
            Some((other, id)) => {
                let name = |id: &Option<String>| {
                    id.as_ref().map_or("no run".to_owned(), |id| format!("run {:.12}", inert(id)))
                };
                let (directory, id, own) = (directory.display(), name(id), name(&head.run_id));
                bail!(
                    "{directory}: {other}.json belongs to {id}, {kind}.json to {own}; \
                    start over with spamops run, or call the tool with --run {directory}/run.json"
                );
            }
        }
    }
    Ok(first.and_then(|(_, id)| id))
}

/// Whether a move was one of the champion, and has happened.
fn made_champion(promote: &Promotion) -> bool {
    promote.alias == CHAMPION && !promote.dry_run
}

fn found<T: DeserializeOwned>(directory: &Path, kind: &str) -> Result<Option<T>> {
    let path = directory.join(format!("{kind}.json"));
    if path.exists() { result_file::read(&Place::File(path), kind).map(Some) } else { Ok(None) }
}

impl RunResults {
    /// Decides: what was not asked is false.
    pub fn decision(&self, now: Timestamp, tool: &str) -> Decision {
        let retrain_needed = self.drift.as_ref().is_some_and(|drift| drift.retrain_needed);
        let deploy_needed = self.compare.as_ref().is_some_and(|compare| compare.deploy_needed);
        let spoke = |reasons: &[Reason]| {
            let fired = reasons.iter().filter(|reason| reason.fired);
            fired.map(|reason| reason.says.clone()).collect::<Vec<_>>()
        };
        let mut reasons = self.validate.as_ref().map_or_else(Vec::new, |validate| validate.reasons.clone());
        if let Some(drift) = &self.drift {
            reasons.extend(spoke(&drift.reasons));
        }
        if let Some(compare) = &self.compare {
            // A challenger that was not better has its reasons in what did not speak.
            let all = |reasons: &[Reason]| reasons.iter().map(|reason| reason.says.clone()).collect();
            reasons.extend(if deploy_needed { spoke(&compare.reasons) } else { all(&compare.reasons) });
        }
        let most = reasons.len().saturating_sub(REASONS);
        reasons.truncate(REASONS);
        let mut reasons: Vec<String> = reasons.iter().map(|reason| prose::sentence(reason)).collect();
        if most > 0 {
            reasons.push(format!("and {most} more"));
        }
        let promoted_version = self.promote.as_ref().map(|promote| promote.version);
        Decision {
            head: ResultHead { run_id: self.run_id.clone(), ..ResultHead::new("decision", tool) },
            time: self.drift.as_ref().map_or(now.0, |drift| drift.time),
            valid: self.validate.as_ref().is_some_and(|validate| validate.verdict == ValidateVerdict::Valid),
            retrain_needed,
            labels_needed: self.drift.as_ref().is_some_and(|drift| drift.labels_needed),
            deploy_needed,
            promoted_version,
            reason_code: escape::code(self.code()),
            says: self.says(),
            reasons,
        }
    }

    /// What decided about a new model.
    fn code(&self) -> &str {
        match (&self.drift, &self.validate) {
            (Some(drift), _) if drift.retrain_needed => drift.reason.map_or("none", TriggerCode::name),
            (Some(drift), _) if drift.labels_needed => TriggerCode::LabelsNeeded.name(),
            (Some(drift), _) if self.waits() && drift.reason.is_some() => TriggerCode::Cooldown.name(),
            (Some(drift), _) => drift.verdict.name(),
            (None, Some(validate)) if validate.verdict != ValidateVerdict::Valid => validate.verdict.name(),
            _ => "none",
        }
    }

    /// Whether a new model is asked for and held back for a while.
    fn waits(&self) -> bool {
        let holds = |reason: &Reason| reason.code == TriggerCode::Cooldown.name() && reason.fired;
        self.drift.as_ref().is_some_and(|drift| drift.reasons.iter().any(holds))
    }

    /// What was decided, in a few words.
    fn says(&self) -> String {
        if let Some(promote) = &self.promote {
            return format!("Version {} is the champion", promote.version);
        }
        let compared = self.compare.as_ref().map(|compare| (compare.deploy_needed, compare.verdict));
        let drift = self.drift.as_ref().map(|drift| (drift.retrain_needed, drift));
        let text = match (compared, drift) {
            (Some((true, _)), _) => "The challenger is better",
            (Some((false, CompareVerdict::Worse)), _) => "The challenger is worse: the champion stays",
            (Some(_), _) => "The challenger is not surely good enough: the champion stays",
            (_, Some((true, drift))) if drift.reason == Some(TriggerCode::NoChampion) => {
                "A first model is needed"
            }
            (_, Some((true, _))) => "A new model is needed",
            (_, Some((_, drift))) if drift.labels_needed => "A new model is needed, and labels for it first",
            _ if self.waits() => "A new model is asked for, and has to wait",
            (_, Some((_, drift))) if drift.verdict == DriftVerdict::Drifted => {
                "Nothing to do: messages have drifted, but not so that a new model is needed"
            }
            (_, Some((_, drift))) if drift.verdict == DriftVerdict::Steady => {
                "Nothing to do: messages are as they were"
            }
            (_, Some(_)) => "Nothing to do: too few messages to say more",
            _ => match self.validate.as_ref().map(|validate| validate.verdict) {
                Some(ValidateVerdict::Valid) => "The new rows are valid",
                Some(ValidateVerdict::Invalid) => "The new rows break their contract",
                Some(ValidateVerdict::Empty) | None => "No new rows to go on",
            },
        };
        text.into()
    }
}

impl Decision {
    /// The decision in one sentence.
    pub fn sentence(&self) -> String {
        let Self { says, reasons, .. } = self;
        if reasons.is_empty() { says.clone() } else { format!("{says}: {}", reasons.join("; ")) }
    }

    /// Lines NAME=VALUE. The values are on one line by construction, so that no delimiter is needed that a message in
    /// them could close.
    pub fn outputs(&self) -> String {
        let reason = inert(&self.sentence());
        let Self { valid, retrain_needed, labels_needed, deploy_needed, .. } = self;
        let code = escape::code(&self.reason_code);
        format!(
            "valid={valid}\nretrain_needed={retrain_needed}\nlabels_needed={labels_needed}\n\
            deploy_needed={deploy_needed}\nreason_code={code}\nreason={reason}\n"
        )
    }

    /// The entry in the state.
    pub fn entry(&self) -> gathered::DecisionEntry {
        let Self { time, retrain_needed, deploy_needed, .. } = *self;
        gathered::DecisionEntry { time, retrain_needed, deploy_needed, reasons: self.reasons.clone() }
    }
}
