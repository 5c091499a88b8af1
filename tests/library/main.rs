//! Tests properties of the library and the tools on arbitrary input and simulated streams, one module per concept.

#![expect(clippy::unwrap_used, reason = "a failed unwrap fails the test")]

mod directory;

mod backdoors;
mod compare;
mod copies;
mod draw;
mod drift;
mod explain;
mod fingerprint;
mod fit;
mod metrics;
mod near;
mod prior_shift;
mod rows;
mod sample;
mod snowball;
mod stats;
mod validate;
