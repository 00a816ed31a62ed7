//! A reply of Converse, whole or as the events of a stream.

use serde_json::{Value, json};

use crate::stream::Stream;

/// What a model says.
#[derive(Debug, Clone)]
pub struct Reply {
    /// Content blocks as Converse has them.
    pub content: Vec<Value>,
    pub stop: String,
    pub usage: Value,
    /// In how many events a text is streamed.
    pub pieces: usize,
}

impl Reply {
    pub fn says(text: &str) -> Self {
        Self::of(vec![json!({"text": text})], "end_turn")
    }

    /// Uses tools: `(id, name, input)` each.
    pub fn uses(tools: &[(&str, &str, Value)]) -> Self {
        let block = |(id, name, input): &(&str, &str, Value)| json!({"toolUse": {"toolUseId": id, "name": name, "input": input}});
        Self::of(tools.iter().map(block).collect(), "tool_use")
    }

    pub fn of(content: Vec<Value>, stop: &str) -> Self {
        let usage = json!({"inputTokens": 11, "outputTokens": 7, "totalTokens": 18});
        Self { content, stop: stop.to_owned(), usage, pieces: 3 }
    }

    /// The whole answer of Converse.
    pub fn body(&self) -> Value {
        json!({
            "output": {"message": {"role": "assistant", "content": self.content}},
            "stopReason": self.stop,
            "usage": self.usage,
            "metrics": {"latencyMs": 12},
        })
    }

    /// The answer of `ConverseStream`: text blocks do not announce themselves, and all events bear padding.
    pub fn events(&self) -> Vec<(&'static str, Value)> {
        let mut events = vec![("messageStart", json!({"role": "assistant", "p": "abcd"}))];
        for (index, block) in self.content.iter().enumerate() {
            if let Some(tool) = block.get("toolUse") {
                let start =
                    json!({"toolUse": {"toolUseId": tool["toolUseId"], "name": tool["name"]}});
                events.push((
                    "contentBlockStart",
                    json!({"start": start, "contentBlockIndex": index, "p": "abcdefghij"}),
                ));
            }
            for delta in self.deltas(block) {
                events.push((
                    "contentBlockDelta",
                    json!({"delta": delta, "contentBlockIndex": index, "p": "abcdefghijklmnop"}),
                ));
            }
            events.push(("contentBlockStop", json!({"contentBlockIndex": index, "p": "ab"})));
        }
        events.push(("messageStop", json!({"stopReason": self.stop, "p": "abcdefg"})));
        events.push((
            "metadata",
            json!({"usage": self.usage, "metrics": {"latencyMs": 12}, "p": "abc"}),
        ));
        events
    }

    pub fn stream(&self) -> Stream {
        Stream::begin().events(&self.events())
    }

    /// The text of all blocks, for the operations that know no blocks.
    pub fn text(&self) -> String {
        self.content.iter().filter_map(|block| block["text"].as_str()).collect()
    }

    fn deltas(&self, block: &Value) -> Vec<Value> {
        if let Some(text) = block["text"].as_str() {
            return pieces(text, self.pieces).map(|piece| json!({"text": piece})).collect();
        }
        let reasoning = &block["reasoningContent"]["reasoningText"];
        if let Some(text) = reasoning["text"].as_str() {
            let mut deltas: Vec<Value> = pieces(text, self.pieces)
                .map(|piece| json!({"reasoningContent": {"text": piece}}))
                .collect();
            deltas.extend(
                reasoning
                    .get("signature")
                    .map(|signature| json!({"reasoningContent": {"signature": signature}})),
            );
            return deltas;
        }
        if let Some(redacted) = block["reasoningContent"].get("redactedContent") {
            return vec![json!({"reasoningContent": {"redactedContent": redacted}})];
        }
        match block["toolUse"].get("input") {
            // A tool without parameters has no fragment of input at all.
            Some(Value::Object(input)) if input.is_empty() => Vec::new(),
            Some(input) => pieces(&input.to_string(), self.pieces)
                .map(|piece| json!({"toolUse": {"input": piece}}))
                .collect(),
            None => Vec::new(),
        }
    }
}

/// A text in about so many pieces, none of which cuts a character in two.
pub(crate) fn pieces(text: &str, count: usize) -> impl Iterator<Item = &str> {
    let size = text.len().div_ceil(count.max(1)).max(1);
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let mut end = size.min(rest.len());
        while !rest.is_char_boundary(end) {
            end += 1;
        }
        let (piece, after) = rest.split_at(end);
        rest = after;
        Some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::RUNTIME;
    use crate::validate;

    fn reply() -> Reply {
        Reply::of(
            vec![
                json!({"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "c2ln"}}}),
                json!({"text": "Grüße aus Zürich"}),
                json!({"toolUse": {"toolUseId": "a", "name": "look", "input": {"at": "x"}}}),
                json!({"toolUse": {"toolUseId": "b", "name": "wait", "input": {}}}),
            ],
            "tool_use",
        )
    }

    #[test]
    fn the_service_s_own_model_allows_the_answers_and_events() {
        assert_eq!(validate::answer(&RUNTIME, "Converse", &reply().body()), Vec::<String>::new());
        for (kind, mut payload) in reply().events() {
            payload.as_object_mut().unwrap().remove("p");
            let event = json!({ kind: payload });
            assert_eq!(
                validate::named(&RUNTIME, "ConverseStreamOutput", &event),
                Vec::<String>::new()
            );
        }
    }

    #[test]
    fn the_pieces_are_the_whole() {
        for count in [0, 1, 3, 100] {
            assert_eq!(pieces("Grüße aus Zürich", count).collect::<String>(), "Grüße aus Zürich");
        }
        assert_eq!(pieces("abcdef", 3).collect::<Vec<_>>(), ["ab", "cd", "ef"]);
    }
}
