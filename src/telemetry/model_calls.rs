//! What is told of calls to models: metrics in Prometheus' format, and a log line each.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use model::ModelError;
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// Callers name models, so a label could grow without end.
const MOST_MODELS: usize = 500;
const OTHER: &str = "other";
/// Milliseconds. Models answer in 0.2 to 100 seconds, caches and refusals in less.
const LATENCIES: [f64; 16] = [
    5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1e3, 2e3, 4e3, 8e3, 15e3, 30e3, 60e3, 120e3, 300e3,
];

/// One call that came to its end, or one attempt of it.
#[derive(Debug, Clone)]
pub struct ModelCall<'a> {
    pub trace_id: Option<&'a str>,
    pub task_id: Option<&'a str>,
    pub agent_id: Option<&'a str>,
    /// Whose key the call came with.
    pub client: Option<&'a str>,
    pub model_id: &'a str,
    pub latency: Duration,
    /// `ok`, or the kind of the error.
    pub status: &'static str,
    pub throttled: bool,
    /// Whether the service was asked: a spent budget or an open breaker keeps a call from it.
    pub asked: bool,
    pub error: Option<&'a ModelError>,
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub cost_usd: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ModelLabels {
    model_id: Arc<str>,
}

/// A model, and the way to it: the same may be asked through several drivers and profiles.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RouteLabels {
    model_id: String,
    route: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    model_id: Arc<str>,
    status: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DirectionLabels {
    direction: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ScopeLabels {
    scope: String,
}

/// The metrics of one model. To look one up by its labels takes as long as all else that counting is.
struct OfModel {
    model_id: Arc<str>,
    latency: Histogram,
    invocations: Vec<(&'static str, Counter)>,
}

/// The metrics of a process that serves models.
pub struct ModelMetrics {
    registry: Registry,
    invocations: Family<CallLabels, Counter>,
    latency: Family<ModelLabels, Histogram>,
    input: Counter,
    output: Counter,
    throttles: Counter,
    breakers: Family<RouteLabels, Gauge>,
    budgets: Family<ScopeLabels, Gauge<f64, std::sync::atomic::AtomicU64>>,
    models: Mutex<HashMap<Arc<str>, OfModel>>,
}

impl Default for ModelMetrics {
    fn default() -> Self {
        let mut registry = Registry::default();
        let invocations = Family::default();
        registry.register("bedrock_invocations", "Calls by model and outcome", invocations.clone());
        let latency: Family<ModelLabels, Histogram> =
            Family::new_with_constructor(|| Histogram::new(LATENCIES));
        registry.register("bedrock_latency_ms", "Milliseconds of a call", latency.clone());
        let tokens: Family<DirectionLabels, Counter> = Family::default();
        let of_direction = |direction| tokens.get_or_create(&DirectionLabels { direction }).clone();
        let (input, output) = (of_direction("input"), of_direction("output"));
        registry.register("bedrock_tokens", "Tokens by direction", tokens);
        let throttles = Counter::default();
        registry.register("bedrock_throttles", "Calls that a service throttled", throttles.clone());
        let breakers = Family::default();
        registry.register(
            "bedrock_breaker_state",
            "0 closed, 1 half open, 2 open",
            breakers.clone(),
        );
        let budgets = Family::default();
        registry.register(
            "bedrock_budget_left_usd",
            "US dollars that are left under a cap",
            budgets.clone(),
        );
        let models = Mutex::default();
        Self { registry, invocations, latency, input, output, throttles, breakers, budgets, models }
    }
}

impl ModelMetrics {
    pub fn count(&self, call: &ModelCall<'_>) {
        self.count_of_model(call);
        self.input.inc_by(call.input_tokens);
        self.output.inc_by(call.output_tokens);
        if call.throttled {
            self.throttles.inc();
        }
    }

    /// Sets what changes by itself, just before the metrics are read: 0 closed, 1 half open, 2 open.
    pub fn set_breaker(&self, model_id: &str, route: &str, state: i64) {
        let labels = RouteLabels { model_id: model_id.to_owned(), route: route.to_owned() };
        self.breakers.get_or_create(&labels).set(state);
    }

    /// US dollars by scope, as `day` or `agent:ci`; the only ones that are told from then on.
    pub fn set_budgets_left(&self, left: impl IntoIterator<Item = (String, f64)>) {
        self.budgets.clear();
        for (scope, usd) in left {
            self.budgets.get_or_create(&ScopeLabels { scope }).set(usd);
        }
    }

    /// OpenMetrics' text, which Prometheus reads.
    pub fn text(&self) -> String {
        let mut told = String::new();
        // Writing to a text cannot fail.
        let _ = text::encode(&mut told, &self.registry);
        told
    }

    fn count_of_model(&self, call: &ModelCall<'_>) {
        let mut models = self.models.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(model) = self.of_model(&mut models, call.model_id) else { return };
        if call.asked {
            model.latency.observe(call.latency.as_secs_f64() * 1e3);
        }
        if let Some((_, known)) = model.invocations.iter().find(|(known, _)| *known == call.status)
        {
            known.inc();
            return;
        }
        let labels = CallLabels { model_id: model.model_id.clone(), status: call.status };
        let counter = self.invocations.get_or_create(&labels).clone();
        counter.inc();
        model.invocations.push((call.status, counter));
    }

    /// Always one: the model's own or, where there are too many, the one of all others.
    fn of_model<'a>(
        &self,
        models: &'a mut HashMap<Arc<str>, OfModel>,
        model_id: &str,
    ) -> Option<&'a mut OfModel> {
        let has_place = models.len() < MOST_MODELS || models.contains_key(model_id);
        let name = if has_place { model_id } else { OTHER };
        if !models.contains_key(name) {
            let model_id: Arc<str> = name.into();
            let labels = ModelLabels { model_id: model_id.clone() };
            let latency = self.latency.get_or_create(&labels).clone();
            models.insert(model_id.clone(), OfModel { model_id, latency, invocations: Vec::new() });
        }
        models.get_mut(name)
    }
}

