//! The registry: a directory of models by digest, numbered versions, and the alias `champion`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use crate::data::notes::shown;
use crate::data::place::Place;
use crate::data::results::{self, Head};
use crate::learn::model::Model;

/// The alias of the model that serves.
pub const CHAMPION: &str = "champion";

/// The models of one name.
#[derive(Clone, Debug)]
pub struct Registry {
    name: String,
    directory: PathBuf,
}

/// One version of a model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Version {
    /// Schema and tool.
    #[serde(flatten)]
    pub head: Head,
    /// 1, 2, 3, …
    pub version: u64,
    /// SHA-256 of the model file.
    pub digest: String,
    /// When it was registered.
    pub registered: String,
    /// Why.
    pub reason: String,
}

/// The record of a promotion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Promotion {
    /// Schema and tool.
    #[serde(flatten)]
    pub head: Head,
    /// Which of the registry's models.
    pub name: String,
    /// The version that is the champion now.
    pub version: u64,
    /// The version that was, if there was one.
    pub previous_version: Option<u64>,
    /// SHA-256 of the model file.
    pub digest: String,
    /// How often the champion has been moved.
    pub sequence: u64,
    /// When.
    pub moved: String,
    /// Why.
    pub reason: String,
}

/// Where an alias points.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alias {
    /// Schema and tool.
    #[serde(flatten)]
    pub head: Head,
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
}

impl Registry {
    /// The models called `name` in a registry directory.
    pub fn new(registry: &Path, name: &str) -> Self {
        Self { name: name.to_owned(), directory: registry.join(name) }
    }

    /// The champion, where there is one.
    pub fn champion(&self) -> Result<Option<Alias>> {
        let path = self.alias_path();
        if path.exists() { results::read(&Place::File(path), "alias").map(Some) } else { Ok(None) }
    }

    /// All versions, oldest first.
    pub fn versions(&self) -> Result<Vec<Version>> {
        let mut versions = Vec::new();
        while let Some(version) = self.version(versions.len() as u64 + 1)? {
            versions.push(version);
        }
        Ok(versions)
    }

    fn version(&self, number: u64) -> Result<Option<Version>> {
        let path = self.directory.join("versions").join(format!("{number}.json"));
        if path.exists() { results::read(&Place::File(path), "version").map(Some) } else { Ok(None) }
    }

    /// The text of a model, its digest checked.
    pub fn model(&self, digest: &str) -> Result<String> {
        if digest.len() != 64 || !digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            bail!("{} is no digest", shown(digest));
        }
        let place = Place::File(self.model_path(digest));
        let text = place.read_text()?;
        if results::digest(&text) != digest {
            bail!("{place}: does not have the digest in its name; restore it from git");
        }
        Ok(text)
    }

    /// Registers a model and makes it the champion, by one rename.
    pub fn promote(&self, model: &str, reason: &str, now: &str, tool: &str) -> Result<Promotion> {
        Model::parse(model)?;
        for directory in ["models", "versions"] {
            let path = self.directory.join(directory);
            fs::create_dir_all(&path).with_context(|| path.display().to_string())?;
        }
        let lock = fs::File::open(&self.directory)?;
        lock.lock()?;
        let digest = results::digest(model);
        let known = self.versions()?;
        let number = match known.iter().find(|version| version.digest == digest) {
            Some(version) => version.version,
            None => known.len() as u64 + 1,
        };
        if number > known.len() as u64 {
            Place::File(self.model_path(&digest)).write_text(model)?;
            let version = Version {
                head: Head::new("version", tool),
                version: number,
                digest: digest.clone(),
                registered: now.to_owned(),
                reason: reason.to_owned(),
            };
            let path = self.directory.join("versions").join(format!("{number}.json"));
            results::write(&Place::File(path), &version)?;
        }
        let previous = self.champion()?;
        let sequence = previous.as_ref().map_or(1, |champion| champion.sequence + 1);
        let (moved, reason) = (now.to_owned(), reason.to_owned());
        let alias = Alias {
            head: Head::new("alias", tool),
            alias: CHAMPION.into(),
            sequence,
            version: number,
            digest: digest.clone(),
            moved: moved.clone(),
            reason: reason.clone(),
        };
        results::write(&Place::File(self.alias_path()), &alias)?;
        Ok(Promotion {
            head: Head::new("promote", tool),
            name: self.name.clone(),
            version: number,
            previous_version: previous.map(|champion| champion.version),
            digest,
            sequence,
            moved,
            reason,
        })
    }

    fn alias_path(&self) -> PathBuf {
        self.directory.join(format!("{CHAMPION}.json"))
    }

    fn model_path(&self, digest: &str) -> PathBuf {
        self.directory.join("models").join(format!("{digest}.json"))
    }
}

/// Checks a name that becomes a directory.
pub fn name(text: &str) -> Result<String> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if text.starts_with(|c: char| c.is_ascii_alphanumeric()) && text.chars().all(plain) {
        Ok(text.to_owned())
    } else {
        bail!("expected letters, digits, - and _")
    }
}
