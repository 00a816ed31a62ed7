//! Budgets of several processes over one file.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use model::budget::{Budget, Caps, Quote};
use model::{Cause, Metadata};
use tokio::time::Instant;

use super::*;

const NOON: fn() -> Timestamp = || Timestamp(1_795_262_400_000);
const START: Timestamp = Timestamp(1_795_262_400_000);

fn ledger(path: &Path) -> SqliteLedger {
    SqliteLedger::new(Database::open(path).unwrap())
}

fn day() -> Scope {
    Scope::Day("2026-11-21".parse().unwrap())
}

fn wish(number: u64, least: u64, now: Timestamp) -> LeaseRequest {
    LeaseRequest {
        scope: day(),
        lease: number,
        least: Nanodollars(least),
        wish: Nanodollars(60),
        cap: Nanodollars(100),
        now,
    }
}

async fn granted(ledger: &SqliteLedger, request: LeaseRequest) -> Option<u64> {
    ledger.lease(&request).await.unwrap().amount.map(|amount| amount.0)
}

fn settlement(lease: u64, used: u64, returned: u64) -> Settlement {
    Settlement { scope: day(), lease, used: Nanodollars(used), returned: Nanodollars(returned) }
}

#[tokio::test]
async fn leases_of_two_processes_never_pass_the_cap_together() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("eco-coder.db");
    let (one, other) = (ledger(&path), ledger(&path));
    assert_eq!(granted(&one, wish(1, 10, START)).await, Some(60));
    assert_eq!(granted(&other, wish(2, 10, START)).await, Some(40));
    assert_eq!(granted(&one, wish(1, 10, START)).await, None);
    one.settle(&[settlement(1, 25, 35)], START).await.unwrap();
    assert_eq!(granted(&other, wish(2, 10, START)).await, Some(35));
    let account = other.spent(&day(), START).await.unwrap();
    assert_eq!(account, Spent { spent: Nanodollars(25), leased: Nanodollars(75) });
}

#[tokio::test]
async fn the_lease_of_a_process_that_crashed_counts_until_it_expires() {
    let ledger = SqliteLedger::new(Database::in_memory().unwrap());
    granted(&ledger, wish(1, 10, START)).await;
    granted(&ledger, wish(2, 10, START)).await;
    let soon = START + LEASE_LASTS / 2;
    ledger.settle(&[settlement(2, 0, 0)], soon).await.unwrap();
    assert_eq!(granted(&ledger, wish(3, 10, soon)).await, None);
    let later = START + LEASE_LASTS;
    assert_eq!(granted(&ledger, wish(3, 10, later)).await, Some(60), "the first has expired");
    assert_eq!(granted(&ledger, wish(4, 10, later)).await, None, "the second was renewed");
}

#[tokio::test]
async fn what_was_used_beyond_a_lease_is_booked() {
    let ledger = SqliteLedger::new(Database::in_memory().unwrap());
    granted(&ledger, wish(1, 10, START)).await;
    ledger.settle(&[settlement(1, 130, 0), settlement(9, 1, 5)], START).await.unwrap();
    let account = ledger.spent(&day(), START).await.unwrap();
    assert_eq!(account, Spent { spent: Nanodollars(131), leased: Nanodollars::ZERO });
}

/// Set aside and settled by all processes at a time.
#[derive(Default)]
struct Held {
    now: AtomicU64,
    most: AtomicU64,
    settled: AtomicU64,
    refused: AtomicU64,
}

async fn one_call(budget: Arc<Budget>, most: u64, cost: u64, held: Arc<Held>) {
    let quote = Quote {
        model_id: "some.model".into(),
        input_tokens: 100,
        output_tokens: Some(100),
        most: Some(Nanodollars(most)),
    };
    let deadline = Instant::now() + Duration::from_mins(1);
    match budget.reserve(&Metadata::default(), &quote, deadline).await {
        Err(error) => {
            assert_eq!(error.cause, Cause::Budget, "{error}");
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
async fn ten_thousand_calls_of_four_processes_over_one_file_never_pass_the_cap() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("eco-coder.db");
    let cap = Nanodollars::of_usd(1.0);
    let caps = Caps { day_usd: Some(cap.usd()), ..Caps::default() };
    let open = || Budget::new(caps.clone(), Arc::new(ledger(&path)), NOON);
    let processes: Vec<_> = (0..4).map(|_| open()).collect();
    let held: Arc<Held> = Arc::default();
    let mut random = fastrand::Rng::with_seed(7);
    let calls = (0..10_000).map(|index| {
        let most = random.u64(100_000..1_000_000);
        let (budget, cost) = (processes[index % 4].clone(), random.u64(0..=most));
        tokio::spawn(one_call(budget, most, cost, held.clone()))
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
    let account = ledger(&path).spent(&day(), START).await.unwrap();
    assert_eq!(account, Spent { spent: Nanodollars(settled), leased: Nanodollars::ZERO });
}
