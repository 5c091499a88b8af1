//! fit: fits a model to labelled rows, and measures it by cross-validation.

use std::process::ExitCode;
use std::sync::OnceLock;

use anyhow::{Result, ensure};
use clap::Parser;

use spamops::cli::options::{self, RowArgs};
use spamops::cli::recipe_args::RecipeArgs;
use spamops::cli::tool::{self, Outcome, Scene, Tool};
use spamops::io::stream::{Place, expect_not_overwritten};
use spamops::model::fit::{self, FitProvenance};
use spamops::model::model_file::Model;
use spamops::model::search;
use spamops::model::threads;
use spamops::model::training_files::{TrainingFiles, TrainingSummary};
use spamops::model::training_rows::{ResourceLimits, TrainingRow};
use spamops::report::suspect_fact::suspect_fact;
use spamops::rows::label::LabelNames;
use spamops::rows::mask::MaskKind;

/// Fit a model to labelled rows, and measure it by cross-validation
///
/// What it does: Learns terms, weights, calibration and threshold from labelled rows, and writes them to one JSON file.
/// The file also has the cross-validated figures, the profile of the rows, and their provenance.
///
/// Input: Labelled rows as CSV or JSON Lines, plain, gzip or zstd. Unlabelled rows are skipped. --features adds other
/// columns: each value is a term, and numbers are grouped by deciles. The text column is then optional.
///
/// Output: The model on stdout or in -o FILE. The same rows give the same bytes on any number of threads.
/// --search-table lists the recipes that --search tried. If the model misses a gate of --require, fit prints a
/// warning, and compare --challenger sets deploy_needed to false.
///
/// Memory: The texts of all rows, and about 2 bytes per term of each text (8 bytes with strong). With --memory, fit
/// reads the files several times instead of keeping the texts. The model is the same.
///
/// Method: The default preset, message, learns words, punctuation and their pairs from the normalised text. It also
/// learns tokens for the shape of the text and for disguised words. It keeps the 400,000 most frequent terms, with
/// sublinear TF-IDF. The learner is multinomial naive Bayes with alpha 0.05.
///
/// The preset strong adds characters within words, and logistic regression on terms scaled by naive Bayes (NB-SVM, Wang
/// & Manning 2012). It also scores long messages by windows of 20 words. strong takes about ten times as long as
/// message. The preset classic is exactly scikit-learn's TfidfVectorizer() and MultinomialNB(). The preset seeds is
/// classic with English stems and without stop words.
///
/// Five stratified folds give the out-of-fold scores; near-duplicates share a fold. The figures, their 95% intervals,
/// the calibration and the threshold come from these scores. Near-duplicates with the same label count once in the
/// calibration and in the gates of --require. The calibration of message and strong is a sigmoid
/// (Platt 1999). Among the thresholds within half a standard error of the best F1, fit chooses the threshold with the
/// fewest false positives.
#[derive(Parser)]
#[command(
    name = "fit",
    after_help = "\
Examples:
  fit train.csv -o challenger.json
  fit train.csv more.jsonl --preset strong --require f1=.95,recall=.9 -o challenger.json
  fit train.csv --max-fpr .001 -o careful.json
  fit train.csv --search --search-table tried.csv -o best.json
  fit train.csv --analyzer char_wb --ngrams 3-5 --max-features 100000 -o characters.json
  fit --positive churned --features plan,months,calls customers.csv -o churn.json
  fit --memory 500M mail-2025.csv.gz mail-2026.csv.gz -o large.json"
)]
pub(crate) struct Args {
    /// Labelled rows as CSV or JSON Lines, plain, gzip or zstd
    #[arg(value_name = "FILE", default_value = "-")]
    inputs: Vec<Place>,

    #[command(flatten)]
    recipe: RecipeArgs,

    /// Other columns to learn from, comma-separated
    ///
    /// Each value is a term, and numbers are grouped by deciles. The text column is then optional. Without a text column,
    /// logistic regression is the default learner, except with --memory.
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    features: Vec<String>,

    /// Column with the weight of each row
    #[arg(long, value_name = "COLUMN", hide_short_help = true)]
    weight_column: Option<String>,

    /// Column with the source of each label, such as the reporter
    ///
    /// fit warns if one source labels spam as ham, as it warns about a phrase or a day. Models do not learn from this
    /// column.
    #[arg(long, value_name = "COLUMN", hide_short_help = true)]
    source_column: Option<String>,

    /// Personal data to mask: email, phone, card, iban, ip
    ///
    /// Rows are masked before learning. The model then masks the same kinds before it scores a row.
    #[arg(long, value_name = "KINDS", value_delimiter = ',')]
    mask: Vec<MaskKind>,

    /// Try other n-grams, alpha and C, and keep the best recipe
    ///
    /// The search starts from --preset, or from message and strong. The best recipe then learns from all rows.
    #[arg(long, conflicts_with = "memory")]
    search: bool,

    /// File for the recipes that --search tried, as CSV
    #[arg(long, value_name = "FILE", requires = "search", hide_short_help = true)]
    search_table: Option<Place>,

    /// Warn if a class has fewer rows than this
    #[arg(long, value_name = "ROWS", default_value_t = 200, hide_short_help = true)]
    min_class: u64,

