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

/// Takes the body, of which nothing but long texts is held while a model thinks.
pub(super) fn call(api: &ModelApi, asked: Asked, otherwise: Duration) -> Result<Call, ModelError> {
    let request = read::<Request>(&asked.body)?;
    let mut call = request.into_call(&asked.body, otherwise, LONGEST)?;
    api.agents.apply(&mut call)?;
    trace::complete(&mut call.metadata, &asked.headers, asked.client, &api.keys)?;
    Ok(call)
}
