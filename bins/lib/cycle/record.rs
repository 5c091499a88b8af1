//! Defines `run.json`, the record of a run: its id, settings, inputs and completed steps.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cycle::files::RECORD;
use crate::cycle::settings::CycleSettings;
use crate::cycle::step::CycleStep;
use crate::io::result_file::{self, ResultHead};
use crate::io::stream::Place;
use crate::registry::holds::AliasHold;
use crate::state::gathered::{CHAMPION_PROFILE, State};

/// The record of a run.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct CycleRecord {
    /// Schema, tool and run.
    #[serde(flatten)]
    pub head: ResultHead,
    /// SHA-256 of inputs and settings without paths. The same run in another directory has the same id.
    pub id: String,
    /// Settings of the run.
    pub settings: CycleSettings,
    /// SHA-256 of every input at the start of the run, by name.
    pub inputs: BTreeMap<String, String>,
    /// Whether an earlier run was killed after it requested a retrain, but before the retrain.
    pub answers_earlier_request: bool,
    /// Version of the champion that scored the new rows; null without a champion.
    pub champion: Option<u64>,
    /// The step that failed last; absent once it is complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed: Option<CycleStep>,
    /// Hold of the champion when the run last looked; absent if it was not held. While it is held, the run promotes nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold: Option<AliasHold>,
    /// Hold that this run ended, because the challenger is better than both versions; absent if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_hold: Option<AliasHold>,
    /// Completed steps, in order.
    pub done: Vec<CycleStep>,
    /// Whether the run is finished. An unfinished run is resumed.
    pub finished: bool,
}

impl CycleRecord {
    /// A new run. Reads the digests of all inputs.
    pub fn begin(settings: CycleSettings, tool: &str) -> Result<Self> {
        let inputs = inputs(&settings)?;
        let answers_earlier_request = request(&settings).exists();
        let id = id(&settings, &inputs, answers_earlier_request)?;
        Ok(Self { id, inputs, answers_earlier_request, ..Self::unrecorded(settings, tool) })
    }

    /// A run that reads no inputs and writes no record.
    pub fn unrecorded(settings: CycleSettings, tool: &str) -> Self {
        let head = ResultHead::new("run", tool);
        Self {
            head,
            id: String::new(),
            settings,
            inputs: BTreeMap::new(),
            answers_earlier_request: false,
            champion: None,
            failed: None,
            hold: None,
            ended_hold: None,
            done: Vec::new(),
            finished: false,
        }
    }

    /// The run recorded in a directory; none without a record.
    pub fn read(directory: &Path) -> Result<Option<Self>> {
        let path = directory.join(RECORD);
        if !path.exists() {
            return Ok(None);
        }
        let place = Place::File(path);
        let record: Self = result_file::read(&place, "run")?;
        record.check().with_context(|| place.to_string())?;
        Ok(Some(record))
    }

    /// Writes the record atomically. Does nothing for an unrecorded run.
    pub fn write(&self, directory: &Path) -> Result<()> {
        if self.id.is_empty() {
            return Ok(());
        }
        result_file::write(&Place::File(directory.join(RECORD)), self)
    }

    /// Fails if the id does not match the settings and inputs.
    pub fn check(&self) -> Result<()> {
        let own = id(&self.settings, &self.inputs, self.answers_earlier_request)?;
        ensure!(
            self.id == own,
            "the id does not match its settings and inputs; restore the file, or delete it"
        );
        Ok(())
    }

    /// Whether a killed run can be resumed with these settings. Its settings and input files must be unchanged.
    pub fn can_resume(&self, settings: &CycleSettings) -> Result<bool> {
        if self.finished || self.settings != *settings {
            return Ok(false);
        }
        // Do not compare the state and the registry, because the run itself changes them.
        Ok(files_to_read(settings)?.iter().all(|(name, digest)| self.inputs.get(name) == Some(digest)))
    }

    /// Whether the policy is unchanged since the run began.
    pub fn has_its_policy(&self) -> Result<bool> {
        let mut now = BTreeMap::new();
        add(&mut now, "policy", policy(&self.settings))?;
        Ok(now.get("policy") == self.inputs.get("policy"))
    }

    pub fn is_done(&self, step: CycleStep) -> bool {
        self.done.contains(&step)
    }
}

/// Reads the id from the record of a run.
pub fn id_in(place: &Place) -> Result<String> {
    #[derive(Deserialize)]
    struct RunIdOnly {
        id: String,
    }
    result_file::read::<RunIdOnly>(place, "run").map(|record| record.id)
}

/// Digests of everything that a run reads.
fn inputs(settings: &CycleSettings) -> Result<BTreeMap<String, String>> {
    let state = State::open(Path::new(&settings.state))?;
    let mut inputs = files_to_read(settings)?;
    for name in ["rows.jsonl", "refused.jsonl", "history.jsonl", "decisions.jsonl", CHAMPION_PROFILE] {
        add(&mut inputs, name, &state.file(name))?;
    }
    let champion = Path::new(&settings.registry).join(&settings.name).join("champion.json");
    add(&mut inputs, "champion", &champion)?;
    Ok(inputs)
}

