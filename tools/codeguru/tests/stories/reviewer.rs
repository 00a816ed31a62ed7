//! Stories of CodeGuru Reviewer, against a server that answers like it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::fake::{Fake, Seen, error, json, no_wait};
use async_trait::async_trait;
use axum::response::Response;
use codeguru::{Reviewer, ReviewerSettings};
use contract::{
    Binding, Cache, Change, ChangedFile, CodeReview, CodeReviewer, ReviewError, Timestamp,
};
use serde_json::{Value, json};

const ASSOCIATION: &str = "arn:aws:codeguru-reviewer:us-east-1:123456789012:association:11111111-2222-3333-4444-555555555555";
const REVIEW: &str =
    "arn:aws:codeguru-reviewer:us-east-1:123456789012:code-review:RepositoryAnalysis-x";
const NOW: Timestamp = Timestamp(1_795_276_800_000);

#[derive(Default)]
struct Kept(Mutex<HashMap<String, (String, Timestamp)>>);

#[async_trait]
impl Cache for Kept {
    async fn cached(&self, key: &str, now: Timestamp) -> Option<String> {
        self.0
            .lock()
            .unwrap()
            .get(key)
            .filter(|(_, expires)| *expires > now)
            .map(|(value, _)| value.clone())
    }

    async fn keep(&self, key: &str, value: &str, expires: Timestamp) {
        self.0.lock().unwrap().insert(key.to_owned(), (value.to_owned(), expires));
    }
}

fn binding() -> Binding {
    Binding {
        repository: "octo/service".into(),
        repository_arn: ASSOCIATION.into(),
        pull_request: Some(7),
        branch: "feature".into(),
        head_sha: "0123456789abcdef0123456789abcdef01234567".into(),
        profiling_group: None,
    }
}

fn change(lines: usize) -> Change {
    let head: Vec<String> = (1..=lines).map(|line| format!("line_{line} = {line}")).collect();
    let file = ChangedFile {
        path: "app/orders.py".into(),
        head: Some(head.join("\n").into()),
        ..ChangedFile::default()
    };
    Change { base_sha: "aaaaaaaa".into(), head_sha: binding().head_sha, files: vec![file] }
}

fn review_in(state: &str) -> Response {
    json(
        &json!({"CodeReview": {"Name": "n", "CodeReviewArn": REVIEW, "State": state, "StateReason": "told by the fake"}}),
    )
}

fn recommendation(line: u32) -> Value {
    json!({
        "FilePath": "app/orders.py", "RecommendationId": format!("r{line}"), "StartLine": line, "EndLine": line,
        "Description": "This opens a connection that nothing closes.", "RecommendationCategory": "ResourceLeaks", "Severity": "High",
        "RuleMetadata": {"RuleId": "python/resource-leak@v1.0", "RuleName": "Resource leak", "LongDescription": "Close what you open."},
    })
}

/// A server whose review completes after `pending` looks, and that pages its recommendations one by one.
fn healthy(
    pending: usize,
    recommendations: u32,
) -> impl Fn(&Seen, usize) -> Response + Send + Sync + 'static {
    move |seen, before| match (seen.method.as_str(), seen.path.as_str()) {
        ("POST", "/codereviews") => review_in("Pending"),
        ("GET", path) if path.ends_with("/Recommendations") => {
            let page: u32 = seen
                .query
                .split("NextToken=page-")
                .nth(1)
                .and_then(|rest| rest.split('&').next())
                .map_or(1, |page| page.parse().unwrap());
            let next = (page < recommendations).then(|| format!("page-{}", page + 1));
            json(&json!({"RecommendationSummaries": [recommendation(page)], "NextToken": next}))
        }
        ("GET", path) if path.starts_with("/codereviews/") => {
            review_in(if before < pending { "Pending" } else { "Completed" })
        }
        _ => error(501, "NotFaked"),
    }
}

fn reviewer(fake: &Fake, cache: Option<Arc<dyn Cache>>) -> Reviewer {
    let settings = ReviewerSettings { wait: no_wait, ..ReviewerSettings::new(ASSOCIATION) };
    Reviewer::new(&fake.config, settings, cache, || NOW)
}

