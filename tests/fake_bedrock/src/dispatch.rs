//! What a request is answered with: the service's refusal, the script's answer, or the load's.

use serde_json::{Value, json};

use crate::answer::{Answer, Refusal, Step};
use crate::api::{self, Route};
use crate::fake::{Seen, World};
use crate::request::Request;
use crate::{legacy, load, rules, signature, validate};

/// Bedrock's own limit of a request, 25,000,000 bytes.
const LARGEST: usize = 25_000_000;

/// Reads the models and makes the pattern of models' ids, which takes longest.
pub(crate) fn prepare() {
    for id in ["ConversationalModelId", "InvokeModelIdentifier"] {
        validate::text(&api::RUNTIME, id, "m", "modelId");
    }
}

pub(crate) fn answer(world: &World, request: &Request, connection: u64) -> Vec<Step> {
    let Some(route) = api::route(&request.method, &request.path) else {
        let complaint = format!("no operation {} {}", request.method, request.path);
        return refuse(world, Refusal::new(404, "UnknownOperationException", &complaint));
    };
    if world.settings.keeps {
        world.see(Seen {
            operation: route.operation,
            model: route.model.clone(),
            headers: request.headers.clone(),
            body: request.body.clone(),
            connection,
        });
    }
    let is_streaming =
        matches!(route.operation, "ConverseStream" | "InvokeModelWithResponseStream");
    let needs_body = world.settings.validates || world.settings.load.echo;
    let body = if needs_body {
        serde_json::from_slice(&request.body).unwrap_or_default()
    } else {
        Value::Null
    };
    if world.settings.validates
        && let Err(refusal) = check(world, request, &route, &body, is_streaming)
    {
        return refuse(world, refusal);
    }
    let model = route.model.as_deref().unwrap_or_default();
    if let Some(answer) = world.scripted(model) {
        return spoken(answer, &route, is_streaming);
    }
    let answer = match route.operation {
        "ListFoundationModels" => world.settings.lists.models(request),
        "ListInferenceProfiles" => world.settings.lists.profiles(request),
        "CountTokens" => Answer::json(&json!({"inputTokens": load::body_tokens(&body)})),
        _ => world.calls.answer(&world.settings.load, &body, is_streaming),
    };
    spoken(answer, &route, is_streaming)
}

/// A reply in the words of the operation and the model.
fn spoken(answer: Answer, route: &Route, is_streaming: bool) -> Vec<Step> {
    let dialect = route
        .model
        .as_deref()
        .filter(|_| route.operation.starts_with("InvokeModel"))
        .and_then(legacy::dialect);
    match (answer, dialect) {
        (Answer::Says(reply), Some(dialect)) if is_streaming => dialect.stream(&reply).steps(),
        (Answer::Says(reply), Some(dialect)) => Answer::json(&dialect.answer(&reply)).steps(false),
        (Answer::Later(wait, answer), Some(_)) => {
            let mut steps = vec![Step::Wait(wait)];
            steps.extend(spoken(*answer, route, is_streaming));
            steps
        }
        (answer, _) => answer.steps(is_streaming),
    }
}

fn refuse(world: &World, refusal: Refusal) -> Vec<Step> {
    world.complain(std::slice::from_ref(&refusal.message));
    Answer::Refuses(refusal).steps(false)
}

fn check(
    world: &World,
    request: &Request,
    route: &Route,
    body: &Value,
    is_streaming: bool,
) -> Result<(), Refusal> {
    signature::verify(request, &world.settings.credentials)?;
    if request.body.len() > LARGEST {
        return Err(Refusal::new(413, "ValidationException", "the request is too large"));
    }
    let faults = match route.operation {
        "ListFoundationModels" | "ListInferenceProfiles" => query_faults(request, route),
        operation => {
            let mut faults = path_faults(route);
            faults.extend(body_faults(request, route, operation, body, is_streaming));
            faults
        }
    };
    if faults.is_empty() {
        return Ok(());
    }
    let said = if faults.len() == 1 { String::new() } else { format!("{} faults: ", faults.len()) };
    Err(Refusal::new(400, "ValidationException", &format!("{said}{}", faults.join("; "))))
}

fn body_faults(
    request: &Request,
    route: &Route,
    operation: &str,
    body: &Value,
    is_streaming: bool,
) -> Vec<String> {
    let kind = request.header("content-type").unwrap_or_default();
    if kind.split(';').next() != Some("application/json") {
        return vec![format!("content-type: {kind:.60} is not application/json")];
    }
    let model = route.model.as_deref().unwrap_or_default();
    match operation {
        "Converse" | "ConverseStream" => {
            let faults = validate::request(route.api, operation, body);
            if faults.is_empty() { rules::faults(model, body, is_streaming) } else { faults }
        }
        "CountTokens" => validate::request(route.api, operation, body),
        _ => legacy::dialect(model)
            .map_or_else(Vec::new, |dialect| dialect.faults(body, is_streaming)),
    }
}

fn path_faults(route: &Route) -> Vec<String> {
    let shape = &route.api.operations[route.operation].input.shape;
    let member = &route.api.shape(shape).members["modelId"];
    let model = route.model.as_deref().unwrap_or_default();
    let faults = validate::text(route.api, &member.shape, model, "modelId");
    if faults.is_empty() {
        faults
    } else {
        vec!["The provided model identifier is invalid.".to_owned()]
    }
}

fn query_faults(request: &Request, route: &Route) -> Vec<String> {
    let shape = route.api.shape(&route.api.operations[route.operation].input.shape);
    let mut faults = Vec::new();
    for (name, _) in request.query.split('&').filter_map(|pair| pair.split_once('=')) {
        let known =
            shape.members.values().find(|member| member.location_name.as_deref() == Some(name));
        let value = request.parameter(name).unwrap_or_default();
        match known {
            Some(member) => faults.extend(validate::text(route.api, &member.shape, &value, name)),
            None => faults.push(format!("{name:.60}: no such parameter")),
        }
    }
    faults
}
