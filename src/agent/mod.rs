//! The agent: carries a run out, step by step, with a checkpoint after each.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use anyhow::Context;
use contract::Clock;
use futures::StreamExt;
use futures::stream::FuturesUnordered;

use crate::model::{ModelDriver, ToolUse};
use crate::store::{RunRecord, Store};

pub mod budget;
pub mod memory;
#[cfg(feature = "aws")]
pub mod memory_agentcore;
pub mod planner;
pub mod prompts;
pub mod run;
pub mod task;
pub mod toolbox;

pub use budget::{Budget, Spent};
pub use memory::{
    History, Lesson, Outcome as RuleOutcome, Recollection, SessionMemory, StoreMemory,
};
pub use run::{Call, Leader, Run, Step};
pub use task::{ProfileWindow, Task, TaskFile, Workload};
pub use toolbox::Toolbox;

/// Asked before every step.
pub type Stop = Arc<dyn Fn() -> bool + Send + Sync>;
/// Told after every step.
pub type OnStep = Arc<dyn Fn(&Run) + Send + Sync>;

/// What carries a run out.
pub struct Agent {
    pub model: Option<Arc<dyn ModelDriver>>,
    pub planner: Arc<dyn ModelDriver>,
    pub toolbox: Toolbox,
    pub store: Arc<dyn Store>,
    pub clock: Clock,
    /// The run as of its last checkpoint, for tools that need to see it.
    pub view: View,
    /// Whether the run should stop at its next step: a newer push, a lost lease, a shutdown.
    pub stop: Stop,
    /// For progress displays and liveness.
    pub on_step: OnStep,
}

/// A shared view of a run in progress.
#[derive(Clone, Default)]
pub struct View(Arc<Mutex<Option<Run>>>);

impl View {
    pub fn set(&self, run: &Run) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(run.clone());
    }

    pub fn get(&self) -> Option<Run> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// How driving a run came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Finished,
    /// Told to stop; the run can be resumed.
    Stopped,
    /// The report could not be posted. The run can be resumed at the posting.
    NotPosted,
}

impl Agent {
    /// Carries the run on from where it stands.
    pub async fn drive(&self, run: &mut Run, revision: &mut u64) -> anyhow::Result<Outcome> {
        loop {
            if (self.stop)() {
                return Ok(Outcome::Stopped);
            }
            self.view.set(run);
            match run.step() {
                Step::Ask(leader) => self.ask(run, leader).await,
                Step::CallTools(uses) => {
                    if !self.call_tools(run, revision, &uses).await? {
                        return Ok(Outcome::NotPosted);
                    }
                    continue;
                }
                Step::Finished => return Ok(Outcome::Finished),
            }
            self.checkpoint(run, revision).await?;
        }
    }

    async fn ask(&self, run: &mut Run, leader: Leader) {
        let driver = match leader {
            Leader::Model => self.model.as_ref().unwrap_or(&self.planner),
            Leader::Planner => &self.planner,
        };
        let asked = Instant::now();
        // The planner is never out of time: it is what finishes a run whose time is over.
        let deadline = match leader {
            Leader::Model => run.budget.time_left(&run.spent),
            Leader::Planner => std::time::Duration::from_mins(1),
        };
        match driver.converse(&run.conversation, deadline).await {
            Ok(reply) => run.on_reply(reply, asked.elapsed()),
            Err(error) => {
                tracing::warn!(%error, driver = driver.name(), "the model has no reply; the planner goes on");
                run.on_model_error(&error, asked.elapsed());
            }
        }
    }

    /// Calls tools side by side, and checkpoints each as it ends so that none is repeated. False: not posted.
    async fn call_tools(
        &self,
        run: &mut Run,
        revision: &mut u64,
        uses: &[ToolUse],
    ) -> anyhow::Result<bool> {
        let called = Instant::now();
        let mut counted = std::time::Duration::ZERO;
        let mut calls: FuturesUnordered<_> = uses
            .iter()
            .map(|tool_use| async move { (tool_use, self.toolbox.call(tool_use).await) })
            .collect();
        while let Some((tool_use, result)) = calls.next().await {
            let result = result.with_context(|| format!("call {}", tool_use.name))?;
            if tool_use.name == run::POST
                && !result.is_error
                && result.content["status"] == "failure"
            {
                return Ok(false);
            }
            // Side by side, so only the time since the last result is new.
            let elapsed = called.elapsed();
            run.on_tool_result(result, elapsed.saturating_sub(counted));
            counted = elapsed;
            self.checkpoint(run, revision).await?;
        }
        Ok(true)
    }

    async fn checkpoint(&self, run: &Run, revision: &mut u64) -> anyhow::Result<()> {
        let state = serde_json::to_string(run).context("write the run's state")?;
        self.store
            .checkpoint(&run.id, &state, *revision + 1, (self.clock)())
            .await
            .context("keep the run's state")?;
        *revision += 1;
        (self.on_step)(run);
        Ok(())
    }
}

/// A run as it was kept, and its revision.
pub fn resume(record: &RunRecord) -> anyhow::Result<(Run, u64)> {
    let run = serde_json::from_str(&record.state)
        .with_context(|| format!("read the kept state of run {}", record.run_id))?;
    Ok((run, record.revision))
}
