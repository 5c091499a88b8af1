//! Which rows of a file are taken.

pub mod draw;
pub mod filter;
pub mod labelling_queue;
