//! A fake AWS: Converse, CodeGuru Reviewer and Profiler, Secrets Manager and Parameter Store on one address.
//!
//! It holds its callers to the services' rules: a conversation that Bedrock would refuse is refused here, and told. It holds
//! them and itself to the services' models, and fails the story that breaks one.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

mod agentcore;
mod beside;
mod codeguru;
mod control;
mod conversation;
mod validated;

pub use codeguru::{ProfileForm, Reviews};
pub use emulators::sdk;
use validated::{OutsideTheModels, held_to_the_models};

/// What an operator asks, rather than a review.
const CONTROL: [&str; 6] = [
    "GetFoundationModel",
    "GetInferenceProfile",
    "GetServiceQuota",
    "ListServiceQuotas",
    "DescribeRepositoryAssociation",
    "DescribeProfilingGroup",
];

pub struct FakeAws {
    url: String,
    world: Shared,
}

type Shared = Arc<Mutex<Inner>>;

#[derive(Default)]
struct Inner {
    /// The emulator that answers what is not faked.
    beside: Option<String>,
    script: VecDeque<Scripted>,
    /// Assistant messages that Converse has sent, to be echoed as they were.
    sent: Vec<Value>,
    reviews: Reviews,
    /// The reviews that CodeGuru Reviewer created, by name, and how often each was looked at.
    created: BTreeMap<String, usize>,
    profile: Option<(ProfileForm, Value)>,
    recommendations: Vec<Value>,
    secrets: HashMap<String, String>,
    parameters: HashMap<String, String>,
    agentcore: agentcore::AgentCore,
    control: control::Control,
    log: Vec<Request>,
    complaints: Vec<String>,
    /// What broke the services' models.
    faults: Vec<String>,
    unexpected: Vec<String>,
}

/// What Converse does next.
pub enum Scripted {
    /// Answers with this body; see [`says`] and [`uses`].
    Reply(Value),
    /// The same for a body that the model does not have, as a newer service may send.
    OutsideTheModel(Value),
    /// Fails so many times.
    Error { status: u16, kind: &'static str, message: &'static str, times: usize },
    /// Waits, and goes on with what comes next in the script.
    Delay(Duration),
    /// Answers with what the function makes of the request, once.
    Answer(Box<dyn Fn(&Value) -> Value + Send>),
    /// The same for every request from here on.
    Always(Box<dyn Fn(&Value) -> Value + Send>),
}

impl Scripted {
    pub fn error(status: u16, kind: &'static str, times: usize) -> Self {
        Self::Error { status, kind, message: "told by the fake", times }
    }
}

/// One request as it came.
#[derive(Debug, Clone)]
pub struct Request {
    /// As the request was signed for: `bedrock`, `codeguru-reviewer`, `codeguru-profiler`, `secretsmanager`, `ssm`.
    pub service: &'static str,
    pub operation: &'static str,
    /// Percent-decoded.
    pub path: String,
    pub query: String,
    pub headers: HeaderMap,
    pub bytes: Bytes,
    /// The bytes as JSON; null where they are none.
    pub body: Value,
}

/// A Converse answer that says something and ends the turn.
pub fn says(text: &str) -> Value {
    answer(&[json!({"text": text})], "end_turn")
}

/// A Converse answer that uses tools: `(id, name, input)` each.
pub fn uses(tools: &[(&str, &str, Value)]) -> Value {
    let block = |(id, name, input): &(&str, &str, Value)| json!({"toolUse": {"toolUseId": id, "name": name, "input": input}});
    answer(&tools.iter().map(block).collect::<Vec<_>>(), "tool_use")
}

/// A Converse answer of these blocks.
pub fn answer(content: &[Value], stop_reason: &str) -> Value {
    json!({
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": stop_reason,
        "usage": {"inputTokens": 1000, "outputTokens": 200, "totalTokens": 1500, "cacheReadInputTokens": 300, "cacheWriteInputTokens": 0},
        "metrics": {"latencyMs": 12},
    })
}

