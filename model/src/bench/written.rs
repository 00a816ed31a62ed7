//! A suite as it stands in its file.

use std::collections::BTreeMap;

use contract::ToolSpec;
use serde::Deserialize;
use serde_json::Value;

use super::expected::{Expected, Findings, ToolCall, Words};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenSuite {
    pub(super) name: String,
    /// What it is about, in a sentence.
    #[serde(default)]
    pub(super) about: String,
    /// What models are told before every task.
    #[serde(default)]
    pub(super) system: String,
    pub(super) groups: Vec<WrittenGroup>,
    pub(super) tasks: Vec<WrittenTask>,
}

/// What tasks have in common.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenGroup {
    pub(super) id: String,
    #[serde(default)]
    pub(super) about: String,
    /// Said before what is given.
    pub(super) ask: String,
    /// In small letters.
    #[serde(default)]
    pub(super) labels: Vec<String>,
    #[serde(default)]
    pub(super) tools: Vec<ToolSpec>,
    pub(super) max_tokens: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenTask {
    pub(super) id: String,
    pub(super) group: String,
    /// What is to be looked at.
    pub(super) given: String,
    pub(super) expect: WrittenExpected,
    /// Words that a model says only if it does what is given told it.
    #[serde(default)]
    pub(super) lacks: Vec<String>,
}

/// Exactly one of these.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WrittenExpected {
    label: Option<String>,
    findings: Option<Findings>,
    /// By JSON pointer.
    fields: Option<BTreeMap<String, Value>>,
    words: Option<Words>,
    tool: Option<ToolCall>,
}

impl WrittenExpected {
    /// Or what is wrong with it.
    pub(super) fn checked(self, group: &WrittenGroup) -> Result<Expected, String> {
        let Self { label, findings, fields, words, tool } = self;
        let label = label.map(|is| Expected::Label { is, of: group.labels.clone() });
        let mut expected = [
            label,
            findings.map(Expected::Findings),
            fields.map(Expected::Fields),
            words.map(Expected::Words),
            tool.map(Expected::Tool),
        ]
        .into_iter()
        .flatten();
        let (Some(expected), None) = (expected.next(), expected.next()) else {
            return Err(
                "`expect` has exactly one of `label`, `findings`, `fields`, `words` and `tool`"
                    .to_owned(),
            );
        };
        let wrong = match &expected {
            Expected::Label { is, of } if !of.contains(is) => {
                Some(format!("the label {is:?} is not among those of its group"))
            }
            Expected::Fields(fields) if fields.is_empty() => Some("`fields` is empty".to_owned()),
            Expected::Fields(fields) => {
                let wrong = fields.keys().find(|pointer| !pointer.starts_with('/'));
                wrong.map(|pointer| format!("{pointer:?} is no JSON pointer; it begins with /"))
            }
            Expected::Words(words) if words.most == 0 => {
                Some("`words` allows no word: `most` is 0".to_owned())
            }
            Expected::Tool(call) if !group.tools.iter().any(|tool| tool.name == call.name) => {
                Some(format!("the tool {:?} is not among those of its group", call.name))
            }
            _ => None,
        };
        wrong.map_or(Ok(expected), Err)
    }
}
