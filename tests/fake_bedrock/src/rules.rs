//! What Converse refuses beyond its model: rules on how messages, tools and parameters go together.
//!
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/conversation-inference-call.html>, and for tools
//! <https://docs.aws.amazon.com/bedrock/latest/userguide/tool-use-inference-call.html>.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::families;

/// Sentences on what Bedrock would refuse in a body that its model allows.
pub(crate) fn faults(model: &str, body: &Value, is_streaming: bool) -> Vec<String> {
    let mut rules = Rules { body, found: Vec::new() };
    rules.roles();
    rules.texts();
    rules.tool_uses();
    rules.tool_declarations();
    rules.cache_points();
    rules.found.extend(families::refuses(model, body, is_streaming));
    rules.found
}

struct Rules<'a> {
    body: &'a Value,
    found: Vec<String>,
}

impl<'a> Rules<'a> {
    fn hold(&mut self, holds: bool, fault: impl FnOnce() -> String) {
        if !holds {
            self.found.push(fault());
        }
    }

    fn messages(&self) -> &'a [Value] {
        items(&self.body["messages"])
    }

    fn roles(&mut self) {
        let roles: Vec<&Value> = self.messages().iter().map(|message| &message["role"]).collect();
        let is_user = |role: Option<&&Value>| role.is_some_and(|role| **role == "user");
        self.hold(is_user(roles.first()), || {
            "A conversation must start with a user message. Try again with a conversation that starts with a user message.".to_owned()
        });
        // Some older models go on from an assistant's words; whoever means them all must not end so.
        self.hold(is_user(roles.last()), || {
            "The conversation must end with a user message.".to_owned()
        });
        self.hold(roles.windows(2).all(|pair| pair[0] != pair[1]), || {
            "A conversation must alternate between user and assistant roles.".to_owned()
        });
    }

    fn texts(&mut self) {
        let places = self.messages().iter().flat_map(|message| items(&message["content"]));
        let texts = places.chain(items(&self.body["system"])).filter_map(|block| block.get("text"));
        let is_blank = |text: &Value| text.as_str().is_some_and(|text| text.trim().is_empty());
        let blank = texts.filter(|text| is_blank(text)).count();
        self.hold(blank == 0, || {
            "The text field in the ContentBlock object is blank. Add text to the text field, and try again.".to_owned()
        });
        let has_content = |message: &Value| !items(&message["content"]).is_empty();
        self.hold(self.messages().iter().all(has_content), || {
            "The content field in the Message object is empty. Add a ContentBlock object to the content field and try again.".to_owned()
        });
    }

    fn tool_uses(&mut self) {
        let mut before: Vec<&str> = Vec::new();
        for (index, message) in self.messages().iter().enumerate() {
            let answered = ids(message, "toolResult");
            self.answers(index, &before, &answered);
            before = ids(message, "toolUse");
            let distinct: BTreeSet<_> = before.iter().collect();
            self.hold(distinct.len() == before.len(), || {
                format!("messages.{index}: `tool_use` ids must be unique")
            });
            self.hold(before.is_empty() || message["role"] == "assistant", || {
                format!("messages.{index}: `tool_use` blocks can only be in assistant messages")
            });
            self.hold(answered.is_empty() || message["role"] == "user", || {
                format!("messages.{index}: `tool_result` blocks can only be in user messages")
            });
        }
        let next = self.messages().len();
        self.hold(before.is_empty(), || {
            format!(
                "Expected toolResult blocks at messages.{next} for the following Ids: {}",
                before.join(", ")
            )
        });
        let inputs = blocks(self.messages(), "toolUse").all(|tool| tool["input"].is_object());
        self.hold(inputs, || "The format of the value at toolUse.input is invalid. Provide a json object for the field and try again.".to_owned());
    }

    fn answers(&mut self, index: usize, uses: &[&str], answered: &[&str]) {
        let missing: Vec<&str> = uses.iter().filter(|id| !answered.contains(id)).copied().collect();
        self.hold(missing.is_empty(), || {
            format!(
                "Expected toolResult blocks at messages.{index}.content for the following Ids: {}",
                missing.join(", ")
            )
        });
        let unasked = answered.iter().filter(|id| !uses.contains(id)).count();
        let repeated = answered.iter().collect::<BTreeSet<_>>().len() < answered.len();
        self.hold(unasked == 0 && !repeated, || {
            format!("The number of toolResult blocks at messages.{index}.content exceeds the number of toolUse blocks of previous turn.")
        });
    }

    fn tool_declarations(&mut self) {
        let tools = self.body["toolConfig"]["tools"].as_array();
        let mut used =
            blocks(self.messages(), "toolUse").chain(blocks(self.messages(), "toolResult"));
        self.hold(tools.is_some() || used.next().is_none(), || {
            "The toolConfig field must be defined when using toolUse and toolResult content blocks."
                .to_owned()
        });
        let specifications = tools.into_iter().flatten().filter_map(|tool| tool.get("toolSpec"));
        let mut names = BTreeSet::new();
        for specification in specifications {
            let name = specification["name"].as_str().unwrap_or_default();
            self.hold(names.insert(name), || format!("The tool {name} is already defined."));
            self.hold(specification["inputSchema"]["json"]["type"] == "object", || {
                format!("The value at toolConfig.tools.{name}.inputSchema.json.type must be one of the following: object.")
            });
        }
        if let Some(wanted) = self.body["toolConfig"]["toolChoice"]["tool"]["name"].as_str() {
            self.hold(names.contains(wanted), || {
                format!("toolChoice names {wanted}, and no such tool is defined.")
            });
        }
        self.hold(tools.is_none() || !names.is_empty(), || {
            "toolConfig defines no tool.".to_owned()
        });
    }

    /// <https://docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html>
    fn cache_points(&mut self) {
        let lists = self.messages().iter().map(|message| items(&message["content"]));
        let lists: Vec<&[Value]> = lists
            .chain([items(&self.body["system"]), items(&self.body["toolConfig"]["tools"])])
            .collect();
        let is_point = |block: &&Value| block.get("cachePoint").is_some();
        let points = lists.iter().flat_map(|list| list.iter()).filter(is_point).count();
        self.hold(points <= 4, || {
            format!("A maximum of 4 blocks with cache_control may be provided. Found {points}.")
        });
        self.hold(
            lists.iter().all(|list| !list.first().is_some_and(|first| is_point(&first))),
            || "A cachePoint has nothing before it.".to_owned(),
        );
    }
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn blocks<'a>(messages: &'a [Value], kind: &'a str) -> impl Iterator<Item = &'a Value> {
    messages
        .iter()
        .flat_map(|message| items(&message["content"]))
        .filter_map(move |block| block.get(kind))
}

