//! One call: sends it, waits and repeats where that is right, and turns failures into errors.

use std::error::Error;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use octocrab::OctoBody;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::names::excerpt;
use crate::rate_limit::{Attempts, Failure};
use crate::{GitHub, GitHubError};

const JSON: &str = "application/vnd.github+json";
const RAW: &str = "application/vnd.github.raw+json";
const USER_AGENT: HeaderValue =
    HeaderValue::from_static(concat!("eco-coder/", env!("CARGO_PKG_VERSION")));
const API_VERSION: HeaderValue = HeaderValue::from_static("2022-11-28");
/// A page of 100 files with their patches stays far below this.
const MOST_JSON: u64 = 64 << 20;
const MOST_OF_AN_ERROR: u64 = 64 << 10;

/// A request, and what it is for.
pub(crate) struct Call {
    method: Method,
    path: String,
    accept: &'static str,
    body: Option<String>,
    most_bytes: u64,
    /// What a missing right or a missing thing is called in a message.
    what: String,
}

impl Call {
    pub(crate) fn get(path: String, what: impl Into<String>) -> Self {
        Self {
            method: Method::GET,
            path,
            accept: JSON,
            body: None,
            most_bytes: MOST_JSON,
            what: what.into(),
        }
    }

    /// The bytes of a file rather than JSON around them.
    pub(crate) fn raw(path: String, what: impl Into<String>, most_bytes: u64) -> Self {
        Self { accept: RAW, most_bytes, ..Self::get(path, what) }
    }

    /// Bytes of whatever type GitHub has.
    pub(crate) fn download(path: String, what: impl Into<String>, most_bytes: u64) -> Self {
        Self { most_bytes, ..Self::get(path, what) }
    }

    pub(crate) fn post(path: String, what: impl Into<String>, body: &Value) -> Self {
        Self { method: Method::POST, body: Some(body.to_string()), ..Self::get(path, what) }
    }

    pub(crate) fn patch(path: String, what: impl Into<String>, body: &Value) -> Self {
        Self { method: Method::PATCH, body: Some(body.to_string()), ..Self::get(path, what) }
    }

    fn request(&self) -> Result<Request<OctoBody>, GitHubError> {
        let body = self.body.clone().map_or_else(OctoBody::empty, OctoBody::from);
        let mut request = Request::builder()
            .method(self.method.clone())
            .uri(&self.path)
            .body(body)
            .map_err(|_| self.bad_address())?;
        let headers = request.headers_mut();
        headers.insert(header::ACCEPT, HeaderValue::from_static(self.accept));
        // octocrab adds its own name after this one; servers read the first.
        headers.insert(header::USER_AGENT, USER_AGENT);
        headers.insert("x-github-api-version", API_VERSION);
        if self.body.is_some() {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        Ok(request)
    }

    fn bad_address(&self) -> GitHubError {
        GitHubError::Invalid(format!("{} has no valid address on GitHub", self.what))
    }

    fn error(&self, failure: Failure) -> GitHubError {
        match failure {
            Failure::Broken(reason) => GitHubError::Unavailable(reason),
            Failure::TooLarge(limit) => {
                GitHubError::TooLarge(format!("{} is larger than {limit} bytes", self.what))
            }
            Failure::Answered { status, headers, message } => {
                self.answered(status, &headers, &message)
            }
        }
    }

    fn answered(&self, status: StatusCode, headers: &HeaderMap, message: &str) -> GitHubError {
        match status {
            StatusCode::UNAUTHORIZED => GitHubError::Unauthorized,
            StatusCode::FORBIDDEN => GitHubError::Forbidden(self.lacking(headers, message)),
            StatusCode::NOT_FOUND | StatusCode::GONE => GitHubError::NotFound(self.what.clone()),
            status if status.is_server_error() => {
                GitHubError::Unavailable(format!("it answered {status}"))
            }
            status if status.is_redirection() => {
                GitHubError::Invalid(format!("{} has moved; use its new name", self.what))
            }
            status => GitHubError::Invalid(format!(
                "GitHub refused {} with {status}: {message}",
                self.what
            )),
        }
    }

    /// GitHub names the permissions that would do in a header.
    fn lacking(&self, headers: &HeaderMap, message: &str) -> String {
        let accepted =
            headers.get("x-accepted-github-permissions").and_then(|value| value.to_str().ok());
        let hint = accepted.map_or_else(String::new, |permissions| {
            format!("; the token needs the permission {}", excerpt(permissions))
        });
        format!("{}: {message}{hint}", self.what)
    }
}

impl GitHub {
    /// Makes a call, and reads its answer as JSON.
    pub(crate) async fn json<T: DeserializeOwned>(&self, call: &Call) -> Result<T, GitHubError> {
        let answer = self.call(call).await?;
        serde_json::from_slice(&answer).map_err(|_| {
            GitHubError::Unavailable(format!("its answer for {} has an unknown form", call.what))
        })
    }

