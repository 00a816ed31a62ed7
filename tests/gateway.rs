//! The gateway over HTTP, with models of a Bedrock that refuses what the real one refuses.

use std::process::Command;

use emulators::tools;
use fake_bedrock::{Answer as Says, FakeBedrock, Reply, Settings};
use serde_json::{Value, json};

use crate::world::{World, wait};

const NOVA: &str = "us.amazon.nova-2-lite-v1:0";
const HAIKU: &str = "us.anthropic.claude-haiku-4-5-20251001-v1:0";
const KEY: &str = "eco-key-of-a-client";
/// Of the key.
const DIGEST: &str = "f9604c66e4f2e6987e5c75a98c4f35a62f5cb20c423f44a514308f039ec7e2bb";

/// A gateway to a Bedrock of its own.
async fn world(settings: &str) -> (World, FakeBedrock) {
    let bedrock = FakeBedrock::start(Settings::default()).await.expect("it listens");
    let mut world = World::new().await;
    world.ask_bedrock(&bedrock.url());
    world.settings(&format!(
        "[model]\ndefault_provider = \"bedrock\"\nmodels = [\"{NOVA}\", \"{HAIKU}\"]\n{settings}"
    ));
    world.start_as(&["models", "serve"]);
    (world, bedrock)
}

fn weather(town: &str) -> Reply {
    Reply::uses(&[("call_1", "weather", json!({"town": town}))])
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_of_openai_works_unchanged() {
    let key = format!("[[gateway.keys]]\nname = \"ci\"\nsha256 = \"{DIGEST}\"\n");
    let (world, bedrock) = world(&key).await;
    bedrock.script([
        Says::says("Cold."),
        Says::Says(weather("Oslo")),
        Says::says("It snows."),
        Says::says("Cold and clear, with some wind."),
        Says::Says(weather("Oslo")),
        Says::Says(Reply::uses(&[("call_1", "report", json!({"degrees": -3}))])),
        Says::Says(Reply::uses(&[("call_1", "report", json!({"degrees": -3}))])),
        Says::Says(Reply::uses(&[("call_1", "report", json!({"degrees": -3}))])),
        Says::says("Cold."),
        Says::exception("ValidationException", "messages.1.content: Field required"),
        Says::exception("AccessDeniedException", "not authorized to perform bedrock:InvokeModel"),
        Says::exception("AccessDeniedException", "not authorized to perform bedrock:InvokeModel"),
    ]);

    let client = Command::new(tools::openai_python())
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/models_client.py"))
        .args([world.address(), KEY])
        .env("NO_PROXY", "*")
        .output()
        .expect("python runs");

    let said = String::from_utf8_lossy(&client.stdout);
    assert!(client.status.success(), "{said}\n{}", String::from_utf8_lossy(&client.stderr));
    insta::assert_snapshot!(said.trim_end(), @r#"
    models ['us.amazon.nova-2-lite-v1:0', 'us.anthropic.claude-haiku-4-5-20251001-v1:0']
    chat Cold. stop 18
    tools tool_calls [('weather', {'town': 'Oslo'})]
    results It snows.
    stream True Cold and clear, with some wind. 18
    streamed tools [('weather', {'town': 'Oslo'})]
    form {'degrees': -3} stop None
    streamed form {'degrees': -3} stop
    form beside tools {'degrees': -3} response_format
    no form Cold. ['the model did not answer in the form that `response_format` asks for']
    fault BadRequestError 400 bad_request ValidationException
    fault AuthenticationError 401 auth_error AccessDeniedException
    unknown the model is not known: "no-such-model" is not configured; there are us.amazon.nova-2-lite-v1:0, us.anthropic.claude-haiku-4-5-20251001-v1:0
    key auth_error
    "#);
    assert_eq!(bedrock.complaints(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_says_what_it_cost_and_what_was_changed_for_it() {
    let (world, bedrock) = world("").await;
    bedrock.script([Says::says("Hello.")]);
    let request =
        json!({"prompt": "Hello?", "params": {"temperature": 1.7, "max_tokens": 9_000_000}});

    let (status, answer) = world.post("/v1/invoke", &request).await;

    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["output_text"], "Hello.");
    assert_eq!(answer["model_id"], NOVA);
    assert_eq!(answer["tokens"], json!({"input": 11, "output": 7, "total": 18}));
    assert_eq!(answer["finish_reason"], "stop");
    assert!(answer["cost_usd"].as_f64().is_some_and(|usd| usd > 0.0), "{answer}");
    assert!(
        answer["raw"]["bedrock_response_snippet"]
            .as_str()
            .is_some_and(|raw| raw.contains("Hello."))
    );
    let changed: Vec<_> = answer["normalized"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|change| change["parameter"].clone())
        .collect();
    assert_eq!(changed, ["temperature", "max_tokens"], "{answer}");
    assert_eq!(bedrock.complaints(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn another_model_answers_and_says_so() {
    let (world, bedrock) = world("").await;
    bedrock.script_for(
        NOVA,
        [Says::exception(
            "ResourceNotFoundException",
            "This model version has reached the end of its life.",
        )],
    );
    bedrock.script_for(HAIKU, [Says::says("Hello.")]);

    let (_, answer) = world.post("/v1/invoke", &json!({"prompt": "Hello?"})).await;

    assert_eq!(answer["model_id"], HAIKU, "{answer}");
    assert_eq!(
        answer["notes"],
        json!([format!(
            "{HAIKU} answered instead of {NOVA}: the model is not to be had: This model version has reached the end of its life."
        )])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_has_deltas_and_ends_with_the_whole_answer() {
    let (world, bedrock) = world("").await;
    bedrock.script([Says::says("Hello to you.")]);
    let body = json!({"prompt": "Hello?"}).to_string();

    let answer = world.request("POST", "/v1/invoke-stream", &[], body.as_bytes()).await;

    let mut text = String::new();
    let (mut name, mut last) = ("", Value::Null);
    for line in answer.body.lines() {
        name = line.strip_prefix("event: ").unwrap_or(name);
        if let Some(data) = line.strip_prefix("data: ") {
            last = serde_json::from_str(data).expect("JSON");
            text += last["text"].as_str().unwrap_or_default();
        }
    }
    assert_eq!(text, "Hello to you.");
    assert_eq!(name, "end");
    assert_eq!(
        (&last["output_text"], &last["tokens"]["total"]),
        (&json!("Hello to you."), &json!(18))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cap_holds_and_the_refusal_says_which() {
    let (world, bedrock) = world("[gateway.caps]\nday_usd = 0.000001\n").await;

    let (status, answer) =
        world.post("/v1/invoke", &json!({"prompt": "Hello?", "params": {"max_tokens": 500}})).await;

    assert_eq!(status, 429, "{answer}");
    assert_eq!(answer["error"]["type"], "quota_exceeded");
    assert!(
        answer["error"]["message"].as_str().is_some_and(|said| said.contains("day_usd")),
        "{answer}"
    );
    assert!(bedrock.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn health_and_metrics_tell_how_it_stands() {
    let (world, bedrock) = world("[gateway.caps]\nday_usd = 5.0\n").await;
    bedrock.script([Says::says("Hello.")]);
    world.post("/v1/invoke", &json!({"prompt": "Hello?"})).await;

    let health: Value =
        serde_json::from_str(&world.request("GET", "/health", &[], b"").await.body).expect("JSON");
    let metrics = world.request("GET", "/metrics", &[], b"").await.body;

    assert_eq!(health["models"]["registry"][0], json!({"id": NOVA, "driver": "bedrock"}));
    assert_eq!(health["models"]["routes"][0]["breaker"], "closed", "{health}");
    assert_eq!(health["models"]["budgets"][0]["cap_usd"], 5.0, "{health}");
    assert!(
        metrics.contains(&format!(
            "bedrock_invocations_total{{model_id=\"{NOVA}\",status=\"success\"}} 1"
        )),
        "{metrics}"
    );
    assert!(metrics.contains("bedrock_latency_ms_bucket{"), "{metrics}");
    assert!(metrics.contains("bedrock_tokens_total{direction=\"output\"} 7"), "{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn prompts_stay_out_of_the_log_unless_the_settings_ask_for_them() {
    let secret = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
    let prompt = format!("The blue heron lands. Authorization: Bearer {secret}");
    for (redacts, told) in [("", false), ("false", true)] {
        let bedrock = FakeBedrock::start(Settings::default()).await.expect("it listens");
        bedrock.script([Says::says("The heron lands."), Says::says("It is gone.")]);
        let mut world = World::new().await;
        world.ask_bedrock(&bedrock.url());
        world.set("REDACT_PROMPTS", redacts);
        world.settings(&format!("[model]\ndriver = \"bedrock\"\nmodels = [\"{NOVA}\"]\n"));
        world.start_as(&["models", "serve"]);

        let metadata = json!({"agent_id": "reviewer", "task_id": "t1", "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736"});
        let (status, answer) =
            world.post("/v1/invoke", &json!({"prompt": prompt, "metadata": metadata})).await;

        assert_eq!(status, 200, "{answer}");
        let called = world.wait_for_log("a model was called");
        // Once the log tells of a later call, all that it has to say of this one is there.
        let (status, answer) = world
            .post("/v1/invoke", &json!({"prompt": "And now?", "metadata": {"task_id": "t2"}}))
            .await;
        assert_eq!(status, 200, "{answer}");
        let log = wait(|| {
            let log = world.log();
            log.iter().any(|line| line["context"]["task_id"] == "t2").then_some(log)
        });
        assert_eq!(called["context"]["tokens.total"], 18, "{called}");
        for (name, value) in [
            ("agent_id", "reviewer"),
            ("task_id", "t1"),
            ("trace_id", "4bf92f3577b34da6a3ce929d0e0e4736"),
            ("model_id", NOVA),
            ("status", "success"),
        ] {
            assert_eq!(called["context"][name], value, "{called}");
        }
        let log = Value::from(log.expect("a line of the later call")).to_string();
        assert_eq!(log.contains("blue heron"), told, "{log}");
        assert!(!log.contains(secret), "{log}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_served_is_said_in_json_with_what_is() {
    let (world, _bedrock) = world("").await;
    let mut told = Vec::new();
    for (method, path) in [
        ("POST", "/v1/responses"),
        ("POST", "/v1/v1/chat/completions"),
        ("GET", "/v1/embeddings"),
        ("GET", "/v1/invoke"),
        ("GET", "/v1/models/no-such-model"),
        ("GET", "/v1/models/bedrock/us.amazon.nova-2-lite-v1:0"),
        ("GET", "/v1/models?discover=maybe"),
    ] {
        let answer = world.request(method, path, &[], b"").await;
        let body: Value = serde_json::from_str(&answer.body).expect("JSON");
        let said = body["error"]["message"].as_str().or(body["id"].as_str());
        told.push(format!("{method} {path}: {} {}", answer.status, said.unwrap_or("a list")));
    }
    insta::assert_snapshot!(told.join("\n"), @r#"
    POST /v1/responses: 404 the request cannot be carried out: "/v1/responses" is not served here; of OpenAI's protocols only chat completions are spoken: let the client use them instead of the Responses API; there are POST /v1/chat/completions, POST /v1/invoke, POST /v1/invoke-stream, GET /v1/models
    POST /v1/v1/chat/completions: 404 the request cannot be carried out: "/v1/v1/chat/completions" is not served here; the address of a client ends with one /v1; there are POST /v1/chat/completions, POST /v1/invoke, POST /v1/invoke-stream, GET /v1/models
    GET /v1/embeddings: 404 the request cannot be carried out: "/v1/embeddings" is not served here; there are POST /v1/chat/completions, POST /v1/invoke, POST /v1/invoke-stream, GET /v1/models
    GET /v1/invoke: 405 the request cannot be carried out: GET "/v1/invoke" is not served here; there are POST /v1/chat/completions, POST /v1/invoke, POST /v1/invoke-stream, GET /v1/models
    GET /v1/models/no-such-model: 404 the model is not known: "no-such-model" is not configured; there are us.amazon.nova-2-lite-v1:0, us.anthropic.claude-haiku-4-5-20251001-v1:0
    GET /v1/models/bedrock/us.amazon.nova-2-lite-v1:0: 200 us.amazon.nova-2-lite-v1:0
    GET /v1/models?discover=maybe: 200 a list
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_keys_no_web_page_spends_anything() {
    let (world, bedrock) = world("").await;
    let body = json!({"prompt": "Hello?"}).to_string();
    for header in [("Origin", "https://evil.example"), ("Host", "evil.example:8080")] {
        for path in ["/v1/invoke", "/v1/models"] {
            let method = if path == "/v1/invoke" { "POST" } else { "GET" };
            let answer = world.request(method, path, &[header], body.as_bytes()).await;
            assert!((400..=401).contains(&answer.status), "{header:?} {path}: {}", answer.body);
        }
    }
    assert_eq!(bedrock.requests().len(), 0);
}
