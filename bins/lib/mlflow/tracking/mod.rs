//! What to record in an MLflow run, read from the files of a cycle.

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
