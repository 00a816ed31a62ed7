//! From what CodeGuru Reviewer recommends to findings of this review.

use std::collections::HashMap;

use aws_sdk_codegurureviewer::types::{
    RecommendationCategory, RecommendationSummary, Severity as TheirSeverity,
};
use contract::{Category, Change, ChangedFile, CodeReview, Recommendation, Severity};

use crate::name::short_hash;

/// What CodeGuru itself allows a description.
const LONGEST_TEXT: usize = 5_000;
const LONGEST_TITLE: usize = 120;
const LONGEST_NAME: usize = 200;
const LONGEST_EXCERPT: usize = 160;

/// One recommendation in our words; `None` where it names no file.
pub(crate) fn finding(theirs: &RecommendationSummary) -> Option<Recommendation> {
    let path = theirs.file_path()?.trim_start_matches("./").trim_start_matches('/');
    let start_line = line(theirs.start_line()).unwrap_or(1);
    let description = shortened(theirs.description().unwrap_or_default().trim(), LONGEST_TEXT);
    let rule = theirs.rule_metadata();
    let advice = rule
        .and_then(|rule| rule.long_description().or(rule.short_description()))
        .unwrap_or_default();
    Some(Recommendation {
        file_path: path.to_owned(),
        start_line,
        end_line: line(theirs.end_line()).unwrap_or(start_line).max(start_line),
        severity: severity(theirs.severity()),
        category: category(theirs.recommendation_category()),
        title: title(rule.and_then(|rule| rule.rule_name()), &description),
        description,
        recommendation: shortened(advice.trim(), LONGEST_TEXT),
        rule_id: rule_id(theirs),
        excerpt: String::new(),
        function: None,
        seldom: None,
        fingerprint: String::new(),
        references: Vec::new(),
        source: "codeguru-reviewer".to_owned(),
        fix: None,
        measured: None,
    })
}

/// Keeps what concerns the change, and says what it left out.
pub(crate) fn fit(mut review: CodeReview, change: &Change) -> CodeReview {
    let files: HashMap<&str, File> =
        change.files.iter().map(|file| (file.path.as_str(), File::of(file))).collect();
    let mut elsewhere = 0;
    let found = std::mem::take(&mut review.recommendations);
    for finding in found {
        match files.get(finding.file_path.as_str()) {
            None => elsewhere += 1,
            Some(file) if file.touches(&finding) => {
                review.recommendations.push(file.complete(finding));
            }
            Some(_) => review.existing += 1,
        }
    }
    if elsewhere > 0 {
        review.notes.push(format!("left out {elsewhere} recommendations of CodeGuru Reviewer for files that are not in this change"));
    }
    review.total_recommendations = review.recommendations.len();
    review.files_reviewed = change.files.iter().filter(|file| is_reviewable(&file.path)).count();
    review
}

/// CodeGuru Reviewer knows Java and Python.
pub(crate) fn is_reviewable(path: &str) -> bool {
    matches!(path.rsplit_once('.'), Some((_, "java" | "py")))
}

/// A changed file, prepared for many findings.
struct File<'a> {
    lines: Vec<&'a [u8]>,
    added: Vec<contract::LineRange>,
}

impl<'a> File<'a> {
    fn of(file: &'a ChangedFile) -> Self {
        let head = file.head.as_deref().unwrap_or_default();
        Self { lines: head.split(|byte| *byte == b'\n').collect(), added: file.added_lines() }
    }

    fn touches(&self, finding: &Recommendation) -> bool {
        self.added.iter().any(|range| range.overlaps(finding.start_line, finding.end_line))
    }

    fn complete(&self, mut finding: Recommendation) -> Recommendation {
        let line = self.lines.get(finding.start_line as usize - 1).copied().unwrap_or_default();
        finding.excerpt = shortened(String::from_utf8_lossy(line).trim(), LONGEST_EXCERPT);
        let identity = format!("{}\n{}\n{}", finding.rule_id, finding.file_path, finding.excerpt);
        finding.fingerprint = format!("codeguru-{}", short_hash(&identity, 16));
        finding
    }
}

fn line(number: Option<i32>) -> Option<u32> {
    number.and_then(|number| u32::try_from(number).ok()).filter(|number| *number > 0)
}

fn severity(theirs: Option<&TheirSeverity>) -> Severity {
    match theirs {
        Some(TheirSeverity::Critical) => Severity::Critical,
        Some(TheirSeverity::High) => Severity::High,
        Some(TheirSeverity::Medium) => Severity::Medium,
        _ => Severity::Low,
    }
}

