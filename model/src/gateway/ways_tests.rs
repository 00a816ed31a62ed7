//! Which models a call can have, and what it is told of one that it cannot.

use std::path::Path;
use std::sync::Arc;

use super::scripted::{Scripted, call};
use super::*;
use crate::catalog::Catalog;

const NOVA: &str = "us.amazon.nova-2-lite-v1:0";
const HAIKU: &str = "us.anthropic.claude-haiku-4-5-20251001-v1:0";

fn route(driver: &Arc<Scripted>, id: &str) -> Route {
    Route::new(Arc::clone(driver) as Arc<dyn ModelDriver>, id)
}

async fn said(gateway: &Gateway, id: &str) -> String {
    let mut asked = call();
    asked.model = Some(id.to_owned());
    match gateway.converse(&asked).await {
        Ok(reply) => format!("{} answers", reply.model_id),
        Err(error) => format!("{:?}: {error}", error.kind()),
    }
}

#[tokio::test(start_paused = true)]
async fn an_unknown_model_is_told_the_nearest_first_of_those_that_can_be_asked() {
    let bedrock = Scripted::named("bedrock", Vec::new());
    let gateway =
        Gateway::new(vec![route(&bedrock, NOVA), route(&bedrock, HAIKU)], Parts::default());
    let ids = [
        "us.amazon.nova-2-lit-v1:0",
        "us.anthropic.claude-sonet-5-5",
        "bedrock/claude-haiku",
        "gpt-4o",
    ];
    let mut told = Vec::new();
    for id in ids {
        told.push(said(&gateway, id).await);
    }
    insta::assert_snapshot!(told.join("\n"), @r#"
BadRequest: the model is not known: "us.amazon.nova-2-lit-v1:0" is not configured; nearest: us.amazon.nova-2-lite-v1:0; known, but not configured: jp.amazon.nova-2-lite-v1:0, us.amazon.nova-lite-v1:0, us.amazon.nova-pro-v1:0 (name it in `models` under [model], or set `any_model = true` under [gateway])
BadRequest: the model is not known: "us.anthropic.claude-sonet-5-5" is not configured; there are us.amazon.nova-2-lite-v1:0, us.anthropic.claude-haiku-4-5-20251001-v1:0; known, but not configured: us.anthropic.claude-sonnet-5-5, us.anthropic.claude-sonnet-5, us.anthropic.claude-sonnet-4-6 (name it in `models` under [model], or set `any_model = true` under [gateway])
BadRequest: the model is not known: "bedrock/claude-haiku" is not configured; nearest: us.anthropic.claude-haiku-4-5-20251001-v1:0; known, but not configured: anthropic.claude-haiku-5-5, anthropic.claude-haiku-4-5-20251001-v1:0 (name it in `models` under [model], or set `any_model = true` under [gateway])
BadRequest: the model is not known: "gpt-4o" is not configured; there are us.amazon.nova-2-lite-v1:0, us.anthropic.claude-haiku-4-5-20251001-v1:0
"#);
}

#[tokio::test(start_paused = true)]
async fn a_route_that_is_asked_by_name_stands_in_for_nobody() {
    let own = Scripted::named("bedrock", vec![super::scripted::Act::Fail(Cause::NotServed)]);
    let other = Scripted::named("openai", Vec::new());
    let gateway = Gateway::new(vec![route(&own, NOVA)], Parts::default())
        .with_named(vec![route(&other, "qwen3")]);
    assert!(gateway.converse(&call()).await.is_err());
    assert_eq!(other.models(), Vec::<String>::new());
    assert_eq!(said(&gateway, "qwen3").await, "qwen3 answers");
    assert_eq!(said(&gateway, "openai/qwen3").await, "qwen3 answers");
    assert_eq!(said(&gateway, "auto").await, format!("{NOVA} answers"));
}

#[tokio::test(start_paused = true)]
async fn what_is_known_and_not_configured_is_asked_where_that_is_allowed() {
    let bedrock = Scripted::named("bedrock", Vec::new());
    let driver = Arc::clone(&bedrock);
    let parts = Parts {
        open: Some(Arc::new(move |id: String, _| {
            let opened = (id == HAIKU).then(|| route(&driver, &id));
            Box::pin(std::future::ready(opened))
        })),
        ..Parts::default()
    };
    let gateway = Gateway::new(vec![route(&bedrock, NOVA)], parts);
    assert_eq!(said(&gateway, HAIKU).await, format!("{HAIKU} answers"));
    insta::assert_snapshot!(said(&gateway, "claude-haiku-45").await, @r#"BadRequest: the model is not known: "claude-haiku-45" is neither configured nor known; there are us.amazon.nova-2-lite-v1:0; known: anthropic.claude-haiku-5-5"#);
}

#[tokio::test(start_paused = true)]
async fn an_operators_own_price_is_what_a_reply_costs() {
    let row = "[[models]]\nid = \"a\"\ninput = 1000\noutput = 5000\nsource = \"ours\"\ndate = \"2026-11-01\"\n";
    let catalog = Catalog::bundled().with_overrides(Path::new("models.toml"), row).unwrap();
    let driver = Scripted::new(Vec::new());
    let own = Route::of(Arc::clone(&driver) as Arc<dyn ModelDriver>, catalog.lookup("a"));
    let gateway = Gateway::new(vec![own, route(&driver, "b")], Parts::default());
    let reply = gateway.converse(&call()).await.unwrap();
    // 100 tokens in, 10 out; the driver says 0.25 dollars.
    assert_eq!(reply.cost_usd.map(|usd| format!("{usd:.4}")).as_deref(), Some("0.1500"));
    let mut asked = call();
    asked.model = Some("b".to_owned());
    assert_eq!(gateway.converse(&asked).await.unwrap().cost_usd, Some(0.25));
}
