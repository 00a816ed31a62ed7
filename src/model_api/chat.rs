//! `POST /v1/chat/completions`: OpenAI's request read as a call, <https://platform.openai.com/docs/api-reference/chat>.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use bytes::Bytes;
use contract::ToolSpec;
use model::text_or::TextOr;
use model::turns::{self, Turns};
use model::{
    Block, Call, Cause, Conversation, Form, Metadata, ModelError, Others, Parameters, Role,
    ToolResult, ToolUse, Words,
};
use model::{choice, null, words};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use super::answer::{self, read, refused};
use super::asked::Asked;
use super::{ANSWER, LONGEST, ModelApi, chat_reply, chat_stream, events, trace};

/// What is understood of a request. What is not is passed on to services of OpenAI's form.
#[derive(Debug, Deserialize)]
#[serde(expecting = "an object with `model` and `messages`")]
struct Request<'a> {
    model: Option<String>,
    #[serde(borrow)]
    messages: Vec<Said<'a>>,
    #[serde(default, deserialize_with = "null::or_default")]
    tools: Vec<Tool>,
    tool_choice: Option<Value>,
    max_tokens: Option<u32>,
    max_completion_tokens: Option<u32>,
    temperature: Option<f32>,
    top_p: Option<f32>,
    #[serde(borrow)]
    stop: Option<TextOr<'a, String>>,
    #[serde(default, deserialize_with = "null::or_default")]
    stream: bool,
    stream_options: Option<StreamOptions>,
    n: Option<u32>,
    metadata: Option<Metadata>,
    response_format: Option<Value>,
    #[serde(flatten)]
    others: Others,
}

/// A message of any role. An enum tagged by it would read each message twice, and hold it so.
#[derive(Debug, Deserialize)]
#[serde(expecting = "a message with `role` and `content`")]
struct Said<'a> {
    role: Speaker,
    #[serde(borrow)]
    content: Option<Content<'a>>,
    /// Not `OpenAI`'s: what a model of `DeepSeek`'s or Moonshot's thought, which they have to be told again.
    reasoning_content: Option<String>,
    tool_calls: Option<Vec<ToolCall>>,
    tool_call_id: Option<String>,
    function_call: Option<IgnoredAny>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Speaker {
    #[serde(alias = "developer")]
    System,
    User,
    Assistant,
    Tool,
}

type Content<'a> = TextOr<'a, Part<'a>>;

#[derive(Debug, Deserialize)]
#[serde(expecting = "a part with `type` and `text`")]
struct Part<'a> {
    #[serde(rename = "type")]
    kind: String,
    #[serde(borrow)]
    text: Option<words::Said<'a>>,
}

#[derive(Debug, Deserialize)]
#[serde(expecting = "a tool call with `id` and `function`")]
struct ToolCall {
    id: String,
    function: Called,
}

#[derive(Debug, Deserialize)]
#[serde(expecting = "a function with `name` and `arguments`")]
struct Called {
    name: String,
    arguments: String,
}

#[derive(Debug, Deserialize)]
#[serde(expecting = "a tool with `type` and `function`")]
struct Tool {
    #[serde(rename = "type")]
    kind: String,
    function: Option<Function>,
}

#[derive(Debug, Deserialize)]
#[serde(expecting = "a function with `name`, `description` and `parameters`")]
struct Function {
    name: String,
    #[serde(default, deserialize_with = "null::or_default")]
    description: String,
    parameters: Option<Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(expecting = "an object with `include_usage`")]
struct StreamOptions {
    #[serde(default, deserialize_with = "null::or_default")]
    include_usage: bool,
}

pub(super) async fn complete(
    State(api): State<Arc<ModelApi>>,
    Asked { client, headers, body }: Asked,
) -> Response {
    let created = (api.clock)();
    let asked = read::<Request>(&body).and_then(|request| {
        let stream = request
            .stream
            .then(|| request.stream_options.as_ref().is_some_and(|options| options.include_usage));
        let within = if stream.is_some() { LONGEST } else { ANSWER };
        let mut call = call(request, &body, within)?;
        api.agents.apply(&mut call)?;
        trace::complete(&mut call.metadata, &headers, client, &api.keys)?;
        Ok((call, stream))
    });
    drop(body);
    let (call, stream) = match asked {
        Ok(asked) => asked,
        Err(error) => return refused(&error),
    };
    let about = chat_reply::About::new(created);
    if let Some(include_usage) = stream {
        return match events::of(&api.gateway, call).await {
            Ok(events) => chat_stream::said(events, about, include_usage),
            Err(error) => refused(&error),
        };
    }
    match api.gateway.converse(&call).await {
        Ok(reply) => answer::written(StatusCode::OK, chat_reply::completion(&reply, &about)),
        Err(error) => refused(&error),
    }
}

