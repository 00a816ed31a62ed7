//! `eco-coder review`, as a person or a CI job runs them.

use std::io::Read;
use std::process::Stdio;

use regex::Regex;
use serde_json::Value;

use crate::world::repository::Repository;
use crate::world::{Ended, QUICK, SLOW, World};

const NAMES: &str = "shop/names.py";
/// As py-spy writes them: 90 of 100 samples are in `load`.
const STACKS: &str = "main (run.py:1);load (shop/names.py:4);execute (db.py:7) 60\nmain (run.py:1);load (shop/names.py:5) 30\nmain (run.py:1) 10\n";

fn slower() -> Repository {
    Repository::with_branch(&[(NAMES, QUICK)], &[(NAMES, SLOW)])
}

/// Reviews a local repository, which needs no network.
async fn review(repository: &Repository, arguments: &[&str]) -> Ended {
    let world = World::new().await;
    let ended = world.run_in(&repository.path(), &[&["review"], arguments].concat());
    assert_eq!(world.github.requests().len(), 0);
    ended
}

async fn reviewed(repository: &Repository, arguments: &[&str]) -> String {
    let ended = review(repository, arguments).await;
    assert_eq!((ended.code, ended.stderr.as_str()), (0, ""), "{}", ended.stdout);
    ended.stdout
}

