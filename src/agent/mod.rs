//! The agent: carries a run out, step by step, with a checkpoint after each.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context;
use contract::Clock;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use serde_json::Value;
use tracing::field::Empty;
use tracing::{Instrument, Span};

use crate::store::{RunRecord, Store};
use crate::telemetry::{ErrorType, Session, ToolCalled, Turned, spans};
use model::{Metadata, ModelDriver, ModelError, Reply, ToolUse};

pub mod budget;
#[cfg(feature = "aws")]
mod document;
pub mod memory;
#[cfg(feature = "aws")]
pub mod memory_agentcore;
pub mod packing;
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
pub use toolbox::{Called, Toolbox};

/// Whose calls of models these are, for caps and costs.
const AGENT: &str = "review";

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
    /// What this run tells of itself.
    pub session: Session,
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
        // A turn is a reply and the calls that it asks for. Calls of a reply from before a restart have none.
        let mut turn = Span::none();
        loop {
            if (self.stop)() {
                return Ok(Outcome::Stopped);
            }
            self.view.set(run);
            let led = run.leader;
            match run.step() {
                Step::Ask(leader) => {
                    turn = turn_span(run, leader);
                    let turned = self.ask(run, leader).instrument(turn.clone()).await;
                    self.keep(run, revision, self.session.turned(turned)).await?;
                }
                Step::CallTools(uses) => {
                    let called = self.call_tools(run, revision, &uses).instrument(turn.clone());
                    if !called.await? {
                        return Ok(Outcome::NotPosted);
                    }
                }
                Step::Finished => return Ok(Outcome::Finished),
            }
            if run.leader != led {
                self.session.handed_over(run.handed_over.as_deref().unwrap_or_default()).await;
            }
        }
    }

    async fn ask(&self, run: &mut Run, leader: Leader) -> Turned {
        let driver = match leader {
            Leader::Model => self.model.as_ref().unwrap_or(&self.planner),
            Leader::Planner => &self.planner,
        };
        let asked = Instant::now();
        // The planner is never out of time: it is what finishes a run whose time is over.
        let deadline = match leader {
            Leader::Model => run.budget.time_left(&run.spent),
            Leader::Planner => Duration::from_mins(1),
        };
        let mut call = model::Call::new(run.conversation.clone(), deadline);
        call.metadata = Metadata {
            agent_id: Some(AGENT.to_owned()),
            task_id: Some(run.id.clone()),
            trace_id: spans::trace_id(),
            ..Metadata::default()
        };
        let reply = driver.converse(&call).await;
        let turned = turned(driver.name(), &reply, asked.elapsed());
        note_on_span(&turned);
        match reply {
            Ok(reply) => run.on_reply(reply, turned.took),
            Err(error) => {
                tracing::warn!(%error, driver = driver.name(), "the model has no reply; the planner goes on");
                run.on_model_error(&error, turned.took);
            }
        }
        turned
    }

    /// Calls tools side by side, and checkpoints each as it ends so that none is repeated. False: not posted.
    async fn call_tools(
        &self,
        run: &mut Run,
        revision: &mut u64,
        uses: &[ToolUse],
    ) -> anyhow::Result<bool> {
        let begun = Instant::now();
        let mut counted = Duration::ZERO;
        let mut calls: FuturesUnordered<_> = uses
            .iter()
            .map(|tool_use| async move { (tool_use, self.toolbox.call(tool_use).await) })
            .collect();
        while let Some((tool_use, called)) = calls.next().await {
            let result = match &called.result {
                Ok(result) if called.error != Some(ErrorType::NotPosted) => result.clone(),
                _ => {
                    self.tell(tool_use, &called).await;
                    called.result.with_context(|| format!("call {}", tool_use.name))?;
                    return Ok(false);
                }
            };
            if called.error == Some(ErrorType::InvalidCall) {
                run.on_misfit();
            }
            // Side by side, so only the time since the last result is new.
            let elapsed = begun.elapsed();
            run.on_tool_result(result, elapsed.saturating_sub(counted));
            counted = elapsed;
            self.keep(run, revision, self.tell(tool_use, &called)).await?;
        }
        Ok(true)
    }

    /// What operators hear of a call.
    async fn tell(&self, tool_use: &ToolUse, called: &Called) {
        let content = called.result.as_ref().map_or(&Value::Null, |result| &result.content);
        let (input, error, took) = (&tool_use.input, called.error, called.took);
        let call = ToolCalled { tool: &called.tool, input, result: content, error, took };
        self.session.tool_called(call).await;
        match (called.tool.as_str(), error) {
            (run::POST, None) => self.session.posted(content["comment_url"].as_str(), took).await,
            (run::POST, Some(ErrorType::NotPosted)) => self.session.posted(None, took).await,
            (run::CARBON, None) => {
                content["co2e_grams"]
                    .as_f64()
                    .inspect(|&grams| self.session.footprint_calculated(grams));
            }
            _ => {}
        }
    }

    /// The checkpoint, and side by side with it what is told of the step: the store commits both at once.
    async fn keep(
        &self,
        run: &Run,
        revision: &mut u64,
        telling: impl Future<Output = ()>,
    ) -> anyhow::Result<()> {
        let (kept, ()) = tokio::join!(self.checkpoint(run, revision), telling);
        kept
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

/// Around a reply and the calls that it asks for.
fn turn_span(run: &Run, leader: Leader) -> Span {
    tracing::info_span!(
        "reasoning",
        leader = ?leader,
        step = run.conversation.messages.len(),
        otel.status_code = Empty,
        gen_ai.response.model = Empty,
        gen_ai.usage.input_tokens = Empty,
        gen_ai.usage.output_tokens = Empty,
    )
}

fn turned(driver: &'static str, reply: &Result<Reply, ModelError>, took: Duration) -> Turned {
    let turned = Turned { driver, took, ..Turned::default() };
    match reply {
        Ok(reply) => Turned {
            model: Some(reply.model_id.clone()),
            input_tokens: reply.usage.input_tokens,
            output_tokens: reply.usage.output_tokens,
            cached_tokens: reply.usage.cache_read_tokens + reply.usage.cache_write_tokens,
            tool_uses: reply.message.tool_uses().count(),
            usd: reply.cost_usd,
            ..turned
        },
        Err(error) => Turned { error: Some(error.to_string()), ..turned },
    }
}

/// Under OpenTelemetry's names for what models do, and as signed integers, which is what its attributes are.
fn note_on_span(turned: &Turned) {
    let span = Span::current();
    let Some(model) = &turned.model else {
        span.record("otel.status_code", "ERROR");
        return;
    };
    let tokens = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    span.record("gen_ai.response.model", model);
    span.record("gen_ai.usage.input_tokens", tokens(turned.input_tokens));
    span.record("gen_ai.usage.output_tokens", tokens(turned.output_tokens));
}

/// A run as it was kept, and its revision.
pub fn resume(record: &RunRecord) -> anyhow::Result<(Run, u64)> {
    let run = serde_json::from_str(&record.state)
        .with_context(|| format!("read the kept state of run {}", record.run_id))?;
    Ok((run, record.revision))
}
