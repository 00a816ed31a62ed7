//! `analyze_code` as a model meets it.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use std::sync::Arc;

use analyzer::{AnalyzeCode, Analyzer, Settings};
use async_trait::async_trait;
use contract::{
    Binding, Category, Change, ChangedFile, CodeReview, CodeReviewer, Recommendation, ReviewError,
    Severity, Tool,
};
use serde_json::json;

struct Answers(Result<CodeReview, String>);

#[async_trait]
impl CodeReviewer for Answers {
    async fn review(&self, _: &Binding, _: &Arc<Change>) -> Result<CodeReview, ReviewError> {
        self.0.clone().map_err(ReviewError)
    }
}

fn tool(others: Vec<Answers>) -> AnalyzeCode {
    let head = "def first(prices):\n    return sorted(prices)[0]\n";
    let file =
        ChangedFile { path: "app.py".into(), head: Some(head.into()), ..ChangedFile::default() };
    let mut reviewers: Vec<Arc<dyn CodeReviewer>> = Vec::new();
    for other in others {
        reviewers.push(Arc::new(other));
    }
    reviewers.push(Arc::new(Analyzer::bundled(Settings::default()).unwrap()));
    let binding = Binding {
        repository: "octo/shop".into(),
        repository_arn: "arn:aws:codeguru-reviewer:1".into(),
        pull_request: Some(7),
        branch: "faster".into(),
        head_sha: "abc".into(),
        profiling_group: None,
    };
    AnalyzeCode {
        binding,
        change: Arc::new(Change { files: vec![file], ..Change::default() }),
        reviewers,
    }
}

fn right() -> serde_json::Value {
    json!({"repository_arn": "arn:aws:codeguru-reviewer:1", "branch_name": "faster", "commit_sha": "abc"})
}

fn guru(line: u32, category: Category) -> Answers {
    Answers(Ok(CodeReview {
        review_id: "guru-1".into(),
        status: "Completed".into(),
        recommendations: vec![Recommendation {
            file_path: "app.py".into(),
            start_line: line,
            end_line: line,
            severity: Severity::High,
            category,
            description: "Slow.".into(),
            recommendation: "Be quick.".into(),
            rule_id: "python/slow".into(),
            title: "Slow".into(),
            excerpt: String::new(),
            function: None,
            seldom: None,
            fingerprint: "f".into(),
            references: vec![],
            source: "codeguru-reviewer".into(),
            fix: None,
            measured: None,
        }],
        ..CodeReview::default()
    }))
}

#[tokio::test]
async fn a_call_returns_the_review() {
    let review = tool(vec![]).call(right()).await.unwrap();
    assert_eq!(review["status"], "Completed");
    assert_eq!(review["total_recommendations"], 1);
    let found = &review["recommendations"][0];
    assert_eq!(
        (&found["file_path"], &found["start_line"], &found["severity"]),
        (&json!("app.py"), &json!(2), &json!("Low"))
    );
    assert_eq!((&found["category"], &found["function"]), (&json!("Performance"), &json!("first")));
}

#[tokio::test]
async fn a_call_cannot_leave_the_run() {
    for (name, wrong) in
        [("repository_arn", "arn:other"), ("branch_name", "main"), ("commit_sha", "def")]
    {
        let mut input = right();
        input[name] = json!(wrong);
        let error = tool(vec![]).call(input).await.unwrap_err().to_string();
        assert!(error.starts_with(&format!("`{name}` must be ")), "{error}");
    }
    let mut input = right();
    input["path"] = json!("/etc/passwd");
    assert!(
        tool(vec![]).call(input).await.unwrap_err().to_string().contains("unknown field `path`")
    );
    assert!(tool(vec![]).call(json!({})).await.is_err());
}

#[test]
fn the_description_tells_the_exact_values_to_pass() {
    let spec = tool(vec![]).spec();
    assert_eq!(spec.name, "analyze_code");
    for value in ["arn:aws:codeguru-reviewer:1", "faster", "abc"] {
        assert!(spec.description.contains(&format!("{value:?}")), "{}", spec.description);
    }
    assert_eq!(
        spec.input_schema["required"],
        json!(["repository_arn", "branch_name", "commit_sha"])
    );
    assert_eq!(spec.input_schema["additionalProperties"], json!(false));
}

#[tokio::test]
async fn what_two_reviewers_find_in_one_place_counts_once() {
    let review = tool(vec![guru(2, Category::Performance)]).call(right()).await.unwrap();
    assert_eq!(review["total_recommendations"], 1);
    let found = &review["recommendations"][0];
    assert_eq!(found["source"], "analyzer");
    assert!(found["description"].as_str().unwrap().ends_with("codeguru-reviewer agrees."));
}

#[tokio::test]
async fn findings_of_another_kind_or_place_both_stand() {
    let review = tool(vec![guru(2, Category::Security)]).call(right()).await.unwrap();
    assert_eq!(review["total_recommendations"], 2);
    assert_eq!(review["recommendations"][0]["severity"], "High");
    let review = tool(vec![guru(1, Category::Performance)]).call(right()).await.unwrap();
    assert_eq!(review["total_recommendations"], 2);
}

#[tokio::test]
async fn a_reviewer_that_fails_leaves_a_note_and_the_others() {
    let review = tool(vec![Answers(Err("throttled".into()))]).call(right()).await.unwrap();
    assert_eq!(review["status"], "Partial");
    assert_eq!(review["total_recommendations"], 1);
    assert_eq!(review["notes"], json!(["a reviewer had nothing to give: throttled"]));
}
