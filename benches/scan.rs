//! `eco-coder scan` against ast-grep and semgrep: the same rules over the same files, at least 500,000 lines of Python, once
//! with ten rules and once with as many as a set for one language has.
//!
//! `cargo bench --bench scan`, or with `-- ten` or `-- many` one of the two. The three take turns as whole processes,
//! semgrep in fewer rounds; `benches/scan/` has the rules in ast-grep's form, which ours is too, and in semgrep's.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use emulators::tools;
use serde_json::{Value, json};

const TEN: RuleSet =
    RuleSet { name: "ten", folder: "rules", semgrep: "semgrep.yml", rounds: 7, semgrep_rounds: 2 };
/// The same kind of remarks as our own rules for Python make, as far as a pattern alone can say them.
const MANY: RuleSet = RuleSet {
    name: "many",
    folder: "many",
    semgrep: "semgrep-many.yml",
    rounds: 3,
    semgrep_rounds: 1,
};
const LEAST_LINES: usize = 500_000;
/// What is larger is left out by one tool or another.
const MOST_BYTES: u64 = 500_000;
const TICK: Duration = Duration::from_millis(2);

const MOST_OF_AST_GREP: f64 = 1.1;
const LEAST_OF_SEMGREP: f64 = 20.0;
const MOST_MEGABYTES: f64 = 300.0;
const MOST_OF_TEN_RULES: f64 = 3.0;

type Failure = Box<dyn std::error::Error + Send + Sync>;
/// Rule, file and line.
type Place = (String, String, u64);

/// Rules in ast-grep's form, and the same in semgrep's.
struct RuleSet {
    name: &'static str,
    folder: &'static str,
    semgrep: &'static str,
    /// How often ours and ast-grep run, and how often semgrep does, beside a first run that does not count.
    rounds: usize,
    semgrep_rounds: usize,
}

/// One run of a program.
struct Run {
    seconds: f64,
    /// The most that its largest process held in memory.
    megabytes: f64,
    output: String,
}

struct Bench {
    tree: PathBuf,
    rules: PathBuf,
    folder: PathBuf,
}

fn main() -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let bench = Bench::new(folder.path())?;
    let (files, lines) = bench.copy(&tools::large_sources())?;
    println!("{files} files, {lines} lines of Python; each tool as a whole process");
    if lines < LEAST_LINES {
        return Err(format!("only {lines} lines").into());
    }
    let asked: Vec<String> = std::env::args().skip(1).filter(|one| !one.starts_with('-')).collect();
    for set in [&TEN, &MANY] {
        if asked.is_empty() || asked.iter().any(|one| one == set.name) {
            bench.compare(set)?;
        }
    }
    Ok(())
}

impl Bench {
    fn new(folder: &Path) -> Result<Self, Failure> {
        let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/scan");
        let tree = folder.join("tree");
        std::fs::create_dir(&tree)?;
        // By default semgrep leaves tests out.
        std::fs::write(tree.join(".semgrepignore"), "")?;
        Ok(Self { tree, rules, folder: folder.to_owned() })
    }

    /// Ours, ast-grep and semgrep with the same rules, and ours with all its own beside the ten.
    fn compare(&self, set: &RuleSet) -> Result<(), Failure> {
        println!("{} rules:", std::fs::read_dir(self.rules.join(set.folder))?.count());
        self.configure_ast_grep(set)?;
        let (mut ours, mut all, mut ast_grep, mut semgrep) = (vec![], vec![], vec![], vec![]);
        for round in 0..=set.rounds {
            ours.push(self.ours(set)?);
            ast_grep.push(self.ast_grep()?);
            if set.name == TEN.name {
                all.push(self.ours_with_all_rules()?);
            }
            if round <= set.semgrep_rounds {
                semgrep.push(self.semgrep(set)?);
            }
        }
        let found = our_places(&ours[0].output)?;
        compare(&found, &ast_grep_places(&ast_grep[0].output)?, "ast-grep")?;
        compare(&found, &semgrep_places(&semgrep[0].output)?, "semgrep")?;
        // The first runs warm the file cache and do not count.
        for runs in [&mut ours, &mut ast_grep, &mut all, &mut semgrep] {
            runs.drain(..runs.len().min(1));
        }
        report("eco-coder", &ours);
        report("ast-grep", &ast_grep);
        report("semgrep", &semgrep);
        let [to_ast_grep, of_semgrep] = [ratio(&ours, &ast_grep), ratio(&semgrep, &ours)];
        say("times ast-grep's time, at most 1.1", to_ast_grep, to_ast_grep <= MOST_OF_AST_GREP);
        say("times as fast as semgrep, at least 20", of_semgrep, of_semgrep >= LEAST_OF_SEMGREP);
        let memory = median(&ours, megabytes);
        say("MB, at most 300", memory, memory <= MOST_MEGABYTES);
        if !all.is_empty() {
            report("eco-coder with all its rules", &all);
            let (to_ten, memory) = (ratio(&all, &ours), median(&all, megabytes));
            say("times as long with all rules, at most 3", to_ten, to_ten <= MOST_OF_TEN_RULES);
            say("MB with all rules, at most 300", memory, memory <= MOST_MEGABYTES);
        }
        Ok(())
    }

