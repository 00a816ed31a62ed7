//! One GitHub client: reads a pull request and what its CI left behind, and keeps one comment and one check run up to date.

pub mod app;
pub mod artifacts;
pub mod change;
pub mod check_runs;
pub mod client;
pub mod comments;
pub mod deliveries;
pub mod error;
pub mod installation;
pub mod pull_request;
pub mod rate_limit;
pub mod redelivery;
pub mod shorten;
pub mod token;
pub mod tool;
pub mod upsert;

mod call;
mod clock;
mod exchange;
mod names;
mod patch;
mod route;

pub use app::{App, HookConfig, Installation, Permissions};
pub use artifacts::ArtifactCaps;
pub use change::{Fetched, Limits};
pub use check_runs::{Annotation, AnnotationLevel, CheckRun, Conclusion};
pub use client::{Credentials, GitHub, StillOurs};
pub use comments::{Author, Comment};
pub use deliveries::FailedDelivery;
pub use error::GitHubError;
pub use pull_request::{Commit, FileEntry, Files, FolderFile, PullRequest};
pub use rate_limit::Patience;
pub use redelivery::{Redelivered, RedeliveryLimits};
pub use shorten::{COMMENT_LIMIT, shorten};
pub use token::{RateLimit, TokenIdentity};
pub use tool::{Compose, Keep, KeptReport, PostGitHubComment};
pub use upsert::Posted;