fn category(theirs: Option<&RecommendationCategory>) -> Category {
    use RecommendationCategory as Theirs;
    match theirs {
        Some(Theirs::SecurityIssues | Theirs::InputValidations) => Category::Security,
        // Leaked connections and needless locking cost time and memory before they break anything.
        Some(Theirs::ResourceLeaks | Theirs::ConcurrencyIssues) => Category::Performance,
        Some(
            Theirs::AwsBestPractices
            | Theirs::AwsCloudformationIssues
            | Theirs::JavaBestPractices
            | Theirs::PythonBestPractices,
        ) => Category::BestPractices,
        _ => Category::CodeQuality,
    }
}

/// The service's rule id in the characters that our ids have.
fn rule_id(theirs: &RecommendationSummary) -> String {
    let named = theirs.rule_metadata().and_then(|rule| rule.rule_id());
    let id = named
        .or(theirs.recommendation_category().map(RecommendationCategory::as_str))
        .unwrap_or("recommendation");
    let legal = |c: char| if c.is_ascii_alphanumeric() || "-_./@".contains(c) { c } else { '-' };
    format!("codeguru/{}", id.chars().take(LONGEST_NAME).map(legal).collect::<String>())
}

fn title(rule_name: Option<&str>, description: &str) -> String {
    let first_sentence =
        description.lines().next().unwrap_or_default().split(". ").next().unwrap_or_default();
    let chosen = rule_name.map(str::trim).filter(|name| !name.is_empty()).unwrap_or(first_sentence);
    shortened(&chosen.replace(['\n', '\r'], " "), LONGEST_TITLE)
}

fn shortened(text: &str, longest: usize) -> String {
    if text.chars().count() <= longest {
        return text.to_owned();
    }
    let mut kept: String = text.chars().take(longest - 1).collect();
    kept.push('…');
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn theirs(path: &str, line: i32) -> RecommendationSummary {
        RecommendationSummary::builder()
            .file_path(path)
            .start_line(line)
            .description("The connection is never closed. Close it.")
            .severity(TheirSeverity::Info)
            .recommendation_category(RecommendationCategory::ResourceLeaks)
            .build()
    }

    fn change() -> Change {
        let file = ChangedFile {
            path: "src/App.java".into(),
            base: Some(b"class App {\n}\n".to_vec()),
            head: Some(b"class App {\n  Connection c = open();\n}\n".to_vec()),
            ..ChangedFile::default()
        };
        Change { files: vec![file], ..Change::default() }
    }

    #[test]
    fn a_recommendation_becomes_a_finding_on_a_line_of_the_change() {
        let review = CodeReview {
            recommendations: finding(&theirs("/src/App.java", 2)).into_iter().collect(),
            ..CodeReview::default()
        };
        let review = fit(review, &change());
        insta::assert_debug_snapshot!(review.recommendations, @r#"
        [
            Recommendation {
                file_path: "src/App.java",
                start_line: 2,
                end_line: 2,
                severity: Low,
                category: Performance,
                description: "The connection is never closed. Close it.",
                recommendation: "",
                rule_id: "codeguru/ResourceLeaks",
                title: "The connection is never closed",
                excerpt: "Connection c = open();",
                function: None,
                seldom: None,
                fingerprint: "codeguru-2f607c33cdda32f6",
                references: [],
                source: "codeguru-reviewer",
                fix: None,
                measured: None,
            },
        ]
        "#);
    }

    #[test]
    fn what_lies_outside_the_change_is_counted_and_not_shown() {
        let found =
            [theirs("src/App.java", 1), theirs("src/Other.java", 2), theirs("../../etc/passwd", 2)];
        let review = CodeReview {
            recommendations: found.iter().filter_map(finding).collect(),
            ..CodeReview::default()
        };
        let review = fit(review, &change());
        assert_eq!((review.recommendations.len(), review.existing), (0, 1));
        assert_eq!(
            review.notes,
            [
                "left out 2 recommendations of CodeGuru Reviewer for files that are not in this change"
            ]
        );
    }

    #[test]
    fn odd_values_are_bounded() {
        let odd = RecommendationSummary::builder()
            .file_path("a.py")
            .start_line(-4)
            .end_line(-9)
            .description("é".repeat(9_000))
            .severity(TheirSeverity::from("Apocalyptic"))
            .build();
        let finding = finding(&odd).unwrap();
        assert_eq!((finding.start_line, finding.end_line, finding.severity), (1, 1, Severity::Low));
        assert_eq!(finding.description.chars().count(), LONGEST_TEXT);
        assert_eq!(finding.title.chars().count(), LONGEST_TITLE);
        assert_eq!(finding.rule_id, "codeguru/recommendation");
        assert_eq!(super::finding(&RecommendationSummary::builder().build()), None);
    }
}
