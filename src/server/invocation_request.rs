//! Every form in which a review may be asked for: a job, GitHub's payload, or an agent session's text.

use axum::http::HeaderMap;
use serde::Deserialize;
use serde_json::{Value, json};

use super::invocations::Target;
use super::pull_request::{Payload, is_name};
use super::rejection::Rejection;
use crate::review::job::Job;

const SESSION: &str = "x-amzn-bedrock-agentcore-runtime-session-id";
const DELIVERY: &str = "x-github-delivery";
const EXPECTED: &str = "send a job, {\"job\": …}, GitHub's pull_request payload, or {\"inputText\": \"OWNER/REPO#NUMBER\"}";

/// A request that is understood.
#[derive(Debug)]
pub(super) struct Asked {
    pub wish: Wish,
    pub session_id: Option<String>,
    /// The caller speaks the session form, and is answered in it.
    pub session_state: Option<Value>,
    /// Set by a worker of ours that hands the job over: the ending is its to act on.
    pub attempt: Option<u32>,
    /// The caller does not wait for the end.
    pub detached: bool,
}

#[derive(Debug)]
pub(super) enum Wish {
    Review(Target),
    /// Nothing, and why.
    Nothing(&'static str),
}

/// The forms, told apart by their fields.
#[derive(Deserialize)]
#[serde(untagged)]
enum Input {
    Handed { job: Box<Job>, attempt: Option<u32> },
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

impl Asked {
    pub(super) fn read(headers: &HeaderMap, bytes: &[u8]) -> Result<Self, Rejection> {
        let text = std::str::from_utf8(bytes).map_err(|error| bad("Invalid encoding", &error))?;
        let value: Value =
            serde_json::from_str(text).map_err(|error| bad("Invalid JSON", &error))?;
        let detached = is_detached(&value);
        let session_id = header(headers, SESSION);
        if value["pull_request"].is_object() && value["repository"].is_object() {
            let wish = wish_of_payload(value, header(headers, DELIVERY).or(session_id.clone()))?;
            return Ok(Self { wish, session_id, session_state: None, attempt: None, detached });
        }
        let input: Input =
            serde_json::from_value(value).map_err(|_| bad("Invalid request", &EXPECTED))?;
        let (target, attempt, session) = match input {
            Input::Handed { job, attempt } => (checked(job)?, attempt, None),
            Input::Bare(job) => (checked(job)?, None, None),
            Input::Session(session) => (target_of(session.input_text.trim())?, None, Some(session)),
        };
        let named = session.as_ref().and_then(|session| session.session_id.clone());
        Ok(Self {
            wish: Wish::Review(target),
            session_id: named.or(session_id),
            session_state: session.map(|session| session.session_state),
            attempt,
            detached,
        })
    }

    /// A result in the form in which it was asked for.
    pub(super) fn answer(&self, result: Value) -> Value {
        let Some(state) = &self.session_state else { return result };
        json!({
            "sessionId": self.session_id,
            "completion": completion(&result),
            "contentType": result.get("content_type").cloned().unwrap_or_else(|| "text/plain".into()),
            "sessionState": state,
            "trace": result.get("trace").cloned().unwrap_or_default(),
            "result": result,
        })
    }
}

/// As a field of the request, or as an attribute of the session.
fn is_detached(value: &Value) -> bool {
    let attribute = &value["sessionState"]["sessionAttributes"]["async"];
    [&value["async"], attribute].iter().any(|flag| **flag == true || **flag == "true")
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?;
    (!value.is_empty() && value.len() <= 256).then(|| value.to_owned())
}

/// A proxy that signs for us passes on what GitHub sent it.
fn wish_of_payload(value: Value, delivery: Option<String>) -> Result<Wish, Rejection> {
    let payload: Payload = serde_json::from_value(value)
        .map_err(|error| bad("Invalid request", &format!("GitHub's payload: {error}")))?;
    if !payload.is_reviewed() {
        return Ok(Wish::Nothing("the action is not used"));
    }
    let job = payload.into_job(&delivery.unwrap_or_default(), None)?;
    Ok(Wish::Review(Target::Job(Box::new(job))))
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

/// What there is to read of a result.
fn completion(result: &Value) -> String {
    let text = result.as_str().or_else(|| result.get("completion")?.as_str());
    text.map_or_else(|| result.to_string(), str::to_owned)
}

fn bad(error: &'static str, details: &dyn ToString) -> Rejection {
    Rejection::BadInvocation { error, details: details.to_string() }
}
