//! The one SQLite file, written by one thread that commits in groups.
//!
//! The queue and the store share it, so that a process has one writer and one `fsync` per group: callers that arrive
//! while a commit is under way are carried by the next one, together. Each command has its own savepoint, so the
//! failure of one leaves the others be. A caller hears of success only after the commit is on disk.

use std::fs::{File, TryLockError};
use std::iter;
use std::path::Path;
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode};
use tokio::sync::oneshot;

use super::checkpoint::Checkpoints;
use super::schema;

/// How many commands one commit carries at most, which bounds how long the first of them waits.
const LARGEST_GROUP: usize = 256;
/// Statements that stay prepared: more than the queue and the store have between them.
const PREPARED_STATEMENTS: usize = 64;
/// Of the file's pages in memory, for each connection; SQLite's own default is 2 MB. What is written is at the ends of
/// tables, and what is read again is in the system's cache.
const CACHE_KIB: i32 = 1024;
/// How long to wait for another process that writes to the same file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// A handle to the database; clones share the writer thread. The last one to go closes the file.
#[derive(Clone)]
pub struct Database {
    writer: Arc<Writer>,
}

/// The file cannot be used; a person has to act.
#[derive(Debug, thiserror::Error)]
#[error("the database {path}: {problem}; {remedy}")]
pub struct OpenError {
    path: String,
    problem: String,
    remedy: &'static str,
}

/// A command was not carried out, and changed nothing.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DatabaseError {
    #[error("the database: {0}")]
    Failed(Arc<rusqlite::Error>),
    #[error("the database has been closed")]
    Closed,
}

struct Writer {
    /// Taken on drop, which ends the thread.
    inbox: Option<mpsc::Sender<Command>>,
    thread: Option<JoinHandle<()>>,
}

/// Runs on the writer's thread, within a savepoint, or learns why it cannot.
type Command = Box<dyn FnOnce(Result<&Connection, DatabaseError>) -> Outcome + Send>;
/// Tells the caller, once it is known whether the group was committed.
type Answer = Box<dyn FnOnce(Result<(), DatabaseError>)>;

struct Outcome {
    succeeded: bool,
    answer: Answer,
}

impl Database {
    /// Opens a file that other processes may have open too.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        Self::start(connect(path)?, None, path)
    }

    /// Opens a file for this process alone, as a server does that must know every lease to be its own.
    pub fn open_exclusive(path: &Path) -> Result<Self, OpenError> {
        let lock = lock(path)?;
        Self::start(connect(path)?, Some(lock), path)
    }

    /// A database that ends with its last handle.
    pub fn in_memory() -> Result<Self, OpenError> {
        let path = Path::new(":memory:");
        let connection =
            Connection::open_in_memory().map_err(|error| OpenError::from_sqlite(path, &error))?;
        schema::migrate(&connection, path)?;
        Self::start(connection, None, path)
    }

    /// Carries out `work` on the writer's thread. When this returns `Ok`, its effect is on disk.
    pub async fn run<T, F>(&self, work: F) -> Result<T, DatabaseError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    {
        let (tell, told) = oneshot::channel();
        let command: Command = Box::new(move |connection| {
            let result =
                connection.and_then(|connection| work(connection).map_err(DatabaseError::from));
            Outcome {
                succeeded: result.is_ok(),
                // A caller that has gone away is no concern of the group.
                answer: Box::new(move |committed| drop(tell.send(committed.and(result)))),
            }
        });
        let inbox = self.writer.inbox.as_ref().ok_or(DatabaseError::Closed)?;
        inbox.send(command).map_err(|_| DatabaseError::Closed)?;
        told.await.map_err(|_| DatabaseError::Closed)?
    }

    fn start(connection: Connection, lock: Option<File>, path: &Path) -> Result<Self, OpenError> {
        connection.set_prepared_statement_cache_capacity(PREPARED_STATEMENTS);
        // Only who owns the file alone can promise to move its log.
        let checkpoints =
            lock.is_some().then(|| Checkpoints::beside(&connection, path)).transpose();
        let checkpoints = checkpoints.map_err(|error| OpenError::from_sqlite(path, &error))?;
        let (inbox, commands) = mpsc::channel();
        let thread = thread::Builder::new().name("database".to_owned()).spawn(move || {
            // The lock is held until the connection is closed.
            let _lock = lock;
            serve(&connection, &commands, checkpoints.as_ref());
            drop(checkpoints);
            drop(connection);
        });
        let thread = thread.map_err(|error| {
            OpenError::new(path, error.to_string(), "raise the limit of threads")
        })?;
        Ok(Self { writer: Arc::new(Writer { inbox: Some(inbox), thread: Some(thread) }) })
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.inbox = None;
        if let Some(thread) = self.thread.take() {
            // Whoever opens the file next finds it closed and unlocked. A writer that panicked has said so.
            drop(thread.join());
        }
    }
}

