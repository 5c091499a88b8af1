//! Checks every kind of file that spamops writes (models, results, registries) for `spamops verify`.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail, ensure};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::cli::own_counts;
use crate::cli::tool::{Outcome, Scene};
use crate::compare::paired_result::CompareVerdict;
use crate::compare::sequential::SequentialTest;
use crate::cycle::record::CycleRecord;
use crate::drift::drift_report::DriftReport;
use crate::io::diagnostics::{inert, shown};
use crate::io::result_file;
use crate::io::stream::Place;
use crate::mlflow::tracking::{self, FlushReport, TrackReport};
use crate::model::model_file::Model;
use crate::profile::summary;
use crate::publish::record::PromoteRecord;
use crate::registry::{self, Alias, Version};
use crate::report::Decision;
use crate::report::model_card::ModelCard;
use crate::rows::contract::ValidateVerdict;
use crate::state::watched_files::WatchedFiles;

/// What was looked at, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The file.
    pub place: String,
    /// What it is, or what is wrong with it.
    pub found: Result<String, String>,
}

/// What checks a text.
type FileCheck = fn(&str) -> Result<()>;

/// Every kind of JSON that the tools write, and how a text of it is checked.
const KINDS: [(&str, FileCheck); 17] = [
    ("model", |text| Model::parse(text)?.profile.profile().map(drop)),
    ("profile", |text| parsed::<summary::ProfileFile>(text, "profile")?.profile.profile().map(drop)),
    ("watched", |text| parsed::<WatchedFiles>(text, "watched").map(drop)),
    ("metrics", metrics),
    ("validate", validate),
    ("drift", |text| parsed::<DriftReport>(text, "drift").map(drop)),
    ("compare", compare),
    ("sequential", |text| parsed::<SequentialTest>(text, "sequential")?.check()),
    ("promote", |text| parsed::<PromoteRecord>(text, "promote").map(drop)),
    ("track", |text| parsed::<TrackReport>(text, "track").map(drop)),
    ("flush", |text| parsed::<FlushReport>(text, "flush").map(drop)),
    ("plan", |text| parsed::<tracking::TrackingPlan>(text, "plan").map(drop)),
    ("version", |text| parsed::<Version>(text, "version").map(drop)),
    ("alias", |text| parsed::<Alias>(text, "alias").map(drop)),
    ("run", |text| parsed::<CycleRecord>(text, "run")?.check()),
    ("decision", |text| parsed::<Decision>(text, "decision").map(drop)),
    ("card", |text| parsed::<ModelCard>(text, "card").map(drop)),
];

/// Tells of every file in turn, ok or wrong, and what.
pub fn tell(places: &[Place], exit_code: bool, scene: &Scene) -> Result<Outcome> {
    let mut output = Place::Standard.writer()?;
    let (mut all, mut wrong) = (0u64, 0u64);
    for place in places {
        for Finding { place, found } in verify(place)? {
            let (word, what) = match &found {
                Ok(what) => ("ok", what),
                Err(what) => ("wrong", what),
            };
            writeln!(output, "{word}\t{place}\t{what}").context("-")?;
            all += 1;
            wrong += u64::from(found.is_err());
        }
    }
    output.finish()?;
    if wrong > 0 {
        scene.tell(format!("{wrong} of {all} are wrong"));
    }
    Ok(Outcome::answer(wrong == 0, exit_code))
}

/// Verifies a file, or all that a directory and those in it hold.
pub fn verify(place: &Place) -> Result<Vec<Finding>> {
    let mut findings = Vec::new();
    if let Some(directory) = place.path().filter(|path| path.is_dir()) {
        walk(directory, &mut findings)?;
        ensure!(!findings.is_empty(), "{place}: holds nothing that a tool has written as JSON");
    } else {
        let found = read(place)?
            .and_then(|text| file(&text))
            .and_then(|kind| kind.context("is no JSON with the schema of a tool"));
        findings.push(finding(&place.to_string(), found));
    }
    Ok(findings)
}

fn finding(place: &str, found: Result<String>) -> Finding {
    Finding { place: inert(place), found: found.map_err(|error| inert(&format!("{error:#}"))) }
}

/// The text of a file; what is no text, or no whole gzip, is damaged, and all else that fails is the environment.
fn read(place: &Place) -> Result<Result<String>> {
    let damage = |error: &anyhow::Error| {
        let cause = error.root_cause().downcast_ref::<io::Error>();
        cause.filter(|cause| cause.kind() == io::ErrorKind::InvalidData).map(ToString::to_string)
    };
    match place.read_text() {
        Ok(text) => Ok(Ok(text)),
        Err(error) => damage(&error).map_or(Err(error), |what| Ok(Err(anyhow!(what)))),
    }
}

fn walk(directory: &Path, findings: &mut Vec<Finding>) -> Result<()> {
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
        registry.verify(&mut |path, found| findings.push(finding(&path.display().to_string(), found)))?;
    }
    for path in directories(directory)? {
        if own.is_none() || !["versions", "models", "reports"].iter().any(|name| path.ends_with(name)) {
            walk(&path, findings)?;
        }
    }
    Ok(())
}

/// The directories in a directory but for hidden ones and links, in order.
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

/// The kind of a text, checked; none where it does not say that a tool of spamops wrote it.
fn file(text: &str) -> Result<Option<String>> {
    #[derive(Deserialize)]
    struct SchemaOnly {
        schema: Option<Value>,
    }
    let start = text.trim_start().chars().next().context("is empty")?;
    if start != '{' {
        return Ok(None);
    }
    let only: SchemaOnly = result_file::json(text)?;
    let schema = only.schema.as_ref().and_then(Value::as_str);
    let Some(schema) = schema.filter(|schema| schema.starts_with("spamops/")) else { return Ok(None) };
    let known = KINDS.iter().find(|(kind, _)| result_file::schema(kind) == schema);
    let Some((kind, check)) = known else {
        bail!("schema {} is none that this version knows", shown(schema));
    };
    check(text)?;
    Ok(Some((*kind).to_owned()))
}

