//! One decision out of the results of a run, for people and for the runner.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::data::contract;
use crate::data::dates::Timestamp;
use crate::data::notes::inert;
use crate::data::place::Place;
use crate::data::results::{self, Head};
use crate::data::state;
use crate::judge::metrics::{Figures, Metrics};
use crate::ship::registry::Promotion;
use crate::watch::reason::Reason;
use crate::watch::{compare, drift};

/// The results of one run, as far as it went.
#[derive(Clone, Debug, Default)]
pub struct Run {
    /// What `validate` found.
    pub validate: Option<contract::Report>,
    /// What the champion scored.
    pub metrics: Option<Metrics>,
    /// What `drift` found.
    pub drift: Option<drift::Report>,
    /// What `compare` found.
    pub compare: Option<compare::Report>,
    /// What `promote` did.
    pub promote: Option<Promotion>,
}

/// What a run decided.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// Schema and tool.
    #[serde(flatten)]
    pub head: Head,
    /// Seconds since 1970.
    pub time: i64,
    /// Whether there are new rows and they kept their contract.
    pub valid: bool,
    /// Whether a new model is asked for.
    pub retrain_needed: bool,
    /// Whether the new model is better.
    pub deploy_needed: bool,
    /// The version promoted, where one was.
    pub promoted_version: Option<u64>,
    /// Every reason that spoke.
    pub reasons: Vec<String>,
}

/// Reads the results in a directory.
pub fn read(directory: &Path) -> Result<Run> {
    Ok(Run {
        validate: found(directory, "validate")?,
        metrics: found(directory, "metrics")?,
        drift: found(directory, "drift")?,
        compare: found(directory, "compare")?,
        promote: found(directory, "promote")?,
    })
}

fn found<T: DeserializeOwned>(directory: &Path, kind: &str) -> Result<Option<T>> {
    let path = directory.join(format!("{kind}.json"));
    if path.exists() { results::read(&Place::File(path), kind).map(Some) } else { Ok(None) }
}

/// Writes `decision.json` and `report.md`.
pub fn write(directory: &Path, run: &Run, decision: &Decision) -> Result<()> {
    results::write(&Place::File(directory.join("decision.json")), decision)?;
    Place::File(directory.join("report.md")).write_text(&run.markdown(decision))
}

/// Adds to a file of the runner.
pub fn append(path: &Path, text: &str) -> Result<()> {
    let file = OpenOptions::new().append(true).create(true).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).with_context(|| path.display().to_string())
}

impl Run {
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
        Decision {
            head: Head::new("decision", tool),
            time: self.drift.as_ref().map_or(now.0, |drift| drift.time),
            valid: self.validate.as_ref().is_some_and(|validate| validate.verdict == "valid"),
            retrain_needed,
            deploy_needed,
            promoted_version: self.promote.as_ref().map(|promote| promote.version),
            reasons,
        }
    }

    /// The report for people: a sentence, then what each tool found.
    pub fn markdown(&self, decision: &Decision) -> String {
        let mut text = format!("**{}**\n\n", escaped(&decision.sentence()));
        text.push_str("| what | found |\n|---|---|\n");
        let mut line = |what: &str, found: String| {
            text.extend(["| ", what, " | ", &escaped(&found), " |\n"]);
        };
        if let Some(validate) = &self.validate {
            let contract::Report { verdict, rows, clean, rejected, .. } = validate;
            line("data", format!("{verdict}: {rows} rows, {clean} clean, {rejected} refused"));
        }
        if let Some(metrics) = &self.metrics {
            let Metrics { labelled, figures: Figures { f1, precision, recall, .. }, .. } = metrics;
            line(
                "champion on new rows",
                format!(
                    "F1 {f1:.3}, precision {precision:.3}, recall {recall:.3} on {labelled} labelled rows"
                ),
            );
        }
        for (tool, reasons) in [
            ("retrain", self.drift.as_ref().map(|drift| &drift.reasons)),
            ("deploy", self.compare.as_ref().map(|compare| &compare.reasons)),
        ] {
            for reason in reasons.into_iter().flatten() {
                let mark = if reason.fired { "yes" } else { "no" };
                line(&format!("{tool}: {}", escaped(&reason.code)), format!("{mark}: {}", reason.says));
            }
        }
        if let Some(promote) = &self.promote {
            line("promoted", format!("{} version {}", promote.name, promote.version));
        }
        text
    }
}

impl Decision {
    /// The decision in one sentence.
    pub fn sentence(&self) -> String {
        let what: String = match (self.promoted_version, self.deploy_needed, self.retrain_needed) {
            (Some(version), ..) => format!("Version {version} is the champion"),
            (None, true, _) => "The challenger is better".into(),
            (None, false, true) => "A new model is needed".into(),
            (None, false, false) if !self.valid => "No new rows to go on".into(),
            (None, false, false) => "Nothing to do".into(),
        };
        if self.reasons.is_empty() { what } else { format!("{what}: {}", self.reasons.join("; ")) }
    }

    /// Lines NAME=VALUE. The values are on one line by construction, so that no delimiter is needed that a message in
    /// them could close.
    pub fn outputs(&self) -> String {
        let reason = inert(&self.sentence());
        let Self { valid, retrain_needed, deploy_needed, .. } = self;
        format!(
            "valid={valid}\nretrain_needed={retrain_needed}\ndeploy_needed={deploy_needed}\nreason={reason}\n"
        )
    }

    /// The entry in the state.
    pub fn entry(&self) -> state::Decision {
        let Self { time, retrain_needed, deploy_needed, .. } = *self;
        state::Decision { time, retrain_needed, deploy_needed, reasons: self.reasons.clone() }
    }
}

/// Text in Markdown with nothing in it that Markdown or HTML would act on.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '#' | '~' | '@' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => out.push(' '),
            c => out.push_str(&inert(c.encode_utf8(&mut [0; 4]))),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hostile_reason_is_inert() {
        let hostile = "<script>x</script> [a](b) | `c`\n::set-output name=x::y";
        let decision =
            Decision { reasons: vec![hostile.into()], ..Run::default().decision(Timestamp(0), "t") };
        let outputs = decision.outputs();
        assert_eq!(outputs.lines().count(), 4);
        let markdown = Run::default().markdown(&decision);
        assert!(!markdown.contains("<script>") && !markdown.contains("[a](b)") && !markdown.contains("\n::"));
    }

    #[test]
    fn a_run_that_never_asked_says_no_twice() {
        let decision = Run::default().decision(Timestamp(5), "report");
        let wanted = "valid=false\nretrain_needed=false\ndeploy_needed=false\nreason=No new rows to go on\n";
        assert_eq!(decision.outputs(), wanted);
    }
}
