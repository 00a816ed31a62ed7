//! From pairs to a verdict.
//!
//! A change is found when all of three say so: Wilcoxon's signed-rank test over the course of looks and all benchmarks
//! (Benjamini-Hochberg), the bootstrap interval of the median log-ratio, which must not hold zero, and the size, which must
//! exceed what such data can show at all and the threshold below which a change counts as none.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::energy::Estimate;
use crate::metric::{Metric, Sample};
use crate::statistics::{bootstrap, mean, median, signed_rank};

/// Standard errors between nothing and a change that a 5 % test finds in 80 of 100 cases: 1.960 + 0.842.
pub(crate) const DETECTABLE: f64 = 2.802;

/// What is said about a benchmark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Improved,
    Regressed,
    /// Whatever changed is below the noise floor.
    NoChangeDetectable,
}

/// Two runs, one after the other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Pair {
    pub base_first: bool,
    pub base: Sample,
    pub head: Sample,
}

impl Pair {
    /// Above zero where head takes more; none where a side has no value, or the value nothing.
    pub(crate) fn log_ratio(&self, metric: Metric) -> Option<f64> {
        let (base, head) = (self.base.get(metric)?, self.head.get(metric)?);
        (base > 0.0 && head > 0.0).then(|| (head / base).ln())
    }
}

/// What log-ratios say.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Assessment {
    pairs: usize,
    median: f64,
    mean: f64,
    low: f64,
    high: f64,
    standard_error: f64,
    pub p_value: f64,
}

impl Assessment {
    pub fn new(log_ratios: &[f64]) -> Self {
        let interval = bootstrap(log_ratios, crate::statistics::median_of);
        Self {
            pairs: log_ratios.len(),
            median: median(log_ratios),
            mean: mean(log_ratios),
            low: interval.low,
            high: interval.high,
            standard_error: interval.standard_error,
            p_value: signed_rank(log_ratios),
        }
    }

    /// Of the median of one pair; that of n pairs is the root of n times smaller.
    pub(crate) fn scatter(&self) -> f64 {
        self.standard_error * (self.pairs as f64).sqrt()
    }

    /// The change, as a share, that such data would show in 80 of 100 cases.
    pub fn detectable(&self) -> f64 {
        (DETECTABLE * self.standard_error).exp_m1()
    }

    /// Whether interval and size agree that there is a change.
    pub fn is_change(&self, threshold: f64) -> bool {
        let above_noise = self.median.abs() > self.detectable().max(threshold).ln_1p();
        (self.low > 0.0 || self.high < 0.0) && above_noise
    }

    /// `p_value` is what is left of the data's own after all looks and all benchmarks.
    pub fn verdict(&self, p_value: f64, threshold: f64) -> Verdict {
        if p_value > crate::plan::ERROR_RATE || !self.is_change(threshold) {
            Verdict::NoChangeDetectable
        } else if self.median < 0.0 {
            Verdict::Improved
        } else {
            Verdict::Regressed
        }
    }
}

/// Base and head in one quantity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Comparison {
    pub metric: Metric,
    /// Pairs that have a value on both sides.
    pub pairs: usize,
    pub base_median: f64,
    pub head_median: f64,
    /// Of head against base, as a share: the median over pairs with its 95 % bootstrap interval. 0.1 is 10 % more.
    pub change: Estimate,
    /// The same by the mean over pairs, which a single disturbed run can move.
    pub mean_change: f64,
    /// Wilcoxon's signed-rank test of these pairs alone.
    pub p_value: f64,
    /// The change, as a share, that such data would show in 80 of 100 cases.
    pub minimum_detectable: f64,
    /// A smaller change than this share is not told from none.
    pub noise_floor: f64,
}

/// With five pairs even five equal signs come too often by chance: in 1 of 16 cases.
const FEWEST: usize = 6;

impl Comparison {
    /// `None` where too few pairs have a value.
    pub fn new(metric: Metric, pairs: &[Pair], threshold: f64) -> Option<Self> {
        let log_ratios: Vec<f64> = pairs.iter().filter_map(|pair| pair.log_ratio(metric)).collect();
        if log_ratios.len() < FEWEST {
            return None;
        }
        let found = Assessment::new(&log_ratios);
        let values = |side: fn(&Pair) -> &Sample| {
            median(&pairs.iter().filter_map(|pair| side(pair).get(metric)).collect::<Vec<_>>())
        };
        Some(Self {
            metric,
            pairs: log_ratios.len(),
            base_median: values(|pair| &pair.base),
            head_median: values(|pair| &pair.head),
            change: Estimate {
                value: found.median.exp_m1(),
                low: found.low.exp_m1(),
                high: found.high.exp_m1(),
            },
            mean_change: found.mean.exp_m1(),
            p_value: found.p_value,
            minimum_detectable: found.detectable(),
            noise_floor: found.detectable().max(threshold),
        })
    }
}
