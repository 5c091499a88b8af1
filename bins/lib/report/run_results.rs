//! Reads the results in the directory of a run. All results must belong to the same run.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::de::DeserializeOwned;

use crate::compare::report::CompareReport;
use crate::cycle::record::CycleRecord;
use crate::cycle::step::CycleStep;
use crate::drift::drift_report::DriftReport;
use crate::io::diagnostics::inert;
use crate::io::limits;
use crate::io::result_file::{self, ResultHead};
use crate::io::stream::Place;
use crate::registry::CHAMPION;
use crate::registry::holds::AliasHold;
use crate::registry::moves::Promotion;
use crate::rows::contract::ValidateReport;
use crate::rows::{ReadOptions, Row, Rows};
use crate::stats::metrics::Metrics;

/// The results of one run; none for tools that did not run.
#[derive(Clone, Debug, Default)]
pub struct RunResults {
    /// The id of the run in the results; none if you called the tools one by one.
    pub run_id: Option<String>,
    /// The directory of the results, as given by the caller.
    pub directory: String,
    /// The model that the run is about, if known.
    pub model: RunModel,
    pub validate: Option<ValidateReport>,
    /// The champion's metrics on the labelled new rows.
    pub metrics: Option<Metrics>,
    pub drift: Option<DriftReport>,
    pub compare: Option<CompareReport>,
    /// The sequential test of the champion and its predecessor since the promotion.
    pub watch: Option<CompareReport>,
    /// Hold of the champion, according to the record of the run.
    pub hold: Option<AliasHold>,
    /// The result of `promote`, if `promote` moved the champion.
    pub promote: Option<Promotion>,
    /// Files for people in the directory: `flips.csv`, `rejects.csv`, `to-label.csv`.
    pub files: Vec<&'static str>,
    /// Number of rows in `to-label.csv`; none without this file.
    pub to_label: Option<u64>,
    /// The step that failed last; none if no step failed.
    pub failed: Option<CycleStep>,
}

/// Files for people. A report mentions only the files that exist.
const NAMED_FILES: [&str; 3] = ["flips.csv", "rejects.csv", "to-label.csv"];

/// The model that a run is about. Only `spamops run` and `promote` record the model; unknown fields are none.
#[derive(Clone, Debug, Default)]
pub struct RunModel {
    /// Name of the model in the registry.
    pub name: Option<String>,
    /// The directory of the registry.
    pub registry: Option<String>,
    /// The version of the champion when the run began.
    pub champion_version: Option<u64>,
    /// SHA-256 of that champion.
    pub champion_digest: Option<String>,
}

/// Results with the id of their run: the name of the file and the kind of the result.
const RESULTS: [(&str, &str); 6] = [
    ("validate", "validate"),
    ("metrics", "metrics"),
    ("drift", "drift"),
    ("watch", "compare"),
    ("compare", "compare"),
    ("promote", "promote"),
];

/// Reads the results in a directory. A result that is not of the run in `run.json` is an error.
pub fn read(directory: &Path) -> Result<RunResults> {
    let record = CycleRecord::read(directory)?;
    let run_id = record.as_ref().map(|record| record.id.clone());
    expect_results_of(run_id.as_deref(), directory)?;
    let promote: Option<Promotion> = result(directory, "promote", "promote")?;
    let promote =
        promote.filter(|promote| promote.alias == CHAMPION && promote.action.is_move() && !promote.dry_run);
    Ok(RunResults {
        run_id,
        directory: directory.display().to_string().trim_end_matches('/').to_owned(),
        failed: record.as_ref().and_then(|record| record.failed),
        to_label: rows_in(&directory.join("to-label.csv")),
        hold: record.as_ref().and_then(|record| record.hold.clone()),
        model: model(directory, record, promote.as_ref())?,
        validate: result(directory, "validate", "validate")?,
        metrics: result(directory, "metrics", "metrics")?,
        drift: result(directory, "drift", "drift")?,
        compare: result(directory, "compare", "compare")?,
        watch: result(directory, "watch", "compare")?,
        promote,
        files: NAMED_FILES.into_iter().filter(|name| has_rows(&directory.join(name))).collect(),
    })
}

/// Whether a file has a line after its header.
fn has_rows(path: &Path) -> bool {
    path.is_file()
        && File::open(path)
            .is_ok_and(|file| BufReader::new(file.take(limits::ROW_BYTES)).lines().nth(1).is_some())
}

/// Number of rows in a file; none if the file is missing or unreadable.
fn rows_in(path: &Path) -> Option<u64> {
    let place = Place::File(path.to_path_buf());
    let mut rows = path.is_file().then(|| Rows::open(&place, &ReadOptions::default()).ok())??;
    let mut row = Row::default();
    while rows.read(&mut row).ok()? {}
    Some(rows.seen())
}

fn model(directory: &Path, record: Option<CycleRecord>, promote: Option<&Promotion>) -> Result<RunModel> {
    let name = promote.map(|promote| promote.name.clone());
    let name = name.or_else(|| record.as_ref().map(|record| record.settings.name.clone()));
    let champion = record.as_ref().and_then(|record| record.champion);
    let path = directory.join("champion.json");
    let digest = (champion.is_some() && path.is_file())
        .then(|| File::open(&path).and_then(result_file::digest_from))
        .transpose()
        .with_context(|| path.display().to_string())?;
    Ok(RunModel {
        name,
        registry: record.map(|record| record.settings.registry),
        champion_version: champion,
        champion_digest: digest,
    })
}

/// Fails if a result is not of the run in `run.json`. Without `run.json`, no result may belong to a run: tools that you
/// call one by one write results without an id.
fn expect_results_of(run_id: Option<&str>, directory: &Path) -> Result<()> {
    let id_of = |id: Option<&str>| id.map_or("no run".to_owned(), |id| format!("run {:.12}", inert(id)));
    for (name, kind) in RESULTS {
        let Some(head) = result::<ResultHead>(directory, name, kind)? else { continue };
        let own = head.run_id.as_deref();
        let recorded = match run_id {
            Some(_) => format!("run.json belongs to {}", id_of(run_id)),
            None => "there is no run.json".to_owned(),
        };
        let directory = directory.display();
        ensure!(
            own == run_id,
            "{directory}: {recorded}, but {name}.json belongs to {}; \
             start over with spamops run --restart, or call the tool with --run {directory}/run.json",
            id_of(own)
        );
    }
    Ok(())
}

fn result<T: DeserializeOwned>(directory: &Path, name: &str, kind: &str) -> Result<Option<T>> {
    let path = directory.join(format!("{name}.json"));
    if path.exists() { result_file::read(&Place::File(path), kind).map(Some) } else { Ok(None) }
}
