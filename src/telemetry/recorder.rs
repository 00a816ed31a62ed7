//! What a review tells of itself: each fact once, to the metrics and to the audit trail.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use contract::{Clock, Timestamp};
use serde_json::{Map, Value, json};

use super::audit::{self, AuditEvent, Keep, Line};
use super::emf::Emf;
use super::metrics::{Dimensions, Metric};

/// The trail is kept as well as can be: a store that takes longer than this holds no review up.
const KEEP_DEADLINE: Duration = Duration::from_secs(1);
/// Of a reason.
const LONGEST: usize = 300;

/// Makes sessions. Cloning shares it.
#[derive(Clone)]
pub struct Recorder {
    inner: Arc<Inner>,
    request_id: Option<Arc<str>>,
}

struct Inner {
    metrics: Option<Emf>,
    keep: Keep,
    clock: Clock,
}

/// Which review it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// The run's id.
    pub session_id: String,
    pub repository: String,
    pub pr_number: Option<u64>,
    pub commit_sha: String,
}

/// Records one review. Nothing here fails or holds up a review.
#[derive(Clone)]
pub struct Session {
    recorder: Recorder,
    about: Arc<About>,
}

/// One reply of whoever leads.
#[derive(Debug, Clone, Default)]
pub struct Turned {
    /// `embedded`, `bedrock`.
    pub driver: &'static str,
    /// `None`: no reply came.
    pub model: Option<String>,
    pub input_tokens: u64,
    pub output_tokens: u64,
    pub cached_tokens: u64,
    pub tool_uses: usize,
    pub usd: Option<f64>,
    pub error: Option<String>,
    pub took: Duration,
}

/// One call of a tool.
#[derive(Debug, Clone, Copy)]
pub struct ToolCalled<'a> {
    pub tool: &'a str,
    pub input: &'a Value,
    pub result: &'a Value,
    pub error: Option<ErrorType>,
    pub took: Duration,
}

/// What a review that finished took.
#[derive(Debug, Clone, Copy, Default)]
pub struct Finished {
    pub findings: usize,
    pub tokens: u64,
    /// `None` where a model has no known price.
    pub usd: Option<f64>,
    pub co2e_grams: Option<f64>,
    pub took: Duration,
}

/// Why something failed, in words that a dashboard can count by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorType {
    /// The call did not fit the tool, or there is no such tool.
    InvalidCall,
    Timeout,
    Panic,
    /// The tool cannot go on, whatever it is asked.
    CannotGoOn,
    NotPosted,
    RateLimited,
    /// GitHub refuses: no right, no such thing.
    Refused,
    /// Something outside failed.
    Unavailable,
}

impl ErrorType {
    pub fn name(self) -> &'static str {
        match self {
            Self::InvalidCall => "invalid_call",
            Self::Timeout => "timeout",
            Self::Panic => "panic",
            Self::CannotGoOn => "cannot_go_on",
            Self::NotPosted => "not_posted",
            Self::RateLimited => "rate_limited",
            Self::Refused => "refused",
            Self::Unavailable => "unavailable",
        }
    }
}

impl Recorder {
    pub(super) fn new(metrics: Option<Emf>, keep: Keep, clock: Clock) -> Self {
        Self { inner: Arc::new(Inner { metrics, keep, clock }), request_id: None }
    }

    /// The same, for what one delivery asked for.
    #[must_use]
    pub fn for_request(&self, request_id: &str) -> Self {
        let request_id = (!request_id.is_empty()).then(|| request_id.into());
        Self { inner: self.inner.clone(), request_id }
    }

    pub fn session(&self, about: About) -> Session {
        Session { recorder: self.clone(), about: Arc::new(about) }
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Recorder").finish_non_exhaustive()
    }
}

impl Session {
    /// A review begins, or goes on from its last checkpoint.
    pub async fn started(&self, resumed: bool) {
        if !resumed {
            self.measure(&[(Metric::Sessions, 1.0)], Dimensions::default());
        }
        self.tell("review_started", json!({"resumed": resumed}), Value::Null, None).await;
    }

    pub async fn turned(&self, turned: Turned) {
        let tokens = turned.input_tokens + turned.output_tokens + turned.cached_tokens;
        if tokens > 0 {
            self.measure(&[(Metric::Tokens, tokens as f64)], Dimensions::default());
        }
        let asked = json!({"driver": turned.driver});
        let answered = match turned.error {
            Some(error) => json!({"error": shortened(&error)}),
            None => json!({
                "model": turned.model,
                "input_tokens": turned.input_tokens,
                "output_tokens": turned.output_tokens,
                "cached_tokens": turned.cached_tokens,
                "tool_uses": turned.tool_uses,
                "usd": turned.usd,
            }),
        };
        self.tell("model_turn", asked, answered, Some(turned.took)).await;
    }

