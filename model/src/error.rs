//! How a call fails: for the caller one of six kinds, for whoever may mend it a finer cause.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Why there is no reply.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", self.said())]
pub struct ModelError {
    pub cause: Cause,
    /// Without secrets and without the prompt.
    pub message: String,
    /// As the service named it: `ThrottlingException`, `insufficient_quota`.
    pub provider_code: Option<String>,
    /// When the service says that trying again makes sense.
    pub retry_after: Option<Duration>,
}

/// What callers of the gateway are told; there are no others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    AuthError,
    QuotaExceeded,
    BadRequest,
    ContentBlocked,
    ProviderError,
    Timeout,
}

/// What went wrong, as far as it decides what can be done about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Credentials are missing, wrong or without the right.
    Auth,
    /// The service asks to come back later.
    Throttled,
    /// A budget of ours is spent.
    Budget,
    /// Our own limits left no place before the deadline.
    Overloaded,
    BadRequest,
    /// Nobody knows this model or driver here.
    UnknownModel,
    /// Nobody has defined this agent here.
    UnknownAgent,
    /// The model refuses `temperature` or `top_p` as they were sent.
    Sampling,
    ContextTooLong,
    /// Known, and not to be had: past its end of life, not in this region, not on demand.
    NotServed,
    ContentBlocked,
    /// The service failed.
    Service,
    /// No connection.
    Unreachable,
    /// It failed so often lately that it is left alone for a while.
    BreakerOpen,
    /// The answer broke off after its beginning.
    Interrupted,
    /// The answer cannot be read.
    Unreadable,
    /// The model called a tool in a form that cannot be read.
    MalformedToolUse,
    Timeout,
}

impl Cause {
    pub fn kind(self) -> ErrorKind {
        match self {
            Self::Auth => ErrorKind::AuthError,
            Self::Throttled | Self::Budget | Self::Overloaded => ErrorKind::QuotaExceeded,
            Self::BadRequest
            | Self::UnknownModel
            | Self::UnknownAgent
            | Self::Sampling
            | Self::ContextTooLong
            | Self::NotServed => ErrorKind::BadRequest,
            Self::ContentBlocked => ErrorKind::ContentBlocked,
            Self::Service
            | Self::Unreachable
            | Self::BreakerOpen
            | Self::Interrupted
            | Self::Unreadable
            | Self::MalformedToolUse => ErrorKind::ProviderError,
            Self::Timeout => ErrorKind::Timeout,
        }
    }

    /// For the reader, before the service's own words.
    pub fn said(self) -> &'static str {
        match self {
            Self::Auth => "the model's service refused the credentials",
            Self::Throttled => "the model throttled every attempt",
            Self::Budget => "the budget does not allow this call",
            Self::Overloaded => "too many calls wait for the model",
            Self::BadRequest | Self::Sampling => "the model's service refused the request",
            Self::UnknownModel => "the model is not known",
            Self::UnknownAgent => "the agent is not known",
            Self::ContextTooLong => "the conversation does not fit the model",
            Self::NotServed => "the model is not to be had",
            Self::ContentBlocked => "the model's service blocked the content",
            Self::Service => "the model's service failed",
            Self::Unreachable => "the model's service could not be reached",
            Self::BreakerOpen => "the model failed too often and is left alone for a while",
            Self::Interrupted => "the model's answer broke off",
            Self::Unreadable => "the model's answer cannot be read",
            Self::MalformedToolUse => "the model called a tool in a form that cannot be read",
            Self::Timeout => "the model did not answer in time",
        }
    }
}

impl ErrorKind {
    /// As it is written in answers and labels.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AuthError => "auth_error",
            Self::QuotaExceeded => "quota_exceeded",
            Self::BadRequest => "bad_request",
            Self::ContentBlocked => "content_blocked",
            Self::ProviderError => "provider_error",
            Self::Timeout => "timeout",
        }
    }

    /// What was written by `as_str`. A kind that this version does not know is a failure all the same.
    pub fn written(name: &str) -> Self {
        serde_json::from_value(name.into()).unwrap_or(Self::ProviderError)
    }
}

impl ModelError {
    pub fn new(cause: Cause, message: impl Into<String>) -> Self {
        Self { cause, message: message.into(), provider_code: None, retry_after: None }
    }

    #[must_use]
    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.provider_code = Some(code.into());
        self
    }

    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    pub fn kind(&self) -> ErrorKind {
        self.cause.kind()
    }

    /// For the reader, before the message. What no service has named may have been refused before one was asked.
    pub fn said(&self) -> &'static str {
        match self.cause {
            Cause::BadRequest | Cause::Sampling if self.provider_code.is_none() => {
                "the request cannot be carried out"
            }
            Cause::Auth if self.provider_code.is_none() => "no access",
            cause => cause.said(),
        }
    }
}
