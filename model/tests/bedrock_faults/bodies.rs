//! Answers of Converse that came whole, and are odd.

use fake_bedrock::{Answer, Reply as Told};
use model::{Block, Cause, Reply, StopReason};
use serde_json::{Value, json};

use crate::case::{Case, Expected, TEXT, answers, fails, fine, one_of};

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = stops();
    cases.extend(unreadable());
    cases.extend(tools());
    cases.extend(usages());
    cases
}

/// <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html>
fn stops() -> Vec<Case> {
    let reasons = [
        ("end_turn", StopReason::EndTurn),
        ("max_tokens", StopReason::MaxTokens),
        ("stop_sequence", StopReason::StopSequence),
        ("guardrail_intervened", StopReason::GuardrailIntervened),
        ("content_filtered", StopReason::ContentFiltered),
        ("malformed_model_output", StopReason::MalformedModelOutput),
        ("malformed_tool_use", StopReason::MalformedToolUse),
        ("model_context_window_exceeded", StopReason::ContextWindowExceeded),
        ("a_reason_of_tomorrow", StopReason::Unknown),
    ];
    let told = |stop: &str| Answer::Says(Told::of(vec![json!({"text": TEXT})], stop));
    let expected = |stop| answers(stop).with("the text", |reply| reply.message.text() == TEXT);
    reasons
        .into_iter()
        .flat_map(|(name, stop)| {
            let name = format!("stop reason {name}");
            [
                Case::converse(name.clone(), told(&name[12..]), expected(stop)),
                Case::stream(name.clone(), told(&name[12..]), expected(stop)),
            ]
        })
        .collect()
}

