//! Chooses the threshold from out-of-fold scores.

/// The goal that a threshold must reach.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ThresholdGoal {
    /// A given threshold.
    At(f64),
    /// The best F1 within noise: the fewest false positives among thresholds with an F1 less than half a standard error
    /// below the best.
    BestF1,
    /// The highest recall with at most this false positive rate.
    MaxFpr(f64),
    /// The fewest false positives with at least this recall.
    MinRecall(f64),
    /// The lowest cost, given the cost of a false positive and of a false negative.
    Cost(f64, f64),
}

impl ThresholdGoal {
    /// The goal as options of `fit`.
    pub fn options(self) -> Vec<(&'static str, String)> {
        match self {
            Self::At(threshold) => vec![("threshold", threshold.to_string())],
            Self::BestF1 => vec![("maximize", "f1".into())],
            Self::MaxFpr(share) => vec![("max-fpr", share.to_string())],
            Self::MinRecall(share) => vec![("min-recall", share.to_string())],
            Self::Cost(false_positive_cost, miss_cost) => {
                vec![("cost-fp", false_positive_cost.to_string()), ("cost-fn", miss_cost.to_string())]
            }
        }
    }
}

/// The best threshold, halfway between two scores. Among equally good thresholds, the nearest to 0.5 is chosen. The
/// threshold is 0.5 without scores, and 1 if the goal cannot be reached.
pub fn choose(goal: ThresholdGoal, scores: &[(f64, bool)]) -> f64 {
    if let ThresholdGoal::At(threshold) = goal {
        return threshold;
    }
    let mut ranked = scores.to_vec();
    ranked.sort_unstable_by(|one, other| other.0.total_cmp(&one.0));
    let positives = ranked.iter().filter(|(_, positive)| *positive).count() as f64;
    let negatives = ranked.len() as f64 - positives;
    let least = if goal == ThresholdGoal::BestF1 { best_f1(&ranked, positives) } else { 0.0 };
    let (mut true_positives, mut false_positives) = (0.0, 0.0);
    let mut best: Option<(f64, f64)> = None;
    // Candidates: one above every score, if possible, then one below each score.
    let above = ranked.first().filter(|(most, _)| *most < 1.0).map(|_| (1.0, 0.0, 0.0)).into_iter();
    let below = ranked.iter().enumerate().filter_map(|(place, &(score, positive))| {
        if positive {
            true_positives += 1.0;
        } else {
            false_positives += 1.0;
        }
        let next = ranked.get(place + 1).map_or(0.0, |(next, _)| *next);
        // Between two adjacent floats there is no midpoint, so use the score.
        let middle = Some(f64::midpoint(score, next)).filter(|middle| *middle > next).unwrap_or(score);
        (next < score || place + 1 == ranked.len()).then_some((middle, true_positives, false_positives))
    });
    for (threshold, true_positives, false_positives) in above.chain(below) {
        let gain = match goal {
            ThresholdGoal::At(_) => 0.0,
            ThresholdGoal::BestF1 if f1(true_positives, false_positives, positives) >= least => {
                true_positives - (positives + 1.0) * false_positives
            }
            // Compares shares as they are reported: 29/100 is 0.29, but 0.29 * 100 is slightly less than 29.
            ThresholdGoal::MaxFpr(limit) if false_positives / negatives.max(1.0) <= limit => true_positives,
            ThresholdGoal::MinRecall(limit) if true_positives / positives.max(1.0) >= limit => {
                -false_positives
            }
            ThresholdGoal::BestF1 | ThresholdGoal::MaxFpr(_) | ThresholdGoal::MinRecall(_) => continue,
            ThresholdGoal::Cost(false_positive_cost, miss_cost) => {
                -(false_positive_cost * false_positives + miss_cost * (positives - true_positives))
            }
        };
        let nearer = |best: f64| (threshold - 0.5).abs() < (best - 0.5).abs();
        if best.is_none_or(|(most, at)| gain > most || (gain >= most && nearer(at))) {
            best = Some((gain, threshold));
        }
    }
    match best {
        Some((_, threshold)) => threshold,
        None if ranked.is_empty() => 0.5,
        // Rows with a score of 1 are positive with any threshold.
        None => 1.0,
    }
}

fn f1(true_positives: f64, false_positives: f64, positives: f64) -> f64 {
    2.0 * true_positives / (true_positives + false_positives + positives).max(1.0)
}

/// The best F1 on ranked scores minus half its standard error. The standard error comes from Jaccard's index, which is
/// a proportion, by the delta method.
fn best_f1(ranked: &[(f64, bool)], positives: f64) -> f64 {
    let (mut true_positives, mut false_positives, mut best) = (0.0, 0.0, (0.0, 0.0));
    for (place, &(score, positive)) in ranked.iter().enumerate() {
        if positive {
            true_positives += 1.0;
        } else {
            false_positives += 1.0;
        }
        let ties = ranked.get(place + 1).is_some_and(|(next, _)| *next >= score);
        let f1 = f1(true_positives, false_positives, positives);
        if !ties && f1 > best.0 {
            best = (f1, false_positives + positives);
        }
    }
    let (f1, touched) = best;
    let jaccard = f1 / (2.0 - f1);
    let error = 2.0 / (1.0 + jaccard).powi(2) * (jaccard * (1.0 - jaccard) / touched.max(1.0)).sqrt();
    f1 - error / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chooses_the_threshold_of_each_goal() {
        let scores = [(0.9, true), (0.8, true), (0.7, false), (0.6, true), (0.3, false), (0.1, false)];
        let near = |goal, expected: f64| (choose(goal, &scores) - expected).abs() < 1e-9;
        assert!(near(ThresholdGoal::At(0.2), 0.2));
        // Threshold 0.45 has F1 0.86. Threshold 0.75 has F1 0.8 and no false positive. On six rows, the difference is
        // noise.
        assert!(near(ThresholdGoal::BestF1, 0.75));
        let many: Vec<(f64, bool)> = scores.iter().cycle().take(6000).copied().collect();
        assert!((choose(ThresholdGoal::BestF1, &many) - 0.45).abs() < 1e-9);
        assert!(near(ThresholdGoal::MaxFpr(0.0), 0.75));
        assert!(near(ThresholdGoal::MaxFpr(0.34), 0.45));
        assert!(near(ThresholdGoal::MinRecall(0.6), 0.75));
        assert!(near(ThresholdGoal::MinRecall(1.0), 0.45));
        assert!(near(ThresholdGoal::Cost(10.0, 1.0), 0.75));
        assert!(near(ThresholdGoal::Cost(1.0, 10.0), 0.45));
        assert!(choose(ThresholdGoal::BestF1, &[]).eq(&0.5));
        assert!(choose(ThresholdGoal::MaxFpr(0.0), &[(1.0, false)]).eq(&1.0));
    }
}