/// Digests of the input files that the run itself does not change.
fn files_to_read(settings: &CycleSettings) -> Result<BTreeMap<String, String>> {
    let mut inputs = BTreeMap::new();
    inputs.insert("data".to_owned(), digest(Path::new(&settings.data))?);
    if let Some(contract) = &settings.contract {
        inputs.insert("contract".to_owned(), digest(Path::new(contract))?);
    }
    if let Some(golden) = &settings.golden {
        inputs.insert("golden".to_owned(), digest(Path::new(golden))?);
    }
    if let Some(scored) = &settings.champion_scored {
        inputs.insert("champion-scored".to_owned(), digest(Path::new(scored))?);
    }
    if let Some(labels) = &settings.labels {
        inputs.insert("labels".to_owned(), digest(Path::new(labels))?);
    }
    for (number, watched) in (1..).zip(&settings.watch) {
        inputs.insert(format!("watch {number}"), digest(Path::new(watched))?);
    }
    add(&mut inputs, "policy", policy(settings))?;
    Ok(inputs)
}

/// Path of the policy that the tools read.
fn policy(settings: &CycleSettings) -> &Path {
    Path::new(settings.config.as_deref().unwrap_or("spamops.toml"))
}

/// The file that marks a pending retrain. The file contains the id of the requesting run, and exists until the retrain
/// is done.
pub fn request(settings: &CycleSettings) -> PathBuf {
    Path::new(&settings.state).join("retrain-pending")
}

/// Adds the digest of a file if the file exists.
fn add(inputs: &mut BTreeMap<String, String>, name: &str, path: &Path) -> Result<()> {
    if path.is_file() {
        inputs.insert(name.to_owned(), digest(path)?);
    }
    Ok(())
}

fn digest(path: &Path) -> Result<String> {
    File::open(path).and_then(result_file::digest_from).with_context(|| path.display().to_string())
}

fn id(
    settings: &CycleSettings,
    inputs: &BTreeMap<String, String>,
    answers_earlier_request: bool,
) -> Result<String> {
    // Leave out paths, so that the same run in another directory has the same id.
    let CycleSettings { since, until, size, force, now, commit, .. } = settings;
    let identity =
        serde_json::to_string(&(inputs, since, until, size, force, now, commit, answers_earlier_request))?;
    Ok(result_file::digest(&identity))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(directory: &Path) -> CycleSettings {
        let name = |file: &str| directory.join(file).display().to_string();
        CycleSettings {
            demo: false,
            data: name("rows.csv"),
            registry: name("models"),
            name: "spam".into(),
            state: name("state"),
            contract: None,
            golden: None,
            champion_scored: None,
            labels: None,
            watch: Vec::new(),
            since: None,
            until: None,
            size: Some(10),
            force: false,
            now: "2026-10-01".into(),
            commit: None,
            config: None,
        }
    }

    #[test]
    fn id_depends_on_inputs_and_settings_but_not_on_paths() {
        let one = std::env::temp_dir().join(format!("spamops-record-{}", std::process::id()));
        let other = one.join("elsewhere");
        std::fs::create_dir_all(&other).unwrap();
        for directory in [&one, &other] {
            std::fs::write(directory.join("rows.csv"), "label,text\nham,a\n").unwrap();
        }
        let id = |settings: CycleSettings| CycleRecord::begin(settings, "run").unwrap().id;
        let first = id(settings(&one));
        assert_eq!(first.len(), 64);
        assert_eq!(first, id(settings(&other)));
        assert_ne!(first, id(CycleSettings { size: Some(11), ..settings(&one) }));
        assert_ne!(first, id(CycleSettings { now: "2026-10-02".into(), ..settings(&one) }));
        std::fs::write(other.join("rows.csv"), "label,text\nham,b\n").unwrap();
        assert_ne!(first, id(settings(&other)));
        std::fs::create_dir_all(other.join("state")).unwrap();
        std::fs::write(one.join("rows.csv"), "label,text\nham,b\n").unwrap();
        std::fs::write(other.join("state/rows.jsonl"), "{}\n").unwrap();
        assert_ne!(id(settings(&one)), id(settings(&other)));
        std::fs::remove_dir_all(&one).unwrap();
    }

    #[test]
    fn resumes_a_run_unless_it_is_finished_or_its_inputs_changed() {
        let directory = std::env::temp_dir().join(format!("spamops-resume-{}", std::process::id()));
        std::fs::create_dir_all(&directory).unwrap();
        std::fs::write(directory.join("rows.csv"), "label,text\nham,a\n").unwrap();
        let settings = settings(&directory);
        let mut record = CycleRecord::begin(settings.clone(), "run").unwrap();
        record.done.push(CycleStep::Sample);
        assert!(record.can_resume(&settings).unwrap());
        assert!(!record.can_resume(&CycleSettings { size: Some(11), ..settings.clone() }).unwrap());
        let finished = CycleRecord { finished: true, ..record.clone() };
        assert!(!finished.can_resume(&settings).unwrap());
        record.write(&directory).unwrap();
        assert_eq!(CycleRecord::read(&directory).unwrap(), Some(record.clone()));
        assert!(record.check().is_ok() && CycleRecord { id: "0".into(), ..record.clone() }.check().is_err());
        assert_eq!(id_in(&Place::File(directory.join(RECORD))).unwrap(), record.id);
        std::fs::write(directory.join("rows.csv"), "label,text\nham,b\n").unwrap();
        assert!(!record.can_resume(&settings).unwrap());
        std::fs::remove_dir_all(&directory).unwrap();
    }
}
