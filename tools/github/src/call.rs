//! One call: its request, what it is for, and what its failures mean.

use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use octocrab::OctoBody;
use serde_json::Value;

use crate::GitHubError;
use crate::names::excerpt;
use crate::rate_limit::Failure;

const JSON: &str = "application/vnd.github+json";
const RAW: &str = "application/vnd.github.raw+json";
const USER_AGENT: HeaderValue =
    HeaderValue::from_static(concat!("eco-coder/", env!("CARGO_PKG_VERSION")));
const API_VERSION: HeaderValue = HeaderValue::from_static("2022-11-28");
/// A page of 100 files with their patches stays far below this.
const MOST_JSON: u64 = 64 << 20;

/// A request, and what it is for.
pub(crate) struct Call {
    method: Method,
    path: String,
    accept: &'static str,
    body: Option<String>,
    pub(crate) most_bytes: u64,
    /// What a missing right or a missing thing is called in a message.
    pub(crate) what: String,
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

    pub(crate) fn delete(path: String, what: impl Into<String>) -> Self {
        Self { method: Method::DELETE, ..Self::get(path, what) }
    }

    pub(crate) fn is_write(&self) -> bool {
        self.method != Method::GET
    }

    /// Whether a second request has no effect that the first one did not have.
    pub(crate) fn is_repeatable(&self) -> bool {
        self.method != Method::POST
    }

    pub(crate) fn request(&self) -> Result<Request<OctoBody>, GitHubError> {
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

    pub(crate) fn error(&self, failure: Failure) -> GitHubError {
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
