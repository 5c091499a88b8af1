//! Is the champion still right for what arrives now? Pure decisions on profiles and metrics.

pub mod messages;
pub mod estimated_f1;
pub mod signals;
pub mod changes;
pub mod histograms;
pub mod history;
pub mod policy;
pub mod shift;
pub mod assessment;
pub mod repeats;
pub mod triggers;
pub mod decision;
