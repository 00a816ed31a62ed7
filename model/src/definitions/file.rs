//! One file: Markdown with front matter, or JSON.

use std::path::Path;

use schemars::JsonSchema;
use serde::Deserialize;

use super::check::{Wrong, invalid};
use crate::Parameters;

/// A definition as it stands in a file, before anything of it is checked.
#[derive(Debug)]
pub(super) struct Written {
    pub id: String,
    pub name: String,
    pub description: String,
    pub driver: Option<String>,
    pub model: Option<String>,
    pub parameters: Parameters,
    pub tools: Vec<String>,
    pub instructions: String,
}

/// An agent.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JsonDefinition {
    /// This schema, for editors.
    #[serde(rename = "$schema")]
    #[expect(dead_code, reason = "for editors")]
    schema: Option<String>,
    /// Lower case, digits and hyphens.
    #[schemars(regex(pattern = r"^[a-z0-9][a-z0-9-]{0,63}$"))]
    id: String,
    #[schemars(length(min = 1, max = 100))]
    name: String,
    /// What it is for, in a sentence.
    #[serde(default)]
    description: String,
    /// `embedded`, `bedrock`, `anthropic`, `openai` or `claude_cli`; left out, the global setting holds.
    model_driver: Option<String>,
    /// As the driver calls it; left out, the global setting holds.
    model_id: Option<String>,
    #[serde(default)]
    params: JsonParameters,
    /// Names of tools that it may call.
    #[serde(default)]
    tools: Vec<String>,
    /// What it is told before everything else.
    instructions: Option<String>,
    /// The same as `instructions`; one of them is needed.
    prompt: Option<String>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
struct JsonParameters {
    #[schemars(range(min = 1))]
    max_tokens: Option<u32>,
    #[schemars(range(min = 0.0, max = 2.0))]
    temperature: Option<f32>,
    #[schemars(range(min = 0.0, max = 1.0))]
    top_p: Option<f32>,
    stop_sequences: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Front {
    name: String,
    #[serde(default)]
    description: String,
    provider: Option<String>,
    bedrock_model: Option<String>,
    model: Option<String>,
    max_tokens: Option<u32>,
    temperature: Option<f32>,
    top_p: Option<f32>,
    #[serde(default)]
    stop_sequences: Vec<String>,
    #[serde(default)]
    tools: Vec<String>,
}

pub(super) fn read(path: &Path, text: &str) -> Result<Written, Wrong> {
    if path.extension().is_some_and(|extension| extension == "json") {
        return json(text);
    }
    let id = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    markdown(id, text)
}

fn json(text: &str) -> Result<Written, Wrong> {
    let read: JsonDefinition = serde_json::from_str(text)
        .map_err(|error| Wrong { line: error.line().max(1), ..invalid(brief(&error)) })?;
    let instructions = match (read.instructions, read.prompt) {
        (Some(words), None) | (None, Some(words)) => words,
        (None, None) => return Err(invalid("it has neither `instructions` nor `prompt`")),
        (Some(_), Some(_)) => {
            return Err(
                invalid("it has `instructions` and `prompt`; keep one of them").at(text, "prompt")
            );
        }
    };
    Ok(Written {
        id: read.id,
        name: read.name,
        description: read.description,
        driver: read.model_driver,
        model: read.model_id,
        parameters: Parameters {
            max_tokens: read.params.max_tokens,
            temperature: read.params.temperature,
            top_p: read.params.top_p,
            stop_sequences: read.params.stop_sequences,
            ..Parameters::default()
        },
        tools: read.tools,
        instructions,
    })
}

/// What a parser says, without the place: the line is told for the file as a whole.
fn brief(error: &impl ToString) -> String {
    let said = error.to_string();
    let first = said.lines().next().unwrap_or_default();
    first.rsplit_once(" at line ").map_or(first, |(problem, _)| problem).to_owned()
}

fn markdown(id: &str, text: &str) -> Result<Written, Wrong> {
    let Some((front, body)) = split(text) else {
        return Err(invalid("it does not begin with front matter between two lines of ---"));
    };
    let front: Front = serde_saphyr::from_str(front).map_err(|error| {
        let error = error.without_snippet();
        let line = error.location().and_then(|location| usize::try_from(location.line()).ok());
        // The front matter begins on the second line of the file.
        Wrong { line: line.map_or(1, |line| line + 1), ..invalid(brief(error)) }
    })?;
    let driver =
        front.provider.or_else(|| front.bedrock_model.as_ref().map(|_| "bedrock".to_owned()));
    if front.bedrock_model.is_some()
        && (front.model.is_some() || driver.as_deref() != Some("bedrock"))
    {
        let said = "`bedrockModel` goes with `provider: bedrock` and without `model`";
        return Err(invalid(said).at(text, "bedrockModel"));
    }
    Ok(Written {
        id: id.to_owned(),
        name: front.name,
        description: front.description,
        driver,
        model: front.bedrock_model.or(front.model),
        parameters: Parameters {
            max_tokens: front.max_tokens,
            temperature: front.temperature,
            top_p: front.top_p,
            stop_sequences: front.stop_sequences,
            ..Parameters::default()
        },
        tools: front.tools,
        instructions: body.trim().to_owned(),
    })
}

/// The front matter, without its lines of ---, and what follows.
fn split(text: &str) -> Option<(&str, &str)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let rest = text.strip_prefix("---\n").or_else(|| text.strip_prefix("---\r\n"))?;
    let mut at = 0;
    for line in rest.split_inclusive('\n') {
        if line.trim_end() == "---" {
            return Some((&rest[..at], &rest[at + line.len()..]));
        }
        at += line.len();
    }
    None
}
