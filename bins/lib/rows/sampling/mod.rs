//! Selects rows of a file: samples, splits and rows to label.

pub mod draw;
pub mod late_labels;
pub mod filter;
pub mod labelling_queue;
pub mod pool;

pub use draw::{Odds, Sample};
pub use filter::Filter;
pub use late_labels::LateLabels;
pub use pool::{DrawnRows, RowPool};
