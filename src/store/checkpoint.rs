//! Moves what is committed from the write-ahead log into the database file, beside the writer rather than in its way.
//!
//! SQLite does this inside the commit that fills the log, and whoever waits for that commit waits for the move as well.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rusqlite::Connection;

/// Between two moves; a log that is written for so long is still small.
const PAUSE: Duration = Duration::from_millis(10);
/// Pages of 4 KiB in the log from which on the writer stops for a moment, so that it can begin anew.
const LONG_LOG: i64 = 16_384;

/// The thread that does it, and the line to it.
pub(super) struct Checkpoints {
    /// Taken on drop, which ends the thread.
    committed: Option<SyncSender<()>>,
    log_is_long: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Checkpoints {
    /// From here on the writer's own connection leaves the log alone.
    pub(super) fn beside(writer: &Connection, path: &Path) -> rusqlite::Result<Self> {
        let connection = Connection::open(path)?;
        writer.pragma_update(None, "wal_autocheckpoint", 0)?;
        let (committed, commits) = sync_channel(1);
        let log_is_long = Arc::new(AtomicBool::new(false));
        let long = log_is_long.clone();
        let thread = thread::Builder::new().name("checkpoints".to_owned());
        let thread = thread.spawn(move || keep_up(&connection, &commits, &long)).ok();
        Ok(Self { committed: Some(committed), log_is_long, thread })
    }

    /// Told by the writer after each commit.
    pub(super) fn after_commit(&self, writer: &Connection) {
        if self.thread.is_none() || self.log_is_long.swap(false, Ordering::Relaxed) {
            // Nearly all of it is moved already, so this is short.
            if let Err(error) = checkpoint(writer, "RESTART") {
                tracing::warn!(%error, "the write-ahead log could not be begun anew");
            }
        }
        if let Some(committed) = &self.committed {
            // A full line means that the thread has been told.
            let _ = committed.try_send(());
        }
    }
}

impl Drop for Checkpoints {
    fn drop(&mut self) {
        self.committed = None;
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

fn keep_up(connection: &Connection, commits: &Receiver<()>, log_is_long: &AtomicBool) {
    while commits.recv().is_ok() {
        match checkpoint(connection, "PASSIVE") {
            Ok(pages) if pages > LONG_LOG => log_is_long.store(true, Ordering::Relaxed),
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "the write-ahead log could not be moved"),
        }
        thread::sleep(PAUSE);
    }
}

/// Returns the pages in the log.
fn checkpoint(connection: &Connection, mode: &str) -> rusqlite::Result<i64> {
    let statement = format!("PRAGMA wal_checkpoint({mode})");
    connection.prepare_cached(&statement)?.query_row([], |row| row.get(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_log_stays_short_although_the_writer_never_moves_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let writer = Connection::open(&path).unwrap();
        writer.pragma_update(None, "journal_mode", "wal").unwrap();
        writer.pragma_update(None, "synchronous", "off").unwrap();
        writer.execute("CREATE TABLE blobs (bytes BLOB)", []).unwrap();
        let checkpoints = Checkpoints::beside(&writer, &path).unwrap();
        for _ in 0..200 {
            writer.execute("INSERT INTO blobs VALUES (zeroblob(1000000))", []).unwrap();
            checkpoints.after_commit(&writer);
            thread::sleep(Duration::from_millis(2));
        }
        let log = std::fs::metadata(folder.path().join("a.db-wal")).unwrap().len();
        // 200 MB were written; the log's file does not shrink, so its size is its longest.
        assert!(log < 140_000_000, "{log}");
        drop(checkpoints);
    }
}
