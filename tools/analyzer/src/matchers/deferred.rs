//! What a `defer` in a loop of Go lets go of.

use crate::language::{SourceMatch, SourceNode};
use crate::matchers::loops::enclosing_loop;
use crate::matchers::names::identifiers;

/// The deferred call lets go of what this pass alone needs: nothing that the loop gathers for later or that a goroutine of
/// the pass goes on using, and not only under a condition.
pub(crate) fn released_too_late(found: &SourceMatch) -> bool {
    let Some(around) = enclosing_loop(found) else { return false };
    let goroutine_follows = around
        .dfs()
        .any(|node| node.kind() == "go_statement" && node.range().start > found.range().start);
    if goroutine_follows || cleans_up_on_condition(found) {
        return false;
    }
    let call = found.named_children().next();
    let function = call.and_then(|call| call.field("function"));
    let Some(name) = function.and_then(|function| {
        let name = identifiers(&function).next()?;
        Some(name.into_owned())
    }) else {
        return true;
    };
    !around.dfs().any(|node| keeps(&node, &name))
}

/// `defer func() { if err != nil { … } }()`
fn cleans_up_on_condition(deferred: &SourceNode) -> bool {
    deferred
        .dfs()
        .find(|node| node.kind() == "func_literal")
        .and_then(|function| function.field("body"))
        .and_then(|body| body.dfs().find(|node| node.kind().ends_with("_statement")))
        .is_some_and(|first| first.kind() == "if_statement")
}

/// `all = append(all, name)`, `all[key] = name`, and `name := <-made`, which somebody else has opened.
fn keeps(node: &SourceNode, name: &str) -> bool {
    let is_name = |node: &SourceNode| node.text() == name;
    match node.kind().as_ref() {
        "call_expression" => {
            node.field("function").is_some_and(|function| function.text() == "append")
                && node
                    .field("arguments")
                    .is_some_and(|list| list.named_children().skip(1).any(|item| is_name(&item)))
        }
        "assignment_statement" => {
            node.field("right")
                .is_some_and(|right| right.named_children().any(|item| is_name(&item)))
                && node.field("left").is_some_and(|left| left.text() != "_")
        }
        "short_var_declaration" => {
            node.field("right").is_some_and(|right| right.text().starts_with("<-"))
                && node
                    .field("left")
                    .is_some_and(|left| left.named_children().any(|item| is_name(&item)))
        }
        _ => false,
    }
}
