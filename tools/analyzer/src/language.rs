//! Which languages have rules, and what their grammars call functions.

use std::path::Path;

use ast_grep_core::tree_sitter::StrDoc;
use ast_grep_core::{Node, NodeMatch};
use ast_grep_language::SupportLang;

pub(crate) type Document = StrDoc<SupportLang>;
pub(crate) type SourceNode<'t> = Node<'t, Document>;
pub(crate) type SourceMatch<'t> = NodeMatch<'t, Document>;

/// The grammars that are linked in; any other would panic when asked for.
pub(crate) const LANGUAGES: [SupportLang; 7] = [
    SupportLang::Python,
    SupportLang::JavaScript,
    SupportLang::TypeScript,
    SupportLang::Tsx,
    SupportLang::Java,
    SupportLang::Go,
    SupportLang::Rust,
];

const FUNCTIONS: [&str; 15] = [
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
];

/// The language of a file by its ending; `None` where there are no rules for it.
pub(crate) fn of_path(path: &str) -> Option<SupportLang> {
    let ending = Path::new(path).extension()?.to_str()?.to_ascii_lowercase();
    Some(match ending.as_str() {
        "py" => SupportLang::Python,
        "js" | "cjs" | "mjs" | "jsx" => SupportLang::JavaScript,
        "ts" | "cts" | "mts" => SupportLang::TypeScript,
        "tsx" => SupportLang::Tsx,
        "java" => SupportLang::Java,
        "go" => SupportLang::Go,
        "rs" => SupportLang::Rust,
        _ => return None,
    })
}

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
        let name = function.field("name").or_else(|| bound_name(&function))?;
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
