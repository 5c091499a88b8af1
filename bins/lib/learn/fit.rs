//! Learning: count once, estimate on folds, then learn from all.

use anyhow::{Result, ensure};
use sha2::{Digest, Sha256};

use crate::data::fingerprint::{Fingerprint, mix};
use crate::data::label::{Label, Names};
use crate::data::mask::Kind;
use crate::judge::metrics::Confusion;
use crate::learn::bayes::{self, Example, Line};
use crate::learn::counts::Counts;
use crate::learn::model::{Estimate, Histogram, Learned, Model, Provenance, bin};
use crate::learn::recipe::{Recipe, Threshold};
use crate::learn::tfidf::Space;

/// Folds of the estimate.
const FOLDS: u64 = 5;

/// A row to learn from.
pub struct Lesson {
    /// The text, masked already where the model will mask.
    pub text: String,
    /// What it is.
    pub label: Label,
}

/// Learns a model: the terms of all texts are counted once, F1 and threshold come from folds of distinct texts, and the
/// weights from all rows.
pub fn fit(
    lessons: &[Lesson],
    recipe: &Recipe,
    names: Names,
    masked: Vec<Kind>,
    fitted: String,
    threads: usize,
) -> Result<Model> {
    let positive = lessons.iter().filter(|lesson| lesson.label == Label::Positive).count() as u64;
    let rows = lessons.len() as u64;
    ensure!(rows > 0, "no labelled rows to learn from");
    ensure!(
        positive > 0 && positive < rows,
        "all {rows} labelled rows are {}; a model needs both classes",
        if positive == 0 { &names.negative } else { &names.positive }
    );
    let texts: Vec<&str> = lessons.iter().map(|lesson| lesson.text.as_str()).collect();
    let labels: Vec<Label> = lessons.iter().map(|lesson| lesson.label).collect();
    let counts = Counts::of(&texts, &recipe.analyzer, threads);
    let scores = out_of_fold(&counts, &texts, &labels, recipe);
    let threshold = match recipe.threshold {
        Threshold::At(threshold) => threshold,
        Threshold::BestF1 => best_f1(&scores, &labels),
    };
    let estimate = estimate(&scores, &texts, &labels, threshold);
    let all: Vec<usize> = (0..lessons.len()).collect();
    let learned = learn(&counts, &all, &labels, recipe);
    let provenance = Provenance { fitted, rows, positive, digest: digest(lessons) };
    Model::new(recipe, learned, names, masked, threshold, provenance, estimate)
}

/// Learns from some of the rows.
pub fn learn(counts: &Counts, rows: &[usize], labels: &[Label], recipe: &Recipe) -> Learned {
    let space = Space::of(counts, rows, &recipe.selection);
    let line = line(counts, &space, rows, labels, recipe);
    let terms = space.terms.iter().map(|&term| counts.terms[term as usize].clone());
    Learned { texts: space.texts, terms: terms.zip(space.frequency).collect(), line }
}

fn line(counts: &Counts, space: &Space, rows: &[usize], labels: &[Label], recipe: &Recipe) -> Line {
    let idf = recipe.weighting.rarity(&space.frequency, space.texts);
    let example = |&row: &usize| Example {
        row: space.weigh(counts.row(row), &recipe.weighting, &idf),
        label: labels[row],
        weight: 1.0,
    };
    let examples: Vec<Example> = rows.iter().map(example).collect();
    bayes::fit(&examples, space.terms.len(), recipe.alpha, recipe.bayes)
}

