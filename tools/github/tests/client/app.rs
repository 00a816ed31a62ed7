//! What a client can tell of its own credentials, for whoever sets the service up.

use github::{GitHubError, TokenIdentity};

use crate::fake::{FakeGitHub, INSTALLATION, REPOSITORY, USER, WORKFLOW_TOKEN};
use crate::{Credentials, app, client, client_with, small};

#[tokio::test]
async fn an_app_tells_what_it_may_do_and_where_it_is_installed() {
    let fake = FakeGitHub::start().await;
    let github = app(&fake);
    let own = github.app().await.unwrap();
    assert_eq!((own.slug.as_str(), own.name.as_str()), ("eco-coder", "Eco-Coder"));
    assert_eq!(
        (own.permissions["pull_requests"].as_str(), own.events),
        ("write", vec!["pull_request".to_owned()])
    );
    let installation = github.installations().await.unwrap().remove(0);
    assert_eq!((installation.id, installation.account.as_str()), (INSTALLATION, "octo-org"));
    assert_eq!((installation.suspended, installation.all_repositories), (false, false));
}

#[tokio::test]
async fn an_installation_may_have_less_than_the_app_asks_for() {
    let fake = FakeGitHub::start().await;
    fake.set_up_app(|app| {
        app.granted = Some([("metadata".to_owned(), "read".to_owned())].into());
        app.suspended = true;
    });
    let installation = app(&fake).installations().await.unwrap().remove(0);
    assert!(installation.suspended && !installation.permissions.contains_key("pull_requests"));
}

#[tokio::test]
async fn the_webhook_shows_whether_it_is_signed_and_checked() {
    let fake = FakeGitHub::start().await;
    let hook = app(&fake).hook_config().await.unwrap();
    assert_eq!(hook.url.as_deref(), Some("https://eco-coder.example/webhook"));
    assert_eq!(hook.content_type.as_deref(), Some("json"));
    assert!(hook.has_secret && !hook.insecure_ssl);
    fake.set_up_app(|app| {
        app.has_secret = false;
        app.insecure_ssl = true;
    });
    let hook = app(&fake).hook_config().await.unwrap();
    assert!(!hook.has_secret && hook.insecure_ssl);
}

#[tokio::test]
async fn a_token_cannot_ask_what_only_an_app_may() {
    let fake = FakeGitHub::start().await;
    let github = client(&fake);
    let error = github.app().await.unwrap_err();
    insta::assert_snapshot!(error, @"the App's own description needs the id and the private key of a GitHub App; a token may not ask for it");
    assert!(matches!(github.hook_config().await, Err(GitHubError::NeedsApp(_))));
    assert!(matches!(github.installations().await, Err(GitHubError::NeedsApp(_))));
    assert!(fake.requests().is_empty(), "GitHub is not asked");
}

#[tokio::test]
async fn a_token_tells_whose_it_is_and_what_it_may_do() {
    let fake = FakeGitHub::start().await;
    let fine_grained = client(&fake).token_identity().await.unwrap();
    let expected = TokenIdentity { login: Some(USER.into()), scopes: None, remaining: Some(4900) };
    assert_eq!(fine_grained, Some(expected));
    fake.set_scopes("public_repo, read:org");
    let classic = client(&fake).token_identity().await.unwrap().unwrap();
    assert_eq!(classic.scopes.unwrap(), ["public_repo", "read:org"]);
    fake.set_scopes("");
    let powerless = client(&fake).token_identity().await.unwrap().unwrap();
    assert_eq!(powerless.scopes.unwrap(), [""; 0]);
}

#[tokio::test]
async fn a_workflow_has_a_token_without_a_name_and_an_app_has_none() {
    let fake = FakeGitHub::start().await;
    let workflow = client_with(&fake, Credentials::Token(WORKFLOW_TOKEN.into()));
    let expected = TokenIdentity { login: None, scopes: None, remaining: Some(4900) };
    assert_eq!(workflow.token_identity().await.unwrap(), Some(expected));
    assert_eq!(app(&fake).token_identity().await.unwrap(), None);
}

#[tokio::test]
async fn an_installation_has_a_rate_limit_and_some_servers_have_none() {
    let fake = FakeGitHub::start().await;
    fake.open_pull_request(small());
    let github = app(&fake).for_installation(Some(INSTALLATION), REPOSITORY).await.unwrap();
    let limit = github.rate_limit().await.unwrap().unwrap();
    assert_eq!((limit.limit, limit.remaining), (5000, 4900));
    assert_eq!(limit.resets.rfc3339(), "2026-11-21T17:00:00Z");
    fake.fail_next("GET", "/rate_limit", 404, &[], 1);
    assert_eq!(github.rate_limit().await.unwrap(), None);
}
