//! The items of the table: under which keys they stand, and how their attributes are written and read.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use contract::{Timestamp, hexadecimal};
use sha2::{Digest, Sha256};

use super::aws_calls::Fault;
use super::body::Body;

const DAY_MILLISECONDS: i64 = 24 * 3600 * 1000;
/// A sort key has at most 1,024 bytes.
const PART_MOST: usize = 900;

pub(super) type Attributes = HashMap<String, AttributeValue>;

/// Where an item stands. What is before the first `#` of `pk` is its kind; the queue's items are of the kind `queue`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) pk: String,
    pub(super) sk: String,
}

impl Key {
    pub(super) fn run(run_id: &str) -> Self {
        Self::new("run", run_id, "run")
    }

    pub(super) fn report(run_id: &str) -> Self {
        Self::new("report", run_id, "report")
    }

    /// Names a report by when it was kept.
    pub(super) fn report_at(at: Timestamp, run_id: &str) -> Self {
        Self::new("reports", &day(at), format!("{:016}#{}", at.0.max(0), part(run_id)))
    }

    pub(super) fn audit(run_id: &str, number: u64) -> Self {
        Self::new("audit", run_id, format!("{number:010}"))
    }

    pub(super) fn cache(key: &str) -> Self {
        Self::new("cache", key, "cache")
    }

    pub(super) fn memory(repository: &str, key: &str) -> Self {
        Self::new("memory", repository, format!("key#{}", part(key)))
    }

    pub(super) fn budget(scope: &str) -> Self {
        Self::new("budget", scope, "account")
    }

    /// Marks a batch of settlements as booked.
    pub(super) fn booked(batch: u64) -> Self {
        Self::new("booked", &format!("{batch:016x}"), "booked")
    }

    /// Calls of models that `writer` wrote together, of which the first ended at `first`.
    pub(super) fn calls(first: Timestamp, writer: &str, text: &str) -> Self {
        let digest = hexadecimal::encode(&Sha256::digest(text));
        let sk = format!("{:016}#{writer}#{digest}", first.0.max(0));
        Self { pk: Self::calls_of(&day(first)), sk }
    }

    /// The partition of all calls of a day.
    pub(super) fn calls_of(day: &str) -> String {
        format!("calls#{day}")
    }

    fn new(kind: &str, id: &str, sk: impl Into<String>) -> Self {
        Self { pk: format!("{kind}#{}", part(id)), sk: sk.into() }
    }

    pub(super) fn attributes(&self) -> Attributes {
        let text = |text: &str| AttributeValue::S(text.to_owned());
        Attributes::from([("pk".to_owned(), text(&self.pk)), ("sk".to_owned(), text(&self.sk))])
    }
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({})", self.pk, self.sk)
    }
}

/// `2026-11-21`
pub(super) fn day(at: Timestamp) -> String {
    at.rfc3339().chars().take_while(|letter| *letter != 'T').collect()
}

/// The first moment of each day from that of `first` to that of `last`.
pub(super) fn days(
    first: Timestamp,
    last: Timestamp,
) -> impl DoubleEndedIterator<Item = Timestamp> {
    let number = |at: Timestamp| at.0.div_euclid(DAY_MILLISECONDS);
    (number(first)..=number(last)).map(|number| Timestamp(number.saturating_mul(DAY_MILLISECONDS)))
}

