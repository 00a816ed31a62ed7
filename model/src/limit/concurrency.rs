//! How many calls may be under way at once: one more for each round that succeeds, half as many after a throttle.

use std::time::Duration;

use tokio::time::Instant;

use super::window::Window;

/// Throttles among the calls of the last seconds that lower nothing. Their second try costs less than half of the places
/// would: were each to count, one in `n` calls would keep a model at some `sqrt(1.5 n)` places (Mathis et al., "The
/// Macroscopic Behavior of the TCP Congestion Avoidance Algorithm", 1997), whatever it could bear.
const TOLERATED: f64 = 0.01;
const REMEMBERED: Duration = Duration::from_secs(10);

/// Additive increase and multiplicative decrease, between one and a ceiling.
#[derive(Debug, Clone)]
pub(super) struct Concurrency {
    limit: f64,
    ceiling: f64,
    in_flight: u32,
    halved: Option<Instant>,
    /// Calls that succeeded, and throttles.
    recent: Window,
}

impl Concurrency {
    /// Begins at the ceiling: that is what the operator said the service takes.
    pub(super) fn new(ceiling: u32, now: Instant) -> Self {
        let ceiling = f64::from(ceiling.max(1));
        let recent = Window::new(REMEMBERED, now);
        Self { limit: ceiling, ceiling, in_flight: 0, halved: None, recent }
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
    pub(super) fn on_success(&mut self, now: Instant) {
        self.recent.count_first(now);
        if f64::from(self.in_flight) * 2.0 >= self.limit {
            self.limit = (self.limit + 1.0 / self.limit).min(self.ceiling);
        }
    }

    /// Calls that were under way together are throttled together, and count once.
    pub(super) fn on_throttle(&mut self, admitted: Instant, now: Instant) {
        self.recent.count_second(now);
        let (successes, throttles) = self.recent.sums(now);
        let are_few = throttles as f64 <= (successes + throttles) as f64 * TOLERATED;
        if !are_few && self.halved.is_none_or(|halved| admitted >= halved) {
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
        let mut concurrency = Concurrency::new(16, start);
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
        let mut concurrency = Concurrency::new(16, start);
        concurrency.on_throttle(start, start);
        (0..8).for_each(|_| concurrency.enter());
        (0..9).for_each(|_| concurrency.on_success(start));
        assert_eq!(concurrency.limit(), 9);
    }

    #[test]
    fn successes_of_an_idle_model_do_not_raise_the_limit() {
        let start = Instant::now();
        let mut concurrency = Concurrency::new(16, start);
        concurrency.on_throttle(start, start);
        concurrency.enter();
        (0..100).for_each(|_| concurrency.on_success(start));
        assert_eq!(concurrency.limit(), 8);
    }

    #[test]
    fn a_throttle_in_a_hundred_calls_is_tolerated_and_more_are_not() {
        let start = Instant::now();
        let mut concurrency = Concurrency::new(256, start);
        let mut ends = (0_u64..).map(|millis| start + Duration::from_millis(millis));
        for _ in 0..50 {
            ends.by_ref().take(139).for_each(|now| concurrency.on_success(now));
            ends.by_ref().take(1).for_each(|now| concurrency.on_throttle(now, now));
        }
        assert_eq!(concurrency.limit(), 256);
        for _ in 0..500 {
            ends.by_ref().take(69).for_each(|now| concurrency.on_success(now));
            ends.by_ref().take(1).for_each(|now| concurrency.on_throttle(now, now));
        }
        assert_eq!(concurrency.limit(), 1);
    }

    proptest! {
        #[test]
        fn the_limit_stays_between_one_and_the_ceiling(ceiling in 0_u32..200, steps in prop::collection::vec(0_u8..4, 0..400)) {
            let mut now = Instant::now();
            let mut concurrency = Concurrency::new(ceiling, now);
            for step in steps {
                now += Duration::from_millis(1);
                match step {
                    0 if concurrency.has_place() => {
                        concurrency.enter();
                        prop_assert!(concurrency.in_flight() <= concurrency.limit());
                    }
                    1 => concurrency.leave(),
                    2 => concurrency.on_throttle(now, now),
                    _ => concurrency.on_success(now),
                }
                prop_assert!((1..=ceiling.max(1)).contains(&concurrency.limit()));
            }
        }
    }
}
