//! Accepted deliveries per second over HTTP, each durable before it is answered.
//!
//! `cargo bench --bench deliveries`. Server and callers share the machine, over 16 connections on loopback. Three
//! parts: at 5,000 deliveries a second, each timed from when it was due; as many as possible, each connection sending
//! its next when the last is answered; and the latter for the same webhook in Python's standard library. The queue is
//! a file in the system's temporary folder; set `TMPDIR` to measure another disk.

use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use contract::Timestamp;
use eco_coder::queue::{Queue, SqliteQueue};
use eco_coder::server::{AllowList, Progress, Server, WebhookSecrets, router, run};
use eco_coder::store::Database;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const SECRET: &str = "a secret for the benchmark";
const CONNECTIONS: u64 = 16;
/// Deliveries per second: the target.
const RATE: f64 = 5000.0;
const WARM_UP: Duration = Duration::from_secs(2);
const MEASURED: Duration = Duration::from_secs(10);

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    report(&format!("fsync of 4 KB: {:.3} ms (median of 200)", fsync_ms(folder.path())?));
    let queue =
        Arc::new(SqliteQueue::new(Database::open_exclusive(&folder.path().join("queue.db"))?));
    let address = serve(Arc::<SqliteQueue>::clone(&queue)).await?;
    deliver_for(address, WARM_UP, "warm-up", None).await?;
    measure(address, "paced at 5,000/s", Some(RATE)).await?;
    let ours = measure(address, "saturated", None).await?;
    let depth = queue.depth(Timestamp::now()).await?;
    report(&format!("{} jobs wait in the file", depth.waiting));
    match start_peer(folder.path()) {
        Ok((mut peer, address)) => {
            deliver_for(address, WARM_UP, "warm-up", None).await?;
            let theirs = measure(address, "Python, saturated", None).await?;
            peer.kill()?;
            peer.wait()?;
            report(&format!("ratio to Python: {:.1}", ours / theirs));
        }
        Err(error) => report(&format!("not compared with Python: {error}")),
    }
    Ok(())
}

/// Prints and returns the accepted deliveries per second.
async fn measure(
    address: SocketAddr,
    phase: &'static str,
    rate: Option<f64>,
) -> Result<f64, Failure> {
    let started = Instant::now();
    let mut times = deliver_for(address, MEASURED, phase, rate).await?;
    let seconds = started.elapsed().as_secs_f64();
    times.sort_unstable();
    let accepted = times.len() as f64 / seconds;
    let [p50, p99, most] = [50, 99, 100].map(|percent| at(&times, percent));
    report(&format!(
        "{phase:<18} {accepted:>6.0} accepted/s  p50 {p50:.2} ms  p99 {p99:.2} ms  slowest {most:.2} ms"
    ));
    Ok(accepted)
}

fn start_peer(folder: &Path) -> Result<(std::process::Child, SocketAddr), Failure> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/deliveries_peer.py");
    let mut peer = std::process::Command::new("python3")
        .args([script, SECRET])
        .arg(folder.join("peer.db"))
        .stdout(std::process::Stdio::piped())
        .spawn()?;
    let mut port = String::new();
    std::io::BufRead::read_line(
        &mut std::io::BufReader::new(peer.stdout.take().ok_or("no output")?),
        &mut port,
    )?;
    Ok((peer, SocketAddr::from(([127, 0, 0, 1], port.trim().parse()?))))
}

async fn serve(queue: Arc<SqliteQueue>) -> Result<SocketAddr, Failure> {
    let server = Server {
        webhook_secrets: WebhookSecrets::fixed(vec![SECRET.into()]),
        queue,
        allow: AllowList::new(["acme/*"])?,
        review_drafts: false,
        clock: Timestamp::now,
        started: Timestamp::now(),
        progress: Arc::new(Progress::new(Timestamp::now)),
        counts_jobs: true,
        models: None,
        invoke: None,
    };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(run(listener, router(server), std::future::pending()));
    Ok(address)
}

async fn deliver_for(
    address: SocketAddr,
    duration: Duration,
    phase: &'static str,
    rate: Option<f64>,
) -> Result<Vec<Duration>, Failure> {
    let until = Instant::now() + duration;
    let pace = rate.map(|rate| Duration::from_secs_f64(CONNECTIONS as f64 / rate));
    let callers: Vec<_> = (0..CONNECTIONS)
        .map(|caller| tokio::spawn(call(address, until, caller, phase, pace)))
        .collect();
    let mut times = Vec::new();
    for caller in callers {
        times.append(&mut caller.await??);
    }
    Ok(times)
}

