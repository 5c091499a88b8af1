//! The JSON of `track`: the record of what was tracked, and where to find it.

use serde::{Deserialize, Serialize};

use super::TrackingPlan;
use crate::io::result_file::ResultHead;

/// What was tracked, and where it is found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrackReport {
    /// Schema and tool.
    #[serde(flatten)]
    pub head: ResultHead,
    /// The address of the server, without credentials.
    pub uri: String,
    /// The SHA-256 of the model's file.
    pub digest: String,
    /// The name of the experiment.
    pub experiment: String,
    /// Its number.
    pub experiment_id: Option<String>,
    /// The run.
    pub run_id: Option<String>,
    /// The logged model.
    pub model_id: Option<String>,
    /// The name of the registered model.
    pub name: String,
    /// Its version.
    pub version: Option<u64>,
    /// The aliases that point to the version now.
    pub aliases: Vec<String>,
    /// Whether it waits in the spool for the server.
    pub spooled: bool,
    /// What was made now.
    pub made: Vec<String>,
    /// What was there already.
    pub found: Vec<String>,
    /// What was left as it is, and why.
    pub left: Vec<String>,
}

impl TrackReport {
    /// Nothing yet.
    pub fn nothing(plan: &TrackingPlan, tool: &str) -> Self {
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

    /// Notes that something was made, or was there.
    pub fn note(&mut self, what: impl Into<String>, made: bool) {
        if made { self.made.push(what.into()) } else { self.found.push(what.into()) }
    }
}

/// The record of a spool that was sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FlushReport {
    /// Schema and tool.
    #[serde(flatten)]
    pub head: ResultHead,
    /// What was tracked.
    pub sent: Vec<TrackReport>,
    /// How many plans wait on.
    pub kept: u64,
}
