//! The events of a streamed answer: <https://docs.claude.com/en/build-with-claude/streaming>.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use serde::Deserialize;

use super::refusal::{self, Said};
use super::reply::{Content, Counts, stop, unknown_blocks};
use crate::assemble::Assembled;
use crate::catalog::{self, Model};
use crate::error::ModelError;
use crate::event::Event;
use crate::service;
use crate::sse::ServerEvent;
use crate::streamed::Understands;

/// One event as it is sent.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Sent {
    MessageStart {
        message: Start,
    },
    ContentBlockStart {
        index: u32,
        content_block: Content,
    },
    ContentBlockDelta {
        index: u32,
        delta: Delta,
    },
    MessageDelta {
        delta: End,
        usage: Option<Counts>,
    },
    MessageStop,
    Error {
        error: Said,
    },
    /// `ping`, the end of a block, and what later versions add.
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
pub(crate) struct Start {
    usage: Option<Counts>,
    /// The model that answers, where an alias was asked for.
    pub(crate) model: Option<String>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[expect(clippy::enum_variant_names, reason = "they are named as they are sent")]
pub(crate) enum Delta {
    TextDelta {
        text: String,
    },
    InputJsonDelta {
        partial_json: String,
    },
    ThinkingDelta {
        thinking: String,
    },
    SignatureDelta {
        signature: String,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
pub(crate) struct End {
    stop_reason: Option<String>,
}

/// What a stream said so far.
pub(crate) struct Reader {
    model: Arc<Model>,
    reply: Assembled,
    /// Indexes of blocks that this version does not know; a tool that runs at the service is one.
    unknown: BTreeSet<u32>,
}

impl Reader {
    pub(crate) fn new(model: Arc<Model>) -> Self {
        Self { model, reply: Assembled::default(), unknown: BTreeSet::new() }
    }

    /// The model that answers, where it is another name than was asked for.
    pub(crate) fn rename(&mut self, model: &str) {
        self.model = catalog::lookup(model).into();
    }

    pub(crate) fn on(&mut self, sent: Sent, told: &mut VecDeque<Event>) -> Result<(), ModelError> {
        match sent {
            Sent::MessageStart { message } => {
                self.count(message.usage.as_ref());
                told.push_back(Event::Started { model_id: self.model.id.clone() });
            }
            Sent::ContentBlockStart { index, content_block } => {
                self.begin(index, content_block, told)?;
            }
            Sent::ContentBlockDelta { index, delta } => self.go_on(index, delta, told)?,
            Sent::MessageDelta { delta, usage } => {
                self.count(usage.as_ref());
                if let Some(reason) = &delta.stop_reason {
                    self.reply.stop = Some(stop(Some(reason)));
                }
            }
            Sent::MessageStop => self.finish(told)?,
            Sent::Error { error } => return Err(refusal::within_a_stream(&error)),
            Sent::Other => {}
        }
        Ok(())
    }

    fn begin(
        &mut self,
        index: u32,
        block: Content,
        told: &mut VecDeque<Event>,
    ) -> Result<(), ModelError> {
        match block {
            Content::Text { text } => self.go_on(index, Delta::TextDelta { text }, told),
            Content::Thinking { thinking, signature } => {
                self.go_on(index, Delta::ThinkingDelta { thinking }, told)?;
                let signature = signature.filter(|signature| !signature.is_empty());
                signature.map_or(Ok(()), |signature| self.reply.signature(index, &signature))
            }
            Content::RedactedThinking { data } => self.reply.redacted(index, &data),
            Content::ToolUse { id, name, input } => {
                self.reply.tool_use(index, &id, &name)?;
                told.push_back(Event::ToolUseStarted { index, id, name });
                // It comes empty, and its fragments after it; servers that do not stream it send it here.
                let whole = input.as_object().is_some_and(|input| !input.is_empty());
                let fragment = Delta::InputJsonDelta { partial_json: input.to_string() };
                if whole { self.go_on(index, fragment, told) } else { Ok(()) }
            }
            Content::Unknown => {
                self.unknown.insert(index);
                Ok(())
            }
        }
    }

    fn go_on(
        &mut self,
        index: u32,
        delta: Delta,
        told: &mut VecDeque<Event>,
    ) -> Result<(), ModelError> {
        if self.unknown.contains(&index) {
            return Ok(());
        }
        let event = match delta {
            Delta::TextDelta { text } => {
                self.reply.text(index, &text)?;
                (!text.is_empty()).then_some(Event::Text(text))
            }
            Delta::ThinkingDelta { thinking } => {
                self.reply.reasoning(index, &thinking)?;
                (!thinking.is_empty()).then_some(Event::Reasoning(thinking))
            }
            Delta::SignatureDelta { signature } => {
                self.reply.signature(index, &signature)?;
                None
            }
            Delta::InputJsonDelta { partial_json } => {
                self.reply.tool_input(index, &partial_json)?;
                Some(Event::ToolUseInput { index, fragment: partial_json })
            }
            Delta::Other => None,
        };
        told.extend(event);
        Ok(())
    }

    fn count(&mut self, counts: Option<&Counts>) {
        if let Some(counts) = counts {
            counts.add_to(self.reply.usage.get_or_insert_default());
        }
    }

    /// Nothing where it ended before its end.
    fn finish(&mut self, told: &mut VecDeque<Event>) -> Result<(), ModelError> {
        let mut reply = std::mem::take(&mut self.reply).finish(&self.model.id)?;
        if !reply.usage_is_estimated {
            reply.cost_usd = self.model.cost(reply.usage);
        }
        reply.notes.extend(unknown_blocks(self.unknown.len()));
        told.push_back(Event::Finished(Box::new(reply)));
        Ok(())
    }
}

impl Understands for Reader {
    fn on_event(
        &mut self,
        event: &ServerEvent,
        told: &mut VecDeque<Event>,
    ) -> Result<(), ModelError> {
        let sent =
            serde_json::from_str(&event.data).map_err(|error| service::unreadable(&error))?;
        self.on(sent, told)
    }

    fn on_end(&mut self, told: &mut VecDeque<Event>) -> Result<(), ModelError> {
        self.finish(told)
    }
}
