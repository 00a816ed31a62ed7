//! How a model is told to answer: what a call says, then its agent, then the settings, and else what the service takes.

use fake_bedrock::{Answer as Says, FakeBedrock, Settings};
use serde_json::{Value, json};

use crate::world::World;
use crate::world::vllm::Vllm;

const NOVA: &str = "us.amazon.nova-2-lite-v1:0";
const SAID: &str = "max_tokens = 77\ntemperature = 0.3\ntop_p = 0.5\n";

#[tokio::test(flavor = "multi_thread")]
async fn what_the_settings_say_holds_for_every_call_that_does_not_say_it() {
    let bedrock = FakeBedrock::start(Settings::default()).await.expect("it listens");
    bedrock.script([Says::says("One."), Says::says("Two."), Says::says("Three.")]);
    let mut world = World::new().await;
    world.ask_bedrock(&bedrock.url());
    world.settings(&format!("[model]\ndriver = \"bedrock\"\nmodels = [\"{NOVA}\"]\n{SAID}"));
    world.start_as(&["models", "serve"]);
    let json = [("Content-Type", "application/json")];

    let body = json!({"prompt": "Hello?"}).to_string();
    world.request("POST", "/v1/invoke", &json, body.as_bytes()).await;
    let body = json!({"model": NOVA, "messages": [{"role": "user", "content": "Hello?"}], "max_tokens": 5});
    world.request("POST", "/v1/chat/completions", &json, body.to_string().as_bytes()).await;
    world.run(&["invoke", "--temperature", "0.7", "Hello?"]);

    let told = bedrock.requests().into_iter().map(|seen| {
        let body: Value = serde_json::from_slice(&seen.body).expect("JSON");
        body["inferenceConfig"].to_string()
    });
    insta::assert_snapshot!(told.collect::<Vec<_>>().join("\n"), @r#"
    {"maxTokens":77,"temperature":0.3,"topP":0.5}
    {"maxTokens":5,"temperature":0.3,"topP":0.5}
    {"maxTokens":77,"temperature":0.7,"topP":0.5}
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_with_a_small_context_is_asked_for_no_longer_answer_than_it_takes() {
    let vllm = Vllm::serving(&["qwen3"]).await;
    let mut world = World::new().await;
    world.set("OPENAI_BASE_URL", &vllm.url);
    let own = |row: &str| {
        let head = "[[models]]\nid = \"qwen3\"\ndriver = \"openai\"\nsource = \"our own machine\"\ndate = \"2026-11-01\"\n";
        std::fs::write(world.folder.path().join("own.toml"), format!("{head}{row}"))
            .expect("a file");
    };
    let settings = |rest: &str| {
        world.settings(&format!(
            "[model]\ndriver = \"openai\"\nmodels = [\"qwen3\"]\n[gateway]\ncatalog = \"own.toml\"\n{rest}"
        ));
    };
    let capped = "[gateway.caps]\nrequest_usd = 1.0\nunpriced = \"refuse\"\n";
    let mut sent = Vec::new();
    for (row, caps) in [
        // Its price and its context are its owner's to say.
        ("", ""),
        ("input = 0.0\noutput = 0.0\n", capped),
        ("input = 0.1\noutput = 0.1\ncontext = 4096\n", capped),
        ("", "[gateway.caps]\nrequest_tokens = 1000\n"),
    ] {
        own(row);
        settings(caps);
        let ended = world.run(&["invoke", "Hello?"]);
        assert_eq!((ended.code, ended.stdout.as_str()), (0, "I am qwen3.\n"), "{}", ended.stderr);
        sent.push(vllm.asked().last().expect("a request")["max_tokens"].clone());
    }
    assert_eq!(sent[..2], [Value::Null, Value::Null]);
    let bounded: Vec<u64> = sent[2..].iter().filter_map(Value::as_u64).collect();
    assert!(bounded[0] > 3500 && bounded[1] > 500 && bounded[1] < 1000, "{bounded:?}");
}
