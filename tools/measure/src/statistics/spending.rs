//! How much of the error rate each look at unfinished data may use.

use super::normal::{normal_cdf, normal_quantile};

/// The error rate, spent look by look.
///
/// The function of Lan and `DeMets`, of O'Brien and Fleming's type: 2 - 2 Φ(z(1-α/2) / √t) with t the share of the planned pairs (Biometrika
/// 70, 1983), says how much may be spent in all up to a look. A look is tested at what it adds. So the chances of a false
/// result, summed over the looks, stay within α whatever the looks have in common; exact boundaries would assume that sums of
/// samples are normal, for a power that differs by very little.
#[derive(Debug, Clone)]
pub(crate) struct Spending {
    /// The share of the planned pairs at each look so far, never falling.
    looks: Vec<f64>,
}

impl Spending {
    pub(crate) const fn new() -> Self {
        Self { looks: Vec::new() }
    }

    /// A look at this share of the planned pairs; 1 at the last, whatever the number of pairs.
    pub(crate) fn look(&mut self, share: f64) {
        let before = self.looks.last().copied().unwrap_or_default();
        self.looks.push(share.clamp(before, 1.0));
    }

    /// What the latest look may use of `alpha`.
    pub(crate) fn added(&self, alpha: f64) -> f64 {
        let mut latest = self.looks.iter().rev();
        let now = latest.next().copied().unwrap_or_default();
        let before = latest.next().copied().unwrap_or_default();
        spent(alpha, now) - spent(alpha, before)
    }

    /// The smallest error rate at which the latest look, with this p-value, would be a result; 1 where that is more than a
    /// quarter, beyond which a look's part no longer grows with the whole.
    pub(crate) fn overall(&self, p_value: f64) -> f64 {
        if self.looks.len() < 2 && self.looks.first().is_some_and(|share| *share >= 1.0) {
            return p_value;
        }
        let (mut low, mut high) = (0.0, 0.25);
        if self.added(high) < p_value {
            return 1.0;
        }
        for _ in 0..60 {
            let middle = f64::midpoint(low, high);
            if self.added(middle) < p_value {
                low = middle;
            } else {
                high = middle;
            }
        }
        high
    }
}

fn spent(alpha: f64, share: f64) -> f64 {
    match share {
        none if none <= 0.0 => 0.0,
        all if all >= 1.0 => alpha,
        _ => 2.0 * normal_cdf(-normal_quantile(1.0 - alpha / 2.0) / share.sqrt()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_looks_together_spend_the_error_rate_and_the_last_has_most_of_it() {
        let mut spending = Spending::new();
        let mut sum = 0.0;
        let mut added = Vec::new();
        for share in [0.25, 0.5, 0.75, 1.0] {
            spending.look(share);
            sum += spending.added(0.05);
            added.push(format!("{:.5}", spending.added(0.05)));
        }
        assert!((sum - 0.05).abs() < 1e-12);
        // By SciPy 1.17.1: 2 * norm.sf(norm.ppf(0.975) / t ** 0.5), and the differences.
        assert_eq!(added, ["0.00009", "0.00549", "0.01805", "0.02637"]);
    }

    #[test]
    fn a_plan_that_grows_takes_nothing_back_and_spends_nothing() {
        let mut spending = Spending::new();
        spending.look(0.8);
        spending.look(0.6);
        assert!(spending.added(0.05).abs() < f64::EPSILON);
    }

    #[test]
    fn one_single_look_is_the_plain_test() {
        let mut spending = Spending::new();
        spending.look(1.0);
        assert!((spending.overall(0.03) - 0.03).abs() < 1e-9);
        let mut early = Spending::new();
        early.look(0.3);
        assert!(early.overall(0.03) > 0.1);
    }
}
