//! Loops and lists that stay short, by how they are written or by what their names say.

use crate::language::SourceNode;
use crate::matchers::blocks;
use crate::matchers::few::{are_few, is_constant, words};
use crate::syntax::enclosing_function;

/// What a program of PHP or Ruby has a handful of, beside what is few in any language.
const FEW: [&str; 34] = [
    "algorithm",
    "backend",
    "category",
    "cipher",
    "color",
    "config",
    "configuration",
    "constant",
    "driver",
    "encoding",
    "engine",
    "environment",
    "error",
    "extruder",
    "form",
    "handler",
    "hook",
    "index",
    "interface",
    "keyword",
    "layout",
    "listener",
    "master",
    "middleware",
    "module",
    "notifier",
    "permission",
    "privilege",
    "protocol",
    "provider",
    "strategy",
    "tag",
    "theme",
    "timezone",
];

/// The loop goes over a literal, a constant, what the caller wrote as single arguments, or things that are few.
pub(crate) fn passes_are_few(around: &SourceNode) -> bool {
    if counts_few(around) {
        return true;
    }
    let Some(walked) = walked(around) else { return false };
    is_written_out(&walked)
        || is_constant(&walked) && walked.kind() == "identifier"
        || is_few(of_entries(&walked.text()))
        || is_split_line(&walked.text())
        || is_rest_parameter(&walked, around)
}

/// `i < columns.length`
fn counts_few(around: &SourceNode) -> bool {
    let Some(condition) = around.field("condition") else { return false };
    let text = condition.text();
    let limit = text.rsplit('<').next().unwrap_or_default().trim().trim_end_matches(';');
    [".length", ".Length", ".size()", ".Count"]
        .iter()
        .any(|end| limit.strip_suffix(end).is_some_and(is_few))
}

/// `attributes` in `sorted(attributes.items())`
fn of_entries(walked: &str) -> &str {
    let inner = ["sorted(", "enumerate(", "reversed("]
        .iter()
        .find_map(|order| walked.strip_prefix(order)?.strip_suffix(')'))
        .unwrap_or(walked);
    [".items()", ".values()", ".keys()", ".entries()"]
        .iter()
        .find_map(|end| inner.strip_suffix(end))
        .unwrap_or(inner)
}

/// `line.split(",")`, `explode(';', $header)`: the entries of one line.
fn is_split_line(walked: &str) -> bool {
    ["split(", "explode("].iter().any(|split| {
        let given = walked.rfind(split).and_then(|at| walked.get(at + split.len()..));
        given.is_some_and(|given| {
            let separator = given.trim_start_matches(['"', '\'']);
            separator.len() < given.len() && separator.starts_with([',', ';', ':', '.', '/', '|'])
        })
    })
}

/// The last name of the expression is one of things that are few: `$this->providers`, `table.columns`.
pub(crate) fn is_few(expression: &str) -> bool {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    let before_call = expression.split('(').next().unwrap_or_default();
    let name = before_call.split(|letter| !is_part(letter)).rfind(|part| !part.is_empty());
    let name = name.unwrap_or_default();
    are_few(name) || words(name).iter().any(|word| FEW.contains(&word.as_str()))
}

fn walked<'t>(around: &SourceNode<'t>) -> Option<SourceNode<'t>> {
    match around.kind().as_ref() {
        // PHP
        "foreach_statement" if around.field("left").is_none() => around.named_children().next(),
        // Ruby
        "for" => around.field("value").and_then(|value| value.named_children().next()),
        // Python, JavaScript and C#
        "for_statement" | "for_in_statement" | "foreach_statement" => around.field("right"),
        // Java
        "enhanced_for_statement" => around.field("value"),
        _ => blocks::walked(around),
    }
}

fn is_written_out(walked: &SourceNode) -> bool {
    match walked.kind().as_ref() {
        "array_creation_expression" | "array" | "string_array" | "symbol_array" => {
            !walked.text().contains("...")
                && !walked.children().any(|child| child.kind() == "splat_argument")
        }
        "class_constant_access_expression" => true,
        "constant" => walked.text().chars().all(|letter| !letter.is_lowercase()),
        _ => false,
    }
}

/// `def all(*types)`, `function all(...$types)`
fn is_rest_parameter(walked: &SourceNode, around: &SourceNode) -> bool {
    let name = walked.text();
    let parameters = enclosing_function(around).field("parameters");
    parameters.is_some_and(|parameters| {
        parameters.dfs().any(|node| {
            matches!(node.kind().as_ref(), "splat_parameter" | "variadic_parameter")
                && node.field("name").is_some_and(|found| found.text() == name)
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_of_what_there_are_few() {
        for few in ["$this->providers", "$customFields", "table.columns", "$o->getPermissions()"] {
            assert!(is_few(few), "{few}");
        }
        for many in ["$rows", "users", "$this->types->rows()", "Profile.all"] {
            assert!(!is_few(many), "{many}");
        }
    }
}