    /// Memory for counting terms, such as 500M; reads the files several times
    ///
    /// This option works only with naive Bayes. The model does not change.
    #[arg(long, value_name = "BYTES", value_parser = options::memory_size)]
    memory: Option<usize>,

    /// Number of threads [default: one per core]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=1024), hide_short_help = true)]
    threads: Option<u16>,

    /// Commit to record in the model
    #[arg(long, value_name = "HASH", hide_short_help = true)]
    commit: Option<String>,

    /// File for the model
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    output: Place,

    #[command(flatten)]
    rows: RowArgs,
}

impl Tool for Args {
    fn run(self, scene: &Scene) -> Result<Outcome> {
        expect_not_overwritten(&[Some(&self.output), self.search_table.as_ref()], &self.inputs)?;
        let recipe = self.recipe.recipe()?;
        ensure!(
            self.memory.is_none() || !recipe.learner.is_linear(),
            "--memory works only with naive Bayes, not with the learner {}; remove --memory or set --learner multinomial",
            recipe.learner
        );
        let files = TrainingFiles {
            stamps: OnceLock::new(),
            inputs: &self.inputs,
            features: &self.features,
            weight_column: self.weight_column.as_deref(),
            source_column: self.source_column.as_deref(),
            masked: &self.mask,
            options: &|| self.rows.options(scene),
        };
        let (in_memory, summary) = match self.memory {
            None => files.read_all().map(|(rows, summary)| (Some(rows), summary))?,
            Some(_) => (None, files.survey()?),
        };
        let is_by_columns = !summary.has_text && self.memory.is_none();
        let recipe = if is_by_columns { self.recipe.without_text(recipe) } else { recipe };
        summary.expect_unmasked()?;
        let names = summary.names(self.rows.spelling().positive);
        self.report_classes(&summary, &names, scene);
        let provenance = FitProvenance {
            names,
            masked: self.mask.clone(),
            columns: self.features.clone(),
            has_text: summary.has_text,
            weight: self.weight_column.clone(),
            fitted: scene.now()?.to_string(),
            commit: self.commit.clone(),
        };
        let (threads, memory) = (threads::count(self.threads), self.memory.unwrap_or(usize::MAX));
        let limits = ResourceLimits { threads, memory };
        let model = match &in_memory {
            Some(rows) if self.search => self.search(rows, &provenance, limits, scene)?,
            Some(rows) => fit::fit(rows, &recipe, provenance, limits)?,
            None => fit::fit(&files, &recipe, provenance, limits)?,
        };
        check_estimate(&model, recipe.folds, scene);
        warn_of_suspects(&model, scene);
        model.write(&self.output)?;
        Ok(Outcome::Done)
    }
}

impl Args {
    /// Reports the unlabelled rows, and warns about a class with few rows.
    fn report_classes(&self, summary: &TrainingSummary, names: &LabelNames, scene: &Scene) {
        if summary.unlabelled > 0 {
            let (count, rows) = (summary.unlabelled, if summary.unlabelled == 1 { "row" } else { "rows" });
            scene.remark(format!("{count} unlabelled {rows} skipped"));
        }
        for (rows, name) in summary.classes.into_iter().zip([&names.negative, &names.positive]) {
            if rows > 0 && rows < self.min_class {
                let word = if rows == 1 { "row" } else { "rows" };
                scene.warn(format!(
                    "only {rows} {name} {word} (minimum {}); the model and its figures are unreliable; add more rows",
                    self.min_class
                ));
            }
        }
    }

    /// Searches for the best recipe, fits it, and writes the table of trials.
    fn search(
        &self,
        rows: &Vec<TrainingRow>,
        provenance: &FitProvenance,
        limits: ResourceLimits,
        scene: &Scene,
    ) -> Result<Model> {
        let candidates = self.recipe.candidates()?;
        let (model, trials) = search::search(rows, candidates, provenance, limits, &mut |activity| {
            scene.show_progress(activity);
        })?;
        if let Some(best) = trials.iter().rev().find(|trial| trial.kept) {
            let count = trials.iter().filter(|trial| trial.round == 1).count();
            scene.remark(format!("best of {count} recipes: {best}"));
        }
        if let Some(place) = &self.search_table {
            place.write_text(&search::table(&trials))?;
        }
        Ok(model)
    }
}

/// Warns if there is no estimate, if the scores are no better than chance, and about every missed gate.
fn check_estimate(model: &Model, folds: usize, scene: &Scene) {
    let estimate = &model.estimate;
    if folds > 1 && estimate.folds == 0 {
        scene.warn("no cross-validation: all rows of one class are in the same fold; add rows");
    } else if estimate.pooled.roc_auc.is_some_and(|auc| auc <= 0.5) {
        scene.warn("the out-of-fold scores are no better than chance; check the labels");
    }
    for gate in estimate.gates.iter().filter(|gate| !gate.passed) {
        scene.warn(format!("out-of-fold {gate}"));
    }
}

/// Warns about every group of rows that may be a backdoor.
fn warn_of_suspects(model: &Model, scene: &Scene) {
    for group in &model.suspects {
        let (fact, id) = (suspect_fact(group, &model.names), &group.id);
        scene.warn(format!(
            "{fact}; check their labels; if they are correct, run compare with --accept-suspect {id}"
        ));
    }
}

pub(crate) fn main() -> ExitCode {
    tool::main::<Args>()
}
