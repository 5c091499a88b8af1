//! Options of `fit` that define the recipe: a preset, and options that override it.

use anyhow::{Result, bail, ensure};
use clap::Args;

use crate::features::{Language, Ngrams, StopWords, TermKind};
use crate::io::fraction::Fraction;
use crate::io::limits;
use crate::io::stream::Place;
use crate::model::calibrate::CalibrationMethod;
use crate::model::estimate::{Estimate, Requirement};
use crate::model::recipe::{Learner, Preset, Recipe};
use crate::model::search::{self, RecipeCandidate, SearchSpace};
use crate::model::tfidf::{DocumentLimit, Norm};
use crate::model::threshold::ThresholdGoal;

/// Options that define how a model is learned.
#[derive(Args, Clone)]
pub struct RecipeArgs {
    /// Recipe: message, strong, classic or seeds [default: message]
    ///
    /// Other options override parts of the recipe.
    #[arg(long, value_name = "NAME")]
    preset: Option<Preset>,

    /// Kind of terms: word, char, char_wb or message
    #[arg(long, value_name = "KIND", help_heading = "Text", hide_short_help = true)]
    analyzer: Option<TermKind>,

    /// Number of words or characters in a term, such as 1-2
    #[arg(long, value_name = "MIN-MAX", help_heading = "Text", hide_short_help = true)]
    ngrams: Option<Ngrams>,

    /// Number of characters in each n-gram within words
    ///
    /// This option applies only to the analyzer message.
    #[arg(long, value_name = "MIN-MAX", help_heading = "Text", hide_short_help = true)]
    chars: Option<Ngrams>,

    /// Language for stemming (Snowball)
    #[arg(long, value_name = "LANGUAGE", help_heading = "Text", hide_short_help = true)]
    stem: Option<Language>,

    /// Words to ignore: english (scikit-learn's list), none, or a file of words
    #[arg(long, value_name = "english|none|FILE", help_heading = "Text", hide_short_help = true)]
    stop_words: Option<Place>,

    /// Number of words in the windows of a long message; 0 for none
    ///
    /// If a window has a higher score than the complete message, the message gets the score of this window.
    #[arg(long, value_name = "WORDS", value_parser = windows, help_heading = "Text", hide_short_help = true)]
    windows: Option<usize>,

    /// Minimum number of texts that have a term, or a share such as 0.01
    #[arg(long, value_name = "TEXTS", help_heading = "Terms", hide_short_help = true)]
    min_df: Option<DocumentLimit>,

    /// Maximum number of texts that have a term, or a share such as 0.5
    #[arg(long, value_name = "TEXTS", help_heading = "Terms", hide_short_help = true)]
    max_df: Option<DocumentLimit>,

    /// Maximum number of terms, the most frequent first; 0 for no limit
    #[arg(long, value_name = "TERMS", help_heading = "Terms", hide_short_help = true)]
    max_features: Option<usize>,

    /// Replace each count n by 1 + ln(n)
    #[arg(long, value_name = "BOOL", help_heading = "Terms", hide_short_help = true)]
    sublinear: Option<bool>,

    /// Give rare terms more weight
    #[arg(long, value_name = "BOOL", help_heading = "Terms", hide_short_help = true)]
    idf: Option<bool>,

    /// Norm for scaling each row: l2, l1 or none
    #[arg(long, value_name = "NORM", help_heading = "Terms", hide_short_help = true)]
    norm: Option<Norm>,

    /// Learner: multinomial, complement, logistic or nb-logistic
    ///
    /// multinomial and complement are naive Bayes. nb-logistic is NB-SVM with logistic loss.
    #[arg(long, value_name = "NAME", help_heading = "Learner", hide_short_help = true)]
    learner: Option<Learner>,

    /// Smoothing of naive Bayes: the number added to every count
    #[arg(long, value_name = "NUMBER", value_parser = positive, help_heading = "Learner", hide_short_help = true)]
    alpha: Option<f64>,

    /// Cost of an error for the linear learners
    ///
    /// A higher cost allows larger weights.
    #[arg(long = "C", value_name = "NUMBER", value_parser = positive, help_heading = "Learner", hide_short_help = true)]
    c: Option<f64>,

    /// Class balance that naive Bayes assumes [default: the class balance of the rows]
    #[arg(long, value_name = "SHARE", value_parser = share, help_heading = "Learner", hide_short_help = true)]
    prior: Option<f64>,

    /// Number of folds; 0 for no cross-validation
    ///
    /// Without folds, the model has no figures, no calibration, and the threshold 0.5.
    #[arg(long, value_name = "NUMBER", value_parser = folds, help_heading = "Estimate")]
    folds: Option<usize>,

