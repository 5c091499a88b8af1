//! Fits a model: counts the terms once, measures on folds, then learns from all rows.

use anyhow::{Result, ensure};

use crate::features::columns::{FeatureColumn, FeatureColumns, QUANTILE_ROWS};
use crate::features::row::FeatureSpec;
use crate::io::fraction::Fraction;
use crate::model::calibrate::Calibration;
use crate::model::corpus::Corpus;
use crate::model::cross_validation::{self, RowFolds};
use crate::model::estimate::{Estimate, OutOfFoldRow};
use crate::model::fold_model::{self, FoldModel};
use crate::model::model_file::{Model, Provenance, Windows};
use crate::model::recipe::Recipe;
use crate::model::suspects;
use crate::model::terms::ModelTerms;
use crate::model::threshold::{self, ThresholdGoal};
use crate::model::training_profile;
use crate::model::training_rows::{ResourceLimits, TrainingRow, TrainingRows};
use crate::profile::summary::StoredProfile;
use crate::rows::label::{Label, LabelNames};
use crate::rows::mask::MaskKind;

/// Facts about the rows and the fit that the model file records.
#[derive(Clone, Debug)]
pub struct FitProvenance {
    /// Values of the positive and the negative verdict.
    pub names: LabelNames,
    /// Kinds of personal data that were masked in the rows.
    pub masked: Vec<MaskKind>,
    /// The feature columns, besides the text.
    pub columns: Vec<String>,
    /// Whether the rows have a text.
    pub has_text: bool,
    /// The column with the weights of the rows.
    pub weight: Option<String>,
    /// Time of the fit.
    pub fitted: String,
    /// Commit of the repository at the time of the fit.
    pub commit: Option<String>,
}

impl Default for FitProvenance {
    fn default() -> Self {
        Self {
            names: LabelNames::default(),
            masked: Vec::new(),
            columns: Vec::new(),
            has_text: true,
            weight: None,
            fitted: String::new(),
            commit: None,
        }
    }
}

/// Learns a model. The terms of all texts are counted once. Figures, calibration and threshold come from
/// cross-validation. The weights come from all rows.
pub fn fit(
    training: &dyn TrainingRows,
    recipe: &Recipe,
    about: FitProvenance,
    limits: ResourceLimits,
) -> Result<Model> {
    let features = FeatureSpec {
        text: about.has_text,
        analyzer: recipe.analyzer.clone(),
        columns: feature_columns(training, &about.columns)?,
    };
    let corpus = Corpus::new(training, &features, &recipe.selection, limits)?;
    expect_learnable(&corpus, &about.names)?;
    let folds = RowFolds::assign(&corpus, recipe.folds)?;
    let mut models = fold_model::learn(&corpus, &folds.of_row, recipe, limits.threads)?;
    let out_of_fold = cross_validation::out_of_fold(&corpus, &folds.of_row, &models, limits.threads)?;
    let suspects = suspects::find(&corpus, &features.analyzer, &folds, &models, &out_of_fold)?;
    let mut scored = out_of_fold.rows;
    let first_rows = folds.first_rows(&scored);
    let calibration = Calibration::learn(recipe.calibration, &with_labels(&first_rows, |score| score));
    let threshold = Fraction::try_from(threshold::choose(
        recipe.threshold,
        &with_labels(&scored, |score| calibration.probability(score)),
    ))?;
    let is_positive = |row: &OutOfFoldRow| calibration.probability(row.score) >= threshold.value();
    let windows = match recipe.windows {
        Some(words) if scored.is_empty() => Some(Windows { words, margin: 0.0 }),
        Some(words) => {
            let highest = cross_validation::highest_windows(&corpus, &folds.of_row, &models, words)?;
            let allowed = allowed_false_positives(&scored, recipe.threshold);
            let margin = cross_validation::window_margin(&mut scored, &highest, allowed, is_positive);
            Some(Windows { words, margin })
        }
        None => None,
    };
    for row in &mut scored {
        row.score = calibration.probability(row.score);
    }
    let first_rows = folds.first_rows(&scored);
    let estimate = Estimate::of(&scored, &first_rows, threshold.value(), &recipe.required);
    let profile = training_profile::profile(training, &features, &folds.prints, &scored, limits.threads)?;
    let full_model = models.swap_remove(0);
    let terms = model_terms(&corpus, &full_model, recipe.rounded);
    let texts = corpus.labels.len() as u64;
    let provenance = provenance(&corpus, recipe, &about);
    drop(corpus);
    let mut model = Model::empty("fit", features);
    (model.names, model.masked) = (about.names, about.masked);
    (model.provenance, model.estimate, model.profile) = (provenance, estimate, StoredProfile::of(&profile));
    (model.calibration, model.threshold) = (calibration, threshold);
    (model.weighting, model.texts) = (recipe.weighting, texts);
    (model.windows, model.suspects) = (windows, suspects);
    (model.bias, model.terms) = (full_model.line.bias, terms);
    model.check()?;
    Ok(model)
}

