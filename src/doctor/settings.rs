//! What the settings alone tell: the webhook's secret, the repositories, the credentials, the database.

use std::collections::BTreeSet;

use secrecy::{ExposeSecret, SecretString};

use super::{Check, database};
use crate::config::{Config, CredentialSource, DriverName};
use crate::server::AllowList;

/// Whoever knows the secret can have reviews made. GitHub asks for a random text of high entropy and names no length;
/// twenty random letters hold some 94 bits, more than anybody tries out.
/// <https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries>
const LENGTH: usize = 20;
/// Twenty times the same letter are not random.
const LETTERS: usize = 8;
const FRESH: &str = "`openssl rand -hex 32`";

/// What is known of the webhook's secrets.
#[derive(Clone, Copy)]
pub(super) enum Secrets<'a> {
    Known(&'a [SecretString]),
    /// They are in this secret of Secrets Manager, which was not asked.
    NotRead(&'a str),
    Unreadable(&'a str),
}

pub(super) fn look(config: &Config, secrets: Secrets<'_>) -> Vec<Check> {
    vec![
        settings(config),
        webhook_secret(secrets),
        repositories(&config.allow),
        credentials(&config.github.credentials),
        database::look(config),
    ]
}

/// Whether the credentials are those of a GitHub App.
pub(super) fn is_app(config: &Config) -> bool {
    matches!(
        config.github.credentials,
        CredentialSource::App { .. } | CredentialSource::SecretsManager { app_id: Some(_), .. }
    )
}

fn settings(config: &Config) -> Check {
    let leads = match config.model.driver {
        DriverName::Embedded => "the embedded planner leads",
        DriverName::Bedrock => "a model of Bedrock leads",
        DriverName::Anthropic => "a model of Anthropic leads",
        DriverName::OpenAi => "a model behind OpenAI's protocol leads",
        DriverName::ClaudeCli => "the program `claude` leads",
    };
    let usd = config.budget.usd;
    Check::ok("settings", format!("readable; {leads}, at most ${usd:.2} a pull request"))
}

fn webhook_secret(secrets: Secrets<'_>) -> Check {
    const NAME: &str = "webhook secret";
    let secrets = match secrets {
        Secrets::NotRead(id) => {
            return Check::skipped(
                NAME,
                format!("in Secrets Manager as {id}, which was not asked"),
            );
        }
        Secrets::Unreadable(why) => {
            let fix =
                "put it there with `aws secretsmanager create-secret`, or mend `webhook_secret_id`";
            return Check::failed(NAME, why, fix);
        }
        Secrets::Known(secrets) => secrets,
    };
    let set = "set ECO_CODER_WEBHOOK_SECRET, and the webhook at GitHub, to the output of";
    let Some(shortest) = secrets.iter().map(|secret| secret.expose_secret().chars().count()).min()
    else {
        return Check::failed(
            NAME,
            "there is none, so nobody can sign a delivery",
            format!("{set} {FRESH}"),
        );
    };
    if secrets.iter().any(is_weak) {
        let seen = format!("{shortest} characters, or few different ones: it can be guessed");
        return Check::warning(NAME, seen, format!("{set} {FRESH}"));
    }
    match secrets.len() {
        1 => Check::ok(NAME, format!("{shortest} characters")),
        number => Check::ok(NAME, format!("{number} of them, while one replaces another")),
    }
}

fn is_weak(secret: &SecretString) -> bool {
    let text = secret.expose_secret();
    let letters: BTreeSet<char> = text.chars().collect();
    text.chars().count() < LENGTH || letters.len() < LETTERS
}

fn repositories(allow: &[String]) -> Check {
    const NAME: &str = "repositories";
    let set = "set `allow` under [server], or ECO_CODER_ALLOW, to `owner/name` or `owner/*`";
    let everybody = allow.iter().any(|pattern| pattern.trim() == "*");
    match AllowList::new(allow) {
        Err(error) => Check::failed(NAME, error.to_string(), set),
        Ok(list) if list.is_empty() => {
            Check::failed(NAME, "none is allowed, so none is reviewed", set)
        }
        Ok(_) if everybody => Check::warning(
            NAME,
            "all of them: whoever installs the App has reviews made at your cost",
            set,
        ),
        Ok(_) => Check::ok(NAME, allow.join(", ")),
    }
}

fn credentials(source: &CredentialSource) -> Check {
    const NAME: &str = "credentials";
    match source {
        CredentialSource::Token(_) => Check::ok(NAME, "a token"),
        CredentialSource::App { app_id, .. } => {
            Check::ok(NAME, format!("the key of the App {app_id}"))
        }
        CredentialSource::SecretsManager { secret_id, app_id: None } => {
            Check::ok(NAME, format!("a token in Secrets Manager as {secret_id}"))
        }
        CredentialSource::SecretsManager { secret_id, app_id: Some(app_id) } => Check::ok(
            NAME,
            format!("the key of the App {app_id}, in Secrets Manager as {secret_id}"),
        ),
        CredentialSource::None => Check::failed(
            NAME,
            "there are none, so no comment can be written",
            "set GITHUB_TOKEN, or `app_id` and `app_private_key_file` under [github]",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Outcome;
    use super::*;

    fn outcome_of_secret(text: &str) -> Outcome {
        webhook_secret(Secrets::Known(&[SecretString::from(text)])).outcome
    }

    #[test]
    fn a_secret_that_can_be_guessed_is_told() {
        assert_eq!(outcome_of_secret("hunter2"), Outcome::Warning);
        assert_eq!(outcome_of_secret(&"ab".repeat(20)), Outcome::Warning);
        assert_eq!(outcome_of_secret("3f9a1c0b7d2e48f6a5c1"), Outcome::Ok);
        assert_eq!(webhook_secret(Secrets::Known(&[])).outcome, Outcome::Failed);
    }

    #[test]
    fn one_weak_secret_among_several_is_told() {
        let secrets = ["3f9a1c0b7d2e48f6a5c1", "old"].map(SecretString::from);
        assert_eq!(webhook_secret(Secrets::Known(&secrets)).outcome, Outcome::Warning);
    }

    #[test]
    fn an_allow_list_is_empty_wrong_or_too_wide() {
        let outcome = |patterns: &[&str]| {
            let patterns: Vec<String> = patterns.iter().map(ToString::to_string).collect();
            repositories(&patterns).outcome
        };
        assert_eq!(outcome(&[]), Outcome::Failed);
        assert_eq!(outcome(&["acme"]), Outcome::Failed);
        assert_eq!(outcome(&["acme/*", "*"]), Outcome::Warning);
        assert_eq!(outcome(&["acme/*"]), Outcome::Ok);
    }
}
