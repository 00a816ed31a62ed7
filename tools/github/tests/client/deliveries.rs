//! What nobody took is asked for once more, and not forever.

use std::time::Duration;

use contract::Timestamp;
use github::{GitHub, GitHubError, RedeliveryLimits};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::fake::FakeGitHub;
use crate::{app, client, clock};

const LIMITS: RedeliveryLimits = RedeliveryLimits { most: 50, most_attempts: 5 };

fn yesterday() -> Timestamp {
    clock() - Duration::from_hours(24)
}

async fn failed(github: &GitHub) -> Vec<String> {
    let failed = github.failed_deliveries(yesterday()).await.unwrap();
    failed.into_iter().map(|delivery| delivery.guid).collect()
}

#[tokio::test]
async fn what_failed_is_told_with_what_it_was() {
    let fake = FakeGitHub::start().await;
    fake.attempt("taken", 202);
    let id = fake.fail_delivery("lost", json!({"action": "opened"}));
    let delivery = app(&fake).failed_deliveries(yesterday()).await.unwrap().remove(0);
    assert_eq!((delivery.id, delivery.guid.as_str(), delivery.attempts), (id, "lost", 1));
    assert_eq!(
        (delivery.event.as_str(), delivery.action.as_deref()),
        ("pull_request", Some("opened"))
    );
    assert_eq!((delivery.status_code, delivery.first_attempt), (502, clock()));
}

#[tokio::test]
async fn a_delivery_that_was_taken_later_is_not_sent_again() {
    let fake = FakeGitHub::start().await;
    fake.fail_delivery("mended", json!({}));
    fake.fail_delivery("lost", json!({}));
    fake.attempt("mended", 202);
    let done = app(&fake).redeliver_failed(yesterday(), LIMITS).await.unwrap();
    assert_eq!((fake.redeliveries(), done.requested.len()), (vec!["lost".to_owned()], 1));
}

#[tokio::test]
async fn the_list_is_read_page_by_page_as_far_back_as_asked() {
    let fake = FakeGitHub::start().await;
    fake.set_time("2026-11-19T16:00:00Z");
    for index in 0..250 {
        fake.fail_delivery(&format!("early-{index}"), json!({}));
    }
    fake.set_time("2026-11-21T15:00:00Z");
    fake.fail_delivery("first", json!({}));
    for index in 0..240 {
        fake.attempt(&format!("taken-{index}"), 202);
    }
    fake.fail_delivery("last", json!({}));
    assert_eq!(failed(&app(&fake)).await, ["first", "last"]);
    assert_eq!(fake.count("GET", "/app/hook/deliveries"), 3, "242 attempts, and none before them");
    assert_eq!(fake.count("GET", "/app/hook/deliveries?per_page=100&cursor=v1_"), 2);
}

#[tokio::test]
async fn a_list_without_an_end_is_read_to_a_limit() {
    let fake = FakeGitHub::start().await;
    for index in 0..5_100 {
        fake.fail_delivery(&format!("{index:04}"), json!({}));
    }
    let failed = failed(&app(&fake)).await;
    assert_eq!((failed.len(), failed[0].as_str()), (5_000, "0100"));
    assert_eq!(fake.count("GET", "/app/hook/deliveries"), 50);
}

#[tokio::test]
async fn the_oldest_are_sent_first_and_only_so_many_at_once() {
    let fake = FakeGitHub::start().await;
    for (minute, guid) in ["a", "b", "c"].into_iter().enumerate() {
        fake.set_time(&format!("2026-11-21T15:0{minute}:00Z"));
        fake.fail_delivery(guid, json!({}));
    }
    let two = RedeliveryLimits { most: 2, ..LIMITS };
    let done = app(&fake).redeliver_failed(yesterday(), two).await.unwrap();
    assert_eq!((done.postponed, fake.redeliveries()), (1, vec!["a".to_owned(), "b".to_owned()]));
}

