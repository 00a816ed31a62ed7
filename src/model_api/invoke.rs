//! `POST /v1/invoke`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use model::invoke::{Envelope, Request};
use model::{Call, ModelError};

use super::answer::{read, refused, written};
use super::asked::Asked;
use super::{ANSWER, LONGEST, ModelApi, trace};

pub(super) async fn invoke(State(api): State<Arc<ModelApi>>, asked: Asked) -> Response {
    let begun = Instant::now();
    let answered = async {
        let call = call(&api, asked, ANSWER)?;
        api.gateway.converse(&call).await
    };
    match answered.await {
        Ok(reply) => written(StatusCode::OK, Envelope::of(reply, begun.elapsed()).into_json()),
        Err(error) => refused(&error),
    }
}

/// Takes the body, which is not held beside the call while a model thinks.
pub(super) fn call(api: &ModelApi, asked: Asked, otherwise: Duration) -> Result<Call, ModelError> {
    let mut call = read::<Request>(&asked.body)?.into_call(otherwise, LONGEST)?;
    api.agents.apply(&mut call)?;
    trace::complete(&mut call.metadata, &asked.headers, asked.client);
    Ok(call)
}
