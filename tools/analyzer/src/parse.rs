//! Text to a syntax tree, within a deadline and a depth.

use std::borrow::Cow;
use std::cell::RefCell;
use std::ops::{ControlFlow, Range};

use ast_grep_core::AstGrep;
use ast_grep_core::tree_sitter::LanguageExt;
use memchr::{memchr_iter, memrchr};
use tree_sitter::{ParseOptions, ParseState, Parser, Point, Tree};

use crate::deadline::Deadline;
use crate::language::{Document, Language, SourceNode};
use crate::reading::PLACEHOLDER;
use crate::source::Reason;

/// Matching walks up from a node to the root, so a tree as deep as its file is long would take quadratic time.
const DEEPEST: usize = 1_500;

thread_local! {
    /// Its stacks are made once for all files that a thread reads.
    static PARSER: RefCell<Parser> = RefCell::new(Parser::new());
}

/// The syntax tree of a text.
pub(crate) fn parse(
    text: &str,
    language: Language,
    deadline: Deadline,
) -> Result<AstGrep<Document>, Reason> {
    parse_all_but(text, &[], language, deadline)
}

/// The same without some statements, which are in order. Everything else stands where it stands in the text.
pub(crate) fn parse_all_but(
    text: &str,
    left_out: &[Range<usize>],
    language: Language,
    deadline: Deadline,
) -> Result<AstGrep<Document>, Reason> {
    let tree = tree(text, left_out, language, deadline)?;
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

fn tree(
    text: &str,
    left_out: &[Range<usize>],
    language: Language,
    deadline: Deadline,
) -> Result<Tree, Reason> {
    PARSER.with_borrow_mut(|parser| tree_by(parser, text, left_out, language, deadline))
}

fn tree_by(
    parser: &mut Parser,
    text: &str,
    left_out: &[Range<usize>],
    language: Language,
    deadline: Deadline,
) -> Result<Tree, Reason> {
    // One text may have been given up before its end.
    parser.reset();
    parser
        .set_language(&language.get_ts_language())
        .map_err(|error| Reason::forced(error.to_string()))?;
    let mut bytes = Cow::Borrowed(text.as_bytes());
    let read = ranges_read(text, left_out);
    parser.set_included_ranges(&read).map_err(|error| Reason::forced(error.to_string()))?;
    for body in left_out {
        let end = body.start + PLACEHOLDER.len();
        if let Some(start) = bytes.to_mut().get_mut(body.start..end) {
            start.copy_from_slice(PLACEHOLDER.as_bytes());
        }
    }
    let mut in_time = |_: &ParseState| {
        if deadline.has_passed() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let mut read = |offset: usize, _| bytes.get(offset..).unwrap_or_default();
    let options = ParseOptions::new().progress_callback(&mut in_time);
    parser.parse_with_options(&mut read, None, Some(options)).ok_or_else(too_slow)
}

/// All of the text but what lies behind the placeholder of each part that is left out; none where that is all of it.
fn ranges_read(text: &str, left_out: &[Range<usize>]) -> Vec<tree_sitter::Range> {
    if left_out.is_empty() {
        return Vec::new();
    }
    let mut ranges = Vec::with_capacity(left_out.len() + 1);
    let (mut start_byte, mut start_point) = (0, Point::new(0, 0));
    for body in left_out {
        let end_byte = body.start + PLACEHOLDER.len();
        let end_point = moved(start_point, text, start_byte..end_byte);
        ranges.push(tree_sitter::Range { start_byte, end_byte, start_point, end_point });
        start_point = moved(end_point, text, end_byte..body.end);
        start_byte = body.end;
    }
    let end_byte = text.len();
    let end_point = moved(start_point, text, start_byte..end_byte);
    ranges.push(tree_sitter::Range { start_byte, end_byte, start_point, end_point });
    ranges
}

/// The place at the end of a part of the text, from that at its start.
fn moved(start: Point, text: &str, part: Range<usize>) -> Point {
    let part = text.as_bytes().get(part).unwrap_or_default();
    let breaks = memchr_iter(b'\n', part).count();
    let column =
        memrchr(b'\n', part).map_or(start.column + part.len(), |last| part.len() - last - 1);
    Point::new(start.row + breaks, column)
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

/// Walks with a cursor, as recursion would overflow the stack on what this is to find. Nodes that have too few below them for
/// that are passed over.
fn is_deep(tree: &Tree) -> bool {
    let mut cursor = tree.walk();
    let mut depth = 0_usize;
    loop {
        if depth > DEEPEST {
            return true;
        }
        if depth + cursor.node().descendant_count() > DEEPEST && cursor.goto_first_child() {
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
