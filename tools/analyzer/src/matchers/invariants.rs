//! Work that has the same outcome in every pass of a loop.

use crate::language::{SourceMatch, SourceNode};
use crate::matchers::loops::{enclosing_loop, is_batched, is_while};
use crate::matchers::names::{identifiers, names_bound_in};

/// In a loop, and made of nothing that a pass changes: no name that the loop binds, no call within the match.
pub(crate) fn same_in_every_pass(found: &SourceMatch) -> bool {
    let Some(around) = enclosing_loop(found) else { return false };
    // An attempt repeats its work because the one before failed, and `while` often waits for another outcome.
    if is_while(&around) || is_batched(&around) || found.dfs().skip(1).any(|node| is_call(&node)) {
        return false;
    }
    // The parameters of a comparison are its own.
    let own = names_bound_in(found);
    let bound = names_bound_in(&around);
    let differs = identifiers(found)
        .any(|name| bound.contains(name.as_ref()) && !own.contains(name.as_ref()));
    !differs && !done_once(found, &around)
}

/// Nothing in the loop but reads mentions `$LIST`.
pub(crate) fn list_only_read(found: &SourceMatch) -> bool {
    let Some(list) = found.get_env().get_match("LIST") else { return false };
    let Some(around) = enclosing_loop(found) else { return false };
    let name = list.text();
    around
        .dfs()
        .filter(|node| node.kind() == "identifier" && node.text() == name)
        .filter(|node| !found.range().contains(&node.range().start))
        .all(|node| is_read(&node))
}

fn is_call(node: &SourceNode) -> bool {
    matches!(
        node.kind().as_ref(),
        "call" | "call_expression" | "new_expression" | "await" | "await_expression" | "yield"
    )
}

/// `if parsed is None: parsed = json.loads(text)`: the loop asks first whether there is a result already.
fn done_once(found: &SourceMatch, around: &SourceNode) -> bool {
    let within = || found.ancestors().take_while(|node| node.node_id() != around.node_id());
    let Some(target) = within().find_map(|node| node.field("left").or_else(|| node.field("name")))
    else {
        return false;
    };
    let target = target.text();
    within()
        .filter(|node| node.kind() == "if_statement")
        .filter_map(|node| node.field("condition"))
        .any(|condition| condition.text().contains(target.as_ref()))
}

fn is_read(node: &SourceNode) -> bool {
    let Some(parent) = node.parent() else { return false };
    match parent.kind().as_ref() {
        "comparison_operator"
        | "binary_expression"
        | "for_statement"
        | "for_in_clause"
        | "for_in_statement" => true,
        "subscript" | "subscript_expression" => parent.parent().is_none_or(|outer| {
            !outer.kind().contains("assignment")
                && !outer.kind().starts_with("delete")
                && outer.kind() != "update_expression"
        }),
        "member_expression" => parent
            .field("property")
            .is_some_and(|name| matches!(name.text().as_ref(), "length" | "map" | "forEach")),
        "argument_list" => parent.parent().is_some_and(|call| {
            let called = call.field("function").map(|called| called.text().into_owned());
            called.is_some_and(|called| {
                matches!(called.as_str(), "len" | "max" | "min" | "sum" | "enumerate" | "zip")
            })
        }),
        _ => false,
    }
}
