//! Traces by OpenTelemetry's protocol: which spans are sent, as what, and how a trace goes on elsewhere.

use std::collections::HashMap;
use std::time::Duration;

use contract::Clock;
use opentelemetry::propagation::TextMapPropagator;
use opentelemetry::trace::{Link, SpanKind, TraceContextExt, TraceId, TraceState, TracerProvider};
use opentelemetry::{Array, Context, KeyValue, StringValue, Value};
use opentelemetry_otlp::{RetryPolicy, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::{
    BatchConfigBuilder, BatchSpanProcessor, Sampler, SamplingDecision, SamplingResult,
    SdkTracerProvider, ShouldSample,
};
use tokio::sync::oneshot;
use tracing::{Level, Metadata, Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::filter::{LevelFilter, filter_fn};
use tracing_subscriber::layer::Layer;
use tracing_subscriber::registry::LookupSpan;

use super::TracesTo;
use super::collector::Collector;
use super::logs::is_ours;
use super::spans::ANNOTATIONS;

/// Spans that wait; more are dropped. A review has some 30 of under 1 KB each.
const MOST_WAITING: usize = 4096;
/// Spans in one request; X-Ray takes 10,000 and 5 MB.
const MOST_AT_ONCE: usize = 512;
const SEND_EVERY: Duration = Duration::from_secs(2);
/// One batch, its repetition included.
const BATCH_DEADLINE: Duration = Duration::from_secs(10);

/// Sends spans in batches, from a thread of its own.
pub(super) struct Exporter(SdkTracerProvider);

impl Exporter {
    pub(super) fn new(to: &TracesTo, clock: Clock) -> Result<Self, String> {
        let collector = Collector::new(&to.endpoint, clock)?;
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(collector)
            .with_endpoint(&to.endpoint)
            .with_headers(to.headers.iter().cloned().collect())
            .with_timeout(BATCH_DEADLINE)
            .with_retry_policy(
                RetryPolicy::recommended()
                    .with_max_retries(1)
                    .with_initial_delay(Duration::from_millis(500)),
            )
            .build()
            .map_err(|error| error.to_string())?;
        let batches = BatchConfigBuilder::default()
            .with_max_queue_size(MOST_WAITING)
            .with_max_export_batch_size(MOST_AT_ONCE)
            .with_scheduled_delay(SEND_EVERY)
            .build();
        let processor = BatchSpanProcessor::builder(exporter).with_batch_config(batches).build();
        let provider = SdkTracerProvider::builder()
            .with_span_processor(processor)
            .with_sampler(Sampler::ParentBased(Box::new(RootsOfOurs)))
            .with_resource(resource(to))
            .build();
        Ok(Self(provider))
    }

    pub(super) fn layer<S>(&self) -> impl Layer<S> + Send + Sync + use<S>
    where
        S: Subscriber + for<'span> LookupSpan<'span> + Send + Sync,
    {
        tracing_opentelemetry::layer()
            .with_tracer(self.0.tracer("eco-coder"))
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_tracked_inactivity(false)
            // Independent of the log's filter: quiet logs must not thin out the traces.
            .with_filter(filter_fn(is_exported).with_max_level_hint(LevelFilter::DEBUG))
    }

    pub(super) async fn flush(&self, deadline: Duration) {
        let provider = self.0.clone();
        aside(deadline, move || drop(provider.force_flush())).await;
    }

    pub(super) async fn shutdown(self, deadline: Duration) {
        aside(deadline, move || drop(self.0.shutdown_with_timeout(deadline))).await;
    }
}

/// On a thread that nobody waits for longer than this: the end of a runtime waits for its own threads.
async fn aside(deadline: Duration, work: impl FnOnce() + Send + 'static) {
    let (done, wait) = oneshot::channel();
    std::thread::spawn(move || {
        work();
        let _ = done.send(());
    });
    let _ = tokio::time::timeout(deadline, wait).await;
}

/// Our spans, and one for each call of the AWS SDK. No events: what they say is in the log, without credentials.
fn is_exported(metadata: &Metadata<'_>) -> bool {
    let target = metadata.target();
    metadata.is_span()
        && (is_ours(target) && *metadata.level() <= Level::INFO
            || target.starts_with("aws_sdk_") && *metadata.level() <= Level::DEBUG)
}

/// A trace begins with a span of ours that takes work in. The SDK's polling of a queue begins none.
#[derive(Debug, Clone)]
struct RootsOfOurs;

impl ShouldSample for RootsOfOurs {
    fn should_sample(
        &self,
        _parent: Option<&Context>,
        _trace: TraceId,
        _name: &str,
        kind: &SpanKind,
        _attributes: &[KeyValue],
        _links: &[Link],
    ) -> SamplingResult {
        let decision = match kind {
            SpanKind::Server | SpanKind::Consumer => SamplingDecision::RecordAndSample,
            _ => SamplingDecision::Drop,
        };
        SamplingResult { decision, attributes: Vec::new(), trace_state: TraceState::default() }
    }
}

fn resource(to: &TracesTo) -> Resource {
    let known = to.resource.iter().map(|(name, value)| KeyValue::new(name.clone(), value.clone()));
    Resource::builder_empty()
        .with_service_name("eco-coder")
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .with_attributes(known)
        .build()
}

/// As W3C Trace Context writes it: <https://www.w3.org/TR/trace-context/#traceparent-header>.
pub(super) fn traceparent(span: &Span) -> Option<String> {
    let context = span.context();
    let span = context.span();
    let context = span.span_context();
    context.is_valid().then(|| {
        let flags = context.trace_flags().to_u8();
        format!("00-{}-{}-{flags:02x}", context.trace_id(), context.span_id())
    })
}

/// To be called before the span is entered. What is not a `traceparent` begins a trace of its own.
pub(super) fn continue_from(span: &Span, traceparent: &str) {
    let carrier = HashMap::from([("traceparent".to_owned(), traceparent.to_owned())]);
    let parent = TraceContextPropagator::new().extract_with_context(&Context::new(), &carrier);
    // Fails only where no spans are sent.
    let _ = span.set_parent(parent);
}

/// Names the attributes that X-Ray is to index.
pub(super) fn annotate(span: &Span) {
    let names = ANNOTATIONS.iter().map(|&name| StringValue::from(name)).collect();
    span.set_attribute("aws.xray.annotations", Value::Array(Array::String(names)));
}
