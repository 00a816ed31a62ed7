//! The database of a plain server: whether it is one, and whether it can be written. It is neither made nor changed.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use rustix::fs::{Access, access};

use super::Check;
use crate::config::Config;

const NAME: &str = "database";
/// <https://www.sqlite.org/fileformat.html#the_database_header>
const HEADER: &[u8; 16] = b"SQLite format 3\0";

pub(super) fn look(config: &Config) -> Check {
    match &config.aws.table {
        Some(table) => Check::skipped(NAME, format!("the table {table} is used instead of a file")),
        None => of_file(&config.database),
    }
}

fn of_file(path: &Path) -> Check {
    let shown = path.display();
    if !path.exists() {
        return match nearest_folder(path) {
            Some(folder) if folder.is_dir() && is_open(folder) => {
                Check::ok(NAME, format!("{shown}, to be made by the server"))
            }
            folder => {
                let folder = folder.unwrap_or(path).display();
                let fix =
                    format!("let the server's user write to {folder}, or set ECO_CODER_DATABASE");
                Check::failed(
                    NAME,
                    format!("{shown} cannot be made: {folder} is not writable"),
                    fix,
                )
            }
        };
    }
    let elsewhere = "name another file in ECO_CODER_DATABASE, or `database` under [server]";
    match is_sqlite(path) {
        Err(error) => Check::failed(NAME, format!("{shown} cannot be read: {error}"), elsewhere),
        Ok(false) => Check::failed(NAME, format!("{shown} is not a database of SQLite"), elsewhere),
        Ok(true) if access(path, Access::WRITE_OK).is_err() => {
            let fix = format!("let the server's user write to it: `chmod u+w {shown}`");
            Check::failed(NAME, format!("{shown} cannot be written"), fix)
        }
        Ok(true) => Check::ok(NAME, format!("{shown}, writable")),
    }
}

fn is_open(folder: &Path) -> bool {
    access(folder, Access::WRITE_OK | Access::EXEC_OK).is_ok()
}

/// What exists already, of those that the file is to be in.
fn nearest_folder(path: &Path) -> Option<&Path> {
    let here = Path::new(".");
    let folders = path.ancestors().skip(1);
    folders
        .map(|folder| if folder.as_os_str().is_empty() { here } else { folder })
        .find(|folder| folder.exists())
}

/// An empty file is a database without a table.
fn is_sqlite(path: &Path) -> std::io::Result<bool> {
    let mut header = Vec::new();
    File::open(path)?.take(HEADER.len() as u64).read_to_end(&mut header)?;
    Ok(header.is_empty() || header == HEADER)
}

#[cfg(test)]
mod tests {
    use super::super::Outcome;
    use super::*;

    #[test]
    fn a_file_that_is_not_there_needs_a_folder_that_can_be_written() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(of_file(&folder.path().join("a/b/eco.db")).outcome, Outcome::Ok);
        assert!(!folder.path().join("a").exists(), "looking makes nothing");
        // Root may write to every folder, but nobody makes a file below a file.
        std::fs::write(folder.path().join("file"), "").unwrap();
        assert_eq!(of_file(&folder.path().join("file/eco.db")).outcome, Outcome::Failed);
    }

    #[test]
    fn another_file_is_not_taken_for_a_database() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("eco.db");
        std::fs::write(&path, "a letter to a friend").unwrap();
        assert!(of_file(&path).seen.ends_with("is not a database of SQLite"));
        drop(crate::store::SqliteStore::open(&folder.path().join("real.db")).unwrap());
        assert_eq!(of_file(&folder.path().join("real.db")).outcome, Outcome::Ok);
    }
}
