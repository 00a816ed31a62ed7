//! What every `Queue` promises, whatever keeps it.

use std::time::Duration;

use contract::Timestamp;

use super::{Depth, Ending, Enqueued, Leased, MOST_ATTEMPTS, Queue, Standing};
use crate::review::job::Job;

/// Makes the contract's tests for the queue that the expression opens empty.
macro_rules! holds_for {
    ($open:expr) => {
        contract_tests::holds_for!(
            $open;
            jobs_are_taken_in_the_order_they_came,
            a_redelivery_changes_nothing,
            a_failed_delivery_is_tried_again_when_it_is_redelivered,
            a_newer_push_supersedes_the_one_that_waits,
            a_newer_push_waits_for_the_one_that_runs_and_tells_it,
            a_job_whose_worker_crashed_is_taken_again,
            a_crashed_job_is_not_taken_again_when_a_newer_one_waits,
            a_worker_that_lost_its_lease_changes_nothing,
            a_retry_waits_for_its_time,
            a_retry_gives_way_to_a_newer_push,
            a_job_that_keeps_crashing_fails,
            a_job_that_keeps_being_retried_fails,
            a_release_does_not_count_as_an_attempt,
            waiting_ends_when_a_job_comes_in,
            waiting_ends_when_a_lease_expires,
            waiting_ends_when_the_job_that_held_another_back_ends,
            waiting_goes_on_while_nothing_can_be_taken,
        );
    };
    ($open:expr; $($name:ident,)*) => {
        $(#[tokio::test]
        async fn $name() {
            contract_tests::$name(&$open).await;
        })*
    };
}
pub(super) use holds_for;

pub(super) const LEASE: Duration = Duration::from_mins(1);

/// A job of the pull request with that number.
pub(super) fn job(delivery: &str, pull_request: u64) -> Job {
    Job {
        v: Job::VERSION,
        delivery: delivery.into(),
        event: "pull_request".into(),
        action: "synchronize".into(),
        installation_id: Some(1),
        owner: "acme".into(),
        repo: "shop".into(),
        repo_id: 42,
        pull_request,
        base_sha: "ba5e".into(),
        head_sha: delivery.into(),
        fork: false,
        draft: false,
        sender: "ada".into(),
        traceparent: None,
    }
}

fn at(seconds: u64) -> Timestamp {
    Timestamp(0) + Duration::from_secs(seconds)
}

async fn enqueue(queue: &dyn Queue, delivery: &str, pull_request: u64, seconds: u64) {
    assert_eq!(
        queue.enqueue(&job(delivery, pull_request), at(seconds)).await.unwrap(),
        Enqueued::Accepted
    );
}

async fn take(queue: &dyn Queue, seconds: u64) -> Option<Leased> {
    queue.take("worker", LEASE, at(seconds)).await.unwrap()
}

async fn taken(queue: &dyn Queue, seconds: u64) -> Option<String> {
    take(queue, seconds).await.map(|leased| leased.job.delivery)
}

async fn finish(queue: &dyn Queue, leased: &Leased, ending: Ending, seconds: u64) {
    queue.finish(leased, ending, at(seconds)).await.unwrap();
}

fn retry(seconds: u64) -> Ending {
    Ending::Retry { reason: "GitHub was down".into(), not_before: at(seconds) }
}

async fn depth(queue: &dyn Queue) -> (u64, u64, u64) {
    let Depth { waiting, running, failed } = queue.depth(at(0)).await.unwrap();
    (waiting, running, failed)
}

/// Whether `waiting` returns: at once, but a queue behind a network may take a moment on a busy machine.
async fn wakes(queue: &dyn Queue, now: Timestamp) -> bool {
    returns_within(Duration::from_secs(10), queue.waiting(now)).await
}

/// Whether `waiting` goes on for as long as a test can watch it.
async fn sleeps(queue: &dyn Queue, now: Timestamp) -> bool {
    !returns_within(Duration::from_millis(200), queue.waiting(now)).await
}

async fn returns_within(time: Duration, waiting: impl Future<Output = ()>) -> bool {
    tokio::time::timeout(time, waiting).await.is_ok()
}

