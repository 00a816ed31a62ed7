use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use tokio::time::Instant;

use super::scripted::{Act, Diary, Scripted, call, error, reply};
use super::*;
use crate::limit;
use crate::{Event, StopReason};

fn gateway(driver: &Arc<Scripted>, diary: &Arc<Diary>) -> Gateway {
    let parts = Parts { observe: Arc::<Diary>::clone(diary), ..Parts::default() };
    let routes = ["a", "b"].map(|id| Route::new(Arc::clone(driver) as Arc<dyn ModelDriver>, id));
    Gateway::new(routes.into(), parts)
}

fn started() -> Event {
    Event::Started { model_id: "a".to_owned() }
}

fn text(text: &str) -> Event {
    Event::Text(text.to_owned())
}

/// What a client sees, a line for each event.
async fn seen(events: Events) -> String {
    let line = |event: Result<Event, ModelError>| match event {
        Ok(Event::Started { model_id }) => format!("started {model_id}"),
        Ok(Event::Text(text)) => format!("text {text:?}"),
        Ok(Event::Finished(reply)) => format!("finished {} {:?}", reply.model_id, reply.notes),
        Ok(other) => format!("{other:?}"),
        Err(error) => format!("error {error}"),
    };
    events.map(line).collect::<Vec<_>>().await.join("\n")
}

#[tokio::test(start_paused = true)]
async fn what_breaks_before_anything_was_said_is_tried_again_unseen() {
    let breaks = || {
        Act::Stream(vec![
            (0, Ok(started())),
            (1, Ok(text(""))),
            (1, Err(error(Cause::Interrupted))),
        ])
    };
    let driver =
        Scripted::new(vec![breaks(), Act::Fail(Cause::Service), breaks(), Act::Say("Hello.")]);
    let diary = Arc::default();
    let events = gateway(&driver, &diary).stream(&call()).await.unwrap();
    insta::assert_snapshot!(seen(events).await, @r#"
    started b
    text "Hello."
    finished b ["b answered instead of a: the model's answer broke off: so it said"]
    "#);
    assert_eq!(driver.models(), ["a", "a", "a", "b"]);
}

#[tokio::test(start_paused = true)]
async fn what_breaks_after_something_was_said_is_passed_on_and_not_said_twice() {
    let driver = Scripted::new(vec![Act::Stream(vec![
        (0, Ok(started())),
        (0, Ok(text("Hel"))),
        (2, Err(error(Cause::Throttled))),
    ])]);
    let diary = Arc::default();
    let events = gateway(&driver, &diary).stream(&call()).await.unwrap();
    insta::assert_snapshot!(seen(events).await, @r#"
    started a
    text "Hel"
    error the model throttled every attempt: so it said
    "#);
    assert_eq!(driver.models(), ["a"]);
    insta::assert_snapshot!(diary.read(), @"a quota_exceeded: 2 s, 9 tokens at most");
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_falls_silent_is_ended_after_a_minute() {
    let driver = Scripted::new(vec![Act::Stream(vec![(0, Ok(text("Hel"))), (59, Ok(text("lo")))])]);
    let diary = Arc::default();
    let start = Instant::now();
    let events = gateway(&driver, &diary).stream(&call()).await.unwrap();
    insta::assert_snapshot!(seen(events).await, @r#"
    text "Hel"
    text "lo"
    error the model did not answer in time: the stream was silent for 60 s
    "#);
    assert_eq!(start.elapsed().as_secs(), 119);
}

#[tokio::test(start_paused = true)]
async fn a_first_event_is_waited_for_thirty_seconds_and_then_another_attempt_is_made() {
    let driver = Scripted::new(vec![
        Act::Hang,
        Act::Stream(Vec::new()),
        Act::Stream(vec![(31, Ok(started()))]),
    ]);
    let diary = Arc::default();
    let start = Instant::now();
    let events = gateway(&driver, &diary).stream(&call()).await.unwrap();
    assert_eq!(start.elapsed().as_secs() / 10, 9);
    assert!(seen(events).await.starts_with("started b"));
}

#[tokio::test(start_paused = true)]
async fn a_drip_that_never_ends_is_ended_by_the_deadline() {
    let drip = (0..100).map(|_| (20, Ok(text(".")))).collect();
    let driver = Scripted::new(vec![Act::Stream(drip)]);
    let mut asked = call();
    asked.deadline = Instant::now() + Duration::from_secs(90);
    let events = gateway(&driver, &Arc::default()).stream(&asked).await.unwrap();
    let seen = seen(events).await;
    assert_eq!(seen.lines().count(), 5);
    assert!(
        seen.ends_with("error the model did not answer in time: the time for this reply is over"),
        "{seen}"
    );
}

#[tokio::test(start_paused = true)]
async fn who_leaves_a_stream_pays_for_what_was_said_and_gives_the_place_back() {
    let driver =
        Scripted::new(vec![Act::Stream(vec![(0, Ok(text("Hello, world"))), (1, Ok(text("!!!")))])]);
    let diary = Arc::default();
    let gateway = gateway(&driver, &diary);
    let mut events = gateway.stream(&call()).await.unwrap();
    events.next().await.unwrap().unwrap();
    events.next().await.unwrap().unwrap();
    assert_eq!(gateway.snapshot()[0].in_flight, 1);
    drop(events);
    assert_eq!(gateway.snapshot()[0].in_flight, 0);
    // 24 bytes of prompt and 15 of answer, three to a token.
    insta::assert_snapshot!(diary.read(), @"a canceled: 1 s, 13 tokens at most");
}

#[tokio::test(start_paused = true)]
async fn who_leaves_before_the_first_word_gives_the_place_back() {
    let driver = Scripted::new(vec![Act::Hang]);
    let gateway = gateway(&driver, &Arc::default());
    let left = tokio::time::timeout(Duration::from_secs(1), gateway.stream(&call())).await;
    assert!(left.is_err());
    assert_eq!(gateway.snapshot()[0].in_flight, 0);
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_ends_without_a_word_and_unusable_is_asked_for_again() {
    let driver = Scripted::new(vec![Act::Stop(StopReason::MalformedModelOutput)]);
    let events = gateway(&driver, &Arc::default()).stream(&call()).await.unwrap();
    insta::assert_snapshot!(seen(events).await, @r#"
    started a
    text "Done."
    finished a ["a called a tool in an unreadable form, and was told so"]
    "#);
}

#[tokio::test(start_paused = true)]
async fn streams_count_against_the_cap_until_their_end() {
    let hello = |driver: &Arc<Scripted>| {
        let settings = limit::Settings { concurrency: 1, waiting: 1, ..limit::Settings::default() };
        let parts = Parts { limits: Arc::new(Limits::new(settings)), ..Parts::default() };
        Gateway::new(vec![Route::new(Arc::clone(driver) as Arc<dyn ModelDriver>, "a")], parts)
    };
    let finished = reply(&call(), "Hello.", StopReason::EndTurn);
    let driver = Scripted::new(vec![Act::Stream(vec![
        (0, Ok(text("Hello."))),
        (5, Ok(Event::Finished(Box::new(finished)))),
    ])]);
    let gateway = hello(&driver);
    let start = Instant::now();
    let first = gateway.stream(&call()).await.unwrap();
    let asked = call();
    let (_, second) = tokio::join!(seen(first), gateway.converse(&asked));
    second.unwrap();
    assert_eq!(start.elapsed().as_secs(), 5);
}