    /// Makes a call, as often as `rate_limit` finds right.
    pub(crate) async fn call(&self, call: &Call) -> Result<Bytes, GitHubError> {
        let repeatable = call.method != Method::POST;
        let mut attempts = Attempts::default();
        loop {
            let failure = match self.attempt(call).await? {
                Ok(answer) => return Ok(answer),
                Err(failure) => failure,
            };
            let Some(wait) = attempts.next(&failure, repeatable, &self.patience, (self.clock)())?
            else {
                return Err(call.error(failure));
            };
            tracing::debug!(call = call.what, wait_seconds = wait.as_secs(), "waiting for GitHub");
            self.sleep(wait).await;
        }
    }

    /// Sleeps as much of a wait as the client's scale asks for.
    pub(crate) async fn sleep(&self, wait: Duration) {
        tokio::time::sleep(wait.mul_f64(self.patience.scale.clamp(0.0, 1.0))).await;
    }

    async fn attempt(&self, call: &Call) -> Result<Result<Bytes, Failure>, GitHubError> {
        let request = call.request()?;
        let Some(time) = self.time_for_an_attempt() else {
            return Err(GitHubError::Unavailable("the time for this run is over".into()));
        };
        let answer = tokio::time::timeout(time, self.exchange(request, call.most_bytes)).await;
        Ok(answer.unwrap_or_else(|_| {
            Err(Failure::Broken(format!("no answer within {} s", time.as_secs())))
        }))
    }

    fn time_for_an_attempt(&self) -> Option<Duration> {
        let Some(deadline) = self.patience.deadline else { return Some(self.patience.attempt) };
        let left = deadline.since((self.clock)());
        (!left.is_zero()).then(|| left.min(self.patience.attempt))
    }

    async fn exchange(
        &self,
        request: Request<OctoBody>,
        most_bytes: u64,
    ) -> Result<Bytes, Failure> {
        let response = self
            .octocrab
            .execute(request)
            .await
            .map_err(|error| Failure::Broken(reason(&error)))?;
        let (parts, body) = response.into_parts();
        if parts.status.is_success() {
            return read(body, &parts.headers, most_bytes).await;
        }
        let body = read(body, &parts.headers, MOST_OF_AN_ERROR).await.unwrap_or_default();
        Err(Failure::Answered {
            status: parts.status,
            headers: parts.headers,
            message: message(&body),
        })
    }
}

/// Reads a body, and stops at the limit whatever its length claims to be.
async fn read<B>(mut body: B, headers: &HeaderMap, most_bytes: u64) -> Result<Bytes, Failure>
where
    B: BodyExt<Data = Bytes, Error = octocrab::Error> + Unpin,
{
    let claimed = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if claimed.is_some_and(|length| length > most_bytes) {
        return Err(Failure::TooLarge(most_bytes));
    }
    let mut bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Failure::Broken(reason(&error)))?;
        let Ok(data) = frame.into_data() else { continue };
        if (bytes.len() + data.len()) as u64 > most_bytes {
            return Err(Failure::TooLarge(most_bytes));
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes.freeze())
}

/// GitHub's own words about a failure, shortened. Only answers are read here, never requests, so no credential can be in it.
fn message(body: &[u8]) -> String {
    let stated = serde_json::from_slice::<Value>(body).ok();
    let stated = stated.as_ref().and_then(|value| value.get("message")).and_then(Value::as_str);
    excerpt(stated.unwrap_or("no reason given"))
}

/// The innermost cause: octocrab wraps "connection refused" four times.
fn reason(error: &octocrab::Error) -> String {
    let mut cause: &dyn Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    excerpt(&cause.to_string())
}
