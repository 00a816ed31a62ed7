//! Tells a model what was wrong with its answer.

use std::sync::Arc;

use crate::{Block, Cause, Conversation, Message, Role, StopReason};

/// The conversation with a remark at its end. Two messages of one side in a row are refused by services, so the remark
/// joins the last message where that is the user's.
pub(super) fn with_remark(conversation: &Arc<Conversation>, cause: Cause) -> Arc<Conversation> {
    let mut told = Conversation::clone(conversation);
    let remark = Block::Text(remark(cause).into());
    match told.messages.last_mut() {
        Some(last) if last.role == Role::User => last.content.push(remark),
        _ => told.messages.push(Message { role: Role::User, content: vec![remark] }),
    }
    Arc::new(told)
}

/// The failure that an answer amounts to, though the service calls it one.
pub(super) fn cause_of(stop: StopReason) -> Option<Cause> {
    match stop {
        StopReason::MalformedToolUse | StopReason::MalformedModelOutput => {
            Some(Cause::MalformedToolUse)
        }
        StopReason::ContentFiltered | StopReason::GuardrailIntervened => {
            Some(Cause::ContentBlocked)
        }
        StopReason::ContextWindowExceeded => Some(Cause::ContextTooLong),
        _ => None,
    }
}

pub(super) fn said(id: &str, cause: Cause) -> String {
    match cause {
        Cause::MalformedToolUse => {
            format!("{id} called a tool in an unreadable form, and was told so")
        }
        _ => format!(
            "an answer of {id} was blocked, and it was asked once more to keep to the rules"
        ),
    }
}

fn remark(cause: Cause) -> &'static str {
    match cause {
        Cause::MalformedToolUse => {
            "Your last answer called a tool in a form that could not be read, so nothing was called. Answer again. Call \
             each tool by its exact name, with its input as one JSON object that fits the tool's schema."
        }
        _ => {
            "Your last answer was stopped by the service's content filter. Answer again within its rules: describe \
             what is needed in neutral words, and leave out what you need not quote."
        }
    }
}
