//! Stories of CodeGuru Profiler, against a server that answers like it.

use std::io::Write;
use std::time::Duration;

use crate::fake::{Fake, error, json, no_wait};
use axum::response::{IntoResponse, Response};
use codeguru::Profiler;
use contract::{ProfileRequest, ProfileSource, Samples, Timestamp};
use flate2::Compression;
use flate2::write::GzEncoder;
use ion_rs::{Element, v1_0};
use serde_json::json;

const NOW: Timestamp = Timestamp(1_795_276_800_000);
const PROFILE: &str = r#"{"agentMetadata": {"cpuTimeInSeconds": 2.5, "agentOverhead": {"memoryInMB": 30}},
    "callgraph": {"children": {"main": {"children": {"app:load": {"counts": {"WALL_TIME": 12}, "file": "app.py", "line": 10}}}}}}"#;

fn request() -> ProfileRequest {
    ProfileRequest {
        profiling_group: "orders".into(),
        start: NOW - Duration::from_hours(1),
        end: NOW,
    }
}

fn recommendations() -> Response {
    json(
        &json!({"profilingGroupName": "orders", "profileStartTime": "2026-11-21T15:00:00Z", "profileEndTime": "2026-11-21T16:00:00Z", "anomalies": [], "recommendations": [
            {"allMatchesCount": 1, "allMatchesSum": 0.2, "startTime": "2026-11-21T15:00:00Z", "endTime": "2026-11-21T16:00:00Z", "topMatches": [],
                "pattern": {"id": "p", "name": "Regex compiled again", "resolutionSteps": "Compile it once.", "thresholdPercent": 1.0}},
            {"allMatchesCount": 1, "allMatchesSum": 0.2, "startTime": "2026-11-21T15:00:00Z", "endTime": "2026-11-21T16:00:00Z", "topMatches": [], "pattern": {}},
        ]}),
    )
}

async fn serving(
    profile: Vec<u8>,
    content_type: &'static str,
    encoding: Option<&'static str>,
) -> Fake {
    Fake::start(move |seen, _| {
        if seen.path.starts_with("/internal/") {
            return recommendations();
        }
        let mut response = ([("content-type", content_type)], profile.clone()).into_response();
        if let Some(encoding) = encoding {
            response.headers_mut().insert("content-encoding", encoding.parse().unwrap());
        }
        response
    })
    .await
}

async fn samples(fake: &Fake) -> Samples {
    Profiler::new(&fake.config).with_wait(no_wait).samples(&request()).await.unwrap().unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[tokio::test]
async fn a_profile_reads_the_same_in_every_form_the_service_sends() {
    let ion = Element::read_one(PROFILE).unwrap().encode_as(v1_0::Binary).unwrap();
    let forms = [
        (PROFILE.as_bytes().to_vec(), "application/json", None),
        (gzip(PROFILE.as_bytes()), "application/json", Some("gzip")),
        (ion.clone(), "application/x-amzn-ion", None),
        (gzip(&ion), "application/x-amzn-ion", Some("gzip")),
        (PROFILE.as_bytes().to_vec(), "application/x-amzn-ion", None),
    ];
    for (bytes, content_type, encoding) in forms {
        let samples = samples(&serving(bytes, content_type, encoding).await).await;
        assert_eq!(samples.stacks.len(), 1, "{content_type} {encoding:?}: {:?}", samples.notes);
        assert_eq!((samples.cpu_time_ms, samples.memory_mb), (Some(2_500.0), None));
        assert_eq!(samples.stacks[0].frames[1].function, "app:load");
        assert_eq!(samples.recommendations, ["Regex compiled again — Compile it once."]);
        assert_eq!(
            (samples.source.as_str(), samples.notes.len()),
            ("CodeGuru Profiler, group orders", 0)
        );
    }
}

#[tokio::test]
async fn json_is_asked_for_between_two_times() {
    let fake = serving(PROFILE.into(), "application/json", None).await;
    samples(&fake).await;
    let seen = &fake.seen()[0];
    assert_eq!(seen.path, "/profilingGroups/orders/profile");
    assert_eq!(seen.headers["accept"], "application/json");
    insta::assert_snapshot!(seen.query, @"startTime=2026-11-21T15%3A00%3A00Z&endTime=2026-11-21T16%3A00%3A00Z");
}

#[tokio::test]
async fn a_longer_time_than_the_service_gives_is_cut_to_its_last_week() {
    let fake = serving(PROFILE.into(), "application/json", None).await;
    let request = ProfileRequest { start: NOW - Duration::from_hours(30 * 24), ..request() };
    let samples =
        Profiler::new(&fake.config).with_wait(no_wait).samples(&request).await.unwrap().unwrap();
    insta::assert_snapshot!(samples.notes.join("\n"), @"only from 2026-11-14T16:00:00Z: CodeGuru Profiler gives seven days at most");
}

#[tokio::test]
async fn a_profile_that_cannot_be_read_still_brings_the_recommendations() {
    let fake = serving(b"<html>".to_vec(), "application/json", None).await;
    let samples = samples(&fake).await;
    assert!(samples.stacks.is_empty());
    assert!(
        samples.notes[0].starts_with("the profile is not the JSON that it is said to be"),
        "{:?}",
        samples.notes
    );
    assert_eq!(samples.recommendations.len(), 1);
}

#[tokio::test]
async fn an_unknown_group_has_no_samples_and_a_refusal_names_the_action() {
    let fake = Fake::start(|_, _| error(404, "ResourceNotFoundException")).await;
    assert_eq!(
        Profiler::new(&fake.config).with_wait(no_wait).samples(&request()).await.unwrap(),
        None
    );
    let fake = Fake::start(|_, _| error(403, "AccessDeniedException")).await;
    let told = Profiler::new(&fake.config)
        .with_wait(no_wait)
        .samples(&request())
        .await
        .unwrap_err()
        .to_string();
    assert!(told.contains("codeguru-profiler:GetProfile"), "{told}");
}

#[tokio::test]
async fn throttling_is_waited_out_and_then_given_up() {
    let fake = Fake::start(|seen, before| match seen.path.as_str() {
        "/profilingGroups/orders/profile" if before < 4 => error(429, "ThrottlingException"),
        "/profilingGroups/orders/profile" => {
            ([("content-type", "application/json")], PROFILE).into_response()
        }
        _ => error(500, "InternalServerException"),
    })
    .await;
    let samples = samples(&fake).await;
    assert_eq!(samples.stacks.len(), 1);
    assert!(
        samples.notes[0].starts_with("its recommendations could not be had"),
        "{:?}",
        samples.notes
    );
}
