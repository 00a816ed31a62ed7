//! `eco-coder scan`, as a person or a CI job runs it, and rules that a repository brings.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use emulators::tools;
use regex::Regex;
use serde_json::Value;
use tempfile::TempDir;

use crate::world::repository::Repository;
use crate::world::{Ended, QUICK, SLOW, World, tree};

const LOW: &str = "def low(prices):\n    return sorted(prices)[0]\n";
/// A rule as people write it for ast-grep.
const OWN: &str = "id: no-legacy-client\nlanguage: python\nseverity: error\nmessage: $A goes through the old client\nnote: The old client opens a connection for each call.\nrule: {pattern: legacy.call($A)}\nfix: client.call($A)\n";

/// A folder without git.
struct Folder(TempDir);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = Self(tempfile::tempdir().expect("a folder"));
        fs::create_dir(folder.path("")).expect("a folder");
        for (path, text) in files {
            folder.write(path, text.as_bytes());
        }
        folder
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join("shop").join(path)
    }

    fn write(&self, path: &str, bytes: &[u8]) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, bytes).expect("a file");
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).expect("a file")
    }

    async fn ended(&self, arguments: &[&str]) -> Ended {
        let world = World::new().await;
        let ended = world.run_in(&self.path(""), &[&["scan"], arguments].concat());
        assert_eq!(world.github.requests().len(), 0);
        ended
    }

    async fn scan(&self, arguments: &[&str]) -> String {
        let ended = self.ended(arguments).await;
        assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{}", ended.stdout);
        ended.stdout
    }

    async fn json(&self, arguments: &[&str]) -> Value {
        let report = self.scan(&[arguments, &["--format", "json"]].concat()).await;
        serde_json::from_str(&report).expect("JSON")
    }
}

/// `path:line rule` of each finding.
fn places(report: &Value) -> Vec<String> {
    let findings = report["findings"].as_array().expect("findings").iter();
    let text = |found: &Value, field: &str| found[field].as_str().unwrap_or_default().to_owned();
    findings
        .map(|found| {
            format!(
                "{}:{} {}",
                text(found, "file_path"),
                found["start_line"],
                text(found, "rule_id")
            )
        })
        .collect()
}

fn skipped(report: &Value) -> Vec<String> {
    let skipped = report["coverage"]["skipped"].as_array().expect("a list").iter();
    skipped
        .map(|one| {
            format!("{}: {}", one["path"].as_str().unwrap(), one["reason"].as_str().unwrap())
        })
        .collect()
}

fn notes(report: &Value) -> String {
    report["coverage"]["notes"].to_string()
}

/// Time and footprint of a scan differ each time.
fn steady(report: &str) -> String {
    let varying = Regex::new(r"· [\d.e-]+ s · [\d.e-]+ gCO2e").expect("a pattern");
    varying.replace_all(report, "· SECONDS · GRAMS").into_owned()
}

fn deep() -> String {
    format!("x = {}sorted(y)[0]{}\n", "(\n".repeat(5_000), ")\n".repeat(5_000))
}

