//! Derives the settings of a run from its options.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::cycle::demo;
use crate::io::dates::{DAY, Timestamp};
use crate::registry;

/// Default number of new rows per run. The first run draws all rows by default.
pub const SIZE: u64 = 2000;

/// The settings of a run. Later steps read them from `run.json`.
#[derive(Clone, Debug, PartialEq, Eq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CycleSettings {
    /// Whether the run uses the demo corpus.
    pub demo: bool,
    /// Path of the rows.
    pub data: String,
    /// Path of the registry.
    pub registry: String,
    /// Name of the model in the registry and in alerts; absent for `spam`.
    #[serde(default = "default_name", skip_serializing_if = "is_default_name")]
    pub name: String,
    /// Path of the state.
    pub state: String,
    /// Path of the contract; null without a contract.
    pub contract: Option<String>,
    /// Path of the golden messages; null without golden messages.
    pub golden: Option<String>,
    /// Path of the scores of another system's model, which is the champion until a version is promoted; null without one.
    #[serde(default)]
    pub champion_scored: Option<String>,
    /// Path of labels that arrive apart from the rows; null without this file.
    #[serde(default)]
    pub labels: Option<String>,
    /// Paths of the files whose changes trigger a retrain.
    pub watch: Vec<String>,
    /// Rows before this date are history; null if all rows are new.
    pub since: Option<String>,
    /// Rows from this date on are ignored; null to use all rows.
    pub until: Option<String>,
    /// Number of new rows to draw; null for the default.
    pub size: Option<u64>,
    /// Whether to retrain regardless of the signals.
    pub force: bool,
    /// Time of the run in UTC: a date, or a time as in RFC 3339.
    pub now: String,
    /// Git commit that the model is fitted from; null if unknown.
    pub commit: Option<String>,
    /// Path of the policy given with `--config`; null to use `spamops.toml`.
    pub config: Option<String>,
}

fn default_name() -> String {
    registry::MODEL.to_owned()
}

fn is_default_name(name: &str) -> bool {
    name == registry::MODEL
}

impl CycleSettings {
    /// The options that name the model in the registry.
    pub(super) fn in_registry(&self) -> Vec<String> {
        let name = (!is_default_name(&self.name)).then(|| ["--name".to_owned(), self.name.clone()]);
        ["--registry".to_owned(), self.registry.clone()]
            .into_iter()
            .chain(name.into_iter().flatten())
            .collect()
    }
}

/// The options that you gave for a run.
#[derive(Clone, Debug, Default)]
pub struct CycleOptions {
    /// Whether to use the demo corpus.
    pub demo: bool,
    pub data: Option<PathBuf>,
    /// Directory of the results.
    pub out_dir: PathBuf,
    pub registry: Option<PathBuf>,
    /// Name of the model.
    pub name: Option<String>,
    pub state: Option<PathBuf>,
    pub contract: Option<PathBuf>,
    /// Messages that every challenger must classify correctly.
    pub golden: Option<PathBuf>,
    /// Rows scored by another system's model, which is the champion until a version is promoted.
    pub champion_scored: Option<PathBuf>,
    /// Labels that arrive apart from the rows.
    pub labels: Option<PathBuf>,
    /// Files whose changes trigger a retrain.
    pub watch: Vec<PathBuf>,
    /// Rows before this time are history.
    pub since: Option<Timestamp>,
    /// Rows from this time on are ignored.
    pub until: Option<Timestamp>,
    /// Number of new rows to draw.
    pub size: Option<u64>,
    /// Whether to retrain regardless of the signals.
    pub force: Option<bool>,
    /// Time of the run.
    pub now: Option<Timestamp>,
    /// Git commit that the runner reports.
    pub commit: Option<String>,
    /// Path of the policy; defaults to `spamops.toml`.
    pub config: Option<PathBuf>,
}

