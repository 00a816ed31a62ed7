//! Smaller conditions that need more than one place of the code.

use std::sync::LazyLock;

use regex::Regex;

use crate::language::{SourceMatch, SourceNode};
use crate::matchers::few::are_few;
use crate::matchers::loops::enclosing_loop;
use crate::matchers::names::{bound_value, identifiers};

/// `{:>10}` pads and `{:?}` quotes, and what they are given makes a difference.
static SPECIFIED: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\{[^{}]*:").ok());

/// The loop around a layout read also writes a style, so each pass forces a new layout.
pub(crate) fn style_written_in_loop(found: &SourceMatch) -> bool {
    let Some(around) = enclosing_loop(found) else { return false };
    around.dfs().any(|node| {
        node.kind() == "assignment_expression"
            && node.field("left").is_some_and(|left| left.text().contains(".style."))
    })
}

/// `$LIST` in `$ITEMS.filter(item => $LIST.includes(item))` starts as an array in plain sight, and not from `item`.
pub(crate) fn array_searched_per_item(found: &SourceMatch) -> bool {
    let Some(list) = found.get_env().get_match("LIST") else { return false };
    let Some(around) = enclosing_loop(found) else { return false };
    let name = list.text();
    if list.kind() != "identifier"
        || !is_filter(&around)
        || are_few(&name)
        || filters_few(&around)
        || fails(&around)
    {
        return false;
    }
    let start = found.range().start;
    let is_visible = |node: &SourceNode| {
        let block = node.ancestors().find(|around| around.kind() == "statement_block");
        !around.range().contains(&node.range().start)
            && block.is_none_or(|block| block.range().contains(&start))
    };
    let root = list.root().root();
    let value = root.dfs().filter(is_visible).filter_map(|node| bound_value(&node, &name)).last();
    value.is_some_and(|value| is_array(&value)) && identifiers(found).count() > 1
}

/// A few items ask no more than a few times.
fn filters_few(call: &SourceNode) -> bool {
    let items = call.field("function").and_then(|function| function.field("object"));
    items.is_some_and(|items| are_few(&items.text()))
}

/// What goes wrong is told once: the block ends by throwing.
fn fails(around: &SourceNode) -> bool {
    let block = around.ancestors().find(|node| node.kind() == "statement_block");
    block.is_some_and(|block| block.children().any(|child| child.kind() == "throw_statement"))
}

fn is_filter(call: &SourceNode) -> bool {
    let method = call.field("function").and_then(|function| function.field("property"));
    method.is_some_and(|method| method.text() == "filter")
}

/// Arrays of unknown length only: a literal of five entries costs nothing to search.
fn is_array(value: &SourceNode) -> bool {
    let text = value.text();
    let makers =
        [".map(", ".filter(", ".flatMap(", "Object.keys(", "Object.values(", "Array.from("];
    value.kind() == "call_expression"
        && !text.contains("Object.keys(props)")
        && makers.iter().any(|maker| text.contains(maker))
}

/// A formatting macro is given `value.to_string()` for a placeholder that neither pads nor quotes it.
pub(crate) fn formats_to_string(found: &SourceMatch) -> bool {
    let Some(tokens) = found.children().find(|child| child.kind() == "token_tree") else {
        return false;
    };
    let tokens: Vec<_> = tokens.children().collect();
    let specified = tokens.iter().any(|token| {
        token.kind() == "string_literal"
            && SPECIFIED.as_ref().is_none_or(|regex| regex.is_match(&token.text()))
    });
    !specified
        && tokens.windows(4).any(|window| {
            window[0].text() == "."
                && window[1].text() == "to_string"
                && window[2].text() == "()"
                && (window[3].text() == "," || window[3].text() == ")")
        })
}
