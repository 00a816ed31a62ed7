//! `POST /v1/invoke`.

use std::sync::Arc;
use std::time::Instant;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use model::invoke::{Envelope, Request};
use model::{Call, ModelError};

use super::answer::{json, read, refused};
use super::keys::Client;
use super::{ANSWER, LONGEST, ModelApi, trace};

pub(super) async fn invoke(
    State(api): State<Arc<ModelApi>>,
    Extension(client): Extension<Client>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let asked = Instant::now();
    let answered = async {
        let call = call(&api, &body, &headers, client, ANSWER)?;
        // Read and no longer needed; a large prompt need not be held twice while a model thinks.
        drop(body);
        api.gateway.converse(&call).await
    };
    match answered.await {
        Ok(reply) => json(StatusCode::OK, &Envelope::of(reply, asked.elapsed())),
        Err(error) => refused(&error),
    }
}

pub(super) fn call(
    api: &ModelApi,
    body: &Bytes,
    headers: &HeaderMap,
    client: Client,
    otherwise: std::time::Duration,
) -> Result<Call, ModelError> {
    let mut call = read::<Request>(body)?.into_call(otherwise, LONGEST)?;
    api.agents.apply(&mut call)?;
    trace::complete(&mut call.metadata, headers, client);
    Ok(call)
}
