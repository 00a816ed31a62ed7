//! Models side by side on the same tasks, where what they know is decided by the story.

use std::process::Stdio;
use std::time::Duration;

use axum::Json;
use axum::routing::post;
use fake_bedrock::{Answer as Says, FakeBedrock, Load, Settings};
use model::Usage;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::world::World;

const NOVA: &str = "us.amazon.nova-2-lite-v1:0";
const HAIKU: &str = "us.anthropic.claude-haiku-4-5-20251001-v1:0";

/// Twelve tasks; the right answer is `alpha` each time.
fn suite() -> String {
    let tasks: Vec<Value> = (0..12)
        .map(|number| {
            json!({"id": format!("task-{number}"), "group": "letters", "given": format!("Number {number}"), "expect": {"label": "alpha"}})
        })
        .collect();
    let group = json!({"id": "letters", "ask": "Which letter?", "labels": ["alpha", "beta"], "max_tokens": 100});
    json!({"name": "letters", "groups": [group], "tasks": tasks}).to_string()
}

async fn world(load: Load) -> (World, FakeBedrock) {
    let bedrock =
        FakeBedrock::start(Settings { load, ..Settings::default() }).await.expect("it listens");
    let mut world = World::new().await;
    world.ask_bedrock(&bedrock.url());
    world.settings(&format!("[model]\ndriver = \"bedrock\"\nmodels = [\"{NOVA}\", \"{HAIKU}\"]\n"));
    std::fs::write(world.folder.path().join("letters.json"), suite()).expect("a file");
    (world, bedrock)
}

/// A server of OpenAI's kind whose model knows the even tasks.
async fn knows_even_tasks() -> String {
    let answer = async |Json(request): Json<Value>| {
        let messages = request["messages"].to_string();
        let number = messages.split("Number ").nth(1).and_then(|rest| rest.split('"').next());
        let number: u32 = number.and_then(|number| number.parse().ok()).expect("a task");
        let said = if number.is_multiple_of(2) { "alpha" } else { "beta" };
        let events = [
            json!({"model": "qwen3", "choices": [{"index": 0, "delta": {"role": "assistant", "content": &said[..2]}}]}),
            json!({"model": "qwen3", "choices": [{"index": 0, "delta": {"content": &said[2..]}}]}),
            json!({"model": "qwen3", "choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}),
            json!({"model": "qwen3", "choices": [], "usage": {"prompt_tokens": 20, "completion_tokens": 2, "total_tokens": 22}}),
        ];
        let events: Vec<String> = events.iter().map(|event| format!("data: {event}\n\n")).collect();
        ([("content-type", "text/event-stream")], events.concat() + "data: [DONE]\n\n")
    };
    let router = axum::Router::new().route("/v1/chat/completions", post(answer));
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("it listens");
    let url = format!("http://{}/v1", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, router).await });
    url
}

fn says(right: usize) -> impl Iterator<Item = Says> {
    (0..12).map(move |at| Says::says(if at < right { "alpha" } else { "It is beta." }))
}

fn rounded(value: &Value) -> String {
    format!("{:.4}", value.as_f64().expect("a number"))
}

