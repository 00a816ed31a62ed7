//! The sample events: bodies are the very bytes that were signed, and the types of `aws_lambda_events` can read them.

use aws_lambda_events::event::alb::AlbTargetGroupRequest;
use aws_lambda_events::event::apigw::ApiGatewayV2httpRequest;
use aws_lambda_events::event::eventbridge::EventBridgeEvent;
use aws_lambda_events::event::lambda_function_urls::LambdaFunctionUrlRequest;
use aws_lambda_events::event::sqs::SqsEvent;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use eco_coder::review::job::Job;
use hmac::{Hmac, KeyInit, Mac};
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::Sha256;

use super::read;

/// GitHub's documented test secret.
const SECRET: &[u8] = b"It's a Secret to Everybody";

fn event<T: DeserializeOwned>(name: &str) -> T {
    let text = read(&format!("tests/events/{name}.json"));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

#[test]
fn the_webhook_events_carry_the_payload_and_its_signature() {
    let payload = read("tests/events/pull_request.json");
    let mut signed = Hmac::<Sha256>::new_from_slice(SECRET).unwrap();
    signed.update(payload.as_bytes());
    let code = signed.finalize().into_bytes();
    let hex = code.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    for name in ["function_url", "http_api", "load_balancer"] {
        let event: Value = event(name);
        let body = event["body"].as_str().unwrap();
        let body = if event["isBase64Encoded"] == true {
            STANDARD.decode(body).unwrap()
        } else {
            body.as_bytes().to_vec()
        };
        assert_eq!(body, payload.as_bytes(), "{name}");
        assert_eq!(event["headers"]["x-hub-signature-256"], format!("sha256={hex}"), "{name}");
        assert_eq!(event["headers"]["content-length"], payload.len().to_string(), "{name}");
    }
}

#[test]
fn the_webhook_events_are_what_aws_sends() {
    let url: LambdaFunctionUrlRequest = event("function_url");
    assert_eq!(url.raw_path.as_deref(), Some("/webhook"));
    let api: ApiGatewayV2httpRequest = event("http_api");
    assert_eq!(api.raw_path.as_deref(), Some("/webhook"));
    let balancer: AlbTargetGroupRequest = event("load_balancer");
    assert_eq!(balancer.path.as_deref(), Some("/webhook"));
    let schedule: EventBridgeEvent = event("schedule");
    assert_eq!(schedule.source, "aws.events");
}

#[test]
fn the_queued_jobs_are_jobs() {
    let batch: SqsEvent = event("sqs_batch");
    let jobs: Vec<Job> = batch
        .records
        .iter()
        .map(|record| serde_json::from_str(record.body.as_deref().unwrap()).unwrap())
        .collect();
    assert_eq!(jobs.iter().map(Job::key).collect::<Vec<_>>(), ["42#7", "42#8"]);
    let payload: Value = event("pull_request");
    assert_eq!(payload["pull_request"]["head"]["sha"], jobs[0].head_sha.as_str());
}
