//! The driver `anthropic` against a service that takes only what the Messages API takes.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod anthropic_rules;
mod fake_service;

use std::sync::atomic::Ordering;
use std::time::Duration;

use anthropic_rules::check;
use fake_service::{Answer, Fake, Step, json};
use futures::StreamExt;
use model::anthropic::{Anthropic, Settings};
use model::{
    Block, Call, Cause, Conversation, Event, Message, ModelDriver, ModelError, Reply, Role,
    StopReason, ToolChoice, ToolResult, ToolUse,
};
use serde_json::{Value, json};

fn driver(fake: &Fake) -> Anthropic {
    let mut settings = Settings::new("sk-secret".to_owned().into());
    settings.base_url.clone_from(&fake.address);
    settings.silence = Duration::from_millis(100);
    Anthropic::new(model::http::Client::new().unwrap(), settings).unwrap()
}

fn call(conversation: Conversation) -> Call {
    let mut call = Call::new(conversation, Duration::from_secs(5));
    call.model = Some("claude-sonnet-4-5".to_owned());
    call
}

fn hello() -> Call {
    let messages = vec![Message::user("Hello")];
    call(Conversation { system: String::new(), messages, tools: Vec::new() })
}

/// Everything that a conversation of an agent may hold.
fn long() -> Conversation {
    let tool_use = ToolUse { id: "toolu_1".into(), name: "look".into(), input: json!({"at": 1}) };
    let thought =
        Block::Reasoning { text: "Look first.".into(), signature: Some("signed-by-fake".into()) };
    let foreign = Block::Reasoning { text: "Another model's thought.".into(), signature: None };
    let content = vec![
        thought,
        foreign,
        Block::RedactedReasoning("c2VjcmV0".into()),
        Block::Text("I look.\n".into()),
        Block::Text("  ".into()),
        Block::ToolUse(tool_use),
    ];
    let result = ToolResult {
        tool_use_id: "toolu_1".into(),
        is_error: true,
        content: Value::String(String::new()),
    };
    let results = vec![Block::Text("And now?".into()), Block::ToolResult(result)];
    let tool = contract::ToolSpec {
        name: "look".into(),
        description: "Looks.".into(),
        input_schema: json!({"type": "object"}),
    };
    Conversation {
        system: "You review.".into(),
        messages: vec![
            Message::user("Review this."),
            Message { role: Role::Assistant, content },
            Message { role: Role::User, content: results },
        ],
        tools: vec![tool],
    }
}

fn message() -> Value {
    json!({
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5-20250929",
        "content": [
            {"type": "thinking", "thinking": "Hm.", "signature": "s1"},
            {"type": "redacted_thinking", "data": "AAAA"},
            {"type": "text", "text": "I look.", "citations": null},
            {"type": "tool_use", "id": "toolu_2", "name": "look", "input": {"at": 2}},
            {"type": "tool_use", "id": "toolu_3", "name": "look", "input": {}},
            {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"q": 1}},
        ],
        "stop_reason": "tool_use", "stop_sequence": null,
        "usage": {"input_tokens": 10, "output_tokens": 20, "cache_read_input_tokens": 30,
                  "cache_creation_input_tokens": 40, "service_tier": "standard"},
    })
}

