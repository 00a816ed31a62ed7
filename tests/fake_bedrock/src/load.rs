//! How the fake answers when no script says otherwise: as a service under load does, the same for the same seed.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::answer::Answer;
use crate::reply::Reply;

/// What is answered without a script.
#[derive(Debug, Clone)]
pub struct Load {
    /// Before the first byte of every answer.
    pub latency: Duration,
    pub reply_bytes: usize,
    /// In how many events a reply is streamed.
    pub pieces: usize,
    /// Repeats the beginning of what the user said last, so that answers to others are found.
    pub echo: bool,
    /// Of 1, how many calls fail.
    pub error_rate: f64,
    pub seed: u64,
}

impl Default for Load {
    fn default() -> Self {
        Self {
            latency: Duration::ZERO,
            reply_bytes: 64,
            pieces: 3,
            echo: true,
            error_rate: 0.0,
            seed: 1,
        }
    }
}

/// What an injected failure may be: exception and message.
const FAILURES: [(&str, &str); 5] = [
    ("ThrottlingException", "Too many requests, please wait before trying again."),
    ("ThrottlingException", "Too many tokens, please wait before trying again."),
    ("ServiceUnavailableException", "Bedrock is unable to process your request."),
    (
        "InternalServerException",
        "The system encountered an unexpected error during processing. Try your request again.",
    ),
    ("ModelErrorException", "The model returned an error."),
];
const ECHOED: usize = 200;

/// Counts the calls, so that each has its own fate.
#[derive(Debug, Default)]
pub(crate) struct Calls(AtomicU64);

impl Calls {
    pub(crate) fn answer(&self, load: &Load, body: &Value, is_streaming: bool) -> Answer {
        let number = self.0.fetch_add(1, Ordering::Relaxed);
        let mut fate =
            fastrand::Rng::with_seed(load.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number);
        let reply = reply(load, body);
        if fate.f64() >= load.error_rate {
            return later(load.latency, Answer::Says(reply));
        }
        let (code, message) = FAILURES[fate.usize(..FAILURES.len())];
        if is_streaming && fate.bool() {
            return later(load.latency, broken(&reply, code, message));
        }
        later(load.latency, Answer::exception(code, message))
    }
}

/// Half a stream, and then a failure. `ModelErrorException` has another name there.
fn broken(reply: &Reply, code: &str, message: &str) -> Answer {
    let events = reply.events();
    let half = crate::Stream::begin().events(&events[..events.len() / 2]);
    let kind = match code {
        "ModelErrorException" => "modelStreamErrorException".to_owned(),
        other => format!("{}{}", other[..1].to_lowercase(), &other[1..]),
    };
    half.exception(&kind, &json!({"message": message})).end()
}

fn later(latency: Duration, answer: Answer) -> Answer {
    if latency.is_zero() { answer } else { answer.after(latency) }
}

fn reply(load: &Load, body: &Value) -> Reply {
    let mut text = if load.echo { format!("You said: {}. ", said(body)) } else { String::new() };
    let missing = load.reply_bytes.saturating_sub(text.len());
    text.extend("A reply of as many bytes as were wanted. ".chars().cycle().take(missing));
    // About four characters a token, as English has.
    let (input, output) = (body_tokens(body), text.len().div_ceil(4));
    let usage =
        json!({"inputTokens": input, "outputTokens": output, "totalTokens": input + output});
    Reply { usage, pieces: load.pieces, ..Reply::says(&text) }
}

/// The beginning of the last text of the last message, or of the vendor's own prompt.
fn said(body: &Value) -> String {
    let blocks = body["messages"]
        .as_array()
        .and_then(|all| all.last())
        .and_then(|last| last["content"].as_array());
    let text = blocks.into_iter().flatten().rev().find_map(|block| block["text"].as_str());
    let prompt = ["prompt", "inputText", "message"].iter().find_map(|name| body[name].as_str());
    text.or(prompt).unwrap_or_default().chars().take(ECHOED).collect()
}

/// An estimate for what says nothing else; at least one.
pub(crate) fn body_tokens(body: &Value) -> usize {
    fn characters(value: &Value) -> usize {
        match value {
            Value::String(text) => text.len(),
            Value::Array(items) => items.iter().map(characters).sum(),
            Value::Object(fields) => fields.values().map(characters).sum(),
            _ => 1,
        }
    }
    characters(body).div_ceil(4).max(1)
}
