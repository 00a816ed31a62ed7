//! How far off an answer may be: log-normal, 90 %.

use serde::{Deserialize, Serialize};

use crate::units::Footprint;

/// Grams of CO2e between which the truth lies nine times out of ten.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    pub low: Footprint,
    pub high: Footprint,
}

/// One reason why the answer may be off.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Contribution {
    pub name: String,
    /// Standard deviation of the logarithm.
    pub sigma: f64,
    pub basis: String,
}

/// 5 % of a normal distribution lie beyond this many standard deviations.
const Z_90: f64 = 1.645;

impl Interval {
    /// `value` times and divided by `exp(1.645 sigma)`.
    pub fn around(value: Footprint, sigma: f64) -> Self {
        let factor = (Z_90 * sigma).exp();
        Self { low: Footprint(value.0 / factor), high: Footprint(value.0 * factor) }
    }

    pub fn contains(self, value: Footprint) -> bool {
        self.low <= value && value <= self.high
    }
}

/// The sigma of a product of independent factors, in whatever order.
pub(crate) fn of_independent(deviations: impl Iterator<Item = f64>) -> f64 {
    deviations.map(|deviation| deviation.powi(2)).sum::<f64>().sqrt()
}

/// The sigma of a sum of independent terms, each a median and its sigma (Fenton-Wilkinson).
pub(crate) fn of_sum(terms: &[(Footprint, f64)]) -> f64 {
    let mean = |(median, sigma): &(Footprint, f64)| median.0 * (sigma.powi(2) / 2.0).exp();
    let total: f64 = terms.iter().map(mean).sum();
    if total <= 0.0 {
        return 0.0;
    }
    // Shares, not grams, are squared: grams of an extreme input would leave the range of f64.
    let variance: f64 =
        terms.iter().map(|term| (mean(term) / total).powi(2) * (term.1.powi(2).exp() - 1.0)).sum();
    (1.0 + variance).ln().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_single_term_keeps_its_sigma_and_a_second_one_of_the_same_kind_narrows_it() {
        assert!((of_sum(&[(Footprint(7.0), 0.45)]) - 0.45).abs() < 1e-12);
        assert!((of_sum(&[(Footprint(7.0), 0.45), (Footprint(0.0), 0.3)]) - 0.45).abs() < 1e-12);
        assert!(of_sum(&[(Footprint(7.0), 0.45), (Footprint(7.0), 0.45)]) < 0.34);
        assert_eq!(of_sum(&[(Footprint(0.0), 0.45)]).to_bits(), 0.0_f64.to_bits());
    }

    #[test]
    fn ninety_percent_of_a_sigma_of_032_is_times_and_divided_by_17() {
        let interval = Interval::around(Footprint(100.0), 0.32);
        assert!((interval.high.0 - 169.3).abs() < 0.1 && (interval.low.0 - 59.1).abs() < 0.1);
    }
}
