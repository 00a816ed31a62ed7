//! Agents as files: calls that name one, and commands that show and check them.

use fake_bedrock::{Answer as Says, FakeBedrock, Settings};
use serde_json::{Value, json};

use crate::world::World;

const NOVA: &str = "us.amazon.nova-2-lite-v1:0";
const HAIKU: &str = "global.anthropic.claude-haiku-4-5-20251001-v1:0";

const EXPLAINER: &str = "---
name: Carbon explainer
description: Explains a footprint.
bedrockModel: global.anthropic.claude-haiku-4-5-20251001-v1:0
temperature: 0.2
tools: [calculate_carbon_footprint, analyze_code]
---

Explain where the footprint comes from.
";
const TRIAGE: &str = r#"{
  "id": "triage", "name": "Triage", "description": "Sorts changes.",
  "params": {"max_tokens": 256, "temperature": 0.0},
  "prompt": "Answer with one word."
}"#;

/// Two agents, one of which names another model than the settings do.
async fn world() -> (World, FakeBedrock) {
    let bedrock = FakeBedrock::start(Settings::default()).await.expect("it listens");
    let mut world = World::new().await;
    world.ask_bedrock(&bedrock.url());
    world.settings(&format!(
        "[model]\ndriver = \"bedrock\"\nmodels = [\"{NOVA}\"]\n[gateway]\nagents = \"agents\"\n"
    ));
    std::fs::create_dir(world.folder.path().join("agents")).expect("a folder");
    define(&world, "carbon-explainer.md", EXPLAINER);
    define(&world, "triage.json", TRIAGE);
    (world, bedrock)
}

fn define(world: &World, name: &str, text: &str) {
    std::fs::write(world.folder.path().join("agents").join(name), text).expect("a file");
}

