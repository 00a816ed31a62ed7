//! Calls against a budget, and a ledger that fails.

use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;

use super::*;
use crate::budget::ledger::{LedgerError, Spent};
use crate::budget::memory_ledger::MemoryLedger;

const NOON: fn() -> Timestamp = || Timestamp(1_795_262_400_000);

fn quote(most: u64) -> Quote {
    Quote {
        model_id: "some.model".into(),
        input_tokens: 100,
        output_tokens: Some(100),
        most: Some(Nanodollars(most)),
    }
}

fn soon() -> Instant {
    Instant::now() + Duration::from_mins(1)
}

fn of_task(task: &str) -> Metadata {
    Metadata { task_id: Some(task.into()), ..Metadata::default() }
}

#[tokio::test]
async fn a_call_that_one_account_refuses_leaves_the_others_as_they_were() {
    let caps = Caps { task_usd: Some(1.0), day_usd: Some(0.5), ..Caps::default() };
    let budget = Budget::new(caps, Arc::<MemoryLedger>::default(), NOON);
    let [part, dear] = [0.1, 0.5].map(|usd| quote(Nanodollars::of_usd(usd).0));
    budget.reserve(&of_task("two"), &part, soon()).await.unwrap().settle(None);
    let refused = budget.reserve(&of_task("one"), &dear, soon()).await.err().unwrap();
    assert!(refused.message.contains("the day 2026-11-21 may cost 0.5000 US dollars"), "{refused}");
    assert_eq!(refused.retry_after, Some(Duration::from_hours(12)));
    assert!(budget.standings().iter().all(|account| account.reserved == Nanodollars::ZERO));
    let fits = quote(Nanodollars::of_usd(0.4).0);
    assert!(budget.reserve(&of_task("one"), &fits, soon()).await.is_ok());
}

#[tokio::test]
async fn what_a_process_holds_itself_is_left_and_what_others_hold_is_said() {
    let caps = Caps { day_usd: Some(0.05), ..Caps::default() };
    let ledger: Arc<MemoryLedger> = Arc::default();
    let [budget, other] = [(); 2].map(|()| Budget::new(caps.clone(), ledger.clone(), NOON));
    let usd = |usd| quote(Nanodollars::of_usd(usd).0);
    let said = async |amount| {
        let refused = budget.reserve(&of_task("one"), &usd(amount), soon()).await.err().unwrap();
        let (_, said) = refused.message.split_once("US dollars, ").unwrap();
        (said.to_owned(), refused.retry_after)
    };
    // It leases four calls' worth, which is all, uses a fifth, and reports that.
    budget.reserve(&of_task("one"), &usd(0.02), soon()).await.unwrap().settle(Some(0.01));
    budget.flush(false).await;
    let midnight = Some(Duration::from_hours(12));
    let (split, renews) = (
        "(100 tokens in, at most 100 out)",
        "it renews at 2026-11-22T00:00:00Z, or raise `day_usd`",
    );
    assert_eq!(
        said(0.045).await,
        (
            format!(
                "0.0400 US dollars of it is left, and this call may cost 0.0450 US dollars {split}; {renews}"
            ),
            midnight
        )
    );
    budget.flush(true).await;
    let under_way = other.reserve(&of_task("two"), &usd(0.03), soon()).await.unwrap();
    assert_eq!(
        said(0.03).await,
        (
            format!(
                "0 US dollars of it is left, and this call may cost 0.0300 US dollars {split}; 0.0400 US dollars of it is held by other processes, which give back what they do not use; try again, or raise `day_usd`"
            ),
            Some(Duration::from_secs(1))
        )
    );
    under_way.release();
}

