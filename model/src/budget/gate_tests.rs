//! Caps under many calls and several processes.

use std::sync::atomic::{AtomicU64, Ordering};

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

/// What all calls together hold at any time: settled, and set aside.
#[derive(Default)]
struct Held {
    now: AtomicU64,
    most: AtomicU64,
    settled: AtomicU64,
    refused: AtomicU64,
}

async fn one_call(budget: Arc<Budget>, task: String, most: u64, cost: u64, held: &Held) {
    match budget.reserve(&of_task(&task), &quote(most), soon()).await {
        Err(error) => {
            assert_eq!(error.cause, crate::Cause::Budget, "{error}");
            held.refused.fetch_add(1, Ordering::SeqCst);
        }
        Ok(reservation) => {
            let sum = held.now.fetch_add(most, Ordering::SeqCst) + most;
            held.most.fetch_max(sum, Ordering::SeqCst);
            tokio::task::yield_now().await;
            held.now.fetch_sub(most - cost, Ordering::SeqCst);
            held.settled.fetch_add(cost, Ordering::SeqCst);
            reservation.settle(Some(Nanodollars(cost).usd()));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_thousand_calls_of_four_processes_never_pass_the_cap() {
    let cap = Nanodollars::of_usd(1.0);
    let caps = Caps { day_usd: Some(cap.usd()), task_usd: Some(0.05), ..Caps::default() };
    let ledger: Arc<MemoryLedger> = Arc::default();
    let processes: Vec<_> =
        (0..4).map(|_| Budget::new(caps.clone(), ledger.clone(), NOON)).collect();
    let held: Arc<Held> = Arc::default();
    let mut random = fastrand::Rng::with_seed(7);
    let calls = (0..10_000).map(|index| {
        let most = random.u64(100_000..1_000_000);
        let (budget, cost) = (processes[index % 4].clone(), random.u64(0..=most));
        let (task, held) = (format!("task-{}", index % 50), held.clone());
        tokio::spawn(async move { one_call(budget, task, most, cost, &held).await })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.unwrap();
    }
    for process in &processes {
        process.flush(true).await;
    }
    let (most, settled) = (held.most.load(Ordering::SeqCst), held.settled.load(Ordering::SeqCst));
    assert!(most <= cap.0, "{most} were held at a time");
    assert!(settled > cap.0 / 2, "the cap was used: {settled}");
    assert!(held.refused.load(Ordering::SeqCst) > 1000, "and reached");
    let day = Scope::Day("2026-11-21".parse().unwrap());
    let account = ledger.spent(&day, NOON()).await.unwrap();
    assert_eq!(account, Spent { spent: Nanodollars(settled), leased: Nanodollars::ZERO });
    for task in 0..50 {
        let task = Scope::Task(format!("task-{task}"));
        let account = ledger.spent(&task, NOON()).await.unwrap();
        assert!(account.spent <= Nanodollars::of_usd(0.05), "{account:?}");
    }
}

#[tokio::test]
async fn a_call_that_one_account_refuses_leaves_the_others_as_they_were() {
    let caps = Caps { task_usd: Some(1.0), day_usd: Some(0.5), ..Caps::default() };
    let budget = Budget::new(caps, Arc::<MemoryLedger>::default(), NOON);
    let dear = quote(Nanodollars::of_usd(0.6).0);
    let refused = budget.reserve(&of_task("one"), &dear, soon()).await.err().unwrap();
    assert!(refused.message.contains("the day 2026-11-21 may cost 0.5000 US dollars"), "{refused}");
    assert_eq!(refused.retry_after, Some(Duration::from_hours(12)));
    assert!(budget.standings().iter().all(|account| account.reserved == Nanodollars::ZERO));
    let fits = quote(Nanodollars::of_usd(0.5).0);
    assert!(budget.reserve(&of_task("one"), &fits, soon()).await.is_ok());
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

/// Fails as long as it is told to.
#[derive(Default)]
struct Unsteady {
    inner: MemoryLedger,
    fails: std::sync::atomic::AtomicBool,
}

#[async_trait]
impl Ledger for Unsteady {
    async fn lease(&self, request: &LeaseRequest) -> Result<Granted, LedgerError> {
        self.answer()?;
        self.inner.lease(request).await
    }

    async fn settle(&self, settlements: &[Settlement], now: Timestamp) -> Result<(), LedgerError> {
        self.answer()?;
        self.inner.settle(settlements, now).await
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
