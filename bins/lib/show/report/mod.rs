//! One decision out of the results of a run, for people and for the runner.

mod annotate;
mod chart;
pub(crate) mod escape;
mod markdown;
mod page;
mod prose;
mod svg;
mod table;

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
use crate::judge::metrics::Metrics;
use crate::ship::registry::CHAMPION;
use crate::ship::registry::moves::Promotion;
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
#[expect(clippy::struct_excessive_bools, reason = "each is an answer of its own")]
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
const REASONS: usize = 20;

/// Reads the results in a directory.
pub fn read(directory: &Path) -> Result<Run> {
    Ok(Run {
        validate: found(directory, "validate")?,
        metrics: found(directory, "metrics")?,
        drift: found(directory, "drift")?,
        compare: found(directory, "compare")?,
        promote: found(directory, "promote")?.filter(made_champion),
    })
}

/// Whether a move was one of the champion, and has happened.
fn made_champion(promote: &Promotion) -> bool {
    promote.alias == CHAMPION && !promote.dry_run
}

fn found<T: DeserializeOwned>(directory: &Path, kind: &str) -> Result<Option<T>> {
    let path = directory.join(format!("{kind}.json"));
    if path.exists() { results::read(&Place::File(path), kind).map(Some) } else { Ok(None) }
}

