//! Finds the best of several recipes by successive halving (Jamieson & Talwalkar 2016).
//!
//! Each round tries fewer recipes on more rows.

use std::fmt::{self, Write};

use anyhow::{Context, Result, ensure};

use crate::features::Ngrams;
use crate::model::fit::{FitProvenance, fit};
use crate::model::model_file::Model;
use crate::model::recipe::{Preset, Recipe};
use crate::model::training_rows::{ResourceLimits, TrainingRow};
use crate::rows::fingerprint::{Fingerprint, mix};
use crate::rows::label::Label;
use crate::stats::metrics::Figures;

/// Minimum number of rows in the first round.
const FIRST_ROUND: usize = 2000;

/// One in this many candidates advances to the next round.
const ADVANCE_ONE_IN: usize = 3;

#[derive(Clone, Debug)]
pub struct RecipeCandidate {
    /// The preset that the recipe is a variant of.
    pub preset: Preset,
    pub recipe: Recipe,
}

/// The result of a recipe in one round.
#[derive(Clone, Debug)]
pub struct RecipeTrial {
    /// Number of the round, from 1.
    pub round: usize,
    /// Number of rows in the round.
    pub rows: usize,
    pub candidate: RecipeCandidate,
    /// The cross-validated figures.
    pub figures: Figures,
    /// Whether the recipe advanced to the next round; in the last round, whether it is the best.
    pub kept: bool,
}

impl fmt::Display for RecipeTrial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RecipeCandidate { preset, recipe } = &self.candidate;
        let (ngrams, learner) = (recipe.analyzer.ngrams, recipe.learner);
        write!(f, "--preset {preset} --learner {learner} --ngrams {ngrams}")?;
        if recipe.learner.is_linear() {
            write!(f, " --C {}", recipe.c)
        } else {
            write!(f, " --alpha {}", recipe.alpha)
        }
    }
}

/// All trials as CSV, by round, the best first.
pub fn table(trials: &[RecipeTrial]) -> String {
    let cell = |value: Option<f64>| value.map_or_else(String::new, |value| format!("{value:.6}"));
    let mut table = String::from("round,rows,recipe,kept,average_precision,f1,roc_auc,recall_at_fpr_0.001\n");
    for trial in trials {
        let RecipeTrial { round, rows, kept, figures, .. } = trial;
        let figures =
            [figures.average_precision, Some(figures.f1), figures.roc_auc, figures.recall_at_fpr.thousandth];
        let figures = figures.map(cell).join(",");
        // Writing into a string does not fail.
        let _ = writeln!(table, "{round},{rows},{trial},{kept},{figures}");
    }
    table
}

/// The settings that may vary, because the command line does not set them.
#[derive(Clone, Copy, Debug)]
pub struct SearchSpace {
    pub ngrams: bool,
    /// Additive smoothing of naive Bayes.
    pub alpha: bool,
    /// Cost of an error in linear learners.
    pub c: bool,
}

/// Variants of a recipe within the search space.
pub fn variants(preset: Preset, recipe: &Recipe, space: SearchSpace) -> Vec<RecipeCandidate> {
    let bayes = !recipe.learner.is_linear();
    let ngrams = [1, 2, 3].map(|most| Ngrams { fewest: 1, most });
    let ngrams = if space.ngrams && bayes { ngrams.to_vec() } else { vec![recipe.analyzer.ngrams] };
    let alphas = if space.alpha && bayes { vec![0.01, 0.05, 0.2, 1.0] } else { vec![recipe.alpha] };
    let costs = if space.c && !bayes { vec![1.0, 10.0, 100.0] } else { vec![recipe.c] };
    let mut candidates = Vec::new();
    for ngrams in ngrams {
        for &alpha in &alphas {
            for &c in &costs {
                let mut recipe = Recipe { alpha, c, ..recipe.clone() };
                recipe.analyzer.ngrams = ngrams;
                candidates.push(RecipeCandidate { preset, recipe });
            }
        }
    }
    candidates
}