/// The environment of a process that shall meet this AWS and no other.
pub fn env(url: &str) -> Vec<(String, String)> {
    [
        ("AWS_ENDPOINT_URL", url),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_CONFIG_FILE", "/dev/null"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .to_vec()
}

impl FakeAws {
    /// Answers for Bedrock, CodeGuru, Secrets Manager and Parameter Store alone.
    pub async fn start() -> Self {
        Self::serve(Inner::default()).await
    }

    /// Has the emulator's services too: its queues, tables, buckets and what else is not faked.
    pub async fn beside(emulators: &emulators::Emulators) -> Self {
        Self::serve(Inner { beside: Some(emulators.aws_url.clone()), ..Inner::default() }).await
    }

    async fn serve(inner: Inner) -> Self {
        let world = Shared::new(Mutex::new(inner));
        // Before anyone is asked: installing or starting it would outlast the caller's patience.
        emulators::Emulators::shared();
        let held = axum::middleware::from_fn_with_state(world.clone(), held_to_the_models);
        let app = Router::new().fallback(handle).layer(held).with_state(world.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, world }
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// What Converse answers from now on, in order.
    pub fn script(&self, script: Vec<Scripted>) {
        self.inner().script = script.into();
    }

    pub fn reviews(&self, reviews: Reviews) {
        self.inner().reviews = reviews;
    }

    /// What `GetProfile` answers; 404 until this is called.
    pub fn profile(&self, form: ProfileForm, document: Value) {
        self.inner().profile = Some((form, document));
    }

    /// What `GetRecommendations` answers: a name and what to do, each.
    pub fn profiler_recommends(&self, recommendations: &[(&str, &str)]) {
        let recommendation =
            |(name, steps): &(&str, &str)| codeguru::profiler_recommendation(name, steps);
        self.inner().recommendations = recommendations.iter().map(recommendation).collect();
    }

    pub fn secret(&self, id: &str, text: &str) {
        self.inner().secrets.insert(id.to_owned(), text.to_owned());
    }

    pub fn parameter(&self, name: &str, value: &str) {
        self.inner().parameters.insert(name.to_owned(), value.to_owned());
    }

    /// What AgentCore Memory's strategies concluded.
    pub fn learned(&self, text: &str) {
        self.inner().agentcore.learn(text);
    }

    /// Every AgentCore runtime is a container that listens there.
    pub fn runtime_at(&self, address: &str) {
        self.inner().agentcore.run_at(address);
    }

    pub fn stopped_sessions(&self) -> Vec<String> {
        self.inner().agentcore.stopped.clone()
    }

    /// All requests to a service, in order.
    pub fn requests(&self, service: &str) -> Vec<Request> {
        self.inner().log.iter().filter(|request| request.service == service).cloned().collect()
    }

    /// What was wrong with requests that were refused for it.
    pub fn complaints(&self) -> Vec<String> {
        self.inner().complaints.clone()
    }

    /// Requests to nothing that is faked, as `GET /path`.
    pub fn unexpected(&self) -> Vec<String> {
        self.inner().unexpected.clone()
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.world.lock().unwrap()
    }
}

impl Drop for FakeAws {
    fn drop(&mut self) {
        let faults = std::mem::take(&mut self.inner().faults);
        if !std::thread::panicking() {
            assert!(faults.is_empty(), "the services' models are broken:\n{}", faults.join("\n"));
        }
    }
}

async fn handle(
    State(world): State<Shared>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    bytes: Bytes,
) -> Response {
    let path = percent_decoded(uri.path());
    let Some((service, operation)) = route(&method, &path, &headers) else {
        let emulator = world.lock().unwrap().beside.clone();
        if let Some(emulator) = emulator {
            return beside::answer(&emulator, whole_request(method, uri, headers, bytes)).await;
        }
        world.lock().unwrap().unexpected.push(format!("{method} {path}"));
        let mut refusal = error(501, "NotImplemented", &format!("the fake has no {method} {path}"));
        refusal.extensions_mut().insert(OutsideTheModels);
        return refusal;
    };
    let body = serde_json::from_slice(&bytes).unwrap_or_default();
    let query = uri.query().unwrap_or_default().to_owned();
    let request = Request { service, operation, path, query, headers, bytes, body };
    world.lock().unwrap().log.push(request.clone());
    if let Some(complaint) = unsigned(&request) {
        world.lock().unwrap().complaints.push(complaint.clone());
        return error(403, "MissingAuthenticationTokenException", &complaint);
    }
    match service {
        _ if CONTROL.contains(&operation) => {
            control::answer(&world.lock().unwrap().control, &request)
        }
        "bedrock" => converse(&world, &request).await,
        "bedrock-agentcore" if request.path.starts_with("/runtimes/") => {
            agentcore::runtime(&world, &request).await
        }
        "bedrock-agentcore" => agentcore::memory(&mut world.lock().unwrap(), &request),
        "codeguru-reviewer" => codeguru::reviewer(&mut world.lock().unwrap(), &request),
        "codeguru-profiler" => codeguru::profiler(&world.lock().unwrap(), &request),
        _ => stored(&world.lock().unwrap(), &request),
    }
}

fn whole_request(
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    bytes: Bytes,
) -> axum::http::Request<Bytes> {
    let mut request = axum::http::Request::new(bytes);
    (*request.method_mut(), *request.uri_mut(), *request.headers_mut()) = (method, uri, headers);
    request
}

fn route(method: &Method, path: &str, headers: &HeaderMap) -> Option<(&'static str, &'static str)> {
    let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok());
    match (method.as_str(), segments.as_slice(), target) {
        ("POST", [""], Some("secretsmanager.GetSecretValue")) => {
            Some(("secretsmanager", "GetSecretValue"))
        }
        ("POST", [""], Some("AmazonSSM.GetParameter")) => Some(("ssm", "GetParameter")),
        ("POST", [""], Some("ServiceQuotasV20190624.GetServiceQuota")) => {
            Some(("servicequotas", "GetServiceQuota"))
        }
        ("POST", [""], Some("ServiceQuotasV20190624.ListServiceQuotas")) => {
            Some(("servicequotas", "ListServiceQuotas"))
        }
        ("GET", ["foundation-models", _], _) => Some(("bedrock", "GetFoundationModel")),
        ("GET", ["inference-profiles", ..], _) => Some(("bedrock", "GetInferenceProfile")),
        ("GET", ["associations", ..], _) => {
            Some(("codeguru-reviewer", "DescribeRepositoryAssociation"))
        }
        ("GET", ["profilingGroups", _], _) => Some(("codeguru-profiler", "DescribeProfilingGroup")),
        ("POST", ["model", .., "converse"], _) => Some(("bedrock", "Converse")),
        ("POST", ["codereviews"], _) => Some(("codeguru-reviewer", "CreateCodeReview")),
        ("GET", ["codereviews"], _) => Some(("codeguru-reviewer", "ListCodeReviews")),
        ("GET", ["codereviews", .., "Recommendations"], _) => {
            Some(("codeguru-reviewer", "ListRecommendations"))
        }
        ("GET", ["codereviews", ..], _) => Some(("codeguru-reviewer", "DescribeCodeReview")),
        ("GET", ["profilingGroups", _, "profile"], _) => Some(("codeguru-profiler", "GetProfile")),
        ("GET", ["internal", "profilingGroups", _, "recommendations"], _) => {
            Some(("codeguru-profiler", "GetRecommendations"))
        }
        (method, segments, _) => {
            agentcore::operation(method, segments).map(|operation| ("bedrock-agentcore", operation))
        }
    }
}

/// What is wrong with a signature, as far as it can be told without the key.
fn unsigned(request: &Request) -> Option<String> {
    let header = request
        .headers
        .get("authorization")
        .and_then(|header| header.to_str().ok())
        .unwrap_or_default();
    let is_signed = header.starts_with("AWS4-HMAC-SHA256 Credential=")
        && header.contains(&format!("/{}/aws4_request", request.service));
    (!is_signed)
        .then(|| format!("{} is not signed for {}: {header:?}", request.operation, request.service))
}

async fn converse(world: &Shared, request: &Request) -> Response {
    let model = request.path.trim_start_matches("/model/").trim_end_matches("/converse");
    let faults = conversation::faults(model, &request.body, &world.lock().unwrap().sent);
    if let Some(first) = faults.first() {
        let message = first.clone();
        world.lock().unwrap().complaints.extend(faults);
        return error(400, "ValidationException", &message);
    }
    while let Some(delay) = delay(world) {
        tokio::time::sleep(delay).await;
    }
    let mut world = world.lock().unwrap();
    let mut is_outside = false;
    let reply = match world.script.pop_front() {
        Some(Scripted::Reply(reply)) => reply,
        Some(Scripted::OutsideTheModel(reply)) => {
            is_outside = true;
            reply
        }
        Some(Scripted::Answer(function)) => function(&request.body),
        Some(Scripted::Always(function)) => {
            let reply = function(&request.body);
            world.script.push_front(Scripted::Always(function));
            reply
        }
        Some(Scripted::Error { status, kind, message, times }) => {
            if times > 1 {
                world.script.push_front(Scripted::Error {
                    status,
                    kind,
                    message,
                    times: times - 1,
                });
            }
            return error(status, kind, message);
        }
        Some(Scripted::Delay(_)) | None => {
            world.unexpected.push(format!("Converse with {model} after the script's end"));
            return error(400, "ValidationException", "the script is over");
        }
    };
    world.sent.push(reply["output"]["message"].clone());
    let mut response = json_response(&reply);
    if is_outside {
        response.extensions_mut().insert(OutsideTheModels);
    }
    response
}

fn delay(world: &Shared) -> Option<Duration> {
    let mut world = world.lock().unwrap();
    let Some(Scripted::Delay(delay)) = world.script.front() else { return None };
    let delay = *delay;
    world.script.pop_front();
    Some(delay)
}

/// Secrets Manager and Parameter Store.
fn stored(world: &Inner, request: &Request) -> Response {
    if request.service == "secretsmanager" {
        let id = request.body["SecretId"].as_str().unwrap_or_default();
        return match world.secrets.get(id) {
            Some(text) => json_response(
                &json!({"Name": id, "SecretString": text, "ARN": format!("arn:aws:secretsmanager:us-east-1:123456789012:secret:{id}")}),
            ),
            None => error(
                400,
                "ResourceNotFoundException",
                "Secrets Manager can't find the specified secret.",
            ),
        };
    }
    let name = request.body["Name"].as_str().unwrap_or_default();
    match world.parameters.get(name) {
        Some(value) => json_response(
            &json!({"Parameter": {"Name": name, "Type": "String", "Value": value, "Version": 1}}),
        ),
        None => error(400, "ParameterNotFound", ""),
    }
}

fn json_response(body: &Value) -> Response {
    ([("content-type", "application/json")], body.to_string()).into_response()
}

fn error(status: u16, kind: &str, message: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap();
    let body = json!({"__type": kind, "message": message});
    (status, [("x-amzn-errortype", kind), ("content-type", "application/json")], body.to_string())
        .into_response()
}

fn percent_decoded(path: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = path.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = after
            .get(..2)
            .and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok());
        if let (b'%', Some(byte)) = (first, hex) {
            bytes.push(byte);
            rest = &after[2..];
        } else {
            bytes.push(*first);
            rest = after;
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
