//! V8's `.cpuprofile`, as `node --cpu-prof` and Chrome's tools write it: a tree of calls, and which node each sample hit.

use std::collections::HashMap;

use contract::Samples;
use serde::Deserialize;

use crate::format::{Fault, MAX_JSON};
use crate::stack_table::{FrameId, MAX_DEPTH, StackTable};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    nodes: Vec<Node>,
    /// Microseconds, as all times here.
    start_time: f64,
    end_time: f64,
    #[serde(default)]
    samples: Vec<u32>,
    #[serde(default)]
    time_deltas: Vec<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Node {
    id: u32,
    call_frame: CallFrame,
    #[serde(default)]
    hit_count: u32,
    #[serde(default)]
    children: Vec<u32>,
    #[serde(default)]
    position_ticks: Vec<Tick>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct CallFrame {
    function_name: String,
    #[serde(default)]
    url: String,
    /// Where the function begins, counted from 0; -1 where there is no source.
    #[serde(default)]
    line_number: i64,
}

/// Samples that hit one line of a node itself, counted from 1.
#[derive(Debug, Deserialize)]
struct Tick {
    line: u32,
    ticks: u32,
}

/// The tree, looked up by the place of a node in the file.
struct Tree<'a> {
    nodes: &'a [Node],
    places: HashMap<u32, usize>,
    parents: Vec<Option<usize>>,
}

/// What the samples say of a node itself.
#[derive(Debug, Default, Clone, Copy)]
struct Hits {
    microseconds: f64,
    samples: u64,
}

/// True for a JSON object with nodes that hold call frames, unless it is a trace around such a profile.
pub(crate) fn looks_like(bytes: &[u8]) -> bool {
    let start = bytes.trim_ascii_start();
    let contains = |word: &[u8]| start.windows(word.len()).any(|window| window == word);
    start.starts_with(b"{")
        && contains(b"\"nodes\"")
        && contains(b"\"callFrame\"")
        && !contains(b"\"traceEvents\"")
}

pub(crate) fn parse(bytes: &[u8]) -> Result<Samples, Fault> {
    if bytes.len() > MAX_JSON {
        return Err(Fault::too_large(format!("more than {} MiB of JSON", MAX_JSON >> 20)));
    }
    let file: File = serde_json::from_slice(bytes)
        .map_err(|error| Fault::at(format!("line {}", error.line()), error))?;
    let tree = Tree::of(&file.nodes)?;
    let timed = !file.samples.is_empty();
    let hits = if timed { file.times(&tree)? } else { file.counts() };
    let mut table = StackTable::default();
    let frames: Vec<FrameId> = file.nodes.iter().map(|node| node.frame(&mut table, None)).collect();
    let mut idle = 0.0;
    for (index, (node, hits)) in file.nodes.iter().zip(&hits).enumerate() {
        let weight = if timed { hits.microseconds } else { hits.samples as f64 };
        if node.call_frame.function_name == "(idle)" {
            idle += weight;
        } else if weight > 0.0 {
            node.add(&mut table, tree.path(index, &frames), weight, *hits)?;
        }
    }
    if timed {
        let waited = (idle / 1e3).round();
        table.note(format!(
            "V8 samples elapsed time of one thread; {waited} ms in which it had nothing to do are left out"
        ));
        table.note("shares of lines are those of the lines themselves: V8 does not say from which line a function was called");
    }
    Ok(table.finish(timed.then_some(1e-3)))
}

impl File {
    /// Each sample lasts until the next one. Their times may run backwards, so they are put in order first.
    fn times(&self, tree: &Tree<'_>) -> Result<Vec<Hits>, Fault> {
        if self.samples.len() != self.time_deltas.len() {
            let (times, samples) = (self.time_deltas.len(), self.samples.len());
            return Err(Fault::at("timeDeltas", format!("{times} times for {samples} samples")));
        }
        let mut now = self.start_time;
        let mut taken = Vec::with_capacity(self.samples.len());
        for (index, (id, delta)) in self.samples.iter().zip(&self.time_deltas).enumerate() {
            now += delta;
            let node =
                tree.place(*id).map_err(|what| Fault::at(format!("sample {index}"), what))?;
            taken.push((now, node));
        }
        taken.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        let ends = taken.iter().skip(1).map(|(time, _)| *time).chain([self.end_time]);
        let mut hits = vec![Hits::default(); self.nodes.len()];
        for ((time, node), end) in taken.iter().zip(ends) {
            let hit = &mut hits[*node];
            hit.microseconds += (end - time).max(0.0);
            hit.samples += 1;
        }
        Ok(hits)
    }

