//! What the program says, a line of JSON at a time. Between its own lines stand the events of the Messages API.

use std::collections::VecDeque;

use serde::Deserialize;

use crate::anthropic::reply::{Counts, stop};
use crate::anthropic::stream::{Reader, Sent};
use crate::classify::classify;
use crate::conversation::Block;
use crate::error::{Cause, ModelError};
use crate::event::Event;
use crate::reply::{Change, Reply, StopReason};
use crate::service;

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Line {
    StreamEvent {
        event: Sent,
    },
    Result(Outcome),
    /// What it is set up with, where it stands, and messages whose pieces were said already.
    #[serde(other)]
    Other,
}

/// How it ended.
#[derive(Deserialize)]
struct Outcome {
    #[serde(default)]
    is_error: bool,
    #[serde(default)]
    subtype: String,
    #[serde(default)]
    result: Option<String>,
    #[serde(default)]
    stop_reason: Option<String>,
    #[serde(default)]
    api_error_status: Option<u16>,
    #[serde(default)]
    total_cost_usd: Option<f64>,
    #[serde(default)]
    usage: Option<Counts>,
}

/// What was said so far.
pub(super) struct Talk {
    reader: Reader,
    model: Option<String>,
    /// Complete, but for what it cost.
    reply: Option<Box<Reply>>,
    pub(super) normalized: Vec<Change>,
    pub(super) told: VecDeque<Event>,
    pub(super) failed: Option<ModelError>,
    pub(super) ended: bool,
}

impl Talk {
    pub(super) fn new(model: Option<&str>, normalized: Vec<Change>) -> Self {
        Self {
            reader: Reader::new(crate::catalog::lookup(model.unwrap_or("claude")).into()),
            model: model.map(str::to_owned),
            reply: None,
            normalized,
            told: VecDeque::new(),
            failed: None,
            ended: false,
        }
    }

    pub(super) fn on_line(&mut self, line: &[u8]) -> Result<(), ModelError> {
        // A terminal's sequences may stand before a line; what is no object is none of the protocol.
        let Some(begin) = line.iter().position(|byte| *byte == b'{') else { return Ok(()) };
        let line = serde_json::from_slice(&line[begin..]);
        match line.map_err(|error| service::unreadable(&error))? {
            Line::StreamEvent { event } => self.on_event(event),
            Line::Result(outcome) => self.on_outcome(&outcome),
            Line::Other => Ok(()),
        }
    }

    fn on_event(&mut self, event: Sent) -> Result<(), ModelError> {
        if let Sent::MessageStart { message } = &event {
            if self.reply.is_some() {
                let message = "`claude` began its answer again";
                return Err(ModelError::new(Cause::Interrupted, message));
            }
            // An alias was asked for, or nothing at all, and the reader wants to know who answers.
            if let Some(model) = &message.model {
                self.reader.rename(model);
            }
        }
        self.reader.on(event, &mut self.told)?;
        if let Some(Event::Finished(_)) = self.told.back()
            && let Some(Event::Finished(reply)) = self.told.pop_back()
        {
            // It would ask for the rest three more times and then call the whole a failure.
            if reply.stop == StopReason::MaxTokens {
                self.finish(reply);
            } else {
                self.reply = Some(reply);
            }
        }
        Ok(())
    }

    fn on_outcome(&mut self, outcome: &Outcome) -> Result<(), ModelError> {
        let reply = match self.reply.take() {
            Some(reply) if !outcome.is_error || is_an_answer(reply.stop) => Some(reply),
            None if !outcome.is_error => self.without_pieces(outcome),
            _ => None,
        };
        let Some(mut reply) = reply else { return Err(outcome.error()) };
        reply.cost_usd = outcome.total_cost_usd.or(reply.cost_usd);
        self.finish(reply);
        Ok(())
    }

    /// The whole at once: it answered without asking a model, or says no pieces.
    fn without_pieces(&mut self, outcome: &Outcome) -> Option<Box<Reply>> {
        let text = outcome.result.clone()?;
        let model = self.model.as_deref().unwrap_or("claude");
        let stop = stop(outcome.stop_reason.as_deref());
        let mut reply = Reply::new(model, vec![Block::Text(text.as_str().into())], stop);
        reply.usage_is_estimated = outcome.usage.is_none();
        outcome.usage.as_ref().inspect(|counts| counts.add_to(&mut reply.usage));
        self.told.push_back(Event::Started { model_id: model.to_owned() });
        self.told.push_back(Event::Text(text));
        Some(Box::new(reply))
    }

    fn finish(&mut self, mut reply: Box<Reply>) {
        reply.normalized.append(&mut self.normalized);
        self.told.push_back(Event::Finished(reply));
        self.ended = true;
    }
}

/// The program calls these failures; they are answers, if not of the kind that was hoped for.
fn is_an_answer(stop: StopReason) -> bool {
    matches!(stop, StopReason::ContentFiltered | StopReason::ContextWindowExceeded)
}

impl Outcome {
    fn error(&self) -> ModelError {
        let text = self.result.as_deref().unwrap_or_default();
        let mut error = failure(text, self.api_error_status);
        if text.is_empty() {
            error.message = format!("`claude` failed: {}", self.subtype);
        }
        error
    }
}

/// What the program's own words mean, with the status of the service where it tells that.
pub(super) fn failure(text: &str, status: Option<u16>) -> ModelError {
    let lower = text.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let mut error = classify(status.unwrap_or(500), "", text);
    if error.cause == Cause::Auth || says(&["/login", "not logged in", "invalid api key"]) {
        error.cause = Cause::Auth;
        let help =
            "run `claude` once and log in, or set CLAUDE_CODE_OAUTH_TOKEN or ANTHROPIC_API_KEY";
        error.message = format!("{}; {help}", error.message);
    } else if says(&["prompt is too long"]) {
        error.cause = Cause::ContextTooLong;
    } else if says(&["limit reached", "hit your", "usage limit", "credit balance"]) {
        error.cause = Cause::Throttled;
    } else if says(&["unknown option"]) {
        error.cause = Cause::NotServed;
        error.message = format!("{}; update the program: `claude update`", error.message);
    }
    error
}
