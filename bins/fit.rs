//! fit: a model from labelled rows.

use std::collections::BTreeSet;
use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::Parser;

use spamops::data::label::{Label, Names};
use spamops::data::mask::{self, Kind};
use spamops::data::place::Place;
use spamops::data::rows::{Row, Rows};
use spamops::learn::model::{self, Lesson};
use spamops::show::options::RowArgs;
use spamops::show::tool::{self, Scene, Tool, Verdict};

/// Learn a model from labelled rows: TF-IDF of words and multinomial naive Bayes
///
/// Words are runs of two or more letters, digits or underscores in lower case; the weights are scikit-learn's (smoothed
/// idf, length 1), alpha is .1, the threshold .5. F1 is estimated on five folds of distinct texts and written into the
/// model together with the out-of-fold scores. Rows without a label are not learned from. The memory grows with the rows.
#[derive(Parser)]
#[command(
    name = "fit",
    after_help = "\
Examples:
  fit train.csv -o challenger.json
  fit train.csv more.jsonl -o challenger.json
  fit --positive churned customers.csv -o churn.json"
)]
pub(crate) struct Args {
    /// Labelled rows as CSV or JSON Lines, plain, gzip or zstd
    #[arg(value_name = "FILE", default_value = "-")]
    inputs: Vec<Place>,

    /// Personal data to mask before learning; the model masks it before scoring, too
    #[arg(long, value_name = "KINDS", value_delimiter = ',')]
    mask: Vec<Kind>,

    /// Where the model goes
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    output: Place,

    #[command(flatten)]
    rows: RowArgs,
}

impl Tool for Args {
    fn run(self, scene: &Scene) -> Result<Verdict> {
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
                if label == Label::Negative {
                    negatives.insert(rows.label_cell(&row).to_owned());
                }
                let text = self.lesson(rows.text(&row)?).map_err(|error| rows.error(&row, error))?;
                lessons.push(Lesson { text, label });
            }
        }
        if unlabelled > 0 {
            scene.tell(format!("{unlabelled} rows have no label and were not learned from"));
        }
        let names = self.names(&negatives);
        let model = model::fit(&lessons, names, self.mask.clone(), scene.now()?.to_string())?;
        model.write(&self.output, scene.name())?;
        Ok(Verdict::Done)
    }
}

impl Args {
    /// The text to learn from. Rows that were masked for somebody else's eyes are refused unless scoring will mask alike.
    fn lesson(&self, text: &str) -> Result<String> {
        if let Some(kind) = mask::traces(text).into_iter().find(|kind| !self.mask.contains(kind)) {
            bail!("the text was masked; use --mask {kind}, so that scoring masks alike");
        }
        Ok(if self.mask.is_empty() { text.to_owned() } else { mask::masked(text, &self.mask) })
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

pub(crate) fn main() -> ExitCode {
    tool::main::<Args>()
}
