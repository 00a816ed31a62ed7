//! What has to be done every second beside the calls: accounts are settled, records written.

use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use super::recorder::Recorder;
use crate::budget::Budget;

const EVERY: Duration = Duration::from_secs(1);

/// Goes on until `stop`, and then gives back and writes down all that is left.
pub async fn upkeep(budget: &Budget, recorder: Option<&Recorder>, stop: impl Future<Output = ()>) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            _ = ticks.tick() => {
                flush(budget, recorder, false).await;
            }
            recorder = many(recorder) => recorder.flush().await,
        }
    }
    flush(budget, recorder, true).await;
}

/// The recorder, when it has much to write.
async fn many(recorder: Option<&Recorder>) -> &Recorder {
    match recorder {
        Some(recorder) => {
            recorder.many().await;
            recorder
        }
        None => std::future::pending().await,
    }
}

async fn flush(budget: &Budget, recorder: Option<&Recorder>, all: bool) {
    budget.flush(all).await;
    if let Some(recorder) = recorder {
        recorder.flush().await;
    }
}
