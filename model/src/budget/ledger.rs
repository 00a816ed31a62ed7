//! Where the truth of all accounts is kept: what is spent, and what is leased to processes for spending.
//!
//! A process does not ask for every call. It leases an amount, hands it out in memory, and reports what was used. While
//! an amount is leased it counts as spent, so processes over one ledger cannot pass a cap together; the lease of one
//! that crashed counts until it expires.

use std::error::Error;
use std::time::Duration;

use async_trait::async_trait;
use contract::Timestamp;

use super::money::Nanodollars;
use super::scope::Scope;

/// How long a lease counts after the last word from whoever holds it: longer than any call.
pub const LEASE_LASTS: Duration = Duration::from_mins(15);

/// How many settlements a batch may hold: what DynamoDB books in one transaction, beside the mark that it is booked.
pub const MOST_SETTLEMENTS: usize = 99;

/// How long a ledger knows at least which batches it has booked.
pub const BATCHES_ARE_KNOWN: Duration = Duration::from_hours(1);

/// Keeps accounts for one process or for many.
#[async_trait]
pub trait Ledger: Send + Sync {
    /// Adds to a lease as much as is wished, or what is left of it under the cap; if that is less than the least,
    /// nothing. Renews the lease.
    async fn lease(&self, request: &LeaseRequest) -> Result<Granted, LedgerError>;

    /// Books what was used, whether or not the lease covers it, takes back what is returned, and renews the leases.
    /// All of a batch or nothing of it, and a batch that is told again is not booked again.
    async fn settle(&self, batch: &Batch, now: Timestamp) -> Result<(), LedgerError>;

    /// How an account stands.
    async fn spent(&self, scope: &Scope, now: Timestamp) -> Result<Spent, LedgerError>;
}

/// A wish for money to hand out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseRequest {
    pub scope: Scope,
    /// Tells leases of one account apart. No two holders share one.
    pub lease: u64,
    pub least: Nanodollars,
    pub wish: Nanodollars,
    /// What the account may have spent and leased at most.
    pub cap: Nanodollars,
    pub now: Timestamp,
}

/// The answer to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Granted {
    /// `None`: not even the least is left.
    pub amount: Option<Nanodollars>,
    /// How the account stands now.
    pub account: Spent,
}

/// What was settled, and what is leased besides.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spent {
    pub spent: Nanodollars,
    pub leased: Nanodollars,
}

/// Settlements that are booked together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Tells the batch from all others, of other processes too: a random number does. Who does not know whether it was
    /// booked tells it again under the same number.
    pub id: u64,
    /// At most [`MOST_SETTLEMENTS`].
    pub settlements: Vec<Settlement>,
}

/// What became of a part of a lease. With neither, it only renews the lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settlement {
    pub scope: Scope,
    pub lease: u64,
    pub used: Nanodollars,
    pub returned: Nanodollars,
}

/// The ledger was not reached, or its answer was not: what was asked may have been done.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct LedgerError(pub Box<dyn Error + Send + Sync>);

impl LeaseRequest {
    /// What to grant on an account that stands so.
    pub fn grant(&self, account: Spent) -> Option<Nanodollars> {
        let left = self.cap.saturating_sub(account.spent + account.leased);
        let amount = left.min(self.wish);
        (amount >= self.least && amount > Nanodollars::ZERO).then_some(amount)
    }
}
