//! The model that leads a review, if one does.

use model::Parameters;
use serde::Deserialize;

use super::{Environment, list};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum DriverName {
    #[default]
    Embedded,
    Bedrock,
    Anthropic,
    /// Any server that speaks OpenAI's protocol.
    #[value(name = "openai")]
    #[serde(rename = "openai")]
    OpenAi,
    #[value(name = "claude_cli")]
    ClaudeCli,
}

impl DriverName {
    pub const ALL: [Self; 5] =
        [Self::Embedded, Self::Bedrock, Self::Anthropic, Self::OpenAi, Self::ClaudeCli];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Embedded => "embedded",
            Self::Bedrock => "bedrock",
            Self::Anthropic => "anthropic",
            Self::OpenAi => "openai",
            Self::ClaudeCli => "claude_cli",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModelConfig {
    /// Who answers where nothing else is said.
    #[serde(alias = "default_provider")]
    pub driver: DriverName,
    /// Model ids or inference profiles; the first is asked first, the others are fallbacks. Empty: the built-in list.
    pub models: Vec<String>,
    pub region: Option<String>,
    /// What holds for calls that do not say, whether of the API, of agents or of reviews; unset, it is left to the model.
    pub max_tokens: Option<u32>,
    pub temperature: Option<f32>,
    pub top_p: Option<f32>,
    pub attempt_seconds: u64,
}

impl Default for ModelConfig {
    fn default() -> Self {
        Self {
            driver: DriverName::Embedded,
            models: Vec::new(),
            region: None,
            max_tokens: None,
            temperature: None,
            top_p: None,
            attempt_seconds: 60,
        }
    }
}

impl ModelConfig {
    /// What is said of every call.
    pub fn parameters(&self) -> Parameters {
        Parameters {
            max_tokens: self.max_tokens,
            temperature: self.temperature,
            top_p: self.top_p,
            ..Parameters::default()
        }
    }
}

/// Lays the environment over the file.
pub(super) fn read(
    mut model: ModelConfig,
    environment: &Environment,
    problems: &mut Vec<String>,
) -> ModelConfig {
    model.driver = driver(environment("ECO_CODER_DRIVER").as_deref(), model.driver, problems);
    if let Some(models) = environment("ECO_CODER_MODELS") {
        model.models = list(&models);
    }
    check(&model, problems);
    model
}

fn driver(given: Option<&str>, file: DriverName, problems: &mut Vec<String>) -> DriverName {
    match given {
        None => file,
        Some(given) => DriverName::ALL
            .into_iter()
            .find(|driver| driver.as_str() == given)
            .unwrap_or_else(|| {
                let names = DriverName::ALL.map(DriverName::as_str).join(", ");
                problems.push(format!("ECO_CODER_DRIVER is {given:?}; the drivers are {names}"));
                DriverName::Embedded
            }),
    }
}

fn check(model: &ModelConfig, problems: &mut Vec<String>) {
    let outside = |value: Option<f32>| value.is_some_and(|value| !(0.0..=1.0).contains(&value));
    if outside(model.temperature) || outside(model.top_p) {
        problems.push("`temperature` and `top_p` under [model] must be between 0 and 1".to_owned());
    }
    if model.max_tokens == Some(0) || model.attempt_seconds == 0 {
        problems
            .push("`max_tokens` and `attempt_seconds` under [model] must be at least 1".to_owned());
    }
}
