//! A call graph of CodeGuru Profiler as stacks with weights.
//!
//! The layout of what the service aggregates is undocumented. What is read here is the layout in which its agents
//! report, with all of it optional: `callgraph.children{name: {counts, file, line, children}}`.

use contract::{Frame, Stack};
use serde_json::{Map, Value};

const MOST_STACKS: usize = 200_000;

/// What a profile tells.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Profile {
    pub(crate) stacks: Vec<Stack>,
    pub(crate) ms_per_weight: Option<f64>,
    pub(crate) cpu_time_ms: Option<f64>,
    pub(crate) notes: Vec<String>,
}

pub(crate) fn profile(document: &Value) -> Profile {
    let empty = Map::new();
    let children = roots(document).unwrap_or(&empty);
    let counter = counter(children);
    let mut walk = Walk {
        counter,
        is_inclusive: is_inclusive(children, counter),
        path: Vec::new(),
        stacks: Vec::new(),
        dropped: 0,
    };
    walk.children(children);
    let mut notes = Vec::new();
    if walk.stacks.is_empty() {
        notes.push("the profile holds no call graph that this version can read".to_owned());
    }
    if walk.dropped > 0 {
        notes.push(format!("{} stacks beyond the first {MOST_STACKS} were left out", walk.dropped));
    }
    let agent = &document["agentMetadata"];
    Profile {
        stacks: walk.stacks,
        ms_per_weight: ms_per_weight(agent, counter),
        cpu_time_ms: number(&agent["cpuTimeInSeconds"])
            .filter(|seconds| *seconds > 0.0)
            .map(|seconds| seconds * 1_000.0),
        notes,
    }
}

fn roots(document: &Value) -> Option<&Map<String, Value>> {
    let graph = ["callgraph", "callGraph", "profile"]
        .iter()
        .find_map(|name| document.get(name))
        .unwrap_or(document);
    graph.get("children")?.as_object()
}

/// Which counter to weigh by. Time on the CPU is what costs energy; wall time is the next best.
fn counter(children: &Map<String, Value>) -> Option<&'static str> {
    const PREFERRED: [&str; 3] = ["CPU_TIME", "RUNNABLE", "WALL_TIME"];
    PREFERRED
        .into_iter()
        .find(|name| any(children, &|node| number(&node["counts"][*name]).is_some()))
}

fn any(children: &Map<String, Value>, holds: &dyn Fn(&Value) -> bool) -> bool {
    children.values().any(|node| {
        holds(node) || node["children"].as_object().is_some_and(|inner| any(inner, holds))
    })
}

/// Whether counts include those of the callees. Agents count a sample at its innermost frame alone; where every caller
/// counts at least what its callees count together, the counts are totals.
fn is_inclusive(children: &Map<String, Value>, counter: Option<&str>) -> bool {
    let covers = |node: &Value, inner: &Map<String, Value>| {
        let below: f64 = inner.values().map(|callee| count(callee, counter)).sum();
        // Sums of floats differ in the last digits.
        below > 0.0 && count(node, counter) >= below * 0.999
    };
    let uncovered = |node: &Value| {
        node["children"].as_object().is_some_and(|inner| !inner.is_empty() && !covers(node, inner))
    };
    callers_in(children) >= 2 && !any(children, &uncovered)
}

fn callers_in(children: &Map<String, Value>) -> usize {
    let callers = children
        .values()
        .filter_map(|node| node["children"].as_object())
        .filter(|inner| !inner.is_empty());
    callers.map(|inner| 1 + callers_in(inner)).sum()
}

fn count(node: &Value, counter: Option<&str>) -> f64 {
    let counts = &node["counts"];
    match counter {
        Some(name) => number(&counts[name]).unwrap_or_default(),
        None => {
            counts.as_object().map(|all| all.values().filter_map(number).sum()).unwrap_or_default()
        }
    }
}

/// Counts arrive as integers, floats, decimals, and in places as text.
fn number(value: &Value) -> Option<f64> {
    let number = value.as_f64().or_else(|| value.as_str()?.parse().ok())?;
    (number.is_finite() && number >= 0.0).then_some(number)
}

/// The time between two samples, weighed as the agent says.
fn ms_per_weight(agent: &Value, counter: Option<&str>) -> Option<f64> {
    let samples = number(&agent["numTimesSampled"]).filter(|samples| *samples > 0.0)?;
    let interval = number(&agent["durationInMs"]).filter(|duration| *duration > 0.0)? / samples;
    let weight = counter.and_then(|name| number(&agent["sampleWeights"][name])).unwrap_or(1.0);
    Some(interval * weight)
}