fn ids<'a>(message: &'a Value, kind: &str) -> Vec<&'a str> {
    let blocks = items(&message["content"]).iter().filter_map(|block| block.get(kind));
    blocks.filter_map(|block| block["toolUseId"].as_str()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const MODEL: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";

    fn tool_use(id: &str) -> Value {
        json!({"toolUse": {"toolUseId": id, "name": "look", "input": {}}})
    }

    fn result(id: &str) -> Value {
        json!({"toolResult": {"toolUseId": id, "content": [{"text": "x"}]}})
    }

    /// A conversation in which a tool was called; `blocks` are the assistant's and the user's after it.
    fn conversation(uses: &[Value], results: &[Value]) -> Value {
        let specification = json!({"name": "look", "inputSchema": {"json": {"type": "object"}}});
        json!({
            "messages": [
                {"role": "user", "content": [{"text": "x"}]},
                {"role": "assistant", "content": uses},
                {"role": "user", "content": results},
            ],
            "toolConfig": {"tools": [{"toolSpec": specification}]},
        })
    }

    fn first(model: &str, body: &Value) -> String {
        faults(model, body, true)
            .first()
            .map_or_else(|| "taken".to_owned(), |fault| fault.chars().take(90).collect())
    }

    #[test]
    fn a_conversation_that_answers_its_tool_uses_is_taken_and_others_are_refused() {
        let (one, two) = (tool_use("a"), tool_use("b"));
        let told = [
            conversation(&[one.clone(), two.clone()], &[result("b"), result("a")]),
            conversation(&[one.clone(), two.clone()], &[result("a")]),
            conversation(std::slice::from_ref(&one), &[result("a"), result("a")]),
            conversation(std::slice::from_ref(&one), &[result("a"), result("c")]),
            conversation(&[one.clone(), one.clone()], &[result("a")]),
            conversation(&[json!({"text": "no tool"})], &[result("a")]),
        ];
        insta::assert_snapshot!(told.map(|body| first(MODEL, &body)).join("\n"), @"
            taken
            Expected toolResult blocks at messages.2.content for the following Ids: b
            The number of toolResult blocks at messages.2.content exceeds the number of toolUse blocks
            The number of toolResult blocks at messages.2.content exceeds the number of toolUse blocks
            messages.1: `tool_use` ids must be unique
            The number of toolResult blocks at messages.2.content exceeds the number of toolUse blocks
            ");
    }

    #[test]
    fn every_other_rule_refuses_what_breaks_it() {
        let good = || conversation(&[tool_use("a")], &[result("a")]);
        let broken = |pointer: &str, value: Value| {
            let mut body = good();
            let (parent, name) = pointer.rsplit_once('/').unwrap();
            body.pointer_mut(parent).unwrap()[name] = value;
            body
        };
        let told = [
            (MODEL, good()),
            (
                MODEL,
                broken("/messages", json!([{"role": "assistant", "content": [{"text": "x"}]}])),
            ),
            (
                MODEL,
                broken(
                    "/messages",
                    json!(vec![json!({"role": "user", "content": [{"text": "x"}]}); 2]),
                ),
            ),
            (MODEL, broken("/messages", json!([{"role": "user", "content": [{"text": " \n"}]}]))),
            (MODEL, broken("/messages", json!([{"role": "user", "content": []}]))),
            (MODEL, broken("/toolConfig", Value::Null)),
            (MODEL, broken("/toolConfig/toolChoice", json!({"tool": {"name": "other"}}))),
            (MODEL, broken("/system", json!([{"cachePoint": {"type": "default"}}]))),
            (
                MODEL,
                broken(
                    "/system",
                    json!([{"text": "x"}, {"cachePoint": {}}, {"cachePoint": {}}, {"cachePoint": {}}, {"cachePoint": {}}, {"cachePoint": {}}]),
                ),
            ),
            (MODEL, broken("/inferenceConfig", json!({"temperature": 0.1, "topP": 0.9}))),
            (MODEL, broken("/inferenceConfig", json!({"temperature": 0.1}))),
            (
                "global.anthropic.claude-sonnet-5-5",
                broken("/inferenceConfig", json!({"temperature": 0.1})),
            ),
            (
                "mistral.mistral-large-3-675b-instruct",
                broken("/system", json!([{"text": "x"}, {"cachePoint": {}}])),
            ),
            ("meta.llama3-8b-instruct-v1:0", good()),
            (
                "ai21.j2-ultra-v1",
                json!({"messages": [{"role": "user", "content": [{"text": "x"}]}]}),
            ),
        ];
        insta::assert_snapshot!(told.map(|(model, body)| first(model, &body)).join("\n"), @"
            taken
            A conversation must start with a user message. Try again with a conversation that starts w
            A conversation must alternate between user and assistant roles.
            The text field in the ContentBlock object is blank. Add text to the text field, and try ag
            The content field in the Message object is empty. Add a ContentBlock object to the content
            The toolConfig field must be defined when using toolUse and toolResult content blocks.
            toolChoice names other, and no such tool is defined.
            A cachePoint has nothing before it.
            A maximum of 4 blocks with cache_control may be provided. Found 5.
            `temperature` and `top_p` cannot both be specified for this model. Please use only one.
            taken
            `temperature` is deprecated for this model.
            This model doesn't support cachePoint.
            This model doesn't support tool use.
            This model doesn't support the converse stream API.
            ");
    }
}
