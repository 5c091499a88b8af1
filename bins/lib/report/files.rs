//! Writes the report of a run: `decision.json`, `report.md` and `report.html`.

use std::path::Path;

use anyhow::{Context, Result};

use crate::io::owned_file::append_to_named;
use crate::io::result_file;
use crate::io::stream::Place;
use crate::report::{Decision, RunResults, annotate, markdown, page};

pub fn write(directory: &Path, run: &RunResults, decision: &Decision) -> Result<()> {
    result_file::write(&Place::File(directory.join("decision.json")), decision)?;
    Place::File(directory.join("report.md")).write_text(&run.markdown(decision))?;
    Place::File(directory.join("report.html")).write_text(&run.page(decision))
}

/// Appends to a file of the runner, such as the job summary.
pub fn append(path: &Path, text: &str) -> Result<()> {
    append_to_named(path, text).with_context(|| path.display().to_string())
}

impl RunResults {
    /// The report as Markdown, under 60 KB.
    pub fn markdown(&self, decision: &Decision) -> String {
        markdown::report(self, decision)
    }

    /// The report as one HTML page without scripts, external fonts or external images.
    pub fn page(&self, decision: &Decision) -> String {
        page::report(self, decision)
    }

    /// The annotations for GitHub Actions, one workflow command per line.
    pub fn annotations(&self, decision: &Decision) -> String {
        annotate::commands(self, decision)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drift::changes::FeatureChange;
    use crate::drift::decision::decide;
    use crate::drift::drift_report::{DriftReport, SignalReport};
    use crate::drift::histograms::FeatureHistogram;
    use crate::drift::observation::DriftEvidence;
    use crate::drift::policy::DriftPolicy;
    use crate::drift::repeats::Repeated;
    use crate::drift::triggers::TriggerCode;
    use crate::drift::verdict::DriftVerdict;
    use crate::io::dates::Timestamp;
    use crate::reason::Reason;
    use crate::report::decision::MAX_REASONS;
    use crate::report::drift_sentences::drift_report;

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

    /// A run whose text fields all contain `text`.
    fn run(text: &str) -> RunResults {
        let evidence = DriftEvidence::default();
        let (decision, _) = decide(&evidence, &DriftPolicy::default(), Timestamp(0)).unwrap();
        let mut drift = drift_report(decision, "drift");
        let text = text.to_owned();
        drift.reasons.push(Reason { value: Some(f64::MAX), ..Reason::plain(&text, true, text.clone()) });
        drift.signals.push(SignalReport {
            family: text.clone(),
            test: text.clone(),
            what: Some(text.clone()),
            p: 0.0,
            corrected: f64::NAN,
            effect: f64::INFINITY,
            measure: text.clone(),
            minimum_effect: 0.0,
            strength: 0.0,
            surprise: None,
            fired: true,
            says: text.clone(),
        });
        let moved = |points| FeatureChange {
            kind: "word".into(),
            what: text.clone(),
            new: 0.5,
            reference: 0.0,
            p: 0.0,
            points,
        };
        drift.moved =
            vec![moved(Some(-1.0)), moved(None), FeatureChange { kind: text.clone(), ..moved(Some(2.0)) }];
        drift.repeats.most = vec![Repeated { copies: 9, words: vec![text.clone(); 9], score: Some(0.5) }];
        drift.pictures = vec![FeatureHistogram {
            what: text.clone(),
            from: vec![0.0],
            reference: vec![1],
            new: vec![2, 3],
        }];
        drift.blind.clone_from(&text);
        RunResults { drift: Some(drift), ..RunResults::default() }
    }

    #[test]
    fn hostile_text_is_inert_in_every_output() {
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
            let text = ["<details>", "<summary>", "</summary>", "</details>"]
                .iter()
                .fold(markdown.clone(), |text, tag| text.replace(tag, ""));
            for part in ["<", "[a](", "@everyone", "`b`", " | c |", "**d**", "https://"] {
                assert!(!text.contains(part), "{part}: {markdown}");
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
    fn rejects_a_forged_verdict_or_reason() {
        let drift = run("x").drift.unwrap();
        for text in HOSTILE {
            for key in ["verdict", "reason"] {
                let mut forged = serde_json::to_value(&drift).unwrap();
                forged[key] = text.into();
                let error = result_file::parse::<DriftReport>(&forged.to_string(), "drift").unwrap_err();
                assert!(!error.to_string().contains(['\n', '\r', '\u{1b}', '\u{202e}']), "{error}");
            }
        }
    }

    #[test]
    fn long_texts_and_lists_are_cut() {
        let mut run = run(&"<x|".repeat(10_000));
        if let Some(drift) = &mut run.drift {
            drift.reasons = vec![drift.reasons[drift.reasons.len() - 1].clone(); 500];
            drift.signals = vec![drift.signals[0].clone(); 500];
            drift.moved = vec![drift.moved[0].clone(); 5000];
            drift.strip = vec![drift.strip[0].clone(); 5000];
        }
        let decision = run.decision(Timestamp(0), "report");
        let markdown = run.markdown(&decision);
        assert!(markdown.len() <= markdown::MAX_BYTES && markdown.contains("more"), "{}", markdown.len());
        assert!(markdown.contains("### Earlier runs"));
        assert!(run.page(&decision).len() < 300_000);
        assert!(run.annotations(&decision).lines().count() <= 10);
        assert_eq!(decision.reasons.len(), MAX_REASONS + 1);
    }

    #[test]
    fn the_page_is_self_contained() {
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
    fn a_run_without_results_needs_nothing() {
        let run = RunResults::default();
        let decision = run.decision(Timestamp(5), "report");
        let wanted = "valid=false\nretrain_needed=false\nlabels_needed=false\ndeploy_needed=false\nreason_code=none\nreason=Nothing to do: there are no results yet\n";
        assert_eq!(decision.outputs(), wanted);
        let markdown = run.markdown(&decision);
        let start = "## Nothing to do\n\n1970-01-01\n\n**Nothing to do: there are no results yet.**\n\n### What to do next\n\n- ";
        assert!(markdown.starts_with(start), "{markdown}");
        assert!(run.page(&decision).contains("<h1>Nothing to do</h1>"));
        let annotations = "::notice title=Nothing to do::Nothing to do%3A there are no results yet\n";
        assert_eq!(run.annotations(&decision), annotations.replace("%3A", ":"));
    }

    #[test]
    fn the_reason_code_matches_the_decision() {
        let code = |change: &dyn Fn(&mut DriftReport)| {
            let mut run = run("x");
            if let Some(drift) = &mut run.drift {
                drift.reasons = vec![Reason::plain("cooldown", false, "over")];
                (drift.retrain_needed, drift.verdict) = (false, DriftVerdict::Steady);
                drift.reason = Some(TriggerCode::Performance);
                change(drift);
            }
            let Decision { reason_code, reason, .. } = run.decision(Timestamp(0), "report");
            format!("{reason_code}: {reason}")
        };
        assert_eq!(
            code(&|_| ()),
            "steady: Nothing to do: the messages have not drifted (1 of 1 signal raised an alarm)"
        );
        assert_eq!(code(&|drift| drift.retrain_needed = true), "performance: A retrain is needed");
        assert_eq!(
            code(&|drift| drift.labels_needed = true),
            "labels_needed: A retrain is needed, but there are no new labels (limit 0); label more rows"
        );
        assert_eq!(
            code(&|drift| {
                drift.reasons = vec![Reason::against("cooldown", true, "", 12.0, 24.0)];
            }),
            "cooldown: A retrain is needed but waits: the last retrain was 12 hours ago (cooldown 24 hours)"
        );
        assert_eq!(
            code(&|drift| drift.verdict = DriftVerdict::InsufficientData),
            "insufficient_data: Nothing to do: there is no reference to compare the messages with"
        );
    }
}
