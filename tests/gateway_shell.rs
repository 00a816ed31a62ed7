//! Questions from a shell: they count in the same file as those of a server, and so the caps hold for both.

use std::path::Path;
use std::process::{Child, ExitStatus, Stdio};

use contract::Timestamp;
use eco_coder::store::{Database, SqliteLedger};
use fake_bedrock::{Answer as Says, FakeBedrock, Reply, Settings, Step};
use model::budget::{Ledger, Nanodollars, Scope, Spent};
use serde_json::{Value, json};

use crate::world::repository::Repository;
use crate::world::vllm::Vllm;
use crate::world::{QUICK, SLOW, World, interrupt, wait};

const HAIKU: &str = "us.anthropic.claude-haiku-4-5-20251001-v1:0";

async fn world(settings: &str) -> (World, FakeBedrock) {
    let bedrock = FakeBedrock::start(Settings::default()).await.expect("it listens");
    let mut world = World::new().await;
    world.ask_bedrock(&bedrock.url());
    world.settings(&format!("[model]\ndriver = \"bedrock\"\nmodels = [\"{HAIKU}\"]\n{settings}"));
    (world, bedrock)
}

/// What costs about 0.0022 US dollars, which is what a call with 400 tokens may cost.
fn long_answer() -> Says {
    let usage = json!({"inputTokens": 11, "outputTokens": 400, "totalTokens": 411});
    Says::Says(Reply { usage, ..Reply::says("Hello.") })
}

fn calls(world: &World) -> Value {
    let ended = world.run(&["models", "cost", "--format", "json"]);
    let page: Result<Value, _> = serde_json::from_str(&ended.stdout);
    page.map_or(Value::Null, |page| page["total"]["calls"].clone())
}

async fn today(file: &Path) -> Spent {
    let ledger = SqliteLedger::new(Database::open(file).expect("a database"));
    let now = Timestamp::now();
    let day = chrono::DateTime::from_timestamp_millis(now.0).expect("a time").date_naive();
    ledger.spent(&Scope::Day(day), now).await.expect("it answers")
}

const ASK: [&str; 5] = ["invoke", "--json", "--max-tokens", "400", "Hello?"];

