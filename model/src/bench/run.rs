//! Asks the models, and keeps what came of it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use tokio::time::{Instant, timeout_at};

use super::answer::Answer;
use super::plan::{Slot, plan};
use super::score::score;
use super::suite::{Suite, Task};
use crate::{
    Call, Cause, ErrorKind, Event, Metadata, ModelDriver, ModelError, Parameters, Reply, Usage,
};

/// A model whose first answers all failed has no better ones.
const GIVE_UP_AFTER: usize = 5;
/// More than the gateway needs to end a call at its deadline.
const GRACE: Duration = Duration::from_secs(5);
/// Of a message of a service.
const LONGEST_MESSAGE: usize = 500;
/// What is reserved by calls under way is given back within this time, as the budget says.
const SOON: Duration = Duration::from_secs(2);

/// A model in a benchmark, or why it cannot be asked.
pub struct Contender {
    pub model: String,
    pub driver: String,
    /// Asks this model and no other.
    pub asks: Result<Arc<dyn ModelDriver>, String>,
}

/// How it is asked.
#[derive(Debug, Clone)]
pub struct Settings {
    pub seed: u64,
    pub repeat: u32,
    /// Calls at a time, of all models together.
    pub concurrency: usize,
    /// For each call.
    pub within: Duration,
    pub metadata: Metadata,
}

/// What came of one call.
#[derive(Debug, Clone, PartialEq)]
pub enum Trial {
    Answered {
        task: usize,
        score: f64,
        latency: Duration,
        /// Up to the first piece, where the answer came in pieces.
        first: Option<Duration>,
        usage: Usage,
        usage_is_estimated: bool,
        cost_usd: Option<f64>,
    },
    Failed {
        task: usize,
        kind: ErrorKind,
        message: String,
    },
}

/// All that came of one model, in the order of the plan.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Trials {
    pub all: Vec<Trial>,
    /// Why it was not asked all.
    pub stopped: Option<String>,
}

/// All models in their order.
#[derive(Debug, Clone, PartialEq)]
pub struct Ran {
    pub models: Vec<Trials>,
    /// Whether someone ended it.
    pub interrupted: bool,
}

/// How far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress<'a> {
    pub done: usize,
    pub planned: usize,
    /// The model that was asked last.
    pub model: &'a str,
}

