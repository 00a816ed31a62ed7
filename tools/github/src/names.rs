//! Checks names that come from outside before they become part of a URL.

use std::fmt::Write;

use crate::GitHubError;

/// `owner/name` in GitHub's own alphabet, as the path `/repos/owner/name`.
pub(crate) fn repository_path(repository: &str) -> Result<String, GitHubError> {
    let (owner, name) = split(repository)?;
    Ok(format!("/repos/{owner}/{name}"))
}

/// The name without its owner.
pub(crate) fn repository_name(repository: &str) -> Result<&str, GitHubError> {
    split(repository).map(|(_, name)| name)
}

fn split(repository: &str) -> Result<(&str, &str), GitHubError> {
    let parts = repository.split_once('/').filter(|(owner, name)| is_owner(owner) && is_name(name));
    parts.ok_or_else(|| {
        GitHubError::Invalid(format!(
            "{:?} is not a repository; write it as owner/name",
            excerpt(repository)
        ))
    })
}

/// Enterprise accounts have `_` in their names; ordinary ones letters, digits and hyphens.
fn is_owner(owner: &str) -> bool {
    (1..=100).contains(&owner.len())
        && owner.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

fn is_name(name: &str) -> bool {
    let charset =
        name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    (1..=100).contains(&name.len()) && charset && name != "." && name != ".."
}

/// A commit id, and nothing that could be read as a path.
pub(crate) fn commit(sha: &str) -> Result<&str, GitHubError> {
    if (7..=64).contains(&sha.len()) && sha.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Ok(sha);
    }
    Err(GitHubError::Invalid(format!("{:?} is not a commit id", excerpt(sha))))
}

/// A file's path with each segment percent-encoded. `..` would lead to another resource, so it is refused.
pub(crate) fn encode_path(path: &str) -> Result<String, GitHubError> {
    if path.is_empty() || path.split('/').any(|segment| matches!(segment, "" | "." | "..")) {
        return Err(GitHubError::Invalid(format!(
            "{:?} is not a path of a file in a repository",
            excerpt(path)
        )));
    }
    Ok(path.split('/').map(encode).collect::<Vec<_>>().join("/"))
}

/// Percent-encodes all but the unreserved characters of RFC 3986.
pub(crate) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            // Writing to a `String` cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// The start of a text, short enough for a message.
pub(crate) fn excerpt(text: &str) -> String {
    let mut characters = text.chars();
    let start: String = characters.by_ref().take(200).collect();
    if characters.next().is_some() { format!("{start}…") } else { start }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_repository_name_becomes_part_of_a_url() {
        assert_eq!(repository_path("octo-org/shop.js").unwrap(), "/repos/octo-org/shop.js");
        for hostile in [
            "",
            "shop",
            "octo/",
            "/shop",
            "octo/..",
            "octo/shop/..",
            "octo/shop?x=1",
            "octo/sh op",
            "octo/shöp",
            "../octo/shop",
            "o.o/shop",
            "octo/shop#",
        ] {
            let error = repository_path(hostile).unwrap_err().to_string();
            assert!(
                error.ends_with("is not a repository; write it as owner/name"),
                "{hostile}: {error}"
            );
        }
    }

    #[test]
    fn a_hostile_path_stays_one_path() {
        assert_eq!(encode_path("src/a b#c?d%e/ü.py").unwrap(), "src/a%20b%23c%3Fd%25e/%C3%BC.py");
        for hostile in ["", "/etc/passwd", "../../user", "a/./b", "a//b", "a/"] {
            assert!(encode_path(hostile).is_err(), "{hostile}");
        }
    }

    #[test]
    fn a_commit_is_hexadecimal() {
        assert!(commit("0123456789abcdef0123456789abcdef01234567").is_ok());
        assert!(commit("main").is_err());
        assert!(commit("../../../user").is_err());
    }
}
