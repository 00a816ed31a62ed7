//! What is learned of models by one call, however often each was asked.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::StreamExt;

use super::scripted::{Act, Scripted, call};
use super::*;
use crate::StopReason;
use crate::router::{Complexity, Task, Work};

#[derive(Default)]
struct Lessons(Mutex<Vec<String>>);

impl Observe for Lessons {
    fn attempted(&self, _: &Attempted<'_>) {}

    fn learned(&self, learned: &Learned<'_>) {
        let Learned { model_id, usable, latency, cost_usd, .. } = learned;
        let line = format!("{model_id} {usable} {} s {cost_usd:?}", latency.as_secs());
        self.0.lock().unwrap().push(line);
    }
}

/// What is learned while `asks` asks one of two models, and then the other where that fails.
async fn learned(acts: Vec<Act>, asks: impl AsyncFnOnce(Gateway)) -> String {
    let driver = Scripted::new(acts);
    let lessons = Arc::new(Lessons::default());
    let work = Work { task: Task::Explain, complexity: Complexity::Small };
    let parts = Parts {
        observe: Arc::<Lessons>::clone(&lessons),
        order: Some(Arc::new(move |_, routes: &[&Route]| Decided {
            order: (0..routes.len()).collect(),
            work: Some(work),
            ..Decided::default()
        })),
        settings: Settings { orders_unnamed: true, ..Settings::default() },
        ..Parts::default()
    };
    let routes = ["a", "b"].map(|id| Route::new(Arc::clone(&driver) as Arc<dyn ModelDriver>, id));
    asks(Gateway::new(routes.into(), parts)).await;
    let lines = lessons.0.lock().unwrap();
    lines.join(", ")
}

async fn answered(acts: Vec<Act>) -> String {
    learned(acts, async |gateway| drop(gateway.converse(&call()).await)).await
}

#[tokio::test(start_paused = true)]
async fn a_call_teaches_once_of_each_model_and_its_last_word_counts() {
    let fails = || Act::Fail(Cause::Service);
    let said = [
        answered(vec![fails(), fails(), fails()]).await,
        answered(vec![fails(), fails(), Act::Say("Hello.")]).await,
        answered((0..6).map(|_| fails()).collect()).await,
        answered(vec![Act::Stop(StopReason::MalformedToolUse), Act::Say("Hello.")]).await,
        answered(vec![Act::Hang]).await,
        answered(vec![Act::Fail(Cause::BadRequest)]).await,
    ];
    insta::assert_snapshot!(said.join("\n"), @"
    a 0 0 s None, b 1 0 s Some(0.25)
    a 1 0 s Some(0.25)
    a 0 0 s None, b 0 0 s None
    a 1 0 s Some(0.25)
    a 0 30 s None, b 1 0 s Some(0.25)
    ");
}

#[tokio::test(start_paused = true)]
async fn a_stream_teaches_at_its_end() {
    let said = learned(vec![Act::Fail(Cause::Service), Act::Say("Hello.")], async |gateway| {
        let events = gateway.stream(&call()).await.unwrap();
        assert!(events.collect::<Vec<_>>().await.iter().all(Result::is_ok));
    });
    assert_eq!(said.await, "a 1 0 s Some(0.25)");
}

#[tokio::test(start_paused = true)]
async fn who_has_no_time_or_leaves_teaches_nothing() {
    let said = learned(vec![Act::Hang, Act::Hang, Act::Hang], async |gateway| {
        let hurried = Call { deadline: Instant::now() + Duration::from_millis(50), ..call() };
        gateway.converse(&hurried).await.unwrap_err();
        let asked = call();
        let left = tokio::time::timeout(Duration::from_secs(3), gateway.converse(&asked)).await;
        assert!(left.is_err());
    });
    assert_eq!(said.await, "");
}
