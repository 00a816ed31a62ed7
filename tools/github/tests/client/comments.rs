//! One comment, whatever happens on the way.

use github::GitHubError;

use crate::fake::{FakeGitHub, REPOSITORY, USER, WORKFLOW_TOKEN, When};
use crate::{Credentials, MARKER, client, client_with, small};

#[tokio::test]
async fn a_comment_is_written_once_and_then_updated() {
    let fake = FakeGitHub::start().await;
    let number = fake.open_pull_request(small());
    let first = client(&fake)
        .upsert_comment(REPOSITORY, number, MARKER, &format!("First\n{MARKER}"), true)
        .await
        .unwrap();
    let second = client(&fake)
        .upsert_comment(REPOSITORY, number, MARKER, &format!("Second\n{MARKER}"), true)
        .await
        .unwrap();
    assert!(first.created && !second.created);
    assert_eq!((first.id, &first.url), (second.id, &second.url));
    let comments = fake.comments(number);
    assert_eq!(comments.len(), 1);
    assert_eq!(comments[0].body, format!("Second\n{MARKER}"));
    assert_eq!(fake.unexpected(), [""; 0]);
}

#[tokio::test]
async fn the_same_text_again_writes_nothing() {
    let fake = FakeGitHub::start().await;
    let number = fake.open_pull_request(small());
    let body = format!("Report\n{MARKER}\n");
    client(&fake).upsert_comment(REPOSITORY, number, MARKER, &body, true).await.unwrap();
    client(&fake).upsert_comment(REPOSITORY, number, MARKER, &body, true).await.unwrap();
    assert_eq!((fake.count("POST", "/comments"), fake.count("PATCH", "/comments")), (1, 0));
}

#[tokio::test]
async fn a_comment_by_somebody_else_with_the_marker_is_left_alone() {
    let fake = FakeGitHub::start().await;
    let number = fake.open_pull_request(small());
    let forged = fake.add_comment(number, "mallory", &format!("All is well\n{MARKER}"));
    let posted = client(&fake)
        .upsert_comment(REPOSITORY, number, MARKER, &format!("Report\n{MARKER}"), true)
        .await
        .unwrap();
    assert_ne!(posted.id, forged);
    assert_eq!(fake.comments(number)[0].body, format!("All is well\n{MARKER}"));
    let found = client(&fake).find_comment(REPOSITORY, number, MARKER).await.unwrap().unwrap();
    assert_eq!((found.id, found.author.as_str()), (posted.id, USER));
}

#[tokio::test]
async fn of_several_own_comments_the_oldest_is_updated_on_whatever_page() {
    let fake = FakeGitHub::start().await;
    let number = fake.open_pull_request(small());
    for index in 0..120 {
        fake.add_comment(number, "mona", &format!("Talk {index}"));
    }
    let own = fake.add_comment(number, USER, MARKER);
    fake.add_comment(number, USER, MARKER);
    for index in 0..130 {
        fake.add_comment(number, "mona", &format!("More {index}"));
    }
    let posted = client(&fake)
        .upsert_comment(REPOSITORY, number, MARKER, &format!("Report {MARKER}"), true)
        .await
        .unwrap();
    assert_eq!(posted.id, own);
    assert_eq!(fake.comments(number).len(), 251, "the other one is removed");
    let found = client(&fake).find_comment(REPOSITORY, number, "Talk 3").await.unwrap();
    assert_eq!(found, None, "not ours");
    assert_eq!(
        fake.count("GET", "comments?per_page=100&page=3"),
        2,
        "251 comments are three pages"
    );
}

#[tokio::test]
async fn a_workflow_that_may_not_ask_who_it_is_still_finds_its_comment() {
    let fake = FakeGitHub::start().await;
    let number = fake.open_pull_request(small());
    fake.add_comment(number, "mallory", MARKER);
    let workflow = client_with(&fake, Credentials::Token(WORKFLOW_TOKEN.into()));
    let first = workflow
        .upsert_comment(REPOSITORY, number, MARKER, &format!("One {MARKER}"), true)
        .await
        .unwrap();
    let second = workflow
        .upsert_comment(REPOSITORY, number, MARKER, &format!("Two {MARKER}"), true)
        .await
        .unwrap();
    assert_eq!(first.id, second.id);
    assert_eq!(fake.comments(number).len(), 2);
}

#[tokio::test]
async fn a_502_after_the_comment_was_written_does_not_write_another() {
    let fake = FakeGitHub::start().await;
    let number = fake.open_pull_request(small());
    fake.fail("POST", "/comments", 502, &[], 1, When::AfterEffect);
    let posted = client(&fake)
        .upsert_comment(REPOSITORY, number, MARKER, &format!("Report {MARKER}"), true)
        .await
        .unwrap();
    assert!(posted.created);
    assert_eq!((fake.comments(number).len(), fake.count("POST", "/comments")), (1, 1));
}

#[tokio::test]
async fn a_502_before_the_comment_was_written_writes_it_once() {
    let fake = FakeGitHub::start().await;
    let number = fake.open_pull_request(small());
    fake.fail_next("POST", "/comments", 502, &[], 2);
    client(&fake)
        .upsert_comment(REPOSITORY, number, MARKER, &format!("Report {MARKER}"), true)
        .await
        .unwrap();
    assert_eq!((fake.comments(number).len(), fake.count("POST", "/comments")), (1, 3));
}

