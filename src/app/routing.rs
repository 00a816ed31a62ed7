//! Which model is asked where the caller leaves it to the gateway: the router's decision, from what is known of the call,
//! of the money and of the models' health, and what is learned from how it went.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use contract::{Timestamp, fnv_1a};
use model::budget::{Budget, Scope};
use model::catalog::Model;
use model::gateway::{Decided, Learned, Route};
use model::limit::Limits;
use model::router::{
    Candidate, Complexity, Conduct, Decision, Experience, Money, Outcome, Question, Size, Task,
    Work, decide,
};
use model::{Call, estimate, normalize};
use tokio::time::timeout;

use super::CLOCK;
use crate::agent;
use crate::store::SqliteExperience;

/// What may come out where a call does not say.
const USUAL_OUTPUT: u32 = 4096;
/// A line of a prompt is taken for so many tokens, by feel.
const TOKENS_A_LINE: u64 = 10;
/// A review asks about so often, and a task is taken for one; by feel.
const CALLS_OF_A_TASK: u64 = 10;
const HOUR: Duration = Duration::from_hours(1);
/// A file that takes longer to write waits for the next time.
const KEPT_WITHIN: Duration = Duration::from_secs(10);

/// Decides, and learns.
pub(super) struct Routing {
    experience: Mutex<Experience>,
    /// Whether there is something to keep.
    learned: AtomicBool,
    store: Option<SqliteExperience>,
    limits: Arc<Limits>,
    budget: Arc<Budget>,
    /// The share of decisions that try something out.
    explore: f64,
    started: Timestamp,
    calls: AtomicU64,
}

impl Routing {
    /// With what was learned before, if it was kept.
    pub(super) async fn open(
        limits: Arc<Limits>,
        budget: Arc<Budget>,
        explore: f64,
        store: Option<SqliteExperience>,
    ) -> Self {
        let mut experience = match &store {
            Some(store) => match store.read().await {
                Ok(experience) => experience,
                Err(error) => {
                    tracing::warn!(%error, "what was learned of models cannot be read; it is learned anew");
                    Experience::default()
                }
            },
            None => Experience::default(),
        };
        let learned = experience.date(CLOCK());
        Self {
            experience: Mutex::new(experience),
            learned: AtomicBool::new(learned),
            store,
            limits,
            budget,
            explore,
            started: CLOCK(),
            calls: AtomicU64::new(0),
        }
    }

    /// The order of these routes for this call.
    pub(super) fn decide(&self, call: &Call, routes: &[&Route]) -> Decided {
        let Some(first) = routes.first() else { return Decided::default() };
        self.calls.fetch_add(1, Ordering::Relaxed);
        let (conversation, model) = (&call.conversation, &first.model.id);
        let estimated = estimate::conversation(conversation);
        let input_tokens = normalize::input_tokens_of(estimated, model, first.driver.name());
        let (task, size) = work_of(call, input_tokens);
        let candidates = self.candidates(routes);
        let question = Question {
            now: CLOCK(),
            task,
            size,
            input_tokens,
            max_tokens: call.parameters.max_tokens.unwrap_or(USUAL_OUTPUT),
            needs_tools: !conversation.tools.is_empty(),
            budget: self.money(call),
            candidates: &candidates,
        };
        let decision = decide(&question, &self.experience(), self.seed(call));
        let decided = Decided { estimated: Some(estimated), ..decided(&decision, routes, task) };
        let chosen = decided.order.first().and_then(|&at| routes.get(at));
        tracing::info!(
            model_id = chosen.map_or("", |route| route.model.id.as_str()),
            trace_id = call.metadata.trace_id.as_deref().unwrap_or_default(),
            task_id = call.metadata.task_id.as_deref().unwrap_or_default(),
            why = decided.why.join("; "),
            "a model was chosen"
        );
        decided
    }