/// What tools were called before there were tools.
fn refuse_functions(request: &Request) -> Result<(), ModelError> {
    let says = |name: &&str| {
        request.others.get(*name).is_some_and(|value| match value {
            Value::Null => false,
            Value::Array(functions) => !functions.is_empty(),
            _ => true,
        })
    };
    let called = request.messages.iter().any(|said| said.function_call.is_some());
    let named = ["functions", "function_call"].into_iter().find(says);
    match named.or(called.then_some("function_call")) {
        None => Ok(()),
        Some(name) => Err(bad(format!(
            "`{name}` is not carried out here: declare `tools` and choose by `tool_choice`, and answer `tool_calls` by messages of the role tool"
        ))),
    }
}

fn call(request: Request, body: &Bytes, within: Duration) -> Result<Call, ModelError> {
    if request.n.is_some_and(|n| n != 1) {
        return Err(bad("`n` must be 1: a model behind this gateway gives one answer".to_owned()));
    }
    refuse_functions(&request)?;
    let conversation = conversation(request.messages, request.tools, body)?;
    let mut call = Call::new(conversation, within);
    call.model = request.model;
    call.form = request.response_format.map(Form::read).transpose()?.flatten().map(Arc::new);
    let others: Others = request.others.into_iter().filter(|(_, value)| !value.is_null()).collect();
    call.others = (!others.is_empty()).then(|| others.into());
    call.metadata = request.metadata.unwrap_or_default();
    call.parameters = Parameters {
        max_tokens: request.max_completion_tokens.or(request.max_tokens),
        temperature: request.temperature,
        top_p: request.top_p,
        stop_sequences: match request.stop {
            None => Vec::new(),
            Some(TextOr::Text(stop)) => vec![stop.words(body).into_string()],
            Some(TextOr::Parts(stops)) => stops,
        },
        tool_choice: choice::read(request.tool_choice.as_ref())?,
    };
    Ok(call)
}

fn conversation(
    said: Vec<Said>,
    tools: Vec<Tool>,
    body: &Bytes,
) -> Result<Conversation, ModelError> {
    let mut turns = Turns::default();
    for Said { role, content, reasoning_content, tool_calls, tool_call_id, .. } in said {
        let content = content.map(|content| text(content, body)).transpose()?;
        let said = |content: Option<Words>| content.ok_or_else(|| missing("content"));
        match role {
            Speaker::System => turns.instruct(said(content)?.into_string()),
            Speaker::User => turns.say(Role::User, vec![Block::Text(said(content)?)]),
            Speaker::Assistant => {
                let calls = tool_calls.unwrap_or_default();
                turns.say(Role::Assistant, assistant(reasoning_content, content, calls)?);
            }
            Speaker::Tool => {
                let tool_use_id = tool_call_id.ok_or_else(|| missing("tool_call_id"))?;
                let content = Value::String(said(content)?.into_string());
                let result = ToolResult { tool_use_id, is_error: false, content };
                turns.say(Role::User, vec![Block::ToolResult(result)]);
            }
        }
    }
    turns.with_tools(tools.into_iter().map(tool).collect::<Result<_, _>>()?)
}

fn assistant(
    thought: Option<String>,
    content: Option<Words>,
    calls: Vec<ToolCall>,
) -> Result<Vec<Block>, ModelError> {
    let thought = thought.filter(|thought| !thought.is_empty());
    let thought = thought.map(|text| Block::Reasoning { text, signature: None });
    let mut blocks: Vec<Block> = thought.into_iter().chain(content.map(Block::Text)).collect();
    for ToolCall { id, function } in calls {
        let arguments =
            if function.arguments.trim().is_empty() { "{}" } else { &function.arguments };
        let input: Map<String, Value> = serde_json::from_str(arguments).map_err(|error| {
            bad(format!("the arguments of the tool call {id} are no JSON object: {error}"))
        })?;
        let input = Value::Object(input);
        blocks.push(Block::ToolUse(ToolUse { id, name: function.name, input }));
    }
    Ok(blocks)
}

