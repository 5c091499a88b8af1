//! spamops model: shows the metadata and top terms of a model, or compares two models.

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

use ::spamops::cli::tool::{self, Outcome, Scene, Tool};
use ::spamops::io::result_file;
use ::spamops::io::stream::Place;
use ::spamops::model::model_file::Model;
use ::spamops::report::model_card::{self, ModelCard};

/// Show a model, list its terms, or compare two models
///
/// What it does: Prints a model's options, provenance and figures, its strongest terms, or its differences from
/// another model. In the output, () marks the shape of a text, [] marks another column, and (chars …) marks
/// characters. ␣ stands for a space. Terms that start or end with a punctuation mark are quoted, and long terms are
/// shortened.
#[derive(Parser)]
#[command(
    name = "model",
    bin_name = "spamops model",
    after_help = "\
Examples:
  spamops model show challenger.json
  spamops model diff champion.json challenger.json
  spamops model top challenger.json --size 50 > terms.csv
  spamops registry export --registry models | spamops model show -"
)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Subcommand)]
enum Action {
    /// Show a model: options, provenance and figures
    ///
    /// What it does: Prints the model without its terms, as text or as JSON.
    #[command(after_help = "\
Examples:
  spamops model show challenger.json
  spamops model show challenger.json --json")]
    Show {
        /// Model to show
        #[arg(value_name = "FILE", default_value = "-")]
        model: Place,

        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// List the strongest terms of both classes as CSV
    ///
    /// What it does: Prints the terms with the highest and the lowest log-odds.
    #[command(after_help = "\
Examples:
  spamops model top challenger.json --size 50 > terms.csv")]
    Top {
        /// Model whose terms to list
        #[arg(value_name = "FILE", default_value = "-")]
        model: Place,

        /// Number of terms per class
        #[arg(long, value_name = "TERMS", default_value_t = 20)]
        size: usize,
    },
    /// Compare two models: options, figures and terms
    ///
    /// What it does: Prints the differences. The terms with the largest effect come first. The effect is the
    /// change of the weight, multiplied by the share of texts with the term.
    #[command(after_help = "\
Examples:
  spamops model diff champion.json challenger.json
  spamops model diff --exit-code champion.json challenger.json > /dev/null || echo different")]
    Diff {
        /// First model
        #[arg(value_name = "FILE")]
        one: Place,

        /// Second model
        #[arg(value_name = "FILE", default_value = "-")]
        other: Place,

        /// Number of terms to list
        #[arg(long, value_name = "TERMS", default_value_t = 20)]
        size: usize,

        /// Exit with 1 if the files differ, even if they differ only in the time of the fit
        #[arg(long)]
        exit_code: bool,
    },
}

impl Tool for Args {
    fn run(self, scene: &Scene) -> Result<Outcome> {
        let output = Place::Standard;
        match self.action {
            Action::Show { model, json } => {
                let (_, card) = read(&model, scene)?;
                if json { result_file::write(&output, &card) } else { output.write_text(&card.text()) }?;
            }
            Action::Top { model, size } => {
                output.write_text(&model_card::top(&Model::read(&model)?, size))?;
            }
            Action::Diff { one, other, size, exit_code } => {
                let (before, old) = read(&one, scene)?;
                let (after, new) = read(&other, scene)?;
                let same = old.digest == new.digest;
                if same {
                    output.write_text("the models are the same\n")?;
                } else {
                    let names = (one.to_string(), other.to_string());
                    let text =
                        model_card::difference((&before, &old, &names.0), (&after, &new, &names.1), size);
                    output.write_text(&text)?;
                }
                return Ok(Outcome::answer(same, exit_code));
            }
        }
        Ok(Outcome::Done)
    }
}

fn read(place: &Place, scene: &Scene) -> Result<(Model, ModelCard)> {
    let text = place.read_text()?;
    let model = Model::parse(&text).with_context(|| place.to_string())?;
    let card = ModelCard::of(&model, &text, scene.name());
    Ok((model, card))
}

pub(crate) fn main() -> ExitCode {
    tool::main::<Args>()
}
