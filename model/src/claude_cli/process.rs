//! The program as a process: started in a group of its own, told its prompt, read line by line, and ended with whatever it
//! started itself.

use std::io;
use std::process::Stdio;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};

use super::Settings;
use super::command::Command;
use super::said;
use crate::error::{Cause, ModelError};

/// A line holds at most a whole message.
const LONGEST_LINE: usize = 16 << 20;
/// A program that goes on is broken.
const LONGEST_OUTPUT: usize = 128 << 20;
/// Of what it complains about.
const MOST_OF_THE_COMPLAINT: usize = 4 << 10;
/// How long its last words may take once it has closed its output.
const LAST_WORDS: Duration = Duration::from_secs(1);

pub(super) struct Process {
    child: Child,
    /// `None`: it was ended.
    group: Option<Pid>,
    output: BufReader<ChildStdout>,
    complaint: JoinHandle<Vec<u8>>,
    line: Vec<u8>,
    read: usize,
    deadline: Instant,
    silence: Duration,
}

impl Process {
    pub(super) fn start(
        settings: &Settings,
        command: Command,
        deadline: Instant,
    ) -> Result<Self, ModelError> {
        let mut child = tokio::process::Command::new(&settings.program)
            .args(command.arguments)
            .env_clear()
            .envs(settings.environment.iter().map(|(name, value)| (name, value)))
            .envs(command.switches)
            .current_dir(&settings.directory)
            .process_group(0)
            .kill_on_drop(true)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| not_started(settings, &error))?;
        let group = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(input), Some(output), Some(complaint)) = pipes else {
            return Err(ModelError::new(Cause::Service, "`claude` was started without pipes"));
        };
        // Both end when the program does, which is at the deadline at the latest.
        tokio::spawn(tell(input, command.input));
        let complaint = tokio::spawn(listen(complaint));
        let output = BufReader::new(output);
        let silence = settings.silence;
        Ok(Self { child, group, output, complaint, line: Vec::new(), read: 0, deadline, silence })
    }

    /// The next line, without its end; `None` where it says no more.
    pub(super) async fn line(&mut self) -> Result<Option<&[u8]>, ModelError> {
        self.line.clear();
        loop {
            let now = Instant::now();
            let patience = (now + self.silence).min(self.deadline);
            let Ok(bytes) = timeout_at(patience, self.output.fill_buf()).await else {
                return Err(ModelError::new(Cause::Timeout, "`claude` did not answer in time"));
            };
            let bytes = bytes.map_err(|error| {
                ModelError::new(Cause::Interrupted, format!("`claude` cannot be read: {error}"))
            })?;
            if bytes.is_empty() {
                return Ok(None);
            }
            let end = bytes.iter().position(|byte| *byte == b'\n');
            let part = &bytes[..end.unwrap_or(bytes.len())];
            let used = part.len() + usize::from(end.is_some());
            self.read += used;
            if self.line.len() + part.len() > LONGEST_LINE || self.read > LONGEST_OUTPUT {
                let message = "`claude` says more than any answer can be";
                return Err(ModelError::new(Cause::Unreadable, message));
            }
            self.line.extend_from_slice(part);
            self.output.consume(used);
            if end.is_some() {
                return Ok(Some(&self.line));
            }
        }
    }

    /// Why it said no more before it had answered.
    pub(super) async fn ended_early(&mut self) -> ModelError {
        // It may have closed its output and go on.
        let status = timeout(LAST_WORDS, self.child.wait()).await;
        self.end();
        let complaint = timeout(LAST_WORDS, &mut self.complaint).await;
        let complaint = complaint.ok().and_then(Result::ok).unwrap_or_default();
        let complaint = String::from_utf8_lossy(&complaint);
        let how = match status {
            Ok(Ok(status)) => status.to_string(),
            _ => "output closed".to_owned(),
        };
        if complaint.trim().is_empty() {
            let message = format!("`claude` ended without an answer ({how})");
            return ModelError::new(Cause::Interrupted, message);
        }
        let mut error = said::failure(&complaint, None);
        error.message = format!("`claude` ended without an answer ({how}): {}", error.message);
        error
    }

    /// Ends it and whatever it started.
    pub(super) fn end(&mut self) {
        // It has not been waited for, or just now, so that its number is no other's.
        if let Some(group) = self.group.take() {
            // Where the group is gone already there is nothing left to do.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
        self.complaint.abort();
    }
}

async fn tell(mut input: ChildStdin, prompt: String) {
    // A program that ends before it has read everything says why on its own.
    let _ = input.write_all(prompt.as_bytes()).await;
}

/// Reads to the end, so that the program never waits for a reader, and keeps the beginning.
async fn listen(mut complaint: ChildStderr) -> Vec<u8> {
    let (mut kept, mut buffer) = (Vec::new(), vec![0; 4096]);
    while let Ok(length @ 1..) = complaint.read(&mut buffer).await {
        let room = MOST_OF_THE_COMPLAINT.saturating_sub(kept.len());
        kept.extend_from_slice(&buffer[..length.min(room)]);
    }
    kept
}

fn not_started(settings: &Settings, error: &io::Error) -> ModelError {
    let program = settings.program.display();
    let help = match error.kind() {
        io::ErrorKind::NotFound => {
            "install it (`npm install -g @anthropic-ai/claude-code`), or name its path"
        }
        io::ErrorKind::PermissionDenied => "it may not be executed here",
        _ => "see whether it runs by hand",
    };
    ModelError::new(Cause::NotServed, format!("`{program}` cannot be started ({error}): {help}"))
}
