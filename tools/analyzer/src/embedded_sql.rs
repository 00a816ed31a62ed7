//! SQL in the string literals of other languages: found, made parsable at the same length, and scanned as SQL.

use std::sync::LazyLock;

use ast_grep_language::SupportLang;
use regex::Regex;

use crate::finding::Finding;
use crate::language::{Language, SourceNode};
use crate::parse::parse;
use crate::scan::{Scanner, matches};
use crate::source::Reason;
use crate::syntax::function_name;

/// Longer texts are data rather than a query.
const LONGEST: usize = 20_000;
/// More strings of SQL than these are not looked at in one file.
const MOST_STRINGS: usize = 500;

/// A file that matches nowhere is not searched for strings.
static MAY_HOLD: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(select\s|insert\s+into\s|update\s+\S+\s+set\s|delete\s+from\s|create\s+(unique\s+)?index\s|alter\s+table\s)").ok()
});

/// The quotes of a literal, with what may stand before them, and the first word of a statement.
static STATEMENT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new("(?i)^(?:[a-z@$]{0,3}#*(?:\"\"\"|'''|\"|'|`))?\\s*(select|insert\\s+into|update|delete\\s+from|with|create|alter\\s+table)\\s").ok()
});

/// The same wherever in a text, behind quotes. A part of a file that matches nowhere has no such literal.
static QUOTED_STATEMENT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        "(?i)[\"'`]\\s*(select|insert\\s+into|update|delete\\s+from|with|create|alter\\s+table)\\s",
    )
    .ok()
});

/// One row by its key has to be read in full anyway.
const ABOUT_MANY_ROWS: &str = "select-star";

static ONE_ROW: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?i:(fetch|get|query|read)_?(one|row|single|first))([^a-z]|$)").ok()
});

/// What is filled in at run time. The first group is a cast of Postgres, which stays; the second is code, which may stand
/// for a name.
static HOLE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(::\w+)|(\$\{[^{}]*\}|#\{[^{}]*\}|\{[^{}]*\}|\$[A-Za-z_]\w*(?:->\w+|\[[^\]]*\])?)|%\(\w+\)[sdif]|%[sdif]\b|:[A-Za-z_]\w*|\$\d+|\?|\\.").ok()
});

/// Whether the text of a file in this language may hold SQL in its strings.
pub(crate) fn may_hold(language: Language, text: &str) -> bool {
    let has_code = match language {
        Language::Shipped(shipped) => !matches!(
            shipped,
            SupportLang::Css
                | SupportLang::Hcl
                | SupportLang::Html
                | SupportLang::Json
                | SupportLang::Yaml
        ),
        Language::Dockerfile | Language::Sql => false,
    };
    has_code && MAY_HOLD.as_ref().is_some_and(|regex| regex.is_match(text))
}

/// Whether a part of such a file may hold SQL in its strings, where all strings are in quotes.
pub(crate) fn may_hold_in(part: &str) -> bool {
    QUOTED_STATEMENT.as_ref().is_some_and(|regex| regex.is_match(part))
}

/// Runs the rules for SQL over the strings below a node; their findings stand at the lines of the file around them.
pub(crate) fn scan_strings(scanner: &Scanner, root: &SourceNode) -> Result<Vec<Finding>, Reason> {
    let mut findings = Vec::new();
    for string in statements(root) {
        let host = string.text();
        let Some(sql) = parsable(&host) else { continue };
        let Some(active) = scanner.active(Language::Sql, &sql) else { continue };
        let document = parse(&sql, Language::Sql, scanner.deadline)?;
        // What is put together at run time is half a statement, and prose is none.
        if document.root().get_inner_node().has_error() {
            continue;
        }
        let one_row = asks_one_row(&string);
        for mut finding in matches(&active, &document, &sql, scanner.deadline)? {
            let about = scanner.rules.infos.get(finding.info);
            if one_row && about.is_some_and(|about| about.id == ABOUT_MANY_ROWS) {
                continue;
            }
            let lines = u32::try_from(string.start_pos().line()).unwrap_or_default();
            finding.move_into(string.range().start, lines, &host, function_name(&string));
            findings.push(finding);
        }
    }
    Ok(findings)
}

/// The call that is given the statement says that it fetches one row: `fetch_row(…)`, `$wpdb->get_row(…)`.
fn asks_one_row(string: &SourceNode) -> bool {
    let call = string.ancestors().find(|node| node.kind().contains("call"));
    let called = call.and_then(|call| call.field("function").or_else(|| call.field("name")));
    called
        .is_some_and(|called| ONE_ROW.as_ref().is_some_and(|regex| regex.is_match(&called.text())))
}

/// The outermost string literals that begin like a statement.
fn statements<'t>(root: &SourceNode<'t>) -> Vec<SourceNode<'t>> {
    let mut end = 0;
    let is_statement = |node: &SourceNode<'t>| {
        let range = node.range();
        if range.start < end || range.len() > LONGEST || !is_string(&node.kind()) {
            return false;
        }
        let starts = STATEMENT.as_ref().is_some_and(|regex| regex.is_match(&node.text()));
        if starts {
            end = range.end;
        }
        starts
    };
    root.dfs().filter(is_statement).take(MOST_STRINGS).collect()
}

