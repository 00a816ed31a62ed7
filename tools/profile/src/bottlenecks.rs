//! Where the time goes: samples added up per function.

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};

use contract::{Frame, Samples};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How many bottlenecks a model is told of.
pub const TOP: usize = 20;
/// How many of their callers, and from which share of the time on, %.
const CALLERS: usize = 40;
const CALLER_SHARE: f64 = 5.0;

/// One function and what it costs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Bottleneck {
    pub function_name: String,
    pub file_path: Option<String>,
    /// The line on which the function spends most, where the profile says lines.
    pub line_number: Option<u32>,
    /// Percent of the profile's weight with the function anywhere on the stack; recursion counts once.
    pub cpu_percentage: f64,
    /// Time in the function itself; `None` where the profile counts samples and does not say what one stands for.
    pub self_time_ms: Option<f64>,
    /// Time in the function and in what it calls; `None` as above.
    pub total_time_ms: Option<f64>,
    /// In how many samples the function occurs. Profiles count no calls: this is not how often it was called.
    pub invocation_count: u64,
}

/// Name and file: what makes a function the same in two stacks.
type Function<'a> = (&'a str, Option<&'a str>);

#[derive(Default)]
struct Cost {
    own: f64,
    total: f64,
    samples: u64,
    /// Weight for each line; lines on which the function was innermost count before those on which it called.
    lines: BTreeMap<u32, (f64, f64)>,
}

/// The [`TOP`] functions with most time of their own; then the callers behind them, by the time of all they call.
///
/// A loop that asks a database takes hardly any time itself, and is still where to look.
pub fn top(samples: &Samples) -> Vec<Bottleneck> {
    let mut functions = functions(samples);
    let callers = functions.split_off(functions.len().min(TOP));
    let mut callers: Vec<_> =
        callers.into_iter().filter(|caller| caller.cpu_percentage >= CALLER_SHARE).collect();
    callers.sort_by(|a, b| b.cpu_percentage.total_cmp(&a.cpu_percentage));
    callers.truncate(CALLERS);
    functions.extend(callers);
    functions
}

/// Every function of the samples, those with most time of their own first.
pub fn functions(samples: &Samples) -> Vec<Bottleneck> {
    let all: f64 = total_weight(samples);
    if all <= 0.0 {
        return Vec::new();
    }
    let mut costs: Vec<_> = costs(samples).into_iter().collect();
    costs.sort_by(|(a, a_cost), (b, b_cost)| rank(a_cost, b_cost).then_with(|| a.cmp(b)));
    costs
        .iter()
        .map(|(function, cost)| cost.bottleneck(*function, all, samples.ms_per_weight))
        .collect()
}

pub(crate) fn total_weight(samples: &Samples) -> f64 {
    samples.stacks.iter().map(|stack| stack.weight).filter(|weight| is_weight(*weight)).sum()
}

/// Two decimals: what a sampled figure can hold at most, and short in a report.
pub(crate) fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

fn is_weight(weight: f64) -> bool {
    weight > 0.0 && weight.is_finite()
}

fn costs(samples: &Samples) -> HashMap<Function<'_>, Cost> {
    let mut costs: HashMap<Function<'_>, Cost> = HashMap::new();
    // The stack in which each function was last counted, so that recursion counts once.
    let mut counted: HashMap<Function<'_>, usize> = HashMap::new();
    for (index, stack) in
        samples.stacks.iter().enumerate().filter(|(_, stack)| is_weight(stack.weight))
    {
        // Innermost first: of a recursive function the innermost line counts.
        for (depth, frame) in stack.frames.iter().rev().enumerate() {
            let function = function_of(frame);
            if counted.insert(function, index) != Some(index) {
                costs.entry(function).or_default().add(
                    stack.weight,
                    stack.samples,
                    depth == 0,
                    frame.line,
                );
            }
        }
    }
    costs
}

fn function_of(frame: &Frame) -> Function<'_> {
    (&frame.function, frame.file.as_deref())
}

fn rank(a: &Cost, b: &Cost) -> Ordering {
    b.own.total_cmp(&a.own).then(b.total.total_cmp(&a.total))
}

