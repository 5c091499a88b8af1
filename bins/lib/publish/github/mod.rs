//! GitHub's API: releases, deployments, dispatches, comments.

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
