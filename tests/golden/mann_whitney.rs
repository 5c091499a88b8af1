//! Tests that the Mann-Whitney test matches scipy.

use serde::Deserialize;

use spamops::stats::mann_whitney;

use crate::cases::{assert_agree, cases};

#[test]
fn mann_whitney_matches_scipy() {
    #[derive(Deserialize)]
    struct Case {
        one: Vec<u64>,
        other: Vec<u64>,
        auc: f64,
        p: f64,
    }
    let cases = cases::<Case>("mann_whitney");
    assert!(cases.len() >= 20);
    for Case { one, other, auc, p } in cases {
        let found = mann_whitney::test(&one, &other).unwrap();
        let numbers = [("AUC", found.auc, auc), ("p", found.p, p)];
        assert_agree(&format!("{one:?} against {other:?}"), &numbers);
    }
}
