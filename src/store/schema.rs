//! The tables, and how an older file is brought up to date.

use std::path::Path;

use rusqlite::Connection;

use super::database::OpenError;

/// Marks a file as ours ("ECO1"), so that another program's database is not written to.
const APPLICATION_ID: i64 = 0x4543_4F31;
/// In order; a file's `user_version` is how many of them it has seen. Released ones are never edited.
const MIGRATIONS: &[&str] = &[
    include_str!("migration_1.sql"),
    include_str!("migration_2.sql"),
    include_str!("migration_3.sql"),
    include_str!("migration_4.sql"),
    include_str!("migration_5.sql"),
];

/// Refuses a file that is not ours or newer than this program, and migrates an older one.
pub(super) fn migrate(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let failed = |error| OpenError::from_sqlite(path, &error);
    let application: i64 = pragma(connection, "application_id").map_err(failed)?;
    let version: i64 = pragma(connection, "user_version").map_err(failed)?;
    if application != APPLICATION_ID && !is_empty(connection).map_err(failed)? {
        return Err(OpenError::new(path, "it belongs to another program", "name another file"));
    }
    let seen = usize::try_from(version).ok().filter(|seen| *seen <= MIGRATIONS.len());
    let Some(seen) = seen else {
        return Err(OpenError::new(
            path,
            "a newer version of Eco-Coder wrote it",
            "use that version, or name another file",
        ));
    };
    MIGRATIONS
        .iter()
        .enumerate()
        .skip(seen)
        .try_for_each(|(index, migration)| apply(connection, index, migration))
        .map_err(failed)
}

/// One migration, whole or not at all. Another process may have been faster.
fn apply(connection: &Connection, index: usize, migration: &str) -> rusqlite::Result<()> {
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let version: i64 = pragma(connection, "user_version")?;
    if usize::try_from(version).is_ok_and(|version| version > index) {
        return connection.execute_batch("ROLLBACK");
    }
    let stamp =
        format!("PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {};", index + 1);
    let applied =
        connection.execute_batch(migration).and_then(|()| connection.execute_batch(&stamp));
    if applied.is_err() {
        drop(connection.execute_batch("ROLLBACK"));
        return applied;
    }
    connection.execute_batch("COMMIT")
}

fn pragma(connection: &Connection, name: &str) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, name, |row| row.get(0))
}

fn is_empty(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| row.get(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(prepare: &str) -> String {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(prepare).unwrap();
        migrate(&connection, Path::new("x.db")).unwrap_err().to_string()
    }

    #[test]
    fn migrating_twice_changes_nothing() {
        let connection = Connection::open_in_memory().unwrap();
        migrate(&connection, Path::new("x.db")).unwrap();
        migrate(&connection, Path::new("x.db")).unwrap();
        assert_eq!(pragma(&connection, "user_version").unwrap(), 5);
    }

    #[test]
    fn a_file_of_the_first_version_keeps_what_it_holds() {
        let connection = Connection::open_in_memory().unwrap();
        apply(&connection, 0, MIGRATIONS[0]).unwrap();
        connection.execute("INSERT INTO cache VALUES ('key', 'value', 1)", []).unwrap();
        migrate(&connection, Path::new("x.db")).unwrap();
        let count = |table: &str| {
            let query = format!("SELECT count(*) FROM {table}");
            connection.query_row(&query, [], |row| row.get::<_, i64>(0)).unwrap()
        };
        assert_eq!((count("cache"), count("memory")), (1, 0));
    }

    #[test]
    fn the_database_of_another_program_or_of_a_newer_version_is_left_alone() {
        insta::assert_snapshot!(refusal("CREATE TABLE theirs (id)"), @"the database x.db: it belongs to another program; name another file");
        let newer = format!(
            "PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = 99; CREATE TABLE ours (id)"
        );
        insta::assert_snapshot!(refusal(&newer), @"the database x.db: a newer version of Eco-Coder wrote it; use that version, or name another file");
    }
}
