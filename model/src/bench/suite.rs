//! A suite: tasks in groups, each with what its answer must be. It comes from a file, and the file may be anyone's.

use std::collections::HashSet;
use std::sync::Arc;

use super::expected::Expected;
use super::written::{WrittenGroup, WrittenSuite, WrittenTask};
use crate::conversation::{Conversation, Message};

/// The suite that is built in.
const BUILT_IN: &str = include_str!("../data/bench/review.yml");
const LARGEST: usize = 4 << 20;
const MOST_TASKS: usize = 2000;
const MOST_GROUPS: usize = 50;
const LONGEST_NAME: usize = 80;
/// Where neither the group nor anybody says.
const MAX_TOKENS: u32 = 1000;

/// Tasks that every model is asked alike.
#[derive(Debug, Clone, PartialEq)]
pub struct Suite {
    pub name: String,
    pub about: String,
    pub groups: Vec<Group>,
    pub tasks: Vec<Task>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    pub id: String,
    pub about: String,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    pub id: String,
    /// Its place among the groups.
    pub group: usize,
    pub conversation: Arc<Conversation>,
    pub max_tokens: u32,
    pub(super) expected: Expected,
    pub(super) lacks: Vec<String>,
}

/// What is wrong with a suite's file.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SuiteError {
    #[error("it is larger than {LARGEST} bytes")]
    TooLarge,
    #[error("it cannot be read: {0}")]
    Unreadable(String),
    #[error("{0}")]
    Wrong(String),
    #[error("task {id}: {wrong}")]
    Task { id: String, wrong: String },
}

impl Suite {
    /// The tasks of Eco-Coder's own: spot, locate, summarize, call, resist, extract.
    pub fn built_in() -> Result<Self, SuiteError> {
        Self::read(BUILT_IN)
    }

    /// From YAML or JSON.
    pub fn read(text: &str) -> Result<Self, SuiteError> {
        if text.len() > LARGEST {
            return Err(SuiteError::TooLarge);
        }
        let written: WrittenSuite = if text.trim_start().starts_with('{') {
            serde_json::from_str(text).map_err(|error| SuiteError::Unreadable(error.to_string()))?
        } else {
            serde_saphyr::from_str(text).map_err(|error| unreadable(&error.without_snippet()))?
        };
        written.checked()
    }
}

fn unreadable(error: &impl ToString) -> SuiteError {
    let said = error.to_string();
    SuiteError::Unreadable(said.lines().next().unwrap_or_default().chars().take(300).collect())
}

impl WrittenSuite {
    fn checked(self) -> Result<Suite, SuiteError> {
        let wrong = |said: &str| Err(SuiteError::Wrong(said.to_owned()));
        if !is_name(&self.name) {
            return wrong("its `name` is empty, longer than 80 characters, or not of one line");
        }
        if self.groups.is_empty() || self.groups.len() > MOST_GROUPS {
            return wrong("it needs a group, and has 50 at most");
        }
        if self.tasks.is_empty() || self.tasks.len() > MOST_TASKS {
            return wrong("it needs a task, and has 2000 at most");
        }
        let groups: Result<Vec<Group>, SuiteError> = self.groups.iter().map(group).collect();
        let groups = groups?;
        let (mut ids, mut tasks) = (HashSet::new(), Vec::with_capacity(self.tasks.len()));
        for task in self.tasks {
            let id = task.id.clone();
            let wrong = |wrong: String| SuiteError::Task { id: brief(&id), wrong };
            if !ids.insert(task.id.clone()) {
                return Err(wrong("another task has the same id".to_owned()));
            }
            tasks.push(self::task(task, &self.system, &self.groups).map_err(wrong)?);
        }
        Ok(Suite { name: self.name, about: brief(&self.about), groups, tasks })
    }
}

fn group(written: &WrittenGroup) -> Result<Group, SuiteError> {
    let small = |label: &String| is_name(label) && *label == label.to_lowercase();
    if !is_name(&written.id) {
        let said = "a group's `id` is empty, longer than 80 characters, or not of one line";
        return Err(SuiteError::Wrong(said.to_owned()));
    }
    if !written.labels.iter().all(small) {
        let said = format!("group {}: labels are short and in small letters", written.id);
        return Err(SuiteError::Wrong(said));
    }
    Ok(Group { id: written.id.clone(), about: brief(&written.about) })
}

