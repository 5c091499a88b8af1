//! spamops profile: writes the profile of rows, without their text, or merges profiles.

use std::process::ExitCode;

use anyhow::{Result, bail, ensure};
use clap::Parser;

use ::spamops::cli::options::{RowArgs, ScoredArgs};
use ::spamops::cli::tool::{self, Outcome, Scene, Tool};
use ::spamops::io::result_file;
use ::spamops::io::stream::Place;
use ::spamops::model::model_file::Model;
use ::spamops::model::profile_builder;
use ::spamops::profile::summary::{Profile, ProfileFile};
use ::spamops::rows::Rows;

/// Make a profile of rows for drift, or merge several profiles
///
/// What it does: Summarises rows without their text, so that drift can compare later rows with them. Models contain the
/// profile of their own training rows.
///
/// Input: Rows as CSV or JSON Lines, plain, gzip or zstd. A model scores the rows, or --score-column names the scores of
/// another system. With --merge, profiles that were made with the same model,
/// or all without a model.
///
/// Output: One JSON profile of at most 1.2 MB, on stdout or in -o FILE.
///
/// Memory: The size of the profile, whatever the number of rows.
///
/// Method: A profile samples up to 8,192 distinct messages. Each message is a record of about 100 bytes: sizes, flags,
/// score, label, and hashes of up to 32 words. Merging the profiles of several files gives the same bytes as one
/// profile of all their rows.
#[derive(Parser)]
#[command(
    name = "profile",
    bin_name = "spamops profile",
    after_help = "\
Examples:
  spamops profile clean.csv --model champion.json -o profile.json
  spamops profile sklearn.csv --score-column probability -o profile.json
  spamops profile --merge monday.json tuesday.json -o week.json
  drift --profile week.json --model champion.json new.csv"
)]
pub(crate) struct Args {
    /// Rows as CSV or JSON Lines, plain, gzip or zstd; with --merge, profiles
    #[arg(value_name = "FILE", default_value = "-")]
    inputs: Vec<Place>,

    /// Model to score the rows with
    #[arg(long, short, value_name = "FILE", conflicts_with = "merge")]
    model: Option<Place>,

    /// Merge profiles instead of reading rows
    #[arg(long)]
    merge: bool,

    /// File for the profile
    #[arg(long, short, value_name = "FILE", default_value = "-")]
    output: Place,

    #[command(flatten)]
    scores: ScoredArgs,

    #[command(flatten)]
    rows: RowArgs,
}

impl Tool for Args {
    fn run(self, scene: &Scene) -> Result<Outcome> {
        let file = if self.merge { self.merged(scene)? } else { self.of_rows(scene)? };
        result_file::write_compact(&self.output, &file)?;
        Ok(Outcome::Done)
    }
}

impl Args {
    fn of_rows(&self, scene: &Scene) -> Result<ProfileFile> {
        let model = self.model.as_ref().map(Model::read).transpose()?;
        let plain = self.rows.options(scene);
        let options = if model.is_none() { self.scores.options(plain) } else { plain };
        let mut all = Profile::default();
        for input in &self.inputs {
            let mut rows = Rows::open(input, &options)?;
            all.merge(profile_builder::profile(&mut rows, model.as_ref(), &mut |_, _| ())?);
        }
        Ok(ProfileFile::new(&all, model.as_ref().map(Model::digest), scene.name()))
    }

    fn merged(&self, scene: &Scene) -> Result<ProfileFile> {
        let Some((first, others)) = self.inputs.split_first() else {
            bail!("no profiles; name the files to merge")
        };
        let first = ProfileFile::read(first)?;
        let mut all = first.profile.profile()?;
        for input in others {
            let file = ProfileFile::read(input)?;
            let named = |model: &Option<String>| model.clone().unwrap_or_else(|| "no model".into());
            let (model, first_model) = (named(&file.model), named(&first.model));
            ensure!(
                model == first_model,
                "{input}: is scored by {model}, but {} is scored by {first_model}; make both profiles with one model",
                self.inputs[0]
            );
            all.merge(file.profile.profile()?);
        }
        Ok(ProfileFile::new(&all, first.model.as_deref(), scene.name()))
    }
}

pub(crate) fn main() -> ExitCode {
    tool::main::<Args>()
}
