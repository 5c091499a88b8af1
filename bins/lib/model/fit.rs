//! Learning: count once, estimate on folds, then learn from all.

use std::collections::HashMap;

use anyhow::{Context, Result, ensure};

use crate::features::columns::{FeatureColumn, FeatureColumns, LOOKED_AT};
use crate::features::row::FeatureSpec;
use crate::io::fraction::Fraction;
use crate::model::bayes::{self, ClassSum, LinearScore};
use crate::model::calibrate::Calibration;
use crate::model::corpus::{Corpus, CountedRows, ResourceLimits, TrainingRow, TrainingRows};
use crate::model::estimate::{Estimate, OutOfFoldRow};
use crate::model::folds::{self, FoldPrint};
use crate::model::linear;
use crate::model::model_file::{Model, Provenance, Windows};
use crate::model::recipe::{Learner, Recipe};
use crate::model::terms::ModelTerms;
use crate::model::tfidf::TermSpace;
use crate::model::threads;
use crate::model::threshold;
use crate::model::threshold::ThresholdGoal;
use crate::profile::descriptor::Describer;
use crate::profile::summary::{self, MessageRecord, Profile, StoredProfile};
use crate::rows::label::{Label, LabelNames};
use crate::rows::mask::MaskKind;

/// What a model says of itself, besides what it has learned.
#[derive(Clone, Debug)]
pub struct FitProvenance {
    /// The values of the two verdicts.
    pub names: LabelNames,
    /// Personal data that was masked in the rows.
    pub masked: Vec<MaskKind>,
    /// The columns that are learned from, besides the text.
    pub columns: Vec<String>,
    /// Whether there is a text to learn from.
    pub has_text: bool,
    /// The column that says how much a row counts.
    pub weight: Option<String>,
    /// When it is fitted.
    pub fitted: String,
    /// The commit it is fitted at.
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

/// Learns a model: the terms of all texts are counted once, figures, calibration and threshold come from folds of distinct
/// texts, and the weights from all rows.
pub fn fit(
    lessons: &dyn TrainingRows,
    recipe: &Recipe,
    about: FitProvenance,
    means: ResourceLimits,
) -> Result<Model> {
    let features = FeatureSpec {
        text: about.has_text,
        analyzer: recipe.analyzer.clone(),
        columns: columns(lessons, &about.columns)?,
    };
    let corpus = Corpus::new(lessons, &features, &recipe.selection, means)?;
    let count = corpus.labels.len() as u64;
    let positive = corpus.labels.iter().filter(|(label, _)| *label == Label::Positive).count() as u64;
    ensure!(count > 0, "no labelled rows to learn from");
    ensure!(
        positive > 0 && positive < count,
        "all {count} labelled rows are {}; a model needs both classes",
        if positive == 0 { &about.names.negative } else { &about.names.positive }
    );
    for (class, name) in [(Label::Negative, &about.names.negative), (Label::Positive, &about.names.positive)]
    {
        let counts = corpus.labels.iter().any(|(label, weight)| *label == class && *weight > 0.0);
        ensure!(counts, "all rows that are {name} have the weight 0; a model needs both classes");
    }
    ensure!(
        !corpus.terms.is_empty(),
        "no terms are left to learn from; see --min-df, --max-df and --stop-words"
    );
    let mut folds = vec![NO_FOLD; corpus.labels.len()];
    let mut prints = Vec::new();
    if recipe.folds > 1 {
        prints = corpus.prints()?;
        folds = folds::assign(&prints, &corpus.labels, recipe.folds);
        prints.iter_mut().for_each(FoldPrint::forget);
    }
    let mut parts = parts(&corpus, &folds, recipe)?;
    learn(&corpus, &folds, &mut parts, recipe, means)?;
    let mut rows = score(&corpus, &folds, &mut parts, means)?;
    let calibration = Calibration::learn(recipe.calibration, &known(&rows, |score| score));
    let threshold = Fraction::try_from(threshold::choose(
        recipe.threshold,
        &known(&rows, |score| calibration.probability(score)),
    ))?;
    let windows = match recipe.windows {
        Some(words) if rows.is_empty() => Some(Windows { words, margin: 0.0 }),
        Some(words) => {
            let surest = surest_windows(&corpus, &folds, &parts, words)?;
            let is_positive = |row: &OutOfFoldRow| calibration.probability(row.score) >= threshold.value();
            // Who has named a bound or a cost gets no false alarm on top of it.
            let spared = match recipe.threshold {
                ThresholdGoal::MaxFpr(_) | ThresholdGoal::Cost(..) => 0,
                _ => rows.iter().filter(|row| row.label == Label::Negative).count() / TURNED,
            };
            Some(Windows { words, margin: margin(&mut rows, &surest, spared, is_positive) })
        }
        None => None,
    };
    for row in &mut rows {
        row.score = calibration.probability(row.score);
    }
    let estimate = Estimate::of(&rows, threshold.value(), &recipe.required);
    let profile = profile(lessons, &features, &prints, &rows, means)?;
    let part = parts.swap_remove(0);
    let mut terms = ModelTerms::default();
    for ((number, term), found) in (0usize..).zip(corpus.terms.terms()).zip(&corpus.frequency) {
        if part.space.rarity[number] > 0.0 {
            let weight = part.line.weights[number];
            let weight = if recipe.rounded { (weight * 1e4).round() / 1e4 } else { weight };
            terms.push(term, *found, weight);
        }
    }
    let FitProvenance { names, masked, fitted, commit, weight, .. } = about;
    let mut options = recipe.options();
    options.extend(weight.map(|column| ("weight-column".to_owned(), column)));
    let provenance =
        Provenance { fitted, commit, rows: count, positive, digest: corpus.digest.clone(), options };
    drop(corpus);
    let mut model = Model::empty("fit", features);
    (model.names, model.masked) = (names, masked);
    (model.provenance, model.estimate, model.profile) = (provenance, estimate, StoredProfile::of(&profile));
    (model.calibration, model.threshold) = (calibration, threshold);
    (model.weighting, model.texts) = (recipe.weighting, count);
    model.windows = windows;
    (model.bias, model.terms) = (part.line.bias, terms);
    model.check()?;
    Ok(model)
}

/// The fold of rows where there are no folds.
const NO_FOLD: u8 = u8::MAX;

/// Rows to learn from, and what was learned.
struct FoldModel {
    /// The fold that is kept out of it.
    without: Option<u8>,
    space: TermSpace,
    line: LinearScore,
}

/// The parts: the whole, then each but for one fold.
fn parts(corpus: &Corpus, folds: &[u8], recipe: &Recipe) -> Result<Vec<FoldModel>> {
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
    let part = |without: Option<u8>| {
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
    Ok([None].into_iter().chain((0..).take(count).map(Some)).map(part).collect())
}

/// Learns the line of every part.
fn learn(
    corpus: &Corpus,
    folds: &[u8],
    parts: &mut [FoldModel],
    recipe: &Recipe,
    means: ResourceLimits,
) -> Result<()> {
    let labels = &corpus.labels;
    let classes = [Label::Negative, Label::Positive];
    let pairs = parts.iter().flat_map(|part| classes.map(|class| (part, class)));
    let mut sums: Vec<(&FoldModel, Label, ClassSum)> =
        pairs.map(|(part, class)| (part, class, ClassSum::new(corpus.terms.len()))).collect();
    corpus.each_block(&mut |first, rows| {
        threads::each(&mut sums, means.threads, |(part, class, sum)| {
            let mut weights = Vec::new();
            for ((row, (label, weight)), fold) in rows.iter().zip(&labels[first..]).zip(&folds[first..]) {
                if label == class && part.without != Some(*fold) {
                    part.space.weigh(row, &mut weights);
                    sum.add(&weights, *weight);
                }
            }
        });
    })?;
    let kind = if recipe.learner == Learner::Complement {
        bayes::BayesKind::Complement
    } else {
        bayes::BayesKind::Multinomial
    };
    let sums: Vec<ClassSum> = sums.into_iter().map(|(.., sum)| sum).collect();
    for (part, sums) in parts.iter_mut().zip(sums.chunks_exact(2)) {
        let line = bayes::line(&sums[0], &sums[1], &part.space, recipe.alpha, kind, recipe.prior);
        part.line = line.unwrap_or_default();
    }
    drop(sums);
    if !recipe.learner.is_linear() {
        return Ok(());
    }
    let rows = corpus.held().context("a linear learner reads its rows many times; leave --memory out")?;
    // Scaled by naive Bayes the line is good long before its last digits are.
    let tolerance = linear::Tolerance(if recipe.learner == Learner::NbLogistic { 1e-3 } else { 1e-6 });
    for part in parts.iter_mut().filter(|part| part.is_able()) {
        let scales = (recipe.learner == Learner::NbLogistic).then(|| std::mem::take(&mut part.line.weights));
        let (matrix, labels) = matrix(rows, labels, folds, part, scales.as_deref());
        part.line = linear::fit(&matrix, &labels, recipe.c, tolerance, means.threads);
        if let Some(scales) = scales {
            part.line.weights.iter_mut().zip(scales).for_each(|(weight, scale)| *weight *= scale);
        }
    }
    Ok(())
}

/// The rows of a part as a matrix of weights, each term times its scale, and their labels.
fn matrix(
    rows: CountedRows,
    all: &[(Label, f64)],
    folds: &[u8],
    part: &FoldModel,
    scales: Option<&[f64]>,
) -> (linear::WeightRows, Vec<(Label, f64)>) {
    let (mut starts, mut terms, mut values, mut labels) = (vec![0], Vec::new(), Vec::new(), Vec::new());
    let mut weights = Vec::new();
    for (number, row) in rows.iter().enumerate().filter(|(number, _)| part.without != Some(folds[*number])) {
        part.space.weigh(row, &mut weights);
        weights.sort_unstable_by_key(|(term, _)| *term);
        for &(term, weight) in &weights {
            terms.push(term);
            #[expect(clippy::cast_possible_truncation, reason = "seven digits of a value are plenty")]
            values.push((weight * scales.map_or(1.0, |scales| scales[term as usize])) as f32);
        }
        starts.push(terms.len());
        labels.push(all[number]);
    }
    (linear::WeightRows::new((labels.len(), part.space.rarity.len()), starts, terms, values), labels)
}

/// The log-odds of rows by the part that has not seen their texts, where that part knows both classes.
fn score(
    corpus: &Corpus,
    folds: &[u8],
    parts: &mut [FoldModel],
    means: ResourceLimits,
) -> Result<Vec<OutOfFoldRow>> {
    let mut judged = Vec::new();
    let labels = &corpus.labels;
    let able = |part: &&mut FoldModel| part.without.is_some() && part.is_able();
    let mut parts: Vec<(&mut FoldModel, Vec<OutOfFoldRow>)> =
        parts.iter_mut().filter(able).map(|part| (part, Vec::new())).collect();
    corpus.each_block(&mut |first, rows| {
        threads::each(&mut parts, means.threads, |(part, judged)| {
            let mut weights = Vec::new();
            for (row, terms) in (first..).zip(rows.iter()) {
                let ((label, _), fold) = (labels[row], folds[row]);
                if part.without == Some(fold) {
                    let score = part.score(terms, &mut weights);
                    judged.push(OutOfFoldRow { row, score, label, fold });
                }
            }
        });
        judged.extend(parts.iter_mut().flat_map(|(_, judged)| judged.drain(..)));
    })?;
    judged.sort_unstable_by_key(|judged| judged.row);
    Ok(judged)
}

/// What is made of the scores of rows, and whether these are positive.
fn known(rows: &[OutOfFoldRow], make: impl Fn(f64) -> f64) -> Vec<(f64, bool)> {
    rows.iter().map(|row| (make(row.score), row.label == Label::Positive)).collect()
}

/// The log-odds of each row's surest window, by the part that has not seen it.
fn surest_windows(corpus: &Corpus, folds: &[u8], parts: &[FoldModel], words: usize) -> Result<Vec<f64>> {
    let part_without = |fold: u8| parts.iter().find(|part| part.without == Some(fold) && part.is_able());
    let parts: Vec<Option<&FoldModel>> = (0..u8::MAX).map(part_without).collect();
    corpus.surest_windows(words, &|row, window, weights| {
        let part = parts.get(usize::from(folds[row])).copied().flatten();
        part.map_or(f64::NEG_INFINITY, |part| part.score(window.iter().copied(), weights))
    })
}

/// What the rows look like, with the scores they got from parts that had not seen them; nothing where none was scored.
fn profile(
    lessons: &dyn TrainingRows,
    features: &FeatureSpec,
    prints: &[FoldPrint],
    judged: &[OutOfFoldRow],
    means: ResourceLimits,
) -> Result<Profile> {
    let mut profile = Profile::new(!judged.is_empty());
    let scored: HashMap<usize, &OutOfFoldRow> = judged.iter().map(|judged| (judged.row, judged)).collect();
    let remembered = summary::remembered(prints.iter().map(FoldPrint::content));
    let mut done = 0;
    lessons.read(&mut |lessons| {
        for TrainingRow { text, label, .. } in lessons {
            profile.tell(features.text && text.is_empty(), Some(*label));
        }
        let wanted = remembered.range(done..done + lessons.len());
        let mut wanted: Vec<_> =
            wanted.filter_map(|(row, message)| Some((scored.get(row)?, message, None))).collect();
        let parts = wanted.len().div_ceil(means.threads.max(1) * 4).max(1);
        let mut parts: Vec<_> = wanted.chunks_mut(parts).collect();
        threads::each(&mut parts, means.threads, |messages| {
            let mut looker = Describer::default();
            for (judged, (_, copies), record) in messages.iter_mut() {
                let TrainingRow { text, cells, .. } = &lessons[judged.row - done];
                let look = looker.look(text, cells, Some(&features.columns), &mut |_, _| ());
                let text = summary::text(text, cells);
                *record = Some(MessageRecord::new(text, look, judged.score, Some(judged.label), *copies));
            }
        });
        for (_, (hash, _), record) in wanted {
            if let Some(record) = record {
                profile.remember(*hash, record);
            }
        }
        done += lessons.len();
        Ok(())
    })?;
    Ok(profile)
}

/// How much surer a window must be than a whole message, so that so many negative rows turn at most; the rows get the score
/// of their surest window where it is the surer one then.
fn margin(
    rows: &mut [OutOfFoldRow],
    surest: &[f64],
    spared: usize,
    is_positive: impl Fn(&OutOfFoldRow) -> bool,
) -> f64 {
    // What scores no more than this is not positive.
    let below = rows.iter().filter(|row| !is_positive(row));
    let edge = below.clone().map(|row| row.score).fold(f64::NEG_INFINITY, f64::max);
    let mut excess: Vec<f64> =
        below.filter(|row| row.label == Label::Negative).map(|row| surest[row.row] - edge).collect();
    excess.sort_unstable_by(|one, other| other.total_cmp(one));
    // A trace more, since what is taken away and put back is not the same to the last bit.
    let margin = excess.get(spared).map_or(0.0, |most| (most + most.abs() * 1e-9).max(0.0));
    for row in rows {
        row.score = row.score.max(surest[row.row] - margin);
    }
    margin
}

/// One negative row in so many may turn by its windows.
const TURNED: usize = 2000;

impl FoldModel {
    /// Whether it knows both classes.
    fn is_able(&self) -> bool {
        !self.line.weights.is_empty()
    }

    fn score(&self, row: impl Iterator<Item = (u32, u32)>, weights: &mut Vec<(u32, f64)>) -> f64 {
        self.space.weigh(row, weights);
        let sum = weights.iter().map(|&(term, value)| value * self.line.weights[term as usize]);
        self.line.bias + sum.sum::<f64>()
    }
}

/// What is made of columns besides the text, by rows from all over the file.
fn columns(lessons: &dyn TrainingRows, names: &[String]) -> Result<FeatureColumns> {
    if names.is_empty() {
        return Ok(FeatureColumns::default());
    }
    let (mut looked_at, mut stride, mut row) = (Vec::new(), 1usize, 0usize);
    lessons.read(&mut |lessons| {
        for lesson in lessons {
            if row.is_multiple_of(stride) {
                looked_at.push(lesson.cells.clone());
            }
            if looked_at.len() > LOOKED_AT {
                let mut odd = true;
                looked_at.retain(|_| {
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
        FeatureColumn::learn(name, looked_at.iter().filter_map(|cells| cells.get(place).map(String::as_str)))
    };
    Ok(FeatureColumns(names.iter().enumerate().map(column).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::io::stream::Place;
    use crate::model::corpus::TrainingRow;
    use crate::model::model_file::sealed;
    use crate::model::recipe::Preset;

    fn written() -> String {
        let lessons = vec![
            TrainingRow::new("win a prize", Label::Positive),
            TrainingRow::new("see you at noon", Label::Negative),
        ];
        let means = ResourceLimits { threads: 1, memory: usize::MAX };
        let model = fit(&lessons, &Preset::Classic.recipe(), FitProvenance::default(), means).unwrap();
        let path = std::env::temp_dir().join(format!("spamops-model-{}.json", std::process::id()));
        model.write(&Place::File(path.clone())).unwrap();
        let file = std::fs::read_to_string(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        file
    }

    #[test]
    fn windows_turn_no_more_rows_than_may_turn() {
        let judged = |row, score, label| OutOfFoldRow { row, score, label, fold: 0 };
        let rows = [
            judged(0, 3.0, Label::Positive),
            judged(1, 0.5, Label::Negative),
            judged(2, -1.0, Label::Negative),
            judged(3, -1.0, Label::Positive),
        ];
        let surest = [f64::NEG_INFINITY, 5.0, 4.1, 6.0];
        let turned = |spared| {
            let mut rows = rows;
            margin(&mut rows, &surest, spared, |row| row.score >= 1.75);
            rows.map(|row| row.score >= 1.75)
        };
        assert_eq!(turned(0), [true, false, false, false]);
        assert_eq!(turned(2), [true, true, true, true]);
        assert_eq!(turned(1).iter().filter(|positive| **positive).count(), 2);
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
            let changed = file.replace(from, to);
            let said = |file: &str| Model::parse(file).unwrap_err().to_string();
            assert!(said(&changed).starts_with("the digest at its end is of another file"));
            assert_eq!(said(&sealed(&changed)), wanted);
        }
    }
}
