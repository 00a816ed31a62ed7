use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use contract::{Timestamp, ToolSpec};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::{
    Block, Conversation, Message, Parameters, Role, StopReason, ToolChoice, ToolResult, ToolUse,
};

/// Answers every request with the same bytes, and keeps the requests.
pub(super) struct Service {
    pub(super) url: String,
    heard: Arc<Mutex<Vec<String>>>,
}

impl Service {
    pub(super) async fn answering(status: &str, headers: &str, body: impl AsRef<[u8]>) -> Self {
        let (body, length) = (body.as_ref(), body.as_ref().len());
        let head = format!("HTTP/1.1 {status}\r\nconnection: close\r\n{headers}");
        let head = format!("{head}content-length: {length}\r\n\r\n");
        Self::saying([head.as_bytes(), body].concat(), false).await
    }

    /// These bytes, and then the end of the connection, or silence.
    pub(super) async fn saying(answer: Vec<u8>, falls_silent: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let heard = Arc::new(Mutex::new(Vec::new()));
        let keeps = heard.clone();
        tokio::spawn(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = Vec::new();
                while !is_whole(&request) {
                    assert_ne!(stream.read_buf(&mut request).await.unwrap(), 0);
                }
                keeps.lock().unwrap().push(String::from_utf8(request).unwrap());
                stream.write_all(&answer).await.unwrap();
                if falls_silent {
                    std::future::pending::<()>().await;
                }
            }
        });
        Self { url, heard }
    }

    pub(super) async fn replying(body: &Value) -> Self {
        Self::answering("200 OK", "", body.to_string()).await
    }

    pub(super) fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    /// The body of the first request.
    pub(super) fn body(&self) -> String {
        self.heard()[0].split_once("\r\n\r\n").unwrap().1.to_owned()
    }

    pub(super) fn driver(&self) -> BedrockDriver {
        self.driver_with(Access::Credentials(SharedCredentialsProvider::new(Credentials::new(
            "AKIDEXAMPLE",
            "secret-key",
            Some("session".to_owned()),
            None,
            "test",
        ))))
    }

    pub(super) fn driver_with(&self, access: Access) -> BedrockDriver {
        let mut settings = Settings::new("eu-central-1", access, || Timestamp(1_795_000_000_000));
        settings.runtime_endpoint = Some(self.url.clone());
        settings.control_endpoint = Some(self.url.clone());
        BedrockDriver::new(settings, Client::new().unwrap())
    }
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    body.len() >= length.map_or(0, |length| length.parse().unwrap())
}

pub(super) fn call(model: &str, conversation: Conversation) -> Call {
    let mut call = Call::new(conversation, Duration::from_secs(5));
    call.model = Some(model.to_owned());
    call
}

pub(super) fn question() -> Conversation {
    let messages = vec![Message::user("Is it slow?")];
    Conversation { system: String::new(), messages, tools: Vec::new() }
}

const CLAUDE: &str = "us.anthropic.claude-haiku-4-5-20251001-v1:0";

fn answer() -> Value {
    json!({
        "metrics": {"latencyMs": 7},
        "output": {"message": {"role": "assistant", "content": [
            {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "c2ln"}}},
            {"reasoningContent": {"redactedContent": "c2VjcmV0"}},
            {"text": "I look."},
            {"video": {"format": "mp4"}},
            {"toolUse": {"toolUseId": "t1", "name": "analyze", "input": {"path": "a.py"}}},
            {"toolUse": {"toolUseId": "t2", "name": "profile", "input": {}}}
        ]}},
        "stopReason": "tool_use",
        "usage": {"inputTokens": 100, "outputTokens": 20, "totalTokens": 1120,
            "cacheReadInputTokens": 1000, "cacheWriteInputTokens": 0}
    })
}

