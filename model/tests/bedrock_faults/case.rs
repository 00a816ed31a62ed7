//! One case: what the service does, and what is expected of the driver.

use std::time::Duration;

use fake_bedrock::{Answer, Stream};
use model::{Cause, Reply, StopReason};

/// A row of the table.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) is_streaming: bool,
    pub(crate) service: Service,
    pub(crate) expected: Expected,
    /// Of the whole call.
    pub(crate) deadline: Duration,
    /// How long a stream may say nothing.
    pub(crate) silence: Duration,
}

/// What stands at the endpoint.
#[derive(Clone)]
pub(crate) enum Service {
    Answers(Answer),
    /// Nothing listens.
    Nobody,
    /// It is asked by TLS and knows none.
    WithoutTls,
}

pub(crate) enum Expected {
    /// One of these causes; more than one only where the service's part does not decide which.
    Fails {
        causes: Vec<Cause>,
        after: Wait,
        heard: &'static str,
    },
    Answers {
        stop: StopReason,
        holds: Vec<Holds>,
    },
}

/// What is said of a reply, and whether it holds.
pub(crate) type Holds = (&'static str, fn(&Reply) -> bool);

/// When the driver says that trying again makes sense.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Wait {
    Unknown,
    Exactly(Duration),
    /// Longer than anyone waits, so that it is cut.
    AtMost(Duration),
}

impl Case {
    pub(crate) fn converse(name: impl Into<String>, answer: Answer, expected: Expected) -> Self {
        Self::of(name, false, Service::Answers(answer), expected)
    }

    pub(crate) fn stream(name: impl Into<String>, answer: Answer, expected: Expected) -> Self {
        Self::of(name, true, Service::Answers(answer), expected)
    }

    pub(crate) fn of(
        name: impl Into<String>,
        is_streaming: bool,
        service: Service,
        expected: Expected,
    ) -> Self {
        // Long enough for a busy machine; a case that waits for them sets its own.
        let (deadline, silence) = (Duration::from_secs(20), Duration::from_secs(15));
        Self { name: name.into(), is_streaming, service, expected, deadline, silence }
    }

    pub(crate) fn within(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    pub(crate) fn silent_for(mut self, silence: Duration) -> Self {
        self.silence = silence;
        self
    }
}

impl Expected {
    pub(crate) fn waiting(self, after: Wait) -> Self {
        match self {
            Self::Fails { causes, heard, .. } => Self::Fails { causes, after, heard },
            answers @ Self::Answers { .. } => answers,
        }
    }

    /// The failure comes after this text was heard.
    pub(crate) fn having_heard(self, heard: &'static str) -> Self {
        match self {
            Self::Fails { causes, after, .. } => Self::Fails { causes, after, heard },
            answers @ Self::Answers { .. } => answers,
        }
    }

    pub(crate) fn with(self, what: &'static str, holds: fn(&Reply) -> bool) -> Self {
        match self {
            Self::Answers { stop, holds: mut all } => {
                all.push((what, holds));
                Self::Answers { stop, holds: all }
            }
            fails @ Self::Fails { .. } => fails,
        }
    }
}

pub(crate) fn fails(cause: Cause) -> Expected {
    one_of(&[cause])
}

pub(crate) fn one_of(causes: &[Cause]) -> Expected {
    Expected::Fails { causes: causes.to_vec(), after: Wait::Unknown, heard: "" }
}

pub(crate) fn answers(stop: StopReason) -> Expected {
    Expected::Answers { stop, holds: Vec::new() }
}

/// The reply that a case is about when nothing is wrong with it.
pub(crate) fn fine() -> Expected {
    answers(StopReason::EndTurn).with("the text", |reply| reply.message.text() == TEXT)
}

/// What the model says in every case.
pub(crate) const TEXT: &str = "All is well.";

/// A stream that has said half of it.
pub(crate) fn half() -> Stream {
    use serde_json::json;
    Stream::begin()
        .event("messageStart", &json!({"role": "assistant"}))
        .event("contentBlockDelta", &json!({"delta": {"text": HALF}, "contentBlockIndex": 0}))
}

pub(crate) const HALF: &str = "All is";

/// In place of a text that a case does not settle.
pub(crate) const WHATEVER: &str = "whatever";
