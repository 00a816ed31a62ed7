//! One check run, whatever happens on the way.

use std::iter;

use github::{Annotation, AnnotationLevel, CheckRun, Conclusion, GitHub};

use crate::fake::{FakeGitHub, INSTALLATION, REPOSITORY, WORKFLOW_TOKEN, When};
use crate::{Credentials, app, client, client_with, small};

fn annotation(line: u32) -> Annotation {
    Annotation {
        path: "a.py".into(),
        start_line: line,
        end_line: line,
        level: AnnotationLevel::Warning,
        title: "Query inside a loop".into(),
        message: "Each pass pays a round trip.".into(),
    }
}

/// The check run of the head of a pull request.
fn check_run(fake: &FakeGitHub, number: u64) -> CheckRun {
    CheckRun {
        name: "eco-coder".into(),
        head_sha: fake.head_sha(number),
        external_id: format!("eco-coder:v1#{number}"),
        conclusion: Conclusion::Neutral,
        title: "it cannot be told".into(),
        summary: "Nothing was measured.".into(),
        details_url: Some("https://github.com/octo-org/shop/pull/1".into()),
        annotations: vec![annotation(2)],
    }
}

fn workflow(fake: &FakeGitHub) -> GitHub {
    client_with(fake, Credentials::Token(WORKFLOW_TOKEN.into()))
}

#[tokio::test]
async fn a_check_run_is_made_once_and_then_brought_up_to_date() {
    let fake = FakeGitHub::start().await;
    let number = fake.open_pull_request(small());
    let first = check_run(&fake, number);
    let id = workflow(&fake).upsert_check_run(REPOSITORY, &first).await.unwrap();
    let again = CheckRun { conclusion: Conclusion::Failure, ..first };
    assert_eq!(workflow(&fake).upsert_check_run(REPOSITORY, &again).await.unwrap(), id);

    let runs = fake.check_runs(REPOSITORY);
    assert_eq!((runs.len(), runs[0].updates), (1, 1));
    assert_eq!(runs[0].head_sha, fake.head_sha(number));
    assert_eq!(runs[0].fields["conclusion"], "failure");
    assert_eq!(runs[0].fields["output"]["annotations"].as_array().map(Vec::len), Some(1));
    assert_eq!(fake.unexpected(), [""; 0]);
}

#[tokio::test]
async fn what_is_too_much_for_github_is_left_out() {
    let fake = FakeGitHub::start().await;
    let number = fake.open_pull_request(small());
    let long = CheckRun {
        title: "é".repeat(1_000),
        summary: "a line\n".repeat(20_000),
        annotations: iter::repeat_with(|| Annotation {
            title: "t".repeat(1_000),
            message: "m".repeat(100_000),
            end_line: 1,
            ..annotation(2)
        })
        .take(120)
        .collect(),
        ..check_run(&fake, number)
    };
    workflow(&fake).upsert_check_run(REPOSITORY, &long).await.unwrap().unwrap();
    let output = &fake.check_runs(REPOSITORY)[0].fields["output"];
    assert_eq!(output["annotations"].as_array().map(Vec::len), Some(50));
    assert!(output["summary"].as_str().is_some_and(|summary| summary.len() > 60_000));
}

#[tokio::test]
async fn a_creation_without_an_answer_is_looked_for_before_it_is_tried_again() {
    for when in [When::BeforeEffect, When::AfterEffect] {
        let fake = FakeGitHub::start().await;
        let number = fake.open_pull_request(small());
        fake.fail("POST", "/check-runs", 502, &[], 1, when);
        let run = check_run(&fake, number);
        workflow(&fake).upsert_check_run(REPOSITORY, &run).await.unwrap().unwrap();
        assert_eq!(fake.check_runs(REPOSITORY).len(), 1, "{when:?}");
    }
}

#[tokio::test]
async fn another_apps_check_run_is_left_alone() {
    let fake = FakeGitHub::start().await;
    let number = fake.open_pull_request(small());
    let run = check_run(&fake, number);
    let installation = app(&fake).for_installation(Some(INSTALLATION), REPOSITORY).await.unwrap();
    for github in [workflow(&fake), installation.clone(), workflow(&fake), installation] {
        github.upsert_check_run(REPOSITORY, &run).await.unwrap().unwrap();
    }
    let runs = fake.check_runs(REPOSITORY);
    let seen: Vec<_> = runs.iter().map(|run| (run.app.as_str(), run.updates)).collect();
    assert_eq!(seen, [("github-actions", 1), ("eco-coder", 1)]);
}

#[tokio::test]
async fn without_the_permission_there_is_none_and_no_error() {
    let fake = FakeGitHub::start().await;
    let number = fake.open_pull_request(small());
    let run = check_run(&fake, number);
    assert_eq!(client(&fake).upsert_check_run(REPOSITORY, &run).await.unwrap(), None);
    assert_eq!(fake.count("POST", "/check-runs"), 0, "a user's token need not ask");
    fake.forbid_checks();
    assert_eq!(workflow(&fake).upsert_check_run(REPOSITORY, &run).await.unwrap(), None);
    let installation = app(&fake).for_installation(Some(INSTALLATION), REPOSITORY).await.unwrap();
    assert_eq!(installation.upsert_check_run(REPOSITORY, &run).await.unwrap(), None);
    assert_eq!((fake.count("POST", "/check-runs"), fake.check_runs(REPOSITORY).len()), (2, 0));
}
