//! Golden numbers: the statistics and the learner say what scipy, statsmodels and scikit-learn say, to 1e-9.
//!
//! `tests/golden/make.py` makes the files and names the versions.

#![expect(clippy::unwrap_used, reason = "in a test a failed unwrap is the report")]

use serde::Deserialize;
use serde::de::DeserializeOwned;

use spamops::features::StopWords;
use spamops::model::calibrate::{Calibration, CalibrationMethod};
use spamops::model::fit::{FitProvenance, fit};
use spamops::model::recipe::{Learner, Preset, Recipe};
use spamops::model::row_score::ScoringBuffers;
use spamops::model::tfidf::Norm;
use spamops::model::threshold::{ThresholdGoal, choose};
use spamops::model::training_rows::{ResourceLimits, TrainingRow};
use spamops::rows::label::Label;
use spamops::stats::bootstrap;
use spamops::stats::conformal;
use spamops::stats::corrections::{benjamini_hochberg, holm};
use spamops::stats::divergence::{Divergence, jensen_shannon, stability_index, wasserstein};
use spamops::stats::estimated_performance::PerformanceSums;
use spamops::stats::intervals::Interval;
use spamops::stats::kolmogorov;
use spamops::stats::label_shift;
use spamops::stats::mann_whitney;
use spamops::stats::metrics::{AtFalsePositiveRate, Confusion, Figures};
use spamops::stats::paired::{PairedAuc, PairedConfusion, PairedCounts, newcombe};
use spamops::stats::power::{self, PowerAim};
use spamops::stats::prior_shift::{PriorShiftTest, TrainingBalance, estimate};
use spamops::stats::ranking::{Ranking, ScoredLabel};
use spamops::stats::sequential::ln_evidence;
use spamops::stats::significance::{homogeneity, mcnemar_exact, mcnemar_mid_p};
use spamops::stats::two_by_two::TwoByTwo;
use spamops::stats::welch::{self, WelchSample};

/// One file of `tests/golden`.
#[derive(Deserialize)]
struct Golden<Case> {
    cases: Vec<Case>,
}

