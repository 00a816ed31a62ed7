//! `POST /invocations` and `GET /ping`: the contract of a container on Bedrock AgentCore.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures::future::BoxFuture;
use futures::{Stream, stream};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::Shared;
use super::body;
use super::invocation_request::{Asked, Wish};
use super::rejection::Rejection;
use crate::review::job::Job;

/// GitHub's payload of a pull request is far below it, a job under 2 KB.
const LARGEST: usize = 4 * 1024 * 1024;
/// Steps that a slow reader may be behind; what is beyond is not told.
const UNREAD_STEPS: usize = 256;

/// Runs a review to its end. The error is for the caller to read.
pub type Invoke =
    Arc<dyn Fn(Invocation) -> BoxFuture<'static, Result<Value, String>> + Send + Sync>;
/// Told of each step while a review runs.
pub type Tell = Arc<dyn Fn(Value) + Send + Sync>;

/// A review that was asked for.
#[derive(Clone)]
pub struct Invocation {
    /// AgentCore's session, where it names one.
    pub session_id: Option<String>,
    pub target: Target,
    /// The attempt, where a worker hands its job over: the ending is then a result for it to act on, never an error.
    pub attempt: Option<u32>,
    pub tell: Tell,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    Job(Box<Job>),
    /// The commits are to be asked of GitHub.
    PullRequest {
        owner: String,
        repo: String,
        number: u64,
    },
}

/// Never waits for anything: AgentCore ends a container that does not answer.
pub(super) async fn ping(State(shared): State<Arc<Shared>>) -> Json<Value> {
    let progress = &shared.server.progress;
    let status = if progress.is_busy() { "HealthyBusy" } else { "Healthy" };
    // Whole seconds: a time in words is ignored, and the session ended while busy.
    Json(json!({"status": status, "time_of_last_update": progress.last_moved().seconds()}))
}

pub(super) async fn invoke(
    State(shared): State<Arc<Shared>>,
    request: Request,
) -> Result<Response, Rejection> {
    let (parts, body) = request.into_parts();
    // AgentCore is no browser. On a loopback interface a page from anywhere could otherwise start reviews.
    if parts.headers.contains_key(header::ORIGIN) {
        return Err(Rejection::Forbidden("web pages may not invoke reviews".to_owned()));
    }
    let received = body::read(&parts.headers, body, LARGEST, &shared.large_bodies).await?;
    let asked = Asked::read(&parts.headers, &received.bytes)?;
    let target = match &asked.wish {
        Wish::Review(target) => target.clone(),
        Wish::Nothing(why) => {
            return Ok(Json(json!({"status": "ignored", "why": why})).into_response());
        }
    };
    allow(&shared, &target)?;
    let (tell, told) = mpsc::channel(UNREAD_STEPS);
    let review = start(&shared, &asked, target, tell)?;
    if asked.detached {
        return Ok(Json(asked.answer(accepted(&asked))).into_response());
    }
    if wants_events(&parts.headers) {
        let events = Sse::new(events(asked, review, told)).keep_alive(KeepAlive::default());
        return Ok(events.into_response());
    }
    let result = ended(review).await.map_err(Rejection::Failed)?;
    Ok(Json(asked.answer(result)).into_response())
}

/// In a task of its own: the review goes on where the caller hangs up, and a panic in it is an answer.
fn start(
    shared: &Shared,
    asked: &Asked,
    target: Target,
    tell: mpsc::Sender<Value>,
) -> Result<JoinHandle<Result<Value, String>>, Rejection> {
    let invoke = shared.server.invoke.as_ref().ok_or(Rejection::NotFound)?;
    let busy = shared.server.progress.begin();
    let review = invoke(Invocation {
        session_id: asked.session_id.clone(),
        target,
        attempt: asked.attempt,
        tell: Arc::new(move |step| drop(tell.try_send(step))),
    });
    Ok(tokio::spawn(async move {
        let _busy = busy;
        let result = review.await;
        if let Err(reason) = &result {
            tracing::error!(reason, "an invocation failed");
        }
        result
    }))
}

async fn ended(review: JoinHandle<Result<Value, String>>) -> Result<Value, String> {
    review.await.unwrap_or_else(|_| Err("the review stopped unexpectedly".to_owned()))
}

