//! What `/v1/invoke` answers where no model is configured: the analyzer's findings in the code that was sent.

use analyzer::{Analyzer, Settings};
use contract::{Change, ChangedFile};
use model::Conversation;

/// Answers about the fenced code of the last message; nothing else can be answered without a model, and it says so.
pub(super) fn answer(analyzer: &Analyzer, conversation: &Conversation) -> String {
    let asked = conversation.messages.last().map(model::Message::text).unwrap_or_default();
    let files = fenced(&asked);
    if files.is_empty() {
        return "No model is configured here: without one, only code can be looked at. Send it in a fence that names its language (```python), or configure a model under [model].".to_owned();
    }
    let review = analyzer.review(&Change { files, ..Change::default() });
    let findings: Vec<String> = review
        .recommendations
        .iter()
        .map(|finding| {
            format!(
                "- `{}` line {}: {} {} (`{}`)",
                finding.file_path,
                finding.start_line,
                finding.description,
                finding.recommendation,
                finding.rule_id
            )
        })
        .collect();
    if findings.is_empty() {
        return "No rule finds anything in this code.".to_owned();
    }
    findings.join("\n")
}

pub(super) fn analyzer() -> anyhow::Result<Analyzer> {
    Ok(Analyzer::bundled(Settings::default())?)
}

/// The code between fences that name a language, each as a new file: `block_1.py`.
fn fenced(text: &str) -> Vec<ChangedFile> {
    let mut files = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let Some(language) = line.trim_start().strip_prefix("```") else { continue };
        let code: Vec<&str> =
            lines.by_ref().take_while(|line| !line.trim_start().starts_with("```")).collect();
        if let Some(extension) = extension(language.trim()) {
            files.push(ChangedFile {
                path: format!("block_{}.{extension}", files.len() + 1),
                head: Some((code.join("\n") + "\n").into_bytes()),
                ..ChangedFile::default()
            });
        }
    }
    files
}

/// How files of a language end, by the names that people give it.
fn extension(language: &str) -> Option<&'static str> {
    Some(match language.to_ascii_lowercase().as_str() {
        "python" | "py" => "py",
        "javascript" | "js" | "jsx" => "js",
        "typescript" | "ts" => "ts",
        "tsx" => "tsx",
        "java" => "java",
        "kotlin" | "kt" => "kt",
        "go" | "golang" => "go",
        "rust" | "rs" => "rs",
        "csharp" | "cs" | "c#" => "cs",
        "php" => "php",
        "ruby" | "rb" => "rb",
        "c" => "c",
        "cpp" | "c++" => "cpp",
        "sql" => "sql",
        "html" => "html",
        "css" => "css",
        "hcl" | "terraform" | "tf" => "tf",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use model::Message;

    use super::*;

    fn answered(prompt: &str) -> String {
        let messages = vec![Message::user(prompt)];
        let conversation = Conversation { system: String::new(), messages, tools: Vec::new() };
        answer(&analyzer().unwrap(), &conversation)
    }

    #[test]
    fn code_is_looked_at_and_anything_else_is_declined() {
        let slow = "Please review:\n```python\nfor key in keys:\n    cursor.execute(\"SELECT 1\", key)\n```\n";
        assert!(answered(slow).starts_with("- `block_1.py` line 2: "), "{}", answered(slow));
        assert!(answered(slow).ends_with("(`query-in-loop`)"));
        assert_eq!(answered("```python\nprint(1)\n```"), "No rule finds anything in this code.");
        assert!(answered("What is the weather like?").starts_with("No model is configured"));
        assert!(answered("```brainfuck\n+\n```").starts_with("No model is configured"));
    }
}
