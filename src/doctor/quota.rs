//! What the account's quotas allow: functions at the same moment, and each model's tokens and requests a minute.

use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_servicequotas::Client;
use aws_sdk_servicequotas::types::ServiceQuota;
use tokio::time::timeout;

use super::Check;
use super::aws::Asked;
use model::catalog;

const CONCURRENCY: &str = "L-B99A9384";
/// What template.yaml reserves unless told otherwise (20 for the ingress, 5 for the worker, 1 for the redeliverer), and the 100
/// that Lambda keeps unreserved: <https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html>
const WANTED: f64 = 126.0;
/// Bedrock has quotas by the hundred, and lists a hundred at a time.
const LISTING: Duration = Duration::from_secs(8);

pub(super) async fn concurrency(sdk: &SdkConfig) -> Vec<Check> {
    let asked = Asked {
        name: "concurrency",
        what: "the quotas of Lambda",
        action: "servicequotas:GetServiceQuota",
        is_vital: false,
        absent: "ask for the quota L-B99A9384 in Service Quotas",
    };
    let call = Client::new(sdk).get_service_quota().service_code("lambda").quota_code(CONCURRENCY);
    let quota = match call.send().await {
        Ok(answer) => answer.quota.and_then(|quota| quota.value),
        Err(error) => return vec![asked.refused(&error)],
    };
    let Some(value) = quota else {
        return vec![Check::skipped(asked.name, "AWS does not tell")];
    };
    vec![if value < WANTED {
        let fix = format!(
            "`aws service-quotas request-service-quota-increase --service-code lambda --quota-code {CONCURRENCY} --desired-value 1000`"
        );
        let seen = format!("{value} functions at the same moment; template.yaml needs {WANTED}");
        Check::warning(asked.name, seen, fix)
    } else {
        Check::ok(asked.name, format!("{value} functions at the same moment"))
    }]
}

pub(super) async fn of_models(sdk: &SdkConfig, ids: Vec<String>) -> Vec<Check> {
    let asked = Asked {
        name: "model quotas",
        what: "the quotas of Bedrock",
        action: "servicequotas:ListServiceQuotas",
        is_vital: false,
        absent: "look in Service Quotas, Amazon Bedrock",
    };
    let pages = Client::new(sdk).list_service_quotas().service_code("bedrock").max_results(100);
    let mut pages = pages.into_paginator().items().send();
    let listed = timeout(LISTING, async {
        let mut quotas = Vec::new();
        while let Some(quota) = pages.next().await {
            quotas.push(quota?);
        }
        Ok(quotas)
    });
    match listed.await {
        Err(_) => vec![Check::skipped(asked.name, "Service Quotas lists them too slowly")],
        Ok(Err(error)) => vec![asked.refused(&error)],
        Ok(Ok(quotas)) => among(&ids, &quotas),
    }
}

fn among(ids: &[String], quotas: &[ServiceQuota]) -> Vec<Check> {
    let (known, unknown): (Vec<_>, Vec<_>) =
        ids.iter().map(|id| (id, of_model(id, quotas))).partition(|(_, check)| check.is_some());
    let mut checks: Vec<_> = known.into_iter().filter_map(|(_, check)| check).collect();
    if !unknown.is_empty() {
        let unknown: Vec<_> = unknown.into_iter().map(|(id, _)| id.as_str()).collect();
        let why = format!("none by the name of {}; look in Service Quotas", unknown.join(", "));
        checks.push(Check::skipped("model quotas", why));
    }
    checks
}

/// `None` where no quota has the model's name.
fn of_model(id: &str, quotas: &[ServiceQuota]) -> Option<Check> {
    const NAME: &str = "model quota";
    let ours: Vec<_> = quotas.iter().filter_map(|quota| Limit::of(id, quota)).collect();
    if ours.is_empty() {
        return None;
    }
    let said: Vec<_> = ours.iter().map(|limit| format!("{} {}", limit.value, limit.unit)).collect();
    let seen = format!("{id}: {}", said.join(", "));
    Some(match ours.iter().find(|limit| limit.value <= 0.0) {
        Some(none) => {
            let fix = format!(
                "`aws service-quotas request-service-quota-increase --service-code bedrock --quota-code {} --desired-value NUMBER`",
                none.code
            );
            Check::failed(NAME, seen, fix)
        }
        None => Check::ok(NAME, seen),
    })
}

