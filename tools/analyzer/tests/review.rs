//! What a review of a change says, told as stories.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use analyzer::{Analyzer, Settings};
use contract::{Change, ChangedFile, CodeReview};

const QUERY: &str = "def load(cursor, ids):\n    for key in ids:\n        cursor.execute('SELECT 1 WHERE id = %s', (key,))\n";

static ANALYZER: LazyLock<Analyzer> =
    LazyLock::new(|| Analyzer::bundled(Settings::default()).unwrap());

fn file(path: &str, base: Option<&[u8]>, head: Option<&[u8]>) -> ChangedFile {
    ChangedFile {
        path: path.into(),
        base: base.map(Into::into),
        head: head.map(Into::into),
        ..ChangedFile::default()
    }
}

fn review_files(files: Vec<ChangedFile>) -> CodeReview {
    ANALYZER.review(&Change { base_sha: "b".into(), head_sha: "h".into(), files })
}

fn review(base: &str, head: &str) -> CodeReview {
    review_files(vec![file("app.py", Some(base.as_bytes()), Some(head.as_bytes()))])
}

fn added(path: &str, head: &[u8]) -> CodeReview {
    review_files(vec![file(path, None, Some(head))])
}

fn counts(review: &CodeReview) -> (usize, usize, usize, usize) {
    (review.total_recommendations, review.fixed.len(), review.existing, review.suppressed)
}

fn skip_reason(review: &CodeReview) -> &str {
    assert_eq!(review.files_reviewed, 0);
    &review.skipped.first().expect("a skipped file").reason
}

#[test]
fn tests_in_the_file_that_they_test_are_tests() {
    let shift = "fn keep(mut all: Vec<u8>) { while !all.is_empty() { all.remove(0); } }\n";
    assert_eq!(added("src/a.rs", shift.as_bytes()).total_recommendations, 1);
    for before in ["#[cfg(test)]\nmod tests {\n", "mod a {\n#[test]\n"] {
        let text = format!("{before}{shift}}}\n");
        assert_eq!(added("src/a.rs", text.as_bytes()).total_recommendations, 0, "{text}");
    }
}

