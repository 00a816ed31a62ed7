//! Keeps credentials out of what is written: by their form, and word for word where they are known.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::LazyLock;

use regex::{Captures, Regex};
use secrecy::{ExposeSecret, SecretString};

use super::{encoded, runs};

const REDACTED: &str = "[redacted]";
/// A known secret shorter than this would blot out ordinary words.
const SHORTEST: usize = 6;

/// Credentials that show by their form.
///
/// A text may be JSON in JSON, so quotes may bear any number of backslashes and line ends be written `\n`; or it may be part of
/// an address, with `%20` for a space. What stands before a credential is then a letter or a digit, so few forms ask for the
/// beginning of a word: better a word too many is taken out than a credential too few.
///
/// GitHub: <https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/>; an
/// App's token may hold a JWT. AWS: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html>.
const FORMS: &[&str] = &[
    r"gh[pousr]_[A-Za-z0-9_.-]{8,}",
    r"github_pat_[A-Za-z0-9_]{8,}",
    r"(?:AKIA|ASIA)[A-Z0-9]{16}",
    // Bedrock's API keys.
    r"ABSK[A-Za-z0-9+/=]{20,}|bedrock-api-key-[A-Za-z0-9+/=_-]{20,}",
    // Anthropic's, OpenAI's and their like's; `task-1` is none.
    r"(?P<before>^|[^A-Za-z0-9]|\\[bfnrt]|\\u[0-9A-Fa-f]{4}|%[0-9A-Fa-f]{2})sk-[A-Za-z0-9_-]{16,}",
    // This gateway's own.
    r"eco-[0-9a-f]{64}",
    // Cut off, it still holds what it says.
    r"eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){1,4}",
    // To its end or, where that is cut off, as far as it may be one.
    r"-----BEGIN[A-Z0-9 %+]*PRIVATE(?: |%20|\+)KEY[A-Z0-9 %+]*-----(?:[A-Za-z0-9+/=:,%\s]|\\+[nrt]|-[A-Za-z0-9])*(?:-----END[A-Z0-9 %+]*-----)?",
    // What follows a telling name. An AWS secret key has no form of its own.
    r#"(?i)(?P<name>(?:secret[_-]?access[_-]?key|session[_-]?token|security[_-]?token|access[_-]?token|auth[_-]?token|webhook[_-]?secret|client[_-]?secret|secret[_-]?key|api[_-]?key|password|passwd)\\*(?:["']|%22|%27)?(?:\s|%20|\+)*(?:[:=]|%3A|%3D)(?:\s|%20|\+|\\+[nrt])*\\*(?:["']|%22|%27)?)[^\s"'\\,;&<>(){}\[\]]{8,}"#,
    // Short ones are judged below.
    r"(?i)(?P<scheme>(?:bearer|basic)(?:\s|%20|\+|\\+[nrt])+)[A-Za-z0-9._~+/=%-]{4,}",
    // A password in an address, as it stands and as a part of another address.
    r#"(?P<url>:(?:\\*/){2}[^\s/:@"'\\]*:)[^\s/@"'\\]+@"#,
    r#"(?i)(?P<encoded>%3A%2F%2F[^\s%"'\\]*%3A)[^\s"'\\]+?%40"#,
];

/// What is kept of a credential's surroundings, and with what it is closed.
const SURROUNDINGS: [(&str, &str); 5] =
    [("name", ""), ("scheme", ""), ("before", ""), ("url", "@"), ("encoded", "%40")];
/// Of a bearer's token; what follows `Basic` shows by what it holds.
const SHORTEST_TOKEN: usize = 12;

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
        let mut names_a_key = false;
        let mut text = CREDENTIAL.replace_all(text, |found: &Captures<'_>| {
            let whole = found.get_match();
            names_a_key |= is_key_id(whole.as_str());
            let kept = SURROUNDINGS.into_iter().find_map(|(group, after)| {
                found.name(group).map(|before| (before.as_str(), after))
            });
            let (before, after) = kept.unwrap_or_default();
            if is_word(&whole.as_str()[before.len()..], before, &text[..whole.start()]) {
                return whole.as_str().to_owned();
            }
            format!("{before}{REDACTED}{after}")
        });
        for secret in self.known.iter().map(ExposeSecret::expose_secret) {
            if text.contains(secret) {
                text = Cow::Owned(text.replace(secret, REDACTED));
            }
        }
        let is_secret = |clear: &str| {
            CREDENTIAL.is_match(clear)
                || self.known.iter().any(|secret| clear.contains(secret.expose_secret()))
        };
        let places = encoded::holding(&text, is_secret);
        text = without(text, &places);
        if names_a_key {
            let places = secret_keys(&text);
            text = without(text, &places);
        }
        text
    }
}

/// Whether what looks like a credential is a word of a sentence: `laughs_heartily`, `basic authentication`.
fn is_word(found: &str, scheme: &str, before: &str) -> bool {
    let plain =
        |text: &str| text.bytes().all(|byte| byte.is_ascii_lowercase() || b"_.-".contains(&byte));
    match scheme.as_bytes().first() {
        Some(b'b' | b'B') if is_scheme(scheme, "bearer") => found.len() < SHORTEST_TOKEN,
        Some(b'b' | b'B') if is_scheme(scheme, "basic") => {
            let holds_a_password =
                || encoded::clear(found).is_some_and(|clear| clear.contains(':'));
            (found.len() < SHORTEST_TOKEN || plain(found)) && !holds_a_password()
        }
        None if found.starts_with("gh") => {
            // The letter of `\n` is none of a word.
            let escaped = before.len() > 1 && before[..before.len() - 1].ends_with('\\');
            before.ends_with(|last: char| last.is_ascii_lowercase()) && !escaped && plain(found)
        }
        _ => false,
    }
}

