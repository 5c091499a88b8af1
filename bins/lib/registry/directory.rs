//! Reads the registry directory: models by digest, numbered versions, aliases and the journal.
//!
//! Readers take no lock: an alias is one file, replaced by a rename after the version it points to is on disk.
//! Writers hold a lock. A move is valid once its line is in the journal. The writer then updates the alias.
//! If the writer is killed before the update, the next writer updates the alias.

use super::journal::Journal;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::ErrorKind::NotFound;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::io::diagnostics::shown;
use crate::io::owned_file::{OwnedDirectory, expect_no_link};
use crate::io::result_file::{self, ResultHead};
use crate::io::stream::Place;

/// The usual name of a model.
pub const MODEL: &str = "spam";

/// The alias of the model in production.
pub const CHAMPION: &str = "champion";

/// The default directory of the registry.
pub const DEFAULT: &str = "models";

/// The files of one named model.
pub const REGISTRY_FILES: OwnedDirectory = OwnedDirectory {
    kind: "registry",
    paths: || {
        let paths = [
            "versions/",
            "models/",
            "reports/",
            "journal.jsonl",
            "*.json",
            "versions/*.json",
            "models/*.json",
            "reports/*.json",
        ];
        paths.map(str::to_owned).into()
    },
};

/// The versions of one named model.
#[derive(Clone, Debug)]
pub struct Registry {
    pub(super) name: String,
    pub(super) directory: PathBuf,
}

/// The manifest of one version: its model file, origin and figures.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct Version {
    /// Schema, tool and run.
    #[serde(flatten)]
    pub head: ResultHead,
    /// Version number: 1, 2, 3, …
    pub version: u64,
    /// SHA-256 of the model file.
    pub digest: String,
    /// Time of registration, in UTC (RFC 3339).
    pub registered: String,
    /// Reason for the registration.
    pub reason: String,
    /// Person or account that registered it; absent if unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// Id of the run that registered it; absent outside a run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run: Option<String>,
    /// Version of the champion at the time of registration; absent without a champion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<u64>,
    /// Time of the fit, in UTC (RFC 3339).
    pub fitted: String,
    /// Git commit that it was fitted from; absent if unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Its training rows.
    pub data: TrainingData,
    /// Cross-validated figures, by name; empty without cross-validation.
    pub metrics: BTreeMap<String, f64>,
    /// SHA-256 of the reports that were registered with it, by kind; absent if there are none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub reports: BTreeMap<String, String>,
}

/// The training rows of a model.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
pub struct TrainingData {
    /// SHA-256 of their texts and labels.
    pub digest: String,
    /// Number of rows.
    pub rows: u64,
    /// Number of spam rows.
    pub positive: u64,
}

/// An alias and the version it points to.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct Alias {
    /// Schema, tool and run.
    #[serde(flatten)]
    pub head: ResultHead,
    /// Name of the alias, such as `champion`.
    pub alias: String,
    /// Number of times the alias was moved, from 1.
    pub sequence: u64,
    /// Version that the alias points to.
    pub version: u64,
    /// SHA-256 of that version's model file.
    pub digest: String,
    /// Time of the last move, in UTC (RFC 3339).
    pub moved: String,
    /// Reason for the last move.
    pub reason: String,
    /// Person or account that moved it; absent if unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
}