fn is_string(kind: &str) -> bool {
    matches!(kind, "heredoc_body" | "nowdoc_body" | "text_block")
        || kind.contains("string") && !kind.contains("content") && !kind.contains("fragment")
}

/// The literal as SQL of the same length: quotes are blank, and numbers or names fill the holes.
fn parsable(literal: &str) -> Option<String> {
    let start = STATEMENT.as_ref()?.captures(literal)?.get(1)?.start();
    let quotes = |letter: char| matches!(letter, '"' | '\'' | '`' | '#');
    let opened = literal[..start].contains(quotes);
    let end = if opened { closing(literal) } else { literal.len() };
    let statement = literal.get(start..end)?;
    let sql = HOLE.as_ref()?.replace_all(statement, |hole: &regex::Captures| {
        let text = &hole[0];
        let before = hole.get(0).and_then(|hole| statement.get(..hole.start()));
        if hole.get(1).is_some() {
            return text.to_owned();
        }
        let filler = if text.starts_with('\\') {
            " "
        } else if hole.get(2).is_some() && !before.is_some_and(takes_number) {
            "x"
        } else {
            "9"
        };
        named(text, filler)
    });
    let before: String = literal[..start].bytes().map(blank).collect();
    Some(before + &sql)
}

/// Only a number can follow.
fn takes_number(before: &str) -> bool {
    let word = before.split_whitespace().next_back().unwrap_or_default();
    ["limit", "offset"].iter().any(|taker| word.eq_ignore_ascii_case(taker))
}

/// A property keeps its name, `$wpdb->posts` being a table of that name; anything else is filled.
fn named(text: &str, filler: &str) -> String {
    match text.trim_end_matches('}').rsplit_once("->") {
        Some((object, name)) if filler == "x" => {
            filled(object, filler)
                + "xx"
                + name
                + &filled(&text[object.len() + 2 + name.len()..], filler)
        }
        _ => filled(text, filler),
    }
}

/// As many bytes as the text has, with its line ends where they were.
fn filled(text: &str, filler: &str) -> String {
    text.bytes().map(|byte| if byte == b'\n' { "\n" } else { filler }).collect()
}

fn blank(byte: u8) -> char {
    if byte == b'\n' { '\n' } else { ' ' }
}

/// Where the quotes at the end begin: as many as stand at the start.
fn closing(literal: &str) -> usize {
    let body = literal.trim_end_matches('#');
    let triple = body.ends_with("\"\"\"") || body.ends_with("'''");
    body.len().saturating_sub(if triple { 3 } else { 1 })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::deadline::Deadline;

    #[test]
    fn a_literal_keeps_its_length_and_loses_its_holes() {
        for (literal, sql) in [
            (r#""SELECT a FROM t WHERE b = %s""#, " SELECT a FROM t WHERE b = 99"),
            ("`SELECT a FROM ${table} LIMIT ?`", " SELECT a FROM xxxxxxxx LIMIT 9"),
            ("`SELECT a FROM t LIMIT ${most}`", " SELECT a FROM t LIMIT 9999999"),
            ("f'''\nUPDATE t SET a = :a\n'''", "    \nUPDATE t SET a = 99\n"),
            ("\"SELECT a FROM $wpdb->posts\"", " SELECT a FROM xxxxxxxposts"),
            ("\"SELECT a::text FROM t LIKE '%some'\"", " SELECT a::text FROM t LIKE '%some'"),
        ] {
            assert_eq!(parsable(literal).as_deref(), Some(sql));
        }
        assert_eq!(parsable("\"Selected rows\""), None);
    }

    #[test]
    fn a_call_that_fetches_one_row_is_known_by_its_name() {
        let php = Language::Shipped(SupportLang::Php);
        let deadline = Deadline::after(Duration::from_mins(1));
        for (call, one) in [
            ("db_fetch_row_prepared('SELECT * FROM t WHERE a = ?', [1]);", true),
            ("$wpdb->get_row('SELECT * FROM t WHERE a = 1');", true),
            ("$db->fetchOne('SELECT * FROM t WHERE a = 1');", true),
            ("db_fetch_rows('SELECT * FROM t');", false),
            ("$db->query('SELECT * FROM t');", false),
        ] {
            let document = parse(&format!("<?php\n{call}\n"), php, deadline).unwrap();
            let root = document.root();
            assert_eq!(
                statements(&root).iter().map(asks_one_row).collect::<Vec<_>>(),
                [one],
                "{call}"
            );
        }
    }

    #[test]
    fn only_code_with_words_of_sql_is_searched() {
        let python = Language::Shipped(SupportLang::Python);
        assert!(may_hold(python, "run('select a from b')"));
        assert!(!may_hold(python, "selected = update(rows)"));
        assert!(!may_hold(Language::Shipped(SupportLang::Json), "{\"sql\": \"select a from b\"}"));
    }
}
