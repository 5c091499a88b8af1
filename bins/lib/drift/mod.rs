//! Decides from profiles and metrics whether messages drifted and whether to retrain. Reads no clock and no files.

pub mod verdict;
pub mod messages;
pub mod word_names;
pub mod families;
pub mod sizes;
pub mod shares;
pub mod words;
mod classifier;
pub mod text_change;
pub mod shift;
pub mod other_change;
pub mod estimated_f1;
pub mod signals;
pub mod changes;
pub mod histograms;
pub mod repeats;
pub mod labelled_verdicts;
pub mod run_record;
pub mod past_runs;
pub mod history;
pub mod policy;
pub mod observation;
pub mod assessment;
pub mod labelled_f1;
pub mod triggers;
pub mod decision;
pub mod drift_report;
