//! Wilcoxon's signed-rank test: whether paired differences lie around zero.

use super::normal::normal_cdf;

/// Up to here all patterns of signs are counted; beyond, the sum is as good as normal.
const MOST_EXACT: usize = 50;

/// The two-sided p-value. Differences of zero say nothing and are left out; equal sizes share their ranks. Without any
/// difference it is 1.
pub fn signed_rank(differences: &[f64]) -> f64 {
    let mut differences: Vec<f64> =
        differences.iter().copied().filter(|value| value.is_finite() && *value != 0.0).collect();
    differences.sort_by(|one, other| one.abs().total_cmp(&other.abs()));
    if differences.is_empty() {
        return 1.0;
    }
    let (doubled_ranks, ties) = doubled_ranks(&differences);
    let positive: usize = differences
        .iter()
        .zip(&doubled_ranks)
        .filter(|(value, _)| **value > 0.0)
        .map(|(_, rank)| rank)
        .sum();
    if differences.len() <= MOST_EXACT {
        exact(&doubled_ranks, positive)
    } else {
        approximate(differences.len(), positive as f64 / 2.0, ties)
    }
}

/// Twice the rank of each, so that shared ranks are whole numbers, and the sum of t³ - t over groups of t equals.
fn doubled_ranks(sorted: &[f64]) -> (Vec<usize>, f64) {
    let mut ranks = Vec::with_capacity(sorted.len());
    let mut ties = 0.0;
    for equals in sorted.chunk_by(|one, other| one.abs().total_cmp(&other.abs()).is_eq()) {
        let (first, last) = (ranks.len() + 1, ranks.len() + equals.len());
        ranks.extend(equals.iter().map(|_| first + last));
        let count = equals.len() as f64;
        ties += count.powi(3) - count;
    }
    (ranks, ties)
}

/// The share of all patterns of signs whose sum of positive ranks is as far out, on both sides.
fn exact(doubled_ranks: &[usize], positive: usize) -> f64 {
    let most: usize = doubled_ranks.iter().sum();
    let mut chance = vec![0.0; most + 1];
    chance[0] = 1.0;
    for &rank in doubled_ranks {
        for sum in (0..=most).rev() {
            let with = if sum >= rank { chance[sum - rank] } else { 0.0 };
            chance[sum] = 0.5 * (chance[sum] + with);
        }
    }
    let below: f64 = chance[..=positive].iter().sum();
    let above: f64 = chance[positive..].iter().sum();
    (2.0 * below.min(above)).min(1.0)
}

fn approximate(count: usize, positive: f64, ties: f64) -> f64 {
    let count = count as f64;
    let expected = count * (count + 1.0) / 4.0;
    let variance = count * (count + 1.0) * (2.0 * count + 1.0) / 24.0 - ties / 48.0;
    if variance <= 0.0 {
        return 1.0;
    }
    let z = (positive - expected) / variance.sqrt();
    (2.0 * normal_cdf(-z.abs())).min(1.0)
}
