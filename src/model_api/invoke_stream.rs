//! `POST /v1/invoke-stream`: server-sent events `start`, `delta`, `heartbeat`, and at the end `end` or `error`.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::State;
use axum::response::Response;
use axum::response::sse::{self, KeepAlive};
use futures::StreamExt;
use model::invoke::{Envelope, Failure};
use model::{Event, Events, ModelError};
use serde_json::{Value, json};

use super::answer::refused;
use super::asked::Asked;
use super::{LONGEST, ModelApi, events};

pub(super) async fn invoke(State(api): State<Arc<ModelApi>>, asked: Asked) -> Response {
    let begun = Instant::now();
    let streamed = async {
        let call = super::invoke::call(&api, asked, LONGEST)?;
        events::of(&api.gateway, call).await
    };
    match streamed.await {
        Ok(events) => said(events, begun),
        Err(error) => refused(&error),
    }
}

fn said(events: Events, asked: Instant) -> Response {
    let heartbeat = KeepAlive::new().event(sse::Event::default().event("heartbeat").data("{}"));
    events::answer(events.map(move |event| line(event, asked)), heartbeat)
}

fn line(event: Result<Event, ModelError>, asked: Instant) -> sse::Event {
    let (name, data) = match event {
        Ok(event) => told(event, asked),
        Err(error) => ("error", Failure::of(&error).to_value()),
    };
    sse::Event::default().event(name).data(data.to_string())
}

fn told(event: Event, asked: Instant) -> (&'static str, Value) {
    match event {
        Event::Started { model_id } => ("start", json!({"model_id": model_id})),
        Event::Text(text) => ("delta", json!({"text": text})),
        Event::Reasoning(text) => ("delta", json!({"reasoning": text})),
        Event::ToolUseStarted { index, id, name } => {
            ("delta", json!({"tool_use": {"index": index, "id": id, "name": name}}))
        }
        Event::ToolUseInput { index, fragment } => {
            ("delta", json!({"tool_input": {"index": index, "fragment": fragment}}))
        }
        Event::Finished(reply) => {
            let envelope = Envelope::of(*reply, asked.elapsed());
            ("end", serde_json::to_value(envelope).unwrap_or_default())
        }
    }
}