impl From<rusqlite::Error> for DatabaseError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Failed(Arc::new(error))
    }
}

impl OpenError {
    pub(super) fn new(path: &Path, problem: impl Into<String>, remedy: &'static str) -> Self {
        Self { path: path.display().to_string(), problem: problem.into(), remedy }
    }

    pub(super) fn from_sqlite(path: &Path, error: &rusqlite::Error) -> Self {
        let remedy = match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
                "move the file away and a new one is made, or restore it from a backup"
            }
            Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
                "make the file and its folder writable, or name another file"
            }
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                "end the other process that uses it"
            }
            Some(ErrorCode::DiskFull) => "make room on the disk",
            _ => "name another file",
        };
        Self::new(path, error.to_string(), remedy)
    }
}

/// Carries out commands until every handle is gone.
fn serve(
    connection: &Connection,
    commands: &mpsc::Receiver<Command>,
    checkpoints: Option<&Checkpoints>,
) {
    while let Ok(first) = commands.recv() {
        // What arrives while the group is carried out still joins it.
        let group = iter::once(first).chain(commands.try_iter()).take(LARGEST_GROUP);
        let (answers, committed) = carry_out(connection, group);
        for answer in answers {
            answer(committed.clone());
        }
        if let Some(checkpoints) = checkpoints {
            checkpoints.after_commit(connection);
        }
    }
}

/// One transaction for the whole group.
fn carry_out(
    connection: &Connection,
    group: impl Iterator<Item = Command>,
) -> (Vec<Answer>, Result<(), DatabaseError>) {
    let mut transaction = execute(connection, "BEGIN IMMEDIATE");
    let mut answers = Vec::new();
    for command in group {
        let outcome = match &transaction {
            Ok(()) => within_savepoint(connection, command),
            Err(error) => command(Err(error.clone())),
        };
        answers.push(outcome.answer);
        // A full disk or an I/O error takes the whole transaction with it, and what came before in the group.
        if transaction.is_ok() && connection.is_autocommit() {
            transaction = Err(rolled_back());
        }
    }
    let committed = transaction.and_then(|()| execute(connection, "COMMIT"));
    if committed.is_err() && !connection.is_autocommit() {
        // Nothing better is left to try; the next `BEGIN` reports what stays broken.
        drop(execute(connection, "ROLLBACK"));
    }
    (answers, committed)
}

fn within_savepoint(connection: &Connection, command: Command) -> Outcome {
    if let Err(error) = execute(connection, "SAVEPOINT command") {
        return command(Err(error));
    }
    let outcome = command(Ok(connection));
    if !outcome.succeeded {
        drop(execute(connection, "ROLLBACK TO command"));
    }
    drop(execute(connection, "RELEASE command"));
    outcome
}

fn execute(connection: &Connection, statement: &str) -> Result<(), DatabaseError> {
    connection.prepare_cached(statement)?.execute([])?;
    Ok(())
}

fn rolled_back() -> DatabaseError {
    let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_ABORT_ROLLBACK);
    rusqlite::Error::SqliteFailure(
        code,
        Some("the transaction was rolled back, as by a full disk".to_owned()),
    )
    .into()
}

fn connect(path: &Path) -> Result<Connection, OpenError> {
    make_folder(path)?;
    let connection =
        Connection::open(path).map_err(|error| OpenError::from_sqlite(path, &error))?;
    configure(&connection).map_err(|error| OpenError::from_sqlite(path, &error))?;
    schema::migrate(&connection, path)?;
    Ok(connection)
}

fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    // In WAL mode anything less may lose the last commits when the power goes.
    connection.pragma_update(None, "synchronous", "full")
}

fn make_folder(path: &Path) -> Result<(), OpenError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.map_or(Ok(()), std::fs::create_dir_all).map_err(|error| {
        OpenError::new(
            path,
            format!("its folder cannot be made: {error}"),
            "name a file in a folder that is writable",
        )
    })
}

