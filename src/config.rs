//! Deployment settings: `eco-coder.toml`, below the environment, below flags. The only reader of the environment.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use profile::FlameGraphs;
use secrecy::SecretString;
use serde::Deserialize;

use crate::agent::Budget;

/// All that a deployment decides.
#[derive(Debug, Clone)]
pub struct Config {
    pub listen: SocketAddr,
    /// The SQLite file with queue, runs and reports.
    pub database: PathBuf,
    pub webhook_secrets: Vec<SecretString>,
    /// Repositories that are reviewed, as `owner/name` or `owner/*`.
    pub allow: Vec<String>,
    pub review_drafts: bool,
    /// Serve `/invocations` although the address is not loopback.
    pub agentcore: bool,
    pub workers: usize,
    pub github: GitHubConfig,
    pub model: ModelConfig,
    pub budget: Budget,
    pub aws: AwsConfig,
    /// Where flame graphs are written, and the address at which that folder is served.
    pub flame_graphs: Option<FlameGraphs>,
    /// Debug builds only: stop after this many checkpoints, so that a test can kill the process there.
    pub pause_after_checkpoint: Option<u64>,
}

#[derive(Debug, Clone)]
pub struct GitHubConfig {
    pub api_url: String,
    pub credentials: CredentialSource,
}

