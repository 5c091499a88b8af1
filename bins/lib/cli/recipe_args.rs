//! Options of `fit` that make the recipe: a preset, and options that override it.

use anyhow::{Result, bail, ensure};
use clap::Args;

use crate::features::{Language, Ngrams, StopWords, TermKind};
use crate::io::fraction::Fraction;
use crate::io::stream::Place;
use crate::model::calibrate::CalibrationMethod;
use crate::model::estimate::{Estimate, Requirement};
use crate::model::recipe::{Learner, Preset, Recipe};
use crate::model::search::{self, RecipeCandidate, SearchSpace};
use crate::model::tfidf::{DocumentLimit, Norm};
use crate::model::threshold::ThresholdGoal;

/// Options that say how a model is learned.
#[derive(Args, Clone)]
pub struct RecipeArgs {
    /// What the other options start from: message, strong, classic or seeds [default: message]
    #[arg(long, value_name = "NAME")]
    preset: Option<Preset>,

    /// What a term is made of: word, char, char_wb or message
    #[arg(long, value_name = "KIND", help_heading = "Text")]
    analyzer: Option<TermKind>,

    /// How many words or characters make a term
    #[arg(long, value_name = "FEWEST-MOST", help_heading = "Text")]
    ngrams: Option<Ngrams>,

    /// With the analyzer message: how many characters within a word make a term, too
    #[arg(long, value_name = "FEWEST-MOST", help_heading = "Text")]
    chars: Option<Ngrams>,

    /// Cut the endings of this language off words (Snowball)
    #[arg(long, value_name = "LANGUAGE", help_heading = "Text")]
    stem: Option<Language>,

    /// Leave these words out: english (scikit-learn's list), none, or the words of a file
    #[arg(long, value_name = "english|none|FILE", help_heading = "Text")]
    stop_words: Option<Place>,

    /// Score a long message by windows of so many words, too, and take the surest one; 0 for none
    #[arg(long, value_name = "WORDS", value_parser = windows, help_heading = "Text")]
    windows: Option<usize>,

    /// Leave out terms that fewer texts have: a number, or a share such as 0.01
    #[arg(long, value_name = "TEXTS", help_heading = "Terms")]
    min_df: Option<DocumentLimit>,

    /// Leave out terms that more texts have: a number, or a share such as 0.5
    #[arg(long, value_name = "TEXTS", help_heading = "Terms")]
    max_df: Option<DocumentLimit>,

    /// Keep the most frequent terms, so many; 0 for all
    #[arg(long, value_name = "TERMS", help_heading = "Terms")]
    max_features: Option<usize>,

    /// Reckon a count as 1 + ln of itself
    #[arg(long, value_name = "BOOL", help_heading = "Terms")]
    sublinear: Option<bool>,

    /// Let rare terms weigh more
    #[arg(long, value_name = "BOOL", help_heading = "Terms")]
    idf: Option<bool>,

    /// Bring each row to one length: l2, l1 or none
    #[arg(long, value_name = "NORM", help_heading = "Terms")]
    norm: Option<Norm>,

    /// What learns: multinomial or complement (naive Bayes), logistic, or nb-logistic (NB-SVM with logistic loss)
    #[arg(long, value_name = "NAME", help_heading = "Learner")]
    learner: Option<Learner>,

    /// What naive Bayes adds to every count
    #[arg(long, value_name = "NUMBER", value_parser = over_zero, help_heading = "Learner")]
    alpha: Option<f64>,

    /// What an error costs the linear learners, against large weights
    #[arg(long = "C", value_name = "NUMBER", value_parser = over_zero, help_heading = "Learner")]
    c: Option<f64>,

    /// The share of positive rows that naive Bayes goes by [default: that of the rows]
    #[arg(long, value_name = "SHARE", value_parser = inside, help_heading = "Learner")]
    prior: Option<f64>,

    /// Folds of the estimate; 0 for none, and then neither calibration nor a threshold of the model's own
    #[arg(long, value_name = "NUMBER", value_parser = folds, help_heading = "Estimate")]
    folds: Option<usize>,

    /// How scores are made probabilities, out of fold: none, sigmoid or isotonic
    #[arg(long, value_name = "METHOD", help_heading = "Estimate")]
    calibrate: Option<CalibrationMethod>,