/// A line of the log for one attempt, without a word of what was said.
pub fn log(call: &ModelCall<'_>) {
    let latency_ms = u64::try_from(call.latency.as_millis()).unwrap_or(u64::MAX);
    tracing::info!(
        target: "model",
        trace_id = call.trace_id,
        task_id = call.task_id,
        agent_id = call.agent_id,
        client = call.client,
        model_id = call.model_id,
        latency_ms,
        status = call.status,
        tokens.total = call.input_tokens + call.output_tokens,
        cost_usd = call.cost_usd,
        cause = call.error.map(ModelError::said),
        provider_code = call.error.and_then(|error| error.provider_code.as_deref()),
        error = call.error.map(|error| error.message.as_str()),
        "{}",
        if call.asked { "a model was called" } else { "a model was not called" }
    );
}

/// What was said, for a deployment that asks for it. Credentials are taken out of it as out of every line.
pub fn log_words(trace_id: Option<&str>, model_id: &str, prompt: &str, output: &str) {
    tracing::info!(target: "model", trace_id, model_id, prompt, output, "what was said");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(model_id: &str) -> ModelCall<'_> {
        ModelCall {
            trace_id: None,
            task_id: None,
            agent_id: None,
            client: None,
            model_id,
            latency: Duration::from_millis(12),
            status: "ok",
            throttled: false,
            asked: true,
            error: None,
            input_tokens: 10,
            output_tokens: 2,
            cost_usd: None,
        }
    }

    #[test]
    fn the_metrics_have_the_names_that_dashboards_ask_for() {
        let metrics = ModelMetrics::default();
        metrics.count(&call("m"));
        metrics.count(&ModelCall {
            status: "quota_exceeded",
            throttled: true,
            asked: false,
            ..call("m")
        });
        metrics.set_breaker("m", "openai/m", 2);
        metrics.set_budgets_left([("agent:gone".to_owned(), 2.0)]);
        metrics.set_budgets_left([("day".to_owned(), 1.5)]);
        let text = metrics.text();
        let told = text.lines().filter(|line| !line.starts_with('#') && !line.contains("le=\""));
        let mut told: Vec<&str> = told.collect();
        told.sort_unstable();
        insta::assert_snapshot!(told.join("\n"), @r#"
        bedrock_breaker_state{model_id="m",route="openai/m"} 2
        bedrock_budget_left_usd{scope="day"} 1.5
        bedrock_invocations_total{model_id="m",status="ok"} 1
        bedrock_invocations_total{model_id="m",status="quota_exceeded"} 1
        bedrock_latency_ms_count{model_id="m"} 1
        bedrock_latency_ms_sum{model_id="m"} 12.0
        bedrock_throttles_total 1
        bedrock_tokens_total{direction="input"} 20
        bedrock_tokens_total{direction="output"} 4
        "#);
        assert!(text.contains(r#"bedrock_latency_ms_bucket{le="25.0",model_id="m"} 1"#), "{text}");
    }

    #[test]
    fn callers_cannot_make_labels_without_end() {
        let metrics = ModelMetrics::default();
        for number in 0..2 * MOST_MODELS {
            metrics.count(&call(&format!("m{number}")));
        }
        let text = metrics.text();
        let series = text.lines().filter(|line| line.starts_with("bedrock_invocations_total"));
        assert_eq!(series.count(), MOST_MODELS + 1);
    }
}
