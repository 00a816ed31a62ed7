//! Variables that grow over the iterations of a loop, known by how they start.

use std::sync::LazyLock;

use regex::Regex;

use crate::language::{SourceMatch, SourceNode};
use crate::matchers::few::{are_few, is_constant, is_short_text, is_split_path, words};
use crate::matchers::loops::enclosing_loop;
use crate::matchers::names::{bound_value, identifiers, names_bound_in, parameter, target};
use crate::matchers::short_loops::passes_are_few;
use crate::syntax::{enclosing_function, function_name, is_function};

const BYTES_STARTS: [&str; 4] = ["b\"", "b'", "bytes()", ".encode("];
const BOXES: [&str; 6] = ["Byte", "Double", "Float", "Integer", "Long", "Short"];

/// `$TEXT` starts as a string outside the loop around the match, and the loop never resets it.
pub(crate) fn text_accumulator(found: &SourceMatch) -> bool {
    grows_from(found, is_text)
}

/// `$TEXT` starts so outside the loop around the match, which lengthens it and does nothing else with the whole of it.
fn grows_from(found: &SourceMatch, right_start: impl Fn(&SourceNode) -> bool) -> bool {
    may_be_text_accumulator(found)
        && starts_outside_loop(found, "TEXT", right_start)
        && is_first_in_loop(found, "TEXT")
        && !is_handed_on_in_loop(found)
}

/// What [`is_text`] takes, as a function of Python may have it. A backslash may join lines.
static TEXT_STARTS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"=[\s\\]*([a-zA-Z]{0,2}["']|str\(\))"#).ok());

/// Something is given a text in this function.
pub(crate) fn may_start_text(function: &str) -> bool {
    TEXT_STARTS.as_ref().is_none_or(|starts| starts.is_match(function))
}

/// The same as far as the head of the loop and names tell.
pub(crate) fn may_be_text_accumulator(found: &SourceMatch) -> bool {
    enclosing_loop(found).is_some() && !is_short(found) && !is_on_error_path(found) && !pads(found)
}

/// The loop goes over a list of a few, or `$TEXT` is what is said when something went wrong.
fn is_short(found: &SourceMatch) -> bool {
    let written = found.get_env().get_match("TEXT").map(SourceNode::text).unwrap_or_default();
    let name = written.to_lowercase();
    let tells_error = ["err", "error", "reason", "warning", "problem"]
        .iter()
        .any(|word| name.trim_start_matches('$').starts_with(word) || name.ends_with(word));
    let is_exception = found.ancestors().any(|around| {
        around.kind() == "class_declaration"
            && around.field("name").is_some_and(|name| name.text().ends_with("Exception"))
    });
    // What shows a thing to who looks for a mistake.
    let in_error = function_name(found).is_some_and(|name| {
        let name = name.to_lowercase();
        name.ends_with("error")
            || ["debug", "inspect", "__repr__", "__str__"].iter().any(|word| name.contains(word))
    });
    tells_error
        || is_short_text(&written)
        || in_error
        || is_exception
        || enclosing_loop(found).is_some_and(|around| {
            goes_over_literal(&around)
                || goes_over_named(&around)
                || goes_over_short_text(&around)
                || passes_are_few(&around)
        })
}

/// `margin += " "`: what fills a line up to its column stays short.
fn pads(found: &SourceMatch) -> bool {
    let part = found.get_env().get_match("PART").map(SourceNode::text).unwrap_or_default();
    let inner = part.trim_matches(['"', '\'', '`']);
    inner.len() < part.len() && inner.len() < 5 && inner.chars().all(|letter| letter == ' ')
}

/// Between `except`, `catch` or `rescue` and its end: what goes wrong is told once.
fn is_on_error_path(found: &SourceMatch) -> bool {
    found
        .ancestors()
        .take_while(|around| !is_function(around))
        .any(|around| matches!(around.kind().as_ref(), "except_clause" | "catch_clause" | "rescue"))
}