/// The score of every row by a model that has not seen its text; none where the other rows are of one class.
fn out_of_fold(counts: &Counts, texts: &[&str], labels: &[Label], recipe: &Recipe) -> Vec<Option<f64>> {
    // Copies of a text share a fold, so that none is scored by a model that has seen it.
    let folds: Vec<u64> =
        texts.iter().map(|text| mix(Fingerprint::of(text).0 ^ 0x464f_4c44) % FOLDS).collect();
    let mut scores = vec![None; texts.len()];
    for held_out in 0..FOLDS {
        let (held, others): (Vec<usize>, Vec<usize>) =
            (0..texts.len()).partition(|&row| folds[row] == held_out);
        let positive = others.iter().filter(|&&row| labels[row] == Label::Positive).count();
        if positive == 0 || positive == others.len() {
            continue;
        }
        let space = Space::of(counts, &others, &recipe.selection);
        let line = line(counts, &space, &others, labels, recipe);
        let idf = recipe.weighting.rarity(&space.frequency, space.texts);
        for row in held {
            let weights = space.weigh(counts.row(row), &recipe.weighting, &idf);
            let sum = weights.iter().map(|&(term, value)| value * line.weights[term as usize]).sum::<f64>();
            scores[row] = Some(bayes::probability(line.bias + sum));
        }
    }
    scores
}

/// The threshold with the best F1: half way between two scores, of equals the one nearest to .5.
fn best_f1(scores: &[Option<f64>], labels: &[Label]) -> f64 {
    let mut ranked: Vec<(f64, bool)> = scores
        .iter()
        .zip(labels)
        .filter_map(|(score, label)| Some(((*score)?, *label == Label::Positive)))
        .collect();
    ranked.sort_by(|one, other| other.0.total_cmp(&one.0));
    let positives = ranked.iter().filter(|(_, positive)| *positive).count();
    let mut best = (0.0, 0.5);
    let mut found = 0usize;
    for (place, pair) in ranked.windows(2).enumerate() {
        found += usize::from(pair[0].1);
        let f1 = 2.0 * found as f64 / (positives + place + 1) as f64;
        let between = f64::midpoint(pair[0].0, pair[1].0);
        let nearer = (between - 0.5).abs() < (best.1 - 0.5f64).abs();
        if pair[0].0 > pair[1].0 && (f1 > best.0 || (f1 >= best.0 && nearer)) {
            best = (f1, between);
        }
    }
    best.1
}

fn estimate(scores: &[Option<f64>], texts: &[&str], labels: &[Label], threshold: f64) -> Estimate {
    let mut confusion = Confusion::default();
    let mut histogram = Histogram::default();
    let mut seen = std::collections::HashSet::new();
    for ((score, label), text) in scores.iter().zip(labels).zip(texts) {
        if let Some(score) = *score {
            let verdict = if score >= threshold { Label::Positive } else { Label::Negative };
            confusion.add(*label, verdict);
            if seen.insert(Fingerprint::of(text)) {
                histogram[bin(score)] += 1;
            }
        }
    }
    Estimate { folds: FOLDS, f1: confusion.f1(), confusion, scores: histogram }
}

fn digest(lessons: &[Lesson]) -> String {
    let mut hash = Sha256::new();
    for Lesson { text, label } in lessons {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
        hash.update([u8::from(*label == Label::Positive)]);
    }
    crate::data::results::hex(&hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::place::Place;
    use crate::learn::recipe::Preset;

    fn written() -> String {
        let spam = Lesson { text: "win a prize".into(), label: Label::Positive };
        let ham = Lesson { text: "see you at noon".into(), label: Label::Negative };
        let (recipe, names) = (Preset::Classic.recipe(), Names::default());
        let model = fit(&[spam, ham], &recipe, names, Vec::new(), "now".into(), 1).unwrap();
        let path = std::env::temp_dir().join(format!("spamops-model-{}.json", std::process::id()));
        model.write(&Place::File(path.clone()), "fit").unwrap();
        let file = std::fs::read_to_string(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        file
    }

    #[test]
    fn a_model_that_cannot_score_is_refused() {
        let file = written();
        assert!(Model::parse(&file).is_ok());
        let cases = [
            (r#"["win",1,"#, r#"["win",1,1e300],["wine",1,"#, "a weight is not finite, or not under 1e100"),
            (r#"["win",1,"#, r#"["win",3,"#, "more texts have 'win' than there are"),
            (r#"["win",1,"#, r#"["at",1,"#, "the terms are not in order"),
        ];
        for (from, to, wanted) in cases {
            assert!(file.contains(from), "{file}");
            assert_eq!(Model::parse(&file.replace(from, to)).unwrap_err().to_string(), wanted);
        }
    }
}