/// Fails if there is nothing to learn from: no rows, only one class, a class without weight, or no terms.
fn expect_learnable(corpus: &Corpus, names: &LabelNames) -> Result<()> {
    let (count, positive) = class_sizes(corpus);
    ensure!(count > 0, "no labelled rows; add some, or name the label column with --label-column");
    ensure!(
        positive > 0 && positive < count,
        "every labelled row is {} ({count} in total); add rows of the other class",
        if positive == 0 { &names.negative } else { &names.positive }
    );
    for (class, name) in [(Label::Negative, &names.negative), (Label::Positive, &names.positive)] {
        let counts = corpus.labels.iter().any(|(label, weight)| *label == class && *weight > 0.0);
        ensure!(counts, "every row that is {name} has weight 0; give some of these rows a weight above 0");
    }
    ensure!(!corpus.terms.is_empty(), "no terms are left; relax --min-df, --max-df or --stop-words");
    Ok(())
}

/// The number of rows, and of positive rows.
fn class_sizes(corpus: &Corpus) -> (u64, u64) {
    let positive = corpus.labels.iter().filter(|(label, _)| *label == Label::Positive).count();
    (corpus.labels.len() as u64, positive as u64)
}

/// The scores of rows, changed by `change`, and whether each row is positive.
fn with_labels(rows: &[OutOfFoldRow], change: impl Fn(f64) -> f64) -> Vec<(f64, bool)> {
    rows.iter().map(|row| (change(row.score), row.label == Label::Positive)).collect()
}

/// At most one in this many negative rows may become positive because of its windows.
const ALLOWED_ONE_IN: usize = 2000;

/// Number of negative rows that may become positive because of their windows; 0 if the goal is a limit or a cost.
fn allowed_false_positives(rows: &[OutOfFoldRow], goal: ThresholdGoal) -> usize {
    match goal {
        ThresholdGoal::MaxFpr(_) | ThresholdGoal::Cost(..) => 0,
        _ => rows.iter().filter(|row| row.label == Label::Negative).count() / ALLOWED_ONE_IN,
    }
}

/// The terms that the model knows, with their weights.
fn model_terms(corpus: &Corpus, model: &FoldModel, rounded: bool) -> ModelTerms {
    let mut terms = ModelTerms::default();
    for ((number, term), found) in (0usize..).zip(corpus.terms.terms()).zip(&corpus.frequency) {
        if model.space.rarity[number] > 0.0 {
            let weight = model.line.weights[number];
            let weight = if rounded { (weight * 1e4).round() / 1e4 } else { weight };
            terms.push(term, *found, weight);
        }
    }
    terms
}

fn provenance(corpus: &Corpus, recipe: &Recipe, about: &FitProvenance) -> Provenance {
    let (rows, positive) = class_sizes(corpus);
    let mut options = recipe.options();
    options.extend(about.weight.clone().map(|column| ("weight-column".to_owned(), column)));
    Provenance {
        fitted: about.fitted.clone(),
        commit: about.commit.clone(),
        rows,
        positive,
        digest: corpus.digest.clone(),
        options,
    }
}

/// Learns how the cells of each feature column become terms, from rows spread over the complete input.
fn feature_columns(training: &dyn TrainingRows, names: &[String]) -> Result<FeatureColumns> {
    if names.is_empty() {
        return Ok(FeatureColumns::default());
    }
    let (mut sampled, mut stride, mut row) = (Vec::new(), 1usize, 0usize);
    training.read(&mut |rows| {
        for TrainingRow { cells, .. } in rows {
            if row.is_multiple_of(stride) {
                sampled.push(cells.clone());
            }
            if sampled.len() > QUANTILE_ROWS {
                let mut odd = true;
                sampled.retain(|_| {
                    odd = !odd;
                    !odd
                });
                stride *= 2;
            }
            row += 1;
        }
        Ok(())
    })?;
    let column = |(place, name): (usize, &String)| {
        FeatureColumn::learn(name, sampled.iter().filter_map(|cells| cells.get(place).map(String::as_str)))
    };
    Ok(FeatureColumns(names.iter().enumerate().map(column).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::stream::Place;
    use crate::model::model_file::sealed;
    use crate::model::recipe::Preset;

    fn model_text() -> String {
        let training = vec![
            TrainingRow::new("win a prize", Label::Positive),
            TrainingRow::new("see you at noon", Label::Negative),
        ];
        let limits = ResourceLimits { threads: 1, memory: usize::MAX };
        let model = fit(&training, &Preset::Classic.recipe(), FitProvenance::default(), limits).unwrap();
        let path = std::env::temp_dir().join(format!("spamops-model-{}.json", std::process::id()));
        model.write(&Place::File(path.clone())).unwrap();
        let file = std::fs::read_to_string(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        file
    }

    #[test]
    fn rejects_a_model_that_cannot_score() {
        let file = model_text();
        assert!(Model::parse(&file).is_ok());
        let cases = [
            (r#"["win",1,"#, r#"["win",1,1e300],["wine",1,"#, "a weight is not finite or not below 1e100"),
            (r#"["win",1,"#, r#"["win",3,"#, "term 'win' has more texts than the model"),
            (r#"["win",1,"#, r#"["at",1,"#, "the terms are not sorted"),
        ];
        for (from, to, expected) in cases {
            assert!(file.contains(from), "{file}");
            let changed = file.replace(from, to);
            let error = |file: &str| Model::parse(file).unwrap_err().to_string();
            assert!(error(&changed).starts_with("the SHA-256 at the end does not match"));
            assert_eq!(error(&sealed(&changed)), format!("{expected}; fit the model again"));
        }
    }
}
