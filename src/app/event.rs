//! What Lambda was called for, told by the shape of the event.

use aws_lambda_events::sqs::SqsEvent;
use lambda_http::request::LambdaRequest;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

/// What this function is there for.
pub(super) enum Event {
    /// A Function URL, an HTTP or REST API, or a load balancer has a request.
    Http(Box<LambdaRequest>),
    /// Messages of the queue.
    Messages(SqsEvent),
    /// The clock of EventBridge.
    Tick,
}

/// None of these.
#[derive(Debug, thiserror::Error)]
#[error(
    "this function takes HTTP requests (Function URL, HTTP API, REST API, load balancer), messages of an SQS queue, and EventBridge's \"Scheduled Event\"; this event is none of them{}",
    .0.as_deref().map(|why| format!(": {why}")).unwrap_or_default()
)]
pub(super) struct UnknownEvent(Option<String>);

/// As much of an event as tells them apart. What AWS sends is full of fields that come and go.
#[derive(Deserialize)]
struct Shape {
    #[serde(rename = "Records", default)]
    records: Option<Vec<RecordShape>>,
    #[serde(rename = "requestContext", default)]
    request_context: Option<IgnoredAny>,
    #[serde(default)]
    source: Option<String>,
    #[serde(rename = "detail-type", default)]
    detail_type: Option<String>,
}

#[derive(Deserialize)]
struct RecordShape {
    #[serde(rename = "eventSource", default)]
    event_source: Option<String>,
}

impl Event {
    pub(super) fn read(event: &RawValue) -> Result<Self, UnknownEvent> {
        let shape: Shape = parse(event)?;
        if shape.request_context.is_some() {
            return parse(event).map(|request| Self::Http(Box::new(request)));
        }
        if let Some(records) = shape.records.filter(|records| !records.is_empty()) {
            return if records.iter().all(RecordShape::is_of_sqs) {
                parse(event).map(Self::Messages)
            } else {
                Err(UnknownEvent(Some("its records are not all from SQS".to_owned())))
            };
        }
        let source = shape.source.as_deref();
        let ticks = matches!(source, Some("aws.events" | "aws.scheduler"))
            && shape.detail_type.as_deref() == Some("Scheduled Event");
        if ticks { Ok(Self::Tick) } else { Err(UnknownEvent(None)) }
    }
}

impl RecordShape {
    fn is_of_sqs(&self) -> bool {
        self.event_source.as_deref() == Some("aws:sqs")
    }
}

fn parse<'event, T: Deserialize<'event>>(event: &'event RawValue) -> Result<T, UnknownEvent> {
    serde_json::from_str(event.get()).map_err(|error| UnknownEvent(Some(error.to_string())))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(event: &Value) -> Result<&'static str, String> {
        let raw = serde_json::value::to_raw_value(event).unwrap();
        match Event::read(&raw) {
            Ok(Event::Http(_)) => Ok("http"),
            Ok(Event::Messages(_)) => Ok("messages"),
            Ok(Event::Tick) => Ok("tick"),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn every_event_is_known_by_its_shape() {
        let samples = [
            ("http", include_str!("../../tests/events/function_url.json")),
            ("http", include_str!("../../tests/events/http_api.json")),
            ("http", include_str!("../../tests/events/http_api_with_stage.json")),
            ("http", include_str!("../../tests/events/rest_api.json")),
            ("http", include_str!("../../tests/events/load_balancer.json")),
            ("http", include_str!("../../tests/events/load_balancer_multi_value.json")),
            ("messages", include_str!("../../tests/events/sqs_batch.json")),
            ("tick", include_str!("../../tests/events/schedule.json")),
            ("tick", include_str!("../../tests/events/scheduler.json")),
        ];
        for (kind, event) in samples {
            let event = serde_json::from_str(event).unwrap();
            assert_eq!(read(&event).as_deref(), Ok(kind), "{event}");
        }
    }

    #[test]
    fn anything_else_is_told_what_is_expected() {
        insta::assert_snapshot!(read(&json!({"source": "aws.s3", "detail-type": "Object Created"})).unwrap_err(), @r#"this function takes HTTP requests (Function URL, HTTP API, REST API, load balancer), messages of an SQS queue, and EventBridge's "Scheduled Event"; this event is none of them"#);
        let error = read(&json!({"Records": [{"eventSource": "aws:s3"}]})).unwrap_err();
        assert!(error.ends_with(": its records are not all from SQS"), "{error}");
        for nothing in [json!({}), json!(null), json!([1]), json!({"Records": []}), json!("ping")] {
            assert!(read(&nothing).is_err(), "{nothing}");
        }
    }
}
