//! Who the client is: installation tokens of an App, and the login under which comments appear.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use contract::Timestamp;
use octocrab::Octocrab;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::{Mutex, OnceCell};

use crate::call::Call;
use crate::client::with_token;
use crate::names::{repository_name, repository_path};
use crate::{GitHub, GitHubError};

/// A token is not handed out when it has less than this to live.
const MARGIN: Duration = Duration::from_mins(5);

/// What all clones of a client share.
pub(crate) struct Identity {
    kind: Kind,
    login: OnceCell<Option<String>>,
    installations: Mutex<HashMap<String, Installation>>,
    checks_refused: AtomicBool,
}

/// What the credentials are of.
pub(crate) enum Kind {
    Token,
    App(Octocrab),
    Nobody,
}

struct Installation {
    octocrab: Octocrab,
    expires: Timestamp,
}

#[derive(Deserialize)]
struct Token {
    token: String,
    expires_at: String,
}

#[derive(Deserialize)]
struct InstallationId {
    id: u64,
}

#[derive(Deserialize)]
struct User {
    login: String,
}

impl Identity {
    pub(crate) fn new(kind: Kind) -> Self {
        Self {
            kind,
            login: OnceCell::new(),
            installations: Mutex::default(),
            checks_refused: AtomicBool::new(false),
        }
    }

    /// True once: what an operator has to hear of, but not with each review.
    pub(crate) fn refuses_checks_for_the_first_time(&self) -> bool {
        !self.checks_refused.swap(true, Ordering::Relaxed)
    }
}

impl GitHub {
    /// For an App: a client whose token reaches this one repository. Tokens are kept until five minutes before they expire.
    /// `None` asks GitHub for the installation. For a token: the client itself.
    pub async fn for_installation(
        &self,
        installation: Option<u64>,
        repository: &str,
    ) -> Result<Self, GitHubError> {
        let name = repository_name(repository)?;
        let Kind::App(app) = &self.identity.kind else { return Ok(self.clone()) };
        // Held while the token is fetched, so that jobs which start together fetch one.
        let mut installations = self.identity.installations.lock().await;
        let now = (self.clock)();
        installations.retain(|_, kept| now + MARGIN < kept.expires);
        // Logins and names differ by case only in how they are shown.
        let key =
            format!("{} {}", installation.unwrap_or_default(), repository.to_ascii_lowercase());
        if let Some(kept) = installations.get(&key) {
            return Ok(self.speaking_as(kept.octocrab.clone()));
        }
        let speaker = self.speaking_as(app.clone());
        let id = match installation {
            Some(id) => id,
            None => speaker.installation_of(repository).await?,
        };
        let token = speaker.installation_token(id, name).await?;
        let expires = Timestamp::parse_rfc3339(&token.expires_at).unwrap_or(now);
        let octocrab = with_token(app, &SecretString::from(token.token))?;
        installations.insert(key, Installation { octocrab: octocrab.clone(), expires });
        Ok(self.speaking_as(octocrab))
    }

    /// The login of the comments that this client writes; `None` where GitHub does not tell it, as with the token of a workflow.
    /// Asked once.
    pub async fn own_login(&self) -> Result<Option<String>, GitHubError> {
        self.identity.login.get_or_try_init(|| self.ask_for_login()).await.cloned()
    }

    /// The client as the App itself rather than one of its installations.
    pub(crate) fn as_app(&self, what: &str) -> Result<Self, GitHubError> {
        match &self.identity.kind {
            Kind::App(app) => Ok(self.speaking_as(app.clone())),
            Kind::Token | Kind::Nobody => Err(GitHubError::NeedsApp(what.to_owned())),
        }
    }

    pub(crate) fn has_token(&self) -> bool {
        matches!(self.identity.kind, Kind::Token)
    }

    async fn ask_for_login(&self) -> Result<Option<String>, GitHubError> {
        match &self.identity.kind {
            Kind::Nobody => Ok(None),
            Kind::App(_) => Ok(Some(format!("{}[bot]", self.app().await?.slug))),
            Kind::Token => {
                match self.json::<User>(&Call::get("/user".into(), "the user of the token")).await {
                    Ok(user) => Ok(Some(user.login)),
                    Err(GitHubError::Forbidden(_) | GitHubError::NotFound(_)) => Ok(None),
                    Err(error) => Err(error),
                }
            }
        }
    }

    async fn installation_of(&self, repository: &str) -> Result<u64, GitHubError> {
        let path = format!("{}/installation", repository_path(repository)?);
        let found: InstallationId = self
            .json(&Call::get(path, format!("an installation of the App in {repository}")))
            .await?;
        Ok(found.id)
    }

    async fn installation_token(
        &self,
        installation: u64,
        name: &str,
    ) -> Result<Token, GitHubError> {
        let path = format!("/app/installations/{installation}/access_tokens");
        let call = Call::post(
            path,
            format!("a token for installation {installation} and the repository {name}"),
            &json!({"repositories": [name]}),
        );
        self.json(&call).await
    }
}
