//! Prompts that are much longer than others, and whose answers are not.

use std::collections::HashMap;

use super::analytics::percentile;
use super::evidence::{Calls, Size};
use super::recommend::{Kind, Saving};
use crate::catalog::Model;

/// Fewer calls have no percentile to speak of.
const LEAST_CALLS: usize = 40;
/// How much longer than the median a long prompt is.
const LONG: u64 = 4;
/// An answer that is longer than others by more than this made something of its long prompt.
const ANSWERED_MORE: f64 = 1.5;
const TASKS_NAMED: usize = 3;

/// What it would have saved to tell no more than the median call is told.
pub(super) fn find(known: &Model, calls: &Calls) -> Option<Saving> {
    let (model, price) = (&known.id, known.price?);
    if calls.sizes.len() < LEAST_CALLS {
        return None;
    }
    let mut told: Vec<u64> = calls.sizes.iter().map(|size| size.told).collect();
    told.sort_unstable();
    let (median, p95) = (percentile(&told, 0.5)?, percentile(&told, 0.95)?);
    let long: Vec<Size> = calls.sizes.iter().copied().filter(|size| size.told >= p95).collect();
    let (all_answers, long_answers) = (mean_answer(&calls.sizes), mean_answer(&long));
    if p95 < median.max(1) * LONG || long_answers > all_answers * ANSWERED_MORE {
        return None;
    }
    let surplus: u64 = long.iter().map(|size| size.told - median).sum();
    // What is cached costs less, so a token costs what tokens told to this model have cost on average.
    let usage = calls.usage;
    let answers_usd = usage.output_tokens as f64 * price.output / 1e6;
    let tokens_told = usage.total() - usage.output_tokens;
    let each = (calls.cost.usd() - answers_usd).max(0.0) / tokens_told.max(1) as f64;
    Some(Saving {
        kind: Kind::PromptSize,
        model: model.to_owned(),
        usd: surplus as f64 * each,
        advice: format!(
            "shorten the longest prompts of {model}: one call in twenty tells it {p95} tokens or more, the median call {median}, and the answers are no longer for it ({long_answers:.0} tokens on average, {all_answers:.0} over all){}",
            tasks(calls, &long)
        ),
        arithmetic: format!(
            "{} calls tell {surplus} tokens more than the median; x ${:.4} per million told",
            long.len(),
            each * 1e6
        ),
    })
}

fn mean_answer(sizes: &[Size]) -> f64 {
    let sum: u64 = sizes.iter().map(|size| size.answered).sum();
    sum as f64 / sizes.len().max(1) as f64
}

/// The tasks that tell the most in long prompts.
fn tasks(calls: &Calls, long: &[Size]) -> String {
    let mut by_task: HashMap<u32, u64> = HashMap::new();
    for size in long {
        if let Some(task) = size.task {
            *by_task.entry(task).or_default() += size.told;
        }
    }
    let mut by_task: Vec<_> = by_task.into_iter().collect();
    by_task.sort_unstable_by_key(|(task, told)| (std::cmp::Reverse(*told), *task));
    let names = by_task.iter().take(TASKS_NAMED);
    let names = names.filter_map(|(task, _)| calls.task_names.get(*task as usize));
    let names: Vec<&str> = names.map(String::as_str).collect();
    if names.is_empty() { String::new() } else { format!("; look at {}", names.join(", ")) }
}

#[cfg(test)]
mod tests {
    use contract::Timestamp;

    use super::super::record::CallRecord;
    use super::super::record::tests::record;
    use super::super::{Evidence, recommendations};
    use crate::catalog::Catalog;

    const SONNET: &str = "global.anthropic.claude-sonnet-5-5";

    fn found(long_answer: u64, long: u64) -> Vec<String> {
        let mut evidence = Evidence::default();
        for at in 0..100 {
            let call = if at % 16 == 0 {
                let task = Some(format!("pr-{}", at / 40));
                CallRecord { task, ..record(SONNET, at, long, long_answer) }
            } else {
                record(SONNET, at, 5000, 400)
            };
            evidence.add(&call);
        }
        let found = recommendations(&evidence, None, &Catalog::bundled(), Timestamp(86_400_000));
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn long_prompts_without_longer_answers_are_named_with_their_tasks() {
        insta::assert_snapshot!(found(410, 80_000).join("\n"), @"
        $31.50 a month: shorten the longest prompts of global.anthropic.claude-sonnet-5-5: one call in twenty tells it 80000 tokens or more, the median call 5000, and the answers are no longer for it (410 tokens on average, 401 over all); look at pr-0, pr-1, pr-2
          7 calls tell 525000 tokens more than the median; x $2.0000 per million told = $1.0500 in 1.0 days; x 30 / 1.0 = $31.50 a month
        ");
    }

    #[test]
    fn long_prompts_that_are_answered_at_length_and_even_ones_are_left_alone() {
        assert_eq!(found(4000, 80_000), Vec::<String>::new());
        assert_eq!(found(410, 15_000), Vec::<String>::new());
    }
}
