//! From the start of `serve` to the first answered `/ping`, as a host waits for it.
//!
//! `cargo bench --bench startup`

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const RUNS: usize = 40;
const TARGET: Duration = Duration::from_millis(20);

fn main() -> std::io::Result<()> {
    let folder = tempfile::tempdir()?;
    let mut fresh = Vec::with_capacity(RUNS);
    let mut again = Vec::with_capacity(RUNS);
    for run in 0..RUNS {
        let database = folder.path().join(format!("{run}.db"));
        fresh.push(start_to_ping(&database)?);
        again.push(start_to_ping(&database)?);
    }
    println!("start to first answered /ping, {RUNS} runs each, target {TARGET:?}");
    report("a new database", &mut fresh);
    report("an existing database", &mut again);
    Ok(())
}

fn report(name: &str, times: &mut [Duration]) {
    times.sort_unstable();
    println!(
        "  {name:<22} median {:?}  p90 {:?}  max {:?}",
        times[times.len() / 2],
        times[times.len() * 9 / 10],
        times[times.len() - 1]
    );
}

fn start_to_ping(database: &std::path::Path) -> std::io::Result<Duration> {
    // The port is free again once this listener is dropped.
    let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let begun = Instant::now();
    let mut server = serve(database, address)?;
    let answered = ping_until_answered(address, begun);
    server.kill()?;
    server.wait()?;
    answered
}

fn serve(database: &std::path::Path, address: SocketAddr) -> std::io::Result<Child> {
    Command::new(env!("CARGO_BIN_EXE_eco-coder"))
        .args(["serve", "--listen", &address.to_string()])
        .env_clear()
        .env("ECO_CODER_DATABASE", database)
        .env("ECO_CODER_WEBHOOK_SECRET", "secret")
        .env("ECO_CODER_ALLOW", "*")
        .env("ECO_CODER_GITHUB_TOKEN", "none")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
}

fn ping_until_answered(address: SocketAddr, begun: Instant) -> std::io::Result<Duration> {
    while begun.elapsed() < Duration::from_secs(10) {
        if let Ok(mut stream) = TcpStream::connect(address) {
            stream
                .write_all(b"GET /ping HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer)?;
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
            return Ok(begun.elapsed());
        }
        std::thread::sleep(Duration::from_micros(200));
    }
    Err(std::io::Error::other("the server did not answer"))
}
