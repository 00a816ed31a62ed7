//! What was learned of a repository, in the SQLite file.

use contract::Timestamp;
use rusqlite::{Row, params};

use super::{Database, DatabaseError, Memory};

pub(super) async fn remember(database: &Database, memory: &Memory) -> Result<(), DatabaseError> {
    let memory = memory.clone();
    let query = "INSERT OR REPLACE INTO memory (repository, key, text, at) VALUES (?, ?, ?, ?)";
    database
        .run(move |connection| {
            let row = params![memory.repository, memory.key, memory.text, memory.at.0];
            connection.prepare_cached(query)?.execute(row)
        })
        .await?;
    Ok(())
}

pub(super) async fn recall(
    database: &Database,
    repository: &str,
    most: usize,
) -> Result<Vec<Memory>, DatabaseError> {
    let repository = repository.to_owned();
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let query = "SELECT * FROM memory WHERE repository = ? ORDER BY at DESC LIMIT ?";
    database
        .run(move |connection| {
            let mut statement = connection.prepare_cached(query)?;
            statement.query_map(params![repository, most], memory_of)?.collect()
        })
        .await
}

fn memory_of(row: &Row<'_>) -> rusqlite::Result<Memory> {
    Ok(Memory {
        repository: row.get("repository")?,
        key: row.get("key")?,
        text: row.get("text")?,
        at: Timestamp(row.get("at")?),
    })
}
