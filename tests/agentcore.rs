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

/// A server that hands its jobs to a runtime, whose container is another server on the same table.
#[cfg(feature = "aws")]
struct Dispatching {
    aws: crate::world::aws::FakeAws,
    worker: World,
    container: World,
}

#[cfg(feature = "aws")]
impl Dispatching {
    async fn start() -> Self {
        let emulators = emulators::Emulators::shared();
        let stack = emulators.stack();
        let aws = crate::world::aws::FakeAws::beside(emulators).await;
        let mut worker = World::new().await;
        let mut container = World::new().await;
        for world in [&mut worker, &mut container] {
            world.set("AWS_ENDPOINT_URL", aws.url());
            world.set("AWS_REGION", "us-east-1");
            world.set("ECO_CODER_TABLE", &stack.table);
            world.set("ECO_CODER_BUCKET", &stack.bucket);
            world.set("ECO_CODER_QUEUE_URL", &stack.queue_url);
            world.set("ECO_CODER_AGENT_RUNTIME_ARN", ARN);
        }
        container.set("ECO_CODER_AGENTCORE", "1");
        container.set("ECO_CODER_GITHUB_API_URL", worker.github.url());
        container.start();
        aws.runtime_at(container.address());
        worker.start();
        Self { aws, worker, container }
    }
}

#[cfg(feature = "aws")]
const ARN: &str = "arn:aws:bedrock-agentcore:us-east-1:123456789012:runtime/eco_coder-0123456789";

#[cfg(feature = "aws")]
#[tokio::test(flavor = "multi_thread")]
async fn a_worker_hands_its_job_to_a_runtime_and_ends_its_session() {
    let Dispatching { aws, worker, container } = Dispatching::start().await;
    let number = worker.open_pull_request();

    worker.deliver("d1", "opened", number).await;

    worker.comment(number);
    assert_eq!(worker.idle().await, 0);
    let handed = aws.requests("bedrock-agentcore");
    let operations: Vec<&str> = handed.iter().map(|request| request.operation).collect();
    assert_eq!(operations, ["InvokeAgentRuntime", "StopRuntimeSession"]);
    assert_eq!(handed[0].body["attempt"], 1);
    assert_eq!(aws.stopped_sessions().len(), 1);
    container.wait_for_log("reviewed");
    assert!(worker.log().iter().all(|entry| entry["message"] != "reviewed"), "it ran elsewhere");
}

#[cfg(feature = "aws")]
#[tokio::test(flavor = "multi_thread")]
async fn what_the_runtime_could_not_finish_is_the_workers_to_try_again() {
    let Dispatching { aws, worker, container: _container } = Dispatching::start().await;
    let number = worker.open_pull_request();
    worker.github.fail_next("GET", "/pulls/", 502, &[], 50);

    worker.deliver("d1", "opened", number).await;

    let asked = || (!aws.requests("bedrock-agentcore").is_empty()).then_some(());
    crate::world::wait(asked).expect("the runtime is invoked");
    let queue = worker.until_queue(|queue| queue["running"] == 0).await;
    assert_eq!(queue["waiting"], 1);
    assert_eq!(queue["failed"], 0, "it is tried again later");
    assert_eq!(aws.requests("bedrock-agentcore")[0].body["job"]["delivery"], "d1");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_invocations_of_one_pull_request_end_in_one_review() {
    let world = World::serving().await;
    let number = world.open_pull_request();
    let body = json!({"inputText": format!("octo/shop#{number}")}).to_string();

    let (one, other) = tokio::join!(invoke(&world, &body), invoke(&world, &body));

    assert_eq!((one.status, other.status), (200, 200), "{} {}", one.body, other.body);
    assert_eq!(world.github.count("POST", "/comments"), 1);
    let answers = [one.body, other.body];
    let report = answers.iter().find(|body| body.contains("### Eco-Coder")).expect("a report");
    let answer: Value = serde_json::from_str(report).expect("JSON");
    assert_eq!(answer["contentType"], "text/markdown");
    assert_eq!(answer["trace"]["calls"][0]["tool"], "analyze_code");
    assert!(answers.iter().any(|body| body.contains("is reviewed already")));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_toolkits_own_client_is_answered() {
    let world = World::serving().await;
    let number = world.open_pull_request();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/agentcore_client.py");

    let ended = std::process::Command::new(emulators::tools::agentcore_python())
        .args([script, world.address(), &format!("octo/shop#{number}")])
        .output()
        .expect("it runs");

    let said = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success(), "{said}{}", String::from_utf8_lossy(&ended.stderr));
    // It takes events, and breaks what it prints of them into lines.
    let printed: String = said.split_whitespace().collect();
    assert!(printed.contains(r#""event":"step""#), "{said}");
    assert!(printed.contains(r#""status":"done""#), "{said}");
    world.comment(number);
}