/// What the model was told, without the conversation.
fn told(bedrock: &FakeBedrock) -> Vec<String> {
    let told = bedrock.requests().into_iter().map(|seen| {
        let body: Value = serde_json::from_slice(&seen.body).expect("JSON");
        let tools = body["toolConfig"]["tools"].as_array().cloned().unwrap_or_default();
        let specs = tools.iter().filter_map(|tool| tool.get("toolSpec"));
        let tools: Vec<&Value> = specs.map(|spec| &spec["name"]).collect();
        format!(
            "{}: {} {} {}",
            seen.model.unwrap_or_default(),
            body["system"],
            body["inferenceConfig"],
            json!(tools)
        )
    });
    told.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_names_an_agent_is_made_as_its_file_says() {
    let (mut world, bedrock) = world().await;
    bedrock.script_for(HAIKU, [Says::says("From the loop.")]);
    bedrock.script_for(NOVA, [Says::says("quick"), Says::says("none")]);
    world.start_as(&["models", "serve"]);

    let by_metadata =
        json!({"prompt": "Where from?", "metadata": {"agent_id": "carbon-explainer"}});
    let (_, explained) = world.post("/v1/invoke", by_metadata).await;
    let by_model = json!({"model": "agent:triage", "messages": [{"role": "user", "content": "Typo"}], "temperature": 0.5});
    let (_, sorted) = world.post("/v1/chat/completions", by_model).await;
    let ended = world.run(&["invoke", "--agent", "triage", "--json", "Typo"]);

    assert_eq!(explained["model_id"], HAIKU, "{explained}");
    assert_eq!(sorted["choices"][0]["message"]["content"], "quick", "{sorted}");
    assert!(ended.stdout.contains("\"output_text\": \"none\""), "{}{}", ended.stdout, ended.stderr);
    insta::assert_snapshot!(told(&bedrock).join("\n"), @r#"
global.anthropic.claude-haiku-4-5-20251001-v1:0: [{"text":"Explain where the footprint comes from."},{"cachePoint":{"type":"default"}}] {"maxTokens":4096,"temperature":0.2} ["calculate_carbon_footprint"]
us.amazon.nova-2-lite-v1:0: [{"text":"Answer with one word."},{"cachePoint":{"type":"default"}}] {"maxTokens":256,"temperature":0.5} []
us.amazon.nova-2-lite-v1:0: [{"text":"Answer with one word."},{"cachePoint":{"type":"default"}}] {"maxTokens":256,"temperature":0.00001} []
"#);
    assert_eq!(bedrock.complaints(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_nobody_defined_is_a_bad_request_that_names_the_nearest() {
    let (mut world, bedrock) = world().await;
    world.start_as(&["models", "serve"]);

    let body = json!({"model_id": "agent:triag", "prompt": "Typo"});
    let (status, refused) = world.post("/v1/invoke", body).await;
    let ended = world.run(&["invoke", "--agent", "explainer", "Typo"]);

    assert_eq!((status, &refused["error"]["type"]), (404, &json!("bad_request")));
    assert_eq!(
        refused["error"]["message"],
        "the agent is not known: there is no agent \"triag\"; nearest: triage"
    );
    assert_eq!(ended.code, 2);
    insta::assert_snapshot!(ended.stderr.trim_end(), @r#"error: the agent is not known: there is no agent "explainer"; nearest: carbon-explainer"#);
    assert!(bedrock.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn agents_are_listed_and_all_mistakes_are_told_before_anything_is_served() {
    let (world, _bedrock) = world().await;
    let list = world.run(&["models", "agents"]);
    define(&world, "second.md", "---\nname: Second\nprovider: bedrok\n---\nDo.\n");
    define(
        &world,
        "third.md",
        "---\nname: Third\nbedrockModel: us.amazon.nova-2-lit-v1:0\n---\nDo.\n",
    );

    let checked = world.run(&["models", "agents"]);
    let served = world.run(&["models", "serve"]);

    insta::assert_snapshot!(list.stdout.trim_end(), @"
carbon-explainer  bedrock/global.anthropic.claude-haiku-4-5-20251001-v1:0; calculate_carbon_footprint, analyze_code
                  Explains a footprint.
triage            bedrock/us.amazon.nova-2-lite-v1:0; no tools
                  Sorts changes.
");
    insta::assert_snapshot!(checked.stderr.trim_end(), @"
error: the agents cannot be used:
  - agents/second.md:3: there is no driver `bedrok`; did you mean bedrock? (drivers: embedded, bedrock, anthropic, openai, claude_cli)
  - agents/third.md:3: `us.amazon.nova-2-lit-v1:0` is no model of bedrock that is known here; nearest: us.amazon.nova-2-lite-v1:0, us.amazon.nova-lite-v1:0, us.amazon.nova-pro-v1:0
");
    assert_eq!((list.code, checked.code, served.code), (0, 2, 2), "{}", list.stderr);
    assert_eq!(checked.stderr, served.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_named_and_is_not_there_ends_the_start() {
    let world = World::new().await;
    let unnamed = world.run(&["models", "agents"]);
    let asked = world.run(&["models", "agents", "nosuch"]);
    world.settings("[gateway]\nagents = \"nosuch\"\n");
    let served = world.run(&["models", "serve"]);

    assert_eq!((unnamed.code, unnamed.stdout.trim_end()), (0, "agent-definitions holds no agents"));
    for ended in [asked, served] {
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{}", ended.stderr);
        insta::allow_duplicates! {
            insta::assert_snapshot!(ended.stderr.trim_end(), @"error: there is no folder nosuch with agents: name theirs by `agents` under [gateway], or leave it out");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agents_model_that_is_spelled_almost_as_a_configured_one_is_warned_of() {
    let world = World::new().await;
    world.settings("[model]\ndriver = \"openai\"\nmodels = [\"smollm2-135m\"]\n[gateway]\nagents = \"agents\"\n");
    std::fs::create_dir(world.folder.path().join("agents")).expect("a folder");
    let agent = |name: &str, model: &str| {
        let text = format!("---\nname: A\nprovider: openai\nmodel: {model}\n---\nDo.\n");
        define(&world, name, &text);
    };
    agent("misspelled.md", "smolm2-135m");
    agent("other.md", "qwen3");
    agent("same.md", "smollm2-135m");

    let ended = world.run(&["models", "agents"]);

    assert_eq!(ended.code, 0, "{}", ended.stderr);
    insta::assert_snapshot!(ended.stderr.trim_end(), @"warning: agents/misspelled.md: the agent asks openai for `smolm2-135m`, which the settings do not name; did you mean smollm2-135m?");
}