/// The list is filled in the same function, by statements of which each adds one item and none is in a loop.
fn goes_over_named(around: &SourceNode) -> bool {
    // Of Java and C#.
    if !matches!(around.kind().as_ref(), "enhanced_for_statement" | "foreach_statement") {
        return false;
    }
    let Some(list) = around.field("value").or_else(|| around.field("right")) else { return false };
    let name = list.text();
    let function = enclosing_function(around);
    let mut fills = function
        .dfs()
        .filter(|node| {
            let text = node.text();
            matches!(node.kind().as_ref(), "method_invocation" | "invocation_expression")
                && text
                    .strip_prefix(name.as_ref())
                    .is_some_and(|rest| rest.starts_with(".add(") || rest.starts_with(".Add("))
        })
        .peekable();
    fills.peek().is_some() && fills.all(|fill| enclosing_loop(&fill).is_none())
}

/// `for c in label`: the letters of a text that stays short.
fn goes_over_short_text(around: &SourceNode) -> bool {
    let head = around.named_children().find(|child| child.kind() == "range_clause");
    let walked = head.as_ref().unwrap_or(around).field("right");
    walked.is_some_and(|walked| {
        walked.kind() == "identifier"
            && !walked.text().ends_with('s')
            && is_short_text(&walked.text())
    })
}

fn goes_over_literal(around: &SourceNode) -> bool {
    let head = around.named_children().find(|child| child.kind() == "range_clause");
    let list = head.as_ref().unwrap_or(around).field("right");
    list.is_some_and(|list| {
        matches!(list.kind().as_ref(), "composite_literal" | "list" | "tuple" | "array")
    })
}

/// The loop calls something with the whole of `$TEXT`, as with each folder of a path: every pass needs the text as it is.
fn is_handed_on_in_loop(found: &SourceMatch) -> bool {
    let name = found.get_env().get_match("TEXT").map(SourceNode::text).unwrap_or_default();
    // `text = fmt.Sprintf("%s%s", text, part)` is how it grows.
    let grows_by_format = found.text().contains("fmt.Sprintf(");
    let is_own = |node: &SourceNode| grows_by_format && found.range().contains(&node.range().start);
    enclosing_loop(found).is_some_and(|around| {
        around.dfs().any(|node| {
            node.text() == name && is_in_argument(&node) && !is_measured(&node) && !is_own(&node)
        })
    })
}

/// `show(text)`, `show(text + more)`
fn is_in_argument(name: &SourceNode) -> bool {
    let is_sum = |node: &SourceNode| {
        matches!(node.kind().as_ref(), "binary_expression" | "binary_operator" | "binary")
    };
    name.ancestors().find(|around| !is_sum(around)).is_some_and(|around| {
        matches!(
            around.kind().as_ref(),
            "argument_list" | "arguments" | "argument" | "value_argument"
        )
    })
}

/// `len(text)`
fn is_measured(argument: &SourceNode) -> bool {
    argument
        .ancestors()
        .find_map(|ancestor| ancestor.field("function"))
        .is_some_and(|function| matches!(function.text().as_ref(), "len" | "strlen" | "mb_strlen"))
}

/// One remark serves for all that a pass appends.
fn is_first_in_loop(found: &SourceMatch, variable: &str) -> bool {
    let name = found.get_env().get_match(variable).map(SourceNode::text).unwrap_or_default();
    let first = enclosing_loop(found).and_then(|around| {
        around.dfs().find(|node| target(node).is_some_and(|target| target.text() == name))
    });
    first.is_some_and(|first| first.range().start == found.range().start)
}

/// What [`list_accumulator`] takes, as a function of Python may have it. A backslash may join lines.
static LIST_STARTS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"=[\s\\]*(\[\]|\(\)|array\(\)|Array\.new|listOf|emptyList)").ok());

/// Something is given an empty list in this function.
pub(crate) fn may_start_list(function: &str) -> bool {
    LIST_STARTS.as_ref().is_none_or(|starts| starts.is_match(function))
}

/// `$LIST` starts as an empty list outside the loop around the match, and the loop never resets it. Over
/// few things, the list stays short.
pub(crate) fn list_accumulator(found: &SourceMatch) -> bool {
    let is_short = enclosing_loop(found).is_some_and(|around| passes_are_few(&around));
    !is_short
        && starts_outside_loop(found, "LIST", |value| {
            let text = value.text();
            matches!(text.as_ref(), "[]" | "()" | "array()" | "Array.new") || is_empty_list(&text)
        })
}

