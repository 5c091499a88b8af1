//! Fuzzes model files: a file is rejected, or the model gives every text a probability.
//!
//! The first line of an input is a model. The rest is a text.

#![no_main]

use libfuzzer_sys::{Corpus, fuzz_target};
use spamops::io::escape::neutral;
use spamops::model::model_file::{Model, sealed};
use spamops::model::row_score::ScoringBuffers;
use spamops_fuzz::place;

fuzz_target!(|input: &[u8]| -> Corpus {
    let input = String::from_utf8_lossy(input);
    let (file, text) = input.split_once('\n').unwrap_or((&input, "win a prize"));
    // Adds the correct digest. Without a correct digest, every changed file would be rejected.
    let file = &sealed(file);
    let model = match Model::parse(file) {
        Ok(model) => model,
        Err(error) => {
            assert!(!format!("{error:#}").contains(char::is_control), "{error:#}");
            return Corpus::Keep;
        }
    };
    let score = model.score(text, &mut ScoringBuffers::default());
    assert!((0.0..=1.0).contains(&score), "a score of {score}");
    let _ = (model.profile.profile(), model.names.of(model.verdict(score)));
    for (term, share) in model.explain(text, &mut ScoringBuffers::default()).terms {
        let spelling = model.features.analyzer.spelled(term);
        assert!(
            share.is_finite() && !spelling.contains(char::is_control) && neutral(&spelling) == spelling,
            "{spelling} {share}"
        );
    }
    // Writing and reading a model must not change its scores.
    let copy = place("model.json");
    model.write(&copy).unwrap();
    assert_eq!(
        Model::read(&copy).unwrap().score(text, &mut ScoringBuffers::default()).to_bits(),
        score.to_bits()
    );
    Corpus::Keep
});
