//! The model file: how text becomes a score, what it was measured to be worth, and where it came from.

use std::collections::HashMap;

use anyhow::{Result, bail, ensure};
use foldhash::fast::FixedState;
use serde::{Deserialize, Serialize};

use crate::data::label::{Label, Names};
use crate::data::mask::{self, Kind};
use crate::data::place::Place;
use crate::data::results::{self, Head};
use crate::data::share::Share;
use crate::judge::metrics::Confusion;
use crate::learn::bayes::{self, Line};
use crate::learn::counts::Tally;
use crate::learn::recipe::Recipe;
use crate::learn::text::{Analyzer, Scratch};
use crate::learn::tfidf::Weighting;

/// Bins of the histogram of scores.
pub const BINS: usize = 10;

/// What a weight is under.
const MOST: f64 = 1e100;

/// A histogram of scores from 0 to 1.
pub type Histogram = [u64; BINS];

/// The bin of a score.
pub fn bin(score: f64) -> usize {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "scores are from 0 to 1")]
    let bin = (score * BINS as f64) as usize;
    bin.min(BINS - 1)
}

/// A model as it is written down.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    schema: String,
    tool: results::Tool,
    names: Names,
    threshold: Share,
    /// Personal data that was masked in the training rows, and is masked before scoring.
    masked: Vec<Kind>,
    provenance: Provenance,
    estimate: Estimate,
    analyzer: Analyzer,
    weighting: Weighting,
    /// Texts that the frequencies are about.
    texts: u64,
    bias: f64,
    /// Term, texts that have it, log-odds: in the order of the terms.
    terms: Vec<(String, u32, f64)>,
}

/// Where a model came from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// When it was fitted.
    pub fitted: String,
    /// Labelled rows it learned from.
    pub rows: u64,
    /// The positive ones among them.
    pub positive: u64,
    /// The digest of the texts and labels it learned from, in order.
    pub digest: String,
}

/// What a model is worth, measured on rows that the part of it that scored them had not seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Estimate {
    /// The folds.
    pub folds: u64,
    /// F1 over all folds.
    pub f1: f64,
    /// The counts behind it.
    pub confusion: Confusion,
    /// The scores of distinct texts: what `drift` holds new scores against.
    pub scores: Histogram,
}

/// A model that can score.
#[derive(Clone, Debug)]
pub struct Model {
    /// The values of the two verdicts.
    pub names: Names,
    /// The least score of a positive verdict.
    pub threshold: f64,
    /// Personal data that is masked before scoring.
    pub masked: Vec<Kind>,
    /// Where it came from.
    pub provenance: Provenance,
    /// What it is worth.
    pub estimate: Estimate,
    /// How a text becomes terms.
    pub analyzer: Analyzer,
    /// How counts become weights.
    pub weighting: Weighting,
    texts: u64,
    bias: f64,
    /// The place of each term in the order of terms.
    places: HashMap<Box<str>, u32, FixedState>,
    /// How many texts have each term.
    frequency: Vec<u32>,
    /// Rarity and log-odds of each term: a score is two sums over these.
    table: Vec<(f64, f64)>,
}

/// What has been learned of terms.
pub struct Learned {
    /// Texts that the frequencies are about.
    pub texts: usize,
    /// Term and texts that have it, in the order of the terms.
    pub terms: Vec<(String, u32)>,
    /// The line between the classes.
    pub line: Line,
}

/// Memory that goes from text to text.
#[derive(Default)]
pub struct Desk {
    scratch: Scratch,
    tally: Tally,
    counts: Vec<(u32, u32)>,
}

impl Model {
    /// The probability that a text is positive.
    pub fn score(&self, text: &str, desk: &mut Desk) -> f64 {
        let Desk { scratch, tally, counts } = desk;
        let mut count = |term: &str| {
            if let Some(place) = self.places.get(term) {
                tally.add(*place);
            }
        };
        if self.masked.is_empty() {
            self.analyzer.each(text, scratch, &mut count);
        } else {
            self.analyzer.each(&mask::masked(text, &self.masked), scratch, &mut count);
        }
        counts.clear();
        tally.take(counts);
        let mut sum = 0.0;
        let values = counts.iter().map(|&(place, count)| {
            let (idf, weight) = self.table[place as usize];
            let value = self.weighting.weight(count, idf);
            sum += value * weight;
            value
        });
        let length = self.weighting.length(values);
        bayes::probability(self.bias + if length > 0.0 { sum / length } else { 0.0 })
    }

