//! From text to weights.

pub mod words;
pub mod tfidf;
pub mod bayes;
pub mod model;
