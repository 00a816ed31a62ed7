//! Text to a syntax tree, within a deadline and a depth.

use std::ops::ControlFlow;

use ast_grep_core::AstGrep;
use ast_grep_core::tree_sitter::LanguageExt;
use tree_sitter::{ParseOptions, ParseState, Parser, Tree};

use crate::deadline::Deadline;
use crate::language::{Document, Language, SourceNode};
use crate::source::Reason;

/// Matching walks up from a node to the root, so a tree as deep as its file is long would take quadratic time.
const DEEPEST: usize = 1_500;

/// The syntax tree of a text.
pub(crate) fn parse(
    text: &str,
    language: Language,
    deadline: Deadline,
) -> Result<AstGrep<Document>, Reason> {
    let tree = tree(text, language, deadline)?;
    if is_deep(&tree) {
        return Err(Reason::forced(format!("nested deeper than {DEEPEST} levels")));
    }
    Ok(AstGrep::doc(Document { src: text.to_owned(), lang: language, tree }))
}

pub(crate) fn check(deadline: Deadline) -> Result<(), Reason> {
    if deadline.has_passed() { Err(too_slow()) } else { Ok(()) }
}

fn too_slow() -> Reason {
    Reason::forced("not done within the time for one file")
}

fn tree(text: &str, language: Language, deadline: Deadline) -> Result<Tree, Reason> {
    let mut parser = Parser::new();
    parser
        .set_language(&language.get_ts_language())
        .map_err(|error| Reason::forced(error.to_string()))?;
    let mut in_time = |_: &ParseState| {
        if deadline.has_passed() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let bytes = text.as_bytes();
    let mut read = |offset: usize, _| bytes.get(offset..).unwrap_or_default();
    let options = ParseOptions::new().progress_callback(&mut in_time);
    parser.parse_with_options(&mut read, None, Some(options)).ok_or_else(too_slow)
}

/// How many places the grammar could not read.
pub(crate) fn count_errors(root: &SourceNode) -> usize {
    let root = root.get_inner_node();
    if !root.has_error() {
        return 0;
    }
    let mut cursor = root.walk();
    let mut errors = 0;
    loop {
        let node = cursor.node();
        errors += usize::from(node.is_error() || node.is_missing());
        if node.has_error() && cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return errors;
            }
        }
    }
}

/// Walks with a cursor, as recursion would overflow the stack on what this is to find.
fn is_deep(tree: &Tree) -> bool {
    let mut cursor = tree.walk();
    let mut depth = 0_usize;
    loop {
        if depth > DEEPEST {
            return true;
        }
        if cursor.goto_first_child() {
            depth += 1;
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return false;
            }
            depth -= 1;
        }
    }
}
