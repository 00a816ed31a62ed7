//! What is told to operators, and how.

use serde::Deserialize;

use super::Environment;

/// Metrics and traces. Logs are always written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TelemetryConfig {
    pub metrics: Metrics,
    /// Spans are sent there by OpenTelemetry's protocol over HTTP. Unset: there are none.
    pub traces_endpoint: Option<String>,
    /// Headers of each request there, such as a collector's token.
    pub traces_headers: Vec<(String, String)>,
    /// What is known of the place where this runs, by OpenTelemetry's names.
    pub resource: Vec<(String, String)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Metrics {
    #[default]
    Off,
    /// CloudWatch's embedded metric format, a line each on stdout.
    Emf,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct TelemetryTable {
    metrics: Option<Metrics>,
    traces_endpoint: Option<String>,
}

/// Lays the environment over the file. The names that start with `OTEL_` are OpenTelemetry's own.
pub(super) fn read(
    table: TelemetryTable,
    environment: &Environment,
    problems: &mut Vec<String>,
) -> TelemetryConfig {
    let endpoint = environment("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
        .or_else(|| {
            let base = environment("OTEL_EXPORTER_OTLP_ENDPOINT")?;
            Some(format!("{}/v1/traces", base.trim_end_matches('/')))
        })
        .or(table.traces_endpoint);
    let headers = environment("OTEL_EXPORTER_OTLP_TRACES_HEADERS")
        .or_else(|| environment("OTEL_EXPORTER_OTLP_HEADERS"));
    TelemetryConfig {
        metrics: metrics(table.metrics, environment, problems),
        traces_endpoint: endpoint,
        traces_headers: headers.map(|headers| pairs(&headers)).unwrap_or_default(),
        resource: resource(environment),
    }
}

/// Names as in <https://opentelemetry.io/docs/specs/semconv/resource/faas/>. What an operator sets goes last and counts.
fn resource(environment: &Environment) -> Vec<(String, String)> {
    let mut known = Vec::new();
    let mut add = |name: &str, value: Option<String>| {
        known.extend(value.map(|value| (name.to_owned(), value)));
    };
    let function = environment("AWS_LAMBDA_FUNCTION_NAME");
    if function.is_some() {
        add("cloud.provider", Some("aws".into()));
        add("cloud.platform", Some("aws_lambda".into()));
    }
    add("faas.name", function);
    add("faas.version", environment("AWS_LAMBDA_FUNCTION_VERSION"));
    add("cloud.region", environment("AWS_REGION"));
    known.extend(
        environment("OTEL_RESOURCE_ATTRIBUTES").map(|given| pairs(&given)).unwrap_or_default(),
    );
    known.extend(environment("OTEL_SERVICE_NAME").map(|name| ("service.name".into(), name)));
    known
}

/// Inside Lambda the lines are collected without further ado, so there they are written unless told otherwise.
fn metrics(
    file: Option<Metrics>,
    environment: &Environment,
    problems: &mut Vec<String>,
) -> Metrics {
    match environment("ECO_CODER_METRICS").as_deref() {
        Some("emf") => Metrics::Emf,
        Some("off") => Metrics::Off,
        Some(other) => {
            problems.push(format!("ECO_CODER_METRICS is {other:?}; it may be emf or off"));
            Metrics::Off
        }
        None => file.unwrap_or_else(|| {
            if environment("AWS_LAMBDA_FUNCTION_NAME").is_some() {
                Metrics::Emf
            } else {
                Metrics::Off
            }
        }),
    }
}

/// `name=value` between commas, as OpenTelemetry's specification has it.
fn pairs(text: &str) -> Vec<(String, String)> {
    text.split(',')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        .collect()
}
