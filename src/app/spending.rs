//! What may be spent on models, and where it is written down.

use std::sync::Arc;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use model::budget::{Budget, Caps};
use model::cost::{CallLog, Recorder, upkeep};
use tokio::sync::oneshot;

use super::{CLOCK, kept};
use crate::config::Config;
use crate::store::Database;

/// A budget and, with a table or a file, the records of what calls cost.
pub(super) struct Spending {
    pub(super) budget: Arc<Budget>,
    pub(super) recorder: Option<Arc<Recorder>>,
}

impl Spending {
    /// Processes that share a table or a file stay below one cap together, and write down there what calls cost.
    pub(super) async fn open(
        config: &Config,
        caps: Caps,
        file: Option<Database>,
    ) -> anyhow::Result<Self> {
        let ledger = kept::ledger(config, file.as_ref()).await?;
        let calls = kept::calls(config, file).await?;
        let recorder = calls.map(|calls| Arc::new(Recorder::new(calls as Arc<dyn CallLog>)));
        Ok(Self { budget: Budget::new(caps, ledger, CLOCK), recorder })
    }

    /// Writes down what was spent, until `stopped`, and then all that is left.
    pub(super) async fn keep(&self, stopped: impl Future<Output = ()>) {
        upkeep(&self.budget, self.recorder.as_deref(), stopped).await;
    }
}

/// Carries `work` out while `keep` keeps, which is told when the work has ended and may then end, too.
pub(super) async fn while_kept<T, K: Future<Output = ()>>(
    work: impl Future<Output = T>,
    keep: impl FnOnce(BoxFuture<'static, ()>) -> K,
) -> T {
    let (tell, told) = oneshot::channel::<()>();
    let work = async {
        let done = work.await;
        drop(tell);
        done
    };
    // Dropped is told, too.
    let told = told.map(drop).boxed();
    tokio::join!(work, keep(told)).0
}
