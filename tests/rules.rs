//! `eco-coder rules`: the table, one rule, and the measuring of what rules gain.

use std::path::PathBuf;

use serde_json::Value;

use crate::world::{Ended, World};

/// A rule whose benchmark adds all products of two numbers, and whose advised side returns what the story says.
const RULE: &str = "id: total-by-pairs
language: Python
message: found
rule: {pattern: pairs($A)}
benchmarks:
  - runtime: python
    sizes: [20, 200]
    setup: |
      def setup(n):
          return list(range(n))
    slow: |
      def run(items):
          return sum(one * other for one in items for other in items)
    fast: |
      def run(items):
          return FAST
";

struct Bench {
    world: World,
    rules: PathBuf,
    evidence: PathBuf,
}

impl Bench {
    async fn new(fast: &str) -> Self {
        let world = World::new().await;
        let rules = world.folder.path().join("rules");
        let evidence = world.folder.path().join("evidence");
        std::fs::create_dir_all(&rules).expect("a folder");
        std::fs::create_dir_all(&evidence).expect("a folder");
        let rule = RULE.replace("FAST", fast);
        std::fs::write(rules.join("total-by-pairs.yml"), rule).expect("a file");
        Self { world, rules, evidence }
    }

    fn measure(&self, more: &[&str]) -> Ended {
        let folder = |path: &PathBuf| path.display().to_string();
        let (rules, evidence) = (folder(&self.rules), folder(&self.evidence));
        let fixed = ["rules", "measure", "--from", &rules, "--evidence", &evidence];
        self.world.run(&[&fixed[..], &["--rounds", "6", "--budget", "1"], more].concat())
    }

    fn rows(&self) -> Vec<csv::StringRecord> {
        let path = self.evidence.join("python.csv");
        let mut reader = csv::Reader::from_path(path).expect("a file");
        reader.records().map(|row| row.expect("a row")).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_benchmark_runs_and_leaves_a_row_for_each_size() {
    let bench = Bench::new("sum(items) ** 2").await;

    let ended = bench.measure(&["total-by-pairs"]);

    assert_eq!((ended.code, ended.stdout.as_str()), (0, ""), "{}", ended.stderr);
    assert!(ended.stderr.starts_with("[1/1] total-by-pairs: "), "{}", ended.stderr);
    let rows = bench.rows();
    let sizes: Vec<_> = rows.iter().map(|row| (&row[0], &row[3])).collect();
    assert_eq!(sizes, [("total-by-pairs", "20"), ("total-by-pairs", "200")]);
    let number =
        |row: &csv::StringRecord, column: usize| row[column].parse::<f64>().expect("a number");
    assert!(rows.iter().all(|row| number(row, 5) <= number(row, 4)), "{rows:?}");
    assert!(number(&rows[1], 5) > 3.0, "40,000 products take longer than 200 sums: {rows:?}");
    let machines = std::fs::read_to_string(bench.evidence.join("machines.csv")).expect("a file");
    assert_eq!(machines.lines().count(), 2, "{machines}");

    let again = bench.measure(&["--missing"]);
    assert_eq!((again.code, again.stderr.as_str()), (0, ""), "what is measured is left alone");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_benchmark_whose_sides_differ_is_refused() {
    let bench = Bench::new("sum(items)").await;

    let ended = bench.measure(&[]);

    assert_eq!(ended.code, 2, "{}", ended.stderr);
    insta::assert_snapshot!(ended.stderr, @"
    [1/1] total-by-pairs: the sides of `total-by-pairs` on python differ with n=20: slow gives 36100, fast gives 190
    error: 1 of 1 benchmarks gave no evidence
    ");
    assert!(!bench.evidence.join("python.csv").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_machine_without_the_runtime_says_so() {
    let mut bench = Bench::new("sum(items) ** 2").await;
    let empty = bench.world.folder.path().join("nothing").display().to_string();
    bench.world.set("PATH", &empty);

    let by_name = bench.measure(&["--runtime", "python"]);
    assert_eq!(by_name.code, 3, "{}", by_name.stderr);
    assert_eq!(
        by_name.stderr,
        "error: python is not on this machine: it takes python3 or python\n"
    );
    let all = bench.measure(&[]);
    assert_eq!(all.code, 3, "{}", all.stderr);
    assert!(all.stderr.contains("benchmarks left out: 1"), "{}", all.stderr);
    let unknown = bench.measure(&["--runtime", "cobol"]);
    assert_eq!(unknown.code, 2);
    assert!(unknown.stderr.contains("there is no runtime \"cobol\""), "{}", unknown.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_is_shown_without_being_run() {
    let bench = Bench::new("exit(1)").await;

    let ended = bench.measure(&["--dry-run"]);

    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{}", ended.stdout);
    assert!(ended.stdout.contains("===== total-by-pairs main.py ====="), "{}", ended.stdout);
    assert!(ended.stdout.contains("return exit(1)"), "{}", ended.stdout);
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_stand_in_a_table_and_one_tells_all() {
    let bench = Bench::new("sum(items)").await;
    let rules = bench.rules.display().to_string();

    let table = bench.world.run(&["rules", "--from", &rules]);
    insta::assert_snapshot!(table.stdout, @r"
    rule            languages  saves          severity  evidence
    total-by-pairs  Python     bestpractices  low       rule
    ");
    let known = bench.world.run(&["rules", "query-in-loop"]);
    assert!(known.stdout.starts_with("query-in-loop  Database query inside a loop\n"), "{known:?}");
    for part in ["\nInstead  ", "\nFlagged\n    ", "\nFine\n    ", "\nEvidence\n", "https://"] {
        assert!(known.stdout.contains(part), "{part}: {}", known.stdout);
    }
    let json = bench.world.run(&["rules", "query-in-loop", "--format", "json"]);
    let json: Value = serde_json::from_str(&json.stdout).expect("JSON");
    assert_eq!((&json["id"], json["evidence"].is_array()), (&"query-in-loop".into(), true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistyped_rule_brings_up_the_ones_that_are_like_it() {
    let world = World::new().await;

    let ended = world.run(&["rules", "query-in-lop"]);

    assert_eq!((ended.code, ended.stdout.as_str()), (2, ""));
    let expected = "error: there is no rule \"query-in-lop\"; the nearest are query-in-loop, ";
    assert!(ended.stderr.starts_with(expected), "{}", ended.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_catalog_drops_the_pages_of_rules_that_are_gone() {
    let bench = Bench::new("sum(items)").await;
    let (rules, docs) = (bench.rules.display().to_string(), bench.world.folder.path().join("docs"));
    std::fs::create_dir_all(&docs).expect("a folder");
    std::fs::write(docs.join("gone.md"), "# Gone\n").expect("a file");

    let ended =
        bench.world.run(&["rules", "--from", &rules, "--docs", &docs.display().to_string()]);

    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""));
    let files =
        std::fs::read_dir(docs).expect("a folder").map(|file| file.expect("it").file_name());
    let mut files: Vec<_> = files.collect();
    files.sort();
    assert_eq!(files, ["README.md", "total-by-pairs.md"]);
}