#[tokio::test]
async fn what_is_dropped_counts_as_spent_and_what_never_left_as_nothing() {
    let caps = Caps { day_usd: Some(1.0), ..Caps::default() };
    let ledger: Arc<MemoryLedger> = Arc::default();
    let budget = Budget::new(caps, ledger.clone(), NOON);
    let (metadata, quote) = (of_task("one"), quote(100));
    let reserve = || budget.reserve(&metadata, &quote, soon());
    drop(reserve().await.unwrap());
    reserve().await.unwrap().release();
    assert_eq!(reserve().await.unwrap().cancel(Some(7e-9)).used, Nanodollars(7));
    assert_eq!(reserve().await.unwrap().settle(None).used, Nanodollars(100));
    let excess = reserve().await.unwrap().settle(Some(130e-9));
    assert_eq!((excess.used, excess.excess), (Nanodollars(130), Nanodollars(30)));
    budget.flush(true).await;
    let day = Scope::Day("2026-11-21".parse().unwrap());
    let account = ledger.spent(&day, NOON()).await.unwrap();
    assert_eq!(account.spent, Nanodollars(100 + 7 + 100 + 130));
}

/// Fails as long as it is told to, or books and loses its answers.
#[derive(Default)]
struct Unsteady {
    inner: MemoryLedger,
    fails: AtomicBool,
    loses_answers: AtomicBool,
}

#[async_trait]
impl Ledger for Unsteady {
    async fn lease(&self, request: &LeaseRequest) -> Result<Granted, LedgerError> {
        self.answer()?;
        self.inner.lease(request).await
    }

    async fn settle(&self, batch: &Batch, now: Timestamp) -> Result<(), LedgerError> {
        self.answer()?;
        self.inner.settle(batch, now).await?;
        if self.loses_answers.load(Ordering::SeqCst) {
            return Err(LedgerError("the connection ended".into()));
        }
        Ok(())
    }

    async fn spent(&self, scope: &Scope, now: Timestamp) -> Result<Spent, LedgerError> {
        self.inner.spent(scope, now).await
    }
}

impl Unsteady {
    fn answer(&self) -> Result<(), LedgerError> {
        if self.fails.load(Ordering::SeqCst) {
            return Err(LedgerError("the disk is full".into()));
        }
        Ok(())
    }
}

#[tokio::test]
async fn without_its_ledger_nothing_is_spent_and_nothing_that_was_is_lost() {
    let caps = Caps { day_usd: Some(1.0), ..Caps::default() };
    let ledger: Arc<Unsteady> = Arc::default();
    let budget = Budget::new(caps, ledger.clone(), NOON);
    let dear = quote(Nanodollars::of_usd(0.5).0);
    let reservation = budget.reserve(&of_task("one"), &dear, soon()).await.unwrap();
    ledger.fails.store(true, Ordering::SeqCst);
    reservation.settle(Some(0.4));
    budget.flush(true).await;
    budget.flush(true).await;
    let refused = budget.reserve(&of_task("one"), &dear, soon()).await.err().unwrap();
    insta::assert_snapshot!(refused, @"the budget does not allow this call: the ledger of budgets cannot be asked, so nothing is spent: the disk is full");
    ledger.fails.store(false, Ordering::SeqCst);
    budget.flush(true).await;
    let day = Scope::Day("2026-11-21".parse().unwrap());
    let account = ledger.spent(&day, NOON()).await.unwrap();
    assert_eq!(account.spent, Nanodollars::of_usd(0.4), "once, though it was told twice");
}

#[tokio::test]
async fn what_was_booked_without_an_answer_is_not_booked_again() {
    let caps = Caps { day_usd: Some(1.0), ..Caps::default() };
    let ledger: Arc<Unsteady> = Arc::default();
    let budget = Budget::new(caps, ledger.clone(), NOON);
    let spend = async |usd| {
        let quote = quote(Nanodollars::of_usd(0.1).0);
        let reservation = budget.reserve(&of_task("one"), &quote, soon()).await.unwrap();
        reservation.settle(Some(usd));
    };
    ledger.loses_answers.store(true, Ordering::SeqCst);
    spend(0.03).await;
    budget.flush(false).await;
    spend(0.04).await;
    budget.flush(false).await;
    ledger.loses_answers.store(false, Ordering::SeqCst);
    budget.flush(true).await;
    let day = Scope::Day("2026-11-21".parse().unwrap());
    let account = ledger.spent(&day, NOON()).await.unwrap();
    assert_eq!(account, Spent { spent: Nanodollars::of_usd(0.07), leased: Nanodollars::ZERO });
}