pub(super) async fn jobs_are_taken_in_the_order_they_came(queue: &dyn Queue) {
    enqueue(queue, "one", 1, 0).await;
    enqueue(queue, "two", 2, 1).await;
    assert_eq!(depth(queue).await, (2, 0, 0));
    let first = take(queue, 2).await.unwrap();
    assert_eq!((first.job.clone(), first.attempt), (job("one", 1), 1));
    assert_eq!(taken(queue, 2).await.as_deref(), Some("two"));
    assert_eq!(taken(queue, 2).await, None);
    finish(queue, &first, Ending::Done, 3).await;
    assert_eq!(depth(queue).await, (0, 1, 0));
}

pub(super) async fn a_redelivery_changes_nothing(queue: &dyn Queue) {
    enqueue(queue, "one", 1, 0).await;
    let redelivered = async || queue.enqueue(&job("one", 1), at(1)).await.unwrap();
    assert_eq!(redelivered().await, Enqueued::Duplicate);
    let leased = take(queue, 2).await.unwrap();
    assert_eq!(redelivered().await, Enqueued::Duplicate);
    assert_eq!(queue.renew(&leased, LEASE, at(2)).await.unwrap(), Standing::Held);
    finish(queue, &leased, Ending::Done, 3).await;
    assert_eq!(redelivered().await, Enqueued::Duplicate);
    assert_eq!(depth(queue).await, (0, 0, 0));
}

pub(super) async fn a_failed_delivery_is_tried_again_when_it_is_redelivered(queue: &dyn Queue) {
    enqueue(queue, "one", 1, 0).await;
    let leased = take(queue, 1).await.unwrap();
    finish(queue, &leased, Ending::Failed { reason: "the token had expired".into() }, 2).await;
    assert_eq!(depth(queue).await, (0, 0, 1));
    enqueue(queue, "one", 1, 3).await;
    assert_eq!(depth(queue).await, (1, 0, 0));
    assert_eq!(take(queue, 4).await.map(|leased| leased.attempt), Some(1));
}

pub(super) async fn a_newer_push_supersedes_the_one_that_waits(queue: &dyn Queue) {
    enqueue(queue, "old", 1, 0).await;
    enqueue(queue, "other pull request", 2, 0).await;
    enqueue(queue, "new", 1, 1).await;
    assert_eq!(taken(queue, 2).await.as_deref(), Some("other pull request"));
    assert_eq!(taken(queue, 2).await.as_deref(), Some("new"));
    assert_eq!(taken(queue, 2).await, None);
    let redelivered = queue.enqueue(&job("old", 1), at(3)).await.unwrap();
    assert_eq!(redelivered, Enqueued::Duplicate);
}

pub(super) async fn a_newer_push_waits_for_the_one_that_runs_and_tells_it(queue: &dyn Queue) {
    enqueue(queue, "old", 1, 0).await;
    let old = take(queue, 0).await.unwrap();
    enqueue(queue, "new", 1, 1).await;
    assert_eq!(taken(queue, 2).await, None);
    assert_eq!(queue.renew(&old, LEASE, at(2)).await.unwrap(), Standing::Superseded);
    assert_eq!(taken(queue, 61).await, None, "the renewed lease still holds");
    finish(queue, &old, Ending::Done, 61).await;
    assert_eq!(taken(queue, 61).await.as_deref(), Some("new"));
}

pub(super) async fn a_job_whose_worker_crashed_is_taken_again(queue: &dyn Queue) {
    enqueue(queue, "one", 1, 0).await;
    let crashed = take(queue, 0).await.unwrap();
    assert_eq!(taken(queue, 59).await, None);
    let again = take(queue, 60).await.unwrap();
    assert_eq!((again.job, again.attempt), (crashed.job, 2));
    assert!(again.fence > crashed.fence);
}

pub(super) async fn a_crashed_job_is_not_taken_again_when_a_newer_one_waits(queue: &dyn Queue) {
    enqueue(queue, "old", 1, 0).await;
    take(queue, 0).await.unwrap();
    enqueue(queue, "new", 1, 1).await;
    assert_eq!(taken(queue, 60).await.as_deref(), Some("new"));
    assert_eq!(taken(queue, 60).await, None);
    assert_eq!(depth(queue).await, (0, 1, 0));
}

