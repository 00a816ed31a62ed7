//! `post_github_comment` as a model uses it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use contract::{Binding, Tool, ToolError};
use futures::FutureExt;
use github::{GitHubError, Keep, KeptReport, Patience, PostGitHubComment, StillOurs};
use serde_json::{Value, json};

use crate::fake::{FakeGitHub, REPOSITORY, USER, When};
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
            still_ours: None,
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

/// Yes as often as said, then no; and how often it was asked.
fn ours_for(times: usize) -> (StillOurs, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let still_ours: StillOurs = Arc::new(move || {
        let ours = count.fetch_add(1, Ordering::SeqCst) < times;
        async move { ours }.boxed()
    });
    (still_ours, asked)
}

fn ended(result: Result<Value, ToolError>) -> GitHubError {
    let Err(ToolError::EndRun(source)) = result else { panic!("the run goes on: {result:?}") };
    source.downcast_ref::<GitHubError>().unwrap().clone()
}

#[tokio::test]
async fn a_worker_that_lost_its_review_writes_nothing_and_ends() {
    let fake = FakeGitHub::start().await;
    let number = fake.open_pull_request(small());
    let (mut tool, kept) = tool(&fake, Some(number));
    tool.still_ours = Some(ours_for(0).0);
    let error = ended(tool.call(input(number)).await);
    insta::assert_snapshot!(error, @"another worker has taken this review over, so this one writes nothing more");
    assert_eq!(fake.count("POST", "") + fake.count("PATCH", ""), 0);
    assert!(kept.lock().unwrap().is_empty(), "whoever has it now keeps it");
    fake.add_comment(number, USER, MARKER);
    assert_eq!(ended(tool.call(input(number)).await), GitHubError::NotOurs);
    assert_eq!(fake.count("PATCH", ""), 0);
}

#[tokio::test]
async fn the_question_is_asked_again_after_each_wait() {
    let fake = FakeGitHub::start().await;
    let number = fake.open_pull_request(small());
    fake.fail_next("POST", "/comments", 429, &[("retry-after", "20")], 9);
    let (mut tool, _) = tool(&fake, Some(number));
    let (still_ours, asked) = ours_for(2);
    tool.still_ours = Some(still_ours);
    assert_eq!(ended(tool.call(input(number)).await), GitHubError::NotOurs);
    assert_eq!((fake.count("POST", "/comments"), asked.load(Ordering::SeqCst)), (2, 3));
}

#[tokio::test]
async fn a_worker_that_was_overtaken_while_it_wrote_takes_its_comment_back() {
    let fake = FakeGitHub::start().await;
    let number = fake.open_pull_request(small());
    let (mut tool, _) = tool(&fake, Some(number));
    tool.still_ours = Some(ours_for(1).0);
    let mut hold = fake.hold("POST", "/comments", When::BeforeEffect);
    let call = tokio::spawn(async move { tool.call(input(number)).await });
    hold.arrived().await;
    let first = fake.add_comment(number, USER, &format!("By who has it now\n{MARKER}"));
    hold.release();
    assert_eq!(ended(call.await.unwrap()), GitHubError::NotOurs);
    let comments = fake.comments(number);
    assert_eq!((comments.len(), comments[0].id, comments[0].edits), (1, first, 0));
}

#[tokio::test]
async fn a_write_and_its_question_share_one_deadline() {
    let fake = FakeGitHub::start().await;
    let number = fake.open_pull_request(small());
    let (mut tool, kept) = tool(&fake, Some(number));
    let short = Patience { write: Duration::from_millis(50), ..tool.github.patience() };
    tool.github = tool.github.with_patience(short);
    tool.still_ours = Some(Arc::new(|| std::future::pending().boxed()));
    let output = tool.call(input(number)).await.unwrap();
    assert_eq!(output["status"], "failure");
    assert_eq!((fake.count("POST", ""), kept.lock().unwrap().len()), (0, 1));
}

#[tokio::test]
async fn a_write_without_an_answer_is_looked_for_before_another() {
    let fake = FakeGitHub::start().await;
    let number = fake.open_pull_request(small());
    let (mut tool, _) = tool(&fake, Some(number));
    let short = Patience { write: Duration::from_millis(200), ..tool.github.patience() };
    tool.github = tool.github.with_patience(short);
    let _hold = fake.hold("POST", "/comments", When::AfterEffect);
    let output = tool.call(input(number)).await.unwrap();
    assert_eq!(output["status"], "success");
    assert_eq!((fake.comments(number).len(), fake.count("POST", "/comments")), (1, 1));
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
