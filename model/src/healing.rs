//! What to do about a failure: a table from what is left to try and a cause to one action, proven to end.
//!
//! Nothing here waits, asks or counts by itself: the gateway hands in a state, carries the action out, and comes back
//! with the next failure. Each action lowers [`State::rank`], so no sequence of failures goes on forever.

use crate::{Cause, ModelError};

/// What is left to try for one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct State {
    /// Ways to a model that were not tried, of whatever kind.
    pub routes: u8,
    /// Which kinds are among them.
    pub others: Others,
    /// How often the caller may still be asked for a smaller packing.
    pub repacks: u8,
    /// How often the model may still be told what was wrong with its answer.
    pub repairs: u8,
    /// Whether `temperature` or `top_p` is sent.
    pub samples: bool,
    /// Attempts left at this route.
    pub tries: u8,
    /// Whether there is time, and leave, to wait for another attempt.
    pub patient: bool,
}

/// What the untried routes offer, compared with this one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Others {
    /// The same model through another profile, region or account.
    pub profile: bool,
    /// A model that takes a longer conversation.
    pub larger: bool,
    /// A model that answers for less money, or for a known price where that of this one is not known.
    pub cheaper: bool,
    /// A driver with other credentials.
    pub driver: bool,
    /// Any that is not left alone at the moment.
    pub at_hand: bool,
}

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// The same once more, after a pause.
    Again,
    /// The same without `temperature` and `top_p`.
    WithoutSampling,
    /// The caller packs the conversation smaller.
    Repack,
    /// The model is told what was wrong, once.
    Repair,
    /// Another route.
    Take(Route),
    GiveUp,
}

/// Which other route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Route {
    Profile,
    Larger,
    Cheaper,
    OtherDriver,
    /// The next in order.
    Next,
}

/// The table.
pub fn action(state: &State, cause: Cause) -> Action {
    match cause {
        Cause::Throttled
        | Cause::Service
        | Cause::Unreachable
        | Cause::Interrupted
        | Cause::Unreadable
            if state.tries > 0 && state.patient =>
        {
            Action::Again
        }
        // A model that let us wait would do so again, and the time for the call would be over.
        Cause::Timeout if state.tries > 0 && state.patient && !state.others.at_hand => {
            Action::Again
        }
        Cause::Throttled
        | Cause::Service
        | Cause::Unreachable
        | Cause::Interrupted
        | Cause::Unreadable
        | Cause::Timeout
        // Nobody was asked, so nothing is gained by asking the same again.
        | Cause::Overloaded
        | Cause::BreakerOpen
        // A profile may reach a region that serves it.
        | Cause::NotServed
        | Cause::UnknownModel => elsewhere(state),
        Cause::ContextTooLong if state.repacks > 0 => Action::Repack,
        Cause::ContextTooLong => take(state, state.others.larger, Route::Larger),
        Cause::Budget => take(state, state.others.cheaper, Route::Cheaper),
        Cause::Auth => take(state, state.others.driver, Route::OtherDriver),
        Cause::ContentBlocked | Cause::MalformedToolUse if state.repairs > 0 => Action::Repair,
        Cause::Sampling if state.samples => Action::WithoutSampling,
        // Every model would say the same, or was told twice.
        Cause::ContentBlocked | Cause::MalformedToolUse | Cause::Sampling | Cause::BadRequest
        // Agents are looked up before any model is asked.
        | Cause::UnknownAgent => Action::GiveUp,
    }
}

/// What the table goes by: that a model is denied to credentials that are good elsewhere is no matter of credentials.
pub fn cause_of(error: &ModelError) -> Cause {
    let denied = error.provider_code.as_deref().is_some_and(|code| code.contains("AccessDenied"));
    if error.cause == Cause::Auth && denied { Cause::NotServed } else { error.cause }
}

impl State {
    /// What is left after an action. What the remaining routes offer is for whoever holds them to say.
    #[must_use]
    pub fn after(self, action: Action, fresh: Fresh) -> Self {
        match action {
            Action::Again => Self { tries: self.tries.saturating_sub(1), ..self },
            Action::WithoutSampling => Self { samples: false, ..self },
            Action::Repack => Self { repacks: self.repacks.saturating_sub(1), ..self },
            Action::Repair => Self { repairs: self.repairs.saturating_sub(1), ..self },
            Action::Take(_) => Self {
                routes: fresh.routes.min(self.routes.saturating_sub(1)),
                others: fresh.others,
                samples: fresh.samples,
                tries: fresh.tries,
                ..self
            },
            Action::GiveUp => self,
        }
    }

    /// Falls with every action but the last: a new route is worth more than all that a route can be tried with.
    pub fn rank(&self) -> u64 {
        let digits = [self.routes, self.repacks, self.repairs, u8::from(self.samples), self.tries];
        digits.iter().fold(0, |rank, digit| rank << 8 | u64::from(*digit))
    }
}

/// What a route begins with.
#[derive(Debug, Clone, Copy)]
pub struct Fresh {
    pub routes: u8,
    pub others: Others,
    pub samples: bool,
    pub tries: u8,
}

fn elsewhere(state: &State) -> Action {
    let route = if state.others.profile { Route::Profile } else { Route::Next };
    take(state, true, route)
}

fn take(state: &State, there_is_one: bool, route: Route) -> Action {
    if state.routes > 0 && there_is_one { Action::Take(route) } else { Action::GiveUp }
}

#[cfg(test)]
#[path = "healing_tests.rs"]
mod tests;
