//! What calls of models cost, from the calls that are kept.

use std::time::Duration;

use contract::Timestamp;
use eco_coder::store::{Database, SqliteCalls};
use model::budget::Nanodollars;
use model::cost::{CallLog, CallRecord, Prefix};
use model::{ErrorKind, Usage};
use serde_json::{Value, json};

use crate::world::World;

const SONNET: &str = "global.anthropic.claude-sonnet-5-5";
const HAIKU: &str = "global.anthropic.claude-haiku-4-5-20251001-v1:0";

/// A hundred calls of the last hours for three pull requests, one of them a failure, and one of long ago.
async fn world_with_calls() -> World {
    let world = World::new().await;
    let now = Timestamp::now();
    let mut calls: Vec<_> = (0..100).map(|index| call(index, now)).collect();
    calls[99].error = Some(ErrorKind::Timeout);
    calls.push(CallRecord { at: now - Duration::from_hours(40 * 24), ..call(0, now) });
    let kept = SqliteCalls::new(Database::open(&world.database()).expect("a database"));
    kept.append(calls.into()).await.expect("kept");
    world
}

fn call(index: u64, now: Timestamp) -> CallRecord {
    let usage = Usage { input_tokens: 10_000, output_tokens: 500, ..Usage::default() };
    let usd = model::catalog::lookup(SONNET).cost(usage).expect("a price");
    CallRecord {
        at: now - Duration::from_mins(100 - index),
        agent: Some("reviewer".into()),
        task: Some(format!("octo/shop#{}", index % 3)),
        model: SONNET.into(),
        driver: "bedrock".into(),
        usage,
        cost: Some(Nanodollars::of_usd(usd)),
        latency_ms: 1000 + index,
        error: None,
        estimated: false,
        prefix: Some(Prefix { hash: 7, tokens: 6000 }),
    }
}