fn task(written: WrittenTask, system: &str, groups: &[WrittenGroup]) -> Result<Task, String> {
    if !is_name(&written.id) {
        return Err("its `id` is empty, longer than 80 characters, or not of one line".to_owned());
    }
    let found = groups.iter().enumerate().find(|(_, group)| group.id == written.group);
    let Some((at, group)) = found else {
        return Err(format!("the group {:?} is not there", brief(&written.group)));
    };
    if written.lacks.iter().any(|word| word.trim().is_empty()) {
        return Err("`lacks` has an empty text, which every answer contains".to_owned());
    }
    let asked = format!("{}\n\n{}", group.ask.trim_end(), written.given);
    Ok(Task {
        id: written.id,
        group: at,
        conversation: Arc::new(Conversation {
            system: system.trim_end().to_owned(),
            messages: vec![Message::user(asked.trim_end())],
            tools: group.tools.clone(),
        }),
        max_tokens: group.max_tokens.unwrap_or(MAX_TOKENS),
        expected: written.expect.checked(group)?,
        lacks: written.lacks,
    })
}

/// It stands in tables.
fn is_name(text: &str) -> bool {
    !text.trim().is_empty()
        && text.chars().count() <= LONGEST_NAME
        && !text.chars().any(char::is_control)
}

/// One line for a reader.
fn brief(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = "
name: small
groups: [{id: spot, ask: Which?, labels: [a, b]}]
tasks: [{id: one, group: spot, given: 'x = 1', expect: {label: a}}]
";

    #[test]
    fn the_built_in_suite_has_enough_tasks_in_every_group_and_says_what_they_are() {
        let suite = Suite::built_in().unwrap();
        let tasks = |group: usize| suite.tasks.iter().filter(|task| task.group == group).count();
        let groups = suite.groups.iter().enumerate();
        let said: Vec<_> =
            groups.map(|(at, group)| format!("{} {}", tasks(at), group.id)).collect();
        insta::assert_snapshot!(said.join(", "), @"10 spot, 7 locate, 4 summarize, 6 call, 6 resist, 5 extract");
        assert!(suite.groups.iter().all(|group| !group.about.is_empty()));
    }

    #[test]
    fn json_says_the_same_as_yaml() {
        let json = r#"{"name": "small", "groups": [{"id": "spot", "ask": "Which?", "labels": ["a", "b"]}], "tasks": [{"id": "one", "group": "spot", "given": "x = 1", "expect": {"label": "a"}}]}"#;
        let read = Suite::read(json).unwrap();
        assert_eq!(read, Suite::read(SMALL).unwrap());
        assert_eq!(read.tasks[0].conversation.messages[0].text(), "Which?\n\nx = 1");
    }

    #[test]
    fn what_is_wrong_is_said_with_its_task() {
        let changed = |from: &str, to: &str| {
            assert!(SMALL.contains(from));
            Suite::read(&SMALL.replace(from, to)).unwrap_err().to_string()
        };
        let said = [
            changed("label: a", "label: c"),
            changed("{label: a}", "{label: a, words: {most: 1}}"),
            changed("{label: a}", "{fields: {name: 1}}"),
            changed("{label: a}", "{tool: {name: t}}"),
            changed("group: spot", "group: spots"),
            changed("name: small", "name: ''"),
            changed("labels: [a, b]", "labels: [A, b]"),
            changed("expect:", "expects:"),
            changed("tasks: [", "tasks: [{id: one, group: spot, given: y, expect: {label: b}}, "),
        ];
        insta::assert_snapshot!(said.join("\n"), @r#"
        task one: the label "c" is not among those of its group
        task one: `expect` has exactly one of `label`, `findings`, `fields`, `words` and `tool`
        task one: "name" is no JSON pointer; it begins with /
        task one: the tool "t" is not among those of its group
        task one: the group "spots" is not there
        its `name` is empty, longer than 80 characters, or not of one line
        group spot: labels are short and in small letters
        it cannot be read: unknown field `expects`, expected one of id, group, given, expect, lacks at line 4, column 48
        task one: another task has the same id
        "#);
        assert_eq!(Suite::read(&" ".repeat(LARGEST + 1)), Err(SuiteError::TooLarge));
    }
}
