//! Carries out what the accounts decide: asks the ledger where they are short, and tells it what was used.

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use contract::{Clock, Timestamp};
use tokio::sync::Mutex as AsyncMutex;
use tokio::time::{Instant, timeout, timeout_at};

use super::accounts::{Accounts, Need, Short, Standing, Warning};
use super::caps::Caps;
use super::ledger::{Batch, Granted, LeaseRequest, Ledger, MOST_SETTLEMENTS};
use super::money::Nanodollars;
use super::quote::Quote;
use super::refusal;
use super::reservation::Reservation;
use super::scope::{self, Line, Scope};
use crate::call::Metadata;
use crate::error::ModelError;

/// Between a grant and the reservation another call may be faster; so often it is asked again.
const MOST_ROUNDS: usize = 64;
/// Accounts that may be refilled at the same time. Of one account it is one caller who asks.
const TURNS: usize = 64;
/// A larger lease is asked for less often, and keeps more from other processes.
const WISH_SHARE: f64 = 0.02;
const WISH_CALLS: u64 = 4;
/// A ledger that takes longer has lost the request.
const LEDGER_ANSWERS: Duration = Duration::from_secs(10);

/// Caps, and what is left of them.
pub struct Budget {
    caps: Caps,
    ledger: Arc<dyn Ledger>,
    clock: Clock,
    accounts: Mutex<Accounts>,
    turns: Vec<AsyncMutex<()>>,
    turn_of: RandomState,
    /// What the ledger has yet to be told, and what it may not have heard.
    untold: AsyncMutex<VecDeque<Batch>>,
}

impl Budget {
    pub fn new(caps: Caps, ledger: Arc<dyn Ledger>, clock: Clock) -> Arc<Self> {
        Arc::new(Self {
            caps,
            ledger,
            clock,
            accounts: Mutex::new(Accounts::new(fastrand::u64(..))),
            turns: (0..TURNS).map(|_| AsyncMutex::new(())).collect(),
            turn_of: RandomState::new(),
            untold: AsyncMutex::default(),
        })
    }

    /// Sets aside the most that a call can cost, on all its accounts or, with the reason, on none.
    pub async fn reserve(
        self: &Arc<Self>,
        metadata: &Metadata,
        quote: &Quote,
        deadline: Instant,
    ) -> Result<Reservation, ModelError> {
        let amount = refusal::admissible(&self.caps, quote)?;
        let now = (self.clock)();
        let lines = scope::lines(&self.caps, metadata, now);
        refusal::check_fits(&lines, amount, quote)?;
        for _ in 0..MOST_ROUNDS {
            // What costs nothing needs no account to hold anything.
            let reserved = if amount == Nanodollars::ZERO {
                Ok(())
            } else {
                self.accounts().reserve(&lines, amount, (self.clock)())
            };
            match reserved {
                Ok(()) => return Ok(Reservation::new(self.clone(), lines, amount)),
                Err(Short::Crowded) => return Err(refusal::crowded()),
                Err(Short::Refused(line, said)) => {
                    return Err(self.short(&line, quote, said));
                }
                Err(Short::Of(needs)) => {
                    for need in needs {
                        self.grant(&need.line, amount, quote, deadline).await?;
                    }
                }
            }
        }
        Err(refusal::crowded())
    }

    /// Tells the ledger what was used, and gives back what idle accounts hold. To be called every second or so, off the
    /// path of calls; with `all`, at the end.
    pub async fn flush(&self, all: bool) {
        let mut untold = self.untold.lock().await;
        // What is in doubt is told first, as it was: then it is booked once, whether or not it had been.
        if self.tell(&mut untold).await {
            let reports = self.accounts().reports(all, (self.clock)());
            let batches = reports.chunks(MOST_SETTLEMENTS);
            untold.extend(
                batches
                    .map(|reports| Batch { id: fastrand::u64(..), settlements: reports.to_vec() }),
            );
            self.tell(&mut untold).await;
        }
    }

    /// Whether all was told.
    async fn tell(&self, untold: &mut VecDeque<Batch>) -> bool {
        while let Some(batch) = untold.front() {
            let asked = (self.clock)();
            match timeout(LEDGER_ANSWERS, self.ledger.settle(batch, asked)).await {
                Ok(Ok(())) => {
                    self.accounts().renewed(&batch.settlements, asked);
                    untold.pop_front();
                }
                Ok(Err(error)) => {
                    tracing::warn!(%error, waiting = untold.len(), "the ledger of budgets could not be told what was spent; it is told again");
                    return false;
                }
                Err(_) => {
                    tracing::warn!(
                        waiting = untold.len(),
                        "the ledger of budgets does not answer; it is told again what was spent"
                    );
                    return false;
                }
            }
        }
        true
    }