#[tokio::test]
async fn a_reply_holds_every_block_its_tokens_and_its_cost() {
    let service = Service::replying(&answer()).await;
    let reply = service.driver().converse(&call(CLAUDE, question())).await.unwrap();
    assert_eq!(reply.stop, StopReason::ToolUse);
    assert_eq!(reply.usage.total(), 1120);
    // (100 x 1.1 + 1000 x 0.11 + 20 x 5.5) dollars per million.
    assert_eq!(reply.cost_usd.map(|cost| format!("{cost:.6}")).as_deref(), Some("0.000330"));
    assert!(reply.raw.is_some_and(|raw| raw.starts_with('{')));
    insta::assert_snapshot!(
        serde_json::to_string(&reply.message.content).unwrap().replace("},{", "},\n{"),
        @r#"
        [{"reasoning":{"text":"Hm.","signature":"c2ln"}},
        {"redactedReasoning":"c2VjcmV0"},
        {"text":"I look."},
        {"toolUse":{"id":"t1","name":"analyze","input":{"path":"a.py"}}},
        {"toolUse":{"id":"t2","name":"profile","input":{}}}]
        "#
    );
    assert_eq!(reply.notes.len(), 1, "{:?}", reply.notes);
}

#[tokio::test]
async fn a_request_is_signed_and_names_its_model_in_the_path() {
    let service = Service::replying(&answer()).await;
    service.driver().converse(&call(CLAUDE, question())).await.unwrap();
    let heard = service.heard().remove(0);
    let lines = heard.lines().filter(|line| !line.starts_with("host") && !line.starts_with('{'));
    let lines: Vec<&str> = lines
        .map(|line| line.split_once(", Signature=").map_or(line, |(before, _)| before))
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @"
    POST /model/us.anthropic.claude-haiku-4-5-20251001-v1%3A0/converse HTTP/1.1
    accept: */*
    content-type: application/json
    user-agent: eco-coder/0.1.0
    x-amz-date: 20261118T110640Z
    authorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261118/eu-central-1/bedrock/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-security-token
    x-amz-security-token: session
    content-length: 65
    ");
}

#[tokio::test]
async fn a_trace_is_passed_on() {
    let service = Service::replying(&answer()).await;
    let mut call = call(CLAUDE, question());
    call.metadata.trace_id = Some("4bf92f3577b34da6a3ce929d0e0e4736".to_owned());
    service.driver().converse(&call).await.unwrap();
    let heard = service.heard().remove(0);
    assert!(heard.contains("\r\ntraceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-"), "{heard}");
}

#[tokio::test]
async fn an_api_key_stands_instead_of_a_signature() {
    let service = Service::replying(&answer()).await;
    let driver = service.driver_with(Access::Key("bedrock-api-key".to_owned().into()));
    driver.converse(&call(CLAUDE, question())).await.unwrap();
    let heard = service.heard().remove(0);
    assert!(heard.contains("authorization: Bearer bedrock-api-key\r\n"), "{heard}");
    assert!(!heard.contains("x-amz-date"), "{heard}");
}

/// All that a conversation can hold.
fn long_conversation() -> Conversation {
    let reasoning = |signature: Option<&str>| Block::Reasoning {
        text: "Hm.".to_owned(),
        signature: signature.map(str::to_owned),
    };
    let tool_use = |id: &str| {
        let input = serde_json::from_str(r#"{"z":1,"a":{"y":[{"d":1,"c":2}],"b":null}}"#).unwrap();
        Block::ToolUse(ToolUse { id: id.to_owned(), name: "analyze".to_owned(), input })
    };
    let result = |id: &str, is_error, content| {
        let tool_use_id = id.to_owned();
        Block::ToolResult(ToolResult { tool_use_id, is_error, content })
    };
    let schema = json!({"type": "object", "properties": {"path": {"type": "string"}}});
    let assistant = vec![
        reasoning(Some("c2ln")),
        reasoning(None),
        Block::RedactedReasoning("c2VjcmV0".to_owned()),
        Block::Text("  ".into()),
        tool_use("t1"),
        tool_use("t2"),
        tool_use("t3"),
    ];
    let user = vec![
        Block::Text("And then?".into()),
        result("t1", false, json!({"findings": []})),
        result("t2", true, json!("no such file")),
        result("t3", false, json!("")),
    ];
    Conversation {
        system: "You review.".to_owned(),
        messages: vec![
            Message::user(""),
            Message { role: Role::Assistant, content: assistant },
            Message { role: Role::User, content: user },
        ],
        tools: vec![ToolSpec {
            name: "analyze".to_owned(),
            description: "Finds.".to_owned(),
            input_schema: schema,
        }],
    }
}

async fn sent(model: &str, parameters: Parameters) -> (String, Vec<String>) {
    let service = Service::replying(&answer()).await;
    let mut call = call(model, long_conversation());
    call.parameters = parameters;
    let reply = service.driver().converse(&call).await.unwrap();
    let changes = reply.normalized.iter().map(|change| {
        format!("{} {} -> {}: {}", change.parameter, change.from, change.to, change.reason)
    });
    let body = service.body().replace("},{", "},\n{").replace("],\"", "],\n\"");
    (body, changes.collect())
}

fn parameters() -> Parameters {
    Parameters {
        max_tokens: Some(1_000_000),
        temperature: Some(0.5),
        top_p: Some(0.9),
        stop_sequences: vec!["END".to_owned()],
        tool_choice: ToolChoice::Tool("analyze".to_owned()),
    }
}

#[tokio::test]
async fn claude_is_told_all_of_a_conversation_in_its_order() {
    let (body, changes) = sent(CLAUDE, parameters()).await;
    insta::assert_snapshot!(body, @r#"
    {"toolConfig":{"tools":[{"toolSpec":{"name":"analyze","description":"Finds.","inputSchema":{"json":{"properties":{"path":{"type":"string"}},"type":"object"}}}},
    {"cachePoint":{"type":"default"}}],
    "toolChoice":{"tool":{"name":"analyze"}}},"system":[{"text":"You review."},
    {"cachePoint":{"type":"default"}}],
    "messages":[{"role":"user","content":[{"text":"(nothing)"}]},
    {"role":"assistant","content":[{"reasoningContent":{"reasoningText":{"text":"Hm.","signature":"c2ln"}}},
    {"reasoningContent":{"redactedContent":"c2VjcmV0"}},
    {"toolUse":{"toolUseId":"t1","name":"analyze","input":{"a":{"b":null,"y":[{"c":2,"d":1}]},"z":1}}},
    {"toolUse":{"toolUseId":"t2","name":"analyze","input":{"a":{"b":null,"y":[{"c":2,"d":1}]},"z":1}}},
    {"toolUse":{"toolUseId":"t3","name":"analyze","input":{"a":{"b":null,"y":[{"c":2,"d":1}]},"z":1}}}]},
    {"role":"user","content":[{"toolResult":{"toolUseId":"t1","content":[{"json":{"findings":[]}}],
    "status":"success"}},
    {"toolResult":{"toolUseId":"t2","content":[{"text":"no such file"}],
    "status":"error"}},
    {"toolResult":{"toolUseId":"t3","content":[{"text":"(nothing)"}],
    "status":"success"}},
    {"text":"And then?"},
    {"cachePoint":{"type":"default"}}]}],
    "inferenceConfig":{"maxTokens":64000,"stopSequences":["END"],
    "temperature":0.5}}
    "#);
    insta::assert_snapshot!(changes.join("\n"), @"
    max_tokens 1000000 -> 64000: the model's most
    top_p 0.9 -> null: the model refuses it beside temperature
    ");
}

#[tokio::test]
async fn another_vendor_is_told_no_signatures_no_status_and_no_cache_points() {
    let any = Parameters { tool_choice: ToolChoice::Any, ..Parameters::default() };
    let (body, changes) = sent("meta.llama3-3-70b-instruct-v1:0", any).await;
    insta::assert_snapshot!(body, @r#"
    {"toolConfig":{"tools":[{"toolSpec":{"name":"analyze","description":"Finds.","inputSchema":{"json":{"properties":{"path":{"type":"string"}},"type":"object"}}}}],
    "toolChoice":{"any":{}}},"system":[{"text":"You review."}],
    "messages":[{"role":"user","content":[{"text":"(nothing)"}]},
    {"role":"assistant","content":[{"toolUse":{"toolUseId":"t1","name":"analyze","input":{"a":{"b":null,"y":[{"c":2,"d":1}]},"z":1}}},
    {"toolUse":{"toolUseId":"t2","name":"analyze","input":{"a":{"b":null,"y":[{"c":2,"d":1}]},"z":1}}},
    {"toolUse":{"toolUseId":"t3","name":"analyze","input":{"a":{"b":null,"y":[{"c":2,"d":1}]},"z":1}}}]},
    {"role":"user","content":[{"toolResult":{"toolUseId":"t1","content":[{"json":{"findings":[]}}]}},
    {"toolResult":{"toolUseId":"t2","content":[{"text":"no such file"}]}},
    {"toolResult":{"toolUseId":"t3","content":[{"text":"(nothing)"}]}},
    {"text":"And then?"}]}]}
    "#);
    assert!(changes.is_empty(), "{changes:?}");
}

#[tokio::test]
async fn tools_that_must_not_be_called_are_left_out_unless_they_were_used() {
    let none = Parameters { tool_choice: ToolChoice::None, ..Parameters::default() };
    let (body, changes) = sent(CLAUDE, none.clone()).await;
    assert!(body.contains("toolSpec"), "{body}");
    insta::assert_snapshot!(changes.join("\n"), @r#"tool_choice "none" -> "auto": Converse cannot forbid tools that the conversation has used"#);
    let service = Service::replying(&answer()).await;
    let tools = long_conversation().tools;
    let mut call = call(CLAUDE, Conversation { tools, ..question() });
    call.parameters = none;
    service.driver().converse(&call).await.unwrap();
    assert!(!service.body().contains("toolSpec"), "{}", service.body());
}

#[tokio::test]
async fn a_refusal_has_its_cause_its_code_and_when_to_come_back() {
    let told = "x-amzn-errortype: ThrottlingException:http://internal/\r\nretry-after: 2\r\n";
    let body = r#"{"message":"Too many tokens, please wait before trying again."}"#;
    let service = Service::answering("429 Too Many Requests", told, body).await;
    let error = service.driver().converse(&call(CLAUDE, question())).await.unwrap_err();
    assert_eq!(error.cause, Cause::Throttled);
    assert_eq!(error.provider_code.as_deref(), Some("ThrottlingException"));
    assert_eq!(error.retry_after, Some(Duration::from_secs(2)));
    assert_eq!(error.message, "Too many tokens, please wait before trying again.");
}

#[tokio::test]
async fn an_answer_that_is_none_is_an_error_and_no_empty_reply() {
    let deep = "{\"toolUse\":{\"toolUseId\":\"t\",\"name\":\"n\",\"input\":".to_owned();
    let deep = format!("{{\"output\":{{\"message\":{{\"content\":[{deep}{}", "[".repeat(100_000));
    for (body, words) in [
        ("<html>", "expected value"),
        ("{\"output\":{}}", "without a message"),
        ("{}", "without a message"),
        (&deep, "recursion limit"),
    ] {
        let service = Service::answering("200 OK", "", body).await;
        let error = service.driver().converse(&call(CLAUDE, question())).await.unwrap_err();
        assert_eq!(error.cause, Cause::Unreadable);
        assert!(error.message.contains(words), "{error}");
    }
}

#[tokio::test]
async fn a_tool_use_that_is_cut_off_is_not_carried_out() {
    let reply = |stop: &str| {
        json!({"output": {"message": {"role": "assistant", "content": [
            {"toolUse": {"toolUseId": "t", "name": "analyze", "input": "{\"pa"}}]}},
            "stopReason": stop})
    };
    let cut = Service::replying(&reply("max_tokens")).await;
    let cut = cut.driver().converse(&call(CLAUDE, question())).await.unwrap();
    assert_eq!((cut.message.content.len(), cut.usage_is_estimated), (0, true));
    let broken = Service::replying(&reply("tool_use")).await;
    let broken = broken.driver().converse(&call(CLAUDE, question())).await.unwrap_err();
    assert_eq!(broken.cause, Cause::MalformedToolUse);
}

#[tokio::test]
async fn models_and_profiles_are_asked_for_and_pages_end() {
    let body = json!({"inferenceProfileSummaries": [], "nextToken": "a/b"});
    let service = Service::replying(&body).await;
    let deadline = Instant::now() + Duration::from_secs(5);
    assert!(service.driver().list(deadline).await.unwrap().is_empty());
    let heard = service.heard();
    let lines: Vec<_> = heard.iter().filter_map(|request| request.lines().next()).collect();
    assert_eq!(lines[0], "GET /foundation-models HTTP/1.1");
    assert_eq!(lines[1], "GET /inference-profiles?maxResults=1000 HTTP/1.1");
    assert_eq!(lines[2], "GET /inference-profiles?maxResults=1000&nextToken=a%2Fb HTTP/1.1");
    assert_eq!(lines.len(), 21, "a list that never ends is left");
}
