//! What a gateway adds to a call of a model: ours with everything on, against LiteLLM and Portkey, in one run.
//!
//! `cargo bench --bench gateway`, and `-- load` for minutes under faults. Callers, gateway and a service that answers at once are
//! processes of their own on one machine, on loopback. Ours runs with limits, a budget, redaction, metrics and the log on, and
//! asks Bedrock, each request signed or with an API key, as well as a server of OpenAI's protocol; the peers ask the latter,
//! which is the least work for them. The service answers only requests that hold the prompt, and every answer is looked at.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

mod bare;
mod callers;
mod faulty;
mod gateways;
mod load;
mod process;
mod service;

use callers::{Dialect, Load};
use gateways::Gateway;

type Failure = Box<dyn std::error::Error + Send + Sync>;

const PROMPTS: [(&str, usize); 2] = [("1 KB", 1 << 10), ("200 KB", 200 << 10)];
const WARM_UP: Duration = Duration::from_secs(2);
const MEASURED: Duration = Duration::from_secs(6);
/// Callers at a time, where as many requests as possible are made.
const MANY: usize = 32;
/// Of load.
const MINUTES: u64 = 10;

fn main() -> Result<(), Failure> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words = arguments.iter().map(String::as_str);
    // Cargo adds `--bench`.
    let words: Vec<&str> = words.filter(|word| !matches!(*word, "--bench" | "--")).collect();
    match words.as_slice() {
        [bare::ARGUMENT, port, service, busy] => {
            let busy = Duration::from_micros(busy.parse()?);
            runtime.block_on(bare::serve(port.parse()?, service.parse()?, busy))
        }
        [service::ARGUMENT, port] => runtime.block_on(service::serve(port.parse()?)),
        ["load", minutes @ ..] => {
            let minutes = minutes.first().map_or(Ok(MINUTES), |minutes| minutes.parse())?;
            runtime.block_on(load::run(minutes))
        }
        // `cargo bench --bench gateway -- Portkey` measures that one alone.
        wanted => runtime.block_on(compare(wanted)),
    }
}

async fn compare(wanted: &[&str]) -> Result<(), Failure> {
    let service = service::start().await?;
    report(
        "gateway                 prompt   p50 alone  added    CPU/request  requests/s (32)  first token added  memory",
    );
    let direct = measure_direct(service.address).await?;
    for gateway in gateways::all(service.address) {
        let name = gateway.name;
        if !wanted.is_empty() && !wanted.iter().any(|word| name.contains(word)) {
            continue;
        }
        match measure(&gateway, &direct).await {
            Ok(()) => {}
            Err(error) => report(&format!("{name}: not measured: {error}")),
        }
    }
    Ok(())
}

/// The service without anything between, by prompt: the whole answer alone, and its first token.
struct Direct {
    p50: [Duration; 2],
    first: [Duration; 2],
}

async fn measure_direct(service: SocketAddr) -> Result<Direct, Failure> {
    let mut direct = Direct { p50: [Duration::ZERO; 2], first: [Duration::ZERO; 2] };
    for (at, (label, bytes)) in PROMPTS.into_iter().enumerate() {
        let load =
            Load { address: service, dialect: Dialect::OpenAi, bytes, stream: false, key: "" };
        load.run(1, WARM_UP).await?;
        let alone = load.run(1, MEASURED).await?;
        let many = load.run(MANY, MEASURED).await?;
        let streamed = Load { stream: true, ..load }.run(1, MEASURED).await?;
        direct.p50[at] = alone.p50();
        direct.first[at] = streamed.p50();
        report(&format!(
            "{:<23} {label:>7} {:>9.0} us {:>27} {:>12.0} {:>17.0} us",
            "none",
            micros(direct.p50[at]),
            "",
            many.per_second(),
            micros(direct.first[at]),
        ));
    }
    Ok(direct)
}

async fn measure(gateway: &Gateway, direct: &Direct) -> Result<(), Failure> {
    let running = gateway.start().await?;
    for (at, (label, bytes)) in PROMPTS.into_iter().enumerate() {
        let load = Load {
            address: running.address,
            dialect: gateway.dialect,
            bytes,
            stream: false,
            key: gateways::KEY,
        };
        load.run(1, WARM_UP).await?;
        let alone = load.run(1, MEASURED).await?;
        let (before, begun) = (running.cpu(), Instant::now());
        let many = load.run(MANY, MEASURED).await?;
        let cpu = (running.cpu() - before) / many.count() as f64;
        let streamed = Load { stream: true, ..load }.run(1, MEASURED).await?;
        report(&format!(
            "{:<23} {label:>7} {:>9.0} us {:>6.0} us {:>9.0} us {:>12.0} {:>17.0} us {:>9.1} MB   ({} requests in {:.1} s)",
            gateway.name,
            micros(alone.p50()),
            micros(alone.p50()) - micros(direct.p50[at]),
            cpu * 1e6,
            many.per_second(),
            micros(streamed.p50()) - micros(direct.first[at]),
            running.most_memory_mb(),
            many.count(),
            begun.elapsed().as_secs_f64(),
        ));
    }
    Ok(())
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

#[expect(clippy::print_stdout, reason = "the figures are what a benchmark is for")]
fn report(line: &str) {
    println!("{line}");
}