/// What a schema says against a document.
fn faults(schema: &Path, document: &str) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scan/faults.py");
    let mut child = Command::new(tools::schemas_python())
        .arg("-B")
        .args([&script, schema])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    child.stdin.take().expect("stdin").write_all(document.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_without_git_is_scanned_as_it_stands() {
    let folder =
        Folder::new(&[("shop/names.py", SLOW), ("low.py", LOW), ("README.md", "# Shop\n")]);

    insta::assert_snapshot!(steady(&folder.scan(&["--format", "terminal"]).await), @r#"
    Eco-Coder: 2 findings (1 high, 1 low)

    high      shop/names.py:4  Database query inside a loop
              query-in-loop, measured: 13x on CPython 3.11, n=1000
              cursor.execute("SELECT name FROM names WHERE id = %s", (key,))
              Collect the keys first and send one query for the whole set: `WHERE id IN (…)`, a join, or a batch.

    low       low.py:2  Sorting for one element
              sorted-for-one-element, measured: 3.0x on CPython 3.11, n=10^4
              -    return sorted(prices)[0]
              +    return min(prices)
              Use `min()` or `max()`, which take the same `key`.

    Coverage  2 files scanned
              1 file in languages without rules
    Scanned shop · SECONDS · GRAMS (location unknown: world average).
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_markdown_form_shows_a_fix_as_lines_that_go_and_come() {
    let folder = Folder::new(&[("low.py", LOW)]);

    insta::assert_snapshot!(steady(&folder.scan(&["--format", "markdown"]).await), @"
    ### Eco-Coder: 1 finding (1 low)

    | | Where | What | Evidence |
    |---|---|---|---|
    | ⚪ Low | `low.py:2` | Sorting for one element (`sorted-for-one-element`) | measured: 3.0x on CPython 3.11, n=10^4 |

    <details><summary>Why it matters, and what to do instead</summary>

    #### `low.py:2` · `sorted-for-one-element`

    ```diff
    -    return sorted(prices)[0]
    +    return min(prices)
    ```

    `prices` is sorted only to take one element. Sorting compares n log n times and copies the collection; the smallest or largest element takes one pass and no copy.

    **Instead:** Use `min()` or `max()`, which take the same `key`.

    <https://docs.python.org/3/library/functions.html#min> · <https://docs.python.org/3/howto/sorting.html>

    </details>

    <sub>Scanned shop · SECONDS · GRAMS (location unknown: world average).</sub>
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_git_ignores_or_others_wrote_is_left_out_and_said() {
    let folder = Folder::new(&[
        (".gitignore", "build/\n*.gen.py\n"),
        ("build/a.py", SLOW),
        ("a.gen.py", SLOW),
        ("web/node_modules/x/a.js", "x = JSON.parse(JSON.stringify(y));\n"),
        ("made.py", &format!("# @generated by a tool\n{SLOW}")),
        ("app.min.js", "x=1"),
        ("docs/a.py", SLOW),
        (".eco-coder.yml", "ignore: ['docs/**']\n"),
        (".git/hooks/a.py", SLOW),
        (".github/a.py", LOW),
    ]);

    let report = folder.json(&[]).await;

    assert_eq!(places(&report), [".github/a.py:2 sorted-for-one-element"]);
    assert_eq!(
        skipped(&report),
        [
            "app.min.js: minified",
            "docs/a.py: ignored by the settings",
            "made.py: generated",
            "web/node_modules/: vendored"
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn paths_are_named_from_the_root_of_the_tree_wherever_one_stands() {
    let folder = Folder::new(&[
        (".eco-coder.yml", "disabled_rules: [query-in-loop]\n"),
        ("app/low.py", LOW),
        ("app/names.py", SLOW),
        ("other.py", LOW),
    ]);

    let whole = folder.json(&[]).await;
    let part = folder.json(&["app"]).await;
    let file = folder.json(&["app/low.py"]).await;

    assert_eq!(places(&part), ["app/low.py:2 sorted-for-one-element"]);
    assert_eq!(places(&file), places(&part));
    assert_eq!(places(&whole).len(), 2);
    assert_eq!(part["findings"][0]["fingerprint"], whole["findings"][0]["fingerprint"]);
    assert_eq!(part["subject"]["repository"], "shop");
}

#[tokio::test(flavor = "multi_thread")]
async fn input_that_cannot_be_used_is_named() {
    let folder = Folder::new(&[("a.py", LOW)]);
    for (arguments, named) in [
        (&["nowhere"][..], "look for nowhere"),
        (&["a.py", "/"], "is not in the same tree"),
        (&["--rules", "nowhere"], "nowhere is not a folder"),
        (&["--format", "pdf"], "possible values"),
        (
            &["--only", "query-in-lop"],
            "there is no rule `query-in-lop`; the nearest are `query-in-loop`",
        ),
    ] {
        let ended = folder.ended(arguments).await;
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{}", ended.stderr);
        assert!(ended.stderr.contains(named), "{}", ended.stderr);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_cannot_be_followed_are_a_note_and_no_failure() {
    let folder = Folder::new(&[("a.py", LOW), (".eco-coder.yml", "disabled_rules: [nope]\n")]);
    let report = folder.json(&[]).await;
    assert!(notes(&report).contains("there is no rule `nope`"), "{report}");
    assert_eq!(places(&report).len(), 1);

    folder.write(".eco-coder.yml", b"\xff");
    assert!(
        notes(&folder.json(&[]).await).contains("could not be read, so the defaults were used")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn fix_mends_what_holds_says_so_and_has_nothing_left_to_do() {
    let crlf = "\u{feff}low = sorted(a)[0]\r\nhigh = sorted(a)[-1]\r\n";
    let folder = Folder::new(&[("a.py", LOW), ("b.py", crlf), ("c.py", SLOW)]);
    fs::set_permissions(folder.path("a.py"), fs::Permissions::from_mode(0o750)).expect("it");

    let report = folder.json(&["--fix"]).await;

    assert_eq!(folder.read("a.py"), "def low(prices):\n    return min(prices)\n");
    assert_eq!(folder.read("b.py"), "\u{feff}low = min(a)\r\nhigh = sorted(a)[-1]\r\n");
    assert_eq!(folder.read("c.py"), SLOW);
    let mode = fs::metadata(folder.path("a.py")).expect("it").permissions().mode();
    assert_eq!(mode & 0o777, 0o750);
    assert_eq!(places(&report), ["c.py:4 query-in-loop", "b.py:2 sorted-for-one-element"]);
    assert_eq!(report["fixed"].as_array().expect("a list").len(), 2);
    assert!(notes(&report).contains("2 files mended"), "{report}");
    assert_eq!(fs::read_dir(folder.path("")).expect("it").count(), 3, "nothing else is left");

    let again = folder.json(&["--fix"]).await;
    assert_eq!(again["fixed"], Value::Array(Vec::new()));
    assert_eq!(places(&again), places(&report));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_fix_nothing_is_written() {
    let folder = Folder::new(&[("a.py", LOW)]);
    let report = folder.json(&[]).await;
    assert_eq!(folder.read("a.py"), LOW);
    assert_eq!(report["findings"][0]["fix"]["text"], "    return min(prices)");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_brings_rules_of_its_own() {
    let folder = Folder::new(&[
        ("a.py", "legacy.call(x)\n"),
        (".eco-coder/rules/no-legacy-client.yml", OWN),
        (".eco-coder/rules/broken.yml", "id: broken\nlanguage: python\nrule: {kind: nonsense}\n"),
        (".eco-coder/rules/rewriting.yml", &OWN.replace("fix:", "rewriters: []\nfix:")),
        (".eco-coder/rules/notes.md", "# Rules\n"),
        ("more/rules/other.yml", &OWN.replace("no-legacy-client", "other-name")),
    ]);

    let report = folder.json(&[]).await;

    assert_eq!(places(&report), ["a.py:1 no-legacy-client"]);
    assert_eq!(report["findings"][0]["fix"]["text"], "client.call(x)");
    assert!(notes(&report).contains("rule `broken.yml` is not used: "), "{report}");
    assert!(
        notes(&report).contains("rule `rewriting.yml` is not used: it uses `rewriters`"),
        "{report}"
    );
    let other = folder.json(&["--rules", "more/rules"]).await;
    assert_eq!(places(&other), ["a.py:1 other-name"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_rules_that_are_named_run_be_they_ours_or_the_repositorys() {
    let text = format!("{LOW}import os\nlegacy.call(1)\n");
    let folder =
        Folder::new(&[("a.py", text.as_str()), (".eco-coder/rules/no-legacy-client.yml", OWN)]);
    let of = async |only: &str| places(&folder.json(&["--only", only]).await);
    let [low, legacy] = ["a.py:2 sorted-for-one-element", "a.py:4 no-legacy-client"];
    assert_eq!(places(&folder.json(&[]).await), [legacy, low]);
    assert_eq!(of("no-legacy-client").await, [legacy]);
    assert_eq!(of("no-legacy-client,sorted-for-one-element").await, [legacy, low]);
    assert_eq!(of("query-in-loop").await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_and_too_large_rules_are_left_out_and_said() {
    let folder = Folder::new(&[("a.py", "legacy.call(x)\n")]);
    for number in 0..51 {
        let text = OWN.replace("no-legacy-client", &format!("rule-{number:02}"));
        folder.write(&format!(".eco-coder/rules/{number:02}.yml"), text.as_bytes());
    }
    folder.write(".eco-coder/rules/00.yml", format!("# {}\n", "x".repeat(70_000)).as_bytes());

    let report = folder.json(&[]).await;

    assert!(notes(&report).contains("has 51 rules; the first 50 are used"), "{report}");
    assert!(notes(&report).contains("`00.yml` is not used: it is larger than 64 KiB"), "{report}");
    assert_eq!(places(&report).len(), 49);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_review_takes_the_rules_of_the_base_and_not_those_that_it_brings() {
    let rule = ".eco-coder/rules/no-legacy-client.yml";
    let other = OWN.replace("no-legacy-client", "no-legacy-client-either");
    let repository = Repository::with_branch(
        &[("a.py", "x = 1\n"), (rule, OWN)],
        &[("a.py", "legacy.call(x)\n"), (".eco-coder/rules/other.yml", &other)],
    );
    let world = World::new().await;

    let ended = world.run_in(&repository.path(), &["review", "--format", "json"]);

    let report: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    assert_eq!(places(&report), ["a.py:1 no-legacy-client"]);
    assert!(notes(&report).contains("this change touches `.eco-coder/rules`"), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_review_of_a_pull_request_takes_them_from_github() {
    let world = World::new().await;
    let rules = [
        (".eco-coder/rules/own.yml", OWN),
        (".eco-coder/rules/broken.yml", "nonsense"),
        (".eco-coder/rules/below/deep.yml", "nonsense"),
        ("a.py", "x = 1\n"),
    ];
    let mut head = tree(rules);
    head.insert("a.py".into(), b"legacy.call(x)\n".to_vec());
    let number = world.open(tree(rules), head);

    let ended = world.run(&["review", &format!("octo/shop#{number}"), "--format", "json"]);

    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let report: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    assert_eq!(places(&report), ["a.py:1 no-legacy-client"]);
    assert!(notes(&report).contains("rule `broken.yml` is not used: "), "{report}");
    assert!(!notes(&report).contains("deep.yml"), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn sarif_is_valid_by_the_official_schema() {
    let hostile = "my shop/100% \"é\".py";
    let latin = b"x = '\xff'\n";
    let folder = Folder::new(&[("a.py", LOW), ("b.py", SLOW), (hostile, LOW)]);
    folder.write("latin.py", latin);
    let repository = Repository::with_branch(&[("b.py", QUICK)], &[("a.py", LOW), ("b.py", SLOW)]);
    let world = World::new().await;

    let scan = folder.scan(&["--format", "sarif"]).await;
    let review = world.run_in(&repository.path(), &["review", "--format", "sarif"]).stdout;
    let empty = Folder::new(&[("a.py", QUICK)]).scan(&["--format", "sarif"]).await;

    for sarif in [&scan, &review, &empty] {
        assert_eq!(faults(&tools::sarif_schema(), sarif), "", "{sarif}");
    }
    assert_ne!(faults(&tools::sarif_schema(), &scan.replace("\"2.1.0\"", "\"2.0.0\"")), "");
    let scan: Value = serde_json::from_str(&scan).expect("JSON");
    let results = scan["runs"][0]["results"].as_array().expect("results");
    assert_eq!(results.len(), 3);
    let low = results.iter().find(|result| result["ruleId"] == "sorted-for-one-element");
    insta::assert_snapshot!(low.expect("it")["fixes"][0]["artifactChanges"][0], @r#"{"artifactLocation":{"uri":"a.py","uriBaseId":"%SRCROOT%"},"replacements":[{"deletedRegion":{"endColumn":29,"endLine":2,"startColumn":1,"startLine":2},"insertedContent":{"text":"    return min(prices)"}}]}"#);
}

#[tokio::test(flavor = "multi_thread")]
async fn fingerprints_stay_although_lines_move() {
    let folder = Folder::new(&[("a.py", SLOW)]);
    let prints = async || {
        let sarif: Value =
            serde_json::from_str(&folder.scan(&["--format", "sarif"]).await).expect("JSON");
        sarif["runs"][0]["results"][0]["partialFingerprints"].clone()
    };
    let before = prints().await;
    folder.write("a.py", format!("import os\n\n\n{SLOW}").as_bytes());
    assert_eq!(prints().await, before);
    assert!(before["ecoCoder/v1"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_json_form_is_valid_by_the_published_schema() {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/review.schema.json");
    let folder = Folder::new(&[("a.py", LOW), ("b.py", SLOW)]);
    let settings = "workload: {cpu_time_seconds: 2, aws_region: eu-west-1}\n";
    let repository = Repository::with_branch(
        &[(".eco-coder.yml", settings), ("b.py", QUICK)],
        &[("b.py", SLOW)],
    );
    let world = World::new().await;

    let scan = folder.scan(&["--format", "json"]).await;
    let review = world.run_in(&repository.path(), &["review", "--format", "json"]).stdout;

    for report in [&scan, &review] {
        assert_eq!(faults(&schema, report), "", "{report}");
    }
    assert_ne!(faults(&schema, &scan.replace("\"start_line\"", "\"line\"")), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_cannot_be_read_are_named_and_stop_nothing() {
    let folder = Folder::new(&[("a.py", LOW), ("outside/b.py", LOW)]);
    let elsewhere = tempfile::tempdir().expect("a folder");
    fs::write(elsewhere.path().join("secret.py"), SLOW).expect("a file");
    symlink(elsewhere.path().join("secret.py"), folder.path("link.py")).expect("a link");
    symlink(elsewhere.path(), folder.path("folder")).expect("a link");
    symlink("nothing", folder.path("broken.py")).expect("a link");
    symlink("a.py", folder.path("same.py")).expect("a link");
    symlink("..", folder.path("outside/loop")).expect("a link");
    let fifo = Command::new("mkfifo").arg(folder.path("pipe.py")).status().expect("mkfifo");
    assert!(fifo.success());
    folder.write("latin.py", b"x = '\xff'\n");
    folder.write("binary.py", b"x\0\n");
    folder.write("broken_syntax.py", format!("{LOW}\ndef broken(:\n    pass\n").as_bytes());
    folder.write("mark.py", format!("\u{feff}{}", LOW.replace('\n', "\r\n")).as_bytes());
    folder.write("deep.py", deep().as_bytes());
    folder.write("lines.py", "x = sorted(y)[0]\n".repeat(100_000).as_bytes());
    folder.write("one_line.js", "x=JSON.parse(JSON.stringify(y));".repeat(9_000).as_bytes());

    let begun = Instant::now();
    let report = folder.json(&[]).await;
    let fixed = folder.json(&["--fix"]).await;

    assert!(begun.elapsed() < Duration::from_mins(1), "{:?}", begun.elapsed());
    assert_eq!(report["coverage"]["status"], "Partial");
    let found = places(&report);
    for path in ["a.py", "outside/b.py", "broken_syntax.py", "mark.py"] {
        assert!(found.contains(&format!("{path}:2 sorted-for-one-element")), "{path}: {found:?}");
    }
    assert_eq!(found.len(), 4, "{found:?}");
    assert!(notes(&report).contains("syntax errors"), "{report}");
    insta::assert_snapshot!(skipped(&report).join("\n"), @"
    binary.py: binary: it holds NUL bytes
    broken.py: a symbolic link to nothing
    deep.py: nested deeper than 1500 levels
    folder: a symbolic link out of the tree
    latin.py: not UTF-8
    lines.py: larger than 1024 KiB
    link.py: a symbolic link out of the tree
    one_line.js: minified
    pipe.py: not a regular file
    ");
    assert_eq!(fixed["fixed"].as_array().expect("a list").len(), 4);
    let secret = fs::read_to_string(elsewhere.path().join("secret.py")).expect("a file");
    assert_eq!(secret, SLOW);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_review_names_files_that_cannot_be_read_and_reviews_the_rest() {
    let repository = Repository::new(&[("a.py", "x = 1\n")]);
    repository.git(&["checkout", "--quiet", "-b", "feature"]);
    let path = |name: &str| repository.path().join(name);
    fs::write(path("latin.py"), b"x = '\xff'\n").expect("a file");
    symlink("/etc/passwd", path("link.py")).expect("a link");
    fs::write(path("lines.py"), "x = sorted(y)[0]\n".repeat(100_000)).expect("a file");
    fs::write(path("one_line.js"), "x=JSON.parse(JSON.stringify(y));".repeat(9_000)).expect("it");
    fs::write(path("deep.py"), deep()).expect("a file");
    repository.commit(&[("mark.py", &format!("\u{feff}{}", LOW.replace('\n', "\r\n")))]);
    let world = World::new().await;

    let ended = world.run_in(&repository.path(), &["review", "--format", "json"]);

    let report: Value = serde_json::from_str(&ended.stdout).expect("JSON");
    assert_eq!(places(&report), ["mark.py:2 sorted-for-one-element"]);
    insta::assert_snapshot!(skipped(&report).join("\n"), @"
    deep.py: nested deeper than 1500 levels
    latin.py: not UTF-8
    lines.py: larger than 1024 KiB
    link.py: a symbolic link
    one_line.js: minified
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_is_not_flooded_and_the_rest_is_counted() {
    let folder = Folder::new(&[]);
    for number in 0..150 {
        folder.write(&format!("{number}.py"), LOW.as_bytes());
    }
    let report = folder.scan(&["--format", "terminal"]).await;
    assert_eq!(report.matches("sorted-for-one-element, measured: ").count(), 100);
    assert!(report.contains("…and 50 more: `--format json` has all of them"), "{report}");
    let markdown = folder.scan(&["--format", "markdown"]).await;
    assert_eq!(markdown.matches("+    return min(prices)").count(), 50);
    assert!(markdown.contains("…and 100 more, left out here."), "{markdown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn fixes_that_cannot_be_written_are_the_outside_world() {
    // Beside a file with so long a name there is no room for one with a longer name.
    let name = format!("{}.py", "a".repeat(245));
    let folder = Folder::new(&[(&name, LOW), ("b.py", LOW)]);

    let ended = folder.ended(&["--fix", "--format", "json"]).await;

    assert_eq!(ended.code, 3, "{}", ended.stderr);
    assert!(ended.stderr.contains("fixes of 1 file could not be written"), "{}", ended.stderr);
    assert!(ended.stdout.contains("could not be written: File name too long"), "{}", ended.stdout);
    assert_eq!(folder.read(&name), LOW);
    assert_ne!(folder.read("b.py"), LOW);
    assert_eq!(fs::read_dir(folder.path("")).expect("it").count(), 2, "nothing else is left");
}
