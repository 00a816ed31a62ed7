//! Streams of C++ that a flush sends out to the system.

use crate::language::{SourceMatch, SourceNode};
use crate::matchers::declared::declared_type;
use crate::matchers::loops::enclosing_loop;

/// The match is `stream << … << endl` on a stream that writes to the system: neither one in memory, nor a macro that logs,
/// nor one to which somebody at the keyboard answers.
pub(crate) fn writes_out(found: &SourceMatch) -> bool {
    let Some(stream) = leftmost(found) else { return false };
    // `LOG(INFO)` and `trace()` have streams of their own, which end lines themselves.
    if !stream.kind().ends_with("identifier") && stream.kind() != "field_expression" {
        return false;
    }
    let name = stream.text();
    if name.chars().all(|letter| letter.is_ascii_uppercase() || letter == '_') {
        return false;
    }
    // What a header declares may be a stream in memory as well.
    let is_file = matches!(name.rsplit("::").next(), Some("cout" | "wcout"))
        || declared_type(found, &name).is_some_and(|kind| {
            kind.to_lowercase().contains("stream") && !kind.contains("stringstream")
        });
    let is_dialog = enclosing_loop(found).is_some_and(|around| {
        let text = around.text();
        text.contains("cin") || text.contains("getline(")
    });
    is_file && !is_dialog
}

fn leftmost<'t>(expression: &SourceNode<'t>) -> Option<SourceNode<'t>> {
    let shifts = std::iter::successors(Some(expression.clone()), |node| {
        (node.kind() == "binary_expression").then(|| node.field("left")).flatten()
    });
    shifts.last()
}