impl Registry {
    /// The versions of the model `name` in a registry directory.
    pub fn new(registry: &Path, name: &str) -> Self {
        Self { name: name.to_owned(), directory: registry.join(name) }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Directory of the model in the registry.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// The champion; none if no model was promoted yet.
    pub fn champion(&self) -> Result<Option<Alias>> {
        self.alias(CHAMPION)
    }

    /// An alias by its name; none if it does not exist.
    pub fn alias(&self, alias: &str) -> Result<Option<Alias>> {
        let path = self.alias_path(alias);
        self.expect_own(&path)?;
        if path.is_file() { read_alias(path).map(Some) } else { Ok(None) }
    }

    /// All aliases, by name.
    pub fn aliases(&self) -> Result<Vec<Alias>> {
        let read = |path: PathBuf| self.expect_own(&path).and_then(|()| read_alias(path));
        json_files(&self.directory)?.into_iter().map(read).collect()
    }

    /// All versions, oldest first.
    pub fn versions(&self) -> Result<Vec<Version>> {
        let mut versions = Vec::new();
        while let Some(version) = self.version(versions.len() as u64 + 1)? {
            versions.push(version);
        }
        Ok(versions)
    }

    /// A version by its number; none if it does not exist.
    pub fn version(&self, number: u64) -> Result<Option<Version>> {
        let path = self.version_path(number);
        self.expect_own(&path)?;
        let place = Place::File(path);
        if !place.is_regular_file() {
            return Ok(None);
        }
        let found: Version = result_file::read(&place, "version")?;
        let actual = found.version;
        ensure!(
            actual == number,
            "{place}: has version number {actual}, expected {number}; restore it from git"
        );
        Ok(Some(found))
    }

    /// Whether nothing was registered yet. A first version without a journal, left by a killed run, does not count.
    pub fn is_empty(&self) -> Result<bool> {
        let is_begun = self.journal_path().exists() || self.version_path(2).exists();
        Ok(!is_begun && json_files(&self.directory)?.is_empty())
    }

    /// Every registration, move and removal so far.
    pub fn journal(&self) -> Result<Journal> {
        let path = self.journal_path();
        if self.is_empty()? {
            return Ok(Journal::default());
        }
        self.expect_own(&path)?;
        ensure!(path.exists(), "{}: is missing; restore it from git", path.display());
        Journal::read(&path)
    }

    /// The text of a model. Checks its digest.
    pub fn model(&self, digest: &str) -> Result<String> {
        self.read_checked(&self.model_path(digest), digest, ", or promote the model again")
    }

    /// The text of a report that was registered with a version. Checks its digest.
    pub fn report(&self, digest: &str) -> Result<String> {
        self.read_checked(&self.report_path(digest), digest, "")
    }

    fn read_checked(&self, path: &Path, digest: &str, other_remedy: &str) -> Result<String> {
        expect_digest(digest)?;
        self.expect_own(path)?;
        let place = Place::File(path.to_owned());
        ensure!(place.is_regular_file(), "{place}: is missing; restore it from git{other_remedy}");
        let text = place.read_text()?;
        if result_file::digest(&text) != digest {
            bail!("{place}: does not match the digest in its name; restore it from git");
        }
        Ok(text)
    }

    /// An alias, and the text of the model it points to; none if the alias does not exist.
    pub fn serving(&self, alias: &str) -> Result<Option<(Alias, String)>> {
        while let Some(found) = self.alias(alias)? {
            match self.model(&found.digest) {
                Ok(model) => return Ok(Some((found, model))),
                // If the alias moved between the two reads, read again. Otherwise, the model is missing.
                Err(error) if self.alias(alias)?.as_ref() == Some(&found) => return Err(error),
                Err(_) => {}
            }
        }
        Ok(None)
    }

    /// Fails if a file, its directory or the directory of the model is a symbolic link.
    fn expect_own(&self, path: &Path) -> Result<()> {
        let inside = path.ancestors().take_while(|path| path.starts_with(&self.directory));
        inside.collect::<Vec<_>>().into_iter().rev().try_for_each(expect_no_link)
    }

    /// Fails if the directory of the model, or a file or directory in it, is a symbolic link.
    pub(super) fn expect_no_links(&self) -> Result<()> {
        // You did not name the default directory.
        if self.directory.parent() == Some(Path::new(DEFAULT)) {
            expect_no_link(Path::new(DEFAULT))?;
        }
        expect_no_link(&self.directory)?;
        REGISTRY_FILES.expect_no_links(&self.directory)
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

/// The model in this directory; none if the directory has no versions.
pub fn in_directory(directory: &Path) -> Option<Registry> {
    let alias = Place::File(directory.join(format!("{CHAMPION}.json")));
    let has_alias = || alias.is_regular_file() && result_file::read::<Alias>(&alias, "alias").is_ok();
    let name = directory.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let is_one =
        directory.join("versions").is_dir() || directory.join("journal.jsonl").is_file() || has_alias();
    is_one.then(|| Registry { name, directory: directory.to_owned() })
}

/// The JSON files of a directory, by name; empty if the directory does not exist.
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
    let actual = shown(&found.alias);
    ensure!(found.alias == name, "{place}: belongs to the alias {actual}; restore it from git");
    Ok(found)
}

pub(super) fn stem(path: &Path) -> &str {
    path.file_stem().and_then(OsStr::to_str).unwrap_or_default()
}

pub(super) fn expect_digest(digest: &str) -> Result<()> {
    let is_digest = digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
    ensure!(is_digest, "{} is not a SHA-256 digest; restore the file from git", shown(digest));
    Ok(())
}

/// Checks the name of a model, which becomes a directory.
pub fn name(text: &str) -> Result<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let fits = text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(plain);
    ensure!(fits, "expected letters, digits, - and _");
    // File names contain the model's name, so the name must be short.
    ensure!(text.len() <= 100, "has {} characters (limit 100); choose a shorter name", text.len());
    Ok(text.to_owned())
}

/// Checks the name of an alias. As in MLflow, the name must not look like a version.
pub fn alias(text: &str) -> Result<String> {
    let digits = text.strip_prefix(['v', 'V']).unwrap_or(text);
    let is_version = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    ensure!(!is_version && text != "latest", "looks like a version; choose another name");
    name(text)
}
