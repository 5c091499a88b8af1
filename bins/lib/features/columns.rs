//! Turns feature columns into terms: keeps text values, and puts numbers into bins by quantile.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Number of bins for a column of numbers.
const BINS: usize = 10;

/// Maximum number of rows used to compute the quantiles.
pub const QUANTILE_ROWS: usize = 1 << 16;

/// The feature columns of a model, in the order of their cells.
#[derive(Clone, Debug, Default, PartialEq, JsonSchema, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FeatureColumns(pub Vec<FeatureColumn>);

/// A feature column, and how its cells become terms.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeatureColumn {
    /// Name of the column.
    pub name: String,
    /// Edges between the bins of numbers, ascending. Empty if values are used unchanged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub edges: Vec<f64>,
}

impl FeatureColumn {
    /// Learns from the cells of some rows. The column is numeric if every non-empty cell is a number and there are more
    /// distinct numbers than bins.
    pub fn learn<'a>(name: &str, cells: impl Iterator<Item = &'a str>) -> Self {
        let name = name.to_owned();
        let mut numbers = Vec::new();
        for cell in cells.map(str::trim).filter(|cell| !cell.is_empty()) {
            match cell.parse::<f64>() {
                Ok(number) if number.is_finite() => numbers.push(number),
                _ => return Self { name, edges: Vec::new() },
            }
        }
        numbers.sort_unstable_by(f64::total_cmp);
        let distinct = 1 + numbers.windows(2).filter(|pair| pair[0] < pair[1]).count();
        if distinct <= BINS {
            return Self { name, edges: Vec::new() };
        }
        let mut edges: Vec<f64> = (1..BINS).map(|bin| numbers[bin * numbers.len() / BINS]).collect();
        edges.dedup();
        Self { name, edges }
    }

    /// Writes the term for a cell: its value, its bin, or `is empty`.
    fn write(&self, cell: &str, shape: &mut String) {
        use std::fmt::Write;
        let cell = cell.trim();
        shape.clear();
        // Writing to a string cannot fail.
        let _ = match cell.parse::<f64>() {
            _ if cell.is_empty() => write!(shape, "{} is empty", self.name),
            Ok(number) if !self.edges.is_empty() && !number.is_nan() => {
                let bin = self.edges.partition_point(|edge| *edge <= number);
                write!(shape, "{} in bin {bin}", self.name)
            }
            _ => write!(shape, "{} = {cell}", self.name),
        };
    }
}

impl FeatureColumns {
    /// Calls `each` with the term for every cell.
    pub fn each(&self, cells: &[String], each: &mut impl FnMut(&str)) {
        let mut shape = String::new();
        for (column, cell) in self.0.iter().zip(cells) {
            column.write(cell, &mut shape);
            each(&shape);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|column| column.name.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn puts_numbers_into_bins_and_keeps_other_values() {
        let numbers: Vec<String> = (0..100).map(|n| n.to_string()).collect();
        let column = FeatureColumn::learn("hour", numbers.iter().map(String::as_str));
        assert_eq!(column.edges, [10., 20., 30., 40., 50., 60., 70., 80., 90.]);
        let columns = FeatureColumns(vec![column, FeatureColumn::learn("from", ["x.test", "7"].into_iter())]);
        let shapes = |cells: [&str; 2]| {
            let mut shapes = Vec::new();
            columns.each(&cells.map(str::to_owned), &mut |shape| shapes.push(shape.to_owned()));
            shapes
        };
        assert_eq!(shapes(["10", "x.test"]), ["hour in bin 1", "from = x.test"]);
        assert_eq!(shapes(["-5", ""]), ["hour in bin 0", "from is empty"]);
        assert_eq!(shapes(["noon", "7"]), ["hour = noon", "from = 7"]);
        assert_eq!(shapes(["nan", "inf"]), ["hour = nan", "from = inf"]);
        assert!(FeatureColumn::learn("few", ["1", "2", "3"].into_iter()).edges.is_empty());
    }
}
