//! Callers that keep a connection each and send their next request when the last is answered.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::Failure;
use crate::service::ANSWER;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// `/v1/chat/completions`.
    OpenAi,
    /// `/v1/invoke`.
    Own,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) address: SocketAddr,
    pub(crate) dialect: Dialect,
    /// Of the prompt.
    pub(crate) bytes: usize,
    pub(crate) stream: bool,
    pub(crate) key: &'static str,
}

/// Sorted times, of whole answers or, of streams, to the first token.
pub(crate) struct Times {
    times: Vec<Duration>,
    took: Duration,
}

impl Times {
    pub(crate) fn p50(&self) -> Duration {
        self.times.get(self.times.len() / 2).copied().unwrap_or_default()
    }

    pub(crate) fn count(&self) -> usize {
        self.times.len()
    }

    pub(crate) fn per_second(&self) -> f64 {
        self.times.len() as f64 / self.took.as_secs_f64()
    }
}

impl Load {
    pub(crate) async fn run(self, callers: usize, duration: Duration) -> Result<Times, Failure> {
        let request = self.request();
        let begun = Instant::now();
        let until = begun + duration;
        let callers: Vec<_> =
            (0..callers).map(|_| tokio::spawn(call(self, request.clone(), until))).collect();
        let mut times = Vec::new();
        for caller in callers {
            times.append(&mut caller.await??);
        }
        times.sort_unstable();
        Ok(Times { times, took: begun.elapsed() })
    }

    fn request(self) -> Vec<u8> {
        let words = "def total(prices):\n    return sum(prices)\n\n";
        let prompt: String = words.chars().cycle().take(self.bytes).collect();
        let (path, body) = match (self.dialect, self.stream) {
            (Dialect::OpenAi, stream) => (
                "/v1/chat/completions",
                json!({"model": crate::gateways::MODEL, "messages": [{"role": "user", "content": prompt}], "max_tokens": 200, "stream": stream}),
            ),
            (Dialect::Own, true) => ("/v1/invoke-stream", json!({"prompt": prompt})),
            (Dialect::Own, false) => ("/v1/invoke", json!({"prompt": prompt})),
        };
        let body = body.to_string();
        // What Portkey asks for; the others read past it.
        let portkey = "x-portkey-provider: openai\r\n";
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\nauthorization: Bearer {}\r\n{portkey}x-portkey-custom-host: {}\r\ncontent-length: {}\r\n\r\n",
            self.address,
            self.key,
            crate::gateways::custom_host(),
            body.len()
        );
        [head.into_bytes(), body.into_bytes()].concat()
    }
}

async fn call(load: Load, request: Vec<u8>, until: Instant) -> Result<Vec<Duration>, Failure> {
    let mut stream = TcpStream::connect(load.address).await?;
    stream.set_nodelay(true)?;
    let mut times = Vec::new();
    let mut answer = Vec::with_capacity(64 << 10);
    while Instant::now() < until {
        let sent = Instant::now();
        stream.write_all(&request).await?;
        let first = read(&mut stream, &mut answer).await?;
        times.push(if load.stream { first.duration_since(sent) } else { sent.elapsed() });
        if !contains(&answer, ANSWER.as_bytes()) || !answer.starts_with(b"HTTP/1.1 200") {
            let said = String::from_utf8_lossy(&answer[..answer.len().min(600)]).into_owned();
            return Err(format!("not answered: {said}").into());
        }
    }
    Ok(times)
}

/// Reads one answer, and returns when its first token was there.
async fn read(stream: &mut TcpStream, answer: &mut Vec<u8>) -> Result<Instant, Failure> {
    answer.clear();
    let mut first = None;
    loop {
        if stream.read_buf(answer).await? == 0 {
            return Err("the gateway hung up".into());
        }
        if first.is_none() && contains(answer, ANSWER.as_bytes()) {
            first = Some(Instant::now());
        }
        if is_whole(answer) {
            return Ok(first.unwrap_or_else(Instant::now));
        }
    }
}

pub(crate) fn is_whole(answer: &[u8]) -> bool {
    let Some(end) = answer.windows(4).position(|four| four == b"\r\n\r\n") else { return false };
    let head = String::from_utf8_lossy(&answer[..end]).to_ascii_lowercase();
    let body = &answer[end + 4..];
    match head.lines().find_map(|line| line.strip_prefix("content-length: ")) {
        Some(length) => length.trim().parse::<usize>().is_ok_and(|length| body.len() >= length),
        None => body.ends_with(b"0\r\n\r\n"),
    }
}

pub(crate) fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
