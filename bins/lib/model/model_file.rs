//! The model file: how text becomes a score, what it was measured to be worth, and where it came from.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Write;
use std::sync::OnceLock;

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

use crate::features::hash_table::{KeyNumbers, Sieve};
use crate::features::row::FeatureSpec;
use crate::features::windows;
use crate::features::{AnalyzerBuffers, Term};
use crate::io::fraction::Fraction;
use crate::io::result_file::{self, ResultHead, ToolVersion};
use crate::io::stream::Place;
use crate::model::calibrate::Calibration;
use crate::model::corpus::TermCounts;
use crate::model::estimate::Estimate;
use crate::model::terms::{MOST, ModelTerms};
use crate::model::tfidf::Weighting;
use crate::model::threads;
use crate::profile::summary::StoredProfile;
use crate::rows::label::{Label, LabelNames};
use crate::rows::mask::{self, MaskKind};
use crate::rows::{Row, Rows};

/// A model, as it is written down and with what it scores by.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    schema: String,
    tool: ToolVersion,
    /// The values of the two verdicts.
    pub names: LabelNames,
    /// The least score of a positive verdict.
    pub threshold: Fraction,
    /// Personal data that was masked in the training rows, and is masked before scoring.
    pub masked: Vec<MaskKind>,
    /// Where it came from.
    pub provenance: Provenance,
    /// What it is worth.
    pub estimate: Estimate,
    /// What the rows it learned from look like, as `drift` holds new rows against them.
    #[serde(default, skip_serializing_if = "StoredProfile::is_empty")]
    pub profile: StoredProfile,
    /// How a row becomes terms.
    pub features: FeatureSpec,
    /// How counts become weights.
    pub weighting: Weighting,
    /// How a long message is read by parts, too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub windows: Option<Windows>,
    /// What makes a sum of weights a probability.
    pub calibration: Calibration,
    /// Texts that the frequencies are about.
    pub texts: u64,
    /// The log-odds of a text without a term.
    pub bias: f64,
    /// What has been learned.
    pub terms: ModelTerms,
    /// The digest of the file up to here.
    #[serde(default, skip_serializing)]
    sha256: String,
    /// What it scores by, made at the first score.
    #[serde(skip)]
    index: OnceLock<TermIndex>,
}

/// The terms as they are looked up, the most frequent first, by powers of two: what is needed most lies together.
#[derive(Clone, Debug)]
pub(super) struct TermIndex {
    /// The place of each term, by its key.
    places: KeyNumbers,
    /// The number of the term at each place.
    pub(super) order: Vec<u32>,
    /// Turns most keys away that have no place.
    sieve: Sieve,
    /// Rarity and log-odds of each term: a score is two sums over these.
    pub(super) table: Vec<(f64, f64)>,
}

/// Keys that a thread makes at once.
const KEYS: usize = 1 << 14;

/// The numbers of terms by the powers of two in their frequencies, the largest first; of equals in their own order.
fn by_frequency(frequency: &[u32]) -> Vec<u32> {
    let size = |frequency: &u32| frequency.leading_zeros() as usize;
    let mut places = [0; u32::BITS as usize + 2];
    for frequency in frequency {
        places[size(frequency) + 1] += 1;
    }
    for size in 1..places.len() {
        places[size] += places[size - 1];
    }
    let mut order = vec![0; frequency.len()];
    for (number, frequency) in (0..).zip(frequency) {
        let place = &mut places[size(frequency)];
        order[*place] = number;
        *place += 1;
    }
    order
}

impl TermIndex {
    fn of(model: &Model) -> Self {
        let terms = &model.terms;
        let mut order = by_frequency(&terms.frequency);
        let rarity = model.weighting.rarity(&terms.frequency, model.texts);
        let mut keys = vec![0; terms.len()];
        let mut parts: Vec<_> = keys.chunks_mut(KEYS).enumerate().collect();
        threads::each(&mut parts, 2, |(part, keys)| {
            for (key, number) in keys.iter_mut().zip(*part * KEYS..) {
                *key = model.features.analyzer.key(terms.term(number));
            }
        });
        let (mut places, mut sieve) = (KeyNumbers::with_room(keys.len()), Sieve::with_room(keys.len()));
        order.retain(|number| {
            let key = keys[*number as usize];
            sieve.add(key);
            places.number(key).1
        });
        let value = |number: &u32| (rarity[*number as usize], terms.weights[*number as usize]);
        let table = order.iter().map(value).collect();
        Self { places, order, sieve, table }
    }

