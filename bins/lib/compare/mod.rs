//! Decides from paired rows whether the challenger is better than the champion. Reads no clock and no files.

pub mod gates;
pub mod golden;
pub mod paired_result;
pub mod recent;
pub mod sequential;
mod text_slices;
pub mod slices;
pub mod suspicion;
pub mod evidence;
pub mod tally;
pub mod deployment;
pub mod reasons;
pub mod verdict_basis;
pub mod decision;
pub mod report;
