//! Races, crashes and failures of the queue on AWS.

use std::time::Duration;

use aws_sdk_dynamodb::types::{PutRequest, WriteRequest};
use aws_sdk_sqs::types::Message;
use contract::Timestamp;
use futures::future::join_all;
use futures::stream::{self, StreamExt};

use super::contract_tests::{self, LEASE, job};
use super::item::{Item, primary_key};
use super::messages::{self, Messages};
use super::pull::{Failed, PullQueue, Taker};
use super::sqs::{Bell, Claim, Settings, SqsQueue};
use super::testing::{queue_on, queue_that_cannot_send, sdk, stack};
use super::{Depth, Ending, Enqueued, Leased, Queue, Standing};

contract_tests::holds_for!(queue_on(&stack()));

const TAKER: Taker<'_> = Taker { worker: "worker", message_id: None, lease: LEASE };
const SECOND: Duration = Duration::from_secs(1);

fn at(seconds: u64) -> Timestamp {
    Timestamp(0) + Duration::from_secs(seconds)
}

fn failed() -> Ending {
    Ending::Failed { reason: "the token\u{0} had expired".into() }
}

/// The bells that can be heard.
async fn bells(queue: &SqsQueue) -> Vec<Bell> {
    heard(&queue.messages).await.iter().map(|message| messages::read(message).unwrap()).collect()
}

async fn heard(messages: &Messages) -> Vec<Message> {
    messages.listen(Duration::ZERO).await.unwrap()
}

async fn only_bell(queue: &SqsQueue) -> Bell {
    let mut bells = bells(queue).await;
    assert_eq!(bells.len(), 1, "{bells:?}");
    bells.remove(0)
}

async fn claim(queue: &SqsQueue, bell: &Bell, seconds: u64) -> Claim {
    queue.claim(bell, "worker", LEASE, at(seconds)).await.unwrap()
}

