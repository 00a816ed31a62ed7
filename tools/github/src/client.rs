//! The client: where GitHub is, who calls, and how long it may take.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use contract::{Clock, Timestamp};
use futures::future::BoxFuture;
use http::Uri;
use octocrab::models::AppId;
use octocrab::{
    DefaultOctocrabBuilderConfig, NoAuth, NoSvc, NotLayerReady, Octocrab, OctocrabBuilder,
};
use secrecy::{ExposeSecret, SecretString};

use crate::installation::{Identity, Kind};
use crate::{GitHubError, Patience};

/// Who calls GitHub.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// A personal access token, or the `GITHUB_TOKEN` of a workflow.
    Token(SecretString),
    /// A GitHub App. It reads and writes through [`GitHub::for_installation`].
    App { app_id: u64, private_key_pem: SecretString },
    /// Nobody: public repositories, read only, 60 requests an hour.
    None,
}

/// Says whether the caller may still write: another worker may have taken its work over.
pub type StillOurs = Arc<dyn Fn() -> BoxFuture<'static, bool> + Send + Sync>;

/// A GitHub client. Clones share connections and tokens.
#[derive(Clone)]
pub struct GitHub {
    pub(crate) octocrab: Octocrab,
    pub(crate) identity: Arc<Identity>,
    pub(crate) patience: Patience,
    pub(crate) clock: Clock,
    pub(crate) still_ours: Option<StillOurs>,
    base_url: Arc<str>,
}

impl GitHub {
    /// `base_url` is `https://api.github.com`, or `https://HOST/api/v3` for an Enterprise server.
    /// Must be called inside a Tokio runtime.
    pub fn new(
        base_url: &str,
        credentials: Credentials,
        clock: Clock,
    ) -> Result<Self, GitHubError> {
        if tokio::runtime::Handle::try_current().is_err() {
            return Err(GitHubError::Invalid("a GitHub client needs a Tokio runtime".into()));
        }
        let base_url = base_url.trim_end_matches('/');
        // No retry layer is compiled into octocrab here: its own would send a POST again. `rate_limit` decides instead.
        let builder = Octocrab::builder()
            .base_uri(parse(base_url)?)
            .map_err(|_| bad_url(base_url))?
            .set_connect_timeout(Some(Duration::from_secs(10)))
            .set_read_timeout(Some(Duration::from_secs(30)));
        let (octocrab, kind) = match credentials {
            Credentials::Token(token) => (with_token(&build(builder)?, &token)?, Kind::Token),
            Credentials::App { app_id, private_key_pem } => {
                let builder =
                    builder.app_from_rsa_pem(AppId::from(app_id), private_key_pem.expose_secret());
                let octocrab = build(builder.map_err(|_| bad_key())?)?;
                (octocrab.clone(), Kind::App(octocrab))
            }
            Credentials::None => (build(builder)?, Kind::Nobody),
        };
        let identity = Arc::new(Identity::new(kind));
        Ok(Self {
            octocrab,
            identity,
            patience: Patience::default(),
            clock,
            still_ours: None,
            base_url: base_url.into(),
        })
    }

    /// The same client with other limits of time.
    #[must_use]
    pub fn with_patience(&self, patience: Patience) -> Self {
        Self { patience, ..self.clone() }
    }

    /// The same client; its calls neither wait nor start past `deadline`.
    #[must_use]
    pub fn until(&self, deadline: Timestamp) -> Self {
        self.with_patience(Patience { deadline: Some(deadline), ..self.patience })
    }

    /// The same client; it asks before each attempt at a write, and writes nothing once the answer is no.
    #[must_use]
    pub fn while_ours(&self, still_ours: StillOurs) -> Self {
        Self { still_ours: Some(still_ours), ..self.clone() }
    }

    /// The same client, which writes without asking.
    pub(crate) fn unasked(&self) -> Self {
        Self { still_ours: None, ..self.clone() }
    }

    pub fn patience(&self) -> Patience {
        self.patience
    }

    pub(crate) fn speaking_as(&self, octocrab: Octocrab) -> Self {
        Self { octocrab, ..self.clone() }
    }
}

/// Shows where it points, never a credential.
impl fmt::Debug for GitHub {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("GitHub")
            .field("base_url", &self.base_url)
            .field("patience", &self.patience)
            .finish_non_exhaustive()
    }
}

/// The same connections with a token. Tokens have no fixed length or form, so only what a header cannot hold is refused.
pub(crate) fn with_token(
    octocrab: &Octocrab,
    token: &SecretString,
) -> Result<Octocrab, GitHubError> {
    let text = token.expose_secret().trim();
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(GitHubError::Invalid(
            "the GitHub token is empty or has characters that no token has".into(),
        ));
    }
    octocrab.user_access_token(text).map_err(|_| GitHubError::Unauthorized)
}

type Builder = OctocrabBuilder<NoSvc, DefaultOctocrabBuilderConfig, NoAuth, NotLayerReady>;

fn build(builder: Builder) -> Result<Octocrab, GitHubError> {
    builder
        .build()
        .map_err(|_| GitHubError::Invalid("no TLS certificates were found on this machine".into()))
}

/// octocrab panics on a base without scheme or host, so those are refused here.
fn parse(base_url: &str) -> Result<Uri, GitHubError> {
    let uri: Uri = base_url.parse().map_err(|_| bad_url(base_url))?;
    let scheme = matches!(uri.scheme_str(), Some("https" | "http"));
    let host = uri.authority().is_some_and(|authority| !authority.as_str().contains('@'));
    if scheme && host && uri.query().is_none() { Ok(uri) } else { Err(bad_url(base_url)) }
}

fn bad_url(base_url: &str) -> GitHubError {
    // What stands before an `@` may be a password.
    let shown = base_url.rsplit('@').next().unwrap_or_default();
    GitHubError::Invalid(format!(
        "{shown:?} is not a GitHub API address; https://api.github.com is one"
    ))
}

fn bad_key() -> GitHubError {
    GitHubError::Invalid("the private key of the GitHub App is not an RSA key in PEM form".into())
}
