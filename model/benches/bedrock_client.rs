//! What one Converse call costs here, and what of that is the network's.
//!
//! A second process answers every request with the same reply at once, so that what is measured is ours alone. Of several
//! rounds the cheapest counts: what else the machine does is not ours.

#![expect(clippy::print_stdout, reason = "a benchmark prints")]
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot go on ends")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use contract::Timestamp;
use model::bedrock::wire::{Access, BedrockDriver, Settings};
use model::http::Client;
use model::{Call, Conversation, Message, ModelDriver};
use rustix::time::{ClockId, clock_gettime};

const SERVE: &str = "--serve";
const MODEL: &str = "us.anthropic.claude-haiku-4-5-20251001-v1:0";
const ROUNDS: usize = 5;

struct Cost {
    median: Duration,
    cpu: Duration,
}

fn main() {
    if std::env::args().any(|argument| argument == SERVE) {
        return serve();
    }
    let (mut service, port) = start();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let url = format!("http://127.0.0.1:{port}");
    let driver = BedrockDriver::new(settings(&url), Client::new().unwrap());
    println!("prompt    by                   median us   CPU us per call");
    for (size, calls) in [(1 << 10, 2_000), (200 << 10, 300)] {
        let conversation = conversation(size);
        let cost = of(calls, || {
            let call = call(conversation.clone());
            assert!(runtime.block_on(driver.converse(&call)).is_ok());
        });
        print(size, "the driver", &cost);
        let mut connection = TcpStream::connect(("127.0.0.1", port)).unwrap();
        connection.set_nodelay(true).unwrap();
        let request = request(size);
        let cost = of(calls, || exchange(&mut connection, &request));
        print(size, "bare connection", &cost);
    }
    service.kill().unwrap();
    service.wait().unwrap();
}

fn print(size: usize, name: &str, cost: &Cost) {
    let micros = |duration: Duration| duration.as_secs_f64() * 1e6;
    let (median, cpu) = (micros(cost.median), micros(cost.cpu));
    println!("{:>3} KB    {name:<20} {median:>9.0}   {cpu:>15.0}", size >> 10);
}

/// The cheapest of some rounds, after one that warms up.
fn of(calls: u32, mut once: impl FnMut()) -> Cost {
    let mut best: Option<Cost> = None;
    for round in 0..=ROUNDS {
        let (mut times, before) = (Vec::new(), cpu());
        for _ in 0..calls {
            let start = Instant::now();
            once();
            times.push(start.elapsed());
        }
        times.sort_unstable();
        let cost =
            Cost { median: times[times.len() / 2], cpu: cpu().saturating_sub(before) / calls };
        if round > 0 && best.as_ref().is_none_or(|best| cost.cpu < best.cpu) {
            best = Some(cost);
        }
    }
    best.unwrap()
}

fn cpu() -> Duration {
    clock_gettime(ClockId::ProcessCPUTime).try_into().unwrap()
}

fn settings(url: &str) -> Settings {
    let credentials = Credentials::new("AKIDEXAMPLE", "secret", None, None, "benchmark");
    let access = Access::Credentials(SharedCredentialsProvider::new(credentials));
    Settings {
        runtime_endpoint: Some(url.to_owned()),
        ..Settings::new("eu-central-1", access, Timestamp::now)
    }
}

fn call(conversation: std::sync::Arc<Conversation>) -> Call {
    let mut call = Call::new(conversation, Duration::from_secs(10));
    call.model = Some(MODEL.to_owned());
    call.parameters.max_tokens = Some(1000);
    call
}

/// A prompt like a diff: short lines, quotes, indents.
fn conversation(size: usize) -> std::sync::Arc<Conversation> {
    let line = "+    total += prices[\"item\"] * count  # each pass pays\n";
    let text = line.repeat(size / line.len() + 1);
    let messages = vec![Message::user(&text[..size])];
    Conversation { system: "You review.".to_owned(), messages, tools: Vec::new() }.into()
}

/// As many bytes as a driver sends, without anything to compute.
fn request(size: usize) -> Vec<u8> {
    let length = size + size / 20 + 200;
    let head = format!("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: {length}\r\n\r\n");
    [head.as_bytes(), &vec![b'x'; length]].concat()
}

fn exchange(connection: &mut TcpStream, request: &[u8]) {
    connection.write_all(request).unwrap();
    let mut answer = [0; 4096];
    assert_ne!(connection.read(&mut answer).unwrap(), 0);
}

fn start() -> (Child, u16) {
    let program = std::env::current_exe().unwrap();
    let mut child = Command::new(program).arg(SERVE).stdout(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (child, line.trim().parse().unwrap())
}

/// Answers whatever comes, a thread for each connection.
fn serve() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    println!("{}", listener.local_addr().unwrap().port());
    for stream in listener.incoming().flatten() {
        std::thread::spawn(move || answer(stream));
    }
}

fn answer(mut stream: TcpStream) -> Option<()> {
    let words = "The loop asks the database once for each item. ".repeat(12);
    let body = format!(
        r#"{{"metrics":{{"latencyMs":1}},"output":{{"message":{{"role":"assistant","content":[{{"text":"{words}"}}]}}}},"stopReason":"end_turn","usage":{{"inputTokens":300,"outputTokens":120,"totalTokens":420}}}}"#
    );
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length";
    let answer = format!("{head}: {}\r\n\r\n{body}", body.len());
    stream.set_nodelay(true).ok()?;
    let mut reader = BufReader::with_capacity(256 << 10, stream.try_clone().ok()?);
    loop {
        let (mut length, mut line) = (0, String::new());
        while reader.read_line(&mut line).ok()? > 2 {
            if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().ok()?;
            }
            line.clear();
        }
        if line.is_empty() {
            return None;
        }
        std::io::copy(&mut reader.by_ref().take(length), &mut std::io::sink()).ok()?;
        stream.write_all(answer.as_bytes()).ok()?;
    }
}
