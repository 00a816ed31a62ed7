//! What a task's answer must be, so that a program can tell.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

/// The label of a task. Whatever it is, an answer that calls a tool where none is expected is wrong.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Expected {
    /// The answer names this one of the group's labels, and no other.
    Label { is: String, of: Vec<String> },
    /// The answer is JSON with these findings; the score is F1.
    Findings(Findings),
    /// The answer is JSON with these values at these JSON pointers; the score is the share of them.
    Fields(BTreeMap<String, Value>),
    /// Not longer than that; the score is the share of what is mentioned.
    Words(Words),
    /// This tool is called, once; the score is the share of the arguments.
    Tool(ToolCall),
}

/// Places of problems, in no order.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Findings {
    pub(super) all: Vec<Finding>,
    /// How many lines beside the place still count as it.
    #[serde(default)]
    pub(super) within: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Finding {
    pub(super) line: u64,
    pub(super) kind: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Words {
    pub(super) most: usize,
    /// Each may name alternatives: `loop|each key`.
    #[serde(default)]
    pub(super) mentions: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ToolCall {
    pub(super) name: String,
    /// Others may be there, too.
    #[serde(default)]
    pub(super) arguments: Map<String, Value>,
}