struct Walk<'a> {
    counter: Option<&'a str>,
    is_inclusive: bool,
    path: Vec<Frame>,
    stacks: Vec<Stack>,
    dropped: usize,
}

impl Walk<'_> {
    fn children(&mut self, children: &Map<String, Value>) {
        for (name, node) in children {
            self.path.push(frame(name, node));
            self.node(node);
            self.path.pop();
        }
    }

    fn node(&mut self, node: &Value) {
        let inner = node["children"].as_object();
        let mut weight = count(node, self.counter);
        if let (true, Some(inner)) = (self.is_inclusive, inner) {
            weight -= inner.values().map(|callee| count(callee, self.counter)).sum::<f64>();
        }
        if weight > 0.0 {
            self.keep(weight);
        }
        if let Some(inner) = inner {
            self.children(inner);
        }
    }

    fn keep(&mut self, weight: f64) {
        if self.stacks.len() == MOST_STACKS {
            self.dropped += 1;
            return;
        }
        self.stacks.push(Stack {
            frames: self.path.clone(),
            weight,
            samples: weight.round().max(1.0) as u64,
        });
    }
}

fn frame(name: &str, node: &Value) -> Frame {
    let line = &node["line"];
    let line =
        line.as_u64().or_else(|| line.get(0)?.as_u64()).and_then(|line| u32::try_from(line).ok());
    Frame {
        function: name.chars().take(1_000).collect(),
        file: node["file"]
            .as_str()
            .filter(|file| !file.is_empty())
            .map(|file| file.chars().take(1_000).collect()),
        line: line.filter(|line| *line > 0),
        defined_at: None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn folded(document: &Value) -> Vec<String> {
        let line = |stack: &Stack| {
            let names: Vec<_> = stack.frames.iter().map(|frame| frame.function.as_str()).collect();
            format!("{} {}", names.join(";"), stack.weight)
        };
        profile(document).stacks.iter().map(line).collect()
    }

    #[test]
    fn samples_counted_at_the_innermost_frame_are_taken_as_they_are() {
        let document = json!({
            "agentMetadata": {"durationInMs": 10_000, "numTimesSampled": 100, "sampleWeights": {"WALL_TIME": 2.0}, "cpuTimeInSeconds": 1.5,
                "agentOverhead": {"memoryInMB": 12}},
            "callgraph": {"children": {"main": {"children": {
                "app:App:load": {"counts": {"WALL_TIME": 12}, "file": "/app.py", "line": [10, 20], "children": {}},
                "app:App:save": {"counts": {"WALL_TIME": "3.5"}, "line": 7},
            }}}},
        });
        let profile = profile(&document);
        assert_eq!(folded(&document), ["main;app:App:load 12", "main;app:App:save 3.5"]);
        assert_eq!((profile.ms_per_weight, profile.cpu_time_ms), (Some(200.0), Some(1_500.0)));
        let load = &profile.stacks[0].frames[1];
        assert_eq!((load.file.as_deref(), load.line), (Some("/app.py"), Some(10)));
        assert!(profile.notes.is_empty());
    }

    #[test]
    fn totals_are_turned_into_each_functions_own_share() {
        let document = json!({"callgraph": {"children": {"main": {"counts": {"RUNNABLE": 10}, "children": {
            "load": {"counts": {"RUNNABLE": 7}, "children": {"parse": {"counts": {"RUNNABLE": 4}}}},
            "save": {"counts": {"RUNNABLE": 1, "WAITING": 90}},
        }}}}});
        assert_eq!(
            folded(&document),
            ["main 2", "main;load 3", "main;load;parse 4", "main;save 1"]
        );
    }

    #[test]
    fn a_layout_of_the_services_own_is_an_empty_profile_with_a_note() {
        for document in [
            json!(null),
            json!([1]),
            json!({"callgraph": 1}),
            json!({"callgraph": {"children": {"a": {"counts": {"WALL_TIME": -1}}}}}),
        ] {
            let profile = profile(&document);
            assert!(profile.stacks.is_empty());
            assert_eq!(
                profile.notes,
                ["the profile holds no call graph that this version can read"]
            );
        }
    }
}
