//! Code that runs on an executor's thread: what blocks it, what waits in turn, what is held meanwhile.

use std::borrow::Cow;

use crate::language::{SourceMatch, SourceNode};
use crate::matchers::loops::{enclosing_loop, is_batched};
use crate::matchers::names::{identifiers, target};
use crate::syntax::{enclosing_function, is_function};

/// The nearest function around the match is asynchronous.
pub(crate) fn in_async_function(found: &SourceMatch) -> bool {
    let function = enclosing_function(found);
    function.kind() == "async_block"
        || is_function(&function)
            && function.children().any(|child| match child.kind().as_ref() {
                "async" => true,
                "function_modifiers" => child.text().contains("async"),
                "modifier" => child.text() == "async",
                "modifiers" => child.text().split_whitespace().any(|word| word == "suspend"),
                _ => false,
            })
}

/// How the names of calls begin that only ask, whose answer is the same whatever was asked before.
const ASKS: [&str; 20] = [
    "fetch", "get", "load", "read", "find", "list", "lookup", "look", "resolve", "request",
    "download", "search", "is", "has", "exists", "stat", "lstat", "access", "describe", "retrieve",
];
/// How the names of calls begin that tell each of many receivers something of its own.
const TELLS: [&str; 6] = ["send", "notify", "upload", "email", "mail", "prefetch"];
/// Words in the names of calls that ask a person, one question at a time, or take turns otherwise.
const TAKES_TURNS: [&str; 8] =
    ["prompt", "ask", "confirm", "choose", "select", "next", "lock", "message"];

/// The `await` is the only one of a `for … of` loop, its call asks or tells something for the loop's item alone, and nothing
/// hints that the order matters: no early exit, no variable carried from one pass to the next, no pause.
pub(crate) fn independent_await(found: &SourceMatch) -> bool {
    let Some(around) = enclosing_loop(found) else { return false };
    // Who uses `Promise.all` beside it has chosen.
    let is_chosen = enclosing_function(&around).text().contains("Promise.all");
    if is_chosen || is_batched(&around) || !stands_alone(found) {
        return false;
    }
    if around.kind() != "for_in_statement" || around.children().any(|child| child.kind() == "await")
    {
        return false;
    }
    let (Some(item), Some(body)) = (around.field("left"), around.field("body")) else {
        return false;
    };
    let items: Vec<_> = identifiers(&item).collect();
    identifiers(found).any(|name| items.contains(&name)) && !order_matters(&body)
}

/// What the call is named for can be done for all items at once.
fn stands_alone(found: &SourceMatch) -> bool {
    let Some(call) = found.get_env().get_match("CALL") else { return false };
    let Some(callee) = call.field("function") else { return false };
    let method = callee.field("property").map_or_else(|| callee.text(), |name| name.text());
    let receiver = callee.field("object").map(|object| object.text().to_ascii_lowercase());
    let first: String = method
        .trim_start_matches(['_', '#'])
        .chars()
        .take_while(char::is_ascii_lowercase)
        .collect();
    let name = method.to_ascii_lowercase();
    if TAKES_TURNS.iter().any(|word| name.contains(word)) {
        return false;
    }
    let is_asked = found.parent().is_some_and(|parent| parent.kind() != "expression_statement");
    is_asked && ASKS.contains(&first.as_str())
        || receiver.is_some_and(|receiver| receiver == "axios" || receiver == "mailer")
        || TELLS.contains(&first.as_str()) && !["sendCommand", "send"].contains(&method.as_ref())
}

/// `pages[url] = await load(url)`: each pass sets a place of its own.
fn sets_own_place(node: &SourceNode) -> bool {
    node.field("left").is_some_and(|left| left.kind() != "identifier")
        && node.field("right").is_some_and(|right| right.kind() == "await_expression")
}

fn order_matters(body: &SourceNode) -> bool {
    let mut awaits = 0;
    for node in body.dfs() {
        match node.kind().as_ref() {
            "await_expression" => awaits += 1,
            "assignment_expression" if sets_own_place(&node) => {}
            "break_statement"
            | "return_statement"
            | "throw_statement"
            | "yield_expression"
            | "try_statement"
            | "assignment_expression"
            | "augmented_assignment_expression"
            | "update_expression" => return true,
            "identifier" if is_pause(&node.text()) => return true,
            _ => {}
        }
    }
    awaits != 1
}

fn is_pause(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["sleep", "delay", "wait", "timeout", "throttle", "transaction", "limit"]
        .iter()
        .any(|word| name.contains(word))
}

/// `let guard = mutex.lock().unwrap();` with an `.await` after it in the same block, and no `drop(guard)` before.
pub(crate) fn guard_lives_across_await(found: &SourceMatch) -> bool {
    let Some(guard) =
        target(found).and_then(|pattern| identifiers(&pattern).last().map(Cow::into_owned))
    else {
        return false;
    };
    if guard == "_" {
        return false;
    }
    let dropped = format!("drop({guard})");
    for statement in found.next_all() {
        if statement.text().contains(&dropped) {
            return false;
        }
        if awaits_itself(&statement) {
            return true;
        }
    }
    false
}

/// An `.await` that is not in a closure or an `async` block of its own.
fn awaits_itself(statement: &SourceNode) -> bool {
    statement.dfs().filter(|node| node.kind() == "await_expression").any(|node| {
        node.ancestors()
            .take_while(|ancestor| ancestor.node_id() != statement.node_id())
            .all(|ancestor| !is_function(&ancestor))
    })
}
