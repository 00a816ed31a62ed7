//! The gateway: who may ask it, how much at a time, and where models other than Bedrock's are.

use std::ffi::OsString;
use std::path::PathBuf;

use contract::hexadecimal;
use model::budget::Caps;
use model::claude_cli;
use secrecy::SecretString;
use serde::Deserialize;

use super::Environment;

/// The table `[gateway]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct GatewayConfig {
    /// Whether `serve` answers `/v1`, too; `models serve` always does.
    pub api: bool,
    /// Requests per second and model; none: as many as the service takes.
    pub qps: Option<f64>,
    /// Calls at a time and model, at most.
    pub concurrency: usize,
    /// Whether prompts and answers stay out of the logs.
    pub redact_prompts: bool,
    /// The folder of agents that calls may name.
    pub agents: Option<PathBuf>,
    /// A file of prices and limits over those that come with the program, `[[models]]` each.
    pub catalog: Option<PathBuf>,
    /// Whether models are served, too, that the settings do not name: those that the catalog knows, or their service lists.
    pub any_model: bool,
    /// Whether the gateway chooses among the models for calls that name none, and for reviews; for `auto` it always does.
    pub route: bool,
    /// The share of those choices that try out what else might be good.
    pub explore: f64,
    /// What may be spent.
    pub caps: Caps,
    pub keys: Vec<KeyTable>,
    pub anthropic: Endpoint,
    pub openai: Endpoint,
    pub claude_cli: Program,
    /// What the program `claude` sees of the environment.
    #[serde(skip)]
    pub claude_environment: Vec<(OsString, OsString)>,
}

/// One client's key: `eco-coder models key NAME` prints it, and these two lines.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyTable {
    pub name: String,
    /// 64 hexadecimal digits.
    pub sha256: String,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Endpoint {
    /// As `http://localhost:11434/v1`.
    pub url: Option<String>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Program {
    /// Its path, where it is not `claude` on the path.
    pub program: Option<PathBuf>,
}

/// Keys of services; only the environment holds them.
#[derive(Debug, Clone, Default)]
pub struct ProviderKeys {
    pub anthropic: Option<SecretString>,
    pub openai: Option<SecretString>,
    /// A key of Bedrock, in place of credentials of AWS.
    pub bedrock: Option<SecretString>,
    /// What AWS's own variables hold. It is found by AWS's rules and used there; here it is kept out of logs.
    pub aws: Vec<SecretString>,
}

impl Default for GatewayConfig {
    fn default() -> Self {
        Self {
            api: false,
            qps: None,
            concurrency: 64,
            redact_prompts: true,
            agents: None,
            catalog: None,
            any_model: false,
            route: false,
            explore: 0.0,
            caps: Caps::default(),
            keys: Vec::new(),
            anthropic: Endpoint::default(),
            openai: Endpoint::default(),
            claude_cli: Program::default(),
            claude_environment: Vec::new(),
        }
    }
}

/// Lays the environment over the file.
pub(super) fn read(
    mut gateway: GatewayConfig,
    environment: &Environment,
    problems: &mut Vec<String>,
) -> GatewayConfig {
    if let Some(text) = environment("BEDROCK_QPS") {
        gateway.qps = number(&text, "BEDROCK_QPS", problems);
    }
    if let Some(text) = environment("BEDROCK_CONCURRENCY") {
        gateway.concurrency = number(&text, "BEDROCK_CONCURRENCY", problems).unwrap_or(1);
    }
    if let Some(text) = environment("REDACT_PROMPTS") {
        // Whatever is not a clear no keeps prompts out of the logs.
        gateway.redact_prompts =
            !matches!(text.to_ascii_lowercase().as_str(), "false" | "0" | "no");
    }
    if let Some(url) = environment("ANTHROPIC_BASE_URL") {
        gateway.anthropic.url = Some(url);
    }
    if let Some(url) = environment("OPENAI_BASE_URL") {
        gateway.openai.url = Some(url);
    }
    let needed = claude_cli::NEEDED.iter();
    gateway.claude_environment =
        needed.filter_map(|name| Some((name.into(), environment(name)?.into()))).collect();
    check(&gateway, problems);
    gateway
}

pub(super) fn provider_keys(environment: &Environment) -> ProviderKeys {
    let key = |name: &str| environment(name).map(SecretString::from);
    ProviderKeys {
        anthropic: key("ANTHROPIC_API_KEY"),
        openai: key("OPENAI_API_KEY"),
        bedrock: key("AWS_BEARER_TOKEN_BEDROCK"),
        aws: ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"]
            .into_iter()
            .filter_map(environment)
            // A real one has 40 characters; shorter ones are stand-ins, and often ordinary words.
            .filter(|secret| secret.len() >= 16)
            .map(SecretString::from)
            .collect(),
    }
}

fn number<T: std::str::FromStr>(text: &str, name: &str, problems: &mut Vec<String>) -> Option<T> {
    let number = text.parse().ok();
    if number.is_none() {
        problems.push(format!("{name} is {text:?}, which is not a number"));
    }
    number
}

fn check(gateway: &GatewayConfig, problems: &mut Vec<String>) {
    if gateway.qps.is_some_and(|qps| !qps.is_finite() || qps <= 0.0) {
        problems.push("`qps` under [gateway] must be more than 0".to_owned());
    }
    if gateway.concurrency == 0 {
        problems.push("`concurrency` under [gateway] must be at least 1".to_owned());
    }
    if !(0.0..=1.0).contains(&gateway.explore) {
        problems.push("`explore` under [gateway] must be a share between 0 and 1".to_owned());
    }
    problems.extend(gateway.caps.problems());
    for key in &gateway.keys {
        if key.name.trim().is_empty() {
            problems.push("`name` of a key under [gateway] must say whose it is".to_owned());
        }
        if hexadecimal::decode::<32>(key.sha256.as_bytes()).is_none() {
            problems.push(format!(
                "`sha256` of the key {:?} under [gateway] must be 64 hexadecimal digits: `eco-coder models key {}` makes a key and prints them",
                key.name, key.name
            ));
        }
    }
}

#[cfg(test)]
#[path = "gateway_tests.rs"]
mod tests;
