//! What earlier runs saw: small runs are pooled with them, drift must persist over them, and what is normal is known by them.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::io::diagnostics::inert;
use crate::io::result_file::{digest, schema};
use crate::profile::summary::{MOST_ROWS, Profile, StoredProfile};
use crate::stats::conformal;
use crate::stats::confusion::Confusion;

/// Runs that are remembered.
pub const MOST: usize = 64;

/// Blocks under which nothing is known about what is normal.
pub const BLOCKS: usize = 20;

/// Distinct messages that all profiles of earlier runs together may have before the oldest are let go.
const POOLED: u64 = 4096;

/// What one run saw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunRecord {
    /// What kind of line it is.
    schema: String,
    /// When, in seconds since 1970.
    pub time: i64,
    /// The digest of the reference that it was held against.
    pub reference: String,
    /// The digest of its profile: a run that is repeated is the same block.
    pub id: String,
    /// Its rows.
    pub rows: u64,
    /// Its distinct messages.
    pub distinct: u64,
    /// Its labelled rows.
    pub labelled: u64,
    /// What the champion made of them.
    pub confusion: Confusion,
    /// The verdict.
    pub verdict: String,
    /// How many runs, this one and those before it, its verdict is about.
    pub runs: usize,
    /// Rows, and labelled ones, since the reference, its own among them.
    pub since: (u64, u64),
    /// Whether it was held against the blocks before it.
    pub calibrated: bool,
    /// Whether it has drifted, and more than is normal.
    pub news: bool,
    /// How far each family has moved.
    pub strengths: BTreeMap<String, f64>,
    /// The F1 to be expected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub f1: Option<f64>,
    /// Its profile, as long as later runs may be pooled with it.
    #[serde(default, skip_serializing_if = "StoredProfile::is_empty")]
    pub profile: StoredProfile,
}

impl RunRecord {
    /// A block that nothing is known of but its profile.
    pub fn of(profile: &Profile, reference: &str, time: i64) -> Result<Self> {
        let sketch = StoredProfile::of(profile);
        Ok(Self {
            schema: schema("block"),
            time,
            reference: reference.into(),
            id: digest(&serde_json::to_string(&sketch)?),
            rows: profile.rows,
            distinct: profile.len() as u64,
            labelled: profile.labels.iter().sum(),
            confusion: Confusion::default(),
            verdict: String::new(),
            runs: 1,
            since: (profile.rows, profile.labels.iter().sum()),
            calibrated: false,
            news: false,
            strengths: BTreeMap::new(),
            f1: None,
            profile: sketch,
        })
    }

    /// Whether drift was found.
    pub fn has_drifted(&self) -> bool {
        self.verdict == "drifted"
    }
}

/// The runs before this one, the oldest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    blocks: Vec<RunRecord>,
    /// Why some of it could not be read.
    pub unreadable: Option<String>,
}

impl History {
    /// Reads the lines of a history; those that are none are left out, and said.
    pub fn read<'a>(lines: impl Iterator<Item = &'a str>) -> Self {
        let mut history = Self::default();
        for (number, line) in lines.enumerate() {
            match block(line) {
                Ok(block) => history.blocks.push(block),
                Err(error) => {
                    let why = format!("line {}: {}", number + 1, inert(&format!("{error:#}")));
                    history.unreadable.get_or_insert(why);
                }
            }
        }
        history.blocks.drain(..history.blocks.len().saturating_sub(MOST));
        history
    }

    /// A history that cannot be read at all.
    pub fn lost(why: &str) -> Self {
        Self { blocks: Vec::new(), unreadable: Some(inert(why)) }
    }

    /// The history as lines.
    pub fn lines(&self) -> Result<String> {
        let mut lines = String::new();
        for block in &self.blocks {
            lines += &serde_json::to_string(block)?;
            lines.push('\n');
        }
        Ok(lines)
    }

    /// The blocks, the oldest first.
    pub fn blocks(&self) -> &[RunRecord] {
        &self.blocks
    }

    /// The runs before this one that were held against the same reference. A run that is repeated, or that has most of this
    /// one's messages, was this one.
    pub fn before(&self, block: &RunRecord, messages: &Profile) -> Result<PastRuns<'_>> {
        let mut past = Vec::new();
        for known in self.blocks.iter().filter(|known| known.reference == block.reference) {
            if known.time <= block.time && !is_repeated(known, block, messages)? {
                past.push(known);
            }
        }
        Ok(PastRuns(past))
    }

    /// Adds a block in its time, in the place of those that were it. The oldest are let go, and profiles that no later run
    /// will be pooled with.
    pub fn add(&mut self, block: RunRecord) -> Result<()> {
        let messages = block.profile.profile()?;
        let mut kept = Vec::new();
        for known in self.blocks.drain(..) {
            if known.reference != block.reference || !is_repeated(&known, &block, &messages)? {
                kept.push(known);
            }
        }
        kept.push(block);
        kept.sort_by_key(|block| block.time);
        kept.drain(..kept.len().saturating_sub(MOST));
        let mut pooled: HashMap<String, u64> = HashMap::new();
        for block in kept.iter_mut().rev() {
            let pooled = pooled.entry(block.reference.clone()).or_default();
            *pooled += block.distinct;
            if *pooled > POOLED {
                block.profile = StoredProfile::default();
            }
        }
        self.blocks = kept;
        Ok(())
    }

    /// The days from one run to the next, by the middle one of the distances.
    pub fn interval(&self, now: i64) -> Option<f64> {
        let times: Vec<i64> = self.blocks.iter().map(|block| block.time).chain([now]).collect();
        let mut steps: Vec<i64> =
            times.windows(2).map(|pair| pair[1] - pair[0]).filter(|step| *step > 0).collect();
        steps.sort_unstable();
        steps.get(steps.len() / 2).map(|step| *step as f64 / 86_400.0)
    }
}

