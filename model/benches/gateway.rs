//! What the gateway adds to a call: everything but the service, which answers at once.
//!
//! `cargo bench -p model --no-default-features --bench gateway`. The shortest of several rounds counts: what else the
//! machine does is not ours.

#![expect(clippy::print_stdout, reason = "a benchmark prints")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures::StreamExt;
use model::gateway::{Gateway, Parts, Route};
use model::limit::{Limits, Settings};
use model::{Block, Call, Conversation, Message, ModelDriver, ModelError, Reply, StopReason};

const ROUNDS: u32 = 10;
const CALLS: u32 = 5_000;

struct Instantly;

#[async_trait]
impl ModelDriver for Instantly {
    fn name(&self) -> &'static str {
        "bedrock"
    }

    async fn converse(&self, _: &Call) -> Result<Reply, ModelError> {
        Ok(Reply::new("a", vec![Block::Text("Yes.".into())], StopReason::EndTurn))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), ModelError> {
    let limits = Settings {
        tokens_per_minute: Some(u64::MAX >> 12),
        requests_per_second: Some(1e9),
        ..Settings::default()
    };
    let parts = Parts { limits: Arc::new(Limits::new(limits)), ..Parts::default() };
    let route = Route::new(Arc::new(Instantly), "global.anthropic.claude-sonnet-5-5");
    let gateway = Gateway::new(vec![route], parts);
    for bytes in [1_000, 200_000] {
        let call = call(bytes);
        let (mut alone, mut whole, mut streamed) = (Duration::MAX, Duration::MAX, Duration::MAX);
        for _ in 0..ROUNDS {
            alone = alone.min(round(&Instantly, &call).await?);
            whole = whole.min(round(&gateway, &call).await?);
            streamed = streamed.min(streams(&gateway, &call).await?);
        }
        let added = whole.saturating_sub(alone);
        println!("{bytes} bytes of prompt: {added:?} added; {streamed:?} for a whole stream");
        assert!(added < Duration::from_micros(10), "the gateway added {added:?}");
    }
    Ok(())
}

fn call(bytes: usize) -> Call {
    let conversation = Conversation {
        system: "You review.".to_owned(),
        messages: vec![Message::user("x".repeat(bytes))],
        tools: Vec::new(),
    };
    let mut call = Call::new(conversation, Duration::from_hours(1));
    call.parameters.max_tokens = Some(1_000);
    call.metadata.agent_id = Some("reviewer".to_owned());
    call
}

async fn round(driver: &dyn ModelDriver, call: &Call) -> Result<Duration, ModelError> {
    let start = Instant::now();
    for _ in 0..CALLS {
        driver.converse(call).await?;
    }
    Ok(start.elapsed() / CALLS)
}

async fn streams(driver: &dyn ModelDriver, call: &Call) -> Result<Duration, ModelError> {
    let start = Instant::now();
    for _ in 0..CALLS {
        let mut events = driver.stream(call).await?;
        while let Some(event) = events.next().await {
            event?;
        }
    }
    Ok(start.elapsed() / CALLS)
}
