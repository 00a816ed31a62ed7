//! What becomes of calls.

use std::sync::Arc;
use std::time::Duration;

use contract::ToolSpec;
use proptest::prelude::*;
use serde_json::json;
use tokio::time::Instant;

use super::*;
use crate::catalog::{Price, default_models, lookup};
use crate::form::{Form, Schema};
use crate::{Message, Metadata, Parameters, Role, ToolChoice, ToolResult, ToolUse};

fn call(parameters: Parameters) -> Call {
    Call {
        known: None,
        model: None,
        conversation: Arc::new(Conversation {
            system: "Answer in one line.".to_owned(),
            messages: vec![Message::user("What does this change cost?")],
            tools: Vec::new(),
        }),
        estimated: None,
        parameters,
        form: None,
        others: None,
        metadata: Metadata::default(),
        deadline: Instant::now() + Duration::from_secs(30),
    }
}

fn told(call: &mut Call) -> &mut Conversation {
    Arc::make_mut(&mut call.conversation)
}

fn tool() -> ToolSpec {
    ToolSpec {
        name: "analyze_code".to_owned(),
        description: "Finds waste.".to_owned(),
        input_schema: json!({"type": "object"}),
    }
}

fn too_much() -> Parameters {
    Parameters {
        max_tokens: Some(1_000_000),
        temperature: Some(1.7),
        top_p: Some(0.0),
        stop_sequences: ["</answer>", "\n", "", "|", "User:", "END"].map(str::to_owned).to_vec(),
        tool_choice: ToolChoice::Auto,
    }
}

#[test]
fn what_was_estimated_before_counts_until_the_conversation_changes() {
    let tokens = |id: &str, estimated| {
        let model = lookup(id);
        let mut call = call(Parameters::default());
        call.estimated = estimated;
        fitting(&model, "bedrock")(&mut call, &model).unwrap().input_tokens
    };
    let plain = "us.amazon.nova-2-lite-v1:0";
    assert_eq!(tokens(plain, Some(7)), input_tokens_of(7, plain, "bedrock"));
    assert_ne!(tokens(plain, Some(7)), tokens(plain, None));
    // The system prompt becomes a part of the first message.
    let folding = "amazon.titan-text-express-v1";
    assert_eq!(tokens(folding, Some(7)), tokens(folding, None));
}

fn said(driver: &str, id: &str, parameters: Parameters) -> String {
    let mut call = call(parameters);
    let changes = fit(&mut call, &lookup(id), driver).unwrap();
    let lines = changes.iter().map(|change| {
        format!("  {}: {} -> {}, {}\n", change.parameter, change.from, change.to, change.reason)
    });
    format!("{id}\n{}", lines.collect::<String>())
}