/// Runs that were held against one reference, the oldest first.
pub struct PastRuns<'a>(Vec<&'a RunRecord>);

impl PastRuns<'_> {
    /// The messages of a run, and of so many runs before it that there are as many as are needed; and how many runs that
    /// is.
    pub fn pooled<'p>(&self, messages: &'p Profile, needed: u64) -> Result<(Cow<'p, Profile>, usize)> {
        let mut pool = Cow::Borrowed(messages);
        let mut runs = 1;
        for earlier in self.0.iter().rev() {
            if pool.len() as u64 >= needed || earlier.profile.is_empty() {
                break;
            }
            pool.to_mut().merge(earlier.profile.profile()?);
            runs += 1;
        }
        Ok((pool, runs))
    }

    /// What the champion made of the labelled rows of this run and of so many before it.
    pub fn confusion(&self, block: &RunRecord, runs: usize) -> Confusion {
        let before = self.0.iter().rev().take(runs - 1).map(|block| block.confusion);
        before.fold(block.confusion, |sum, of| sum + of)
    }

    /// Rows, and labelled ones, since the reference, this run's among them; those of blocks that were let go, too.
    pub fn since(&self, block: &RunRecord) -> (u64, u64) {
        let gone = self.0.first().map_or((0, 0), |oldest| {
            (oldest.since.0.saturating_sub(oldest.rows), oldest.since.1.saturating_sub(oldest.labelled))
        });
        let all = self.0.iter().copied().chain([block]);
        all.fold(gone, |(rows, labelled), run| (rows + run.rows, labelled + run.labelled))
    }

    /// The windows before this one, the last first. Windows that share a run would say the same twice: each begins where the
    /// next one ends.
    fn windows(&self, block: &RunRecord) -> impl Iterator<Item = &RunRecord> {
        let mut end = self.0.len().checked_sub(block.runs - 1);
        std::iter::from_fn(move || {
            let window = *self.0.get(end?.checked_sub(1)?)?;
            end = end?.checked_sub(window.runs.max(1));
            Some(window)
        })
    }

    /// In how many of the last windows, this one among them, there was drift that is news.
    pub fn drifted(&self, block: &RunRecord, windows: usize) -> usize {
        let before = self.windows(block).take(windows - 1);
        usize::from(block.news) + before.filter(|window| window.news).count()
    }

    /// How surprising it is that a family has moved so far, next to earlier windows; none where there are too few to say.
    /// Windows that had drifted when nobody knew yet what is normal are normal where they were the rule: some streams always
    /// move. Later ones are, where they were no news. The last ones are no part of it, since they may be the beginning of this.
    pub fn surprise(&self, block: &RunRecord, family: &str, strength: f64, last: usize) -> Option<f64> {
        let before = || self.windows(block).skip(last).filter(|window| window.verdict != "insufficient_data");
        let first = || before().filter(|window| !window.calibrated);
        let are_rule = 2 * first().filter(|window| window.has_drifted()).count() > first().count();
        let is_normal = |window: &&RunRecord| !window.news || are_rule && !window.calibrated;
        let strengths: Vec<f64> =
            before().filter(is_normal).filter_map(|window| window.strengths.get(family).copied()).collect();
        (strengths.len() >= BLOCKS).then(|| conformal::p(strength, strengths))
    }
}

/// Whether a known block is this one, or has most of its messages.
fn is_repeated(known: &RunRecord, block: &RunRecord, messages: &Profile) -> Result<bool> {
    if known.id == block.id {
        return Ok(true);
    }
    let theirs = known.profile.profile()?;
    let shared = theirs.hashes().filter(|hash| messages.has(*hash)).count();
    Ok(shared > 0 && 2 * shared >= messages.len().min(theirs.len()))
}

fn block(line: &str) -> Result<RunRecord> {
    let block: RunRecord = crate::io::result_file::parse(line, "block")?;
    block.profile.profile().context("its profile")?;
    let Confusion { true_positive, false_positive, true_negative, false_negative } = block.confusion;
    let counts = [block.rows, block.distinct, block.labelled, block.since.0, block.since.1];
    let verdicts = [true_positive, false_positive, true_negative, false_negative];
    let can_be = counts.iter().chain(&verdicts).all(|count| *count < MOST_ROWS);
    ensure!(can_be && block.time.abs() < 1 << 48 && block.runs < 1 << 16, "counts more than there can be");
    Ok(block)
}
