//! fit: a model from labelled rows.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::process::ExitCode;
use std::thread::available_parallelism;

use anyhow::{Result, bail, ensure};
use clap::Parser;

use spamops::cli::options::RowArgs;
use spamops::cli::recipe_args::RecipeArgs;
use spamops::cli::tool::{self, Outcome, Scene, Tool};
use spamops::io::stream::{Place, expect_kept};
use spamops::model::fit::{self, FitProvenance};
use spamops::model::model_file::Model;
use spamops::model::search;
use spamops::model::training_rows::{ResourceLimits, TrainingRow, TrainingRows};
use spamops::rows::label::{Label, LabelNames};
use spamops::rows::mask::{self, MaskKind};
use spamops::rows::{Row, Rows};

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
    #[arg(long, value_name = "BYTES", value_parser = bytes)]
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
        let files = Files { args: &self, scene, seen: RefCell::default() };
        let held = if self.memory.is_none() { Some(files.all()?) } else { None };
        let lessons: &dyn TrainingRows = if let Some(lessons) = &held {
            lessons
        } else {
            files.expect_readable_twice()?;
            files.read(&mut |_| Ok(()))?;
            &files
        };
        let seen = files.seen.take();
        expect_unmasked(&seen)?;
        self.remark(&seen, scene);
        let about = FitProvenance {
            names: self.names(&seen.negatives),
            masked: self.mask.clone(),
            columns: self.features.clone(),
            has_text: seen.has_text,
            weight: self.weight_column.clone(),
            fitted: scene.now()?.to_string(),
            commit: self.commit.clone(),
        };
        let threads = self.threads.map(usize::from).or_else(|| available_parallelism().ok().map(Into::into));
        let means =
            ResourceLimits { threads: threads.unwrap_or(1), memory: self.memory.unwrap_or(usize::MAX) };
        let model = match &held {
            Some(lessons) if self.search => self.search(lessons, &about, means, scene)?,
            _ => fit::fit(lessons, &recipe, about, means)?,
        };
        if recipe.folds > 1 && model.estimate.folds == 0 {
            scene.warn("nothing could be measured: what is left without a fold has one class only");
        } else if model.estimate.pooled.roc_auc.is_some_and(|auc| auc <= 0.5) {
            scene.warn("out of fold the scores tell the classes no better than chance does");
        }
        for gate in model.estimate.gates.iter().filter(|gate| !gate.passed) {
            scene.warn(format!("out of fold {gate}"));
        }
        model.write(&self.output)?;
        Ok(Outcome::Done)
    }
}

impl Args {
    /// The best model of a search, told and written down.
    fn search(
        &self,
        lessons: &Vec<TrainingRow>,
        about: &FitProvenance,
        means: ResourceLimits,
        scene: &Scene,
    ) -> Result<Model> {
        let candidates = self.recipe.candidates()?;
        let (model, trials) =
            search::search(lessons, candidates, about, means, &mut |what| scene.watch(what))?;
        if let Some(best) = trials.iter().rev().find(|trial| trial.kept) {
            scene.tell(format!(
                "the best of {} recipes is {best}",
                trials.iter().filter(|trial| trial.round == 1).count()
            ));
        }
        if let Some(place) = &self.search_table {
            place.write_text(&search::table(&trials))?;
        }
        Ok(model)
    }
}

/// The rows of the files, read again each time.
struct Files<'a> {
    args: &'a Args,
    scene: &'a Scene,
    seen: RefCell<Seen>,
}

/// What is known of the rows once they have been read.
#[derive(Default)]
struct Seen {
    has_text: bool,
    unlabelled: u64,
    /// Negative rows, then positive ones.
    classes: [u64; 2],
    /// How negative labels are spelled.
    negatives: BTreeSet<String>,
    /// Rows that were masked, and not as the model will, with what is masked in the first of them.
    masked: u64,
    masked_kind: Option<MaskKind>,
}

/// Rows that are handed on at once.
const AT_ONCE: usize = 1 << 11;

impl TrainingRows for Files<'_> {
    fn read(&self, each: &mut dyn FnMut(&[TrainingRow]) -> Result<()>) -> Result<()> {
        self.read_some(&mut |lessons| each(lessons))
    }

    fn are_held(&self) -> bool {
        false
    }
}