/// Tries all candidates on some rows, then the best of them on more. Candidates are compared by out-of-fold average
/// precision, which needs no threshold. Returns the best model, learned from all rows, and every trial. `progress` is
/// called before each trial.
pub fn search(
    training: &Vec<TrainingRow>,
    candidates: Vec<RecipeCandidate>,
    about: &FitProvenance,
    limits: ResourceLimits,
    progress: &mut dyn FnMut(&str),
) -> Result<(Model, Vec<RecipeTrial>)> {
    let (mut left, mut round) = (candidates, 1);
    let mut trials: Vec<RecipeTrial> = Vec::new();
    loop {
        let last = left.len() <= ADVANCE_ONE_IN;
        // The last round has all rows. Each earlier round has half the rows of the next round.
        let share = if last { 1 } else { 1 << left.len().ilog(ADVANCE_ONE_IN).min(8) };
        let rows = (training.len() / share).max(FIRST_ROUND);
        let some = if rows < training.len() { &part(training, rows) } else { training };
        let mut done = Vec::new();
        for (number, candidate) in left.iter().enumerate() {
            progress(&format!("searching, round {round}: {} of {}", number + 1, left.len()));
            let model = fit(some, &candidate.recipe, about.clone(), limits)?;
            // Only the models of the last round are kept, because models are large.
            let figures = model.estimate.pooled;
            done.push((figures, last.then_some(model), candidate.clone()));
        }
        let merit = |figures: &Figures| figures.average_precision.unwrap_or(0.0);
        done.sort_by(|(one, ..), (other, ..)| merit(other).total_cmp(&merit(one)));
        let advancing = if last { 1 } else { done.len().div_ceil(ADVANCE_ONE_IN) };
        trials.extend(done.iter().enumerate().map(|(place, (figures, _, candidate))| RecipeTrial {
            round,
            rows: some.len(),
            candidate: candidate.clone(),
            figures: *figures,
            kept: place < advancing,
        }));
        if last {
            let measured = done.iter().any(|(figures, ..)| figures.average_precision.is_some());
            ensure!(
                measured,
                "no average precision can be measured on folds of these rows; add rows of both classes"
            );
            let model = done.into_iter().next().and_then(|(_, model, _)| model);
            return Ok((model.context("no recipes to search; name at least one")?, trials));
        }
        left = done.into_iter().take(advancing).map(|(.., candidate)| candidate).collect();
        round += 1;
    }
}

/// About `rows` rows, chosen by a hash of their content. Copies stay together, and rows stay in order. A rare class
/// gets more than its share.
fn part(training: &[TrainingRow], rows: usize) -> Vec<TrainingRow> {
    let hash = |row: &TrainingRow| {
        row.cells.iter().fold(Fingerprint::of(&row.text).0, |hash, cell| mix(hash ^ Fingerprint::of(cell).0))
    };
    let hashes: Vec<u64> = training.iter().map(|row| mix(hash(row))).collect();
    let limit = |label: Label| {
        let of_class = training.iter().zip(&hashes).filter(|(row, _)| row.label == label);
        let mut ranked: Vec<u64> = of_class.map(|(_, hash)| *hash).collect();
        let wanted = (ranked.len() * rows / training.len()).max(ranked.len().min(FIRST_ROUND / 4));
        let place = wanted.checked_sub(1)?;
        Some(*ranked.select_nth_unstable(place).1)
    };
    let limits = [Label::Negative, Label::Positive].map(limit);
    let is_in = |row: &TrainingRow, hash: u64| {
        limits[usize::from(row.label == Label::Positive)].is_some_and(|limit| hash <= limit)
    };
    let chosen = training.iter().zip(&hashes).filter(|(row, hash)| is_in(row, **hash));
    chosen.map(|(row, _)| row.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_better_recipe_with_more_rows_in_each_round() {
        // Only the order of two words determines the label, so single words are not enough.
        let row = |n: u64| {
            let (one, other) = if n.is_multiple_of(2) { ("alpha", "beta") } else { ("beta", "alpha") };
            let letters = |n: u64| format!("{n:016x}").replace(|c: char| c.is_ascii_digit(), "x");
            let text = format!("{one} {other} {}", letters(mix(n)));
            TrainingRow::new(text, if n.is_multiple_of(2) { Label::Positive } else { Label::Negative })
        };
        let training: Vec<TrainingRow> = (0..6000).map(row).collect();
        let recipe = Preset::Message.recipe();
        let space = SearchSpace { ngrams: true, alpha: true, c: true };
        let candidates = variants(Preset::Message, &recipe, space);
        assert_eq!(candidates.len(), 12);
        let limits = ResourceLimits { threads: 1, memory: usize::MAX };
        let mut calls = 0;
        let (model, trials) =
            search(&training, candidates, &FitProvenance::default(), limits, &mut |_| calls += 1).unwrap();
        assert!(model.features.analyzer.ngrams.most > 1);
        assert_eq!((calls, trials.len()), (12 + 4 + 2, 12 + 4 + 2));
        let rare = |n: u64| TrainingRow {
            label: if n % 3000 == 7 { Label::Positive } else { Label::Negative },
            ..row(n)
        };
        let rare: Vec<TrainingRow> = (0..6000).map(rare).collect();
        assert_eq!(part(&rare, 2000).iter().filter(|row| row.label == Label::Positive).count(), 2);
        assert!(trials[0].rows < 6000 && trials.last().unwrap().rows == 6000);
        assert_eq!(trials.iter().filter(|trial| trial.round == 3 && trial.kept).count(), 1);
    }
}
