//! Code that runs on an executor's thread: what blocks it, what waits in turn, what is held meanwhile.

use std::borrow::Cow;

use crate::language::{SourceMatch, SourceNode};
use crate::matchers::loops::enclosing_loop;
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

/// The `await` is the only one of a `for … of` loop, its call depends on the loop's item, and nothing hints that the order
/// matters: no early exit, no variable carried from one pass to the next, no pause.
pub(crate) fn independent_await(found: &SourceMatch) -> bool {
    let Some(around) = enclosing_loop(found) else { return false };
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

fn order_matters(body: &SourceNode) -> bool {
    let mut awaits = 0;
    for node in body.dfs() {
        match node.kind().as_ref() {
            "await_expression" => awaits += 1,
            "break_statement"
            | "return_statement"
            | "throw_statement"
            | "continue_statement"
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
