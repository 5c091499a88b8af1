//! The settings of a run: the options you give, and the values derived from them.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};

use crate::cycle::demo;
use crate::io::dates::{DAY, Timestamp};

/// New rows that a run draws unless it is told otherwise.
pub const SIZE: u64 = 2000;

/// What a run is about. Later steps read these from run.json.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CycleSettings {
    /// Whether the rows are the demo's.
    pub demo: bool,
    /// The rows.
    pub data: String,
    /// The registry.
    pub registry: String,
    /// The state.
    pub state: String,
    /// The contract, if there is one.
    pub contract: Option<String>,
    /// Rows before this date are history.
    pub since: Option<String>,
    /// Rows from this date on have not arrived yet.
    pub until: Option<String>,
    /// How many new rows to draw.
    pub size: u64,
    /// Whether to retrain whatever the signals say.
    pub force: bool,
    /// The moment of the run.
    pub now: String,
    /// The commit that the model is fitted from, if the runner names one.
    pub commit: Option<String>,
    /// The policy that `--config` names.
    pub config: Option<String>,
}

/// The options of a run, as far as they are given.
#[derive(Clone, Debug, Default)]
pub struct CycleOptions {
    /// Use the demo corpus.
    pub demo: bool,
    /// The rows.
    pub data: Option<PathBuf>,
    /// The directory of the results.
    pub out_dir: PathBuf,
    /// The registry.
    pub registry: Option<PathBuf>,
    /// The state.
    pub state: Option<PathBuf>,
    /// The contract.
    pub contract: Option<PathBuf>,
    /// Rows before this moment are history.
    pub since: Option<Timestamp>,
    /// Rows from this moment on have not arrived yet.
    pub until: Option<Timestamp>,
    /// How many new rows to draw.
    pub size: Option<u64>,
    /// Whether to retrain whatever the signals say.
    pub force: Option<bool>,
    /// The moment of the run.
    pub now: Option<Timestamp>,
    /// The commit that the runner names.
    pub commit: Option<String>,
    /// The policy, if it is not `spamops.toml`.
    pub config: Option<PathBuf>,
}

impl CycleOptions {
    /// The settings of a new run. Reads the clock only if no time is given.
    pub fn settings(&self, clock: impl FnOnce() -> Result<Timestamp>) -> Result<CycleSettings> {
        let in_out = |name: &str| self.out_dir.join(name);
        let data = match &self.data {
            Some(data) => data.clone(),
            None if self.demo => in_out("demo/messages.csv.gz"),
            None => bail!("no rows: name them with --data FILE, or try --demo"),
        };
        let beside = data.with_file_name("contract.toml");
        let contract = self.contract.clone().or_else(|| (self.demo || beside.exists()).then_some(beside));
        let demo_day = |day: &str| self.demo.then(|| day.to_owned());
        let now = match self.now.map(short).or_else(|| demo_day(demo::NOW)) {
            Some(now) => now,
            None => short(clock()?),
        };
        Ok(CycleSettings {
            demo: self.demo,
            data: word(&data)?,
            registry: word(self.registry.as_ref().unwrap_or(&in_out("models")))?,
            state: word(self.state.as_ref().unwrap_or(&in_out("state")))?,
            contract: contract.as_deref().map(word).transpose()?,
            since: self.since.map(short).or_else(|| demo_day(demo::SINCE)),
            until: self.until.map(short),
            size: self.size.unwrap_or(SIZE),
            force: self.force.unwrap_or(false),
            now,
            commit: self.commit.clone(),
            config: self.config.as_deref().map(word).transpose()?,
        })
    }

    /// The recorded settings, with the given options replaced.
    pub fn over(&self, known: CycleSettings) -> Result<CycleSettings> {
        let path = |given: &Option<PathBuf>, known: String| given.as_deref().map_or(Ok(known), word);
        Ok(CycleSettings {
            demo: self.demo || known.demo && self.data.is_none(),
            data: path(&self.data, known.data)?,
            registry: path(&self.registry, known.registry)?,
            state: path(&self.state, known.state)?,
            contract: self.contract.as_deref().map(word).transpose()?.or(known.contract),
            since: self.since.map(short).or(known.since),
            until: self.until.map(short).or(known.until),
            size: self.size.unwrap_or(known.size),
            force: self.force.unwrap_or(known.force),
            now: self.now.map(short).unwrap_or(known.now),
            commit: known.commit,
            config: self.config.as_deref().map(word).transpose()?.or(known.config),
        })
    }
}

/// A path as a word of a command line: relative if it is below the current directory, and never like an option.
pub fn word(path: &Path) -> Result<String> {
    let here = std::env::current_dir().unwrap_or_default();
    let path = path.strip_prefix(&here).unwrap_or(path);
    let text =
        path.to_str().with_context(|| format!("{}: the name is not UTF-8; rename it", path.display()))?;
    Ok(if text.starts_with('-') { format!("./{text}") } else { text.to_owned() })
}

/// A moment without its time if it is midnight.
fn short(moment: Timestamp) -> String {
    let text = moment.to_string();
    match text.strip_suffix("T00:00:00Z") {
        Some(day) if moment.0 % DAY == 0 => day.to_owned(),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_looks_like_an_option_is_a_file() {
        assert_eq!(word(Path::new("-rows.csv")).unwrap(), "./-rows.csv");
        assert_eq!(word(&std::env::current_dir().unwrap().join("rows.csv")).unwrap(), "rows.csv");
    }

    #[test]
    fn midnight_is_a_day() {
        assert_eq!(short("2026-10-01".parse().unwrap()), "2026-10-01");
        assert_eq!(short("2026-10-01T00:00:01Z".parse().unwrap()), "2026-10-01T00:00:01Z");
    }

    #[test]
    fn what_is_given_anew_wins_and_the_rest_stays() {
        let options = CycleOptions { data: Some("a.csv".into()), size: Some(5), ..CycleOptions::default() };
        let first = options.settings(|| Ok(Timestamp(0))).unwrap();
        assert_eq!((first.now.as_str(), first.registry.as_str()), ("1970-01-01", "models"));
        let again = CycleOptions { size: Some(6), ..CycleOptions::default() }.over(first.clone()).unwrap();
        assert_eq!(again, CycleSettings { size: 6, ..first });
    }
}
