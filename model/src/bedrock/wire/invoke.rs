//! `InvokeModel`, for models that Converse does not take as conversations: a prompt goes in, and a text comes out.
//!
//! How each family is told and answers is data: `data/bedrock_invoke.json`.

use std::collections::HashMap;
use std::sync::LazyLock;

use http::HeaderMap;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::parameters::{self, InferenceConfig};
use super::reply;
use super::request::Written;
use super::sorted::Sorted;
use crate::catalog::{self, Model};
use crate::{Block, Call, Cause, Conversation, ModelError, Reply, Role, Usage};

#[derive(Deserialize)]
pub(super) struct Family {
    prefixes: Vec<String>,
    when: When,
    /// What the model calls itself in a transcript.
    assistant: String,
    prompt: String,
    max_tokens: String,
    temperature: String,
    top_p: String,
    stop_sequences: String,
    text: String,
    stop: String,
    stops: HashMap<String, String>,
}

#[derive(Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum When {
    Always,
    System,
}

#[derive(Deserialize)]
struct File {
    families: Vec<Family>,
}

static FAMILIES: LazyLock<Vec<Family>> = LazyLock::new(|| {
    // A test reads the file, so a failure here cannot ship.
    let file = serde_json::from_str(include_str!("../../data/bedrock_invoke.json"));
    file.map_or_else(|_| Vec::new(), |file: File| file.families)
});

/// The family of a model that this call cannot be told by Converse.
pub(super) fn family(model: &Model, conversation: &Conversation) -> Option<&'static Family> {
    let name = model.id.rsplit_once('/').map_or(model.id.as_str(), |(_, name)| name);
    let base = catalog::without_geography(name);
    let holds = |family: &&Family| family.prefixes.iter().any(|prefix| base.starts_with(prefix));
    let has_system = !conversation.system.trim().is_empty();
    FAMILIES.iter().find(holds).filter(|family| family.when == When::Always || has_system)
}

impl Family {
    pub(super) fn write(&self, call: &Call, model: &Model) -> Result<Written, ModelError> {
        let mut changes = Vec::new();
        let InferenceConfig { max_tokens, stop_sequences, temperature, top_p } =
            parameters::inference(&call.parameters, model, &mut changes);
        let stops = (!stop_sequences.is_empty()).then(|| stop_sequences.into());
        let mut body = Map::new();
        put(&mut body, &self.prompt, Some(self.transcript(&call.conversation)?.into()));
        put(&mut body, &self.max_tokens, max_tokens.map(Value::from));
        put(&mut body, &self.temperature, temperature.map(parameters::number));
        put(&mut body, &self.top_p, top_p.map(parameters::number));
        put(&mut body, &self.stop_sequences, stops);
        let bytes = serde_json::to_vec(&Sorted(&Value::Object(body))).map_err(|error| {
            ModelError::new(Cause::BadRequest, format!("the prompt cannot be sent: {error}"))
        })?;
        Ok(Written { body: bytes.into(), changes })
    }

    pub(super) fn read(
        &self,
        headers: &HeaderMap,
        body: &[u8],
        model: &Model,
    ) -> Result<Reply, ModelError> {
        let unreadable = |what: String| ModelError::new(Cause::Unreadable, what);
        let answer: Value = serde_json::from_slice(body)
            .map_err(|error| unreadable(format!("{}'s answer: {error}", model.id)))?;
        let Some(text) = answer.pointer(&self.text).and_then(Value::as_str) else {
            return Err(unreadable(format!("{} answered without {}", model.id, self.text)));
        };
        let reason = answer.pointer(&self.stop).and_then(Value::as_str).unwrap_or_default();
        let stop = reply::stop(self.stops.get(reason).map_or("", String::as_str));
        let content = (!text.is_empty()).then(|| Block::Text(text.into()));
        let mut reply = Reply::new(&model.id, content.into_iter().collect(), stop);
        let usage = counted(headers);
        reply.usage_is_estimated = usage.is_none();
        reply.usage = usage.unwrap_or_default();
        reply.cost_usd = usage.and_then(|usage| model.cost(usage));
        reply.raw = Some(reply::raw(body));
        Ok(reply)
    }

    /// One question goes as it is; what was said in turns, as a transcript that the model goes on with.
    fn transcript(&self, conversation: &Conversation) -> Result<String, ModelError> {
        if !conversation.tools.is_empty() || conversation.speaks_of_tools() {
            let text = "the model takes no tools: ask it without them, or ask another one";
            return Err(ModelError::new(Cause::BadRequest, text));
        }
        let system = conversation.system.trim();
        if let ([only], true) = (conversation.messages.as_slice(), system.is_empty()) {
            return Ok(only.text());
        }
        let speaker = |role| if role == Role::User { "User" } else { self.assistant.as_str() };
        let mut parts: Vec<String> =
            Some(system.to_owned()).filter(|system| !system.is_empty()).into_iter().collect();
        parts.extend(
            conversation
                .messages
                .iter()
                .map(|message| format!("{}: {}", speaker(message.role), message.text())),
        );
        parts.push(format!("{}:", self.assistant));
        Ok(parts.join("\n\n"))
    }
}