/// Asks everyone everything, until it is done or `interrupt` comes; a call that is under way then is canceled, and counts
/// neither as right nor as wrong.
pub async fn run(
    suite: &Suite,
    contenders: &[Contender],
    settings: &Settings,
    interrupt: impl Future<Output = ()>,
    mut progress: impl FnMut(Progress<'_>),
) -> Ran {
    let slots = plan(contenders.len(), suite.tasks.len(), settings.repeat, settings.seed);
    let planned = slots.len();
    let mut course = Course::new(contenders, slots);
    let mut asked = FuturesUnordered::new();
    let mut interrupt = std::pin::pin!(interrupt);
    let mut done = 0;
    loop {
        while asked.len() < settings.concurrency.max(1) && !course.waits {
            let Some((at, slot)) = course.next() else { break };
            let Some(contender) = contenders.get(slot.contender) else { continue };
            let (Ok(driver), Some(task)) = (&contender.asks, suite.tasks.get(slot.task)) else {
                continue;
            };
            asked.push(async move { (at, slot, ask(&**driver, task, settings, slot).await) });
        }
        let ended = tokio::select! {
            biased;
            () = &mut interrupt => return course.ended(true),
            ended = asked.next() => ended,
        };
        let Some((at, slot, came)) = ended else { return course.ended(false) };
        if course.takes_back(at, slot, &came, asked.len()) {
            continue;
        }
        done += 1;
        let model = contenders.get(slot.contender).map_or("", |contender| &contender.model);
        progress(Progress { done, planned, model });
        course.on_ended(at, slot, came);
    }
}

async fn ask(
    driver: &dyn ModelDriver,
    task: &Task,
    settings: &Settings,
    slot: Slot,
) -> Result<Trial, ModelError> {
    let mut call = Call::new(Arc::clone(&task.conversation), settings.within);
    call.metadata = settings.metadata.clone();
    // As deterministic as models get; where one refuses it, the gateway leaves it out.
    call.parameters = Parameters {
        max_tokens: Some(task.max_tokens),
        temperature: Some(0.0),
        ..Parameters::default()
    };
    let begun = Instant::now();
    let heard = timeout_at(call.deadline + GRACE, hear(driver, &call, begun)).await;
    let heard = heard.unwrap_or_else(|_| {
        Err(ModelError::new(Cause::Timeout, "the time for this answer is over"))
    })?;
    Ok(Trial::Answered {
        task: slot.task,
        score: score(&Answer::of(&heard.reply), &task.expected, &task.lacks),
        latency: begun.elapsed(),
        first: heard.first,
        usage: heard.reply.usage,
        usage_is_estimated: heard.reply.usage_is_estimated,
        cost_usd: heard.reply.cost_usd,
    })
}

struct Heard {
    reply: Reply,
    first: Option<Duration>,
}

async fn hear(driver: &dyn ModelDriver, call: &Call, begun: Instant) -> Result<Heard, ModelError> {
    let mut events = driver.stream(call).await?;
    let (mut pieces, mut first) = (0_u64, None);
    while let Some(event) = events.next().await {
        match event? {
            Event::Finished(reply) => {
                // A single piece is an answer that was not streamed.
                return Ok(Heard { reply: *reply, first: first.filter(|_| pieces > 1) });
            }
            Event::Started { .. } => {}
            _ => {
                pieces += 1;
                first = first.or_else(|| Some(begun.elapsed()));
            }
        }
    }
    Err(ModelError::new(Cause::Interrupted, "the answer ended without its end"))
}

/// Who is still asked, and what came so far. Does no I/O.
struct Course {
    left: VecDeque<(usize, Slot)>,
    models: Vec<Standing>,
    /// Until a call ends, nothing more is asked.
    waits: bool,
}

#[derive(Default)]
struct Standing {
    /// With their place in the plan: calls end in another order than they begin.
    trials: Vec<(usize, Trial)>,
    answered: bool,
    stopped: Option<String>,
}

impl Course {
    fn new(contenders: &[Contender], slots: Vec<Slot>) -> Self {
        let standing = |contender: &Contender| Standing {
            stopped: contender.asks.as_ref().err().map(|why| brief(why)),
            ..Standing::default()
        };
        let models = contenders.iter().map(standing).collect();
        Self { left: slots.into_iter().enumerate().collect(), models, waits: false }
    }

    /// The next question to a model that is still asked.
    fn next(&mut self) -> Option<(usize, Slot)> {
        while let Some((at, slot)) = self.left.pop_front() {
            if self.models.get(slot.contender).is_some_and(|model| model.stopped.is_none()) {
                return Some((at, slot));
            }
        }
        None
    }

    /// Calls under way hold more money than they will cost. What was refused for that is asked when one of them has ended.
    fn takes_back(
        &mut self,
        at: usize,
        slot: Slot,
        came: &Result<Trial, ModelError>,
        under_way: usize,
    ) -> bool {
        let held = |error: &ModelError| {
            error.cause == Cause::Budget && error.retry_after.is_some_and(|wait| wait <= SOON)
        };
        self.waits = under_way > 0 && came.as_ref().is_err_and(held);
        if self.waits {
            self.left.push_front((at, slot));
        }
        self.waits
    }

    fn on_ended(&mut self, at: usize, slot: Slot, came: Result<Trial, ModelError>) {
        let Some(model) = self.models.get_mut(slot.contender) else { return };
        let error = match came {
            Ok(trial) => {
                model.answered = true;
                model.trials.push((at, trial));
                return;
            }
            Err(error) => error,
        };
        let message = brief(&error.to_string());
        // It was not asked, and what it cannot pay now it cannot pay later.
        if error.cause == Cause::Budget {
            model.stopped.get_or_insert(message);
            return;
        }
        if !model.answered && model.trials.len() + 1 >= GIVE_UP_AFTER {
            let said = format!("given up after {GIVE_UP_AFTER} failures; the last: {message}");
            model.stopped.get_or_insert(said);
        }
        let failed = Trial::Failed { task: slot.task, kind: error.kind(), message };
        model.trials.push((at, failed));
    }

    fn ended(self, interrupted: bool) -> Ran {
        let trials = |mut model: Standing| {
            model.trials.sort_by_key(|(at, _)| *at);
            let all = model.trials.into_iter().map(|(_, trial)| trial).collect();
            Trials { all, stopped: model.stopped }
        };
        Ran { models: self.models.into_iter().map(trials).collect(), interrupted }
    }
}

/// Messages come from services, and stand in tables.
fn brief(message: &str) -> String {
    let line = message.split_whitespace().collect::<Vec<_>>().join(" ");
    line.chars().filter(|letter| !letter.is_control()).take(LONGEST_MESSAGE).collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample::{contender, contenders, settings, suite};
    use super::*;

    async fn ran(contenders: &[Contender], settings: &Settings) -> Ran {
        run(&suite(20), contenders, settings, std::future::pending(), |_| {}).await
    }

    fn tasks(trials: &Trials) -> Vec<usize> {
        let task = |trial: &Trial| match trial {
            Trial::Answered { task, .. } | Trial::Failed { task, .. } => *task,
        };
        trials.all.iter().map(task).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn everyone_is_asked_the_same_in_the_same_order_however_fast_they_are() {
        let one = ran(&contenders(), &Settings { repeat: 2, ..settings() }).await;
        let other = ran(&contenders(), &Settings { repeat: 2, concurrency: 1, ..settings() }).await;
        assert_eq!(tasks(&one.models[0]).len(), 40);
        for models in [&one.models, &other.models] {
            assert_eq!(tasks(&models[0]), tasks(&models[1]));
            assert_eq!(tasks(&models[0]), tasks(&one.models[0]));
        }
        assert_eq!((tasks(&one.models[3]), one.interrupted), (vec![], false));
        assert_eq!(one.models[3].stopped.as_deref(), Some("no key <x>"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_is_timed_to_its_first_piece_and_to_its_end() {
        let ran = ran(&[contender("m", 2.0, |_| Ok("a"))], &settings()).await;
        let of_first_task = ran.models[0].all.iter().find_map(|trial| match trial {
            Trial::Answered { task: 0, score, latency, first, .. } => {
                Some((*score, latency.as_millis(), first.map(|first| first.as_millis())))
            }
            _ => None,
        });
        assert_eq!(of_first_task, Some((1.0, 2500, Some(2000))));
    }

    #[tokio::test(start_paused = true)]
    async fn a_model_that_never_answers_is_given_up() {
        let ran = ran(
            &[contender("m", 1.0, |_| Err(Cause::Auth))],
            &Settings { concurrency: 1, ..settings() },
        )
        .await;
        assert_eq!(ran.models[0].all.len(), GIVE_UP_AFTER);
        insta::assert_snapshot!(ran.models[0].stopped.as_deref().unwrap_or_default(), @"given up after 5 failures; the last: no access: <no> [31m");
    }

    #[tokio::test(start_paused = true)]
    async fn a_spent_budget_ends_a_model_and_counts_as_no_answer() {
        let answers = |task| if task == 7 { Err(Cause::Budget) } else { Ok("a") };
        let contenders = [contender("dear", 1.0, answers), contender("cheap", 1.0, |_| Ok("a"))];
        let ran = ran(&contenders, &Settings { concurrency: 1, ..settings() }).await;
        let [dear, cheap] = ran.models.as_slice() else { panic!() };
        assert!(dear.stopped.as_deref().is_some_and(|why| why.contains("budget")), "{dear:?}");
        assert_eq!(tasks(dear), tasks(cheap)[..dear.all.len()].to_vec());
        assert!(dear.all.len() < 20 && !tasks(dear).contains(&7));
        assert_eq!((cheap.all.len(), cheap.stopped.as_deref()), (20, None));
    }

    #[tokio::test(start_paused = true)]
    async fn what_came_before_an_interrupt_is_kept() {
        let (suite, contenders) = (suite(20), [contender("m", 1.0, |_| Ok("a"))]);
        let settings = Settings { concurrency: 1, ..settings() };
        let interrupt = tokio::time::sleep(Duration::from_secs(10));
        let mut told = Vec::new();
        let tell = |progress: Progress<'_>| told.push((progress.done, progress.planned));
        let ran = run(&suite, &contenders, &settings, interrupt, tell).await;
        let kept = ran.models[0].all.len();
        assert!(ran.interrupted && 0 < kept && kept < 10, "{kept}");
        assert_eq!(told.last(), Some(&(kept, 20)));
    }
}
