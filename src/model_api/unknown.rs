//! What is not served here: said in JSON, as every failure under `/v1`, with what there is instead.

use axum::http::{Method, StatusCode, Uri};
use axum::response::Response;
use model::invoke::Failure;
use model::{Cause, ModelError};

use super::answer::json;

const SERVED: &str =
    "POST /v1/chat/completions, POST /v1/invoke, POST /v1/invoke-stream, GET /v1/models";

pub(super) async fn path(uri: Uri) -> Response {
    let path = uri.path();
    let hint = if path.starts_with("/v1/responses") {
        "; of OpenAI's protocols only chat completions are spoken: let the client use them instead of the Responses API"
    } else if path.starts_with("/v1/v1") {
        "; the address of a client ends with one /v1"
    } else {
        ""
    };
    refused(StatusCode::NOT_FOUND, format!("{path:?} is not served here{hint}; there are {SERVED}"))
}

pub(super) async fn method(method: Method, uri: Uri) -> Response {
    let message = format!("{method} {:?} is not served here; there are {SERVED}", uri.path());
    refused(StatusCode::METHOD_NOT_ALLOWED, message)
}

fn refused(status: StatusCode, message: String) -> Response {
    json(status, &Failure::of(&ModelError::new(Cause::BadRequest, message)))
}
