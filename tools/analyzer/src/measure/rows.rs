//! Evidence to its files: one for each runtime, sorted, a rule's old rows gone where there are new ones.

use std::fs;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Machine;
use crate::evidence::Evidence;
use crate::rule::{Benchmark, Runtime};

/// Evidence cannot be kept.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {reason}")]
pub struct RowsError {
    pub path: String,
    pub reason: String,
}

/// Puts the rows of one benchmark in place of what stands there for its rule.
pub fn write_rows(folder: &Path, runtime: Runtime, rows: &[Evidence]) -> Result<(), RowsError> {
    let path = folder.join(format!("{}.csv", runtime.name()));
    let mut all: Vec<Evidence> = read(&path)?;
    all.retain(|old| !rows.iter().any(|new| new.rule_id == old.rule_id));
    all.extend(rows.iter().cloned());
    all.sort_by(|one, other| (&one.rule_id, one.n).cmp(&(&other.rule_id, other.n)));
    write(&path, &all)
}

/// Whether there is a row for every size of the benchmark as it is now.
pub fn is_measured(folder: &Path, rule_id: &str, benchmark: &Benchmark) -> bool {
    let path = folder.join(format!("{}.csv", benchmark.runtime.name()));
    let rows: Vec<Evidence> = read(&path).unwrap_or_default();
    let fingerprint = benchmark.fingerprint();
    benchmark.sizes.iter().all(|n| {
        rows.iter().any(|row| row.rule_id == rule_id && row.n == *n && row.benchmark == fingerprint)
    })
}

/// Describes the machine, unless it is described already.
pub fn write_machine(folder: &Path, machine: &Machine) -> Result<(), RowsError> {
    let path = folder.join("machines.csv");
    let mut all: Vec<Machine> = read(&path)?;
    if all.iter().any(|known| known.name == machine.name) {
        return Ok(());
    }
    all.push(machine.clone());
    all.sort_by(|one, other| one.name.cmp(&other.name));
    write(&path, &all)
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<Vec<T>, RowsError> {
    if !path.exists() {
        return Ok(Vec::new());
    }
    let rows = csv::Reader::from_path(path).and_then(|mut reader| reader.deserialize().collect());
    rows.map_err(|error| failed(path, &error))
}

/// Beside the old file first, so that a crash leaves one or the other.
fn write<T: Serialize>(path: &Path, rows: &[T]) -> Result<(), RowsError> {
    let beside = path.with_extension("csv.new");
    let written = || -> Result<(), csv::Error> {
        let mut writer = csv::Writer::from_path(&beside)?;
        for row in rows {
            writer.serialize(row)?;
        }
        writer.flush()?;
        drop(writer);
        fs::rename(&beside, path)?;
        Ok(())
    };
    written().map_err(|error| failed(path, &error))
}

fn failed(path: &Path, error: &csv::Error) -> RowsError {
    RowsError { path: path.display().to_string(), reason: error.to_string() }
}