/// Time and footprint of a review differ each time.
fn steady(report: &str) -> String {
    let varying = Regex::new(r"· [\d.e-]+ s · [\d.e-]+ gCO2e").expect("a pattern");
    varying.replace_all(report, "· SECONDS · GRAMS").into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_branch_is_reviewed_against_its_merge_base_with_the_default_branch() {
    let repository = slower();
    repository.git(&["checkout", "--quiet", "main"]);
    repository.commit(&[("shop/other.py", SLOW)]);
    repository.git(&["checkout", "--quiet", "feature"]);

    insta::assert_snapshot!(steady(&reviewed(&repository, &[]).await), @r#"
    ### Eco-Coder: 1 finding (1 high)

    All of it is on lines that this change adds or affects.

    | | Where | What | Evidence |
    |---|---|---|---|
    | 🔴 High | `shop/names.py:4` | Database query inside a loop (`query-in-loop`) | measured: 13x on CPython 3.11, n=1000 |

    **Carbon:** cannot tell: no `workload` in `.eco-coder.yml` says where this code runs and how much CPU time it takes.

    <details><summary>Why it matters, and what to do instead</summary>

    #### `shop/names.py:4` · `query-in-loop`

    ```python
    cursor.execute("SELECT name FROM names WHERE id = %s", (key,))
    ```

    A database query runs once per iteration of this loop. Every pass pays a round trip to the database, plus parsing and planning; the time grows with the number of items although one query could fetch or write them all.

    **Instead:** Collect the keys first and send one query for the whole set: `WHERE id IN (…)`, a join, or a batch.

    <https://docs.djangoproject.com/en/stable/topics/db/optimization/#retrieve-everything-at-once-if-you-know-you-will-need-it>

    </details>

    <sub>Reviewed 2c99d52 against c91f7d9 · embedded planner · $0 · SECONDS · GRAMS (location unknown: world average).</sub>
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn on_the_default_branch_the_last_commit_is_reviewed_against_its_parent() {
    let repository = Repository::new(&[(NAMES, QUICK)]);
    repository.commit(&[("shop/other.py", SLOW)]);
    repository.commit(&[(NAMES, SLOW)]);

    let report = reviewed(&repository, &["--format", "terminal"]).await;

    insta::assert_snapshot!(steady(&report), @r#"
    Eco-Coder: 1 finding (1 high)

    high      shop/names.py:4  Database query inside a loop
              query-in-loop, measured: 13x on CPython 3.11, n=1000
              cursor.execute("SELECT name FROM names WHERE id = %s", (key,))
              Collect the keys first and send one query for the whole set: `WHERE id IN (…)`, a join, or a batch.

    Carbon    cannot tell: no `workload` in `.eco-coder.yml` says where this code runs and how much CPU time it takes
    Coverage  1 of 1 changed file reviewed
    Reviewed 3d8ad0a against 8a6de7c · embedded planner · $0 · SECONDS · GRAMS (location unknown: world average).
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn base_and_head_can_be_named() {
    let repository = Repository::new(&[(NAMES, QUICK)]);
    let first = repository.git(&["rev-parse", "HEAD"]);
    repository.commit(&[(NAMES, SLOW)]);
    repository.git(&["tag", "v1"]);
    repository.commit(&[(NAMES, QUICK)]);

    let report = reviewed(&repository, &["--base", &first[..12], "--head", "v1"]).await;
    assert!(report.starts_with("### Eco-Coder: 1 finding (1 high)"), "{report}");
    let report = reviewed(&repository, &["--base", "v1"]).await;
    assert!(report.starts_with("### Eco-Coder: no findings, 1 fixed"), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_elsewhere_is_named_with_repo() {
    let repository = slower();
    let world = World::new().await;
    let path = repository.path().join("shop").display().to_string();

    let ended = world.run(&["review", "--repo", &path]);

    assert!(ended.stdout.starts_with("### Eco-Coder: 1 finding"), "{ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_commit_of_all_is_reviewed_whole() {
    let repository = Repository::new(&[(NAMES, SLOW)]);

    let report = reviewed(&repository, &[]).await;

    assert!(report.starts_with("### Eco-Coder: 1 finding"), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_to_report_is_one_line_and_what_was_looked_at() {
    let repository = Repository::with_branch(&[(NAMES, QUICK)], &[("README.md", "# Shop\n")]);

    insta::assert_snapshot!(steady(&reviewed(&repository, &[]).await), @"
    ### Eco-Coder: no findings

    <details><summary>Coverage: 0 of 1 changed file reviewed</summary>

    - 1 file in languages without rules

    </details>

    <sub>Reviewed cb88b7b against c91f7d9 · embedded planner · $0 · SECONDS · GRAMS (location unknown: world average).</sub>
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_json_report_has_every_figure_with_its_evidence() {
    let report = reviewed(&slower(), &["--format", "json"]).await;

    let report: Value = serde_json::from_str(&report).expect("JSON");
    assert_eq!(report["version"], 1);
    assert_eq!(report["subject"]["repository"], "shop");
    let finding = &report["findings"][0];
    assert_eq!((&finding["rule_id"], &finding["start_line"]), (&"query-in-loop".into(), &4.into()));
    assert_eq!(finding["evidence"], "planner-0-analyze_code#/recommendations/0");
    assert_eq!(report["carbon"]["status"], "cannot_tell");
    assert_eq!(report["cost"]["usd"], 0.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn sarif_names_rule_place_and_fingerprint_of_each_finding() {
    let path = "my shop/100%.py";
    let repository = Repository::with_branch(&[("a", "b")], &[(path, SLOW), (NAMES, SLOW)]);

    let sarif = reviewed(&repository, &["--format", "sarif"]).await;

    let sarif: Value = serde_json::from_str(&sarif).expect("JSON");
    assert_eq!(sarif["version"], "2.1.0");
    let run = &sarif["runs"][0];
    let results = run["results"].as_array().expect("results");
    assert_eq!(results.len(), 2);
    for result in results {
        let rule = result["ruleIndex"].as_u64().expect("an index") as usize;
        assert_eq!(run["tool"]["driver"]["rules"][rule]["id"], result["ruleId"]);
        assert!(["error", "warning", "note"].contains(&result["level"].as_str().expect("a level")));
        assert!(result["message"]["text"].as_str().is_some_and(|text| !text.is_empty()));
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["region"]["startLine"], 4);
        let uri = place["artifactLocation"]["uri"].as_str().expect("a URI");
        assert!(["my%20shop/100%25.py", NAMES].contains(&uri), "{uri}");
        assert!(result["partialFingerprints"]["ecoCoder/v1"].is_string());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_html_page_needs_nothing_from_elsewhere_and_shows_hostile_names_as_text() {
    let hostile = "shop/<img src=x onerror=alert(1)>.py";
    let code = SLOW.replace("SELECT name", "</code></pre><script>alert(1)</script>");
    let repository = Repository::with_branch(&[("a", "b")], &[(hostile, SLOW), (NAMES, &code)]);

    let page = reviewed(&repository, &["--format", "html"]).await;

    assert!(page.starts_with("<!doctype html>") || page.starts_with("<!DOCTYPE html>"), "{page}");
    assert!(page.contains("&lt;img src=x onerror=alert(1)&gt;.py"), "{page}");
    for markup in ["<img", "<script", " src=\"", "<link", "@import", "</code></pre><"] {
        assert!(!page.contains(markup), "{markup}: {page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_terminal_is_not_steered_by_what_a_change_holds() {
    let code = SLOW.replace("SELECT name", "\u{1b}[2J\u{1b}]0;owned\u{7}");
    let repository = Repository::with_branch(&[(NAMES, QUICK)], &[(NAMES, &code)]);

    let report = reviewed(&repository, &["--format", "terminal"]).await;

    assert!(report.contains("query-in-loop"), "{report}");
    assert!(!report.contains('\u{1b}') && !report.contains('\u{7}'), "{report:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_goes_to_a_file_whose_name_tells_the_format() {
    let repository = slower();
    let out = repository.path().join("report.sarif");

    let said = reviewed(&repository, &["--out", &out.display().to_string()]).await;

    assert_eq!(said, "");
    let report = std::fs::read_to_string(out).expect("the report");
    assert!(report.contains("\"version\": \"2.1.0\""), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_tells_the_share_of_run_time_that_a_finding_touches() {
    let repository = slower();
    let profile = repository.path().with_file_name("cpu.txt");
    std::fs::write(&profile, STACKS).expect("it");

    let report = reviewed(&repository, &["--profile", &profile.display().to_string()]).await;

    assert!(
        report.contains("profiled: this line takes 60 % of the time, its function 90 %"),
        "{report}"
    );
    assert!(report.contains("most time of its own in the profile is `execute`"), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_that_a_profile_names_without_its_file_is_not_taken_for_ours() {
    let repository = slower();
    let profile = repository.path().with_file_name("cpu.txt");
    std::fs::write(&profile, "main;load 9\nmain 1\n").expect("a file");

    let report = reviewed(&repository, &["--profile", &profile.display().to_string()]).await;

    assert!(!report.contains("profiled:"), "{report}");
    assert!(report.contains("| `load` |  | 90 % |"), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_in_the_repository_is_found_by_the_settings() {
    let settings = (".eco-coder.yml", "profiles: ['profiles/*.collapsed']\n");
    let profile = ("profiles/cpu.collapsed", STACKS);
    let repository =
        Repository::with_branch(&[settings, (NAMES, QUICK), profile], &[(NAMES, SLOW)]);

    let report = reviewed(&repository, &[]).await;

    assert!(
        report.contains("profiled: this line takes 60 % of the time, its function 90 %"),
        "{report}"
    );
    assert!(report.contains("From `profiles/cpu.collapsed"), "{report}");
}

#[cfg(feature = "odbl-data")]
#[tokio::test(flavor = "multi_thread")]
async fn a_workload_in_the_settings_gives_grams_with_an_interval() {
    let settings = "workload: {cpu_time_seconds: 2, ram_usage_mb: 512, aws_region: eu-west-1, executions: 1000}\n";
    let repository =
        Repository::with_branch(&[(".eco-coder.yml", settings), (NAMES, QUICK)], &[(NAMES, SLOW)]);

    let report = reviewed(&repository, &[]).await;

    let carbon = report.lines().find(|line| line.starts_with("**Carbon:**")).expect("a line");
    insta::assert_snapshot!(carbon, @"**Carbon:** 0.000791 gCO2e per execution (90 % interval 0.00041 to 0.00152), 0.791 gCO2e for 1000 executions");
    assert!(report.contains("How the carbon figure came about"), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_region_that_nobody_knows_is_not_guessed() {
    let settings = "workload: {cpu_time_seconds: 2, aws_region: eu-west-9}\n";
    let repository =
        Repository::with_branch(&[(".eco-coder.yml", settings), (NAMES, QUICK)], &[(NAMES, SLOW)]);

    let report = reviewed(&repository, &[]).await;

    let carbon = report.lines().find(|line| line.starts_with("**Carbon:**")).expect("a line");
    insta::assert_snapshot!(carbon, @r#"**Carbon:** cannot tell: unknown AWS region "eu-west-9"; the nearest known ones are eu-west-1, eu-west-2, eu-west-3."#);
}

#[tokio::test(flavor = "multi_thread")]
async fn input_that_cannot_be_used_is_named_with_what_to_do() {
    let repository = slower();
    let elsewhere = World::new().await;
    let said = |ended: Ended| {
        assert_eq!((ended.code, ended.stdout.as_str()), (2, ""), "{}", ended.stderr);
        ended.stderr.replace(&repository.path().display().to_string(), "REPO")
    };

    let unknown = said(review(&repository, &["--base", "v9"]).await);
    assert!(unknown.contains("\"v9\" names no commit in REPO"), "{unknown}");
    let hostile = said(review(&repository, &["--head=--output=x"]).await);
    assert!(hostile.contains("\"--output=x\" names no commit in REPO"), "{hostile}");
    let outside = said(elsewhere.run(&["review"]));
    assert!(outside.contains("is not inside a git work tree (pass --repo PATH)"), "{outside}");
    let missing = said(elsewhere.run(&["review", "--repo", "nowhere"]));
    assert!(missing.contains("nowhere does not exist"), "{missing}");
    for wrong in ["octo/shop", "octo/shop#zero", "octo#1", "a/b/c#1", "/shop#1", "octo/shop#-1"] {
        let wrong_name = said(review(&repository, &[wrong]).await);
        assert!(wrong_name.contains("write OWNER/REPO#NUMBER"), "{wrong_name}");
    }
    let profile = said(review(&repository, &["--profile", "nowhere.txt"]).await);
    assert!(profile.contains("read the profile nowhere.txt: No such file"), "{profile}");
    let posting = said(review(&repository, &["--post"]).await);
    assert!(posting.contains("OWNER/REPO#NUMBER"), "{posting}");
    let both = said(review(&repository, &["octo/shop#1", "--base", "main"]).await);
    assert!(both.contains("cannot be used with"), "{both}");
    let format = said(review(&repository, &["--format", "pdf"]).await);
    assert!(
        format.contains("[possible values: markdown, json, html, sarif, terminal]"),
        "{format}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_repository_has_nothing_to_review_and_says_so() {
    let folder = tempfile::tempdir().expect("a folder");
    let repository = Repository::new(&[("a", "b")]);
    repository.git(&["init", "--quiet", &folder.path().display().to_string()]);
    let world = World::new().await;

    let ended = world.run_in(folder.path(), &["review"]);

    assert_eq!(ended.code, 2, "{}", ended.stderr);
    assert!(ended.stderr.contains("\"HEAD\" names no commit"), "{}", ended.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_cannot_be_written_is_the_outside_world() {
    let ended = review(&slower(), &["--out", "no/such/folder/report.md"]).await;

    assert_eq!(ended.code, 3, "{}", ended.stderr);
    assert!(
        ended.stderr.contains("write the report to no/such/folder/report.md"),
        "{}",
        ended.stderr
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pull_request_is_reviewed_and_nothing_is_posted_unless_asked_for() {
    let world = World::new().await;
    let number = world.open_pull_request();

    for arguments in [&["--dry-run"][..], &[]] {
        let name = format!("octo/shop#{number}");
        let ended = world.run(&[&["review", &name], arguments].concat());
        assert_eq!(ended.code, 0, "{}", ended.stderr);
        assert!(ended.stdout.starts_with("### Eco-Coder: 1 finding"), "{}", ended.stdout);
    }

    assert_eq!(world.github.comments(number), []);
    assert!(world.github.requests().iter().all(|request| request.method == "GET"));
}

#[tokio::test(flavor = "multi_thread")]
async fn post_leaves_the_comment_and_says_where() {
    let world = World::new().await;
    let number = world.open_pull_request();
    let name = format!("octo/shop#{number}");

    let first = world.run(&["review", &name, "--post"]);
    world.github.push(number, crate::world::tree([("shop/more.py", SLOW)]));
    let second = world.run(&["review", &name, "--post"]);

    assert_eq!((first.code, second.code), (0, 0), "{}{}", first.stderr, second.stderr);
    let place = format!("posted: https://github.com/octo/shop/pull/{number}#issuecomment-");
    assert!(first.stderr.contains(&place), "{}", first.stderr);
    assert!(world.comment(number).starts_with("### Eco-Coder: 2 findings"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_on_disk_counts_for_a_pull_request_too() {
    let world = World::new().await;
    let number = world.open_pull_request();
    std::fs::write(world.folder.path().join("cpu.txt"), STACKS).expect("a file");

    let ended = world.run(&["review", &format!("octo/shop#{number}"), "--profile", "cpu.txt"]);

    assert!(
        ended.stdout.contains("profiled: this line takes 60 % of the time, its function 90 %"),
        "{ended:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_the_message_says_what_to_set() {
    let mut world = World::new().await;
    let number = world.open_pull_request();
    world.set("ECO_CODER_GITHUB_TOKEN", "");

    let reading = world.run(&["review", &format!("octo/shop#{number}")]);
    assert_eq!(reading.code, 3, "{}", reading.stderr);
    assert!(reading.stderr.contains("without a token (set GITHUB_TOKEN)"), "{}", reading.stderr);
    let posting = world.run(&["review", &format!("octo/shop#{number}"), "--post"]);
    assert_eq!(posting.code, 2, "{}", posting.stderr);
    assert!(posting.stderr.contains("set GITHUB_TOKEN"), "{}", posting.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pull_request_that_is_not_there_is_the_outside_world() {
    let world = World::new().await;

    let ended = world.run(&["review", "octo/shop#999"]);

    assert_eq!(ended.code, 3, "{}", ended.stderr);
    assert!(ended.stderr.contains("octo/shop#999"), "{}", ended.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_github_that_is_down_is_the_outside_world() {
    let mut world = World::new().await;
    world.set("ECO_CODER_GITHUB_API_URL", "http://127.0.0.1:9");

    let ended = world.run(&["review", "octo/shop#1"]);

    assert_eq!(ended.code, 3, "{}", ended.stderr);
    assert!(ended.stderr.contains("GitHub cannot be reached"), "{}", ended.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_has_enough_ends_no_command_badly() {
    let world = World::new().await;
    let repository = slower();

    for arguments in [&["rules"][..], &["review"], &["review", "--format", "json"], &["--help"]] {
        let mut command = world.command(arguments);
        command.current_dir(repository.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        drop(child.stdout.take());
        let mut stderr = String::new();
        child.stderr.take().expect("stderr").read_to_string(&mut stderr).expect("text");
        let status = child.wait().expect("it ends");
        assert!(status.success(), "{arguments:?}: {status} {stderr}");
        assert_eq!(stderr, "", "{arguments:?}");
    }
}

#[cfg(not(feature = "aws"))]
#[tokio::test(flavor = "multi_thread")]
async fn a_build_without_aws_says_so_when_it_is_asked_for() {
    let ended = review(&slower(), &["--driver", "bedrock"]).await;

    assert_eq!(ended.code, 2, "{}", ended.stderr);
    assert!(ended.stderr.contains("build with the feature `aws`"), "{}", ended.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shallow_clone_is_not_taken_for_all_new() {
    let world = World::new().await;
    let repository = Repository::new(&[(NAMES, QUICK)]);
    repository.commit(&[(NAMES, SLOW)]);
    let clone = world.folder.path().join("clone").display().to_string();
    let origin = format!("file://{}", repository.path().display());
    repository.git(&["clone", "--quiet", "--depth", "1", &origin, &clone]);

    let ended = world.run(&["review", "--repo", &clone]);

    assert_eq!(ended.code, 2, "{ended:?}");
    assert!(
        ended.stderr.contains("shallow clone") && ended.stderr.contains("fetch-depth: 0"),
        "{ended:?}"
    );
}

#[tokio::test]
async fn output_that_is_lost_is_a_failure() {
    let world = World::new().await;
    for arguments in [
        &["rules"][..],
        &["models", "list", "--configured"],
        &["models", "key", "ci"],
        &["footprint", "--cpu-seconds", "1"],
    ] {
        let full = std::fs::File::create("/dev/full").expect("Linux has one");
        let ended = world.command(arguments).stdout(full).output().expect("it runs");
        let said = String::from_utf8_lossy(&ended.stderr);
        assert_eq!(ended.status.code(), Some(3), "{arguments:?}: {said}");
        assert!(said.contains("write to standard output"), "{arguments:?}: {said}");
    }
}
