//! One GitHub client: reads a pull request and what its CI left behind, and keeps one comment up to date.

pub mod artifacts;
pub mod change;
pub mod client;
pub mod comments;
pub mod error;
pub mod installation;
pub mod pull_request;
pub mod rate_limit;
pub mod shorten;
pub mod tool;

mod call;
mod exchange;
mod names;
mod patch;

pub use artifacts::ArtifactCaps;
pub use change::{Fetched, Limits};
pub use client::{Credentials, GitHub};
pub use comments::{Author, Comment, Posted};
pub use error::GitHubError;
pub use pull_request::{Commit, FileEntry, Files, PullRequest};
pub use rate_limit::Patience;
pub use shorten::{COMMENT_LIMIT, shorten};
pub use tool::{Compose, Keep, KeptReport, PostGitHubComment};
