//! Logistic regression with an L2 penalty: Newton's method with conjugate gradients (Lin, Weng & Keerthi 2008).

use sprs::CsMatI;

use crate::data::label::Label;
use crate::learn::bayes::Line;

/// Rows of weights, row by row.
pub type Rows = CsMatI<f64, u32, usize>;

/// Steps of Newton's method at most; half a dozen are usual.
const STEPS: usize = 100;

/// The gradient is this much smaller in the end.
const TOLERANCE: f64 = 1e-6;

/// The line with the least ½|w|² + C Σ weight · ln(1 + exp(-z)); the bias is not held down, as in scikit-learn.
pub fn fit(rows: &Rows, labels: &[(Label, f64)], c: f64) -> Line {
    let signs: Vec<f64> =
        labels.iter().map(|(label, _)| if *label == Label::Positive { 1.0 } else { -1.0 }).collect();
    let costs: Vec<f64> = labels.iter().map(|(_, weight)| c * weight).collect();
    let terms = rows.cols();
    // The bias is the last weight.
    let mut line = vec![0.0; terms + 1];
    let mut scores = vec![0.0; rows.rows()];
    let mut loss = total_loss(&line, &scores, &signs, &costs);
    let mut first = None;
    for _ in 0..STEPS {
        let chances: Vec<f64> =
            scores.iter().zip(&signs).map(|(score, sign)| 1.0 / (1.0 + (score * sign).exp())).collect();
        let pulls: Vec<f64> = chances
            .iter()
            .zip(&signs)
            .zip(&costs)
            .map(|((chance, sign), cost)| -cost * sign * chance)
            .collect();
        let mut gradient = transposed(rows, &pulls);
        add(&mut gradient[..terms], 1.0, &line[..terms]);
        let size = dot(&gradient, &gradient).sqrt();
        let first = *first.get_or_insert(size.max(f64::MIN_POSITIVE));
        if size <= TOLERANCE * first {
            break;
        }
        let curves: Vec<f64> =
            chances.iter().zip(&costs).map(|(chance, cost)| cost * chance * (1.0 - chance)).collect();
        let step = solve(rows, &curves, &gradient, 0.1f64.min((size / first).sqrt()));
        // Half the step until the loss falls: on the last bits it may not.
        let moved = product(rows, &step);
        let slope = dot(&gradient, &step);
        let mut share = 1.0;
        let found = loop {
            let mut next = line.clone();
            add(&mut next, share, &step);
            let mut next_scores = scores.clone();
            add(&mut next_scores, share, &moved);
            let next_loss = total_loss(&next, &next_scores, &signs, &costs);
            if next_loss <= loss + 1e-4 * share * slope {
                (line, scores, loss) = (next, next_scores, next_loss);
                break true;
            }
            share /= 2.0;
            if share < 1e-6 {
                break false;
            }
        };
        if !found {
            break;
        }
    }
    let bias = line.pop().unwrap_or_default();
    Line { bias, weights: line }
}

fn total_loss(line: &[f64], scores: &[f64], signs: &[f64], costs: &[f64]) -> f64 {
    let weights = &line[..line.len() - 1];
    let losses = scores.iter().zip(signs).zip(costs).map(|((score, sign), cost)| {
        let z = score * sign;
        // ln(1 + exp(-z)) without overflow.
        cost * (if z > 0.0 { (-z).exp().ln_1p() } else { z.exp().ln_1p() - z })
    });
    dot(weights, weights) / 2.0 + losses.sum::<f64>()
}

/// The step s with H s = -gradient, by conjugate gradients (Hestenes & Stiefel 1952), as exactly as it pays.
fn solve(rows: &Rows, curves: &[f64], gradient: &[f64], exactness: f64) -> Vec<f64> {
    let mut step = vec![0.0; gradient.len()];
    let mut rest: Vec<f64> = gradient.iter().map(|slope| -slope).collect();
    let mut direction = rest.clone();
    let mut size = dot(&rest, &rest);
    let enough = exactness * exactness * size;
    for _ in 0..200 {
        let mut bent = product(rows, &direction);
        bent.iter_mut().zip(curves).for_each(|(value, curve)| *value *= curve);
        let mut image = transposed(rows, &bent);
        let terms = image.len() - 1;
        add(&mut image[..terms], 1.0, &direction[..terms]);
        let curvature = dot(&direction, &image);
        if curvature <= 0.0 {
            break;
        }
        let length = size / curvature;
        add(&mut step, length, &direction);
        add(&mut rest, -length, &image);
        let next = dot(&rest, &rest);
        if next <= enough {
            break;
        }
        let keep = next / size;
        size = next;
        direction.iter_mut().zip(&rest).for_each(|(value, rest)| *value = rest + keep * *value);
    }
    step
}

/// The score of each row.
fn product(rows: &Rows, line: &[f64]) -> Vec<f64> {
    let bias = line[line.len() - 1];
    rows.outer_iterator()
        .map(|row| bias + row.iter().map(|(term, value)| value * line[term]).sum::<f64>())
        .collect()
}

/// What each term gets where each row has so much to give.
fn transposed(rows: &Rows, given: &[f64]) -> Vec<f64> {
    let mut sums = vec![0.0; rows.cols() + 1];
    for (row, given) in rows.outer_iterator().zip(given) {
        for (term, value) in row.iter() {
            sums[term] += value * given;
        }
    }
    sums[rows.cols()] = given.iter().sum();
    sums
}

fn dot(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(a, b)| a * b).sum()
}

fn add(sum: &mut [f64], share: f64, other: &[f64]) {
    sum.iter_mut().zip(other).for_each(|(value, other)| *value += share * other);
}
