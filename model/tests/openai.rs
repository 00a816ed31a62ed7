//! The driver `openai` against a server that takes only what chat completions take, and that answers in the manners of
//! several servers.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::needless_pass_by_value,
    clippy::too_many_lines,
    reason = "helpers and tables of tests"
)]

mod fake_service;
mod openai_rules;

use std::sync::atomic::Ordering;
use std::time::Duration;

use fake_service::{Answer, Fake, Seen, Step, json};
use futures::StreamExt;
use model::openai::{OpenAi, Settings};
use model::{
    Block, Call, Cause, Conversation, Event, Message, ModelDriver, ModelError, Reply, Role,
    StopReason, ToolChoice, ToolResult, ToolUse,
};
use openai_rules::check;
use serde_json::{Value, json};

fn settings(fake: &Fake) -> Settings {
    let mut settings = Settings::new(format!("{}/v1", fake.address));
    settings.silence = Duration::from_millis(100);
    settings
}

fn driver(fake: &Fake) -> OpenAi {
    OpenAi::new(model::http::Client::new().unwrap(), settings(fake)).unwrap()
}

fn call(conversation: Conversation) -> Call {
    let mut call = Call::new(conversation, Duration::from_secs(5));
    call.model = Some("qwen3".to_owned());
    call
}

fn hello() -> Call {
    let messages = vec![Message::user("Hello")];
    call(Conversation { system: String::new(), messages, tools: Vec::new() })
}

fn long() -> Conversation {
    let look = |id: &str, at: u32| {
        Block::ToolUse(ToolUse { id: id.into(), name: "look".into(), input: json!({"at": at}) })
    };
    let result = |id: &str, is_error, content| {
        Block::ToolResult(ToolResult { tool_use_id: id.into(), is_error, content })
    };
    let thought = Block::Reasoning { text: "Look.".into(), signature: None };
    let tool = contract::ToolSpec {
        name: "look".into(),
        description: "Looks.".into(),
        input_schema: json!({"type": "object"}),
    };
    let results = vec![
        Block::Text("And now?".into()),
        result("a", false, json!({"seen": 1})),
        result("b", true, json!("not there")),
    ];
    Conversation {
        system: "You review.".into(),
        messages: vec![
            Message::user("Review this."),
            Message { role: Role::Assistant, content: vec![thought, look("a", 1), look("b", 2)] },
            Message { role: Role::User, content: results },
        ],
        tools: vec![tool],
    }
}

