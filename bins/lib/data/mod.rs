//! Rows, and what is known about them.

pub mod share;
pub mod dates;
pub mod notes;
pub mod place;
pub mod settings;
pub mod results;

pub mod label;
pub mod fingerprint;
pub mod rows;

pub mod draw;
pub mod near;
pub mod filter;
pub mod to_label;

pub mod mask;
pub mod safe_cell;
pub mod contract;
pub mod state;
pub mod watched;
