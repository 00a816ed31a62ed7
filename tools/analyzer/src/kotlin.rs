//! Kotlin's tree names hardly a field: what other grammars name is known here by kind and place.

use crate::language::SourceNode;

/// Functions of the standard library that run their lambda once, there and then.
const IN_PLACE: [&str; 9] =
    ["let", "run", "also", "apply", "with", "use", "synchronized", "withLock", "runCatching"];

/// The body of a loop.
pub(crate) fn loop_body<'t>(node: &SourceNode<'t>) -> Option<SourceNode<'t>> {
    child(node, &["control_structure_body"])
}

/// What a loop goes over.
pub(crate) fn walked<'t>(around: &SourceNode<'t>) -> Option<SourceNode<'t>> {
    around.children().skip_while(|child| child.text() != "in").nth(1)
}

/// What a loop, a property, an assignment or a lambda binds.
pub(crate) fn target<'t>(node: &SourceNode<'t>) -> Option<SourceNode<'t>> {
    child(
        node,
        &[
            "variable_declaration",
            "multi_variable_declaration",
            "directly_assignable_expression",
            "lambda_parameters",
        ],
    )
}

/// The value in `val name = value` and `name = value`.
pub(crate) fn value<'t>(node: &SourceNode<'t>) -> Option<SourceNode<'t>> {
    node.children().skip_while(|child| child.text() != "=").nth(1)
}

/// The name of a function that is declared with one.
pub(crate) fn function_name<'t>(function: &SourceNode<'t>) -> Option<SourceNode<'t>> {
    child(function, &["simple_identifier"])
}

/// The call that a lambda is given to, from the nodes around the lambda.
pub(crate) fn call_of_lambda<'a, 't>(around: &'a [SourceNode<'t>]) -> Option<&'a SourceNode<'t>> {
    let passed = ["annotated_lambda", "value_argument", "value_arguments", "call_suffix"];
    around
        .iter()
        .find(|node| !passed.contains(&node.kind().as_ref()))
        .filter(|node| node.kind() == "call_expression")
}

/// What a call calls: `forEach` in `items.forEach { … }`.
pub(crate) fn callee(call: &SourceNode) -> Option<String> {
    let called = call.child(0)?;
    let called = child(&called, &["navigation_suffix"]).unwrap_or(called);
    Some(called.text().trim_start_matches(['?', '.']).to_owned())
}

/// Whether the lambda runs once, as part of the code around it.
pub(crate) fn runs_in_place(around: &[SourceNode]) -> bool {
    call_of_lambda(around).and_then(callee).is_some_and(|name| IN_PLACE.contains(&name.as_str()))
}

fn child<'t>(node: &SourceNode<'t>, kinds: &[&str]) -> Option<SourceNode<'t>> {
    node.children().find(|child| kinds.contains(&child.kind().as_ref()))
}
