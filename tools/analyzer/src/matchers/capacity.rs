//! Collections that grow by one per pass although the number of passes is known.

use crate::language::{SourceMatch, SourceNode};
use crate::matchers::names::is_of_name;
use crate::matchers::short_loops::is_few;
use crate::syntax::is_function;

/// The match declares an empty `$LIST`; the next statement loops over something of known length, and its body appends to
/// `$LIST` once, unconditionally.
pub(crate) fn length_known_before_loop(found: &SourceMatch) -> bool {
    let Some(list) = found.get_env().get_match("LIST").map(|node| node.text().into_owned()) else {
        return false;
    };
    let Some(statement) = next_statement(found) else { return false };
    let Some(body) = counted_loop_body(&statement) else { return false };
    let appends = [
        format!("{list}.push("),
        format!("{list} = append({list}, "),
        format!("{list}.push_back("),
        format!("{list}.emplace_back("),
    ];
    let pushed = statements(&body)
        .filter(|text| appends.iter().any(|append| text.starts_with(append.as_str())))
        .count();
    pushed == 1
        && !body.dfs().any(|node| leaves_early(&node))
        && !body.text().contains(&format!("{list}.clear"))
}

fn next_statement<'t>(node: &SourceNode<'t>) -> Option<SourceNode<'t>> {
    let next = node.next_all().find(|next| next.is_named() && !next.kind().contains("comment"))?;
    if next.kind() == "expression_statement" { next.child(0) } else { Some(next) }
}

fn counted_loop_body<'t>(statement: &SourceNode<'t>) -> Option<SourceNode<'t>> {
    let header = match statement.kind().as_ref() {
        // C++
        "for_range_loop" => {
            let walked = statement.field("right")?;
            return statement.field("body").filter(|_| !is_few(&walked.text()));
        }
        "for_statement" if statement.field("condition").is_some() => {
            let condition = statement.field("condition")?;
            return statement.field("body").filter(|_| counts_to_variable(&condition));
        }
        // A channel has no length, and a call might return anything.
        "for_statement" => {
            let clause = statement.children().find(|child| child.kind() == "range_clause")?;
            let walked = clause.field("right")?;
            if has_two_names(&clause) && is_part(&walked) {
                return statement.field("body").filter(|_| !is_few(&walked.text()));
            }
            walked
        }
        "for_expression" => statement.field("value")?,
        _ => return None,
    };
    if is_few(&header.text()) {
        return None;
    }
    let counted = match header.kind().as_ref() {
        "range_expression" => is_long_range(&header),
        "reference_expression" => true,
        "identifier" | "selector_expression" => is_slice(&header),
        _ => false,
    };
    if counted { statement.field("body") } else { None }
}

/// `for _, item := range`: a channel has no place beside the item.
fn has_two_names(clause: &SourceNode) -> bool {
    clause.field("left").is_some_and(|names| names.named_children().count() == 2)
}

/// `order.lines`, and no name of a package.
fn is_part(walked: &SourceNode) -> bool {
    walked.kind() == "selector_expression"
        && walked.text().starts_with(|first: char| first.is_lowercase())
}

/// `0..n`, but neither `0..` nor `0..4`.
fn is_long_range(range: &SourceNode) -> bool {
    range.children().count() == 3
        && range.children().last().is_some_and(|end| end.kind() != "integer_literal")
}

/// `i < n`, `i != users.size()`, but not `i < 4`.
fn counts_to_variable(condition: &SourceNode) -> bool {
    let text = condition.text();
    let limit = text.rsplit(['<', '=']).next().unwrap_or_default().trim();
    let limit = limit.strip_suffix(".size()").unwrap_or(limit);
    !is_few(limit)
        && limit.starts_with(|first: char| first.is_alphabetic())
        && limit.chars().all(is_of_name)
}

/// The range's source is a parameter or variable whose slice type stands in the same function.
fn is_slice(name: &SourceNode) -> bool {
    let Some(function) = name.ancestors().find(is_function) else { return false };
    let (header, name) = (function.text(), name.text());
    let starts = [" []", " := make([]", ": &[", ": Vec<", ": &Vec<"];
    starts.iter().any(|start| {
        let declared = format!("{name}{start}");
        header.match_indices(&declared).any(|(at, _)| !header[..at].ends_with(is_of_name))
    })
}

fn statements(body: &SourceNode) -> impl Iterator<Item = String> {
    let list = body
        .named_children()
        .find(|child| child.kind() == "statement_list")
        .unwrap_or_else(|| body.clone());
    list.named_children().map(|child| child.text().into_owned()).collect::<Vec<_>>().into_iter()
}

fn leaves_early(node: &SourceNode) -> bool {
    let kind = node.kind();
    kind.starts_with("break_") || kind.starts_with("continue_") || kind.starts_with("return_")
}
