//! Fits a linear function of several columns by ridge regression (Hoerl & Kennard 1970).

/// Slope of each column in the linear fit of `values`. Each column has one number per value. The penalty, as a share of
/// each column's sum of squares, divides the effect of columns that agree among them.
pub fn slopes(columns: &[Vec<f64>], values: &[f64], penalty: f64) -> Vec<f64> {
    let values = centred(values);
    let columns: Vec<Vec<f64>> = columns.iter().map(|column| centred(column)).collect();
    let product =
        |one: &[f64], other: &[f64]| one.iter().zip(other).map(|(one, other)| one * other).sum::<f64>();
    // A constant column explains nothing: any diagonal above 0 gives the slope 0.
    let normal = |row: usize, column: usize| {
        let sum = product(&columns[row], &columns[column]);
        if row == column { (sum * (1.0 + penalty)).max(f64::MIN_POSITIVE) } else { sum }
    };
    let matrix = (0..columns.len()).map(|row| (0..=row).map(|column| normal(row, column)).collect());
    let right = columns.iter().map(|column| product(column, &values)).collect();
    solution(matrix.collect(), right)
}

fn centred(values: &[f64]) -> Vec<f64> {
    let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
    values.iter().map(|value| value - mean).collect()
}

/// Solves a positive definite system by Cholesky factorisation. `matrix` holds its lower triangle.
fn solution(mut matrix: Vec<Vec<f64>>, mut right: Vec<f64>) -> Vec<f64> {
    for row in 0..right.len() {
        for column in 0..=row {
            let sum: f64 = (0..column).map(|k| matrix[row][k] * matrix[column][k]).sum();
            let left = matrix[row][column] - sum;
            matrix[row][column] = if row == column {
                left.max(f64::MIN_POSITIVE).sqrt()
            } else {
                left / matrix[column][column]
            };
        }
        let sum: f64 = (0..row).map(|k| matrix[row][k] * right[k]).sum();
        right[row] = (right[row] - sum) / matrix[row][row];
    }
    for row in (0..right.len()).rev() {
        let sum: f64 = (row + 1..right.len()).map(|k| matrix[k][row] * right[k]).sum();
        right[row] = (right[row] - sum) / matrix[row][row];
    }
    right
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_penalty_it_is_least_squares() {
        let columns = [vec![0.0, 1.0, 0.0, 1.0, 1.0], vec![2.0, 3.0, 5.0, 7.0, 11.0]];
        let values = [0.0, 0.5, 0.25, 0.75, 1.0];
        let exact = slopes(&columns, &values, 0.0);
        let residual = |row: usize| values[row] - exact[0] * columns[0][row] - exact[1] * columns[1][row];
        // The residuals of least squares are orthogonal to every column.
        let mean = (0..5).map(residual).sum::<f64>() / 5.0;
        for column in &columns {
            assert!((0..5).map(|row| column[row] * (residual(row) - mean)).sum::<f64>().abs() < 1e-12);
        }
    }

    #[test]
    fn equal_columns_share_their_effect_and_a_constant_column_has_none() {
        let column = vec![0.0, 1.0, 0.0, 1.0];
        let found = slopes(&[column.clone(), column.clone(), vec![1.0; 4]], &column, 0.01);
        assert!((found[0] - found[1]).abs() < 1e-12 && (found[0] - 0.5).abs() < 0.01, "{found:?}");
        assert!(found[2].abs() < 1e-12);
        assert!(slopes(&[], &[], 0.01).is_empty());
    }
}
