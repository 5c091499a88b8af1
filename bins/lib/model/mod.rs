//! The model file, fitting, cross-validation, search, explanations.

pub mod tfidf;
pub mod bayes;
pub mod calibrate;
pub mod dictionary;
pub mod folds;
pub mod packed;
pub mod threads;
pub mod corpus;
pub mod estimate;
pub mod terms;
pub mod model_file;
pub mod change;
pub mod observe;
pub mod explain;
pub mod linear;
pub mod threshold;
pub mod recipe;
pub mod fit;
pub mod search;
pub mod paired_rows;