/// A key may lie one level deep: `textGenerationConfig.topP`.
fn put(body: &mut Map<String, Value>, key: &str, value: Option<Value>) {
    let Some(value) = value else { return };
    match key.split_once('.') {
        None => drop(body.insert(key.to_owned(), value)),
        Some((outer, inner)) => {
            let outer = body.entry(outer).or_insert_with(|| Map::new().into());
            if let Value::Object(fields) = outer {
                fields.insert(inner.to_owned(), value);
            }
        }
    }
}

/// Bedrock counts for every vendor alike.
fn counted(headers: &HeaderMap) -> Option<Usage> {
    let count = |name| headers.get(name)?.to_str().ok()?.parse().ok();
    let input_tokens = count("x-amzn-bedrock-input-token-count")?;
    let output_tokens = count("x-amzn-bedrock-output-token-count")?;
    Some(Usage { input_tokens, output_tokens, ..Usage::default() })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::{Service, call, question};
    use super::*;
    use crate::{Message, ModelDriver, StopReason};

    const COUNTED: &str =
        "x-amzn-bedrock-input-token-count: 1000\r\nx-amzn-bedrock-output-token-count: 100\r\n";

    #[test]
    fn the_data_reads() {
        let file: File =
            serde_json::from_str(include_str!("../../data/bedrock_invoke.json")).unwrap();
        let stops = file.families.iter().flat_map(|family| family.stops.values());
        assert!(stops.into_iter().all(|stop| reply::stop(stop) != StopReason::Unknown));
    }

    fn in_turns() -> Conversation {
        let answer = Message { role: Role::Assistant, content: vec![Block::Text("Yes.".into())] };
        let mut conversation = question();
        conversation.system = "You review.".to_owned();
        conversation.messages.extend([answer, Message::user("Why?")]);
        conversation
    }

    /// The path and the body of the request, and the reply.
    async fn told(model: &str, conversation: Conversation, answer: Value) -> String {
        let service = Service::answering("200 OK", COUNTED, answer.to_string()).await;
        let mut call = call(model, conversation);
        call.parameters.max_tokens = Some(100);
        call.parameters.temperature = Some(0.1);
        call.parameters.stop_sequences = vec!["END".to_owned()];
        let reply = service.driver().converse(&call).await.unwrap();
        let heard = service.heard().remove(0);
        let path = heard.split(' ').nth(1).unwrap_or_default().to_owned();
        let (text, stop) = (reply.message.text(), reply.stop);
        format!("{path} {}\n{text} {stop:?} {}", service.body(), reply.usage.total())
    }

    #[tokio::test]
    async fn each_family_is_told_in_its_own_words() {
        let j2 = json!({"completions": [{"data": {"text": "It is."}, "finishReason": {"reason": "length"}}]});
        let cohere = json!({"generations": [{"text": "It is.", "finish_reason": "COMPLETE"}]});
        let titan = json!({"results": [{"outputText": "It is.", "completionReason": "FINISH"}]});
        let lines = [
            told("ai21.j2-ultra-v1", question(), j2.clone()).await,
            told("ai21.j2-ultra-v1", in_turns(), j2).await,
            told("cohere.command-text-v14", question(), cohere).await,
            told("amazon.titan-text-express-v1", in_turns(), titan).await,
        ];
        insta::assert_snapshot!(lines.join("\n"), @r#"
        /model/ai21.j2-ultra-v1/invoke {"maxTokens":100,"prompt":"Is it slow?","stopSequences":["END"],"temperature":0.1}
        It is. MaxTokens 1100
        /model/ai21.j2-ultra-v1/invoke {"maxTokens":100,"prompt":"You review.\n\nUser: Is it slow?\n\nAssistant: Yes.\n\nUser: Why?\n\nAssistant:","stopSequences":["END"],"temperature":0.1}
        It is. MaxTokens 1100
        /model/cohere.command-text-v14/invoke {"max_tokens":100,"prompt":"Is it slow?","stop_sequences":["END"],"temperature":0.1}
        It is. EndTurn 1100
        /model/amazon.titan-text-express-v1/invoke {"inputText":"You review.\n\nUser: Is it slow?\n\nBot: Yes.\n\nUser: Why?\n\nBot:","textGenerationConfig":{"maxTokenCount":100,"stopSequences":["END"],"temperature":0.1}}
        It is. EndTurn 1100
        "#);
    }

    #[tokio::test]
    async fn converse_is_asked_wherever_it_can_be() {
        let answer = json!({"output": {"message": {"content": [{"text": "It is."}]}}});
        for model in ["amazon.titan-text-express-v1", "cohere.command-r-v1:0"] {
            let heard = told(model, question(), answer.clone()).await;
            assert!(heard.contains("/converse "), "{heard}");
        }
    }

    #[tokio::test]
    async fn a_family_without_tools_is_not_asked_with_them() {
        let service = Service::replying(&json!({})).await;
        let mut conversation = question();
        let input_schema = json!({"type": "object"});
        let (name, description) = ("analyze".to_owned(), String::new());
        conversation.tools = vec![contract::ToolSpec { name, description, input_schema }];
        let call = call("ai21.j2-ultra-v1", conversation);
        let error = service.driver().converse(&call).await.unwrap_err();
        assert_eq!(error.cause, Cause::BadRequest);
        assert!(service.heard().is_empty());
    }
}