fn accepted(asked: &Asked) -> Value {
    json!({"status": "accepted", "session_id": asked.session_id, "completion": "accepted; the comment is the answer"})
}

fn wants_events(headers: &HeaderMap) -> bool {
    let accepts = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepts
        .flat_map(|value| value.split(','))
        .any(|kind| kind.trim().starts_with("text/event-stream"))
}

/// Where a stream stands.
enum Telling {
    Steps(mpsc::Receiver<Value>, JoinHandle<Result<Value, String>>),
    Over,
}

/// Each step as it comes, then the answer or, as the AgentCore contract words it, the error.
fn events(
    asked: Asked,
    review: JoinHandle<Result<Value, String>>,
    told: mpsc::Receiver<Value>,
) -> impl Stream<Item = Result<Event, Infallible>> {
    stream::unfold((asked, Telling::Steps(told, review)), |(asked, telling)| async move {
        let Telling::Steps(mut told, review) = telling else { return None };
        // The sender lives in the review, so the channel closes when that ends.
        if let Some(step) = told.recv().await {
            return Some((Ok(event(&step)), (asked, Telling::Steps(told, review))));
        }
        let last = match ended(review).await {
            Ok(result) => asked.answer(result),
            Err(error) => {
                json!({"error": error, "error_type": "ReviewFailed", "message": "An error occurred during streaming"})
            }
        };
        Some((Ok(event(&last)), (asked, Telling::Over)))
    })
}

fn event(value: &Value) -> Event {
    Event::default().data(value.to_string())
}

fn allow(shared: &Shared, target: &Target) -> Result<(), Rejection> {
    let (owner, repo) = match target {
        Target::Job(job) => (&job.owner, &job.repo),
        Target::PullRequest { owner, repo, .. } => (owner, repo),
    };
    if shared.server.allow.allows(owner, repo) {
        return Ok(());
    }
    Err(Rejection::Forbidden(format!("{owner}/{repo} is not on the allow-list")))
}

#[cfg(test)]
mod tests {
    use contract::Timestamp;
    use tokio::sync::{Notify, mpsc};

    use super::*;
    use crate::queue::Queue;
    use crate::server::testing::{Answer, BrokenQueue, NOW, World, payload};

    fn job() -> Value {
        json!({
            "v": 1, "delivery": "d-1", "event": "pull_request", "action": "opened", "installation_id": null, "owner": "acme",
            "repo": "shop", "repo_id": 42, "pull_request": 7, "base_sha": "b", "head_sha": "a", "fork": false, "draft": false, "sender": "ada",
        })
    }

    /// A server that answers with what it was asked.
    async fn world() -> World {
        World::with(|server| {
            server.invoke = Some(Arc::new(|invocation| {
                Box::pin(async move {
                    match invocation.target {
                        Target::Job(job) => {
                            Ok(json!({"reviewed": job.head_sha, "session": invocation.session_id}))
                        }
                        Target::PullRequest { number: 13, .. } => {
                            Err("GitHub does not answer".to_owned())
                        }
                        Target::PullRequest { number: 14, .. } => panic!("out of luck"),
                        Target::PullRequest { owner, repo, number } => {
                            Ok(json!({"completion": format!("{owner}/{repo}#{number} is fine")}))
                        }
                    }
                })
            }));
        })
        .await
    }

    const SESSION: &str = "x-amzn-bedrock-agentcore-runtime-session-id";

    async fn invoke(world: &World, body: impl ToString) -> Answer {
        world.post("/invocations", "", body.to_string().as_bytes()).await
    }

    #[tokio::test]
    async fn a_job_is_reviewed_while_the_caller_waits() {
        let world = world().await;
        for body in [job(), json!({"job": job()})] {
            let headers = format!("{SESSION}: session-1\r\n");
            let answer = world.post("/invocations", &headers, body.to_string().as_bytes()).await;
            assert_eq!(
                (answer.status, answer.json()),
                (200, json!({"reviewed": "a", "session": "session-1"}))
            );
        }
    }