#[tokio::test]
async fn a_delivery_that_always_fails_is_given_up() {
    let fake = FakeGitHub::start().await;
    fake.fail_delivery("poison", json!({}));
    // Nobody listens, so each attempt fails.
    for _ in 0..10 {
        app(&fake).redeliver_failed(yesterday(), LIMITS).await.unwrap();
    }
    assert_eq!(fake.attempts("poison"), [502; 5]);
    let done = app(&fake).redeliver_failed(yesterday(), LIMITS).await.unwrap();
    assert_eq!((done.given_up[0].guid.as_str(), done.requested.len()), ("poison", 0));
}

#[tokio::test]
async fn one_that_github_no_longer_has_does_not_keep_back_the_others() {
    let fake = FakeGitHub::start().await;
    fake.fail_delivery("gone", json!({}));
    fake.fail_delivery("lost", json!({}));
    fake.fail_next("POST", "/attempts", 422, &[], 1);
    let done = app(&fake).redeliver_failed(yesterday(), LIMITS).await.unwrap();
    assert_eq!(
        (done.refused[0].0.guid.as_str(), fake.redeliveries()),
        ("gone", vec!["lost".to_owned()])
    );
    assert_eq!(done.stopped, None);
}

#[tokio::test]
async fn rate_limits_are_waited_out_and_then_told() {
    let fake = FakeGitHub::start().await;
    fake.fail_delivery("a", json!({}));
    fake.fail_delivery("b", json!({}));
    fake.fail_next("GET", "/app/hook/deliveries", 429, &[("retry-after", "20")], 2);
    fake.fail_next("POST", "/attempts", 403, &[], 2);
    let done = app(&fake).redeliver_failed(yesterday(), LIMITS).await.unwrap();
    assert_eq!((done.requested.len(), done.stopped), (2, None));
    fake.fail_next("POST", "/attempts", 429, &[("retry-after", "600")], 1);
    let done = app(&fake).redeliver_failed(yesterday(), LIMITS).await.unwrap();
    let retry_at = clock() + Duration::from_mins(10);
    assert_eq!(done.stopped, Some(GitHubError::RateLimited { retry_at }));
    assert_eq!((done.requested.len(), done.postponed), (0, 2));
}

#[tokio::test]
async fn a_token_cannot_ask_for_deliveries() {
    let fake = FakeGitHub::start().await;
    let error = client(&fake).redeliver_failed(yesterday(), LIMITS).await.unwrap_err();
    insta::assert_snapshot!(error, @"the list of failed deliveries needs the id and the private key of a GitHub App; a token may not ask for it");
    assert!(matches!(client(&fake).redeliver(1).await, Err(GitHubError::NeedsApp(_))));
}

#[tokio::test]
async fn a_redelivery_arrives_signed_and_under_the_same_id() {
    let fake = FakeGitHub::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    fake.redeliver_to(&format!("http://{address}/webhook"), "It's a Secret to Everybody");
    let id = fake.fail_delivery("lost", json!({"action": "opened"}));
    app(&fake).redeliver(id).await.unwrap();
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut request = vec![0; 4096];
    let length = stream.read(&mut request).await.unwrap();
    let request = String::from_utf8_lossy(&request[..length]).into_owned();
    stream.write_all(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n").await.unwrap();
    drop(stream);
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert_eq!(
        (head.lines().next(), body),
        (Some("POST /webhook HTTP/1.1"), r#"{"action":"opened"}"#)
    );
    assert!(head.contains("X-GitHub-Delivery: lost\r\n"), "{head}");
    // `printf '{"action":"opened"}' | openssl dgst -sha256 -hmac "It's a Secret to Everybody"`
    assert!(head.contains("X-Hub-Signature-256: sha256=5ccdd8275f57d608741ad8390e42e8696ebfcd85607d9c2ef890769dda8f7568"), "{head}");
    while fake.attempts("lost").len() < 2 {
        tokio::task::yield_now().await;
    }
    assert_eq!(fake.attempts("lost"), [502, 202]);
    assert_eq!(failed(&app(&fake)).await, [""; 0]);
}