fn part(text: &str) -> String {
    if text.len() <= PART_MOST {
        return text.to_owned();
    }
    format!("sha256:{}", hexadecimal::encode(&Sha256::digest(text)))
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Item {
    pub(super) attributes: Attributes,
}

impl From<Attributes> for Item {
    fn from(attributes: Attributes) -> Self {
        Self { attributes }
    }
}

impl Item {
    /// `touched` is what pruning goes by, `expires` what the table itself goes by.
    pub(super) fn new(key: &Key, touched: Timestamp, lasts: Duration) -> Self {
        Self { attributes: key.attributes() }
            .number("touched", touched.0)
            .number("expires", expiry(touched, lasts))
    }

    pub(super) fn text(self, name: &str, text: impl Into<String>) -> Self {
        self.with(name, AttributeValue::S(text.into()))
    }

    pub(super) fn number(self, name: &str, number: impl Into<i128>) -> Self {
        self.with(name, AttributeValue::N(number.into().to_string()))
    }

    pub(super) fn flag(self, name: &str, flag: bool) -> Self {
        self.with(name, AttributeValue::Bool(flag))
    }

    pub(super) fn body(self, body: &Body) -> Self {
        self.with("body", body.attribute())
    }

    fn with(mut self, name: &str, value: AttributeValue) -> Self {
        self.attributes.insert(name.to_owned(), value);
        self
    }

    pub(super) fn key(&self) -> Result<Key, Fault> {
        Ok(Key { pk: self.read_text("pk")?, sk: self.read_text("sk")? })
    }

    pub(super) fn read_text(&self, name: &str) -> Result<String, Fault> {
        self.read(name, |value| value.as_s().ok().cloned())
    }

    /// Read as a text where there is one.
    pub(super) fn read_text_if_any(&self, name: &str) -> Result<Option<String>, Fault> {
        self.attributes.contains_key(name).then(|| self.read_text(name)).transpose()
    }

    pub(super) fn read_number<T: std::str::FromStr>(&self, name: &str) -> Result<T, Fault> {
        self.read(name, |value| value.as_n().ok()?.parse().ok())
    }

    pub(super) fn read_time(&self, name: &str) -> Result<Timestamp, Fault> {
        self.read_number(name).map(Timestamp)
    }

    pub(super) fn read_flag(&self, name: &str) -> Result<bool, Fault> {
        self.read(name, |value| value.as_bool().ok().copied())
    }

    pub(super) fn read_body(&self) -> Result<Body, Fault> {
        self.read("body", Body::read)
    }

    /// The table deletes what has expired when it finds time, within days. Until then it is there, and does not count.
    pub(super) fn has_expired(&self, now: Timestamp) -> bool {
        self.read_number::<i64>("expires").is_ok_and(|expires| expires < now.seconds())
    }

    pub(super) fn name(&self) -> String {
        let text = |name: &str| self.attributes.get(name).and_then(|value| value.as_s().ok());
        let part = |name: &str| text(name).map_or("?", String::as_str);
        format!("{} ({})", part("pk"), part("sk"))
    }

    fn read<T>(
        &self,
        name: &str,
        read: impl FnOnce(&AttributeValue) -> Option<T>,
    ) -> Result<T, Fault> {
        let value = self.attributes.get(name).and_then(read);
        value.ok_or_else(|| Fault::Shape { item: self.name(), attribute: name.to_owned() })
    }
}

/// Whole seconds, rounded up.
pub(super) fn expiry(touched: Timestamp, lasts: Duration) -> i64 {
    (touched + lasts + Duration::from_millis(999)).seconds()
}

/// What the `#name`s of an expression stand for. Written so, no name collides with the hundreds of reserved words.
pub(super) fn names_in(expression: &str) -> HashMap<String, String> {
    let words =
        expression.split(|letter: char| !(letter.is_alphanumeric() || "#_".contains(letter)));
    words.filter_map(|word| Some((word.to_owned(), word.strip_prefix('#')?.to_owned()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_expires_a_whole_second_after_its_time() {
        let item = Item::new(&Key::run("run-1"), Timestamp(1_500), Duration::from_secs(10));
        assert_eq!(item.read_number::<i64>("expires").unwrap(), 12);
        assert!(!item.has_expired(Timestamp(12_999)));
        assert!(item.has_expired(Timestamp(13_000)));
    }

    #[test]
    fn an_item_of_another_shape_is_named() {
        let item = Item::new(&Key::run("acme/shop#7"), Timestamp(1), Duration::ZERO)
            .text("revision", "first");
        let error = item.read_number::<u64>("revision").unwrap_err();
        insta::assert_snapshot!(error, @"the item run#acme/shop#7 (run) has no `revision` that this version can read; run the version that wrote it, or delete the item");
    }

    #[test]
    fn every_name_of_an_expression_is_told() {
        let names = names_in("attribute_not_exists(#pk) OR (#open_since < :now AND #pk = :pk)");
        let mut names: Vec<_> = names.into_iter().collect();
        names.sort();
        insta::assert_compact_debug_snapshot!(names, @r##"[("#open_since", "open_since"), ("#pk", "pk")]"##);
    }

    #[test]
    fn the_longest_names_fit_into_a_key() {
        let long = "a".repeat(5000);
        for key in [Key::memory(&long, &long), Key::report_at(Timestamp(1), &long)] {
            assert!(key.pk.len() <= 2048 && key.sk.len() <= 1024, "{key}");
        }
        assert_ne!(Key::run(&long), Key::run(&format!("{long}b")));
    }
}