    #[tokio::test]
    async fn a_session_is_answered_in_its_own_form() {
        let world = world().await;
        let ask =
            |text: &str| json!({"sessionId": "s", "inputText": text, "sessionState": {"step": 1}});
        let answer = invoke(&world, ask("Please review acme/shop#7.")).await;
        assert_eq!(
            (answer.status, answer.json()),
            (
                200,
                json!({"sessionId": "s", "completion": "acme/shop#7 is fine", "contentType": "text/plain", "sessionState": {"step": 1}, "trace": null, "result": {"completion": "acme/shop#7 is fine"}})
            )
        );
        let answer = invoke(&world, ask(&job().to_string())).await;
        assert_eq!(answer.json()["result"], json!({"reviewed": "a", "session": "s"}));
    }

    #[tokio::test]
    async fn githubs_own_payload_is_understood_from_a_proxy_that_signs_for_us() {
        let world = world().await;
        let headers = "x-github-delivery: d-7\r\n";
        let mut payload = payload();
        let answer = world.post("/invocations", headers, payload.to_string().as_bytes()).await;
        assert_eq!(
            (answer.status, answer.json()["reviewed"].clone()),
            (200, json!("a".repeat(40)))
        );
        payload["action"] = json!("labeled");
        let answer = invoke(&world, &payload).await;
        assert_eq!(answer.json(), json!({"status": "ignored", "why": "the action is not used"}));
        payload["action"] = json!("opened");
        payload["repository"]["name"] = json!("../..");
        assert_eq!(invoke(&world, &payload).await.status, 400);
    }

    #[tokio::test]
    async fn who_asks_for_events_sees_each_step_and_then_the_answer() {
        let world = World::with(|server| {
            server.invoke = Some(Arc::new(|invocation| {
                Box::pin(async move {
                    (invocation.tell)(json!({"step": 1}));
                    (invocation.tell)(json!({"step": 2}));
                    match invocation.target {
                        Target::PullRequest { number: 13, .. } => Err("GitHub hangs up".to_owned()),
                        _ => Ok(json!({"status": "done"})),
                    }
                })
            }));
        })
        .await;
        let ask = async |number: u64| {
            let body = json!({"inputText": format!("acme/shop#{number}")}).to_string();
            let answer =
                world.post("/invocations", "accept: text/event-stream\r\n", body.as_bytes()).await;
            assert_eq!(answer.header("content-type"), Some("text/event-stream"));
            let events = answer.body.lines().filter_map(|line| line.strip_prefix("data: "));
            events.map(|event| serde_json::from_str(event).unwrap()).collect::<Vec<Value>>()
        };
        let events = ask(7).await;
        assert_eq!(events[..2], [json!({"step": 1}), json!({"step": 2})]);
        assert_eq!(events[2]["result"]["status"], "done");
        assert_eq!(ask(13).await[2]["error"], "GitHub hangs up");
    }

