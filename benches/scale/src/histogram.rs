//! Durations as counts in buckets that are 1 % wide, so that billions of them take a few kilobytes.

/// Bounds of the first bucket, s.
const FIRST: f64 = 0.001;
const WIDTH: f64 = 1.01;

#[derive(Debug, Clone, Default)]
pub struct Histogram {
    counts: Vec<u64>,
    total: u64,
    sum: f64,
    max: f64,
}

impl Histogram {
    pub fn add(&mut self, seconds: f64) {
        let bucket = if seconds <= FIRST {
            0
        } else {
            ((seconds / FIRST).ln() / WIDTH.ln()).ceil() as usize
        };
        if self.counts.len() <= bucket {
            self.counts.resize(bucket + 1, 0);
        }
        self.counts[bucket] += 1;
        self.total += 1;
        self.sum += seconds;
        self.max = self.max.max(seconds);
    }

    /// The upper bound of the bucket that holds this share of all.
    pub fn quantile(&self, share: f64) -> f64 {
        let rank = (self.total as f64 * share).ceil().max(1.0) as u64;
        let mut seen = 0;
        for (bucket, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= rank {
                return (FIRST * WIDTH.powf(bucket as f64)).min(self.max);
            }
        }
        0.0
    }

    pub fn mean(&self) -> f64 {
        if self.total == 0 { 0.0 } else { self.sum / self.total as f64 }
    }

    pub fn max(&self) -> f64 {
        self.max
    }

    pub fn count(&self) -> u64 {
        self.total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_right_to_a_hundredth() {
        let mut histogram = Histogram::default();
        (1..=10_000).for_each(|value| histogram.add(f64::from(value) / 10.0));
        for (share, exact) in [(0.5, 500.0), (0.95, 950.0), (0.99, 990.0)] {
            let found = histogram.quantile(share);
            assert!((found / exact - 1.0).abs() < 0.011, "{share}: {found}");
        }
        assert_eq!((histogram.count(), histogram.max().to_string().as_str()), (10_000, "1000"));
        assert!((histogram.mean() - 500.05).abs() < 1e-6);
    }

    #[test]
    fn nothing_has_no_quantile() {
        assert!(Histogram::default().quantile(0.5).abs() < f64::EPSILON);
    }
}
