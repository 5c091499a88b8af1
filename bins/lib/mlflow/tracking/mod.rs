//! What a run in MLflow must hold, read from the files of a cycle.

mod figures;
pub mod learned;
mod plan;
pub mod tracked;

pub use figures::key;
pub use learned::Learned;
pub use plan::{CHALLENGER, Contents, DIGEST, Document, Given, Input, Plan, Target};
pub use tracked::{Flushed, Tracked};