fn chunk(delta: &Value, finish: Option<&str>) -> Value {
    json!({"id": "c1", "object": "chat.completion.chunk", "model": "qwen3",
           "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})
}

fn say(chunks: &[Value], done: bool) -> Vec<Step> {
    let chunks = chunks.iter().map(|chunk| Step::Say(format!("data: {chunk}\n\n")));
    chunks.chain(done.then(|| Step::Say("data: [DONE]\n\n".to_owned()))).collect()
}

fn completion(message: &Value, finish: &Value) -> Value {
    json!({"id": "c1", "object": "chat.completion", "created": 1, "model": "qwen3",
           "choices": [{"index": 0, "message": message, "finish_reason": finish, "logprobs": null}],
           "usage": {"prompt_tokens": 40, "completion_tokens": 20, "total_tokens": 60,
                     "prompt_tokens_details": {"cached_tokens": 30}}})
}

fn tool_call(index: Value, id: Value, name: Value, arguments: Value) -> Value {
    json!({"tool_calls": [{"index": index, "id": id, "type": "function",
                           "function": {"name": name, "arguments": arguments}}]})
}

fn answered(seen: &Seen) -> Answer {
    match check(seen) {
        Err(reason) => json(
            400,
            &json!({"error": {"message": reason, "type": "invalid_request_error", "param": null, "code": null}}),
        ),
        Ok(()) => json(
            200,
            &completion(&json!({"role": "assistant", "content": "Seen."}), &json!("stop")),
        ),
    }
}

async fn finished(driver: &OpenAi, call: &Call) -> Result<(Vec<Event>, Reply), ModelError> {
    let mut events = driver.stream(call).await?;
    let mut told = Vec::new();
    while let Some(event) = events.next().await {
        match event? {
            Event::Finished(reply) => {
                assert!(events.next().await.is_none(), "something came after the end");
                return Ok((told, *reply));
            }
            event => told.push(event),
        }
    }
    panic!("the events ended without an end");
}

async fn streamed(chunks: &[Value], done: bool) -> Result<(Vec<Event>, Reply), ModelError> {
    let steps = say(chunks, done);
    let fake = Fake::answering(move |_| Answer::Stream(steps.clone())).await;
    finished(&driver(&fake), &hello()).await
}

fn uses(reply: &Reply) -> Vec<String> {
    reply.message.tool_uses().map(|tool| format!("{} {}", tool.name, tool.input)).collect()
}

#[tokio::test]
async fn a_conversation_with_tools_and_results_is_taken_and_answered() {
    let fake = Fake::answering(answered).await;
    let mut call = call(long());
    call.parameters.tool_choice = ToolChoice::Any;
    call.parameters.max_tokens = Some(100);
    call.parameters.stop_sequences = vec!["END".into()];
    let reply = driver(&fake).converse(&call).await.unwrap();
    let body = fake.last().body;
    let called = |id: &str, at: u32| {
        let arguments = format!("{{\"at\":{at}}}");
        json!({"id": id, "type": "function", "function": {"name": "look", "arguments": arguments}})
    };
    assert_eq!(
        body["messages"],
        json!([
            {"role": "system", "content": "You review."},
            {"role": "user", "content": "Review this."},
            {"role": "assistant", "content": null, "tool_calls": [called("a", 1), called("b", 2)]},
            {"role": "tool", "tool_call_id": "a", "content": "{\"seen\":1}"},
            {"role": "tool", "tool_call_id": "b", "content": "error: not there"},
            {"role": "user", "content": "And now?"},
        ])
    );
    assert_eq!((&body["max_tokens"], &body["tool_choice"]), (&json!(100), &json!("required")));
    assert!(!fake.last().headers.contains_key("authorization"), "no key was configured");
    assert_eq!(reply.message.text(), "Seen.");
    assert_eq!((reply.stop, reply.usage_is_estimated), (StopReason::EndTurn, false));
    let usage = reply.usage;
    assert_eq!((usage.input_tokens, usage.cache_read_tokens, usage.output_tokens), (10, 30, 20));
}

#[tokio::test]
async fn what_is_said_besides_goes_with_the_call() {
    let fake = Fake::answering(answered).await;
    let mut settings = settings(&fake);
    settings.key = Some("sk-secret".to_owned().into());
    let driver = OpenAi::new(model::http::Client::new().unwrap(), settings).unwrap();
    let mut call = call(long());
    call.parameters.max_tokens = Some(100);
    call.parameters.tool_choice = ToolChoice::Tool("look".into());
    call.metadata.trace_id = Some("4bf92f3577b34da6a3ce929d0e0e4736".into());
    call.others = json!({"seed": 4}).as_object().cloned().map(Into::into);
    driver.converse(&call).await.unwrap();
    let seen = fake.last();
    assert_eq!(seen.headers["authorization"], "Bearer sk-secret");
    assert!(seen.headers["traceparent"].starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"));
    assert_eq!(seen.body["messages"][0]["role"], "system");
    assert_eq!(seen.body["messages"][2].get("reasoning_content"), None);
    assert_eq!(seen.body["max_tokens"], 100);
    assert_eq!(seen.body["tool_choice"]["function"]["name"], "look");
    assert_eq!(seen.body["seed"], 4);
}

/// The service refuses what its models do not take.
#[tokio::test]
async fn models_are_asked_as_their_services_want() {
    let fake = Fake::answering(answered).await;
    let asked = async |model: &str, conversation: Conversation| {
        let mut call = call(conversation);
        call.model = Some(model.to_owned());
        call.parameters.max_tokens = Some(100);
        driver(&fake).converse(&call).await.map(|_| fake.last().body)
    };
    for model in ["gpt-5-mini", "openai/gpt-5.4", "o3-mini"] {
        let body = asked(model, long()).await.unwrap();
        assert_eq!((body.get("max_tokens"), &body["max_completion_tokens"]), (None, &json!(100)));
    }
    let mut without_thoughts = long();
    for message in &mut without_thoughts.messages {
        message.content.retain(|block| !matches!(block, Block::Reasoning { .. }));
    }
    for model in ["deepseek-v4-pro", "kimi-k2.6"] {
        let body = asked(model, long()).await.unwrap();
        assert_eq!(body["messages"][2]["reasoning_content"], "Look.");
        let body = asked(model, without_thoughts.clone()).await.unwrap();
        assert_eq!(body["messages"][2]["reasoning_content"], "");
    }
    let body = asked("models/gemini-3-flash-preview", long()).await.unwrap();
    assert_eq!(body["messages"][2]["tool_calls"][1].get("extra_content"), None);
    let body = asked("qwen3", long()).await.unwrap();
    assert_eq!(body["messages"][2]["tool_calls"][0].get("extra_content"), None);
}

#[test]
fn a_service_that_refuses_to_be_asked_for_usage_is_not_asked() {
    assert!(!Settings::new("https://api.mistral.ai/v1").asks_usage);
    assert!(Settings::new("https://api.mistral.ai.example/v1").asks_usage);
    assert!(Settings::new("http://localhost:11434/v1").asks_usage);
}

#[tokio::test]
async fn every_form_of_an_answer_is_read() {
    let ends = |message: Value, finish: Value| async move {
        let fake = Fake::answering(move |_| json(200, &completion(&message, &finish))).await;
        driver(&fake).converse(&hello()).await
    };
    let call = |id: &Value, arguments: Value| json!({"id": id, "type": "function", "function": {"name": "look", "arguments": arguments}});
    let none = Value::Null;

    let reply = ends(json!({"content": null, "tool_calls": [call(&json!("a"), json!("{\"at\": 1}")), call(&none, json!("")), call(&json!(""), json!({"at": 3}))]}), json!("tool_calls")).await.unwrap();
    assert_eq!(uses(&reply), ["look {\"at\":1}", "look {}", "look {\"at\":3}"]);
    let mut ids: Vec<_> = reply.message.tool_uses().map(|tool| tool.id.clone()).collect();
    assert_eq!(ids[0], "a");
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 3, "each call has a name of its own");

    let reply =
        ends(json!({"content": "", "tool_calls": [call(&none, none.clone())]}), json!("stop"))
            .await
            .unwrap();
    assert_eq!((reply.stop, uses(&reply).len()), (StopReason::ToolUse, 1));
    let legacy = json!({"content": null, "function_call": {"name": "look", "arguments": "{}"}});
    let reply = ends(legacy, json!("function_call")).await.unwrap();
    assert_eq!((reply.stop, uses(&reply).len()), (StopReason::ToolUse, 1));

    let parts = json!({"reasoning_content": "Hm.", "content": [{"type": "text", "text": "Se"}, {"type": "text", "text": "en."}]});
    let reply = ends(parts, json!("length")).await.unwrap();
    assert_eq!(reply.message.content[0], Block::Reasoning { text: "Hm.".into(), signature: None });
    assert_eq!((reply.message.text().as_str(), reply.stop), ("Seen.", StopReason::MaxTokens));
    let reply = ends(json!({"content": null, "refusal": "No."}), json!("stop")).await.unwrap();
    assert_eq!((reply.message.text().as_str(), reply.stop), ("No.", StopReason::ContentFiltered));
    let reply = ends(json!({"content": ""}), json!("content_filter")).await.unwrap();
    assert_eq!(reply.stop, StopReason::ContentFiltered);
    assert_eq!(
        ends(json!({"content": "x"}), none.clone()).await.unwrap().stop,
        StopReason::Unknown
    );

    let half = json!({"content": null, "tool_calls": [call(&none, json!("{\"at\":"))]});
    let error = ends(half.clone(), json!("tool_calls")).await.unwrap_err();
    assert_eq!(error.cause, Cause::MalformedToolUse);
    assert!(uses(&ends(half, json!("length")).await.unwrap()).is_empty());
}

#[tokio::test]
async fn tool_calls_are_put_together_in_the_manner_of_each_server() {
    let none = Value::Null;
    let text = |text: &str| json!(text);
    let ends = chunk(&json!({}), Some("tool_calls"));
    // The index tells, and pieces alternate.
    let by_index = [
        chunk(&tool_call(json!(0), text("a"), text("first"), text("")), None),
        chunk(&tool_call(json!(1), text("b"), text("second"), text("{\"x\"")), None),
        chunk(&tool_call(json!(0), none.clone(), none.clone(), text("{\"y\":")), None),
        chunk(&tool_call(json!(1), none.clone(), none.clone(), text(": 2}")), None),
        chunk(&tool_call(json!(0), text(""), text(""), text("1}")), None),
        ends.clone(),
    ];
    let (told, reply) = streamed(&by_index, true).await.unwrap();
    assert_eq!(uses(&reply), ["first {\"y\":1}", "second {\"x\":2}"]);
    let started = told.iter().filter(|event| matches!(event, Event::ToolUseStarted { .. })).count();
    assert_eq!((started, reply.stop), (2, StopReason::ToolUse));

    // All have index 0, and ids tell; each is whole.
    let by_id = [
        chunk(&tool_call(json!(0), text("a"), text("first"), text("{\"y\":1}")), None),
        chunk(&tool_call(json!(0), text("b"), text("second"), text("{\"x\":2}")), None),
        chunk(&json!({}), Some("stop")),
    ];
    let (_, reply) = streamed(&by_id, true).await.unwrap();
    assert_eq!(uses(&reply), ["first {\"y\":1}", "second {\"x\":2}"]);
    assert_eq!(reply.stop, StopReason::ToolUse);

    // Neither index nor id.
    let by_name = [
        chunk(&tool_call(none.clone(), none.clone(), text("first"), json!({"y": 1})), None),
        chunk(&tool_call(none.clone(), none.clone(), text("second"), none.clone()), None),
        ends.clone(),
    ];
    let (_, reply) = streamed(&by_name, true).await.unwrap();
    assert_eq!(uses(&reply), ["first {\"y\":1}", "second {}"]);
    let ids: Vec<_> = reply.message.tool_uses().map(|tool| &tool.id).collect();
    assert_ne!(ids[0], ids[1]);

    // The name is repeated with every piece, and once comes after the first arguments.
    let repeated = [
        chunk(&tool_call(json!(0), text("a"), none.clone(), text("{\"y\"")), None),
        chunk(&tool_call(json!(0), text("a"), text("first"), text(":")), None),
        chunk(&tool_call(json!(0), text("a"), text("first"), text("1}")), None),
        ends,
    ];
    let (_, reply) = streamed(&repeated, true).await.unwrap();
    assert_eq!(uses(&reply), ["first {\"y\":1}"]);
}

#[tokio::test]
async fn thoughts_texts_and_counts_are_read_from_a_stream_and_missing_counts_estimated() {
    let fake = Fake::answering(|seen| {
        check(seen).unwrap();
        let chunks = [
            chunk(&json!({"role": "assistant", "content": ""}), None),
            chunk(&json!({"reasoning_content": "Hm."}), None),
            chunk(&json!({"content": "Se", "tool_calls": null}), None),
            json!({"choices": [{"index": 1, "delta": {"content": "another choice"}, "finish_reason": null}]}),
            chunk(&json!({"content": "en."}), Some("stop")),
            json!({"choices": [], "usage": {"prompt_tokens": 40, "completion_tokens": 20}}),
        ];
        let counts = seen.body["stream_options"]["include_usage"] == true;
        Answer::Stream(say(&chunks[..if counts { 6 } else { 5 }], true))
    });
    let fake = fake.await;
    let driver = driver(&fake);
    let (told, reply) = finished(&driver, &hello()).await.unwrap();
    assert_eq!(
        told,
        [
            Event::Started { model_id: "qwen3".into() },
            Event::Reasoning("Hm.".into()),
            Event::Text("Se".into()),
            Event::Text("en.".into()),
        ]
    );
    assert_eq!((reply.message.text().as_str(), reply.stop), ("Seen.", StopReason::EndTurn));
    assert_eq!((reply.usage.input_tokens, reply.usage.output_tokens), (40, 20));
    assert!(!reply.usage_is_estimated);
    // The connection is given back behind the caller's back.
    tokio::time::sleep(Duration::from_millis(50)).await;
    finished(&driver, &hello()).await.unwrap();
    assert_eq!(fake.connections.load(Ordering::SeqCst), 1);

    let mut settings = settings(&fake);
    settings.asks_usage = false;
    let driver = OpenAi::new(model::http::Client::new().unwrap(), settings).unwrap();
    let (_, reply) = finished(&driver, &hello()).await.unwrap();
    assert!(reply.usage_is_estimated);
    assert_eq!(reply.usage.input_tokens, model::estimate::conversation(&hello().conversation));
    assert_eq!(reply.usage.output_tokens, model::estimate::content(&reply.message.content));
    assert!(reply.usage.output_tokens > 0);
}

#[tokio::test]
async fn every_refusal_is_classified() {
    use Cause::{
        Auth, BadRequest, ContentBlocked, ContextTooLong, NotServed, Sampling, Service, Throttled,
        Timeout,
    };
    let openai = |code: Value, kind: &str, message: &str| json!({"error": {"message": message, "type": kind, "param": null, "code": code}});
    let none = Value::Null;
    let rows = [
        (
            401,
            openai(json!("invalid_api_key"), "invalid_request_error", "Incorrect API key"),
            Auth,
            "invalid_api_key",
        ),
        (
            404,
            openai(json!("model_not_found"), "invalid_request_error", "no such model"),
            NotServed,
            "model_not_found",
        ),
        (
            429,
            openai(json!("rate_limit_exceeded"), "tokens", "slow down"),
            Throttled,
            "rate_limit_exceeded",
        ),
        (
            429,
            openai(json!("insufficient_quota"), "insufficient_quota", "pay"),
            Throttled,
            "insufficient_quota",
        ),
        (
            402,
            openai(json!("invalid_request_error"), "unknown_error", "Insufficient Balance"),
            Throttled,
            "invalid_request_error",
        ),
        (
            400,
            openai(json!("context_length_exceeded"), "invalid_request_error", "too long"),
            ContextTooLong,
            "context_length_exceeded",
        ),
        (400, openai(json!("content_filter"), "", "filtered"), ContentBlocked, "content_filter"),
        (
            400,
            openai(
                json!("unsupported_value"),
                "invalid_request_error",
                "Unsupported value: 'temperature'",
            ),
            Sampling,
            "unsupported_value",
        ),
        (
            400,
            openai(none.clone(), "invalid_request_error", "messages is missing"),
            BadRequest,
            "invalid_request_error",
        ),
        (500, openai(none.clone(), "server_error", "sorry"), Service, "server_error"),
        (
            400,
            json!({"error": {"code": 400, "message": "the request exceeds the available context size", "type": "exceed_context_size_error"}}),
            ContextTooLong,
            "exceed_context_size_error",
        ),
        (
            503,
            json!({"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}}),
            Service,
            "unavailable_error",
        ),
        (
            404,
            json!({"object": "error", "message": "The model `x` does not exist.", "type": "NotFoundError", "param": null, "code": 404}),
            NotServed,
            "NotFoundError",
        ),
        (
            400,
            json!({"object": "error", "message": "This model's maximum context length is 8 tokens.", "type": "BadRequestError", "code": 400}),
            ContextTooLong,
            "BadRequestError",
        ),
        (404, json!({"error": "model 'x' not found"}), NotServed, ""),
        (
            422,
            json!({"detail": [{"loc": ["body", "messages"], "msg": "field required", "input": "SECRET"}]}),
            BadRequest,
            "",
        ),
        (401, json!({"detail": "Unauthorized"}), Auth, ""),
        (504, json!("gateway timeout"), Timeout, ""),
        (413, json!([]), ContextTooLong, ""),
    ];
    for (status, body, cause, code) in rows {
        let said = body.to_string();
        let fake = Fake::answering(move |_| Answer::Whole {
            status,
            headers: "retry-after-ms: 250\r\n".into(),
            body: body.to_string().into_bytes(),
        });
        let fake = fake.await;
        let error = driver(&fake).converse(&hello()).await.unwrap_err();
        let found = error.provider_code.clone().unwrap_or_default();
        assert_eq!((error.cause, found.as_str()), (cause, code), "{status} {said}");
        assert_eq!(error.retry_after, Some(Duration::from_millis(250)));
        assert!(!error.to_string().contains("SECRET"), "{error}");
        assert_eq!(driver(&fake).stream(&hello()).await.err().unwrap().cause, cause);
    }
}

#[tokio::test]
async fn a_stream_that_fails_says_why_after_what_was_said() {
    let begun = [chunk(&json!({"content": "Seen."}), None)];
    let then = |steps: Vec<Step>| [say(&begun, false), steps].concat();
    let error = |error: Value| then(say(&[error], true));
    let unnamed =
        chunk(&tool_call(json!(0), json!("a"), Value::Null, json!("{}")), Some("tool_calls"));
    let rows = [
        (
            error(json!({"error": {"message": "slow down", "type": "x", "code": 429}})),
            Cause::Throttled,
        ),
        (
            error(
                json!({"error": {"message": "the engine died", "type": "server_error", "code": null}}),
            ),
            Cause::Service,
        ),
        (
            error(
                json!({"object": "error", "message": "maximum context length", "type": "BadRequestError", "code": 400}),
            ),
            Cause::ContextTooLong,
        ),
        (error(json!({"error": "something broke"})), Cause::Service),
        (
            then(vec![Step::Say("event: error\ndata: {\"message\": \"no\"}\n\n".into())]),
            Cause::Service,
        ),
        (then(vec![]), Cause::Interrupted),
        (then(vec![Step::HangUp]), Cause::Interrupted),
        (then(vec![Step::FallSilent]), Cause::Timeout),
        (then(vec![Step::Say("data: {\"choices\": [\n\n".into())]), Cause::Unreadable),
        (then(vec![Step::Say(format!("data: {}", "x".repeat(5 << 20)))]), Cause::Unreadable),
        (error(unnamed), Cause::MalformedToolUse),
    ];
    for (index, (steps, cause)) in rows.into_iter().enumerate() {
        let fake = Fake::answering(move |_| Answer::Stream(steps.clone())).await;
        let events: Vec<_> = driver(&fake).stream(&hello()).await.unwrap().collect().await;
        assert!(events.contains(&Ok(Event::Text("Seen.".into()))), "row {index}");
        let error = events.last().unwrap().as_ref().unwrap_err();
        assert_eq!(error.cause, cause, "row {index}: {error}");
    }
}

#[tokio::test]
async fn a_stream_may_end_without_a_reason_or_without_saying_that_it_is_done() {
    let text = chunk(&json!({"content": "Seen."}), None);
    let (_, reply) = streamed(std::slice::from_ref(&text), true).await.unwrap();
    assert_eq!((reply.message.text().as_str(), reply.stop), ("Seen.", StopReason::Unknown));
    let (_, reply) = streamed(&[text, chunk(&json!({}), Some("stop"))], false).await.unwrap();
    assert_eq!(reply.stop, StopReason::EndTurn);
    let garbage = Fake::answering(|_| Answer::Stream(vec![Step::Say("SECRET".into())])).await;
    let error = driver(&garbage).stream(&hello()).await.err().unwrap();
    assert_eq!(error.cause, Cause::Interrupted);
}

#[tokio::test]
async fn the_models_are_listed_with_and_without_an_envelope() {
    let models = json!([{"id": "qwen3", "object": "model", "created": 1, "owned_by": "library"}, {"id": "tiny"}]);
    for body in [json!({"object": "list", "data": models}), models] {
        let fake = Fake::answering(move |_| json(200, &body)).await;
        let deadline = tokio::time::Instant::now() + Duration::from_secs(5);
        let listed = driver(&fake).list(deadline).await.unwrap();
        let told: Vec<_> =
            listed.iter().map(|model| (model.id.as_str(), model.vendor.as_deref())).collect();
        assert_eq!(told, [("qwen3", Some("library")), ("tiny", None)]);
        assert_eq!(fake.last().line, "GET /v1/models");
    }
}

#[tokio::test]
async fn what_does_not_chat_is_not_listed() {
    let chat =
        ["gpt-5-mini", "gpt-4o", "o3-mini", "gpt-oss-120b", "gemini-2.5-pro", "llama-3-instruct"];
    let others = [
        "text-embedding-3-small",
        "whisper-1",
        "gpt-4o-mini-tts",
        "gpt-5-pro",
        "gpt-5.1-codex-mini",
        "o3-deep-research",
        "gpt-3.5-turbo-instruct",
    ];
    let mut models: Vec<Value> = chat.iter().chain(&others).map(|id| json!({"id": id})).collect();
    models.push(json!({"id": "mistral-embed", "capabilities": {"completion_chat": false}}));
    models.push(json!({"id": "mistral-small", "capabilities": {"completion_chat": true}}));
    models.push(json!({"id": "tiny", "capabilities": ["completion"]}));
    let body = json!({"object": "list", "data": models});
    let fake = Fake::answering(move |_| json(200, &body)).await;
    let deadline = tokio::time::Instant::now() + Duration::from_secs(5);
    let listed = driver(&fake).list(deadline).await.unwrap();
    let told: Vec<_> = listed.iter().map(|model| model.id.as_str()).collect();
    assert_eq!(told, [&chat[..], &["mistral-small", "tiny"]].concat());
}
