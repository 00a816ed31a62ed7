//! What a model is told. The words are Converse's: a conversation of messages, tool uses and tool results.

use contract::ToolSpec;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::words::Words;

/// All that a model is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Conversation {
    pub system: String,
    pub messages: Vec<Message>,
    pub tools: Vec<ToolSpec>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    pub role: Role,
    pub content: Vec<Block>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    User,
    Assistant,
}

/// One block of a message. Reasoning is kept because a model refuses its own turn without it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Block {
    Text(Words),
    Reasoning {
        text: String,
        signature: Option<String>,
    },
    /// Encrypted by the provider; base64.
    RedactedReasoning(String),
    ToolUse(ToolUse),
    ToolResult(ToolResult),
}

/// A model's wish to call a tool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolUse {
    pub id: String,
    pub name: String,
    pub input: Value,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ToolResult {
    pub tool_use_id: String,
    pub is_error: bool,
    /// An object for a success, a text for an error.
    pub content: Value,
}

impl Conversation {
    /// Whether a tool was called, or answered.
    pub fn speaks_of_tools(&self) -> bool {
        let of_tools = |block: &Block| matches!(block, Block::ToolUse(_) | Block::ToolResult(_));
        self.messages.iter().flat_map(|message| &message.content).any(of_tools)
    }
}

impl Message {
    pub fn user(text: impl Into<Words>) -> Self {
        Self { role: Role::User, content: vec![Block::Text(text.into())] }
    }

    pub fn text(&self) -> String {
        let texts = self.content.iter().filter_map(|block| match block {
            Block::Text(text) => Some(text.as_str()),
            _ => None,
        });
        texts.collect::<Vec<_>>().join("\n")
    }

    pub fn tool_uses(&self) -> impl Iterator<Item = &ToolUse> {
        self.content.iter().filter_map(|block| match block {
            Block::ToolUse(tool_use) => Some(tool_use),
            _ => None,
        })
    }
}

impl Block {
    /// Those of a text.
    pub(crate) fn words(&self) -> Option<&Words> {
        match self {
            Self::Text(words) => Some(words),
            _ => None,
        }
    }
}
