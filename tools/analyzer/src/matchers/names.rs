//! Names in a piece of code: which it uses, which it binds.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::language::SourceNode;

/// The identifiers in and below a node, fields of objects left out.
pub(crate) fn identifiers<'a, 't: 'a>(
    node: &'a SourceNode<'t>,
) -> impl Iterator<Item = Cow<'t, str>> + 'a {
    node.dfs().filter(|node| is_identifier(&node.kind())).map(|node| node.text())
}

fn is_identifier(kind: &str) -> bool {
    kind == "identifier"
        || kind == "shorthand_property_identifier"
        || kind == "shorthand_property_identifier_pattern"
}

/// The names that the code binds or assigns, loop variables and parameters of its functions among them.
pub(crate) fn names_bound_in(node: &SourceNode) -> HashSet<String> {
    node.dfs()
        .filter_map(|node| target(&node))
        .flat_map(|target| identifiers(&target).map(Cow::into_owned).collect::<Vec<_>>())
        .collect()
}

/// What a statement binds or assigns to.
pub(crate) fn target<'t>(node: &SourceNode<'t>) -> Option<SourceNode<'t>> {
    match node.kind().as_ref() {
        "for_statement"
        | "for_in_clause"
        | "for_in_statement"
        | "assignment"
        | "augmented_assignment"
        | "range_clause"
        | "short_var_declaration"
        | "assignment_statement"
        | "assignment_expression"
        | "augmented_assignment_expression"
        | "compound_assignment_expr" => node.field("left"),
        "variable_declarator" | "enhanced_for_statement" | "named_expression" | "var_spec" => {
            node.field("name")
        }
        "init_declarator" | "for_range_loop" => node.field("declarator"),
        "let_declaration" | "for_expression" => node.field("pattern"),
        "as_pattern" => node.field("alias"),
        "update_expression" => node.field("argument"),
        "arrow_function"
        | "function_expression"
        | "closure_expression"
        | "lambda_expression"
        | "lambda" => node.field("parameter").or_else(|| node.field("parameters")),
        _ => None,
    }
}

/// The value bound to `name` by this node, or its declared type where it has no value.
pub(crate) fn bound_value<'t>(node: &SourceNode<'t>, name: &str) -> Option<SourceNode<'t>> {
    let target = target(node)?;
    if target.text() != name {
        return None;
    }
    match node.kind().as_ref() {
        "assignment"
        | "short_var_declaration"
        | "assignment_statement"
        | "assignment_expression" => node.field("right"),
        "variable_declarator" | "let_declaration" | "init_declarator" => node.field("value"),
        "var_spec" => node.field("value").or_else(|| node.field("type")),
        _ => None,
    }
}
