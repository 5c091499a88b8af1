//! Is the challenger better than the champion? Pure decisions on paired rows.

pub mod gates;
pub mod paired_result;
pub mod recent;
pub mod sequential;
pub mod slices;
pub mod decision;
