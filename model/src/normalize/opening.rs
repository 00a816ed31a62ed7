//! Who speaks first: where it has to be the user, somebody who says little is put before the assistant.

use std::sync::Arc;

use serde_json::json;

use super::change;
use super::table::{Limits, Opens};
use crate::{Change, Conversation, Message, Role};

/// Of the user before the assistant's first words. Services refuse a message of nothing.
const NOTHING: &str = "(nothing yet)";

/// Whether it changed the conversation.
pub(super) fn fit(
    conversation: &mut Arc<Conversation>,
    limits: &Limits,
    changes: &mut Vec<Change>,
) -> bool {
    let first = conversation.messages.first().map(|message| message.role);
    if limits.opens.value == Opens::Anyone || first == Some(Role::User) {
        return false;
    }
    let conversation = Arc::make_mut(conversation);
    let change = if first.is_some() {
        conversation.messages.insert(0, Message::user(NOTHING));
        change("messages", json!("assistant first"), json!(NOTHING), limits.opens.reason())
    } else {
        let system = std::mem::take(&mut conversation.system);
        // A prompt is not repeated in what is told of a call.
        let from = json!({"characters": system.chars().count()});
        conversation.messages.push(Message::user(system));
        change("system", from, json!("first user message"), limits.opens.reason())
    };
    changes.push(change);
    true
}
