//! What the table does when calls fail, items expire, or another version of the program has written them.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws_sdk_dynamodb::config::interceptors::BeforeDeserializationInterceptorContextMut;
use aws_sdk_dynamodb::config::{Builder, ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_dynamodb::error::BoxError;
use aws_smithy_types::body::SdkBody;
use contract::Timestamp;

use super::contract_tests::{LEASE, job};
use super::item::{Attributes, number, primary_key, text};
use super::pull::Taker;
use super::table::Table;
use super::testing::{queue_on, sdk, stack};
use super::{Depth, Enqueued, Queue};

const TAKER: Taker<'_> = Taker { worker: "worker", message_id: None, lease: LEASE };
const NOW: Timestamp = Timestamp(0);
/// The calls that a change makes.
const READ: Range<usize> = 0..1;
const WRITE: Range<usize> = 1..2;

/// Lets all requests reach the table, and replaces some of the answers.
#[derive(Debug, Clone)]
struct Answers {
    /// Counted from 0.
    to: Range<usize>,
    calls: Arc<AtomicUsize>,
    status: u16,
    body: &'static str,
}

impl Answers {
    fn new(to: Range<usize>, status: u16, body: &'static str) -> Self {
        Self { to, calls: Arc::default(), status, body }
    }

    fn on(self, name: &str) -> Table {
        Table::with(Builder::from(&sdk()).interceptor(self), name.to_owned())
    }
}

impl Intercept for Answers {
    fn name(&self) -> &'static str {
        "Answers"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        if self.to.contains(&self.calls.fetch_add(1, Ordering::SeqCst)) {
            let response = context.response_mut();
            *response.status_mut() = self.status.try_into()?;
            *response.body_mut() = SdkBody::from(self.body);
            response.headers_mut().remove("x-amzn-errortype");
        }
        Ok(())
    }
}

async fn enqueue(table: &Table) -> Result<Enqueued, super::QueueError> {
    let enqueued = table.change("42#1", NOW, |pull| pull.enqueue(&job("one", 1), NOW)).await;
    enqueued.map(|(enqueued, _)| enqueued)
}

#[tokio::test]
async fn a_write_whose_answer_was_lost_counts_once_and_is_known_as_ours() {
    let table = Answers::new(WRITE, 500, "").on(&stack().table);
    assert_eq!(enqueue(&table).await.unwrap(), Enqueued::Accepted);
    let taken = table.change("42#1", NOW, |pull| pull.take(TAKER, NOW)).await.unwrap();
    assert_eq!(taken.0.0.map(|leased| leased.attempt), Some(1));
}

#[tokio::test]
async fn a_throttled_call_is_made_again() {
    let throttled =
        r#"{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"}"#;
    let table = Answers::new(0..2, 400, throttled).on(&stack().table);
    assert_eq!(enqueue(&table).await.unwrap(), Enqueued::Accepted);
}

#[tokio::test]
async fn a_refused_call_says_which_permission_the_role_needs() {
    let denied = r#"{"__type":"com.amazon.coral.service#AccessDeniedException"}"#;
    let table = Answers::new(READ, 400, denied).on("jobs");
    let error = enqueue(&table).await.unwrap_err();
    let source = std::error::Error::source(&error).unwrap().to_string();
    insta::assert_snapshot!(source, @"dynamodb:GetItem on the table jobs: the role needs this permission");
}

#[tokio::test]
async fn a_pull_request_is_forgotten_after_its_time_although_the_table_still_has_it() {
    let queue = queue_on(&stack());
    let later = NOW + Duration::from_hours(14 * 24);
    queue.enqueue(&job("one", 1), NOW).await.unwrap();
    let shortly_before = later - Duration::from_secs(1);
    assert_eq!(queue.depth(shortly_before).await.unwrap().waiting, 1);
    assert_eq!(queue.depth(later).await.unwrap(), Depth::default());
    assert_eq!(queue.take("worker", LEASE, later).await.unwrap(), None);
    assert_eq!(queue.enqueue(&job("one", 1), later).await.unwrap(), Enqueued::Accepted);
    assert!(queue.take("worker", LEASE, later).await.unwrap().is_some());
}

#[tokio::test]
async fn an_item_that_this_version_cannot_read_is_left_alone_and_the_next_is_taken() {
    let stack = stack();
    let queue = queue_on(&stack);
    let mut newer: Attributes = primary_key("42#1");
    for (name, value) in [
        ("version", number(9)),
        ("writer", text("newer")),
        ("pull", text(r#"{"v":9}"#)),
        ("expires", number(1_000_000)),
        ("open", text("job#00")),
        ("open_since", number(0)),
    ] {
        newer.insert(name.into(), value);
    }
    let client = aws_sdk_dynamodb::Client::new(&sdk());
    client.put_item().table_name(&stack.table).set_item(Some(newer)).send().await.unwrap();

    queue.enqueue(&job("two", 2), NOW).await.unwrap();
    let leased = queue.take("worker", LEASE, NOW).await.unwrap().unwrap();
    assert_eq!(leased.job, job("two", 2));
    queue.enqueue(&job("one", 1), NOW).await.unwrap_err();
}
