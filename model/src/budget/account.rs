//! One account in memory: what it holds of a lease, and for whom.

use std::time::Duration;

use contract::Timestamp;

use super::ledger::{Granted, LEASE_LASTS, Spent};
use super::money::Nanodollars;

/// An account that nobody has used for this long gives back what it holds, for other processes to spend.
pub(super) const IDLE: Duration = Duration::from_secs(5);
/// After the ledger has refused an amount, it is not asked for as much again for so long.
const REFUSAL_LASTS: Duration = Duration::from_millis(250);
/// A lease ends here before it ends in the ledger, so that clocks need not agree.
const HELD_FOR: Duration = LEASE_LASTS.saturating_sub(Duration::from_mins(1));

/// Who has what of an account's cap. The rest is left, whether or not this process has leased it already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Room {
    pub(super) spent: Nanodollars,
    /// Reserved for calls of this process.
    pub(super) under_way: Nanodollars,
    /// Leased to other processes.
    pub(super) elsewhere: Nanodollars,
}

impl Room {
    pub(super) fn left_of(&self, cap: Nanodollars) -> Nanodollars {
        cap.saturating_sub(self.spent + self.under_way + self.elsewhere)
    }
}

#[derive(Debug)]
pub(super) struct Account {
    pub(super) cap: Nanodollars,
    pub(super) lease: u64,
    /// Granted by the ledger, and neither reported as used nor given back.
    held: Nanodollars,
    /// Of that, for calls under way.
    pub(super) reserved: Nanodollars,
    /// Of that, spent and not yet reported.
    used: Nanodollars,
    /// Spent by everybody, as far as is known here.
    pub(super) spent: Nanodollars,
    /// When the ledger last heard of the lease; `None` where there is none.
    renewed: Option<Timestamp>,
    touched: Timestamp,
    /// What the ledger refused to grant, when, and how the account stood.
    refused: Option<(Nanodollars, Timestamp, Granted)>,
}

impl Account {
    pub(super) fn new(cap: Nanodollars, lease: u64, now: Timestamp) -> Self {
        Self {
            cap,
            lease,
            held: Nanodollars::ZERO,
            reserved: Nanodollars::ZERO,
            used: Nanodollars::ZERO,
            spent: Nanodollars::ZERO,
            renewed: None,
            touched: now,
            refused: None,
        }
    }

    /// Whether it has no lease and never used one.
    pub(super) fn is_fresh(&self) -> bool {
        self.renewed.is_none() && !self.holds_something()
    }

    pub(super) fn holds_something(&self) -> bool {
        self.held + self.reserved + self.used > Nanodollars::ZERO
    }

    pub(super) fn is_idle(&self, now: Timestamp) -> bool {
        now.since(self.touched) >= IDLE
    }

    /// Lets go of a lease that may be another's by now. What the ledger still has under its number expires there.
    pub(super) fn lapse(&mut self, next_lease: &mut u64, now: Timestamp) {
        if self.has_lapsed(now) {
            *next_lease += 1;
            self.lease = *next_lease;
            self.held = Nanodollars::ZERO;
            self.renewed = None;
        }
    }

    fn has_lapsed(&self, now: Timestamp) -> bool {
        self.renewed.is_some_and(|renewed| now.since(renewed) >= HELD_FOR)
    }

    /// Whether so much can be reserved at once.
    pub(super) fn covers(&self, amount: Nanodollars, now: Timestamp) -> bool {
        self.shortfall(amount) == Nanodollars::ZERO && !self.has_lapsed(now)
    }

    /// What it must be granted before so much more can be reserved.
    pub(super) fn shortfall(&self, amount: Nanodollars) -> Nanodollars {
        (self.reserved + self.used + amount).saturating_sub(self.held)
    }

    pub(super) fn reserve(&mut self, amount: Nanodollars, now: Timestamp) {
        self.reserved += amount;
        self.touched = now;
    }

    pub(super) fn credit(&mut self, least: Nanodollars, said: Granted, asked: Timestamp) {
        self.spent = said.account.spent + self.used;
        if let Some(amount) = said.amount {
            self.held += amount;
            self.renew(asked);
            self.refused = None;
        } else {
            self.refused = Some((least, asked, said));
        }
    }

    pub(super) fn renew(&mut self, asked: Timestamp) {
        self.renewed = self.renewed.max(Some(asked));
    }

    /// What the ledger said a moment ago, if it would say the same now.
    pub(super) fn refusal(&self, least: Nanodollars, now: Timestamp) -> Option<Granted> {
        let (refused, at, said) = self.refused?;
        (least >= refused && now.since(at) < REFUSAL_LASTS).then_some(said)
    }

    /// Who has what of the cap, by what the ledger says of the account.
    pub(super) fn room(&self, said: Spent) -> Room {
        Room {
            spent: said.spent + self.used,
            under_way: self.reserved,
            elsewhere: said.leased.saturating_sub(self.held),
        }
    }

    pub(super) fn settle(&mut self, reserved: Nanodollars, used: Nanodollars, now: Timestamp) {
        self.reserved = self.reserved.saturating_sub(reserved);
        self.used += used;
        self.spent += used;
        self.touched = now;
    }

    /// What was used, and what is given back: all that is free, if it is to be.
    pub(super) fn report(&mut self, gives_back: bool) -> (Nanodollars, Nanodollars) {
        let used = std::mem::take(&mut self.used);
        self.held = self.held.saturating_sub(used);
        let free =
            if gives_back { self.held.saturating_sub(self.reserved) } else { Nanodollars::ZERO };
        self.held = self.held.saturating_sub(free);
        (used, free)
    }

    /// Half of the time of a lease that is still needed is over.
    pub(super) fn wants_renewal(&self, now: Timestamp) -> bool {
        self.held > Nanodollars::ZERO
            && self.renewed.is_some_and(|renewed| now.since(renewed) >= LEASE_LASTS / 2)
    }
}