impl Cost {
    fn add(&mut self, weight: f64, samples: u64, innermost: bool, line: Option<u32>) {
        let own = if innermost { weight } else { 0.0 };
        self.own += own;
        self.total += weight;
        self.samples = self.samples.saturating_add(samples);
        if let Some(line) = line {
            let at = self.lines.entry(line).or_default();
            *at = (at.0 + own, at.1 + weight);
        }
    }

    fn hottest_line(&self) -> Option<u32> {
        let hotter = |a: &(f64, f64), b: &(f64, f64)| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1));
        // The first of equals, hence the reverse order: `max_by` keeps the last.
        self.lines.iter().rev().max_by(|(_, a), (_, b)| hotter(a, b)).map(|(line, _)| *line)
    }

    fn bottleneck(
        &self,
        (name, file): Function<'_>,
        all: f64,
        ms_per_weight: Option<f64>,
    ) -> Bottleneck {
        let time = |weight: f64| ms_per_weight.map(|ms| rounded(weight * ms));
        Bottleneck {
            function_name: name.to_owned(),
            file_path: file.map(ToOwned::to_owned),
            line_number: self.hottest_line(),
            cpu_percentage: rounded(self.total / all * 100.0),
            self_time_ms: time(self.own),
            total_time_ms: time(self.total),
            invocation_count: self.samples,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::read;

    fn told(text: &str, ms_per_weight: Option<f64>) -> Vec<String> {
        let mut samples = read("a.folded", text.as_bytes()).unwrap();
        samples.ms_per_weight = ms_per_weight;
        let tell = |b: &Bottleneck| {
            format!(
                "{}:{:?} {}% self {:?} total {:?} in {}",
                b.function_name,
                b.line_number,
                b.cpu_percentage,
                b.self_time_ms,
                b.total_time_ms,
                b.invocation_count
            )
        };
        functions(&samples).iter().map(tell).collect()
    }

    #[test]
    fn time_of_its_own_ranks_and_the_inclusive_share_is_told() {
        let text = "main (a.py:1);load (a.py:12);query 60\nmain (a.py:1);load (a.py:13) 30\nmain (a.py:2) 10\n";
        insta::assert_snapshot!(told(text, Some(10.0)).join("\n"), @"
        query:None 60% self Some(600.0) total Some(600.0) in 60
        load:Some(13) 90% self Some(300.0) total Some(900.0) in 90
        main:Some(2) 100% self Some(100.0) total Some(1000.0) in 100
        ");
    }

    #[test]
    fn counts_without_a_time_have_no_time() {
        assert_eq!(told("a 3", None), ["a:None 100% self None total None in 3"]);
    }

    #[test]
    fn recursion_counts_once() {
        assert_eq!(
            told("f;f;g;f 4\ng 4", None),
            ["g:None 100% self None total None in 8", "f:None 50% self None total None in 4"]
        );
    }

    #[test]
    fn the_same_name_in_two_files_is_two_functions() {
        assert_eq!(told("run (a.py:1) 1\nrun (b.py:1) 3", None).len(), 2);
    }

    #[test]
    fn only_the_first_twenty_are_told() {
        let text = (0..50).map(|i| format!("f{i} {}", i + 1)).collect::<Vec<_>>().join("\n");
        let samples = read("a.folded", text.as_bytes()).unwrap();
        let top = top(&samples);
        assert_eq!((top.len(), top[0].function_name.as_str()), (TOP, "f49"));
        assert_eq!(functions(&samples).len(), 50);
    }

    #[test]
    fn a_caller_without_time_of_its_own_is_told_too() {
        let text = (0..50).map(|i| format!("main;load;f{i} 100")).collect::<Vec<_>>().join("\n");
        let top = top(&read("a.folded", text.as_bytes()).unwrap());
        let names: Vec<_> = top.iter().skip(TOP).map(|hot| hot.function_name.as_str()).collect();
        assert_eq!(names, ["load", "main"]);
    }

    #[test]
    fn weights_of_another_source_are_not_trusted() {
        let mut samples = read("a.folded", b"a 1\nb 2\n").unwrap();
        samples.stacks[0].weight = f64::NAN;
        assert_eq!(functions(&samples).len(), 1);
        samples.stacks.truncate(1);
        assert!(functions(&samples).is_empty());
    }
}
