//! What the first delivery after a pause waits for: the start of a function, and its first webhook.
//!
//! `cargo bench --bench cold_start`. AWS's own Runtime Interface Emulator starts the release binary, and then the same
//! webhook in Python (`cold_start_peer.py`), 20 times each and in turn, and says how long each was initialized. DynamoDB
//! and SQS are moto on loopback, without TLS, for both.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::fmt::Write as _;
use std::fs::File;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use emulators::{Emulators, Stack, tools};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

const RUNS: usize = 20;
const SECRET: &str = "a secret for the benchmark";
const PATIENCE: Duration = Duration::from_secs(30);
const TARGET_INIT_MS: f64 = 15.0;
const TARGET_MEMORY_MB: f64 = 40.0;

type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A function as Lambda would start it.
struct Function {
    name: &'static str,
    program: PathBuf,
    arguments: Vec<&'static str>,
}

/// One start, in milliseconds and megabytes.
struct Start {
    initialized: f64,
    first_webhook: f64,
    second_webhook: f64,
    resident: f64,
    most_resident: f64,
}

fn main() -> Result<(), Failure> {
    let stack = Emulators::shared().stack();
    let folder = tempfile::tempdir()?;
    let ours = Function {
        name: "eco-coder",
        program: env!("CARGO_BIN_EXE_eco-coder").into(),
        arguments: Vec::new(),
    };
    let peer = Function {
        name: "Python",
        program: tools::lambda_python(),
        arguments: vec!["-m", "awslambdaric", "cold_start_peer.handler"],
    };
    let (mut our_starts, mut peer_starts) = (Vec::new(), Vec::new());
    for run in 0..RUNS {
        our_starts.push(start(&ours, run, &stack, folder.path())?);
        peer_starts.push(start(&peer, run, &stack, folder.path())?);
    }
    println!("cold starts, {RUNS} each, medians");
    let ours = report(ours.name, &our_starts);
    let theirs = report(peer.name, &peer_starts);
    println!(
        "  Python needs {:.1} times as long to initialize, {:.1} times as long for the first webhook, {:.1} times the memory",
        theirs.initialized / ours.initialized,
        theirs.first_webhook / ours.first_webhook,
        theirs.most_resident / ours.most_resident,
    );
    println!(
        "  target: initialized in {TARGET_INIT_MS} ms ({}), at most {TARGET_MEMORY_MB} MB after the first webhook ({})",
        verdict(ours.initialized <= TARGET_INIT_MS),
        verdict(ours.most_resident <= TARGET_MEMORY_MB),
    );
    Ok(())
}

fn verdict(met: bool) -> &'static str {
    if met { "met" } else { "missed" }
}

fn report(name: &str, starts: &[Start]) -> Start {
    let median = |of: fn(&Start) -> f64| {
        let mut values: Vec<f64> = starts.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        f64::midpoint(values[(values.len() - 1) / 2], values[values.len() / 2])
    };
    let start = Start {
        initialized: median(|start| start.initialized),
        first_webhook: median(|start| start.first_webhook),
        second_webhook: median(|start| start.second_webhook),
        resident: median(|start| start.resident),
        most_resident: median(|start| start.most_resident),
    };
    println!(
        "  {name:<10} initialized {:>6.1} ms  first webhook {:>6.1} ms  second {:>5.1} ms  memory {:>5.1} MB, at most {:>5.1} MB",
        start.initialized,
        start.first_webhook,
        start.second_webhook,
        start.resident,
        start.most_resident
    );
    start
}

/// Starts a function, sends two webhooks, and reads what the emulator and the system say of it.
fn start(function: &Function, run: usize, stack: &Stack, folder: &Path) -> Result<Start, Failure> {
    let log = folder.join(format!("{}-{run}.log", function.name));
    let [address, api] = [free_address()?, free_address()?];
    let mut emulator = Ended(
        Command::new(tools::lambda_emulator())
            .args(["--runtime-interface-emulator-address", &address])
            .args(["--runtime-api-address", &api])
            .arg(&function.program)
            .args(&function.arguments)
            .current_dir(folder)
            .env_clear()
            .envs(environment(stack))
            .stdout(File::create(&log)?)
            .stderr(File::options().append(true).open(&log)?)
            .stdin(Stdio::null())
            .spawn()?,
    );
    wait(|| TcpStream::connect(&address).is_ok()).ok_or("the emulator does not listen")?;
    let number = |second: usize| run * 2 + second + 1;
    let _including_start = webhook(&address, function.name, number(0))?;
    let process = descendant(emulator.0.id(), function).ok_or("the function does not run")?;
    let (resident, most_resident) = memory(process)?;
    webhook(&address, function.name, number(1))?;
    let logged = || std::fs::read_to_string(&log).unwrap_or_default();
    wait(|| logged().matches("REPORT RequestId").count() == 2).ok_or("no report")?;
    let text = logged();
    let durations = numbers_after(&text, ", duration: ");
    let initialized = numbers_after(&text, "INIT REPORT(durationMs: ");
    emulator.end()?;
    Ok(Start {
        initialized: *initialized.first().ok_or("no report of the initialization")?,
        first_webhook: *durations.first().ok_or("no duration")?,
        second_webhook: *durations.get(1).ok_or("no duration")?,
        resident,
        most_resident,
    })
}