    /// Counts the terms that are known.
    fn find(&self, keys: &mut Vec<u64>, tally: &mut TermCounts) {
        keys.retain(|key| self.sieve.may_have(*key));
        self.places.find_all(keys, |place| tally.add(place));
        keys.clear();
    }
}

/// Where a model came from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// When it was fitted.
    pub fitted: String,
    /// The commit it was fitted at, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Labelled rows it learned from.
    pub rows: u64,
    /// The positive ones among them.
    pub positive: u64,
    /// The digest of the texts and labels it learned from, in order.
    pub digest: String,
    /// How it was learned, in the words of the options of `fit`.
    pub options: BTreeMap<String, String>,
}

/// Windows of a long message: each is scored by itself, and the surest one counts.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Windows {
    /// Words of a window.
    pub words: usize,
    /// How much surer a window must be than a whole message, in log-odds.
    pub margin: f64,
}

/// Memory that goes from row to row, for one model.
#[derive(Default)]
pub struct ScoringBuffers {
    scratch: AnalyzerBuffers,
    tally: TermCounts,
    keys: Vec<u64>,
    pub(super) counts: Vec<(u32, u32)>,
    pub(super) cells: Vec<String>,
}

/// The part of a text that gives its score.
pub(super) struct ScoredPart<'a> {
    pub(super) text: &'a str,
    pub(super) log_odds: f64,
    /// How much surer it had to be.
    pub(super) margin: f64,
}

/// Where in a file the columns are that a model looks at.
pub struct ColumnPlaces {
    text: Option<usize>,
    pub(super) cells: Vec<usize>,
}

impl ColumnPlaces {
    /// Puts the cells of a row on the desk, and gives its text.
    pub(super) fn lay_out<'a>(&self, row: &'a Row, desk: &mut ScoringBuffers) -> &'a str {
        desk.cells.resize(self.cells.len(), String::new());
        for (cell, &column) in desk.cells.iter_mut().zip(&self.cells) {
            cell.clear();
            cell.push_str(row.get(column));
        }
        self.text.map_or("", |text| row.get(text))
    }
}

impl Model {
    /// A model of this version that has learned nothing yet.
    pub fn empty(tool: &str, features: FeatureSpec) -> Self {
        let ResultHead { schema, tool, .. } = ResultHead::new("model", tool);
        Self {
            schema,
            tool,
            names: LabelNames::default(),
            threshold: Fraction::ZERO,
            masked: Vec::new(),
            provenance: Provenance::default(),
            estimate: Estimate::default(),
            profile: StoredProfile::default(),
            features,
            weighting: Weighting::default(),
            windows: None,
            calibration: Calibration::None,
            texts: 0,
            bias: 0.0,
            terms: ModelTerms::default(),
            sha256: String::new(),
            index: OnceLock::new(),
        }
    }

    /// Checks that the model can score.
    pub fn check(&self) -> Result<()> {
        self.terms.check(self.texts)?;
        ensure!(self.bias.abs() < MOST, "the bias is not finite, or not under {MOST:e}");
        ensure!(self.calibration.is_sound(), "the calibration is none");
        if let Some(Windows { words, margin }) = self.windows {
            ensure!((2..=10_000).contains(&words) && margin.abs() < MOST, "the windows are none");
        }
        Ok(())
    }

    /// What it scores by.
    pub(super) fn index(&self) -> &TermIndex {
        self.index.get_or_init(|| TermIndex::of(self))
    }

    /// The probability that a text is positive.
    pub fn score(&self, text: &str, desk: &mut ScoringBuffers) -> f64 {
        desk.cells.clear();
        self.calibration.probability(self.log_odds(text, desk))
    }

    /// Where the columns are that the model looks at.
    pub fn columns(&self, rows: &Rows) -> Result<ColumnPlaces> {
        let text = if self.features.text { Some(rows.text_column()?) } else { None };
        let cells = self.features.columns.names().map(|name| rows.column(name)).collect::<Result<_>>()?;
        Ok(ColumnPlaces { text, cells })
    }

    /// The probability that a row is positive.
    pub fn score_row(&self, row: &Row, columns: &ColumnPlaces, desk: &mut ScoringBuffers) -> f64 {
        let text = columns.lay_out(row, desk);
        self.calibration.probability(self.log_odds(text, desk))
    }