    /// Learns from what became of a call at a model that was chosen here: how usable the answer was, and what it took.
    pub(super) fn learn(&self, learned: &Learned<'_>) {
        let Work { task, complexity } = learned.work;
        self.experience().record(&Outcome {
            at: CLOCK(),
            model_id: learned.model_id.to_owned(),
            task,
            complexity,
            usable: learned.usable,
            latency: learned.latency,
            cost_usd: learned.cost_usd.unwrap_or_default(),
        });
        self.learned.store(true, Ordering::Relaxed);
    }

    /// Learns from a review that a model led from its first to its last turn.
    pub(super) fn judge(&self, review: &agent::Task, model_id: &str, conduct: Conduct) {
        let quality = conduct.quality();
        let said = quality.map_or("not to be judged".to_owned(), |quality| format!("{quality:.2}"));
        tracing::info!(model_id, quality = said, ?conduct, "a review was judged");
        let Some(quality) = quality else { return };
        let complexity = Complexity::of(size_of(review));
        let work = Work { task: Task::Review, complexity };
        self.experience().judge(model_id, work, quality, CLOCK());
        self.learned.store(true, Ordering::Relaxed);
    }

    /// Writes down what was learned, if anything was.
    pub(super) async fn keep(&self) {
        let Some(store) = &self.store else { return };
        if !self.learned.swap(false, Ordering::Relaxed) {
            return;
        }
        let experience = self.experience().clone();
        match timeout(KEPT_WITHIN, store.keep(&experience, CLOCK())).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                self.learned.store(true, Ordering::Relaxed);
                tracing::warn!(%error, "what was learned of models was not kept; it is tried again");
            }
            Err(_) => self.learned.store(true, Ordering::Relaxed),
        }
    }

    fn candidates(&self, routes: &[&Route]) -> Vec<Candidate> {
        let candidate = |route: &&Route| {
            let gate = self.limits.snapshot_of(&route.key());
            let rests = gate.is_some_and(|gate| gate.breaker == "open");
            Candidate {
                model: Model::clone(&route.model),
                driver: route.driver.name(),
                left_alone: rests
                    .then(|| "it failed too often lately and is left alone for a while".to_owned()),
            }
        };
        routes.iter().map(candidate).collect()
    }

    /// What a call may spend: as much as is left of the narrowest account, for as many calls as are likely to come.
    fn money(&self, call: &Call) -> Option<Money> {
        let now = CLOCK();
        let (since, calls) = (now.since(self.started), self.calls.load(Ordering::Relaxed));
        let left = self
            .budget
            .left(&call.metadata)
            .into_iter()
            .map(|(scope, left)| (left.usd(), calls_to_come(&scope, now, since, calls)));
        let request = self.budget.caps().request_usd.map(|usd| (usd, 1));
        narrowest(left.chain(request))
    }

    /// Calls of one task draw the same, so that its models do not change from turn to turn.
    fn seed(&self, call: &Call) -> Option<u64> {
        let mut random = match &call.metadata.task_id {
            Some(task) => fastrand::Rng::with_seed(fnv_1a(task)),
            None => fastrand::Rng::new(),
        };
        (random.f64() < self.explore).then(|| random.u64(..))
    }

    fn experience(&self) -> MutexGuard<'_, Experience> {
        // Nothing under this lock panics.
        self.experience.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Those that cannot answer come last, so that whoever asks is told by the gateway itself why not.
fn decided(decision: &Decision, routes: &[&Route], task: Task) -> Decided {
    let considered = decision.order.iter().map(|considered| considered.model_id.as_str());
    let out = decision.out.iter().map(|out| out.model_id.as_str());
    let mut order: Vec<usize> = Vec::with_capacity(routes.len());
    for id in considered.chain(out) {
        let untaken = |at: &usize| routes[*at].model.id == id && !order.contains(at);
        if let Some(at) = (0..routes.len()).find(untaken) {
            order.push(at);
        }
    }
    let why = decision.to_string().lines().map(ToOwned::to_owned).collect();
    let work = Some(Work { task, complexity: decision.complexity });
    Decided { order, why, reason: decision.reason(), work, estimated: None }
}

