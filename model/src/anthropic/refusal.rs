//! What the Messages API says instead of an answer: <https://docs.claude.com/en/api/errors>.

use serde::Deserialize;

use crate::classify::classify;
use crate::error::ModelError;
use crate::service::{self, Refused, Service};

/// An error as it is said, in a body or within a stream.
#[derive(Default, Deserialize)]
pub(crate) struct Said {
    #[serde(rename = "type", default)]
    code: String,
    #[serde(default)]
    message: String,
}

#[derive(Deserialize)]
struct Body {
    error: Said,
}

/// A refusal before anything was said. Proxies and load balancers refuse in words of their own, and some in none.
pub(super) fn error(refused: &Refused, service: &Service) -> ModelError {
    let said = serde_json::from_slice::<Body>(&refused.body).map(|body| body.error);
    let said = said.unwrap_or_default();
    service.error(refused, &said.code, &said.message)
}

/// A refusal after HTTP 200 was said.
pub(crate) fn within_a_stream(said: &Said) -> ModelError {
    let status = if said.code == "invalid_request_error" { 400 } else { 200 };
    classify(status, &said.code, service::without_input(&said.message))
}
