//! The name of a code review: unique for a commit of a pull request, and the same whenever it is asked for again.

use contract::{Binding, hexadecimal};
use sha2::{Digest, Sha256};

/// CodeGuru takes `[a-zA-Z0-9-_]{1,100}`, unique in the account.
const LONGEST: usize = 100;

/// As `eco-coder-owner-name-pr7-0123456789ab-1f2e3d4c`.
pub(crate) fn review_name(binding: &Binding, base_sha: &str) -> String {
    let pull_request =
        binding.pull_request.map_or_else(|| "branch".to_owned(), |number| format!("pr{number}"));
    let sha: String = legal(&binding.head_sha).chars().take(12).collect();
    let tail = format!("-{pull_request}-{sha}-{}", fingerprint(binding, base_sha));
    let head: String = format!("eco-coder-{}", legal(&binding.repository))
        .chars()
        .take(LONGEST - tail.len())
        .collect();
    head + &tail
}

/// Tells apart what the legal characters and the cut make alike.
fn fingerprint(binding: &Binding, base_sha: &str) -> String {
    let pull_request = binding.pull_request.unwrap_or_default();
    let whole = format!(
        "{}\n{}\n{pull_request}\n{}\n{base_sha}",
        binding.repository_arn, binding.repository, binding.head_sha
    );
    short_hash(&whole, 8)
}

/// The first hexadecimal digits of SHA-256.
pub(crate) fn short_hash(text: &str, digits: usize) -> String {
    let digest = hexadecimal::encode(&Sha256::digest(text.as_bytes()));
    digest.chars().take(digits).collect()
}

fn legal(text: &str) -> String {
    text.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn binding(repository: &str) -> Binding {
        Binding {
            repository: repository.into(),
            repository_arn: "arn:aws:codeguru-reviewer:us-east-1:123456789012:association:a".into(),
            pull_request: Some(7),
            branch: "feature".into(),
            head_sha: "0123456789abcdef0123456789abcdef01234567".into(),
            profiling_group: None,
        }
    }

    #[test]
    fn a_name_says_what_was_reviewed() {
        insta::assert_snapshot!(review_name(&binding("octo/hello.world"), "base"), @"eco-coder-octo-hello-world-pr7-0123456789ab-c6fbbd8a");
    }

    #[test]
    fn a_name_is_legal_however_long_or_odd_the_repository() {
        for repository in
            [format!("octo/{}", "x".repeat(300)), "octo/ünï.cödé".into(), String::new()]
        {
            let name = review_name(&binding(&repository), "base");
            assert!(name.len() <= LONGEST, "{name}");
            assert!(
                name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_'),
                "{name}"
            );
        }
    }

    #[test]
    fn two_changes_never_share_a_name_and_one_keeps_its_own() {
        assert_eq!(review_name(&binding("a/b"), "base"), review_name(&binding("a/b"), "base"));
        assert_ne!(review_name(&binding("a/b.c"), "base"), review_name(&binding("a/b-c"), "base"));
        assert_ne!(
            review_name(&binding("a/b"), "base"),
            review_name(&binding("a/b"), "other base")
        );
    }
}
