//! A reply, piece by piece.

use std::pin::Pin;

use futures::{Stream, stream};

use crate::conversation::{Block, ToolUse};
use crate::error::ModelError;
use crate::reply::Reply;

/// One piece. After `Finished` nothing comes; events that end without it were cut off, and the driver says so by an error.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// The model that answers, before anything it says.
    Started {
        model_id: String,
    },
    Text(String),
    Reasoning(String),
    /// A tool use begins. `index` tells tool uses of one reply apart; their pieces may alternate.
    ToolUseStarted {
        index: u32,
        id: String,
        name: String,
    },
    /// A fragment of the JSON of its input.
    ToolUseInput {
        index: u32,
        fragment: String,
    },
    /// The last event: the whole reply, put together.
    Finished(Box<Reply>),
}

/// Dropping them cancels the call.
pub type Events = Pin<Box<dyn Stream<Item = Result<Event, ModelError>> + Send>>;

/// A whole reply as events.
pub fn of_reply(reply: Reply) -> Events {
    let mut events = vec![Ok(Event::Started { model_id: reply.model_id.clone() })];
    for (index, block) in (0_u32..).zip(&reply.message.content) {
        match block {
            Block::Text(text) => events.push(Ok(Event::Text(text.as_str().to_owned()))),
            Block::Reasoning { text, .. } => events.push(Ok(Event::Reasoning(text.clone()))),
            Block::ToolUse(ToolUse { id, name, input }) => {
                events.push(Ok(Event::ToolUseStarted {
                    index,
                    id: id.clone(),
                    name: name.clone(),
                }));
                events.push(Ok(Event::ToolUseInput { index, fragment: input.to_string() }));
            }
            Block::RedactedReasoning(_) | Block::ToolResult(_) => {}
        }
    }
    events.push(Ok(Event::Finished(Box::new(reply))));
    Box::pin(stream::iter(events))
}
