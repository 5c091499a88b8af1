//! Git, through the program `git`: commits, annotated tags, pushes.

mod command;
pub mod push;
pub mod tags;

pub use command::{Actor, Git, GitTag, done, failure, without_credentials};
