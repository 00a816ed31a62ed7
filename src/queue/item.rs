//! The item that keeps one pull request's queue: its attributes, and how they are read.

use std::collections::HashMap;
use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use contract::Timestamp;
use sha2::{Digest, Sha256};

use super::QueueError;
use super::pull::PullQueue;

/// Parts of the index of what is open, each of which takes a thousand small writes a second. Once raised it must not be
/// lowered while something is open.
pub(super) const SHARDS: u8 = 8;
/// Leaves room in the table for items of other kinds.
const PREFIX: &str = "queue#";
const SORT_KEY: &str = "queue";
/// How long a pull request is remembered after its last change. GitHub redelivers for days.
const KEPT: Duration = Duration::from_hours(14 * 24);

pub(super) type Attributes = HashMap<String, AttributeValue>;

/// An item, or that there is none.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Item {
    /// `Job::key`
    pub key: String,
    /// Grows with every write. Zero where there is no item.
    pub version: u64,
    /// Whose write it was.
    pub writer: String,
    pub pull: PullQueue,
}

impl Item {
    pub(super) fn read(attributes: &Attributes, now: Timestamp) -> Result<Self, String> {
        let partition_key = read_text(attributes, "pk")?;
        let key = partition_key.strip_prefix(PREFIX).ok_or("it is not a queue's")?.to_owned();
        let expires: i64 = read_number(attributes, "expires")?;
        // DynamoDB deletes what has expired within days, not at once.
        let pull = if expires <= now.seconds() {
            PullQueue::default()
        } else {
            serde_json::from_str(read_text(attributes, "pull")?)
                .map_err(|error| format!("{partition_key}: {error}"))?
        };
        let writer = read_text(attributes, "writer")?.to_owned();
        Ok(Self { key, version: read_number(attributes, "version")?, writer, pull })
    }

    pub(super) fn attributes(&self, now: Timestamp) -> Result<Attributes, QueueError> {
        let pull = serde_json::to_string(&self.pull)
            .map_err(|error| QueueError::Unavailable(error.into()))?;
        let mut attributes = primary_key(&self.key);
        let mut set = |name: &str, value| attributes.insert(name.to_owned(), value);
        set("version", number(self.version));
        set("writer", text(self.writer.clone()));
        set("pull", text(pull));
        // Beside the state of which they are a summary, because the index can count them.
        set("waiting", number(self.pull.waiting()));
        set("running", number(self.pull.running()));
        set("failed", number(self.pull.failed()));
        set("expires", number((now + KEPT).seconds()));
        // Without these two the item is not in the index.
        if let Some(due) = self.pull.due() {
            set("open", text(shard_name(shard_of(&self.key))));
            set("open_since", number(due.0));
        }
        Ok(attributes)
    }

    pub(super) fn is_same_write(&self, other: &Self) -> bool {
        (self.version, &self.writer) == (other.version, &other.writer)
    }
}

pub(super) fn primary_key(key: &str) -> Attributes {
    let key = text(format!("{PREFIX}{key}"));
    HashMap::from([("pk".to_owned(), key), ("sk".to_owned(), text(SORT_KEY))])
}

pub(super) fn shard_name(shard: u8) -> String {
    format!("job#{shard:02}")
}

pub(super) fn text(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

pub(super) fn number(number: impl Display + Copy) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// Zero where there is no such number.
pub(super) fn count(attributes: &Attributes, name: &str) -> u64 {
    read_number(attributes, name).unwrap_or_default()
}

/// The same for every process and version.
fn shard_of(key: &str) -> u8 {
    Sha256::digest(key)[0] % SHARDS
}

fn read_text<'a>(attributes: &'a Attributes, name: &str) -> Result<&'a str, String> {
    let text = attributes.get(name).and_then(|value| value.as_s().ok());
    text.map(String::as_str).ok_or_else(|| format!("it has no text {name:?}"))
}

fn read_number<T: FromStr>(attributes: &Attributes, name: &str) -> Result<T, String> {
    let number = attributes.get(name).and_then(|value| value.as_n().ok());
    let number = number.and_then(|number| number.parse().ok());
    number.ok_or_else(|| format!("it has no number {name:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queue::contract_tests::job;

    fn waiting() -> Item {
        let mut pull = PullQueue::default();
        pull.enqueue(&job("one", 1), Timestamp(5_000));
        Item { key: "42#1".into(), version: 3, writer: "w".into(), pull }
    }

    #[test]
    fn an_item_reads_back_as_written() {
        let attributes = waiting().attributes(Timestamp(6_000)).unwrap();
        assert_eq!(Item::read(&attributes, Timestamp(6_000)).unwrap(), waiting());
    }

    #[test]
    fn an_item_is_in_the_index_while_it_is_open() {
        let shown = |item: &Item| {
            let mut shown: Vec<_> =
                item.attributes(Timestamp(6_000)).unwrap().into_iter().collect();
            shown.retain(|(name, _)| name != "pull");
            shown.sort_by(|(one, _), (other, _)| one.cmp(other));
            let lines = shown.iter().map(|(name, value)| format!("{name} {value:?}"));
            lines.collect::<Vec<_>>().join("\n")
        };
        insta::assert_snapshot!(shown(&waiting()), @r#"
        expires N("1209606")
        failed N("0")
        open S("job#01")
        open_since N("5000")
        pk S("queue#42#1")
        running N("0")
        sk S("queue")
        version N("3")
        waiting N("1")
        writer S("w")
        "#);
        let empty = Item { pull: PullQueue::default(), ..waiting() };
        assert!(!shown(&empty).contains("open"));
    }

    #[test]
    fn pull_requests_spread_over_the_index() {
        let mut shards = [0; SHARDS as usize];
        for pull_request in 0..8000 {
            shards[usize::from(shard_of(&format!("42#{pull_request}")))] += 1;
        }
        assert!(shards.iter().all(|count| (900..1100).contains(count)), "{shards:?}");
    }
}
