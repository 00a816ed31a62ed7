//! Money set aside for one call, until it is known what the call cost.

use std::sync::Arc;

use super::accounts::Warning;
use super::gate::Budget;
use super::money::Nanodollars;
use super::scope::Line;

/// What is set aside for one call. One that is dropped counts as spent whole: nobody knows what the service did.
#[must_use = "a reservation that is dropped counts as spent"]
pub struct Reservation {
    budget: Arc<Budget>,
    lines: Vec<Line>,
    amount: Nanodollars,
    ended: bool,
}

/// What became of a reservation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settled {
    pub used: Nanodollars,
    /// What the call cost beyond its reservation. It is booked, and the caps may be passed by it.
    pub excess: Nanodollars,
    /// Accounts that have come near their caps by this call.
    pub warnings: Vec<Warning>,
}

impl Reservation {
    pub(super) fn new(budget: Arc<Budget>, lines: Vec<Line>, amount: Nanodollars) -> Self {
        Self { budget, lines, amount, ended: false }
    }

    /// The most that the call was thought to cost.
    pub fn amount(&self) -> Nanodollars {
        self.amount
    }

    /// The call has ended, and cost this many US dollars. Without a known cost it counts as reserved.
    pub fn settle(mut self, cost_usd: Option<f64>) -> Settled {
        self.end(cost_usd.map_or(self.amount, Nanodollars::of_usd))
    }

    /// The call was broken off. What was told to the model and what it had said until then is what it cost.
    pub fn cancel(mut self, streamed_usd: Option<f64>) -> Settled {
        self.end(streamed_usd.map_or(self.amount, Nanodollars::of_usd))
    }

    /// The call never reached a service that charges for it.
    pub fn release(mut self) {
        self.end(Nanodollars::ZERO);
    }

    fn end(&mut self, used: Nanodollars) -> Settled {
        self.ended = true;
        let warnings = self.budget.settle(&self.lines, self.amount, used);
        let excess = used.saturating_sub(self.amount);
        if excess > Nanodollars::ZERO && !self.lines.is_empty() {
            tracing::warn!(%excess, reserved = %self.amount, "a call cost more than was reserved for it");
        }
        Settled { used, excess, warnings }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if !self.ended {
            self.end(self.amount);
        }
    }
}

/// For the notes of a reply.
impl std::fmt::Display for Warning {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { scope, spent, cap } = self;
        write!(formatter, "{} has cost {spent} of {cap}", scope.said())
    }
}
