//! The system prompt, where a model takes none: said by the user, before everything else.

use std::sync::Arc;

use serde_json::json;

use super::change;
use super::table::Limits;
use crate::{Block, Change, Conversation, Message, Role};

/// Whether it changed the conversation.
pub(super) fn fit(
    conversation: &mut Arc<Conversation>,
    limits: &Limits,
    changes: &mut Vec<Change>,
) -> bool {
    if limits.system.value || conversation.system.trim().is_empty() {
        return false;
    }
    let conversation = Arc::make_mut(conversation);
    let system = std::mem::take(&mut conversation.system);
    // A prompt is not repeated in what is told of a call.
    let from = json!({"characters": system.chars().count()});
    match conversation.messages.first_mut() {
        Some(first) if first.role == Role::User => {
            first.content.insert(0, Block::Text(system.into()));
        }
        _ => conversation.messages.insert(0, Message::user(system)),
    }
    changes.push(change("system", from, json!("first user message"), limits.system.reason()));
    true
}
