//! A ledger for one process, which forgets when that ends.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use contract::Timestamp;

use super::ledger::{
    BATCHES_ARE_KNOWN, Batch, Granted, LEASE_LASTS, LeaseRequest, Ledger, LedgerError, Settlement,
    Spent,
};
use super::money::Nanodollars;
use super::scope::Scope;

/// A task that nobody has spent for so long begins anew.
const TASKS_LAST: Duration = Duration::from_hours(24);
/// Above this many accounts the tasks that were idle longest are forgotten, where nothing is leased for them.
const MOST_ACCOUNTS: usize = 200_000;
/// Looking through all accounts is worth it after so many new ones.
const SWEPT_EVERY: usize = 10_000;

/// The accounts of one process.
#[derive(Debug, Default)]
pub struct MemoryLedger {
    book: Mutex<Book>,
}

#[derive(Debug, Default)]
struct Book {
    pages: HashMap<Scope, Page>,
    new_since_sweep: usize,
    /// Batches that are booked, and when.
    booked: HashMap<u64, Timestamp>,
}

#[derive(Debug, Default)]
struct Page {
    spent: Nanodollars,
    /// Amounts by lease, and when they expire.
    leases: HashMap<u64, (Nanodollars, Timestamp)>,
    touched: i64,
}

#[async_trait]
impl Ledger for MemoryLedger {
    async fn lease(&self, request: &LeaseRequest) -> Result<Granted, LedgerError> {
        let mut book = self.book();
        let page = book.page(&request.scope, request.now);
        let amount = request.grant(page.standing());
        if let Some(amount) = amount {
            let lease =
                page.leases.entry(request.lease).or_insert((Nanodollars::ZERO, request.now));
            *lease = (lease.0 + amount, request.now + LEASE_LASTS);
        }
        Ok(Granted { amount, account: page.standing() })
    }

    async fn settle(&self, batch: &Batch, now: Timestamp) -> Result<(), LedgerError> {
        let mut book = self.book();
        book.booked.retain(|_, booked| now.since(*booked) < BATCHES_ARE_KNOWN);
        if book.booked.insert(batch.id, now).is_some() {
            return Ok(());
        }
        for Settlement { scope, lease, used, returned } in &batch.settlements {
            let page = book.page(scope, now);
            page.spent += *used;
            if let Some((amount, expires)) = page.leases.get_mut(lease) {
                *amount = amount.saturating_sub(*used + *returned);
                *expires = now + LEASE_LASTS;
                if *amount == Nanodollars::ZERO {
                    page.leases.remove(lease);
                }
            }
        }
        Ok(())
    }

    async fn spent(&self, scope: &Scope, now: Timestamp) -> Result<Spent, LedgerError> {
        Ok(self.book().page(scope, now).standing())
    }
}

impl MemoryLedger {
    fn book(&self) -> MutexGuard<'_, Book> {
        // Nothing under this lock panics.
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Book {
    /// The account as of now: leases that have expired count no more.
    fn page(&mut self, scope: &Scope, now: Timestamp) -> &mut Page {
        if !self.pages.contains_key(scope) {
            self.new_since_sweep += 1;
            if self.new_since_sweep >= SWEPT_EVERY {
                self.sweep(now);
            }
        }
        let page = self.pages.entry(scope.clone()).or_default();
        page.leases.retain(|_, (_, expires)| *expires > now);
        page.touched = now.0;
        page
    }

    /// Forgets what cannot be spent from any more, and of too many tasks the oldest.
    fn sweep(&mut self, now: Timestamp) {
        self.new_since_sweep = 0;
        self.pages.retain(|scope, page| {
            page.leases.retain(|_, (_, expires)| *expires > now);
            let last = scope.renews().unwrap_or(Timestamp(page.touched)) + TASKS_LAST;
            !page.leases.is_empty() || now < last
        });
        let surplus = self.pages.len().saturating_sub(MOST_ACCOUNTS);
        if surplus == 0 {
            return;
        }
        let is_task = |scope: &Scope| matches!(scope, Scope::Task(_));
        let mut idle: Vec<(i64, Scope)> = self
            .pages
            .iter()
            .filter(|(scope, page)| is_task(scope) && page.leases.is_empty())
            .map(|(scope, page)| (page.touched, scope.clone()))
            .collect();
        idle.sort();
        for (_, scope) in idle.into_iter().take(surplus) {
            self.pages.remove(&scope);
        }
    }
}

impl Page {
    fn standing(&self) -> Spent {
        Spent { spent: self.spent, leased: self.leases.values().map(|(amount, _)| *amount).sum() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp(1_000_000);

    fn task(name: &str) -> Scope {
        Scope::Task(name.into())
    }

    #[tokio::test]
    async fn old_days_and_idle_tasks_are_forgotten() {
        let ledger = MemoryLedger::default();
        let settle = |scope: Scope, now| {
            let used =
                Settlement { scope, lease: 1, used: Nanodollars(1), returned: Nanodollars::ZERO };
            let batch = Batch { id: fastrand::u64(..), settlements: vec![used] };
            let ledger = &ledger;
            async move { ledger.settle(&batch, now).await.unwrap() }
        };
        let day = "1970-01-01".parse().unwrap();
        settle(Scope::Day(day), START).await;
        settle(task("idle"), START).await;
        let later = START + Duration::from_hours(49);
        settle(task("new"), later).await;
        ledger.book().sweep(later);
        let left: Vec<_> = ledger.book().pages.keys().map(ToString::to_string).collect();
        assert_eq!(left, ["task:new"]);
    }
}
