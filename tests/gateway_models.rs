//! Which models the gateway serves, and at whose prices.

use fake_bedrock::{Answer as Says, FakeBedrock, Settings};
use serde_json::{Value, json};

use crate::world::World;

const NOVA: &str = "us.amazon.nova-2-lite-v1:0";
const HAIKU: &str = "us.anthropic.claude-haiku-4-5-20251001-v1:0";

/// A gateway with one model, and what else the settings say of it.
async fn world(gateway: &str, models: Option<&str>) -> (World, FakeBedrock) {
    let bedrock = FakeBedrock::start(Settings::default()).await.expect("it listens");
    let mut world = World::new().await;
    world.ask_bedrock(&bedrock.url());
    world.settings(&format!(
        "[model]\ndriver = \"bedrock\"\nmodels = [\"{NOVA}\"]\n[gateway]\n{gateway}\n"
    ));
    if let Some(models) = models {
        std::fs::write(world.folder.path().join("models.toml"), models).expect("a file");
    }
    (world, bedrock)
}

async fn ask(world: &World, model: &str) -> (u16, Value) {
    let body = json!({"model_id": model, "prompt": "Hello?"}).to_string();
    let answer = world.request("POST", "/v1/invoke", &[], body.as_bytes()).await;
    (answer.status, serde_json::from_str(&answer.body).expect("JSON"))
}

const OURS: &str = r#"
[[models]]
id = "us.amazon.nova-2-lite-v1:0"
input = 1000.0
output = 2000.0
max_output = 300
source = "our agreement"
date = "2026-11-01"
"#;

#[tokio::test(flavor = "multi_thread")]
async fn an_operators_prices_and_limits_count_wherever_a_model_is_priced() {
    let (mut world, bedrock) =
        world("catalog = \"models.toml\"\ncaps = { request_usd = 0.7 }", Some(OURS)).await;
    bedrock.script([Says::says("Hello.")]);
    world.start_as(&["models", "serve"]);

    let (status, answer) = ask(&world, NOVA).await;

    // 11 tokens in and 7 out, by the file; the cap holds only if at most 300 tokens out are reserved.
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["cost_usd"], 0.025, "{answer}");
    let longest = answer["normalized"][0]["to"].as_u64().expect("a number");
    assert!(longest <= 300, "{answer}");
    let list = world.run(&["models", "list", "--configured"]);
    assert!(list.stdout.contains("$1000 in, $2000 out a million tokens"), "{}", list.stdout);
    world.terminate();
    let costs = world.run(&["models", "cost"]);
    assert!(costs.stdout.contains("0.0250"), "{}{}", costs.stdout, costs.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_price_of_another_driver_does_not_open_a_cap() {
    let free = format!(
        "[[models]]\nid = \"{NOVA}\"\ndriver = \"openai\"\ninput = 0.0\noutput = 0.0\nsource = \"our own machine\"\ndate = \"2026-11-01\"\n"
    );
    let (mut world, bedrock) =
        world("catalog = \"models.toml\"\ncaps = { request_usd = 0.000001 }", Some(&free)).await;
    world.start_as(&["models", "serve"]);

    let (status, answer) = ask(&world, NOVA).await;

    assert_eq!((status, bedrock.requests().len()), (429, 0), "{answer}");
    let listed = world.request("GET", "/v1/models", &[], b"").await.body;
    assert!(!listed.contains("\"input\":0.0"), "{listed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistake_in_the_file_of_prices_ends_the_start_with_its_place() {
    let mistaken = OURS.replace("output = 2000.0", "output = \"dear\"");
    let (world, _bedrock) = world("catalog = \"models.toml\"", Some(&mistaken)).await;

    let ended = world.run(&["models", "serve"]);

    assert_eq!(ended.code, 2, "{}", ended.stdout);
    insta::assert_snapshot!(ended.stderr.trim_end(), @r#"
error: `catalog` under [gateway]: models.toml: TOML parse error at line 5, column 10
  |
5 | output = "dear"
  |          ^^^^^^
invalid type: string "dear", expected f64
"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_is_not_configured_is_refused_with_the_nearest_ids() {
    let (mut world, bedrock) = world("", None).await;
    world.start_as(&["models", "serve"]);

    let (status, answer) = ask(&world, "us.anthropic.claude-haiku-4-5").await;

    assert_eq!((status, &answer["error"]["type"]), (404, &json!("bad_request")));
    insta::assert_snapshot!(answer["error"]["message"].as_str().expect("a text"), @r#"the model is not known: "us.anthropic.claude-haiku-4-5" is not configured; there are us.amazon.nova-2-lite-v1:0; known, but not configured: us.anthropic.claude-haiku-4-5-20251001-v1:0, us.anthropic.claude-haiku-5-5, us.anthropic.claude-opus-5-5 (name it in `models` under [model], or set `any_model = true` under [gateway])"#);
    assert!(bedrock.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn any_model_of_a_configured_service_is_served_where_the_settings_allow_it() {
    let (mut world, bedrock) = world("any_model = true", None).await;
    bedrock.script_for(HAIKU, [Says::says("Hello."), Says::says("Hello again.")]);
    world.start_as(&["models", "serve"]);

    let (_, bare) = ask(&world, HAIKU).await;
    let (_, with_driver) = ask(&world, &format!("bedrock/{HAIKU}")).await;
    let (status, unknown) = ask(&world, "bedrock/haikuu-4-5").await;

    assert_eq!(bare["model_id"], HAIKU, "{bare}");
    assert_eq!(with_driver["output_text"], "Hello again.", "{with_driver}");
    assert_eq!((status, &unknown["error"]["type"]), (404, &json!("bad_request")), "{unknown}");
    assert_eq!(bedrock.complaints(), Vec::<String>::new());
}
