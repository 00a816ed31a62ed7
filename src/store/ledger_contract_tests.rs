//! What every `Ledger` promises, whatever keeps it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use contract::Timestamp;
use model::budget::{
    Batch, Budget, Caps, LEASE_LASTS, LeaseRequest, Ledger, MOST_SETTLEMENTS, Nanodollars, Quote,
    Scope, Settlement, Spent,
};
use model::{Cause, Metadata};
use tokio::time::Instant;

/// Makes the contract's tests. The expression makes empty accounts, and returns what opens them, as a process does; the
/// number is how many calls the last test makes.
macro_rules! holds_for {
    ($calls:expr, $accounts:expr) => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn calls_of_four_processes_never_pass_the_cap() {
            ledger_contract_tests::calls_of_four_processes_never_pass_the_cap($calls, &$accounts)
                .await;
        }
        ledger_contract_tests::holds_for!(
            $accounts;
            leases_of_two_processes_never_pass_the_cap_together,
            the_lease_of_one_that_crashed_counts_until_it_expires,
            what_was_used_beyond_a_lease_is_booked,
            a_batch_that_is_told_again_is_booked_once,
            a_whole_batch_is_booked_in_one,
            many_holders_never_pass_the_cap_together,
        );
    };
    ($accounts:expr; $($name:ident,)*) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
        async fn $name() {
            ledger_contract_tests::$name(&$accounts).await;
        })*
    };
}
pub(super) use holds_for;

const NOON: fn() -> Timestamp = || START;
pub(super) const START: Timestamp = Timestamp(1_795_262_400_000);

type Open<'a> = &'a dyn Fn() -> Arc<dyn Ledger>;

pub(super) fn day() -> Scope {
    Scope::Day("2026-11-21".parse().unwrap())
}

pub(super) fn wish(lease: u64, now: Timestamp) -> LeaseRequest {
    LeaseRequest {
        scope: day(),
        lease,
        least: Nanodollars(10),
        wish: Nanodollars(60),
        cap: Nanodollars(100),
        now,
    }
}

async fn granted(ledger: &dyn Ledger, request: LeaseRequest) -> Option<u64> {
    ledger.lease(&request).await.unwrap().amount.map(|amount| amount.0)
}

pub(super) fn settlement(lease: u64, used: u64, returned: u64) -> Settlement {
    Settlement { scope: day(), lease, used: Nanodollars(used), returned: Nanodollars(returned) }
}

pub(super) fn batch<const COUNT: usize>(settlements: [Settlement; COUNT]) -> Batch {
    Batch { id: fastrand::u64(..), settlements: settlements.into() }
}

pub(super) fn standing(spent: u64, leased: u64) -> Spent {
    Spent { spent: Nanodollars(spent), leased: Nanodollars(leased) }
}

pub(super) async fn leases_of_two_processes_never_pass_the_cap_together(open: Open<'_>) {
    let (one, other) = (open(), open());
    assert_eq!(granted(&*one, wish(1, START)).await, Some(60));
    assert_eq!(granted(&*other, wish(2, START)).await, Some(40));
    let refused = one.lease(&wish(1, START)).await.unwrap();
    assert_eq!((refused.amount, refused.account), (None, standing(0, 100)));
    one.settle(&batch([settlement(1, 25, 35)]), START).await.unwrap();
    let again = other.lease(&wish(2, START)).await.unwrap();
    assert_eq!((again.amount, again.account), (Some(Nanodollars(35)), standing(25, 75)));
    assert_eq!(one.spent(&day(), START).await.unwrap(), standing(25, 75));
    let nothing = LeaseRequest { least: Nanodollars::ZERO, ..wish(3, START) };
    assert_eq!(granted(&*one, nothing).await, None, "nothing is not granted");
    let too_much = LeaseRequest { least: Nanodollars(101), ..wish(3, START) };
    assert_eq!(granted(&*one, too_much).await, None);
}

pub(super) async fn the_lease_of_one_that_crashed_counts_until_it_expires(open: Open<'_>) {
    let ledger = open();
    granted(&*ledger, wish(1, START)).await;
    granted(&*ledger, wish(2, START)).await;
    let soon = START + LEASE_LASTS / 2;
    ledger.settle(&batch([settlement(2, 0, 0)]), soon).await.unwrap();
    assert_eq!(granted(&*ledger, wish(3, soon)).await, None);
    let later = START + LEASE_LASTS;
    assert_eq!(ledger.spent(&day(), later).await.unwrap(), standing(0, 40));
    assert_eq!(granted(&*ledger, wish(3, later)).await, Some(60), "the first has expired");
    assert_eq!(granted(&*ledger, wish(4, later)).await, None, "the second was renewed");
    // The one that was thought to have crashed has only slept.
    ledger.settle(&batch([settlement(1, 5, 55)]), later).await.unwrap();
    assert_eq!(ledger.spent(&day(), later).await.unwrap(), standing(5, 100));
}

pub(super) async fn what_was_used_beyond_a_lease_is_booked(open: Open<'_>) {
    let ledger = open();
    granted(&*ledger, wish(1, START)).await;
    let beyond = batch([settlement(1, 130, 0), settlement(9, 1, 5)]);
    ledger.settle(&beyond, START).await.unwrap();
    assert_eq!(ledger.spent(&day(), START).await.unwrap(), standing(131, 0));
    assert_eq!(granted(&*ledger, wish(2, START)).await, None);
}

