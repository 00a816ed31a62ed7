//! Budgets that hold: what a call may cost is reserved before it, and what it cost is settled after it.
//!
//! A reservation is the most that the call can cost ([`Quote`]), on all its accounts at once ([`Accounts`]): its task,
//! its agent, the day, the month. What the accounts hand out is leased from a [`Ledger`], which processes may share.

mod account;
mod accounts;
mod caps;
mod gate;
mod ledger;
mod memory_ledger;
mod money;
mod quote;
mod refusal;
mod reservation;
mod scope;

pub use accounts::{Accounts, Need, Short, Standing, Warning};
pub use caps::{Caps, Unpriced};
pub use gate::Budget;
pub use ledger::{
    BATCHES_ARE_KNOWN, Batch, Granted, LEASE_LASTS, LeaseRequest, Ledger, LedgerError,
    MOST_SETTLEMENTS, Settlement, Spent,
};
pub use memory_ledger::MemoryLedger;
pub use money::Nanodollars;
pub use quote::Quote;
pub use reservation::{Reservation, Settled};
pub use scope::{Line, Month, Scope};