fn parsed<T: DeserializeOwned>(text: &str, kind: &str) -> Result<T> {
    result_file::parse(text, kind)
}

fn metrics(text: &str) -> Result<()> {
    own_counts::metrics(&parsed(text, "metrics")?)
}

fn validate(text: &str) -> Result<()> {
    expect_known_verdict(text, "validate", &ValidateVerdict::ALL.map(ValidateVerdict::name))?;
    own_counts::validate(&parsed(text, "validate")?)
}

fn compare(text: &str) -> Result<()> {
    expect_known_verdict(text, "compare", &CompareVerdict::ALL.map(CompareVerdict::name))?;
    own_counts::compare(&parsed(text, "compare")?)
}

/// Reads the verdict before the rest, so that an unknown one is named together with the known ones.
fn expect_known_verdict(text: &str, kind: &str, known: &[&str]) -> Result<()> {
    #[derive(Deserialize)]
    struct VerdictOnly {
        #[serde(rename = "verdict")]
        word: String,
    }
    let VerdictOnly { word } = parsed(text, kind)?;
    expect_one_of(&word, known)
}

fn expect_one_of(verdict: &str, known: &[&str]) -> Result<()> {
    ensure!(known.contains(&verdict), "verdict {} is none of {}", shown(verdict), known.join(", "));
    Ok(())
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

    fn written(result: &impl serde::Serialize) -> String {
        serde_json::to_string(result).unwrap()
    }

    fn said(text: &str) -> String {
        file(text).map_or_else(|error| format!("{error:#}"), Option::unwrap_or_default)
    }

    #[test]
    fn figures_are_held_against_their_counts() {
        let confusion =
            Confusion { true_positive: 8, true_negative: 9, false_positive: 1, false_negative: 2 };
        let text = written(&Metrics::new(30, Figures::of(&mut [], confusion), "score"));
        assert_eq!(said(&text), "metrics");
        let cases = [
            ("\"rows\":30", "\"rows\":19", "counts 20 verdicts on 20 labelled of 19 rows"),
            ("\"labelled\":20", "\"labelled\":21", "counts 20 verdicts on 21 labelled of 30 rows"),
            ("\"recall\":0.8,", "\"recall\":0.9,", "recall is 0.9, but 0.8 by its own counts"),
            (
                "\"true_positive\":8",
                "\"true_positive\":18446744073709551615",
                "counts more rows than there can be",
            ),
            ("\"true_positive\":8", "\"true_positive\":-8", "invalid value: integer `-8`, expected u64"),
            ("metrics/1", "metrics/1 ", "schema 'spamops/metrics/1 ' is none that this version knows"),
        ];
        for (from, to, wanted) in cases {
            assert!(text.contains(from), "{text}");
            let said = said(&text.replace(from, to));
            assert!(said.ends_with(wanted), "{said}");
        }
    }

    #[test]
    fn a_verdict_is_held_against_its_reasons() {
        let positive = PairedCounts { both: 20, only_other: 30, ..PairedCounts::default() };
        let counters =
            PairedConfusion { positive, negative: PairedCounts { neither: 50, ..PairedCounts::default() } };
        let gates = vec![Gate::least(FigureName::F1, 0.5)];
        let found = CompareEvidence { gates, ..CompareEvidence::of(RowCounts::Paired(counters)) };
        let text = written(&compare_sentences::report(decision::decide(found), "compare"));
        assert_eq!(said(&text), "compare");
        for (from, to, wanted) in [
            (
                "\"verdict\":\"better\",\"deploy",
                "\"verdict\":\"worse\",\"deploy",
                "asks for a deployment though the verdict is worse",
            ),
            (
                "\"verdict\":\"better\",\"deploy",
                "\"verdict\":\"best\",\"deploy",
                "verdict 'best' is none of better, worse, inconclusive",
            ),
            (
                "\"challenger_f1\":1.0,\"pairs",
                "\"challenger_f1\":0.5,\"pairs",
                "challenger_f1 is 0.5, but 1 by its own counts",
            ),
            (
                "\"passed\":true",
                "\"passed\":false",
                "asks for a deployment though a gate, a slice or a golden message says no",
            ),
            (
                "\"rows\":100,\"verdict\":\"better\",\"deploy",
                "\"rows\":99,\"verdict\":\"better\",\"deploy",
                "counts 100 of 99 rows",
            ),
            (
                "\"only_challenger_right\":30},\"whole",
                "\"only_challenger_right\":31},\"whole",
                "the pairs are not those of the eight counters",
            ),
            ("\"only_other\":30,\"neither\":0}", "\"only_other\":29,\"neither\":1}", "champion_f1 is"),
        ] {
            assert!(text.contains(from), "{from} {text}");
            let said = said(&text.replacen(from, to, 1));
            assert!(
                said.starts_with(wanted) || wanted == "champion_f1 is" && said.contains("by its own counts"),
                "{said}"
            );
        }
    }

    #[test]
    fn what_no_tool_wrote_is_of_no_kind() {
        for text in ["[1, 2]", "text,label\n", "{\"schema\": 7}", "{\"schema\": \"other/1\"}", "{}"] {
            assert_eq!(file(text).unwrap(), None, "{text}");
        }
        assert_eq!(said(" \n"), "is empty");
        assert_eq!(said("{\n\"a\": "), "line 2: EOF while parsing a value");
    }
}
