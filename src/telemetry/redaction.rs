//! Keeps credentials out of what is written: by their form, and word for word where they are known.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};
use secrecy::{ExposeSecret, SecretString};

const REDACTED: &str = "[redacted]";
/// A known secret shorter than this would blot out ordinary words.
const SHORTEST: usize = 6;

/// Credentials that show by their form. The text may be JSON, so quotes may be escaped and line ends written `\n`.
///
/// GitHub: <https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/>; an
/// App's token may hold a JWT. AWS: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html>.
const FORMS: &[&str] = &[
    r"\bgh[pousr]_[A-Za-z0-9_.-]{8,}",
    r"\bgithub_pat_[A-Za-z0-9_]{8,}",
    r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b",
    r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+",
    r"(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)",
    // What follows a telling name. An AWS secret key has no form of its own.
    r#"(?i)(?P<name>(?:secret[_-]?access[_-]?key|session[_-]?token|security[_-]?token|webhook[_-]?secret|x-api-key)\\?["']?\s*[:=]\s*\\?["']?)[A-Za-z0-9/+=_.%-]{8,}"#,
    r"(?i)(?P<scheme>\b(?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{12,}",
];

#[expect(clippy::expect_used, reason = "the pattern is a constant, and a test builds it")]
static CREDENTIAL: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(&FORMS.join("|")).expect("a valid pattern"));

/// Takes credentials out of texts.
#[derive(Debug, Default)]
pub(super) struct Redaction {
    known: Vec<SecretString>,
}

impl Redaction {
    pub(super) fn new(secrets: &[SecretString]) -> Self {
        let known = secrets.iter().map(ExposeSecret::expose_secret);
        let known = known.filter(|secret| secret.len() >= SHORTEST).flat_map(|secret| {
            // As it stands, and as it stands in JSON.
            let quoted = serde_json::to_string(secret).unwrap_or_default();
            [secret.to_owned(), quoted.trim_matches('"').to_owned()]
        });
        let mut known: Vec<String> = known.collect();
        known.dedup();
        Self { known: known.into_iter().map(SecretString::from).collect() }
    }

    pub(super) fn apply<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let mut text = CREDENTIAL.replace_all(text, |found: &Captures<'_>| {
            let kept = found.name("name").or_else(|| found.name("scheme"));
            format!("{}{REDACTED}", kept.map_or("", |kept| kept.as_str()))
        });
        for secret in self.known.iter().map(ExposeSecret::expose_secret) {
            if text.contains(secret) {
                text = Cow::Owned(text.replace(secret, REDACTED));
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redacted(text: &str) -> String {
        Redaction::new(&["It's a \"Secret\" to Everybody".into(), "abc".into()])
            .apply(text)
            .into_owned()
    }

    #[test]
    fn credentials_are_taken_out_and_the_rest_stays() {
        // Made up, and written in two parts so that no scanner takes them for real.
        let cases = [
            (
                "token ghp_",
                "16C7e42F292c6912E7710c838347Ae178B4a failed",
                "token [redacted] failed",
            ),
            ("{\"error\":\"ghs_", "abcdefgh0123\"}", "{\"error\":\"[redacted]\"}"),
            ("github_pat_", "11AAAAAA0abcdefghijk_xyz", "[redacted]"),
            ("key AKIA", "IOSFODNN7EXAMPLE, region", "key [redacted], region"),
            (
                "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/",
                "K7MDENG+bPxRfiCY now",
                "AWS_SECRET_ACCESS_KEY=[redacted] now",
            ),
            (
                r#"{\"SecretAccessKey\": \"wJalrXUtnF"#,
                r#"EMI/K7\"}"#,
                r#"{\"SecretAccessKey\": \"[redacted]\"}"#,
            ),
            ("Authorization: Bearer abcdef", "0123456789.x", "Authorization: Bearer [redacted]"),
            ("eyJhbGciOiJIUzI1NiJ9.", "eyJzdWIiOiIxMjM0NTY3ODkwIn0.abc-_x", "[redacted]"),
            (
                "-----BEGIN RSA PRIVATE KEY-----\\nMIIE",
                "\\n-----END RSA PRIVATE KEY----- rest",
                "[redacted] rest",
            ),
            ("said It's a \"Secret\"", " to Everybody", "said [redacted]"),
            (r#"{"said": "It's a \"Secret\""#, r#" to Everybody"}"#, r#"{"said": "[redacted]"}"#),
        ];
        for (start, rest, expected) in cases {
            assert_eq!(redacted(&format!("{start}{rest}")), expected);
        }
    }

    #[test]
    fn ordinary_words_are_left_alone() {
        for text in [
            "the token needs the permission pull_requests=write",
            "abc is too short to be told from a word",
            "sha256=0123456789abcdef0123456789abcdef",
            "bearer of bad news",
            "ghost_writer went home",
        ] {
            assert_eq!(redacted(text), text);
        }
    }
}
