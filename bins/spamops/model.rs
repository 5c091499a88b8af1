//! spamops model: shows the metadata and top terms of a model, or compares two models.

use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::{Parser, Subcommand};

use ::spamops::cli::tool::{self, Outcome, Scene, Tool};
use ::spamops::io::result_file;
use ::spamops::io::stream::Place;
use ::spamops::model::model_file::Model;
use ::spamops::report::model_card::{self, ModelCard};

/// Look into a model, or hold two against each other
///
/// Terms are spelled for people: shapes of a text in (), columns in [], runs of characters as (chars …) with ␣ for a space,
/// what begins or ends with a sign in quotes; long ones are cut short.
#[derive(Parser)]
#[command(
    name = "model",
    bin_name = "spamops model",
    after_help = "\
Examples:
  spamops registry export --registry models | spamops model show -
  spamops model show challenger.json --json
  spamops model top challenger.json --size 50 > terms.csv
  spamops model diff champion.json challenger.json"
)]
pub(crate) struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Say what a model says of itself: options, where it came from, what it is worth
    Show {
        /// The model
        #[arg(value_name = "FILE", default_value = "-")]
        model: Place,

        /// As JSON: everything but the terms
        #[arg(long)]
        json: bool,
    },
    /// List the terms with the greatest log-odds and with the least, as CSV
    Top {
        /// The model
        #[arg(value_name = "FILE", default_value = "-")]
        model: Place,

        /// How many of either side
        #[arg(long, value_name = "TERMS", default_value_t = 20)]
        size: usize,
    },
    /// Say what differs: options, figures, terms; the terms whose weight moved most times the share of texts that have them
    Diff {
        /// One model
        #[arg(value_name = "FILE")]
        one: Place,

        /// The other
        #[arg(value_name = "FILE", default_value = "-")]
        other: Place,

        /// How many terms are listed
        #[arg(long, value_name = "TERMS", default_value_t = 20)]
        size: usize,

        /// Exit with 1 where the files differ, be it in the time of the fit
        #[arg(long)]
        exit_code: bool,
    },
}

impl Tool for Args {
    fn run(self, scene: &Scene) -> Result<Outcome> {
        let output = Place::Standard;
        match self.what {
            What::Show { model, json } => {
                let (_, card) = read(&model, scene)?;
                if json { result_file::write(&output, &card) } else { output.write_text(&card.text()) }?;
            }
            What::Top { model, size } => output.write_text(&model_card::top(&Model::read(&model)?, size))?,
            What::Diff { one, other, size, exit_code } => {
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
