//! Check runs of the fake: kept for good, validated as the public description of the API says.
//! <https://docs.github.com/en/rest/checks/runs>

use axum::body::Body;
use axum::http::Response;
use serde_json::{Value, json};

use super::{Call, Identity, State, decode, error, json_response, page, parameter};

/// A check run as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct CheckRun {
    pub id: u64,
    pub head_sha: String,
    /// The slug of the App that made it.
    pub app: String,
    /// What it was made of, with what updates changed; annotations are all that were ever sent.
    pub fields: Value,
    pub updates: usize,
}

const CONCLUSIONS: [&str; 7] =
    ["action_required", "cancelled", "failure", "neutral", "success", "skipped", "timed_out"];
const STATUSES: [&str; 3] = ["queued", "in_progress", "completed"];
const LEVELS: [&str; 3] = ["notice", "warning", "failure"];
const LONGEST_TEXT: usize = 65_535;
const LONGEST_TITLE: usize = 255;
const MOST_ANNOTATIONS: usize = 50;
const FIELDS: [&str; 10] = [
    "name",
    "head_sha",
    "details_url",
    "external_id",
    "status",
    "started_at",
    "conclusion",
    "completed_at",
    "output",
    "actions",
];

pub(super) fn respond(
    state: &mut State,
    call: &Call<'_>,
    identity: &Identity,
    name: &str,
    rest: &[&str],
    query: &str,
) -> Option<Response<Body>> {
    match (call.method.as_str(), rest) {
        ("GET", ["commits", sha, "check-runs"]) => Some(list(state, call, name, sha, query)),
        ("POST", ["check-runs"]) => Some(write(state, identity, name, None, call.body)),
        ("PATCH", ["check-runs", id]) => {
            Some(write(state, identity, name, Some(id.parse().ok()?), call.body))
        }
        _ => None,
    }
}

fn list(state: &mut State, call: &Call<'_>, name: &str, sha: &str, query: &str) -> Response<Body> {
    let wanted = parameter(query, "check_name").map(decode);
    let runs = state.repository(name).check_runs.iter().filter(|run| {
        run.head_sha == sha && wanted.as_ref().is_none_or(|name| run.fields["name"] == **name)
    });
    // The newest comes first.
    let shown: Vec<Value> = runs.rev().map(shown).collect();
    page(call, query, &shown, Some("check_runs"))
}

fn write(
    state: &mut State,
    identity: &Identity,
    name: &str,
    id: Option<u64>,
    body: &str,
) -> Response<Body> {
    if !identity.by_app {
        return error(403, "You must authenticate via a GitHub App.");
    }
    if !state.may_write_checks(identity) {
        return error(403, "Resource not accessible by integration");
    }
    let Ok(sent) = serde_json::from_str::<Value>(body) else {
        return error(400, "Problems parsing JSON");
    };
    if let Some(fault) = fault(&sent, id.is_none()) {
        return error(422, &format!("Invalid request. {fault}"));
    }
    let slug = identity.login.trim_end_matches("[bot]").to_owned();
    let Some(id) = id else { return create(state, name, slug, sent) };
    let found = state.repository(name).check_runs.iter_mut().find(|run| run.id == id);
    match found {
        None => error(404, "Not Found"),
        Some(run) if run.app != slug => error(
            403,
            "Invalid app_id - check run can only be modified by the GitHub App that created it.",
        ),
        Some(run) => {
            run.updates += 1;
            merge(&mut run.fields, &sent);
            json_response(200, &shown(run))
        }
    }
}

fn create(state: &mut State, name: &str, app: String, mut fields: Value) -> Response<Body> {
    let head_sha = fields["head_sha"].as_str().unwrap_or_default().to_owned();
    if !state.repository(name).commits.contains_key(&head_sha) {
        return error(422, &format!("No commit found for SHA: {head_sha}"));
    }
    if fields["output"]["annotations"].is_null() {
        fields["output"]["annotations"] = json!([]);
    }
    let run = CheckRun { id: state.id(), head_sha, app, fields, updates: 0 };
    let answer = json_response(201, &shown(&run));
    state.repository(name).check_runs.push(run);
    answer
}

