//! From the frames of `ConverseStream` to events, and to the whole reply at their end. Without I/O.

use std::sync::Arc;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::frame::{Frame, Kind};
use super::reply;
use crate::assemble::Assembled;
use crate::catalog::Model;
use crate::classify::classify;
use crate::{Cause, Change, Event, ModelError, Reply};

/// What a stream said so far.
pub(super) struct Heard {
    model: Arc<Model>,
    changes: Vec<Change>,
    assembled: Assembled,
    raw: Vec<u8>,
    unknown: usize,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BlockStart {
    #[serde(default)]
    content_block_index: u32,
    start: Option<Start>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Start {
    tool_use: Option<ToolUseStart>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ToolUseStart {
    tool_use_id: String,
    name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct BlockDelta {
    #[serde(default)]
    content_block_index: u32,
    delta: Delta,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Delta {
    text: Option<String>,
    tool_use: Option<ToolUseDelta>,
    reasoning_content: Option<ReasoningDelta>,
}

#[derive(Deserialize)]
struct ToolUseDelta {
    #[serde(default)]
    input: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ReasoningDelta {
    text: Option<String>,
    signature: Option<String>,
    redacted_content: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MessageStop {
    stop_reason: Option<String>,
}

#[derive(Deserialize)]
struct Metadata {
    #[serde(default)]
    usage: Value,
}

/// `modelStreamErrorException` says what the model itself answered.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Exception {
    message: Option<String>,
    original_status_code: Option<u16>,
    original_message: Option<String>,
}

impl Heard {
    pub(super) fn new(model: Arc<Model>, changes: Vec<Change>) -> Self {
        Self { model, changes, assembled: Assembled::default(), raw: Vec::new(), unknown: 0 }
    }

    pub(super) fn started(&self) -> Event {
        Event::Started { model_id: self.model.id.clone() }
    }

    /// Whether the service has said all that it ever says.
    pub(super) fn is_complete(&self) -> bool {
        self.assembled.stop.is_some() && self.assembled.usage.is_some()
    }

    /// Whether the reply is whole; what may still come only counts its tokens.
    pub(super) fn has_stopped(&self) -> bool {
        self.assembled.stop.is_some()
    }

    /// What a frame tells the reader at once; many tell nothing.
    pub(super) fn frame(&mut self, frame: &Frame) -> Result<Option<Event>, ModelError> {
        let name = match &frame.kind {
            Kind::Event(name) => name.as_str(),
            Kind::Exception(name) => return Err(exception(name, &frame.payload)),
            Kind::Error(code, text) => return Err(classify(200, code, text)),
        };
        self.keep(&frame.payload);
        match name {
            "contentBlockStart" => self.block_start(parse(name, &frame.payload)?),
            "contentBlockDelta" => self.delta(parse(name, &frame.payload)?),
            "messageStop" => {
                let stop: MessageStop = parse(name, &frame.payload)?;
                self.assembled.stop = Some(reply::stop(stop.stop_reason.as_deref().unwrap_or("")));
                Ok(None)
            }
            "metadata" => {
                let metadata: Metadata = parse(name, &frame.payload)?;
                self.assembled.usage = reply::usage(&metadata.usage);
                Ok(None)
            }
            // `messageStart` and `contentBlockStop` say nothing, and what later versions add must not end a reply.
            _ => Ok(None),
        }
    }

    /// The whole reply, once nothing more comes.
    pub(super) fn finish(self) -> Result<Reply, ModelError> {
        let mut reply = self.assembled.finish(&self.model.id)?;
        reply.cost_usd =
            (!reply.usage_is_estimated).then(|| self.model.cost(reply.usage)).flatten();
        reply.normalized = self.changes;
        reply.raw = Some(reply::raw(&self.raw));
        reply.notes.extend(reply::unknown_blocks(self.unknown));
        Ok(reply)
    }

    fn block_start(&mut self, block: BlockStart) -> Result<Option<Event>, ModelError> {
        let index = block.content_block_index;
        let Some(ToolUseStart { tool_use_id: id, name }) =
            block.start.and_then(|start| start.tool_use)
        else {
            return Ok(None);
        };
        self.assembled.tool_use(index, &id, &name)?;
        Ok(Some(Event::ToolUseStarted { index, id, name }))
    }

    fn delta(&mut self, block: BlockDelta) -> Result<Option<Event>, ModelError> {
        let index = block.content_block_index;
        if let Some(text) = block.delta.text {
            self.assembled.text(index, &text)?;
            return Ok(Some(Event::Text(text)));
        }
        if let Some(ToolUseDelta { input: fragment }) = block.delta.tool_use {
            self.assembled.tool_input(index, &fragment)?;
            return Ok(Some(Event::ToolUseInput { index, fragment }));
        }
        let Some(thought) = block.delta.reasoning_content else {
            self.unknown += 1;
            return Ok(None);
        };
        if let Some(signature) = &thought.signature {
            self.assembled.signature(index, signature)?;
        }
        if let Some(base64) = &thought.redacted_content {
            self.assembled.redacted(index, base64)?;
        }
        let Some(text) = thought.text else { return Ok(None) };
        self.assembled.reasoning(index, &text)?;
        Ok(Some(Event::Reasoning(text)))
    }

    fn keep(&mut self, payload: &[u8]) {
        if self.raw.len() < reply::LONGEST_RAW {
            self.raw.extend_from_slice(&payload[..payload.len().min(reply::LONGEST_RAW)]);
            self.raw.push(b'\n');
        }
    }
}

fn exception(name: &str, payload: &[u8]) -> ModelError {
    let told: Exception = serde_json::from_slice(payload).unwrap_or_default();
    let text = told.original_message.or(told.message).unwrap_or_default();
    classify(told.original_status_code.unwrap_or(200), name, &text)
}

fn parse<T: DeserializeOwned>(name: &str, payload: &[u8]) -> Result<T, ModelError> {
    serde_json::from_slice(payload)
        .map_err(|error| ModelError::new(Cause::Unreadable, format!("the event {name}: {error}")))
}
