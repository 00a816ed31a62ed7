//! The beginning of what a model is told, which a service can cache where it repeats: tools and system.

use std::hash::{DefaultHasher, Hash, Hasher};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::conversation::Conversation;
use crate::estimate;

/// No model caches fewer than 1024 tokens, and no text has more tokens than bytes.
const SHORTEST: usize = 1024;
/// To look at more than this would cost more than it tells.
const LOOKED_AT: usize = 64 << 10;
/// Of JSON, which is mostly letters.
const TOKENS_PER_BYTE: f64 = 0.35;

/// A prefix, as calls have it in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Prefix {
    /// Of its first 64 KiB and its length; the same within one version of this program.
    pub hash: u64,
    /// Its part of the tokens that the service counted, by an estimate of both.
    pub tokens: u64,
}

/// A prefix before the model has answered, and so before anybody has counted.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Beginning {
    hash: u64,
    /// Its part of all that the model is told.
    share: f64,
}

impl Beginning {
    /// Of a conversation that is estimated at so many tokens. `None`: it is too short for any cache.
    ///
    /// However long the conversation is, 64 KiB of it are read at the most; none of its messages is.
    pub fn of(conversation: &Conversation, estimated: f64) -> Option<Self> {
        let mut reader = Reader::default();
        for tool in &conversation.tools {
            reader.text(&tool.name);
            reader.text(&tool.description);
            reader.value(&tool.input_schema);
        }
        reader.text(&conversation.system);
        let Reader { hasher, seen, tokens, .. } = reader;
        let share = (tokens / estimated.max(1.0)).min(1.0);
        (seen >= SHORTEST).then(|| Self { hash: hasher.finish(), share })
    }

    /// When the service has counted `told` tokens in.
    pub fn of_told(self, told: u64) -> Prefix {
        Prefix { hash: self.hash, tokens: (told as f64 * self.share) as u64 }
    }
}

#[derive(Default)]
struct Reader {
    hasher: DefaultHasher,
    /// Bytes.
    seen: usize,
    read: usize,
    tokens: f64,
}

impl Reader {
    fn text(&mut self, text: &str) {
        let read = self.hash(text);
        let read = &text[..text.floor_char_boundary(read)];
        self.tokens += match read.len() {
            0 => text.len() as f64 * TOKENS_PER_BYTE,
            length => estimate::text(read) as f64 * text.len() as f64 / length as f64,
        };
    }

    /// A tool's schema. Whoever calls bounds its depth: it was read from JSON.
    fn value(&mut self, value: &Value) {
        match value {
            Value::String(text) => self.json(text),
            Value::Array(values) => values.iter().for_each(|value| self.value(value)),
            Value::Object(fields) => {
                for (name, value) in fields {
                    self.json(name);
                    self.value(value);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => value.hash(&mut self.hasher),
        }
    }

    /// A string with its quotes and what divides it from the next.
    fn json(&mut self, text: &str) {
        self.hash(text);
        self.tokens += (text.len() + 4) as f64 * TOKENS_PER_BYTE;
    }

    /// How many bytes of it were read.
    fn hash(&mut self, text: &str) -> usize {
        let length = text.len().min(LOOKED_AT - self.read);
        self.hasher.write_usize(text.len());
        self.hasher.write(&text.as_bytes()[..length]);
        self.seen += text.len();
        self.read += length;
        length
    }
}

#[cfg(test)]
mod tests {
    use contract::ToolSpec;
    use serde_json::json;

    use super::*;
    use crate::conversation::Message;

    fn told(system: &str, question: &str) -> Conversation {
        Conversation {
            system: system.into(),
            messages: vec![Message::user(question)],
            tools: Vec::new(),
        }
    }

    fn with_tool(mut told: Conversation, schema: Value) -> Conversation {
        let (name, description) = ("find".to_owned(), "Finds it.".to_owned());
        told.tools.push(ToolSpec { name, description, input_schema: schema });
        told
    }

    /// Of a service that counts as the estimate does.
    fn prefix(conversation: &Conversation) -> Option<Prefix> {
        let all = estimate::conversation(conversation);
        Some(Beginning::of(conversation, all as f64)?.of_told(all))
    }

    #[test]
    fn a_prefix_is_what_calls_share_and_not_what_they_ask() {
        let rules = "Name the query in the loop. ".repeat(200);
        let one = prefix(&told(&rules, "a")).unwrap();
        let other = prefix(&told(&rules, &"Why? ".repeat(3000))).unwrap();
        assert_eq!(one.hash, other.hash);
        let alone = estimate::text(&rules);
        assert!(one.tokens.abs_diff(alone) <= 1 && other.tokens.abs_diff(alone) <= 1);
        let hashes = [
            told(&rules.replace("query", "table"), "a"),
            told(&(rules.clone() + "Be brief."), "a"),
            with_tool(told(&rules, "a"), json!({"required": ["path"]})),
            with_tool(told(&rules, "a"), json!({"required": ["name"]})),
            with_tool(told(&rules, "a"), json!({"required": ["name"], "maxLength": 2})),
        ]
        .map(|told| prefix(&told).unwrap().hash);
        for (at, hash) in hashes.iter().enumerate() {
            assert!(*hash != one.hash && !hashes[..at].contains(hash), "{at}");
        }
    }

    #[test]
    fn what_is_too_short_for_any_cache_has_none() {
        assert_eq!(prefix(&told("Be brief.", &"Why? ".repeat(3000))), None);
        assert!(prefix(&told(&"1".repeat(SHORTEST), "")).is_some());
    }

    #[test]
    fn a_long_one_is_weighed_by_its_first_part_and_its_length() {
        let long = |length: usize| prefix(&told(&"Ein größerer Text. ".repeat(length), "a"));
        let (one, other) = (long(20_000).unwrap(), long(20_001).unwrap());
        assert_ne!(one.hash, other.hash);
        let all = estimate::text(&"Ein größerer Text. ".repeat(20_000));
        assert!(one.tokens.abs_diff(all) < all / 100, "{} of {all}", one.tokens);
    }

    #[test]
    fn tools_weigh_about_what_the_estimate_says() {
        let fields: serde_json::Map<_, _> = (0..60)
            .map(|number| {
                let about = format!("The path of the file that is to be read, number {number}.");
                (format!("path_{number}"), json!({"type": "string", "description": about}))
            })
            .collect();
        let schema = json!({"type": "object", "properties": fields});
        let told = with_tool(told("", ""), schema);
        let (tokens, all) = (prefix(&told).unwrap().tokens, estimate::conversation(&told));
        assert!(tokens.abs_diff(all) < all / 5, "{tokens} of {all}");
    }
}
