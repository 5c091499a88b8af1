//! Checks every kind of file that spamops writes: models, results and registries.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail, ensure};
use serde::Deserialize;
use serde_json::Value;

use crate::cli::result_kinds::RESULT_KINDS;
use crate::cli::tool::{Outcome, Scene};
use crate::io::diagnostics::{inert, shown};
use crate::io::result_file;
use crate::io::stream::Place;
use crate::registry::verify::{CheckedFile, RegistryChecks};
use crate::registry::{self, JournalHead};

/// The result of checking one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The path of the file.
    pub place: String,
    /// The kind of file, or the error.
    pub found: Result<String, String>,
    /// Head of an intact journal; none for other files.
    pub head: Option<JournalHead>,
}

/// Prints a line per file: ok or wrong, the path, and its kind or error. The line of a journal also has its head. Each
/// registry must contain the expected heads.
pub fn print_findings(
    places: &[Place],
    heads: &[JournalHead],
    exit_code: bool,
    scene: &Scene,
) -> Result<Outcome> {
    let mut output = Place::Standard.writer()?;
    let (mut files, mut wrong) = (0u64, 0u64);
    for place in places {
        for Finding { place, found, head } in verify(place, heads)? {
            let (word, detail) = match &found {
                Ok(kind) => ("ok", kind),
                Err(error) => ("wrong", error),
            };
            let head = head.map_or_else(String::new, |head| format!("\t{head}"));
            writeln!(output, "{word}\t{place}\t{detail}{head}").context("-")?;
            files += 1;
            wrong += u64::from(found.is_err());
        }
    }
    output.finish()?;
    if wrong > 0 {
        let noun = if files == 1 { "file" } else { "files" };
        let verb = if wrong == 1 { "is" } else { "are" };
        scene.remark(format!("{wrong} of {files} {noun} {verb} wrong"));
    }
    Ok(Outcome::answer(wrong == 0, exit_code))
}

/// Verifies a file, or all files in a directory and below it.
pub fn verify(place: &Place, heads: &[JournalHead]) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    if let Some(directory) = place.path().filter(|path| path.is_dir()) {
        walk(directory, heads, &mut findings)?;
        ensure!(!findings.is_empty(), "{place}: contains no JSON file of spamops; name another directory");
    } else {
        let found = read(place)?.and_then(|text| file(&text)).and_then(|kind| {
            kind.context("is not a JSON file of spamops; name a file that a tool of spamops wrote")
        });
        findings.push(finding(&place.to_string(), found));
    }
    Ok(findings)
}

fn finding(place: &str, found: Result<String>) -> Finding {
    let found = found.map_err(|error| inert(&format!("{error:#}")));
    Finding { place: inert(place), found, head: None }
}

/// Reads a file. The inner error means that the file is damaged: no text, or an incomplete gzip. The outer error
/// means that the file cannot be read.
fn read(place: &Place) -> Result<Result<String>> {
    let damage = |error: &anyhow::Error| {
        let cause = error.root_cause().downcast_ref::<io::Error>();
        cause.filter(|cause| cause.kind() == io::ErrorKind::InvalidData).map(ToString::to_string)
    };
    match place.read_text() {
        Ok(text) => Ok(Ok(text)),
        Err(error) => damage(&error).map_or(Err(error), |message| Ok(Err(anyhow!(message)))),
    }
}

fn walk(directory: &Path, heads: &[JournalHead], findings: &mut Vec<Finding>) -> Result<()> {
    let own = registry::in_directory(directory);
    for path in registry::json_files(directory)? {
        if own.is_some() {
            continue;
        }
        let place = Place::File(path);
        let found = read(&place)?.and_then(|text| file(&text)).transpose();
        findings.extend(found.map(|found| finding(&place.to_string(), found)));
    }
    if let Some(registry) = &own {
        for CheckedFile { path, found, head } in registry.verify(RegistryChecks { report, heads })? {
            findings.push(Finding { head, ..finding(&path.display().to_string(), found) });
        }
    }
    for path in directories(directory)? {
        if own.is_none() || !["versions", "models", "reports"].iter().any(|name| path.ends_with(name)) {
            walk(&path, heads, findings)?;
        }
    }
    Ok(())
}

