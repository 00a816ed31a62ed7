//! The models: whether Bedrock has them, for how long yet, and on demand whether they answer.

use aws_sdk_bedrock::Client;
use aws_sdk_bedrock::types::FoundationModelLifecycleStatus;
use chrono::{DateTime, NaiveDate};

use super::aws::{Asked, Refusal};
use super::elsewhere::one_token;
use super::{Check, Look, Subject, quota};
use crate::config::DriverName;
use model::{Cause, ModelError, catalog};

/// What Bedrock says of a model's life.
struct Life {
    status: FoundationModelLifecycleStatus,
    ends: Option<NaiveDate>,
}

fn embedded() -> Check {
    Check::skipped("models", "the embedded planner leads, and none of Bedrock is asked")
}

/// What is said of models that no service of AWS serves.
pub(super) fn elsewhere(driver: DriverName) -> Check {
    if driver == DriverName::Embedded {
        return embedded();
    }
    Check::skipped("models", "the settings name none of Bedrock")
}

pub(super) fn looks(subject: &Subject) -> Vec<Look<'_>> {
    let ids = &subject.bedrock_models;
    if ids.is_empty() {
        let none = elsewhere(subject.config.model.driver);
        return vec![("models", Box::pin(std::future::ready(vec![none])))];
    }
    let mut looks: Vec<Look<'_>> = Vec::new();
    for id in ids {
        looks.push(("model", Box::pin(async move { vec![life(subject, id).await] })));
    }
    looks.push(("model quotas", Box::pin(quota::of_models(&subject.sdk, ids.clone()))));
    if !subject.probe_model {
        let why = "not sent; `eco-coder doctor --probe-model` asks each model for one token, for a fraction of a cent";
        looks.push(("probe", Box::pin(std::future::ready(vec![Check::skipped("probe", why)]))));
        return looks;
    }
    looks.extend(ids.iter().map(|id| -> Look<'_> {
        ("probe", Box::pin(async move { vec![probe(subject, id).await] }))
    }));
    looks
}

async fn life(subject: &Subject, id: &str) -> Check {
    let today = date((subject.clock)().seconds());
    let client = Client::new(&subject.sdk);
    let base = match base_of(&client, id).await {
        Ok(base) => base,
        Err(check) => return lost(*check, id, today),
    };
    let what = format!("foundation-model/{base}");
    let asked = Asked {
        name: "model",
        what: &what,
        action: "bedrock:GetFoundationModel",
        is_vital: false,
        absent: "",
    };
    match client.get_foundation_model().model_identifier(&base).send().await {
        Ok(answer) => {
            let life = answer.model_details.and_then(|model| model.model_lifecycle);
            let life = life.map(|life| Life {
                ends: life.end_of_life_time.map(|end| date(end.secs())),
                status: life.status,
            });
            judged(id, life.as_ref(), today)
        }
        // A global profile sends to regions whose models this one may not have.
        Err(error) if matches!(Refusal::of(&error), Refusal::Absent) && base != id => {
            judged(id, None, today)
        }
        Err(error) => lost(asked.refused(&error), id, today),
    }
}

/// The model behind an inference profile, or the model itself.
async fn base_of(client: &Client, id: &str) -> Result<String, Box<Check>> {
    let name = id.rsplit_once('/').map_or(id, |(_, name)| name);
    let is_profile = id.contains("inference-profile/") || catalog::without_geography(name) != name;
    if !is_profile {
        return Ok(name.to_owned());
    }
    let what = format!("inference-profile/{name}");
    let action = "bedrock:GetInferenceProfile";
    let asked = Asked { name: "model", what: &what, action, is_vital: false, absent: "" };
    let answer = client.get_inference_profile().inference_profile_identifier(id).send().await;
    let profile = answer.map_err(|error| Box::new(asked.refused(&error)))?;
    let model = profile.models().first().and_then(|model| model.model_arn());
    let base = model.and_then(|arn| arn.rsplit('/').next());
    Ok(base.unwrap_or_else(|| catalog::without_geography(name)).to_owned())
}

/// A refusal, with what our own table knows.
fn lost(check: Check, id: &str, today: NaiveDate) -> Check {
    let ended = catalog::lookup(id).lifecycle_end.filter(|end| *end <= today);
    match (ended, check.fix.as_deref()) {
        (Some(end), _) => {
            Check::failed(check.name, format!("{id} has ended on {end}"), instead(id, today))
        }
        // An absence, whose fix is another model.
        (None, Some("")) => {
            let seen = format!("{id}: Bedrock has no such model in this region");
            Check::failed(check.name, seen, instead(id, today))
        }
        (None, _) => Check { seen: format!("{id}: {}", check.seen), ..check },
    }
}

