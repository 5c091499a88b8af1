//! GitHub's API: releases, deployments, dispatches, comments.
//!
//! The calls go through octocrab by path, not by its typed builders: its models reject an answer that lacks any of some twenty
//! fields nobody reads here, as GitHub Enterprise Server or a later API may send it, and its dispatch panics at a success that
//! is not 204.

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
