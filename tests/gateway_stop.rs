//! A server of models that is told to stop: what was spent until then is written down.

use std::time::Duration;

use contract::Timestamp;
use eco_coder::store::{Database, SqliteLedger};
use fake_bedrock::{Answer as Says, FakeBedrock, Settings};
use model::budget::{Ledger, Nanodollars, Scope, Spent};
use serde_json::{Value, json};

use crate::world::{World, request, wait};

const NOVA: &str = "us.amazon.nova-2-lite-v1:0";

async fn world() -> (World, FakeBedrock) {
    let bedrock = FakeBedrock::start(Settings::default()).await.expect("it listens");
    let mut world = World::new().await;
    world.ask_bedrock(&bedrock.url());
    world.settings(&format!(
        "[model]\ndefault_provider = \"bedrock\"\nmodels = [\"{NOVA}\"]\n[gateway]\napi = true\n[gateway.caps]\nday_usd = 1.0\n"
    ));
    (world, bedrock)
}

/// What the day has cost, as the file has it.
async fn spent_today(world: &World) -> Spent {
    let ledger = SqliteLedger::new(Database::open(&world.database()).expect("a database"));
    let now = Timestamp::now();
    let day = chrono::DateTime::from_timestamp_millis(now.0).expect("a time").date_naive();
    ledger.spent(&Scope::Day(day), now).await.expect("it answers")
}

/// What `models cost` adds up to.
fn total(world: &World) -> Value {
    let ended = world.run(&["models", "cost", "--format", "json"]);
    let page: Value =
        serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{}", ended.stderr));
    page["total"].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_answered_while_the_server_stops_is_paid_for() {
    for arguments in [["serve"].as_slice(), &["models", "serve"]] {
        let (mut world, bedrock) = world().await;
        bedrock.script([Says::says("Hello.").after(Duration::from_secs(2))]);
        world.start_as(arguments);
        let (address, body) = (world.address().to_owned(), json!({"prompt": "Hello?"}));
        let asking = tokio::spawn(async move {
            request(&address, "POST", "/v1/invoke", &[], body.to_string().as_bytes()).await
        });
        wait(|| bedrock.requests().first().cloned()).expect("the model is asked");

        assert_eq!(world.terminate(), Some(0), "{arguments:?}");

        let answer = asking.await.expect("an answer");
        assert_eq!(answer.status, 200, "{arguments:?}: {}", answer.body);
        let cost = serde_json::from_str::<Value>(&answer.body).expect("JSON")["cost_usd"].clone();
        let Spent { spent, leased } = spent_today(&world).await;
        assert!(spent.usd() > 0.0 && Some(spent.usd()) == cost.as_f64(), "{spent} of {cost}");
        assert_eq!(leased, Nanodollars::ZERO, "{arguments:?}");
        assert_eq!(total(&world)["calls"], 1, "{arguments:?}");
    }
}