    /// Calibration that turns scores into probabilities: none, sigmoid or isotonic
    #[arg(long, value_name = "METHOD", help_heading = "Estimate", hide_short_help = true)]
    calibrate: Option<CalibrationMethod>,

    /// Gates for the out-of-fold figures, such as f1=.9,recall=.8
    ///
    /// The model records whether it passes each gate. After a missed gate, compare --challenger sets
    /// deploy_needed to false.
    #[arg(long, value_name = "FIGURE=LIMIT", value_delimiter = ',', help_heading = "Estimate")]
    require: Vec<Requirement>,

    /// Score from which a row is positive
    #[arg(long, value_name = "SCORE", group = "goal", help_heading = "Threshold (one of these)")]
    threshold: Option<Fraction>,

    /// Choose the threshold with the best out-of-fold figure: f1
    ///
    /// Among the thresholds within half a standard error of the best F1, fit chooses the threshold with the fewest
    /// false positives. f1 is the default with message and strong. Otherwise, the threshold is 0.5.
    #[arg(long, value_name = "FIGURE", group = "goal", value_parser = ["f1"], help_heading = "Threshold (one of these)", hide_possible_values = true)]
    maximize: Option<String>,

    /// Choose the highest recall with at most this false positive rate
    #[arg(long, value_name = "SHARE", group = "goal", help_heading = "Threshold (one of these)")]
    max_fpr: Option<Fraction>,

    /// Choose the fewest false positives with at least this recall
    #[arg(long, value_name = "SHARE", group = "goal", help_heading = "Threshold (one of these)")]
    min_recall: Option<Fraction>,

    /// Cost of a false positive, to choose the lowest total cost
    #[arg(
        long,
        value_name = "COST",
        group = "goal",
        value_parser = positive,
        requires = "cost_fn",
        help_heading = "Threshold (one of these)",
        hide_short_help = true
    )]
    cost_fp: Option<f64>,

    /// Cost of a false negative, with --cost-fp
    #[arg(
        long,
        value_name = "COST",
        value_parser = positive,
        requires = "cost_fp",
        conflicts_with_all = ["threshold", "maximize", "max_fpr", "min_recall"],
        help_heading = "Threshold (one of these)",
        hide_short_help = true
    )]
    cost_fn: Option<f64>,
}

impl RecipeArgs {
    /// The preset with the options applied.
    pub fn recipe(&self) -> Result<Recipe> {
        let recipe = self.recipe_from(self.preset())?;
        self.expect_used(&recipe)?;
        Ok(recipe)
    }

    /// The recipe for rows without a text: logistic regression, unless an option chooses the learner or belongs to one.
    pub fn without_text(&self, recipe: Recipe) -> Recipe {
        let is_chosen = self.learner.is_some() || self.preset.is_some();
        if is_chosen || self.alpha.is_some() || self.prior.is_some() {
            return recipe;
        }
        Recipe { learner: Learner::Logistic, ..recipe }
    }

    /// Fails on an option that has no effect on the recipe.
    fn expect_used(&self, recipe: &Recipe) -> Result<()> {
        let (kind, learner) = (recipe.analyzer.kind, recipe.learner);
        for (option, is_used, needed) in [
            (self.chars.and(Some("--chars")), kind == TermKind::Message, "--analyzer message"),
            (self.stem.and(Some("--stem")), kind.has_words(), "--analyzer word or message"),
            (
                self.stop_words.as_ref().and(Some("--stop-words")),
                kind.has_words(),
                "--analyzer word or message",
            ),
            (
                self.alpha.and(Some("--alpha")),
                learner != Learner::Logistic,
                "--learner multinomial, complement or nb-logistic",
            ),
            (self.c.and(Some("--C")), learner.is_linear(), "--learner logistic or nb-logistic"),
        ] {
            if let Some(option) = option.filter(|_| !is_used) {
                bail!("{option} has no effect with this recipe; remove it, or set {needed}");
            }
        }
        Ok(())
    }

    fn preset(&self) -> Preset {
        self.preset.unwrap_or(Preset::Message)
    }

    /// The recipes to try: variants of --preset, or of `message` and `strong`. Only options that are not set vary.
    pub fn candidates(&self) -> Result<Vec<RecipeCandidate>> {
        let presets = self.preset.map_or(vec![Preset::Message, Preset::Strong], |preset| vec![preset]);
        let freedom =
            SearchSpace { ngrams: self.ngrams.is_none(), alpha: self.alpha.is_none(), c: self.c.is_none() };
        let mut candidates = Vec::new();
        for preset in presets {
            candidates.extend(search::variants(preset, &self.recipe_from(preset)?, freedom));
        }
        Ok(candidates)
    }

