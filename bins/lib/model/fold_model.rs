//! Learns a model of all rows, and a model without the rows of each fold.

use anyhow::{Context, Result};

use crate::model::bayes::{self, BayesKind, ClassSum, LinearScore};
use crate::model::corpus::{Corpus, CountedRows};
use crate::model::linear;
use crate::model::recipe::{Learner, Recipe};
use crate::model::tfidf::TermSpace;
use crate::model::threads;
use crate::rows::label::Label;

/// The fold index of every row if there are no folds.
pub(super) const NO_FOLD: u8 = u8::MAX;

/// A model learned from all rows, or from all rows outside one fold.
pub(super) struct FoldModel {
    /// The fold that was left out; `None` for the model of all rows.
    without: Option<u8>,
    pub(super) space: TermSpace,
    pub(super) line: LinearScore,
}

impl FoldModel {
    /// Whether the model left a fold out, and knows both classes.
    pub(super) fn can_score_its_fold(&self) -> bool {
        self.without.is_some() && self.knows_both_classes()
    }

    /// Whether the model never saw the rows of this fold, and knows both classes.
    pub(super) fn can_score(&self, fold: u8) -> bool {
        self.without == Some(fold) && self.knows_both_classes()
    }

    fn knows_both_classes(&self) -> bool {
        !self.line.weights.is_empty()
    }

    /// The log-odds of a row.
    pub(super) fn score(&self, row: impl Iterator<Item = (u32, u32)>, weights: &mut Vec<(u32, f64)>) -> f64 {
        self.space.weigh(row, weights);
        let sum = weights.iter().map(|&(term, value)| value * self.line.weights[term as usize]);
        self.line.bias + sum.sum::<f64>()
    }
}

/// Learns a model of all rows, then a model without the rows of each fold. All models share the passes over the rows.
pub(super) fn learn(
    corpus: &Corpus,
    folds: &[u8],
    recipe: &Recipe,
    threads: usize,
) -> Result<Vec<FoldModel>> {
    let mut models = unlearned(corpus, folds, recipe)?;
    learn_bayes(corpus, folds, &mut models, recipe, threads)?;
    if recipe.learner.is_linear() {
        learn_linear(corpus, folds, &mut models, recipe, threads)?;
    }
    Ok(models)
}

/// Creates the models with their term spaces: the known terms, and their rarity among the model's rows.
fn unlearned(corpus: &Corpus, folds: &[u8], recipe: &Recipe) -> Result<Vec<FoldModel>> {
    let count = folds.iter().filter(|fold| **fold != NO_FOLD).max().map_or(0, |most| usize::from(*most) + 1);
    let mut of_fold = vec![vec![0u32; corpus.terms.len()]; count];
    let mut sizes = vec![0; count];
    if count > 0 {
        corpus.each_block(&mut |first, rows| {
            for (row, fold) in rows.iter().zip(&folds[first..]) {
                let fold = usize::from(*fold);
                sizes[fold] += 1;
                row.for_each(|(term, _)| of_fold[fold][term as usize] += 1);
            }
        })?;
    }
    let model = |without: Option<u8>| {
        let mut frequency = corpus.frequency.clone();
        let mut texts = folds.len() as u64;
        if let Some(fold) = without {
            let counts = &of_fold[usize::from(fold)];
            frequency.iter_mut().zip(counts).for_each(|(all, count)| *all -= count);
            texts -= sizes[usize::from(fold)];
        }
        let space = TermSpace::new(&frequency, texts, &recipe.selection, recipe.weighting);
        FoldModel { without, space, line: LinearScore::default() }
    };
    Ok([None].into_iter().chain((0..).take(count).map(Some)).map(model).collect())
}

/// Learns every model by naive Bayes, in one pass over the rows.
fn learn_bayes(
    corpus: &Corpus,
    folds: &[u8],
    models: &mut [FoldModel],
    recipe: &Recipe,
    threads: usize,
) -> Result<()> {
    let labels = &corpus.labels;
    let classes = [Label::Negative, Label::Positive];
    let pairs = models.iter().flat_map(|model| classes.map(|class| (model, class)));
    let mut sums: Vec<(&FoldModel, Label, ClassSum)> =
        pairs.map(|(model, class)| (model, class, ClassSum::new(corpus.terms.len()))).collect();
    corpus.each_block(&mut |first, rows| {
        threads::each(&mut sums, threads, |(model, class, sum)| {
            let mut weights = Vec::new();
            for ((row, (label, weight)), fold) in rows.iter().zip(&labels[first..]).zip(&folds[first..]) {
                if label == class && model.without != Some(*fold) {
                    model.space.weigh(row, &mut weights);
                    sum.add(&weights, *weight);
                }
            }
        });
    })?;
    let is_complement = recipe.learner == Learner::Complement;
    let kind = if is_complement { BayesKind::Complement } else { BayesKind::Multinomial };
    let sums: Vec<ClassSum> = sums.into_iter().map(|(.., sum)| sum).collect();
    for (model, sums) in models.iter_mut().zip(sums.chunks_exact(2)) {
        let line = bayes::line(&sums[0], &sums[1], &model.space, recipe.alpha, kind, recipe.prior);
        model.line = line.unwrap_or_default();
    }
    Ok(())
}

/// Fits every model again by logistic regression. NB-SVM scales each term by its weight in naive Bayes.
fn learn_linear(
    corpus: &Corpus,
    folds: &[u8],
    models: &mut [FoldModel],
    recipe: &Recipe,
    threads: usize,
) -> Result<()> {
    let rows =
        corpus.in_memory().context("a linear learner reads its rows many times; leave --memory out")?;
    let is_scaled = recipe.learner == Learner::NbLogistic;
    // With terms scaled by naive Bayes, more precision does not improve the scores.
    let tolerance = linear::Tolerance(if is_scaled { 1e-3 } else { 1e-6 });
    for model in models.iter_mut().filter(|model| model.knows_both_classes()) {
        let scales = is_scaled.then(|| std::mem::take(&mut model.line.weights));
        let (matrix, labels) = matrix(rows, &corpus.labels, folds, model, scales.as_deref());
        model.line = linear::fit(&matrix, &labels, recipe.c, tolerance, threads);
        if let Some(scales) = scales {
            model.line.weights.iter_mut().zip(scales).for_each(|(weight, scale)| *weight *= scale);
        }
    }
    Ok(())
}

/// The rows of a model as a matrix of weights, each term times its scale, and the labels of these rows.
fn matrix(
    rows: CountedRows,
    all: &[(Label, f64)],
    folds: &[u8],
    model: &FoldModel,
    scales: Option<&[f64]>,
) -> (linear::WeightRows, Vec<(Label, f64)>) {
    let (mut starts, mut terms, mut values, mut labels) = (vec![0], Vec::new(), Vec::new(), Vec::new());
    let mut weights = Vec::new();
    for (number, row) in rows.iter().enumerate().filter(|(number, _)| model.without != Some(folds[*number])) {
        model.space.weigh(row, &mut weights);
        weights.sort_unstable_by_key(|(term, _)| *term);
        for &(term, weight) in &weights {
            terms.push(term);
            #[expect(clippy::cast_possible_truncation, reason = "seven digits of a value are enough")]
            values.push((weight * scales.map_or(1.0, |scales| scales[term as usize])) as f32);
        }
        starts.push(terms.len());
        labels.push(all[number]);
    }
    (linear::WeightRows::new((labels.len(), model.space.rarity.len()), starts, terms, values), labels)
}