#[tokio::test]
async fn a_connection_lost_after_the_comment_was_written_does_not_write_another() {
    let fake = FakeGitHub::start().await;
    let number = fake.open_pull_request(small());
    for update_existing in [true, false] {
        let body = format!("Report for {update_existing} {MARKER}");
        let mut hold = fake.hold("POST", "/comments", When::AfterEffect);
        let github = client(&fake);
        let post = tokio::spawn(async move {
            github.upsert_comment(REPOSITORY, number, MARKER, &body, update_existing).await
        });
        hold.arrived().await;
        hold.drop_connection();
        assert!(post.await.unwrap().unwrap().created);
    }
    assert_eq!(fake.comments(number).len(), 2, "one, and one more that was asked for");
    assert_eq!(fake.count("POST", "/comments"), 2);
}

#[tokio::test]
async fn a_comment_deleted_in_between_is_written_again() {
    let fake = FakeGitHub::start().await;
    let number = fake.open_pull_request(small());
    client(&fake)
        .upsert_comment(REPOSITORY, number, MARKER, &format!("One {MARKER}"), true)
        .await
        .unwrap();
    let mut hold = fake.hold("PATCH", "/comments/", When::BeforeEffect);
    let github = client(&fake);
    let post = tokio::spawn(async move {
        github.upsert_comment(REPOSITORY, number, MARKER, &format!("Two {MARKER}"), true).await
    });
    hold.arrived().await;
    fake.delete_comment(fake.comments(number)[0].id);
    hold.release();
    assert!(post.await.unwrap().unwrap().created);
    assert_eq!(fake.comments(number)[0].body, format!("Two {MARKER}"));
}

#[tokio::test]
async fn a_rate_limit_is_waited_out() {
    let limits: [(u16, &[(&str, &str)]); 4] = [
        (429, &[("retry-after", "20")]),
        (403, &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1795276830")]),
        (403, &[]),
        (429, &[]),
    ];
    for (status, headers) in limits {
        let fake = FakeGitHub::start().await;
        let number = fake.open_pull_request(small());
        fake.fail_next("POST", "/comments", status, headers, 2);
        client(&fake)
            .upsert_comment(REPOSITORY, number, MARKER, &format!("Report {MARKER}"), true)
            .await
            .unwrap();
        assert_eq!(
            (fake.comments(number).len(), fake.count("POST", "/comments")),
            (1, 3),
            "{status} {headers:?}"
        );
    }
}

#[tokio::test]
async fn retry_after_is_kept_to() {
    let fake = FakeGitHub::start().await;
    let number = fake.open_pull_request(small());
    // At a thousandth of its length.
    fake.fail_next("POST", "/comments", 429, &[("retry-after", "80")], 1);
    client(&fake)
        .upsert_comment(REPOSITORY, number, MARKER, &format!("Report {MARKER}"), true)
        .await
        .unwrap();
    let posts: Vec<_> = fake
        .requests()
        .into_iter()
        .filter(|request| request.method == "POST")
        .map(|request| request.at)
        .collect();
    assert!(posts[1].duration_since(posts[0]).as_millis() >= 80, "{posts:?}");
}

#[tokio::test]
async fn a_limit_that_lasts_is_told_with_its_end() {
    let fake = FakeGitHub::start().await;
    let number = fake.open_pull_request(small());
    fake.fail_next(
        "POST",
        "/comments",
        403,
        &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1795278600")],
        99,
    );
    let error =
        client(&fake).upsert_comment(REPOSITORY, number, MARKER, "Report", true).await.unwrap_err();
    insta::assert_snapshot!(error, @"GitHub's rate limit is used up; try again after 2026-11-21T16:30:01Z");
    assert_eq!(fake.count("POST", "/comments"), 1, "no attempt before its time");
}

#[tokio::test]
async fn a_report_that_is_too_long_is_shortened_and_keeps_its_marker() {
    let fake = FakeGitHub::start().await;
    let number = fake.open_pull_request(small());
    let long = (0..3000)
        .fold(String::new(), |text, line| text + &format!("- a finding 🌍 with number {line}\n"));
    let body = format!("# Report\n\n## Findings\n{long}\n## Skipped files\n{long}\n{MARKER}");
    client(&fake).upsert_comment(REPOSITORY, number, MARKER, &body, true).await.unwrap();
    let comment = fake.comments(number).remove(0);
    assert!(comment.body.ends_with(MARKER) && comment.body.encode_utf16().count() <= 65_536);
    assert!(comment.body.contains("Left out for length:"));
    let again =
        client(&fake).upsert_comment(REPOSITORY, number, MARKER, &body, true).await.unwrap();
    assert_eq!((again.id, again.created), (comment.id, false));
}

#[tokio::test]
async fn a_body_without_the_marker_gets_it() {
    let fake = FakeGitHub::start().await;
    let number = fake.open_pull_request(small());
    client(&fake).upsert_comment(REPOSITORY, number, MARKER, "Report", true).await.unwrap();
    assert_eq!(fake.comments(number)[0].body, format!("Report\n\n{MARKER}"));
}

#[tokio::test]
async fn a_call_past_its_deadline_does_not_start() {
    let fake = FakeGitHub::start().await;
    let number = fake.open_pull_request(small());
    let error = client(&fake)
        .until(crate::clock())
        .find_comment(REPOSITORY, number, MARKER)
        .await
        .unwrap_err();
    assert_eq!(error, GitHubError::Unavailable("the time for this run is over".into()));
    assert!(fake.requests().is_empty());
}