#[test]
fn what_is_too_much_is_taken_back_and_said() {
    let cases = [
        ("bedrock", "global.anthropic.claude-haiku-4-5-20251001-v1:0"),
        ("bedrock", "us.amazon.nova-2-lite-v1:0"),
        ("bedrock", "amazon.titan-text-express-v1"),
        ("bedrock", "qwen.qwen3-coder-next"),
        ("anthropic", "claude-sonnet-5-5"),
        ("openai", "gpt-4o"),
        ("openai", "llama-on-our-own-machine"),
    ];
    let said = cases.map(|(driver, id)| said(driver, id, too_much()));
    insta::assert_snapshot!(said.join("\n"), @r#"
global.anthropic.claude-haiku-4-5-20251001-v1:0
  top_p: 0.0 -> null, global.anthropic.claude-haiku-4-5-20251001-v1:0 refuses top_p together with temperature
  temperature: 1.7 -> 1.0, from 0 to 1 (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InferenceConfiguration.html)
  stop_sequences: ["</answer>","\n","","|","User:","END"] -> ["</answer>","|","User:","END"], one that is empty or above 1024 bytes stops nothing; Claude refuses stop sequences of white space alone, and Converse takes 2,500 (https://github.com/BerriAI/litellm/issues/3286)
  max_tokens: 1000000 -> 63936, global.anthropic.claude-haiku-4-5-20251001-v1:0 writes 64000 tokens at the most, and 64 stay free: the table is a third party's, and services put marks of their own around an answer

us.amazon.nova-2-lite-v1:0
  temperature: 1.7 -> 1.0, Nova's temperature is above 0, and 1 at most (https://docs.aws.amazon.com/nova/latest/nova2-userguide/request-response-schema.html)
  top_p: 0.0 -> 0.00001, from 0 to 1 (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InferenceConfiguration.html)
  stop_sequences: ["</answer>","\n","","|","User:","END"] -> ["</answer>","\n","|","User:","END"], one that is empty or above 1024 bytes stops nothing; Converse takes 2,500 stop sequences (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InferenceConfiguration.html)
  max_tokens: 1000000 -> 63936, us.amazon.nova-2-lite-v1:0 writes 64000 tokens at the most, and 64 stay free: the table is a third party's, and services put marks of their own around an answer

amazon.titan-text-express-v1
  system: {"characters":19} -> "first user message", it takes no system prompt (https://docs.aws.amazon.com/bedrock/latest/userguide/conversation-inference-supported-models-features.html)
  temperature: 1.7 -> 1.0, from 0 to 1 (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InferenceConfiguration.html)
  top_p: 0.0 -> 0.00001, from 0 to 1 (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InferenceConfiguration.html)
  stop_sequences: ["</answer>","\n","","|","User:","END"] -> ["|"], one that is empty or above 1024 bytes stops nothing; Titan takes one stop sequence, | or User: (https://github.com/boto/boto3/issues/3993)
  max_tokens: 1000000 -> 7936, amazon.titan-text-express-v1 writes 8000 tokens at the most, and 64 stay free: the table is a third party's, and services put marks of their own around an answer

qwen.qwen3-coder-next
  temperature: 1.7 -> 1.0, from 0 to 1 (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InferenceConfiguration.html)
  top_p: 0.0 -> 0.00001, from 0 to 1 (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InferenceConfiguration.html)
  stop_sequences: ["</answer>","\n","","|","User:","END"] -> null, Qwen takes no stop sequences on Converse (https://github.com/langgenius/dify-official-plugins/issues/1767)
  max_tokens: 1000000 -> 15936, qwen.qwen3-coder-next writes 16000 tokens at the most, and 64 stay free: the table is a third party's, and services put marks of their own around an answer

claude-sonnet-5-5
  temperature: 1.7 -> null, claude-sonnet-5-5 refuses it, or nobody knows that it takes it
  top_p: 0.0 -> null, claude-sonnet-5-5 refuses it, or nobody knows that it takes it
  stop_sequences: ["</answer>","\n","","|","User:","END"] -> ["</answer>","|","User:","END"], one that is empty or above 1024 bytes stops nothing; the Messages API takes 8,191 stop sequences, none of white space alone (https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages.html)
  max_tokens: 1000000 -> 127936, claude-sonnet-5-5 writes 128000 tokens at the most, and 64 stay free: the table is a third party's, and services put marks of their own around an answer

gpt-4o
  top_p: 0.0 -> 0.00001, from 0 to 2, and top_p to 1 (https://platform.openai.com/docs/api-reference/chat/create)
  stop_sequences: ["</answer>","\n","","|","User:","END"] -> ["</answer>","|","User:","END"], one that is empty or above 1024 bytes stops nothing; four stop sequences that are not white space are taken by every service that takes any (https://platform.openai.com/docs/api-reference/chat/create)
  max_tokens: 1000000 -> 16320, gpt-4o writes 16384 tokens at the most, and 64 stay free: the table is a third party's, and services put marks of their own around an answer

llama-on-our-own-machine
  top_p: 0.0 -> 0.00001, from 0 to 2, and top_p to 1 (https://platform.openai.com/docs/api-reference/chat/create)
  stop_sequences: ["</answer>","\n","","|","User:","END"] -> ["</answer>","|","User:","END"], one that is empty or above 1024 bytes stops nothing; four stop sequences that are not white space are taken by every service that takes any (https://platform.openai.com/docs/api-reference/chat/create)
"#);
}

#[test]
fn what_is_in_range_stays_as_it_is() {
    let modest = Parameters {
        max_tokens: Some(1000),
        temperature: Some(0.2),
        stop_sequences: vec!["</answer>".to_owned()],
        ..Parameters::default()
    };
    for (driver, id) in [
        ("bedrock", "us.amazon.nova-2-lite-v1:0"),
        ("bedrock", "anthropic.claude-3-haiku-20240307-v1:0"),
        ("anthropic", "claude-sonnet-4-5"),
        ("openai", "gpt-4o"),
        ("openai", "whatever-is-served-here"),
    ] {
        let mut call = call(modest.clone());
        let before = call.clone();
        assert_eq!(fit(&mut call, &lookup(id), driver).unwrap(), [], "{id}");
        assert_eq!(call, before, "{id}");
    }
}

#[test]
fn how_long_an_answer_gets_is_the_servers_to_say_where_nothing_asks_for_a_bound() {
    let price = |usd| Price { input: usd, output: usd, ..Price::NOTHING };
    let fitted = |driver: &str, context, price| {
        let model = Model { context, price, ..lookup("served-here") };
        let mut call = call(Parameters::default());
        fit(&mut call, &model, driver).unwrap();
        call.parameters.max_tokens
    };
    assert_eq!(fitted("openai", None, None), None);
    assert_eq!(fitted("openai", None, Some(price(0.0))), None);
    assert_eq!(fitted("openai", None, Some(price(0.1))), Some(4096), "a budget needs a bound");
    let within = fitted("openai", Some(4096), None).unwrap();
    assert!((3500..4096).contains(&within), "{within}");
    assert_eq!(fitted("bedrock", None, None), Some(4096), "left out, it is taken from the quota");
}

#[test]
fn a_system_prompt_that_a_model_does_not_take_is_said_by_the_user_first() {
    let mut call = call(Parameters { max_tokens: Some(100), ..Parameters::default() });
    let changes = fit(&mut call, &lookup("mistral.mistral-7b-instruct-v0:2"), "bedrock").unwrap();
    assert_eq!(changes[0].parameter, "system");
    assert_eq!(call.conversation.system, "");
    assert_eq!(
        call.conversation.messages[0].text(),
        "Answer in one line.\nWhat does this change cost?"
    );
}

#[test]
fn whoever_gives_tools_to_a_model_without_is_told_which_models_take_them() {
    let mut call = call(Parameters::default());
    told(&mut call).tools.push(tool());
    let refused = fit(&mut call, &lookup("meta.llama3-8b-instruct-v1:0"), "bedrock").unwrap_err();
    assert_eq!(refused.cause, Cause::BadRequest);
    insta::assert_snapshot!(refused, @"the request cannot be carried out: meta.llama3-8b-instruct-v1:0 cannot call tools: it takes no tools on Converse (https://docs.aws.amazon.com/bedrock/latest/userguide/conversation-inference-supported-models-features.html); models that can: global.anthropic.claude-sonnet-5-5, global.anthropic.claude-haiku-4-5-20251001-v1:0, global.amazon.nova-2-lite-v1:0");
}

/// What an agent heard and said before it is asked for its last words.
fn with_history(call: &mut Call) {
    let call_of = |id: &str, town: &str| {
        let input = json!({"town": town});
        Block::ToolUse(ToolUse { id: id.to_owned(), name: "weather".to_owned(), input })
    };
    let answered = |id: &str, is_error, content| {
        Block::ToolResult(ToolResult { tool_use_id: id.to_owned(), is_error, content })
    };
    let calls = vec![Block::Text("I look.".into()), call_of("a", "Oslo"), call_of("b", "Rome")];
    let results = vec![
        answered("a", false, json!({"degrees": -3})),
        answered("b", true, json!("no such town")),
        Block::Text("And so?".into()),
    ];
    told(call).messages.extend([
        Message { role: Role::Assistant, content: calls },
        Message { role: Role::User, content: results },
    ]);
}

/// What a model is told of a call, and what was changed for it.
fn told_as(driver: &str, id: &str, change: fn(&mut Call)) -> String {
    let mut call = call(Parameters { max_tokens: Some(100), ..Parameters::default() });
    call.estimated = Some(7);
    change(&mut call);
    let changes = fit(&mut call, &lookup(id), driver).unwrap();
    let mut lines = vec![format!("{driver} {id}")];
    lines.extend(changes.iter().map(|change| {
        format!("  {}: {} -> {}, {}", change.parameter, change.from, change.to, change.reason)
    }));
    let Conversation { system, messages, tools } = &*call.conversation;
    let tools: Vec<String> =
        tools.iter().map(|tool| format!("{} {}", tool.name, tool.input_schema)).collect();
    lines.push(format!("{tools:?} {:?} {system:?}", call.parameters.tool_choice));
    for message in messages {
        let content = message.content.iter().map(|block| match block {
            Block::Text(text) => text.to_string(),
            Block::ToolUse(used) => format!("<{} {}>", used.name, used.id),
            Block::ToolResult(result) => format!("<result {}>", result.tool_use_id),
            other => format!("{other:?}"),
        });
        lines.push(format!("{:?}: {}", message.role, content.collect::<Vec<_>>().join(" | ")));
    }
    // Somebody else's estimate holds for what he told.
    assert_eq!(call.estimated.is_none(), !changes.is_empty(), "{changes:?}");
    lines.join("\n")
}

#[test]
fn tools_that_are_offered_no_more_are_told_as_the_service_takes_them() {
    let said = [
        ("openai", "gpt-4o"),
        ("embedded", "embedded"),
        ("anthropic", "claude-sonnet-5-5"),
        ("bedrock", "us.amazon.nova-2-lite-v1:0"),
        ("bedrock", "meta.llama3-8b-instruct-v1:0"),
        ("claude_cli", "claude-sonnet-5-5"),
    ]
    .map(|(driver, id)| told_as(driver, id, with_history));
    insta::assert_snapshot!(said.join("\n\n"), @r#"
openai gpt-4o
[] Auto "Answer in one line."
User: What does this change cost?
Assistant: I look. | <weather a> | <weather b>
User: <result a> | <result b> | And so?

embedded embedded
[] Auto "Answer in one line."
User: What does this change cost?
Assistant: I look. | <weather a> | <weather b>
User: <result a> | <result b> | And so?

anthropic claude-sonnet-5-5
  tools: [] -> ["weather"], the Messages API takes calls of tools only where tools are offered, and can forbid to call them (https://platform.claude.com/docs/en/agents-and-tools/tool-use/implement-tool-use)
  tool_choice: "auto" -> "none", the Messages API takes calls of tools only where tools are offered, and can forbid to call them (https://platform.claude.com/docs/en/agents-and-tools/tool-use/implement-tool-use)
["weather {\"type\":\"object\"}"] None "Answer in one line."
User: What does this change cost?
Assistant: I look. | <weather a> | <weather b>
User: <result a> | <result b> | And so?

bedrock us.amazon.nova-2-lite-v1:0
  messages: {"tool_results":2,"tool_uses":2} -> "texts", Converse takes calls of tools only where tools are offered, and cannot forbid to call them (https://github.com/BerriAI/litellm/pull/31400)
[] Auto "Answer in one line."
User: What does this change cost?
Assistant: I look. | [I called the tool weather (a) with {"town":"Oslo"}] | [I called the tool weather (b) with {"town":"Rome"}]
User: [The tool weather (a) answered]
{"degrees":-3} | [The tool weather (b) failed]
no such town | And so?

bedrock meta.llama3-8b-instruct-v1:0
  messages: {"tool_results":2,"tool_uses":2} -> "texts", it takes no tools on Converse (https://docs.aws.amazon.com/bedrock/latest/userguide/conversation-inference-supported-models-features.html)
[] Auto "Answer in one line."
User: What does this change cost?
Assistant: I look. | [I called the tool weather (a) with {"town":"Oslo"}] | [I called the tool weather (b) with {"town":"Rome"}]
User: [The tool weather (a) answered]
{"degrees":-3} | [The tool weather (b) failed]
no such town | And so?

claude_cli claude-sonnet-5-5
  messages: {"tool_results":2,"tool_uses":2} -> "texts", the command line program takes no tools of its caller (https://code.claude.com/docs/en/cli-reference)
[] Auto "Answer in one line."
User: What does this change cost?
Assistant: I look. | [I called the tool weather (a) with {"town":"Oslo"}] | [I called the tool weather (b) with {"town":"Rome"}]
User: [The tool weather (a) answered]
{"degrees":-3} | [The tool weather (b) failed]
no such town | And so?
"#);
}

#[test]
fn results_of_calls_that_nobody_made_are_told_as_text() {
    let said = told_as("anthropic", "claude-sonnet-4-5", |call| {
        with_history(call);
        told(call).messages.remove(1);
    });
    insta::assert_snapshot!(said, @r#"
anthropic claude-sonnet-4-5
  messages: {"tool_results":2,"tool_uses":0} -> "texts", the Messages API takes calls of tools only where tools are offered, and can forbid to call them (https://platform.claude.com/docs/en/agents-and-tools/tool-use/implement-tool-use)
[] Auto "Answer in one line."
User: What does this change cost?
User: [The tool (a) answered]
{"degrees":-3} | [The tool (b) failed]
no such town | And so?
"#);
}

#[test]
fn tools_of_the_past_stay_as_they_are_beside_tools_that_are_offered() {
    let beside_tools = told_as("bedrock", "us.amazon.nova-2-lite-v1:0", |call| {
        with_history(call);
        told(call).tools.push(tool());
    });
    assert!(beside_tools.contains("<weather a>"), "{beside_tools}");
    let beside_a_form = told_as("bedrock", "us.amazon.nova-2-lite-v1:0", |call| {
        with_history(call);
        call.form = Some(weather());
    });
    assert!(beside_a_form.contains("<weather a>"), "{beside_a_form}");
}

#[test]
fn the_user_speaks_first_where_the_service_wants_it() {
    let assistant_first = |call: &mut Call| {
        let content = vec![Block::Text("How can I help?".into())];
        told(call).messages.insert(0, Message { role: Role::Assistant, content });
    };
    let only_system = |call: &mut Call| told(call).messages.clear();
    let said = [
        told_as("openai", "gpt-4o", assistant_first),
        told_as("anthropic", "claude-sonnet-5-5", assistant_first),
        told_as("bedrock", "us.amazon.nova-2-lite-v1:0", assistant_first),
        told_as("bedrock", "mistral.mistral-7b-instruct-v0:2", assistant_first),
        told_as("openai", "gpt-4o", only_system),
        told_as("anthropic", "claude-sonnet-5-5", only_system),
        told_as("bedrock", "us.amazon.nova-2-lite-v1:0", only_system),
        told_as("bedrock", "mistral.mistral-7b-instruct-v0:2", only_system),
    ];
    insta::assert_snapshot!(said.join("\n\n"), @r#"
openai gpt-4o
[] Auto "Answer in one line."
Assistant: How can I help?
User: What does this change cost?

anthropic claude-sonnet-5-5
  messages: "assistant first" -> "(nothing yet)", a conversation has to begin with the user (https://github.com/pydantic/pydantic-ai/issues/4495)
[] Auto "Answer in one line."
User: (nothing yet)
Assistant: How can I help?
User: What does this change cost?

bedrock us.amazon.nova-2-lite-v1:0
  messages: "assistant first" -> "(nothing yet)", a conversation has to begin with the user (https://github.com/pydantic/pydantic-ai/issues/4495)
[] Auto "Answer in one line."
User: (nothing yet)
Assistant: How can I help?
User: What does this change cost?

bedrock mistral.mistral-7b-instruct-v0:2
  system: {"characters":19} -> "first user message", it takes no system prompt (https://docs.aws.amazon.com/bedrock/latest/userguide/conversation-inference-supported-models-features.html)
[] Auto ""
User: Answer in one line.
Assistant: How can I help?
User: What does this change cost?

openai gpt-4o
[] Auto "Answer in one line."

anthropic claude-sonnet-5-5
  system: {"characters":19} -> "first user message", a conversation has to begin with the user (https://github.com/pydantic/pydantic-ai/issues/4495)
[] Auto ""
User: Answer in one line.

bedrock us.amazon.nova-2-lite-v1:0
  system: {"characters":19} -> "first user message", a conversation has to begin with the user (https://github.com/pydantic/pydantic-ai/issues/4495)
[] Auto ""
User: Answer in one line.

bedrock mistral.mistral-7b-instruct-v0:2
  system: {"characters":19} -> "first user message", it takes no system prompt (https://docs.aws.amazon.com/bedrock/latest/userguide/conversation-inference-supported-models-features.html)
[] Auto ""
User: Answer in one line.
"#);
}

#[test]
fn what_a_tool_takes_is_an_object_even_if_nobody_says_so() {
    let said = told_as("bedrock", "us.amazon.nova-2-lite-v1:0", |call| {
        let schemas = [
            json!({}),
            json!({"properties": {"town": {}}}),
            json!({"type": null}),
            json!({"type": "object"}),
            json!({"type": "string"}),
            json!(true),
        ];
        told(call).tools = schemas
            .into_iter()
            .zip(["a", "b", "c", "d", "e", "f"])
            .map(|(input_schema, name)| ToolSpec { name: name.to_owned(), input_schema, ..tool() })
            .collect();
    });
    insta::assert_snapshot!(said, @r#"
bedrock us.amazon.nova-2-lite-v1:0
  tools.a.input_schema.type: null -> "object", what a tool takes is an object, and a schema that does not say so is refused (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolInputSchema.html)
  tools.b.input_schema.type: null -> "object", what a tool takes is an object, and a schema that does not say so is refused (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolInputSchema.html)
  tools.c.input_schema.type: null -> "object", what a tool takes is an object, and a schema that does not say so is refused (https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolInputSchema.html)
["a {\"type\":\"object\"}", "b {\"properties\":{\"town\":{}},\"type\":\"object\"}", "c {\"type\":\"object\"}", "d {\"type\":\"object\"}", "e {\"type\":\"string\"}", "f true"] Auto "Answer in one line."
User: What does this change cost?
"#);
}

#[test]
fn why_an_answer_is_no_longer_is_said_of_the_server_that_is_asked() {
    let said = |driver: &str, id: &str| {
        let mut call = call(Parameters::default());
        fit(&mut call, &lookup(id), driver).unwrap().remove(0).reason
    };
    insta::assert_snapshot!(said("openai", "gpt-4o"), @"left out, a server may write until its context is full, and nobody can say what the answer costs at most (https://github.com/vllm-project/vllm/issues/11976)");
    assert_ne!(said("openai", "gpt-4o"), said("bedrock", "us.amazon.nova-2-lite-v1:0"));
}

#[test]
fn a_tool_is_forced_no_further_than_the_model_can_be() {
    let forced = |driver, id| {
        let choice = ToolChoice::Tool("analyze_code".to_owned());
        let mut call = call(Parameters { tool_choice: choice, ..Parameters::default() });
        told(&mut call).tools.push(tool());
        fit(&mut call, &lookup(id), driver).unwrap();
        call.parameters.tool_choice
    };
    let this = ToolChoice::Tool("analyze_code".to_owned());
    assert_eq!(forced("bedrock", "us.amazon.nova-2-lite-v1:0"), this);
    assert_eq!(forced("bedrock", "mistral.mistral-large-2407-v1:0"), ToolChoice::Any);
    assert_eq!(forced("bedrock", "us.meta.llama3-3-70b-instruct-v1:0"), ToolChoice::Auto);
    assert_eq!(forced("anthropic", "claude-sonnet-5-5"), ToolChoice::Auto);
    assert_eq!(forced("openai", "qwen3"), this);
    assert_eq!(forced("openai", "kimi-k2-0905-preview"), this);
    for thinks in ["deepseek-v4-pro", "kimi-k2.6", "moonshotai/kimi-k3"] {
        assert_eq!(forced("openai", thinks), ToolChoice::Auto, "{thinks}");
    }
}

#[test]
fn ids_of_calls_are_those_that_the_service_takes_and_stay_together() {
    const KIMIS: &str = "functions.weather:0";
    let ids = |driver, id| {
        let mut call = call(Parameters::default());
        with_history(&mut call);
        let conversation = told(&mut call);
        conversation.tools.push(tool());
        for block in conversation.messages.iter_mut().flat_map(|message| &mut message.content) {
            match block {
                Block::ToolUse(used) if used.id == "a" => used.id = KIMIS.into(),
                Block::ToolResult(result) if result.tool_use_id == "a" => {
                    result.tool_use_id = KIMIS.into();
                }
                Block::ToolUse(used) => used.id = "call|fc".into(),
                Block::ToolResult(result) => result.tool_use_id = "call|fc".into(),
                _ => {}
            }
        }
        fit(&mut call, &lookup(id), driver).unwrap();
        let blocks = call.conversation.messages.iter().flat_map(|message| &message.content);
        let ids = blocks.filter_map(|block| match block {
            Block::ToolUse(used) => Some(used.id.clone()),
            Block::ToolResult(result) => Some(result.tool_use_id.clone()),
            _ => None,
        });
        let ids: Vec<String> = ids.collect();
        assert_eq!(ids[..2], ids[2..], "{driver} {id}");
        [ids[0].clone(), ids[1].clone()]
    };
    let word = |id: &str| id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let [kimis, other] = ids("bedrock", "us.amazon.nova-2-lite-v1:0");
    assert!(kimis == KIMIS && word(&other), "{kimis} {other}");
    assert!(ids("anthropic", "claude-haiku-4-5").iter().all(|id| word(id)));
    for id in ids("openai", "mistral-large-latest") {
        assert!(word(&id) && id.len() == 9, "{id}");
    }
    assert_eq!(ids("openai", "qwen3"), [KIMIS, "call|fc"]);
}

#[test]
fn what_a_model_that_thinks_does_not_take_is_left_out() {
    let kept = |id| {
        let mut call = call(Parameters {
            temperature: Some(0.1),
            stop_sequences: vec!["END".to_owned()],
            ..Parameters::default()
        });
        fit(&mut call, &lookup(id), "openai").unwrap();
        (call.parameters.temperature, call.parameters.stop_sequences.len())
    };
    assert_eq!(kept("kimi-k2.6"), (None, 1));
    assert_eq!(kept("grok-4-0709"), (Some(0.1), 0));
    assert_eq!(kept("grok-4-fast-non-reasoning"), (Some(0.1), 1));
    assert_eq!(kept("gpt-5-mini"), (None, 0));
}

#[test]
fn a_call_that_makes_no_sense_is_refused_with_the_reason() {
    let mut refused = Vec::new();
    let changes: [fn(&mut Call); 5] = [
        |call| call.parameters.temperature = Some(f32::NAN),
        |call| call.parameters.top_p = Some(f32::INFINITY),
        |call| call.parameters.max_tokens = Some(0),
        |call| call.parameters.tool_choice = ToolChoice::Any,
        |call| call.parameters.tool_choice = ToolChoice::Tool("post".to_owned()),
    ];
    for change in changes {
        let mut call = call(Parameters::default());
        change(&mut call);
        let error = fit(&mut call, &lookup(default_models()[0]), "bedrock").unwrap_err();
        assert_eq!(error.cause, Cause::BadRequest);
        refused.push(error.message);
    }
    insta::assert_snapshot!(refused.join("\n"), @"
temperature is not a finite number; leave it out or send one
top_p is not a finite number; leave it out or send one
max_tokens is 0; an answer has at least one token
a tool is to be called, and the call has no tools
the tool post that is to be called is none of the call's tools ()
");
}

#[test]
fn an_answer_gets_what_the_question_leaves() {
    let asked = |words: usize| {
        let mut call = call(Parameters { max_tokens: Some(4000), ..Parameters::default() });
        told(&mut call).messages = vec![Message::user("word ".repeat(words))];
        fit(&mut call, &lookup("meta.llama3-8b-instruct-v1:0"), "bedrock")
            .map(|_| call.parameters.max_tokens)
    };
    assert_eq!(asked(10).unwrap(), Some(4000));
    let left = asked(3000).unwrap().unwrap();
    assert!((2000..3500).contains(&left), "{left}");
    assert_eq!(asked(6000).unwrap(), Some(256), "the estimate may be too high");
    assert_eq!(asked(60_000).unwrap_err().cause, Cause::ContextTooLong);
}

#[test]
fn a_tokenizer_that_makes_more_tokens_is_reckoned_with() {
    let told = Conversation {
        system: String::new(),
        messages: vec![Message::user("word ".repeat(1000))],
        tools: Vec::new(),
    };
    let before = input_tokens(&told, "anthropic.claude-opus-4-6-v1", "bedrock");
    let since = input_tokens(&told, "us.anthropic.claude-opus-4-7", "bedrock");
    assert_eq!(since, (before as f64 * 1.35).ceil() as u64);
}

fn weather() -> Arc<Form> {
    let schema = Schema {
        name: "weather".to_owned(),
        description: None,
        schema: Some(json!({"type": "object", "required": ["town"]})),
        strict: None,
    };
    Arc::new(Form::JsonSchema { json_schema: schema })
}

/// How a form is asked for, and what the model is told of it.
fn formed(driver: &str, id: &str, change: fn(&mut Call)) -> String {
    let mut call = call(Parameters { max_tokens: Some(100), ..Parameters::default() });
    call.form = Some(weather());
    change(&mut call);
    let model = lookup(id);
    let fitted = fitting(&model, driver)(&mut call, &model).unwrap();
    let tools: Vec<&str> = call.conversation.tools.iter().map(|tool| &*tool.name).collect();
    let changes = fitted.changes.iter().filter(|change| change.parameter == "response_format");
    let changes: Vec<String> =
        changes.map(|change| format!("{} -> {}", change.from, change.to)).collect();
    format!(
        "{driver} {id}: {:?}, {changes:?}, {tools:?} {:?}, {:?}",
        fitted.form, call.parameters.tool_choice, call.conversation.system
    )
}

#[test]
fn a_form_is_asked_for_as_the_service_takes_it() {
    let plain = |_: &mut Call| {};
    let with_tool = |call: &mut Call| told(call).tools.push(tool());
    let said = [
        formed("openai", "qwen3", plain),
        formed("openai", "deepseek-chat", plain),
        formed("bedrock", "us.amazon.nova-2-lite-v1:0", plain),
        formed("bedrock", "us.meta.llama3-3-70b-instruct-v1:0", plain),
        formed("bedrock", "meta.llama3-8b-instruct-v1:0", plain),
        formed("claude_cli", "claude-sonnet-5-5", plain),
        formed("bedrock", "us.amazon.nova-2-lite-v1:0", with_tool),
        formed("bedrock", "us.amazon.nova-2-lite-v1:0", |call| {
            told(call).tools.push(ToolSpec { name: "weather".to_owned(), ..tool() });
            call.parameters.tool_choice = ToolChoice::None;
        }),
        formed("bedrock", "us.amazon.nova-2-lite-v1:0", |call| {
            told(call).tools.push(tool());
            call.parameters.tool_choice = ToolChoice::Any;
        }),
    ];
    insta::assert_snapshot!(said.join("\n"), @r#"
    openai qwen3: Some(Parameter), [], [] Auto, "Answer in one line."
    openai deepseek-chat: Some(Words), ["\"weather\" -> \"words\""], [] Auto, "Answer in one line.\n\nAnswer with nothing but JSON that fits this JSON Schema: {\"required\":[\"town\"],\"type\":\"object\"}"
    bedrock us.amazon.nova-2-lite-v1:0: Some(Tool("weather")), ["\"weather\" -> {\"tool\":\"weather\"}"], ["weather"] Tool("weather"), "Answer in one line."
    bedrock us.meta.llama3-3-70b-instruct-v1:0: Some(Tool("weather")), ["\"weather\" -> {\"tool\":\"weather\"}"], ["weather"] Auto, "Answer in one line.\n\nGive your answer by a call of the tool `weather`."
    bedrock meta.llama3-8b-instruct-v1:0: Some(Words), ["\"weather\" -> \"words\""], [] Auto, "Answer in one line.\n\nAnswer with nothing but JSON that fits this JSON Schema: {\"required\":[\"town\"],\"type\":\"object\"}"
    claude_cli claude-sonnet-5-5: Some(Words), ["\"weather\" -> \"words\""], [] Auto, "Answer in one line.\n\nAnswer with nothing but JSON that fits this JSON Schema: {\"required\":[\"town\"],\"type\":\"object\"}"
    bedrock us.amazon.nova-2-lite-v1:0: Some(Tool("weather")), ["\"weather\" -> {\"tool\":\"weather\"}"], ["analyze_code", "weather"] Any, "Answer in one line."
    bedrock us.amazon.nova-2-lite-v1:0: Some(Tool("weather_")), ["\"weather\" -> {\"tool\":\"weather_\"}"], ["weather", "weather_"] Tool("weather_"), "Answer in one line."
    bedrock us.amazon.nova-2-lite-v1:0: None, [], ["analyze_code"] Any, "Answer in one line."
    "#);
}

#[test]
fn what_a_client_says_besides_goes_to_services_of_its_form_alone() {
    let said = json!({"seed": 4, "logprobs": true, "reasoning_effort": "low"});
    let fitted = |driver, id| {
        let mut call = call(Parameters { max_tokens: Some(100), ..Parameters::default() });
        call.others = said.as_object().cloned().map(Arc::new);
        let changes = fit(&mut call, &lookup(id), driver).unwrap();
        let names: Vec<String> = changes.into_iter().map(|change| change.parameter).collect();
        (call.others.map(|kept| Value::from((*kept).clone())), names)
    };
    let kept = json!({"seed": 4, "reasoning_effort": "low"});
    assert_eq!(fitted("openai", "qwen3"), (Some(kept), vec!["logprobs".to_owned()]));
    let names = ["logprobs", "reasoning_effort", "seed"].map(str::to_owned).to_vec();
    assert_eq!(fitted("bedrock", "us.amazon.nova-2-lite-v1:0"), (None, names));
}

fn any_parameters() -> impl Strategy<Value = Parameters> {
    let stops = prop::collection::vec("[ \\n|aUser:]{0,6}", 0..12);
    let finite = || prop::option::of(-3.0_f32..5.0);
    let max = prop::option::of(prop_oneof![1_u32..20_000, 1_u32..=u32::MAX]);
    (max, finite(), finite(), stops).prop_map(|(max_tokens, temperature, top_p, stop_sequences)| {
        Parameters { max_tokens, temperature, top_p, stop_sequences, tool_choice: ToolChoice::Auto }
    })
}

fn any_model() -> impl Strategy<Value = (&'static str, &'static str)> {
    prop::sample::select(vec![
        ("bedrock", "global.anthropic.claude-haiku-4-5-20251001-v1:0"),
        ("bedrock", "global.anthropic.claude-sonnet-5-5"),
        ("bedrock", "anthropic.claude-3-haiku-20240307-v1:0"),
        ("bedrock", "us.amazon.nova-2-lite-v1:0"),
        ("bedrock", "amazon.titan-text-lite-v1"),
        ("bedrock", "ai21.j2-ultra-v1"),
        ("bedrock", "cohere.command-text-v14"),
        ("bedrock", "mistral.mistral-7b-instruct-v0:2"),
        ("bedrock", "us.deepseek.r1-v1:0"),
        ("bedrock", "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/a1"),
        ("anthropic", "claude-sonnet-4-5"),
        ("openai", "gpt-4o"),
        ("openai", "gpt-6-sol"),
        ("openai", "served-here"),
        ("claude_cli", "claude-sonnet-5-5"),
        ("embedded", "embedded"),
        ("a-driver-of-later", "a-model-of-later"),
    ])
}

fn any_history() -> impl Strategy<Value = Vec<Message>> {
    let block = prop_oneof![
        Just(Block::Text("Yes.".into())),
        "[ab]".prop_map(|id| {
            Block::ToolUse(ToolUse { id, name: "weather".to_owned(), input: json!({}) })
        }),
        "[ab]".prop_map(|tool_use_id| {
            let content = json!("Snow.");
            Block::ToolResult(ToolResult { tool_use_id, is_error: false, content })
        }),
    ];
    let role = prop_oneof![Just(Role::User), Just(Role::Assistant)];
    let message = (role, prop::collection::vec(block, 0..3));
    let message = message.prop_map(|(role, content)| Message { role, content });
    prop::collection::vec(message, 0..4)
}

fn any_tools() -> impl Strategy<Value = Vec<ToolSpec>> {
    let schema = prop_oneof![Just(json!({})), Just(json!({"type": "object"}))];
    let tool = schema.prop_map(|input_schema| ToolSpec { input_schema, ..tool() });
    prop::collection::vec(tool, 0..2)
}

proptest! {
    #[test]
    fn every_conversation_ends_as_the_service_takes_it_and_a_second_time_changes_nothing(
        history in any_history(),
        tools in any_tools(),
        (driver, id) in any_model(),
        has_form in any::<bool>(),
    ) {
        let (model, limits) = (lookup(id), table::limits(driver, id));
        let mut call = call(Parameters::default());
        *told(&mut call) = Conversation { system: "Be brief.".to_owned(), messages: history, tools };
        call.form = has_form.then(weather);
        let before = call.clone();
        match fit(&mut call, &model, driver) {
            Err(refused) => prop_assert!(!limits.tools.value, "{refused}"),
            Ok(changes) => {
                let first = call.conversation.messages.first().map(|message| message.role);
                prop_assert!(driver == "openai" || first == Some(Role::User));
                let speaks = call.conversation.speaks_of_tools();
                let offers = !call.conversation.tools.is_empty();
                prop_assert!(!speaks || offers || matches!(driver, "openai" | "embedded"));
                prop_assert!(call.conversation.tools.iter().all(|tool| tool.input_schema["type"] == "object"));
                let told = |call: &Call| (call.conversation.clone(), call.parameters.tool_choice.clone());
                let told_otherwise = changes.iter().any(|change| change.parameter != "max_tokens");
                prop_assert_eq!(told(&before) != told(&call), told_otherwise);
                let fitted = call.clone();
                prop_assert_eq!(fit(&mut call, &model, driver).unwrap(), Vec::new());
                prop_assert_eq!(call, fitted);
            }
        }
    }

    #[test]
    fn every_call_ends_within_the_table_and_a_second_time_changes_nothing(
        parameters in any_parameters(),
        (driver, id) in any_model(),
        has_form in any::<bool>(),
    ) {
        let (model, limits) = (lookup(id), table::limits(driver, id));
        let mut call = call(parameters.clone());
        call.form = has_form.then(weather);
        let changes = fit(&mut call, &model, driver).unwrap();
        let fitted = &call.parameters;
        let within = |value: Option<f32>, (low, high)| value.is_none_or(|value| low <= value && value <= high);
        let sampled = fitted.temperature.is_some() || fitted.top_p.is_some();
        prop_assert!(limits.samples.value || !sampled);
        prop_assert!(within(fitted.temperature, limits.temperature.value));
        prop_assert!(within(fitted.top_p, limits.top_p.value));
        if !matches!(driver, "openai" | "embedded") {
            prop_assert!(model.takes.temperature || fitted.temperature.is_none());
            prop_assert!(model.takes.both || fitted.temperature.is_none() || fitted.top_p.is_none());
        }
        let stop = limits.stop.value.unwrap();
        prop_assert!(fitted.stop_sequences.len() <= stop.at_most);
        prop_assert!(fitted.stop_sequences.iter().all(|one| !one.is_empty()));
        prop_assert!(!stop.not_blank || fitted.stop_sequences.iter().all(|one| !one.trim().is_empty()));
        let nothing_is_known = driver == "openai" && model.context.or(model.max_output_tokens).is_none();
        prop_assert_eq!(fitted.max_tokens.is_none(), nothing_is_known && parameters.max_tokens.is_none());
        let most = model.max_output_tokens.unwrap_or(u32::MAX);
        prop_assert!(fitted.max_tokens.is_none_or(|max| max > 0 && max < most));
        prop_assert!(limits.system.value || call.conversation.system.is_empty());
        prop_assert!(changes.iter().all(|change| change.from != change.to && !change.reason.is_empty()));
        let changed = |name: &str| changes.iter().any(|change| change.parameter == name);
        prop_assert_eq!(changed("temperature"), parameters.temperature != fitted.temperature);
        prop_assert_eq!(changed("top_p"), parameters.top_p != fitted.top_p);
        prop_assert_eq!(changed("max_tokens"), parameters.max_tokens != fitted.max_tokens);
        prop_assert_eq!(changed("stop_sequences"), parameters.stop_sequences != fitted.stop_sequences);
        let fitted = call.clone();
        prop_assert_eq!(fit(&mut call, &model, driver).unwrap(), Vec::new());
        prop_assert_eq!(call, fitted);
    }
}
