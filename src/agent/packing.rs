//! Tells a model less of a review, because all of it is too long. The run itself keeps every word: what is left out
//! here is only not told.

use std::collections::HashMap;

use contract::Severity;
use model::{Block, Conversation, Role};
use serde_json::{Value, json};

use super::run::ANALYZE;
use super::{Task, prompts};

/// How much is told. Each is smaller than the one before it.
pub const PACKINGS: u8 = LEVELS.len() as u8;

struct Level {
    /// Of the changed files, those with most lines changed.
    files: usize,
    /// Findings that are told with more than their place and name, the severest first.
    findings: usize,
    /// Of any list in a result.
    items: usize,
    /// Characters of any text in a result.
    text: usize,
    /// Whether results of earlier turns are told at all, besides the findings.
    earlier: bool,
}

/// Code goes first, then what is said of lesser findings, then what other tools said turns ago.
const LEVELS: [Level; 3] = [
    Level { files: 100, findings: usize::MAX, items: 300, text: 1000, earlier: true },
    Level { files: 30, findings: 15, items: 100, text: 400, earlier: true },
    Level { files: 10, findings: 5, items: 20, text: 200, earlier: false },
];

/// What a finding is without its code.
const IN_WORDS: [&str; 9] = [
    "file_path",
    "start_line",
    "severity",
    "rule_id",
    "title",
    "category",
    "description",
    "recommendation",
    "function",
];
/// The first of these: place and name.
const IN_SHORT: usize = 5;
/// So much smaller is worth another attempt; less is packed further at once.
const WORTHWHILE: f64 = 0.9;
const LEFT_OUT: &str = "left out here, because the conversation is too long for the model";

/// A smaller packing of a review, after so many others; `None` for what is no review, and where no more can be left out.
pub fn smaller(conversation: &Conversation, packed_before: u8) -> Option<Conversation> {
    // The instructions of an agent may stand before it.
    if !conversation.system.ends_with(prompts::SYSTEM) {
        return None;
    }
    Task::of(conversation)?;
    let before = length(conversation);
    let mut packed = conversation.clone();
    for level in LEVELS.iter().skip(usize::from(packed_before)) {
        pack(&mut packed, level);
        if length(&packed) as f64 <= before as f64 * WORTHWHILE {
            return Some(packed);
        }
    }
    (length(&packed) < before).then_some(packed)
}

fn length(conversation: &Conversation) -> usize {
    serde_json::to_string(&conversation.messages).map_or(0, |text| text.len())
}

/// What the model itself said stays as it is: services refuse a conversation in which it does not.
fn pack(conversation: &mut Conversation, level: &Level) {
    pack_task(conversation, level);
    let tools: HashMap<String, String> = conversation
        .messages
        .iter()
        .flat_map(model::Message::tool_uses)
        .map(|tool_use| (tool_use.id.clone(), tool_use.name.clone()))
        .collect();
    let last = conversation.messages.len().saturating_sub(1);
    for (at, message) in conversation.messages.iter_mut().enumerate() {
        if message.role != Role::User {
            continue;
        }
        for block in &mut message.content {
            let Block::ToolResult(result) = block else { continue };
            let finds = tools.get(&result.tool_use_id).is_some_and(|tool| tool == ANALYZE);
            if finds {
                pack_findings(&mut result.content, level);
            } else if at < last && !level.earlier {
                result.content = Value::String(LEFT_OUT.to_owned());
            }
            shorten(&mut result.content, level);
        }
    }
}

/// The opening: what earlier pull requests taught, and the files that were hardly changed.
fn pack_task(conversation: &mut Conversation, level: &Level) {
    let Some(mut task) = Task::of(conversation) else { return };
    let Some(Block::Text(opening)) =
        conversation.messages.first_mut().and_then(|message| message.content.first_mut())
    else {
        return;
    };
    task.history.clear();
    task.learned.clear();
    // What is left keeps the order of the change.
    let mut by_size: Vec<usize> = (0..task.files.len()).collect();
    by_size.sort_by_key(|&at| std::cmp::Reverse(task.files[at].lines_changed));
    by_size.truncate(level.files);
    let mut at = 0;
    task.files.retain(|_| {
        at += 1;
        by_size.contains(&(at - 1))
    });
    *opening = task.message().into();
}

fn pack_findings(content: &mut Value, level: &Level) {
    if let Some(fixed) = content.get_mut("fixed").and_then(Value::as_array_mut) {
        for finding in fixed {
            keep(finding, &IN_WORDS[..IN_SHORT]);
        }
    }
    let Some(findings) = content.get_mut("recommendations").and_then(Value::as_array_mut) else {
        return;
    };
    let mut ranked: Vec<usize> = (0..findings.len()).collect();
    ranked.sort_by_key(|&at| severity(&findings[at]));
    for (rank, at) in ranked.into_iter().enumerate() {
        let fields = if rank < level.findings { IN_WORDS.len() } else { IN_SHORT };
        keep(&mut findings[at], &IN_WORDS[..fields]);
    }
    // So that a list which is cut below loses its end.
    findings.sort_by_key(severity);
}

/// A finding in code that runs seldom comes after all others.
fn severity(finding: &Value) -> Severity {
    if finding.get("seldom").is_some_and(Value::is_string) {
        return Severity::Low;
    }
    serde_json::from_value(finding["severity"].clone()).unwrap_or(Severity::Low)
}

fn keep(finding: &mut Value, fields: &[&str]) {
    if let Some(finding) = finding.as_object_mut() {
        finding.retain(|name, _| fields.contains(&name.as_str()));
    }
}

/// Long lists and texts, however deep they are. JSON from outside is no deeper than its reader allows.
fn shorten(value: &mut Value, level: &Level) {
    match value {
        Value::String(text) => {
            if let Some((end, _)) = text.char_indices().nth(level.text) {
                text.truncate(end);
                text.push('…');
            }
        }
        Value::Array(items) => {
            let more = items.len().saturating_sub(level.items);
            items.truncate(level.items);
            for item in items.iter_mut() {
                shorten(item, level);
            }
            if more > 0 {
                items.push(json!(format!("{more} more, {LEFT_OUT}")));
            }
        }
        Value::Object(fields) => {
            for field in fields.values_mut() {
                shorten(field, level);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
#[path = "packing_tests.rs"]
mod tests;
