//! The chunks of a streamed answer, and `[DONE]`.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::identity::Identity;
use super::refusal;
use super::reply::{Counts, Function, Message, Text, ToolCall, settled, stop};
use crate::assemble::Assembled;
use crate::catalog::Model;
use crate::conversation::Conversation;
use crate::error::{Cause, ModelError};
use crate::event::Event;
use crate::reply::StopReason;
use crate::service;
use crate::sse::ServerEvent;
use crate::streamed::Understands;

/// Blocks of the reply: its thoughts, its text, and after them its tool uses.
const REASONING: u32 = 0;
const TEXT: u32 = 1;
const FIRST_TOOL: u32 = 2;

#[derive(Deserialize)]
struct Chunk {
    #[serde(default)]
    choices: Vec<Choice>,
    #[serde(default)]
    usage: Option<Counts>,
    #[serde(default)]
    error: Value,
    /// `error` where vLLM sends the error itself in place of a chunk.
    #[serde(default)]
    object: Option<String>,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    index: u32,
    #[serde(default)]
    delta: Message,
    #[serde(default)]
    finish_reason: Option<String>,
    #[serde(default)]
    stop_reason: Value,
}

/// A tool use whose pieces come.
struct Open {
    /// The server's index.
    index: Option<u32>,
    id: Option<String>,
    /// As the reply's blocks are counted; `None` until its name is known.
    block: Option<u32>,
    /// What came before its name.
    waiting: String,
}

/// What a stream said so far.
pub(super) struct Reader {
    model: Arc<Model>,
    identity: Identity,
    reply: Assembled,
    tools: Vec<Open>,
    refuses: bool,
    started: bool,
    done: bool,
    /// What it answers to, for an estimate where the server does not count.
    conversation: Arc<Conversation>,
}

impl Reader {
    pub(super) fn new(
        model: Arc<Model>,
        identity: Identity,
        conversation: Arc<Conversation>,
    ) -> Self {
        Self {
            model,
            identity,
            reply: Assembled::default(),
            tools: Vec::new(),
            refuses: false,
            started: false,
            done: false,
            conversation,
        }
    }

    fn on_chunk(&mut self, chunk: Chunk, told: &mut VecDeque<Event>) -> Result<(), ModelError> {
        if !std::mem::replace(&mut self.started, true) {
            told.push_back(Event::Started { model_id: self.model.id.clone() });
        }
        // Some send a count with every chunk, and some zeros until the last.
        if let Some(usage) = chunk.usage.as_ref().and_then(Counts::usage) {
            self.reply.usage = Some(usage);
        }
        for choice in chunk.choices.into_iter().filter(|choice| choice.index == 0) {
            self.on_delta(choice.delta, told)?;
            if choice.finish_reason.is_some() {
                self.reply.stop = Some(stop(choice.finish_reason.as_deref(), &choice.stop_reason));
            }
        }
        Ok(())
    }

    fn on_delta(&mut self, delta: Message, told: &mut VecDeque<Event>) -> Result<(), ModelError> {
        let thought = delta.reasoning_content.or(delta.reasoning).unwrap_or_default();
        if !thought.is_empty() {
            self.reply.reasoning(REASONING, &thought)?;
            told.push_back(Event::Reasoning(thought));
        }
        let refusal = delta.refusal.unwrap_or_default();
        self.refuses |= !refusal.is_empty();
        for text in [delta.content.map(Text::joined).unwrap_or_default(), refusal] {
            if !text.is_empty() {
                self.reply.text(TEXT, &text)?;
                told.push_back(Event::Text(text));
            }
        }
        let legacy = delta.function_call.map(|function| ToolCall {
            index: Some(0),
            id: None,
            function: Some(function),
        });
        for piece in delta.tool_calls.unwrap_or_default().into_iter().chain(legacy) {
            self.on_tool(piece, told)?;
        }
        Ok(())
    }

