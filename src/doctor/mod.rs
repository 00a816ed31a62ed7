//! Looks at settings and at everything that they name, and says each fix. Nothing is changed by a look.

use std::sync::Arc;
use std::time::Duration;

use ::model::ModelDriver;
use contract::Clock;
use futures::future::{BoxFuture, join_all};
use github::GitHub;
use secrecy::SecretString;
use serde::Serialize;
use tokio::time::timeout;

use crate::config::Config;

#[cfg(feature = "aws")]
mod account;
#[cfg(feature = "aws")]
mod aws;
mod clock;
mod database;
mod elsewhere;
mod github_app;
mod github_token;
#[cfg(feature = "aws")]
mod model;
mod page;
#[cfg(feature = "aws")]
mod queue;
#[cfg(feature = "aws")]
mod quota;
mod settings;
#[cfg(feature = "aws")]
mod storage;
mod telemetry;
#[cfg(feature = "aws")]
mod tools;

/// Each look ends by then.
const DEADLINE: Duration = Duration::from_secs(10);

/// What is looked at.
pub struct Subject {
    pub config: Config,
    /// The webhook's secrets, or why they are not to be had.
    pub webhook_secrets: Result<Vec<SecretString>, String>,
    /// The service's own client, or why there is none.
    pub github: Result<GitHub, String>,
    /// A client without credentials.
    pub anybody: Result<GitHub, String>,
    pub clock: Clock,
    /// Ask each model for a token, which costs a little.
    pub probe_model: bool,
    /// The models as the service itself opens them, or why it does not start.
    pub models: Result<Vec<Way>, String>,
    #[cfg(feature = "aws")]
    pub sdk: aws_config::SdkConfig,
    /// The service's own way to Bedrock, or why there is none.
    #[cfg(feature = "aws")]
    pub bedrock: Result<Arc<dyn ModelDriver>, String>,
    /// The models of Bedrock that are asked, in their order.
    #[cfg(feature = "aws")]
    pub bedrock_models: Vec<String>,
}

/// A model, and through whom it is asked.
pub struct Way {
    pub driver: Arc<dyn ModelDriver>,
    pub id: String,
}

/// How a look ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    Ok,
    /// Nothing is known of it, and nothing is said against it.
    Skipped,
    /// It works, and is not as it should be.
    Warning,
    Failed,
}

/// One look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    pub name: String,
    pub outcome: Outcome,
    /// What was seen, or why it was not looked at.
    pub seen: String,
    /// What mends it: one line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

/// What belongs together.
#[derive(Debug, Serialize)]
pub struct Section {
    pub title: &'static str,
    pub checks: Vec<Check>,
}

/// All that was seen.
#[derive(Debug, Serialize)]
pub struct Examination {
    pub sections: Vec<Section>,
}

const SETTINGS: &str = "Settings";

impl Examination {
    /// The settings alone, without a call to anywhere.
    pub fn offline(config: &Config, models: Result<(), String>) -> Self {
        let secrets = match &config.webhook_secret_id {
            Some(id) if config.webhook_secrets.is_empty() => settings::Secrets::NotRead(id),
            _ => settings::Secrets::Known(&config.webhook_secrets),
        };
        let mut checks = settings::look(config, secrets);
        checks.extend(models.err().map(|why| not_opened(&why)));
        let settings = Section { title: SETTINGS, checks };
        let why = "not asked, because of `--offline`";
        let rest = ["GitHub", "AWS", "Model", "Telemetry"]
            .map(|title| Section { title, checks: vec![Check::skipped("all of it", why)] });
        Self { sections: [settings].into_iter().chain(rest).collect() }
    }

    /// Settings that cannot be used, a line for each problem.
    pub fn of_problems(problems: &[String]) -> Self {
        let fix = "mend it in the settings file or in the environment; the rest is looked at then";
        let failed = |problem: &String| Check::failed("settings", problem.clone(), fix);
        let checks = problems.iter().map(failed).collect();
        Self { sections: vec![Section { title: SETTINGS, checks }] }
    }