/// Annotations are added, all else takes the place of what was there.
fn merge(fields: &mut Value, sent: &Value) {
    let mut annotations = fields["output"]["annotations"].as_array().cloned().unwrap_or_default();
    annotations.extend(sent["output"]["annotations"].as_array().cloned().unwrap_or_default());
    for (name, value) in sent.as_object().into_iter().flatten() {
        fields[name] = value.clone();
    }
    fields["output"]["annotations"] = json!(annotations);
}

/// What GitHub would refuse, in words.
fn fault(sent: &Value, is_new: bool) -> Option<String> {
    let unknown = sent.as_object()?.keys().find(|field| !FIELDS.contains(&field.as_str()));
    let text = |value: &Value, most: usize| {
        value.as_str().is_some_and(|text| !text.is_empty() && text.chars().count() <= most)
    };
    let one_of =
        |value: &Value, known: &[&str]| value.as_str().is_some_and(|one| known.contains(&one));
    let output = &sent["output"];
    let annotations = output["annotations"].as_array().map_or(&[][..], Vec::as_slice);
    if let Some(unknown) = unknown {
        return Some(format!("{unknown:?} is not a permitted key"));
    }
    let faults = [
        (is_new && !text(&sent["name"], LONGEST_TITLE), "name is required"),
        (is_new && !text(&sent["head_sha"], 64), "head_sha is required"),
        (!sent["status"].is_null() && !one_of(&sent["status"], &STATUSES), "status is not known"),
        (
            !sent["conclusion"].is_null() && !one_of(&sent["conclusion"], &CONCLUSIONS),
            "conclusion is not known",
        ),
        (sent["status"] == "completed" && sent["conclusion"].is_null(), "conclusion is required"),
        (
            !output.is_null() && !text(&output["summary"], LONGEST_TEXT),
            "output.summary is missing or too long",
        ),
        (
            is_new && !output.is_null() && !text(&output["title"], LONGEST_TITLE),
            "output.title is missing or too long",
        ),
        (annotations.len() > MOST_ANNOTATIONS, "No more than 50 annotations per request"),
        (
            sent["details_url"].as_str().is_some_and(|url| !url.starts_with("http")),
            "details_url is not an address",
        ),
    ];
    let found = faults.iter().find(|(is_fault, _)| *is_fault).map(|(_, words)| (*words).to_owned());
    found.or_else(|| annotations.iter().find_map(annotation_fault))
}

fn annotation_fault(annotation: &Value) -> Option<String> {
    let text = |field: &str, most: usize| {
        annotation[field].as_str().is_some_and(|text| !text.is_empty() && text.len() <= most)
    };
    let line = |field: &str| annotation[field].as_u64().filter(|line| *line > 0);
    let in_order = line("start_line").zip(line("end_line")).is_some_and(|(from, to)| from <= to);
    let fits = text("path", 4096)
        && text("message", 64 * 1024)
        && (annotation["title"].is_null() || text("title", LONGEST_TITLE))
        && in_order
        && LEVELS.iter().any(|level| annotation["annotation_level"] == *level);
    (!fits).then(|| format!("an annotation is not valid: {annotation}"))
}

fn shown(run: &CheckRun) -> Value {
    let fields = &run.fields;
    json!({
        "id": run.id,
        "name": fields["name"],
        "head_sha": run.head_sha,
        "external_id": fields["external_id"],
        "status": fields["status"],
        "conclusion": fields["conclusion"],
        "app": {"slug": run.app},
        "output": {
            "title": fields["output"]["title"],
            "annotations_count": fields["output"]["annotations"].as_array().map_or(0, Vec::len),
        },
    })
}