fn without_times(page: &str) -> String {
    let (first, rest) = page.split_once('\n').expect("lines");
    assert!(first.starts_with("Calls of models from 20"), "{first}");
    rest.trim().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_calls_cost_is_added_up_and_what_would_save_is_said() {
    let world = world_with_calls().await;

    let ended = world.run(&["models", "cost", "--by", "task"]);

    assert_eq!(ended.code, 0, "{}", ended.stderr);
    insta::assert_snapshot!(without_times(&ended.stdout), @"
    calls  tokens in  tokens out  from cache  US dollars  p50 ms  p95 ms  errors  estimated
    octo/shop#0     34     340000       17000       0.0 %      0.8500    1048    1096   2.9 %      0.0 %
    octo/shop#1     33     330000       16500       0.0 %      0.8250    1049    1094   0.0 %      0.0 %
    octo/shop#2     33     330000       16500       0.0 %      0.8250    1050    1095   0.0 %      0.0 %
    total          100    1000000       50000       0.0 %      2.5000    1049    1094   1.0 %      0.0 %

    From cache: the share of all tokens told that models read from a cache. Estimated: the share of calls whose tokens the service did not count.

    Save $33.43 a month: let global.anthropic.claude-sonnet-5-5 cache tools and system: 59 % of what it is told repeats within 5 minutes, and none of it is read from a cache (it caches from 4096 tokens on). The drivers bedrock and anthropic mark them by themselves; a server of OpenAI's form has to be told
      588000 tokens x ($2 - $0.1) - 6000 tokens x ($2.5 - $2), per million = $1.1142 in 1.0 days; x 30 / 1.0 = $33.43 a month
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_gets_the_same_and_a_benchmark_names_a_cheaper_model() {
    let world = world_with_calls().await;
    let row = |model: &str, low: f64| json!({"model": model, "tasks": 60, "quality": 0.8, "low": low, "high": 0.9});
    let benchmark = json!({"suite": "triage", "models": [row(SONNET, 0.7), row(HAIKU, 0.7)]});
    let file = world.folder.path().join("bench.json");
    std::fs::write(&file, benchmark.to_string()).expect("a file");
    let costs = |arguments: &[&str]| -> Value {
        let ended = world.run(&[&["models", "cost", "--format", "json"], arguments].concat());
        serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{ended:?}"))
    };

    let all = costs(&["--since", "52w", "--bench", &file.display().to_string()]);

    assert_eq!(all["total"]["calls"], 101);
    let kinds = all["recommendations"].as_array().expect("a list").iter();
    let kinds: Vec<_> = kinds.map(|found| found["kind"].clone()).collect();
    assert!(kinds.contains(&json!("cheaper_model")), "{kinds:?}");
    assert_eq!(costs(&["--since", "1h"])["total"]["calls"], 59);
}

/// Two tasks: one whose calls share a long system text, and one whose calls share nothing but a short one.
#[cfg(feature = "bedrock")]
#[tokio::test(flavor = "multi_thread")]
async fn what_the_calls_of_a_server_have_in_common_is_recommended_for_a_cache() {
    use fake_bedrock::{FakeBedrock, Settings};
    const NOVA: &str = "us.amazon.nova-2-lite-v1:0";
    // It counts tokens, and caches nothing.
    let bedrock = FakeBedrock::start(Settings::default()).await.expect("it listens");
    let mut world = World::new().await;
    world.ask_bedrock(&bedrock.url());
    world.settings(&format!("[model]\ndriver = \"bedrock\"\nmodels = [\"{HAIKU}\", \"{NOVA}\"]\n"));
    world.start_as(&["models", "serve"]);
    let rules = "Name each query that stands in a loop, and say what to ask instead. ".repeat(600);
    for number in 0..60 {
        let question = format!("Change {number}: {}", "rows = fetch(keys)\n".repeat(number));
        let long = json!({"prompt": question, "system": rules, "model_id": HAIKU});
        let unlike =
            json!({"prompt": format!("{number} {rules}"), "system": "Be brief.", "model_id": NOVA});
        for body in [long, unlike] {
            let answer =
                world.request("POST", "/v1/invoke", &[], body.to_string().as_bytes()).await;
            assert_eq!(answer.status, 200, "{}", answer.body);
        }
    }
    assert_eq!(world.terminate(), Some(0));

    let ended = world.run(&["models", "cost", "--format", "json"]);

    let page: Value = serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{ended:?}"));
    assert_eq!(page["total"]["calls"], 120);
    let found = page["recommendations"].as_array().expect("a list").iter();
    let caching: Vec<_> = found.filter(|found| found["kind"] == "caching").collect();
    assert_eq!(caching.len(), 1, "{page}");
    assert_eq!(caching[0]["model"], HAIKU);
    // The service counts four letters as a token: of 40,800 that makes 10,200, 59 times read again and once written.
    let arithmetic = caching[0]["arithmetic"].as_str().expect("a text");
    let numbers = arithmetic.split(|letter: char| !letter.is_ascii_digit());
    let numbers: Vec<u64> = numbers.filter_map(|number| number.parse().ok()).collect();
    let (read, written) = (numbers[0], numbers.iter().copied().find(|&n| n > 1000 && n < 100_000));
    assert!(read.abs_diff(59 * 10_200) < 59 * 1_000, "{arithmetic}");
    assert!(written.is_some_and(|written| written.abs_diff(10_200) < 1_000), "{arithmetic}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_call_it_says_what_to_do() {
    let world = World::new().await;

    let ended = world.run(&["models", "cost"]);

    assert_eq!((ended.code, ended.stdout.as_str()), (2, ""));
    let said = ended.stderr.replace(&world.folder.path().display().to_string(), "FOLDER");
    assert!(said.contains("is kept in FOLDER/eco-coder.db: serve with a model"), "{said}");
    assert!(!world.database().exists(), "asking for costs makes no database");
}
