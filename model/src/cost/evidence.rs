//! What recommendations are made from: calls by model, what they share, how long they are.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use contract::Timestamp;

use super::prefix::Prefix;
use super::record::CallRecord;
use crate::budget::Nanodollars;
use crate::reply::Usage;

/// More than these are left out, so that calls without end fit into the memory.
const MOST_MODELS: usize = 1000;
const MOST_PREFIXES: usize = 10_000;
const MOST_TASKS: usize = 10_000;
/// How long a prefix stays in a cache after it was last read:
/// <https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html>
pub(super) const CACHE_LASTS: Duration = Duration::from_mins(5);

/// Calls, as they came. Only answered ones with counted tokens count.
#[derive(Debug, Default)]
pub struct Evidence {
    /// By model and driver, which may have other prices.
    pub(super) models: BTreeMap<(String, String), Calls>,
    first: Option<Timestamp>,
}

/// Those of one model through one driver.
#[derive(Debug, Default)]
pub(super) struct Calls {
    pub(super) count: u64,
    pub(super) usage: Usage,
    pub(super) cost: Nanodollars,
    pub(super) sizes: Vec<Size>,
    pub(super) prefixes: HashMap<u64, Repeated>,
    tasks: HashMap<String, u32>,
    pub(super) task_names: Vec<String>,
}

/// One call: what it told, what was answered, for which task.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    pub(super) told: u64,
    pub(super) answered: u64,
    pub(super) task: Option<u32>,
}

/// A prefix that calls share.
#[derive(Debug)]
pub(super) struct Repeated {
    pub(super) calls: u64,
    /// Those that came while a cache would still have had it.
    pub(super) in_time: u64,
    pub(super) tokens: u64,
    /// Whether any of them read from a cache.
    pub(super) reads: bool,
    last: Timestamp,
}

impl Evidence {
    /// Calls are added in the order of their times.
    pub fn add(&mut self, call: &CallRecord) {
        self.first = self.first.or(Some(call.at));
        let model = (call.model.clone(), call.driver.clone());
        let known = self.models.contains_key(&model);
        if call.error.is_some() || call.estimated || !(known || self.models.len() < MOST_MODELS) {
            return;
        }
        self.models.entry(model).or_default().add(call);
    }

    /// Days from the first call to `now`, at least one: less says nothing of a month.
    pub fn days(&self, now: Timestamp) -> f64 {
        let spanned = self.first.map_or(Duration::ZERO, |first| now.since(first));
        (spanned.as_secs_f64() / 86_400.0).max(1.0)
    }
}

impl Calls {
    fn add(&mut self, call: &CallRecord) {
        let Some(cost) = call.cost else { return };
        self.count += 1;
        self.usage += call.usage;
        self.cost += cost;
        let task = call.task.as_ref().and_then(|task| self.task(task));
        self.sizes.push(Size { told: call.told(), answered: call.usage.output_tokens, task });
        if let Some(prefix) = call.prefix {
            self.repeat(prefix, call);
        }
    }

    fn repeat(&mut self, prefix: Prefix, call: &CallRecord) {
        let reads = call.usage.cache_read_tokens > 0;
        if let Some(repeated) = self.prefixes.get_mut(&prefix.hash) {
            repeated.calls += 1;
            repeated.in_time += u64::from(call.at.since(repeated.last) < CACHE_LASTS);
            repeated.reads |= reads;
            repeated.last = call.at;
        } else if self.prefixes.len() < MOST_PREFIXES {
            let tokens = prefix.tokens;
            let first = Repeated { calls: 1, in_time: 0, tokens, reads, last: call.at };
            self.prefixes.insert(prefix.hash, first);
        }
    }

    fn task(&mut self, task: &str) -> Option<u32> {
        if let Some(known) = self.tasks.get(task) {
            return Some(*known);
        }
        let number = u32::try_from(self.task_names.len()).ok()?;
        if self.task_names.len() >= MOST_TASKS {
            return None;
        }
        self.tasks.insert(task.to_owned(), number);
        self.task_names.push(task.to_owned());
        Some(number)
    }
}
