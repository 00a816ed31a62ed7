//! How far an estimate would move with other samples of the same kind.

use super::normal_quantile;
use super::order::mean;

const RESAMPLES: usize = 10_000;
const LEVEL: f64 = 0.95;

/// The 95 % interval of an estimate, and how widely it scatters.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
    pub standard_error: f64,
}

/// The percentile bootstrap with 10 000 resamples (Efron, 1979). The seed is fixed, so the same values give the same interval.
pub fn bootstrap(values: &[f64], estimate: impl Fn(&mut [f64]) -> f64) -> Interval {
    if values.is_empty() {
        return Interval { low: f64::NAN, high: f64::NAN, standard_error: f64::NAN };
    }
    let mut random = fastrand::Rng::with_seed(0);
    let mut resample = vec![0.0; values.len()];
    let mut estimates: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            for value in &mut resample {
                *value = values[random.usize(..values.len())];
            }
            estimate(&mut resample)
        })
        .collect();
    estimates.sort_by(f64::total_cmp);
    let at = |share: f64| estimates[((RESAMPLES - 1) as f64 * share).round() as usize];
    let outside = (1.0 - LEVEL) / 2.0;
    let (low, high) = (at(outside), at(1.0 - outside));
    let center = mean(&estimates);
    let spread = estimates.iter().map(|value| (value - center).powi(2)).sum::<f64>();
    let standard_error = (spread / (RESAMPLES - 1) as f64).sqrt();
    // With few samples the quantiles know the tails better than the spread does; the larger one is the safe one.
    let from_interval = (high - low) / (2.0 * normal_quantile(1.0 - outside));
    Interval { low, high, standard_error: standard_error.max(from_interval) }
}

#[cfg(test)]
mod tests {
    use super::super::order::median_of;
    use super::*;

    #[test]
    fn the_interval_of_a_mean_is_as_wide_as_theory_says() {
        let mut random = fastrand::Rng::with_seed(7);
        let values: Vec<f64> = (0..400).map(|_| random.f64()).collect();
        let interval = bootstrap(&values, |values| mean(values));
        // A uniform value scatters by sqrt(1/12), the mean of 400 by a twentieth of it.
        assert!((interval.standard_error - 0.014_43).abs() < 0.001, "{interval:?}");
        assert!(interval.low < 0.5 && 0.5 < interval.high, "{interval:?}");
    }

    #[test]
    fn the_same_values_give_the_same_interval() {
        let values: Vec<f64> = (0..30).map(f64::from).collect();
        assert_eq!(bootstrap(&values, median_of), bootstrap(&values, median_of));
    }
}
