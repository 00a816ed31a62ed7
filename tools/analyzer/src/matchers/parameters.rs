//! Lists that a function is given, told from their declared types or, where there are none, from their names.

use std::collections::HashSet;

use crate::language::{SourceMatch, SourceNode};
use crate::matchers::blocks;
use crate::matchers::few::are_few;
use crate::matchers::loops::{enclosing_loop, is_while};
use crate::matchers::names::{
    bound_value, identifiers, is_named_list, is_of_name, names_bound_in, parameter,
};
use crate::matchers::short_loops::{is_few, passes_are_few};
use crate::syntax::enclosing_function;

/// How types of lists begin, and how those of JavaScript end.
const LISTS: [&str; 9] =
    ["array", "list[", "list<", "readonlyarray<", "readonly ", "sequence[", "vec<", "&[", "&vec<"];

/// What is done to a list's name where it is a set, a table or a text.
const OF_OTHERS: [&str; 14] = [
    ".get(",
    ".items(",
    ".keys(",
    ".add(",
    ".has(",
    ".update(",
    ".values(",
    ".lower",
    ".strip(",
    ".to_set",
    ".toLowerCase(",
    ".substr",
    ".split(",
    ".startswith(",
];

/// `$LIST` is a parameter that holds a list, and is asked for each item of another parameter.
pub(crate) fn searched_parameter(found: &SourceMatch) -> bool {
    if !may_be_searched_parameter(found) {
        return false;
    }
    let Some(list) = found.get_env().get_match("LIST").map(SourceNode::text) else { return false };
    let Some(around) = enclosing_loop(found) else { return false };
    if is_while(&around) || is_few(&list) || are_few(&list) || passes_are_few(&around) {
        return false;
    }
    let bound = names_bound_in(&around);
    let asks_per_item =
        identifiers(found).any(|name| name != list && bound.contains(name.as_ref()));
    let function = enclosing_function(&around);
    asks_per_item && !bound.contains(list.as_ref()) && is_given_list(&function, &list)
}

/// Two times something is looked for in, or goes over, what bears the name of a parameter of this function, or of one in it.
pub(crate) fn may_walk_parameters(function: &str) -> bool {
    let Some(given) = words_of_parameters(function) else { return true };
    let walks = |(at, _): (usize, &str)| {
        let (before, after) = (&function[..at], &function[at + "in".len()..]);
        let is_word = !before.ends_with(is_of_name) && !after.starts_with(is_of_name);
        let walked = after.trim_start_matches(|sign: char| sign.is_whitespace() || sign == '\\');
        let name = walked.split(|letter| !is_of_name(letter)).next().unwrap_or_default();
        // Behind a comment, or a letter that may be no more than a space, anything may follow.
        let is_told = walked.starts_with(|first: char| first.is_ascii() && first != '#');
        // `in names.of(kind)`
        let goes_on = walked[name.len()..].trim_start().starts_with(['.', '(', '[']);
        is_word && (!is_told || !goes_on && given.contains(name))
    };
    function.match_indices("in").filter(|found| walks(*found)).nth(1).is_some()
}

/// All words between the parentheses behind each `def`; `None` where they cannot be told for sure.
fn words_of_parameters(function: &str) -> Option<HashSet<&str>> {
    if function.contains("lambda") {
        return None;
    }
    let mut words = HashSet::new();
    let mut rest = function;
    while let Some((_, after)) = rest.split_once("def") {
        let (_, after) = after.split_once('(')?;
        let mut open = 1_usize;
        let end = after.find(|sign| {
            match sign {
                '(' | '[' | '{' => open += 1,
                ')' | ']' | '}' => open -= 1,
                _ => {}
            }
            open == 0
        });
        let parameters;
        (parameters, rest) = after.split_at(end?);
        if parameters.contains(['"', '\'', '#']) {
            return None;
        }
        let names = parameters.split(|letter| !is_of_name(letter));
        words.extend(names.filter(|name| !name.is_empty()));
    }
    Some(words)
}

