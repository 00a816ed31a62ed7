//! Reads everything that a command prints and keeps the end of it.

use std::collections::VecDeque;
use std::io::{self, PipeReader, PipeWriter, Read};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

const MOST_BYTES: usize = 4096;
const MOST_LINES: usize = 20;
/// A process that fled the process group may hold the pipe open.
const PATIENCE: Duration = Duration::from_millis(200);

/// The end of what a command prints.
pub(crate) struct Tail(Receiver<VecDeque<u8>>);

impl Tail {
    /// The writer is for the command alone: reading ends when the last copy of it is closed.
    pub(crate) fn new() -> io::Result<(Self, PipeWriter)> {
        let (reader, writer) = io::pipe()?;
        let (sender, receiver) = channel();
        thread::Builder::new().name("output".to_owned()).spawn(move || {
            // Nobody waits any more if this fails.
            let _ = sender.send(read(reader));
        })?;
        Ok((Self(receiver), writer))
    }

    /// Its last lines, once the command has ended.
    pub(crate) fn text(self) -> String {
        let bytes = self.0.recv_timeout(PATIENCE).unwrap_or_default();
        let bytes: Vec<u8> = bytes.into_iter().collect();
        let text = String::from_utf8_lossy(&bytes);
        // What a terminal would obey is taken out, as this will stand in a terminal.
        let plain: String =
            text.chars().filter(|char| !char.is_control() || matches!(char, '\n' | '\t')).collect();
        let lines: Vec<&str> = plain.trim_end().lines().collect();
        lines[lines.len().saturating_sub(MOST_LINES)..].join("\n")
    }
}

fn read(mut reader: PipeReader) -> VecDeque<u8> {
    let mut kept = VecDeque::with_capacity(MOST_BYTES);
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match reader.read(&mut buffer) {
            Ok(0) => return kept,
            Ok(count) => {
                kept.extend(&buffer[count.saturating_sub(MOST_BYTES)..count]);
                kept.drain(..kept.len().saturating_sub(MOST_BYTES));
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return kept,
        }
    }
}
