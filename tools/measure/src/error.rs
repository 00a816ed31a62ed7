//! Why nothing was measured, in the words of the person who can change it.

use std::path::PathBuf;
use std::time::Duration;

use crate::request::Side;

/// A measurement that did not come about.
#[derive(Debug, thiserror::Error)]
pub enum MeasureError {
    #[error("{0}")]
    Request(String),
    #[error("{path} is not inside a git repository")]
    NoRepository { path: PathBuf },
    #[error(
        "{revision:?}, the {side} revision, names no commit in {repository} (in CI, fetch the full history: `fetch-depth: 0`)"
    )]
    UnknownRevision { side: Side, revision: String, repository: PathBuf },
    #[error("git {command}: {said}")]
    Git { command: String, said: String },
    #[error("{path}: {source}")]
    State { path: PathBuf, source: std::io::Error },
    #[error(
        "{what} on {side}: there is no program {program:?} (install it, or correct the command)"
    )]
    MissingCommand { what: String, side: Side, program: String },
    #[error("{what} on {side} cannot be started: {source}")]
    Start { what: String, side: Side, source: std::io::Error },
    #[error("{what} fails on {side} with {status}{}", last_lines(.output))]
    Failed { what: String, side: Side, status: String, output: String },
    #[error("{what} on {side} took longer than {} s and was stopped{}", .limit.as_secs_f64(), last_lines(.output))]
    TooLong { what: String, side: Side, limit: Duration, output: String },
    #[error("{what}: {why}")]
    NothingToCompare { what: String, why: String },
    #[error("interrupted; nothing is left behind")]
    Interrupted,
}

fn last_lines(output: &str) -> String {
    if output.is_empty() {
        return "; it printed nothing".to_owned();
    }
    format!("; it printed last:\n{output}")
}
