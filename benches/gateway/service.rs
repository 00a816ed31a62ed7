//! A service that answers at once, as Bedrock and as a server of OpenAI's protocol.
//!
//! It is a process of its own, as any service is: in that of the callers, what they ask it without a gateway between would
//! wake nobody up, and each gateway would be charged with twice as many processes that wait for each other as it adds.

use std::process::Command;

use aws_smithy_eventstream::frame::write_message_to;
use aws_smithy_types::event_stream::{Header, HeaderValue, Message};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::Failure;
use crate::process::Running;

/// In every answer; callers look for it.
pub(crate) const ANSWER: &str = "The sum is taken once.";
/// In every prompt; nothing else is answered.
const PROMPT: &[u8] = b"def total(prices)";

/// Asks this program to be it.
pub(crate) const ARGUMENT: &str = "--service";

pub(crate) async fn start() -> Result<Running, Failure> {
    Running::start(|port, _| {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(ARGUMENT).arg(port.to_string());
        Ok(command)
    })
    .await
}

pub(crate) async fn serve(port: u16) -> Result<(), Failure> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(async move {
            // A caller that leaves ends its connection; nobody needs to know.
            let _ = answer_all(stream).await;
        });
    }
}

async fn answer_all(mut stream: TcpStream) -> Result<(), Failure> {
    stream.set_nodelay(true)?;
    let answers = Answers::new()?;
    let mut request = Vec::with_capacity(256 << 10);
    loop {
        let Some(body) = read(&mut stream, &mut request).await? else { return Ok(()) };
        let line = request.split(|byte| *byte == b'\r').next().unwrap_or_default();
        let body = &request[body..];
        // The prompt is near the beginning of the body; LiteLLM and Portkey send `"stream":true` with and without a space.
        let near = &body[..body.len().min(2048)];
        let asked = near.windows(PROMPT.len()).any(|window| window == PROMPT);
        let stream_wanted = is_streamed(body);
        let answer = match () {
            () if !asked => &answers.refusal,
            () if ends(line, b"/converse") => &answers.converse,
            () if ends(line, b"/converse-stream") => &answers.converse_stream,
            () if stream_wanted => &answers.chat_stream,
            () => &answers.chat,
        };
        stream.write_all(answer).await?;
    }
}

/// Reads the next request and says where its body begins; `None` once the caller has gone.
pub(crate) async fn read(
    stream: &mut TcpStream,
    request: &mut Vec<u8>,
) -> Result<Option<usize>, Failure> {
    request.clear();
    loop {
        if stream.read_buf(request).await? == 0 {
            return Ok(None);
        }
        if let Some(body) = whole(request) {
            return Ok(Some(body));
        }
    }
}

/// Where the body begins, once all of it is there.
fn whole(request: &[u8]) -> Option<usize> {
    let end = request.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&request[..end]).ok()?.to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "))?;
    (request.len() - end >= length.trim().parse().ok()?).then_some(end)
}

fn is_streamed(body: &[u8]) -> bool {
    let wanted = |part: &[u8], text: &[u8]| part.windows(text.len()).any(|window| window == text);
    let parts = [&body[..body.len().min(512)], &body[body.len().saturating_sub(512)..]];
    parts.iter().any(|part| wanted(part, b"\"stream\":true") || wanted(part, b"\"stream\": true"))
}

fn ends(line: &[u8], path: &[u8]) -> bool {
    line.split(|byte| *byte == b' ').nth(1).is_some_and(|target| target.ends_with(path))
}

struct Answers {
    refusal: Vec<u8>,
    converse: Vec<u8>,
    converse_stream: Vec<u8>,
    chat: Vec<u8>,
    chat_stream: Vec<u8>,
}

impl Answers {
    fn new() -> Result<Self, Failure> {
        let text = format!("{ANSWER} {}", "It needs no loop of its own. ".repeat(25));
        let usage = json!({"prompt_tokens": 300, "completion_tokens": 180, "total_tokens": 480});
        let chat = json!({
            "id": "chatcmpl-1", "object": "chat.completion", "created": 1_700_000_000, "model": "m",
            "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
            "usage": usage,
        });
        let converse = json!({
            "metrics": {"latencyMs": 1},
            "output": {"message": {"content": [{"text": text}], "role": "assistant"}},
            "stopReason": "end_turn",
            "usage": {"inputTokens": 300, "outputTokens": 180, "totalTokens": 480},
        });
        Ok(Self {
            refusal: answer(
                "HTTP/1.1 400 Bad Request",
                "application/json",
                br#"{"message":"no prompt"}"#,
            ),
            converse: answer(OK, "application/json", converse.to_string().as_bytes()),
            converse_stream: answer(OK, "application/vnd.amazon.eventstream", &events(&text)?),
            chat: answer(OK, "application/json", chat.to_string().as_bytes()),
            chat_stream: answer(OK, "text/event-stream", chunks(&text).as_bytes()),
        })
    }
}

const OK: &str = "HTTP/1.1 200 OK";

fn answer(status: &str, kind: &str, body: &[u8]) -> Vec<u8> {
    let head =
        format!("{status}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

fn events(text: &str) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let said = [
        ("messageStart", json!({"role": "assistant"})),
        ("contentBlockDelta", json!({"contentBlockIndex": 0, "delta": {"text": text}})),
        ("contentBlockStop", json!({"contentBlockIndex": 0})),
        ("messageStop", json!({"stopReason": "end_turn"})),
        (
            "metadata",
            json!({"metrics": {"latencyMs": 1}, "usage": {"inputTokens": 300, "outputTokens": 180, "totalTokens": 480}}),
        ),
    ];
    for (name, payload) in said {
        let header = |name: &'static str, value: &'static str| {
            Header::new(name, HeaderValue::String(value.into()))
        };
        let message = Message::new(payload.to_string())
            .add_header(header(":event-type", name))
            .add_header(header(":content-type", "application/json"))
            .add_header(header(":message-type", "event"));
        write_message_to(&message, &mut bytes)?;
    }
    Ok(bytes)
}

fn chunks(text: &str) -> String {
    let chunk = |delta: Value, finish: Value| {
        json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_700_000_000, "model": "m",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})
    };
    let said = [
        chunk(json!({"role": "assistant", "content": ""}), Value::Null),
        chunk(json!({"content": text}), Value::Null),
        chunk(json!({}), json!("stop")),
    ];
    let lines: Vec<String> = said.iter().map(ToString::to_string).collect();
    format!("data: {}\n\ndata: [DONE]\n\n", lines.join("\n\ndata: "))
}