/// Where GitHub's credentials come from.
#[derive(Debug, Clone)]
pub enum CredentialSource {
    Token(SecretString),
    App {
        app_id: u64,
        private_key: SecretString,
    },
    /// A secret with a token, or an App's private key where an id is given.
    SecretsManager {
        secret_id: String,
        app_id: Option<u64>,
    },
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum DriverName {
    #[default]
    Embedded,
    Bedrock,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ModelConfig {
    pub driver: DriverName,
    /// Model ids or inference profiles; the first is asked first, the others are fallbacks. Empty: the built-in list.
    pub models: Vec<String>,
    pub region: Option<String>,
    pub max_tokens: u32,
    pub temperature: f32,
    pub top_p: f32,
    pub attempt_seconds: u64,
}

impl Default for ModelConfig {
    fn default() -> Self {
        Self {
            driver: DriverName::Embedded,
            models: Vec::new(),
            region: None,
            max_tokens: 4096,
            temperature: 0.1,
            top_p: 0.9,
            attempt_seconds: 60,
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AwsConfig {
    /// Where this process runs. Taken from `AWS_REGION` too.
    pub region: Option<String>,
    /// An existing association of CodeGuru Reviewer with the repository.
    pub codeguru_association_arn: Option<String>,
    /// How long CodeGuru Reviewer may take; what it has found by then counts. Five minutes unless set.
    pub codeguru_seconds: Option<u64>,
    pub codeguru_profiling_group: Option<String>,
    /// Read carbon intensities from Parameter Store.
    pub carbon_parameters: bool,
}

/// The file, before the environment and flags are laid over it.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    server: ServerTable,
    github: GitHubTable,
    model: ModelConfig,
    budget: Budget,
    aws: AwsConfig,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ServerTable {
    listen: Option<String>,
    database: Option<PathBuf>,
    allow: Vec<String>,
    review_drafts: bool,
    agentcore: bool,
    workers: Option<usize>,
    flame_graphs: Option<PathBuf>,
    flame_graphs_url: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct GitHubTable {
    api_url: Option<String>,
    token_secret: Option<String>,
    app_id: Option<u64>,
    app_private_key_file: Option<PathBuf>,
    app_private_key_secret: Option<String>,
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
        let file = read_file(path, environment, &mut problems);
        let config = Self::from(file, environment, &mut problems);
        if problems.is_empty() { Ok(config) } else { Err(ConfigError { problems }) }
    }

    fn from(file: File, environment: &Environment, problems: &mut Vec<String>) -> Self {
        let github = github(&file.github, environment, problems);
        let flame_graphs = flame_graphs(&file.server, environment);
        let mut aws = file.aws;
        aws.region = environment("AWS_REGION").or(aws.region);
        aws.codeguru_association_arn =
            environment("ECO_CODER_CODEGURU_ASSOCIATION_ARN").or(aws.codeguru_association_arn);
        aws.codeguru_profiling_group =
            environment("ECO_CODER_CODEGURU_PROFILING_GROUP").or(aws.codeguru_profiling_group);
        aws.carbon_parameters |= environment("ECO_CODER_CARBON_PARAMETERS")
            .is_some_and(|value| value == "1" || value == "true");
        let mut model = file.model;
        model.driver = driver(environment("ECO_CODER_DRIVER").as_deref(), model.driver, problems);
        if let Some(models) = environment("ECO_CODER_MODELS") {
            model.models = list(&models);
        }
        check_model(&model, problems);
        check_budget(&file.budget, problems);
        Self {
            listen: listen(environment("ECO_CODER_LISTEN").or(file.server.listen), problems),
            database: environment("ECO_CODER_DATABASE")
                .map(PathBuf::from)
                .or(file.server.database)
                .unwrap_or_else(|| PathBuf::from("eco-coder.db")),
            webhook_secrets: environment("ECO_CODER_WEBHOOK_SECRET")
                .map(|secrets| list(&secrets).into_iter().map(SecretString::from).collect())
                .unwrap_or_default(),
            allow: environment("ECO_CODER_ALLOW").map_or(file.server.allow, |allow| list(&allow)),
            review_drafts: file.server.review_drafts,
            agentcore: file.server.agentcore
                || environment("ECO_CODER_AGENTCORE")
                    .is_some_and(|value| value == "1" || value == "true"),
            workers: workers(environment("ECO_CODER_WORKERS"), file.server.workers, problems),
            github,
            model,
            budget: file.budget,
            aws,
            flame_graphs,
            pause_after_checkpoint: if cfg!(debug_assertions) {
                environment("ECO_CODER_PAUSE_AFTER_CHECKPOINT")
                    .and_then(|number| number.parse().ok())
            } else {
                None
            },
        }
    }

    /// What a server needs beyond what a single review needs.
    pub fn check_server(&self) -> Result<(), ConfigError> {
        let mut problems = Vec::new();
        if self.webhook_secrets.is_empty() {
            problems.push("no webhook secret: set ECO_CODER_WEBHOOK_SECRET to the secret of the webhook at GitHub".to_owned());
        }
        if self.allow.is_empty() {
            problems.push("no repository is allowed: set `allow` under [server], or ECO_CODER_ALLOW, to `owner/name`, `owner/*` or `*`".to_owned());
        }
        if matches!(self.github.credentials, CredentialSource::None) {
            problems.push("no GitHub credentials: set GITHUB_TOKEN, or `app_id` and `app_private_key_file` under [github]".to_owned());
        }
        if problems.is_empty() { Ok(()) } else { Err(ConfigError { problems }) }
    }
}

fn read_file(path: Option<&Path>, environment: &Environment, problems: &mut Vec<String>) -> File {
    let named =
        path.map(Path::to_path_buf).or_else(|| environment("ECO_CODER_CONFIG").map(PathBuf::from));
    let path = named.clone().unwrap_or_else(|| PathBuf::from("eco-coder.toml"));
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && named.is_none() => {
            return File::default();
        }
        Err(error) => {
            problems.push(format!("{} cannot be read: {error}", path.display()));
            return File::default();
        }
    };
    toml::from_str(&text).unwrap_or_else(|error| {
        problems.push(format!(
            "{}: {}",
            path.display(),
            error.to_string().trim_end().replace('\n', "\n    ")
        ));
        File::default()
    })
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

fn driver(given: Option<&str>, file: DriverName, problems: &mut Vec<String>) -> DriverName {
    match given {
        None => file,
        Some("embedded") => DriverName::Embedded,
        Some("bedrock") => DriverName::Bedrock,
        Some(other) => {
            problems.push(format!(
                "ECO_CODER_DRIVER is {other:?}; the drivers are embedded and bedrock"
            ));
            DriverName::Embedded
        }
    }
}

fn check_model(model: &ModelConfig, problems: &mut Vec<String>) {
    if !(0.0..=1.0).contains(&model.temperature) || !(0.0..=1.0).contains(&model.top_p) {
        problems.push("`temperature` and `top_p` under [model] must be between 0 and 1".to_owned());
    }
    if model.max_tokens == 0 || model.attempt_seconds == 0 {
        problems
            .push("`max_tokens` and `attempt_seconds` under [model] must be at least 1".to_owned());
    }
}

fn check_budget(budget: &Budget, problems: &mut Vec<String>) {
    if !budget.usd.is_finite() || budget.usd < 0.0 {
        problems.push("`usd` under [budget] must be a number of US dollars, 0 or more".to_owned());
    }
}

fn github(
    table: &GitHubTable,
    environment: &Environment,
    problems: &mut Vec<String>,
) -> GitHubConfig {
    let api_url = environment("ECO_CODER_GITHUB_API_URL")
        .or_else(|| environment("GITHUB_API_URL"))
        .or_else(|| table.api_url.clone())
        .unwrap_or_else(|| "https://api.github.com".into());
    if !api_url.starts_with("https://") && !api_url.starts_with("http://") {
        problems
            .push(format!("GitHub's `api_url` is {api_url:?}, which is not an http(s) address"));
    }
    GitHubConfig { api_url, credentials: credentials(table, environment, problems) }
}

fn credentials(
    table: &GitHubTable,
    environment: &Environment,
    problems: &mut Vec<String>,
) -> CredentialSource {
    let app_id =
        match environment("ECO_CODER_GITHUB_APP_ID").map(|id| id.parse::<u64>().map_err(|_| id)) {
            Some(Err(id)) => {
                problems.push(format!("ECO_CODER_GITHUB_APP_ID is {id:?}, which is not a number"));
                None
            }
            Some(Ok(id)) => Some(id),
            None => table.app_id,
        };
    if let Some(app_id) = app_id {
        return app_credentials(app_id, table, environment, problems);
    }
    if let Some(token) = environment("ECO_CODER_GITHUB_TOKEN")
        .or_else(|| environment("GITHUB_TOKEN"))
        .or_else(|| environment("GH_TOKEN"))
    {
        return CredentialSource::Token(SecretString::from(token));
    }
    match environment("ECO_CODER_GITHUB_TOKEN_SECRET").or_else(|| table.token_secret.clone()) {
        Some(secret_id) => CredentialSource::SecretsManager { secret_id, app_id: None },
        None => CredentialSource::None,
    }
}

fn app_credentials(
    app_id: u64,
    table: &GitHubTable,
    environment: &Environment,
    problems: &mut Vec<String>,
) -> CredentialSource {
    if let Some(key) = environment("ECO_CODER_GITHUB_APP_PRIVATE_KEY") {
        return CredentialSource::App { app_id, private_key: SecretString::from(key) };
    }
    if let Some(secret_id) = environment("ECO_CODER_GITHUB_APP_PRIVATE_KEY_SECRET")
        .or_else(|| table.app_private_key_secret.clone())
    {
        return CredentialSource::SecretsManager { secret_id, app_id: Some(app_id) };
    }
    let Some(path) = environment("ECO_CODER_GITHUB_APP_PRIVATE_KEY_FILE")
        .map(PathBuf::from)
        .or_else(|| table.app_private_key_file.clone())
    else {
        problems.push("a GitHub App id without its key: set `app_private_key_file` or `app_private_key_secret` under [github]".to_owned());
        return CredentialSource::None;
    };
    match std::fs::read_to_string(&path) {
        Ok(key) => CredentialSource::App { app_id, private_key: SecretString::from(key) },
        Err(error) => {
            problems
                .push(format!("the App's private key {} cannot be read: {error}", path.display()));
            CredentialSource::None
        }
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

    fn load(
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
            (DriverName::Bedrock, 100, ["m1".to_owned(), "m2".to_owned()].as_slice())
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