/// The lock stands in a file of its own: SQLite's locks on the database file would be lost with any handle closed.
fn lock(path: &Path) -> Result<File, OpenError> {
    make_folder(path)?;
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let writable = "make the folder writable, or name another file";
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(name)
        .map_err(|error| OpenError::new(path, error.to_string(), writable))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::new(
            path,
            "another server has it open",
            "end that one, or name another file",
        )),
        Err(TryLockError::Error(error)) => {
            Err(OpenError::new(path, error.to_string(), "name a file on a local disk"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open_error(result: Result<Database, OpenError>, folder: &Path) -> String {
        let error = result.err().expect("the file must not open").to_string();
        error.replace(&folder.display().to_string(), "FOLDER")
    }

    fn keep(key: &'static str) -> impl FnOnce(&Connection) -> rusqlite::Result<usize> + Send {
        move |connection| connection.execute("INSERT INTO cache VALUES (?, '', 0)", [key])
    }

    async fn kept(database: &Database) -> i64 {
        database
            .run(|connection| {
                connection.query_row("SELECT count(*) FROM cache", [], |row| row.get(0))
            })
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn a_command_that_fails_halfway_leaves_the_others_of_its_group_be() {
        let database = Database::in_memory().unwrap();
        let fails_halfway = |connection: &Connection| {
            connection.execute("INSERT INTO cache VALUES ('half', '', 0)", [])?;
            connection.execute("INSERT INTO no_such_table VALUES (1)", [])
        };
        let (one, two, three) = tokio::join!(
            database.run(keep("one")),
            database.run(fails_halfway),
            database.run(keep("three"))
        );
        assert_eq!((one.unwrap(), three.unwrap()), (1, 1));
        assert!(two.unwrap_err().to_string().contains("no such table"));
        assert_eq!(kept(&database).await, 2);
    }

    #[tokio::test]
    async fn when_the_transaction_is_lost_every_caller_of_the_group_hears_of_it() {
        let database = Database::in_memory().unwrap();
        let loses_all = |connection: &Connection| connection.execute_batch("ROLLBACK");
        let (started, wait) = mpsc::channel::<()>();
        // Holds the writer until the three commands below stand in line, so that they are one group.
        let blocker = tokio::spawn({
            let database = database.clone();
            async move { database.run(move |_| Ok(wait.recv().is_ok())).await }
        });
        tokio::task::yield_now().await;
        let (one, lost, three, ()) = tokio::join!(
            database.run(keep("one")),
            database.run(loses_all),
            database.run(keep("three")),
            async {
                tokio::task::yield_now().await;
                drop(started);
            }
        );
        assert!(one.is_err() && lost.is_err() && three.is_err());
        assert!(blocker.await.unwrap().is_err(), "it shared the transaction");
        assert_eq!(kept(&database).await, 0);
        assert_eq!(database.run(keep("after")).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn what_was_answered_is_there_after_the_file_is_opened_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/folder/eco-coder.db");
        let database = Database::open(&path).unwrap();
        database.run(keep("one")).await.unwrap();
        drop(database);
        assert_eq!(kept(&Database::open_exclusive(&path).unwrap()).await, 1);
    }

    #[test]
    fn a_second_server_on_the_same_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("eco-coder.db");
        let first = Database::open_exclusive(&path).unwrap();
        insta::assert_snapshot!(open_error(Database::open_exclusive(&path), folder.path()), @"the database FOLDER/eco-coder.db: another server has it open; end that one, or name another file");
        assert!(Database::open(&path).is_ok(), "a command line may still use it");
        drop(first);
        assert!(Database::open_exclusive(&path).is_ok());
    }

    #[test]
    fn a_file_that_cannot_be_used_is_named_with_its_remedy() {
        let folder = tempfile::tempdir().unwrap();
        let text = folder.path().join("notes.txt");
        std::fs::write(
            &text,
            "not a database, but long enough to be taken for one at first sight ".repeat(20),
        )
        .unwrap();
        insta::assert_snapshot!(open_error(Database::open(&text), folder.path()), @"the database FOLDER/notes.txt: file is not a database; move the file away and a new one is made, or restore it from a backup");
        insta::assert_snapshot!(open_error(Database::open(folder.path()), folder.path()), @"the database FOLDER: unable to open database file: FOLDER; make the file and its folder writable, or name another file");
        insta::assert_snapshot!(open_error(Database::open(&text.join("eco-coder.db")), folder.path()), @"the database FOLDER/notes.txt/eco-coder.db: its folder cannot be made: File exists (os error 17); name a file in a folder that is writable");
    }
}
