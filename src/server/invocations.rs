//! `POST /invocations` and `GET /ping`: the contract of a container on Bedrock AgentCore.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, header};
use futures::future::BoxFuture;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Shared;
use super::body;
use super::pull_request::is_name;
use super::rejection::Rejection;
use crate::review::job::Job;

/// A job is under 2 KB; the rest is room for a session's state.
const LARGEST: usize = 1024 * 1024;
const SESSION: &str = "x-amzn-bedrock-agentcore-runtime-session-id";
const EXPECTED: &str = "send a job, {\"job\": …}, or {\"inputText\": \"OWNER/REPO#NUMBER\"}";

/// Runs a review to its end. The error is for the caller to read.
pub type Invoke =
    Arc<dyn Fn(Invocation) -> BoxFuture<'static, Result<Value, String>> + Send + Sync>;

/// A review that a caller waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invocation {
    /// AgentCore's session, where it names one.
    pub session_id: Option<String>,
    pub target: Target,
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

/// Every form that a request may have.
#[derive(Deserialize)]
#[serde(untagged)]
enum Input {
    Wrapped { job: Box<Job> },
    Session(InSession),
    Bare(Box<Job>),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct InSession {
    session_id: Option<String>,
    input_text: String,
    #[serde(default)]
    session_state: Value,
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
) -> Result<Json<Value>, Rejection> {
    let (parts, body) = request.into_parts();
    // AgentCore is no browser. On a loopback interface a page from anywhere could otherwise start reviews.
    if parts.headers.contains_key(header::ORIGIN) {
        return Err(Rejection::Forbidden("web pages may not invoke reviews".to_owned()));
    }
    let received = body::read(&parts.headers, body, LARGEST, &shared.large_bodies).await?;
    let input = parse(&received.bytes)?;
    let (target, session) = understand(input)?;
    allow(&shared, &target)?;
    let session_id = session
        .as_ref()
        .and_then(|session| session.session_id.clone())
        .or_else(|| session_header(&parts.headers));
    let result = carry_out(&shared, Invocation { session_id: session_id.clone(), target }).await?;
    Ok(Json(match session {
        None => result,
        Some(session) => json!({
            "sessionId": session_id,
            "completion": completion(&result),
            "sessionState": session.session_state,
            "result": result,
        }),
    }))
}

/// In a task of its own: the review goes on where the caller hangs up, and a panic in it is an answer.
async fn carry_out(shared: &Shared, invocation: Invocation) -> Result<Value, Rejection> {
    let invoke = shared.server.invoke.as_ref().ok_or(Rejection::NotFound)?;
    let busy = shared.server.progress.begin();
    let review = invoke(invocation);
    let ended = tokio::spawn(async move {
        let _busy = busy;
        review.await
    });
    ended
        .await
        .unwrap_or_else(|_| Err("the review stopped unexpectedly".to_owned()))
        .map_err(Rejection::Failed)
}

fn parse(bytes: &[u8]) -> Result<Input, Rejection> {
    let text = std::str::from_utf8(bytes).map_err(|error| bad("Invalid encoding", &error))?;
    let value: Value = serde_json::from_str(text).map_err(|error| bad("Invalid JSON", &error))?;
    serde_json::from_value(value).map_err(|_| bad("Invalid request", &EXPECTED))
}

fn bad(error: &'static str, details: &dyn ToString) -> Rejection {
    Rejection::BadInvocation { error, details: details.to_string() }
}

fn understand(input: Input) -> Result<(Target, Option<InSession>), Rejection> {
    match input {
        Input::Wrapped { job } | Input::Bare(job) => Ok((checked(job)?, None)),
        Input::Session(session) => Ok((target_of(session.input_text.trim())?, Some(session))),
    }
}

fn target_of(text: &str) -> Result<Target, Rejection> {
    if text.starts_with('{') {
        let job = serde_json::from_str(text)
            .map_err(|error| bad("Invalid request", &format!("inputText: {error}")))?;
        return checked(job);
    }
    pull_request_in(text).ok_or_else(|| bad("Invalid request", &EXPECTED))
}

/// A job names its repository as part of paths and URLs, whoever made it.
fn checked(job: Box<Job>) -> Result<Target, Rejection> {
    if job.v != Job::VERSION {
        return Err(bad(
            "Invalid request",
            &format!("jobs of version {} are not understood", job.v),
        ));
    }
    if !is_name(&job.owner) || !is_name(&job.repo) {
        return Err(bad("Invalid request", &"owner and repo must be names"));
    }
    Ok(Target::Job(job))
}

/// `OWNER/REPO#NUMBER`, anywhere in a sentence.
fn pull_request_in(text: &str) -> Option<Target> {
    text.split_whitespace().find_map(|word| {
        let (repository, number) = word.split_once('#')?;
        let (owner, repo) = repository.split_once('/')?;
        let number = number.trim_end_matches(['.', ',', '!', '?']).parse().ok()?;
        (is_name(owner) && is_name(repo)).then(|| Target::PullRequest {
            owner: owner.to_owned(),
            repo: repo.to_owned(),
            number,
        })
    })
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

fn session_header(headers: &HeaderMap) -> Option<String> {
    headers.get(SESSION)?.to_str().ok().map(str::to_owned)
}

/// What there is to read of a result.
fn completion(result: &Value) -> String {
    let text = result.as_str().or_else(|| result.get("completion")?.as_str());
    text.map_or_else(|| result.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use contract::Timestamp;
    use tokio::sync::{Notify, mpsc};

    use super::*;
    use crate::queue::Queue;
    use crate::server::testing::{Answer, BrokenQueue, NOW, World};

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
                json!({"sessionId": "s", "completion": "acme/shop#7 is fine", "sessionState": {"step": 1}, "result": {"completion": "acme/shop#7 is fine"}})
            )
        );
        let answer = invoke(&world, ask(&job().to_string())).await;
        assert_eq!(answer.json()["result"], json!({"reviewed": "a", "session": "s"}));
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
