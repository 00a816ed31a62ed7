//! What has to be done every second beside the calls: accounts are settled, records written.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use super::recorder::Recorder;
use crate::budget::Budget;

const EVERY: Duration = Duration::from_secs(1);

/// Goes on until `stop`, and then gives back and writes down all that is left.
pub async fn upkeep(budget: Arc<Budget>, recorder: Arc<Recorder>, stop: impl Future<Output = ()>) {
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tokio::pin!(stop);
    loop {
        tokio::select! {
            () = &mut stop => break,
            _ = ticks.tick() => {
                budget.flush(false).await;
                recorder.flush().await;
            }
        }
    }
    budget.flush(true).await;
    recorder.flush().await;
}
