//! Options of `drift` that set the policy: when to retrain.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;

use crate::drift::policy::{DriftPolicy, Persistence, RetrainOn};
use crate::io::fraction::Fraction;
use crate::state::gathered::State;
use crate::state::watched_files::{ChangesSince, WATCHED, WatchedFiles};

/// When to retrain.
#[derive(Args)]
#[command(next_help_heading = "Retrain")]
pub struct DriftPolicyArgs {
    /// What asks for a retrain besides F1 on labelled rows: performance (the F1 to be expected), persistent-drift (that,
    /// and drift that stays) or any-drift. Where nothing changes, daily runs at the default ask falsely .2 times a year, .3
    /// at most: 200 simulated years of 100 and of 1,000 rows a day, tests/bench/drift
    #[arg(long, value_name = "WHAT", default_value_t = DriftPolicy::default().retrain_on)]
    retrain_on: RetrainOn,

    /// Drift stays when so many of the last so many windows have it; windows share no run
    #[arg(long, value_name = "K/N", default_value_t = DriftPolicy::default().persistence)]
    persistence: Persistence,

    /// The least F1 on labelled rows [default: the model's own out of fold, less the margin]
    #[arg(long, value_name = "SHARE")]
    min_f1: Option<Fraction>,

    /// How much F1 may be lost
    #[arg(long, value_name = "SHARE", default_value_t = DriftPolicy::default().margin, value_parser = share)]
    margin: f64,

    /// How old the champion may become
    #[arg(long, value_name = "DAYS", value_parser = number)]
    max_age_days: Option<f64>,

    /// How many rows may come after it
    #[arg(long, value_name = "N")]
    max_new_rows: Option<u64>,

    /// A file whose changes ask for a retrain, such as a list of words; may be given again
    #[arg(long, value_name = "FILE")]
    watch: Vec<PathBuf>,

    /// Count its changes since this revision of git [default: since the state first saw it with this champion]
    #[arg(long, value_name = "REV", requires = "watch")]
    watch_since: Option<String>,

    /// How many of its lines may change
    #[arg(long, value_name = "N", default_value_t = DriftPolicy::default().max_changes)]
    max_changes: u64,

    /// How long after a retrain no other is asked for
    #[arg(long, value_name = "HOURS", default_value_t = DriftPolicy::default().cooldown_hours, value_parser = number)]
    cooldown_hours: f64,

    /// The least number of new labels to learn from: with fewer the answer is labels_needed
    #[arg(long, value_name = "N", default_value_t = DriftPolicy::default().min_new_labels)]
    min_new_labels: u64,

    /// Ask for a retrain whatever the signals say
    #[arg(long)]
    force: bool,
}

impl DriftPolicyArgs {
    /// The policy.
    pub fn policy(&self) -> DriftPolicy {
        let Self { retrain_on, persistence, min_f1, margin, max_age_days, max_new_rows, .. } = *self;
        let Self { max_changes, cooldown_hours, min_new_labels, force: forced, .. } = *self;
        DriftPolicy {
            min_f1,
            margin,
            retrain_on,
            persistence,
            max_age_days,
            max_new_rows,
            max_changes,
            cooldown_hours,
            min_new_labels,
            forced,
        }
    }

    /// The watched files.
    pub fn watch(&self) -> &[PathBuf] {
        &self.watch
    }

    /// From when on changes of watched files count; none if no file is watched.
    pub fn changes_since(
        &self,
        state: Option<&State>,
        champion: &str,
        tool: &str,
    ) -> Result<Option<ChangesSince>> {
        if self.watch.is_empty() {
            return Ok(None);
        }
        if let Some(revision) = &self.watch_since {
            return Ok(Some(ChangesSince::Revision(revision.clone())));
        }
        let state =
            state.context("--watch counts changes since the champion: it wants --state, or --watch-since")?;
        let files = WatchedFiles::read(&state.file(WATCHED), champion, tool)?;
        Ok(Some(ChangesSince::Champion(files)))
    }
}

/// A share, as the number that it is.
fn share(text: &str) -> Result<f64> {
    Ok(text.parse::<Fraction>()?.value())
}

fn number(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number >= 0.0 && number.is_finite() => Ok(number),
        _ => Err("expected a number, not negative".into()),
    }
}
