//! fit: fits a model to labelled rows.

use std::process::ExitCode;

use anyhow::{Result, ensure};
use clap::Parser;

use spamops::cli::options::{self, RowArgs};
use spamops::cli::recipe_args::RecipeArgs;
use spamops::cli::tool::{self, Outcome, Scene, Tool};
use spamops::io::stream::{Place, expect_kept};
use spamops::model::fit::{self, FitProvenance};
use spamops::model::model_file::Model;
use spamops::model::search;
use spamops::model::threads;
use spamops::model::training_files::{TrainingFiles, TrainingSummary};
use spamops::model::training_rows::{ResourceLimits, TrainingRow};
use spamops::rows::label::LabelNames;
use spamops::rows::mask::MaskKind;

/// Learn a model from labelled rows: terms of the text, naive Bayes or a linear learner, a threshold and what it is worth
///
/// message (the default) reads a message as a person sees it: words and punctuation of the normalised text with their pairs,
/// tokens for its shape and for disguises; the 400,000 most frequent terms, sublinear TF-IDF, multinomial naive Bayes with
/// alpha .05. strong adds characters within words, learns by logistic regression on terms scaled by naive Bayes (NB-SVM,
/// Wang & Manning 2012), and reads long messages by windows of twenty words, too; it takes some ten times as long. classic
/// is scikit-learn's TfidfVectorizer() and MultinomialNB() to the letter, seeds the same on English stems without stop words.
///
/// The estimate is that of five folds, near-copies in one, each with its share of either class: figures with their 95%
/// intervals, mean and spread over the folds, the calibration (a sigmoid, Platt 1999, with message and strong) and the
/// threshold. For the best F1, of thresholds not half a standard error below it the one with the fewest false alarms is
/// taken. With --features other columns are learned from, values as they are, numbers by their tenths.
///
/// Rows without a label are not learned from. The memory is that of the texts and of some two bytes for each term of each,
/// for strong eight; with --memory naive Bayes reads the files several times instead, for the same model. The same rows give
/// the same bytes on any number of threads.
#[derive(Parser)]
#[command(
    name = "fit",
    after_help = "\
Examples:
  fit train.csv -o challenger.json
  fit train.csv more.jsonl --preset strong --require f1=.95,recall_at_fpr_0.001=.9 -o challenger.json
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

    /// Learn from these columns, too: values as they are, numbers by tenths; a text is no longer needed then
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    features: Vec<String>,

    /// The column that says how much a row counts
    #[arg(long, value_name = "COLUMN")]
    weight_column: Option<String>,

    /// Personal data to mask before learning; the model masks it before scoring, too
    #[arg(long, value_name = "KINDS", value_delimiter = ',')]
    mask: Vec<MaskKind>,

    /// Try variants of message and strong, or of --preset, in n-grams, alpha and C; the best gets all rows
    #[arg(long, conflicts_with = "memory")]
    search: bool,

    /// Where the table of what was tried goes, as CSV
    #[arg(long, value_name = "FILE", requires = "search")]
    search_table: Option<Place>,

    /// Warn where a class has fewer rows than this
    #[arg(long, value_name = "ROWS", default_value_t = 200)]
    min_class: u64,

    /// Read the files several times rather than hold them, counting terms in so many bytes, such as 500M
    #[arg(long, value_name = "BYTES", value_parser = options::memory_size)]
    memory: Option<usize>,

    /// How many threads learn [default: one for each core]
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,

    /// The commit the model comes from, to be written into it
    #[arg(long, value_name = "HASH")]
    commit: Option<String>,

    /// Where the model goes
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    output: Place,

    #[command(flatten)]
    rows: RowArgs,
}

impl Tool for Args {
    fn run(self, scene: &Scene) -> Result<Outcome> {
        expect_kept(&[Some(&self.output), self.search_table.as_ref()], &self.inputs)?;
        let recipe = self.recipe.recipe()?;
        ensure!(
            self.memory.is_none() || !recipe.learner.is_linear(),
            "--memory is for naive Bayes; {} goes through its rows many times",
            recipe.learner
        );
        let files = TrainingFiles {
            inputs: &self.inputs,
            features: &self.features,
            weight_column: self.weight_column.as_deref(),
            masked: &self.mask,
            options: &|| self.rows.options(scene),
        };
        let (held, summary) = match self.memory {
            None => files.read_all().map(|(rows, summary)| (Some(rows), summary))?,
            Some(_) => (None, files.survey()?),
        };
        summary.expect_unmasked()?;
        let names = summary.names(self.rows.spelling().positive);
        self.remark(&summary, &names, scene);
        let about = FitProvenance {
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
        let model = match &held {
            Some(rows) if self.search => self.search(rows, &about, limits, scene)?,
            Some(rows) => fit::fit(rows, &recipe, about, limits)?,
            None => fit::fit(&files, &recipe, about, limits)?,
        };
        remark_on_estimate(&model, recipe.folds, scene);
        model.write(&self.output)?;
        Ok(Outcome::Done)
    }
}

impl Args {
    /// Says which rows were left out, and which class has few rows.
    fn remark(&self, summary: &TrainingSummary, names: &LabelNames, scene: &Scene) {
        if summary.unlabelled > 0 {
            scene.tell(format!("{} rows have no label and were not learned from", summary.unlabelled));
        }
        for (rows, name) in summary.classes.into_iter().zip([&names.negative, &names.positive]) {
            if rows > 0 && rows < self.min_class {
                scene.warn(format!(
                    "only {rows} rows are {name}; with fewer than {} what is learned and measured is shaky",
                    self.min_class
                ));
            }
        }
    }

    /// The best model of a search; tells which recipe it has, and writes the table of trials.
    fn search(
        &self,
        rows: &Vec<TrainingRow>,
        about: &FitProvenance,
        limits: ResourceLimits,
        scene: &Scene,
    ) -> Result<Model> {
        let candidates = self.recipe.candidates()?;
        let (model, trials) = search::search(rows, candidates, about, limits, &mut |what| scene.watch(what))?;
        if let Some(best) = trials.iter().rev().find(|trial| trial.kept) {
            let tried = trials.iter().filter(|trial| trial.round == 1).count();
            scene.tell(format!("the best of {tried} recipes is {best}"));
        }
        if let Some(place) = &self.search_table {
            place.write_text(&search::table(&trials))?;
        }
        Ok(model)
    }
}

/// Warns if nothing could be measured, if the scores are no better than chance, and of every gate that is not passed.
fn remark_on_estimate(model: &Model, folds: usize, scene: &Scene) {
    let estimate = &model.estimate;
    if folds > 1 && estimate.folds == 0 {
        scene.warn("nothing could be measured: what is left without a fold has one class only");
    } else if estimate.pooled.roc_auc.is_some_and(|auc| auc <= 0.5) {
        scene.warn("out of fold the scores tell the classes no better than chance does");
    }
    for gate in estimate.gates.iter().filter(|gate| !gate.passed) {
        scene.warn(format!("out of fold {gate}"));
    }
}

pub(crate) fn main() -> ExitCode {
    tool::main::<Args>()
}
