//! The JSON form of an agent, as its published schema says it.

use schemars::JsonSchema;

/// An agent.
#[derive(Debug, JsonSchema)]
#[schemars(deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "only its schema is used: a file is read field by field, so that all mistakes are told"
)]
pub struct JsonDefinition {
    /// This schema, for editors.
    #[schemars(rename = "$schema")]
    schema: Option<String>,
    /// Lower case, digits and hyphens.
    #[schemars(regex(pattern = r"^[a-z0-9][a-z0-9-]{0,63}$"))]
    id: String,
    #[schemars(length(min = 1, max = 100))]
    name: String,
    /// What it is for, in a sentence.
    #[schemars(default)]
    description: String,
    /// `embedded`, `bedrock`, `anthropic`, `openai` or `claude_cli`; left out, the global setting holds.
    model_driver: Option<String>,
    /// As the driver calls it; left out, the global setting holds.
    model_id: Option<String>,
    #[schemars(default)]
    params: JsonParameters,
    /// Names of tools that it may call.
    #[schemars(default)]
    tools: Vec<String>,
    /// What it is told before everything else; left out, nothing.
    instructions: Option<String>,
    /// The same as `instructions`; one of them at most.
    prompt: Option<String>,
}

#[derive(Debug, Default, JsonSchema)]
#[schemars(deny_unknown_fields, default)]
struct JsonParameters {
    #[schemars(range(min = 1))]
    max_tokens: Option<u32>,
    #[schemars(range(min = 0.0, max = 2.0))]
    temperature: Option<f32>,
    #[schemars(range(min = 0.0, max = 1.0))]
    top_p: Option<f32>,
    stop_sequences: Vec<String>,
}
