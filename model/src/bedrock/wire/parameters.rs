//! How to answer, as far as the model takes it.

use serde::Serialize;
use serde_json::Value;

use crate::catalog::Model;
use crate::{Change, Parameters};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct InferenceConfig<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) max_tokens: Option<u32>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    pub(super) stop_sequences: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) temperature: Option<f32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) top_p: Option<f32>,
}

impl InferenceConfig<'_> {
    pub(super) fn is_empty(&self) -> bool {
        let none = self.max_tokens.is_none() && self.temperature.is_none() && self.top_p.is_none();
        none && self.stop_sequences.is_empty()
    }
}

/// What the catalog says that the model refuses is left out, and said so.
pub(super) fn inference<'a>(
    parameters: &'a Parameters,
    model: &Model,
    changes: &mut Vec<Change>,
) -> InferenceConfig<'a> {
    let takes = model.takes;
    let mut max_tokens = parameters.max_tokens;
    if let (Some(asked), Some(most)) = (parameters.max_tokens, model.max_output_tokens)
        && asked > most
    {
        changes.push(change("max_tokens", asked.into(), most.into(), "the model's most"));
        max_tokens = Some(most);
    }
    let mut sampling = |name, value: Option<f32>, taken: bool, reason| {
        if let Some(refused) = value.filter(|_| !taken) {
            changes.push(change(name, number(refused), Value::Null, reason));
        }
        value.filter(|_| taken)
    };
    let refused = "the model refuses it";
    let temperature = sampling("temperature", parameters.temperature, takes.temperature, refused);
    let alone = takes.both || temperature.is_none();
    let reason = if takes.top_p { "the model refuses it beside temperature" } else { refused };
    let top_p = sampling("top_p", parameters.top_p, takes.top_p && alone, reason);
    InferenceConfig { max_tokens, stop_sequences: &parameters.stop_sequences, temperature, top_p }
}

/// 0.9 and not 0.8999999761581421.
pub(super) fn number(value: f32) -> Value {
    value.to_string().parse().map_or(Value::Null, |value: f64| value.into())
}

pub(super) fn change(parameter: &str, from: Value, to: Value, reason: &str) -> Change {
    Change { parameter: parameter.to_owned(), from, to, reason: reason.to_owned() }
}
