//! What one model's failures, or one caller's, mean for all others.

use std::time::Duration;

use fake_bedrock::{Answer as Says, FakeBedrock, Reply, Settings};
use serde_json::json;

use crate::world::World;

const NOVA: &str = "us.amazon.nova-2-lite-v1:0";
const HAIKU: &str = "us.anthropic.claude-haiku-4-5-20251001-v1:0";

/// Of `eco-key-of-a-client`.
const KEY: &str = "[[gateway.keys]]\nname = \"ci\"\nsha256 = \"f9604c66e4f2e6987e5c75a98c4f35a62f5cb20c423f44a514308f039ec7e2bb\"\n";

/// A gateway with these models, in this order.
async fn world(models: &[&str], settings: &str) -> (World, FakeBedrock) {
    let bedrock = FakeBedrock::start(Settings::default()).await.expect("it listens");
    let mut world = World::new().await;
    world.ask_bedrock(&bedrock.url());
    world.settings(&format!("[model]\ndriver = \"bedrock\"\nmodels = {models:?}\n{settings}\n"));
    world.start_as(&["models", "serve"]);
    (world, bedrock)
}

fn late(time: Duration) -> Says {
    Says::Later(time, Box::new(Says::says("Hello.")))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_without_patience_closes_a_model_to_no_other() {
    let (world, bedrock) = world(&[NOVA], "").await;
    bedrock.script((0..20).map(|_| late(Duration::from_millis(300))));
    let hurried = json!({"prompt": "Hello?", "params": {"timeout_ms": 50, "max_tokens": 900}});
    for _ in 0..10 {
        assert_eq!(world.post("/v1/invoke", &hurried).await.0, 504);
    }

    let (status, answer) = world.post("/v1/invoke", &json!({"prompt": "Hello?"})).await;
    let (zero, _) =
        world.post("/v1/invoke", &json!({"prompt": "Hello?", "params": {"timeout_ms": 0}})).await;
    let metrics = world.request("GET", "/metrics", &[], b"").await.body;

    assert_eq!((status, zero), (200, 400), "{answer}");
    // What the ten might have said at most is no figure to tell.
    assert!(metrics.contains("bedrock_tokens_total{direction=\"output\"} 7\n"), "{metrics}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_never_answers_is_replaced_within_the_time_of_the_call() {
    let (world, bedrock) = world(&[NOVA, HAIKU], "").await;
    bedrock.script_for(NOVA, [late(Duration::from_mins(1))]);
    bedrock.script_for(HAIKU, [Says::says("Hello.")]);

    let (status, answer) = world
        .post("/v1/invoke", &json!({"prompt": "Hello?", "params": {"timeout_ms": 3000}}))
        .await;

    assert_eq!((status, answer["model_id"].as_str()), (200, Some(HAIKU)), "{answer}");
    assert_eq!(
        answer["notes"],
        json!([format!(
            "{HAIKU} answered instead of {NOVA}: the model did not answer in time: no answer within 2 s"
        )])
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_without_a_price_is_passed_over_and_named_at_the_start() {
    let models = ["amazon.mystery-7b-v1:0", NOVA];
    let (world, bedrock) = world(&models, "[gateway.caps]\nday_usd = 1.0\n").await;
    bedrock.script([Says::says("Hello.")]);

    let (status, answer) = world.post("/v1/invoke", &json!({"prompt": "Hello?"})).await;

    assert_eq!((status, answer["model_id"].as_str()), (200, Some(NOVA)), "{answer}");
    let warning = world.wait_for_log("the price of this model is not known, and dollars are capped, so it is not asked: give its price in the file that `catalog` under [gateway] names, or set `unpriced = \"allow\"` under [gateway.caps]");
    assert_eq!(warning["context"]["model_id"], models[0], "{warning}");
    assert_eq!(warning["level"], "WARN", "{warning}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_cannot_leave_its_cap_by_naming_another_agent() {
    let settings = format!("[gateway.caps]\nagent_usd = 0.002\n{KEY}");
    let (world, bedrock) = world(&[HAIKU], &settings).await;
    let dear = || {
        Says::Says(Reply {
            usage: json!({"inputTokens": 1000, "outputTokens": 200, "totalTokens": 1200}),
            ..Reply::says("Hello.")
        })
    };
    bedrock.script([dear(), Says::says("Hello.")]);
    let ask = async |agent: &str| {
        let metadata = json!({"agent_id": agent, "client": "nobody"});
        let body = json!({"prompt": "Hello?", "params": {"max_tokens": 300}, "metadata": metadata});
        let headers = [("x-api-key", "eco-key-of-a-client")];
        world.request("POST", "/v1/invoke", &headers, body.to_string().as_bytes()).await
    };

    let (first, second) = (ask("one").await, ask("other").await);

    assert_eq!((first.status, second.status), (200, 429), "{} {}", first.body, second.body);
    assert!(second.body.contains("the agent ci in "), "{}", second.body);
    let line = world.wait_for_log("a model was called");
    assert_eq!(
        (&line["context"]["agent_id"], &line["context"]["client"]),
        (&json!("one"), &json!("ci")),
        "{line}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_cannot_spend_what_another_one_may() {
    let other = "[[gateway.keys]]\nname = \"other\"\nsha256 = \"0000000000000000000000000000000000000000000000000000000000000000\"\n";
    let (world, bedrock) = world(&[HAIKU], &format!("{KEY}{other}")).await;
    bedrock.script([Says::says("Hello."), Says::says("Hello.")]);
    let ask = async |agent: &str| {
        let body = json!({"prompt": "Hello?", "metadata": {"agent_id": agent}});
        let headers = [("x-api-key", "eco-key-of-a-client")];
        world.request("POST", "/v1/invoke", &headers, body.to_string().as_bytes()).await
    };

    let answered = [ask("ci").await, ask("one").await, ask("other").await];

    assert_eq!(answered.each_ref().map(|answer| answer.status), [200, 200, 400]);
    let refused = &answered[2].body;
    assert!(refused.contains(r#"`agent_id`: \"other\" is another client"#), "{refused}");
    assert_eq!(bedrock.requests().len(), 2);
}
