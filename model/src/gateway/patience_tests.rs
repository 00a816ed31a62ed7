//! How long a model is waited for, and what it tells of it when that was in vain.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;

use super::scripted::{Act, Scripted, call};
use super::*;
use crate::{Event, limit};

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

/// What becomes of ten calls that wait side by side: the breaker counts those of the last 30 s.
async fn ten_at_once(gateway: &Gateway, time: Duration) -> Vec<Cause> {
    let asked: Vec<_> = (0..10).map(|_| within(time)).collect();
    let told = futures::future::join_all(asked.iter().map(|call| gateway.converse(call))).await;
    told.into_iter().map(|told| told.unwrap_err().cause).collect()
}

fn breaker(gateway: &Gateway) -> &'static str {
    gateway.snapshot()[0].breaker
}

#[tokio::test(start_paused = true)]
async fn a_caller_without_patience_closes_a_model_to_nobody() {
    let driver = hangs(20);
    let gateway = gateway(&driver, &["a"]);
    for time in [SECOND / 20, 9 * SECOND] {
        let causes = ten_at_once(&gateway, time).await;
        assert_eq!(causes, [Cause::Timeout; 10]);
    }
    assert_eq!((driver.models().len(), breaker(&gateway)), (20, "closed"));
    gateway.converse(&call()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_model_that_never_answers_is_left_alone_in_the_end() {
    let gateway = gateway(&hangs(100), &["a"]);
    assert_eq!(ten_at_once(&gateway, 30 * SECOND).await, [Cause::Timeout; 10]);
    assert_eq!(breaker(&gateway), "open");
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_speaks_until_its_caller_has_no_time_left_is_well_and_one_that_falls_silent_is_not()
 {
    for (pause, breaker_is) in [(2, "closed"), (30, "open")] {
        let drip = |seconds| (seconds, Ok(Event::Text(".".to_owned())));
        let drips = || Act::Stream([0].into_iter().chain([pause; 20]).map(drip).collect());
        let driver = Scripted::new((0..10).map(|_| drips()).collect());
        let gateway = gateway(&driver, &["a"]);
        let asked: Vec<_> = (0..10).map(|_| within(25 * SECOND)).collect();
        let told = asked.iter().map(async |call| {
            let told: Vec<_> = gateway.stream(call).await.unwrap().collect().await;
            told.into_iter().last().unwrap().unwrap_err().cause
        });
        assert_eq!(futures::future::join_all(told).await, [Cause::Timeout; 10]);
        assert_eq!(breaker(&gateway), breaker_is);
    }
}

/// Who was asked in vain, and how long after the beginning the next one was, in seconds.
async fn asked_one_after_another(ids: &[&str], time: Duration) -> (Vec<String>, f64, bool) {
    let driver = hangs(ids.len() - 1);
    let gateway = gateway(&driver, ids);
    let start = Instant::now();
    let answered = gateway.converse(&within(time)).await.is_ok();
    (driver.models(), (start.elapsed().as_secs_f64() * 10.0).round() / 10.0, answered)
}

#[tokio::test(start_paused = true)]
async fn models_that_never_answer_leave_time_for_the_next() {
    for (ids, seconds) in
        [(&["a", "b"][..], 20.0), (&["a", "b", "c"], 25.0), (&["a", "b", "c", "d"], 27.5)]
    {
        let asked = asked_one_after_another(ids, 30 * SECOND).await;
        assert_eq!(asked, (ids.iter().map(ToString::to_string).collect(), seconds, true));
    }
    let hurried = asked_one_after_another(&["a", "b"], 3 * SECOND).await;
    assert_eq!(hurried, (vec!["a".to_owned(), "b".to_owned()], 2.0, true));
    // The gateway's own patience is shorter.
    let patient = asked_one_after_another(&["a", "b"], 600 * SECOND).await;
    assert_eq!(patient, (vec!["a".to_owned(), "b".to_owned()], 30.0, true));
}

#[tokio::test(start_paused = true)]
async fn of_three_models_the_first_is_left_alone_in_the_end_too() {
    let gateway = gateway(&hangs(300), &["a", "b", "c"]);
    ten_at_once(&gateway, 30 * SECOND).await;
    // Its rest is over when the last one has been waited for.
    assert_eq!(breaker(&gateway), "half_open");
}

#[tokio::test(start_paused = true)]
async fn a_model_whose_stand_in_is_left_alone_has_all_the_time_and_a_second_try() {
    for (time, asked) in [(30, vec!["a"]), (70, vec!["a", "a", "a"])] {
        let driver = hangs(9);
        let gateway = gateway(&driver, &["a", "b"]);
        let gate = gateway.limits().gate("scripted/b");
        for _ in 0..3 {
            gate.admit(0, call().deadline).await.unwrap().settle(limit::Outcome::Auth, 0);
        }
        let start = Instant::now();
        gateway.converse(&within(time * SECOND)).await.unwrap_err();
        assert_eq!(
            (driver.models(), start.elapsed().as_secs()),
            (asked.iter().map(ToString::to_string).collect(), u64::from(time))
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_only_begins_leaves_time_for_the_next() {
    let begins = Act::Stream(vec![(1, Ok(Event::Started { model_id: "a".to_owned() }))]);
    let driver = Scripted::new(vec![begins]);
    let start = Instant::now();
    let told: Vec<_> =
        gateway(&driver, &["a", "b"]).stream(&within(30 * SECOND)).await.unwrap().collect().await;
    assert!(told.iter().all(Result::is_ok));
    assert_eq!((driver.models(), start.elapsed()), (vec!["a".into(), "b".into()], 20 * SECOND));
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
