//! Leaves a model alone that fails, and tries it again with one call.

use std::time::Duration;

use tokio::time::Instant;

use super::outcome::Outcome;
use super::window::Window;

/// When to leave a model alone, and for how long.
#[derive(Debug, Clone)]
pub struct BreakerSettings {
    /// Failures among the calls of the window, from which on it is left alone.
    pub failure_share: f64,
    /// With fewer calls than these a share says nothing.
    pub least_calls: u64,
    pub window: Duration,
    /// Doubled with each trial that fails.
    pub rest: Duration,
    pub longest_rest: Duration,
    /// So many refusals of our credentials in a row. Nothing that a call can do mends them.
    pub auth_refusals: u32,
    pub rest_after_auth: Duration,
}

impl Default for BreakerSettings {
    fn default() -> Self {
        Self {
            failure_share: 0.5,
            least_calls: 10,
            window: Duration::from_secs(30),
            rest: Duration::from_secs(10),
            longest_rest: Duration::from_mins(2),
            auth_refusals: 3,
            rest_after_auth: Duration::from_mins(5),
        }
    }
}

/// The breaker of one model and profile.
#[derive(Debug)]
pub(super) struct Breaker {
    settings: BreakerSettings,
    state: State,
    /// Calls that were answered, and calls that failed.
    recent: Window,
    auth_refusals: u32,
    rests: u32,
    /// Counts the changes of state: what was let in before one says nothing about what came after it.
    era: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Closed,
    Open { until: Instant },
    HalfOpen { trial: bool },
}

/// Leave to call; comes back with the outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pass {
    era: u64,
    trial: bool,
}

/// While one call tries whether the model is back, others need not wait longer than this to ask again.
const WHILE_TRYING: Duration = Duration::from_secs(1);

impl Breaker {
    pub(super) fn new(settings: BreakerSettings, now: Instant) -> Self {
        let recent = Window::new(settings.window, now);
        Self { settings, state: State::Closed, recent, auth_refusals: 0, rests: 0, era: 0 }
    }

    /// How long no call is let in; `None` where one is.
    pub(super) fn closed_for(&self, now: Instant) -> Option<Duration> {
        match self.state {
            State::Open { until } if now < until => Some(until - now),
            State::HalfOpen { trial: true } => Some(WHILE_TRYING),
            _ => None,
        }
    }

    /// Lets a call in; ask `closed_for` first.
    pub(super) fn enter(&mut self, now: Instant) -> Pass {
        if let State::Open { until } = self.state
            && now >= until
        {
            self.change(State::HalfOpen { trial: false });
        }
        let trial = matches!(self.state, State::HalfOpen { .. });
        if trial {
            self.state = State::HalfOpen { trial: true };
        }
        Pass { era: self.era, trial }
    }

    pub(super) fn settle(&mut self, pass: Pass, outcome: Outcome, now: Instant) {
        if pass.era != self.era {
            return;
        }
        self.auth_refusals = match outcome {
            Outcome::Auth => self.auth_refusals + 1,
            Outcome::Canceled => self.auth_refusals,
            _ => 0,
        };
        match outcome {
            Outcome::Success | Outcome::Refused if pass.trial => self.close(),
            Outcome::Failed if pass.trial => self.open_for(self.next_rest(), now),
            Outcome::Auth if pass.trial || self.auth_refusals >= self.settings.auth_refusals => {
                self.open_for(self.settings.rest_after_auth, now);
            }
            // The trial proved nothing; the next call is one.
            _ if pass.trial => self.state = State::HalfOpen { trial: false },
            Outcome::Success | Outcome::Refused => self.recent.count_first(now),
            Outcome::Failed => {
                self.recent.count_second(now);
                if self.fails_too_often(now) {
                    self.open_for(self.next_rest(), now);
                }
            }
            Outcome::Throttled | Outcome::Auth | Outcome::Canceled => {}
        }
    }

    pub(super) fn name(&self, now: Instant) -> &'static str {
        match self.state {
            State::Closed => "closed",
            State::Open { until } if now < until => "open",
            State::Open { .. } | State::HalfOpen { .. } => "half_open",
        }
    }

    fn fails_too_often(&mut self, now: Instant) -> bool {
        let (answered, failed) = self.recent.sums(now);
        let calls = answered + failed;
        calls >= self.settings.least_calls
            && failed as f64 >= self.settings.failure_share * calls as f64
    }

    fn next_rest(&self) -> Duration {
        let doubled = self.settings.rest.saturating_mul(1 << self.rests.min(16));
        doubled.min(self.settings.longest_rest)
    }

    fn open_for(&mut self, rest: Duration, now: Instant) {
        self.rests = self.rests.saturating_add(1);
        self.change(State::Open { until: now + rest });
    }

    fn close(&mut self) {
        self.rests = 0;
        self.change(State::Closed);
    }

    fn change(&mut self, state: State) {
        self.state = state;
        self.era += 1;
        self.recent.forget();
        self.auth_refusals = 0;
    }
}

#[cfg(test)]
#[path = "breaker_tests.rs"]
mod tests;
