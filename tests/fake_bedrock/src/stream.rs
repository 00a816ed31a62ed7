//! A body of event-stream frames, part by part, well formed until it is told otherwise.

use std::time::Duration;

use serde_json::Value;

use crate::answer::{Answer, Step};
use crate::{frame, http};

/// A stream that has begun.
#[derive(Debug, Clone)]
pub struct Stream {
    steps: Vec<Step>,
}

impl Default for Stream {
    fn default() -> Self {
        Self::begin()
    }
}

impl Stream {
    pub fn begin() -> Self {
        let headers = [
            ("content-type", "application/vnd.amazon.eventstream".to_owned()),
            ("transfer-encoding", "chunked".to_owned()),
        ];
        Self { steps: vec![Step::Bytes(http::head(200, &headers))] }
    }

    #[must_use]
    pub fn event(self, kind: &str, payload: &Value) -> Self {
        self.bytes(&frame::event(kind, payload))
    }

    #[must_use]
    pub fn events(self, events: &[(&str, Value)]) -> Self {
        events.iter().fold(self, |stream, (kind, payload)| stream.event(kind, payload))
    }

    /// As `throttlingException`: in a stream its name begins small.
    #[must_use]
    pub fn exception(self, kind: &str, payload: &Value) -> Self {
        self.bytes(&frame::exception(kind, payload))
    }

    /// These bytes of the body, whether they are a frame or not.
    #[must_use]
    pub fn bytes(mut self, bytes: &[u8]) -> Self {
        self.steps.push(Step::Bytes(http::chunk(bytes)));
        self
    }

    #[must_use]
    pub fn wait(self, wait: Duration) -> Self {
        self.then(Step::Wait(wait))
    }

    #[must_use]
    pub fn then(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// The end of the body in order.
    pub fn end(self) -> Answer {
        Answer::Writes(self.steps())
    }

    /// No end: the connection is closed in the middle of the body.
    pub fn cut(self) -> Answer {
        Answer::Writes(self.then(Step::Close).steps)
    }

    /// No end and no close.
    pub fn silence(self) -> Answer {
        Answer::Writes(self.then(Step::Silence).steps)
    }

    pub(crate) fn steps(mut self) -> Vec<Step> {
        self.steps.push(Step::Bytes(http::LAST_CHUNK.to_vec()));
        self.steps
    }
}
