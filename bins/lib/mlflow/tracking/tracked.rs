//! Defines the results of `track`: the tracked items, and where to find them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::TrackingPlan;
use crate::io::result_file::ResultHead;

/// The result of `track`: the tracked items, and where to find them.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct TrackReport {
    /// Schema and tool.
    #[serde(flatten)]
    pub head: ResultHead,
    /// Address of the server, without credentials.
    pub uri: String,
    /// SHA-256 of the model file.
    pub digest: String,
    /// Name of the experiment.
    pub experiment: String,
    /// Id of the experiment; null if not known yet.
    pub experiment_id: Option<String>,
    /// Id of the run; null if not known yet.
    pub run_id: Option<String>,
    /// Id of the logged model; null if not known yet.
    pub model_id: Option<String>,
    /// Name of the registered model.
    pub name: String,
    /// Version of the registered model; null if not known yet.
    pub version: Option<u64>,
    /// Aliases that now point at the version.
    pub aliases: Vec<String>,
    /// Whether the plan waits in the spool.
    pub spooled: bool,
    /// Items that were created.
    pub made: Vec<String>,
    /// Items that existed already.
    pub found: Vec<String>,
    /// Items that were left unchanged, with the reason.
    pub left: Vec<String>,
}

impl TrackReport {
    /// A report without tracked items.
    pub fn empty(plan: &TrackingPlan, tool: &str) -> Self {
        Self {
            head: ResultHead::new("track", tool),
            uri: plan.uri.clone(),
            digest: plan.digest.clone(),
            experiment: plan.experiment.clone(),
            experiment_id: None,
            run_id: None,
            model_id: None,
            name: plan.name.clone(),
            version: None,
            aliases: Vec::new(),
            spooled: false,
            made: Vec::new(),
            found: Vec::new(),
            left: Vec::new(),
        }
    }

    /// Records that an item was created, or existed already.
    pub fn note(&mut self, item: impl Into<String>, made: bool) {
        if made { self.made.push(item.into()) } else { self.found.push(item.into()) }
    }
}

/// The result of `track --flush`.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
pub struct FlushReport {
    /// Schema and tool.
    #[serde(flatten)]
    pub head: ResultHead,
    /// One report for each plan that was sent.
    pub sent: Vec<TrackReport>,
    /// Number of plans that still wait.
    pub kept: u64,
}
