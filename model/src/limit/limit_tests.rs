use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures::future::join_all;

use super::*;
use crate::Cause;

fn within(duration: Duration) -> Instant {
    Instant::now() + duration
}

fn limits(concurrency: u32) -> Arc<Limits> {
    Arc::new(Limits::new(Settings { concurrency, ..Settings::default() }))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_calls_on_four_threads_never_exceed_the_cap_and_all_are_served() {
    let (limits, under_way, most) =
        (limits(7), Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let calls = (0..1_000).map(|_| {
        let (limits, under_way, most) =
            (Arc::clone(&limits), Arc::clone(&under_way), Arc::clone(&most));
        tokio::spawn(async move {
            let permit = limits.admit("m", 10, within(Duration::from_mins(1))).await.unwrap();
            most.fetch_max(under_way.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            under_way.fetch_sub(1, Ordering::SeqCst);
            permit.settle(Outcome::Success, 10);
        })
    });
    for call in join_all(calls).await {
        call.unwrap();
    }
    assert!((2..=7).contains(&most.load(Ordering::SeqCst)), "{most:?}");
    let snapshot = &limits.snapshot()[0];
    assert_eq!((snapshot.in_flight, snapshot.waiting), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn those_who_wait_are_served_in_the_order_in_which_they_came() {
    let limits = limits(1);
    let first = limits.admit("m", 0, within(Duration::from_secs(1))).await.unwrap();
    let served = Arc::new(std::sync::Mutex::new(Vec::new()));
    let waiting: Vec<_> = (0..5)
        .map(|number| {
            let (limits, served) = (Arc::clone(&limits), Arc::clone(&served));
            tokio::spawn(async move {
                let _permit = limits.admit("m", 0, within(Duration::from_secs(9))).await.unwrap();
                served.lock().unwrap().push(number);
                tokio::time::sleep(Duration::from_millis(10)).await;
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(1)).await;
    first.settle(Outcome::Success, 0);
    for call in waiting {
        call.await.unwrap();
    }
    assert_eq!(*served.lock().unwrap(), [0, 1, 2, 3, 4]);
}

#[tokio::test(start_paused = true)]
async fn one_who_gives_up_waiting_takes_no_place_along() {
    let limits = limits(1);
    let first = limits.admit("m", 0, within(Duration::from_secs(1))).await.unwrap();
    let waits = |limits: &Arc<Limits>| {
        let limits = Arc::clone(limits);
        tokio::spawn(async move { limits.admit("m", 0, within(Duration::from_mins(1))).await })
    };
    let start = Instant::now();
    let (second, third) = (waits(&limits), waits(&limits));
    tokio::time::sleep(Duration::from_millis(1)).await;
    assert_eq!(limits.snapshot()[0].waiting, 2);
    // The place is free, the second is told so, and is gone before it can take it.
    first.settle(Outcome::Success, 0);
    second.abort();
    let permit = third.await.unwrap().unwrap();
    assert!(
        start.elapsed() < Duration::from_secs(1),
        "it is woken, and does not wait for its deadline"
    );
    drop(permit);
    let snapshot = &limits.snapshot()[0];
    assert_eq!((snapshot.in_flight, snapshot.waiting), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_full_house_is_said_at_the_deadline_and_a_full_queue_at_once() {
    let settings = Settings { concurrency: 1, waiting: 1, ..Settings::default() };
    let limits = Arc::new(Limits::new(settings));
    let _first = limits.admit("m", 0, within(Duration::from_secs(1))).await.unwrap();
    let start = Instant::now();
    let second = {
        let limits = Arc::clone(&limits);
        tokio::spawn(async move { limits.admit("m", 0, within(Duration::from_secs(5))).await })
    };
    tokio::time::sleep(Duration::from_millis(1)).await;
    let third = limits.admit("m", 0, within(Duration::from_secs(5))).await.unwrap_err();
    insta::assert_snapshot!(third, @"too many calls wait for the model: the queue is full at m; raise the concurrency or the quota in the settings, or ask later");
    assert_eq!(start.elapsed().as_secs(), 0);
    let second = second.await.unwrap().unwrap_err();
    assert_eq!((second.cause, start.elapsed().as_secs()), (Cause::Overloaded, 5));
}

#[tokio::test(start_paused = true)]
async fn a_quota_that_is_reserved_is_waited_for_and_what_was_not_used_comes_back() {
    let settings = Settings { tokens_per_minute: Some(60_000), ..Settings::default() };
    let limits = Limits::new(settings);
    let start = Instant::now();
    let first = limits.admit("m", 50_000, within(Duration::from_secs(1))).await.unwrap();
    first.settle(Outcome::Success, 1_000);
    let second = limits.admit("m", 59_000, within(Duration::from_secs(1))).await.unwrap();
    assert_eq!(start.elapsed(), Duration::ZERO);
    second.settle(Outcome::Success, 59_000);
    limits.admit("m", 10_000, within(Duration::from_secs(11))).await.unwrap();
    assert_eq!(start.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn a_quota_that_comes_too_late_is_refused_at_once_with_the_time() {
    let settings = Settings { tokens_per_minute: Some(60), ..Settings::default() };
    let limits = Limits::new(settings);
    let first = limits.admit("m", 60, within(Duration::from_secs(1))).await.unwrap();
    first.settle(Outcome::Success, 60);
    let start = Instant::now();
    let error = limits.admit("m", 30, within(Duration::from_secs(5))).await.unwrap_err();
    assert_eq!(
        (error.cause, error.retry_after),
        (Cause::Overloaded, Some(Duration::from_secs(30)))
    );
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn requests_keep_their_rate() {
    let settings = Settings { requests_per_second: Some(2.0), ..Settings::default() };
    let limits = Limits::new(settings);
    let start = Instant::now();
    for _ in 0..10 {
        drop(limits.admit("m", 0, within(Duration::from_mins(1))).await.unwrap());
    }
    assert_eq!(start.elapsed().as_millis() / 100, 40, "two at once, then two a second");
}

#[tokio::test(start_paused = true)]
async fn a_model_that_fails_is_left_alone_and_its_neighbor_is_not() {
    let limits = limits(64);
    for _ in 0..10 {
        limits
            .admit("m", 0, within(Duration::from_secs(1)))
            .await
            .unwrap()
            .settle(Outcome::Failed, 0);
    }
    let error = limits.admit("m", 0, within(Duration::from_secs(1))).await.unwrap_err();
    insta::assert_snapshot!(error, @"the model failed too often and is left alone for a while: m is tried again in 10 s");
    assert!(limits.admit("n", 0, within(Duration::from_secs(1))).await.is_ok());
}

#[tokio::test]
async fn ids_without_end_fill_no_memory() {
    let limits = limits(64);
    for number in 0..3_000 {
        limits.gate(&format!("m{number}"));
    }
    assert_eq!(limits.snapshot().len(), MOST_GATES + 1);
    assert_eq!(limits.snapshot_of("nobody asked"), None);
    let all = limits.snapshot();
    assert_eq!(limits.snapshot_of(&all[0].key).as_ref(), Some(&all[0]));
}
