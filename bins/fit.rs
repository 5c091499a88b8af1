//! fit: a model from labelled rows.

use std::collections::BTreeSet;
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Parser;

use spamops::data::label::{Label, Names};
use spamops::data::mask::{self, Kind};
use spamops::data::place::Place;
use spamops::data::rows::{Row, Rows};
use spamops::data::share::Share;
use spamops::learn::bayes;
use spamops::learn::fit::{self, Lesson};
use spamops::learn::recipe::{Preset, Recipe, Threshold};
use spamops::learn::text::{self, Language, Ngrams, StopWords};
use spamops::learn::tfidf::{Limit, Norm};
use spamops::show::options::RowArgs;
use spamops::show::tool::{self, Scene, Tool, Verdict};

/// Learn a model from labelled rows: weighted terms and naive Bayes
///
/// The preset message (the default) reads a message as a person sees it: words and punctuation of the normalised text with
/// their pairs, tokens for its shape and for disguises, sublinear TF-IDF, multinomial naive Bayes with alpha .1. classic is
/// scikit-learn's TfidfVectorizer() and MultinomialNB() to the letter, seeds the same on English stems without stop words.
/// F1 and, with message, the threshold come from out-of-fold scores on five folds of distinct texts. Rows without a label
/// are not learned from. The memory grows with the rows; the same rows give the same bytes on any number of threads.
#[derive(Parser)]
#[command(
    name = "fit",
    after_help = "\
Examples:
  fit train.csv -o challenger.json
  fit train.csv more.jsonl --preset classic -o challenger.json
  fit train.csv --analyzer char_wb --ngrams 3-5 --max-features 100000 -o challenger.json
  fit --positive churned customers.csv -o churn.json"
)]
pub(crate) struct Args {
    /// Labelled rows as CSV or JSON Lines, plain, gzip or zstd
    #[arg(value_name = "FILE", default_value = "-")]
    inputs: Vec<Place>,

    /// What the other options start from: message, classic or seeds
    #[arg(long, value_name = "NAME", default_value = "message")]
    preset: Preset,

    /// What a term is made of: word, char, char_wb or message
    #[arg(long, value_name = "KIND")]
    analyzer: Option<text::Kind>,

    /// How many words or characters make a term
    #[arg(long, value_name = "FEWEST-MOST")]
    ngrams: Option<Ngrams>,

    /// Cut the endings of this language off words (Snowball)
    #[arg(long, value_name = "LANGUAGE")]
    stem: Option<Language>,

    /// Leave these words out: english (scikit-learn's list), none, or the words of a file
    #[arg(long, value_name = "english|none|FILE")]
    stop_words: Option<Place>,

    /// Leave out terms that fewer texts have: a number, or a share such as 0.01
    #[arg(long, value_name = "TEXTS")]
    min_df: Option<Limit>,

    /// Leave out terms that more texts have: a number, or a share such as 0.5
    #[arg(long, value_name = "TEXTS")]
    max_df: Option<Limit>,

    /// Keep the most frequent terms, so many
    #[arg(long, value_name = "TERMS")]
    max_features: Option<usize>,

    /// Reckon a count as 1 + ln of itself
    #[arg(long, value_name = "BOOL")]
    sublinear: Option<bool>,

    /// Let rare terms weigh more
    #[arg(long, value_name = "BOOL")]
    idf: Option<bool>,

    /// Bring each row to one length: l2, l1 or none
    #[arg(long, value_name = "NORM", value_parser = norm)]
    norm: Option<Norm>,

    /// Which counts speak for a class: multinomial or complement
    #[arg(long, value_name = "KIND", value_parser = learner)]
    bayes: Option<bayes::Kind>,

    /// What is added to every count
    #[arg(long, value_name = "NUMBER", value_parser = alpha)]
    alpha: Option<f64>,

    /// The least score of a positive verdict [default: the best F1 out of fold with message, else 0.5]
    #[arg(long, value_name = "SCORE")]
    threshold: Option<Share>,

    /// Personal data to mask before learning; the model masks it before scoring, too
    #[arg(long, value_name = "KINDS", value_delimiter = ',')]
    mask: Vec<Kind>,

    /// How many threads count terms [default: one for each core]
    #[arg(long, value_name = "NUMBER")]
    threads: Option<usize>,

    /// Where the model goes
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    output: Place,

    #[command(flatten)]
    rows: RowArgs,
}