/// A review by the change that it opens with; anything else by its length.
fn work_of(call: &Call, input_tokens: u64) -> (Task, Size) {
    let Some(review) = agent::Task::of(&call.conversation) else {
        let lines = input_tokens / TOKENS_A_LINE;
        return (Task::Explain, Size { lines, files: 1, languages: 1 });
    };
    (Task::Review, size_of(&review))
}

fn size_of(review: &agent::Task) -> Size {
    let kind = |path: &str| Path::new(path).extension().map(ToOwned::to_owned);
    let kinds: BTreeSet<_> = review.files.iter().filter_map(|file| kind(&file.path)).collect();
    let lines: usize = review.files.iter().map(|file| file.lines_changed).sum();
    Size { lines: lines as u64, files: review.files_in_total as u64, languages: kinds.len() as u64 }
}

/// As many as came by the hour until now, until the account begins anew.
fn calls_to_come(scope: &Scope, now: Timestamp, since: Duration, calls: u64) -> u64 {
    let Some(renews) = scope.renews() else { return CALLS_OF_A_TASK };
    let hours = renews.since(now).as_secs_f64() / HOUR.as_secs_f64();
    let by_the_hour = calls as f64 / (since.max(HOUR).as_secs_f64() / HOUR.as_secs_f64());
    ((by_the_hour * hours).ceil() as u64).max(1)
}

/// The least that is left of any, shared as the one is that has the least for each call.
fn narrowest(accounts: impl Iterator<Item = (f64, u64)>) -> Option<Money> {
    let (mut left, mut share) = (f64::INFINITY, f64::INFINITY);
    for (usd, calls) in accounts {
        left = left.min(usd);
        share = share.min(usd / calls.max(1) as f64);
    }
    let calls = if share > 0.0 { (left / share).ceil() } else { 1.0 };
    left.is_finite().then_some(Money { left_usd: left, calls: calls as u32 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_lasts_for_as_many_calls_as_came_by_the_hour() {
        let at = |text: &str| Timestamp::parse_rfc3339(text).unwrap();
        let now = at("2026-11-21T18:00:00Z");
        let day = Scope::Day("2026-11-21".parse().unwrap());
        let hours = |hours: u64| Duration::from_hours(hours);
        assert_eq!(calls_to_come(&day, now, hours(2), 20), 60);
        // A process of a minute has not seen an hour.
        assert_eq!(calls_to_come(&day, now, Duration::from_mins(1), 20), 120);
        assert_eq!(calls_to_come(&day, now, hours(2), 0), 1);
        assert_eq!(calls_to_come(&Scope::Task("pr-7".to_owned()), now, hours(2), 20), 10);
    }

    #[test]
    fn the_narrowest_account_decides() {
        let money = |accounts: &[(f64, u64)]| narrowest(accounts.iter().copied());
        assert_eq!(money(&[]), None);
        assert_eq!(money(&[(20.0, 100)]), Some(Money { left_usd: 20.0, calls: 100 }));
        // Half a dollar for this call alone, and a fifth of a dollar for each of the day.
        let both = money(&[(20.0, 100), (0.5, 1)]);
        assert_eq!(both, Some(Money { left_usd: 0.5, calls: 3 }));
        assert_eq!(money(&[(0.0, 5)]), Some(Money { left_usd: 0.0, calls: 1 }));
    }

    #[test]
    fn a_plain_call_is_as_large_as_its_prompt() {
        let conversation = model::Conversation {
            system: String::new(),
            messages: vec![model::Message::user("Why?")],
            tools: Vec::new(),
        };
        let call = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build()
            .unwrap()
            .block_on(async { Call::new(conversation, Duration::from_secs(1)) });
        let complexity = |tokens| Complexity::of(work_of(&call, tokens).1);
        assert_eq!(
            [900, 3_000, 9_000].map(complexity),
            [Complexity::Small, Complexity::Medium, Complexity::Large]
        );
    }
}
