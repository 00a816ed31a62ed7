//! Runs a program that may hang or never stop talking.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;
use tokio::time::timeout;

const LONGEST_COMPLAINT: usize = 2_000;

/// What a program may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) time: Duration,
    /// Of each of its two outputs.
    pub(crate) bytes: usize,
}

/// A program ended badly.
#[derive(Debug, thiserror::Error)]
pub enum ChildError {
    #[error("it cannot be started: {0}")]
    Start(std::io::Error),
    #[error("it took more than {} s", .0.as_secs())]
    TooLong(Duration),
    #[error("it printed more than {0} bytes")]
    TooMuch(usize),
    #[error("{0}")]
    Failed(String),
}

/// What the program prints, if it ends well and within the limits; otherwise it is killed.
pub(crate) async fn run(mut command: Command, limits: Limits) -> Result<String, ChildError> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.kill_on_drop(true).spawn().map_err(ChildError::Start)?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let done = async {
        let (printed, complaint) =
            tokio::try_join!(read(stdout, limits.bytes), read(stderr, limits.bytes))?;
        let status = child.wait().await.map_err(ChildError::Start)?;
        if status.success() {
            return Ok(printed);
        }
        Err(ChildError::Failed(format!("{status}: {}", shortened(complaint.trim()))))
    };
    timeout(limits.time, done).await.unwrap_or(Err(ChildError::TooLong(limits.time)))
}

async fn read(stream: Option<impl AsyncRead + Unpin>, most: usize) -> Result<String, ChildError> {
    let Some(stream) = stream else { return Ok(String::new()) };
    let mut bytes = Vec::new();
    stream.take(most as u64 + 1).read_to_end(&mut bytes).await.map_err(ChildError::Start)?;
    if bytes.len() > most {
        return Err(ChildError::TooMuch(most));
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The beginning of a compiler's complaint names the fault; the rest follows from it.
fn shortened(text: &str) -> String {
    if text.chars().count() <= LONGEST_COMPLAINT {
        return text.to_owned();
    }
    text.chars().take(LONGEST_COMPLAINT).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn shell(script: &str) -> Result<String, String> {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        let limits = Limits { time: Duration::from_millis(500), bytes: 1_000 };
        run(command, limits).await.map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn what_it_prints_is_returned_if_it_ends_well() {
        assert_eq!(shell("echo yes").await, Ok("yes\n".to_owned()));
        assert_eq!(shell("echo no >&2; exit 3").await, Err("exit status: 3: no".to_owned()));
    }

    #[tokio::test]
    async fn a_program_that_hangs_or_floods_is_stopped() {
        assert_eq!(shell("exec sleep 60").await, Err("it took more than 0 s".to_owned()));
        assert_eq!(shell("exec yes").await, Err("it printed more than 1000 bytes".to_owned()));
    }
}
