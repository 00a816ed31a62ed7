//! Whose token a client has, what it may do, and how many requests it has left.

use contract::Timestamp;
use serde::Deserialize;

use crate::call::Call;
use crate::{GitHub, GitHubError};

/// What GitHub tells of a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenIdentity {
    /// `None` for the token of a workflow, which may not ask.
    pub login: Option<String>,
    /// What a classic token may do. GitHub tells nothing of the kind of the others.
    pub scopes: Option<Vec<String>>,
    /// How many requests are left until the limit is reset, where there is a limit.
    pub remaining: Option<u64>,
}

/// How many requests an hour there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit {
    pub limit: u64,
    pub remaining: u64,
    pub resets: Timestamp,
}

#[derive(Deserialize)]
struct User {
    login: String,
}

#[derive(Deserialize)]
struct Limits {
    resources: Resources,
}

#[derive(Deserialize)]
struct Resources {
    core: Core,
}

#[derive(Deserialize)]
struct Core {
    limit: u64,
    remaining: u64,
    reset: i64,
}

impl GitHub {
    /// Who the token belongs to; `None` for a client that has none of its own, as that of an App.
    pub async fn token_identity(&self) -> Result<Option<TokenIdentity>, GitHubError> {
        if !self.has_token() {
            return Ok(None);
        }
        let call = Call::get("/user".into(), "the user of the token");
        let answer = match self.answer(&call).await {
            Ok(answer) => answer,
            Err(GitHubError::Forbidden(_) | GitHubError::NotFound(_)) => {
                let remaining = self.rate_limit().await?.map(|limit| limit.remaining);
                return Ok(Some(TokenIdentity { login: None, scopes: None, remaining }));
            }
            Err(error) => return Err(error),
        };
        let text = |name: &str| answer.headers.get(name).and_then(|value| value.to_str().ok());
        Ok(Some(TokenIdentity {
            login: Some(answer.json::<User>(&call)?.login),
            scopes: text("x-oauth-scopes").map(list),
            remaining: text("x-ratelimit-remaining").and_then(|left| left.trim().parse().ok()),
        }))
    }

    /// The limit for whoever this client speaks as; asking does not count. `None` where there is none, as on some Enterprise servers.
    /// An App asks through [`GitHub::for_installation`], since it is the installation that has the limit.
    pub async fn rate_limit(&self) -> Result<Option<RateLimit>, GitHubError> {
        let call = Call::get("/rate_limit".into(), "the rate limit");
        match self.json::<Limits>(&call).await {
            Ok(Limits { resources: Resources { core } }) => Ok(Some(RateLimit {
                limit: core.limit,
                remaining: core.remaining,
                resets: Timestamp(core.reset.saturating_mul(1000)),
            })),
            Err(GitHubError::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn list(scopes: &str) -> Vec<String> {
    scopes.split(',').map(str::trim).filter(|scope| !scope.is_empty()).map(Into::into).collect()
}
