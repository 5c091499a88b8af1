//! What earlier runs saw: small runs are pooled with them, drift must persist over them, and what is normal is known by them.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::data::notes::inert;
use crate::data::results::{digest, schema};
use crate::judge::conformal;
use crate::judge::confusion::Confusion;
use crate::learn::profile::{Profile, Sketch};

/// Runs that are remembered.
pub const MOST: usize = 64;

/// Blocks under which nothing is known about what is normal.
pub const BLOCKS: usize = 20;

/// Drift is rare where it is in no more than one of so many blocks.
const RARE: usize = 5;

/// Distinct messages that all profiles of earlier runs together may have before the oldest are let go.
const POOLED: u64 = 4096;

/// What one run saw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Block {
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
    /// Whether it was held against the blocks before it.
    pub calibrated: bool,
    /// How strongly each family spoke: [`strength`].
    pub strengths: BTreeMap<String, f64>,
    /// The F1 to be expected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub f1: Option<f64>,
    /// Its profile, as long as later runs may be pooled with it.
    #[serde(default, skip_serializing_if = "Sketch::is_empty")]
    pub profile: Sketch,
}

impl Block {
    /// A block that nothing is known of but its profile.
    pub fn of(profile: &Profile, reference: &str, time: i64) -> Result<Self> {
        let sketch = Sketch::of(profile);
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
            calibrated: false,
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

/// How strongly a test speaks: the logarithm of its p-value for each of its messages. Unlike the p-value alone it does not
/// grow with their number, and unlike the effect it says the same of a word and of a score.
pub fn strength(p: f64, messages: u64) -> f64 {
    -p.max(f64::MIN_POSITIVE).log10() / messages.max(1) as f64
}

/// The runs before this one, the oldest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    blocks: Vec<Block>,
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
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// Without a block, where it is there already: the run is repeated.
    #[must_use]
    pub fn without(mut self, block: &Block) -> Self {
        self.blocks.retain(|known| known.id != block.id || known.reference != block.reference);
        self
    }

    /// Adds a block. The oldest are let go, and profiles that no later run will be pooled with.
    pub fn add(&mut self, block: Block) {
        self.blocks.push(block);
        self.blocks.drain(..self.blocks.len().saturating_sub(MOST));
        let newest = self.blocks.last().map(|block| block.reference.clone()).unwrap_or_default();
        let mut pooled = 0;
        for block in self.blocks.iter_mut().rev() {
            pooled += block.distinct;
            if pooled > POOLED || block.reference != newest {
                block.profile = Sketch::default();
            }
        }
    }

    /// The messages of a run, and of so many runs before it that there are as many as are needed; and how many runs that
    /// is. Runs that were held against another reference are not pooled.
    pub fn pooled(&self, block: &Block, needed: u64) -> Result<(Profile, usize)> {
        let mut pool = block.profile.profile()?;
        let mut runs = 1;
        for earlier in self.blocks.iter().rev() {
            if pool.len() as u64 >= needed
                || earlier.reference != block.reference
                || earlier.profile.is_empty()
            {
                break;
            }
            pool.merge(earlier.profile.profile()?);
            runs += 1;
        }
        Ok((pool, runs))
    }

    /// What the champion made of the labelled rows of this run and of so many before it.
    pub fn confusion(&self, block: &Block, runs: usize) -> Confusion {
        let before = self.blocks.iter().rev().take(runs - 1).map(|block| block.confusion);
        before.fold(block.confusion, |sum, of| sum + of)
    }

    /// Rows, and labelled ones, that were held against the same reference, this run's among them.
    pub fn since(&self, block: &Block) -> (u64, u64) {
        let same = self.blocks.iter().filter(|earlier| earlier.reference == block.reference);
        same.fold((block.rows, block.labelled), |(rows, labelled), earlier| {
            (rows + earlier.rows, labelled + earlier.labelled)
        })
    }

    /// In how many of the last windows, this one among them, drift was found. Windows that share a run would find the
    /// same drift twice: the one before this begins where this one ends.
    pub fn drifted(&self, block: &Block, windows: usize) -> usize {
        let mut count = usize::from(block.has_drifted());
        let mut end = self.blocks.len().checked_sub(block.runs - 1);
        for _ in 1..windows {
            let Some(earlier) = end.and_then(|end| self.blocks.get(end.checked_sub(1)?)) else { break };
            if earlier.reference != block.reference {
                break;
            }
            count += usize::from(earlier.has_drifted());
            end = end.and_then(|end| end.checked_sub(earlier.runs.max(1)));
        }
        count
    }

    /// How surprising it is that a family speaks so strongly, next to earlier blocks; none where there are too few to say.
    /// Blocks that have drifted are no part of it, nor are the last ones, which may be the beginning of this.
    pub fn surprise(&self, family: &str, strength: f64, last: usize) -> Option<f64> {
        let before = &self.blocks[..self.blocks.len().saturating_sub(last)];
        let drifted = before.iter().filter(|block| block.has_drifted()).count();
        // Where alarms are the rule the stream is one that always moves, and only what was found to be more than that is not normal.
        let are_rule = drifted * RARE > before.len();
        let is_normal = |block: &&Block| !block.has_drifted() || are_rule && !block.calibrated;
        let normal = before.iter().filter(is_normal);
        let strengths: Vec<f64> = normal.filter_map(|block| block.strengths.get(family).copied()).collect();
        (strengths.len() >= BLOCKS).then(|| conformal::p(strength, strengths))
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

fn block(line: &str) -> Result<Block> {
    let block: Block = crate::data::results::parse(line, "block")?;
    block.profile.profile().context("its profile")?;
    Ok(block)
}
