//! Exchanges with AWS, held to the public models of its services.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::Emulators;

/// A request as it went over the wire, and the answer unless only the request is ours.
#[derive(Debug, Clone)]
pub struct Exchange<'a> {
    pub method: &'a str,
    /// Path and query, percent-encoded as sent.
    pub target: &'a str,
    pub headers: Vec<(String, String)>,
    pub body: &'a [u8],
    pub answer: Option<Answer<'a>>,
}

#[derive(Debug, Clone)]
pub struct Answer<'a> {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: &'a [u8],
}

impl Emulators {
    /// What the services' models say against an exchange, a sentence each, with operation and member.
    pub fn faults(&self, exchange: &Exchange<'_>) -> Vec<String> {
        let answer = exchange.answer.as_ref().map(|answer| {
            json!({"status": answer.status, "headers": answer.headers, "body": STANDARD.encode(answer.body)})
        });
        let request = json!({
            "method": exchange.method,
            "target": exchange.target,
            "headers": exchange.headers,
            "body": STANDARD.encode(exchange.body),
        });
        sentences(&self.post("/_validate", &json!({"request": request, "answer": answer})))
    }

    /// Fails if any request that reached this AWS broke a service's model; such a request was refused as well.
    pub fn assert_valid(&self) {
        let faults = sentences(&self.post("/_failures", &Value::Null));
        assert!(faults.is_empty(), "requests to AWS break its models:\n{}", faults.join("\n"));
    }
}

fn sentences(told: &Value) -> Vec<String> {
    let told = told.as_array().into_iter().flatten();
    told.map(|sentence| sentence.as_str().unwrap_or_default().to_owned()).collect()
}
