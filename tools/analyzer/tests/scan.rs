//! Trees as they stand, file by file.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::sync::atomic::{AtomicUsize, Ordering};

use analyzer::{Analyzer, Found, FoundState, Settings};
use contract::CodeReview;

const LOW: &str = "x = sorted(y)[-1]\n";

fn found(path: &str) -> Found {
    Found { path: path.into(), state: FoundState::Readable }
}

fn scan(files: Vec<Found>, read: &analyzer::Read) -> CodeReview {
    let analyzer = Analyzer::bundled(Settings::default()).unwrap();
    analyzer.scan(&mut files.into_iter(), read)
}

#[test]
fn only_files_that_rules_are_for_are_read() {
    let reads = AtomicUsize::new(0);
    let files = ["README.md", "vendor/a.py", "a.min.js", "a.py"].map(found).to_vec();
    let review = scan(files, &|_| {
        reads.fetch_add(1, Ordering::Relaxed);
        Ok(LOW.into())
    });
    assert_eq!(reads.load(Ordering::Relaxed), 1);
    assert_eq!((review.total_recommendations, review.files_reviewed), (1, 1));
    assert_eq!(review.notes, ["1 file in languages without rules"]);
    assert_eq!(review.skipped.len(), 2);
}

#[test]
fn a_file_that_cannot_be_read_is_named_and_makes_the_scan_partial() {
    let left =
        Found { path: "b.py".into(), state: FoundState::LeftOut("a link out of the tree".into()) };
    let review = scan(vec![left, found("a.py")], &|_| Err("no permission".into()));
    let reasons: Vec<_> =
        review.skipped.iter().map(|one| (one.path.as_str(), one.reason.as_str())).collect();
    assert_eq!(reasons, [("a.py", "no permission"), ("b.py", "a link out of the tree")]);
    assert_eq!(review.status, "Partial");
}

#[test]
fn a_tree_full_of_findings_is_cut_and_the_rest_counted() {
    let files = (0..31).map(|number| found(&format!("{number:02}.py"))).collect();
    let review = scan(files, &|_| Ok(LOW.repeat(999).into()));
    assert_eq!(review.recommendations.len(), 10_000);
    assert_eq!(review.total_recommendations, 31 * 999);
    assert_eq!(review.notes, ["20969 more findings, left out"]);
    assert_eq!(review.recommendations[0].file_path, "00.py");
    assert_eq!(review.recommendations[9_999].file_path, "10.py");
}
