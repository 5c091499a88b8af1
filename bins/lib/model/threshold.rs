//! Chooses the threshold, the probability from which a row is positive, on out-of-fold scores.

/// What the threshold must achieve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ThresholdGoal {
    /// This threshold.
    At(f64),
    /// The best F1 within noise: among thresholds less than half a standard error below the best F1, the one with the fewest
    /// false alarms.
    BestF1,
    /// The highest recall with at most this false positive rate.
    MaxFpr(f64),
    /// The fewest false alarms with at least this recall.
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
            Self::Cost(alarm, miss) => vec![("cost-fp", alarm.to_string()), ("cost-fn", miss.to_string())],
        }
    }
}

/// The best threshold, half way between two scores; among equals the one nearest to .5. It is .5 if there are no scores, and
/// 1 if the goal cannot be reached.
pub fn choose(goal: ThresholdGoal, scores: &[(f64, bool)]) -> f64 {
    if let ThresholdGoal::At(threshold) = goal {
        return threshold;
    }
    let mut ranked = scores.to_vec();
    ranked.sort_unstable_by(|one, other| other.0.total_cmp(&one.0));
    let positives = ranked.iter().filter(|(_, positive)| *positive).count() as f64;
    let negatives = ranked.len() as f64 - positives;
    let least = if goal == ThresholdGoal::BestF1 { best_f1(&ranked, positives) } else { 0.0 };
    let (mut found, mut alarms) = (0.0, 0.0);
    let mut best: Option<(f64, f64)> = None;
    // First above every score, if there is room, then below one score after the other.
    let above = ranked.first().filter(|(most, _)| *most < 1.0).map(|_| (1.0, 0.0, 0.0)).into_iter();
    let below = ranked.iter().enumerate().filter_map(|(place, &(score, positive))| {
        if positive {
            found += 1.0;
        } else {
            alarms += 1.0;
        }
        let next = ranked.get(place + 1).map_or(0.0, |(next, _)| *next);
        // No number lies between two neighbouring floats: then the midpoint is one of them.
        let middle = Some(f64::midpoint(score, next)).filter(|middle| *middle > next).unwrap_or(score);
        (next < score || place + 1 == ranked.len()).then_some((middle, found, alarms))
    });
    for (threshold, found, alarms) in above.chain(below) {
        let gain = match goal {
            ThresholdGoal::At(_) => 0.0,
            ThresholdGoal::BestF1 if f1(found, alarms, positives) >= least => {
                found - (positives + 1.0) * alarms
            }
            // Compare shares as they are reported: 29/100 is .29, but .29 * 100 is slightly less than 29.
            ThresholdGoal::MaxFpr(limit) if alarms / negatives.max(1.0) <= limit => found,
            ThresholdGoal::MinRecall(limit) if found / positives.max(1.0) >= limit => -alarms,
            ThresholdGoal::BestF1 | ThresholdGoal::MaxFpr(_) | ThresholdGoal::MinRecall(_) => continue,
            ThresholdGoal::Cost(alarm, miss) => -(alarm * alarms + miss * (positives - found)),
        };
        let nearer = |best: f64| (threshold - 0.5).abs() < (best - 0.5).abs();
        if best.is_none_or(|(most, at)| gain > most || (gain >= most && nearer(at))) {
            best = Some((gain, threshold));
        }
    }
    match best {
        Some((_, threshold)) => threshold,
        None if ranked.is_empty() => 0.5,
        // Rows with a score of 1 are positive whatever the goal.
        None => 1.0,
    }
}

fn f1(found: f64, alarms: f64, positives: f64) -> f64 {
    2.0 * found / (found + alarms + positives).max(1.0)
}

/// The best F1 on ranked scores minus half its standard error, which comes from that of Jaccard's index, a share, by the
/// delta method.
fn best_f1(ranked: &[(f64, bool)], positives: f64) -> f64 {
    let (mut found, mut alarms, mut best) = (0.0, 0.0, (0.0, 0.0));
    for (place, &(score, positive)) in ranked.iter().enumerate() {
        if positive {
            found += 1.0;
        } else {
            alarms += 1.0;
        }
        let ties = ranked.get(place + 1).is_some_and(|(next, _)| *next >= score);
        let f1 = f1(found, alarms, positives);
        if !ties && f1 > best.0 {
            best = (f1, alarms + positives);
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
    fn each_goal_has_its_threshold() {
        let scores = [(0.9, true), (0.8, true), (0.7, false), (0.6, true), (0.3, false), (0.1, false)];
        let near = |goal, wanted: f64| (choose(goal, &scores) - wanted).abs() < 1e-9;
        assert!(near(ThresholdGoal::At(0.2), 0.2));
        // .45 has F1 .86, .75 has .8 and no false alarm: on six rows that is no difference.
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