/// A quota of one model, called in one way.
struct Limit {
    value: f64,
    unit: &'static str,
    code: String,
}

impl Limit {
    /// A quota is called, say, `Cross-region model inference tokens per minute for Anthropic Claude Sonnet 4.5 V1`.
    fn of(id: &str, quota: &ServiceQuota) -> Option<Self> {
        let name = quota.quota_name()?.to_lowercase().replace(['.', ' '], "-");
        let (what, model) = name.split_once("-per-minute-for-")?;
        let unit = if what.ends_with("tokens") {
            "tokens a minute"
        } else if what.ends_with("requests") {
            "requests a minute"
        } else {
            return None;
        };
        let wanted = words(id);
        let rest = &model[model.find(&wanted)? + wanted.len()..];
        let is_whole = rest.is_empty() || rest.starts_with("-v");
        (what.starts_with(way(id)) && is_whole).then(|| Self {
            value: quota.value().unwrap_or_default(),
            unit,
            code: quota.quota_code().unwrap_or_default().to_owned(),
        })
    }
}

/// `us.anthropic.claude-sonnet-4-5-20250929-v1:0` is `claude-sonnet-4-5` to Service Quotas.
fn words(id: &str) -> String {
    let name = id.rsplit_once('/').map_or(id, |(_, name)| name);
    let base = catalog::without_geography(name);
    let model = base.split_once('.').map_or(base, |(_, model)| model);
    let is_version = |word: &&str| {
        word.len() == 8 && word.parse::<u32>().is_ok()
            || word
                .strip_prefix('v')
                .is_some_and(|number| number.starts_with(|first: char| first.is_ascii_digit()))
    };
    model.split('-').take_while(|word| !is_version(word)).collect::<Vec<_>>().join("-")
}

fn way(id: &str) -> &'static str {
    let name = id.rsplit_once('/').map_or(id, |(_, name)| name);
    if name.starts_with("global.") {
        "global-cross-region"
    } else if catalog::without_geography(name) == name {
        "on-demand"
    } else {
        "cross-region"
    }
}

#[cfg(test)]
mod tests {
    use super::super::Outcome;
    use super::*;

    fn quota(name: &str, value: f64) -> ServiceQuota {
        ServiceQuota::builder().quota_name(name).value(value).quota_code("L-1").build()
    }

    #[test]
    fn a_quota_is_found_by_the_name_of_the_model_and_the_way_to_it() {
        let quotas = [
            quota(
                "On-demand model inference tokens per minute for Anthropic Claude Sonnet 4.5 V1",
                1.0,
            ),
            quota(
                "Cross-region model inference tokens per minute for Anthropic Claude Sonnet 4.5 V1",
                2.0,
            ),
            quota(
                "Cross-region model inference requests per minute for Anthropic Claude Sonnet 4.5 V1",
                3.0,
            ),
            quota(
                "Cross-region model inference tokens per minute for Anthropic Claude Sonnet 4.5 V1 1M Context Length",
                4.0,
            ),
            quota(
                "Global cross-region model inference tokens per minute for Amazon Nova 2 Lite",
                5.0,
            ),
        ];
        let seen = |id| of_model(id, &quotas).map(|check| check.seen).unwrap_or_default();
        assert_eq!(
            seen("us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
            "us.anthropic.claude-sonnet-4-5-20250929-v1:0: 2 tokens a minute, 3 requests a minute, 4 tokens a minute"
        );
        assert_eq!(
            seen("global.amazon.nova-2-lite-v1:0"),
            "global.amazon.nova-2-lite-v1:0: 5 tokens a minute"
        );
        assert_eq!(of_model("us.anthropic.claude-sonnet-4-20250514-v1:0", &quotas), None);
    }

    #[test]
    fn a_quota_of_nothing_is_a_failure() {
        let quotas =
            [quota("Cross-region model inference tokens per minute for Amazon Nova Pro", 0.0)];
        assert_eq!(of_model("us.amazon.nova-pro-v1:0", &quotas).unwrap().outcome, Outcome::Failed);
    }
}
