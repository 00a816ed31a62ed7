//! What can go wrong with GitHub, by what the caller does about it.

use contract::Timestamp;

/// A call that did not work. Never holds a credential.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GitHubError {
    #[error(
        "{0} does not exist on GitHub, or the token may not see it (a private repository needs read access to contents and pull requests)"
    )]
    NotFound(String),
    #[error(
        "GitHub refused the credentials; give a token that has not expired, or check the id and the private key of the App"
    )]
    Unauthorized,
    #[error("GitHub forbids this: {0}")]
    Forbidden(String),
    #[error("GitHub's rate limit is used up; try again after {}", .retry_at.rfc3339())]
    RateLimited { retry_at: Timestamp },
    #[error("{0}")]
    TooLarge(String),
    #[error("{0}")]
    Invalid(String),
    #[error("{0} needs the id and the private key of a GitHub App; a token may not ask for it")]
    NeedsApp(String),
    #[error("another worker has taken this review over, so this one writes nothing more")]
    NotOurs,
    #[error("GitHub cannot be reached: {0}")]
    Unavailable(String),
}

impl GitHubError {
    /// Whether the request may have taken effect although it failed.
    pub(crate) fn is_ambiguous(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}
