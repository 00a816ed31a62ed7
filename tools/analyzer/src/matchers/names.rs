//! Names in a piece of code: which it uses, which it binds.

use std::borrow::Cow;
use std::collections::HashSet;

use crate::kotlin;
use crate::language::SourceNode;

/// The identifiers in and below a node, fields of objects left out.
pub(crate) fn identifiers<'a, 't: 'a>(
    node: &'a SourceNode<'t>,
) -> impl Iterator<Item = Cow<'t, str>> + 'a {
    node.dfs().filter(is_identifier).map(|node| node.text())
}

fn is_identifier(node: &SourceNode) -> bool {
    match node.kind().as_ref() {
        "identifier" => !names_member(node),
        "simple_identifier" => {
            node.parent().is_none_or(|parent| parent.kind() != "navigation_suffix")
        }
        "shorthand_property_identifier"
        | "shorthand_property_identifier_pattern"
        | "implicit_parameter"
        | "interpolated_identifier"
        // PHP
        | "variable_name" => true,
        _ => false,
    }
}

/// Java and C# call a field's or method's name an identifier too.
fn names_member(node: &SourceNode) -> bool {
    let Some(parent) = node.parent() else { return false };
    let field = match parent.kind().as_ref() {
        "method_invocation" | "member_access_expression" | "member_binding_expression" => "name",
        "field_access" => "field",
        _ => return false,
    };
    parent.field(field).is_some_and(|name| name.node_id() == node.node_id())
}

/// The names that the code binds or assigns, loop variables and parameters of its functions among them.
pub(crate) fn names_bound_in(node: &SourceNode) -> HashSet<String> {
    node.dfs()
        .flat_map(|node| match target(&node) {
            Some(target) => identifiers(&target).map(Cow::into_owned).collect::<Vec<_>>(),
            // A lambda of Kotlin that names no parameter has `it`.
            None if node.kind() == "lambda_literal" => vec!["it".to_owned()],
            None => Vec::new(),
        })
        .collect()
}

/// What a statement binds or assigns to.
pub(crate) fn target<'t>(node: &SourceNode<'t>) -> Option<SourceNode<'t>> {
    match node.kind().as_ref() {
        "for_statement" => node.field("left").or_else(|| kotlin::target(node)),
        "assignment" => node.field("left").or_else(|| kotlin::target(node)),
        "property_declaration" | "lambda_literal" => kotlin::target(node),
        "for_in_clause"
        | "for_in_statement"
        | "augmented_assignment"
        | "range_clause"
        | "short_var_declaration"
        | "assignment_statement"
        | "assignment_expression"
        | "augmented_assignment_expression"
        | "operator_assignment"
        | "compound_assignment_expr" => node.field("left"),
        "variable_declarator"
        | "enhanced_for_statement"
        | "named_expression"
        | "var_spec"
        | "declaration_expression" => node.field("name"),
        "init_declarator" | "for_range_loop" => node.field("declarator"),
        // Ruby, whose blocks bind their parameters
        "block" | "do_block" => node.field("parameters"),
        // PHP, where what is looped over comes first
        "foreach_statement" => node.field("left").or_else(|| node.named_children().nth(1)),
        "let_declaration" | "for_expression" | "for" => node.field("pattern"),
        "as_pattern" => node.field("alias"),
        "update_expression" => node.field("argument"),
        "arrow_function"
        | "anonymous_function"
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
    // `name += more` changes a value, it does not start one.
    if node.field("operator").is_some_and(|operator| operator.text() != "=") {
        return None;
    }
    match node.kind().as_ref() {
        "assignment" => node.field("right").or_else(|| kotlin::value(node)),
        "property_declaration" => kotlin::value(node),
        "short_var_declaration" | "assignment_statement" | "assignment_expression" => {
            node.field("right")
        }
        "variable_declarator" => node.field("value").or_else(|| last_but_name(node)),
        "let_declaration" | "init_declarator" => node.field("value"),
        "var_spec" => node.field("value").or_else(|| node.field("type")),
        _ => None,
    }
}

/// C# names no field for the value of a declaration.
fn last_but_name<'t>(declarator: &SourceNode<'t>) -> Option<SourceNode<'t>> {
    declarator.children().skip_while(|child| child.text() != "=").nth(1)
}

/// The parameter of that name of a function.
pub(crate) fn parameter<'t>(function: &SourceNode<'t>, name: &str) -> Option<SourceNode<'t>> {
    let given = function.field("parameters")?;
    given.named_children().find(|parameter| {
        let of_name = parameter.field("name").or_else(|| parameter.field("pattern"));
        let named = of_name.unwrap_or_else(|| parameter.clone());
        let text = named.text();
        text == name || text.split([':', '=']).next().is_some_and(|text| text.trim() == name)
    })
}

/// Whether a letter may stand in a name.
pub(crate) fn is_of_name(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// A name for several things: `users`, `user_list`, `arr2`, `b`
pub(crate) fn is_named_list(name: &str) -> bool {
    let name = name.trim_start_matches('$').trim_end_matches(|last: char| last.is_ascii_digit());
    let lower = name.to_lowercase();
    let is_plural = lower.ends_with('s') && !lower.ends_with("ss") && !lower.ends_with("is");
    let says = ["list", "lst", "arr", "vec"]
        .iter()
        .any(|word| lower.starts_with(word) || lower.ends_with(word));
    let is_other = ["first", "second", "other", "left", "right"].contains(&lower.as_str());
    // A large letter is mostly something of its own, such as a graph.
    let is_letter = name.len() == 1 && name != name.to_uppercase();
    is_letter || says || is_plural || is_other
}