    /// Figures to be reached out of fold, such as f1=.9,recall=.8; the model says whether it did, and compare --challenger asks it
    #[arg(long, value_name = "FIGURE=LIMIT", value_delimiter = ',', help_heading = "Estimate")]
    require: Vec<Requirement>,

    /// The least score of a positive verdict
    #[arg(long, value_name = "SCORE", group = "goal", help_heading = "Threshold, one of")]
    threshold: Option<Fraction>,

    /// The threshold with the best f1 out of fold [default with message and strong; else 0.5]
    #[arg(long, value_name = "FIGURE", group = "goal", value_parser = ["f1"], help_heading = "Threshold, one of")]
    maximize: Option<String>,

    /// The threshold that finds the most with no more false alarms than this share of the negative rows
    #[arg(long, value_name = "SHARE", group = "goal", help_heading = "Threshold, one of")]
    max_fpr: Option<Fraction>,

    /// The threshold with the fewest false alarms that finds this share of the positive rows
    #[arg(long, value_name = "SHARE", group = "goal", help_heading = "Threshold, one of")]
    min_recall: Option<Fraction>,

    /// The threshold that costs least where a false alarm costs this
    #[arg(long, value_name = "COST", group = "goal", value_parser = over_zero, requires = "cost_fn", help_heading = "Threshold, one of")]
    cost_fp: Option<f64>,

    /// … and a positive row that is missed this
    #[arg(long, value_name = "COST", value_parser = over_zero, requires = "cost_fp",
        conflicts_with_all = ["threshold", "maximize", "max_fpr", "min_recall"], help_heading = "Threshold, one of")]
    cost_fn: Option<f64>,
}

impl RecipeArgs {
    /// The preset, and what the options say otherwise.
    pub fn recipe(&self) -> Result<Recipe> {
        let recipe = self.recipe_from(self.preset())?;
        self.expect_used(&recipe)?;
        Ok(recipe)
    }

    /// Refuses options that nothing in the recipe looks at.
    fn expect_used(&self, recipe: &Recipe) -> Result<()> {
        let (kind, learner) = (recipe.analyzer.kind, recipe.learner);
        for (option, is_used, what_for) in [
            (self.chars.and(Some("--chars")), kind == TermKind::Message, "the analyzer message"),
            (self.stem.and(Some("--stem")), kind.has_words(), "the analyzers word and message"),
            (
                self.stop_words.as_ref().and(Some("--stop-words")),
                kind.has_words(),
                "the analyzers word and message",
            ),
            (self.alpha.and(Some("--alpha")), learner != Learner::Logistic, "naive Bayes and nb-logistic"),
            (self.c.and(Some("--C")), learner.is_linear(), "the learners logistic and nb-logistic"),
        ] {
            if let Some(option) = option.filter(|_| !is_used) {
                bail!("{option} is for {what_for}, and has nothing to say here");
            }
        }
        Ok(())
    }

    fn preset(&self) -> Preset {
        self.preset.unwrap_or(Preset::Message)
    }

    /// The recipes to search among: variants of the preset, or of the two that may be best, in what no option says.
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
            "--prior is for multinomial naive Bayes with --calibrate none: a calibration takes it away again; score has a \
             --prior of its own"
        );
        let goal = self.goal();
        if recipe.folds < 2 {
            ensure!(
                recipe.calibration == CalibrationMethod::None || self.calibrate.is_none(),
                "--calibrate goes by folds; there are none"
            );
            ensure!(
                matches!(goal, None | Some(ThresholdGoal::At(_))),
                "a threshold is found on folds; there are none"
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
                _ => StopWords::of(&place.read_text()?),
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
            .or(self.cost_fp.zip(self.cost_fn).map(|(alarm, miss)| ThresholdGoal::Cost(alarm, miss)))
    }
}

fn set<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

fn over_zero(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number > 0.0 && number <= 1e9 => Ok(number),
        _ => Err("expected a number over 0, up to a billion".into()),
    }
}

fn inside(text: &str) -> Result<f64, String> {
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
        _ => Err("expected a number up to 100".into()),
    }
}
