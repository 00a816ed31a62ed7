//! Counts instructions by running a command inside valgrind's callgrind: slow, and nearly the same every time.

use std::fs;
use std::io::{BufRead, BufReader};

use super::{Ending, Program, run};

/// A command inside callgrind takes this much longer.
const SLOWER: u32 = 100;

/// The instructions of a command and its children, or why they cannot be counted.
pub(crate) fn callgrind(program: &Program<'_>) -> Result<f64, String> {
    let scratch = tempfile::tempdir().map_err(|error| format!("no scratch folder: {error}"))?;
    let path = program.command.first().map(|name| {
        // Valgrind resolves a path from where it stands, as the command itself does.
        if name.contains('/') {
            program.folder.join(name).display().to_string()
        } else {
            name.clone()
        }
    });
    let options =
        ["valgrind", "--tool=callgrind", "--trace-children=yes", "--quiet"].map(str::to_owned);
    let out = format!("--callgrind-out-file={}", scratch.path().join("counts.%p").display());
    let command: Vec<String> = options
        .into_iter()
        .chain([out])
        .chain(path)
        .chain(program.command.iter().skip(1).cloned())
        .collect();
    let inside = Program { command: &command, limit: program.limit * SLOWER, ..program.clone() };
    let finished = run(&inside, None, || {}).map_err(|ending| match ending {
        Ending::NoProgram => "valgrind is not installed".to_owned(),
        Ending::Start(error) => format!("valgrind cannot be started: {error}"),
        Ending::TooLong { .. } => "it took too long inside valgrind".to_owned(),
        Ending::Interrupted => "interrupted".to_owned(),
    })?;
    if !finished.status.success() {
        return Err(format!("it fails inside valgrind with {}", finished.status));
    }
    let files = fs::read_dir(scratch.path()).map_err(|error| error.to_string())?;
    let counts: Vec<f64> = files.flatten().filter_map(|file| total(&file.path())).collect();
    if counts.is_empty() {
        Err("callgrind wrote no counts".to_owned())
    } else {
        Ok(counts.iter().sum())
    }
}

fn total(file: &std::path::Path) -> Option<f64> {
    let lines = BufReader::new(fs::File::open(file).ok()?).lines().map_while(Result::ok);
    let totals = lines.filter_map(|line| line.strip_prefix("totals:")?.trim().parse::<f64>().ok());
    // A line for each part that was dumped; a file without any is one of a process that did not end well.
    totals.fold(None, |sum, count| Some(sum.unwrap_or_default() + count))
}
