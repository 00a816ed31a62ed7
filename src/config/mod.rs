//! Deployment settings: `eco-coder.toml`, below the environment, below flags. The only reader of the environment.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use profile::FlameGraphs;
use secrecy::SecretString;

use crate::agent::Budget;

mod aws;
mod file;
mod gateway;
mod github;
#[cfg(feature = "live")]
mod live;
mod model;
mod telemetry;

pub use aws::AwsConfig;
pub use gateway::{GatewayConfig, ProviderKeys};
pub use github::{CredentialSource, GitHubConfig};
#[cfg(feature = "live")]
pub use live::LiveConfig;
pub use model::{DriverName, ModelConfig};
pub use telemetry::{Metrics, TelemetryConfig};

use file::{File, ServerTable};

/// All that a deployment decides.
#[derive(Debug, Clone)]
pub struct Config {
    pub listen: SocketAddr,
    /// The SQLite file with queue, runs and reports.
    pub database: PathBuf,
    /// Whether the settings say where it is, rather than leave it where it usually is.
    pub database_is_named: bool,
    pub webhook_secrets: Vec<SecretString>,
    /// A secret of Secrets Manager with the webhook's secret; several are separated by commas.
    pub webhook_secret_id: Option<String>,
    /// Repositories that are reviewed, as `owner/name` or `owner/*`.
    pub allow: Vec<String>,
    pub review_drafts: bool,
    /// Serve `/invocations` although the address is not loopback.
    pub agentcore: bool,
    pub workers: usize,
    pub github: GitHubConfig,
    pub model: ModelConfig,
    pub gateway: GatewayConfig,
    pub provider_keys: ProviderKeys,
    pub budget: Budget,
    pub aws: AwsConfig,
    pub telemetry: TelemetryConfig,
    /// Where flame graphs are written, and the address at which that folder is served.
    pub flame_graphs: Option<FlameGraphs>,
    /// Debug builds only: how long a lease lasts, so that a test need not wait for a real one to run out.
    pub lease: Option<Duration>,
    /// Debug builds only: stop after this many checkpoints, so that a test can kill the process there.
    pub pause_after_checkpoint: Option<u64>,
}

/// Everything that is wrong with the settings, a line each.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the settings cannot be used:\n{}", .problems.iter().map(|problem| format!("  - {problem}")).collect::<Vec<_>>().join("\n"))]
pub struct ConfigError {
    pub problems: Vec<String>,
}

/// The environment, as far as it concerns us.
pub type Environment = Box<dyn Fn(&str) -> Option<String>>;

