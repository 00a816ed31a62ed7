//! `eco-coder review` of a change of 1,000 files without a model, as a whole process.
//!
//! `cargo bench --bench review`

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const FILES: usize = 1000;
const RUNS: usize = 9;
const TARGET: Duration = Duration::from_millis(1500);

fn main() -> std::io::Result<()> {
    let folder = tempfile::tempdir()?;
    let lines = make_repository(folder.path())?;
    let mut times = Vec::new();
    let mut findings = 0;
    for _ in 0..=RUNS {
        let begun = Instant::now();
        let output = Command::new(env!("CARGO_BIN_EXE_eco-coder"))
            .args(["review", "--format", "json", "--repo"])
            .arg(folder.path())
            .stderr(Stdio::inherit())
            .output()?;
        times.push(begun.elapsed());
        assert!(output.status.success());
        findings = String::from_utf8_lossy(&output.stdout).matches("\"rule_id\": ").count();
    }
    // The first run warms the file cache and does not count.
    times.remove(0);
    times.sort_unstable();
    println!(
        "review of a change of {FILES} files, {lines} lines at head, {findings} rule ids in the report, target {TARGET:?}"
    );
    println!(
        "  median {:?}  min {:?}  max {:?}  ({RUNS} runs)",
        times[RUNS / 2],
        times[0],
        times[RUNS - 1]
    );
    Ok(())
}

/// Two commits: 1,000 files in five languages, each changed in the second. Returns the lines at head.
fn make_repository(folder: &Path) -> std::io::Result<usize> {
    git(folder, &["init", "--quiet", "--initial-branch=main"])?;
    for round in 0..2 {
        for number in 0..FILES {
            let (extension, text) = source(number, round);
            let path = folder.join(format!("src/part{}/file{number}.{extension}", number % 25));
            std::fs::create_dir_all(path.parent().unwrap_or(folder))?;
            std::fs::write(path, text)?;
        }
        git(folder, &["add", "--all"])?;
        git(
            folder,
            &[
                "-c",
                "user.name=bench",
                "-c",
                "user.email=bench@localhost",
                "commit",
                "--quiet",
                "--message",
                "round",
            ],
        )?;
    }
    Ok((0..FILES).map(|number| source(number, 1).1.lines().count()).sum())
}

/// About 150 lines of plausible code; every tenth file has something to find.
fn source(number: usize, round: usize) -> (&'static str, String) {
    let mut text = String::new();
    let slow = number.is_multiple_of(10) && round == 1;
    let (extension, plain, flagged) = match number % 5 {
        0 => (
            "py",
            "def f{n}(items, limit={r}):\n    total = 0\n    for item in items:\n        total += item.price * {n}\n    return total if total < limit else limit\n\n",
            "def slow(cursor, keys):\n    for key in keys:\n        cursor.execute('SELECT 1', key)\n",
        ),
        1 => (
            "js",
            "export function f{n}(items, limit = {r}) {\n  let total = 0;\n  for (const item of items) {\n    total += item.price * {n};\n  }\n  return Math.min(total, limit);\n}\n\n",
            "",
        ),
        2 => (
            "java",
            "class C{n} {\n  int sum(java.util.List<Integer> items) {\n    int total = {r};\n    for (int item : items) {\n      total += item * {n};\n    }\n    return total;\n  }\n}\n\n",
            "",
        ),
        3 => (
            "go",
            "func f{n}(items []int) int {\n\ttotal := {r}\n\tfor _, item := range items {\n\t\ttotal += item * {n}\n\t}\n\treturn total\n}\n\n",
            "",
        ),
        _ => (
            "rs",
            "pub fn f{n}(items: &[u64]) -> u64 {\n    let mut total = {r};\n    for item in items {\n        total += item * {n};\n    }\n    total\n}\n\n",
            "",
        ),
    };
    if extension == "go" {
        text.push_str("package part\n\n");
    }
    for function in 0..20 {
        // Only every fifth function changes between the rounds.
        let seen = if function % 5 == 0 { round } else { 0 };
        text.push_str(
            &plain.replace("{n}", &function.to_string()).replace("{r}", &seen.to_string()),
        );
    }
    if slow {
        text.push_str(flagged);
    }
    let _ = writeln!(text);
    (extension, text)
}

fn git(folder: &Path, arguments: &[&str]) -> std::io::Result<()> {
    let status = Command::new("git").arg("-C").arg(folder).args(arguments).status()?;
    if status.success() { Ok(()) } else { Err(std::io::Error::other("git failed")) }
}
