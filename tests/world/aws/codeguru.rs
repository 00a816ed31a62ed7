//! CodeGuru Reviewer and Profiler, as far as a review needs them.

use std::io::Write;

use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use super::{Inner, Request, error, json_response};

/// How CodeGuru Reviewer behaves.
#[derive(Default)]
pub struct Reviews {
    /// How often a review is looked at before it is complete; `usize::MAX` for never.
    pub pending: usize,
    /// See [`Reviews::recommendation`].
    pub recommendations: Vec<Value>,
    /// Recommendations on a page; 0 for all on one.
    pub page: usize,
    /// How many requests are throttled first; `usize::MAX` for all.
    pub throttled: usize,
}

impl Reviews {
    pub fn recommendation(path: &str, line: u32, description: &str) -> Value {
        json!({
            "FilePath": path, "StartLine": line, "EndLine": line, "Description": description, "Severity": "Medium",
            "RecommendationId": format!("{path}-{line}"), "RecommendationCategory": "ResourceLeaks",
        })
    }
}

/// How the service sends a profile.
#[derive(Debug, Clone, Copy)]
pub enum ProfileForm {
    Json,
    /// Ion in its text form, of which JSON is a subset.
    Ion,
    GzippedJson,
}

const REGION: &str = "arn:aws:codeguru-reviewer:us-east-1:123456789012";

pub(super) fn reviewer(world: &mut Inner, request: &Request) -> Response {
    if world.reviews.throttled > 0 {
        world.reviews.throttled -= usize::from(world.reviews.throttled < usize::MAX);
        return error(429, "ThrottlingException", "Rate exceeded");
    }
    match request.operation {
        "CreateCodeReview" => create(world, &request.body),
        "ListCodeReviews" => list(world),
        "DescribeCodeReview" => describe(world, &request.path),
        _ => recommendations(&world.reviews, &request.query),
    }
}

fn create(world: &mut Inner, body: &Value) -> Response {
    if let Some(fault) = fault_of_creation(body) {
        world.complaints.push(fault.clone());
        return error(400, "ValidationException", &fault);
    }
    let name = body["Name"].as_str().unwrap_or_default();
    if world.created.contains_key(name) {
        return error(409, "ConflictException", "A code review of this name exists.");
    }
    world.created.insert(name.to_owned(), 0);
    json_response(&json!({"CodeReview": review(name, "Pending")}))
}

fn fault_of_creation(body: &Value) -> Option<String> {
    let name = body["Name"].as_str().unwrap_or_default();
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !(1..=100).contains(&name.len()) || !name.chars().all(legal) {
        return Some(format!("Name {name:?} does not match [a-zA-Z0-9-_]{{1,100}}"));
    }
    let association = body["RepositoryAssociationArn"].as_str().unwrap_or_default();
    if !association.starts_with("arn:") || !association.contains(":association:") {
        return Some(format!(
            "RepositoryAssociationArn {association:?} is not the ARN of an association"
        ));
    }
    let commits = &body["Type"]["RepositoryAnalysis"]["SourceCodeType"]["CommitDiff"];
    let named = ["SourceCommit", "DestinationCommit"]
        .iter()
        .all(|name| commits[*name].as_str().is_some_and(|sha| sha.len() >= 6));
    (!named).then(|| {
        "Type.RepositoryAnalysis.SourceCodeType.CommitDiff must name both commits".to_owned()
    })
}

fn arn(name: &str) -> String {
    format!("{REGION}:code-review:RepositoryAnalysis-{name}")
}

fn review(name: &str, state: &str) -> Value {
    json!({"Name": name, "CodeReviewArn": arn(name), "State": state, "Type": "RepositoryAnalysis"})
}

fn list(world: &Inner) -> Response {
    let summaries: Vec<Value> = world.created.keys().map(|name| review(name, "Pending")).collect();
    json_response(&json!({"CodeReviewSummaries": summaries}))
}

fn describe(world: &mut Inner, path: &str) -> Response {
    let pending = world.reviews.pending;
    let Some((name, looks)) = world.created.iter_mut().find(|(name, _)| path.ends_with(&arn(name)))
    else {
        return error(404, "ResourceNotFoundException", "There is no such code review.");
    };
    *looks += 1;
    let state = if *looks > pending { "Completed" } else { "Pending" };
    json_response(&json!({"CodeReview": review(name, state)}))
}

fn recommendations(reviews: &Reviews, query: &str) -> Response {
    let start: usize =
        parameter(query, "NextToken").and_then(|token| token.parse().ok()).unwrap_or(0);
    let page = if reviews.page == 0 { usize::MAX } else { reviews.page };
    let all = &reviews.recommendations;
    let shown: Vec<&Value> = all.iter().skip(start).take(page).collect();
    let end = start + shown.len();
    json_response(
        &json!({"RecommendationSummaries": shown, "NextToken": (end < all.len()).then(|| end.to_string())}),
    )
}

fn parameter<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(given, _)| *given == name)
        .map(|(_, value)| value)
}

pub(super) fn profiler_recommendation(name: &str, steps: &str) -> Value {
    json!({
        "pattern": {"id": "p", "name": name, "resolutionSteps": steps, "thresholdPercent": 1.0}, "topMatches": [],
        "allMatchesCount": 1, "allMatchesSum": 0.5, "startTime": "2026-11-21T15:00:00Z", "endTime": "2026-11-21T16:00:00Z",
    })
}

pub(super) fn profiler(world: &Inner, request: &Request) -> Response {
    if request.operation == "GetRecommendations" {
        return json_response(&json!({
            "profilingGroupName": "group", "profileStartTime": "2026-11-21T15:00:00Z", "profileEndTime": "2026-11-21T16:00:00Z",
            "recommendations": world.recommendations, "anomalies": [],
        }));
    }
    let Some((form, document)) = &world.profile else {
        return error(404, "ResourceNotFoundException", "There is no such profiling group.");
    };
    let given = ["startTime", "endTime", "period"]
        .iter()
        .filter(|name| parameter(&request.query, name).is_some())
        .count();
    if !(1..=2).contains(&given) {
        return error(
            400,
            "ValidationException",
            "One or two of startTime, endTime and period must be given.",
        );
    }
    let text = document.to_string();
    match form {
        ProfileForm::Json => ([("content-type", "application/json")], text).into_response(),
        ProfileForm::Ion => ([("content-type", "application/x-amzn-ion")], text).into_response(),
        ProfileForm::GzippedJson => {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(text.as_bytes()).unwrap();
            let headers = [("content-type", "application/json"), ("content-encoding", "gzip")];
            (headers, encoder.finish().unwrap()).into_response()
        }
    }
}
