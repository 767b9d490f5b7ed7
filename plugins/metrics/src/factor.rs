//! Triangular factors of covariances, and the trace of the square root of a product of two covariances.

/// A covariance C = RᵀR.
#[derive(Debug, Clone)]
pub(crate) struct Factor {
    /// Rows of R, each of length `dim`.
    rows: Vec<Vec<f64>>,
}

impl Factor {
    /// Cholesky factor with pivots (Higham 2002, section 10.3) of a symmetric matrix `[dim, dim]` without negative
    /// eigenvalues, with as many rows as the matrix has rank.
    pub(crate) fn of(mut matrix: Vec<f64>, dim: usize) -> Self {
        let diagonal = |matrix: &[f64], i: usize| matrix[i * dim + i];
        let largest = |matrix: &[f64]| (0..dim).max_by(|i, j| diagonal(matrix, *i).total_cmp(&diagonal(matrix, *j)));
        let negligible = largest(&matrix).map_or(0.0, |i| diagonal(&matrix, i) * dim as f64 * f64::EPSILON);
        let mut rows = Vec::new();
        while rows.len() < dim {
            let Some(pivot) = largest(&matrix).filter(|i| diagonal(&matrix, *i) > negligible) else {
                break;
            };
            let root = diagonal(&matrix, pivot).sqrt();
            let row: Vec<f64> = matrix[pivot * dim..][..dim].iter().map(|value| value / root).collect();
            for (line, of_line) in matrix.chunks_mut(dim).zip(&row) {
                line.iter_mut().zip(&row).for_each(|(entry, value)| *entry -= of_line * value);
            }
            // Exactly nothing is left of the pivot; rounding says otherwise.
            (0..dim).for_each(|i| (matrix[pivot * dim + i], matrix[i * dim + pivot]) = (0.0, 0.0));
            rows.push(row);
        }
        Self { rows }
    }

    /// Of RᵀR for the rows of R.
    pub(crate) fn of_rows(rows: Vec<Vec<f64>>) -> Self {
        Self { rows }
    }

    /// tr (C₁C₂)^½.
    ///
    /// With C = RᵀR this is the sum of the singular values of R₁R₂ᵀ (Uhlmann's fidelity). The usual way takes square
    /// roots of the eigenvalues of a product and so loses half of the digits on singular covariances; this loses none.
    pub(crate) fn overlap(&self, other: &Self) -> f64 {
        let product = |row: &Vec<f64>| other.rows.iter().map(|other| dot(row, other)).collect();
        singular_values(self.rows.iter().map(product).collect()).iter().sum()
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Singular values of a matrix given by rows, in no order: turns pairs of rows until all are orthogonal (Hestenes 1958);
/// their lengths are the singular values.
fn singular_values(mut rows: Vec<Vec<f64>>) -> Vec<f64> {
    // Convergence is quadratic: ten sweeps are plenty, the bound is for values that are not finite.
    for _ in 0..40 {
        let mut turned = false;
        for i in 1..rows.len() {
            let (before, rest) = rows.split_at_mut(i);
            for row in before {
                turned |= orthogonalise(row, &mut rest[0]);
            }
        }
        if !turned {
            break;
        }
    }
    rows.iter().map(|row| dot(row, row).sqrt()).collect()
}

/// Turns two rows in their plane until they are orthogonal; whether they were not so already.
fn orthogonalise(a: &mut [f64], b: &mut [f64]) -> bool {
    let [mut aa, mut bb, mut ab] = [0.0; 3];
    for (x, y) in a.iter().zip(b.iter()) {
        aa += x * x;
        bb += y * y;
        ab += x * y;
    }
    if ab == 0.0 || ab.abs() <= 1e-13 * (aa * bb).sqrt() {
        return false;
    }
    let slope = (bb - aa) / (2.0 * ab);
    let tangent = slope.signum() / (slope.abs() + (1.0 + slope * slope).sqrt());
    let cosine = 1.0 / (1.0 + tangent * tangent).sqrt();
    let sine = cosine * tangent;
    for (x, y) in a.iter_mut().zip(b) {
        (*x, *y) = (cosine * *x - sine * *y, sine * *x + cosine * *y);
    }
    true
}

#[cfg(test)]
mod tests {
    use equigen_core::{Seed, seed};
    use proptest::prelude::*;

    use super::*;

    fn product(factor: &Factor, dim: usize) -> Vec<f64> {
        let entry = |i: usize, j: usize| factor.rows.iter().map(|row| row[i] * row[j]).sum();
        (0..dim * dim).map(|k| entry(k / dim, k % dim)).collect()
    }

    /// AᵀA of a random A `[rank, dim]`.
    fn covariance(rank: usize, dim: usize, seed: u64) -> Vec<f64> {
        let values = seed::normal(&mut Seed::new(seed).stream(0), rank * dim);
        let rows = values.chunks(dim).map(|row| row.iter().map(|value| f64::from(*value)).collect());
        product(&Factor { rows: rows.collect() }, dim)
    }

    proptest! {
        #[test]
        fn the_factor_gives_the_matrix_back_and_its_rank(rank in 1usize..12, dim in 1usize..12, seed: u64) {
            let matrix = covariance(rank, dim, seed);
            let factor = Factor::of(matrix.clone(), dim);
            prop_assert_eq!(factor.rows.len(), rank.min(dim));
            for (a, b) in product(&factor, dim).iter().zip(&matrix) {
                prop_assert!((a - b).abs() < 1e-10);
            }
        }

        #[test]
        fn a_covariance_overlaps_itself_by_its_trace(rank in 1usize..12, dim in 1usize..12, seed: u64) {
            let matrix = covariance(rank, dim, seed);
            let trace: f64 = matrix.iter().step_by(dim + 1).sum();
            let factor = Factor::of(matrix, dim);
            prop_assert!((factor.overlap(&factor) - trace).abs() < 1e-10 * trace);
        }

        #[test]
        fn two_by_two_has_a_closed_form(seed: u64) {
            // tr (AB)^½ = sqrt(tr AB + 2 sqrt(det A det B)).
            let (a, b) = (covariance(3, 2, seed), covariance(3, 2, seed ^ 1));
            let determinant = |m: &[f64]| m[0] * m[3] - m[1] * m[2];
            let trace = a[0] * b[0] + a[1] * b[2] + a[2] * b[1] + a[3] * b[3];
            let expected = (trace + 2.0 * (determinant(&a) * determinant(&b)).sqrt()).sqrt();
            let (a, b) = (Factor::of(a, 2), Factor::of(b, 2));
            prop_assert!((a.overlap(&b) - expected).abs() < 1e-9);
            prop_assert!((b.overlap(&a) - expected).abs() < 1e-9);
        }
    }

    #[test]
    fn nothing_varies() {
        let factor = Factor::of(vec![0.0; 9], 3);
        assert!(factor.rows.is_empty());
        assert_eq!(factor.overlap(&Factor::of(covariance(3, 3, 1), 3)), 0.0);
    }
}
