//! A reply in OpenAI's form, chunk by chunk.

use std::collections::HashMap;

use axum::response::Response;
use axum::response::sse::{self, KeepAlive};
use futures::{StreamExt, stream};
use model::invoke::Failure;
use model::{Event, Events, ModelError, Reply};
use serde_json::{Value, json};

use super::chat_reply::{About, extra, finish_reason, usage};
use super::events;

pub(super) fn said(events: Events, about: About, include_usage: bool) -> Response {
    let (model, places) = (String::new(), HashMap::new());
    let mut chunks = Chunks { about, include_usage, model, places };
    let lines = events
        .map(move |event| chunks.of(event))
        .flat_map(stream::iter)
        .map(|data| sse::Event::default().data(data));
    // A comment: clients skip it, proxies see that the connection lives.
    events::answer(lines, KeepAlive::new())
}

struct Chunks {
    about: About,
    include_usage: bool,
    model: String,
    /// By our index of a block, the index among tool calls.
    places: HashMap<u32, usize>,
}

impl Chunks {
    /// The chunks that an event becomes.
    fn of(&mut self, event: Result<Event, ModelError>) -> Vec<String> {
        match event {
            Ok(Event::Started { model_id }) => {
                self.model = model_id;
                vec![self.delta(&json!({"role": "assistant", "content": ""}))]
            }
            Ok(Event::Reasoning(text)) => vec![self.delta(&json!({"reasoning_content": text}))],
            Ok(Event::Text(text)) => vec![self.delta(&json!({"content": text}))],
            Ok(Event::ToolUseStarted { index, id, name }) => {
                let place = self.places.len();
                self.places.insert(index, place);
                let function = json!({"name": name, "arguments": ""});
                vec![self.delta(&json!({"tool_calls": [
                    {"index": place, "id": id, "type": "function", "function": function}
                ]}))]
            }
            Ok(Event::ToolUseInput { index, fragment }) => {
                let place = self.places.get(&index).copied().unwrap_or_default();
                vec![self.delta(&json!({"tool_calls": [
                    {"index": place, "function": {"arguments": fragment}}
                ]}))]
            }
            Ok(Event::Finished(reply)) => self.end(&reply),
            Err(error) => vec![Failure::of(&error).to_value().to_string()],
        }
    }

    fn end(&self, reply: &Reply) -> Vec<String> {
        let mut lines = Vec::new();
        let mut last = self.chunk(&json!([
            {"index": 0, "delta": {}, "finish_reason": finish_reason(reply.stop), "logprobs": null}
        ]));
        last["eco_coder"] = json!(extra(reply));
        lines.push(last.to_string());
        if self.include_usage {
            let mut counted = self.chunk(&json!([]));
            counted["usage"] = json!(usage(reply));
            lines.push(counted.to_string());
        }
        lines.push("[DONE]".to_owned());
        lines
    }

    fn delta(&self, delta: &Value) -> String {
        let choices =
            json!([{"index": 0, "delta": delta, "finish_reason": null, "logprobs": null}]);
        self.chunk(&choices).to_string()
    }

    fn chunk(&self, choices: &Value) -> Value {
        json!({
            "id": self.about.id,
            "object": "chat.completion.chunk",
            "created": self.about.created,
            "model": self.model,
            "choices": choices,
        })
    }
}
