//! Lengths that a loop asks for again in every pass although they cannot change meanwhile.

use crate::language::{SourceMatch, SourceNode};
use crate::matchers::names::{identifiers, target};
use crate::matchers::short_loops::is_few;

/// The match stands in the condition of a `for` whose body neither assigns `$LIST`, nor appends to it, nor hands it to a
/// function that might.
pub(crate) fn length_stays(found: &SourceMatch) -> bool {
    let Some(list) = found.get_env().get_match("LIST").map(SourceNode::text) else { return false };
    // A text that is walked letter by letter is long whatever its name.
    if is_few(&list) && !found.text().starts_with("strlen") {
        return false;
    }
    let Some(around) = found.ancestors().find(|node| node.kind() == "for_statement") else {
        return false;
    };
    let is_condition = around.field("condition").is_some_and(|condition| holds(&condition, found));
    let Some(body) = around.field("body") else { return false };
    is_condition && !body.dfs().any(|node| may_change(&node, &list))
}

fn holds(outer: &SourceNode, inner: &SourceNode) -> bool {
    outer.range().start <= inner.range().start && inner.range().end <= outer.range().end
}

fn may_change(node: &SourceNode, list: &str) -> bool {
    let names = |node: &SourceNode| identifiers(node).any(|name| name == list);
    match node.kind().as_ref() {
        // `$list[$i] = $x` leaves an element that is there in its place; `$list[] = $x` appends.
        "assignment_expression" | "augmented_assignment_expression" => {
            target(node).is_some_and(|target| {
                let text = target.text();
                text == list
                    || text.ends_with("[]") && names(&target)
                    || target.kind() == "list_literal"
            })
        }
        "unset_statement" | "reference_assignment_expression" => names(node),
        "argument" => {
            node.text() == list
                && node.parent().and_then(|arguments| arguments.parent()).is_none_or(|call| {
                    !call.text().starts_with("count(")
                        && !call.text().starts_with("strlen(")
                        && !call.text().starts_with("substr(")
                        && !call.text().starts_with("isset(")
                })
        }
        _ => false,
    }
}