impl Files<'_> {
    fn all(&self) -> Result<Vec<TrainingRow>> {
        let mut all = Vec::new();
        self.read_some(&mut |lessons| {
            all.append(lessons);
            Ok(())
        })?;
        Ok(all)
    }

    /// Calls `each` with some lessons at a time, which it may keep.
    fn read_some(&self, each: &mut dyn FnMut(&mut Vec<TrainingRow>) -> Result<()>) -> Result<()> {
        let mut lessons = Vec::new();
        let mut seen = Seen::default();
        for input in &self.args.inputs {
            let mut rows = Rows::open(input, &self.args.rows.options(self.scene))?;
            let columns = Columns::find(self.args, &rows)?;
            seen.has_text |= columns.text.is_some();
            let mut row = Row::default();
            while rows.read(&mut row)? {
                let Some(label) = rows.label(&row)? else {
                    seen.unlabelled += 1;
                    continue;
                };
                if label == Label::Negative && !seen.negatives.contains(rows.label_cell(&row)) {
                    seen.negatives.insert(rows.label_cell(&row).to_owned());
                }
                seen.classes[usize::from(label == Label::Positive)] += 1;
                let lesson = columns.lesson(self.args, &rows, &row, label)?;
                let traces = mask::traces(&lesson.text);
                if let Some(kind) = traces.into_iter().find(|kind| !self.args.mask.contains(kind)) {
                    seen.masked += 1;
                    seen.masked_kind = seen.masked_kind.or(Some(kind));
                }
                lessons.push(lesson);
                if lessons.len() == AT_ONCE {
                    each(&mut lessons)?;
                    lessons.clear();
                }
            }
        }
        self.seen.replace(seen);
        if lessons.is_empty() { Ok(()) } else { each(&mut lessons) }
    }

    fn expect_readable_twice(&self) -> Result<()> {
        for input in &self.args.inputs {
            ensure!(input.is_regular_file(), "{input}: --memory reads files several times, and this is none");
        }
        Ok(())
    }
}

/// Where in a file the columns are that are learned from.
struct Columns {
    text: Option<usize>,
    cells: Vec<usize>,
    weight: Option<String>,
}

impl Columns {
    fn find(args: &Args, rows: &Rows) -> Result<Self> {
        let text = match rows.text_column() {
            Ok(column) => Some(column),
            Err(_) if !args.features.is_empty() => None,
            Err(error) => return Err(error),
        };
        let cells: Vec<usize> = args.features.iter().map(|name| rows.column(name)).collect::<Result<_>>()?;
        for (place, (name, column)) in args.features.iter().zip(&cells).enumerate() {
            ensure!(rows.header().label() != Some(*column), "--features {name}: that is the label");
            ensure!(!cells[..place].contains(column), "--features {name}: named twice");
        }
        Ok(Self { text, cells, weight: args.weight_column.clone() })
    }

    fn lesson(&self, args: &Args, rows: &Rows, row: &Row, label: Label) -> Result<TrainingRow> {
        let text = self.text.map_or("", |column| row.get(column));
        let text = if args.mask.is_empty() { text.to_owned() } else { mask::masked(text, &args.mask) };
        let cells = self.cells.iter().map(|&column| row.get(column).to_owned()).collect();
        let weight = self.weight.as_ref().map_or(Ok(1.0), |column| rows.number(row, column))?;
        if !(0.0..=1e9).contains(&weight) {
            return Err(rows.error(row, format!("a weight of {weight}, which is not from 0 to a billion")));
        }
        Ok(TrainingRow { text, cells, label, weight })
    }
}

impl Args {
    fn remark(&self, seen: &Seen, scene: &Scene) {
        if seen.unlabelled > 0 {
            scene.tell(format!("{} rows have no label and were not learned from", seen.unlabelled));
        }
        let names = self.names(&seen.negatives);
        for (rows, name) in seen.classes.into_iter().zip([names.negative, names.positive]) {
            if rows > 0 && rows < self.min_class {
                scene.warn(format!(
                    "only {rows} rows are {name}; with fewer than {} what is learned and measured is shaky",
                    self.min_class
                ));
            }
        }
    }

    /// How the verdicts are written: as the labels were, where they were of another pair.
    fn names(&self, negatives: &BTreeSet<String>) -> LabelNames {
        match (self.rows.spelling().positive, negatives.first()) {
            (None, _) => LabelNames::default(),
            (Some(positive), Some(negative)) if negatives.len() == 1 => {
                LabelNames { positive, negative: negative.clone() }
            }
            (Some(positive), _) => LabelNames { negative: format!("not {positive}"), positive },
        }
    }
}

/// Refuses rows that were masked for somebody else's eyes, unless scoring will mask alike. A message or two that look
/// masked are none: whoever sends messages could stop the learning with one.
fn expect_unmasked(seen: &Seen) -> Result<()> {
    let all = seen.classes[0] + seen.classes[1];
    match seen.masked_kind {
        Some(kind) if seen.masked * 100 > all => bail!(
            "{} of {all} texts were masked; use --mask {kind}, so that scoring masks alike",
            seen.masked
        ),
        _ => Ok(()),
    }
}

fn bytes(text: &str) -> Result<usize, String> {
    let (number, unit) = match text.as_bytes() {
        [.., b'k' | b'K'] => (&text[..text.len() - 1], 1 << 10),
        [.., b'm' | b'M'] => (&text[..text.len() - 1], 1 << 20),
        [.., b'g' | b'G'] => (&text[..text.len() - 1], 1 << 30),
        _ => (text, 1),
    };
    let bytes = number.parse::<usize>().ok().and_then(|number| number.checked_mul(unit));
    bytes
        .filter(|bytes| *bytes >= 1 << 20)
        .ok_or_else(|| "expected bytes from 1M up, such as 500M or 2G".into())
}

pub(crate) fn main() -> ExitCode {
    tool::main::<Args>()
}
