use std::time::Duration;

use futures::StreamExt;

use super::frame::tests::{event, frame};
use super::tests::{Service, call, question};
use crate::{Cause, Event, Events, ModelDriver, ModelError};

const CLAUDE: &str = "us.anthropic.claude-haiku-4-5-20251001-v1:0";

async fn streaming(frames: &[Vec<u8>]) -> Result<Events, ModelError> {
    let service = Service::answering("200 OK", "", frames.concat()).await;
    service.driver().stream(&call(CLAUDE, question())).await
}

async fn told(frames: &[Vec<u8>]) -> String {
    let events: Vec<_> = match streaming(frames).await {
        Ok(events) => events.collect().await,
        Err(error) => return format!("no stream: {:?}: {error}", error.cause),
    };
    let lines = events.into_iter().map(|event| match event {
        Ok(Event::Finished(reply)) => format!(
            "finished {:?} {} tokens{}, {:?} micro-dollars\n{}",
            reply.stop,
            reply.usage.total(),
            if reply.usage_is_estimated { " (not counted)" } else { "" },
            reply.cost_usd.map(|cost| (cost * 1e6).round()),
            serde_json::to_string(&reply.message.content).unwrap().replace("},{", "},\n{")
        ),
        Ok(event) => format!("{event:?}"),
        Err(error) => format!("{:?}: {error}", error.cause),
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn delta(index: u32, delta: &str) -> Vec<u8> {
    let payload = format!(r#"{{"contentBlockIndex":{index},"delta":{{{delta}}},"p":"abcd"}}"#);
    event("contentBlockDelta", &payload)
}

fn tool_use(index: u32, id: &str) -> Vec<u8> {
    let start = format!(r#"{{"toolUse":{{"toolUseId":"{id}","name":"analyze"}}}}"#);
    event("contentBlockStart", &format!(r#"{{"contentBlockIndex":{index},"start":{start}}}"#))
}

fn started() -> Vec<u8> {
    event("messageStart", r#"{"role":"assistant"}"#)
}

fn stopped(reason: &str) -> Vec<u8> {
    event("messageStop", &format!(r#"{{"stopReason":"{reason}"}}"#))
}

fn counted() -> Vec<u8> {
    let usage = r#"{"inputTokens":100,"outputTokens":20,"cacheReadInputTokens":1000}"#;
    event("metadata", &format!(r#"{{"usage":{usage},"metrics":{{"latencyMs":5}}}}"#))
}

fn exception(name: &str, payload: &str) -> Vec<u8> {
    frame(&[(":message-type", "exception"), (":exception-type", name)], payload)
}

#[tokio::test]
async fn every_kind_of_block_is_told_in_pieces_and_as_a_whole() {
    let frames = [
        started(),
        delta(0, r#""reasoningContent":{"text":"Hm"}"#),
        delta(0, r#""reasoningContent":{"text":"."}"#),
        delta(0, r#""reasoningContent":{"signature":"c2ln"}"#),
        delta(1, r#""reasoningContent":{"redactedContent":"c2VjcmV0"}"#),
        delta(2, r#""text":"I ""#),
        delta(2, r#""text":"look.""#),
        event("contentBlockStop", r#"{"contentBlockIndex":2}"#),
        tool_use(3, "t1"),
        tool_use(4, "t2"),
        delta(3, r#""toolUse":{"input":"{\"path\":"}"#),
        delta(3, r#""toolUse":{"input":"\"a.py\"}"}"#),
        event("somethingNew", "{}"),
        stopped("tool_use"),
        counted(),
    ];
    insta::assert_snapshot!(told(&frames).await, @r#"
    Started { model_id: "us.anthropic.claude-haiku-4-5-20251001-v1:0" }
    Reasoning("Hm")
    Reasoning(".")
    Text("I ")
    Text("look.")
    ToolUseStarted { index: 3, id: "t1", name: "analyze" }
    ToolUseStarted { index: 4, id: "t2", name: "analyze" }
    ToolUseInput { index: 3, fragment: "{\"path\":" }
    ToolUseInput { index: 3, fragment: "\"a.py\"}" }
    finished ToolUse 1120 tokens, Some(330.0) micro-dollars
    [{"reasoning":{"text":"Hm.","signature":"c2ln"}},
    {"redactedReasoning":"c2VjcmV0"},
    {"text":"I look."},
    {"toolUse":{"id":"t1","name":"analyze","input":{"path":"a.py"}}},
    {"toolUse":{"id":"t2","name":"analyze","input":{}}}]
    "#);
}

#[tokio::test]
async fn an_exception_in_the_first_frame_fails_the_call_and_a_later_one_the_stream() {
    let busy = exception("throttlingException", r#"{"message":"Too many tokens, please wait"}"#);
    let model = r#"{"message":"m","originalStatusCode":429,"originalMessage":"busy"}"#;
    let failed = [
        ("throttled at once", vec![busy.clone()]),
        ("throttled later", vec![started(), delta(0, r#""text":"The""#), busy]),
        ("by the model", vec![exception("modelStreamErrorException", model)]),
        ("internal", vec![exception("internalServerException", "{\"message\":\"oh\"}")]),
        (
            "validation",
            vec![exception("validationException", "{\"message\":\"prompt is too long\"}")],
        ),
        ("unreadable", vec![exception("serviceUnavailableException", "oh")]),
        (
            "beneath",
            vec![frame(&[(":message-type", "error"), (":error-code", "InternalFailure")], "")],
        ),
        ("a status", vec![frame(&[(":message-type", "error"), (":error-code", "400")], "")]),
    ];
    let mut lines = Vec::new();
    for (name, frames) in failed {
        lines.push(format!("{name}: {}", told(&frames).await.replace('\n', " | ")));
    }
    insta::assert_snapshot!(lines.join("\n"), @r#"
    throttled at once: no stream: Throttled: the model throttled every attempt: Too many tokens, please wait
    throttled later: Started { model_id: "us.anthropic.claude-haiku-4-5-20251001-v1:0" } | Text("The") | Throttled: the model throttled every attempt: Too many tokens, please wait
    by the model: no stream: Throttled: the model throttled every attempt: busy
    internal: no stream: Service: the model's service failed: oh
    validation: no stream: ContextTooLong: the conversation does not fit the model: prompt is too long
    unreadable: no stream: Service: the model's service failed: no message
    beneath: no stream: Service: the model's service failed: no message
    a status: no stream: BadRequest: the model's service refused the request: HTTP 400
    "#);
}

#[tokio::test]
async fn a_stream_that_is_cut_is_no_reply() {
    let text = delta(0, r#""text":"The""#);
    let half = &text[..text.len() / 2];
    let ends = [
        ("before anything", vec![]),
        ("within the first frame", vec![half.to_vec()]),
        ("within a frame", vec![started(), half.to_vec()]),
        ("between frames", vec![started(), text.clone()]),
        ("before the count", vec![started(), text.clone(), stopped("end_turn")]),
        ("json", vec![b"{\"message\":\"hello\"}".to_vec()]),
        ("a block that is two", vec![started(), text, delta(0, r#""toolUse":{"input":"x"}"#)]),
    ];
    let mut lines = Vec::new();
    for (name, frames) in ends {
        lines.push(format!("{name}: {}", told(&frames).await.replace('\n', " | ")));
    }
    insta::assert_snapshot!(lines.join("\n"), @r#"
    before anything: no stream: Interrupted: the model's answer broke off: the event stream ended at its beginning
    within the first frame: no stream: Interrupted: the model's answer broke off: the event stream ended within a frame
    within a frame: Started { model_id: "us.anthropic.claude-haiku-4-5-20251001-v1:0" } | Interrupted: the model's answer broke off: the event stream ended within a frame
    between frames: Started { model_id: "us.anthropic.claude-haiku-4-5-20251001-v1:0" } | Text("The") | Interrupted: the model's answer broke off: the stream ended without a reason
    before the count: Started { model_id: "us.anthropic.claude-haiku-4-5-20251001-v1:0" } | Text("The") | finished EndTurn 0 tokens (not counted), None micro-dollars | [{"text":"The"}]
    json: no stream: Unreadable: the model's answer cannot be read: the event stream is broken: a frame of 2065853797 bytes
    a block that is two: Started { model_id: "us.anthropic.claude-haiku-4-5-20251001-v1:0" } | Text("The") | Unreadable: the model's answer cannot be read: block 0 changes its kind, or never began
    "#);
}

#[tokio::test]
async fn a_stream_that_falls_silent_is_given_up() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 9999\r\n\r\n";
    let service = Service::saying([head.as_bytes(), &started()].concat(), true).await;
    let mut driver = service.driver();
    driver.settings.silence = Duration::from_millis(30);
    let mut events = driver.stream(&call(CLAUDE, question())).await.unwrap();
    assert!(matches!(events.next().await, Some(Ok(Event::Started { .. }))));
    let error = events.next().await.unwrap().unwrap_err();
    assert_eq!(
        (error.cause, error.message.as_str()),
        (Cause::Timeout, "the answer paused for 0.03 s")
    );
    assert!(events.next().await.is_none());
}

#[tokio::test]
async fn a_stream_is_asked_for_at_its_own_path() {
    let service = Service::answering("200 OK", "", started()).await;
    let _ = service.driver().stream(&call("amazon.nova-lite-v1:0", question())).await;
    let heard = service.heard().remove(0);
    assert!(heard.starts_with("POST /model/amazon.nova-lite-v1%3A0/converse-stream "), "{heard}");
}
