//! The registry directory: models by digest, numbered versions, aliases that point to them, and a journal.
//!
//! Readers take no lock. An alias is one file, replaced by a rename, and the version it points to is already on disk.
//! Writers hold a lock. A move is valid once its line is in the journal. The alias follows at once, or with the next writer
//! if the first one was killed in between.

use super::journal::Journal;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::ErrorKind::NotFound;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use serde::{Deserialize, Serialize};

use crate::io::diagnostics::shown;
use crate::io::result_file::{self, ResultHead};
use crate::io::stream::Place;

/// The alias of the model that serves.
pub const CHAMPION: &str = "champion";

/// The models of one name.
#[derive(Clone, Debug)]
pub struct Registry {
    pub(super) name: String,
    pub(super) directory: PathBuf,
}

/// One version of a model: what it is, where it came from, and what it was measured to be worth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Version {
    /// Schema and tool.
    #[serde(flatten)]
    pub head: ResultHead,
    /// 1, 2, 3, …
    pub version: u64,
    /// SHA-256 of the model file.
    pub digest: String,
    /// When it was registered.
    pub registered: String,
    /// Why.
    pub reason: String,
    /// Who registered it, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// The run that did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// The champion of that time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<u64>,
    /// When it was fitted.
    pub fitted: String,
    /// The commit it was fitted at, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// What it learned from.
    pub data: TrainingData,
    /// What it was worth on folds it had not learned from.
    pub metrics: BTreeMap<String, f64>,
    /// The reports that came with it: their SHA-256, by what they are.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub reports: BTreeMap<String, String>,
}

/// The rows that a model learned from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrainingData {
    /// The digest of their texts and labels.
    pub digest: String,
    /// How many they are.
    pub rows: u64,
    /// How many of them are positive.
    pub positive: u64,
}

/// Where an alias points.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alias {
    /// Schema and tool.
    #[serde(flatten)]
    pub head: ResultHead,
    /// Its name.
    pub alias: String,
    /// How often it has been moved.
    pub sequence: u64,
    /// The version it points to.
    pub version: u64,
    /// The digest of that version.
    pub digest: String,
    /// When it was moved.
    pub moved: String,
    /// Why.
    pub reason: String,
    /// Who moved it, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
}

impl Registry {
    /// The models called `name` in a registry directory.
    pub fn new(registry: &Path, name: &str) -> Self {
        Self { name: name.to_owned(), directory: registry.join(name) }
    }

    /// Which of the registry's models these are.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where they are.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The champion, where there is one.
    pub fn champion(&self) -> Result<Option<Alias>> {
        self.alias(CHAMPION)
    }

    /// Where an alias points, where there is such an alias.
    pub fn alias(&self, alias: &str) -> Result<Option<Alias>> {
        let path = self.alias_path(alias);
        if path.is_file() { read_alias(path).map(Some) } else { Ok(None) }
    }

    /// All aliases, in the order of their names.
    pub fn aliases(&self) -> Result<Vec<Alias>> {
        json_files(&self.directory)?.into_iter().map(read_alias).collect()
    }

    /// All versions, oldest first.
    pub fn versions(&self) -> Result<Vec<Version>> {
        let mut versions = Vec::new();
        while let Some(version) = self.version(versions.len() as u64 + 1)? {
            versions.push(version);
        }
        Ok(versions)
    }

    /// A version by its number, where there is such a one.
    pub fn version(&self, number: u64) -> Result<Option<Version>> {
        let place = Place::File(self.version_path(number));
        if !place.is_regular_file() {
            return Ok(None);
        }
        let found: Version = result_file::read(&place, "version")?;
        let says = found.version;
        ensure!(says == number, "{place}: says that it is version {says}; restore it from git");
        Ok(Some(found))
    }

    /// Whether nothing has happened yet: at most a first version is there, of a run that was killed before its line.
    pub fn is_empty(&self) -> Result<bool> {
        let is_begun = self.journal_path().exists() || self.version_path(2).exists();
        Ok(!is_begun && json_files(&self.directory)?.is_empty())
    }

    /// What has happened.
    pub fn journal(&self) -> Result<Journal> {
        let path = self.journal_path();
        if self.is_empty()? {
            return Ok(Journal::default());
        }
        ensure!(path.exists(), "{}: is missing; restore it from git", path.display());
        Journal::read(&path)
    }

