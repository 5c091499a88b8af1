//! GitHub's API: releases, deployments, dispatches, comments.
//!
//! The calls are octocrab's typed ones. A call by path has a comment that says why. No link to a next page is followed: pages
//! are asked for by number, so the token stays with the API's host.

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