/// The sub-directories in order, without hidden directories and links.
fn directories(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).with_context(|| directory.display().to_string())? {
        let entry = entry?;
        if entry.file_type()?.is_dir() && !entry.file_name().to_string_lossy().starts_with('.') {
            found.push(entry.path());
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// Checks a report: a result of a known kind whose figures are possible. `promote` makes the same check.
pub fn report(text: &str) -> Result<()> {
    file(text)?.context("is not a JSON result of spamops; give the JSON result of a tool")?;
    Ok(())
}

/// Checks a text and returns its kind; `None` if it has no schema of spamops.
fn file(text: &str) -> Result<Option<String>> {
    #[derive(Deserialize)]
    struct SchemaOnly {
        schema: Option<Value>,
    }
    let start = text.trim_start().chars().next().context("is empty; rerun the tool that wrote it")?;
    if start != '{' {
        return Ok(None);
    }
    let only: SchemaOnly = result_file::json(text)?;
    let schema = only.schema.as_ref().and_then(Value::as_str);
    let Some(schema) = schema.filter(|schema| schema.starts_with("spamops/")) else { return Ok(None) };
    let known = RESULT_KINDS.iter().find(|kind| result_file::schema(kind.name) == schema);
    let Some(kind) = known else {
        bail!("schema {} is not supported; use a version of spamops that knows it", shown(schema));
    };
    kind.check(text)?;
    Ok(Some(kind.name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::decision;
    use crate::compare::evidence::{CompareEvidence, RowCounts};
    use crate::compare::gates::Gate;
    use crate::report::compare_sentences;
    use crate::stats::metrics::{Confusion, FigureName, Figures, Metrics};
    use crate::stats::paired::{PairedConfusion, PairedCounts};

    fn json(result: &impl serde::Serialize) -> String {
        serde_json::to_string(result).unwrap()
    }

    fn kind_or_error(text: &str) -> String {
        file(text).map_or_else(|error| format!("{error:#}"), Option::unwrap_or_default)
    }

    #[test]
    fn figures_must_agree_with_their_counts() {
        let confusion =
            Confusion { true_positive: 8, true_negative: 9, false_positive: 1, false_negative: 2 };
        let text = json(&Metrics::new(30, Figures::of(&mut [], confusion), "score"));
        assert_eq!(kind_or_error(&text), "metrics");
        let cases = [
            (
                "\"rows\":30",
                "\"rows\":19",
                "the counts add up to 20 rows, but 20 of 19 rows are labelled; run the tool again",
            ),
            (
                "\"labelled\":20",
                "\"labelled\":21",
                "the counts add up to 20 rows, but 21 of 30 rows are labelled; run the tool again",
            ),
            (
                "\"recall\":0.8,",
                "\"recall\":0.9,",
                "recall is 0.9, but its counts give 0.8; run the tool again",
            ),
            (
                "\"true_positive\":8",
                "\"true_positive\":18446744073709551615",
                "a count is larger than 2^53; run the tool again",
            ),
            ("\"true_positive\":8", "\"true_positive\":-8", "invalid value: integer `-8`, expected u64"),
            (
                "metrics/1",
                "metrics/1 ",
                "schema 'spamops/metrics/1 ' is not supported; use a version of spamops that knows it",
            ),
        ];
        for (from, to, expected) in cases {
            assert!(text.contains(from), "{text}");
            let error = kind_or_error(&text.replace(from, to));
            assert!(error.ends_with(expected), "{error}");
        }
    }

    #[test]
    fn a_deployment_must_agree_with_verdict_gates_and_counts() {
        let positive = PairedCounts { both: 20, only_other: 30, ..PairedCounts::default() };
        let counters =
            PairedConfusion { positive, negative: PairedCounts { neither: 50, ..PairedCounts::default() } };
        let gates = vec![Gate::at_threshold(FigureName::F1, 0.5)];
        let evidence = CompareEvidence { gates, ..CompareEvidence::of(RowCounts::Paired(counters)) };
        let text = json(&compare_sentences::report(decision::decide(evidence), "compare"));
        assert_eq!(kind_or_error(&text), "compare");
        for (from, to, expected) in [
            (
                "\"verdict\":\"better\",\"deploy",
                "\"verdict\":\"worse\",\"deploy",
                "deploy_needed is true, but the verdict is worse; run the tool again",
            ),
            (
                "\"verdict\":\"better\",\"deploy",
                "\"verdict\":\"best\",\"deploy",
                "verdict 'best' is not one of better, worse, inconclusive; run the tool again",
            ),
            (
                "\"challenger_f1\":1.0,\"pairs",
                "\"challenger_f1\":0.5,\"pairs",
                "challenger_f1 is 0.5, but its counts give 1; run the tool again",
            ),
            (
                "\"passed\":true",
                "\"passed\":false",
                "deploy_needed is true, but a gate, a slice or a golden message failed; run the tool again",
            ),
            (
                "\"rows\":100,\"verdict\":\"better\",\"deploy",
                "\"rows\":99,\"verdict\":\"better\",\"deploy",
                "the counts add up to 100 rows, not 99; run the tool again",
            ),
            (
                "\"only_challenger_right\":30},\"whole",
                "\"only_challenger_right\":31},\"whole",
                "the pairs do not agree with the eight counters; run the tool again",
            ),
            ("\"only_other\":30,\"neither\":0}", "\"only_other\":29,\"neither\":1}", "champion_f1 is"),
        ] {
            assert!(text.contains(from), "{from} {text}");
            let error = kind_or_error(&text.replacen(from, to, 1));
            assert!(
                error.starts_with(expected)
                    || expected == "champion_f1 is" && error.contains("but its counts give"),
                "{error}"
            );
        }
    }

    #[test]
    fn a_file_of_another_program_has_no_kind() {
        for text in ["[1, 2]", "text,label\n", "{\"schema\": 7}", "{\"schema\": \"other/1\"}", "{}"] {
            assert_eq!(file(text).unwrap(), None, "{text}");
        }
        assert_eq!(kind_or_error(" \n"), "is empty; rerun the tool that wrote it");
        assert_eq!(kind_or_error("{\n\"a\": "), "line 2: EOF while parsing a value");
    }
}
