//! The fields of a file, taken one by one: what is wrong with each is told with its name, its line, and what to write.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

use super::check::{Wrong, invalid, meant};

/// What the text of a file says of its lines.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lines<'a> {
    pub text: &'a str,
    /// The number of its first line in the file.
    pub first: usize,
}

impl Lines<'_> {
    /// Of the first line that begins with this key, or else holds it between quotes; the first of the file without one.
    pub(super) fn of(self, key: &str) -> usize {
        self.place(key).map_or(1, |place| place + self.first)
    }

    pub(super) fn has(self, key: &str) -> bool {
        self.place(key).is_some()
    }

    fn place(self, key: &str) -> Option<usize> {
        let begins = |line: &str| {
            let rest = line.trim_start_matches([' ', '\t', '{', '"']).strip_prefix(key);
            rest.is_some_and(|rest| rest.trim_start_matches('"').trim_start().starts_with(':'))
        };
        let quoted = format!("\"{key}\"");
        let mut lines = self.text.lines();
        let first = lines.position(begins);
        first.or_else(|| self.text.lines().position(|line| line.contains(&quoted)))
    }
}

/// Names and values in the order of the file, before anything of them is checked.
#[derive(Debug, Default)]
pub(super) struct Object(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Fields;
        impl<'de> Visitor<'de> for Fields {
            type Value = Object;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("names of fields with their values")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut fields = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Object(fields))
            }
        }
        deserializer.deserialize_map(Fields)
    }
}

/// Takes fields out of an object, and remembers what is wrong.
pub(super) struct Fields<'a> {
    lines: Lines<'a>,
    left: Vec<(String, Value)>,
    /// What was asked for.
    known: Vec<&'static str>,
    wrong: Vec<Wrong>,
}

impl<'a> Fields<'a> {
    pub(super) fn new(object: Object, lines: Lines<'a>) -> Self {
        Self { lines, left: object.0, known: Vec::new(), wrong: Vec::new() }
    }

    /// `null` is left out.
    fn take(&mut self, name: &'static str) -> Option<Value> {
        self.known.push(name);
        let (mut own, left): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.left).into_iter().partition(|(known, _)| known == name);
        self.left = left;
        if own.len() > 1 {
            self.note(name, format!("`{name}` is written twice"));
        }
        own.pop().map(|(_, value)| value).filter(|value| !value.is_null())
    }

    pub(super) fn text(&mut self, name: &'static str) -> Option<String> {
        match self.take(name)? {
            Value::String(text) => Some(text),
            other => {
                let is = kind(&other);
                self.note(name, format!("`{name}` is {is} and not a text: write it in quotes"));
                None
            }
        }
    }

    pub(super) fn needed(&mut self, name: &'static str) -> Option<String> {
        if self.left.iter().all(|(known, value)| known != name || value.is_null()) {
            self.wrong.push(invalid(format!("it has no `{name}`")));
        }
        self.text(name)
    }

    pub(super) fn number(&mut self, name: &'static str) -> Option<f32> {
        let value = self.take(name)?;
        let number = value.as_f64().map(|number| number as f32);
        if number.is_none() {
            self.note(name, format!("`{name}` is {} and not a number", shown(&value)));
        }
        number
    }

    pub(super) fn count(&mut self, name: &'static str) -> Option<u32> {
        let value = self.take(name)?;
        let count = value.as_u64().and_then(|count| u32::try_from(count).ok());
        if count.is_none() {
            self.note(name, format!("`{name}` is {} and not a whole number", shown(&value)));
        }
        count
    }

    pub(super) fn texts(&mut self, name: &'static str) -> Vec<String> {
        match self.take(name) {
            None => Vec::new(),
            Some(Value::Array(values)) => {
                let texts: Option<Vec<String>> =
                    values.iter().map(|value| value.as_str().map(ToOwned::to_owned)).collect();
                if texts.is_none() {
                    self.note(name, format!("not all of `{name}` are texts"));
                }
                texts.unwrap_or_default()
            }
            Some(Value::String(text)) => {
                self.note(
                    name,
                    format!("`{name}` is a text and not a list: write {}", list(&text)),
                );
                Vec::new()
            }
            Some(other) => {
                self.note(name, format!("`{name}` is {} and not a list", kind(&other)));
                Vec::new()
            }
        }
    }

    /// The fields of a field.
    pub(super) fn object(&mut self, name: &'static str) -> Self {
        let fields = match self.take(name) {
            None => Vec::new(),
            Some(Value::Object(fields)) => fields.into_iter().collect(),
            Some(other) => {
                let said = format!("`{name}` is {} and not an object with fields", kind(&other));
                self.note(name, said);
                Vec::new()
            }
        };
        Self::new(Object(fields), self.lines)
    }

    /// All that is wrong, fields included that nobody asked for.
    pub(super) fn wrong(mut self) -> Vec<Wrong> {
        for (name, _) in std::mem::take(&mut self.left) {
            let shown: String = name.chars().take(64).collect();
            let meant = meant(&shown, &self.known);
            let fields = self.known.join(", ");
            let said = format!("there is no field `{shown}`{meant} (fields: {fields})");
            self.note(&name, said);
        }
        self.wrong
    }

    fn note(&mut self, name: &str, said: String) {
        self.wrong.push(Wrong { line: self.lines.of(name), ..invalid(said) });
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => format!("\"{}\"", text.chars().take(32).collect::<String>()),
        Value::Number(number) => number.to_string(),
        other => kind(other).to_owned(),
    }
}

/// `a, b` as a list.
fn list(text: &str) -> String {
    let words: Vec<&str> = text.split([',', ' ']).filter(|word| !word.is_empty()).collect();
    format!("[{}]", words.join(", ").chars().take(120).collect::<String>())
}
