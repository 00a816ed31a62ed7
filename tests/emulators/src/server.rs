//! A process that serves what tests need: it says where it listens, and ends when its standard input closes.

use std::io::{BufRead, BufReader};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use crate::install;

/// Python reads some thousand files on a cold disk.
const DEADLINE: Duration = Duration::from_mins(2);

pub(crate) struct Server {
    pub(crate) url: String,
    /// The system closes it when this process ends, however it ends.
    _input: ChildStdin,
}

impl Server {
    /// A script of this folder, run with the packages of this name.
    pub(crate) fn start(packages: &str, script: &str) -> Result<Self, String> {
        let folder = install::environment(packages)?;
        let mut command = Command::new(folder.join("bin/python"));
        // Without compiled files beside the sources.
        command.arg("-B").arg(install::crate_folder().join(script));
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{command:?}: {error}"))?;
        let input = child.stdin.take().ok_or("no standard input")?;
        let stdout = child.stdout.take().ok_or("no standard output")?;
        let (said, heard) = mpsc::channel();
        std::thread::spawn(move || said.send(BufReader::new(stdout).lines().next()));
        let Ok(Some(Ok(url))) = heard.recv_timeout(DEADLINE) else {
            let _ = child.kill();
            return Err(format!("{command:?} did not say where it listens"));
        };
        Ok(Self { url, _input: input })
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;
    use std::time::Instant;

    use super::*;

    #[test]
    fn it_ends_when_nobody_holds_its_input() {
        let server = Server::start("aws", "emulators.py").unwrap();
        let address = server.url.trim_start_matches("http://").to_owned();
        assert!(TcpStream::connect(&address).is_ok());
        drop(server);
        let begun = Instant::now();
        while TcpStream::connect(&address).is_ok() {
            assert!(begun.elapsed() < DEADLINE, "it still runs");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