#[test]
fn a_finding_tells_where_what_why_and_what_instead() {
    let review = added("app/load.py", QUERY.as_bytes());
    insta::assert_snapshot!(serde_json::to_string_pretty(&review).unwrap(), @r#"
    {
      "review_id": "analyzer-638609d811fe81a2",
      "status": "Completed",
      "recommendations": [
        {
          "file_path": "app/load.py",
          "start_line": 3,
          "end_line": 3,
          "severity": "High",
          "category": "Performance",
          "description": "A database query runs once per iteration of this loop. Every pass pays a round trip to the database, plus parsing and planning; the time grows with the number of items although one query could fetch or write them all.",
          "recommendation": "Collect the keys first and send one query for the whole set: `WHERE id IN (…)`, a join, or a batch.",
          "rule_id": "query-in-loop",
          "title": "Database query inside a loop",
          "excerpt": "cursor.execute('SELECT 1 WHERE id = %s', (key,))",
          "function": "load",
          "fingerprint": "fff78c30a4a53728",
          "references": [
            "https://docs.djangoproject.com/en/stable/topics/db/optimization/#retrieve-everything-at-once-if-you-know-you-will-need-it"
          ],
          "source": "analyzer",
          "measured": {
            "text": "13x on CPython 3.11, n=1000",
            "ratio": 12.84,
            "low": 12.35,
            "high": 13.25
          }
        }
      ],
      "total_recommendations": 1,
      "fixed": [],
      "existing": 0,
      "suppressed": 0,
      "files_reviewed": 1,
      "skipped": [],
      "notes": []
    }
    "#);
}

#[test]
fn a_finding_on_an_added_line_is_new() {
    assert_eq!(counts(&review("", QUERY)), (1, 0, 0, 0));
}

#[test]
fn a_finding_on_an_untouched_line_was_there_before() {
    let head = format!("import os\n\n\n{QUERY}");
    assert_eq!(counts(&review(QUERY, &head)), (0, 0, 1, 0));
}

#[test]
fn a_loop_put_around_an_untouched_line_makes_its_finding_new() {
    let base = "def load(cursor, key):\n    if key:\n        cursor.execute('SELECT 1 WHERE id = %s', (key,))\n";
    let head = base.replace("if key:", "for key in KEYS:");
    let review = review(base, &head);
    assert_eq!(counts(&review), (1, 0, 0, 0));
    assert_eq!(review.recommendations[0].start_line, 3);
}

#[test]
fn a_finding_that_is_gone_was_fixed() {
    let review = review(QUERY, "def load(cursor, ids):\n    return ids\n");
    assert_eq!(counts(&review), (0, 1, 0, 0));
    assert_eq!(review.fixed[0].rule_id, "query-in-loop");
}

#[test]
fn a_deleted_file_fixes_nothing() {
    let review = review_files(vec![file("app.py", Some(QUERY.as_bytes()), None)]);
    assert_eq!(counts(&review), (0, 0, 0, 0));
    assert_eq!((review.files_reviewed, review.skipped.len()), (0, 0));
    assert_eq!(review.notes, ["1 file deleted"]);
}

#[test]
fn a_renamed_file_keeps_its_findings() {
    let mut renamed = file("new.py", Some(QUERY.as_bytes()), Some(QUERY.as_bytes()));
    renamed.previous_path = Some("old.py".into());
    assert_eq!(counts(&review_files(vec![renamed])), (0, 0, 1, 0));
}

#[test]
fn a_twin_added_above_an_old_finding_is_the_only_new_one() {
    let head = format!("{QUERY}\n{QUERY}");
    assert_eq!(counts(&review(QUERY, &head)), (1, 0, 1, 0));
}

#[test]
fn a_fingerprint_outlives_moved_lines_and_other_spacing() {
    let one = added("a.py", QUERY.as_bytes());
    let other = added(
        "a.py",
        format!("import os\n\n{}", QUERY.replace(", (key", ",\n            (key")).as_bytes(),
    );
    assert_eq!(one.recommendations[0].fingerprint, other.recommendations[0].fingerprint);
    let elsewhere = added("b.py", QUERY.as_bytes());
    assert_ne!(one.recommendations[0].fingerprint, elsewhere.recommendations[0].fingerprint);
}

#[test]
fn equal_findings_in_one_file_have_different_fingerprints() {
    let review = added("a.py", format!("{QUERY}\n{QUERY}").as_bytes());
    assert_eq!(review.total_recommendations, 2);
    assert_ne!(review.recommendations[0].fingerprint, review.recommendations[1].fingerprint);
}

#[test]
fn nested_matches_of_one_rule_count_once() {
    let review = added(
        "a.js",
        b"const x = () => JSON.parse(JSON.stringify(JSON.parse(JSON.stringify(y))));\n",
    );
    assert_eq!(review.total_recommendations, 1);
}

#[test]
fn a_comment_silences_its_own_line_or_the_next() {
    let same =
        QUERY.replace("(key,))", "(key,))  # eco-coder:ignore query-in-loop because there are two");
    assert_eq!(counts(&added("a.py", same.as_bytes())), (0, 0, 0, 1));
    let above = QUERY.replace("        cursor", "        # eco-coder:ignore\n        cursor");
    assert_eq!(counts(&added("a.py", above.as_bytes())), (0, 0, 0, 1));
    let block =
        b"/* eco-coder:ignore clone-through-json */\nconst x = () => JSON.parse(JSON.stringify(y));\n";
    assert_eq!(counts(&added("a.js", block)), (0, 0, 0, 1));
}

#[test]
fn a_comment_silences_only_the_rule_that_it_names_and_only_there() {
    let other = QUERY.replace("(key,))", "(key,))  # eco-coder:ignore bare-except");
    assert_eq!(counts(&added("a.py", other.as_bytes())), (1, 0, 0, 0));
    let trailing = QUERY.replace("in ids:", "in ids:  # eco-coder:ignore query-in-loop");
    assert_eq!(counts(&added("a.py", trailing.as_bytes())), (1, 0, 0, 0));
    let text = QUERY.replace("'SELECT", "'eco-coder:ignore SELECT");
    assert_eq!(counts(&added("a.py", text.as_bytes())), (1, 0, 0, 0));
}

#[test]
fn the_comment_of_another_linter_silences_the_rule_that_it_has_too() {
    let python = |comment: &str| {
        let code = format!("try:\n    save()\nexcept:{comment}\n    pass\n");
        counts(&added("a.py", code.as_bytes()))
    };
    assert_eq!(python("  # noqa: E722, B001"), (0, 0, 0, 1));
    assert_eq!(python("  # noqa"), (0, 0, 0, 1));
    assert_eq!(python("  # NOQA because the caller logs it"), (0, 0, 0, 1));
    assert_eq!(python("  # noqa: E501"), (1, 0, 0, 0));
    assert_eq!(python("  # nosec"), (1, 0, 0, 0), "not a matter of security");

    let script = "async function f(keys) {\n  for (const key of keys) {\n    // MARK\n    show(await fetch(key));\n  }\n}\n";
    let javascript = |mark: &str| counts(&added("a.js", script.replace("MARK", mark).as_bytes()));
    assert_eq!(javascript("eslint-disable-next-line no-await-in-loop -- in order"), (0, 0, 0, 1));
    assert_eq!(javascript("eslint-disable-next-line no-console"), (1, 0, 0, 0));
    assert_eq!(javascript("eslint-disable-line no-await-in-loop"), (1, 0, 0, 0));
}

#[test]
fn a_finding_whose_line_is_rewritten_is_not_fixed() {
    let head = QUERY.replace("'SELECT 1 WHERE", "'SELECT 2 WHERE");
    assert_eq!(counts(&review(QUERY, &head)), (1, 0, 0, 0));
    let elsewhere = head.replace("def load", "def read");
    assert_eq!(counts(&review(QUERY, &elsewhere)), (1, 1, 0, 0));
}

#[test]
fn silencing_an_old_finding_does_not_fix_it() {
    let head = QUERY.replace("(key,))", "(key,))  # eco-coder:ignore");
    assert_eq!(counts(&review(QUERY, &head)), (0, 0, 0, 1));
}

#[test]
fn a_byte_order_mark_and_windows_line_endings_change_nothing() {
    let head = format!("\u{feff}{}", QUERY.replace('\n', "\r\n"));
    let review = added("a.py", head.as_bytes());
    assert_eq!(review.recommendations[0].start_line, 3);
    assert_eq!(
        review.recommendations[0].excerpt,
        "cursor.execute('SELECT 1 WHERE id = %s', (key,))"
    );
    assert_eq!(
        review.recommendations[0].fingerprint,
        added("a.py", QUERY.as_bytes()).recommendations[0].fingerprint
    );
}

#[test]
fn code_with_syntax_errors_is_reviewed_as_far_as_it_can_be_read() {
    let review = added("a.py", format!("{QUERY}\n\ndef broken(:\n    pass\n").as_bytes());
    assert_eq!(review.total_recommendations, 1);
    assert_eq!(review.notes, ["syntax errors, reviewed as far as the code could be read: a.py"]);
    assert_eq!(review.status, "Completed");
}

#[test]
fn files_that_nobody_wrote_here_are_left_out_with_a_reason() {
    let generated = format!("# @generated by a tool\n{QUERY}");
    assert_eq!(skip_reason(&added("a.py", generated.as_bytes())), "generated");
    assert_eq!(skip_reason(&added("vendor/a.py", QUERY.as_bytes())), "vendored: below `vendor/`");
    assert_eq!(skip_reason(&added("a.min.js", b"x")), "minified");
    assert_eq!(skip_reason(&added("a.js", "x=1;".repeat(2_000).as_bytes())), "minified");
    assert_eq!(added("vendor/a.py", QUERY.as_bytes()).status, "Completed");
}

#[test]
fn files_that_cannot_be_read_make_the_review_partial() {
    assert_eq!(skip_reason(&added("a.py", b"x = '\xff\xfe'\n")), "not UTF-8");
    assert_eq!(skip_reason(&added("a.py", b"x\0\n")), "binary: it holds NUL bytes");
    assert_eq!(
        skip_reason(&added("a.py", "x = 1\n".repeat(300_000).as_bytes())),
        "larger than 1024 KiB"
    );
    let symlink = ChangedFile {
        path: "a.py".into(),
        unreadable: Some("a symlink".into()),
        ..ChangedFile::default()
    };
    let review = review_files(vec![symlink]);
    assert_eq!(skip_reason(&review), "a symlink");
    assert_eq!(review.status, "Partial");
}

#[test]
fn files_in_other_languages_are_one_note() {
    let review = review_files(vec![
        file("README.md", None, Some(b"# a")),
        file("Cargo.lock", None, Some(b"a")),
    ]);
    assert!(review.skipped.is_empty());
    assert_eq!(review.notes, ["2 files in languages without rules"]);
}

#[test]
fn deep_nesting_neither_crashes_nor_stalls() {
    let started = Instant::now();
    for (open, close) in [("(", ")"), ("[", "]"), ("-", ""), ("not ", ""), ("f(lambda: ", ")")] {
        let (open, close) = (format!("{open}\n"), format!("{close}\n"));
        let code = format!(
            "for x in y:\n  z = ({}re.compile('a'){})\n",
            open.repeat(10_000),
            close.repeat(10_000)
        );
        assert_eq!(
            skip_reason(&added("a.py", code.as_bytes())),
            "nested deeper than 1500 levels",
            "{open}"
        );
    }
    for text in ["(".repeat(4_000), "{[".repeat(2_000), "if x:\n ".repeat(600)] {
        added("a.py", format!("{text}\nfor x in y: re.compile('a')\n").as_bytes());
        added("a.js", format!("{text}\nfor (;;) new RegExp('a')\n").as_bytes());
    }
    assert!(started.elapsed() < Duration::from_mins(1), "{:?}", started.elapsed());
}

#[test]
fn floods_of_findings_and_of_comments_are_survived() {
    let flood = "f = () => JSON.parse(JSON.stringify(a));\n".repeat(2_000);
    assert_eq!(skip_reason(&added("a.js", flood.as_bytes())), "more than 1000 findings");
    let started = Instant::now();
    let comments = format!("{}{QUERY}", "# eco-coder:ignore x\n".repeat(40_000));
    assert_eq!(added("a.py", comments.as_bytes()).total_recommendations, 1);
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
}

#[test]
fn settings_turn_rules_off_and_leave_paths_out() {
    let settings = Settings {
        disabled_rules: vec!["query-in-loop".into()],
        ignore: vec!["docs/**".into()],
        ..Settings::default()
    };
    let analyzer = Analyzer::bundled(settings).unwrap();
    let files = vec![
        file("a.py", None, Some(QUERY.as_bytes())),
        file("docs/a.py", None, Some(QUERY.as_bytes())),
    ];
    let review = analyzer.review(&Change { files, ..Change::default() });
    assert_eq!((review.total_recommendations, review.files_reviewed), (0, 1));
    assert_eq!(review.skipped[0].reason, "ignored by the settings");
}

#[test]
fn wrong_settings_name_what_is_wrong() {
    let unknown = Settings { disabled_rules: vec!["qurey-in-loop".into()], ..Settings::default() };
    insta::assert_snapshot!(
        Analyzer::bundled(unknown).err().unwrap(),
        @"there is no rule `qurey-in-loop`; the nearest are `query-in-loop`, `defer-in-loop`, `await-in-loop`"
    );
    let glob = Settings { ignore: vec!["docs/[".into()], ..Settings::default() };
    insta::assert_snapshot!(
        Analyzer::bundled(glob).err().unwrap(),
        @"the path pattern `docs/[` cannot be used: unclosed character class; missing ']'"
    );
}

#[test]
fn a_base_that_cannot_be_read_leaves_only_findings_on_changed_lines() {
    let base = [QUERY.as_bytes(), b"\xff\n"].concat();
    let review = review_files(vec![file("a.py", Some(&base), Some(QUERY.as_bytes()))]);
    assert_eq!(counts(&review), (0, 0, 1, 0));
    assert_eq!(
        review.notes,
        ["base could not be reviewed, so only findings on changed lines count: a.py (not UTF-8)"]
    );
}

#[test]
fn findings_come_by_severity_then_path_then_line() {
    let low = "x = sorted(y)[0]\n";
    let files = vec![
        file("b.py", None, Some(low.as_bytes())),
        file("c.py", None, Some(QUERY.as_bytes())),
        file("a.py", None, Some(low.as_bytes())),
    ];
    let order: Vec<_> =
        review_files(files).recommendations.into_iter().map(|found| found.file_path).collect();
    assert_eq!(order, ["c.py", "a.py", "b.py"]);
}

#[test]
fn a_test_may_block_its_thread() {
    let code = b"async fn poll() {\n    std::thread::sleep(Duration::from_secs(1));\n}\n";
    assert_eq!(counts(&added("src/poll.rs", code)), (1, 0, 0, 0));
    assert_eq!(counts(&added("tests/poll.rs", code)), (0, 0, 0, 0));
}

#[test]
fn findings_in_tests_are_of_low_severity() {
    assert_eq!(
        added("tests/load.py", QUERY.as_bytes()).recommendations[0].severity,
        contract::Severity::Low
    );
    assert_eq!(
        added("load.py", QUERY.as_bytes()).recommendations[0].severity,
        contract::Severity::High
    );
}

#[test]
fn sql_in_a_string_is_judged_where_it_stands() {
    let text = "def load(cursor, limit):\n    cursor.execute('''\n        SELECT id FROM quotes\n        WHERE lang = %s\n        ORDER BY random() LIMIT {limit}\n    ''')\n\nprose = 'select a random quote from the list'\n";
    let review = added("app/quotes.py", text.as_bytes());
    let found: Vec<_> = review.recommendations.iter().collect();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].rule_id.as_str(), found[0].start_line), ("order-by-random", 5));
    assert_eq!(found[0].excerpt, "ORDER BY random() LIMIT {limit}");
    assert_eq!(found[0].function.as_deref(), Some("load"));
}

