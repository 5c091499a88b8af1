//! Fits logistic regression with an L2 penalty by Newton's method with conjugate gradients (Lin, Weng & Keerthi 2008).

use sprs::CsMatI;

use crate::model::bayes::LinearScore;
use crate::model::threads;
use crate::rows::label::Label;

/// A sparse matrix of term weights, one row for each text.
pub type WeightRows = CsMatI<f32, u32, usize>;

/// Maximum number of steps of Newton's method; about six are usual.
const STEPS: usize = 100;

/// The search ends when the norm of the gradient is below this fraction of its first value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tolerance(pub f64);

/// Number of parts into which the rows are divided. It is fixed, so that sums do not depend on the number of threads.
const PARTS: usize = 8;

/// Minimum number of entries for using several threads.
const MIN_PARALLEL: usize = 1 << 19;

/// The rows in parts, and the number of threads that work on them.
struct WeightMatrix<'a> {
    parts: Vec<sprs::CsMatViewI<'a, f32, u32, usize>>,
    rows: usize,
    terms: usize,
    threads: usize,
}

impl<'a> WeightMatrix<'a> {
    fn new(rows: &'a WeightRows, threads: usize) -> Self {
        let edge = |part: usize| part * rows.rows() / PARTS;
        Self {
            parts: (0..PARTS).map(|part| rows.slice_outer(edge(part)..edge(part + 1))).collect(),
            rows: rows.rows(),
            terms: rows.cols(),
            threads: if rows.nnz() < MIN_PARALLEL { 1 } else { threads },
        }
    }

    /// The score of each row.
    fn product(&self, line: &[f64]) -> Vec<f64> {
        let mut scores = vec![line[self.terms]; self.rows];
        let mut rest = &mut scores[..];
        let mut work: Vec<_> =
            self.parts.iter().map(|part| (part, rest.split_off_mut(..part.rows()))).collect();
        threads::each(&mut work, self.threads, |(part, scores)| {
            for (row, score) in
                part.outer_iterator().zip(scores.iter_mut().flat_map(|scores| scores.iter_mut()))
            {
                *score += row.iter().map(|(term, value)| f64::from(*value) * line[term]).sum::<f64>();
            }
        });
        scores
    }

    /// Multiplies the transposed matrix by one value per row. The last entry is the sum of the values, for the bias.
    fn transposed(&self, row_values: &[f64]) -> Vec<f64> {
        let mut start = 0;
        let mut work: Vec<_> = self
            .parts
            .iter()
            .map(|part| {
                let rows = &row_values[start..start + part.rows()];
                start += part.rows();
                (part, rows, Vec::new())
            })
            .collect();
        threads::each(&mut work, self.threads, |(part, row_values, sums)| {
            *sums = vec![0.0; self.terms];
            for (row, row_value) in part.outer_iterator().zip(row_values.iter()) {
                for (term, value) in row.iter() {
                    sums[term] += f64::from(*value) * row_value;
                }
            }
        });
        let mut sums = vec![0.0; self.terms];
        for (_, _, part) in &work {
            add(&mut sums, 1.0, part);
        }
        sums.push(row_values.iter().sum());
        sums
    }
}

/// Minimises ½|w|² + C Σ weight · ln(1 + exp(-z)), where z is the score, negated for negative rows. The bias is not
/// penalised, as in scikit-learn.
pub fn fit(
    rows: &WeightRows,
    labels: &[(Label, f64)],
    c: f64,
    tolerance: Tolerance,
    threads: usize,
) -> LinearScore {
    let rows = &WeightMatrix::new(rows, threads);
    let signs: Vec<f64> =
        labels.iter().map(|(label, _)| if *label == Label::Positive { 1.0 } else { -1.0 }).collect();
    let costs: Vec<f64> = labels.iter().map(|(_, weight)| c * weight).collect();
    let terms = rows.terms;
    // The bias is the last weight.
    let mut line = vec![0.0; terms + 1];
    let mut scores = vec![0.0; rows.rows];
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
        let mut gradient = rows.transposed(&pulls);
        add(&mut gradient[..terms], 1.0, &line[..terms]);
        let size = dot(&gradient, &gradient).sqrt();
        let first = *first.get_or_insert(size.max(f64::MIN_POSITIVE));
        if size <= tolerance.0 * first {
            break;
        }
        let curves: Vec<f64> =
            chances.iter().zip(&costs).map(|(chance, cost)| cost * chance * (1.0 - chance)).collect();
        let step = solve(rows, &curves, &gradient, 0.1f64.min((size / first).sqrt()));
        // Halve the step until the loss falls. Near the minimum, rounding can hide a fall.
        let moved = rows.product(&step);
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
    LinearScore { bias, weights: line }
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

/// Solves H s = -gradient by conjugate gradients (Hestenes & Stiefel 1952), until the residual is below `exactness`.
fn solve(rows: &WeightMatrix, curves: &[f64], gradient: &[f64], exactness: f64) -> Vec<f64> {
    let mut step = vec![0.0; gradient.len()];
    let mut rest: Vec<f64> = gradient.iter().map(|slope| -slope).collect();
    let mut direction = rest.clone();
    let mut size = dot(&rest, &rest);
    let enough = exactness * exactness * size;
    for _ in 0..200 {
        let mut scaled = rows.product(&direction);
        scaled.iter_mut().zip(curves).for_each(|(value, curve)| *value *= curve);
        let mut image = rows.transposed(&scaled);
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

fn dot(one: &[f64], other: &[f64]) -> f64 {
    one.iter().zip(other).map(|(a, b)| a * b).sum()
}

fn add(sum: &mut [f64], share: f64, other: &[f64]) {
    sum.iter_mut().zip(other).for_each(|(value, other)| *value += share * other);
}
