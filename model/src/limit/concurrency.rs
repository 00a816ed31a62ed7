//! How many calls may be under way at once: one more for each round that succeeds, half as many after a throttle.

use tokio::time::Instant;

/// Additive increase and multiplicative decrease, between one and a ceiling.
#[derive(Debug, Clone)]
pub(super) struct Concurrency {
    limit: f64,
    ceiling: f64,
    in_flight: u32,
    halved: Option<Instant>,
}

impl Concurrency {
    /// Begins at the ceiling: that is what the operator said the service takes.
    pub(super) fn new(ceiling: u32) -> Self {
        let ceiling = f64::from(ceiling.max(1));
        Self { limit: ceiling, ceiling, in_flight: 0, halved: None }
    }

    pub(super) fn has_place(&self) -> bool {
        self.in_flight < self.limit()
    }

    pub(super) fn enter(&mut self) {
        self.in_flight += 1;
    }

    pub(super) fn leave(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    /// Only a limit that is felt is raised: idle successes say nothing about what the service would bear.
    pub(super) fn on_success(&mut self) {
        if f64::from(self.in_flight) * 2.0 >= self.limit {
            self.limit = (self.limit + 1.0 / self.limit).min(self.ceiling);
        }
    }

    /// Calls that were under way together are throttled together, and count once.
    pub(super) fn on_throttle(&mut self, admitted: Instant, now: Instant) {
        if self.halved.is_none_or(|halved| admitted >= halved) {
            self.limit = (self.limit / 2.0).max(1.0);
            self.halved = Some(now);
        }
    }

    pub(super) fn limit(&self) -> u32 {
        self.limit as u32
    }

    pub(super) fn in_flight(&self) -> u32 {
        self.in_flight
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_burst_of_throttles_halves_once() {
        let start = Instant::now();
        let mut concurrency = Concurrency::new(16);
        for millis in 1..=16 {
            concurrency.on_throttle(start, start + Duration::from_millis(millis));
        }
        assert_eq!(concurrency.limit(), 8);
        concurrency
            .on_throttle(start + Duration::from_millis(5), start + Duration::from_millis(20));
        assert_eq!(concurrency.limit(), 4);
    }

    #[test]
    fn a_round_of_successes_wins_one_place_back() {
        let start = Instant::now();
        let mut concurrency = Concurrency::new(16);
        concurrency.on_throttle(start, start);
        (0..8).for_each(|_| concurrency.enter());
        (0..9).for_each(|_| concurrency.on_success());
        assert_eq!(concurrency.limit(), 9);
    }

    #[test]
    fn successes_of_an_idle_model_do_not_raise_the_limit() {
        let start = Instant::now();
        let mut concurrency = Concurrency::new(16);
        concurrency.on_throttle(start, start);
        concurrency.enter();
        (0..100).for_each(|_| concurrency.on_success());
        assert_eq!(concurrency.limit(), 8);
    }

    proptest! {
        #[test]
        fn the_limit_stays_between_one_and_the_ceiling(ceiling in 0_u32..200, steps in prop::collection::vec(0_u8..4, 0..400)) {
            let mut now = Instant::now();
            let mut concurrency = Concurrency::new(ceiling);
            for step in steps {
                now += Duration::from_millis(1);
                match step {
                    0 if concurrency.has_place() => {
                        concurrency.enter();
                        prop_assert!(concurrency.in_flight() <= concurrency.limit());
                    }
                    1 => concurrency.leave(),
                    2 => concurrency.on_throttle(now, now),
                    _ => concurrency.on_success(),
                }
                prop_assert!((1..=ceiling.max(1)).contains(&concurrency.limit()));
            }
        }
    }
}
