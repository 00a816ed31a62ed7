//! The App's webhook in the fake: the log of its deliveries, and sending them again.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::time::Duration;

use aws_lc_rs::hmac;
use axum::body::Body;
use axum::http::{Response, header};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{
    APP_ID, Call, FakeGitHub, INSTALLATION, Shared, State, error, json_response, parameter,
};

/// GitHub waits no longer for an answer.
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Default)]
pub(super) struct Log {
    /// Oldest first.
    attempts: Vec<Attempt>,
    payloads: HashMap<String, Value>,
    /// The deliveries that were asked for again, in order.
    requested: Vec<String>,
    outgoing: Vec<Redelivery>,
    target: Option<Target>,
}

struct Attempt {
    id: u64,
    guid: String,
    status_code: u16,
    redelivery: bool,
    at: String,
}

#[derive(Clone)]
struct Target {
    /// `127.0.0.1:8080`
    authority: String,
    path: String,
    secret: String,
}

/// What is on its way to the webhook.
pub(super) struct Redelivery {
    guid: String,
    payload: Value,
    target: Target,
}

impl FakeGitHub {
    /// An event of which the delivery failed; returns the attempt's id.
    pub fn fail_delivery(&self, guid: &str, payload: Value) -> u64 {
        let mut state = self.state();
        state.webhook.payloads.insert(guid.to_owned(), payload);
        state.attempted(guid, 502)
    }

    /// Another attempt at a delivery, with what the server answered; returns the attempt's id.
    pub fn attempt(&self, guid: &str, status_code: u16) -> u64 {
        self.state().attempted(guid, status_code)
    }

    /// Redeliveries go to this address (`http://127.0.0.1:8080/webhook`), signed with the App's secret. Without it
    /// nobody listens, and each fails.
    pub fn redeliver_to(&self, url: &str, secret: &str) {
        let rest = url.strip_prefix("http://").expect("an address on loopback");
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        self.state().webhook.target = Some(Target {
            authority: authority.to_owned(),
            path: format!("/{path}"),
            secret: secret.to_owned(),
        });
    }

    /// The deliveries that were asked for again, in order.
    pub fn redeliveries(&self) -> Vec<String> {
        self.state().webhook.requested.clone()
    }

    /// What the server answered to each attempt at a delivery, oldest first.
    pub fn attempts(&self, guid: &str) -> Vec<u16> {
        let state = self.state();
        let attempts = state.webhook.attempts.iter().filter(|attempt| attempt.guid == guid);
        attempts.map(|attempt| attempt.status_code).collect()
    }

    /// Sets the App up otherwise.
    pub fn set_up_app(&self, change: impl FnOnce(&mut super::AppState)) {
        change(&mut self.state().app);
    }
}

impl State {
    fn attempted(&mut self, guid: &str, status_code: u16) -> u64 {
        let id = self.id();
        let redelivery = self.webhook.attempts.iter().any(|attempt| attempt.guid == guid);
        let (guid, at) = (guid.to_owned(), self.now.clone());
        self.webhook.attempts.push(Attempt { id, guid, status_code, redelivery, at });
        id
    }

    pub(super) fn take_redeliveries(&mut self) -> Vec<Redelivery> {
        std::mem::take(&mut self.webhook.outgoing)
    }
}

/// `/app/hook/deliveries` and what is below it.
pub(super) fn respond(
    state: &mut State,
    call: &Call<'_>,
    rest: &[&str],
    query: &str,
) -> Option<Response<Body>> {
    match (call.method.as_str(), rest) {
        ("GET", []) => Some(list(state, call, query)),
        ("POST", [id, "attempts"]) => {
            let found = state.webhook.attempts.iter().find(|attempt| attempt.id.to_string() == *id);
            let Some(guid) = found.map(|attempt| attempt.guid.clone()) else {
                return Some(error(404, "Not Found"));
            };
            state.webhook.requested.push(guid.clone());
            redeliver(state, guid);
            Some(json_response(202, &json!({})))
        }
        _ => None,
    }
}