pub(super) async fn a_batch_that_is_told_again_is_booked_once(open: Open<'_>) {
    let ledger = open();
    granted(&*ledger, wish(1, START)).await;
    let told = batch([settlement(1, 5, 10)]);
    ledger.settle(&told, START).await.unwrap();
    ledger.settle(&told, START + Duration::from_mins(1)).await.unwrap();
    assert_eq!(open().spent(&day(), START).await.unwrap(), standing(5, 45));
    ledger.settle(&batch([settlement(1, 5, 10)]), START).await.unwrap();
    assert_eq!(ledger.spent(&day(), START).await.unwrap(), standing(10, 30), "another one is");
}

pub(super) async fn a_whole_batch_is_booked_in_one(open: Open<'_>) {
    let ledger = open();
    let task = |number: usize| Scope::Task(format!("task-{number}"));
    let used = |number| Settlement { scope: task(number), ..settlement(1, 3, 0) };
    let settlements = (0..MOST_SETTLEMENTS).map(used).collect();
    ledger.settle(&Batch { id: 7, settlements }, START).await.unwrap();
    for number in [0, MOST_SETTLEMENTS - 1] {
        assert_eq!(ledger.spent(&task(number), START).await.unwrap(), standing(3, 0));
    }
}

/// What all processes have set aside and settled, at the time and at most.
#[derive(Default)]
struct Held {
    now: AtomicU64,
    most: AtomicU64,
    settled: AtomicU64,
    refused: AtomicU64,
}

impl Held {
    fn set_aside(&self, amount: u64) {
        let sum = self.now.fetch_add(amount, Ordering::SeqCst) + amount;
        self.most.fetch_max(sum, Ordering::SeqCst);
    }

    /// Before it is told, so that what others get meanwhile is not counted beside it.
    fn settle(&self, amount: u64, used: u64) {
        self.now.fetch_sub(amount - used, Ordering::SeqCst);
        self.settled.fetch_add(used, Ordering::SeqCst);
    }
}

pub(super) async fn many_holders_never_pass_the_cap_together(open: Open<'_>) {
    const HOLDERS: u64 = 40;
    let held: Arc<Held> = Arc::default();
    let holders = (0..HOLDERS).map(|number| {
        let (ledger, held) = (open(), held.clone());
        let mut random = fastrand::Rng::with_seed(number);
        tokio::spawn(async move {
            for _ in 0..5 {
                let request =
                    LeaseRequest { wish: Nanodollars(random.u64(10..30)), ..wish(number, START) };
                let Some(amount) = granted(&*ledger, request).await else {
                    held.refused.fetch_add(1, Ordering::SeqCst);
                    continue;
                };
                held.set_aside(amount);
                tokio::task::yield_now().await;
                let used = random.u64(0..3);
                held.settle(amount, used);
                let told = batch([settlement(number, used, amount - used)]);
                ledger.settle(&told, START).await.unwrap();
            }
        })
    });
    for holder in holders.collect::<Vec<_>>() {
        holder.await.unwrap();
    }
    let most = held.most.load(Ordering::SeqCst);
    assert!(most <= 100, "{most} were held at a time");
    assert!(held.refused.load(Ordering::SeqCst) > 0, "they were too many");
    let settled = held.settled.load(Ordering::SeqCst);
    assert_eq!(open().spent(&day(), START).await.unwrap(), standing(settled, 0));
}

/// A cap that about a third of the calls reach, and caps of tasks that some reach before.
pub(super) async fn calls_of_four_processes_never_pass_the_cap(calls: usize, open: Open<'_>) {
    let (cap, of_task) = (Nanodollars(calls as u64 * 100_000), Nanodollars(calls as u64 * 12_000));
    let caps = Caps { day_usd: Some(cap.usd()), task_usd: Some(of_task.usd()), ..Caps::default() };
    let processes: Vec<_> = (0..4).map(|_| Budget::new(caps.clone(), open(), NOON)).collect();
    let held: Arc<Held> = Arc::default();
    let mut random = fastrand::Rng::with_seed(7);
    let spending = (0..calls).map(|index| {
        let most = random.u64(100_000..1_000_000);
        let (budget, cost) = (processes[index % 4].clone(), random.u64(0..=most));
        let task = format!("task-{}", index % 10);
        tokio::spawn(one_call(budget, task, most, cost, held.clone()))
    });
    for call in spending.collect::<Vec<_>>() {
        call.await.unwrap();
    }
    for process in &processes {
        process.flush(true).await;
    }
    let (most, settled) = (held.most.load(Ordering::SeqCst), held.settled.load(Ordering::SeqCst));
    assert!(most <= cap.0, "{most} were held at a time");
    assert!(settled > cap.0 / 2, "the cap was used: {settled}");
    assert!(held.refused.load(Ordering::SeqCst) > calls as u64 / 10, "and reached");
    let ledger = open();
    assert_eq!(ledger.spent(&day(), START).await.unwrap(), standing(settled, 0));
    for task in 0..10 {
        let account = ledger.spent(&Scope::Task(format!("task-{task}")), START).await.unwrap();
        assert!(account.spent <= of_task, "{account:?}");
    }
}

async fn one_call(budget: Arc<Budget>, task: String, most: u64, cost: u64, held: Arc<Held>) {
    let quote = Quote {
        model_id: "some.model".into(),
        input_tokens: 100,
        output_tokens: Some(100),
        most: Some(Nanodollars(most)),
    };
    let metadata = Metadata { task_id: Some(task), ..Metadata::default() };
    let deadline = Instant::now() + Duration::from_mins(1);
    match budget.reserve(&metadata, &quote, deadline).await {
        Err(error) => {
            assert_eq!(error.cause, Cause::Budget, "{error}");
            held.refused.fetch_add(1, Ordering::SeqCst);
        }
        Ok(reservation) => {
            held.set_aside(most);
            tokio::task::yield_now().await;
            held.settle(most, cost);
            reservation.settle(Some(Nanodollars(cost).usd()));
        }
    }
}