/// The same, in pieces.
fn pieces() -> Vec<Value> {
    let block = |index: u32, block: Value| json!({"type": "content_block_start", "index": index, "content_block": block});
    let delta = |index: u32, delta: Value| json!({"type": "content_block_delta", "index": index, "delta": delta});
    vec![
        json!({"type": "message_start", "message": {"id": "msg_1", "type": "message", "role": "assistant",
            "model": "claude-sonnet-4-5-20250929", "content": [], "stop_reason": null, "usage":
            {"input_tokens": 10, "output_tokens": 1, "cache_read_input_tokens": 30, "cache_creation_input_tokens": 40}}}),
        block(0, json!({"type": "thinking", "thinking": "", "signature": ""})),
        delta(0, json!({"type": "thinking_delta", "thinking": "H"})),
        json!({"type": "ping"}),
        delta(0, json!({"type": "thinking_delta", "thinking": "m."})),
        delta(0, json!({"type": "signature_delta", "signature": "s1"})),
        json!({"type": "content_block_stop", "index": 0}),
        block(1, json!({"type": "redacted_thinking", "data": "AAAA"})),
        block(2, json!({"type": "text", "text": ""})),
        delta(2, json!({"type": "text_delta", "text": "I l"})),
        delta(2, json!({"type": "text_delta", "text": "ook."})),
        block(3, json!({"type": "tool_use", "id": "toolu_2", "name": "look", "input": {}})),
        delta(3, json!({"type": "input_json_delta", "partial_json": ""})),
        delta(3, json!({"type": "input_json_delta", "partial_json": "{\"at\""})),
        delta(3, json!({"type": "input_json_delta", "partial_json": ": 2}"})),
        block(4, json!({"type": "tool_use", "id": "toolu_3", "name": "look", "input": {}})),
        block(
            5,
            json!({"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}}),
        ),
        delta(5, json!({"type": "input_json_delta", "partial_json": "{}"})),
        json!({"type": "an_event_of_a_later_year", "index": 9}),
        json!({"type": "message_delta", "delta": {"stop_reason": "tool_use", "stop_sequence": null},
            "usage": {"output_tokens": 20}}),
        json!({"type": "message_stop"}),
    ]
}

fn say(events: &[Value]) -> Vec<Step> {
    let say = |event: &Value| {
        let name = event["type"].as_str().unwrap();
        Step::Say(format!("event: {name}\ndata: {event}\n\n"))
    };
    events.iter().map(say).collect()
}

fn answered(seen: &fake_service::Seen) -> Answer {
    match check(seen) {
        Err(reason) => json(
            400,
            &json!({"type": "error", "error": {"type": "invalid_request_error", "message": reason}}),
        ),
        Ok(()) if seen.body["stream"] == true => Answer::Stream(say(&pieces())),
        Ok(()) => json(200, &message()),
    }
}

async fn finished(driver: &Anthropic, call: &Call) -> Result<(Vec<Event>, Reply), ModelError> {
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

#[tokio::test]
async fn a_conversation_with_tools_thoughts_and_results_is_taken_and_answered() {
    let fake = Fake::answering(answered).await;
    let mut call = call(long());
    call.parameters.tool_choice = ToolChoice::Tool("look".into());
    call.parameters.temperature = Some(0.5);
    call.parameters.stop_sequences = vec!["END".into()];
    let reply = driver(&fake).converse(&call).await.unwrap();

    let body = fake.last().body;
    let kept = json!({"type": "ephemeral"});
    assert_eq!(
        body["messages"],
        json!([
            {"role": "user", "content": [{"type": "text", "text": "Review this."}]},
            {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "Look first.", "signature": "signed-by-fake"},
                {"type": "redacted_thinking", "data": "c2VjcmV0"},
                {"type": "text", "text": "I look.\n"},
                {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {"at": 1}},
            ]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "toolu_1", "content": "(nothing)", "is_error": true},
                {"type": "text", "text": "And now?", "cache_control": kept},
            ]},
        ])
    );
    assert_eq!(body["system"][0]["cache_control"], kept);
    assert_eq!(body["tool_choice"], json!({"type": "tool", "name": "look"}));

    assert_eq!(reply.model_id, "claude-sonnet-4-5");
    assert_eq!(reply.stop, StopReason::ToolUse);
    let usage = reply.usage;
    assert_eq!(
        (
            usage.input_tokens,
            usage.output_tokens,
            usage.cache_read_tokens,
            usage.cache_write_tokens
        ),
        (10, 20, 30, 40)
    );
    assert_eq!(
        reply.notes,
        ["1 blocks of the reply are of a kind that this version does not know"]
    );
    assert!(reply.raw.unwrap().starts_with(r#"{"content":[{"#));
}

#[tokio::test]
async fn a_reply_in_pieces_is_the_same_as_at_once_and_its_connection_is_used_again() {
    let fake = Fake::answering(answered).await;
    let driver = driver(&fake);
    let whole = driver.converse(&hello()).await.unwrap();
    let (told, mut reply) = finished(&driver, &hello()).await.unwrap();
    reply.raw.clone_from(&whole.raw);
    assert_eq!(reply, whole);
    assert_eq!(told[0], Event::Started { model_id: "claude-sonnet-4-5".into() });
    assert_eq!(
        told[1..4],
        [Event::Reasoning("H".into()), Event::Reasoning("m.".into()), Event::Text("I l".into())]
    );
    let fragments: String = told
        .iter()
        .filter_map(|event| match event {
            Event::ToolUseInput { index: 3, fragment } => Some(fragment.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(fragments, "{\"at\": 2}");

    // The connection is given back behind the caller's back.
    tokio::time::sleep(Duration::from_millis(50)).await;
    // What the model said is told to it again as it said it.
    let mut conversation = (*hello().conversation).clone();
    conversation.messages.push(reply.message.clone());
    let results = reply.message.tool_uses().map(|tool| {
        let content = json!({"seen": true});
        Block::ToolResult(ToolResult { tool_use_id: tool.id.clone(), is_error: false, content })
    });
    let content = results.collect();
    conversation.messages.push(Message { role: Role::User, content });
    conversation.tools = long().tools;
    finished(&driver, &call(conversation)).await.unwrap();
    let told_again = fake.last().body["messages"][1]["content"].clone();
    assert_eq!(told_again[0], message()["content"][0]);
    assert_eq!(told_again[1], message()["content"][1]);
    assert_eq!(fake.connections.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn every_reason_to_stop_is_known() {
    let reasons = [
        ("end_turn", StopReason::EndTurn),
        ("max_tokens", StopReason::MaxTokens),
        ("stop_sequence", StopReason::StopSequence),
        ("tool_use", StopReason::ToolUse),
        ("refusal", StopReason::ContentFiltered),
        ("model_context_window_exceeded", StopReason::ContextWindowExceeded),
        ("pause_turn", StopReason::Unknown),
        ("a reason of a later year", StopReason::Unknown),
    ];
    for (reason, expected) in reasons {
        let fake = Fake::answering(move |seen| {
            let usage = json!({"input_tokens": 1, "output_tokens": 1});
            if seen.body["stream"] != true {
                return json(200, &json!({"content": [], "stop_reason": reason, "usage": usage}));
            }
            Answer::Stream(say(&[
                json!({"type": "message_start", "message": {"usage": usage}}),
                json!({"type": "message_delta", "delta": {"stop_reason": reason}, "usage": usage}),
                json!({"type": "message_stop"}),
            ]))
        });
        let fake = fake.await;
        assert_eq!(driver(&fake).converse(&hello()).await.unwrap().stop, expected, "{reason}");
        let (_, reply) = finished(&driver(&fake), &hello()).await.unwrap();
        assert_eq!(reply.stop, expected, "{reason}");
    }
}

fn refused(status: u16, code: &str, message: &str, headers: &str) -> (u16, String, Vec<u8>) {
    let body = json!({"type": "error", "error": {"type": code, "message": message}, "request_id": "req_1"});
    (status, headers.to_owned(), body.to_string().into_bytes())
}

#[tokio::test]
async fn every_refusal_is_classified() {
    use Cause::{
        Auth, BadRequest, ContentBlocked, ContextTooLong, NotServed, Sampling, Service, Throttled,
    };
    let bad = "invalid_request_error";
    let html = (502, String::new(), b"<html>Bad Gateway</html>".to_vec());
    let huge = (503, String::new(), vec![b'x'; 1 << 20]);
    let rows = [
        (refused(401, "authentication_error", "invalid x-api-key", ""), Auth, None),
        (refused(403, "permission_error", "not yours", ""), Auth, None),
        (refused(404, "not_found_error", "model: claude-x", ""), NotServed, None),
        (refused(402, "billing_error", "pay first", ""), Throttled, None),
        (refused(413, "request_too_large", "too large", ""), ContextTooLong, None),
        (refused(429, "rate_limit_error", "slow down", "retry-after: 7\r\n"), Throttled, Some(7)),
        (refused(500, "api_error", "sorry", ""), Service, None),
        (refused(529, "overloaded_error", "Overloaded", ""), Service, None),
        (refused(504, "timeout_error", "too slow", ""), Cause::Timeout, None),
        (refused(400, bad, "prompt is too long: 9 tokens > 5 maximum", ""), ContextTooLong, None),
        (
            refused(400, bad, "input length and `max_tokens` exceed context limit", ""),
            ContextTooLong,
            None,
        ),
        (
            refused(400, bad, "`temperature` and `top_p` cannot both be specified", ""),
            Sampling,
            None,
        ),
        (refused(400, bad, "Output blocked by content filtering policy", ""), ContentBlocked, None),
        (refused(400, bad, "Your credit balance is too low", ""), Throttled, None),
        (refused(400, bad, "messages.0: extra inputs", ""), BadRequest, None),
        (html, Service, None),
        (huge, Service, None),
    ];
    for ((status, headers, body), cause, seconds) in rows {
        let said = String::from_utf8_lossy(&body[..body.len().min(120)]).into_owned();
        let fake = Fake::answering(move |_| Answer::Whole {
            status,
            headers: headers.clone(),
            body: body.clone(),
        });
        let fake = fake.await;
        let error = driver(&fake).converse(&hello()).await.unwrap_err();
        assert_eq!(
            (error.cause, error.retry_after.map(|wait| wait.as_secs())),
            (cause, seconds),
            "{said}"
        );
        let error = driver(&fake).stream(&hello()).await.err().unwrap();
        assert_eq!(error.cause, cause, "streamed: {said}");
    }
}

#[tokio::test]
async fn a_stream_that_fails_says_why_after_what_was_said() {
    let error = |code: &str, message: &str| json!({"type": "error", "error": {"type": code, "message": message}});
    let begun = &pieces()[..12];
    let then = |steps: Vec<Step>| [say(begun), steps].concat();
    let say_error = |code: &str, message: &str| then(say(&[error(code, message)]));
    let garbage = Step::Say("data: {\"type\": \"content\n\n".to_owned());
    let other_kind = json!({"type": "content_block_delta", "index": 2, "delta": {"type": "thinking_delta", "thinking": "x"}});
    let endless = Step::Say(format!("data: {}", "x".repeat(5 << 20)));
    let rows = [
        (say_error("overloaded_error", "Overloaded"), Cause::Service),
        (say_error("rate_limit_error", "slow down"), Cause::Throttled),
        (say_error("invalid_request_error", "prompt is too long"), Cause::ContextTooLong),
        (say_error("a_later_error", "what?"), Cause::Service),
        (then(vec![]), Cause::Interrupted),
        (then(vec![Step::HangUp]), Cause::Interrupted),
        (then(vec![Step::FallSilent]), Cause::Timeout),
        (then(vec![garbage]), Cause::Unreadable),
        (then(say(&[other_kind])), Cause::Unreadable),
        (then(vec![endless]), Cause::Unreadable),
    ];
    for (index, (steps, cause)) in rows.into_iter().enumerate() {
        let fake = Fake::answering(move |_| Answer::Stream(steps.clone())).await;
        let mut events = driver(&fake).stream(&hello()).await.unwrap();
        let mut texts = String::new();
        let error = loop {
            match events.next().await.unwrap() {
                Ok(Event::Text(text)) => texts.push_str(&text),
                Ok(Event::Finished(_)) => panic!("row {index} finished"),
                Ok(_) => {}
                Err(error) => break error,
            }
        };
        assert_eq!((error.cause, texts.as_str()), (cause, "I look."), "row {index}: {error}");
        assert!(events.next().await.is_none());
    }
}

#[tokio::test]
async fn a_refusal_in_place_of_a_stream_is_an_error_and_no_event() {
    let error =
        json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}});
    for steps in [say(&[error]), vec![Step::FallSilent], vec![Step::HangUp], vec![]] {
        let fake = Fake::answering(move |_| Answer::Stream(steps.clone())).await;
        assert!(driver(&fake).stream(&hello()).await.is_err());
    }
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_is_an_error_that_does_not_quote_it() {
    for body in ["", "{\"content\": \"SECRET\"}", "SECRET", "{\"content\": [{\"type\": \"text\"}]}"]
    {
        let fake = Fake::answering(|_| Answer::Whole {
            status: 200,
            headers: String::new(),
            body: body.into(),
        });
        let error = driver(&fake.await).converse(&hello()).await.unwrap_err();
        assert_eq!(error.cause, Cause::Unreadable);
        assert!(!error.to_string().contains("SECRET"), "{error}");
    }
}

#[tokio::test]
async fn the_models_are_listed_over_all_pages() {
    let fake = Fake::answering(|seen| {
        let model = |id: &str| json!({"type": "model", "id": id, "display_name": "A model"});
        let last = seen.line.ends_with("after_id=claude-b");
        let models = if last {
            json!([model("claude-c")])
        } else {
            json!([model("claude-a"), model("claude-b")])
        };
        let id = models.as_array().unwrap().last().unwrap()["id"].clone();
        json(200, &json!({"data": models, "has_more": !last, "first_id": "x", "last_id": id}))
    });
    let fake = fake.await;
    let deadline = tokio::time::Instant::now() + Duration::from_secs(5);
    let listed = driver(&fake).list(deadline).await.unwrap();
    let ids: Vec<_> = listed.iter().map(|model| model.id.as_str()).collect();
    assert_eq!(ids, ["claude-a", "claude-b", "claude-c"]);
    assert_eq!(fake.last().line, "GET /v1/models?limit=1000&after_id=claude-b");
    assert_eq!(fake.last().headers["x-api-key"], "sk-secret");
}
