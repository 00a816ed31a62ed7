//! `POST /webhook`: a delivery from GitHub becomes a job.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use secrecy::SecretString;
use serde::de::IgnoredAny;
use serde_json::json;
use tokio::task::spawn_blocking;
use tracing::Instrument;

use super::body::{self, Received};
use super::delivery::{Delivery, Signature};
use super::pull_request::Payload;
use super::rejection::Rejection;
use super::{Server, Shared};
use crate::queue::Enqueued;
use crate::review::job::Job;
use crate::telemetry::spans;

/// GitHub sends no larger ones.
const LARGEST: usize = 25 * 1024 * 1024;
/// What is checked and parsed within a millisecond; more would hold up the other connections of the thread.
const QUICK: usize = 512 * 1024;

/// What a delivery asks for.
#[derive(Debug)]
enum Wish {
    Pong,
    Review(Box<Job>),
    /// Nothing, and why; whoever looks at the delivery on GitHub sees it.
    Nothing(&'static str),
}

pub(super) async fn receive(
    State(shared): State<Arc<Shared>>,
    request: Request,
) -> Result<Response, Rejection> {
    let (parts, body) = request.into_parts();
    // Who does not even claim a signature need not send a body.
    Signature::claimed(&parts.headers)?;
    let secrets = shared.server.webhook_secrets.current().await;
    if secrets.is_empty() {
        return Err(Rejection::NoSecret);
    }
    let received = body::read(&parts.headers, body, LARGEST, &shared.large_bodies).await?;
    let request = Arc::new((parts.headers, received));
    let mut understood = understand(&shared, &request, &secrets).await;
    if matches!(understood, Err(Rejection::BadSignature))
        && let Some(newer) = shared.server.webhook_secrets.newer_than(&secrets).await
    {
        understood = understand(&shared, &request, &newer).await;
    }
    match understood? {
        Wish::Pong => Ok(Json(json!({"pong": true})).into_response()),
        Wish::Nothing(why) => {
            Ok((StatusCode::NO_CONTENT, [("x-eco-coder-ignored", why)]).into_response())
        }
        Wish::Review(job) => accept(&shared.server, *job).await,
    }
}

async fn understand(
    shared: &Arc<Shared>,
    request: &Arc<(HeaderMap, Received)>,
    secrets: &Arc<[SecretString]>,
) -> Result<Wish, Rejection> {
    if request.1.bytes.len() <= QUICK {
        return wish(&shared.server, request, secrets);
    }
    let (shared, request, secrets) = (shared.clone(), request.clone(), secrets.clone());
    let understood = spawn_blocking(move || wish(&shared.server, &request, &secrets)).await;
    understood.unwrap_or_else(|error| Err(Rejection::Failed(error.to_string())))
}

fn wish(
    server: &Server,
    (headers, received): &(HeaderMap, Received),
    secrets: &[SecretString],
) -> Result<Wish, Rejection> {
    let delivery = Delivery::verify(headers, received.bytes.clone(), secrets)?;
    match delivery.event.as_str() {
        "pull_request" => wish_for_review(server, headers, &delivery),
        event => {
            delivery.payload::<IgnoredAny>()?;
            Ok(if event == "ping" { Wish::Pong } else { Wish::Nothing("the event is not used") })
        }
    }
}

fn wish_for_review(
    server: &Server,
    headers: &HeaderMap,
    delivery: &Delivery,
) -> Result<Wish, Rejection> {
    let payload: Payload = delivery.payload()?;
    if !payload.is_reviewed() {
        return Ok(Wish::Nothing("the action is not used"));
    }
    let job = payload.into_job(&delivery.id, traceparent(headers))?;
    if !server.allow.allows(&job.owner, &job.repo) {
        tracing::info!(
            repository = job.repository(),
            delivery = job.delivery,
            "ignored: the repository is not on the allow-list"
        );
        return Ok(Wish::Nothing("the repository is not on the allow-list"));
    }
    if job.draft && !server.review_drafts {
        return Ok(Wish::Nothing("drafts are not reviewed"));
    }
    Ok(Wish::Review(Box::new(job)))
}

/// A trace begins where a delivery is known to be GitHub's: nobody else may fill our traces.
async fn accept(server: &Server, mut job: Job) -> Result<Response, Rejection> {
    let span = spans::webhook(&job.about(), &job.delivery, job.traceparent.as_deref());
    job.traceparent = spans::traceparent(&span).or(job.traceparent);
    enqueue(server, &job).instrument(span).await
}

async fn enqueue(server: &Server, job: &Job) -> Result<Response, Rejection> {
    let enqueued = server.queue.enqueue(job, (server.clock)()).await.map_err(|error| {
        tracing::error!(
            delivery = job.delivery,
            error = &error as &dyn std::error::Error,
            "a delivery could not be queued"
        );
        // GitHub then shows the delivery as failed, and it can be sent again.
        Rejection::NotQueued
    })?;
    let status = match enqueued {
        Enqueued::Accepted => "queued",
        Enqueued::Duplicate => "duplicate",
    };
    Ok((StatusCode::ACCEPTED, Json(json!({"status": status, "delivery": job.delivery})))
        .into_response())
}

/// As W3C Trace Context defines it; anything else is left out.
fn traceparent(headers: &HeaderMap) -> Option<String> {
    let value = headers.get("traceparent")?.to_str().ok()?;
    let fits =
        value.len() == 55 && value.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    fits.then(|| value.to_owned())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::*;
    use crate::server::WebhookSecrets;
    use crate::server::testing::{BrokenQueue, World, payload, sign};

    #[tokio::test]
    async fn an_opened_pull_request_is_queued_before_it_is_answered() {
        let world = World::new().await;
        let answer = world.deliver("d-1", "pull_request", &payload()).await;
        assert_eq!(
            (answer.status, answer.json()),
            (202, json!({"status": "queued", "delivery": "d-1"}))
        );
        insta::assert_snapshot!(serde_json::to_string_pretty(&world.taken().await.unwrap()).unwrap(), @r#"
        {
          "v": 1,
          "delivery": "d-1",
          "event": "pull_request",
          "action": "opened",
          "installation_id": 1,
          "owner": "acme",
          "repo": "shop",
          "repo_id": 42,
          "pull_request": 7,
          "base_sha": "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
          "head_sha": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
          "fork": false,
          "draft": false,
          "sender": "ada"
        }
        "#);
    }

    #[tokio::test]
    async fn a_redelivery_is_answered_and_changes_nothing() {
        let world = World::new().await;
        world.deliver("d-1", "pull_request", &payload()).await;
        let answer = world.deliver("d-1", "pull_request", &payload()).await;
        assert_eq!((answer.status, answer.json()["status"].clone()), (202, json!("duplicate")));
        assert_eq!(world.waiting().await, 1);
    }

    #[tokio::test]
    async fn a_ping_is_answered() {
        let world = World::new().await;
        let answer = world.deliver("d-1", "ping", &json!({"zen": "Design for failure."})).await;
        assert_eq!((answer.status, answer.json()), (200, json!({"pong": true})));
    }

    #[tokio::test]
    async fn what_is_not_reviewed_is_answered_with_the_reason() {
        let world = World::new().await;
        let with = |pointer: &str, value: Value| {
            let mut payload = payload();
            *payload.pointer_mut(pointer).unwrap() = value;
            payload
        };
        for (event, payload, why) in [
            ("push", json!({}), "the event is not used"),
            ("pull_request", with("/action", json!("labeled")), "the action is not used"),
            (
                "pull_request",
                with("/action", json!("converted_to_draft")),
                "the action is not used",
            ),
            (
                "pull_request",
                with("/repository/name", json!("secret")),
                "the repository is not on the allow-list",
            ),
            ("pull_request", with("/pull_request/draft", json!(true)), "drafts are not reviewed"),
        ] {
            let answer = world.deliver("d-1", event, &payload).await;
            assert_eq!(
                (answer.status, answer.body.as_str(), answer.header("x-eco-coder-ignored")),
                (204, "", Some(why))
            );
        }
        assert_eq!(world.waiting().await, 0);
    }

    #[tokio::test]
    async fn drafts_are_reviewed_where_the_settings_say_so() {
        let world = World::with(|server| server.review_drafts = true).await;
        let mut draft = payload();
        draft["pull_request"]["draft"] = json!(true);
        assert_eq!(world.deliver("d-1", "pull_request", &draft).await.status, 202);
        assert!(world.taken().await.unwrap().draft);
    }

    #[tokio::test]
    async fn a_pull_request_from_a_fork_that_is_gone_is_one_from_a_fork() {
        let world = World::new().await;
        let mut orphan = payload();
        orphan["pull_request"]["head"]["repo"] = Value::Null;
        assert_eq!(world.deliver("d-1", "pull_request", &orphan).await.status, 202);
        assert!(world.taken().await.unwrap().fork);
    }

    #[tokio::test]
    async fn a_form_is_as_good_as_json() {
        let world = World::new().await;
        let form = format!(
            "payload={}",
            payload().to_string().replace('%', "%25").replace('&', "%26").replace('+', "%2B")
        );
        let headers = format!(
            "content-type: application/x-www-form-urlencoded\r\nx-github-event: pull_request\r\nx-github-delivery: d-1\r\nx-hub-signature-256: {}\r\n",
            sign(form.as_bytes())
        );
        assert_eq!(world.post("/webhook", &headers, form.as_bytes()).await.status, 202);
    }

    #[tokio::test]
    async fn a_forged_delivery_is_refused_and_nothing_starts() {
        let world = World::new().await;
        let body = payload().to_string();
        for signature in
            [String::new(), format!("x-hub-signature-256: {}\r\n", sign(b"another body"))]
        {
            let headers =
                format!("x-github-event: pull_request\r\nx-github-delivery: d-1\r\n{signature}");
            let answer = world.post("/webhook", &headers, body.as_bytes()).await;
            assert_eq!(
                (answer.status, answer.json()),
                (401, json!({"error": "the signature is missing or wrong"}))
            );
        }
        assert_eq!(world.waiting().await, 0);
    }

    #[tokio::test]
    async fn a_payload_that_cannot_be_read_is_refused() {
        let world = World::new().await;
        for event in ["pull_request", "ping", "push"] {
            let answer = world.deliver_bytes("d-1", event, b"{\"action\":").await;
            assert_eq!(answer.status, 400, "{event}");
            assert!(answer.body.contains("the payload cannot be read"), "{}", answer.body);
        }
        for (pointer, value) in [
            ("/pull_request/head/sha", json!("main; rm -rf /")),
            ("/repository/owner/login", json!("..")),
            ("/repository/name", json!("a/b")),
            ("/pull_request/number", json!("7")),
        ] {
            let mut odd = payload();
            *odd.pointer_mut(pointer).unwrap() = value;
            assert_eq!(world.deliver("d-1", "pull_request", &odd).await.status, 400, "{pointer}");
        }
        assert_eq!(world.waiting().await, 0);
    }

    #[tokio::test]
    async fn a_body_over_25_megabytes_is_refused_however_it_is_sent() {
        let world = World::new().await;
        let signature = sign(b"");
        let honest = format!(
            "POST /webhook HTTP/1.1\r\nhost: x\r\nx-hub-signature-256: {signature}\r\ncontent-length: 26214401\r\n\r\n"
        );
        assert_eq!(world.send(honest.as_bytes()).await.status, 413);

        let mut chunked = format!("POST /webhook HTTP/1.1\r\nhost: x\r\nx-hub-signature-256: {signature}\r\ntransfer-encoding: chunked\r\n\r\n").into_bytes();
        for _ in 0..26 {
            chunked.extend_from_slice(b"100000\r\n");
            chunked.resize(chunked.len() + 0x10_0000, b'x');
            chunked.extend_from_slice(b"\r\n");
        }
        assert_eq!(world.send(&chunked).await.status, 413);
    }

    #[tokio::test]
    async fn a_large_body_within_the_limit_is_taken() {
        let world = World::new().await;
        let mut large = payload();
        large["pull_request"]["body"] = json!("x".repeat(20_000_000));
        assert_eq!(world.deliver("d-1", "pull_request", &large).await.status, 202);
    }

    #[tokio::test]
    async fn a_delivery_that_cannot_be_kept_is_not_accepted() {
        let world = World::with(|server| server.queue = Arc::new(BrokenQueue)).await;
        let answer = world.deliver("d-1", "pull_request", &payload()).await;
        assert_eq!((answer.status, answer.header("retry-after")), (503, Some("30")));
        assert_eq!(
            answer.json(),
            json!({"error": "the delivery could not be queued; redeliver it later"})
        );
    }

    #[tokio::test]
    async fn without_a_secret_every_delivery_is_refused() {
        let world =
            World::with(|server| server.webhook_secrets = WebhookSecrets::fixed(Vec::new())).await;
        let answer = world.deliver("d-1", "pull_request", &payload()).await;
        assert_eq!(
            (answer.status, answer.json()),
            (503, json!({"error": "no webhook secret is configured"}))
        );
    }

    #[tokio::test]
    async fn other_methods_and_paths_are_refused_in_the_same_form() {
        let world = World::new().await;
        let answer = world.get("/webhook").await;
        assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")));
        assert_eq!(answer.json(), json!({"error": "the method is not allowed here"}));
        let answer = world.get("/").await;
        assert_eq!(
            (answer.status, answer.json()),
            (404, json!({"error": "there is nothing here"}))
        );
    }

    #[tokio::test]
    async fn a_caller_that_breaks_off_leaves_nothing_behind() {
        let world = World::new().await;
        let body = payload().to_string();
        let half = format!(
            "POST /webhook HTTP/1.1\r\nhost: x\r\nx-github-event: pull_request\r\nx-github-delivery: d-1\r\nx-hub-signature-256: {}\r\ncontent-length: {}\r\n\r\n{}",
            sign(body.as_bytes()),
            body.len(),
            &body[..100]
        );
        drop(world.connect(half.as_bytes()).await);
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!(world.waiting().await, 0);
        assert_eq!(world.deliver("d-1", "pull_request", &payload()).await.status, 202);
    }
}