    pub async fn tool_called(&self, called: ToolCalled<'_>) {
        let error = called.error.map(ErrorType::name);
        let values = [
            (Metric::ToolInvocation, 1.0),
            (Metric::ToolDuration, milliseconds(called.took)),
            (Metric::ToolErrors, if error.is_some() { 1.0 } else { 0.0 }),
        ];
        self.measure(&values, Dimensions { tool: Some(called.tool), error });
        let mut result = audit::summary(called.result);
        if let (Some(error), Some(result)) = (error, result.as_object_mut()) {
            result.insert("error_type".into(), error.into());
        }
        let event = self.event("tool_call", Some(called.tool), Some(called.took));
        self.keep(AuditEvent { parameters: audit::summary(called.input), result, ..event }).await;
    }

    /// Grams of CO2e, as the tool found them.
    pub fn footprint_calculated(&self, grams: f64) {
        self.measure(&[(Metric::CarbonFootprintCalculated, grams)], Dimensions::default());
    }

    /// `None`: the service had nothing to give.
    pub fn code_guru_reviewed(&self, recommendations: Option<usize>, took: Duration) {
        let mut values = vec![(Metric::CodeGuruReviewTime, milliseconds(took))];
        values.extend(recommendations.map(|count| (Metric::CodeGuruRecommendations, count as f64)));
        self.measure(&values, Dimensions::default());
    }

    /// `None`: GitHub did not take the comment.
    pub async fn posted(&self, comment_url: Option<&str>, took: Duration) {
        let posted = if comment_url.is_some() { 1.0 } else { 0.0 };
        self.measure(&[(Metric::GitHubCommentPosted, posted)], Dimensions::default());
        let result = json!({"posted": comment_url.is_some(), "comment_url": comment_url});
        self.tell("posting", Value::Null, result, Some(took)).await;
    }

    /// The planner goes on in the model's place.
    pub async fn handed_over(&self, why: &str) {
        self.tell("handed_over", Value::Null, json!({"why": shortened(why)}), None).await;
    }

    pub async fn finished(&self, finished: Finished) {
        let mut values = vec![
            (Metric::Reviews, 1.0),
            (Metric::ReviewErrors, 0.0),
            (Metric::ReviewDuration, milliseconds(finished.took)),
        ];
        values.extend(finished.usd.map(|usd| (Metric::ReviewCost, usd)));
        values.extend(finished.co2e_grams.map(|grams| (Metric::ReviewFootprint, grams)));
        self.measure(&values, Dimensions::default());
        let result = json!({
            "findings": finished.findings,
            "tokens": finished.tokens,
            "usd": finished.usd,
            "co2e_grams": finished.co2e_grams,
        });
        self.tell("review_finished", Value::Null, result, Some(finished.took)).await;
    }

    /// Told to stop; it may go on later.
    pub async fn stopped(&self, took: Duration) {
        self.tell("review_stopped", Value::Null, Value::Null, Some(took)).await;
    }

    pub async fn failed(&self, error: ErrorType, why: &str, took: Duration) {
        let dimensions = Dimensions { tool: None, error: Some(error.name()) };
        self.measure(&[(Metric::ReviewErrors, 1.0)], dimensions);
        let result = json!({"error_type": error.name(), "why": shortened(why)});
        self.tell("review_failed", Value::Null, result, Some(took)).await;
    }

    fn now(&self) -> Timestamp {
        (self.recorder.inner.clock)()
    }

    fn measure(&self, values: &[(Metric, f64)], dimensions: Dimensions<'_>) {
        let Some(metrics) = &self.recorder.inner.metrics else { return };
        let About { session_id, repository, pr_number, commit_sha } = &*self.about;
        let mut properties = Map::new();
        properties.insert("session_id".into(), session_id.as_str().into());
        properties.insert("repository".into(), repository.as_str().into());
        properties.insert("pr_number".into(), (*pr_number).into());
        if let Some(request_id) = &self.recorder.request_id {
            properties.insert("request_id".into(), request_id.as_ref().into());
        }
        properties.insert("commit_sha".into(), commit_sha.as_str().into());
        metrics.write(values, dimensions, &properties, self.now());
    }