    /// Copies what all three read. Returns files and lines.
    fn copy(&self, sources: &Path) -> Result<(usize, usize), Failure> {
        let mut open = vec![sources.join("django"), sources.join("sympy")];
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(folder)? {
                let path = entry?.path();
                if path.is_dir() {
                    open.push(path);
                } else if path.extension().is_some_and(|ending| ending == "py")
                    && path.metadata()?.len() <= MOST_BYTES
                {
                    let copy = self.tree.join(path.strip_prefix(sources)?);
                    std::fs::create_dir_all(copy.parent().unwrap_or(&self.tree))?;
                    std::fs::copy(&path, copy)?;
                }
            }
        }
        // What we leave out, such as generated files, nobody has to read.
        let report: Value = serde_json::from_str(&self.ours(&TEN)?.output)?;
        let skipped = report["coverage"]["skipped"].as_array().ok_or("no coverage")?;
        for path in skipped.iter().filter_map(|one| one["path"].as_str()) {
            let path = self.tree.join(path);
            if path.is_dir() { std::fs::remove_dir_all(path)? } else { std::fs::remove_file(path)? }
        }
        count(&self.tree)
    }

    fn ours(&self, set: &RuleSet) -> Result<Run, Failure> {
        let folder = self.rules.join(set.folder);
        let mut command = self.ours_with(&folder);
        for name in std::fs::read_dir(&folder)?.filter_map(Result::ok) {
            command.arg("--only").arg(Path::new(&name.file_name()).with_extension(""));
        }
        self.run(&mut command)
    }

    fn ours_with_all_rules(&self) -> Result<Run, Failure> {
        self.run(&mut self.ours_with(&self.folder))
    }

    fn ours_with(&self, rules: &Path) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_eco-coder"));
        command.args(["scan", "--format", "json", "--rules"]).arg(rules).arg(&self.tree);
        command
    }

    fn configure_ast_grep(&self, set: &RuleSet) -> Result<(), Failure> {
        let settings = json!({"ruleDirs": [self.rules.join(set.folder)]});
        Ok(std::fs::write(self.folder.join("sgconfig.yml"), settings.to_string())?)
    }

    fn ast_grep(&self) -> Result<Run, Failure> {
        let mut command = Command::new(tools::ast_grep());
        command.args(["scan", "--json=compact", "--config"]).arg(self.folder.join("sgconfig.yml"));
        self.run(command.arg(&self.tree))
    }

    fn semgrep(&self, set: &RuleSet) -> Result<Run, Failure> {
        let mut command = Command::new(tools::semgrep());
        command
            .args(["scan", "--json", "--quiet", "--metrics=off", "--disable-version-check"])
            .args(["--no-git-ignore", "--config"])
            .arg(self.rules.join(set.semgrep))
            .env("HOME", &self.folder);
        self.run(command.arg(&self.tree))
    }

    /// Runs a program to its end.
    fn run(&self, command: &mut Command) -> Result<Run, Failure> {
        let output = self.folder.join("output");
        let begun = Instant::now();
        let mut child = command
            .current_dir(&self.tree)
            .stdin(Stdio::null())
            .stdout(File::create(&output)?)
            .stderr(Stdio::null())
            .spawn()?;
        let mut largest = 0.0_f64;
        let status = loop {
            largest = largest.max(most_resident(child.id()));
            if let Some(status) = child.try_wait()? {
                break status;
            }
            std::thread::sleep(TICK);
        };
        let seconds = begun.elapsed().as_secs_f64();
        let output = std::fs::read_to_string(&output)?;
        // Findings are no failure, but ast-grep ends with 1 where a rule is an error.
        if !status.success() && output.is_empty() {
            return Err(format!("{command:?} failed with {status}").into());
        }
        Ok(Run { seconds, megabytes: largest, output })
    }
}

