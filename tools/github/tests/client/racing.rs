//! Several workers post on one pull request at the same time.

use std::time::Duration;

use github::{GitHub, GitHubError, Posted};
use tokio::task::JoinSet;

use crate::fake::{FakeGitHub, Hold, REPOSITORY, USER, WORKFLOW_TOKEN, When};
use crate::{Credentials, MARKER, client, client_with, small};

async fn post(github: GitHub, number: u64, who: &str) -> Result<Posted, GitHubError> {
    github.upsert_comment(REPOSITORY, number, MARKER, &format!("By {who}\n{MARKER}"), true).await
}

/// All post at once, or each some requests after the one before.
async fn race(posters: &[GitHub], late: usize, number: u64) -> Vec<Posted> {
    let mut running = JoinSet::new();
    for (index, poster) in posters.iter().cloned().enumerate() {
        let head_start = index * late;
        running.spawn(async move {
            for _ in 0..head_start {
                poster.rate_limit().await?;
            }
            post(poster, number, &format!("worker {index}")).await
        });
    }
    running.join_all().await.into_iter().map(Result::unwrap).collect()
}

#[tokio::test]
async fn whoever_races_one_comment_remains() {
    let fake = FakeGitHub::start().await;
    let posters = [(); 4].map(|()| client(&fake));
    let mut collisions = 0;
    for round in 0..200_usize {
        fake.jitter(round as u64, Duration::from_millis(2));
        let number = fake.open_pull_request(small());
        let before = fake.count("POST", "/comments");
        let posted = race(&posters[..2 + round % 3], round % 4, number).await;
        collisions += usize::from(fake.count("POST", "/comments") - before > 1);
        let comments = fake.comments(number);
        assert_eq!(comments.len(), 1, "round {round}: {comments:#?}");
        assert!(
            posted.iter().all(|posted| posted.id == comments[0].id),
            "round {round}: {posted:?}"
        );
    }
    assert!(collisions >= 30, "only {collisions} of 200 rounds were races");
    assert_eq!(fake.unexpected(), [""; 0]);
}

#[tokio::test]
async fn of_two_comments_written_at_once_the_first_stays() {
    let fake = FakeGitHub::start().await;
    let number = fake.open_pull_request(small());
    let mut holds = [(); 2].map(|()| fake.hold("POST", "/comments", When::BeforeEffect));
    let posters = ["one", "two"].map(|who| tokio::spawn(post(client(&fake), number, who)));
    for hold in &mut holds {
        hold.arrived().await;
    }
    holds.into_iter().for_each(Hold::release);
    let mut ids = Vec::new();
    for poster in posters {
        ids.push(poster.await.unwrap().unwrap().id);
    }
    let comments = fake.comments(number);
    assert_eq!((comments.len(), fake.count("POST", "/comments")), (1, 2));
    assert_eq!(ids, [comments[0].id; 2]);
    assert_eq!(comments[0].edits, 1, "the later one brought it up to date");
}

#[tokio::test]
async fn an_edit_right_after_the_comment_was_written_stays() {
    let fake = FakeGitHub::start().await;
    let number = fake.open_pull_request(small());
    let mut hold = fake.hold("POST", "/comments", When::AfterEffect);
    let first = tokio::spawn(post(client(&fake), number, "one"));
    hold.arrived().await;
    post(client(&fake), number, "two").await.unwrap();
    hold.release();
    assert!(first.await.unwrap().unwrap().created);
    let comment = fake.comments(number).remove(0);
    assert_eq!((comment.body, comment.edits), (format!("By two\n{MARKER}"), 1));
}

#[tokio::test]
async fn the_comment_of_a_worker_that_died_is_removed_by_the_next() {
    let fake = FakeGitHub::start().await;
    let number = fake.open_pull_request(small());
    let oldest = fake.add_comment(number, USER, &format!("By one\n{MARKER}"));
    fake.add_comment(number, USER, &format!("By the dead\n{MARKER}"));
    let talk = fake.add_comment(number, "mona", &format!("> By one\n> {MARKER}\nReally?"));
    let posted = post(client(&fake), number, "one").await.unwrap();
    let left: Vec<_> = fake.comments(number).iter().map(|comment| comment.id).collect();
    assert_eq!((posted.id, posted.created, left), (oldest, false, vec![oldest, talk]));
    assert_eq!(fake.count("PATCH", "/comments/"), 0, "it said so already");
}

#[tokio::test]
async fn a_quotation_of_our_comment_is_not_our_comment() {
    let fake = FakeGitHub::start().await;
    let number = fake.open_pull_request(small());
    // By the person whose token this is.
    let quotation = fake.add_comment(number, USER, &format!("> By one\n> {MARKER}\n\nAgreed."));
    let posted = post(client(&fake), number, "one").await.unwrap();
    post(client(&fake), number, "two").await.unwrap();
    assert_ne!(posted.id, quotation);
    assert_eq!(fake.comments(number).len(), 2);
    assert!(
        client(&fake)
            .find_comment(REPOSITORY, number, MARKER)
            .await
            .unwrap()
            .is_some_and(|found| found.id == posted.id)
    );
}

#[tokio::test]
async fn a_workflow_removes_nothing_by_another_app() {
    let fake = FakeGitHub::start().await;
    let number = fake.open_pull_request(small());
    let workflow = || client_with(&fake, Credentials::Token(WORKFLOW_TOKEN.into()));
    post(workflow(), number, "one").await.unwrap();
    let other = fake.add_comment_by_app(number, "mirror[bot]", &format!("A copy:\n{MARKER}"));
    post(workflow(), number, "two").await.unwrap();
    let comments = fake.comments(number);
    assert_eq!((comments.len(), comments[1].id), (2, other));
    assert!(comments[0].body.starts_with("By two"));
    assert_eq!(fake.count("DELETE", ""), 0);
}

#[tokio::test]
async fn a_second_comment_that_cannot_be_removed_does_not_undo_the_report() {
    let fake = FakeGitHub::start().await;
    let number = fake.open_pull_request(small());
    let oldest = fake.add_comment(number, USER, MARKER);
    fake.add_comment(number, USER, MARKER);
    fake.fail_next("DELETE", "/comments/", 403, &[("x-ratelimit-remaining", "4900")], 1);
    let posted = post(client(&fake), number, "one").await.unwrap();
    assert_eq!((posted.id, fake.comments(number).len()), (oldest, 2));
    post(client(&fake), number, "two").await.unwrap();
    assert_eq!(fake.comments(number).len(), 1, "the next one removes it");
}
