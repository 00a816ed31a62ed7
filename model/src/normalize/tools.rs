//! Tools: refused where a model takes none, and forced no further than it can be.

use serde_json::{Value, json};

use super::table::{Forced, Limits, limits};
use super::{change, refuse};
use crate::catalog::{self, Catalog, Model};
use crate::{Call, Change, ModelError, ToolChoice};

pub(super) fn fit(
    call: &mut Call,
    model: &Model,
    driver: &str,
    limits: &Limits,
    changes: &mut Vec<Change>,
) -> Result<(), ModelError> {
    let conversation = &call.conversation;
    if !limits.tools.value && (!conversation.tools.is_empty() || conversation.speaks_of_tools()) {
        let others = others(model, driver);
        return Err(refuse(format!(
            "{} cannot call tools: {}; models that can: {}",
            model.id,
            limits.tools.reason(),
            others.join(", ")
        )));
    }
    let tools = &conversation.tools;
    let choice = &mut call.parameters.tool_choice;
    if let ToolChoice::Tool(name) = choice
        && !tools.iter().any(|tool| tool.name == *name)
    {
        let known: Vec<&str> = tools.iter().take(10).map(|tool| tool.name.as_str()).collect();
        return Err(refuse(format!(
            "the tool {} that is to be called is none of the call's tools ({})",
            &name[..name.floor_char_boundary(80)],
            known.join(", ")
        )));
    }
    let taken = match choice {
        ToolChoice::Any if tools.is_empty() => {
            return Err(refuse("a tool is to be called, and the call has no tools".to_owned()));
        }
        ToolChoice::Tool(_) if limits.tool_choice.value == Forced::Any => ToolChoice::Any,
        ToolChoice::Tool(_) | ToolChoice::Any if limits.tool_choice.value == Forced::Auto => {
            ToolChoice::Auto
        }
        _ => return Ok(()),
    };
    changes.push(change("tool_choice", word(choice), word(&taken), limits.tool_choice.reason()));
    *choice = taken;
    Ok(())
}

/// Up to three models of the same driver that take tools, the same vendor's first.
fn others(model: &Model, driver: &str) -> Vec<String> {
    let catalog = Catalog::bundled();
    let takes_tools = |id: &&str| limits(driver, id).tools.value;
    let mut same: Vec<&str> = catalog
        .ids(driver)
        .filter(|id| catalog::without_geography(id) == *id)
        .filter(takes_tools)
        .filter(|id| {
            let other = catalog.lookup(id);
            other.vendor == model.vendor && other.lifecycle_end.is_none()
        })
        .collect();
    same.sort_unstable();
    let defaults = catalog::default_models().iter().copied().filter(takes_tools);
    same.into_iter().take(2).chain(defaults).take(3).map(str::to_owned).collect()
}

fn word(choice: &ToolChoice) -> Value {
    match choice {
        ToolChoice::Auto => json!("auto"),
        ToolChoice::Any => json!("any"),
        ToolChoice::Tool(name) => json!({ "tool": name }),
        ToolChoice::None => json!("none"),
    }
}
