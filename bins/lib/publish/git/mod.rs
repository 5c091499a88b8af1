//! Commits, tags and pushes with the program `git`.

mod command;
pub mod push;
pub mod tags;

pub use command::{Actor, Git, GitTag, done, failure, without_credentials};
