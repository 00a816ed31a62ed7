//! The spans that begin a trace, and how a trace goes on in another process.
//!
//! `webhook` → `session` → `reasoning` → `tool` → calls of APIs. The first two carry what X-Ray is asked for; the
//! inner ones are made where their work is done.

use tracing::Span;
use tracing::field::Empty;

use super::About;
use super::traces;

/// Attributes that X-Ray indexes: <https://docs.aws.amazon.com/xray/latest/devguide/xray-sdk-migration.html>, "Working
/// with span attributes".
#[cfg(feature = "otlp")]
pub(super) const ANNOTATIONS: [&str; 4] =
    ["repository", "pr_number", "session_id", "agent_version"];

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A delivery that was verified. `traceparent`: the caller's own trace.
pub fn webhook(about: &About, delivery: &str, traceparent: Option<&str>) -> Span {
    let span = tracing::info_span!(
        "webhook",
        otel.kind = "server",
        request_id = delivery,
        session_id = about.session_id,
        repository = about.repository,
        pr_number = number(about),
        commit_sha = about.commit_sha,
        agent_version = VERSION,
    );
    begin(&span, traceparent);
    span
}

/// A review by a worker, as far as its job tells; it goes on with the trace of its delivery.
pub fn session(about: &About, delivery: &str, traceparent: Option<&str>) -> Span {
    let request = Some(delivery).filter(|delivery| !delivery.is_empty());
    let span = tracing::info_span!(
        "session",
        otel.kind = "consumer",
        otel.status_code = Empty,
        request_id = request,
        session_id = about.session_id,
        repository = about.repository,
        pr_number = number(about),
        commit_sha = about.commit_sha,
        agent_version = VERSION,
    );
    begin(&span, traceparent);
    span
}

/// The head turned out to be another than the job said.
pub fn session_is(span: &Span, about: &About) {
    span.record("session_id", &about.session_id);
    span.record("commit_sha", &about.commit_sha);
}

/// What another process needs to go on with this trace, where there is one: W3C Trace Context.
pub fn traceparent(span: &Span) -> Option<String> {
    traces::traceparent(span)
}

/// The trace that goes on here, as 32 hexadecimal digits.
pub fn trace_id() -> Option<String> {
    let traceparent = traceparent(&Span::current())?;
    traceparent.split('-').nth(1).map(ToOwned::to_owned)
}

fn begin(span: &Span, traceparent: Option<&str>) {
    // Without a caller's trace this begins one, whatever span is around it for the sake of the log.
    traces::continue_from(span, traceparent.unwrap_or_default());
    traces::annotate(span);
}

/// The exporter writes other integers as texts.
fn number(about: &About) -> Option<i64> {
    about.pr_number.and_then(|number| i64::try_from(number).ok())
}
