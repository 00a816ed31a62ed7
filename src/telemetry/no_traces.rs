//! No traces: this build has no exporter.

use std::time::Duration;

use contract::Clock;
use tracing::Span;
use tracing_subscriber::layer::{Identity, Layer};

use super::TracesTo;

pub(super) enum Exporter {}

impl Exporter {
    pub(super) fn new(_to: &TracesTo, _clock: Clock) -> Result<Self, String> {
        Err("this build has no exporter: build with the feature `otlp`".to_owned())
    }

    pub(super) fn layer<S: tracing::Subscriber>(&self) -> impl Layer<S> + Send + Sync + use<S> {
        Identity::new()
    }

    #[expect(clippy::unused_async, reason = "waits where there is an exporter")]
    pub(super) async fn flush(&self, _deadline: Duration) {
        match *self {}
    }

    #[expect(clippy::unused_async, reason = "waits where there is an exporter")]
    pub(super) async fn shutdown(self, _deadline: Duration) {
        match self {}
    }
}

pub(super) fn traceparent(_span: &Span) -> Option<String> {
    None
}

pub(super) fn continue_from(_span: &Span, _traceparent: &str) {}

pub(super) fn annotate(_span: &Span) {}