impl Tool for Args {
    fn run(self, scene: &Scene) -> Result<Verdict> {
        let recipe = self.recipe()?;
        let mut lessons = Vec::new();
        let mut negatives = BTreeSet::new();
        let mut unlabelled = 0u64;
        for input in &self.inputs {
            let mut rows = Rows::open(input, &self.rows.options(scene))?;
            rows.expect_text()?;
            let mut row = Row::default();
            while rows.read(&mut row)? {
                let Some(label) = rows.label(&row)? else {
                    unlabelled += 1;
                    continue;
                };
                if label == Label::Negative && !negatives.contains(rows.label_cell(&row)) {
                    negatives.insert(rows.label_cell(&row).to_owned());
                }
                lessons.push(Lesson { text: self.lesson(rows.text(&row)?), label });
            }
        }
        if unlabelled > 0 {
            scene.tell(format!("{unlabelled} rows have no label and were not learned from"));
        }
        self.expect_unmasked(&lessons)?;
        let names = self.names(&negatives);
        let threads = self.threads.or_else(|| std::thread::available_parallelism().ok().map(Into::into));
        let now = scene.now()?.to_string();
        let model = fit::fit(&lessons, &recipe, names, self.mask.clone(), now, threads.unwrap_or(1))?;
        model.write(&self.output, scene.name())?;
        Ok(Verdict::Done)
    }
}

impl Args {
    /// The preset, and what the options say otherwise.
    fn recipe(&self) -> Result<Recipe> {
        let Recipe { mut analyzer, mut selection, mut weighting, bayes, alpha, threshold } =
            self.preset.recipe();
        analyzer.kind = self.analyzer.unwrap_or(analyzer.kind);
        analyzer.ngrams = self.ngrams.unwrap_or(analyzer.ngrams);
        analyzer.stem = self.stem.or(analyzer.stem);
        if let Some(place) = &self.stop_words {
            analyzer.stop = match place.to_string().as_str() {
                "english" => StopWords::english(),
                "none" => StopWords::default(),
                _ => StopWords::of(&place.read_text()?),
            };
        }
        selection.min_df = self.min_df.unwrap_or(selection.min_df);
        selection.max_df = self.max_df.unwrap_or(selection.max_df);
        selection.max_features = self.max_features.or(selection.max_features);
        weighting.sublinear = self.sublinear.unwrap_or(weighting.sublinear);
        weighting.idf = self.idf.unwrap_or(weighting.idf);
        weighting.norm = self.norm.unwrap_or(weighting.norm);
        let threshold = self.threshold.map_or(threshold, |threshold| Threshold::At(threshold.value()));
        let (bayes, alpha) = (self.bayes.unwrap_or(bayes), self.alpha.unwrap_or(alpha));
        Ok(Recipe { analyzer, selection, weighting, bayes, alpha, threshold })
    }

    /// The text to learn from.
    fn lesson(&self, text: &str) -> String {
        if self.mask.is_empty() { text.to_owned() } else { mask::masked(text, &self.mask) }
    }

    /// Refuses rows that were masked for somebody else's eyes, unless scoring will mask alike. A message or two that look
    /// masked are none: whoever sends messages could stop the learning with one.
    fn expect_unmasked(&self, lessons: &[Lesson]) -> Result<()> {
        let foreign = |text: &str| mask::traces(text).into_iter().find(|kind| !self.mask.contains(kind));
        let masked: Vec<Kind> = lessons.iter().filter_map(|lesson| foreign(&lesson.text)).collect();
        match masked.first() {
            Some(kind) if masked.len() * 100 > lessons.len() => {
                bail!(
                    "{} of {} texts were masked; use --mask {kind}, so that scoring masks alike",
                    masked.len(),
                    lessons.len()
                )
            }
            _ => Ok(()),
        }
    }

    /// How the verdicts are written: as the labels were, where they were of another pair.
    fn names(&self, negatives: &BTreeSet<String>) -> Names {
        match (self.rows.spelling().positive, negatives.first()) {
            (None, _) => Names::default(),
            (Some(positive), Some(negative)) if negatives.len() == 1 => {
                Names { positive, negative: negative.clone() }
            }
            (Some(positive), _) => Names { negative: format!("not {positive}"), positive },
        }
    }
}

fn norm(name: &str) -> Result<Norm, String> {
    match name {
        "l2" => Ok(Norm::L2),
        "l1" => Ok(Norm::L1),
        "none" => Ok(Norm::None),
        _ => Err("expected l2, l1 or none".into()),
    }
}

fn learner(name: &str) -> Result<bayes::Kind, String> {
    match name {
        "multinomial" => Ok(bayes::Kind::Multinomial),
        "complement" => Ok(bayes::Kind::Complement),
        _ => Err("expected multinomial or complement".into()),
    }
}

fn alpha(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(alpha) if alpha > 0.0 && alpha.is_finite() => Ok(alpha),
        _ => Err("expected a number over 0".into()),
    }
}

pub(crate) fn main() -> ExitCode {
    tool::main::<Args>()
}