/// One connection that delivers until the time is over. Every delivery is of another pull request: the queue keeps
/// them all.
async fn call(
    address: SocketAddr,
    until: Instant,
    caller: u64,
    phase: &str,
    pace: Option<Duration>,
) -> Result<Vec<Duration>, Failure> {
    let mut stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let mut times = Vec::new();
    let mut answer = vec![0; 4096];
    let rest = rest_of_the_payload();
    // The connections take turns, as independent callers would.
    let mut due =
        Instant::now() + pace.unwrap_or_default().mul_f64(caller as f64 / CONNECTIONS as f64);
    for number in 0.. {
        if Instant::now() >= until {
            break;
        }
        let request = request(phase, caller, number, &rest)?;
        let sent = match pace {
            // From when it was due: a slow answer makes those behind it late, and that counts.
            Some(pace) => {
                tokio::time::sleep_until(due.into()).await;
                let sent = due;
                due += pace;
                sent
            }
            None => Instant::now(),
        };
        stream.write_all(&request).await?;
        let length = read_answer(&mut stream, &mut answer).await?;
        times.push(sent.elapsed());
        if !answer[..length].starts_with(b"HTTP/1.1 202") || !contains(&answer[..length], b"queued")
        {
            return Err(
                format!("not accepted: {}", String::from_utf8_lossy(&answer[..length])).into()
            );
        }
    }
    Ok(times)
}

/// A signed delivery of about 8 KB, as GitHub sends for a small pull request.
fn request(phase: &str, caller: u64, number: u64, rest: &str) -> Result<Vec<u8>, Failure> {
    let repository = phase.len() as u64 * 1_000_000 + caller;
    let commit = |sha: u64| {
        format!(r#"{{"ref": "main", "sha": "{sha:040x}", "repo": {{"id": {repository}}}}}"#)
    };
    let body = format!(
        r#"{{"action": "synchronize", "number": {number},
        "pull_request": {{"number": {number}, "draft": false, "base": {}, "head": {}, {rest}}},
        "repository": {{"id": {repository}, "name": "shop", "full_name": "acme/shop", "owner": {{"login": "acme"}}}},
        "installation": {{"id": 1}}, "sender": {{"login": "ada"}}}}"#,
        commit(1),
        commit(number)
    );
    let id = delivery_id(phase, caller, number);
    let mut request = format!("POST /webhook HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nuser-agent: GitHub-Hookshot/044aadd\r\nx-github-event: pull_request\r\nx-github-delivery: {id}\r\nx-hub-signature-256: sha256=").into_bytes();
    for byte in Hmac::<Sha256>::new_from_slice(SECRET.as_bytes())?
        .chain_update(&body)
        .finalize()
        .into_bytes()
    {
        write!(request, "{byte:02x}")?;
    }
    write!(request, "\r\ncontent-length: {}\r\n\r\n{body}", body.len())?;
    Ok(request)
}

/// The many fields that a payload has and nobody here reads.
fn rest_of_the_payload() -> String {
    let links = (0..60).map(|index| format!(r#""link_{index}_url": "https://api.github.com/repos/acme/shop/pulls/7/link/{index}{{/sha}}""#));
    let body = "Reads the list once per request. ".repeat(50);
    format!(
        r#""title": "Cache the price list", "body": "{body}", {}"#,
        links.collect::<Vec<_>>().join(", ")
    )
}

/// Scattered like random ids, which is the worst case for the index.
fn delivery_id(phase: &str, caller: u64, number: u64) -> String {
    let scattered = (number * CONNECTIONS + caller + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let phase: String = phase.chars().filter(char::is_ascii_alphanumeric).collect();
    format!("{scattered:016x}-{phase}-{caller}-{number}")
}

/// Reads one answer with a `content-length`; none is longer than the buffer.
async fn read_answer(stream: &mut TcpStream, buffer: &mut [u8]) -> Result<usize, Failure> {
    let mut filled = 0;
    loop {
        let count = stream.read(&mut buffer[filled..]).await?;
        if count == 0 {
            return Err("the server hung up".into());
        }
        filled += count;
        if answer_length(&buffer[..filled]).is_some_and(|length| length <= filled) {
            return Ok(filled);
        }
    }
}

fn answer_length(bytes: &[u8]) -> Option<usize> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (head, _) = text.split_once("\r\n\r\n")?;
    let length: usize =
        head.lines().find_map(|line| line.strip_prefix("content-length: "))?.parse().ok()?;
    Some(head.len() + 4 + length)
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

fn fsync_ms(folder: &Path) -> Result<f64, Failure> {
    let mut file = std::fs::File::create(folder.join("fsync"))?;
    let mut times = Vec::new();
    for _ in 0..200 {
        file.write_all(&[1; 4096])?;
        let started = Instant::now();
        file.sync_all()?;
        times.push(started.elapsed());
    }
    times.sort_unstable();
    Ok(at(&times, 50))
}

/// A percentile of sorted times, in milliseconds.
fn at(times: &[Duration], percent: usize) -> f64 {
    let index = (times.len() * percent / 100).min(times.len().saturating_sub(1));
    times.get(index).copied().unwrap_or_default().as_secs_f64() * 1000.0
}

#[expect(clippy::print_stdout, reason = "the figures are what a benchmark is for")]
fn report(line: &str) {
    println!("{line}");
}