    /// The model that has been learned.
    pub fn new(
        recipe: &Recipe,
        learned: Learned,
        names: Names,
        masked: Vec<Kind>,
        threshold: f64,
        provenance: Provenance,
        estimate: Estimate,
    ) -> Result<Self> {
        let Learned { texts, terms, line } = learned;
        let terms = terms.into_iter().zip(line.weights).map(|((term, found), weight)| (term, found, weight));
        let head = Head::new("model", "fit");
        let file = File {
            schema: head.schema,
            tool: head.tool,
            names,
            threshold: Share::try_from(threshold)?,
            masked,
            provenance,
            estimate,
            analyzer: recipe.analyzer.clone(),
            weighting: recipe.weighting,
            texts: texts as u64,
            bias: line.bias,
            terms: terms.collect(),
        };
        file.check()
    }

    /// Term, texts that have it, log-odds: in the order of the terms.
    pub fn terms(&self) -> Vec<(String, u32, f64)> {
        let places = self.places.iter().map(|(term, place)| (term, *place as usize));
        let mut terms: Vec<(String, u32, f64)> = places
            .map(|(term, place)| (term.to_string(), self.frequency[place], self.table[place].1))
            .collect();
        terms.sort_unstable_by(|one, other| one.0.cmp(&other.0));
        terms
    }

    /// The verdict on a score.
    pub fn verdict(&self, score: f64) -> Label {
        if score >= self.threshold { Label::Positive } else { Label::Negative }
    }

    /// Reads a model and checks that it can score.
    pub fn read(place: &Place) -> Result<Self> {
        let file: File = results::read(place, "model")?;
        file.check().map_err(|error| error.context(place.to_string()))
    }

    /// Reads a model from the text of its file.
    pub fn parse(text: &str) -> Result<Self> {
        results::parse::<File>(text, "model")?.check()
    }

    /// Writes the model.
    pub fn write(&self, place: &Place, tool: &str) -> Result<()> {
        let head = Head::new("model", tool);
        let file = File {
            schema: head.schema,
            tool: head.tool,
            names: self.names.clone(),
            threshold: Share::try_from(self.threshold)?,
            masked: self.masked.clone(),
            provenance: self.provenance.clone(),
            estimate: self.estimate.clone(),
            analyzer: self.analyzer.clone(),
            weighting: self.weighting,
            texts: self.texts,
            bias: self.bias,
            terms: self.terms(),
        };
        results::write_compact(place, &file)
    }
}

impl File {
    fn check(self) -> Result<Model> {
        ensure!(self.terms.is_sorted_by(|one, next| one.0 < next.0), "the terms are not in order");
        if let Some((term, ..)) = self.terms.iter().find(|(_, found, _)| u64::from(*found) > self.texts) {
            bail!("more texts have {} than there are", crate::data::notes::shown(term));
        }
        // Far over any weight there is, and so far under the greatest number that no score overflows.
        let bounded =
            self.terms.iter().map(|(.., weight)| weight).chain([&self.bias]).all(|x| x.abs() < MOST);
        ensure!(bounded, "a weight is not finite, or not under {MOST:e}");
        ensure!(u32::try_from(self.terms.len()).is_ok(), "too many terms");
        let texts = usize::try_from(self.texts)?;
        let frequency: Vec<u32> = self.terms.iter().map(|(_, found, _)| *found).collect();
        let rarity = self.weighting.rarity(&frequency, texts);
        ensure!(rarity.iter().all(|idf| idf.is_finite()), "a term has no text");
        let weights = self.terms.iter().map(|(.., weight)| *weight);
        Ok(Model {
            names: self.names,
            threshold: self.threshold.value(),
            masked: self.masked,
            provenance: self.provenance,
            estimate: self.estimate,
            analyzer: self.analyzer,
            weighting: self.weighting,
            texts: self.texts,
            bias: self.bias,
            places: self.terms.iter().map(|(term, ..)| term.as_str().into()).zip(0..).collect(),
            table: rarity.into_iter().zip(weights).collect(),
            frequency,
        })
    }
}
