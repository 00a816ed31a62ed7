//! Writes lines beside those who say them: whoever reads them may be slow, and no request should wait for that.
//!
//! Lines wait a moment for others, and then go out together. At most so many bytes wait; after that, whoever says
//! something writes what there is, which is how it would be without this.

use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

/// How long a line waits for others.
const PAUSE: Duration = Duration::from_millis(10);
const MOST_WAITING: usize = 256 * 1024;

/// A writer that waits for nobody, until it is flushed.
pub(super) struct Beside {
    shared: Arc<Shared>,
}

struct Shared {
    waiting: Mutex<Waiting>,
    some: Condvar,
    /// Locked before `waiting`, so that lines keep their order.
    out: Mutex<Out>,
}

#[derive(Default)]
struct Waiting {
    lines: Vec<u8>,
    /// Whether nobody is about to write them.
    idle: bool,
}

struct Out {
    to: Box<dyn Write + Send>,
    lines: Vec<u8>,
}

impl Beside {
    /// Without a thread to write them, lines are written when there are many or when they are flushed.
    pub(super) fn new(to: impl Write + Send + 'static) -> Self {
        let out = Mutex::new(Out { to: Box::new(to), lines: Vec::new() });
        let shared = Arc::new(Shared { waiting: Mutex::default(), some: Condvar::new(), out });
        let writes = Arc::clone(&shared);
        let _ = thread::Builder::new().name("log".to_owned()).spawn(move || writes.write_all());
        Self { shared }
    }
}

impl Write for Beside {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut waiting = self.shared.waiting();
        waiting.lines.extend_from_slice(bytes);
        let is_full = waiting.lines.len() > MOST_WAITING;
        let idle = std::mem::take(&mut waiting.idle);
        drop(waiting);
        if is_full {
            self.shared.write_what_waits()?;
        } else if idle {
            self.shared.some.notify_one();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.shared.write_what_waits()
    }
}

impl Shared {
    /// Goes on for as long as the process runs.
    fn write_all(&self) {
        loop {
            let mut waiting = self.waiting();
            while waiting.lines.is_empty() {
                waiting.idle = true;
                waiting = self.some.wait(waiting).unwrap_or_else(PoisonError::into_inner);
            }
            waiting.idle = false;
            drop(waiting);
            thread::sleep(PAUSE);
            // Nobody could be told of a failure.
            let _ = self.write_what_waits();
        }
    }

    fn write_what_waits(&self) -> io::Result<()> {
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        let Out { to, lines } = &mut *out;
        lines.clear();
        std::mem::swap(&mut self.waiting().lines, lines);
        to.write_all(lines)?;
        to.flush()
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        // Nothing under this lock panics.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    /// Tells what is written, and takes no more until it is told to go on.
    struct Slow {
        written: mpsc::Sender<Vec<u8>>,
        go_on: mpsc::Receiver<()>,
    }

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.written.send(bytes.to_vec());
            let _ = self.go_on.recv();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn whoever_speaks_does_not_wait_for_whoever_reads() {
        let (written, read) = mpsc::channel();
        let (go_on, waits) = mpsc::channel();
        let mut beside = Beside::new(Slow { written, go_on: waits });
        beside.write_all(b"one\n").unwrap();
        assert_eq!(read.recv().unwrap(), b"one\n", "it is written without a flush");
        // The reader is still busy with the first.
        beside.write_all(b"two\n").unwrap();
        beside.write_all(b"three\n").unwrap();
        go_on.send(()).unwrap();
        go_on.send(()).unwrap();
        assert_eq!(read.recv().unwrap(), b"two\nthree\n");
    }

    #[test]
    fn what_is_flushed_is_written_and_what_waits_is_bounded() {
        let (written, read) = mpsc::channel();
        let (go_on, waits) = mpsc::channel();
        drop(go_on);
        let mut beside = Beside::new(Slow { written, go_on: waits });
        beside.write_all(b"a line\n").unwrap();
        beside.flush().unwrap();
        let all = || read.try_iter().flatten().collect::<Vec<u8>>();
        assert_eq!(all(), b"a line\n");
        for _ in 0..2 * MOST_WAITING / 1024 + 2 {
            beside.write_all(&[b'x'; 1024]).unwrap();
        }
        assert!(all().len() > MOST_WAITING, "the speaker has written what waited");
    }
}
