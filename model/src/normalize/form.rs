//! The form of an answer, where a service has no parameter for it: a tool that takes the answer, or words.

use std::sync::Arc;

use contract::ToolSpec;
use serde_json::{Value, json};

use super::change;
use super::table::{Forced, Formed, Limits};
use crate::form::Form;
use crate::formed::Asked;
use crate::{Call, Change, Conversation, ToolChoice};

const DESCRIPTION: &str = "Takes the whole answer, in the form that was asked for.";

/// How the model is asked, if the call asks for a form at all.
pub(super) fn fit(call: &mut Call, limits: &Limits, changes: &mut Vec<Change>) -> Option<Asked> {
    let form = call.form.as_ref()?;
    if limits.form.value == Formed::Parameter {
        return Some(Asked::Parameter);
    }
    let form = Arc::clone(form);
    call.form = None;
    call.estimated = None;
    let asked = if limits.form.value == Formed::Tool && limits.tools.value {
        by_tool(call, &form, limits)?
    } else {
        let conversation = Arc::make_mut(&mut call.conversation);
        say(conversation, &words(&form));
        Asked::Words
    };
    let to = match &asked {
        Asked::Tool(name) => json!({ "tool": name }),
        Asked::Words | Asked::Parameter => json!("words"),
    };
    let reason = if limits.tools.value { limits.form.reason() } else { limits.tools.reason() };
    changes.push(change("response_format", json!(form.name()), to, reason));
    Some(asked)
}

/// A tool that the model has to call, or one of the call's own. `None` where it has to call one of these: what it answers
/// then is no answer yet.
fn by_tool(call: &mut Call, form: &Form, limits: &Limits) -> Option<Asked> {
    let choice = &mut call.parameters.tool_choice;
    if matches!(choice, ToolChoice::Any | ToolChoice::Tool(_)) {
        return None;
    }
    let conversation = Arc::make_mut(&mut call.conversation);
    let mut name = form.name().to_owned();
    while conversation.tools.iter().any(|tool| tool.name == name) {
        name.push('_');
    }
    let may_call_others = *choice == ToolChoice::Auto && !conversation.tools.is_empty();
    *choice = if may_call_others { ToolChoice::Any } else { ToolChoice::Tool(name.clone()) };
    if limits.tool_choice.value == Forced::Auto {
        say(conversation, &format!("Give your answer by a call of the tool `{name}`."));
    }
    conversation.tools.push(ToolSpec {
        name: name.clone(),
        description: form
            .description()
            .map_or_else(|| DESCRIPTION.to_owned(), |own| format!("{DESCRIPTION} {own}")),
        input_schema: form.schema().cloned().unwrap_or_else(|| json!({"type": "object"})),
    });
    Some(Asked::Tool(name))
}

fn words(form: &Form) -> String {
    let what = match form.schema() {
        Some(schema) => format!("JSON that fits this JSON Schema: {schema}"),
        None => "one JSON object".to_owned(),
    };
    format!("Answer with nothing but {what}")
}

fn say(conversation: &mut Conversation, remark: &str) {
    let system = &mut conversation.system;
    if !system.is_empty() {
        system.push_str("\n\n");
    }
    system.push_str(remark);
}

/// Tokens that a service is told by a form that it takes as a parameter.
pub(super) fn tokens(form: Option<&Arc<Form>>) -> u64 {
    let schema = form.and_then(|form| form.schema()).map(Value::to_string);
    schema.map_or(0, |schema| crate::estimate::text(&schema))
}
