//! Two lists that are matched by comparing every item of the one with every item of the other.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::kotlin;
use crate::language::{SourceMatch, SourceNode};
use crate::matchers::loops::{enclosing_loop, is_batched, is_while};
use crate::matchers::names::{identifiers, names_bound_in, target};
use crate::matchers::short_loops::passes_are_few;
use crate::syntax::is_function;

/// `$LEFT` of one loop's item is compared with `$RIGHT` of the other's, nothing else is done in the inner loop, and what the
/// inner loop goes through is the same in each pass of the outer one.
pub(crate) fn joins_two_lists(found: &SourceMatch) -> bool {
    let Some((inner, outer)) = two_loops(found) else { return false };
    let (inner_names, outer_names) = (header_names(&inner), header_names(&outer));
    let is_independent = || {
        let names = header(&inner)
            .iter()
            .flat_map(|part| identifiers(part).map(Cow::into_owned).collect::<Vec<_>>())
            .filter(|name| !inner_names.contains(name))
            .collect::<HashSet<_>>();
        let changed = names_bound_in(&outer);
        !names.iter().any(|name| changed.contains(name))
    };
    is_only_test(found, &inner)
        && compares(found, &inner_names, &outer_names)
        && (is_independent() || compares_entries(found))
}

/// The same as far as the heads of the loops tell.
pub(crate) fn compares_items(found: &SourceMatch) -> bool {
    two_loops(found)
        .is_some_and(|(inner, outer)| compares(found, &header_names(&inner), &header_names(&outer)))
}

/// The two loops around the match, neither of which is short or waits for something.
fn two_loops<'t>(found: &SourceMatch<'t>) -> Option<(SourceNode<'t>, SourceNode<'t>)> {
    let inner = enclosing_loop(found)?;
    let outer = enclosing_loop(&inner)?;
    let is_long =
        |around: &SourceNode| !is_while(around) && !is_batched(around) && !passes_are_few(around);
    (is_long(&inner) && is_long(&outer)).then_some((inner, outer))
}

fn compares(found: &SourceMatch, inner: &HashSet<String>, outer: &HashSet<String>) -> bool {
    let env = found.get_env();
    let (Some(left), Some(right)) = (env.get_match("LEFT"), env.get_match("RIGHT")) else {
        return false;
    };
    let uses = |side: &SourceNode, names: &HashSet<String>| {
        identifiers(side).any(|name| names.contains(name.as_ref()))
    };
    let of_one = |side: &SourceNode, own: &HashSet<String>, other: &HashSet<String>| {
        uses(side, own) && !uses(side, other)
    };
    of_one(left, inner, outer) && of_one(right, outer, inner)
        || of_one(left, outer, inner) && of_one(right, inner, outer)
}

/// `names[i] == names[j]`: entries of one list, so that the inner loop may well start where the outer one is.
fn compares_entries(found: &SourceMatch) -> bool {
    let env = found.get_env();
    let list = |side: &str| {
        let text = env.get_match(side)?.text();
        let (list, index) = text.split_once('[')?;
        let index = index.strip_suffix(']')?;
        index.chars().all(char::is_alphanumeric).then(|| list.to_owned())
    };
    list("LEFT").is_some_and(|left| list("RIGHT").is_some_and(|right| left == right))
}

/// The inner loop does nothing but compare, and act where both are equal.
fn is_only_test(found: &SourceMatch, inner: &SourceNode) -> bool {
    let mut is_test = false;
    for node in found.ancestors().take_while(|node| node.node_id() != inner.node_id()) {
        let kind = node.kind();
        let is_alone = match kind.as_ref() {
            "block"
            | "statement_block"
            | "compound_statement"
            | "statement_list"
            | "statements"
            | "body_statement"
            | "block_body"
            | "control_structure_body" => statements(&node) == 1,
            "binary_expression" | "boolean_operator" | "conjunction_expression" | "binary" => {
                !node.children().any(|child| matches!(child.text().as_ref(), "||" | "or"))
            }
            "if_statement" | "if_expression" | "if" | "if_modifier" => {
                is_test = true;
                !has_else(&node)
            }
            "expression_statement"
            | "parenthesized_expression"
            | "call_suffix"
            | "annotated_lambda" => true,
            kind if kind.contains("condition") => true,
            _ => is_function(&node) || kind.starts_with("argument"),
        };
        if !is_alone {
            return false;
        }
    }
    is_test
}

fn statements(block: &SourceNode) -> usize {
    block.named_children().filter(|child| !child.kind().contains("comment")).count()
}

fn has_else(node: &SourceNode) -> bool {
    node.field("alternative").is_some()
        || node.children().any(|child| child.kind().starts_with("else") || child.text() == "else")
}

/// What the loop goes through, and by what.
fn header<'t>(around: &SourceNode<'t>) -> Vec<SourceNode<'t>> {
    if matches!(around.kind().as_ref(), "block" | "do_block") {
        let call = around.parent();
        return call.and_then(|call| call.field("receiver")).into_iter().collect();
    }
    if is_call(around) {
        return around.child(0).into_iter().collect();
    }
    let body = around.field("body").or_else(|| kotlin::loop_body(around));
    let body = body.map(|body| body.node_id());
    around.children().filter(|child| Some(child.node_id()) != body).collect()
}

/// The names of the loop's items, or of what counts them.
fn header_names(around: &SourceNode) -> HashSet<String> {
    let names = |bound: &SourceNode| identifiers(bound).map(Cow::into_owned).collect();
    let counts = around.field("initializer").is_some();
    if let Some(bound) = target(around).filter(|_| !counts) {
        return names(&bound);
    }
    if !is_call(around) {
        return header(around).iter().flat_map(names_bound_in).collect();
    }
    // The function that the call runs once per item.
    let function = around.children().last().and_then(|given| given.dfs().find(is_function));
    match function.map(|function| target(&function)) {
        Some(Some(bound)) => names(&bound),
        // A lambda of Kotlin that names no parameter has `it`.
        _ => HashSet::from(["it".to_owned()]),
    }
}

fn is_call(around: &SourceNode) -> bool {
    around.kind().contains("call") || around.kind().contains("invocation")
}
