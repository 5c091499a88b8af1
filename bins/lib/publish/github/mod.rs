//! The parts of GitHub's API that spamops uses: releases, deployments, dispatches, comments.
//!
//! The calls are octocrab's typed ones. A call by path has a comment that says why. Links to a next page are never followed:
//! pages are requested by number, so the token goes only to the API's host.

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