    /// What a profile without samples still counts.
    fn counts(&self) -> Vec<Hits> {
        let of = |node: &Node| Hits { microseconds: 0.0, samples: u64::from(node.hit_count) };
        self.nodes.iter().map(of).collect()
    }
}

impl<'a> Tree<'a> {
    fn of(nodes: &'a [Node]) -> Result<Self, Fault> {
        let places: HashMap<_, _> =
            nodes.iter().enumerate().map(|(index, node)| (node.id, index)).collect();
        if places.len() != nodes.len() {
            return Err(Fault::at("nodes", "two have the same id"));
        }
        let mut tree = Self { nodes, places, parents: vec![None; nodes.len()] };
        for (index, node) in nodes.iter().enumerate() {
            for child in &node.children {
                let fault = |what: String| Fault::at(format!("node {}", node.id), what);
                let place = tree.place(*child).map_err(fault)?;
                if tree.parents[place].replace(index).is_some() {
                    return Err(fault(format!("node {child} has another parent too")));
                }
            }
        }
        tree.refuse_rings()?;
        Ok(tree)
    }

    fn place(&self, id: u32) -> Result<usize, String> {
        self.places.get(&id).copied().ok_or_else(|| format!("names node {id}, which is not there"))
    }

    /// Each node has one parent at most, so what no root reaches runs in a ring.
    fn refuse_rings(&self) -> Result<(), Fault> {
        let mut open: Vec<usize> =
            (0..self.nodes.len()).filter(|index| self.parents[*index].is_none()).collect();
        let mut reached = 0;
        while let Some(index) = open.pop() {
            reached += 1;
            let children = &self.nodes[index].children;
            open.extend(children.iter().filter_map(|child| self.places.get(child)));
        }
        if reached < self.nodes.len() {
            return Err(Fault::at("nodes", "some are their own ancestors"));
        }
        Ok(())
    }

    /// The frames that called a node, outermost first, without the root that stands for no function.
    fn path(&self, index: usize, frames: &[FrameId]) -> Vec<FrameId> {
        let callers = std::iter::successors(self.parents[index], |index| self.parents[*index]);
        let mut path: Vec<_> = callers
            .filter(|index| self.nodes[*index].call_frame.function_name != "(root)")
            .map(|index| frames[index])
            .take(MAX_DEPTH)
            .collect();
        path.reverse();
        path
    }
}

impl Node {
    fn frame(&self, table: &mut StackTable, line: Option<u32>) -> FrameId {
        let called = &self.call_frame;
        let name = match called.function_name.as_str() {
            "" => "(anonymous)",
            name => name,
        };
        let defined_at = u32::try_from(called.line_number.saturating_add(1)).ok();
        table.frame_defined(name, Some(path_of(&called.url)), line, defined_at)
    }

    /// Shares the node's own weight among the lines that were hit.
    fn add(
        &self,
        table: &mut StackTable,
        mut path: Vec<FrameId>,
        weight: f64,
        hits: Hits,
    ) -> Result<(), Fault> {
        let ticks: f64 = self.position_ticks.iter().map(|tick| f64::from(tick.ticks)).sum();
        if ticks == 0.0 {
            path.push(self.frame(table, None));
            return table.add(&path, weight, hits.samples);
        }
        for tick in &self.position_ticks {
            path.push(self.frame(table, Some(tick.line)));
            let share = f64::from(tick.ticks) / ticks;
            table.add(&path, weight * share, u64::from(tick.ticks))?;
            path.pop();
        }
        Ok(())
    }
}

/// A URL without its query, as `http://localhost/app.js?v=3`; what else stands there is a path already.
fn path_of(url: &str) -> &str {
    if url.contains("://") { url.split(['?', '#']).next().unwrap_or(url) } else { url }
}
