//! Ids of calls of tools, where those of another service, as a history may have them, are not taken.

use std::sync::Arc;

use contract::fnv_1a;
use serde_json::json;

use super::change;
use super::table::{Ids, Limits};
use crate::{Block, Change, Conversation};

/// Whether it changed the conversation. The same id always becomes the same one, so that calls and results stay together
/// and a service's cache finds what it was told before.
pub(super) fn fit(
    conversation: &mut Arc<Conversation>,
    limits: &Limits,
    changes: &mut Vec<Change>,
) -> bool {
    let ids = limits.tool_ids.value;
    let all = conversation.messages.iter().flat_map(|message| &message.content).filter_map(id);
    let wrong = all.filter(|id| !ids.takes(id)).count();
    if wrong == 0 {
        return false;
    }
    let messages = &mut Arc::make_mut(conversation).messages;
    for id in messages.iter_mut().flat_map(|message| &mut message.content).filter_map(id_mut) {
        if !ids.takes(id) {
            *id = ids.instead_of(id);
        }
    }
    let from = json!({"tool_ids": wrong});
    changes.push(change("messages", from, json!("digests"), limits.tool_ids.reason()));
    true
}

fn id(block: &Block) -> Option<&str> {
    match block {
        Block::ToolUse(tool) => Some(&tool.id),
        Block::ToolResult(result) => Some(&result.tool_use_id),
        _ => None,
    }
}

fn id_mut(block: &mut Block) -> Option<&mut String> {
    match block {
        Block::ToolUse(tool) => Some(&mut tool.id),
        Block::ToolResult(result) => Some(&mut result.tool_use_id),
        _ => None,
    }
}

impl Ids {
    fn takes(self, id: &str) -> bool {
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        let is_converses = |byte: u8| is_word(byte) || matches!(byte, b'.' | b':');
        match self {
            Self::Any => true,
            Self::Converse => (1..=64).contains(&id.len()) && id.bytes().all(is_converses),
            Self::Word => !id.is_empty() && id.bytes().all(is_word),
            Self::Nine => id.len() == 9 && id.bytes().all(|byte| byte.is_ascii_alphanumeric()),
        }
    }

    fn instead_of(self, id: &str) -> String {
        let mut digits = format!("{:016x}", fnv_1a(id));
        if self == Self::Nine {
            digits.truncate(9);
        }
        digits
    }
}