async fn claimed(queue: &SqsQueue, bell: &Bell, seconds: u64) -> Leased {
    match claim(queue, bell, seconds).await {
        Claim::Claimed(leased) => leased,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn of_two_workers_that_race_for_one_bell_exactly_one_wins() {
    let stack = stack();
    let bells: Vec<_> = (0..1000).map(bell_of).collect();
    for bells in bells.chunks(25) {
        keep_waiting(&stack.table, bells).await;
    }
    let (one, other) = (queue_on(&stack), queue_on(&stack));
    let round = async |bell: &Bell| {
        let (first, second) = tokio::join!(claim(&one, bell, 1), claim(&other, bell, 1));
        [first, second]
    };
    let rounds: Vec<_> = stream::iter(&bells).map(round).buffer_unordered(2).collect().await;
    assert_eq!(rounds.len(), 1000);
    for claims in rounds {
        let won = claims.iter().filter(|claim| matches!(claim, Claim::Claimed(_))).count();
        let put_off = claims.iter().filter(|claim| **claim == Claim::NotBefore(at(61))).count();
        assert_eq!((won, put_off), (1, 1), "{claims:?}");
    }
    let depth = one.depth(at(1)).await.unwrap();
    assert_eq!(depth, Depth { waiting: 0, running: 1000, failed: 0 });
}

fn bell_of(pull_request: u64) -> Bell {
    let message_id = pull_request.to_string();
    Bell { message_id, receipt: "gone".into(), job: job("one", pull_request), redriven: false }
}

/// What enqueuing them leaves in the table, without a thousand calls.
async fn keep_waiting(table: &str, bells: &[Bell]) {
    let puts = bells.iter().map(|bell| {
        let mut pull = PullQueue::default();
        pull.enqueue(&bell.job, at(0));
        let item = Item { key: bell.job.key(), version: 1, writer: "test".into(), pull };
        let put = PutRequest::builder().set_item(Some(item.attributes(at(0)).unwrap()));
        WriteRequest::builder().put_request(put.build().unwrap()).build()
    });
    let client = aws_sdk_dynamodb::Client::new(&sdk());
    client.batch_write_item().request_items(table, puts.collect()).send().await.unwrap();
}

#[tokio::test]
async fn of_many_pushes_at_once_one_is_left_and_the_others_are_superseded() {
    let queue = queue_on(&stack());
    let pushes: Vec<_> = (0..12).map(|push| job(&format!("push {push}"), 1)).collect();
    let enqueued = join_all(pushes.iter().map(|job| queue.enqueue(job, at(0)))).await;
    assert!(enqueued.into_iter().all(|enqueued| enqueued.unwrap() == Enqueued::Accepted));
    assert_eq!(queue.depth(at(0)).await.unwrap(), Depth { waiting: 1, ..Depth::default() });
    let leased = queue.take("worker", LEASE, at(0)).await.unwrap().unwrap();
    queue.finish(&leased, Ending::Done, at(1)).await.unwrap();
    let again = join_all(pushes.iter().map(|job| queue.enqueue(job, at(2)))).await;
    assert!(again.into_iter().all(|enqueued| enqueued.unwrap() == Enqueued::Duplicate));
    assert_eq!(queue.depth(at(2)).await.unwrap(), Depth::default());
}

#[tokio::test]
async fn a_message_that_is_delivered_twice_runs_its_job_once() {
    let queue = queue_on(&stack());
    queue.enqueue(&job("one", 1), at(0)).await.unwrap();
    let bell = only_bell(&queue).await;
    let leased = claimed(&queue, &bell, 0).await;
    assert_eq!(claim(&queue, &bell, 59).await, Claim::NotBefore(at(60)));
    queue.finish(&leased, Ending::Done, at(59)).await.unwrap();
    assert_eq!(claim(&queue, &bell, 59).await, Claim::Nothing);
}

#[tokio::test]
async fn a_job_whose_process_died_before_it_could_ring_is_rung_for_by_a_redelivery() {
    let stack = stack();
    let dying = queue_that_cannot_send(&stack).enqueue(&job("one", 1), at(0)).await;
    assert!(dying.is_err(), "or GitHub would be told that all is well");
    let queue = queue_on(&stack);
    assert_eq!(bells(&queue).await, []);
    assert_eq!(queue.enqueue(&job("one", 1), at(9)).await.unwrap(), Enqueued::Duplicate);
    let bell = only_bell(&queue).await;
    assert_eq!(claimed(&queue, &bell, 9).await.job, job("one", 1));
}

#[tokio::test]
async fn a_job_without_a_message_is_rung_for_when_it_is_overdue() {
    let stack = stack();
    let dying = queue_that_cannot_send(&stack);
    dying.enqueue(&job("waits", 1), at(0)).await.unwrap_err();
    dying.enqueue(&job("runs", 2), at(0)).await.unwrap_err();
    dying.enqueue(&job("failed", 3), at(0)).await.unwrap_err();
    let queue = queue_on(&stack);
    let third = queue.table.change("42#3", at(0), |pull| {
        let leased = pull.take(TAKER, at(0)).0.unwrap();
        pull.finish(&leased, &failed(), at(0));
    });
    third.await.unwrap();
    queue.take("worker", LEASE, at(0)).await.unwrap().unwrap();
    assert_eq!(queue.ring_overdue(LEASE, at(59)).await.unwrap(), 0);
    assert_eq!(queue.ring_overdue(LEASE, at(60)).await.unwrap(), 1);
    assert_eq!(queue.ring_overdue(LEASE, at(120)).await.unwrap(), 2);
    assert_eq!(bells(&queue).await.len(), 3);
}

#[tokio::test]
async fn a_killed_workers_job_is_taken_by_its_own_message() {
    let queue = queue_on(&stack());
    queue.enqueue(&job("one", 1), at(0)).await.unwrap();
    let bell = only_bell(&queue).await;
    let killed = queue.claim(&bell, "killed", Duration::ZERO, at(0)).await.unwrap();
    assert!(matches!(killed, Claim::Claimed(_)));
    assert_eq!(bells(&queue).await, [], "it is hidden");
    let back = queue.messages.listen(5 * SECOND).await.unwrap();
    let back = messages::read(&back[0]).unwrap();
    assert_eq!(back.message_id, bell.message_id);
    let leased = claimed(&queue, &back, 3).await;
    assert_eq!((leased.job, leased.attempt), (job("one", 1), 2));
}

#[tokio::test]
async fn a_message_is_hidden_for_as_long_as_its_lease_is_renewed() {
    let queue = queue_on(&stack());
    queue.enqueue(&job("one", 1), at(0)).await.unwrap();
    let bell = only_bell(&queue).await;
    let claim = queue.claim(&bell, "worker", Duration::ZERO, at(0)).await.unwrap();
    let Claim::Claimed(leased) = claim else { panic!("{claim:?}") };
    let renewing = queue.with_message(bell.receipt);
    assert_eq!(renewing.renew(&leased, LEASE, at(0)).await.unwrap(), Standing::Held);
    assert!(queue.messages.listen(3 * SECOND).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_ending_of_a_job_rings_for_the_one_that_waited_for_it() {
    let queue = queue_on(&stack());
    queue.enqueue(&job("old", 1), at(0)).await.unwrap();
    let old = only_bell(&queue).await;
    let leased = claimed(&queue, &old, 0).await;
    queue.enqueue(&job("new", 1), at(1)).await.unwrap();
    let new = only_bell(&queue).await;
    assert_eq!(claim(&queue, &new, 1).await, Claim::Nothing);
    queue.messages.delete(&[message(&old), message(&new)]).await.unwrap();
    queue.finish(&leased, Ending::Done, at(2)).await.unwrap();
    let rung = only_bell(&queue).await;
    assert_eq!(claimed(&queue, &rung, 2).await.job, job("new", 1));
}

fn message(bell: &Bell) -> Message {
    Message::builder().receipt_handle(&bell.receipt).build()
}

#[tokio::test]
async fn an_ending_that_was_written_and_not_rung_for_rings_at_the_second_try() {
    let stack = stack();
    let (queue, dying) = (queue_on(&stack), queue_that_cannot_send(&stack));
    dying.enqueue(&job("one", 1), at(0)).await.unwrap_err();
    let leased = queue.take("worker", LEASE, at(0)).await.unwrap().unwrap();
    let retry = Ending::Retry { reason: "GitHub was down".into(), not_before: at(1) };
    dying.finish(&leased, retry.clone(), at(1)).await.unwrap_err();
    assert_eq!(bells(&queue).await, []);
    queue.finish(&leased, retry, at(1)).await.unwrap();
    let bell = only_bell(&queue).await;
    assert_eq!(claimed(&queue, &bell, 1).await.attempt, 2);
}

#[tokio::test]
async fn a_failed_job_goes_to_the_dead_letter_queue_and_runs_again_when_it_is_moved_back() {
    let stack = stack();
    let queue = queue_on(&stack);
    queue.enqueue(&job("one", 1), at(0)).await.unwrap();
    let bell = only_bell(&queue).await;
    let leased = claimed(&queue, &bell, 0).await;
    queue.finish(&leased, failed(), at(1)).await.unwrap();
    assert_eq!(claim(&queue, &Bell { message_id: "2".into(), ..bell }, 2).await, Claim::Nothing);

    let dead = Messages::new(&sdk(), stack.dead_letter_queue_url.clone(), None);
    let letters = heard(&dead).await;
    assert_eq!(letters.len(), 1);
    let letter = messages::read(&letters[0]).unwrap();
    assert_eq!((&letter.job, letter.redriven), (&job("one", 1), true));

    let moved_back = Bell { message_id: "moved back".into(), ..letter };
    let again = claimed(&queue, &moved_back, 3).await;
    assert_eq!((again.job.clone(), again.attempt), (job("one", 1), 1));
    queue.finish(&again, Ending::Done, at(4)).await.unwrap();
    assert_eq!(claim(&queue, &moved_back, 5).await, Claim::Nothing);
}

#[tokio::test]
async fn a_poller_runs_what_was_moved_back_from_the_dead_letter_queue() {
    let stack = stack();
    let queue = queue_on(&stack);
    queue.enqueue(&job("one", 1), at(0)).await.unwrap();
    let leased = queue.take("worker", LEASE, at(0)).await.unwrap().unwrap();
    queue.finish(&leased, failed(), at(1)).await.unwrap();
    queue.waiting(at(1)).await; // the enqueuing itself
    let failed = Failed { job: job("one", 1), reason: "no token".into() };
    let moved_back = Settings {
        table: stack.table,
        queue_url: stack.dead_letter_queue_url,
        dead_letter_queue_url: Some(stack.queue_url),
    };
    SqsQueue::new(&sdk(), moved_back).messages.bury(&failed).await.unwrap();
    queue.waiting(at(2)).await;
    let again = queue.take("worker", LEASE, at(2)).await.unwrap().unwrap();
    assert_eq!((again.job, again.attempt), (job("one", 1), 1));
}

#[tokio::test]
async fn a_poller_takes_what_rang_before_the_index_knows_it() {
    let stack = stack();
    let queue = queue_on(&stack);
    queue.enqueue(&job("one", 1), at(0)).await.unwrap();
    let client = aws_sdk_dynamodb::Client::new(&sdk());
    let unindexed =
        client.update_item().table_name(&stack.table).set_key(Some(primary_key("42#1")));
    let unindexed = unindexed.update_expression("REMOVE #open, open_since");
    unindexed.expression_attribute_names("#open", "open").send().await.unwrap();

    assert_eq!(queue.take("worker", LEASE, at(1)).await.unwrap(), None);
    queue.waiting(at(1)).await;
    let leased = queue.take("worker", LEASE, at(1)).await.unwrap();
    assert_eq!(leased.map(|leased| leased.job), Some(job("one", 1)));
}