fn judged(id: &str, life: Option<&Life>, today: NaiveDate) -> Check {
    const NAME: &str = "model";
    let known = catalog::lookup(id).lifecycle_end;
    let ends = life.and_then(|life| life.ends);
    let legacy = life.is_some_and(|life| life.status == FoundationModelLifecycleStatus::Legacy);
    match (ends, known) {
        (Some(end), _) if end <= today => {
            Check::failed(NAME, format!("{id} has ended on {end}"), instead(id, today))
        }
        // Without Bedrock's word ours counts.
        (None, Some(end)) if life.is_none() && end <= today => {
            Check::failed(NAME, format!("{id} has ended on {end}"), instead(id, today))
        }
        _ if legacy => {
            let until =
                ends.or(known).map_or_else(String::new, |end| format!(", and ends on {end}"));
            Check::warning(NAME, format!("{id} is legacy{until}"), instead(id, today))
        }
        _ if life.is_some() => Check::ok(NAME, format!("{id}, active")),
        _ => Check::ok(NAME, format!("{id}, called through its profile")),
    }
}

/// What to put in a model's place: ours of the same vendor, or else the first of ours.
fn instead(id: &str, today: NaiveDate) -> String {
    let vendor = catalog::lookup(id).vendor;
    let alive = |id: &&str| catalog::lookup(id).lifecycle_end.is_none_or(|end| end > today);
    let ours: Vec<&str> = catalog::default_models().iter().copied().filter(alive).collect();
    let same = ours.iter().find(|other| catalog::lookup(other).vendor == vendor);
    let other = same.or_else(|| ours.first()).copied().unwrap_or("another model");
    format!("put {other} in its place, in ECO_CODER_MODELS or `models` under [model]")
}

/// One token, because only a call tells whether IAM and the model's terms allow calls.
async fn probe(subject: &Subject, id: &str) -> Check {
    let driver = match &subject.bedrock {
        Ok(driver) => driver,
        Err(why) => return Check::skipped("probe", why.clone()),
    };
    let refused = one_token(driver, id).await.err();
    refused.map_or_else(|| Check::ok("probe", format!("{id} answers")), |error| told(id, &error))
}

fn told(id: &str, error: &ModelError) -> Check {
    const NAME: &str = "probe";
    match error.cause {
        Cause::Auth => Check::failed(
            NAME,
            format!("{id}: access denied"),
            "allow bedrock:InvokeModel on the inference profile and on its model in every region that it sends to; for models with terms, accept them in Bedrock's model catalog",
        ),
        Cause::NotServed => {
            let fix = "see the line about the model above";
            Check::failed(NAME, format!("{id}: Bedrock has no such model in this region"), fix)
        }
        _ => {
            let fix = "the models after it are asked instead; see docs/runbooks.md#throttling if it lasts";
            Check::warning(NAME, format!("{id}: {error}"), fix)
        }
    }
}

fn date(seconds: i64) -> NaiveDate {
    DateTime::from_timestamp(seconds, 0).unwrap_or_default().date_naive()
}

#[cfg(test)]
mod tests {
    use super::super::Outcome;
    use super::*;

    const TODAY: &str = "2026-11-21";

    fn check(id: &str, status: FoundationModelLifecycleStatus, ends: Option<&str>) -> Check {
        let life = Life { status, ends: ends.map(|end| end.parse().unwrap()) };
        judged(id, Some(&life), TODAY.parse().unwrap())
    }

    #[test]
    fn a_model_is_active_legacy_or_over() {
        use FoundationModelLifecycleStatus::{Active, Legacy};
        let id = "us.anthropic.claude-sonnet-5-5";
        assert_eq!(check(id, Active, None).outcome, Outcome::Ok);
        assert_eq!(check(id, Active, Some("2027-11-21")).outcome, Outcome::Ok);
        let legacy = check(id, Legacy, Some("2027-01-08"));
        assert_eq!(legacy.outcome, Outcome::Warning);
        assert_eq!(legacy.seen, "us.anthropic.claude-sonnet-5-5 is legacy, and ends on 2027-01-08");
        assert_eq!(check(id, Legacy, Some(TODAY)).outcome, Outcome::Failed);
    }

    #[test]
    fn our_own_table_counts_only_where_bedrock_says_nothing() {
        let gone = "us.anthropic.claude-sonnet-4-20250514-v1:0";
        let today = TODAY.parse().unwrap();
        assert_eq!(judged(gone, None, today).outcome, Outcome::Failed);
        let active = FoundationModelLifecycleStatus::Active;
        assert_eq!(check(gone, active, None).outcome, Outcome::Ok);
    }

    #[test]
    fn a_model_is_replaced_by_ours_of_the_same_vendor() {
        let today = TODAY.parse().unwrap();
        assert!(instead("amazon.nova-pro-v1:0", today).contains("global.amazon.nova-2-lite-v1:0"));
        assert!(instead("meta.llama3-1-8b-instruct-v1:0", today).contains("claude-sonnet-5-5"));
    }
}
