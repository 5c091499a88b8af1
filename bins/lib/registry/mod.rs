//! Keeps versions, aliases and the journal of every move.

mod head;
pub mod journal;
pub mod holds;
mod directory;
pub mod candidate;
pub mod golden;
mod ledger;
pub mod moves;
pub mod recorded_move;
pub mod sweep;
mod agreement;
pub mod verify;

pub use directory::{
    Alias, CHAMPION, DEFAULT, MODEL, REGISTRY_FILES, Registry, TrainingData, Version, alias, in_directory,
    json_files, name,
};
pub use head::JournalHead;
