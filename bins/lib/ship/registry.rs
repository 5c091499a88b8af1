//! The registry: a directory of models by digest, numbered versions, and the alias `champion`.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io::ErrorKind::NotFound;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, bail, ensure};
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
        expect_digest(digest)?;
        let place = Place::File(self.model_path(digest));
        let text = place.read_text()?;
        if results::digest(&text) != digest {
            bail!("{place}: does not have the digest in its name; restore it from git");
        }
        Ok(text)
    }

    /// Looks at every file, and gives what it is or what is wrong with it to `each`.
    pub fn verify(&self, each: &mut dyn FnMut(&Path, Result<String>)) -> Result<()> {
        let mut digests = BTreeMap::new();
        let mut files = json_files(&self.directory.join("versions"))?;
        files.sort_by_key(|path| path.as_os_str().len());
        for path in files {
            each(&path, self.verify_version(&path, &mut digests));
        }
        for path in json_files(&self.directory.join("models"))? {
            each(&path, verify_model(&path, &digests));
        }
        let path = self.alias_path();
        each(&path, verify_alias(&path, &digests));
        Ok(())
    }

    /// What a version's file is; the digest of its model is noted.
    fn verify_version(&self, path: &Path, digests: &mut BTreeMap<u64, String>) -> Result<String> {
        let number = stem(path).parse().ok().filter(|number: &u64| number.to_string() == stem(path));
        let number = number.context("its name is no number")?;
        let Version { version, digest, .. } = results::parse(&read(path)?, "version")?;
        ensure!(version == number, "says that it is version {version}");
        expect_digest(&digest)?;
        let is_there = self.model_path(&digest).is_file();
        ensure!(is_there, "its model {digest}.json is missing; restore it from git");
        digests.insert(number, digest);
        let before = path.with_file_name(format!("{}.json", number.wrapping_sub(1)));
        ensure!(number == 1 || before.exists(), "there is no version before it; restore that from git");
        Ok(format!("version {number}"))
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

/// What a model's file is, by the digests of the versions.
fn verify_model(path: &Path, digests: &BTreeMap<u64, String>) -> Result<String> {
    let text = read(path)?;
    let intact = results::digest(&text) == stem(path);
    ensure!(intact, "does not have the digest in its name; restore it from git");
    Model::parse(&text)?;
    let of = digests.iter().find(|(_, digest)| *digest == stem(path));
    Ok(of.map_or("model of no version".into(), |(number, _)| format!("model of version {number}")))
}

/// What the file of the alias is, by the digests of the versions.
fn verify_alias(path: &Path, digests: &BTreeMap<u64, String>) -> Result<String> {
    ensure!(path.exists(), "is missing: no model serves; restore it from git, or promote one");
    let Alias { alias, version, sequence, digest, .. } = results::parse(&read(path)?, "alias")?;
    ensure!(alias == CHAMPION, "says that it is the alias {}", shown(&alias));
    ensure!(sequence > 0, "has been moved 0 times");
    let wanted = digests.get(&version).with_context(|| {
        format!("points to version {version}, which is not there or broken; promote another")
    })?;
    ensure!(digest == *wanted, "has another digest than version {version}");
    Ok(format!("alias of version {version}"))
}

/// The models of one name, where a directory holds such.
pub fn in_directory(directory: &Path) -> Option<Registry> {
    let alias = Place::File(directory.join(format!("{CHAMPION}.json")));
    let has_alias = || alias.is_regular_file() && results::read::<Alias>(&alias, "alias").is_ok();
    let name = directory.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let is_one = directory.join("versions").is_dir() || has_alias();
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

fn stem(path: &Path) -> &str {
    path.file_stem().and_then(OsStr::to_str).unwrap_or_default()
}

/// The text of a file, errors without its name.
fn read(path: &Path) -> Result<String> {
    Place::File(path.to_owned()).read_text().map_err(|error| anyhow!("{}", error.root_cause()))
}

fn expect_digest(digest: &str) -> Result<()> {
    let is_digest = digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
    ensure!(is_digest, "{} is no digest", shown(digest));
    Ok(())
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
