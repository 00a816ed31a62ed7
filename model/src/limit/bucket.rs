//! A token bucket: so much at once, so much a second.

use std::time::Duration;

use tokio::time::Instant;

/// No bucket lets anybody wait longer; a quota that needs more is never met.
const LONGEST_WAIT: Duration = Duration::from_hours(24);

/// What may be taken now. What was taken in advance is settled later, so the level may fall below nothing.
#[derive(Debug, Clone)]
pub(super) struct Bucket {
    capacity: f64,
    per_second: f64,
    level: f64,
    filled: Instant,
}

impl Bucket {
    /// A full one.
    pub(super) fn new(capacity: f64, per_second: f64, now: Instant) -> Self {
        Self { capacity, per_second, level: capacity, filled: now }
    }

    /// The service refills a quota by the minute; this spreads it over the seconds of that minute.
    pub(super) fn per_minute(amount: u64, now: Instant) -> Self {
        Self::new(amount as f64, amount as f64 / 60.0, now)
    }

    /// One second's worth may come at once, and one request always.
    pub(super) fn requests_per_second(rate: f64, now: Instant) -> Self {
        Self::new(rate.max(1.0), rate, now)
    }

    /// `None`: now. Who wants more than the bucket holds waits until it is full, and takes the rest on credit: the
    /// amount is an estimate, and the service has the last word.
    pub(super) fn ready_at(&mut self, amount: f64, now: Instant) -> Option<Instant> {
        self.fill(now);
        let missing = amount.min(self.capacity) - self.level;
        // A billionth of a token is rounding.
        if missing <= 1e-6 {
            return None;
        }
        let wait = Duration::try_from_secs_f64(missing / self.per_second).unwrap_or(LONGEST_WAIT);
        Some(now + wait.clamp(Duration::from_micros(1), LONGEST_WAIT))
    }

    pub(super) fn take(&mut self, amount: f64) {
        self.level -= amount;
    }

    pub(super) fn give_back(&mut self, amount: f64, now: Instant) {
        self.fill(now);
        self.level = (self.level + amount).min(self.capacity);
    }

    pub(super) fn level(&mut self, now: Instant) -> f64 {
        self.fill(now);
        self.level
    }

    pub(super) fn capacity(&self) -> f64 {
        self.capacity
    }

    fn fill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.filled).as_secs_f64();
        if passed > 0.0 {
            self.level = passed.mul_add(self.per_second, self.level).min(self.capacity);
            self.filled = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn more_than_it_holds_waits_for_a_full_bucket_and_is_owed() {
        let start = Instant::now();
        let mut bucket = Bucket::per_minute(600, start);
        assert_eq!(bucket.ready_at(1_000.0, start), None);
        bucket.take(1_000.0);
        let ready = bucket.ready_at(100.0, start).unwrap();
        assert_eq!((ready - start).as_secs(), 50, "400 are owed, and 10 come a second");
    }

    #[test]
    fn a_rate_below_one_a_second_lets_one_request_through_at_a_time() {
        let start = Instant::now();
        let mut bucket = Bucket::requests_per_second(0.5, start);
        assert_eq!(bucket.ready_at(1.0, start), None);
        bucket.take(1.0);
        assert_eq!(bucket.ready_at(1.0, start), Some(start + Duration::from_secs(2)));
    }

    proptest! {
        /// Whatever is reserved, settled and waited for: what was used never exceeds what was there and what came.
        #[test]
        fn tokens_are_conserved(steps in prop::collection::vec((0_u64..20_000, 0_u64..800, 0_u64..=100), 1..200)) {
            let start = Instant::now();
            let mut bucket = Bucket::per_minute(30_000, start);
            let (mut now, mut used) = (start, 0.0);
            for (millis, reserved, percent) in steps {
                now += Duration::from_millis(millis);
                if bucket.ready_at(reserved as f64, now).is_some() {
                    continue;
                }
                bucket.take(reserved as f64);
                let true_use = (reserved * percent / 100) as f64;
                bucket.give_back(reserved as f64 - true_use, now);
                used += true_use;
                let came = (now - start).as_secs_f64() * 500.0;
                prop_assert!(used <= 30_000.0 + came + 1e-3, "{used} of {came}");
                prop_assert!(bucket.level(now) <= 30_000.0);
            }
        }

        /// Who waits until the moment that the bucket named finds enough.
        #[test]
        fn the_moment_that_is_named_is_late_enough(taken in 1.0_f64..60_000.0, wanted in 1.0_f64..60_000.0) {
            let start = Instant::now();
            let mut bucket = Bucket::per_minute(30_000, start);
            bucket.take(taken);
            if let Some(ready) = bucket.ready_at(wanted, start) {
                prop_assert_eq!(bucket.ready_at(wanted, ready + Duration::from_micros(1)), None);
            }
        }
    }
}