    #[tokio::test]
    async fn who_does_not_wait_is_answered_at_once_and_the_work_shows_in_the_ping() {
        let finish = Arc::new(Notify::new());
        let wait = Arc::clone(&finish);
        let world = World::with(move |server| {
            server.invoke = Some(Arc::new(move |_| {
                let wait = Arc::clone(&wait);
                Box::pin(async move {
                    wait.notified().await;
                    Ok(json!("done"))
                })
            }));
        })
        .await;
        let mut body = job();
        body["async"] = json!(true);
        assert_eq!(invoke(&world, &body).await.json()["status"], "accepted");
        let attributes = json!({"sessionAttributes": {"async": "true"}});
        let session = json!({"inputText": "acme/shop#8", "sessionState": attributes});
        assert_eq!(invoke(&world, &session).await.json()["result"]["status"], "accepted");
        assert_eq!(world.get("/ping").await.json()["status"], "HealthyBusy");
        finish.notify_waiters();
        while world.get("/ping").await.json()["status"] != "Healthy" {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn what_cannot_be_understood_is_refused_with_what_is_expected() {
        let world = world().await;
        let mut newer = job();
        newer["v"] = json!(2);
        let mut elsewhere = job();
        elsewhere["owner"] = json!("../..");
        for (body, error) in [
            (String::new(), "Invalid JSON"),
            ("{".to_owned(), "Invalid JSON"),
            ("[]".to_owned(), "Invalid request"),
            (json!({"prompt": "hello"}).to_string(), "Invalid request"),
            (json!({"inputText": "hello"}).to_string(), "Invalid request"),
            (json!({"inputText": "../..#7 a/b#x"}).to_string(), "Invalid request"),
            (json!({"inputText": "{}"}).to_string(), "Invalid request"),
            (newer.to_string(), "Invalid request"),
            (elsewhere.to_string(), "Invalid request"),
        ] {
            let answer = invoke(&world, &body).await;
            assert_eq!(
                (answer.status, answer.json()["error"].as_str()),
                (400, Some(error)),
                "{body}"
            );
            assert!(answer.json()["details"].is_string(), "{body}");
        }
        assert_eq!(
            world.post("/invocations", "", b"\xff").await.json()["error"],
            "Invalid encoding"
        );
    }

    #[tokio::test]
    async fn a_review_that_fails_or_panics_is_an_error_for_the_caller() {
        let world = world().await;
        let answer = invoke(&world, json!({"inputText": "acme/shop#13"})).await;
        assert_eq!(
            (answer.status, answer.json()),
            (500, json!({"error": "GitHub does not answer"}))
        );
        let answer = invoke(&world, json!({"inputText": "acme/shop#14"})).await;
        assert_eq!(
            (answer.status, answer.json()),
            (500, json!({"error": "the review stopped unexpectedly"}))
        );
        assert_eq!(world.get("/ping").await.json()["status"], "Healthy");
    }

    #[tokio::test]
    async fn neither_other_repositories_nor_web_pages_are_served() {
        let world = world().await;
        let answer = invoke(&world, json!({"inputText": "evil/shop#7"})).await;
        assert_eq!(
            (answer.status, answer.json()),
            (403, json!({"error": "evil/shop is not on the allow-list"}))
        );
        let answer = world
            .post("/invocations", "origin: https://example.com\r\n", job().to_string().as_bytes())
            .await;
        assert_eq!(answer.status, 403);
    }

    #[tokio::test]
    async fn without_the_setting_there_are_no_invocations() {
        let world = World::new().await;
        assert_eq!(invoke(&world, job()).await.status, 404);
    }

    #[tokio::test]
    async fn a_ping_tells_of_work_under_way_and_of_its_last_progress() {
        let (started, mut has_started) = mpsc::unbounded_channel();
        let finish = Arc::new(Notify::new());
        let wait = Arc::clone(&finish);
        let world = World::with(move |server| {
            server.invoke = Some(Arc::new(move |_| {
                let (started, wait) = (started.clone(), Arc::clone(&wait));
                Box::pin(async move {
                    started.send(()).unwrap();
                    wait.notified().await;
                    Ok(json!("done"))
                })
            }));
        })
        .await;
        let idle = json!({"status": "Healthy", "time_of_last_update": NOW.seconds()});
        assert_eq!(world.get("/ping").await.json(), idle);
        let (answer, ()) = tokio::join!(invoke(&world, job()), async {
            has_started.recv().await.unwrap();
            assert_eq!(
                world.get("/ping").await.json(),
                json!({"status": "HealthyBusy", "time_of_last_update": NOW.seconds()})
            );
            world.progress.moved(Timestamp((NOW.seconds() + 9) * 1000));
            assert_eq!(world.get("/ping").await.json()["time_of_last_update"], NOW.seconds() + 9);
            finish.notify_one();
        });
        assert_eq!(answer.json(), "done");
        assert_eq!(
            world.get("/ping").await.json(),
            json!({"status": "Healthy", "time_of_last_update": NOW.seconds() + 9})
        );
    }

    #[tokio::test]
    async fn health_tells_whether_deliveries_can_be_kept() {
        let world = World::new().await;
        assert_eq!(world.queue.depth(NOW).await.unwrap().waiting, 0);
        let answer = world.get("/health").await;
        insta::assert_snapshot!(format!("{} {}", answer.status, answer.body), @r#"200 {"queue":{"failed":0,"running":0,"waiting":0},"status":"ok","uptime_seconds":60,"version":"0.1.0"}"#);
        let broken = World::with(|server| server.queue = Arc::new(BrokenQueue)).await;
        let answer = broken.get("/health").await;
        assert_eq!(
            (answer.status, answer.json()["status"].as_str()),
            (503, Some("the queue does not answer"))
        );
        assert_eq!(broken.get("/ping").await.status, 200);
    }
}
