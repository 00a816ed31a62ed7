//! Work that is done again in every call or pass although its result could be kept.

use std::borrow::Cow;

use crate::language::{SourceMatch, SourceNode};
use crate::matchers::loops::enclosing_loop;
use crate::matchers::names::{identifiers, names_bound_in, target};
use crate::syntax::{enclosing_function, is_function};

/// Functions that run once, or that make what is kept.
const ONCE: [&str; 18] = [
    "main",
    "init",
    "new",
    "make",
    "build",
    "setup",
    "register",
    "run",
    "test",
    "bench",
    "example",
    "default",
    "load",
    "parse_args",
    "config",
    "install",
    "migrate",
    "start",
];

/// The match is in the body of a named function that is given a text, so that it may be called for each of many, and not in a
/// loop of it.
pub(crate) fn per_call(found: &SourceMatch) -> bool {
    let function = enclosing_function(found);
    if !is_function(&function) || enclosing_loop(found).is_some() {
        return false;
    }
    let Some(name) = function.field("name").map(|name| name.text().to_ascii_lowercase()) else {
        return false;
    };
    let takes_text = function.field("parameters").is_some_and(|parameters| {
        let parameters = parameters.text();
        [" string", "string ", "String ", " []byte", "&str", "&String"]
            .iter()
            .any(|kind| parameters.contains(kind))
    });
    // What reads the options of a program runs when it starts.
    let reads_options = function.field("parameters").is_some_and(|parameters| {
        let parameters = parameters.text().to_ascii_lowercase();
        ["options", "opts ", "opts:", "config", "cobra."]
            .iter()
            .any(|word| parameters.contains(word))
    });
    // What Rust keeps in a `static` within the function is made once.
    let kept =
        found.ancestors().any(|node| matches!(node.kind().as_ref(), "static_item" | "const_item"));
    takes_text
        && !serves_loop(found, &function)
        && !reads_options
        && !kept
        && !ONCE.iter().any(|once| name.starts_with(once))
}

/// What is made here is used in a loop of the function, which makes up for it.
fn serves_loop(found: &SourceMatch, function: &SourceNode) -> bool {
    let declared = found.ancestors().find_map(|node| target(&node));
    let Some(name) = declared.and_then(|target| identifiers(&target).next().map(Cow::into_owned))
    else {
        return false;
    };
    function.dfs().any(|node| {
        node.kind() == "identifier" && node.text() == name && enclosing_loop_of(&node).is_some()
    })
}

fn enclosing_loop_of<'t>(node: &SourceNode<'t>) -> Option<SourceNode<'t>> {
    node.ancestors().take_while(|around| !is_function(around)).find(|around| {
        matches!(
            around.kind().as_ref(),
            "for_statement" | "for_expression" | "while_expression" | "loop_expression"
        )
    })
}

/// `$INDEX` changes from pass to pass while `$TEXT` stays.
pub(crate) fn position_moves(found: &SourceMatch) -> bool {
    let Some(around) = enclosing_loop(found) else { return false };
    let bound = names_bound_in(&around);
    let environment = found.get_env();
    let (Some(index), Some(text)) = (environment.get_match("INDEX"), environment.get_match("TEXT"))
    else {
        return false;
    };
    identifiers(index).any(|name| bound.contains(name.as_ref()))
        && !identifiers(text).any(|name| bound.contains(name.as_ref()))
}
