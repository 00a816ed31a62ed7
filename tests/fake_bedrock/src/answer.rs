//! What the fake does with a request: a reply, a refusal, or exactly these bytes at exactly this pace.

use std::time::Duration;

use serde_json::{Value, json};

use crate::api::RUNTIME;
use crate::http;
use crate::reply::Reply;

/// One act of a script.
#[derive(Debug, Clone)]
pub enum Answer {
    /// Piece by piece where a stream was asked for.
    Says(Reply),
    Refuses(Refusal),
    /// Whatever was asked for.
    Writes(Vec<Step>),
    Later(Duration, Box<Answer>),
}

/// What is done to a connection. After the last step it waits for the next request.
#[derive(Debug, Clone)]
pub enum Step {
    Bytes(Vec<u8>),
    Wait(Duration),
    /// Nothing more, until the client goes.
    Silence,
    /// Ends the connection in order.
    Close,
    /// Ends it as a crash does.
    Reset,
}

/// A failure that is told before anything else is said.
#[derive(Debug, Clone)]
pub struct Refusal {
    pub status: u16,
    /// As `ThrottlingException`.
    pub code: String,
    pub message: String,
    pub form: Form,
    pub headers: Vec<(String, String)>,
}

/// Where an answer names its exception; services and what stands before them differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// In `x-amzn-errortype`, with an address after a colon, as Bedrock does.
    Header,
    /// In `__type` of the body, behind a namespace.
    Body,
    /// In `code` of the body.
    Code,
}

impl Refusal {
    pub fn new(status: u16, code: &str, message: &str) -> Self {
        Self {
            status,
            code: code.to_owned(),
            message: message.to_owned(),
            form: Form::Header,
            headers: Vec::new(),
        }
    }

    #[must_use]
    pub fn told_in(mut self, form: Form) -> Self {
        self.form = form;
        self
    }

    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    fn bytes(&self) -> Vec<u8> {
        let mut headers: Vec<(&str, String)> =
            vec![("content-type", "application/json".to_owned())];
        let body = match self.form {
            Form::Header => {
                let address = "http://internal.amazon.com/coral/com.amazon.bedrock/";
                headers.push(("x-amzn-errortype", format!("{}:{address}", self.code)));
                json!({"message": self.message})
            }
            Form::Body => {
                json!({"__type": format!("com.amazon.coral.service#{}", self.code), "Message": self.message})
            }
            Form::Code => json!({"code": self.code, "message": self.message}),
        };
        headers.extend(self.headers.iter().map(|(name, value)| (name.as_str(), value.clone())));
        http::answer(self.status, &headers, body.to_string().as_bytes())
    }
}

impl Answer {
    pub fn says(text: &str) -> Self {
        Self::Says(Reply::says(text))
    }

    /// An exception of the service's model with the status that belongs to it; 400 for one that it does not name.
    pub fn exception(code: &str, message: &str) -> Self {
        Self::Refuses(Refusal::new(RUNTIME.status(code).unwrap_or(400), code, message))
    }

    pub fn refusal(status: u16, code: &str, message: &str) -> Self {
        Self::Refuses(Refusal::new(status, code, message))
    }

    /// An answer that is well formed as far as HTTP goes.
    pub fn http(status: u16, headers: &[(&str, String)], body: &[u8]) -> Self {
        Self::Writes(vec![Step::Bytes(http::answer(status, headers, body))])
    }

    /// 200 and this JSON.
    pub fn json(body: &Value) -> Self {
        Self::Writes(vec![Step::Bytes(http::json(body))])
    }

    #[must_use]
    pub fn after(self, wait: Duration) -> Self {
        Self::Later(wait, Box::new(self))
    }

    /// The connection's part of it.
    pub(crate) fn steps(self, is_streaming: bool) -> Vec<Step> {
        match self {
            Self::Says(reply) if is_streaming => reply.stream().steps(),
            Self::Says(reply) => vec![Step::Bytes(http::json(&reply.body()))],
            Self::Refuses(refusal) => vec![Step::Bytes(refusal.bytes())],
            Self::Writes(steps) => steps,
            Self::Later(wait, answer) => {
                let mut steps = vec![Step::Wait(wait)];
                steps.extend(answer.steps(is_streaming));
                steps
            }
        }
    }
}
