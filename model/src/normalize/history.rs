//! Tools that were called before and are not offered any more, as when an agent is asked for its last words.

use std::collections::{BTreeSet, HashMap};
use std::fmt::Write;
use std::sync::Arc;

use contract::ToolSpec;
use serde_json::{Value, json};

use super::change;
use super::table::{Limits, Unoffered};
use crate::{Block, Call, Change, Conversation, Message, ToolChoice, ToolResult, ToolUse};

const STUB: &str = "Was called before. It is no longer to be had.";

pub(super) fn fit(call: &mut Call, limits: &Limits, changes: &mut Vec<Change>) {
    // Whoever forces a call and offers no tool is refused elsewhere.
    let has_to_call = matches!(call.parameters.tool_choice, ToolChoice::Any | ToolChoice::Tool(_));
    if has_to_call || !call.conversation.tools.is_empty() || !call.conversation.speaks_of_tools() {
        return;
    }
    let (takes_tools, unoffered) = (limits.tools.value, limits.unoffered.value);
    if unoffered == Unoffered::AsTheyAre {
        return;
    }
    let reason = if takes_tools { limits.unoffered.reason() } else { limits.tools.reason() };
    let names = names(&call.conversation);
    // A model without tools takes no stubs of them, and results alone tell no names.
    if unoffered == Unoffered::Stubs && takes_tools && !names.is_empty() {
        declare(names, call, reason, changes);
    } else {
        tell(Arc::make_mut(&mut call.conversation), reason, changes);
    }
    call.estimated = None;
}

fn names(conversation: &Conversation) -> BTreeSet<String> {
    let uses = conversation.messages.iter().flat_map(Message::tool_uses);
    uses.map(|used| used.name.clone()).collect()
}

/// By their names, and forbids to call them: what was said stays as it is.
fn declare(names: BTreeSet<String>, call: &mut Call, reason: String, changes: &mut Vec<Change>) {
    changes.push(change("tools", json!([]), json!(names), reason.clone()));
    Arc::make_mut(&mut call.conversation).tools = names.into_iter().map(stub).collect();
    let choice = &mut call.parameters.tool_choice;
    if *choice == ToolChoice::Auto {
        changes.push(change("tool_choice", json!("auto"), json!("none"), reason));
        *choice = ToolChoice::None;
    }
}

fn stub(name: String) -> ToolSpec {
    ToolSpec { name, description: STUB.to_owned(), input_schema: json!({"type": "object"}) }
}

/// As texts, in the places where they stand.
fn tell(conversation: &mut Conversation, reason: String, changes: &mut Vec<Change>) {
    let mut names = HashMap::new();
    let (mut uses, mut results) = (0, 0);
    for block in conversation.messages.iter_mut().flat_map(|message| &mut message.content) {
        let text = match block {
            Block::ToolUse(tool) => {
                uses += 1;
                names.insert(tool.id.clone(), tool.name.clone());
                called(tool)
            }
            Block::ToolResult(result) => {
                results += 1;
                answered(result, names.get(&result.tool_use_id).map(String::as_str))
            }
            _ => continue,
        };
        *block = Block::Text(text.into());
    }
    let from = json!({"tool_uses": uses, "tool_results": results});
    changes.push(change("messages", from, json!("texts"), reason));
}

fn called(ToolUse { id, name, input }: &ToolUse) -> String {
    format!("[I called the tool {name} ({id}) with {input}]")
}

fn answered(result: &ToolResult, name: Option<&str>) -> String {
    let mut text = "[The tool ".to_owned();
    if let Some(name) = name {
        let _ = write!(text, "{name} ");
    }
    let how = if result.is_error { "failed" } else { "answered" };
    let _ = writeln!(text, "({}) {how}]", result.tool_use_id);
    match &result.content {
        Value::String(content) => text.push_str(content),
        content => {
            let _ = write!(text, "{content}");
        }
    }
    text
}
