//! An answer, as far as it is looked at.

use serde_json::Value;

use crate::conversation::ToolUse;
use crate::reply::Reply;

/// Of a longer answer the beginning is looked at. The longest that a suite asks for is a fraction of it.
const LOOKED_AT: usize = 64 << 10;
/// Places where JSON might begin; a text of nothing but brackets would take minutes otherwise.
const MOST_BEGINNINGS: usize = 200;

/// What a model said and called.
#[derive(Debug, Clone, Default)]
pub(super) struct Answer {
    pub(super) text: String,
    pub(super) tool_uses: Vec<ToolUse>,
}

impl Answer {
    pub(super) fn of(reply: &Reply) -> Self {
        let mut text = reply.message.text();
        text.truncate(text.floor_char_boundary(LOOKED_AT.min(text.len())));
        Self { text, tool_uses: reply.message.tool_uses().cloned().collect() }
    }

    /// The first object or list of the text, whatever stands around it: models like to explain, and to put fences.
    pub(super) fn json(&self) -> Option<Value> {
        let beginnings = self.text.match_indices(['{', '[']).take(MOST_BEGINNINGS);
        beginnings
            .map(|(at, _)| &self.text[at..])
            .find_map(|rest| serde_json::Deserializer::from_str(rest).into_iter().next()?.ok())
    }

    /// Words in small letters; hyphens and underscores belong to them.
    pub(super) fn words(&self) -> impl Iterator<Item = String> {
        let apart = |letter: char| !(letter.is_alphanumeric() || letter == '-' || letter == '_');
        self.text.split(apart).filter(|word| !word.is_empty()).map(str::to_lowercase)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(text: &str) -> Option<Value> {
        Answer { text: text.into(), ..Answer::default() }.json()
    }

    #[test]
    fn json_is_found_among_words_and_fences() {
        assert_eq!(found("Here:\n```json\n{\"a\": 1}\n```\nDone {x}"), Some(json!({"a": 1})));
        assert_eq!(found("in the list [see below] there is [1]"), Some(json!([1])));
        assert_eq!(found("{\"a\": 1"), None);
        assert_eq!(found(&"[".repeat(100_000)), None);
    }
}
