//! What is told of each attempt, for logs and metrics.

use std::time::Duration;

use crate::cost::Prefix;
use crate::router::Work;
use crate::{Metadata, ModelError, Usage};

/// Is told of every attempt when it has ended. Called between two requests: it must be quick and must not block.
pub trait Observe: Send + Sync {
    fn attempted(&self, attempt: &Attempted<'_>);

    /// Whether it is of use to know what a call may have in common with others, which takes some reading.
    fn wants_prefix(&self) -> bool {
        false
    }
}

/// One attempt at one model.
#[derive(Debug)]
pub struct Attempted<'a> {
    pub driver: &'static str,
    pub model_id: &'a str,
    pub profile: Option<&'a str>,
    pub metadata: &'a Metadata,
    /// What the call was taken for, where a model was chosen for it.
    pub work: Option<Work>,
    pub streamed: bool,
    /// Whether the service was asked at all: a spent budget or a full house keeps a call from it.
    pub asked: bool,
    pub succeeded: bool,
    /// How much of the answer can be used, between 0 and 1, where a model was chosen for it.
    pub usable: Option<f64>,
    /// Neither success nor error: nobody waited for the end.
    pub error: Option<&'a ModelError>,
    /// Before the service was asked: money and place.
    pub queued: Duration,
    /// From asking to the end.
    pub latency: Duration,
    /// From asking to the first event of a stream.
    pub first_event: Option<Duration>,
    pub usage: Usage,
    pub usage_is_estimated: bool,
    pub cost_usd: Option<f64>,
    /// Where it is wanted, and the model caches.
    pub prefix: Option<Prefix>,
}

impl Attempted<'_> {
    /// `success`, `canceled`, or the kind of the error.
    pub fn status(&self) -> &'static str {
        match self.error {
            Some(error) => error.kind().as_str(),
            None if self.succeeded => "success",
            None => "canceled",
        }
    }
}

/// Nobody looks.
#[derive(Debug, Clone, Copy)]
pub struct Unobserved;

impl Observe for Unobserved {
    fn attempted(&self, _: &Attempted<'_>) {}
}