/// The process's own environment; empty values count as unset.
#[expect(clippy::disallowed_methods, reason = "this is the one reader of the environment")]
pub fn environment() -> Environment {
    Box::new(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
}

impl Config {
    /// Lays the environment over the file. A file that was not asked for may be missing.
    pub fn load(path: Option<&Path>, environment: &Environment) -> Result<Self, ConfigError> {
        let mut problems = Vec::new();
        let file = file::read(path, environment, &mut problems);
        let config = Self::from(file, environment, &mut problems);
        if problems.is_empty() { Ok(config) } else { Err(ConfigError { problems }) }
    }

    fn from(file: File, environment: &Environment, problems: &mut Vec<String>) -> Self {
        let github = github::read(&file.github, environment, problems);
        let flame_graphs = flame_graphs(&file.server, environment);
        check_budget(&file.budget, problems);
        let database =
            environment("ECO_CODER_DATABASE").map(PathBuf::from).or(file.server.database);
        Self {
            listen: listen(environment("ECO_CODER_LISTEN").or(file.server.listen), problems),
            database_is_named: database.is_some(),
            database: database.unwrap_or_else(|| PathBuf::from("eco-coder.db")),
            webhook_secrets: environment("ECO_CODER_WEBHOOK_SECRET")
                .map(|secrets| list(&secrets).into_iter().map(SecretString::from).collect())
                .unwrap_or_default(),
            webhook_secret_id: environment("ECO_CODER_WEBHOOK_SECRET_ID")
                .or(file.server.webhook_secret_id),
            allow: environment("ECO_CODER_ALLOW").map_or(file.server.allow, |allow| list(&allow)),
            review_drafts: file.server.review_drafts,
            agentcore: file.server.agentcore
                || environment("ECO_CODER_AGENTCORE")
                    .is_some_and(|value| value == "1" || value == "true"),
            workers: workers(environment("ECO_CODER_WORKERS"), file.server.workers, problems),
            github,
            model: model::read(file.model, environment, problems),
            gateway: gateway::read(file.gateway, environment, problems),
            provider_keys: gateway::provider_keys(environment),
            budget: file.budget,
            aws: aws::read(file.aws, environment),
            telemetry: telemetry::read(file.telemetry, environment, problems),
            flame_graphs,
            lease: for_tests(environment, "ECO_CODER_LEASE_SECONDS").map(Duration::from_secs),
            pause_after_checkpoint: for_tests(environment, "ECO_CODER_PAUSE_AFTER_CHECKPOINT"),
        }
    }

    /// What must never be read in a log, word for word; much of it has no form that would show it.
    pub fn secrets(&self) -> Vec<SecretString> {
        let ProviderKeys { anthropic, openai, bedrock, aws } = &self.provider_keys;
        let token = match &self.github.credentials {
            CredentialSource::Token(token) => Some(token),
            _ => None,
        };
        let keys = [anthropic.as_ref(), openai.as_ref(), bedrock.as_ref(), token];
        let keys = keys.into_iter().flatten();
        self.webhook_secrets.iter().chain(keys).chain(aws).cloned().collect()
    }

    /// What a server needs beyond what a single review needs.
    pub fn check_server(&self) -> Result<(), ConfigError> {
        check([self.ingress_problems(), self.worker_problems()].concat())
    }

    /// What a function needs that accepts deliveries.
    pub fn check_ingress_function(&self) -> Result<(), ConfigError> {
        check([self.ingress_problems(), self.aws.problems()].concat())
    }

    /// What a function needs that reviews them.
    pub fn check_worker_function(&self) -> Result<(), ConfigError> {
        check([self.worker_problems(), self.aws.problems()].concat())
    }

    fn ingress_problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.webhook_secrets.is_empty() && self.webhook_secret_id.is_none() {
            problems.push("no webhook secret: set ECO_CODER_WEBHOOK_SECRET to the secret of the webhook at GitHub, or ECO_CODER_WEBHOOK_SECRET_ID to its name in AWS Secrets Manager".to_owned());
        }
        if self.allow.is_empty() {
            problems.push("no repository is allowed: set `allow` under [server], or ECO_CODER_ALLOW, to `owner/name`, `owner/*` or `*`".to_owned());
        }
        problems
    }

    fn worker_problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if matches!(self.github.credentials, CredentialSource::None) {
            problems.push("no GitHub credentials: set GITHUB_TOKEN, or `app_id` and `app_private_key_file` under [github]".to_owned());
        }
        problems
    }
}

/// A number that only a debug build looks at.
fn for_tests(environment: &Environment, name: &str) -> Option<u64> {
    if !cfg!(debug_assertions) {
        return None;
    }
    environment(name)?.parse().ok()
}

fn check(problems: Vec<String>) -> Result<(), ConfigError> {
    if problems.is_empty() { Ok(()) } else { Err(ConfigError { problems }) }
}

fn listen(given: Option<String>, problems: &mut Vec<String>) -> SocketAddr {
    let text = given.unwrap_or_else(|| "127.0.0.1:8080".into());
    text.parse().unwrap_or_else(|_| {
        problems.push(format!(
            "`listen` is {text:?}, which is not an address with a port such as 127.0.0.1:8080"
        ));
        SocketAddr::from(([127, 0, 0, 1], 0))
    })
}