/// The same as far as the heads of the loop and the function tell.
pub(crate) fn may_be_searched_parameter(found: &SourceMatch) -> bool {
    let Some(list) = found.get_env().get_match("LIST").map(SourceNode::text) else { return false };
    let Some(around) = enclosing_loop(found) else { return false };
    let function = enclosing_function(&around);
    let is_given = |name: &str| parameter(&function, name).is_some();
    is_given(&list)
        && walked_name(&around).is_some_and(|walked| walked != "self" && is_given(&walked))
}

fn is_given_list(function: &SourceNode, list: &str) -> bool {
    let Some(given) = parameter(function, list) else { return false };
    let kind =
        given.field("type").map(|kind| kind.text().trim_start_matches([':', ' ']).to_lowercase());
    if let Some(kind) = kind {
        return kind.ends_with("[]") || LISTS.iter().any(|list| kind.starts_with(list));
    }
    let text = function.text();
    let is_other = OF_OTHERS.iter().any(|call| text.contains(&format!("{list}{call}")));
    let is_documented_otherwise = text.lines().any(|line| is_said_to_be_other(line, list));
    let is_rebound = function.dfs().any(|node| bound_value(&node, list).is_some());
    is_named_list(list) && !is_other && !is_documented_otherwise && !is_rebound
}

/// `matches : dictionary of cells` in the text that documents a function.
fn is_said_to_be_other(line: &str, name: &str) -> bool {
    let Some(rest) = line.trim_start().strip_prefix(name) else { return false };
    let Some(kind) = rest.trim_start().strip_prefix(':') else { return false };
    ["dict", "frozenset", "mapping", "set"]
        .iter()
        .any(|other| kind.trim_start().to_lowercase().starts_with(other))
}

/// The name of what the loop goes through.
fn walked_name(around: &SourceNode) -> Option<String> {
    let walked = match around.kind().as_ref() {
        "foreach_statement" if around.field("left").is_none() => around.named_children().next()?,
        kind if kind.ends_with("comprehension") || kind == "generator_expression" => {
            around.children().find(|child| child.kind() == "for_in_clause")?.field("right")?
        }
        "call_expression" => around.field("function")?.field("object")?,
        // The properties of an object are few.
        "for_in_statement" if around.field("operator").is_some_and(|word| word.text() == "in") => {
            return None;
        }
        "function_call_expression" => around
            .field("arguments")?
            .named_children()
            .find(|given| given.text().starts_with('$'))?,
        "block" | "do_block" => blocks::walked(around)?,
        "for_statement" if around.field("condition").is_some() => {
            let condition = around.field("condition")?;
            // `i < names.length`
            let limit =
                condition.text().rsplit('<').next()?.trim().trim_end_matches(';').to_owned();
            return limit.strip_suffix(".length").map(ToOwned::to_owned);
        }
        _ => around.field("right").or_else(|| around.field("value"))?,
    };
    Some(walked.text().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_walks_no_two_parameters_shows_in_the_text_of_a_function() {
        for walking in [
            "def f(a, b):\n    return [x for x in a if x in b]\n",
            "async def f(\n    a: list[str] = (), *, b\n):\n    for x in a:\n        if x not in\\\n b: y()\n",
            "def f():\n    def g(a, b):\n        return any(x in b for x in a)\n",
            "def f(a, b=')'):\n    return [x for x in a if x in b]\n",
            "def f(a, b):\n    return [x for x in # all\n    a if x in # them\n    b]\n",
            "f = lambda a, b: [x for x in a if x in b]\n",
            "def f(a, é):\n    return [x for x in a if x in é]\n",
        ] {
            assert!(may_walk_parameters(walking), "{walking}");
        }
        for other in [
            "def f(self, a):\n    return [x for x in a if x in self.b]\n",
            "def f(a, b):\n    return [x for x in a if x in b(1) and minimum(a)]\n",
            "def f(a, b):\n    c = set(b)\n    return [x for x in a if x in c]\n",
            "def f(a, b):\n    return a in b\n",
            "",
        ] {
            assert!(!may_walk_parameters(other), "{other}");
        }
    }
}