    /// Everything, side by side.
    pub async fn of(subject: &Subject) -> Self {
        let secrets = match &subject.webhook_secrets {
            Ok(secrets) => settings::Secrets::Known(secrets),
            Err(why) => settings::Secrets::Unreadable(why),
        };
        let mut checks = settings::look(&subject.config, secrets);
        checks.extend(subject.models.as_ref().err().map(|why| not_opened(why)));
        let mut sections = vec![Section { title: SETTINGS, checks }];
        sections.extend(join_all(parts(subject)).await.into_iter().flatten());
        Self { sections }
    }

    pub fn exit_code(&self) -> u8 {
        let has = |outcome: Outcome| {
            move |section: &Section| section.checks.iter().any(|check| check.outcome == outcome)
        };
        let unusable =
            |section: &Section| section.title == SETTINGS && has(Outcome::Failed)(section);
        match () {
            () if self.sections.iter().any(unusable) => 2,
            () if self.sections.iter().any(has(Outcome::Failed)) => 3,
            () if self.sections.iter().any(has(Outcome::Warning)) => 1,
            () => 0,
        }
    }
}

/// The service would end with this at its start.
fn not_opened(why: &str) -> Check {
    Check::failed(
        "models",
        why,
        "mend it in the settings, or in the file that is named; without it, nothing starts",
    )
}

fn parts(subject: &Subject) -> Vec<BoxFuture<'_, Vec<Section>>> {
    let traces: Look<'_> = ("traces", Box::pin(telemetry::look(&subject.config.telemetry)));
    let elsewhere = elsewhere::looks(subject);
    let elsewhere = (!elsewhere.is_empty()).then(|| section("Models elsewhere", elsewhere));
    let mut parts = vec![
        section("GitHub", github_looks(subject)),
        #[cfg(feature = "aws")]
        Box::pin(aws::sections(subject)),
    ];
    parts.extend(elsewhere);
    parts.push(section("Telemetry", vec![traces]));
    parts
}

fn github_looks(subject: &Subject) -> Vec<Look<'_>> {
    let mut looks: Vec<Look<'_>> = vec![("clock", Box::pin(clock::look(subject)))];
    match &subject.github {
        Ok(github) if settings::is_app(&subject.config) => {
            looks.extend(github_app::looks(github, subject));
        }
        Ok(github) => looks.push(("token", Box::pin(github_token::look(github, subject)))),
        Err(why) => {
            let fix = "give a token or an App's key that can be read, as docs/deploy.md says";
            let failed = vec![Check::failed("credentials", why.clone(), fix)];
            looks.push(("credentials", Box::pin(std::future::ready(failed))));
        }
    }
    looks
}

/// A name for where it does not end, and what it sees.
type Look<'a> = (&'static str, BoxFuture<'a, Vec<Check>>);

fn section<'a>(title: &'static str, looks: Vec<Look<'a>>) -> BoxFuture<'a, Vec<Section>> {
    Box::pin(async move { vec![Section { title, checks: side_by_side(looks).await }] })
}

async fn side_by_side(looks: Vec<Look<'_>>) -> Vec<Check> {
    let looked = looks.into_iter().map(|(name, look)| async move {
        timeout(DEADLINE, look).await.unwrap_or_else(|_| vec![Check::late(name)])
    });
    join_all(looked).await.concat()
}

impl Check {
    fn ok(name: impl Into<String>, seen: impl Into<String>) -> Self {
        Self { name: name.into(), outcome: Outcome::Ok, seen: seen.into(), fix: None }
    }

    fn skipped(name: impl Into<String>, why: impl Into<String>) -> Self {
        Self { outcome: Outcome::Skipped, ..Self::ok(name, why) }
    }

    fn warning(name: impl Into<String>, seen: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { outcome: Outcome::Warning, ..Self::ok(name, seen) }.mended_by(fix)
    }

    fn failed(name: impl Into<String>, seen: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { outcome: Outcome::Failed, ..Self::ok(name, seen) }.mended_by(fix)
    }

    fn late(name: &str) -> Self {
        let seen = format!("no answer within {} s", DEADLINE.as_secs());
        Self::failed(name, seen, "see that this machine can reach it: address, proxy, firewall")
    }

    fn mended_by(self, fix: impl Into<String>) -> Self {
        Self { fix: Some(fix.into()), ..self }
    }
}
