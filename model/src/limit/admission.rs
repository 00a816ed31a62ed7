//! Lets calls in one by one: the loop around a lane, and the permit that gives everything back.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use super::lane::{Admitted, Entry, Lane};
use super::outcome::Outcome;
use super::queue::Ticket;
use super::{Settings, Snapshot};
use crate::{Cause, ModelError};

/// The way to one model and profile.
#[derive(Debug)]
pub struct Gate {
    key: String,
    lane: Mutex<Lane<Arc<Notify>>>,
}

/// Leave to make one call. Dropped without `settle`, the call counts as canceled and its reservation as used, because
/// nobody knows what the service did with it.
#[derive(Debug)]
pub struct Permit {
    gate: Arc<Gate>,
    call: Option<Admitted>,
}

impl Gate {
    pub(super) fn new(key: &str, settings: &Settings, now: Instant) -> Self {
        Self { key: key.to_owned(), lane: Mutex::new(Lane::new(settings, now)) }
    }

    /// A place for one call that may use so many tokens of the quota, before the deadline.
    pub async fn admit(
        self: &Arc<Self>,
        reserve: u64,
        deadline: Instant,
    ) -> Result<Permit, ModelError> {
        let (mut place, mut until) = match self.first_try(reserve, deadline)? {
            Try::In(permit) => return Ok(permit),
            Try::Wait(place, until) => (place, until),
        };
        loop {
            let wake = until.map_or(deadline, |until| until.min(deadline));
            // Woken or not: what counts is whether there is a place now.
            let _ = timeout_at(wake, place.notify.notified()).await;
            let now = Instant::now();
            match place.try_again(reserve, now) {
                Entry::In(call) => return Ok(self.permit(call)),
                Entry::Closed(rest) => return Err(self.closed(rest)),
                Entry::Wait { until: next } => until = next,
            }
            if now >= deadline || self.hopeless(until, deadline) {
                return Err(self.overloaded("no place was free in time", until, now));
            }
        }
    }

    /// Whether one more retry keeps within the share of the traffic that may be retries; counts it where so.
    pub fn may_retry(&self) -> bool {
        self.lane().may_retry(Instant::now())
    }

    /// Whether no call is let in for a while, because too many failed.
    pub fn is_left_alone(&self) -> bool {
        self.lane().closed_for(Instant::now()).is_some()
    }

    /// How it stands.
    pub fn snapshot(&self) -> Snapshot {
        self.lane().snapshot(&self.key, Instant::now())
    }

    fn first_try(self: &Arc<Self>, reserve: u64, deadline: Instant) -> Result<Try, ModelError> {
        let now = Instant::now();
        let mut lane = self.lane();
        let until = match lane.enter(None, reserve, now) {
            Entry::In(call) => return Ok(Try::In(self.permit(call))),
            Entry::Closed(rest) => return Err(self.closed(rest)),
            Entry::Wait { until } => until,
        };
        let nothing_comes_back = lane.is_empty() && lane.queue.len() == 0;
        if now >= deadline || nothing_comes_back && until.is_some_and(|until| until > deadline) {
            return Err(self.overloaded("no place is free in time", until, now));
        }
        let notify = Arc::new(Notify::new());
        let Some(ticket) = lane.queue.join(Arc::clone(&notify)) else {
            return Err(self.overloaded("the queue is full", until, now));
        };
        Ok(Try::Wait(Place { gate: Arc::clone(self), ticket: Some(ticket), notify }, until))
    }

    /// Calls that are under way may give tokens back; where there are none, the moment stands.
    fn hopeless(&self, until: Option<Instant>, deadline: Instant) -> bool {
        until.is_some_and(|until| until > deadline) && self.lane().is_empty()
    }

    fn permit(self: &Arc<Self>, call: Admitted) -> Permit {
        Permit { gate: Arc::clone(self), call: Some(call) }
    }

    fn closed(&self, rest: Duration) -> ModelError {
        let message = format!("{} is tried again in {} s", self.key, rest.as_secs_f64().ceil());
        ModelError::new(Cause::BreakerOpen, message).retry_after(rest)
    }

    fn overloaded(&self, what: &str, until: Option<Instant>, now: Instant) -> ModelError {
        let wait =
            until.map_or(Duration::from_secs(1), |until| until.saturating_duration_since(now));
        let message = format!(
            "{what} at {}; raise the concurrency or the quota in the settings, or ask later",
            self.key
        );
        ModelError::new(Cause::Overloaded, message).retry_after(wait)
    }

    fn tell(&self, breaker: &str) {
        let route = &self.key;
        if breaker == "closed" {
            tracing::info!(route, "the model answers again");
        } else {
            tracing::warn!(
                route,
                breaker,
                "the model failed too often, and is left alone for a while"
            );
        }
    }

    /// Held for a few steps of arithmetic and never across an await. A thread that panicked with it left a whole state.
    fn lane(&self) -> MutexGuard<'_, Lane<Arc<Notify>>> {
        self.lane.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Permit {
    /// What was set aside of the quota.
    pub fn reserved(&self) -> u64 {
        self.call.map_or(0, |call| call.reserved())
    }

    /// Says how the call ended and what it used of the quota.
    pub fn settle(mut self, outcome: Outcome, used_tokens: u64) {
        self.end(outcome, Some(used_tokens));
    }

    fn end(&mut self, outcome: Outcome, used: Option<u64>) {
        let Some(call) = self.call.take() else { return };
        let (first, was, is) = {
            let (mut lane, now) = (self.gate.lane(), Instant::now());
            let was = lane.breaker(now);
            lane.settle(call, outcome, used.unwrap_or(call.reserved()), now);
            (lane.queue.first().cloned(), was, lane.breaker(now))
        };
        if was != is {
            self.gate.tell(is);
        }
        if let Some(first) = first {
            first.notify_one();
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.end(Outcome::Canceled, None);
    }
}

enum Try {
    In(Permit),
    Wait(Place, Option<Instant>),
}

/// A place in the queue, which is left however the waiting ends.
struct Place {
    gate: Arc<Gate>,
    ticket: Option<Ticket>,
    notify: Arc<Notify>,
}

impl Place {
    fn try_again(&mut self, reserve: u64, now: Instant) -> Entry {
        let entry = self.gate.lane().enter(self.ticket, reserve, now);
        if matches!(entry, Entry::In(_)) {
            self.ticket = None;
            // There may be a place for the next one, too.
            self.wake_next();
        }
        entry
    }

    fn wake_next(&self) {
        let first = self.gate.lane().queue.first().cloned();
        if let Some(first) = first {
            first.notify_one();
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(ticket) = self.ticket.take() {
            self.gate.lane().queue.leave(ticket);
            self.wake_next();
        }
    }
}
