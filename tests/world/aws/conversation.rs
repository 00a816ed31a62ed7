//! The rules of a Converse request, each of which Bedrock enforces with a `ValidationException`.

use std::collections::BTreeSet;

use serde_json::{Value, json};

/// What Bedrock would refuse in a request; nothing, if it would answer.
pub(super) fn faults(model: &str, request: &Value, sent: &[Value]) -> Vec<String> {
    let mut faults = Faults { request, found: Vec::new() };
    faults.roles();
    faults.texts();
    faults.tool_blocks();
    faults.tool_config();
    faults.cache_points();
    faults.inference(model);
    faults.echoes(model, sent);
    faults.found
}

struct Faults<'a> {
    request: &'a Value,
    found: Vec<String>,
}

impl<'a> Faults<'a> {
    fn messages(&self) -> &'a [Value] {
        self.request["messages"].as_array().map_or(&[], Vec::as_slice)
    }

    fn blocks(&self, kind: &'a str) -> impl Iterator<Item = &'a Value> + use<'a> {
        self.messages().iter().flat_map(content).filter_map(move |block| block.get(kind))
    }

    fn find(&mut self, holds: bool, fault: impl Into<String>) {
        if !holds {
            self.found.push(fault.into());
        }
    }

    fn roles(&mut self) {
        let roles: Vec<&str> = self
            .messages()
            .iter()
            .map(|message| message["role"].as_str().unwrap_or("none"))
            .collect();
        self.find(roles.first() == Some(&"user"), "A conversation must start with a user message.");
        self.find(roles.last() == Some(&"user"), "The conversation must end with a user message.");
        self.find(
            roles.windows(2).all(|pair| pair[0] != pair[1]),
            format!("A conversation must alternate between user and assistant roles: {roles:?}"),
        );
    }

    fn texts(&mut self) {
        for (index, message) in self.messages().iter().enumerate() {
            self.find(
                content(message).next().is_some(),
                format!("messages.{index}: content is empty"),
            );
        }
        let texts: Vec<&Value> = self
            .blocks("text")
            .chain(
                self.request["system"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(|block| block.get("text")),
            )
            .collect();
        let filled = |text: &&Value| text.as_str().is_some_and(|text| !text.trim().is_empty());
        self.find(texts.iter().all(filled), "The text field in the ContentBlock object is blank.");
    }

    fn tool_blocks(&mut self) {
        let mut seen = BTreeSet::new();
        for (index, message) in self.messages().iter().enumerate() {
            let uses = ids(message, "toolUse");
            let next = self.messages().get(index + 1);
            let answered: BTreeSet<_> =
                next.map(|next| ids(next, "toolResult")).unwrap_or_default().into_iter().collect();
            for id in &uses {
                self.find(
                    message["role"] == "assistant",
                    format!("messages.{index}: toolUse {id} is not the assistant's"),
                );
                self.find(
                    answered.contains(id),
                    format!("messages.{index}: toolUse {id} is not answered in the next message"),
                );
                self.find(
                    seen.insert(id.clone()),
                    format!("messages.{index}: toolUse {id} is used twice"),
                );
                let legal = |c: char| c.is_ascii_alphanumeric() || "_.:-".contains(c);
                self.find(
                    (1..=64).contains(&id.len()) && id.chars().all(legal),
                    format!("toolUseId {id:?} does not match [a-zA-Z0-9_.:-]{{1,64}}"),
                );
            }
            let before = index
                .checked_sub(1)
                .map(|before| ids(&self.messages()[before], "toolUse"))
                .unwrap_or_default();
            let results = ids(message, "toolResult");
            for id in &results {
                self.find(
                    before.contains(id),
                    format!(
                        "messages.{index}: toolResult {id} has no toolUse in the message before"
                    ),
                );
            }
            let distinct: BTreeSet<_> = results.iter().collect();
            self.find(
                distinct.len() == results.len(),
                format!("messages.{index}: a toolUse is answered twice"),
            );
        }
        for tool_use in self.blocks("toolUse") {
            self.find(
                tool_use["input"].is_object(),
                format!("toolUse.input is no object: {}", tool_use["input"]),
            );
        }
        for result in self.blocks("toolResult") {
            self.tool_result(result);
        }
    }

    fn tool_result(&mut self, result: &Value) {
        let content = result["content"].as_array().map_or(&[][..], Vec::as_slice);
        let legal = |block: &Value| {
            block["json"].is_object()
                || block["text"].as_str().is_some_and(|text| !text.trim().is_empty())
        };
        self.find(
            !content.is_empty() && content.iter().all(legal),
            format!("toolResult.content is neither an object nor a text: {result}"),
        );
        let status = &result["status"];
        self.find(
            status.is_null() || status == "success" || status == "error",
            format!("toolResult.status is {status}"),
        );
    }

    fn tool_config(&mut self) {
        let tools = self.request["toolConfig"]["tools"].as_array();
        let uses_tools = self.blocks("toolUse").chain(self.blocks("toolResult")).next().is_some();
        self.find(!uses_tools || tools.is_some(), "The toolConfig field must be defined when using toolUse and toolResult content blocks.");
        let mut names = BTreeSet::new();
        for tool in tools.into_iter().flatten().filter_map(|tool| tool.get("toolSpec")) {
            let name = tool["name"].as_str().unwrap_or_default();
            let legal = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
            self.find(
                (1..=64).contains(&name.len()) && name.chars().all(legal),
                format!("the tool name {name:?} does not match [a-zA-Z0-9_-]{{1,64}}"),
            );
            self.find(names.insert(name), format!("the tool {name} is declared twice"));
            self.find(
                tool["inputSchema"]["json"]["type"] == "object",
                format!("the schema of {name} is not of an object"),
            );
            self.find(tool["description"] != "", format!("the description of {name} is empty"));
        }
        self.find(tools.is_none() || !names.is_empty(), "toolConfig has no tools");
        for tool_use in self.blocks("toolUse") {
            let name = tool_use["name"].as_str().unwrap_or_default();
            self.find(names.contains(name), format!("the tool {name} is used and not declared"));
        }
    }

    fn cache_points(&mut self) {
        let system = self.request["system"].as_array();
        let tools = self.request["toolConfig"]["tools"].as_array();
        let lists: Vec<&Vec<Value>> = self
            .messages()
            .iter()
            .filter_map(|message| message["content"].as_array())
            .chain(system)
            .chain(tools)
            .collect();
        let is_point = |block: &&Value| block.get("cachePoint").is_some();
        let points = lists.iter().flat_map(|list| list.iter()).filter(is_point).count();
        self.find(
            points <= 4,
            format!("a maximum of 4 blocks with cachePoint may be provided, found {points}"),
        );
        self.find(
            lists.iter().all(|list| !list.first().is_some_and(|first| is_point(&first))),
            "a cachePoint has nothing before it",
        );
    }

    fn inference(&mut self, model: &str) {
        let config = &self.request["inferenceConfig"];
        let within = |name: &str| {
            config[name].is_null()
                || config[name].as_f64().is_some_and(|value| (0.0..=1.0).contains(&value))
        };
        self.find(within("temperature"), "temperature must be between 0 and 1");
        self.find(within("topP"), "topP must be between 0 and 1");
        self.find(
            config["maxTokens"].is_null()
                || config["maxTokens"].as_u64().is_some_and(|tokens| tokens > 0),
            "maxTokens must be at least 1",
        );
        let (temperature, top_p) = (!config["temperature"].is_null(), !config["topP"].is_null());
        let is_claude = |generations: &[&str]| {
            model.contains("claude")
                && generations.iter().any(|generation| model.contains(generation))
        };
        self.find(
            !(temperature && top_p && is_claude(&["-4-1", "-4-5", "-4-6"])),
            "`temperature` and `top_p` cannot both be specified for this model. Please use only one.",
        );
        self.find(
            !((temperature || top_p) && is_claude(&["-4-7", "-4-8", "-5-5", "sonnet-5", "opus-5"])),
            "`temperature` is deprecated for this model.",
        );
    }

    /// The assistant's messages must come back as they were sent.
    fn echoes(&mut self, model: &str, sent: &[Value]) {
        let sent: Vec<Value> = sent.iter().map(|message| essence(message, model)).collect();
        for (index, message) in
            self.messages().iter().enumerate().filter(|(_, message)| message["role"] == "assistant")
        {
            self.find(
                sent.contains(&essence(message, model)),
                format!("messages.{index} is not what the assistant said: {message}"),
            );
        }
    }
}

fn content(message: &Value) -> impl Iterator<Item = &Value> {
    message["content"].as_array().into_iter().flatten()
}

fn ids(message: &Value, kind: &str) -> Vec<String> {
    let id = |block: &Value| block[kind]["toolUseId"].as_str().map(ToOwned::to_owned);
    content(message).filter_map(id).collect()
}

/// A message without what a caller must leave out: empty texts, and the thoughts of a model of another vendor.
fn essence(message: &Value, model: &str) -> Value {
    let kept = |block: &&Value| {
        let is_blank = block["text"].as_str().is_some_and(|text| text.trim().is_empty());
        let is_foreign = block.get("reasoningContent").is_some() && !model.contains("anthropic");
        !is_blank && !is_foreign
    };
    json!(content(message).filter(kept).collect::<Vec<_>>())
}
