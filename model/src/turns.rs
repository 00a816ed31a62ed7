//! A conversation as callers tell it, message by message, in either dialect.

use contract::ToolSpec;
use serde_json::{Value, json};

use crate::conversation::{Block, Conversation, Message, Role};
use crate::error::{Cause, ModelError};

/// What was said so far.
#[derive(Debug, Default)]
pub struct Turns {
    system: Vec<String>,
    messages: Vec<Message>,
}

impl Turns {
    pub fn instruct(&mut self, text: String) {
        self.system.push(text);
    }

    /// What one side says in a row is one message: services want turns, and results of tools that ran side by side are
    /// messages of their own at OpenAI.
    pub fn say(&mut self, role: Role, content: Vec<Block>) {
        match self.messages.last_mut() {
            Some(last) if last.role == role => last.content.extend(content),
            _ => self.messages.push(Message { role, content }),
        }
    }

    /// Instructions alone are a conversation, too.
    pub fn with_tools(self, tools: Vec<ToolSpec>) -> Result<Conversation, ModelError> {
        let system = self.system.join("\n\n");
        let mut blocks = self.messages.iter().flat_map(|message| &message.content);
        if system.trim().is_empty()
            && blocks.all(|block| matches!(block, Block::Text(text) if text.is_blank()))
        {
            let message = "nothing is said in it: give a `prompt` or `messages` with a text";
            return Err(ModelError::new(Cause::BadRequest, message));
        }
        Ok(Conversation { system, messages: self.messages, tools })
    }
}

/// A tool as callers declare it; one without a schema takes nothing.
pub fn tool(name: String, description: String, input_schema: Option<Value>) -> ToolSpec {
    let nothing = || json!({"type": "object", "properties": {}});
    ToolSpec { name, description, input_schema: input_schema.unwrap_or_else(nothing) }
}
