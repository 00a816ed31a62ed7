//! GitHub: where it is, and who we are there.

use std::path::PathBuf;

use secrecy::SecretString;
use serde::Deserialize;

use super::Environment;

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

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct GitHubTable {
    api_url: Option<String>,
    token_secret: Option<String>,
    app_id: Option<u64>,
    app_private_key_file: Option<PathBuf>,
    app_private_key_secret: Option<String>,
}

pub(super) fn read(
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
