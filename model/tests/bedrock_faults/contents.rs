//! Streams that are sound, and say odd things.
//!
//! <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ConverseStream.html>

use fake_bedrock::{Answer, Reply as Told, Stream, frame};
use model::{Cause, Reply, StopReason};
use serde_json::{Value, json};

use crate::case::{Case, Expected, HALF, TEXT, answers, fails, fine, half};

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = odd();
    cases.extend(tools());
    cases
}

/// What a newer service may add must not break an older client.
fn odd() -> Vec<Case> {
    let events = Told::says(TEXT).events();
    let with = |kind: &'static str, payload: Value| {
        let mut events = events.clone();
        events.insert(2, (kind, payload));
        Stream::begin().events(&events).end()
    };
    let delta =
        |delta: Value| with("contentBlockDelta", json!({"delta": delta, "contentBlockIndex": 1}));
    let unframed = frame::frame(&[(":message-type", "event"), (":event-type", "heartbeat")], b"");
    let mut endless = half();
    for _ in 0..20 {
        let text = "x".repeat(1 << 20);
        endless = endless
            .event("contentBlockDelta", &json!({"delta": {"text": text}, "contentBlockIndex": 0}));
    }
    let endless =
        Case::stream("a reply of twenty megabytes", endless.silence(), fails(Cause::Unreadable));
    vec![
        Case::stream("an event that nobody knows", with("somethingNew", json!({"deep": [1]})), fine()),
        Case::stream("an event that nobody knows, without a payload", Stream::begin().bytes(&unframed).events(&events).end(), fine()),
        Case::stream("a delta that nobody knows", delta(json!({"hologram": "x"})), fine()),
        Case::stream("a citation", delta(json!({"citation": {"title": "x"}})), fine()),
        Case::stream("text in a block that was not announced", Answer::says(TEXT), fine()),
        Case::stream(
            "a block of text that becomes a tool's",
            half().event("contentBlockDelta", &json!({"delta": {"toolUse": {"input": "{}"}}, "contentBlockIndex": 0})).silence(),
            fails(Cause::Unreadable).having_heard(HALF),
        ),
        Case::stream(
            "reasoning, signed, and text",
            Answer::Says(Told::of(vec![json!({"reasoningContent": {"reasoningText": {"text": "Hm, hm.", "signature": "c2lnbmF0dXJl"}}}), json!({"text": TEXT})], "end_turn")),
            fine().with("signed", |reply| matches!(&reply.message.content[0], model::Block::Reasoning { text, signature: Some(signature) } if text == "Hm, hm." && signature == "c2lnbmF0dXJl")),
        ),
        Case::stream(
            "reasoning that is encrypted",
            Answer::Says(Told::of(vec![json!({"reasoningContent": {"redactedContent": "c2VjcmV0"}}), json!({"text": TEXT})], "end_turn")),
            fine().with("kept", |reply| matches!(&reply.message.content[0], model::Block::RedactedReasoning(kept) if kept == "c2VjcmV0")),
        ),
        without_the_text(endless),
    ]
}

/// How much of an endless reply is heard before it is given up is the driver's own affair.
fn without_the_text(mut case: Case) -> Case {
    if let Expected::Fails { heard, .. } = &mut case.expected {
        *heard = crate::case::WHATEVER;
    }
    case
}

fn tools() -> Vec<Case> {
    let start = |index: u32, id: &str| {
        (
            "contentBlockStart",
            json!({"start": {"toolUse": {"toolUseId": id, "name": "look"}}, "contentBlockIndex": index}),
        )
    };
    let input = |index: u32, fragment: &str| {
        (
            "contentBlockDelta",
            json!({"delta": {"toolUse": {"input": fragment}}, "contentBlockIndex": index}),
        )
    };
    let stop = |reason: &str| ("messageStop", json!({"stopReason": reason}));
    let begun = || Stream::begin().event("messageStart", &json!({"role": "assistant"}));
    let stream = |name: &str, events: &[(&str, Value)], expected: Expected| {
        Case::stream(name, begun().events(events).end(), expected)
    };
    vec![
        stream(
            "a tool use without any input",
            &[start(0, "a"), stop("tool_use")],
            answers(StopReason::ToolUse).with("{}", |reply| told(reply) == "a {}"),
        ),
        stream(
            "a tool use with an empty fragment",
            &[start(0, "a"), input(0, ""), stop("tool_use")],
            answers(StopReason::ToolUse).with("{}", |reply| told(reply) == "a {}"),
        ),
        stream(
            "input that is no JSON",
            &[start(0, "a"), input(0, "{\"at\": "), stop("tool_use")],
            fails(Cause::MalformedToolUse),
        ),
        stream(
            "input that is no object",
            &[start(0, "a"), input(0, "\"x\""), stop("tool_use")],
            fails(Cause::MalformedToolUse),
        ),
        stream(
            "input cut by the limit of tokens",
            &[start(0, "a"), input(0, "{\"at\": "), stop("max_tokens")],
            answers(StopReason::MaxTokens).with("no tool use", |reply| told(reply).is_empty()),
        ),
        stream(
            "malformed_tool_use after half an input",
            &[start(0, "a"), input(0, "{\"at\": "), stop("malformed_tool_use")],
            fails(Cause::MalformedToolUse),
        ),
        stream(
            "tool uses whose pieces alternate",
            &[
                start(1, "a"),
                start(2, "b"),
                input(2, "{\"at\":"),
                input(1, "{\"at\":"),
                input(2, "2}"),
                input(1, "1}"),
                stop("tool_use"),
            ],
            answers(StopReason::ToolUse)
                .with("both", |reply| told(reply) == "a {\"at\":1}, b {\"at\":2}"),
        ),
        stream(
            "input of a tool that was not announced",
            &[input(4, "{}"), stop("tool_use")],
            fails(Cause::Unreadable),
        ),
        stream(
            "a tool without a name",
            &[
                (
                    "contentBlockStart",
                    json!({"start": {"toolUse": {"toolUseId": "a"}}, "contentBlockIndex": 0}),
                ),
                stop("tool_use"),
            ],
            crate::case::one_of(&[Cause::Unreadable, Cause::MalformedToolUse]),
        ),
        stream(
            "an index below zero",
            &[
                ("contentBlockDelta", json!({"delta": {"text": "x"}, "contentBlockIndex": -1})),
                stop("end_turn"),
            ],
            fails(Cause::Unreadable),
        ),
    ]
}

fn told(reply: &Reply) -> String {
    reply
        .message
        .tool_uses()
        .map(|tool| format!("{} {}", tool.id, tool.input))
        .collect::<Vec<_>>()
        .join(", ")
}
