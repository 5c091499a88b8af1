//! Calls GitHub's API for releases, deployments, dispatches and comments.
//!
//! Calls use octocrab's types. A comment explains each call by path. Pages are requested by number: following a link to the
//! next page could send the token to another host.

mod bounded;
mod failure;
mod client;
mod comment;
mod deployment;
mod dispatch;
mod release;

pub use client::{GitHub, Repository, Token};
pub use comment::Comment;
pub use deployment::Deployed;
pub use dispatch::DispatchEvent;
pub use release::{Release, ReleaseAsset};
