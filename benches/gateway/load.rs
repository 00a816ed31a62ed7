//! Ours under load for minutes, while one in twenty of the service's answers is a fault: is every answer the one to its
//! question, and does memory stay where it is?
//!
//! `cargo bench --bench gateway -- load [MINUTES]`

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::faulty::{self, Faults};
use crate::gateways::{self, KEY};
use crate::process::Running;
use crate::{Failure, MANY, callers, micros, report};

/// Of what was measured before, without faults.
const SHARE: f64 = 0.8;
const CAPACITY_MEASURED: Duration = Duration::from_secs(20);
/// Enough that a question that waits for its second try does not hold the others up.
const CALLERS: u64 = 512;
/// The gateway says so after 30 s itself.
const ANSWERED_WITHIN: Duration = Duration::from_secs(40);

/// What became of the questions.
#[derive(Default)]
struct Outcomes {
    right: AtomicU64,
    /// Said to have failed, by status.
    refused: AtomicU64,
    /// An answer to another question, half an answer, or none.
    wrong: AtomicU64,
    late: AtomicU64,
}

pub(crate) async fn run(minutes: u64) -> Result<(), Failure> {
    let faults = Arc::new(Faults::default());
    let service = faulty::start(faults.clone()).await?;
    let running = gateways::ours_to(service).start().await?;
    sequential(running.address).await?;
    let capacity = unpaced(running.address).await?;
    let rate = capacity * SHARE;
    report(&format!(
        "capacity with {MANY} callers: {capacity:.0} requests/s; now {rate:.0} for {minutes} min"
    ));
    faults.switch_on();
    paced(&running, rate, minutes, &faults).await
}

/// A hundred calls, one after the other, by each of two callers.
async fn sequential(address: SocketAddr) -> Result<(), Failure> {
    let callers: Vec<_> =
        (0..2).map(|caller| tokio::spawn(in_a_row(address, caller * 1000, 50))).collect();
    let mut times = Vec::new();
    for caller in callers {
        times.append(&mut caller.await??);
    }
    times.sort_unstable();
    let at = |share: usize| micros(times[times.len() * share / 100]);
    report(&format!(
        "{} calls by 2 callers: p50 {:.0} us, p95 {:.0} us",
        times.len(),
        at(50),
        at(95)
    ));
    Ok(())
}

async fn in_a_row(address: SocketAddr, first: u64, calls: u64) -> Result<Vec<Duration>, Failure> {
    let mut connection = Connection::open(address).await?;
    let mut times = Vec::new();
    for number in first..first + calls {
        let asked = Instant::now();
        let Answer::Right = connection.ask(number).await? else {
            return Err(format!("question {number} was not answered").into());
        };
        times.push(asked.elapsed());
    }
    Ok(times)
}

/// Requests a second, as many as there can be.
async fn unpaced(address: SocketAddr) -> Result<f64, Failure> {
    let until = Instant::now() + CAPACITY_MEASURED;
    let callers: Vec<_> = (0..MANY as u64)
        .map(|caller| {
            tokio::spawn(async move {
                let mut connection = Connection::open(address).await?;
                let mut count = 0_u64;
                while Instant::now() < until {
                    connection.ask((caller << 32) | count).await?;
                    count += 1;
                }
                Ok::<_, Failure>(count)
            })
        })
        .collect();
    let mut count = 0;
    for caller in callers {
        count += caller.await??;
    }
    Ok(count as f64 / CAPACITY_MEASURED.as_secs_f64())
}

async fn paced(running: &Running, rate: f64, minutes: u64, faults: &Faults) -> Result<(), Failure> {
    let outcomes = Arc::new(Outcomes::default());
    let begun = Instant::now();
    let until = begun + Duration::from_mins(minutes);
    for caller in 0..CALLERS {
        let pause = Duration::from_secs_f64(CALLERS as f64 / rate);
        let first = begun + pause.mul_f64(caller as f64 / CALLERS as f64);
        tokio::spawn(calls(running.address, caller << 32, first, pause, until, outcomes.clone()));
    }
    report("minute    answered     said to have failed    wrong    faults made   late    memory");
    for minute in 1..=minutes {
        tokio::time::sleep_until((begun + Duration::from_mins(minute)).into()).await;
        line(minute, &outcomes, faults, running);
    }
    // Whoever waits for a second try gets it.
    tokio::time::sleep(Duration::from_secs(5)).await;
    line(minutes, &outcomes, faults, running);
    let wrong = outcomes.wrong.load(Ordering::Relaxed);
    if wrong == 0 { Ok(()) } else { Err(format!("{wrong} wrong answers").into()) }
}

fn line(minute: u64, outcomes: &Outcomes, faults: &Faults, running: &Running) {
    let count = |count: &AtomicU64| count.load(Ordering::Relaxed);
    report(&format!(
        "{minute:>6} {:>11} {:>22} {:>8} {:>14} {:>6} {:>6.1} MB",
        count(&outcomes.right),
        count(&outcomes.refused),
        count(&outcomes.wrong),
        faults.made(),
        count(&outcomes.late),
        running.memory_mb(),
    ));
}

/// One question each `pause`, or as soon after it as the one before is answered.
async fn calls(
    address: SocketAddr,
    first_number: u64,
    mut next: Instant,
    pause: Duration,
    until: Instant,
    outcomes: Arc<Outcomes>,
) {
    let add = |count: &AtomicU64| count.fetch_add(1, Ordering::Relaxed);
    let (mut number, mut connection) = (first_number, None);
    while next < until {
        if Instant::now() > next + pause {
            add(&outcomes.late);
            next = Instant::now();
        }
        tokio::time::sleep_until(next.into()).await;
        next += pause;
        number += 1;
        let asked = async {
            let mut open = match connection.take() {
                Some(open) => open,
                None => Connection::open(address).await?,
            };
            let answer = open.ask(number).await?;
            connection = Some(open);
            Ok::<_, Failure>(answer)
        };
        let counted = match tokio::time::timeout(ANSWERED_WITHIN, asked).await {
            Ok(Ok(Answer::Right)) => &outcomes.right,
            Ok(Ok(Answer::Refused)) => &outcomes.refused,
            Ok(Ok(Answer::Wrong) | Err(_)) | Err(_) => &outcomes.wrong,
        };
        add(counted);
    }
}

enum Answer {
    Right,
    Refused,
    Wrong,
}

struct Connection {
    stream: TcpStream,
    address: SocketAddr,
    answer: Vec<u8>,
}

impl Connection {
    async fn open(address: SocketAddr) -> Result<Self, Failure> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, address, answer: Vec::with_capacity(8 << 10) })
    }

    async fn ask(&mut self, number: u64) -> Result<Answer, Failure> {
        let prompt = format!("{}{}", faulty::question(number), " and nothing else.".repeat(52));
        let body = json!({"prompt": prompt, "params": {"max_tokens": 200}}).to_string();
        let request = format!(
            "POST /v1/invoke HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\nauthorization: Bearer {KEY}\r\ncontent-length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        self.stream.write_all(request.as_bytes()).await?;
        self.answer.clear();
        while !callers::is_whole(&self.answer) {
            if self.stream.read_buf(&mut self.answer).await? == 0 {
                return Err("the gateway hung up".into());
            }
        }
        if !self.answer.starts_with(b"HTTP/1.1 200") {
            return Ok(Answer::Refused);
        }
        let expected = format!("\"output_text\":\"{}\"", faulty::answer(number));
        let is_right = callers::contains(&self.answer, expected.as_bytes());
        Ok(if is_right { Answer::Right } else { Answer::Wrong })
    }
}