fn unreadable() -> Vec<Case> {
    let json_type = || [("content-type", "application/json".to_owned())];
    let raw = |name: &str, body: &[u8], expected: Expected| {
        Case::converse(name, Answer::http(200, &json_type(), body), expected)
    };
    let whole = Told::says(TEXT).body();
    let text = whole.to_string();
    let without = |name: &str| {
        let mut body = whole.clone();
        body.as_object_mut().unwrap().remove(name);
        body.to_string()
    };
    let of_message = |message: Value| {
        json!({"output": {"message": message}, "stopReason": "end_turn"}).to_string()
    };
    let unreadable = || fails(Cause::Unreadable);
    let page = b"<html>Welcome to the guest network</html>";
    vec![
        raw("an empty body", b"", unreadable()),
        raw("half of the JSON, by its own length", &text.as_bytes()[..text.len() / 2], unreadable()),
        raw("bytes that are no UTF-8", b"{\"output\": {\"message\": {\"role\": \"assistant\", \"content\": [{\"text\": \"\xff\xfe\"}]}}}", unreadable()),
        raw("a list", b"[]", unreadable()),
        raw("an empty object", b"{}", unreadable()),
        raw("null", b"null", unreadable()),
        raw("an answer without output", without("output").as_bytes(), unreadable()),
        raw("a message of text", of_message(json!("hello")).as_bytes(), unreadable()),
        raw("content of text", of_message(json!({"role": "assistant", "content": "hello"})).as_bytes(), unreadable()),
        raw("JSON deeper than any parser goes", "[".repeat(1 << 20).as_bytes(), unreadable()),
        raw("a failure told with status 200", br#"{"Output":{"__type":"com.amazon.coral.service#InternalFailure"},"Version":"1.0"}"#, unreadable()),
        Case::converse("a page with status 200", Answer::http(200, &[("content-type", "text/html".to_owned())], page), unreadable()),
        Case::stream("a page with status 200", Answer::http(200, &[("content-type", "text/html".to_owned())], page), unreadable()),
        Case::stream("JSON instead of a stream", Answer::json(&whole), unreadable()),
        Case::converse("the right JSON as plain text", Answer::http(200, &[("content-type", "text/plain".to_owned())], text.as_bytes()), fine()),
        raw("an answer without a stop reason", without("stopReason").as_bytes(), answers(StopReason::Unknown)),
        raw("members that nobody knows", text.replacen('{', r#"{"new": {"deep": [1, null]}, "#, 1).as_bytes(), fine()),
        raw(
            "a block of a kind that nobody knows",
            of_message(json!({"role": "assistant", "content": [{"hologram": {}}, {"text": TEXT}]})).as_bytes(),
            fine().with("a note", |reply| !reply.notes.is_empty()),
        ),
        raw("no content at all", of_message(json!({"role": "assistant", "content": []})).as_bytes(), answers(StopReason::EndTurn).with("nothing", |reply| reply.message.content.is_empty())),
        raw(
            "content encoded in a way that nobody asked for",
            &[&[0x1f, 0x8b, 8, 0][..], &[0; 30]].concat(),
            unreadable(),
        ),
    ]
}

fn tools() -> Vec<Case> {
    let told = |tool: Value| Answer::Says(Told::of(vec![json!({"toolUse": tool})], "tool_use"));
    let empty: fn(&Reply) -> bool = |reply| matches!(reply.message.content.as_slice(), [Block::ToolUse(tool)] if tool.input == json!({}));
    let malformed = || fails(Cause::MalformedToolUse);
    vec![
        Case::converse(
            "a tool use with an empty input",
            told(json!({"toolUseId": "a", "name": "look", "input": {}})),
            answers(StopReason::ToolUse).with("{}", empty),
        ),
        Case::converse(
            "a tool use without an input",
            told(json!({"toolUseId": "a", "name": "look"})),
            answers(StopReason::ToolUse).with("{}", empty),
        ),
        Case::converse(
            "a tool use whose input is a text",
            told(json!({"toolUseId": "a", "name": "look", "input": "at the door"})),
            malformed(),
        ),
        Case::converse(
            "a tool use whose input is a list",
            told(json!({"toolUseId": "a", "name": "look", "input": [1]})),
            malformed(),
        ),
        Case::converse(
            "a tool use without a name",
            told(json!({"toolUseId": "a", "input": {}})),
            one_of(&[Cause::MalformedToolUse, Cause::Unreadable]),
        ),
        Case::converse(
            "a tool use without an id",
            told(json!({"name": "look", "input": {}})),
            one_of(&[Cause::MalformedToolUse, Cause::Unreadable]),
        ),
        Case::converse(
            "three tool uses at once",
            Answer::Says(Told::uses(&[
                ("a", "look", json!({"at": "x"})),
                ("b", "look", json!({})),
                ("c", "look", json!({"at": "z"})),
            ])),
            answers(StopReason::ToolUse).with("all three", |reply| {
                reply.message.tool_uses().map(|tool| tool.id.as_str()).eq(["a", "b", "c"])
            }),
        ),
    ]
}

/// Counts decide what a call cost, so none of them may be wild, and none may break a reply that is there.
fn usages() -> Vec<Case> {
    let most = i64::MAX;
    let counts = [
        ("usage is missing", Value::Null),
        ("usage is a text", json!("many")),
        ("usage without its counts", json!({})),
        ("counts of text", json!({"inputTokens": "11", "outputTokens": "7", "totalTokens": "18"})),
        ("counts below zero", json!({"inputTokens": -5, "outputTokens": -7, "totalTokens": -12})),
        (
            "counts beyond all bounds",
            json!({"inputTokens": most, "outputTokens": most, "totalTokens": most}),
        ),
        (
            "counts of the cache beyond all bounds",
            json!({"inputTokens": 11, "outputTokens": 7, "cacheReadInputTokens": most, "cacheWriteInputTokens": most}),
        ),
        (
            "counts that are no integers",
            json!({"inputTokens": 1e300, "outputTokens": 7.5, "totalTokens": 1e300}),
        ),
    ];
    let mut cases = Vec::new();
    for (name, usage) in counts {
        let told = Told { usage, ..Told::says(TEXT) };
        let expected = || {
            fine()
                .with("marked as not counted", |reply| reply.usage_is_estimated)
                .with("without a cost", |reply| reply.cost_usd.is_none())
        };
        cases.push(Case::converse(name, Answer::Says(told.clone()), expected()));
        cases.push(Case::stream(name, Answer::Says(told), expected()));
    }
    let cached = json!({"inputTokens": 11, "outputTokens": 7, "totalTokens": 1018, "cacheReadInputTokens": 1000, "cacheWriteInputTokens": 0});
    let counted = |reply: &Reply| {
        (reply.usage.input_tokens, reply.usage.cache_read_tokens) == (11, 1000)
            && !reply.usage_is_estimated
    };
    let told = Told { usage: cached, ..Told::says(TEXT) };
    cases.push(Case::converse(
        "tokens from the cache",
        Answer::Says(told.clone()),
        fine().with("11 and 1000", counted),
    ));
    cases.push(Case::stream(
        "tokens from the cache",
        Answer::Says(told),
        fine().with("11 and 1000", counted),
    ));
    cases
}
