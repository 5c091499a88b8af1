//! From text to weights.

pub mod text;
pub mod counts;
pub mod tfidf;
pub mod bayes;
pub mod recipe;
pub mod model;
pub mod fit;
