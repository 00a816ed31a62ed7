//! The process of a gateway or the service: its start, its CPU time, its memory, its end.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tokio::net::TcpStream;

use crate::Failure;

/// LiteLLM imports for a while.
const STARTS_WITHIN: Duration = Duration::from_secs(90);
/// Ticks of `/proc/PID/stat` in a second; the same on all Linux that people run.
const TICKS: f64 = 100.0;

pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) child: Child,
    pub(crate) _folder: tempfile::TempDir,
}

impl Running {
    /// Starts what listens on a port and may keep files in a folder, and waits until it answers.
    pub(crate) async fn start(
        command: impl FnOnce(u16, &Path) -> Result<Command, Failure>,
    ) -> Result<Self, Failure> {
        let folder = tempfile::tempdir()?;
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        let mut command = command(port, folder.path())?;
        let child =
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        let mut running = Self { address, child, _folder: folder };
        let begun = Instant::now();
        while TcpStream::connect(address).await.is_err() {
            if let Some(status) = running.child.try_wait()? {
                return Err(format!("it ended with {status}").into());
            }
            if begun.elapsed() > STARTS_WITHIN {
                return Err("it does not listen".into());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        // Some listen before they can answer.
        tokio::time::sleep(Duration::from_secs(3)).await;
        Ok(running)
    }

    /// Seconds of CPU time, its children's included.
    pub(crate) fn cpu(&self) -> f64 {
        self.family().iter().map(|pid| cpu_of(*pid)).sum()
    }

    /// The most memory that it had at a time, its children's included.
    pub(crate) fn most_memory_mb(&self) -> f64 {
        self.family().iter().map(|pid| status_kb(*pid, "VmHWM:")).sum::<f64>() / 1024.0
    }

    /// What it has now.
    pub(crate) fn memory_mb(&self) -> f64 {
        self.family().iter().map(|pid| status_kb(*pid, "VmRSS:")).sum::<f64>() / 1024.0
    }

    fn family(&self) -> Vec<u32> {
        let mut family = vec![self.child.id()];
        let mut at = 0;
        while at < family.len() {
            let path = format!("/proc/{0}/task/{0}/children", family[at]);
            let children = std::fs::read_to_string(path).unwrap_or_default();
            family.extend(children.split_whitespace().filter_map(|pid| pid.parse::<u32>().ok()));
            at += 1;
        }
        family
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        for pid in self.family().into_iter().skip(1) {
            let _ = std::process::Command::new("kill").arg(pid.to_string()).status();
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn cpu_of(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name in parentheses may hold spaces; user and system time are the 12th and 13th field after it.
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
    let ticks =
        fields.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<f64>().ok());
    ticks.sum::<f64>() / TICKS
}

fn status_kb(pid: u32, field: &str) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(field));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}