fn environment(stack: &Stack) -> Vec<(String, String)> {
    let own = [
        ("ECO_CODER_WEBHOOK_SECRET", SECRET),
        ("ECO_CODER_ALLOW", "acme/*"),
        ("ECO_CODER_TABLE", &stack.table),
        ("ECO_CODER_BUCKET", &stack.bucket),
        ("ECO_CODER_QUEUE_URL", &stack.queue_url),
        ("ECO_CODER_DEAD_LETTER_QUEUE_URL", &stack.dead_letter_queue_url),
        ("AWS_LAMBDA_FUNCTION_NAME", "eco-coder"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "1"),
        ("AWS_LAMBDA_FUNCTION_TIMEOUT", "30"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "512"),
        ("AWS_DEFAULT_REGION", "us-east-1"),
        ("PYTHONPATH", concat!(env!("CARGO_MANIFEST_DIR"), "/benches")),
        ("PYTHONDONTWRITEBYTECODE", "1"),
    ];
    let own = own.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Emulators::shared().environment().into_iter().chain(own).collect()
}

/// Delivers a pull request that nobody has heard of, and checks that it was queued. Milliseconds.
fn webhook(address: &str, function: &str, number: usize) -> Result<f64, Failure> {
    let event = event(function, number)?.to_string();
    let begun = Instant::now();
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(
        stream,
        "POST /2015-03-31/functions/function/invocations HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{event}",
        event.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let took = begun.elapsed().as_secs_f64() * 1000.0;
    if answer.contains("202") && answer.contains("queued") { Ok(took) } else { Err(answer.into()) }
}

/// A delivery of about 8 KB, as GitHub sends for a small pull request, the way a Function URL hands it over.
fn event(function: &str, number: usize) -> Result<Value, Failure> {
    let commit =
        |sha: usize| json!({"ref": "main", "sha": format!("{sha:040x}"), "repo": {"id": 42}});
    let body = json!({
        "action": "opened",
        "number": number,
        "pull_request": {
            "number": number, "draft": false, "title": "Cache the price list",
            "body": "Reads the list once per request. ".repeat(200),
            "base": commit(1), "head": commit(number),
        },
        "repository": {"id": 42, "name": "shop", "full_name": "acme/shop", "owner": {"login": "acme"}},
        "installation": {"id": 1},
        "sender": {"login": "ada"},
    })
    .to_string();
    let mut signature = String::from("sha256=");
    let mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes())?.chain_update(&body).finalize();
    for byte in mac.into_bytes() {
        write!(signature, "{byte:02x}")?;
    }
    Ok(json!({
        "version": "2.0", "routeKey": "$default", "rawPath": "/webhook", "rawQueryString": "",
        "headers": {
            "content-type": "application/json", "host": "abcdefg.lambda-url.us-east-1.on.aws",
            "x-github-event": "pull_request", "x-github-delivery": format!("{function}-{number}"),
            "x-hub-signature-256": signature,
        },
        "requestContext": {
            "accountId": "anonymous", "apiId": "abcdefg", "requestId": "id", "stage": "$default",
            "http": {"method": "POST", "path": "/webhook", "protocol": "HTTP/1.1", "sourceIp": "140.82.112.1"},
            "timeEpoch": 1_795_276_800_000_u64,
        },
        "body": body, "isBase64Encoded": false,
    }))
}

/// The function's process below the emulator's.
fn descendant(parent: u32, function: &Function) -> Option<u32> {
    let tasks = std::fs::read_dir(format!("/proc/{parent}/task")).ok()?.filter_map(Result::ok);
    let children =
        tasks.filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
    let children: Vec<u32> = children
        .flat_map(|line| {
            line.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<_>>()
        })
        .collect();
    children.into_iter().find_map(|child| {
        let command = std::fs::read_to_string(format!("/proc/{child}/cmdline")).ok()?;
        let is_it = command.starts_with(function.program.to_string_lossy().as_ref());
        if is_it { Some(child) } else { descendant(child, function) }
    })
}

/// What is resident now, and what was at most. Megabytes.
fn memory(process: u32) -> Result<(f64, f64), Failure> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let megabytes = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        let kilobytes: f64 =
            line.trim_start_matches(':').trim().strip_suffix("kB")?.trim().parse().ok()?;
        Some(kilobytes / 1024.0)
    };
    megabytes("VmRSS").zip(megabytes("VmHWM")).ok_or_else(|| "the system does not say".into())
}

fn numbers_after(text: &str, label: &str) -> Vec<f64> {
    let parts = text.split(label).skip(1);
    parts
        .filter_map(|part| {
            let end = part.find(|letter: char| !letter.is_ascii_digit() && letter != '.')?;
            part[..end].parse().ok()
        })
        .collect()
}

fn free_address() -> Result<String, Failure> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string())
}

fn wait(mut met: impl FnMut() -> bool) -> Option<()> {
    let begun = Instant::now();
    while !met() {
        if begun.elapsed() > PATIENCE {
            return None;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    Some(())
}

/// A process that ends with its owner.
struct Ended(Child);

impl Ended {
    /// The emulator ends what it started when it is asked to end.
    fn end(&mut self) -> Result<(), Failure> {
        Command::new("kill").arg(self.0.id().to_string()).status()?;
        wait(|| self.0.try_wait().is_ok_and(|status| status.is_some())).ok_or("it does not end")?;
        Ok(())
    }
}

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
