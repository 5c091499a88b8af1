//! Reads the files of a cycle, and plans what to record in an MLflow run.

mod figures;
pub mod learned;
mod plan;
pub mod tracked;

pub use figures::key;
pub use learned::ModelFacts;
pub use plan::{
    CHALLENGER, Contents, DIGEST, RunDocument, RunInput, TrackedFile, TrackingPlan, TrackingTarget,
};
pub use tracked::{FlushReport, TrackReport};
