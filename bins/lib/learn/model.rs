//! The model file: how text becomes a score, what it was measured to be worth, and where it came from.

use anyhow::{Result, bail, ensure};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::data::fingerprint::{Fingerprint, mix};
use crate::data::label::{Label, Names};
use crate::data::mask::Kind;
use crate::data::place::Place;
use crate::data::results::{self, Head};
use crate::data::share::Share;
use crate::judge::metrics::Confusion;
use crate::learn::bayes::{self, Weights};
use crate::learn::tfidf::Vocabulary;

/// Bins of the histogram of scores.
pub const BINS: usize = 10;

/// Folds of the estimate.
const FOLDS: u64 = 5;

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
    bias: f64,
    words: Vec<String>,
    idf: Vec<f64>,
    weights: Vec<f64>,
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
    vocabulary: Vocabulary,
    weights: Weights,
}

impl Model {
    /// The probability that a text is positive.
    pub fn score(&self, text: &str) -> f64 {
        let vector = match self.masked.as_slice() {
            [] => self.vocabulary.vector(text),
            kinds => self.vocabulary.vector(&crate::data::mask::masked(text, kinds)),
        };
        bayes::probability(&self.weights, &vector)
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
            bias: self.weights.bias,
            words: self.vocabulary.words().into_iter().map(str::to_owned).collect(),
            idf: self.vocabulary.idf().to_vec(),
            weights: self.weights.words.clone(),
        };
        results::write_compact(place, &file)
    }
}

impl File {
    fn check(self) -> Result<Model> {
        let numbers = self.words.len();
        if self.idf.len() != numbers || self.weights.len() != numbers {
            bail!(
                "{numbers} words, {} idf, {} weights: not as many of each",
                self.idf.len(),
                self.weights.len()
            );
        }
        ensure!(self.words.is_sorted_by(|one, next| one < next), "the words are not in order");
        // Far over any weight there is, and so far under the greatest number that no score overflows.
        let bounded = self.idf.iter().chain(&self.weights).chain([&self.bias]).all(|x| x.abs() < MOST);
        ensure!(bounded, "a weight is not finite, or not under {MOST:e}");
        Ok(Model {
            names: self.names,
            threshold: self.threshold.value(),
            masked: self.masked,
            provenance: self.provenance,
            estimate: self.estimate,
            vocabulary: Vocabulary::new(self.words, self.idf),
            weights: Weights { bias: self.bias, words: self.weights },
        })
    }
}

/// A row to learn from.
pub struct Lesson {
    /// The text, masked already where the model will mask.
    pub text: String,
    /// What it is.
    pub label: Label,
}

/// Learns a model: TF-IDF of words, naive Bayes, and an estimate by cross-validation on folds of distinct texts.
pub fn fit(lessons: &[Lesson], names: Names, masked: Vec<Kind>, fitted: String) -> Result<Model> {
    let positive = lessons.iter().filter(|lesson| lesson.label == Label::Positive).count() as u64;
    let rows = lessons.len() as u64;
    ensure!(rows > 0, "no labelled rows to learn from");
    ensure!(
        positive > 0 && positive < rows,
        "all {rows} labelled rows are {}; a model needs both classes",
        if positive == 0 { &names.negative } else { &names.positive }
    );
    let threshold = 0.5;
    let estimate = estimate(lessons, threshold);
    let (vocabulary, weights) = learn(lessons.iter());
    let provenance = Provenance { fitted, rows, positive, digest: digest(lessons) };
    Ok(Model { names, threshold, masked, provenance, estimate, vocabulary, weights })
}

fn learn<'a>(lessons: impl Iterator<Item = &'a Lesson> + Clone) -> (Vocabulary, Weights) {
    let vocabulary = Vocabulary::of(lessons.clone().map(|lesson| lesson.text.as_str()));
    let rows: Vec<_> = lessons.map(|lesson| (vocabulary.vector(&lesson.text), lesson.label)).collect();
    let weights = bayes::fit(&rows, vocabulary.len(), bayes::ALPHA);
    (vocabulary, weights)
}

/// Copies of a text share a fold, so that none is scored by a model that has seen it.
fn fold(text: &str) -> u64 {
    mix(Fingerprint::of(text).0 ^ 0x464f_4c44) % FOLDS
}

fn estimate(lessons: &[Lesson], threshold: f64) -> Estimate {
    let folds: Vec<u64> = lessons.iter().map(|lesson| fold(&lesson.text)).collect();
    let mut confusion = Confusion::default();
    let mut scores = Histogram::default();
    let mut seen = std::collections::HashSet::new();
    for held_out in 0..FOLDS {
        let others = lessons.iter().zip(&folds).filter(|(_, fold)| **fold != held_out);
        let others = others.map(|(lesson, _)| lesson);
        let classes = others.clone().fold([0u64; 2], |mut counts, lesson| {
            counts[usize::from(lesson.label == Label::Positive)] += 1;
            counts
        });
        if classes.contains(&0) {
            continue;
        }
        let (vocabulary, weights) = learn(others);
        for (lesson, _) in lessons.iter().zip(&folds).filter(|(_, fold)| **fold == held_out) {
            let score = bayes::probability(&weights, &vocabulary.vector(&lesson.text));
            let verdict = if score >= threshold { Label::Positive } else { Label::Negative };
            confusion.add(lesson.label, verdict);
            if seen.insert(Fingerprint::of(&lesson.text)) {
                scores[bin(score)] += 1;
            }
        }
    }
    Estimate { folds: FOLDS, f1: confusion.f1(), confusion, scores }
}

fn digest(lessons: &[Lesson]) -> String {
    let mut hash = Sha256::new();
    for Lesson { text, label } in lessons {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
        hash.update([u8::from(*label == Label::Positive)]);
    }
    hex(&hash.finalize())
}

/// Bytes as hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_whose_scores_would_overflow_is_refused() {
        let spam = Lesson { text: "win a prize".into(), label: Label::Positive };
        let ham = Lesson { text: "see you at noon".into(), label: Label::Negative };
        let model = fit(&[spam, ham], Names::default(), Vec::new(), "now".into()).unwrap();
        let path = std::env::temp_dir().join(format!("spamops-model-{}.json", std::process::id()));
        model.write(&Place::File(path.clone()), "fit").unwrap();
        let file = std::fs::read_to_string(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        assert!(Model::parse(&file).is_ok());
        let (before, idf) = file.split_once("\"idf\":[").unwrap();
        let (_, after) = idf.split_once(',').unwrap();
        let error = Model::parse(&format!("{before}\"idf\":[1e308,{after}")).unwrap_err();
        assert_eq!(error.to_string(), "a weight is not finite, or not under 1e100");
    }
}