    fn event<'a>(
        &'a self,
        event_type: &'static str,
        tool_name: Option<&'a str>,
        took: Option<Duration>,
    ) -> AuditEvent<'a> {
        AuditEvent {
            event_type,
            timestamp: self.now().rfc3339_millis(),
            session_id: &self.about.session_id,
            tool_name,
            parameters: Value::Null,
            result: Value::Null,
            duration_ms: took.map(|took| u64::try_from(took.as_millis()).unwrap_or(u64::MAX)),
        }
    }

    async fn tell(
        &self,
        event_type: &'static str,
        parameters: Value,
        result: Value,
        took: Option<Duration>,
    ) {
        self.keep(AuditEvent { parameters, result, ..self.event(event_type, None, took) }).await;
    }

    /// Logs an event and keeps it. A loss is logged, and that is all that comes of it.
    async fn keep(&self, event: AuditEvent<'_>) {
        tracing::info!(
            target: "eco_coder::audit",
            event_type = event.event_type,
            session_id = event.session_id,
            tool_name = event.tool_name,
            json.parameters = %event.parameters,
            json.result = %event.result,
            duration_ms = event.duration_ms,
            "{}", event.event_type
        );
        let Ok(json) = serde_json::to_string(&event) else { return };
        let event_type = event.event_type;
        let session_id = self.about.session_id.clone();
        let kept =
            (self.recorder.inner.keep)(Line { session_id, event_type, json, at: self.now() });
        match tokio::time::timeout(KEEP_DEADLINE, kept).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::error!(event_type, %error, "an event is missing from the audit trail");
            }
            Err(_elapsed) => tracing::error!(
                event_type,
                error = "the store does not answer",
                "an event may be missing from the audit trail"
            ),
        }
    }
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

fn shortened(text: &str) -> &str {
    &text[..text.floor_char_boundary(LONGEST)]
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, PoisonError};

    use futures::FutureExt;
    use tracing_subscriber::layer::SubscriberExt;

    use super::*;
    use crate::telemetry::Sink;
    use crate::telemetry::logs;
    use crate::telemetry::redaction::Redaction;

    const NOW: Clock = || Timestamp(1_795_305_600_123);

    fn session(keep: Keep, metrics: Sink) -> Session {
        Recorder::new(Some(Emf::to(metrics)), keep, NOW).for_request("d-1").session(About {
            session_id: "run-1".into(),
            repository: "octo/shop".into(),
            pr_number: Some(7),
            commit_sha: "abc".into(),
        })
    }

    /// What is logged while the future runs.
    fn logged(future: impl Future<Output = ()>) -> String {
        let written = Arc::new(Mutex::new(Vec::new()));
        let layer =
            logs::for_machines(Some("error"), written.clone(), Arc::new(Redaction::default()), NOW);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            runtime.block_on(future);
        });
        String::from_utf8(written.lock().unwrap_or_else(PoisonError::into_inner).clone()).unwrap()
    }

    #[test]
    fn a_store_that_fails_or_hangs_loses_an_event_and_nothing_else() {
        let failing: Keep = Arc::new(|_| async { Err("disk full".into()) }.boxed());
        let log = logged(async {
            session(failing, Arc::new(Mutex::new(Vec::new()))).started(false).await;
        });
        assert!(log.contains("an event is missing") && log.contains("disk full"), "{log}");
        let hanging: Keep = Arc::new(|_| std::future::pending().boxed());
        let log = logged(async {
            session(hanging, Arc::new(Mutex::new(Vec::new()))).stopped(Duration::ZERO).await;
        });
        assert!(log.contains("may be missing") && log.contains("review_stopped"), "{log}");
    }

    #[test]
    fn a_resumed_review_is_not_another_session() {
        let metrics = Arc::new(Mutex::new(Vec::new()));
        let keep: Keep = Arc::new(|_| async { Ok(()) }.boxed());
        let session = session(keep, metrics.clone());
        logged(async {
            session.started(true).await;
            session.started(false).await;
        });
        let written = String::from_utf8(metrics.lock().unwrap().clone()).unwrap();
        assert_eq!(written.lines().count(), 1);
        assert!(written.contains(r#""Sessions":1"#) && written.contains(r#""request_id":"d-1""#));
    }

    #[test]
    fn a_reason_is_shortened_and_what_is_no_number_is_left_out() {
        let kept = Arc::new(Mutex::new(Vec::new()));
        let seen = kept.clone();
        let keep: Keep = Arc::new(move |line| {
            seen.lock().unwrap().push(line);
            async { Ok(()) }.boxed()
        });
        let metrics = Arc::new(Mutex::new(Vec::new()));
        let session = session(keep, metrics.clone());
        logged(async {
            session.handed_over(&"ü".repeat(1000)).await;
            session.footprint_calculated(f64::NAN);
        });
        let lines = kept.lock().unwrap();
        assert_eq!((lines[0].event_type, lines[0].session_id.as_str()), ("handed_over", "run-1"));
        assert!(lines[0].json.len() < 600, "{}", lines[0].json);
        assert!(metrics.lock().unwrap().is_empty());
    }
}
