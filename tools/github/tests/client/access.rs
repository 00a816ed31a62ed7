//! Who the client is, and what it says when GitHub will not have it.

use github::{GitHub, GitHubError};

use crate::fake::app::private_key;
use crate::fake::{APP_ID, FakeGitHub, INSTALLATION, PullRequestSpec, REPOSITORY};
use crate::{Credentials, MARKER, app, client, client_with, clock, small};

#[tokio::test]
async fn an_app_reaches_one_repository_with_a_token_of_its_installation() {
    let fake = FakeGitHub::start().await;
    let number = fake.open_pull_request(small());
    let other =
        fake.open_pull_request(PullRequestSpec { repository: "octo-org/other".into(), ..small() });
    let app = app(&fake);
    let github = app.for_installation(Some(INSTALLATION), REPOSITORY).await.unwrap();
    github
        .upsert_comment(REPOSITORY, number, MARKER, &format!("One {MARKER}"), true)
        .await
        .unwrap();
    github
        .upsert_comment(REPOSITORY, number, MARKER, &format!("Two {MARKER}"), true)
        .await
        .unwrap();
    let comments = fake.comments(number);
    assert_eq!((comments.len(), comments[0].author.as_str()), (1, "eco-coder[bot]"));
    let error = github.pull_request("octo-org/other", other).await.unwrap_err();
    assert!(
        error.to_string().starts_with(&format!("octo-org/other#{other} does not exist on GitHub")),
        "{error}"
    );
    assert_eq!(fake.requests()[0].body, r#"{"repositories":["shop"]}"#);
}

#[tokio::test]
async fn a_token_is_kept_until_shortly_before_it_expires() {
    let fake = FakeGitHub::start().await;
    fake.open_pull_request(small());
    let keeping = app(&fake);
    for _ in 0..3 {
        keeping.for_installation(None, REPOSITORY).await.unwrap();
    }
    assert_eq!(fake.count("POST", "/access_tokens"), 1);
    assert_eq!(fake.count("GET", "/installation"), 1);
    fake.tokens_live(299);
    let renewing = app(&fake);
    for _ in 0..2 {
        renewing.for_installation(Some(INSTALLATION), REPOSITORY).await.unwrap();
    }
    assert_eq!(fake.count("POST", "/access_tokens"), 3);
}

#[tokio::test]
async fn a_key_of_somebody_else_opens_nothing() {
    let fake = FakeGitHub::start().await;
    fake.open_pull_request(small());
    let key = Credentials::App { app_id: APP_ID, private_key_pem: private_key().into() };
    let error = client_with(&fake, key).for_installation(None, REPOSITORY).await.unwrap_err();
    assert_eq!(error, GitHubError::Unauthorized);
}

#[tokio::test]
async fn every_request_says_who_calls_and_which_api_it_means() {
    let fake = FakeGitHub::start().await;
    let number = fake.open_pull_request(small());
    client(&fake).upsert_comment(REPOSITORY, number, MARKER, MARKER, true).await.unwrap();
    for request in fake.requests() {
        assert_eq!(
            (request.user_agent.as_str(), request.api_version.as_str(), request.authorized),
            ("eco-coder/0.1.0", "2022-11-28", true)
        );
    }
}

#[tokio::test]
async fn wrong_credentials_say_what_to_do_and_never_appear() {
    let fake = FakeGitHub::start().await;
    let number = fake.open_pull_request(small());
    let secret = "ghp_doNotShowThis";
    let github = client_with(&fake, Credentials::Token(secret.into()));
    let error = github.pull_request(REPOSITORY, number).await.unwrap_err();
    insta::assert_snapshot!(error, @"GitHub refused the credentials; give a token that has not expired, or check the id and the private key of the App");
    assert!(
        !format!("{github:?} {error:?} {:?}", Credentials::Token(secret.into())).contains(secret)
    );
    assert_eq!(fake.requests().len(), 1, "no second try");
}

#[tokio::test]
async fn a_client_that_cannot_work_is_not_made() {
    let make = |url: &str, credentials| {
        GitHub::new(url, credentials, clock).map(drop).unwrap_err().to_string()
    };
    insta::assert_snapshot!(make("api.github.com", Credentials::None), @r#""api.github.com" is not a GitHub API address; https://api.github.com is one"#);
    insta::assert_snapshot!(make("https://me:secret@github.example", Credentials::None), @r#""github.example" is not a GitHub API address; https://api.github.com is one"#);
    insta::assert_snapshot!(make("https://api.github.com", Credentials::Token("two\nlines".into())), @"the GitHub token is empty or has characters that no token has");
    let key = Credentials::App { app_id: 1, private_key_pem: "not a key".into() };
    insta::assert_snapshot!(make("https://api.github.com", key), @"the private key of the GitHub App is not an RSA key in PEM form");
}

#[test]
fn a_client_outside_a_runtime_is_an_error_and_no_panic() {
    assert!(GitHub::new("https://api.github.com", Credentials::None, clock).is_err());
}

#[tokio::test]
async fn a_github_that_is_not_there_is_unavailable() {
    let fake = FakeGitHub::start().await;
    let github = client(&fake);
    drop(fake);
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nowhere = GitHub::new(&format!("http://{closed}"), Credentials::None, clock)
        .unwrap()
        .with_patience(github.patience());
    let error = nowhere.pull_request(REPOSITORY, 1).await.unwrap_err();
    insta::assert_snapshot!(error, @"GitHub cannot be reached: Connection refused (os error 111)");
}
