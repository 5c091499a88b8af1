//! Compares the terms of two models.

use std::cmp::Ordering;

use crate::model::model_file::Model;

/// The differences between the terms of two models.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ModelChange<'a> {
    /// Number of terms that only the second model has.
    pub gained: u64,
    /// Number of terms that only the first model has.
    pub lost: u64,
    /// Number of terms that both models have.
    pub kept: u64,
    /// Terms whose contribution to scores changed, the largest change first.
    pub moved: Vec<TermChange<'a>>,
}

/// A term whose weight changed.
#[derive(Clone, Debug, PartialEq)]
pub struct TermChange<'a> {
    /// The term as spelled in the model file.
    pub term: &'a str,
    /// Number of texts and weight in the first model; `None` if that model does not have the term.
    pub before: Option<(u32, f64)>,
    /// Number of texts and weight in the second model; `None` if that model does not have the term.
    pub after: Option<(u32, f64)>,
    /// Change of the weight × the mean share of texts with the term in both models. The weight of a rare term
    /// matters little, because it changes few scores.
    pub by: f64,
}

impl<'a> ModelChange<'a> {
    /// Compares the terms of two models, and keeps at most `most` changes, the largest first.
    pub fn between(one: &'a Model, other: &'a Model, most: usize) -> Self {
        let mut change = Self::default();
        let (mut before, mut after) = (one.terms.iter().peekable(), other.terms.iter().peekable());
        loop {
            let order = match (before.peek(), after.peek()) {
                (None, None) => break,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some((term, ..)), Some((same, ..))) => term.cmp(same),
            };
            let old = if order.is_le() { before.next() } else { None };
            let new = if order.is_ge() { after.next() } else { None };
            match order {
                Ordering::Less => change.lost += 1,
                Ordering::Equal => change.kept += 1,
                Ordering::Greater => change.gained += 1,
            }
            let Some((term, ..)) = old.or(new) else { break };
            let [old, new] = [old, new].map(|found| found.map(|(_, texts, weight)| (texts, weight)));
            let share = |found: Option<(u32, f64)>, texts: u64| {
                found.map_or(0.0, |(found, _)| f64::from(found) / texts.max(1) as f64)
            };
            let weight = |found: Option<(u32, f64)>| found.map_or(0.0, |(_, weight)| weight);
            let share = f64::midpoint(share(old, one.texts), share(new, other.texts));
            let by = (weight(new) - weight(old)) * share;
            if by != 0.0 {
                change.moved.push(TermChange { term, before: old, after: new, by });
            }
        }
        let further = |one: &TermChange, other: &TermChange| {
            other.by.abs().total_cmp(&one.by.abs()).then(one.term.cmp(other.term))
        };
        if change.moved.len() > most && most > 0 {
            change.moved.select_nth_unstable_by(most - 1, further);
        }
        change.moved.truncate(most);
        change.moved.sort_unstable_by(further);
        change
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::Analyzer;
    use crate::features::columns::FeatureColumns;
    use crate::features::row::FeatureSpec;

    fn model(texts: u64, terms: &[(&str, u32, f64)]) -> Model {
        let features =
            FeatureSpec { text: true, analyzer: Analyzer::default(), columns: FeatureColumns::default() };
        let mut model = Model::empty("fit", features);
        model.texts = texts;
        for &(term, found, weight) in terms {
            model.terms.push(term, found, weight);
        }
        model
    }

    #[test]
    fn a_frequent_term_changes_scores_more_than_a_rare_one() {
        let one = model(100, &[("a", 50, 1.0), ("b", 1, 1.0), ("c", 10, 1.0), ("e", 9, 2.0)]);
        let other = model(200, &[("a", 100, 1.5), ("b", 2, 9.0), ("d", 40, -4.0), ("e", 10, 2.0)]);
        let change = ModelChange::between(&one, &other, 3);
        assert_eq!((change.gained, change.lost, change.kept), (1, 1, 3));
        let moved: Vec<(&str, f64)> = change.moved.iter().map(|moved| (moved.term, moved.by)).collect();
        // Change of weight times mean share of texts. a: 0.5 × 0.5. d: -4 × 0.1. b: 8 × 0.01. c: -1 × 0.05.
        assert_eq!(moved, [("d", -0.4), ("a", 0.25), ("b", 0.08)]);
        assert_eq!(ModelChange::between(&one, &one, 3).moved, []);
        assert_eq!(ModelChange::between(&one, &other, 0).moved, []);
    }
}
