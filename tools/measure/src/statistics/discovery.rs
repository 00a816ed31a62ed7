//! Many tests at once.

/// Benjamini and Hochberg's adjusted p-values, in the order given: one below q is found where at most a share q of all that is
/// found is false (Journal of the Royal Statistical Society B 57, 1995).
pub fn benjamini_hochberg(p_values: &[f64]) -> Vec<f64> {
    let mut by_size: Vec<usize> = (0..p_values.len()).collect();
    by_size.sort_by(|&one, &other| p_values[other].total_cmp(&p_values[one]));
    let count = p_values.len() as f64;
    let mut adjusted = vec![1.0; p_values.len()];
    let mut smallest = 1.0_f64;
    for (larger, index) in by_size.into_iter().enumerate() {
        let rank = count - larger as f64;
        smallest = smallest.min(p_values[index] * count / rank);
        adjusted[index] = smallest;
    }
    adjusted
}
