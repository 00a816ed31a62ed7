//! `ListFoundationModels` and `ListInferenceProfiles`: what the control plane knows.

use serde_json::{Value, json};

use crate::answer::{Answer, Refusal};
use crate::request::Request;

/// Models and profiles that are listed.
#[derive(Debug, Clone)]
pub struct Lists {
    /// As `FoundationModelSummary`.
    pub models: Vec<Value>,
    /// As `InferenceProfileSummary`.
    pub profiles: Vec<Value>,
}

impl Default for Lists {
    /// One of each kind that matters to whoever asks which models can be invoked.
    fn default() -> Self {
        Self {
            models: vec![
                model("amazon.nova-lite-v1:0", "Amazon", "TEXT", &["ON_DEMAND"], "ACTIVE"),
                model(
                    "meta.llama3-3-70b-instruct-v1:0",
                    "Meta",
                    "TEXT",
                    &["ON_DEMAND", "PROVISIONED"],
                    "ACTIVE",
                ),
                // The service lists this kind, though its model does not name it.
                model(
                    "anthropic.claude-sonnet-4-5-20250929-v1:0",
                    "Anthropic",
                    "TEXT",
                    &["INFERENCE_PROFILE"],
                    "ACTIVE",
                ),
                model(
                    "mistral.mistral-7b-instruct-v0:2",
                    "Mistral AI",
                    "TEXT",
                    &["PROVISIONED"],
                    "ACTIVE",
                ),
                model("amazon.titan-text-express-v1", "Amazon", "TEXT", &["ON_DEMAND"], "LEGACY"),
                model("amazon.nova-canvas-v1:0", "Amazon", "IMAGE", &["ON_DEMAND"], "ACTIVE"),
                model(
                    "amazon.titan-embed-text-v2:0",
                    "Amazon",
                    "EMBEDDING",
                    &["ON_DEMAND"],
                    "ACTIVE",
                ),
            ],
            profiles: vec![
                profile(
                    "us.anthropic.claude-sonnet-4-5-20250929-v1:0",
                    "US Anthropic Claude Sonnet 4.5",
                ),
                profile(
                    "global.anthropic.claude-sonnet-4-5-20250929-v1:0",
                    "Global Anthropic Claude Sonnet 4.5",
                ),
                profile("us.amazon.nova-lite-v1:0", "US Nova Lite"),
            ],
        }
    }
}

/// A `FoundationModelSummary`.
pub fn model(id: &str, provider: &str, output: &str, types: &[&str], status: &str) -> Value {
    json!({
        "modelArn": format!("arn:aws:bedrock:us-east-1::foundation-model/{id}"),
        "modelId": id,
        "modelName": provider,
        "providerName": provider,
        "inputModalities": ["TEXT"],
        "outputModalities": [output],
        "responseStreamingSupported": output == "TEXT",
        "customizationsSupported": [],
        "inferenceTypesSupported": types,
        "modelLifecycle": {"status": status},
    })
}

/// An `InferenceProfileSummary` of a profile that AWS defines.
pub fn profile(id: &str, name: &str) -> Value {
    let base = id.split_once('.').map_or(id, |(_, base)| base);
    json!({
        "inferenceProfileName": name,
        "inferenceProfileId": id,
        "inferenceProfileArn": format!("arn:aws:bedrock:us-east-1:123456789012:inference-profile/{id}"),
        "models": [{"modelArn": format!("arn:aws:bedrock:us-east-1::foundation-model/{base}")}],
        "status": "ACTIVE",
        "type": "SYSTEM_DEFINED",
    })
}

impl Lists {
    pub(crate) fn models(&self, request: &Request) -> Answer {
        let holds = |model: &&Value| {
            let is = |parameter: &str, field: &Value| {
                request.parameter(parameter).is_none_or(|wanted| match field {
                    Value::Array(items) => items.iter().any(|item| *item == *wanted),
                    other => *other == *wanted,
                })
            };
            is("byProvider", &model["providerName"])
                && is("byOutputModality", &model["outputModalities"])
                && is("byInferenceType", &model["inferenceTypesSupported"])
        };
        let models: Vec<&Value> = self.models.iter().filter(holds).collect();
        Answer::json(&json!({"modelSummaries": models}))
    }

    /// Page by page; the token is where the next page begins.
    pub(crate) fn profiles(&self, request: &Request) -> Answer {
        let number = |text: Option<String>| text.map(|text| text.parse::<usize>());
        let (begin, most) =
            match (number(request.parameter("nextToken")), number(request.parameter("maxResults")))
            {
                (None | Some(Ok(_)), Some(Err(_))) | (Some(Err(_)), _) => {
                    return Answer::Refuses(Refusal::new(
                        400,
                        "ValidationException",
                        "nextToken or maxResults is invalid.",
                    ));
                }
                (begin, most) => (begin.and_then(Result::ok), most.and_then(Result::ok)),
            };
        let begin = begin.unwrap_or(0).min(self.profiles.len());
        let end = begin.saturating_add(most.unwrap_or(1000)).min(self.profiles.len());
        let mut body = json!({"inferenceProfileSummaries": self.profiles[begin..end]});
        if end < self.profiles.len() {
            body["nextToken"] = Value::from(end.to_string());
        }
        Answer::json(&body)
    }
}
