//! Whether what a file says can be carried out, and what it should say instead.

use std::path::Path;

use super::fields::Lines;
use super::file::{BEDROCK_MODEL, Names, Written};
use super::{AgentDefinition, Defaults, DefinitionError, Known};
use crate::catalog::nearest_of;
use crate::{Cause, Parameters};

/// Whom an agent can ask.
pub const DRIVERS: [&str; 5] = ["embedded", BEDROCK, "anthropic", "openai", "claude_cli"];
const BEDROCK: &str = "bedrock";

/// A mistake in a file.
#[derive(Debug, Clone)]
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
    /// On the line of this key.
    fn at(mut self, lines: Lines<'_>, key: &str) -> Self {
        self.line = lines.of(key);
        self
    }

    pub(super) fn in_file(self, path: &Path) -> DefinitionError {
        let Self { line, cause, said } = self;
        DefinitionError { file: path.to_owned(), line, cause, problem: said }
    }
}

/// All that is wrong with a file, by its lines.
pub(super) fn check(
    written: Written<'_>,
    path: &Path,
    defaults: &Defaults,
    known: Known<'_>,
) -> Result<AgentDefinition, Vec<Wrong>> {
    let Written { names, lines, .. } = written;
    let mut wrong = written.wrong;
    let mut note = |found: Result<(), Wrong>, key: &str| {
        wrong.extend(found.err().map(|found| found.at(lines, key)));
    };
    note(written.id.as_deref().map_or(Ok(()), id), "id");
    note(written.name.as_deref().map_or(Ok(()), name), "name");
    let (own_id, own_name) = (written.id.unwrap_or_default(), written.name.unwrap_or_default());
    for found in tools(&written.tools, known) {
        note(Err(found), "tools");
    }
    note(needed(&own_id, &written.tools, known), "tools");
    for (found, key) in parameters(&written.parameters, names) {
        note(Err(found), key);
    }
    let own = written.driver.or_else(|| written.bedrock_model.as_ref().map(|_| BEDROCK.to_owned()));
    let own_driver = own.is_some();
    let driver = own.unwrap_or_else(|| defaults.driver.clone());
    let driver_is_known = check_driver(&driver);
    let is_known = driver_is_known.is_ok();
    note(driver_is_known, names.driver);
    let bedrocks = written.bedrock_model.is_some();
    if is_known && bedrocks && (written.model.is_some() || driver != BEDROCK) {
        let said = "`bedrockModel` goes with `provider: bedrock` and without `model`";
        note(Err(invalid(said)), BEDROCK_MODEL);
    }
    // The global model is the global driver's.
    let global = defaults.model.clone().filter(|_| !own_driver || driver == defaults.driver);
    let model = written.bedrock_model.or(written.model).or(global);
    if let Some(model) = model.as_deref().filter(|_| is_known) {
        let key = if bedrocks { BEDROCK_MODEL } else { names.model };
        let key = if lines.has(key) { key } else { names.driver };
        note(check_model(&driver, model, known), key);
    }
    if !wrong.is_empty() {
        wrong.sort_by_key(|wrong| wrong.line);
        return Err(wrong);
    }
    let mut parameters = written.parameters;
    parameters.fill(&defaults.parameters);
    Ok(AgentDefinition {
        id: own_id,
        name: own_name,
        description: written.description,
        driver,
        model,
        parameters,
        tools: written.tools,
        instructions: written.instructions.unwrap_or_default(),
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

fn name(name: &str) -> Result<(), Wrong> {
    if !name.trim().is_empty() && name.chars().count() <= 100 {
        return Ok(());
    }
    Err(invalid("the name is empty, or longer than 100 characters"))
}

fn tools(tools: &[String], known: Known<'_>) -> Vec<Wrong> {
    let wrong = tools.iter().enumerate().filter_map(|(index, tool)| {
        let shown: String = tool.chars().take(64).collect();
        if !known.tools.contains(&tool.as_str()) {
            let (meant, tools) = (meant(&shown, known.tools), known.tools.join(", "));
            return Some(invalid(format!("there is no tool `{shown}`{meant} (tools: {tools})")));
        }
        let named = tools[..index].contains(tool);
        named.then(|| invalid(format!("the tool `{shown}` is named twice")))
    });
    wrong.collect()
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

/// What is out of range, by the name that the file gives it.
fn parameters(
    parameters: &Parameters,
    names: &'static Names,
) -> impl Iterator<Item = (Wrong, &'static str)> {
    let outside =
        |value: Option<f32>, high: f32| value.is_some_and(|value| !(0.0..=high).contains(&value));
    let temperature = outside(parameters.temperature, 2.0).then_some((names.temperature, "2"));
    let top_p = outside(parameters.top_p, 1.0).then_some((names.top_p, "1"));
    let none = (parameters.max_tokens == Some(0))
        .then(|| (invalid("an answer has at least one token"), names.max_tokens));
    let said = |(name, high)| (invalid(format!("`{name}` is not between 0 and {high}")), name);
    [temperature, top_p].into_iter().flatten().map(said).chain(none)
}

fn check_driver(driver: &str) -> Result<(), Wrong> {
    if DRIVERS.contains(&driver) {
        return Ok(());
    }
    let shown: String = driver.chars().take(64).collect();
    let meant = meant(&shown, &DRIVERS);
    Err(unknown(format!("there is no driver `{shown}`{meant} (drivers: {})", DRIVERS.join(", "))))
}

/// What somebody may have meant, to go behind what is not known.
pub(super) fn meant(shown: &str, known: &[&str]) -> String {
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
