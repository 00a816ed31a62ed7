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
const ASKS: [&str; 34] = [
    "fetch",
    "get",
    "load",
    "read",
    "find",
    "list",
    "lookup",
    "look",
    "resolve",
    "request",
    "download",
    "search",
    "is",
    "has",
    "exists",
    "stat",
    "lstat",
    "access",
    "describe",
    "retrieve",
    "analyze",
    "calculate",
    "compute",
    "convert",
    "enrich",
    "generate",
    "process",
    "render",
    "resize",
    "scrape",
    "transform",
    "translate",
    "validate",
    "upload",
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
    let whole = enclosing_function(&around).text().into_owned();
    let is_chosen = ["Promise.all", "gather(", "TaskGroup(", "Semaphore("]
        .iter()
        .any(|chosen| whole.contains(chosen));
    if is_chosen || is_batched(&around) || !stands_alone(found) {
        return false;
    }
    let Some(items) = items_of(&around) else { return false };
    let Some(body) = around.field("body") else { return false };
    let text = found.text();
    let of_item = if around.kind() == "for_statement" && around.field("left").is_none() {
        // Nothing else than an entry at the counter is of this pass alone.
        items.iter().any(|counter| text.contains(&format!("[{counter}]")))
    } else {
        identifiers(found).any(|name| items.iter().any(|item| *item == name))
    };
    of_item && !order_matters(&body)
}

/// The names that a loop over items binds: `url` in `for (const url of urls)`, `i` where it counts.
fn items_of(around: &SourceNode) -> Option<Vec<String>> {
    let waits = |node: &SourceNode| {
        node.children().any(|child| matches!(child.kind().as_ref(), "await" | "async"))
    };
    let named = match around.kind().as_ref() {
        "for_in_statement" | "foreach_statement" if !waits(around) => around.field("left")?,
        "for_expression" => around.field("pattern")?,
        "list_comprehension" => {
            let clause = around.children().find(|child| child.kind() == "for_in_clause");
            clause.filter(|clause| !waits(clause))?.field("left")?
        }
        // Python, or a loop of JavaScript that counts
        "for_statement" if !waits(around) => {
            around.field("left").or_else(|| around.field("initializer"))?
        }
        _ => return None,
    };
    Some(identifiers(&named).map(Cow::into_owned).collect())
}

/// What the call is named for can be done for all items at once.
fn stands_alone(found: &SourceMatch) -> bool {
    let Some(call) = found.get_env().get_match("CALL") else { return false };
    let Some(callee) = call.field("function") else { return false };
    let method = ["property", "attribute", "field", "name"]
        .iter()
        .find_map(|name| callee.field(name))
        .map_or_else(|| callee.text(), |name| name.text());
    let receiver = callee.field("object").map(|object| object.text().to_ascii_lowercase());
    let first: String = method
        .trim_start_matches(['_', '#'])
        .char_indices()
        .take_while(|(at, letter)| *at == 0 || letter.is_ascii_lowercase())
        .map(|(_, letter)| letter.to_ascii_lowercase())
        .collect();
    let name = method.to_ascii_lowercase();
    if TAKES_TURNS.iter().any(|word| name.contains(word)) {
        return false;
    }
    let is_asked = method == "fetch"
        || found.parent().is_some_and(|parent| parent.kind() != "expression_statement");
    // `client.get(url).send()` in Rust
    let is_sent = || {
        let chain = callee.text();
        [".get(", ".post(", ".put(", ".patch(", ".delete("].iter().any(|verb| chain.contains(verb))
    };
    is_asked && ASKS.contains(&first.as_str())
        || method == "send" && callee.kind() == "field_expression" && is_sent()
        || receiver.is_some_and(|receiver| receiver == "axios" || receiver == "mailer")
        || TELLS.contains(&first.as_str()) && !["sendCommand", "send"].contains(&method.as_ref())
}

/// `pages[url] = await load(url)` sets a place of its own in each pass, and `page = await load(url)` of Python a name that
/// nothing carries on, where the call does not use it.
fn sets_own_place(node: &SourceNode) -> bool {
    let (Some(left), Some(right)) = (node.field("left"), node.field("right")) else { return false };
    let awaits = matches!(right.kind().as_ref(), "await_expression" | "await");
    match node.kind().as_ref() {
        "assignment_expression" => left.kind() != "identifier" && awaits,
        "assignment" => {
            let name = left.text();
            !identifiers(&right).any(|used| used == name)
        }
        _ => false,
    }
}

/// `await response.json()` reads what the call before it has brought.
fn reads_answer(node: &SourceNode) -> bool {
    let text = node.text();
    [".json()", ".text()", ".read()", ".blob()", ".arrayBuffer()", ".bytes()"]
        .iter()
        .any(|read| text.trim_end_matches(".await").ends_with(read))
        || text.contains("Content.ReadAs")
}

fn order_matters(body: &SourceNode) -> bool {
    let mut awaits = 0;
    for node in body.dfs() {
        match node.kind().as_ref() {
            "await_expression" | "await" if !node.is_named() || reads_answer(&node) => {}
            "await_expression" | "await" => awaits += 1,
            "assignment_expression" | "assignment" if sets_own_place(&node) => {}
            "break_statement"
            | "return_statement"
            | "throw_statement"
            | "raise_statement"
            | "break_expression"
            | "return_expression"
            | "yield_statement"
            | "compound_assignment_expr"
            | "yield_expression"
            | "yield"
            | "try_statement"
            | "with_statement"
            | "assignment"
            | "assignment_expression"
            | "augmented_assignment"
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
