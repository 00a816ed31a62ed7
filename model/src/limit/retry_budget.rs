//! How much of the traffic may be retries, so that a service in trouble is not asked three times as much.

use std::time::Duration;

use tokio::time::Instant;

use super::window::Window;

/// As a share of the calls of the last seconds.
const SHARE: f64 = 0.2;
const REMEMBERED: Duration = Duration::from_secs(10);
/// Within the same time, so that a quiet hour still has its retries.
const ALWAYS: f64 = 10.0;

/// The retries of one model.
#[derive(Debug, Clone)]
pub(super) struct RetryBudget {
    /// Calls, and retries among them.
    recent: Window,
}

impl RetryBudget {
    pub(super) fn new(now: Instant) -> Self {
        Self { recent: Window::new(REMEMBERED, now) }
    }

    pub(super) fn on_call(&mut self, now: Instant) {
        self.recent.count_first(now);
    }

    /// Takes one retry, where one is left.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        let (calls, retries) = self.recent.sums(now);
        let left = retries as f64 + 1.0 <= (calls as f64).mul_add(SHARE, ALWAYS);
        if left {
            self.recent.count_second(now);
        }
        left
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn ten_retries_are_free_and_more_must_be_earned() {
        let start = Instant::now();
        let mut budget = RetryBudget::new(start);
        assert_eq!((0..50).filter(|_| budget.take(start)).count(), 10);
        (0..100).for_each(|_| budget.on_call(start));
        assert_eq!((0..50).filter(|_| budget.take(start)).count(), 20);
        let later = start + REMEMBERED;
        assert_eq!((0..50).filter(|_| budget.take(later)).count(), 10);
    }

    proptest! {
        #[test]
        fn retries_stay_below_a_fifth_and_the_minimum(steps in prop::collection::vec((any::<bool>(), 0_u64..500), 0..500)) {
            let mut now = Instant::now();
            let mut budget = RetryBudget::new(now);
            for (retry, millis) in steps {
                now += Duration::from_millis(millis);
                if !retry {
                    budget.on_call(now);
                } else if budget.take(now) {
                    let (calls, retries) = budget.recent.sums(now);
                    prop_assert!(retries as f64 <= calls as f64 * 0.2 + 10.0);
                }
            }
        }
    }
}
