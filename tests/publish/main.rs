//! Tests publishing: commits, tags, requests to GitHub and webhooks, each against a local test double.

#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

#[cfg(feature = "net")]
mod answers;
#[path = "../library/directory.rs"]
mod directory;
#[cfg(feature = "net")]
mod server;

mod git;
#[cfg(feature = "net")]
mod github;
#[cfg(feature = "net")]
mod http;
#[cfg(feature = "net")]
mod notify;
