//! What is told of every attempt at a model: metrics, and a line of the log.

use std::sync::Arc;

use model::Cause;
use model::budget::Nanodollars;
use model::cost::{CallRecord, Recorder};
use model::gateway::{Attempted, Observe};

use super::CLOCK;
use super::routing::Routing;
use crate::telemetry::model_calls::{self, ModelCall, ModelMetrics};

pub(super) struct Observed {
    metrics: Arc<ModelMetrics>,
    recorder: Option<Arc<Recorder>>,
    /// Where models are chosen by how they did.
    routing: Option<Arc<Routing>>,
}

impl Observed {
    pub(super) fn new(
        metrics: Arc<ModelMetrics>,
        recorder: Option<Arc<Recorder>>,
        routing: Option<Arc<Routing>>,
    ) -> Self {
        Self { metrics, recorder, routing }
    }
}

impl Observe for Observed {
    fn attempted(&self, attempt: &Attempted<'_>) {
        let usage = attempt.usage;
        let call = ModelCall {
            trace_id: attempt.metadata.trace_id.as_deref(),
            task_id: attempt.metadata.task_id.as_deref(),
            agent_id: attempt.metadata.agent_id.as_deref(),
            model_id: attempt.model_id,
            latency: attempt.latency,
            status: attempt.status(),
            throttled: attempt.error.is_some_and(|error| error.cause == Cause::Throttled),
            input_tokens: usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens,
            output_tokens: usage.output_tokens,
            cost_usd: attempt.cost_usd,
        };
        if let Some(routing) = &self.routing {
            routing.learn(attempt);
        }
        self.metrics.count(&call);
        model_calls::log(&call);
        if let Some(recorder) = self.recorder.as_ref().filter(|_| attempt.asked) {
            recorder.record(record(attempt));
        }
    }

    fn wants_prefix(&self) -> bool {
        self.recorder.is_some()
    }
}

fn record(attempt: &Attempted<'_>) -> CallRecord {
    CallRecord {
        at: CLOCK(),
        agent: attempt.metadata.agent_id.clone(),
        task: attempt.metadata.task_id.clone(),
        model: attempt.model_id.to_owned(),
        driver: attempt.driver.to_owned(),
        usage: attempt.usage,
        cost: attempt.cost_usd.map(Nanodollars::of_usd),
        latency_ms: u64::try_from(attempt.latency.as_millis()).unwrap_or(u64::MAX),
        error: attempt.error.map(model::ModelError::kind),
        estimated: attempt.usage_is_estimated,
        prefix: attempt.prefix,
    }
}