/// The cases of a file.
fn cases<Case: DeserializeOwned>(name: &str) -> Vec<Case> {
    let path = format!("{}/tests/golden/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let golden: Golden<Case> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    golden.cases
}

/// Whether two numbers agree to nine digits, be they ever so small.
fn agree(found: f64, expected: f64) -> bool {
    (found - expected).abs() <= 1e-9 * expected.abs() + f64::MIN_POSITIVE
}

/// Asserts that every number agrees, and names the first that does not.
fn assert_agree(case: &str, numbers: &[(&str, f64, f64)]) {
    for (name, found, expected) in numbers {
        assert!(agree(*found, *expected), "{case}: {name} is {found:e}, expected {expected:e}");
    }
}

#[test]
fn metrics_are_those_of_scikit_learn() {
    #[derive(Debug, Deserialize)]
    struct Case {
        #[serde(flatten)]
        confusion: Confusion,
        accuracy: f64,
        precision: f64,
        recall: f64,
        f1: f64,
    }
    let cases = cases::<Case>("confusion");
    assert!(cases.len() >= 20);
    for case in cases {
        let found = case.confusion;
        let numbers = [
            ("accuracy", found.accuracy(), case.accuracy),
            ("precision", found.precision(), case.precision),
            ("recall", found.recall(), case.recall),
            ("f1", found.f1(), case.f1),
        ];
        assert_agree(&format!("{found:?}"), &numbers);
    }
}

/// Asserts that what may be undefined is so on both sides, or agrees.
fn assert_both(case: &str, name: &str, found: Option<f64>, expected: Option<f64>) {
    match (found, expected) {
        (Some(found), Some(expected)) => assert_agree(case, &[(name, found, expected)]),
        (found, expected) => assert_eq!(found, expected, "{case}: {name}"),
    }
}

/// Asserts that bounds agree to nine digits after the point: statsmodels subtracts, and leaves a speck where there is
/// nothing.
fn assert_bounds(case: &str, name: &str, found: Option<Interval>, expected: Option<Interval>) {
    let near = |one: f64, other: f64| (one - other).abs() <= 1e-9;
    let agree = match (found, expected) {
        (Some(found), Some(expected)) => near(found.0, expected.0) && near(found.1, expected.1),
        (found, expected) => found == expected,
    };
    assert!(agree, "{case}: {name} is within {found:?}, expected {expected:?}");
}

#[test]
fn figures_of_verdicts_are_those_of_scikit_learn_and_statsmodels() {
    #[derive(Deserialize)]
    struct Bounds {
        f1: Option<Interval>,
        precision: Option<Interval>,
        recall: Option<Interval>,
        accuracy: Option<Interval>,
    }
    #[derive(Deserialize)]
    struct Case {
        #[serde(flatten)]
        confusion: Confusion,
        macro_f1: f64,
        mcc: f64,
        intervals: Bounds,
    }
    let cases = cases::<Case>("verdicts");
    assert!(cases.len() >= 20);
    for Case { confusion, macro_f1, mcc, intervals } in cases {
        let case = format!("{confusion:?}");
        let found = Figures::of(&mut [], confusion);
        assert_agree(&case, &[("macro F1", found.macro_f1, macro_f1), ("MCC", found.mcc, mcc)]);
        assert_bounds(&case, "F1", found.intervals.f1, intervals.f1);
        assert_bounds(&case, "precision", found.intervals.precision, intervals.precision);
        assert_bounds(&case, "recall", found.intervals.recall, intervals.recall);
        assert_bounds(&case, "accuracy", found.intervals.accuracy, intervals.accuracy);
    }
}

/// Rows by a seed, as `drawn` in `tests/golden/make.py`.
#[derive(Debug, Deserialize)]
struct Drawn {
    seed: u64,
    rows: usize,
    grains: f64,
    lean: f64,
    slope: f64,
}

impl Drawn {
    fn rows(&self) -> Vec<ScoredLabel> {
        self.pairs().into_iter().map(|(score, positive)| scored(score, positive)).collect()
    }

    fn pairs(&self) -> Vec<(f64, bool)> {
        let mut seed = self.seed;
        let mut number = || {
            seed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mixed = (seed ^ (seed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1u64 << 53) as f64
        };
        let draw = |_| {
            let (one, other) = (number(), number());
            let score = if self.grains > 0.0 { (one * self.grains).floor() / self.grains } else { one };
            (score, other < self.lean + self.slope * score)
        };
        (0..self.rows).map(draw).collect()
    }
}

fn scored(score: f64, positive: bool) -> ScoredLabel {
    ScoredLabel::new(score, if positive { Label::Positive } else { Label::Negative })
}

#[test]
fn figures_of_scores_are_those_of_scikit_learn_and_numpy() {
    #[derive(Deserialize)]
    struct Bounds {
        roc_auc: Option<Interval>,
        recall_at_fpr: AtFalsePositiveRate<Option<Interval>>,
    }
    #[derive(Deserialize)]
    struct Point {
        place: usize,
        threshold: f64,
        false_positive_rate: Option<f64>,
        true_positive_rate: Option<f64>,
        precision: f64,
    }
    #[derive(Deserialize)]
    struct Case {
        drawn: Option<Drawn>,
        #[serde(default)]
        scores: Vec<f64>,
        #[serde(default)]
        positive: Vec<bool>,
        roc_auc: Option<f64>,
        average_precision: Option<f64>,
        log_loss: Option<f64>,
        brier: Option<f64>,
        ece: Option<f64>,
        recall_at_fpr: AtFalsePositiveRate<Option<f64>>,
        intervals: Bounds,
        points: usize,
        some: Vec<Point>,
    }
    let cases = cases::<Case>("ranking");
    assert!(cases.len() >= 20);
    for wanted in cases {
        let stored =
            wanted.scores.iter().zip(&wanted.positive).map(|(score, positive)| scored(*score, *positive));
        let mut rows = wanted.drawn.as_ref().map_or_else(|| stored.collect(), Drawn::rows);
        let case = format!("{:?} {:?} {:?}", wanted.drawn, wanted.scores, wanted.positive);
        let found = Figures::of(&mut rows, Confusion::default());
        assert_both(&case, "ROC AUC", found.roc_auc, wanted.roc_auc);
        assert_both(&case, "average precision", found.average_precision, wanted.average_precision);
        assert_both(&case, "log-loss", found.log_loss, wanted.log_loss);
        assert_both(&case, "Brier score", found.brier, wanted.brier);
        assert_both(&case, "calibration error", found.ece, wanted.ece);
        let (at, expected) = (found.recall_at_fpr, wanted.recall_at_fpr);
        assert_both(&case, "recall at .1%", at.thousandth, expected.thousandth);
        assert_both(&case, "recall at 1%", at.hundredth, expected.hundredth);
        assert_bounds(&case, "ROC AUC", found.intervals.roc_auc, wanted.intervals.roc_auc);
        let (at, expected) = (found.intervals.recall_at_fpr, wanted.intervals.recall_at_fpr);
        assert_bounds(&case, "recall at .1%", at.thousandth, expected.thousandth);
        assert_bounds(&case, "recall at 1%", at.hundredth, expected.hundredth);
        let points: Vec<_> = Ranking::of(&mut rows).corners().collect();
        assert_eq!(points.len(), wanted.points, "{case}");
        for expected in wanted.some {
            let found = points[expected.place];
            let numbers = [
                ("threshold", found.threshold, expected.threshold),
                ("precision", found.precision, expected.precision),
            ];
            assert_agree(&case, &numbers);
            assert_both(&case, "false positives", found.false_positive_rate, expected.false_positive_rate);
            assert_both(&case, "true positives", found.true_positive_rate, expected.true_positive_rate);
        }
    }
}

#[test]
fn homogeneity_is_that_of_scipy() {
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
fn where_there_is_nothing_to_compare_there_is_no_test() {
    let nothing: [(&[u64], &[u64]); 5] =
        [(&[], &[]), (&[0, 0], &[0, 0]), (&[3, 0], &[5, 0]), (&[1, 2], &[0, 0]), (&[0, 0], &[1, 2])];
    for (one, other) in nothing {
        assert_eq!(homogeneity(one, other), None, "{one:?} against {other:?}");
    }
}

#[test]
fn mcnemar_is_that_of_statsmodels() {
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
fn the_base_rate_is_the_one_that_em_climbs_to() {
    #[derive(Deserialize)]
    struct Case {
        drawn: Drawn,
        squares: i32,
        positive: u64,
        negative: u64,
        estimated: f64,
        common: f64,
        statistic: f64,
        p: f64,
    }
    let cases = cases::<Case>("base_rate");
    assert!(cases.len() >= 20);
    for Case { drawn, squares, positive, negative, estimated, common, statistic, p } in cases {
        let trained = TrainingBalance { positive, negative };
        let case = format!("{drawn:?}, {squares} squares, {trained:?}");
        let squared = |row: ScoredLabel| (0..squares).fold(row.score(), |score, _| score * score);
        let scores: Vec<f64> = drawn.rows().into_iter().map(squared).collect();
        let found = PriorShiftTest::test(&scores, trained).unwrap();
        let near = |name: &str, found: f64, expected: f64| {
            let most = 1e-9 * expected.abs().max(1.0);
            assert!((found - expected).abs() <= most, "{case}: {name} is {found:e}, expected {expected:e}");
        };
        near("the estimate", found.estimated, estimated);
        near("the estimate alone", estimate(&scores, trained.share().unwrap()), estimated);
        near("the common share", found.common, common);
        near("the statistic", found.statistic, statistic);
        // So many digits of a p-value are lost to the size of its statistic.
        let off = (found.p - p).abs() / (1.0 + statistic);
        assert!(off <= 1e-9 * p + f64::MIN_POSITIVE, "{case}: p is {:e}, expected {p:e}", found.p);
    }
}

/// What differs from scikit-learn's defaults; `tests/golden/make.py` has the same names.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Way {
    analyzer: Option<String>,
    ngrams: Option<[usize; 2]>,
    lowercase: Option<bool>,
    stop: Option<String>,
    min_df: Option<serde_json::Number>,
    max_df: Option<serde_json::Number>,
    max_features: Option<usize>,
    sublinear: bool,
    idf: Option<bool>,
    smooth: Option<bool>,
    norm: Option<String>,
    alpha: Option<f64>,
    bayes: Option<String>,
    prior: Option<f64>,
    c: Option<f64>,
    weighted: bool,
}

impl Way {
    fn recipe(&self) -> Recipe {
        let mut recipe = Preset::Classic.recipe();
        let kind = self.analyzer.as_deref().map(|name| name.parse().unwrap());
        recipe.analyzer.kind = kind.unwrap_or(recipe.analyzer.kind);
        if let Some(ngrams) = self.ngrams {
            recipe.analyzer.ngrams = ngrams.try_into().unwrap();
        }
        recipe.analyzer.lowercase = self.lowercase.unwrap_or(true);
        if self.stop.is_some() {
            recipe.analyzer.stop = StopWords::english();
        }
        let limit = |number: &serde_json::Number| number.to_string().parse().unwrap();
        recipe.selection.min_df = self.min_df.as_ref().map_or(recipe.selection.min_df, limit);
        recipe.selection.max_df = self.max_df.as_ref().map_or(recipe.selection.max_df, limit);
        recipe.selection.max_features = self.max_features;
        recipe.weighting.sublinear = self.sublinear;
        recipe.weighting.idf = self.idf.unwrap_or(true);
        recipe.weighting.smooth = self.smooth.unwrap_or(true);
        recipe.weighting.norm = match self.norm.as_deref() {
            Some("l1") => Norm::L1,
            Some("none") => Norm::None,
            _ => Norm::L2,
        };
        recipe.alpha = self.alpha.unwrap_or(1.0);
        if self.bayes.is_some() {
            recipe.learner = Learner::Complement;
        }
        recipe.prior = self.prior;
        if let Some(c) = self.c {
            (recipe.learner, recipe.c) = (Learner::Logistic, c);
        }
        recipe
    }

    /// How much a row counts.
    fn weight(&self, row: usize) -> f64 {
        if self.weighted { (7 * row % 5 + 1) as f64 / 2.0 } else { 1.0 }
    }
}

/// Asserts that the cases of a file learn what scikit-learn learns.
fn assert_learned(file: &str, fewest: usize, tolerance: f64) {
    #[derive(Deserialize)]
    struct Row {
        spam: bool,
        text: String,
    }
    #[derive(Deserialize)]
    struct Texts {
        name: String,
        rows: Vec<Row>,
        asked: Vec<String>,
    }
    #[derive(Deserialize)]
    struct Case {
        way: Way,
        set: String,
        terms: usize,
        probabilities: Vec<f64>,
    }
    let texts = cases::<Texts>("texts");
    let cases = cases::<Case>(file);
    assert!(texts.len() >= 5 && cases.len() >= fewest, "{}", cases.len());
    for Case { way, set, terms, probabilities } in cases {
        let Texts { rows, asked, .. } = texts.iter().find(|texts| texts.name == set).unwrap();
        let label = |row: &Row| if row.spam { Label::Positive } else { Label::Negative };
        let lesson = |(number, row): (usize, &Row)| TrainingRow {
            weight: way.weight(number),
            ..TrainingRow::new(&row.text, label(row))
        };
        let lessons: Vec<TrainingRow> = rows.iter().enumerate().map(lesson).collect();
        let means = ResourceLimits { threads: 2, memory: usize::MAX };
        let model = fit(&lessons, &way.recipe(), FitProvenance::default(), means).unwrap();
        assert_eq!(model.terms.len(), terms, "{way:?} on {set}");
        let all = rows.iter().map(|row| &row.text).chain(asked);
        assert_eq!(rows.len() + asked.len(), probabilities.len());
        for (text, expected) in all.zip(probabilities) {
            let found = model.score(text, &mut ScoringBuffers::default());
            assert!(
                (found - expected).abs() < tolerance,
                "{way:?} on {set}: {text:?} is {found:e}, expected {expected:e}"
            );
        }
    }
}

#[test]
fn learners_are_those_of_scikit_learn() {
    assert_learned("learners", 200, 1e-9);
}

#[test]
fn logistic_regression_is_that_of_scikit_learn() {
    assert_learned("logistic", 60, 1e-4);
}

/// Scores and labels, stored or by a seed.
#[derive(Debug, Deserialize)]
struct Rows {
    drawn: Option<Drawn>,
    #[serde(default)]
    scores: Vec<f64>,
    #[serde(default)]
    positive: Vec<bool>,
}

impl Rows {
    fn pairs(&self) -> Vec<(f64, bool)> {
        let stored = || self.scores.iter().copied().zip(self.positive.iter().copied()).collect();
        self.drawn.as_ref().map_or_else(stored, Drawn::pairs)
    }
}

#[test]
fn calibration_is_that_of_scikit_learn() {
    #[derive(Deserialize)]
    struct Case {
        #[serde(flatten)]
        rows: Rows,
        asked: Vec<f64>,
        sigmoid: Vec<f64>,
        isotonic: Vec<f64>,
    }
    let cases = cases::<Case>("calibration");
    assert!(cases.len() >= 20);
    for Case { rows, asked, sigmoid, isotonic } in cases {
        let odds: Vec<(f64, bool)> =
            rows.pairs().into_iter().map(|(score, positive)| (16.0 * (score - 0.5), positive)).collect();
        for (method, expected, tolerance) in
            [(CalibrationMethod::Sigmoid, sigmoid, 1e-6), (CalibrationMethod::Isotonic, isotonic, 1e-9)]
        {
            let calibration = Calibration::learn(method, &odds);
            assert!(calibration.is_sound(), "{calibration:?}");
            for (&odds, expected) in asked.iter().zip(expected) {
                let found = calibration.probability(odds);
                assert!(
                    (found - expected).abs() < tolerance,
                    "{method:?} on {rows:?}: {odds} is {found:e}, expected {expected:e}"
                );
            }
        }
    }
}

#[test]
fn no_threshold_does_better() {
    #[derive(Deserialize)]
    struct Case {
        #[serde(flatten)]
        rows: Rows,
        f1: (f64, f64),
        max_fpr: Vec<(f64, Option<f64>)>,
        min_recall: Vec<(f64, f64)>,
        cost: Vec<(f64, f64, f64)>,
    }
    let cases = cases::<Case>("thresholds");
    assert!(cases.len() >= 20);
    for Case { rows, f1, max_fpr, min_recall, cost } in cases {
        let pairs = rows.pairs();
        let reached = |goal: ThresholdGoal| {
            let threshold = choose(goal, &pairs);
            assert!((0.0..=1.0).contains(&threshold));
            let mut confusion = Confusion::default();
            for &(score, positive) in &pairs {
                let label = |positive| if positive { Label::Positive } else { Label::Negative };
                confusion.add(label(positive), label(score >= threshold));
            }
            confusion
        };
        let case = format!("{rows:?}");
        let best = reached(ThresholdGoal::BestF1);
        assert_agree(&case, &[("alarms", best.false_positive as f64, f1.0), ("F1", best.f1(), f1.1)]);
        for (limit, recall) in max_fpr {
            let found = reached(ThresholdGoal::MaxFpr(limit));
            match recall {
                Some(recall) => {
                    assert_agree(&format!("{case} {limit}"), &[("recall", found.recall(), recall)]);
                }
                // A negative row has the score 1, and is positive by any threshold: as few as can be are.
                None => assert_eq!(found, reached(ThresholdGoal::At(1.0)), "{case} {limit}"),
            }
            let rate = found.false_positive as f64 / (found.false_positive + found.true_negative) as f64;
            assert!(rate <= limit || recall.is_none(), "{case}: {rate} with {limit}");
        }
        for (limit, alarms) in min_recall {
            let found = reached(ThresholdGoal::MinRecall(limit));
            assert_agree(&format!("{case} {limit}"), &[("alarms", found.false_positive as f64, alarms)]);
            assert!(found.recall() >= limit, "{case}: {} with {limit}", found.recall());
        }
        for (alarm, miss, least) in cost {
            let found = reached(ThresholdGoal::Cost(alarm, miss));
            let cost = alarm * found.false_positive as f64 + miss * found.false_negative as f64;
            assert_agree(&format!("{case} {alarm} {miss}"), &[("cost", cost, least)]);
        }
    }
}

#[test]
fn kolmogorov_and_smirnov_are_those_of_scipy() {
    #[derive(Deserialize)]
    struct Case {
        one: Vec<u64>,
        other: Vec<u64>,
        distance: f64,
        p: f64,
    }
    let cases = cases::<Case>("kolmogorov");
    assert!(cases.len() >= 20);
    for Case { one, other, distance, p } in cases {
        let case = format!("{one:?} against {other:?}");
        let found = kolmogorov::distance(&one, &other).unwrap();
        let found_p = kolmogorov::p(found, one.iter().sum(), other.iter().sum());
        assert_agree(&case, &[("the distance", found, distance), ("p", found_p, p)]);
    }
}

#[test]
fn the_tail_of_kolmogorov_is_that_of_scipy() {
    #[derive(Deserialize)]
    struct Case {
        z: f64,
        p: f64,
    }
    let cases = cases::<Case>("kolmogorov_tails");
    assert!(cases.len() >= 20);
    for Case { z, p } in cases {
        assert_agree(&format!("{z}"), &[("the tail", kolmogorov::tail(z), p)]);
    }
}

#[test]
fn two_by_two_is_what_forty_digits_say() {
    #[derive(Deserialize)]
    struct Case {
        table: [[u64; 2]; 2],
        exact: f64,
        upper: f64,
        cohens_h: f64,
        log_odds: f64,
    }
    let cases = cases::<Case>("two_by_two");
    assert!(cases.len() >= 20);
    for Case { table, exact, upper, cohens_h, log_odds } in cases {
        let found = TwoByTwo(table);
        let numbers = [
            ("the exact p", found.exact(), exact),
            ("the upper p", found.upper(), upper),
            ("Cohen's h", found.cohens_h(), cohens_h),
            ("the log-odds ratio", found.log_odds(), log_odds),
        ];
        assert_agree(&format!("{table:?}"), &numbers);
    }
}

#[test]
fn welch_is_that_of_scipy() {
    #[derive(Deserialize)]
    struct Case {
        one: (u64, f64, f64),
        other: (u64, f64, f64),
        statistic: f64,
        freedom: f64,
        p: f64,
    }
    let cases = cases::<Case>("welch");
    assert!(cases.len() >= 20);
    for Case { one, other, statistic, freedom, p } in cases {
        let sample = |(n, mean, variance)| WelchSample { n, mean, variance };
        let found = welch::test(sample(one), sample(other)).unwrap();
        let numbers = [
            ("statistic", found.statistic, statistic),
            ("freedom", found.freedom, freedom),
            ("p", found.p, p),
        ];
        assert_agree(&format!("{one:?} against {other:?}"), &numbers);
    }
}

#[test]
fn corrections_are_those_of_statsmodels() {
    #[derive(Deserialize)]
    struct Case {
        p: Vec<f64>,
        holm: Vec<f64>,
        benjamini_hochberg: Vec<f64>,
    }
    let cases = cases::<Case>("corrections");
    assert!(cases.len() >= 20);
    for case in cases {
        for (name, found, expected) in [
            ("Holm", holm(&case.p), case.holm),
            ("Benjamini and Hochberg", benjamini_hochberg(&case.p), case.benjamini_hochberg),
        ] {
            assert_eq!(found.len(), expected.len());
            for (found, expected) in found.into_iter().zip(expected) {
                assert_agree(&format!("{:?}", case.p), &[(name, found, expected)]);
            }
        }
    }
}

#[test]
fn conformal_is_that_of_numpy() {
    #[derive(Debug, Deserialize)]
    struct Case {
        now: f64,
        past: Vec<f64>,
        p: f64,
    }
    let cases = cases::<Case>("conformal");
    assert!(cases.len() >= 20);
    for case in cases {
        let found = conformal::p(case.now, case.past.iter().copied());
        assert_agree(&format!("{case:?}"), &[("p", found, case.p)]);
    }
    let nothing =
        [conformal::p(f64::NAN, [0.0; 19]), conformal::p(1.0, [f64::NAN; 19]), conformal::p(1.0, [])];
    assert_agree("nothing to compare", &nothing.map(|p| ("p", p, 1.0)));
}

#[test]
fn what_a_test_could_have_seen_is_what_scipy_says() {
    #[derive(Debug, Deserialize)]
    struct Case {
        n: u64,
        m: u64,
        level: f64,
        power: f64,
        distance: Option<f64>,
        share: Option<f64>,
        mean: f64,
    }
    let cases = cases::<Case>("power");
    assert!(cases.len() >= 20);
    for case in cases {
        let (name, aim) = (format!("{case:?}"), PowerAim { level: case.level, power: case.power });
        assert_both(&name, "distance", power::distance(case.n, case.m, case.level), case.distance);
        assert_both(&name, "share", power::share(case.n, case.m, aim), case.share);
        let (one, other) = (
            WelchSample { n: case.n, mean: 1.0, variance: 4.0 },
            WelchSample { n: case.m, mean: 2.0, variance: 9.0 },
        );
        assert_both(&name, "mean", power::mean(one, other, aim), Some(case.mean));
    }
}

#[test]
fn expected_performance_is_that_of_nannyml() {
    #[derive(Deserialize)]
    struct Four<T> {
        accuracy: T,
        precision: T,
        recall: T,
        f1: T,
    }
    #[derive(Deserialize)]
    struct Case {
        #[serde(default)]
        scores: Vec<f64>,
        drawn: Option<Drawn>,
        threshold: f64,
        rows: usize,
        value: Four<Option<f64>>,
        error: Four<Option<f64>>,
        exact: Option<Four<f64>>,
    }
    let cases = cases::<Case>("expected");
    assert!(cases.len() >= 20);
    let mut compared = 0;
    for Case { scores, drawn, threshold, rows, value, error, exact } in cases {
        let case = format!("{scores:?} {drawn:?} from {threshold}");
        let scores =
            drawn.map_or(scores, |drawn| drawn.pairs().into_iter().map(|(score, _)| score).collect());
        assert_eq!(scores.len(), rows, "{case}");
        let mut sums = PerformanceSums::default();
        for &score in &scores {
            sums.add(score, if score >= threshold { Label::Positive } else { Label::Negative });
        }
        for (name, found, value, error) in [
            ("accuracy", sums.accuracy(), value.accuracy, error.accuracy),
            ("precision", sums.precision(), value.precision, error.precision),
            ("recall", sums.recall(), value.recall, error.recall),
            ("F1", sums.f1(), value.f1, error.f1),
        ] {
            assert_both(&case, name, found.map(|found| found.value), value);
            assert_both(&case, "its error", found.map(|found| found.error), error);
            if let Some(found) = found {
                let reach = 1.959_963_984_540_054 * found.error;
                let bounds = Interval((found.value - reach).max(0.0), (found.value + reach).min(1.0));
                assert_bounds(&case, name, Some(found.interval), Some(bounds));
            }
        }
        let Some(exact) = exact else { continue };
        // What is linear in the labels has its true error, and the others are by as much off as they are bent: from a
        // dozen rows on by less than a sixth. Those of more rows are drawn, and off by 1% themselves.
        let drawn = if rows > 16 { 0.02 } else { 1e-9 };
        let bent = if rows > 16 { 0.03 } else { 1.0 / 6.0 };
        for (name, found, exact, most) in [
            ("accuracy", sums.accuracy(), exact.accuracy, drawn),
            ("precision", sums.precision(), exact.precision, drawn),
            ("recall", sums.recall(), exact.recall, bent),
            ("F1", sums.f1(), exact.f1, bent),
        ] {
            let Some(found) = found.filter(|_| rows >= 12) else { continue };
            let off = (found.error - exact).abs();
            assert!(off <= most * exact, "{case}: the error of {name} is {}, truly {exact}", found.error);
            compared += 1;
        }
    }
    assert!(compared >= 50, "{compared}");
}

#[test]
fn mann_and_whitney_are_those_of_scipy() {
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

#[test]
fn divergences_are_what_forty_digits_say() {
    #[derive(Deserialize)]
    struct Three {
        stability_index: f64,
        jensen_shannon: f64,
        wasserstein: f64,
    }
    #[derive(Deserialize)]
    struct Case {
        one: Vec<u64>,
        other: Vec<u64>,
        value: Three,
        debiased: Three,
    }
    let cases = cases::<Case>("divergence");
    assert!(cases.len() >= 20);
    for Case { one, other, value, debiased } in cases {
        let case = format!("{one:?} against {other:?}");
        let positions: Vec<f64> = (0..one.len()).map(|bin| bin as f64 + (bin * bin) as f64 / 10.0).collect();
        let index = stability_index(&one, &other).unwrap();
        let distance = jensen_shannon(&one, &other).unwrap();
        let moved = wasserstein(&one, &other, &positions).unwrap();
        for (name, Divergence { value, debiased }, expected, left) in [
            ("PSI", index, value.stability_index, debiased.stability_index),
            ("Jensen-Shannon", distance, value.jensen_shannon, debiased.jensen_shannon),
            ("Wasserstein", moved, value.wasserstein, debiased.wasserstein),
        ] {
            assert_agree(&case, &[(name, value, expected), ("debiased", debiased, left)]);
        }
    }
}

#[test]
fn black_box_shares_are_what_forty_digits_say() {
    #[derive(Deserialize)]
    struct Case {
        taken: u64,
        rows: u64,
        reference: Confusion,
        share: Option<f64>,
        error: Option<f64>,
    }
    let cases = cases::<Case>("black_box");
    assert!(cases.len() >= 20);
    for Case { taken, rows, reference, share, error } in cases {
        let case = format!("{taken} of {rows} by {reference:?}");
        let found = label_shift::estimate(taken, rows, reference);
        assert_both(&case, "the share", found.map(|found| found.share), share);
        assert_both(&case, "its error", found.map(|found| found.error), error);
    }
}

#[test]
fn mid_p_is_that_of_statsmodels() {
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

#[test]
fn newcombe_is_that_of_statsmodels_and_of_the_paper() {
    #[derive(Deserialize)]
    struct Case {
        counts: [u64; 4],
        interval: Interval,
    }
    let cases_apart = cases::<Case>("newcombe");
    assert!(cases_apart.len() >= 20);
    for Case { counts, interval } in cases_apart {
        let [part, whole, other_part, other_whole] = counts;
        let found = newcombe(part, whole, other_part, other_whole);
        assert_bounds(&format!("{counts:?}"), "the difference", found, Some(interval));
    }
    let paired = cases::<Case>("newcombe_paired");
    assert!(paired.len() >= 20);
    for Case { counts, interval } in paired {
        // The paper has the first share less the second one.
        let [both, only_other, only_one, neither] = counts;
        let found = PairedCounts { both, only_one, only_other, neither }.newcombe();
        assert_bounds(&format!("{counts:?}"), "the paired difference", found, Some(interval));
    }
}

#[test]
fn paired_areas_are_those_of_every_pair() {
    #[derive(Deserialize)]
    struct Case {
        drawn: Drawn,
        other_seed: u64,
        grains: f64,
        champion: f64,
        challenger: f64,
        difference: f64,
        variance: f64,
        p: f64,
    }
    let cases = cases::<Case>("paired_areas");
    assert!(cases.len() >= 20);
    for case in cases {
        let name = format!("{:?} and {} by {}", case.drawn, case.other_seed, case.grains);
        let pairs = case.drawn.pairs();
        let others = Drawn { seed: case.other_seed, ..case.drawn }.pairs();
        let challenger = |(&(one, positive), (other, _)): (&(f64, bool), (f64, bool))| {
            let mean = f64::midpoint(one, other);
            let cut = (mean * case.grains).floor() / case.grains;
            scored(if case.grains > 0.0 { cut } else { mean }, positive)
        };
        let challenger: Vec<ScoredLabel> = pairs.iter().zip(others).map(challenger).collect();
        let champion: Vec<ScoredLabel> =
            pairs.iter().map(|&(score, positive)| scored(score, positive)).collect();
        let found = PairedAuc::compare(&champion, &challenger).unwrap();
        // numpy's difference of means has a speck where there is none.
        let near = |name: &str, found: f64, expected: f64| {
            assert!(
                (found - expected).abs() <= 1e-9 * expected.abs() + 1e-15,
                "{name}: {found:e}, expected {expected:e}"
            );
        };
        near(&format!("{name}: champion"), found.champion, case.champion);
        near(&format!("{name}: challenger"), found.challenger, case.challenger);
        near(&format!("{name}: difference"), found.difference, case.difference);
        near(&format!("{name}: variance"), found.variance, case.variance);
        near(&format!("{name}: p"), found.p.unwrap(), case.p);
        let reach = 1.959_963_984_540_054 * case.variance.sqrt();
        let interval = Interval((case.difference - reach).max(-1.0), (case.difference + reach).min(1.0));
        assert_bounds(&name, "the difference", Some(found.interval), Some(interval));
    }
}

#[test]
fn the_interval_of_cells_is_that_of_rows() {
    #[derive(Deserialize)]
    struct Case {
        cells: [u64; 8],
        interval: Interval,
        error: f64,
    }
    let cases = cases::<Case>("bootstrap");
    assert!(cases.len() >= 20);
    for Case { cells, interval, error } in cases {
        let paired = |rows: &[u64]| PairedCounts {
            both: rows[0],
            only_one: rows[1],
            only_other: rows[2],
            neither: rows[3],
        };
        let eight = PairedConfusion { positive: paired(&cells[..4]), negative: paired(&cells[4..]) };
        let found = bootstrap::f1_difference(&eight, 10_000, 1).unwrap();
        // A percentile of so many draws is off by 2.7 standard deviations over their root, .033 for both; four times
        // that. What takes few values may miss by one of them, which is by less than one over the rows involved.
        let involved: u64 = cells[..7].iter().sum();
        let most = if error > 0.0 { 0.13 * error + 0.5 / involved as f64 } else { 0.0 };
        let Interval(low, high) = found.interval;
        assert!((low - interval.0).abs() <= most, "{cells:?}: from {low}, expected {}", interval.0);
        assert!((high - interval.1).abs() <= most, "{cells:?}: to {high}, expected {}", interval.1);
        assert!((found.error - error).abs() <= 0.05 * error, "{cells:?}: {} is not {error}", found.error);
    }
}

#[test]
fn evidence_is_what_forty_digits_say() {
    #[derive(Deserialize)]
    struct Case {
        wins: u64,
        losses: u64,
        ln_evidence: f64,
    }
    let cases = cases::<Case>("sequential");
    assert!(cases.len() >= 20);
    for Case { wins, losses, ln_evidence: expected } in cases {
        // It is a logarithm: nine digits after the point are nine digits of the evidence.
        let found = ln_evidence(wins, losses);
        assert!(
            (found - expected).abs() <= 1e-9 * expected.abs().max(1.0),
            "{wins} to {losses}: {found} {expected}"
        );
    }
}

#[test]
fn paired_power_is_that_of_scipy() {
    #[derive(Debug, Deserialize)]
    struct Case {
        rows: u64,
        share: f64,
        level: f64,
        power: f64,
        difference: Option<f64>,
    }
    let cases = cases::<Case>("paired_power");
    assert!(cases.len() >= 20);
    for case in cases {
        let aim = PowerAim { level: case.level, power: case.power };
        let found = power::paired(case.rows, case.share, aim);
        assert_both(&format!("{case:?}"), "the difference", found, case.difference);
    }
}
