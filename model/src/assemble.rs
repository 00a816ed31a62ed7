//! Puts a reply together from the pieces of a stream.

use serde_json::{Map, Value};

use crate::conversation::{Block, ToolUse};
use crate::error::{Cause, ModelError};
use crate::reply::{Reply, StopReason, Usage};

/// The longest reply that is put together; a stream that goes on is broken.
const LONGEST: usize = 16 << 20;

/// What a stream said so far. Blocks are told apart by the service's index; their pieces may alternate.
#[derive(Debug, Default)]
pub struct Assembled {
    blocks: Vec<(u32, Piece)>,
    bytes: usize,
    pub stop: Option<StopReason>,
    /// `None`: the service has not counted.
    pub usage: Option<Usage>,
}

#[derive(Debug)]
enum Piece {
    Text(String),
    Reasoning { text: String, signature: Option<String> },
    Redacted(String),
    ToolUse { id: String, name: String, input: String },
}

impl Assembled {
    pub fn text(&mut self, index: u32, fragment: &str) -> Result<(), ModelError> {
        self.count(fragment)?;
        match self.block(index, || Piece::Text(String::new())) {
            Piece::Text(text) => text.push_str(fragment),
            _ => return Err(mixed(index)),
        }
        Ok(())
    }

    pub fn reasoning(&mut self, index: u32, fragment: &str) -> Result<(), ModelError> {
        self.count(fragment)?;
        match self.thought(index) {
            Some((text, _)) => text.push_str(fragment),
            None => return Err(mixed(index)),
        }
        Ok(())
    }

    /// A signature comes whole or in fragments.
    pub fn signature(&mut self, index: u32, fragment: &str) -> Result<(), ModelError> {
        self.count(fragment)?;
        match self.thought(index) {
            Some((_, signature)) => signature.get_or_insert_default().push_str(fragment),
            None => return Err(mixed(index)),
        }
        Ok(())
    }

    /// Reasoning that the provider encrypted; base64.
    pub fn redacted(&mut self, index: u32, base64: &str) -> Result<(), ModelError> {
        self.count(base64)?;
        self.blocks.push((index, Piece::Redacted(base64.to_owned())));
        Ok(())
    }

    pub fn tool_use(&mut self, index: u32, id: &str, name: &str) -> Result<(), ModelError> {
        self.count(id)?;
        self.count(name)?;
        let piece =
            Piece::ToolUse { id: id.to_owned(), name: name.to_owned(), input: String::new() };
        self.blocks.push((index, piece));
        Ok(())
    }

    pub fn tool_input(&mut self, index: u32, fragment: &str) -> Result<(), ModelError> {
        self.count(fragment)?;
        let open = self.blocks.iter_mut().rev().find(|(at, _)| *at == index);
        match open {
            Some((_, Piece::ToolUse { input, .. })) => input.push_str(fragment),
            _ => return Err(mixed(index)),
        }
        Ok(())
    }

    /// Characters of text, reasoning and tool input so far, for an estimate of the tokens.
    pub fn written(&self) -> usize {
        self.bytes
    }

    /// The reply. A tool use whose input is no JSON object is an error, unless the model was cut off over it: then it is
    /// left out, because half a call must not be carried out.
    pub fn finish(self, model_id: &str) -> Result<Reply, ModelError> {
        let Some(stop) = self.stop else {
            return Err(ModelError::new(Cause::Interrupted, "the stream ended without a reason"));
        };
        let mut content = Vec::with_capacity(self.blocks.len());
        for (_, piece) in self.blocks {
            match piece {
                Piece::Text(text) if text.is_empty() => {}
                Piece::Text(text) => content.push(Block::Text(text.into())),
                Piece::Reasoning { text, signature } => {
                    content.push(Block::Reasoning { text, signature });
                }
                Piece::Redacted(base64) => content.push(Block::RedactedReasoning(base64)),
                Piece::ToolUse { id, name, input } => match object(&input) {
                    Some(input) => content.push(Block::ToolUse(ToolUse { id, name, input })),
                    None if cuts_off(stop) => {}
                    None => {
                        return Err(ModelError::new(
                            Cause::MalformedToolUse,
                            format!("the input of {name} is no JSON object"),
                        ));
                    }
                },
            }
        }
        let mut reply = Reply::new(model_id, content, stop);
        reply.usage_is_estimated = self.usage.is_none();
        reply.usage = self.usage.unwrap_or_default();
        Ok(reply)
    }

