//! From text to weights.

pub mod table;
pub mod text;
pub mod dictionary;
pub mod packed;
pub mod threads;
pub mod columns;
pub mod features;
pub mod folds;
pub mod tfidf;
pub mod windows;
pub mod look;
pub mod profile;
pub mod corpus;
pub mod bayes;
pub mod linear;
pub mod calibrate;
pub mod threshold;
pub mod estimate;
pub mod recipe;
pub mod terms;
pub mod model;
pub mod observe;
pub mod explain;
pub mod change;
pub mod fit;
pub mod search;
