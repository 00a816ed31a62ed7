//! A real model behind a server that somebody else wrote: llama.cpp.

use emulators::{Llama, MODEL};
use serde_json::{Value, json};

use crate::world::World;

async fn world() -> (World, Llama) {
    let llama = Llama::start();
    let mut world = World::new().await;
    world.set("OPENAI_BASE_URL", &llama.url());
    world.settings(&format!("[model]\ndefault_provider = \"openai\"\nmodels = [\"{MODEL}\"]\n"));
    (world, llama)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_real_model_says_comes_whole_piece_by_piece_and_in_form() {
    let (mut world, _llama) = world().await;
    world.start_as(&["models", "serve"]);
    let listed = world.request("GET", "/v1/models?discover=true", &[], b"").await.body;
    assert!(listed.contains(MODEL), "{listed}");

    // Its words are its own: what is held to is what is said of them.
    let params = json!({"max_tokens": 24, "temperature": 0.0, "stop_sequences": ["5"]});
    let asked = json!({"prompt": "Count: 1, 2, 3, 4,", "params": params});
    let (status, whole) = world.post("/v1/invoke", asked.clone()).await;
    assert_eq!((status, &whole["model_id"]), (200, &json!(MODEL)), "{whole}");
    let text = whole["output_text"].as_str().unwrap_or_default();
    assert!(!text.is_empty() && !text.contains('5'), "{whole}");
    let tokens = |kind: &str| whole["tokens"][kind].as_u64().unwrap_or_default();
    assert!(tokens("input") > 10 && (1..=24).contains(&tokens("output")), "{whole}");
    assert_eq!(whole["tokens"]["estimated"], Value::Null, "llama.cpp counts: {whole}");

    let stream =
        world.request("POST", "/v1/invoke-stream", &[], asked.to_string().as_bytes()).await;
    let said = stream.body.lines().filter_map(|line| line.strip_prefix("data: "));
    let events: Vec<Value> = said.map(|data| serde_json::from_str(data).expect("JSON")).collect();
    let pieces: Vec<&str> = events.iter().filter_map(|event| event["text"].as_str()).collect();
    let end = events.last().expect("an end");
    assert!(pieces.len() > 1, "{}", stream.body);
    assert_eq!(Some(pieces.concat().as_str()), end["output_text"].as_str(), "{}", stream.body);

    let schema = json!({
        "type": "object",
        "properties": {"name": {"type": "string", "maxLength": 20}, "people": {"type": "integer", "maximum": 9_999_999}},
        "required": ["name", "people"],
        "additionalProperties": false,
    });
    let (status, formed) = world.post("/v1/chat/completions",
        json!({
            "model": MODEL,
            "messages": [{"role": "user", "content": "Name a town, and how many people live there."}],
            "max_tokens": 80,
            "response_format": {"type": "json_schema", "json_schema": {"name": "town", "schema": schema}},
        }),
    )
    .await;
    assert_eq!((status, &formed["eco_coder"]["notes"]), (200, &json!([])), "{formed}");
    let answer = formed["choices"][0]["message"]["content"].as_str().expect("a text");
    let town: Value = serde_json::from_str(answer).expect("JSON");
    assert!(town["name"].is_string() && town["people"].is_i64(), "{town}");

    let (status, refused) = world.post("/v1/invoke", json!({"prompt": "word ".repeat(6000)})).await;
    let error = (&refused["error"]["type"], &refused["error"]["provider_code"]);
    assert_eq!(
        (status, error),
        (400, (&json!("bad_request"), &json!("exceed_context_size_error")))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn models_bench_measures_a_real_model() {
    let (world, _llama) = world().await;
    let tasks: Vec<Value> = ["red", "green", "blue"]
        .map(|color| json!({"id": color, "group": "colors", "given": format!("The {color} one."), "expect": {"label": color}}))
        .to_vec();
    let group = json!({"id": "colors", "ask": "Which color?", "labels": ["red", "green", "blue"], "max_tokens": 16});
    let suite = json!({"name": "colors", "groups": [group], "tasks": tasks}).to_string();
    std::fs::write(world.folder.path().join("colors.json"), suite).expect("a file");

    let ended =
        world.run(&["models", "bench", "--suite", "colors.json", "--yes", "--format", "json"]);

    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let report: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    let row = &report["models"][0];
    assert_eq!(
        (&row["model"], &row["tasks"], &row["errors"]),
        (&json!(MODEL), &json!(3), &json!({}))
    );
    for figure in ["input_tokens", "output_tokens"] {
        assert!(row[figure].as_u64() > Some(3), "{figure}: {row}");
    }
    let median = |what: &str| row[what]["p50"].as_f64().unwrap_or_default();
    assert!(
        median("first_token_ms") > 1.0 && median("latency_ms") >= median("first_token_ms"),
        "{row}"
    );
    assert_eq!(row["usd"], Value::Null, "nobody has told its price");
}
