//! How long a model is waited for, and what it tells of it when that was in vain.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;

use super::scripted::{Act, Scripted, call};
use super::*;
use crate::Event;

const SECOND: Duration = Duration::from_secs(1);

fn gateway(driver: &Arc<Scripted>, ids: &[&str]) -> Gateway {
    let route = |id: &&str| Route::new(Arc::clone(driver) as Arc<dyn ModelDriver>, id);
    Gateway::new(ids.iter().map(route).collect(), Parts::default())
}

fn hangs(times: usize) -> Arc<Scripted> {
    Scripted::new((0..times).map(|_| Act::Hang).collect())
}

/// A call with so much time.
fn within(time: Duration) -> Call {
    Call { deadline: Instant::now() + time, ..call() }
}

fn breaker(gateway: &Gateway) -> &'static str {
    gateway.snapshot()[0].breaker
}

#[tokio::test(start_paused = true)]
async fn a_caller_without_patience_closes_a_model_to_nobody() {
    let driver = hangs(20);
    let gateway = gateway(&driver, &["a"]);
    for time in [SECOND / 20, 9 * SECOND].repeat(10) {
        let error = gateway.converse(&within(time)).await.unwrap_err();
        assert_eq!(error.cause, Cause::Timeout);
    }
    assert_eq!((driver.models().len(), breaker(&gateway)), (20, "closed"));
    gateway.converse(&call()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_model_that_never_answers_is_left_alone_in_the_end() {
    let gateway = gateway(&hangs(100), &["a"]);
    // They wait side by side, as the window of the breaker is as long as one of them.
    let asked = (0..10).map(|_| within(30 * SECOND)).collect::<Vec<_>>();
    let told = futures::future::join_all(asked.iter().map(|call| gateway.converse(call))).await;
    assert!(told.iter().all(Result::is_err));
    assert_eq!(breaker(&gateway), "open");
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_speaks_until_its_caller_has_no_time_left_is_well() {
    let drips = || (0..20).map(|_| (2, Ok(Event::Text(".".to_owned())))).collect();
    let driver = Scripted::new((0..10).map(|_| Act::Stream(drips())).collect());
    let gateway = gateway(&driver, &["a"]);
    for _ in 0..10 {
        let mut told = gateway.stream(&within(21 * SECOND)).await.unwrap();
        let mut last = None;
        while let Some(event) = told.next().await {
            last = Some(event);
        }
        assert_eq!(last.unwrap().unwrap_err().cause, Cause::Timeout);
    }
    assert_eq!(breaker(&gateway), "closed");
}

#[tokio::test(start_paused = true)]
async fn streams_that_fall_silent_are_the_models_failure() {
    let falls_silent = || Act::Stream(vec![(0, Ok(Event::Text("Hel".to_owned())))]);
    let driver = Scripted::new((0..10).map(|_| falls_silent()).collect());
    let gateway = gateway(&driver, &["a"]);
    let asked = (0..10).map(|_| within(30 * SECOND)).collect::<Vec<_>>();
    let told = asked.iter().map(async |call| {
        let told = gateway.stream(call).await.unwrap();
        told.collect::<Vec<_>>().await
    });
    futures::future::join_all(told).await;
    assert_eq!(breaker(&gateway), "open");
}

#[tokio::test(start_paused = true)]
async fn a_service_that_says_that_it_was_too_slow_has_failed_whoever_asked() {
    let driver = Scripted::new((0..10).map(|_| Act::Fail(Cause::Timeout)).collect());
    let gateway = gateway(&driver.trying(1), &["a"]);
    for _ in 0..10 {
        assert!(gateway.converse(&within(SECOND)).await.is_err());
    }
    assert_eq!(breaker(&gateway), "open");
}