async fn review(fake: &Fake) -> Result<CodeReview, ReviewError> {
    reviewer(fake, None).review(&binding(), &Arc::new(change(101))).await
}

#[tokio::test]
async fn a_review_is_started_watched_and_read_page_by_page() {
    let fake = Fake::start(healthy(2, 3)).await;
    let review = review(&fake).await.unwrap();
    assert_eq!((review.status.as_str(), review.total_recommendations), ("Completed", 3));
    assert_eq!(review.review_id, REVIEW);
    assert_eq!(review.recommendations[1].excerpt, "line_2 = 2");
    assert_eq!(review.recommendations[1].rule_id, "codeguru/python/resource-leak@v1.0");
    insta::assert_snapshot!(serde_json::to_string_pretty(&fake.seen()[0].body).unwrap(), @r#"
    {
      "ClientRequestToken": "eco-coder-octo-service-pr7-0123456789ab-0000a1fd",
      "Name": "eco-coder-octo-service-pr7-0123456789ab-0000a1fd",
      "RepositoryAssociationArn": "arn:aws:codeguru-reviewer:us-east-1:123456789012:association:11111111-2222-3333-4444-555555555555",
      "Type": {
        "AnalysisTypes": [
          "CodeQuality",
          "Security"
        ],
        "RepositoryAnalysis": {
          "SourceCodeType": {
            "CommitDiff": {
              "DestinationCommit": "aaaaaaaa",
              "MergeBaseCommit": "aaaaaaaa",
              "SourceCommit": "0123456789abcdef0123456789abcdef01234567"
            }
          }
        }
      }
    }
    "#);
    assert!(
        fake.seen()[0].headers["authorization"]
            .to_str()
            .unwrap()
            .contains("/codeguru-reviewer/aws4_request")
    );
    assert_eq!(fake.calls().len(), 1 + 3 + 3);
}

#[tokio::test]
async fn a_change_of_a_hundred_lines_is_not_worth_a_review() {
    let fake = Fake::start(healthy(0, 1)).await;
    let small = reviewer(&fake, None).review(&binding(), &Arc::new(change(100))).await.unwrap();
    assert_eq!(
        small.notes,
        ["CodeGuru Reviewer was not asked: 100 changed lines, and it is asked for more than 100"]
    );
    let mut go = change(500);
    go.files[0].path = "main.go".into();
    let go = reviewer(&fake, None).review(&binding(), &Arc::new(go)).await.unwrap();
    assert_eq!(
        go.notes,
        ["CodeGuru Reviewer was not asked: it knows Java and Python, and the change has neither"]
    );
    assert!(fake.calls().is_empty());
}

#[tokio::test]
async fn the_same_commit_is_reviewed_once_a_week() {
    let fake = Fake::start(healthy(0, 1)).await;
    let cache = Arc::new(Kept::default());
    let first = reviewer(&fake, Some(cache.clone()))
        .review(&binding(), &Arc::new(change(101)))
        .await
        .unwrap();
    let calls = fake.calls().len();
    let second = reviewer(&fake, Some(cache.clone()))
        .review(&binding(), &Arc::new(change(101)))
        .await
        .unwrap();
    assert_eq!((second, fake.calls().len()), (first, calls));
    let kept = cache.0.lock().unwrap();
    let (key, (_, expires)) = kept.iter().next().unwrap();
    assert_eq!(*key, format!("codeguru-reviewer/{ASSOCIATION}/{}", binding().head_sha));
    assert_eq!(expires.since(NOW), Duration::from_hours(7 * 24));
}

#[tokio::test]
async fn a_review_that_does_not_end_in_time_gives_what_it_has_and_is_not_kept() {
    let fake = Fake::start(healthy(usize::MAX, 2)).await;
    let cache = Arc::new(Kept::default());
    let review = reviewer(&fake, Some(cache.clone()))
        .review(&binding(), &Arc::new(change(101)))
        .await
        .unwrap();
    assert_eq!((review.status.as_str(), review.total_recommendations), ("Partial", 2));
    assert_eq!(
        review.notes,
        ["CodeGuru Reviewer had not finished after 5.0 minutes; what it had found by then is here"]
    );
    assert!(cache.0.lock().unwrap().is_empty());
    let looks = fake
        .calls()
        .iter()
        .filter(|call| call.starts_with("GET /codereviews/") && !call.ends_with("Recommendations"))
        .count();
    assert!((8..30).contains(&looks), "{looks} looks in five minutes");
}

#[tokio::test]
async fn a_second_attempt_finds_the_review_of_the_first() {
    let name = Arc::new(Mutex::new(String::new()));
    let told = name.clone();
    let fallback = healthy(0, 1);
    let fake = Fake::start(move |seen, before| match (seen.method.as_str(), seen.path.as_str()) {
        ("POST", "/codereviews") => {
            *told.lock().unwrap() = seen.body["Name"].as_str().unwrap().to_owned();
            error(409, "ConflictException")
        }
        ("GET", "/codereviews") if before == 0 => json(&json!({"CodeReviewSummaries": [{"Name": "another"}], "NextToken": "more"})),
        ("GET", "/codereviews") => json(&json!({"CodeReviewSummaries": [{"Name": *told.lock().unwrap(), "CodeReviewArn": REVIEW}]})),
        _ => fallback(seen, before),
    })
    .await;
    let review = review(&fake).await.unwrap();
    assert_eq!((review.review_id.as_str(), review.total_recommendations), (REVIEW, 1));
}

#[tokio::test]
async fn throttling_is_waited_out() {
    let fallback = healthy(0, 1);
    let fake = Fake::start(move |seen, before| {
        if before < 3 { error(429, "ThrottlingException") } else { fallback(seen, before) }
    })
    .await;
    assert_eq!(review(&fake).await.unwrap().total_recommendations, 1);
}

#[tokio::test]
async fn a_service_that_only_throttles_is_given_up() {
    let fake = Fake::start(|_, _| error(429, "ThrottlingException")).await;
    let told = review(&fake).await.unwrap_err().to_string();
    insta::assert_snapshot!(told, @"CodeGuru Reviewer throttled every attempt (CreateCodeReview: HTTP 429, ThrottlingException: told by the fake)");
    assert_eq!(fake.calls().len(), 5);
}

#[tokio::test]
async fn a_refusal_says_what_to_do() {
    let mut told = Vec::new();
    for (status, kind) in [
        (403, "AccessDeniedException"),
        (404, "ResourceNotFoundException"),
        (400, "ValidationException"),
    ] {
        let fake = Fake::start(move |_, _| error(status, kind)).await;
        told.push(review(&fake).await.unwrap_err().to_string());
        assert_eq!(fake.calls().len(), 1, "{kind} is not worth a second call");
    }
    insta::assert_snapshot!(told.join("\n"), @"
    CodeGuru Reviewer refused the credentials, which need the action codeguru-reviewer:CreateCodeReview (CreateCodeReview: HTTP 403, AccessDeniedException: told by the fake)
    CodeGuru Reviewer does not know the repository's association; it takes no new ones since 2025-11-07, so remove the setting if there is none (CreateCodeReview: HTTP 404, ResourceNotFoundException: told by the fake)
    CodeGuru Reviewer refused the request (CreateCodeReview: HTTP 400, ValidationException: told by the fake)
    ");
}

#[tokio::test]
async fn a_review_that_fails_is_told_with_its_reason() {
    let fake = Fake::start(|_, _| review_in("Failed")).await;
    assert_eq!(
        review(&fake).await.unwrap_err().to_string(),
        "the review of CodeGuru Reviewer failed: told by the fake"
    );
}

#[tokio::test]
async fn pages_without_end_are_cut() {
    let fake = Fake::start(healthy(0, u32::MAX)).await;
    let review = review(&fake).await.unwrap();
    assert_eq!((review.status.as_str(), review.total_recommendations), ("Partial", 20));
    assert_eq!(review.notes, ["only the first 20 recommendations of CodeGuru Reviewer were read"]);
}