fn redeliver(state: &mut State, guid: String) {
    let Some(target) = state.webhook.target.clone() else {
        state.attempted(&guid, 502);
        return;
    };
    let payload = state.webhook.payloads.get(&guid).cloned().unwrap_or_default();
    state.webhook.outgoing.push(Redelivery { guid, payload, target });
}

/// Newest first, and by a cursor: the attempt that a page starts with.
fn list(state: &State, call: &Call<'_>, query: &str) -> Response<Body> {
    let per_page = parameter(query, "per_page").and_then(|value| value.parse().ok()).unwrap_or(30);
    let cursor = parameter(query, "cursor")
        .map(|cursor| cursor.strip_prefix("v1_").and_then(|id| id.parse::<u64>().ok()));
    let newest = match cursor {
        Some(Some(id)) => id,
        Some(None) => return error(400, "Invalid cursor"),
        None => u64::MAX,
    };
    let mut listed = state.webhook.attempts.iter().rev().filter(|attempt| attempt.id <= newest);
    let shown: Vec<Value> =
        listed.by_ref().take(per_page).map(|attempt| item(state, attempt)).collect();
    let mut response = json_response(200, &json!(shown));
    if let Some(next) = listed.next() {
        let place = call.path.split('?').next().unwrap_or_default();
        let link = format!(
            "<{}{place}?per_page={per_page}&cursor=v1_{}>; rel=\"next\"",
            call.url, next.id
        );
        response.headers_mut().insert(header::LINK, link.parse().expect("a link"));
    }
    response
}

fn item(state: &State, attempt: &Attempt) -> Value {
    let succeeded = (200..300).contains(&attempt.status_code);
    let action = state.webhook.payloads.get(&attempt.guid).map(|payload| payload["action"].clone());
    json!({
        "id": attempt.id,
        "guid": attempt.guid,
        "delivered_at": attempt.at,
        "redelivery": attempt.redelivery,
        "duration": 0.27,
        "status": if succeeded { "OK" } else { "failed" },
        "status_code": attempt.status_code,
        "event": "pull_request",
        "action": action,
        "installation_id": INSTALLATION,
        "repository_id": 42,
        "throttled_at": null,
    })
}

/// Delivers as GitHub does, and writes down what came of it.
pub(super) async fn deliver(shared: Shared, redelivery: Redelivery) {
    let sent = tokio::time::timeout(PATIENCE, send(&redelivery)).await;
    let status = sent.ok().and_then(Result::ok).unwrap_or(502);
    shared.lock().expect("the state of the fake GitHub").attempted(&redelivery.guid, status);
}

async fn send(redelivery: &Redelivery) -> std::io::Result<u16> {
    let Redelivery { guid, payload, target } = redelivery;
    let body = payload.to_string();
    let key = hmac::Key::new(hmac::HMAC_SHA256, target.secret.as_bytes());
    let mut signature = String::new();
    for byte in hmac::sign(&key, body.as_bytes()).as_ref() {
        let _ = write!(signature, "{byte:02x}");
    }
    let request = format!(
        "POST {} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nUser-Agent: GitHub-Hookshot/0000000\r\n\
         Accept: */*\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         X-GitHub-Event: pull_request\r\nX-GitHub-Delivery: {guid}\r\n\
         X-GitHub-Hook-Installation-Target-ID: {APP_ID}\r\n\
         X-GitHub-Hook-Installation-Target-Type: integration\r\n\
         X-Hub-Signature-256: sha256={signature}\r\n\r\n{body}",
        target.path,
        target.authority,
        body.len(),
    );
    let mut stream = TcpStream::connect(&target.authority).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    let answer = String::from_utf8_lossy(&answer);
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
    status.ok_or_else(|| std::io::Error::other("no HTTP answer"))
}