/// `listOf<Int>()`, `emptyList()` in Kotlin
fn is_empty_list(value: &str) -> bool {
    value.strip_suffix("()").is_some_and(|made| {
        let name = made.split('<').next().unwrap_or(made);
        matches!(name, "listOf" | "emptyList")
    })
}

/// Something is given bytes in this function.
pub(crate) fn may_start_bytes(function: &str) -> bool {
    BYTES_STARTS.iter().any(|start| function.contains(start))
}

/// `$TEXT` starts as bytes outside the loop around the match, and the loop never resets it.
pub(crate) fn bytes_accumulator(found: &SourceMatch) -> bool {
    grows_from(found, is_bytes)
}

/// `b"…"`, `bytes()`, or a text that is encoded.
fn is_bytes(value: &SourceNode) -> bool {
    let text = value.text();
    let bare = text.trim_start_matches('(');
    let is_encoded = || {
        value.kind() == "call"
            && value.field("function").is_some_and(|called| called.text().ends_with(".encode"))
    };
    bare.starts_with("b\"") || bare.starts_with("b'") || text == "bytes()" || is_encoded()
}

/// `$LIST` is no list that the loop makes anew in each pass, and `$ITEM`, where the rule names one, differs from pass to pass.
pub(crate) fn grown_from_outside_loop(found: &SourceMatch) -> bool {
    let Some(around) = enclosing_loop(found) else { return false };
    // Few things of each of many are many.
    if passes_are_few(&around) && enclosing_loop(&around).is_none() {
        return false;
    }
    let env = found.get_env();
    let Some(list) = env.get_match("LIST") else { return false };
    let bound = names_bound_in(&around);
    let differs = env
        .get_match("ITEM")
        .is_none_or(|item| identifiers(item).any(|name| bound.contains(name.as_ref())));
    // Of `page.lines[0]` it is `page` that may be another one in each pass.
    let owner = identifiers(list).next();
    let is_beside = |node: &SourceNode| !found.range().contains(&node.range().start);
    differs && owner.is_some_and(|owner| !is_bound_by(&around, &owner, is_beside))
}

/// Whether one of these nodes in a loop gives the name a value.
fn is_bound_by(around: &SourceNode, name: &str, nodes: impl Fn(&SourceNode) -> bool) -> bool {
    around
        .dfs()
        .filter(nodes)
        .filter_map(|node| target(&node))
        .any(|target| identifiers(&target).any(|bound| bound == name))
}

/// Nothing but the match gives `$LIST` a value in the loop, so that it grows from pass to pass.
pub(crate) fn only_grown_in_loop(found: &SourceMatch) -> bool {
    let Some(around) = enclosing_loop(found) else { return false };
    let Some(list) = found.get_env().get_match("LIST").map(SourceNode::text) else { return false };
    !is_bound_by(&around, &list, |node| node.node_id() != found.node_id())
}

/// `$SUM` is declared with a boxed number type outside the loop around the match.
pub(crate) fn boxed_accumulator(found: &SourceMatch) -> bool {
    starts_outside_loop(found, "SUM", |value| {
        declared_type(value).is_some_and(|kind| BOXES.contains(&kind.as_str()))
    })
}

/// `$LIST` is declared as a `LinkedList` outside the loop around the match, or given as one.
pub(crate) fn linked_list(found: &SourceMatch) -> bool {
    let Some(list) = found.get_env().get_match("LIST").map(SourceNode::text) else { return false };
    let is_given = || {
        let given = parameter(&enclosing_function(found), &list);
        let kind = given.and_then(|given| given.field("type"));
        kind.is_some_and(|kind| kind.text().starts_with("LinkedList"))
    };
    enclosing_loop(found).is_some() && is_given()
        || starts_outside_loop(found, "LIST", |value| {
            declared_type(value).is_some_and(|kind| kind.starts_with("LinkedList"))
                || value.text().starts_with("new LinkedList")
        })
}

