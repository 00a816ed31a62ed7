//! Whether what a file says can be carried out, and what it should say instead.

use std::path::Path;

use super::file::Written;
use super::{AgentDefinition, Defaults, DefinitionError, Known};
use crate::catalog::nearest_of;
use crate::{Cause, Parameters};

/// Whom an agent can ask.
pub const DRIVERS: [&str; 5] = ["embedded", "bedrock", "anthropic", "openai", "claude_cli"];

/// A mistake in a file.
#[derive(Debug)]
pub(super) struct Wrong {
    pub line: usize,
    pub cause: Cause,
    pub said: String,
}

pub(super) fn invalid(said: impl Into<String>) -> Wrong {
    Wrong { line: 1, cause: Cause::BadRequest, said: said.into() }
}

fn unknown(said: String) -> Wrong {
    Wrong { line: 1, cause: Cause::UnknownModel, said }
}

impl Wrong {
    /// On the first line that begins with this key.
    pub(super) fn at(mut self, text: &str, key: &str) -> Self {
        let begins = |line: &str| line.trim_start_matches([' ', '\t', '{', '"']).starts_with(key);
        self.line = text.lines().position(begins).map_or(1, |index| index + 1);
        self
    }

    pub(super) fn in_file(self, path: &Path) -> DefinitionError {
        let Self { line, cause, said } = self;
        DefinitionError { file: path.to_owned(), line, cause, problem: said }
    }
}

pub(super) fn check(
    written: Written,
    path: &Path,
    text: &str,
    defaults: &Defaults,
    known: Known<'_>,
) -> Result<AgentDefinition, Wrong> {
    id(&written.id).map_err(|wrong| wrong.at(text, "id"))?;
    if written.name.trim().is_empty() || written.name.chars().count() > 100 {
        return Err(invalid("the name is empty, or longer than 100 characters").at(text, "name"));
    }
    if written.instructions.trim().is_empty() {
        return Err(invalid("it tells its model nothing; write what the agent is to do"));
    }
    tools(&written.tools, known).map_err(|wrong| wrong.at(text, "tools"))?;
    needed(&written.id, &written.tools, known).map_err(|wrong| wrong.at(text, "tools"))?;
    parameters(&written.parameters, text)?;
    let own_driver = written.driver.is_some();
    let driver = written.driver.unwrap_or_else(|| defaults.driver.clone());
    let driver_key = if text.starts_with("---") { "provider" } else { "model_driver" };
    check_driver(&driver).map_err(|wrong| wrong.at(text, driver_key))?;
    // The global model is the global driver's.
    let global = defaults.model.clone().filter(|_| !own_driver || driver == defaults.driver);
    let model = written.model.or(global);
    if let Some(model) = &model {
        let key = ["bedrockModel", "model_id", "model:"].into_iter().find(|key| text.contains(key));
        check_model(&driver, model, known)
            .map_err(|wrong| wrong.at(text, key.unwrap_or(driver_key)))?;
    }
    Ok(AgentDefinition {
        id: written.id,
        name: written.name,
        description: written.description,
        driver,
        model,
        parameters: over(written.parameters, &defaults.parameters),
        tools: written.tools,
        instructions: written.instructions,
        file: path.to_owned(),
    })
}

fn id(id: &str) -> Result<(), Wrong> {
    let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if (1..=64).contains(&id.len()) && id.bytes().all(legal) && !id.starts_with('-') {
        return Ok(());
    }
    let shown: String = id.chars().take(64).collect();
    Err(invalid(format!(
        "`{shown}` is no id: write 1 to 64 lower-case letters, digits and hyphens"
    )))
}

fn tools(tools: &[String], known: Known<'_>) -> Result<(), Wrong> {
    for (index, tool) in tools.iter().enumerate() {
        if !known.tools.contains(&tool.as_str()) {
            let shown: String = tool.chars().take(64).collect();
            return Err(invalid(format!(
                "there is no tool `{shown}`{} (tools: {})",
                meant(&shown, known.tools),
                known.tools.join(", ")
            )));
        }
        if tools[..index].contains(tool) {
            return Err(invalid(format!("the tool `{tool}` is named twice")));
        }
    }
    Ok(())
}

/// An agent that names no tools has all that its work has.
fn needed(id: &str, tools: &[String], known: Known<'_>) -> Result<(), Wrong> {
    let needs = known.needs.iter().filter(|(agent, _)| *agent == id && !tools.is_empty());
    let named = |tool: &&str| tools.iter().any(|named| named == tool);
    let missing = needs.flat_map(|(_, needed)| needed.iter().copied()).find(|tool| !named(tool));
    let Some(missing) = missing else { return Ok(()) };
    Err(invalid(format!(
        "`{id}` cannot do its work without the tool `{missing}`: name it, or leave `tools` out"
    )))
}

fn parameters(parameters: &Parameters, text: &str) -> Result<(), Wrong> {
    let outside =
        |value: Option<f32>, high: f32| value.is_some_and(|value| !(0.0..=high).contains(&value));
    if outside(parameters.temperature, 2.0) {
        return Err(invalid("temperature is not between 0 and 2").at(text, "temperature"));
    }
    if outside(parameters.top_p, 1.0) {
        return Err(invalid("top_p is not between 0 and 1").at(text, "top"));
    }
    if parameters.max_tokens == Some(0) {
        return Err(invalid("an answer has at least one token").at(text, "max"));
    }
    Ok(())
}

fn check_driver(driver: &str) -> Result<(), Wrong> {
    if DRIVERS.contains(&driver) {
        return Ok(());
    }
    let shown: String = driver.chars().take(64).collect();
    let meant = meant(&shown, &DRIVERS);
    Err(unknown(format!("there is no driver `{shown}`{meant} (drivers: {})", DRIVERS.join(", "))))
}

fn meant(shown: &str, known: &[&str]) -> String {
    match nearest_of(shown, known.iter().copied()).first() {
        Some(near) => format!("; did you mean {near}?"),
        None => String::new(),
    }
}

fn check_model(driver: &str, model: &str, known: Known<'_>) -> Result<(), Wrong> {
    if model.trim().is_empty() || model.len() > 2048 || model.chars().any(char::is_control) {
        return Err(invalid(
            "the model's id is empty, longer than 2,048 bytes, or has control characters",
        ));
    }
    let served = match driver {
        // An ARN names a profile of the account, of which no table knows.
        "bedrock" => model.starts_with("arn:aws") || known.catalog.knows(driver, model),
        "anthropic" => known.catalog.knows(driver, model),
        "embedded" => model == "embedded",
        // The server, or the program, has names of its own.
        _ => true,
    };
    if served {
        return Ok(());
    }
    let near = known.catalog.nearest(driver, model);
    let near = if near.is_empty() {
        "no known id is spelled like it".to_owned()
    } else {
        format!("nearest: {}", near.join(", "))
    };
    let shown: String = model.chars().take(120).collect();
    Err(unknown(format!("`{shown}` is no model of {driver} that is known here; {near}")))
}

fn over(own: Parameters, global: &Parameters) -> Parameters {
    Parameters {
        max_tokens: own.max_tokens.or(global.max_tokens),
        temperature: own.temperature.or(global.temperature),
        top_p: own.top_p.or(global.top_p),
        stop_sequences: if own.stop_sequences.is_empty() {
            global.stop_sequences.clone()
        } else {
            own.stop_sequences
        },
        tool_choice: own.tool_choice,
    }
}