    /// The probability that a text is positive, with the cells on the desk.
    pub(super) fn score_cells(&self, text: &str, desk: &mut ScoringBuffers) -> f64 {
        self.calibration.probability(self.log_odds(text, desk))
    }

    /// What the learner makes of a text, and of the cells on the desk.
    fn log_odds(&self, text: &str, desk: &mut ScoringBuffers) -> f64 {
        self.surest(&self.read_as(text), desk).log_odds
    }

    /// A text as it is read: personal data masked where the model has learned it so.
    pub(super) fn read_as<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if self.masked.is_empty() { Cow::Borrowed(text) } else { mask::masked(text, &self.masked).into() }
    }

    /// The surest of the whole text and its windows.
    pub(super) fn surest<'a>(&self, text: &'a str, desk: &mut ScoringBuffers) -> ScoredPart<'a> {
        let mut most = ScoredPart { text, log_odds: self.sum(text, desk), margin: 0.0 };
        if let Some(Windows { words, margin }) = self.windows {
            windows::each(text, words, &mut |text| {
                let log_odds = self.sum(text, desk) - margin;
                if log_odds > most.log_odds {
                    most = ScoredPart { text, log_odds, margin };
                }
            });
        }
        most
    }

    /// The log-odds of a part of a text; its known terms, counted, stay on the desk.
    pub(super) fn sum(&self, text: &str, desk: &mut ScoringBuffers) -> f64 {
        let ScoringBuffers { scratch, tally, keys, counts, cells } = desk;
        let index = self.index();
        // First many keys, then their places: the reaches into memory do not wait for each other then.
        keys.clear();
        scratch.unspelled = true;
        self.features.each(text, cells, scratch, &mut |Term { key, .. }| {
            keys.push(key);
            if keys.len() == AT_ONCE {
                index.find(keys, tally);
            }
        });
        index.find(keys, tally);
        tally.take(counts);
        let mut sum = 0.0;
        let values = counts.iter().map(|&(place, count)| {
            let (rarity, weight) = index.table[place as usize];
            let value = self.weighting.weight(count, rarity);
            sum += value * weight;
            value
        });
        let length = self.weighting.length(values);
        self.bias + if length > 0.0 { sum / length } else { 0.0 }
    }

    /// The digest of its file; empty where it was not read from one.
    pub fn digest(&self) -> &str {
        &self.sha256
    }

    /// Who wrote it.
    pub fn tool(&self) -> &ToolVersion {
        &self.tool
    }

    /// The verdict on a score.
    pub fn verdict(&self, score: f64) -> Label {
        if score >= self.threshold.value() { Label::Positive } else { Label::Negative }
    }

    /// Reads a model and checks that it can score.
    pub fn read(place: &Place) -> Result<Self> {
        Self::parse(&place.read_text()?).with_context(|| place.to_string())
    }

    /// Reads a model from the text of its file.
    pub fn parse(text: &str) -> Result<Self> {
        let (mut digest, mut checked) = ([String::new()], [Ok(())]);
        let seal = |digest: &mut String| *digest = seal(text);
        let model: Self = threads::beside(&mut digest, 2, seal, || result_file::parse(text, "model"))?;
        ensure!(
            !model.sha256.is_empty() && digest[0] == model.sha256,
            "the digest at its end is of another file; this one was cut short, or changed by hand"
        );
        let check = |checked: &mut Result<()>| *checked = model.check();
        let known = threads::beside(&mut checked, 2, check, || model.index().table.len());
        let [checked] = checked;
        checked?;
        ensure!(known == model.terms.len(), "two terms have one key");
        Ok(model)
    }

    /// Writes the model.
    pub fn write(&self, place: &Place) -> Result<()> {
        let text = sealed(&serde_json::to_string(self)?);
        let mut output = place.writer()?;
        writeln!(output, "{text}").with_context(|| place.to_string())?;
        output.finish()
    }
}

/// Keys that are looked up at once.
const AT_ONCE: usize = 1 << 14;

/// What stands before the digest at the end.
const SEAL: &str = ",\"sha256\":\"";

/// The digest of a model's text as far as the digest at its end.
fn seal(text: &str) -> String {
    let body = text.rsplit_once(SEAL).map_or(text, |(body, _)| body);
    result_file::digest(body)
}

/// The text of a model with the digest at its end that it should have.
pub fn sealed(text: &str) -> String {
    let body = text.rsplit_once(SEAL).map_or_else(|| text.trim_end_matches(['}', '\n']), |(body, _)| body);
    format!("{body}{SEAL}{}\"}}", seal(body))
}
