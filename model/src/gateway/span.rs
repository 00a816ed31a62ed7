//! What a trace shows of an attempt at a model.

use tracing::Span;
use tracing::field::Empty;

use super::route::Way;

/// A span under OpenTelemetry's names for calls of models
/// (<https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/>), where there is one around it that it can belong
/// to. Without, there is no trace, and a call need not pay for one.
pub(super) fn around(way: &Way) -> Span {
    if Span::current().is_none() {
        return Span::none();
    }
    let (driver, model) = (way.route.driver.name(), way.route.model.id.as_str());
    tracing::info_span!(
        "chat",
        otel.name = format!("chat {model}"),
        otel.kind = "client",
        otel.status_code = Empty,
        gen_ai.operation.name = "chat",
        gen_ai.provider.name = if driver == "bedrock" { "aws.bedrock" } else { driver },
        gen_ai.request.model = model,
    )
}

/// The attempt gave no reply.
pub(super) fn failed(span: &Span) {
    span.record("otel.status_code", "ERROR");
}