fn workers(given: Option<String>, file: Option<usize>, problems: &mut Vec<String>) -> usize {
    let number = match given {
        Some(text) => text.parse().map_err(|_| text),
        None => Ok(file.unwrap_or(2)),
    };
    match number {
        Ok(number @ 1..=64) => number,
        Ok(number) => {
            problems.push(format!("`workers` is {number}; it must be between 1 and 64"));
            1
        }
        Err(text) => {
            problems.push(format!("ECO_CODER_WORKERS is {text:?}, which is not a number"));
            1
        }
    }
}

fn check_budget(budget: &Budget, problems: &mut Vec<String>) {
    if !budget.usd.is_finite() || budget.usd < 0.0 {
        problems.push("`usd` under [budget] must be a number of US dollars, 0 or more".to_owned());
    }
}

fn flame_graphs(table: &ServerTable, environment: &Environment) -> Option<FlameGraphs> {
    let given = environment("ECO_CODER_FLAME_GRAPHS").map(PathBuf::from);
    let dir = given.or_else(|| table.flame_graphs.clone())?;
    let base_url =
        environment("ECO_CODER_FLAME_GRAPHS_URL").or_else(|| table.flame_graphs_url.clone());
    Some(FlameGraphs { dir, base_url })
}

/// A folder of ours below the user's own, by the XDG base directory specification.
pub fn user_folder(environment: &Environment, variable: &str, below_home: &str) -> Option<PathBuf> {
    let base = environment(variable).map(PathBuf::from);
    let base =
        base.or_else(|| environment("HOME").map(|home| PathBuf::from(home).join(below_home)));
    base.map(|base| base.join("eco-coder"))
}

/// Words between commas.
fn list(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(ToOwned::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    pub(super) fn load(
        toml: &str,
        variables: &'static [(&'static str, &'static str)],
    ) -> Result<Config, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("eco-coder.toml");
        std::fs::write(&path, toml).unwrap();
        let environment: Environment = Box::new(move |name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        });
        Config::load(Some(&path), &environment).map_err(|error| ConfigError {
            problems: error
                .problems
                .iter()
                .map(|problem| problem.replace(&path.display().to_string(), "FILE"))
                .collect(),
        })
    }

    #[test]
    fn the_environment_lies_over_the_file() {
        let config = load("[server]\nlisten = '127.0.0.1:1'\nallow = ['a/*']\n[model]\ndriver = 'bedrock'\nmax_tokens = 100\n", &[("ECO_CODER_LISTEN", "0.0.0.0:8080"), ("GITHUB_TOKEN", "t"), ("ECO_CODER_MODELS", "m1, m2")]).unwrap();
        assert_eq!(
            (config.listen.port(), config.allow.as_slice()),
            (8080, ["a/*".to_owned()].as_slice())
        );
        assert_eq!(
            (config.model.driver, config.model.max_tokens, config.model.models.as_slice()),
            (DriverName::Bedrock, Some(100), ["m1".to_owned(), "m2".to_owned()].as_slice())
        );
        let CredentialSource::Token(token) = config.github.credentials else { panic!("a token") };
        assert_eq!(token.expose_secret(), "t");
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let error = load("[server]\nlisten = 'here'\nworkers = 0\n[github]\napi_url = 'ftp://x'\napp_id = 1\n[budget]\nusd = -1.0\n", &[]).unwrap_err();
        insta::assert_snapshot!(error, @r#"
        the settings cannot be used:
          - GitHub's `api_url` is "ftp://x", which is not an http(s) address
          - a GitHub App id without its key: set `app_private_key_file` or `app_private_key_secret` under [github]
          - `usd` under [budget] must be a number of US dollars, 0 or more
          - `listen` is "here", which is not an address with a port such as 127.0.0.1:8080
          - `workers` is 0; it must be between 1 and 64
        "#);
    }

    #[test]
    fn a_misspelled_key_is_named() {
        let error = load("[server]\nlissten = '127.0.0.1:1'\n", &[]).unwrap_err();
        assert!(error.problems[0].contains("unknown field `lissten`"), "{error}");
    }

    #[test]
    fn a_server_needs_a_secret_an_allow_list_and_credentials() {
        let error = load("", &[]).unwrap().check_server().unwrap_err();
        assert_eq!(error.problems.len(), 3);
    }
}
