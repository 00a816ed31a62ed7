//! The fake as a program, for benchmarks and scripts: it says where it listens, and runs until it is ended.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::time::Duration;

use clap::Parser;
use fake_bedrock::{FakeBedrock, Load, Settings};

/// A Bedrock on loopback.
#[derive(Debug, Parser)]
struct Arguments {
    /// 0: a free one. The first line of the output is the address.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Before the first byte of every answer.
    #[arg(long, default_value_t = 0)]
    latency_ms: u64,
    #[arg(long, default_value_t = 900)]
    reply_bytes: usize,
    /// In how many events a reply is streamed.
    #[arg(long, default_value_t = 20)]
    pieces: usize,
    /// Repeats the beginning of what the user said last.
    #[arg(long)]
    echo: bool,
    /// Of 1, how many calls fail.
    #[arg(long, default_value_t = 0.0)]
    error_rate: f64,
    /// Which of them fail.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Checks signatures and bodies; without it, only the path is read.
    #[arg(long, overrides_with = "no_validate")]
    validate: bool,
    #[arg(long)]
    no_validate: bool,
    /// Who holds the other end of the input ends this by closing it.
    #[arg(long)]
    until_input_closes: bool,
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let arguments = Arguments::parse();
    let load = Load {
        latency: Duration::from_millis(arguments.latency_ms),
        reply_bytes: arguments.reply_bytes,
        pieces: arguments.pieces,
        echo: arguments.echo,
        error_rate: arguments.error_rate,
        seed: arguments.seed,
    };
    let validates = arguments.validate && !arguments.no_validate;
    let settings = Settings { validates, keeps: false, load, ..Settings::default() };
    let address = SocketAddr::from(([127, 0, 0, 1], arguments.port));
    let fake = FakeBedrock::start_at(settings, address).await?;
    writeln!(io::stdout(), "{}", fake.url())?;
    io::stdout().flush()?;
    if arguments.until_input_closes {
        tokio::task::spawn_blocking(|| io::copy(&mut io::stdin(), &mut io::sink())).await??;
    } else {
        tokio::signal::ctrl_c().await?;
    }
    let complaints = fake.complaints();
    writeln!(io::stderr(), "{} answered, {} complaints", fake.answered(), complaints.len())?;
    for complaint in complaints.iter().take(20) {
        writeln!(io::stderr(), "{complaint}")?;
    }
    Ok(())
}