fn is_scheme(text: &str, scheme: &str) -> bool {
    text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
}

fn is_key_id(found: &str) -> bool {
    found.len() == 20 && (found.starts_with("AKIA") || found.starts_with("ASIA"))
}

const SECRET_KEY_LENGTH: usize = 40;
/// So many characters of Base64 beside an access key's id are its secret, named or not; the form is that of the example in
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html>.
static SECRET_KEY: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\\+[bfnrt]|(?:[A-Za-z0-9+]|\\*/|%2[BbFf])+").ok());

fn secret_keys(text: &str) -> Vec<Range<usize>> {
    let Some(form) = &*SECRET_KEY else { return Vec::new() };
    // No byte of a run is another than these, so what is shorter between others need not be taken apart.
    let of_runs = |byte: u8| byte.is_ascii_alphanumeric() || b"+/\\%".contains(&byte);
    let mut keys = Vec::new();
    for place in runs::at_least(SECRET_KEY_LENGTH, text.as_bytes(), of_runs) {
        let start = place.start;
        let found = form.find_iter(&text[place]).filter(|run| is_secret_key(run.as_str()));
        keys.extend(found.map(|run| start + run.start()..start + run.end()));
    }
    keys
}

/// Most runs are words, and too short. Percent signs and backslashes only make a run longer.
fn is_secret_key(run: &str) -> bool {
    if run.len() < SECRET_KEY_LENGTH {
        return false;
    }
    let bare = run.replace("%2B", "+").replace("%2b", "+").replace("%2F", "/").replace("%2f", "/");
    let bare = bare.replace('\\', "");
    let has = |kind: fn(&u8) -> bool| bare.as_bytes().iter().any(kind);
    bare.len() == SECRET_KEY_LENGTH
        && has(u8::is_ascii_lowercase)
        && has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_digit)
}

fn without<'a>(text: Cow<'a, str>, places: &[Range<usize>]) -> Cow<'a, str> {
    if places.is_empty() {
        return text;
    }
    let (mut kept, mut from) = (String::with_capacity(text.len()), 0);
    for place in places {
        kept.push_str(&text[from..place.start]);
        kept.push_str(REDACTED);
        from = place.end;
    }
    kept.push_str(&text[from..]);
    Cow::Owned(kept)
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
            (r"first line\nghp_", "16C7e42F292c6912E7710c83", r"first line\n[redacted]"),
            ("?key=x%20AKIA", "IOSFODNN7EXAMPLE", "?key=x%20[redacted]"),
            (
                r#"{\\\"api_key\\\": \\\"9f86"#,
                r#"d081884c\\\"}"#,
                r#"{\\\"api_key\\\": \\\"[redacted]\\\"}"#,
            ),
            (r"one\nsk-ant-", "api03-0123456789abcdef", r"one\n[redacted]"),
            (
                "Authorization: Basic%20",
                "dXNlcjpwYXNzd29yZA==",
                "Authorization: Basic%20[redacted]",
            ),
            ("postgres://app:hunter2", "hunter2@db/shop", "postgres://app:[redacted]@db/shop"),
            ("https%3A%2F%2Fme%3Apa", "ss%40host%2F", "https%3A%2F%2Fme%3A[redacted]%40host%2F"),
            (
                r#""key":"-----BEGIN PRIVATE KEY-----\\nMII"#,
                r#"Ecut off""#,
                r#""key":"[redacted]""#,
            ),
            ("eyJhbGciOiJIUzI1NiJ9.", "eyJzdWIiOiIx", "[redacted]"),
            ("said It's a \"Secret\"", " to Everybody", "said [redacted]"),
            ("Authorization: Basic bWU6", "cHc=", "Authorization: Basic [redacted]"),
            (
                r#"{\"authorization\": \"Basic bWU6"#,
                r#"cHc\"}"#,
                r#"{\"authorization\": \"Basic [redacted]\"}"#,
            ),
            ("laughs ghp_", "sixteenletterswithoutacapital", "laughs [redacted]"),
            (r"\nghp_", "sixteenletterswithoutacapital", r"\n[redacted]"),
            ("xghp_16C7e42F", "292c6912E7710c838347Ae178B4a", "x[redacted]"),
            (
                "in Base64: dGhlIGtleSBBS0lBSU",
                "9TRk9ETk43RVhBTVBMRQ==, so",
                "in Base64: [redacted], so",
            ),
            (
                "{\"auth\":\"cGFzc3dvcmQ9aHVu",
                "dGVyMmh1bnRlcjItbW9yZQ\"}",
                "{\"auth\":\"[redacted]\"}",
            ),
            (
                "(AKIAIOSFODNN7EXAMPLE, wJalrXUtnFEMI/",
                "K7MDENG/bPxRfiCYEXAMPLEKEY)",
                "([redacted], [redacted])",
            ),
            (
                r"AKIAIOSFODNN7EXAMPLE\nwJalrXUtnFEMI\/",
                r"K7MDENG%2FbPxRfiCYEXAMPLEKEY",
                r"[redacted]\n[redacted]",
            ),
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
            "task-0123456789abcdef and a risk-0123456789abcdef",
            "https://example.com:8080/a@b and postgres://db/shop",
            "the password is: required",
            "she laughs_heartily_at_all_of_it and sighs_deeply.afterwards",
            "basic authentication is off, and so is Authorization: Basic auth",
            "dGhlcmUgaXMgbm90aGluZyB0byBzZWUgaGVyZSwgbW92ZSBvbg==",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY without an id beside it",
        ] {
            assert_eq!(redacted(text), text);
        }
    }
}