pub(super) async fn a_worker_that_lost_its_lease_changes_nothing(queue: &dyn Queue) {
    enqueue(queue, "one", 1, 0).await;
    let slow = take(queue, 0).await.unwrap();
    let fast = take(queue, 60).await.unwrap();
    assert_eq!(queue.renew(&slow, LEASE, at(61)).await.unwrap(), Standing::Lost);
    for ending in
        [Ending::Done, retry(61), Ending::Failed { reason: "too late".into() }, Ending::Released]
    {
        finish(queue, &slow, ending, 61).await;
    }
    assert_eq!(queue.renew(&fast, LEASE, at(62)).await.unwrap(), Standing::Held);
    assert_eq!(depth(queue).await, (0, 1, 0));
}

pub(super) async fn a_retry_waits_for_its_time(queue: &dyn Queue) {
    enqueue(queue, "one", 1, 0).await;
    let leased = take(queue, 0).await.unwrap();
    finish(queue, &leased, retry(30), 1).await;
    assert_eq!(taken(queue, 29).await, None);
    let again = take(queue, 30).await.unwrap();
    assert_eq!(again.attempt, 2);
}

pub(super) async fn a_retry_gives_way_to_a_newer_push(queue: &dyn Queue) {
    enqueue(queue, "old", 1, 0).await;
    let old = take(queue, 0).await.unwrap();
    enqueue(queue, "new", 1, 1).await;
    finish(queue, &old, retry(2), 2).await;
    assert_eq!(taken(queue, 3).await.as_deref(), Some("new"));
    assert_eq!(depth(queue).await, (0, 1, 0));
}

pub(super) async fn a_job_that_keeps_crashing_fails(queue: &dyn Queue) {
    enqueue(queue, "one", 1, 0).await;
    for attempt in 1..=MOST_ATTEMPTS {
        let leased = take(queue, u64::from(attempt) * 60).await.unwrap();
        assert_eq!((leased.attempt, leased.is_last_attempt()), (attempt, attempt == MOST_ATTEMPTS));
    }
    assert_eq!(taken(queue, 1000).await, None);
    assert_eq!(depth(queue).await, (0, 0, 1));
}

pub(super) async fn a_job_that_keeps_being_retried_fails(queue: &dyn Queue) {
    enqueue(queue, "one", 1, 0).await;
    for _ in 1..=MOST_ATTEMPTS {
        let leased = take(queue, 1).await.unwrap();
        finish(queue, &leased, retry(1), 1).await;
    }
    assert_eq!(taken(queue, 1000).await, None);
    assert_eq!(depth(queue).await, (0, 0, 1));
}

pub(super) async fn a_release_does_not_count_as_an_attempt(queue: &dyn Queue) {
    enqueue(queue, "one", 1, 0).await;
    for _ in 0..2 * MOST_ATTEMPTS {
        let leased = take(queue, 0).await.unwrap();
        assert_eq!(leased.attempt, 1);
        finish(queue, &leased, Ending::Released, 0).await;
    }
    assert_eq!(depth(queue).await, (1, 0, 0));
}

pub(super) async fn waiting_ends_when_a_job_comes_in(queue: &dyn Queue) {
    let (woken, ()) = tokio::join!(wakes(queue, at(0)), enqueue(queue, "one", 1, 0));
    assert!(woken);
    assert!(wakes(queue, at(0)).await, "it still waits to be taken");
}

pub(super) async fn waiting_ends_when_a_lease_expires(queue: &dyn Queue) {
    enqueue(queue, "one", 1, 0).await;
    take(queue, 0).await.unwrap();
    queue.waiting(at(0)).await; // the enqueuing itself
    assert!(sleeps(queue, at(59)).await);
    assert!(wakes(queue, Timestamp(59_950)).await);
}

pub(super) async fn waiting_ends_when_the_job_that_held_another_back_ends(queue: &dyn Queue) {
    enqueue(queue, "old", 1, 0).await;
    let old = take(queue, 0).await.unwrap();
    enqueue(queue, "new", 1, 0).await;
    queue.waiting(at(0)).await; // the enqueuing itself
    assert!(sleeps(queue, at(0)).await);
    finish(queue, &old, Ending::Done, 1).await;
    assert!(wakes(queue, at(1)).await);
}

pub(super) async fn waiting_goes_on_while_nothing_can_be_taken(queue: &dyn Queue) {
    assert!(sleeps(queue, at(0)).await);
}
