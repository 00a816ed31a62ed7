//! What an operator asks AWS about: models and their lives, quotas, an association, a profiling group.

use std::collections::BTreeMap;

use axum::response::Response;
use serde_json::{Value, json};

use super::{FakeAws, Request, error, json_response};

/// What there is to be asked about. The models that a review asks by default are active.
pub(super) struct Control {
    /// By id: `ACTIVE` or `LEGACY`, and the seconds at which it ends.
    models: BTreeMap<String, (String, Option<i64>)>,
    /// Service, code, name and value.
    quotas: Vec<(String, String, String, f64)>,
    /// Operations that IAM denies.
    denied: Vec<String>,
    association: &'static str,
    has_profile: bool,
}

impl Default for Control {
    fn default() -> Self {
        let models = model::catalog::default_models().iter().map(|id| {
            let base = model::catalog::without_geography(id);
            (base.to_owned(), ("ACTIVE".to_owned(), None))
        });
        Self {
            models: models.collect(),
            quotas: vec![(
                "lambda".into(),
                "L-B99A9384".into(),
                "Concurrent executions".into(),
                1000.0,
            )],
            denied: Vec::new(),
            association: "Associated",
            has_profile: true,
        }
    }
}

impl FakeAws {
    /// A model of Bedrock, `ACTIVE` or `LEGACY`, and when it ends in seconds since 1970.
    pub fn model(&self, id: &str, status: &str, ends: Option<i64>) {
        self.inner().control.models.insert(id.to_owned(), (status.to_owned(), ends));
    }

    pub fn quota(&self, service: &str, code: &str, name: &str, value: f64) {
        let quotas = &mut self.inner().control.quotas;
        quotas.retain(|quota| quota.1 != code);
        quotas.push((service.into(), code.into(), name.into(), value));
    }

    /// IAM denies an operation of those that an operator asks.
    pub fn deny(&self, operation: &str) {
        self.inner().control.denied.push(operation.to_owned());
    }

    /// The state of the association with CodeGuru Reviewer.
    pub fn association(&self, state: &'static str) {
        self.inner().control.association = state;
    }
}

pub(super) fn answer(control: &Control, request: &Request) -> Response {
    let name = request.path.rsplit('/').next().unwrap_or_default();
    if control.denied.iter().any(|denied| denied == request.operation) {
        return error(status_of_denial(request.service), "AccessDeniedException", "not authorized");
    }
    match request.operation {
        "GetFoundationModel" => match control.models.get(name) {
            Some((status, ends)) => json_response(&foundation_model(name, status, *ends)),
            None => error(404, "ResourceNotFoundException", "Could not find the model."),
        },
        "GetInferenceProfile" => {
            let base = model::catalog::without_geography(name);
            if control.models.contains_key(base) {
                json_response(&inference_profile(name, base))
            } else {
                error(404, "ResourceNotFoundException", "Inference profile not found.")
            }
        }
        "GetServiceQuota" => {
            let code = request.body["QuotaCode"].as_str().unwrap_or_default();
            match control.quotas.iter().find(|quota| quota.1 == code) {
                Some(found) => json_response(&json!({"Quota": quota(found)})),
                None => error(400, "NoSuchResourceException", "no such quota"),
            }
        }
        "ListServiceQuotas" => {
            let service = request.body["ServiceCode"].as_str().unwrap_or_default();
            let quotas = control.quotas.iter().filter(|quota| quota.0 == service);
            json_response(&json!({"Quotas": quotas.map(quota).collect::<Vec<_>>()}))
        }
        "DescribeRepositoryAssociation" => json_response(
            &json!({"RepositoryAssociation": {"Name": "shop", "Owner": "octo-org", "State": control.association}}),
        ),
        _ => {
            let mut group = json!({"name": name});
            if control.has_profile {
                group["profilingStatus"] =
                    json!({"latestAgentProfileReportedAt": "2026-11-20T10:00:00Z"});
            }
            json_response(&group)
        }
    }
}

/// JSON 1.1 answers 400, REST 403.
fn status_of_denial(service: &str) -> u16 {
    if service == "servicequotas" { 400 } else { 403 }
}

fn foundation_model(id: &str, status: &str, ends: Option<i64>) -> Value {
    let mut life = json!({"status": status});
    if let Some(ends) = ends {
        life["endOfLifeTime"] = json!(rfc3339(ends));
    }
    json!({"modelDetails": {
        "modelArn": format!("arn:aws:bedrock:us-east-1::foundation-model/{id}"),
        "modelId": id,
        "modelLifecycle": life,
    }})
}

fn rfc3339(seconds: i64) -> String {
    contract::Timestamp(seconds * 1000).rfc3339()
}

fn inference_profile(id: &str, base: &str) -> Value {
    json!({
        "inferenceProfileName": id.replace(['.', ':'], " "),
        "inferenceProfileArn": format!("arn:aws:bedrock:us-east-1:123456789012:inference-profile/{id}"),
        "inferenceProfileId": id,
        "models": [{"modelArn": format!("arn:aws:bedrock:us-east-1::foundation-model/{base}")}],
        "status": "ACTIVE",
        "type": "SYSTEM_DEFINED",
    })
}

fn quota((service, code, name, value): &(String, String, String, f64)) -> Value {
    json!({"ServiceCode": service, "QuotaCode": code, "QuotaName": name, "Value": value, "Adjustable": true})
}
