//! Energy counters as `CodeCarbon` reads them: differences with one wrap, and no counter twice.

use crate::units::KilowattHours;

/// Its rounded factor, 8e-7 above 1/3.6e6.
const KWH_PER_JOULE: f64 = 2.777_78e-7;
const JOULES_PER_MICROJOULE: f64 = 1e-6;
/// Two counters that are this close are two views of the same hardware.
const SAME_SHARE: f64 = 1e-6;
/// One joule: what a package may use up between two reads.
const SAME_MICROJOULES: f64 = 1e6;

/// A counter in microjoules that starts again at zero.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Counter {
    /// `None` if it could not be read.
    last: Option<f64>,
    /// The value above which it starts again; 0 if unknown.
    range: f64,
}

impl Counter {
    pub fn new(first_microjoules: Option<f64>, range_microjoules: f64) -> Self {
        Self { last: first_microjoules, range: range_microjoules }
    }

    /// Energy since the last reading. Nothing where either could not be read, or where no single wrap explains the fall.
    pub fn advance(&mut self, microjoules: Option<f64>) -> KilowattHours {
        let before = std::mem::replace(&mut self.last, microjoules);
        let (Some(before), Some(now)) = (before, microjoules) else { return KilowattHours(0.0) };
        let now = if before > now { now + self.range } else { now };
        kilowatt_hours((now - before).max(0.0))
    }
}

fn kilowatt_hours(microjoules: f64) -> KilowattHours {
    KilowattHours(microjoules * JOULES_PER_MICROJOULE * KWH_PER_JOULE)
}

/// The places of the counters that count something of their own; dies of one socket may repeat the socket's counter.
pub fn distinct_counters(microjoules: &[f64]) -> Vec<usize> {
    let mut kept: Vec<usize> = Vec::new();
    for (place, value) in microjoules.iter().enumerate() {
        let same = |other: &usize| {
            let other = microjoules[*other];
            other > 0.0
                && (value - other).abs() <= (SAME_SHARE * value.max(other)).max(SAME_MICROJOULES)
        };
        // A counter at zero tells nothing, and repeats nothing.
        if *value <= 0.0 || !kept.iter().any(same) {
            kept.push(place);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_that_starts_again_is_followed_once() {
        let mut counter = Counter::new(Some(9_000_000.0), 10_000_000.0);
        assert_eq!(counter.advance(Some(1_000_000.0)), kilowatt_hours(2_000_000.0));
        assert_eq!(counter.advance(Some(4_000_000.0)), kilowatt_hours(3_000_000.0));
        assert_eq!(counter.advance(None), KilowattHours(0.0));
        assert_eq!(counter.advance(Some(5_000_000.0)), KilowattHours(0.0));
        assert_eq!(counter.advance(Some(6_000_000.0)), kilowatt_hours(1_000_000.0));
    }

    #[test]
    fn a_fall_without_a_range_counts_nothing() {
        let mut counter = Counter::new(Some(9.0), 0.0);
        assert_eq!(counter.advance(Some(1.0)), KilowattHours(0.0));
        assert_eq!(counter.advance(Some(2.0)), kilowatt_hours(1.0));
    }

    #[test]
    fn dies_that_repeat_the_counter_of_their_socket_count_once() {
        assert_eq!(distinct_counters(&[5e9, 5e9 + 4e3, 5e9 - 4e3, 7e9]), [0, 3]);
        assert_eq!(distinct_counters(&[0.0, 0.0, 3.0]), [0, 1, 2]);
        assert_eq!(distinct_counters(&[]), [0_usize; 0]);
    }
}