fn text(content: Content, body: &Bytes) -> Result<Words, ModelError> {
    let parts = match content {
        Content::Text(text) => return Ok(text.words(body)),
        Content::Parts(parts) => parts,
    };
    let texts = parts.into_iter().map(|part| match (part.kind.as_str(), part.text) {
        ("text", Some(text)) => Ok(text.words(body)),
        ("text", None) => Err(bad("a part of the type \"text\" has no `text`".to_owned())),
        ("refusal", _) => Ok("".into()),
        (kind, _) => {
            Err(bad(format!("a part of the type {kind:?} cannot be sent: only texts can")))
        }
    });
    let mut texts: Vec<Words> = texts.collect::<Result<_, _>>()?;
    Ok(match (texts.pop(), texts.is_empty()) {
        (Some(only), true) => only,
        (last, _) => texts.iter().chain(&last).map(Words::as_str).collect::<String>().into(),
    })
}

fn tool(tool: Tool) -> Result<ToolSpec, ModelError> {
    match (tool.kind.as_str(), tool.function) {
        ("function", Some(Function { name, description, parameters })) => {
            Ok(turns::tool(name, description, parameters))
        }
        ("function", None) => Err(bad("a tool has no `function`".to_owned())),
        (kind, _) => {
            Err(bad(format!("a tool of the type {kind:?} is not known here: functions are")))
        }
    }
}

/// What every message of its role has.
fn missing(field: &str) -> ModelError {
    bad(format!("a message has no `{field}`"))
}

fn bad(message: String) -> ModelError {
    ModelError::new(Cause::BadRequest, message)
}

#[cfg(test)]
mod tests {
    use model::ToolChoice;
    use serde_json::json;

    use super::*;

    fn asked(request: &Value) -> Result<Call, String> {
        let body = Bytes::from(request.to_string());
        let request = read::<Request>(&body).map_err(|error| error.message)?;
        call(request, &body, ANSWER).map_err(|error| error.message)
    }

    #[tokio::test]
    async fn results_of_tools_that_ran_side_by_side_become_one_message() {
        let call = asked(&json!({
            "model": "m",
            "messages": [
                {"role": "developer", "content": "Be brief."},
                {"role": "user", "content": [{"type": "text", "text": "Look"}, {"type": "text", "text": " twice."}]},
                {"role": "assistant", "content": null, "reasoning_content": "Twice.", "tool_calls": [
                    {"id": "a", "type": "function", "function": {"name": "look", "arguments": "{\"at\": 1}"}},
                    {"id": "b", "type": "function", "function": {"name": "look", "arguments": ""}},
                ]},
                {"role": "tool", "tool_call_id": "a", "content": "one"},
                {"role": "tool", "tool_call_id": "b", "content": "two"},
            ],
            "tools": [{"type": "function", "function": {"name": "look"}}],
            "tool_choice": {"type": "function", "function": {"name": "look"}},
            "stop": "END", "max_completion_tokens": 9, "seed": 4,
        }))
        .unwrap();
        let conversation = &call.conversation;
        assert_eq!((conversation.system.as_str(), conversation.messages.len()), ("Be brief.", 3));
        assert_eq!(conversation.messages[0].text(), "Look twice.");
        assert_eq!(
            conversation.messages[1].content[0],
            Block::Reasoning { text: "Twice.".into(), signature: None }
        );
        assert_eq!(conversation.messages[1].tool_uses().count(), 2);
        assert_eq!(conversation.messages[2].content.len(), 2);
        assert_eq!(conversation.tools[0].input_schema["type"], "object");
        assert_eq!(call.parameters.tool_choice, ToolChoice::Tool("look".into()));
        assert_eq!(
            (call.parameters.max_tokens, call.parameters.stop_sequences.len()),
            (Some(9), 1)
        );
    }