/// The front of `$LIST` is taken until nothing is left, or filled in a loop after `$LIST` started empty before it.
pub(crate) fn front_of_list(found: &SourceMatch) -> bool {
    let Some(list) = found.get_env().get_match("LIST").map(SourceNode::text) else { return false };
    let Some(around) = enclosing_loop(found) else { return false };
    // The list itself, or what the loop goes through.
    let header = around.field("condition").or_else(|| around.field("right"));
    let starts_few = || {
        let names: Vec<_> = header.iter().flat_map(identifiers).collect();
        enclosing_function(&around).dfs().any(|node| {
            let name = target(&node).map(|target| target.text());
            name.filter(|name| *name == list || names.contains(name))
                .and_then(|name| bound_value(&node, &name))
                .is_some_and(|value| is_split_path(&value))
        })
    };
    if are_few(&list)
        || is_climbed(&around)
        || counts_down(&around)
        || starts_few()
        || ends_by_leaving(&around)
        || is_on_error_path(found)
        || !is_first_of_its_kind(found)
    {
        return false;
    }
    // What is taken in the condition itself is a few lines that are skipped.
    let drains = around.field("condition").is_some_and(|condition| {
        identifiers(&condition).any(|name| name == list)
            && !condition.range().contains(&found.range().start)
    });
    let empty = ["[]", "list()", "array()", "Vec::new()", "vec![]"];
    drains || starts_outside_loop(found, "LIST", |value| empty.contains(&value.text().as_ref()))
}

/// One remark serves for all places of a function that do the same.
fn is_first_of_its_kind(found: &SourceMatch) -> bool {
    let text = found.text();
    let first = enclosing_function(found)
        .dfs()
        .find(|node| node.kind() == found.kind() && node.text() == text);
    first.is_none_or(|first| first.range().start == found.range().start)
}

/// `while value != 0`: the digits of a number are few.
fn counts_down(around: &SourceNode) -> bool {
    around.field("condition").is_some_and(|condition| {
        let text = condition.text();
        let text = text.trim_matches(['(', ')']);
        !text.contains('(')
            && !text.contains(".length")
            && text.ends_with(|letter: char| letter.is_ascii_digit())
    })
}

/// Only what is skipped goes on to another pass: the body ends with `return`, `break` or an error.
fn ends_by_leaving(around: &SourceNode) -> bool {
    let last = around.field("body").and_then(|body| body.named_children().last());
    last.is_some_and(|last| {
        matches!(last.kind().as_ref(), "return_statement" | "break_statement" | "raise_statement")
    })
}

/// A loop from a thing to its parent, and on to the parent of that, takes few steps.
fn is_climbed(around: &SourceNode) -> bool {
    let steps = ["parent", "parentNode", "parentElement", "f_back", "outer", "enclosing"];
    around
        .dfs()
        .filter_map(|node| match node.kind().as_ref() {
            "assignment" | "assignment_expression" => node.field("right"),
            "variable_declarator" => node.field("value"),
            _ => None,
        })
        .any(|value| {
            let value = value.text();
            let last = value
                .trim_end_matches("()")
                .rsplit_once('.')
                .map(|(_, last)| last.trim_start_matches(['$', '_']));
            last.is_some_and(|last| steps.contains(&last))
        })
}

/// The match is `...name` in a callback of `reduce` whose first parameter is `name`.
pub(crate) fn spreads_accumulator(found: &SourceMatch) -> bool {
    let Some(function) = found.ancestors().find(is_function) else { return false };
    let Some(call) = function.parent().and_then(|arguments| arguments.parent()) else {
        return false;
    };
    let callee = call.field("function");
    if callee
        .as_ref()
        .and_then(|callee| callee.field("object"))
        .is_some_and(|all| is_constant(&all) || are_few(&all.text()) || is_of_record(&all))
    {
        return false;
    }
    let method = callee.and_then(|callee| callee.field("property"));
    let reduces =
        method.is_some_and(|method| method.text() == "reduce" || method.text() == "reduceRight");
    let first = function.field("parameters").and_then(|all| all.named_children().next());
    reduces
        && first.is_some_and(|first| {
            identifiers(&first)
                .next()
                .is_some_and(|name| found.text().strip_prefix("...") == Some(&name))
        })
}

