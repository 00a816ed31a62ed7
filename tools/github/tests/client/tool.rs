//! `post_github_comment` as a model uses it.

use std::sync::{Arc, Mutex};

use contract::{Binding, Tool};
use github::{Keep, KeptReport, PostGitHubComment};
use serde_json::{Value, json};

use crate::fake::{FakeGitHub, REPOSITORY};
use crate::{MARKER, client, small};

type Kept = Arc<Mutex<Vec<KeptReport>>>;

fn tool(fake: &FakeGitHub, pull_request: Option<u64>) -> (PostGitHubComment, Kept) {
    let kept = Kept::default();
    let shelf = kept.clone();
    let keep: Keep = Arc::new(move |report| {
        let shelf = shelf.clone();
        Box::pin(async move { shelf.lock().unwrap().push(report) })
    });
    let binding = Binding {
        repository: REPOSITORY.into(),
        repository_arn: String::new(),
        pull_request,
        branch: "topic".into(),
        head_sha: "abcdef0".into(),
        profiling_group: None,
    };
    let compose = Arc::new(|markdown: &str| format!("{markdown}\n{MARKER}"));
    (
        PostGitHubComment {
            binding,
            github: client(fake),
            marker: MARKER.into(),
            compose,
            keep: Some(keep),
            one_comment: false,
        },
        kept,
    )
}

fn input(number: u64) -> Value {
    json!({"repository_full_name": REPOSITORY, "pull_request_number": number, "report_markdown": "## Report"})
}

#[tokio::test]
async fn a_model_cannot_be_talked_into_a_second_comment() {
    let fake = FakeGitHub::start().await;
    let number = fake.open_pull_request(small());
    let (mut tool, _) = tool(&fake, Some(number));
    tool.one_comment = true;
    for report in ["## First", "## Second"] {
        let mut input = input(number);
        input["report_markdown"] = json!(report);
        input["update_existing"] = json!(false);
        tool.call(input).await.unwrap();
    }
    let comments = fake.comments(number);
    assert_eq!((comments.len(), comments[0].body.contains("## Second")), (1, true));
}

#[tokio::test]
async fn the_report_is_posted() {
    let fake = FakeGitHub::start().await;
    let number = fake.open_pull_request(small());
    let (tool, kept) = tool(&fake, Some(number));
    let output = tool.call(input(number)).await.unwrap();
    let comment = fake.comments(number).remove(0);
    let url = format!("https://github.com/octo-org/shop/pull/{number}#issuecomment-{}", comment.id);
    assert_eq!(
        output,
        json!({"status": "success", "comment_id": comment.id, "comment_url": url, "error_message": null})
    );
    assert_eq!(comment.body, format!("## Report\n{MARKER}"));
    assert!(kept.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_report_that_cannot_be_posted_is_kept() {
    let fake = FakeGitHub::start().await;
    let number = fake.open_pull_request(small());
    fake.fail_next("POST", "/comments", 429, &[], 99);
    let (tool, kept) = tool(&fake, Some(number));
    let output = tool.call(input(number)).await.unwrap();
    insta::assert_snapshot!(output, @r#"{"comment_id":null,"comment_url":null,"error_message":"GitHub's rate limit is used up; try again after 2026-11-21T16:01:00Z","status":"failure"}"#);
    assert_eq!(fake.count("POST", "/comments"), 4, "after 1, 2 and 4 seconds");
    assert_eq!(kept.lock().unwrap()[0].body, format!("## Report\n{MARKER}"));
}

#[tokio::test]
async fn a_missing_permission_is_named() {
    let fake = FakeGitHub::start().await;
    let number = fake.open_pull_request(small());
    fake.fail_next(
        "POST",
        "/comments",
        403,
        &[("x-accepted-github-permissions", "issues=write; pull_requests=write")],
        1,
    );
    let (tool, _) = tool(&fake, Some(number));
    let output = tool.call(input(number)).await.unwrap();
    let expected = format!(
        "GitHub forbids this: to comment on octo-org/shop#{number}: scripted failure; the token needs the permission issues=write; pull_requests=write"
    );
    assert_eq!(output["error_message"], expected);
}

#[tokio::test]
async fn a_model_cannot_comment_elsewhere() {
    let fake = FakeGitHub::start().await;
    let number = fake.open_pull_request(small());
    let (bound, _) = tool(&fake, Some(number));
    let mut elsewhere = input(number);
    elsewhere["repository_full_name"] = json!("octo-org/other");
    let error = bound.call(elsewhere).await.unwrap_err();
    assert_eq!(error.to_string(), r#"`repository_full_name` must be "octo-org/shop" in this run"#);
    let error = bound.call(input(number + 1)).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("`pull_request_number` must be \"{number}\" in this run")
    );
    let (unbound, _) = tool(&fake, None);
    let error = unbound.call(input(number)).await.unwrap_err();
    assert_eq!(error.to_string(), "this run has no pull request to comment on");
    assert!(fake.requests().is_empty());
}

#[tokio::test]
async fn the_schema_tells_a_model_what_to_give() {
    let fake = FakeGitHub::start().await;
    let schema = tool(&fake, None).0.spec().input_schema;
    assert_eq!(
        schema["required"],
        json!(["repository_full_name", "pull_request_number", "report_markdown"])
    );
    assert_eq!(schema["properties"]["update_existing"]["default"], json!(true));
}
