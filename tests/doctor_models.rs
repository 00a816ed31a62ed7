//! What `eco-coder doctor` says of models: that which would keep the service from starting, and each way to a model.

use serde_json::Value;

use crate::world::World;
use crate::world::vllm::Vllm;

/// Every check of these names as `name: outcome: seen`, and the exit code.
fn checks(world: &World, arguments: &[&str]) -> (String, i32) {
    let ended = world.run(&[&["doctor", "--format", "json"], arguments].concat());
    let page: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    let sections = page["sections"].as_array().expect("sections");
    let all = sections.iter().flat_map(|section| section["checks"].as_array().expect("checks"));
    let lines = all.filter_map(|check| {
        let text = |key: &str| check[key].as_str().unwrap_or_default();
        let asked = ["models", "model", "probe"].contains(&text("name"));
        asked.then(|| format!("{}: {}: {}", text("name"), text("outcome"), text("seen")))
    });
    (lines.collect::<Vec<_>>().join("\n"), ended.code)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_keeps_the_service_from_starting_is_a_fault_of_the_settings() {
    let world = World::new().await;
    let mut said = Vec::new();
    for settings in [
        "[model]\ndriver = \"anthropic\"\nmodels = [\"claude-haiku-4-5\"]\n",
        "[model]\ndriver = \"claude_cli\"\n",
        "[gateway]\ncatalog = \"nosuch.toml\"\n",
        "[gateway]\nagents = \"nosuch\"\n",
    ] {
        world.settings(settings);
        for arguments in [&[][..], &["--offline"]] {
            let (lines, code) = checks(&world, arguments);
            assert_eq!(code, 2, "{settings} {arguments:?}: {lines}");
            said.push(lines.lines().next().unwrap_or_default().to_owned());
        }
    }
    said.dedup();
    insta::assert_snapshot!(said.join("\n"), @r#"
    models: failed: the driver `anthropic` needs ANTHROPIC_API_KEY in the environment
    models: failed: no model is named: set `models` under [model], as models = ["qwen3"]; `eco-coder models list` shows what the service has
    models: failed: `catalog` under [gateway]: nosuch.toml: it cannot be read: No such file or directory (os error 2)
    models: failed: there is no folder nosuch with agents: name theirs by `agents` under [gateway], or leave it out
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_way_to_a_model_is_looked_at_whichever_driver_is_the_usual_one() {
    let vllm = Vllm::serving(&["qwen3", "other"]).await;
    let mut world = World::new().await;
    world.set("OPENAI_BASE_URL", &vllm.url);
    world.settings(
        "[model]\nmodels = [\"openai/qwen3\", \"openai/nosuch\"]\n[gateway]\nagents = \"agents\"\n",
    );
    let agents = world.folder.path().join("agents");
    std::fs::create_dir(&agents).expect("a folder");
    let agent = "---\nname: A\nprovider: openai\nmodel: other\n---\nDo.\n";
    std::fs::write(agents.join("a.md"), agent).expect("a file");

    let (listed, _) = checks(&world, &[]);
    let (probed, _) = checks(&world, &["--probe-model"]);
    world.set("OPENAI_BASE_URL", "http://127.0.0.1:9/v1");
    let (dead, code) = checks(&world, &[]);

    insta::assert_snapshot!(listed, @"
    models: skipped: the embedded planner leads, and none of Bedrock is asked
    model: ok: openai/qwen3, which the service lists
    model: warning: openai/nosuch: the service lists other models
    model: ok: openai/other, which the service lists
    ");
    insta::assert_snapshot!(probed, @"
    models: skipped: the embedded planner leads, and none of Bedrock is asked
    probe: ok: openai/qwen3 answers
    probe: failed: openai/nosuch: the model is not to be had: The model `nosuch` does not exist.
    probe: ok: openai/other answers
    ");
    assert_eq!(vllm.asked().len(), 3);
    assert_eq!((dead.matches("model: failed: openai/").count(), code), (3, 3), "{dead}");
}
