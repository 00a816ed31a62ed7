//! The contract of a container on Bedrock AgentCore.

use serde_json::{Value, json};

use crate::world::{Answer, When, World};

async fn invoke(world: &World, body: &str) -> Answer {
    let headers = [("Content-Type", "application/json")];
    world.request("POST", "/invocations", &headers, body.as_bytes()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ping_tells_whether_a_review_runs() {
    let world = World::serving().await;
    let number = world.open_pull_request();
    let status = async || {
        let answer = world.request("GET", "/ping", &[], b"").await;
        let ping: Value = serde_json::from_str(&answer.body).expect("JSON");
        assert!(ping["time_of_last_update"].is_i64(), "{ping}");
        (answer.status, ping["status"].as_str().expect("a status").to_owned())
    };
    assert_eq!(status().await, (200, "Healthy".into()));
    let mut posting = world.github.hold("POST", "/comments", When::BeforeEffect);
    world.deliver("d1", "opened", number).await;
    posting.arrived().await;

    assert_eq!(status().await, (200, "HealthyBusy".into()));

    posting.release();
    world.comment(number);
    assert_eq!(world.idle().await, 0);
    assert_eq!(status().await, (200, "Healthy".into()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invocation_names_a_pull_request_and_is_answered_when_it_has_its_comment() {
    let world = World::serving().await;
    let number = world.open_pull_request();
    let body = json!({
        "sessionId": "s1",
        "inputText": format!("Please review octo/shop#{number}"),
        "sessionState": {"sessionAttributes": {}},
    });

    let answer = invoke(&world, &body.to_string()).await;

    assert_eq!(answer.status, 200, "{}", answer.body);
    let body: Value = serde_json::from_str(&answer.body).expect("JSON");
    assert_eq!(body["sessionId"], "s1");
    assert_eq!(body["result"]["status"], "done", "{body}");
    assert_eq!(world.github.comments(number).len(), 1);
    world.comment(number);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invocation_takes_the_same_job_as_the_queue() {
    let world = World::serving().await;
    let number = world.open_pull_request();
    let job = json!({
        "v": 1, "delivery": "j1", "event": "pull_request", "action": "opened", "installation_id": null,
        "owner": "octo", "repo": "shop", "repo_id": 42, "pull_request": number,
        "base_sha": world.github.base_sha(number), "head_sha": world.github.head_sha(number),
        "fork": false, "draft": false, "sender": "octocat",
    });

    let answer = invoke(&world, &json!({"job": job}).to_string()).await;

    assert_eq!(answer.status, 200, "{}", answer.body);
    world.comment(number);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invocation_that_makes_no_sense_is_refused_with_what_is_expected() {
    let world = World::serving().await;

    for (body, error) in [
        ("{", "Invalid JSON"),
        ("{}", "Invalid request"),
        (r#"{"inputText": "hello"}"#, "Invalid request"),
        (r#"{"inputText": "octo/shop#zero"}"#, "Invalid request"),
    ] {
        let answer = invoke(&world, body).await;
        assert_eq!(answer.status, 400, "{body}: {}", answer.body);
        assert!(answer.body.contains(error), "{body}: {}", answer.body);
    }

    assert_eq!(world.github.requests().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invocation_for_a_repository_that_is_not_allowed_is_refused() {
    let world = World::serving().await;

    let answer = invoke(&world, r#"{"inputText": "mallory/shop#1"}"#).await;

    assert_eq!(answer.status, 403, "{}", answer.body);
    assert_eq!(world.github.requests().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invocation_whose_review_fails_says_why() {
    let world = World::serving().await;

    let answer = invoke(&world, r#"{"inputText": "octo/shop#999"}"#).await;

    assert_eq!(answer.status, 500, "{}", answer.body);
    assert!(answer.body.contains("octo/shop#999"), "{}", answer.body);
}
