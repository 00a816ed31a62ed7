//! One file: Markdown with front matter, or JSON.

use std::path::Path;

use super::check::{Wrong, invalid};
use super::fields::{Fields, Lines, Object};
use crate::Parameters;

/// A definition as it stands in a file, before it is checked whether it can be carried out.
#[derive(Debug)]
pub(super) struct Written<'a> {
    pub names: &'static Names,
    pub lines: Lines<'a>,
    /// `None`: it has none, which is told by what is wrong with it.
    pub id: Option<String>,
    /// The same.
    pub name: Option<String>,
    pub description: String,
    pub driver: Option<String>,
    pub model: Option<String>,
    /// A model of Bedrock, by the name that says so.
    pub bedrock_model: Option<String>,
    pub parameters: Parameters,
    pub tools: Vec<String>,
    /// `None`: it is told nothing of its own.
    pub instructions: Option<String>,
    /// What is wrong with single fields.
    pub wrong: Vec<Wrong>,
}

/// What one form calls what both say.
#[derive(Debug)]
pub(super) struct Names {
    pub driver: &'static str,
    pub model: &'static str,
    pub max_tokens: &'static str,
    pub temperature: &'static str,
    pub top_p: &'static str,
    pub stop_sequences: &'static str,
}

const MARKDOWN: Names = Names {
    driver: "provider",
    model: "model",
    max_tokens: "maxTokens",
    temperature: "temperature",
    top_p: "topP",
    stop_sequences: "stopSequences",
};
const JSON: Names = Names {
    driver: "model_driver",
    model: "model_id",
    max_tokens: "max_tokens",
    temperature: "temperature",
    top_p: "top_p",
    stop_sequences: "stop_sequences",
};
pub(super) const BEDROCK_MODEL: &str = "bedrockModel";

pub(super) fn read<'a>(path: &Path, text: &'a str) -> Result<Written<'a>, Wrong> {
    if path.extension().is_some_and(|extension| extension == "json") {
        return json(text);
    }
    let id = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    markdown(id, text)
}

fn json(text: &str) -> Result<Written<'_>, Wrong> {
    let object: Object = serde_json::from_str(text)
        .map_err(|error| Wrong { line: error.line().max(1), ..invalid(brief(&error)) })?;
    let lines = Lines { text, first: 1 };
    let mut fields = Fields::new(object, lines);
    let id = fields.needed("id");
    let name = fields.needed("name");
    let description = fields.text("description").unwrap_or_default();
    let (driver, model) = (fields.text(JSON.driver), fields.text(JSON.model));
    let mut params = fields.object("params");
    let parameters = parameters(&mut params, &JSON);
    let tools = fields.texts("tools");
    let (instructions, prompt) = (fields.text("instructions"), fields.text("prompt"));
    // Which schema an editor is to hold it against.
    fields.text("$schema");
    let mut wrong = [fields.wrong(), params.wrong()].concat();
    if instructions.is_some() && prompt.is_some() {
        let said = "it has `instructions` and `prompt`; keep one of them";
        wrong.push(Wrong { line: lines.of("prompt"), ..invalid(said) });
    }
    let instructions = instructions.or(prompt);
    if instructions.as_deref().is_some_and(|text| text.trim().is_empty()) {
        wrong.push(invalid("it tells its model nothing; write what the agent is to do"));
    }
    Ok(Written {
        names: &JSON,
        lines,
        id,
        name,
        description,
        driver,
        model,
        bedrock_model: None,
        parameters,
        tools,
        instructions,
        wrong,
    })
}

/// What a parser says, without the place: the line is told for the file as a whole.
fn brief(error: &impl ToString) -> String {
    let said = error.to_string();
    let first = said.lines().next().unwrap_or_default();
    let problem = first.rsplit_once(" at line ").map_or(first, |(problem, _)| problem);
    // How it could be told otherwise is nothing that a file could say.
    let problem = problem.split_once(", set DuplicateKeyPolicy").map_or(problem, |(said, _)| said);
    if problem.starts_with("invalid type") || problem == "expected mapping start" {
        return "there are no fields here, each with its name and value".to_owned();
    }
    problem.to_owned()
}

fn markdown<'a>(id: &str, text: &'a str) -> Result<Written<'a>, Wrong> {
    let Some((front, body)) = split(text) else {
        return Err(invalid("it does not begin with front matter between two lines of ---"));
    };
    // The front matter begins on the second line of the file.
    let lines = Lines { text: front, first: 2 };
    let object: Object = serde_saphyr::from_str(front).map_err(|error| {
        let error = error.without_snippet();
        let line = error.location().and_then(|location| usize::try_from(location.line()).ok());
        Wrong { line: line.map_or(1, |line| line + 1), ..invalid(brief(error)) }
    })?;
    let mut fields = Fields::new(object, lines);
    let name = fields.needed("name");
    let description = fields.text("description").unwrap_or_default();
    let driver = fields.text(MARKDOWN.driver);
    let (bedrock_model, model) = (fields.text(BEDROCK_MODEL), fields.text(MARKDOWN.model));
    let parameters = parameters(&mut fields, &MARKDOWN);
    let tools = fields.texts("tools");
    let mut wrong = fields.wrong();
    let instructions = body.trim();
    if instructions.is_empty() {
        wrong.push(invalid("it tells its model nothing; write what the agent is to do"));
    }
    Ok(Written {
        names: &MARKDOWN,
        lines,
        id: Some(id.to_owned()),
        name,
        description,
        driver,
        model,
        bedrock_model,
        parameters,
        tools,
        instructions: Some(instructions.to_owned()),
        wrong,
    })
}

fn parameters(fields: &mut Fields<'_>, names: &Names) -> Parameters {
    Parameters {
        max_tokens: fields.count(names.max_tokens),
        temperature: fields.number(names.temperature),
        top_p: fields.number(names.top_p),
        stop_sequences: fields.texts(names.stop_sequences),
        ..Parameters::default()
    }
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
