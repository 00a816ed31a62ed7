//! What the grammars call functions, and the names of them.

use crate::kotlin;
use crate::language::SourceNode;

const FUNCTIONS: [&str; 24] = [
    "function_definition",
    "lambda",
    "function_declaration",
    "function_expression",
    "generator_function",
    "generator_function_declaration",
    "arrow_function",
    "method_definition",
    "method_declaration",
    "constructor_declaration",
    "lambda_expression",
    "func_literal",
    "function_item",
    "closure_expression",
    "async_block",
    // C#
    "local_function_statement",
    "anonymous_method_expression",
    "accessor_declaration",
    // Kotlin
    "lambda_literal",
    "secondary_constructor",
    "anonymous_initializer",
    // PHP and Kotlin
    "anonymous_function",
    // Ruby
    "method",
    "singleton_method",
];

/// Whether the node's body runs at another time than the code around it.
pub(crate) fn is_function(node: &SourceNode) -> bool {
    FUNCTIONS.contains(&node.kind().as_ref())
}
/// The nearest function around the node, the whole file where there is none.
pub(crate) fn enclosing_function<'t>(node: &SourceNode<'t>) -> SourceNode<'t> {
    node.ancestors().find(is_function).unwrap_or_else(|| node.root().root())
}

/// The name of the nearest function around the node that has one.
pub(crate) fn function_name(node: &SourceNode) -> Option<String> {
    node.ancestors().filter(is_function).find_map(|function| {
        let name = function
            .field("name")
            .or_else(|| bound_name(&function))
            .or_else(|| kotlin::function_name(&function))?;
        Some(name.text().into_owned())
    })
}

/// `name` in `const name = () => …`, `name: () => …` and `name = () => …`.
fn bound_name<'t>(function: &SourceNode<'t>) -> Option<SourceNode<'t>> {
    let parent = function.parent()?;
    match parent.kind().as_ref() {
        "variable_declarator" | "public_field_definition" => parent.field("name"),
        "field_definition" => parent.field("property"),
        "pair" => parent.field("key"),
        _ => None,
    }
}