    /// What is left of each account of a call, as far as is known here.
    pub fn left(&self, metadata: &Metadata) -> Vec<(Scope, Nanodollars)> {
        let lines = scope::lines(&self.caps, metadata, (self.clock)());
        let standings = self.standings();
        let left = |line: Line| {
            let known = standings.iter().find(|standing| standing.scope == line.scope);
            let taken = known.map_or(Nanodollars::ZERO, |known| known.spent + known.reserved);
            (line.scope, line.cap.saturating_sub(taken))
        };
        lines.into_iter().map(left).collect()
    }

    pub fn caps(&self) -> &Caps {
        &self.caps
    }

    /// For gauges: the accounts that are in use.
    pub fn standings(&self) -> Vec<Standing> {
        self.accounts().standings()
    }

    pub(super) fn settle(
        &self,
        lines: &[Line],
        reserved: Nanodollars,
        used: Nanodollars,
    ) -> Vec<Warning> {
        if reserved == Nanodollars::ZERO && used == Nanodollars::ZERO {
            return Vec::new();
        }
        let now = (self.clock)();
        let warnings = self.accounts().settle(lines, reserved, used, self.caps.warn_at, now);
        for Warning { scope, spent, cap } in &warnings {
            tracing::warn!(%scope, %spent, %cap, "a budget is nearly spent");
        }
        warnings
    }

    /// Has the account hold enough for the call, if the cap allows it.
    async fn grant(
        self: &Arc<Self>,
        line: &Line,
        amount: Nanodollars,
        quote: &Quote,
        deadline: Instant,
    ) -> Result<(), ModelError> {
        let (budget, asked_for) = (self.clone(), line.clone());
        // A task of its own, so that a caller who leaves does not leave a lease that nobody knows of.
        let refilled = tokio::spawn(async move { budget.refill(&asked_for, amount).await });
        match timeout_at(deadline, refilled).await {
            Ok(Ok(Ok(None))) => Ok(()),
            Ok(Ok(Ok(Some(refused)))) => Err(self.short(line, quote, refused)),
            Ok(Ok(Err(error))) => Err(error),
            // The runtime ends.
            Ok(Err(_)) | Err(_) => Err(refusal::too_late()),
        }
    }

    fn short(&self, line: &Line, quote: &Quote, said: Granted) -> ModelError {
        let room = self.accounts().room(&line.scope, said.account);
        refusal::short(line, quote, room, (self.clock)())
    }

    /// `Some`: what the ledger said when it refused.
    async fn refill(
        &self,
        line: &Line,
        amount: Nanodollars,
    ) -> Result<Option<Granted>, ModelError> {
        let turn = self.turn_of.hash_one(&line.scope) as usize % TURNS;
        let Some(turn) = self.turns.get(turn) else { return Ok(None) };
        let _turn = turn.lock().await;
        let now = (self.clock)();
        // Whoever had the turn before may have asked for enough.
        let need = self.accounts().need(line, amount, now).ok_or_else(refusal::crowded)?;
        if need.least == Nanodollars::ZERO {
            return Ok(None);
        }
        let request = request(&need, now);
        let asked = timeout(LEDGER_ANSWERS, self.ledger.lease(&request)).await;
        let asked = asked.map_err(|_| refusal::too_late())?;
        let granted = asked.map_err(|error| refusal::ledger(&error))?;
        self.accounts().credit(&need, granted, now);
        Ok(granted.amount.is_none().then_some(granted))
    }

    fn accounts(&self) -> MutexGuard<'_, Accounts> {
        // Nothing under this lock panics.
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn request(need: &Need, now: Timestamp) -> LeaseRequest {
    let Need { line, lease, least } = need;
    let calls = Nanodollars(least.0.saturating_mul(WISH_CALLS));
    LeaseRequest {
        scope: line.scope.clone(),
        lease: *lease,
        least: *least,
        wish: calls.max(line.cap.share(WISH_SHARE)),
        cap: line.cap,
        now,
    }
}

#[cfg(test)]
#[path = "gate_tests.rs"]
mod tests;
