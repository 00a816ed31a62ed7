//! All limits of one model and profile, as one state that decides who is let in.

use serde::Serialize;
use tokio::time::Instant;

use super::breaker::{Breaker, Pass};
use super::bucket::Bucket;
use super::concurrency::Concurrency;
use super::outcome::Outcome;
use super::queue::{Queue, Ticket};
use super::retry_budget::RetryBudget;
use super::{Settings, Snapshot};

/// Without I/O and clock; `W` wakes one who waits.
#[derive(Debug)]
pub(super) struct Lane<W> {
    breaker: Breaker,
    tokens: Option<Bucket>,
    requests: Option<Bucket>,
    concurrency: Concurrency,
    retries: RetryBudget,
    pub(super) queue: Queue<W>,
}

/// What becomes of one who asks.
#[derive(Debug, PartialEq)]
pub(super) enum Entry {
    In(Admitted),
    /// Not yet; not before this moment, where only time is missing.
    Wait {
        until: Option<Instant>,
    },
    /// The breaker lets nobody in for so long.
    Closed(std::time::Duration),
}

/// A call that was let in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Admitted {
    pass: Pass,
    at: Instant,
    reserved: u64,
}

/// What a bucket holds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Level {
    /// Below nothing: calls used more than they had reserved.
    pub left: f64,
    pub of: f64,
}

impl<W> Lane<W> {
    pub(super) fn new(settings: &Settings, now: Instant) -> Self {
        Self {
            breaker: Breaker::new(settings.breaker.clone(), now),
            tokens: settings.tokens_per_minute.map(|amount| Bucket::per_minute(amount, now)),
            requests: settings
                .requests_per_second
                .filter(|rate| rate.is_finite() && *rate > 0.0)
                .map(|rate| Bucket::requests_per_second(rate, now)),
            concurrency: Concurrency::new(settings.concurrency, now),
            retries: RetryBudget::new(now),
            queue: Queue::new(settings.waiting),
        }
    }

    /// Lets in one who has just come (`None`) or who holds a ticket, which is used up by it.
    pub(super) fn enter(&mut self, ticket: Option<Ticket>, reserve: u64, now: Instant) -> Entry {
        if let Some(rest) = self.breaker.closed_for(now) {
            return Entry::Closed(rest);
        }
        if !self.queue.is_turn_of(ticket) || !self.concurrency.has_place() {
            return Entry::Wait { until: None };
        }
        let tokens = self.tokens.as_mut().and_then(|bucket| bucket.ready_at(reserve as f64, now));
        let requests = self.requests.as_mut().and_then(|bucket| bucket.ready_at(1.0, now));
        if let Some(until) = tokens.max(requests) {
            return Entry::Wait { until: Some(until) };
        }
        if let Some(ticket) = ticket {
            self.queue.leave(ticket);
        }
        Entry::In(self.let_in(reserve, now))
    }

    fn let_in(&mut self, reserved: u64, now: Instant) -> Admitted {
        if let Some(bucket) = &mut self.tokens {
            bucket.take(reserved as f64);
        }
        if let Some(bucket) = &mut self.requests {
            bucket.take(1.0);
        }
        self.concurrency.enter();
        self.retries.on_call(now);
        Admitted { pass: self.breaker.enter(now), at: now, reserved }
    }

    pub(super) fn settle(&mut self, call: Admitted, outcome: Outcome, used: u64, now: Instant) {
        if let Some(bucket) = &mut self.tokens {
            bucket.give_back(call.reserved as f64 - used as f64, now);
        }
        match outcome {
            Outcome::Success => self.concurrency.on_success(now),
            Outcome::Throttled => self.concurrency.on_throttle(call.at, now),
            _ => {}
        }
        self.concurrency.leave();
        self.breaker.settle(call.pass, outcome, now);
    }

    pub(super) fn may_retry(&mut self, now: Instant) -> bool {
        self.retries.take(now)
    }

    pub(super) fn closed_for(&self, now: Instant) -> Option<std::time::Duration> {
        self.breaker.closed_for(now)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.concurrency.in_flight() == 0
    }

    /// `closed`, `open`, `half_open`.
    pub(super) fn breaker(&self, now: Instant) -> &'static str {
        self.breaker.name(now)
    }

    pub(super) fn snapshot(&mut self, key: &str, now: Instant) -> Snapshot {
        let level = |bucket: &mut Bucket| Level { left: bucket.level(now), of: bucket.capacity() };
        Snapshot {
            key: key.to_owned(),
            breaker: self.breaker(now),
            rests_ms: self.breaker.closed_for(now).map(|rest| rest.as_millis() as u64),
            tokens: self.tokens.as_mut().map(level),
            requests: self.requests.as_mut().map(level),
            in_flight: self.concurrency.in_flight(),
            concurrency_limit: self.concurrency.limit(),
            waiting: self.queue.len(),
        }
    }
}

impl Admitted {
    pub(super) fn reserved(&self) -> u64 {
        self.reserved
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// However calls come, wait, give up and end: never more than the cap are under way, nobody who stays is
        /// forgotten, and when all have ended nothing is held.
        #[test]
        fn never_more_than_the_cap_and_nobody_is_lost(cap in 1_u32..6, steps in prop::collection::vec((0_u8..8, 0_usize..30, 0_u64..200), 0..300)) {
            let mut now = Instant::now();
            let settings = Settings { concurrency: cap, waiting: 10, tokens_per_minute: Some(60_000), ..Settings::default() };
            let mut lane: Lane<()> = Lane::new(&settings, now);
            let (mut inside, mut waiting): (Vec<Admitted>, Vec<Ticket>) = (Vec::new(), Vec::new());
            for (what, which, millis) in steps {
                now += Duration::from_millis(millis);
                match what {
                    0..=2 => match lane.enter(None, 500, now) {
                        Entry::In(call) => inside.push(call),
                        Entry::Wait { .. } => waiting.extend(lane.queue.join(())),
                        Entry::Closed(_) => {}
                    },
                    3 if !waiting.is_empty() => lane.queue.leave(waiting.remove(which % waiting.len())),
                    4..=5 if !waiting.is_empty() => {
                        let at = which % waiting.len();
                        if let Entry::In(call) = lane.enter(Some(waiting[at]), 500, now) {
                            prop_assert_eq!(at, 0, "the first in the queue is served first");
                            waiting.remove(0);
                            inside.push(call);
                        }
                    }
                    _ if !inside.is_empty() => {
                        let outcome = if which % 5 == 0 { Outcome::Throttled } else { Outcome::Success };
                        lane.settle(inside.remove(which % inside.len()), outcome, 300, now);
                    }
                    _ => {}
                }
                prop_assert!(inside.len() <= cap as usize);
                prop_assert_eq!(lane.concurrency.in_flight() as usize, inside.len());
                prop_assert_eq!(lane.queue.len(), waiting.len());
            }
            for call in inside {
                lane.settle(call, Outcome::Canceled, 0, now);
            }
            now += Duration::from_mins(2);
            for ticket in waiting {
                prop_assert!(matches!(lane.enter(Some(ticket), 500, now), Entry::In(_)) || !lane.concurrency.has_place());
                if !lane.concurrency.has_place() {
                    break;
                }
            }
        }
    }
}
