//! Which machine measured: a row of `machines.csv`.

use std::fs;

use serde::{Deserialize, Serialize};

use crate::finding::short_hash;

/// A machine, as evidence names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// Made of the rest, so that the same machine has one row.
    #[serde(rename = "machine")]
    pub name: String,
    pub cpu: String,
    pub cores: usize,
    pub memory_gb: u64,
    pub os: String,
    /// When it was described.
    pub date: String,
    pub notes: String,
}

impl Machine {
    /// This machine, as far as the system tells.
    pub fn here(day: &str, notes: &str) -> Self {
        let cpu = first_value("/proc/cpuinfo", "model name", ':').unwrap_or_else(unknown);
        let cores = std::thread::available_parallelism().map_or(1, Into::into);
        let memory = first_value("/proc/meminfo", "MemTotal", ':').unwrap_or_default();
        let kib: u64 = memory.trim_end_matches(" kB").parse().unwrap_or_default();
        let memory_gb = (kib + 512 * 1024) / (1024 * 1024);
        let system = first_value("/etc/os-release", "PRETTY_NAME", '=');
        let os = system.unwrap_or_else(|| std::env::consts::OS.to_owned());
        let mark = short_hash(&[&cpu, &cores.to_string(), &memory_gb.to_string(), &os]);
        let name = format!("{}-{}", std::env::consts::ARCH, &mark[..4]);
        let (date, notes) = (day.to_owned(), notes.to_owned());
        Self { name, cpu, cores, memory_gb, os, date, notes }
    }
}

fn unknown() -> String {
    "unknown".to_owned()
}

/// The value of a `name: value` line, without quotes.
fn first_value(path: &str, name: &str, separator: char) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let mut pairs = text.lines().filter_map(|line| line.split_once(separator));
    let (_, value) = pairs.find(|(found, _)| found.trim() == name)?;
    Some(value.trim().trim_matches('"').to_owned())
}
