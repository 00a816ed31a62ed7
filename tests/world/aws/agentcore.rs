//! AgentCore as the fake has it: a memory, and a runtime whose container is a server of the story.

use std::fmt::Write as _;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};

use super::{Inner, Request, Shared, error, json_response};
use crate::world;

const SESSION: &str = "x-amzn-bedrock-agentcore-runtime-session-id";

/// What AgentCore holds.
#[derive(Default)]
pub struct AgentCore {
    /// By memory, actor and session.
    events: Vec<(String, Value)>,
    learned: Vec<String>,
    /// Where the runtime's container listens.
    container: Option<String>,
    /// Sessions that were stopped.
    pub stopped: Vec<String>,
}

impl AgentCore {
    pub fn learn(&mut self, text: &str) {
        self.learned.push(text.to_owned());
    }

    pub fn run_at(&mut self, address: &str) {
        self.container = Some(address.to_owned());
    }
}

/// The operation of a path, if it is one of AgentCore's.
pub(super) fn operation(method: &str, segments: &[&str]) -> Option<&'static str> {
    match (method, segments) {
        ("POST", ["memories", _, "events"]) => Some("CreateEvent"),
        ("POST", ["memories", _, "retrieve"]) => Some("RetrieveMemoryRecords"),
        ("POST", ["memories", _, "actor", .., "sessions", _]) => Some("ListEvents"),
        ("POST", ["runtimes", .., "invocations"]) => Some("InvokeAgentRuntime"),
        ("POST", ["runtimes", .., "stopruntimesession"]) => Some("StopRuntimeSession"),
        _ => None,
    }
}

pub(super) fn memory(world: &mut Inner, request: &Request) -> Response {
    let agentcore = &mut world.agentcore;
    match request.operation {
        "CreateEvent" => {
            let body = &request.body;
            let id = format!("{:07}#{:08x}", agentcore.events.len(), agentcore.events.len());
            let event = json!({
                "memoryId": request.path.split('/').nth(2),
                "actorId": body["actorId"],
                "sessionId": body["sessionId"],
                "eventId": id,
                "eventTimestamp": body["eventTimestamp"],
                "payload": body["payload"],
            });
            let key = place(&body["actorId"], &body["sessionId"]);
            agentcore.events.push((key, event.clone()));
            let mut answer = json_response(&json!({"event": event}));
            *answer.status_mut() = StatusCode::CREATED;
            answer
        }
        "ListEvents" => {
            let (_, rest) = request.path.split_once("/actor/").expect("an actor");
            let (actor, session) = rest.split_once("/sessions/").expect("a session");
            let key = place(&actor.into(), &session.into());
            let events = agentcore.events.iter().filter(|(known, _)| *known == key);
            json_response(&json!({"events": events.map(|(_, event)| event).collect::<Vec<_>>()}))
        }
        _ => {
            let record = |(index, text): (usize, &String)| {
                let id = format!("mem-{index:036}");
                json!({
                    "memoryRecordId": id,
                    "content": {"text": text},
                    "memoryStrategyId": "semantic-0123456789",
                    "namespaces": [request.body["namespace"]],
                    "createdAt": 1_795_305_600,
                    "score": 0.9,
                })
            };
            let records: Vec<Value> = agentcore.learned.iter().enumerate().map(record).collect();
            json_response(&json!({"memoryRecordSummaries": records}))
        }
    }
}

fn place(actor: &Value, session: &Value) -> String {
    let mut key = String::new();
    let _ = write!(key, "{actor} {session}");
    key
}

/// Passes the payload on to the container, as the service does.
pub(super) async fn runtime(world: &Shared, request: &Request) -> Response {
    let session = request.headers.get(SESSION).and_then(|value| value.to_str().ok());
    let session = session.unwrap_or_default().to_owned();
    if request.operation == "StopRuntimeSession" {
        world.lock().unwrap().agentcore.stopped.push(session.clone());
        let mut answer = json_response(&json!({}));
        answer.headers_mut().insert(SESSION, HeaderValue::from_str(&session).expect("a session"));
        return answer;
    }
    let container = world.lock().unwrap().agentcore.container.clone();
    let Some(address) = container else {
        return error(404, "ResourceNotFoundException", "there is no such runtime");
    };
    let headers = [("Content-Type", "application/json"), (SESSION, session.as_str())];
    let answer = world::request(&address, "POST", "/invocations", &headers, &request.bytes).await;
    if answer.status >= 400 {
        return error(
            424,
            "RuntimeClientError",
            &format!("Received error ({}) from runtime", answer.status),
        );
    }
    let mut response = Response::new(Body::from(answer.body));
    response.headers_mut().insert("content-type", HeaderValue::from_static("application/json"));
    response.headers_mut().insert(SESSION, HeaderValue::from_str(&session).expect("a session"));
    response
}