#[tokio::test(flavor = "multi_thread")]
async fn a_cap_holds_from_one_question_to_the_next_and_beside_a_server() {
    let (mut world, bedrock) = world("[gateway.caps]\nday_usd = 0.003\n").await;
    bedrock.script([long_answer(), long_answer()]);
    world.start_as(&["models", "serve"]);

    let first = world.run(&ASK);
    let second = world.run(&ASK);
    let body = json!({"prompt": "Hello?", "params": {"max_tokens": 400}}).to_string();
    let third = world.request("POST", "/v1/invoke", &[], body.as_bytes()).await;

    assert_eq!(first.code, 0, "{}{}", first.stdout, first.stderr);
    assert_eq!(second.code, 3, "{}", second.stdout);
    assert!(second.stdout.contains("raise `day_usd`"), "{}", second.stdout);
    assert_eq!(third.status, 429, "{}", third.body);
    assert_eq!(bedrock.requests().len(), 1);
    assert_eq!(calls(&world), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_made_where_it_is_named_or_caps_need_it_and_calls_cost_something() {
    for (settings, named, model, made) in [
        ("", false, HAIKU, false),
        ("[gateway.caps]\nrequest_usd = 1.0\n", false, HAIKU, false),
        ("[gateway.caps]\nmonth_usd = 1.0\n", false, HAIKU, true),
        ("", true, HAIKU, true),
        ("", true, "embedded/embedded", false),
    ] {
        let (mut world, _bedrock) = world(settings).await;
        if !named {
            world.set("ECO_CODER_DATABASE", "");
        }

        let ended = world.run(&["invoke", "--max-tokens", "400", "--model", model, "Hello?"]);

        let case = format!("{settings}{named} {model}: {}", ended.stderr);
        assert_eq!((ended.code, world.database().exists()), (0, made), "{case}");
        assert_eq!(calls(&world), if made { json!(1) } else { Value::Null }, "{case}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_that_is_broken_off_is_paid_for() {
    let (world, bedrock) = world("[gateway.caps]\nday_usd = 1.0\n").await;
    bedrock.script([Says::Writes(vec![Step::Silence])]);
    let mut asking = world.command(&ASK).stdout(Stdio::null()).spawn().expect("it starts");
    wait(|| bedrock.requests().first().cloned()).expect("the model is asked");

    let status = broken_off(&mut asking);

    assert_eq!(status.code(), Some(130));
    let Spent { spent, leased } = today(&world.database()).await;
    assert!(spent.usd() > 0.002 && leased == Nanodollars::ZERO, "{spent}, {leased}");
    assert_eq!(calls(&world), 1);
}

fn broken_off(child: &mut Child) -> ExitStatus {
    interrupt(child);
    wait(|| child.try_wait().expect("it can be waited for")).expect("it ends")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_review_that_is_broken_off_is_paid_for() {
    let (world, bedrock) = world("[gateway.caps]\nday_usd = 1.0\n").await;
    let repository =
        Repository::with_branch(&[("shop/names.py", QUICK)], &[("shop/names.py", SLOW)]);
    bedrock.script([Says::Writes(vec![Step::Silence])]);
    let mut reviewing = world
        .command(&["review", "--repo", &repository.path().display().to_string()])
        .stdout(Stdio::null())
        .spawn()
        .expect("it starts");
    wait(|| bedrock.requests().first().cloned()).expect("the model is asked");

    let status = broken_off(&mut reviewing);

    assert_eq!(status.code(), Some(130));
    let kept = world.folder.path().join(".local/state/eco-coder/reviews.db");
    let Spent { spent, leased } = today(&kept).await;
    assert!(spent.usd() > 0.002 && leased == Nanodollars::ZERO, "{spent}, {leased}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_lists_nothing_does_not_hide_what_is_configured() {
    let (mut world, _bedrock) = world("").await;
    world.set("OPENAI_BASE_URL", "http://127.0.0.1:9/v1");
    world.settings(&format!(
        "[model]\ndriver = \"bedrock\"\nmodels = [\"{HAIKU}\", \"openai/qwen3\"]\n"
    ));

    let ended = world.run(&["models", "list"]);

    assert_eq!(ended.code, 3, "{}", ended.stdout);
    for listed in [HAIKU, "qwen3", "configured", "discovered"] {
        assert!(ended.stdout.contains(listed), "{listed}: {}", ended.stdout);
    }
    assert!(ended.stderr.contains("openai: "), "{}", ended.stderr);
    assert!(!ended.stderr.contains("bedrock: "), "{}", ended.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_is_named_in_a_shell_as_over_http() {
    let vllm = Vllm::serving(&["smollm2-135m", "qwen3"]).await;
    let mut world = World::new().await;
    world.set("OPENAI_BASE_URL", &vllm.url);
    world.settings("[model]\ndriver = \"openai\"\nmodels = [\"smollm2-135m\", \"anthropic/claude-haiku-4-5\"]\n[gateway]\nagents = \"agents\"\n");
    let agents = world.folder.path().join("agents");
    std::fs::create_dir(&agents).expect("a folder");
    std::fs::write(agents.join("ok.md"), "---\nname: Ok\nmodel: qwen3\n---\nDo.\n")
        .expect("a file");
    let ask = |world: &World, id: &str| {
        let ended = world.run(&["invoke", "--model", id, "Hello?"]);
        (ended.code, ended.stdout, ended.stderr)
    };

    let (code, _, stderr) = ask(&world, "claude-haiku-4-5");
    assert_eq!((code, vllm.asked().len()), (2, 0), "it is Anthropic's: {stderr}");
    assert!(stderr.contains("ANTHROPIC_API_KEY"), "{stderr}");
    world.set("ANTHROPIC_API_KEY", "sk-test");
    for (id, says) in [
        ("smollm2-135m", "I am smollm2-135m.\n"),
        ("openai/qwen3", "I am qwen3.\n"),
        ("qwen3", "I am qwen3.\n"),
        ("auto", "I am smollm2-135m.\n"),
        ("agent:ok", "I am qwen3.\n"),
    ] {
        let (code, stdout, stderr) = ask(&world, id);
        assert_eq!((code, stdout.as_str()), (0, says), "{id}: {stderr}");
    }
    let (code, _, stderr) = ask(&world, "smolm2-135m");
    assert_eq!(code, 2, "{stderr}");
    assert!(stderr.contains("nearest: smollm2-135m"), "{stderr}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_asked_is_refused_before_anybody_is_asked() {
    let world = World::new().await;
    let refused = |arguments: &[&str]| {
        let ended = world.run(&[&["invoke"], arguments].concat());
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{arguments:?} {}", ended.stderr);
        ended.stderr
    };
    let known = refused(&["--model", HAIKU, "hi"]);
    assert!(known.contains(&format!("as bedrock/{HAIKU}")), "{known}");
    assert!(refused(&["--model", "nonsense", "hi"]).contains("as openai/nonsense"));
    assert!(refused(&[" "]).contains("the prompt is empty"));
    for wrong in [["--max-tokens", "0"], ["--temperature", "3"], ["--timeout", "9999"]] {
        refused(&[&wrong[..], &["hi"]].concat());
    }
    world.settings("[model]\nmodels = [\"smollm2\"]\n");
    assert!(refused(&["hi"]).contains("as openai/smollm2"));
    world.settings("[model]\ndriver = \"claude_cli\"\n");
    assert!(refused(&["hi"]).contains("no model is named"));
}
