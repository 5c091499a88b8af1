//! Writes the points of the ROC and the precision-recall curve as CSV.

use std::io::Write;

use anyhow::{Context, Result};

use crate::io::stream::Place;
use crate::rows::CellValue;
use crate::stats::ranking::Ranking;

/// Writes the points from the highest threshold down. A rate is empty if its class has no rows.
pub fn write(place: &Place, ranking: &Ranking) -> Result<()> {
    let cell = |rate: Option<f64>| rate.map_or_else(String::new, |rate| CellValue::Number(rate).cell());
    let mut output = place.writer()?;
    let mut write = |line: String| writeln!(output, "{line}").with_context(|| place.to_string());
    write("threshold,false_positive_rate,true_positive_rate,precision".into())?;
    for point in ranking.points() {
        let rates = [point.false_positive_rate, point.true_positive_rate, Some(point.precision)];
        let [false_positive, true_positive, precision] = rates.map(cell);
        let threshold = cell(Some(point.threshold));
        write(format!("{threshold},{false_positive},{true_positive},{precision}"))?;
    }
    output.finish()
}