    /// The text of a model, its digest checked.
    pub fn model(&self, digest: &str) -> Result<String> {
        Self::intact(&self.model_path(digest), digest, ", or promote the model again")
    }

    /// The text of a report that came with a version, its digest checked.
    pub fn report(&self, digest: &str) -> Result<String> {
        Self::intact(&self.report_path(digest), digest, "")
    }

    fn intact(path: &Path, digest: &str, otherwise: &str) -> Result<String> {
        expect_digest(digest)?;
        let place = Place::File(path.to_owned());
        ensure!(place.is_regular_file(), "{place}: is missing; restore it from git{otherwise}");
        let text = place.read_text()?;
        if result_file::digest(&text) != digest {
            bail!("{place}: does not have the digest in its name; restore it from git");
        }
        Ok(text)
    }

    /// The model that an alias points to, with the alias; none where there is no such alias.
    pub fn serving(&self, alias: &str) -> Result<Option<(Alias, String)>> {
        while let Some(found) = self.alias(alias)? {
            match self.model(&found.digest) {
                Ok(model) => return Ok(Some((found, model))),
                // Between one look and the other the alias may have moved and the old model gone; where it has not, it is lost.
                Err(error) if self.alias(alias)?.as_ref() == Some(&found) => return Err(error),
                Err(_) => {}
            }
        }
        Ok(None)
    }

    pub(super) fn alias_path(&self, alias: &str) -> PathBuf {
        self.directory.join(format!("{alias}.json"))
    }

    pub(super) fn version_path(&self, number: u64) -> PathBuf {
        self.directory.join("versions").join(format!("{number}.json"))
    }

    pub(super) fn model_path(&self, digest: &str) -> PathBuf {
        self.directory.join("models").join(format!("{digest}.json"))
    }

    pub(super) fn report_path(&self, digest: &str) -> PathBuf {
        self.directory.join("reports").join(format!("{digest}.json"))
    }

    pub(super) fn journal_path(&self) -> PathBuf {
        self.directory.join("journal.jsonl")
    }
}

/// The models of one name, where a directory holds such.
pub fn in_directory(directory: &Path) -> Option<Registry> {
    let alias = Place::File(directory.join(format!("{CHAMPION}.json")));
    let has_alias = || alias.is_regular_file() && result_file::read::<Alias>(&alias, "alias").is_ok();
    let name = directory.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let is_one =
        directory.join("versions").is_dir() || directory.join("journal.jsonl").is_file() || has_alias();
    is_one.then(|| Registry { name, directory: directory.to_owned() })
}

/// The JSON files of a directory in the order of their names; none where it does not exist.
pub fn json_files(directory: &Path) -> Result<Vec<PathBuf>> {
    let is_json = |path: &PathBuf| {
        path.extension().is_some_and(|extension| extension == "json")
            && path.is_file()
            && !path.file_name().unwrap_or_default().to_string_lossy().starts_with('.')
    };
    let mut files = match fs::read_dir(directory) {
        Err(error) if error.kind() == NotFound => Vec::new(),
        entries => {
            let entries = entries.with_context(|| directory.display().to_string())?;
            entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?
        }
    };
    files.retain(is_json);
    files.sort_unstable();
    Ok(files)
}

fn read_alias(path: PathBuf) -> Result<Alias> {
    let name = stem(&path).to_owned();
    let place = Place::File(path);
    let found: Alias = result_file::read(&place, "alias")?;
    let says = shown(&found.alias);
    ensure!(found.alias == name, "{place}: says that it is the alias {says}; restore it from git");
    Ok(found)
}

pub(super) fn stem(path: &Path) -> &str {
    path.file_stem().and_then(OsStr::to_str).unwrap_or_default()
}

pub(super) fn expect_digest(digest: &str) -> Result<()> {
    let is_digest = digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
    ensure!(is_digest, "{} is no digest", shown(digest));
    Ok(())
}

/// Checks a name that becomes a directory.
pub fn name(text: &str) -> Result<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let fits = text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(plain);
    ensure!(fits, "expected letters, digits, - and _");
    // What is made of it must fit into the name of a file.
    ensure!(text.len() <= 100, "has {} characters, and may have 100", text.len());
    Ok(text.to_owned())
}

/// Checks the name of an alias, which may be none that is taken for a version, as in MLflow.
pub fn alias(text: &str) -> Result<String> {
    let digits = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let is_version = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    ensure!(!is_version && text != "latest", "would be taken for a version; choose another name");
    name(text)
}