#[test]
fn a_finding_in_code_that_runs_seldom_says_why_and_comes_after_the_others() {
    let shift = "        while waiting:\n            show(waiting.pop(0))\n";
    let text = format!(
        "def work(waiting):\n    if waiting:\n{shift}\ndef refuse(waiting):\n    if waiting:\n{shift}        raise ValueError(waiting)\n"
    );
    let seldom = |path: &str| -> Vec<_> {
        let review = added(path, text.as_bytes());
        review.recommendations.into_iter().map(|found| (found.start_line, found.seldom)).collect()
    };
    let why = |why: &str| Some(why.to_owned());
    assert_eq!(seldom("app/queue.py"), [(4, None), (9, why("error path"))]);
    assert_eq!(seldom("scripts/queue.py"), [(4, why("script")), (9, why("script"))]);
}

#[test]
fn a_query_in_a_loop_waits_for_the_database_however_seldom_it_runs() {
    assert_eq!(added("scripts/load.py", QUERY.as_bytes()).recommendations[0].seldom, None);
}

#[test]
fn a_request_in_a_script_that_waits_is_seen_by_whoever_runs_it() {
    let text = b"import requests\n\ndef load(url):\n    return requests.get(url)\n";
    let seldom = |path: &str| added(path, text).recommendations.remove(0).seldom;
    assert_eq!(seldom("scripts/load.py").as_deref(), Some("script"));
    assert_eq!(seldom("app/load.py"), None);
}

#[test]
fn what_is_cheap_once_leads_in_loops_alone() {
    let text =
        |call: &str| format!("package a\n\nfunc show(n int, rows []int) {{\n    {call}\n}}\n");
    let seldom = |call: &str| added("a.go", text(call).as_bytes()).recommendations.remove(0).seldom;
    let once = seldom("print(fmt.Sprintf(\"%d\", n))");
    assert_eq!(once.as_deref(), Some("cheap, and repeated too little"));
    let repeated = "for _, one := range rows {\n        print(fmt.Sprintf(\"%d\", one))\n    }";
    assert_eq!(seldom(repeated), None);
}

#[test]
fn what_is_seldom_worth_a_change_does_not_lead() {
    let text =
        b"function copy(rows) {\n  return rows.map((row) => JSON.parse(JSON.stringify(row)));\n}\n";
    let found = added("app/copy.js", text).recommendations.remove(0);
    assert_eq!(
        (found.rule_id.as_str(), found.seldom.as_deref()),
        ("clone-through-json", Some("seldom worth a change"))
    );
}
