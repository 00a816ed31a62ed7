//! What servers say instead of an answer: in the usual envelope, without one, and in the `detail` of a web framework.
//!
//! The codes: <https://platform.openai.com/docs/guides/error-codes>.

use serde_json::Value;

use crate::classify::classify;
use crate::error::ModelError;
use crate::service::{self, Refused, Service};

/// A refusal before anything was said.
pub(super) fn error(refused: &Refused, service: &Service) -> ModelError {
    let body = serde_json::from_slice(&refused.body).unwrap_or(Value::Null);
    let said = Said::read(&body);
    service.error(refused, &said.code, &said.message)
}

/// A refusal after HTTP 200 was said: the event that says so.
pub(super) fn within_a_stream(event: &Value) -> ModelError {
    let said = Said::read(event);
    classify(said.status.unwrap_or(200), &said.code, service::without_input(&said.message))
}

struct Said {
    /// What the server would have answered, had it not begun to answer already.
    status: Option<u16>,
    code: String,
    message: String,
}

impl Said {
    fn read(body: &Value) -> Self {
        let error = match &body["error"] {
            Value::Null => body,
            error => error,
        };
        let text = |value: &Value| value.as_str().map(str::to_owned);
        // vLLM and llama.cpp write the status into the code, and the code into the type.
        let status = error["code"].as_u64().or_else(|| error["code"].as_str()?.parse().ok());
        let code = text(&error["code"]).filter(|_| status.is_none());
        let message = text(error)
            .or_else(|| text(&error["message"]))
            .or_else(|| text(&error["detail"]))
            .unwrap_or_else(|| problems(&error["detail"]));
        Self {
            status: status.and_then(|status| u16::try_from(status).ok()),
            code: code.or_else(|| text(&error["type"])).unwrap_or_default(),
            message,
        }
    }
}

/// What the framework `FastAPI` finds wrong with a body: where, and what. It repeats the input too, which is not told.
fn problems(detail: &Value) -> String {
    let problems = detail.as_array().into_iter().flatten().take(3).map(|problem| {
        let place = problem["loc"].as_array().into_iter().flatten().map(|step| match step {
            Value::String(name) => name.clone(),
            other => other.to_string(),
        });
        let place = place.collect::<Vec<_>>().join(".");
        format!("{place}: {}", problem["msg"].as_str().unwrap_or("not valid"))
    });
    problems.collect::<Vec<_>>().join("; ")
}