    fn on_tool(&mut self, piece: ToolCall, told: &mut VecDeque<Event>) -> Result<(), ModelError> {
        let id = piece.id.filter(|id| !id.is_empty());
        let function = piece.function.as_ref();
        let name = function.and_then(|function| function.name.as_deref());
        let name = name.filter(|name| !name.is_empty());
        let position = self.open(piece.index, id.as_deref(), name.is_some())?;
        let fragment = function.map(Function::fragment).unwrap_or_default();
        let tool = &mut self.tools[position];
        if tool.id.is_none() {
            tool.id = id;
        }
        tool.waiting.push_str(&fragment);
        if tool.block.is_none() {
            let Some(name) = name else { return Ok(()) };
            let block = FIRST_TOOL.saturating_add(u32::try_from(position).unwrap_or(u32::MAX));
            let id = tool.id.get_or_insert_with(|| self.identity.of_tool(position)).clone();
            self.reply.tool_use(block, &id, name)?;
            tool.block = Some(block);
            told.push_back(Event::ToolUseStarted { index: block, id, name: name.to_owned() });
        }
        let fragment = std::mem::take(&mut tool.waiting);
        if let Some(index) = tool.block.filter(|_| !fragment.is_empty()) {
            self.reply.tool_input(index, &fragment)?;
            told.push_back(Event::ToolUseInput { index, fragment });
        }
        Ok(())
    }

    /// Which tool use a piece belongs to. The index tells; servers that give all calls one index, or none, begin
    /// another by another id and a name.
    fn open(
        &mut self,
        index: Option<u32>,
        id: Option<&str>,
        named: bool,
    ) -> Result<usize, ModelError> {
        let known = match index {
            Some(_) => self.tools.iter().rposition(|tool| tool.index == index),
            None => self.tools.len().checked_sub(1),
        };
        let goes_on = known.filter(|position| {
            let tool = &self.tools[*position];
            let another = id.is_some() && tool.id.is_some() && tool.id.as_deref() != id;
            // Without index and ids, a name tells that another call begins.
            let anonymous = index.is_none() && id.is_none() && named;
            tool.block.is_none() || !(named && (another || anonymous))
        });
        if let Some(position) = goes_on {
            return Ok(position);
        }
        if self.tools.len() >= MOST_TOOLS {
            return Err(ModelError::new(Cause::Unreadable, "the reply calls too many tools"));
        }
        self.tools.push(Open { index, id: None, block: None, waiting: String::new() });
        Ok(self.tools.len() - 1)
    }

    fn finish(&mut self, told: &mut VecDeque<Event>) -> Result<(), ModelError> {
        self.done = true;
        if self.tools.iter().any(|tool| tool.block.is_none()) {
            return Err(ModelError::new(Cause::MalformedToolUse, "a tool use has no name"));
        }
        let calls = !self.tools.is_empty();
        let stop = self.reply.stop.map(|stop| settled(stop, calls, self.refuses));
        self.reply.stop = stop;
        let mut reply = std::mem::take(&mut self.reply).finish(&self.model.id)?;
        if reply.usage_is_estimated {
            reply.usage = super::estimated(&self.conversation, &reply);
        }
        reply.cost_usd = self.model.cost(reply.usage);
        told.push_back(Event::Finished(Box::new(reply)));
        Ok(())
    }
}

/// More calls in one reply are none that a model meant.
const MOST_TOOLS: usize = 1000;

impl Understands for Reader {
    fn on_event(
        &mut self,
        event: &ServerEvent,
        told: &mut VecDeque<Event>,
    ) -> Result<(), ModelError> {
        let data = event.data.trim();
        if self.done || data.is_empty() {
            return Ok(());
        }
        if data == "[DONE]" {
            // A server that never says why it stopped has at least said that it did.
            self.reply.stop.get_or_insert(StopReason::Unknown);
            return self.finish(told);
        }
        let unreadable = |error| service::unreadable(&error);
        let chunk: Chunk = serde_json::from_str(data).map_err(unreadable)?;
        let is_error = event.name == "error" || chunk.object.as_deref() == Some("error");
        if is_error || !chunk.error.is_null() {
            let error = serde_json::from_str(data).map_err(unreadable)?;
            return Err(refusal::within_a_stream(&error));
        }
        self.on_chunk(chunk, told)
    }

    fn on_end(&mut self, told: &mut VecDeque<Event>) -> Result<(), ModelError> {
        if self.done { Ok(()) } else { self.finish(told) }
    }
}
