//! A Bedrock that answers each question by its number, and fails at one in twenty once it is told to.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

use crate::Failure;
use crate::service::read;

const ONE_IN: u64 = 20;
/// Of a slow answer.
const SLOW: Duration = Duration::from_millis(300);

/// The words of a question; the answer's are others, so that an echo is no answer.
pub(crate) fn question(number: u64) -> String {
    format!("What is number {number}?")
}

pub(crate) fn answer(number: u64) -> String {
    format!("It is {}.", number.wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

/// Which fault comes next, and how many there were.
#[derive(Default)]
pub(crate) struct Faults {
    are_on: AtomicBool,
    requests: AtomicU64,
    made: AtomicU64,
}

#[derive(Clone, Copy)]
enum Fault {
    Throttled,
    Unavailable,
    InternalError,
    HangsUp,
    CutAnswer,
    Slow,
    NoJson,
}

const FAULTS: [Fault; 7] = [
    Fault::Throttled,
    Fault::Unavailable,
    Fault::InternalError,
    Fault::HangsUp,
    Fault::CutAnswer,
    Fault::Slow,
    Fault::NoJson,
];

impl Faults {
    pub(crate) fn switch_on(&self) {
        self.are_on.store(true, Ordering::Relaxed);
    }

    pub(crate) fn made(&self) -> u64 {
        self.made.load(Ordering::Relaxed)
    }

    fn next(&self) -> Option<Fault> {
        let request = self.requests.fetch_add(1, Ordering::Relaxed);
        if !self.are_on.load(Ordering::Relaxed) || !request.is_multiple_of(ONE_IN) {
            return None;
        }
        let made = self.made.fetch_add(1, Ordering::Relaxed);
        FAULTS.get(made as usize % FAULTS.len()).copied()
    }
}

pub(crate) async fn start(faults: Arc<Faults>) -> Result<SocketAddr, Failure> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let faults = faults.clone();
            // A caller that leaves ends its connection; nobody needs to know.
            tokio::spawn(async move { drop(answer_all(stream, &faults).await) });
        }
    });
    Ok(address)
}

async fn answer_all(mut stream: TcpStream, faults: &Faults) -> Result<(), Failure> {
    stream.set_nodelay(true)?;
    let mut request = Vec::with_capacity(8 << 10);
    loop {
        let Some(body) = read(&mut stream, &mut request).await? else { return Ok(()) };
        let number = number(&request[body..]).ok_or("no question")?;
        let good = http("200 OK", "", &said(number));
        match faults.next() {
            None => stream.write_all(&good).await?,
            Some(Fault::Slow) => {
                tokio::time::sleep(SLOW).await;
                stream.write_all(&good).await?;
            }
            Some(Fault::HangsUp) => return Ok(()),
            Some(Fault::CutAnswer) => {
                stream.write_all(&good[..good.len() - 40]).await?;
                return Ok(());
            }
            Some(Fault::NoJson) => stream.write_all(&http("200 OK", "", "<html>")).await?,
            Some(Fault::Throttled) => {
                refuse(&mut stream, "429 Too Many Requests", "ThrottlingException").await?;
            }
            Some(Fault::Unavailable) => {
                refuse(&mut stream, "503 x", "ServiceUnavailableException").await?;
            }
            Some(Fault::InternalError) => {
                refuse(&mut stream, "500 x", "InternalServerException").await?;
            }
        }
    }
}

async fn refuse(stream: &mut TcpStream, status: &str, code: &str) -> Result<(), Failure> {
    let code = format!("x-amzn-errortype: {code}\r\n");
    stream.write_all(&http(status, &code, r#"{"message":"as was asked for"}"#)).await?;
    Ok(())
}

fn http(status: &str, headers: &str, body: &str) -> Vec<u8> {
    let kind = "content-type: application/json";
    format!("HTTP/1.1 {status}\r\n{kind}\r\n{headers}content-length: {}\r\n\r\n{body}", body.len())
        .into_bytes()
}

fn said(number: u64) -> String {
    format!(
        r#"{{"metrics":{{"latencyMs":1}},"output":{{"message":{{"content":[{{"text":"{}"}}],"role":"assistant"}}}},"stopReason":"end_turn","usage":{{"inputTokens":300,"outputTokens":12,"totalTokens":312}}}}"#,
        answer(number)
    )
}

fn number(body: &[u8]) -> Option<u64> {
    let words = b"What is number ";
    let start = body.windows(words.len()).position(|window| window == words)? + words.len();
    let digits = body[start..].split(|byte| *byte == b'?').next()?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}
