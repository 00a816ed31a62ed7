//! Lists that are searched once per item of a loop.

use std::sync::LazyLock;

use regex::Regex;

use crate::language::{SourceMatch, SourceNode};
use crate::matchers::few::are_few;
use crate::matchers::loops::enclosing_loop;
use crate::matchers::names::{bound_value, identifiers, names_bound_in, target};
use crate::syntax::enclosing_function;

/// `$LIST` is what the loop around the match goes through.
pub(crate) fn loops_over_list(found: &SourceMatch) -> bool {
    let Some(list) = found.get_env().get_match("LIST") else { return false };
    let Some(around) = enclosing_loop(found) else { return false };
    let iterated = match around.kind().as_ref() {
        "call_expression" => around.field("function").and_then(|callee| callee.field("object")),
        kind if kind.ends_with("comprehension") || kind == "generator_expression" => around
            .children()
            .filter(|child| child.kind() == "for_in_clause")
            .last()
            .and_then(|clause| clause.field("right")),
        _ => around.field("right"),
    };
    iterated.is_some_and(|iterated| {
        let text = iterated.text();
        let inner = ["enumerate(", "set(", "sorted("]
            .iter()
            .find_map(|wrapper| text.strip_prefix(wrapper)?.strip_suffix(')'));
        inner.unwrap_or(&text) == list.text()
    })
}

/// `$ITEM` differs from pass to pass and is looked for in `$LIST`, which is made before the loop as a list of unknown length
/// and stays what it is.
pub(crate) fn list_searched_per_item(found: &SourceMatch) -> bool {
    let env = found.get_env();
    let (Some(list), Some(item)) = (env.get_match("LIST"), env.get_match("ITEM")) else {
        return false;
    };
    let Some(around) = enclosing_loop(found) else { return false };
    let bound = names_bound_in(&around);
    let name = list.text();
    list.kind() == "identifier"
        && !are_few(&name)
        && !bound.contains(name.as_ref())
        && identifiers(item).any(|used| bound.contains(used.as_ref()))
        && !is_changed(&around, &name)
        && !is_extended_by(found, &name)
        && !has_entry_set(&enclosing_function(&around), &name)
        && starts_as_list(found, &around, &name)
}

/// What [`is_list_of_unknown_length`] takes, or the type of a parameter, as a function of Python may have it. A backslash may join
/// lines.
static LISTS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let made = r"=[\s\\]*\[|\b(list|sorted|Object\.keys|Object\.values)[\s\\]*\(";
    let by_method = r"\.[\s\\]*(split|splitlines|readlines|map|filter|flatMap|tolist)\b";
    let given = r":[\s\\]*(list|List\[)";
    Regex::new(&format!("{made}|{by_method}|{given}")).ok()
});

/// Something is made a list in this function, or given as one.
pub(crate) fn may_make_list(function: &str) -> bool {
    LISTS.as_ref().is_none_or(|lists| lists.is_match(function))
}

/// The same as far as names tell: `$LIST` is one that the function around the match gives a value or a type.
pub(crate) fn may_be_list_before_loop(found: &SourceMatch) -> bool {
    let Some(list) = found.get_env().get_match("LIST") else { return false };
    let Some(around) = enclosing_loop(found) else { return false };
    let name = list.text();
    let function = enclosing_function(&around);
    let text = function.text();
    let is_set = text.match_indices(name.as_ref()).any(|(at, name)| {
        let after = text.get(at + name.len()..).unwrap_or_default();
        after.trim_start_matches([' ', '\t', '\\', '\r', '\n']).starts_with(['=', ':'])
    });
    is_set && list.kind() == "identifier" && !are_few(&name)
}

/// `names[index] = name`
fn has_entry_set(function: &SourceNode, name: &str) -> bool {
    function.dfs().any(|node| {
        let left = if node.kind() == "assignment" { node.field("left") } else { None };
        left.and_then(|left| left.field("value")).is_some_and(|value| value.text() == name)
    })
}

fn starts_as_list(found: &SourceMatch, around: &SourceNode, name: &str) -> bool {
    let mut starts = false;
    for node in enclosing_function(around).dfs() {
        if target(&node).is_none_or(|target| target.text() != name) {
            continue;
        }
        if node.range().start > found.range().start
            || !bound_value(&node, name).is_some_and(|value| is_list_of_unknown_length(&value))
        {
            return false;
        }
        starts = true;
    }
    starts || is_given_as_list(&enclosing_function(around), name)
}

/// `def known(names: list[str])`
fn is_given_as_list(function: &SourceNode, name: &str) -> bool {
    function.field("parameters").is_some_and(|given| {
        given.named_children().any(|parameter| {
            let kind = parameter.field("type").map(|kind| kind.text().into_owned());
            identifiers(&parameter).next().is_some_and(|named| named == name)
                && kind.is_some_and(|kind| kind.starts_with("list") || kind.starts_with("List["))
        })
    })
}

fn is_changed(around: &SourceNode, name: &str) -> bool {
    let text = around.text();
    [".append(", ".remove(", ".push(", ".pop(", ".extend(", ".splice(", ".insert(", ".shift("]
        .iter()
        .any(|change| text.contains(&format!("{name}{change}")))
}

/// `names.extend(name for name in more if name not in names)` changes the list while it looks.
fn is_extended_by(found: &SourceMatch, name: &str) -> bool {
    let call = format!("{name}.extend(");
    found.ancestors().any(|node| node.kind() == "call" && node.text().starts_with(&call))
}

/// `"a b c".split()` is as short as it is written.
fn is_of_literal(callee: &SourceNode) -> bool {
    callee.field("object").is_some_and(|text| {
        matches!(text.kind().as_ref(), "string" | "concatenated_string" | "template_string")
    })
}

/// A literal of five entries costs nothing to search, so it does not count; nor does what a call may have made a set.
fn is_list_of_unknown_length(value: &SourceNode) -> bool {
    match value.kind().as_ref() {
        "list_comprehension" => true,
        "call" | "call_expression" => {
            let Some(callee) = value.field("function") else { return false };
            let method = callee.field("attribute").or_else(|| callee.field("property"));
            let makes = |name: &str| {
                matches!(
                    name,
                    "split" | "splitlines" | "readlines" | "map" | "filter" | "flatMap" | "tolist"
                )
            };
            method.map_or_else(
                || matches!(callee.text().as_ref(), "list" | "sorted"),
                |method| {
                    makes(&method.text()) && !is_of_literal(&callee)
                        || matches!(
                            callee.text().as_ref(),
                            "Object.keys" | "Object.values" | "Array.from"
                        )
                },
            )
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_no_list_shows_in_the_text_of_a_function() {
        for made in [
            "[row for row in rows]",
            "\\\n[row for row in rows]",
            "list(rows)",
            "sorted (rows)",
            "Object.keys(rows)",
            "Object.values(rows)",
            "text.split()",
            "text.splitlines()",
            "file.readlines()",
            "rows.map(name)",
            "rows.filter(name)",
            "rows.flatMap(name)",
            "rows.tolist()",
        ] {
            assert!(may_make_list(&format!("def f(rows):\n    names = {made}\n")), "{made}");
        }
        assert!(may_make_list("def f(rows: list[str]):\n    pass\n"));
        assert!(may_make_list("def f(rows:\\\n List[str]):\n    pass\n"));
        for other in ["{row for row in rows}", "dict(rows)", "rows.listed()", "blacklist(rows)"] {
            assert!(!may_make_list(&format!("def f(rows):\n    names = {other}\n")), "{other}");
        }
    }
}
