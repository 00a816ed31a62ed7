//! The GitHub App as GitHub knows it: what it may do, where it is installed and where its deliveries go.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::call::Call;
use crate::pull_request::PER_PAGE;
use crate::{GitHub, GitHubError};

/// Installations are read up to here: a thousand.
const MOST_PAGES: usize = 10;

/// What somebody may do, as `contents: read`.
pub type Permissions = BTreeMap<String, String>;

/// The App that the key belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct App {
    pub id: u64,
    pub slug: String,
    pub name: String,
    /// What it asks for; an installation has what its owner has agreed to.
    #[serde(default)]
    pub permissions: Permissions,
    /// The events that it gets.
    #[serde(default)]
    pub events: Vec<String>,
}

/// Where and how GitHub delivers to the App.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookConfig {
    pub url: Option<String>,
    /// `json` or `form`.
    pub content_type: Option<String>,
    /// GitHub does not check the server's certificate.
    pub insecure_ssl: bool,
    /// GitHub signs what it delivers. It does not tell with what.
    pub has_secret: bool,
}

/// One account that has the App.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Installation {
    pub id: u64,
    pub account: String,
    pub permissions: Permissions,
    pub events: Vec<String>,
    pub suspended: bool,
    pub all_repositories: bool,
}

#[derive(Deserialize)]
struct HookAnswer {
    url: Option<String>,
    content_type: Option<String>,
    /// A text or a number.
    #[serde(default)]
    insecure_ssl: Value,
    secret: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
struct InstallationAnswer {
    id: u64,
    account: Option<Account>,
    #[serde(default)]
    permissions: Permissions,
    #[serde(default)]
    events: Vec<String>,
    suspended_at: Option<String>,
    repository_selection: Option<String>,
}

/// A user and an organization have a login, an enterprise a slug.
#[derive(Deserialize)]
struct Account {
    login: Option<String>,
    slug: Option<String>,
}

impl GitHub {
    pub async fn app(&self) -> Result<App, GitHubError> {
        let call = Call::get("/app".into(), "the App");
        self.as_app("the App's own description")?.json(&call).await
    }

    /// `NotFound` where the App has no webhook.
    pub async fn hook_config(&self) -> Result<HookConfig, GitHubError> {
        let call = Call::get("/app/hook/config".into(), "the App's webhook");
        let answer: HookAnswer = self.as_app("the App's webhook")?.json(&call).await?;
        Ok(answer.into())
    }

    pub async fn installations(&self) -> Result<Vec<Installation>, GitHubError> {
        let app = self.as_app("the list of the App's installations")?;
        let mut installations = Vec::new();
        for page in 1..=MOST_PAGES {
            let call = Call::get(
                format!("/app/installations?per_page={PER_PAGE}&page={page}"),
                "the installations of the App",
            );
            let answers: Vec<InstallationAnswer> = app.json(&call).await?;
            let last = answers.len() < PER_PAGE;
            installations.extend(answers.into_iter().map(Installation::from));
            if last {
                break;
            }
        }
        Ok(installations)
    }
}

impl From<HookAnswer> for HookConfig {
    fn from(answer: HookAnswer) -> Self {
        let insecure = &answer.insecure_ssl;
        Self {
            insecure_ssl: insecure == "1" || insecure.as_f64() == Some(1.0),
            url: answer.url,
            content_type: answer.content_type,
            has_secret: answer.secret.is_some(),
        }
    }
}

impl From<InstallationAnswer> for Installation {
    fn from(answer: InstallationAnswer) -> Self {
        let account = answer.account.and_then(|account| account.login.or(account.slug));
        Self {
            id: answer.id,
            account: account.unwrap_or_else(|| "ghost".to_owned()),
            permissions: answer.permissions,
            events: answer.events,
            suspended: answer.suspended_at.is_some(),
            all_repositories: answer.repository_selection.as_deref() == Some("all"),
        }
    }
}
