//! What the limits cost a call that waits for nothing: admitted and settled, with everything on.
//!
//! `cargo bench -p model --no-default-features --bench limits`. The shortest of several rounds counts: what else the
//! machine does is not ours. On several threads the rounds share one model, hence one lock.

#![expect(clippy::print_stdout, reason = "a benchmark prints")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use model::limit::{Gate, Limits, Outcome, Settings};

const ONE: Duration = Duration::from_micros(1);
const ROUNDS: u32 = 20;
const CALLS: u32 = 50_000;

fn main() -> Result<(), Failure> {
    let settings = Settings {
        tokens_per_minute: Some(u64::MAX >> 12),
        requests_per_second: Some(1e9),
        concurrency: 100_000,
        ..Settings::default()
    };
    let limits = Arc::new(Limits::new(settings));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let by_key = runtime.block_on(shortest(|| async {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
        for _ in 0..CALLS {
            let permit = limits.admit("bedrock/global.anthropic.claude", 5_000, deadline).await;
            permit?.settle(Outcome::Success, 700);
        }
        Ok(())
    }))?;
    let gate = limits.gate("bedrock/global.anthropic.claude");
    let held = runtime.block_on(shortest(|| calls(Arc::clone(&gate))))?;
    println!("admit and settle, by key: {by_key:?}; with the gate at hand: {held:?}");

    let threads = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let shared = runtime_of(threads)?.block_on(shortest(|| async {
        let tasks: Vec<_> = (0..threads).map(|_| tokio::spawn(calls(Arc::clone(&gate)))).collect();
        for task in tasks {
            task.await??;
        }
        Ok(())
    }))?;
    println!("{threads} threads at one gate, per call of each: {shared:?}");
    assert!(by_key.max(held) < ONE, "admitting took {by_key:?} or {held:?}, not {ONE:?}");
    Ok(())
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

async fn calls(gate: Arc<Gate>) -> Result<(), Failure> {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(30);
    for _ in 0..CALLS {
        gate.admit(5_000, deadline).await?.settle(Outcome::Success, 700);
    }
    Ok(())
}

/// One call's share of the shortest round.
async fn shortest<F: Future<Output = Result<(), Failure>>>(
    mut round: impl FnMut() -> F,
) -> Result<Duration, Failure> {
    let mut best = Duration::MAX;
    for _ in 0..ROUNDS {
        let start = Instant::now();
        round().await?;
        best = best.min(start.elapsed() / CALLS);
    }
    Ok(best)
}

fn runtime_of(threads: usize) -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_time().build()
}
