//! Lists that are searched from the start for every item of another.

use crate::language::{SourceMatch, SourceNode};
use crate::matchers::loops::{enclosing_loop, is_while};
use crate::matchers::names::{bound_value, identifiers, names_bound_in};
use crate::matchers::short_loops::{is_few, passes_are_few};
use crate::syntax::enclosing_function;

/// What makes a list as long as some data: a literal or the words of a setting are few.
const MAKERS: [&str; 14] = [
    "array_keys(",
    "array_column(",
    "array_map(",
    "array_merge(",
    "->fetchAll(",
    "->pluck(",
    "->toArray()",
    ".map",
    ".flat_map",
    ".collect",
    ".pluck(",
    ".keys",
    ".values",
    ".readlines",
];

/// `$LIST` grows in the loop around the match, or was made from data before it, and is asked for what the loop binds.
pub(crate) fn searched_in_loop(found: &SourceMatch) -> bool {
    let Some(list) = found.get_env().get_match("LIST").map(SourceNode::text) else { return false };
    let Some(around) = enclosing_loop(found) else { return false };
    if passes_are_few(&around) || is_few(&list) {
        return false;
    }
    let bound = names_bound_in(&around);
    let asks_per_item =
        identifiers(found).any(|name| name != list && bound.contains(name.as_ref()));
    if !asks_per_item {
        return false;
    }
    let mut made = false;
    for node in enclosing_function(&around).dfs() {
        let Some(value) = bound_value(&node, &list) else { continue };
        if around.range().contains(&node.range().start) {
            return false;
        }
        if is_set(&value.text()) {
            return false;
        }
        made |= is_made(&value);
    }
    made || grows(&around, &list)
}

/// The loop around the match, which ends by itself and binds what `$LIST` is asked for, does not make `$LIST` anew in each
/// pass and goes over no handful of things.
pub(crate) fn searched_among_many(found: &SourceMatch) -> bool {
    let Some(list) = found.get_env().get_match("LIST").map(SourceNode::text) else { return false };
    let Some(around) = enclosing_loop(found) else { return false };
    let bound = names_bound_in(&around);
    !is_while(&around)
        && !is_few(&list)
        && !passes_are_few(&around)
        && (!bound.contains(list.as_ref()) || only_appended(&around, &list))
        && identifiers(found).any(|name| name != list && bound.contains(name.as_ref()))
}

/// `seen = append(seen, name)`, which is how a slice grows in Go, is all that gives the list a value.
fn only_appended(around: &SourceNode, list: &str) -> bool {
    let append = format!("append({list},");
    let mut values = around.dfs().filter_map(|node| bound_value(&node, list)).peekable();
    values.peek().is_some() && values.all(|value| value.text().starts_with(append.as_str()))
}

fn is_made(value: &SourceNode) -> bool {
    let text = value.text();
    text.lines().count() < 8
        && MAKERS.iter().any(|maker| text.contains(maker))
        && !starts_with_literal(&text)
        && !is_of_table(&text)
}

fn is_set(text: &str) -> bool {
    [".to_set", "Set.new", "Set["].iter().any(|maker| text.contains(maker))
}

/// `[:a, :b].map(&:to_s)` and `%w[a b].map { … }` are as short as they are written.
fn starts_with_literal(text: &str) -> bool {
    text.starts_with('[') || text.starts_with("%w") || text.starts_with("%i")
}

/// The keys of a table that a class or module fixes, in PHP or Ruby, are few.
fn is_of_table(text: &str) -> bool {
    let constant = text.split('.').next().unwrap_or_default();
    let is_constant = constant.len() > 1
        && constant
            .chars()
            .all(|letter| letter.is_ascii_uppercase() || matches!(letter, '_' | ':'));
    is_constant || ["(self::", "(static::"].iter().any(|table| text.contains(table))
}

fn grows(around: &SourceNode, list: &str) -> bool {
    let appends = [format!("{list}[] ="), format!("{list} << "), format!("{list}.push(")];
    let text = around.text();
    appends.iter().any(|append| {
        text.match_indices(append.as_str()).any(|(start, _)| {
            // `blacklist << x` is no growth of `list`.
            !text[..start].ends_with(|before: char| {
                before.is_alphanumeric() || matches!(before, '_' | '@' | '.' | '$')
            })
        })
    })
}
