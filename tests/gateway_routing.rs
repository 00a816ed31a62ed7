//! Calls that leave the choice of a model to the gateway.

use fake_bedrock::{Answer as Says, FakeBedrock, Settings};
use serde_json::{Value, json};

use crate::world::World;

const NOVA: &str = "us.amazon.nova-2-lite-v1:0";
const HAIKU: &str = "us.anthropic.claude-haiku-4-5-20251001-v1:0";

/// A cheap model and a better one, in this order.
async fn world(gateway: &str) -> (World, FakeBedrock) {
    let bedrock = FakeBedrock::start(Settings::default()).await.expect("it listens");
    let mut world = World::new().await;
    world.ask_bedrock(&bedrock.url());
    world.settings(&format!(
        "[model]\ndriver = \"bedrock\"\nmodels = [\"{NOVA}\", \"{HAIKU}\"]\n[gateway]\n{gateway}\n"
    ));
    world.start_as(&["models", "serve"]);
    (world, bedrock)
}

async fn ask(world: &World, model: Option<&str>) -> Value {
    let body = json!({"model_id": model, "prompt": "Hello?", "params": {"max_tokens": 400}});
    let answer = world.request("POST", "/v1/invoke", &[], body.to_string().as_bytes()).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    serde_json::from_str(&answer.body).expect("JSON")
}

/// Enough answers for one story.
fn answers() -> Vec<Says> {
    (0..20).map(|_| Says::says("Hello.")).collect()
}

fn why(answer: &Value) -> String {
    let lines = answer["routing"].as_array().into_iter().flatten();
    lines.filter_map(Value::as_str).collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn auto_asks_the_model_that_is_worth_most_and_says_why() {
    let (world, bedrock) = world("").await;
    bedrock.script(answers());

    let (chosen, first) = (ask(&world, Some("auto")).await, ask(&world, None).await);

    assert_eq!(chosen["model_id"], HAIKU, "{chosen}");
    insta::assert_snapshot!(why(&chosen), @"
small change; a US dollar costs 0.500 of quality
1. us.anthropic.claude-haiku-4-5-20251001-v1:0: value 0.800, quality 0.820, $0.0006, 10.0 s, nothing seen of it yet
2. us.amazon.nova-2-lite-v1:0: value 0.720, quality 0.740, $0.0003, 10.0 s, nothing seen of it yet
");
    assert_eq!(
        first["model_id"], NOVA,
        "a call that names none is asked in the order of the settings"
    );
    assert_eq!(first["routing"], Value::Null);
    let line = world.wait_for_log("a model was chosen");
    assert_eq!(line["context"]["model_id"], HAIKU, "{line}");
    assert!(line["context"]["why"].as_str().is_some_and(|why| why.contains("1. ")), "{line}");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_little_money_left_the_cheap_model_is_asked() {
    let (world, bedrock) = world("route = true\n[gateway.caps]\nrequest_usd = 0.0015").await;
    bedrock.script(answers());

    let chosen = ask(&world, None).await;

    assert_eq!(chosen["model_id"], NOVA, "{chosen}");
    insta::assert_snapshot!(why(&chosen), @"
small change; a US dollar costs 133.333 of quality
1. us.amazon.nova-2-lite-v1:0: value 0.683, quality 0.740, $0.0003, 10.0 s, nothing seen of it yet
out: us.anthropic.claude-haiku-4-5-20251001-v1:0: it may cost $0.0022, and $0.0015 are left
");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_failed_is_asked_later_and_that_is_remembered_over_a_restart() {
    let (mut world, bedrock) = world("").await;
    let gone = || Says::exception("ResourceNotFoundException", "The model is not to be had.");
    bedrock.script_for(HAIKU, (0..6).map(|_| gone()));
    bedrock.script_for(NOVA, answers());
    for _ in 0..6 {
        assert_eq!(ask(&world, Some("auto")).await["model_id"], NOVA);
    }
    let failed =
        bedrock.requests().iter().filter(|seen| seen.model.as_deref() == Some(HAIKU)).count();
    assert_eq!(world.terminate(), Some(0));
    world.start_as(&["models", "serve"]);

    let after = ask(&world, Some("auto")).await;

    let asked =
        bedrock.requests().iter().filter(|seen| seen.model.as_deref() == Some(HAIKU)).count();
    assert!((1..6).contains(&failed), "{failed} failures were enough");
    assert_eq!((after["model_id"].as_str(), asked), (Some(NOVA), failed), "{after}");
    assert!(why(&after).contains(&format!("{failed} failed")), "{}", why(&after));
}