#[tokio::test(flavor = "multi_thread")]
async fn models_get_the_quality_cost_and_differences_that_a_person_computes() {
    let (mut world, bedrock) = world(Load::default()).await;
    world.set("OPENAI_BASE_URL", &knows_even_tasks().await);
    bedrock.script_for(NOVA, says(9));
    bedrock.script_for(HAIKU, says(12));
    let models =
        format!("{NOVA},{HAIKU},openai/qwen3,embedded/embedded,anthropic/claude-haiku-4-5");

    let ended = world.run(&[
        "models",
        "bench",
        "--suite",
        "letters.json",
        "--models",
        &models,
        "--yes",
        "--out",
        "bench.json",
    ]);

    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let said = std::fs::read_to_string(world.folder.path().join("bench.json")).expect("a file");
    let report: Value = serde_json::from_str(&said).expect("JSON");
    let rows = report["models"].as_array().expect("rows");
    let figures: Vec<String> = rows
        .iter()
        .map(|row| {
            let [quality, low, high] = ["quality", "low", "high"].map(|name| rounded(&row[name]));
            let tokens = [&row["input_tokens"], &row["output_tokens"]];
            format!(
                "{} {} {quality} ({low} to {high}) of {}, tokens {} and {}, failed {}",
                row["driver"].as_str().unwrap_or_default(),
                row["model"].as_str().unwrap_or_default(),
                row["tasks"],
                tokens[0],
                tokens[1],
                row["errors"]
            )
        })
        .collect();
    // 9, 12 and 6 of 12, and Wilson's intervals of those. Each call is 11 tokens in and 7 out, or 20 and 2.
    insta::assert_snapshot!(figures.join("\n"), @"
    bedrock us.amazon.nova-2-lite-v1:0 0.7500 (0.4677 to 0.9111) of 12, tokens 132 and 84, failed {}
    bedrock us.anthropic.claude-haiku-4-5-20251001-v1:0 1.0000 (0.7575 to 1.0000) of 12, tokens 132 and 84, failed {}
    openai qwen3 0.5000 (0.2538 to 0.7462) of 12, tokens 240 and 24, failed {}
    embedded embedded 0.0000 (0.0000 to 0.2425) of 12, tokens 0 and 0, failed {}
    anthropic claude-haiku-4-5 0.0000 (0.0000 to 1.0000) of 0, tokens 0 and 0, failed {}
    ");
    let usage = Usage { input_tokens: 12 * 11, output_tokens: 12 * 7, ..Usage::default() };
    for (row, id) in rows.iter().zip([NOVA, HAIKU]) {
        let cost = model::catalog::lookup(id).cost(usage).expect("a price");
        assert!((row["usd"].as_f64().expect("a sum") - cost).abs() < 1e-9, "{row}");
        assert!(row["latency_ms"]["p99"].as_f64() > Some(0.0), "{row}");
        assert!(row["first_token_ms"]["p50"].as_f64() > Some(0.0), "{row}");
    }
    // Of a size that somebody has estimated is Haiku alone.
    assert!(rows[1]["co2e_grams"]["high"].as_f64() > Some(0.0), "{}", rows[1]);
    assert_eq!((&rows[2]["usd"], &rows[3]["usd"]), (&Value::Null, &json!(0.0)));
    let why = rows[4]["stopped"].as_str().unwrap_or_default();
    assert!(why.contains("ANTHROPIC_API_KEY"), "{why}");
    let clear: Vec<&str> =
        ended.stdout.lines().filter(|line| line.contains("points more")).collect();
    insta::assert_snapshot!(clear.join("\n"), @"
    us.amazon.nova-2-lite-v1:0 scores 75 points more than embedded (38 to 91, on 12 tasks)
    us.anthropic.claude-haiku-4-5-20251001-v1:0 scores 50 points more than qwen3 (15 to 75, on 12 tasks)
    us.anthropic.claude-haiku-4-5-20251001-v1:0 scores 100 points more than embedded (66 to 100, on 12 tasks)
    qwen3 scores 50 points more than embedded (15 to 75, on 12 tasks)
    ");
    // Everyone was asked the same, and nobody instead of another.
    assert_eq!((bedrock.requests().len(), bedrock.complaints()), (24, vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_built_in_suite_needs_no_account_and_has_a_page() {
    let world = World::new().await;

    let ended = world.run(&["models", "bench", "--out", "bench.html"]);

    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(ended.stderr.starts_with("38 tasks of \"review\" for 1 model: 38 calls, 0 US dollars"));
    let page = std::fs::read_to_string(world.folder.path().join("bench.html")).expect("a file");
    assert_eq!((page.matches("<svg").count(), page.matches("<script").count()), (2, 0));
    assert!(!world.database().exists(), "comparing models makes no database");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sum_is_not_spent_without_a_word_and_not_passed() {
    let (world, bedrock) = world(Load::default()).await;

    let refused = world.run(&["models", "bench", "--repeat", "20"]);
    assert_eq!((refused.code, bedrock.requests().len()), (2, 0), "{}", refused.stderr);
    assert!(refused.stderr.contains("add --yes"), "{}", refused.stderr);

    // A call of Nova may cost 0.0003 and costs 0.00005: it goes on while what is left has room for one that costs the most.
    let capped = ["models", "bench", "--suite", "letters.json", "--yes", "--models", NOVA];
    let more = ["--max-usd", "0.001", "--repeat", "30", "--format", "json"];
    let ended = world.run(&[&capped[..], &more].concat());
    let report: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    let row = &report["models"][0];
    assert!(row["usd"].as_f64().is_some_and(|usd| 0.0006 < usd && usd <= 0.001), "{row}");
    assert!(row["stopped"].as_str().is_some_and(|why| why.contains("raise --max-usd")), "{row}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_caps_of_the_settings_hold_over_comparisons_and_their_calls_are_written_down() {
    let (world, bedrock) = world(Load::default()).await;
    world.settings(&format!(
        "[model]\ndriver = \"bedrock\"\nmodels = [\"{NOVA}\"]\n[gateway.caps]\nday_usd = 0.001\n"
    ));
    let run = ["models", "bench", "--suite", "letters.json", "--yes", "--repeat", "30"];
    let rows = [(); 2].map(|()| {
        let ended = world.run(&[&run[..], &["--format", "json"]].concat());
        let report: Value = serde_json::from_str(&ended.stdout).expect("JSON");
        report["models"][0].clone()
    });

    let spent: f64 = rows.iter().filter_map(|row| row["usd"].as_f64()).sum();
    assert!(0.0006 < spent && spent <= 0.001, "{rows:?}");
    let why = rows[1]["stopped"].as_str().unwrap_or_default();
    assert!(why.contains("`day_usd`"), "{rows:?}");
    let costs = world.run(&["models", "cost", "--format", "json"]);
    let costs: Value = serde_json::from_str(&costs.stdout).expect("JSON");
    assert_eq!(costs["total"]["calls"], bedrock.answered());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_came_before_an_interrupt_is_told() {
    let slow = Load { latency: Duration::from_millis(100), ..Load::default() };
    let (world, bedrock) = world(slow).await;
    let arguments = [
        "models",
        "bench",
        "--suite",
        "letters.json",
        "--repeat",
        "100",
        "--yes",
        "--format",
        "markdown",
    ];
    let mut child = world.command(&arguments);
    let child = child.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");

    crate::world::wait(|| (bedrock.answered() > 20).then_some(())).expect("it asks");
    crate::world::interrupt(&child);
    let ended = child.wait_with_output().expect("it ends");

    let page = String::from_utf8_lossy(&ended.stdout);
    assert_eq!(ended.status.code(), Some(130), "{page}");
    assert!(page.contains("- Interrupted: what came until then.\n"), "{page}");
    assert!(page.contains("\n| us.amazon.nova-2-lite-v1:0 | 0 % |"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_suite_that_is_wrong_is_refused_before_anyone_is_asked() {
    let (world, bedrock) = world(Load::default()).await;
    let wrong = suite().replace(r#""label":"alpha""#, r#""label":"gamma""#);
    std::fs::write(world.folder.path().join("wrong.json"), wrong).expect("a file");

    let ended = world.run(&["models", "bench", "--suite", "wrong.json"]);

    assert_eq!((ended.code, bedrock.requests().len()), (2, 0));
    insta::assert_snapshot!(ended.stderr.trim_end(), @r#"error: the suite wrong.json: task task-0: the label "gamma" is not among those of its group"#);
}