impl CycleOptions {
    /// The settings of a new run. Reads the clock only if no time is given.
    pub fn settings(&self, clock: impl FnOnce() -> Result<Timestamp>) -> Result<CycleSettings> {
        let in_out = |name: &str| self.out_dir.join(name);
        let data = match &self.data {
            Some(data) => data.clone(),
            None if self.demo => in_out("demo/messages.csv.gz"),
            None => bail!("no rows; set --data FILE, or try --demo"),
        };
        let sibling = data.with_file_name("contract.toml");
        let contract = self.contract.clone().or_else(|| (self.demo || sibling.exists()).then_some(sibling));
        let if_demo = |day: &str| self.demo.then(|| day.to_owned());
        let now = match self.now.map(short).or_else(|| if_demo(demo::NOW)) {
            Some(now) => now,
            None => short(clock()?),
        };
        Ok(CycleSettings {
            demo: self.demo,
            data: word(&data)?,
            registry: word(self.registry.as_ref().unwrap_or(&in_out("models")))?,
            name: self.name.clone().unwrap_or_else(default_name),
            state: word(self.state.as_ref().unwrap_or(&in_out("state")))?,
            contract: contract.as_deref().map(word).transpose()?,
            golden: self.golden.as_deref().map(word).transpose()?,
            champion_scored: self.champion_scored.as_deref().map(word).transpose()?,
            labels: self.labels.as_deref().map(word).transpose()?,
            watch: self.watch.iter().map(|path| word(path)).collect::<Result<_>>()?,
            since: self.since.map(short).or_else(|| if_demo(demo::SINCE)),
            until: self.until.map(short),
            size: self.size,
            force: self.force.unwrap_or(false),
            now,
            commit: self.commit.clone(),
            config: self.config.as_deref().map(word).transpose()?,
        })
    }

    /// The recorded settings, with the given options in place of recorded ones.
    pub fn over(&self, known: CycleSettings) -> Result<CycleSettings> {
        let path = |given: &Option<PathBuf>, known: String| given.as_deref().map_or(Ok(known), word);
        Ok(CycleSettings {
            demo: self.demo || known.demo && self.data.is_none(),
            data: path(&self.data, known.data)?,
            registry: path(&self.registry, known.registry)?,
            name: self.name.clone().unwrap_or(known.name),
            state: path(&self.state, known.state)?,
            contract: self.contract.as_deref().map(word).transpose()?.or(known.contract),
            golden: self.golden.as_deref().map(word).transpose()?.or(known.golden),
            champion_scored: self.champion_scored.as_deref().map(word).transpose()?.or(known.champion_scored),
            labels: self.labels.as_deref().map(word).transpose()?.or(known.labels),
            watch: match self.watch.as_slice() {
                [] => known.watch,
                watch => watch.iter().map(|path| word(path)).collect::<Result<_>>()?,
            },
            since: self.since.map(short).or(known.since),
            until: self.until.map(short).or(known.until),
            size: self.size.or(known.size),
            force: self.force.unwrap_or(known.force),
            now: self.now.map(short).unwrap_or(known.now),
            commit: known.commit,
            config: self.config.as_deref().map(word).transpose()?.or(known.config),
        })
    }
}

/// A path as a word of a command line. The word never looks like an option. A path below the current directory becomes
/// relative.
pub fn word(path: &Path) -> Result<String> {
    let here = std::env::current_dir().unwrap_or_default();
    let path = path.strip_prefix(&here).unwrap_or(path);
    let text =
        path.to_str().with_context(|| format!("{}: the name is not UTF-8; rename it", path.display()))?;
    Ok(if text.starts_with('-') { format!("./{text}") } else { text.to_owned() })
}

/// A timestamp as text. Midnight is shortened to the date.
fn short(timestamp: Timestamp) -> String {
    let text = timestamp.to_string();
    match text.strip_suffix("T00:00:00Z") {
        Some(day) if timestamp.0 % DAY == 0 => day.to_owned(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_never_looks_like_an_option() {
        assert_eq!(word(Path::new("-rows.csv")).unwrap(), "./-rows.csv");
        assert_eq!(word(&std::env::current_dir().unwrap().join("rows.csv")).unwrap(), "rows.csv");
    }

    #[test]
    fn shortens_midnight_to_the_date() {
        assert_eq!(short("2026-10-01".parse().unwrap()), "2026-10-01");
        assert_eq!(short("2026-10-01T00:00:01Z".parse().unwrap()), "2026-10-01T00:00:01Z");
    }

    #[test]
    fn given_options_replace_recorded_settings() {
        let options = CycleOptions { data: Some("a.csv".into()), size: Some(5), ..CycleOptions::default() };
        let first = options.settings(|| Ok(Timestamp(0))).unwrap();
        assert_eq!((first.now.as_str(), first.registry.as_str()), ("1970-01-01", "models"));
        let again = CycleOptions { size: Some(6), ..CycleOptions::default() }.over(first.clone()).unwrap();
        assert_eq!(again, CycleSettings { size: Some(6), ..first });
    }
}
