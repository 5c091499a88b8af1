//! Tests that the chi-square test of homogeneity matches scipy and that McNemar's tests match statsmodels.

use serde::Deserialize;

use spamops::stats::significance::{homogeneity, mcnemar_exact, mcnemar_mid_p};

use crate::cases::{assert_agree, cases};

#[test]
fn homogeneity_matches_scipy() {
    #[derive(Deserialize)]
    struct Case {
        one: Vec<u64>,
        other: Vec<u64>,
        statistic: f64,
        p: f64,
        freedom: u64,
        cramers_v: f64,
        cramers_v_corrected: f64,
    }
    let cases = cases::<Case>("homogeneity");
    assert!(cases.len() >= 20);
    for Case { one, other, statistic, p, freedom, cramers_v, cramers_v_corrected } in cases {
        let case = format!("{one:?} against {other:?}");
        let found = homogeneity(&one, &other).unwrap();
        assert_eq!(found.freedom, freedom, "{case}");
        let numbers = [
            ("statistic", found.statistic, statistic),
            ("p", found.p, p),
            ("Cramér's V", found.cramers_v, cramers_v),
            ("Cramér's V by Bergsma", found.cramers_v_corrected, cramers_v_corrected),
        ];
        assert_agree(&case, &numbers);
    }
}

#[test]
fn homogeneity_needs_counts_on_both_sides_in_two_categories() {
    let undefined: [(&[u64], &[u64]); 5] =
        [(&[], &[]), (&[0, 0], &[0, 0]), (&[3, 0], &[5, 0]), (&[1, 2], &[0, 0]), (&[0, 0], &[1, 2])];
    for (one, other) in undefined {
        assert_eq!(homogeneity(one, other), None, "{one:?} against {other:?}");
    }
}

#[test]
fn exact_mcnemar_matches_statsmodels() {
    #[derive(Deserialize)]
    struct Case {
        only_one: u64,
        only_other: u64,
        p: f64,
    }
    let cases = cases::<Case>("mcnemar_exact");
    assert!(cases.len() >= 20);
    for Case { only_one, only_other, p } in cases {
        let found = mcnemar_exact(only_one, only_other);
        assert_agree(&format!("{only_one} against {only_other}"), &[("p", found, p)]);
    }
}

#[test]
fn mid_p_mcnemar_matches_statsmodels() {
    #[derive(Deserialize)]
    struct Case {
        only_one: u64,
        only_other: u64,
        p: f64,
    }
    let cases = cases::<Case>("mcnemar_mid_p");
    assert!(cases.len() >= 20);
    for Case { only_one, only_other, p } in cases {
        let found = mcnemar_mid_p(only_one, only_other);
        assert_agree(&format!("{only_one} against {only_other}"), &[("p", found, p)]);
    }
}