/// `Object.entries(source)`: an object that is named in the singular is one thing with a handful of fields, unless its name
/// says that it holds many.
fn is_of_record(all: &SourceNode) -> bool {
    const HOLDS_MANY: [&str; 14] = [
        "all",
        "by",
        "cache",
        "collection",
        "data",
        "dict",
        "index",
        "list",
        "lookup",
        "map",
        "obj",
        "object",
        "record",
        "table",
    ];
    let of_object = all.field("function").is_some_and(|called| {
        matches!(called.text().as_ref(), "Object.entries" | "Object.keys" | "Object.values")
    });
    let given = all.field("arguments").and_then(|given| given.named_children().next());
    let Some(given) = given.filter(|_| of_object) else { return false };
    // `source as Source`
    let whole = given.text();
    let text = whole.split(" as ").next().unwrap_or_default();
    let name = text.rsplit('.').next().unwrap_or_default();
    name.len() > 1
        && !name.ends_with('s')
        && name.chars().all(char::is_alphanumeric)
        && !words(name).iter().any(|word| HOLDS_MANY.contains(&word.as_str()))
}

fn starts_outside_loop(
    found: &SourceMatch,
    variable: &str,
    right_start: impl Fn(&SourceNode) -> bool,
) -> bool {
    let Some(name) = found.get_env().get_match(variable).map(SourceNode::text) else {
        return false;
    };
    let Some(around) = enclosing_loop(found) else { return false };
    let function = enclosing_function(&around);
    let mut starts = false;
    for node in function.dfs() {
        let in_loop = around.range().contains(&node.range().start);
        // `line, rest = rest, line`
        if in_loop && is_one_of_targets(&node, &name) {
            return false;
        }
        let Some(value) = bound_value(&node, &name) else { continue };
        let is_the_match = node.range().start == found.range().start;
        if in_loop && !is_the_match {
            return false;
        }
        starts |= !in_loop && right_start(&value);
    }
    starts
}

fn is_one_of_targets(node: &SourceNode, name: &str) -> bool {
    let several = |target: &SourceNode| {
        matches!(target.kind().as_ref(), "pattern_list" | "tuple_pattern" | "left_assignment_list")
    };
    target(node)
        .filter(several)
        .is_some_and(|target| identifiers(&target).any(|found| found == name))
}

fn is_text(value: &SourceNode) -> bool {
    let value =
        if value.kind() == "expression_list" { value.child(0) } else { Some(value.clone()) };
    value.is_some_and(|value| match value.kind().as_ref() {
        "string"
        | "concatenated_string"
        | "string_literal"
        | "interpreted_string_literal"
        | "raw_string_literal"
        | "verbatim_string_literal"
        | "interpolated_string_expression" => {
            // `b""` in Python is bytes, whose rope is not the point of these rules.
            !value.text().starts_with('b')
        }
        "member_access_expression" => {
            matches!(value.text().as_ref(), "string.Empty" | "String.Empty")
        }
        "type_identifier" => value.text() == "string",
        // Python, Ruby, Java
        "call" => matches!(value.text().as_ref(), "str()" | "String.new"),
        "object_creation_expression" => value.text() == "new String()",
        // Rust
        "call_expression" => {
            value.text() == "String::new()" || value.text().starts_with("String::from(")
        }
        _ => false,
    })
}

/// The type in `Type name = value`, from the value.
fn declared_type(value: &SourceNode) -> Option<String> {
    let declaration = value.parent()?.parent()?;
    Some(declaration.field("type")?.text().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn function(start: &str) -> String {
        format!("def f(rows):\n    held = {start}\n    for row in rows:\n        held += row\n")
    }

    #[test]
    fn what_starts_no_text_bytes_or_list_shows_in_the_text_of_a_function() {
        for start in ["\"\"", "'a'", "f\"\"", "Rb''", "\\\n\"\"", "str()"] {
            assert!(may_start_text(&function(start)), "{start}");
        }
        for start in ["b\"\"", "b''", "bytes()", "head.encode()"] {
            assert!(may_start_bytes(&function(start)), "{start}");
        }
        for start in ["[]", "()", "\\\n[]", "array()", "Array.new", "listOf<Int>()", "emptyList()"]
        {
            assert!(may_start_list(&function(start)), "{start}");
        }
        let number = function("0");
        assert!(!may_start_text(&number) && !may_start_bytes(&number) && !may_start_list(&number));
    }
}
