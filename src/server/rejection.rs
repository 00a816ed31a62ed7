//! Every refusal the server answers, as one JSON object with `error`.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// Why a request was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Rejection {
    /// The same words for every flaw of a signature, which would only help whoever forges one.
    #[error("the signature is missing or wrong")]
    BadSignature,
    #[error("no webhook secret is configured")]
    NoSecret,
    #[error("{0}")]
    Malformed(String),
    /// As the AgentCore contract words it.
    #[error("{error}")]
    BadInvocation { error: &'static str, details: String },
    #[error("the body is larger than {0} bytes")]
    TooLarge(usize),
    #[error("the body did not arrive in time")]
    TooSlow,
    #[error("too many large requests at once")]
    Busy,
    #[error("the delivery could not be queued; redeliver it later")]
    NotQueued,
    #[error("{0}")]
    Forbidden(String),
    #[error("{0}")]
    Failed(String),
    #[error("there is nothing here")]
    NotFound,
    #[error("the method is not allowed here")]
    MethodNotAllowed,
}

impl Rejection {
    fn status(&self) -> StatusCode {
        match self {
            Self::BadSignature => StatusCode::UNAUTHORIZED,
            Self::Malformed(_) | Self::BadInvocation { .. } => StatusCode::BAD_REQUEST,
            Self::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::NoSecret | Self::Busy | Self::NotQueued => StatusCode::SERVICE_UNAVAILABLE,
            Self::Forbidden(_) => StatusCode::FORBIDDEN,
            Self::Failed(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
        }
    }

    fn body(&self) -> Value {
        match self {
            Self::BadInvocation { error, details } => json!({"error": error, "details": details}),
            other => json!({"error": other.to_string()}),
        }
    }
}

impl IntoResponse for Rejection {
    fn into_response(self) -> Response {
        let status = self.status();
        tracing::debug!(status = status.as_u16(), reason = %self, "a request was refused");
        let mut response = (status, Json(self.body())).into_response();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("30"));
        }
        response
    }
}