    fn recipe_from(&self, preset: Preset) -> Result<Recipe> {
        let mut recipe = preset.recipe();
        self.text(&mut recipe)?;
        self.terms(&mut recipe);
        set(&mut recipe.learner, self.learner);
        set(&mut recipe.alpha, self.alpha);
        set(&mut recipe.c, self.c);
        set(&mut recipe.folds, self.folds);
        set(&mut recipe.calibration, self.calibrate);
        recipe.prior = self.prior.or(recipe.prior);
        ensure!(
            self.prior.is_none()
                || (recipe.calibration == CalibrationMethod::None && recipe.learner == Learner::Multinomial),
            "--prior has no effect after a calibration; set --learner multinomial --calibrate none, or use score --prior"
        );
        let goal = self.goal();
        if recipe.folds < 2 {
            ensure!(
                recipe.calibration == CalibrationMethod::None || self.calibrate.is_none(),
                "--calibrate needs folds; set --folds to 2 or more"
            );
            ensure!(
                matches!(goal, None | Some(ThresholdGoal::At(_))),
                "choosing a threshold needs folds; set --folds to 2 or more, or use --threshold"
            );
            (recipe.calibration, recipe.threshold) = (CalibrationMethod::None, ThresholdGoal::At(0.5));
        }
        set(&mut recipe.threshold, goal);
        recipe.required.clone_from(&self.require);
        Estimate::expect_measured(&recipe.required, recipe.folds)?;
        Ok(recipe)
    }

    fn text(&self, recipe: &mut Recipe) -> Result<()> {
        let analyzer = &mut recipe.analyzer;
        set(&mut analyzer.kind, self.analyzer);
        set(&mut analyzer.ngrams, self.ngrams);
        analyzer.chars = self.chars.or(analyzer.chars).filter(|_| analyzer.kind == TermKind::Message);
        analyzer.stem = self.stem.or(analyzer.stem).filter(|_| analyzer.kind.has_words());
        if let Some(place) = &self.stop_words {
            analyzer.stop = match place.to_string().as_str() {
                "english" => StopWords::english(),
                "none" => StopWords::default(),
                _ => StopWords::of(&place.read_text_within(limits::SETTINGS_BYTES)?),
            };
        }
        if !analyzer.kind.has_words() {
            analyzer.stop = StopWords::default();
        }
        recipe.windows = self.windows.or(recipe.windows).filter(|words| *words > 0);
        Ok(())
    }

    fn terms(&self, recipe: &mut Recipe) {
        set(&mut recipe.selection.min_df, self.min_df);
        set(&mut recipe.selection.max_df, self.max_df);
        recipe.selection.max_features =
            self.max_features.or(recipe.selection.max_features).filter(|terms| *terms > 0);
        set(&mut recipe.weighting.sublinear, self.sublinear);
        set(&mut recipe.weighting.idf, self.idf);
        set(&mut recipe.weighting.norm, self.norm);
    }

    fn goal(&self) -> Option<ThresholdGoal> {
        let value = |share: Fraction| share.value();
        self.threshold
            .map(|threshold| ThresholdGoal::At(value(threshold)))
            .or(self.maximize.as_ref().map(|_| ThresholdGoal::BestF1))
            .or(self.max_fpr.map(|share| ThresholdGoal::MaxFpr(value(share))))
            .or(self.min_recall.map(|share| ThresholdGoal::MinRecall(value(share))))
            .or(self
                .cost_fp
                .zip(self.cost_fn)
                .map(|(positive, negative)| ThresholdGoal::Cost(positive, negative)))
    }
}

fn set<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

fn positive(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number > 0.0 && number <= 1e9 => Ok(number),
        _ => Err("expected a number greater than 0, at most a billion".into()),
    }
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(share) if share > 0.0 && share < 1.0 => Ok(share),
        _ => Err("expected a share between 0 and 1".into()),
    }
}

fn windows(text: &str) -> Result<usize, String> {
    match text.parse::<usize>() {
        Ok(words) if words == 0 || (2..=10_000).contains(&words) => Ok(words),
        _ => Err("expected a number of words from 2 to 10000, or 0".into()),
    }
}

fn folds(text: &str) -> Result<usize, String> {
    match text.parse::<usize>() {
        Ok(folds) if folds <= 100 => Ok(folds),
        _ => Err("expected a number from 0 to 100".into()),
    }
}
