//! What single families of models refuse, by their ids.

use serde_json::Value;

/// A rule for the models whose ids hold one of these texts.
struct Family {
    holds: &'static [&'static str],
    takes_system: bool,
    takes_tools: bool,
    takes_streams: bool,
}

/// <https://docs.aws.amazon.com/bedrock/latest/userguide/conversation-inference-supported-models-features.html>
const FAMILIES: &[Family] = &[
    Family { holds: &["ai21.j2-"], takes_system: false, takes_tools: false, takes_streams: false },
    Family {
        holds: &[
            "amazon.titan-text",
            "cohere.command-text",
            "cohere.command-light",
            "mistral.mistral-7b",
            "mistral.mixtral-8x7b",
        ],
        takes_system: false,
        takes_tools: false,
        takes_streams: true,
    },
    Family {
        holds: &["meta.llama2", "meta.llama3-8b", "meta.llama3-70b", "deepseek.r1"],
        takes_system: true,
        takes_tools: false,
        takes_streams: true,
    },
];

/// Claude from 4.1 on takes one of the two: <https://platform.claude.com/docs/en/about-claude/models/migration-guide>.
const NOT_BOTH: &[&str] =
    &["opus-4-1", "sonnet-4-5", "haiku-4-5", "opus-4-5", "sonnet-4-6", "opus-4-6"];
/// And later generations none.
const NEITHER: &[&str] =
    &["opus-4-7", "opus-4-8", "claude-sonnet-5", "claude-opus-5", "claude-haiku-5"];

/// The vendors that take cache points in a prompt and `status` in a tool's result:
/// <https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html>,
/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolResultBlock.html>.
const CACHE_AND_STATUS: &[&str] = &["anthropic.", "amazon.nova", "application-inference-profile"];

pub(crate) fn refuses(model: &str, body: &Value, is_streaming: bool) -> Vec<String> {
    let mut found = sampling(model, body);
    if !is_one_of(model, CACHE_AND_STATUS) {
        found.extend(
            anywhere(body, "cachePoint")
                .then(|| "This model doesn't support cachePoint.".to_owned()),
        );
        found.extend(
            anywhere(&body["messages"], "status")
                .then(|| "This model doesn't support the status field of toolResult.".to_owned()),
        );
    }
    let Some(family) = FAMILIES.iter().find(|family| is_one_of(model, family.holds)) else {
        return found;
    };
    let has = |name: &str| body.get(name).is_some_and(|value| !value.is_null());
    if has("system") && !family.takes_system {
        found.push(
            "This model doesn't support the system field. Remove system and try again.".to_owned(),
        );
    }
    if has("toolConfig") && !family.takes_tools {
        found.push("This model doesn't support tool use.".to_owned());
    }
    if is_streaming && !family.takes_streams {
        found.push("This model doesn't support the converse stream API.".to_owned());
    }
    found
}

fn sampling(model: &str, body: &Value) -> Vec<String> {
    let sent = |name: &str| !body["inferenceConfig"][name].is_null();
    if is_one_of(model, NEITHER) {
        let both = [("temperature", "temperature"), ("topP", "top_p")];
        let refused = both.iter().filter(|(name, _)| sent(name));
        return refused
            .map(|(_, said)| format!("`{said}` is deprecated for this model."))
            .collect();
    }
    if is_one_of(model, NOT_BOTH) && sent("temperature") && sent("topP") {
        return vec!["`temperature` and `top_p` cannot both be specified for this model. Please use only one.".to_owned()];
    }
    Vec::new()
}

fn is_one_of(model: &str, texts: &[&str]) -> bool {
    texts.iter().any(|text| model.contains(text))
}

/// Whether a member of this name stands in the content of any message, in the system prompt or among the tools.
fn anywhere(value: &Value, name: &str) -> bool {
    match value {
        Value::Array(items) => items.iter().any(|item| anywhere(item, name)),
        // What a tool takes and answers is the caller's, and may bear any name.
        Value::Object(fields) => fields.iter().any(|(known, field)| {
            known == name || (known != "input" && known != "json" && anywhere(field, name))
        }),
        _ => false,
    }
}
