//! The client against a GitHub that keeps state, fails on demand, and is as strict as the real one.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests stop the test")]

#[cfg(test)]
#[path = "../../../tests/world/github.rs"]
#[expect(dead_code, unreachable_pub, reason = "the whole service's tests use the rest")]
mod fake;

mod client {
    mod access;
    mod app;
    mod checks;
    mod comments;
    mod deliveries;
    mod racing;
    mod reading;
    mod tool;
}

use std::time::Duration;

use contract::Timestamp;
use fake::{FakeGitHub, PullRequestSpec, TOKEN, Tree, tree};
use github::{Credentials, GitHub, Patience};

const MARKER: &str = "<!-- eco-coder:v1 -->";

fn clock() -> Timestamp {
    Timestamp::parse_rfc3339("2026-11-21T16:00:00Z").unwrap()
}

/// Waits a thousandth of what GitHub asks for.
fn client_with(fake: &FakeGitHub, credentials: Credentials) -> GitHub {
    let patience =
        Patience { scale: 0.001, attempt: Duration::from_secs(5), ..Patience::default() };
    GitHub::new(fake.url(), credentials, clock).unwrap().with_patience(patience)
}

fn client(fake: &FakeGitHub) -> GitHub {
    client_with(fake, Credentials::Token(TOKEN.into()))
}

/// A client of the fake's App.
fn app(fake: &FakeGitHub) -> GitHub {
    let key = fake::app::app_private_key();
    client_with(fake, Credentials::App { app_id: fake::APP_ID, private_key_pem: key.into() })
}

fn small() -> PullRequestSpec {
    PullRequestSpec {
        base: tree([("a.py", "one\ntwo\n")]),
        head: tree([("a.py", "one\n2\n")]),
        ..PullRequestSpec::default()
    }
}

fn texts(files: &[(&str, &str)]) -> Tree {
    tree(files.iter().copied())
}