/// The most that a process, or the largest below it, has held so far.
fn most_resident(process: u32) -> f64 {
    let folder = format!("/proc/{process}");
    let status = std::fs::read_to_string(format!("{folder}/status")).unwrap_or_default();
    let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = kilobytes.and_then(|text| text.trim().strip_suffix(" kB")?.parse::<f64>().ok());
    let children = format!("{folder}/task/{process}/children");
    let children = std::fs::read_to_string(children).unwrap_or_default();
    let below = children.split_whitespace().filter_map(|id| id.parse().ok()).map(most_resident);
    below.fold(kilobytes.unwrap_or_default() * 1024.0 / 1e6, f64::max)
}

fn count(tree: &Path) -> Result<(usize, usize), Failure> {
    let (mut open, mut files, mut lines) = (vec![tree.to_owned()], 0, 0);
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                open.push(path);
            } else {
                files += 1;
                lines += String::from_utf8_lossy(&std::fs::read(path)?).lines().count();
            }
        }
    }
    Ok((files, lines))
}

fn our_places(output: &str) -> Result<BTreeSet<Place>, Failure> {
    let report: Value = serde_json::from_str(output)?;
    places(&report["findings"], |found| {
        (&found["rule_id"], &found["file_path"], found["start_line"].as_u64())
    })
}

fn ast_grep_places(output: &str) -> Result<BTreeSet<Place>, Failure> {
    places(&serde_json::from_str(output)?, |found| {
        let line = found["range"]["start"]["line"].as_u64();
        (&found["ruleId"], &found["file"], line.map(|line| line + 1))
    })
}

fn semgrep_places(output: &str) -> Result<BTreeSet<Place>, Failure> {
    let report: Value = serde_json::from_str(output)?;
    places(&report["results"], |found| {
        (&found["check_id"], &found["path"], found["start"]["line"].as_u64())
    })
}

fn places(
    findings: &Value,
    read: impl Fn(&Value) -> (&Value, &Value, Option<u64>),
) -> Result<BTreeSet<Place>, Failure> {
    let findings = findings.as_array().ok_or("no findings")?;
    let place = |found| {
        let (rule, file, line) = read(found);
        let (rule, file) = (rule.as_str()?, file.as_str()?);
        // Paths are absolute or not, and semgrep puts the folder of the rules before their names.
        let file = file.split_once("/tree/").map_or(file, |(_, file)| file);
        let rule = rule.rsplit('.').next()?;
        Some((rule.to_owned(), file.to_owned(), line?))
    };
    findings.iter().map(|found| place(found).ok_or_else(|| found.to_string().into())).collect()
}

/// Says how far two tools agree; without much agreement their times mean nothing.
fn compare(ours: &BTreeSet<Place>, theirs: &BTreeSet<Place>, name: &str) -> Result<(), Failure> {
    let both = ours.intersection(theirs).count();
    println!("  lines with findings: {} ours, {} of {name}, {both} both", ours.len(), theirs.len());
    let mut apart: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for (rule, ..) in ours.difference(theirs) {
        apart.entry(rule).or_default().0 += 1;
    }
    for (rule, ..) in theirs.difference(ours) {
        apart.entry(rule).or_default().1 += 1;
    }
    for (rule, (only_ours, only_theirs)) in apart {
        println!("    {rule}: {only_ours} only ours, {only_theirs} only of {name}");
    }
    if both * 10 < ours.len().max(theirs.len()) * 9 {
        return Err(format!("these are not the same rules: see what {name} found").into());
    }
    Ok(())
}

fn ratio(one: &[Run], other: &[Run]) -> f64 {
    median(one, seconds) / median(other, seconds)
}

fn say(what: &str, value: f64, met: bool) {
    println!("  {value:>6.2} {what}: {}", if met { "met" } else { "missed" });
}

fn seconds(run: &Run) -> f64 {
    run.seconds
}

fn megabytes(run: &Run) -> f64 {
    run.megabytes
}

fn median(runs: &[Run], of: fn(&Run) -> f64) -> f64 {
    let mut values: Vec<f64> = runs.iter().map(of).collect();
    values.sort_by(f64::total_cmp);
    f64::midpoint(values[(values.len() - 1) / 2], values[values.len() / 2])
}

fn report(name: &str, runs: &[Run]) {
    let least = runs.iter().map(seconds).fold(f64::INFINITY, f64::min);
    let most = runs.iter().map(seconds).fold(0.0, f64::max);
    println!(
        "  {name:<28} {:>7.2} s ({least:.2} to {most:.2}, {} runs), {:>5.0} MB",
        median(runs, seconds),
        runs.len(),
        median(runs, megabytes),
    );
}
