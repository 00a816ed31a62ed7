//! Calls that run the function they are given once per item: loops in all but name.

use crate::kotlin;
use crate::language::SourceNode;

/// Methods that call the function they are given once per item.
const ITERATING: [&str; 22] = [
    "forEach",
    "map",
    "filter",
    "flatMap",
    "some",
    "every",
    "reduce",
    "for_each",
    "filter_map",
    // Java
    "forEachOrdered",
    "anyMatch",
    "allMatch",
    "noneMatch",
    // Kotlin
    "forEachIndexed",
    "mapIndexed",
    "mapNotNull",
    "filterNot",
    "onEach",
    // C#
    "ForEach",
    "Select",
    "SelectMany",
    "Where",
];

/// Functions of PHP that call the function they are given once per item.
const ITERATING_FUNCTIONS: [&str; 4] = ["array_map", "array_filter", "array_walk", "array_reduce"];

/// The call that runs a function once per item, from the nodes around that function.
pub(crate) fn iterating_call<'a, 't>(around: &'a [SourceNode<'t>]) -> Option<&'a SourceNode<'t>> {
    if let Some(call) = kotlin::call_of_lambda(around) {
        let name = kotlin::callee(call)?;
        return (ITERATING.contains(&name.as_str()) || name == "repeat").then_some(call);
    }
    // C# and PHP wrap each argument in a node of its own.
    let around = if around.first()?.kind() == "argument" { around.get(1..)? } else { around };
    let [arguments, call, ..] = around else { return None };
    if !arguments.kind().starts_with("argument") {
        return None;
    }
    if call.kind() == "member_call_expression" {
        let method = call.field("name")?;
        return matches!(method.text().as_ref(), "each" | "map" | "filter" | "flatMap" | "reject")
            .then_some(call);
    }
    let function = call.field("function");
    if function.is_some_and(|name| ITERATING_FUNCTIONS.contains(&name.text().as_ref())) {
        return Some(call);
    }
    let (receiver, method) = receiver_and_method(call)?;
    if !ITERATING.contains(&method.text().as_ref()) {
        return None;
    }
    let receiver = receiver.text();
    let iterates = match call.kind().as_ref() {
        // An `Optional` in Java has `map` and `filter` too.
        "method_invocation" => method.text() == "forEach" || receiver.contains("tream"),
        // So has an `Option` in Rust.
        "call_expression" if call.field("function")?.kind() == "field_expression" => {
            receiver.contains("iter") || receiver.contains("lines(")
        }
        _ => true,
    };
    iterates.then_some(call)
}

fn receiver_and_method<'t>(call: &SourceNode<'t>) -> Option<(SourceNode<'t>, SourceNode<'t>)> {
    let Some(function) = call.field("function") else {
        return call.field("object").zip(call.field("name"));
    };
    let field = |names: [&str; 3]| names.iter().find_map(|name| function.field(name));
    field(["object", "value", "expression"]).zip(field(["property", "field", "name"]))
}
