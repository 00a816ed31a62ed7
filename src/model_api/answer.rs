//! Answers as JSON, and failures with the status that clients act on.

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use model::invoke::Failure;
use model::{Cause, ErrorKind, ModelError};
use serde::{Deserialize, Serialize};

const USUAL: usize = 4096;

/// A body of ours; it cannot fail to be written, because it holds no maps with keys that are not texts.
pub(super) fn json(status: StatusCode, body: &impl Serialize) -> Response {
    // Most answers are a few kilobytes; growing to that from nothing copies them several times.
    let mut bytes = Vec::with_capacity(USUAL);
    let _ = serde_json::to_writer(&mut bytes, body);
    written(status, bytes)
}

/// A body that is JSON already.
pub(super) fn written(status: StatusCode, bytes: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

pub(super) fn refused(error: &ModelError) -> Response {
    let mut response = json(status(error), &Failure::of(error));
    let headers = response.headers_mut();
    if let Some(wait) = error.retry_after {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds(wait)));
    }
    // OpenAI's clients repeat every 429 and 5xx unless this says that it makes no sense.
    let again = match error.cause {
        Cause::Budget => "false",
        _ if matches!(error.kind(), ErrorKind::QuotaExceeded | ErrorKind::ProviderError) => "true",
        _ => "false",
    };
    headers.insert("x-should-retry", HeaderValue::from_static(again));
    response
}

fn seconds(wait: Duration) -> u64 {
    wait.as_secs() + u64::from(wait.subsec_nanos() > 0)
}

fn status(error: &ModelError) -> StatusCode {
    match (error.kind(), error.cause) {
        (ErrorKind::AuthError, _) => StatusCode::UNAUTHORIZED,
        (ErrorKind::QuotaExceeded, _) => StatusCode::TOO_MANY_REQUESTS,
        (ErrorKind::BadRequest, Cause::UnknownModel | Cause::UnknownAgent | Cause::NotServed) => {
            StatusCode::NOT_FOUND
        }
        (ErrorKind::BadRequest | ErrorKind::ContentBlocked, _) => StatusCode::BAD_REQUEST,
        (ErrorKind::ProviderError, Cause::BreakerOpen) => StatusCode::SERVICE_UNAVAILABLE,
        (ErrorKind::ProviderError, _) => StatusCode::BAD_GATEWAY,
        (ErrorKind::Timeout, _) => StatusCode::GATEWAY_TIMEOUT,
    }
}

/// A request's body; what is wrong with it is told with the place.
pub(super) fn read<'de, T: Deserialize<'de>>(body: &'de [u8]) -> Result<T, ModelError> {
    model::read_json::from_slice(body).map_err(|error| {
        ModelError::new(Cause::BadRequest, format!("the body cannot be read: {error}"))
    })
}