/// Writes `decision.json`, `report.md` and `report.html`.
pub fn write(directory: &Path, run: &Run, decision: &Decision) -> Result<()> {
    results::write(&Place::File(directory.join("decision.json")), decision)?;
    Place::File(directory.join("report.md")).write_text(&run.markdown(decision))?;
    Place::File(directory.join("report.html")).write_text(&run.page(decision))
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
        let most = reasons.len().saturating_sub(REASONS);
        reasons.truncate(REASONS);
        let mut reasons: Vec<String> = reasons.iter().map(|reason| prose::sentence(reason)).collect();
        if most > 0 {
            reasons.push(format!("and {most} more"));
        }
        let promoted_version = self.promote.as_ref().map(|promote| promote.version);
        Decision {
            head: Head::new("decision", tool),
            time: self.drift.as_ref().map_or(now.0, |drift| drift.time),
            valid: self.validate.as_ref().is_some_and(|validate| validate.verdict == "valid"),
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
            (Some(drift), _) if drift.retrain_needed => drift.reason.as_deref().unwrap_or("none"),
            (Some(drift), _) if drift.labels_needed => "labels_needed",
            (Some(drift), _) if self.waits() => drift.reason.as_ref().map_or(&*drift.verdict, |_| "cooldown"),
            (Some(drift), _) => &drift.verdict,
            (None, Some(validate)) if validate.verdict != "valid" => &validate.verdict,
            _ => "none",
        }
    }

    /// Whether a new model is asked for and held back for a while.
    fn waits(&self) -> bool {
        let holds = |reason: &Reason| reason.code == "cooldown" && reason.fired;
        self.drift.as_ref().is_some_and(|drift| drift.reasons.iter().any(holds))
    }

    /// What was decided, in a few words.
    fn says(&self) -> String {
        if let Some(promote) = &self.promote {
            return format!("Version {} is the champion", promote.version);
        }
        let compared = self.compare.as_ref().map(|compare| (compare.deploy_needed, &*compare.verdict));
        let drift = self.drift.as_ref().map(|drift| (drift.retrain_needed, drift));
        let text = match (compared, drift) {
            (Some((true, _)), _) => "The challenger is better",
            (Some((false, "worse")), _) => "The challenger is worse: the champion stays",
            (Some(_), _) => "The challenger is not surely good enough: the champion stays",
            (_, Some((true, drift))) if drift.reason.as_deref() == Some("no_champion") => {
                "A first model is needed"
            }
            (_, Some((true, _))) => "A new model is needed",
            (_, Some((_, drift))) if drift.labels_needed => "A new model is needed, and labels for it first",
            _ if self.waits() => "A new model is asked for, and has to wait",
            (_, Some((_, drift))) if drift.verdict == "drifted" => {
                "Nothing to do: messages have drifted, but not so that a new model is needed"
            }
            (_, Some((_, drift))) if drift.verdict == "steady" => "Nothing to do: messages are as they were",
            (_, Some(_)) => "Nothing to do: too few messages to say more",
            _ => match self.validate.as_ref().map(|validate| &*validate.verdict) {
                Some("valid") => "The new rows are valid",
                Some("invalid") => "The new rows break their contract",
                _ => "No new rows to go on",
            },
        };
        text.into()
    }

    /// The report for people: a sentence, then what each tool found; under 60 KB.
    pub fn markdown(&self, decision: &Decision) -> String {
        markdown::report(self, decision)
    }

    /// The same as one page that needs nothing else: no script, no font, no picture from elsewhere.
    pub fn page(&self, decision: &Decision) -> String {
        page::report(self, decision)
    }

    /// Annotations for a runner, a workflow command a line.
    pub fn annotations(&self, decision: &Decision) -> String {
        annotate::commands(self, decision)
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
    pub fn entry(&self) -> state::Decision {
        let Self { time, retrain_needed, deploy_needed, .. } = *self;
        state::Decision { time, retrain_needed, deploy_needed, reasons: self.reasons.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::watch::drift::Evidence;
    use crate::watch::moved::Moved;
    use crate::watch::pictures::Picture;
    use crate::watch::policy::Policy;
    use crate::watch::repeats::Repeated;
    use crate::watch::signals::Signal;

    const HOSTILE: [&str; 11] = [
        "<script>alert(1)</script>",
        "\n::set-output name=x::y",
        "=cmd|' /C calc'!A0",
        "[a](https://evil.example)",
        "![a](https://evil.example/a.png)",
        "@everyone",
        "\u{1b}[31mred",
        "\u{202e}drow",
        "a `b` | c | **d**",
        "##[error]x\r::error::y",
        "\" onload=\"alert(1)\" x='",
    ];

    /// A run whose every text says that.
    fn run(text: &str) -> Run {
        let evidence = Evidence::default();
        let (mut drift, _) = drift::decide(evidence, &Policy::default(), Timestamp(0), "drift").unwrap();
        let text = text.to_owned();
        drift.reason = Some(text.clone());
        drift.reasons.push(Reason { value: Some(f64::MAX), ..Reason::plain(&text, true, text.clone()) });
        drift.signals.push(Signal {
            family: text.clone(),
            test: text.clone(),
            what: Some(text.clone()),
            p: 0.0,
            corrected: f64::NAN,
            effect: f64::INFINITY,
            measure: text.clone(),
            floor: 0.0,
            strength: 0.0,
            surprise: None,
            fired: true,
            says: text.clone(),
        });
        let moved = |points| Moved {
            kind: "word".into(),
            what: text.clone(),
            new: 0.5,
            reference: 0.0,
            p: 0.0,
            points,
        };
        drift.moved = vec![moved(Some(-1.0)), moved(None), Moved { kind: text.clone(), ..moved(Some(2.0)) }];
        drift.repeats.most = vec![Repeated { copies: 9, words: vec![text.clone(); 9], score: Some(0.5) }];
        drift.pictures =
            vec![Picture { what: text.clone(), from: vec![0.0], reference: vec![1], new: vec![2, 3] }];
        drift.verdict.clone_from(&text);
        drift.blind.clone_from(&text);
        Run { drift: Some(drift), ..Run::default() }
    }

    #[test]
    fn hostile_text_is_inert_wherever_it_is_shown() {
        for text in HOSTILE {
            let run = run(text);
            let decision = run.decision(Timestamp(0), "report");
            let outputs = decision.outputs();
            assert_eq!(outputs.lines().count(), 6, "{outputs}");
            assert_eq!(outputs.matches('\n').count(), 6, "{outputs}");
            let annotations = run.annotations(&decision);
            for line in annotations.lines() {
                let rest = line.strip_prefix("::warning title=").or(line.strip_prefix("::notice title="));
                let (title, _) = rest.and_then(|rest| rest.split_once("::")).unwrap();
                assert!(!title.contains([',', ':']), "{line}");
            }
            let markdown = run.markdown(&decision);
            for part in ["<", "[a](", "@everyone", "`b`", " | c |", "**d**", "https://"] {
                assert!(!markdown.contains(part), "{part}: {markdown}");
            }
            let page = run.page(&decision);
            for part in ["<script", "<img", "onload=\"", "'!A0"] {
                assert!(!page.contains(part), "{part}: {page}");
            }
            let json = serde_json::to_string(&decision).unwrap();
            for shown in [&outputs, &annotations, &markdown, &page, &json] {
                assert!(!shown.contains(['\u{1b}', '\u{202e}', '\r']), "{shown}");
                assert!(!shown.contains("##[") && !shown.contains("\n::set-"), "{shown}");
            }
        }
    }

    #[test]
    fn no_text_and_no_list_is_too_long() {
        let mut run = run(&"<x|".repeat(10_000));
        if let Some(drift) = &mut run.drift {
            drift.reasons = vec![drift.reasons[drift.reasons.len() - 1].clone(); 500];
            drift.signals = vec![drift.signals[0].clone(); 500];
            drift.moved = vec![drift.moved[0].clone(); 5000];
            drift.strip = vec![drift.strip[0].clone(); 5000];
        }
        let decision = run.decision(Timestamp(0), "report");
        let markdown = run.markdown(&decision);
        assert!(markdown.len() <= markdown::MOST && markdown.contains("more"), "{}", markdown.len());
        assert!(markdown.contains("### The runs before"));
        assert!(run.page(&decision).len() < 300_000);
        assert!(run.annotations(&decision).lines().count() <= 10);
        assert_eq!(decision.reasons.len(), REASONS + 1);
    }

    #[test]
    fn the_page_needs_nothing_else() {
        let run = run("word");
        let page = run.page(&run.decision(Timestamp(0), "report"));
        for part in ["<script", "<link", "<img", "http:", "https:", "url(", "@import", " src=", "href="] {
            assert!(!page.contains(part), "{part}");
        }
        assert!(page.contains("content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\""));
        let drawings = page.matches("<svg role=\"img\"").count();
        assert!(drawings > 0 && page.matches("<title>").count() == drawings + 1);
    }

    #[test]
    fn a_run_that_never_asked_says_no_three_times() {
        let run = Run::default();
        let decision = run.decision(Timestamp(5), "report");
        let wanted = "valid=false\nretrain_needed=false\nlabels_needed=false\ndeploy_needed=false\nreason_code=none\nreason=No new rows to go on\n";
        assert_eq!(decision.outputs(), wanted);
        assert_eq!(run.markdown(&decision), "**No new rows to go on.**\n\n");
        assert!(run.page(&decision).contains("<h1>No new rows to go on</h1>"));
        assert_eq!(run.annotations(&decision), "::notice title=No new rows to go on::No new rows to go on\n");
    }

    #[test]
    fn what_decided_has_a_word() {
        let code = |change: &dyn Fn(&mut drift::Report)| {
            let mut run = run("x");
            if let Some(drift) = &mut run.drift {
                drift.reasons = vec![Reason::plain("cooldown", false, "over")];
                (drift.retrain_needed, drift.verdict) = (false, "steady".into());
                drift.reason = Some("performance".into());
                change(drift);
            }
            let Decision { reason_code, says, .. } = run.decision(Timestamp(0), "report");
            format!("{reason_code}: {says}")
        };
        assert_eq!(code(&|_| ()), "steady: Nothing to do: messages are as they were");
        assert_eq!(code(&|drift| drift.retrain_needed = true), "performance: A new model is needed");
        assert_eq!(
            code(&|drift| drift.labels_needed = true),
            "labels_needed: A new model is needed, and labels for it first"
        );
        assert_eq!(
            code(&|drift| drift.reasons[0].fired = true),
            "cooldown: A new model is asked for, and has to wait"
        );
        assert_eq!(
            code(&|drift| drift.verdict = "insufficient_data".into()),
            "insufficient_data: Nothing to do: too few messages to say more"
        );
    }
}
