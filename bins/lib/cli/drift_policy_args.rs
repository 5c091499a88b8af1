//! Options of `drift` that set the policy: when to retrain.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;

use crate::drift::policy::{DriftPolicy, Persistence, RetrainOn};
use crate::io::fraction::Fraction;
use crate::state::gathered::State;
use crate::state::watched_files::{ChangesSince, WATCHED, WatchedFiles};

/// Options that decide when to retrain.
#[derive(Args)]
#[command(next_help_heading = "Retrain")]
pub struct DriftPolicyArgs {
    /// Which drift triggers a retrain
    ///
    /// performance: drift never triggers a retrain. persistent-drift: drift that lasts triggers a retrain (see
    /// --persistence). any-drift: drift in one window triggers a retrain. The other triggers are not affected. In
    /// simulations without a real change, daily runs with the default requested 0.2 retrains a year on average, and
    /// at most 0.3. The simulations cover 200 years with 100 or 1,000 rows a day (tests/bench/drift). Retrains because
    /// of --max-label-growth do not count as false.
    #[arg(long, value_name = "WHEN", default_value_t = DriftPolicy::default().retrain_on)]
    retrain_on: RetrainOn,

    /// Drift persists if K of the last N windows have drifted
    ///
    /// A window counts if it drifted. Once the state has 20 windows, the change must also be larger than in 95% of
    /// the earlier windows. Each run belongs to one window only.
    #[arg(long, value_name = "K/N", default_value_t = DriftPolicy::default().persistence, hide_short_help = true)]
    persistence: Persistence,

    /// Minimum measured F1 [default: cross-validated F1 minus --margin]
    ///
    /// F1 is measured on labelled rows. The cross-validated F1 is adjusted to their class balance. If positives are
    /// rarer than in the training rows, this adjustment lowers the cross-validated F1, and your limit is lowered by the
    /// same factor. The trigger fires only if the complete 95% interval is below the limit.
    #[arg(long, value_name = "SHARE")]
    min_f1: Option<Fraction>,

    /// Acceptable loss of F1
    #[arg(long, value_name = "SHARE", default_value_t = DriftPolicy::default().margin, value_parser = share)]
    margin: f64,

    /// Maximum false positive rate on labelled rows, such as 0.01
    ///
    /// 0.01 means that 10 of 1,000 negative rows (ham) get a positive verdict. Copies of a message count once. The
    /// trigger fires only if the complete 95% interval of the rate is above the limit. Off by default. fit --max-fpr
    /// limits the rate of a new model, and compare --gate fpr=LIMIT the rate of a challenger.
    #[arg(long, value_name = "SHARE")]
    max_fpr: Option<Fraction>,

    /// Maximum age of the champion in days
    #[arg(long, value_name = "DAYS", value_parser = number)]
    max_age_days: Option<f64>,

    /// Maximum number of new rows since the champion was fitted
    #[arg(long, value_name = "N", hide_short_help = true)]
    max_new_rows: Option<u64>,

    /// Maximum growth of the labelled rows since the fit
    ///
    /// With 0.5, a retrain is requested if there are more than half as many labelled rows since the fit as the champion
    /// learned from, and more than --min-new-labels. Labels that were picked count too. If the challenger was refused, only later rows count,
    /// and its rows count as learned. 0 turns the trigger off.
    #[arg(long, value_name = "SHARE", default_value = "0.5", value_parser = number, hide_short_help = true)]
    max_label_growth: f64,

    /// File whose changes trigger a retrain, such as a word list
    ///
    /// You can repeat this option.
    #[arg(long, value_name = "FILE", hide_short_help = true)]
    watch: Vec<PathBuf>,

    /// Git revision from which changes count [default: the champion's first run]
    ///
    /// The default needs --state. The first run with a champion records the watched files in the state.
    #[arg(long, value_name = "REV", requires = "watch", hide_short_help = true)]
    watch_since: Option<String>,

    /// Maximum number of changed lines in the watched files
    #[arg(long, value_name = "N", default_value_t = DriftPolicy::default().max_changes, hide_short_help = true)]
    max_changes: u64,

    /// Minimum hours between two requested retrains
    ///
    /// If a trigger fires in this time, the reason code of the run is cooldown. The first run after this time decides
    /// again.
    #[arg(long, value_name = "HOURS", default_value_t = DriftPolicy::default().cooldown_hours, value_parser = number)]
    cooldown_hours: f64,

    /// Minimum number of new labels for a retrain
    ///
    /// A label is new if it came after the champion was fitted. With fewer new labels, labels_needed is true and
    /// retrain_needed is false. Enter labels in your data file, in the same rows: a row that gets its first
    /// label counts as a new row.
    #[arg(long, value_name = "N", default_value_t = DriftPolicy::default().min_new_labels)]
    min_new_labels: u64,

    /// Retrain even if no other trigger fired
    ///
    /// A forced retrain ignores the cooldown and --min-new-labels.
    #[arg(long)]
    force: bool,
}

impl DriftPolicyArgs {
    pub fn policy(&self) -> DriftPolicy {
        let Self { retrain_on, persistence, min_f1, max_fpr, margin, max_age_days, max_new_rows, .. } = *self;
        let Self { max_label_growth, max_changes, cooldown_hours, min_new_labels, force: forced, .. } = *self;
        DriftPolicy {
            min_f1,
            margin,
            max_fpr,
            retrain_on,
            persistence,
            max_age_days,
            max_new_rows,
            max_label_growth: Some(max_label_growth).filter(|growth| *growth > 0.0),
            max_changes,
            cooldown_hours,
            min_new_labels,
            forced,
        }
    }

    pub fn watched_files(&self) -> &[PathBuf] {
        &self.watch
    }

    /// The point from which changes to watched files count; `None` if no file is watched.
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
        let state = state.context("--watch needs the earlier lines; set --state or --watch-since")?;
        let files = WatchedFiles::read(&state.file(WATCHED), champion, tool)?;
        Ok(Some(ChangesSince::Champion(files)))
    }
}

fn share(text: &str) -> Result<f64> {
    Ok(text.parse::<Fraction>()?.value())
}

fn number(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number >= 0.0 && number.is_finite() => Ok(number),
        _ => Err("expected a number of at least 0".into()),
    }
}