    fn block(&mut self, index: u32, empty: impl FnOnce() -> Piece) -> &mut Piece {
        let at = self.blocks.iter().rposition(|(at, _)| *at == index).unwrap_or_else(|| {
            self.blocks.push((index, empty()));
            self.blocks.len() - 1
        });
        &mut self.blocks[at].1
    }

    fn thought(&mut self, index: u32) -> Option<(&mut String, &mut Option<String>)> {
        let empty = || Piece::Reasoning { text: String::new(), signature: None };
        match self.block(index, empty) {
            Piece::Reasoning { text, signature } => Some((text, signature)),
            _ => None,
        }
    }

    fn count(&mut self, fragment: &str) -> Result<(), ModelError> {
        self.bytes += fragment.len();
        if self.bytes <= LONGEST && self.blocks.len() < 10_000 {
            return Ok(());
        }
        Err(ModelError::new(Cause::Unreadable, format!("the reply is longer than {LONGEST} bytes")))
    }
}

/// Whether a model that stopped for this reason may have meant to go on.
fn cuts_off(stop: StopReason) -> bool {
    matches!(
        stop,
        StopReason::MaxTokens
            | StopReason::ContextWindowExceeded
            | StopReason::ContentFiltered
            | StopReason::GuardrailIntervened
    )
}

/// No input at all is an empty object: services send no fragment for a tool without parameters.
fn object(input: &str) -> Option<Value> {
    if input.trim().is_empty() {
        return Some(Value::Object(Map::new()));
    }
    serde_json::from_str(input).ok().filter(Value::is_object)
}

fn mixed(index: u32) -> ModelError {
    ModelError::new(Cause::Unreadable, format!("block {index} changes its kind, or never began"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tool_uses_whose_pieces_alternate_are_put_together_and_none_is_lost() {
        let mut reply = Assembled { stop: Some(StopReason::ToolUse), ..Assembled::default() };
        reply.text(0, "I ").unwrap();
        reply.text(0, "look.").unwrap();
        reply.tool_use(1, "a", "first").unwrap();
        reply.tool_use(2, "b", "second").unwrap();
        reply.tool_input(1, "{\"x\":").unwrap();
        reply.tool_use(3, "c", "third").unwrap();
        reply.tool_input(1, "1}").unwrap();
        let message = reply.finish("m").unwrap().message;
        assert_eq!(message.text(), "I look.");
        let uses: Vec<_> =
            message.tool_uses().map(|tool| format!("{} {}", tool.name, tool.input)).collect();
        assert_eq!(uses, ["first {\"x\":1}", "second {}", "third {}"]);
    }

    #[test]
    fn half_a_tool_use_is_never_carried_out() {
        let cut = |stop| {
            let mut reply = Assembled { stop: Some(stop), ..Assembled::default() };
            reply.tool_use(0, "a", "first").unwrap();
            reply.tool_input(0, "{\"x\":").unwrap();
            reply.finish("m")
        };
        assert_eq!(cut(StopReason::ToolUse).unwrap_err().cause, Cause::MalformedToolUse);
        assert!(cut(StopReason::MaxTokens).unwrap().message.content.is_empty());
        assert!(cut(StopReason::ContentFiltered).unwrap().message.content.is_empty());
    }

    #[test]
    fn a_stream_without_an_end_is_no_reply() {
        let mut reply = Assembled::default();
        reply.text(0, "The answer").unwrap();
        assert_eq!(reply.finish("m").unwrap_err().cause, Cause::Interrupted);
    }
}
