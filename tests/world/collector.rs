//! A collector of traces, as OpenTelemetry's protocol over HTTP has it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use prost::Message;
use serde_json::{Value, json};

pub struct Collector {
    pub url: String,
    received: Arc<Mutex<Vec<Span>>>,
    headers: Arc<Mutex<Vec<HeaderMap>>>,
}

/// A span as it arrived, ids in hexadecimal.
#[derive(Debug, Clone)]
pub struct Span {
    pub name: String,
    pub trace: String,
    pub id: String,
    pub parent: String,
    pub kind: i32,
    pub start: u64,
    pub attributes: BTreeMap<String, Value>,
    pub resource: BTreeMap<String, Value>,
}

#[derive(Clone)]
struct Shared {
    received: Arc<Mutex<Vec<Span>>>,
    headers: Arc<Mutex<Vec<HeaderMap>>>,
    answers: bool,
}

impl Collector {
    pub async fn start() -> Self {
        Self::listening(true).await
    }

    /// It takes requests and never answers them.
    pub async fn hanging() -> Self {
        Self::listening(false).await
    }

    async fn listening(answers: bool) -> Self {
        let (received, headers) = (Arc::default(), Arc::default());
        let shared =
            Shared { received: Arc::clone(&received), headers: Arc::clone(&headers), answers };
        let router = Router::new().route("/v1/traces", post(receive)).with_state(shared);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, received, headers }
    }

    pub fn spans(&self) -> Vec<Span> {
        self.received.lock().expect("spans").clone()
    }

    /// Of each request.
    pub fn headers(&self) -> Vec<HeaderMap> {
        self.headers.lock().expect("headers").clone()
    }
}

async fn receive(
    State(shared): State<Shared>,
    headers: HeaderMap,
    body: Bytes,
) -> (StatusCode, Vec<u8>) {
    shared.headers.lock().expect("headers").push(headers);
    if !shared.answers {
        std::future::pending::<()>().await;
    }
    let Ok(request) = ExportTraceServiceRequest::decode(body) else {
        return (StatusCode::BAD_REQUEST, Vec::new());
    };
    let mut received = shared.received.lock().expect("spans");
    for of_resource in request.resource_spans {
        let resource = of_resource.resource.map(|it| attributes(it.attributes)).unwrap_or_default();
        for span in of_resource.scope_spans.into_iter().flat_map(|scope| scope.spans) {
            received.push(Span {
                name: span.name,
                trace: hex(&span.trace_id),
                id: hex(&span.span_id),
                parent: hex(&span.parent_span_id),
                kind: span.kind,
                start: span.start_time_unix_nano,
                attributes: attributes(span.attributes),
                resource: resource.clone(),
            });
        }
    }
    (StatusCode::OK, Vec::new())
}

fn attributes(pairs: Vec<KeyValue>) -> BTreeMap<String, Value> {
    let value = |pair: KeyValue| (pair.key, pair.value.map_or(Value::Null, json_of));
    pairs.into_iter().map(value).collect()
}

fn json_of(value: AnyValue) -> Value {
    match value.value {
        Some(any_value::Value::StringValue(text)) => text.into(),
        Some(any_value::Value::BoolValue(truth)) => truth.into(),
        Some(any_value::Value::IntValue(number)) => number.into(),
        Some(any_value::Value::DoubleValue(number)) => number.into(),
        Some(any_value::Value::ArrayValue(array)) => {
            array.values.into_iter().map(json_of).collect()
        }
        other => json!(format!("{other:?}")),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