    #[tokio::test]
    async fn what_cannot_be_done_is_refused_with_the_way_out() {
        let hello = json!([{"role": "user", "content": "Hello"}]);
        let told = [
            json!({"messages": hello, "n": 2}),
            json!({"messages": hello, "response_format": {"type": "yaml"}}),
            json!({"messages": hello, "tool_choice": "maybe"}),
            json!({"messages": hello, "tools": [{"type": "web_search"}]}),
            json!({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]}),
            json!({"messages": [{"role": "assistant", "tool_calls": [{"id": "a", "function": {"name": "f", "arguments": "{"}}]}]}),
            json!({"messages": [{"role": "assistant", "tool_calls": [{"id": "a", "function": {"name": "f", "arguments": "[1]"}}]}]}),
            json!({"messages": []}),
            json!({"messages": hello, "tools": [{"type": "function"}]}),
            json!({"messages": hello, "tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": []}}}),
            json!({"messages": [{"role": "user", "content": [{"type": "text", "text": null}]}]}),
            json!({"messages": hello, "functions": [{"name": "look"}]}),
            json!({"messages": hello, "function_call": "auto"}),
            json!({"messages": [{"role": "assistant", "content": null, "function_call": {"name": "look", "arguments": "{}"}}]}),
            json!({"messages": hello, "max_tokens": "5"}),
            json!({"messages": hello, "stream": "yes"}),
            json!({"messages": "Hello"}),
            json!({"messages": ["Hello"]}),
            json!({"messages": [["user", "Hello"]]}),
            json!({"messages": [{"role": "function", "content": "Hello"}]}),
            json!(["Hello"]),
            json!("Hello"),
        ]
        .map(|request| asked(&request).unwrap_err());
        insta::assert_snapshot!(told.join("\n"), @r#"
`n` must be 1: a model behind this gateway gives one answer
`response_format` cannot be read: unknown `yaml`, expected `json_object` or `json_schema`; its `type` is text, json_object or json_schema
`tool_choice` is "maybe": auto, required, none or a tool, as {"type": "function", "function": {"name": "…"}}
a tool of the type "web_search" is not known here: functions are
a part of the type "image_url" cannot be sent: only texts can
the arguments of the tool call a are no JSON object: EOF while parsing an object at line 1 column 1
the arguments of the tool call a are no JSON object: invalid type: sequence, expected a map at line 1 column 0
nothing is said in it: give a `prompt` or `messages` with a text
a tool has no `function`
`tool_choice` cannot allow some of the tools: leave the others out of `tools`
a part of the type "text" has no `text`
`functions` is not carried out here: declare `tools` and choose by `tool_choice`, and answer `tool_calls` by messages of the role tool
`function_call` is not carried out here: declare `tools` and choose by `tool_choice`, and answer `tool_calls` by messages of the role tool
`function_call` is not carried out here: declare `tools` and choose by `tool_choice`, and answer `tool_calls` by messages of the role tool
the body cannot be read: invalid type: string "5", expected a whole number from 0 to 4294967295 at line 1 column 17
the body cannot be read: invalid type: string "yes", expected true or false at line 1 column 62
the body cannot be read: invalid type: string "Hello", expected a list at line 1 column 19
the body cannot be read: invalid type: string "Hello", expected a message with `role` and `content` at line 1 column 20
the body cannot be read: invalid type: a list, expected a message with `role` and `content` at line 1 column 14
the body cannot be read: unknown `function`, expected one of `developer`, `system`, `user`, `assistant`, `tool` at line 1 column 49
the body cannot be read: invalid type: a list, expected an object with `model` and `messages` at line 1 column 0
the body cannot be read: invalid type: string "Hello", expected an object with `model` and `messages` at line 1 column 7
"#);
    }

    #[tokio::test]
    async fn null_is_what_is_left_out() {
        let plain = asked(&json!({"messages": [{"role": "user", "content": "Hello"}]})).unwrap();
        let mut nulls = asked(&json!({
            "model": null,
            "messages": [{"role": "user", "content": "Hello", "tool_calls": null, "tool_call_id": null, "function_call": null}],
            "tools": null, "tool_choice": null, "max_tokens": null, "max_completion_tokens": null, "temperature": null,
            "top_p": null, "stop": null, "stream": null, "stream_options": null, "n": null, "metadata": null,
            "response_format": null, "functions": null, "function_call": null, "seed": null,
        }))
        .unwrap();
        nulls.deadline = plain.deadline;
        assert_eq!(nulls, plain);
        let function =
            json!({"name": "look", "description": null, "parameters": null, "strict": null});
        let within = asked(&json!({
            "messages": [{"role": "user", "content": "Hello"}],
            "tools": [{"type": "function", "function": function}],
            "stream_options": {"include_usage": null}, "functions": [],
        }))
        .unwrap();
        let tool = &within.conversation.tools[0];
        assert_eq!((&*tool.description, &tool.input_schema["type"]), ("", &json!("object")));
    }
}
