//! Whether code runs once per iteration of a loop in its own function.

use crate::kotlin;
use crate::language::{SourceMatch, SourceNode};
use crate::matchers::blocks::{self, Runs};
use crate::matchers::iterations::iterating_call;
use crate::matchers::names::{identifiers, is_of_name, names_bound_in};
use crate::syntax::is_function;

pub(crate) fn in_loop(found: &SourceMatch) -> bool {
    enclosing_loop(found).is_some()
}

/// In a loop over items that are not batches already, and different for each item.
pub(crate) fn once_per_item(found: &SourceMatch) -> bool {
    let Some(around) = enclosing_loop(found) else { return false };
    if is_while(&around) && !fetches_rows(&around) && !takes_items(&around) || is_batched(&around) {
        return false;
    }
    differs_by_pass(found, &around)
}

/// In a loop that counts or goes over items, so that it ends by itself; neither `while` nor Go's `for {`.
pub(crate) fn in_for_loop(found: &SourceMatch) -> bool {
    enclosing_loop(found).is_some_and(|around| !is_while(&around) && !is_endless(&around))
}

/// In a loop, and with nothing in it that the loop binds or assigns: each pass does the same again.
pub(crate) fn same_every_pass(found: &SourceMatch) -> bool {
    enclosing_loop(found).is_some_and(|around| !differs_by_pass(found, &around))
}

/// The code uses a name that the loop binds or assigns.
pub(crate) fn differs_by_pass(code: &SourceNode, around: &SourceNode) -> bool {
    let bound = names_bound_in(around);
    identifiers(code).any(|name| bound.contains(name.as_ref()))
}

/// The nearest loop that runs the node again and again. It does not look past the function around the node, and leaves out
/// what a loop evaluates once (`f()` in `for x in f()`) and what leaves the loop (`return f()`).
pub(crate) fn enclosing_loop<'t>(node: &SourceNode<'t>) -> Option<SourceNode<'t>> {
    let ancestors: Vec<_> = node.ancestors().collect();
    let mut child = node.clone();
    let mut path = Path::default();
    for (index, ancestor) in ancestors.iter().enumerate() {
        let around = ancestors.get(index + 1..)?;
        if ancestor.kind() == "lambda_literal" && kotlin::runs_in_place(around) {
            child = ancestor.clone();
            continue;
        }
        if is_function(ancestor) {
            return iterating_call(around).cloned();
        }
        match path.step(ancestor, &child) {
            Step::Up => {}
            Step::Found => return Some(ancestor.clone()),
            Step::Leaves => return None,
        }
        child = ancestor.clone();
    }
    None
}

/// What was seen between a node and the ancestor at hand.
#[derive(Default)]
struct Path {
    /// The node is in a part that the next loop evaluates once.
    in_header: bool,
    /// The node's block ends with `break`.
    breaks: bool,
    /// The node is in a `return`, or its block ends with one. That leaves every loop of the function, but not the call that
    /// runs the function once per item.
    returns: bool,
}

enum Step {
    Up,
    Found,
    /// Nothing runs the node again: control leaves the loop, or an exception is thrown, right after it.
    Leaves,
}

impl Path {
    fn step(&mut self, ancestor: &SourceNode, child: &SourceNode) -> Step {
        if let Some(runs) = blocks::runs(ancestor) {
            return self.ruby_block(runs);
        }
        match ancestor.kind().as_ref() {
            // `return@forEach value` only ends a pass.
            "jump_expression" if leaves_pass(ancestor) => Step::Up,
            "jump_expression" if ancestor.text().starts_with("throw") => Step::Leaves,
            // A macro's body in C is written as a loop that ends at once.
            "do_statement" if runs_once(ancestor) => Step::Up,
            "jump_expression" | "return_statement" | "return" | "return_expression" => {
                self.returns = true;
                Step::Up
            }
            "raise_statement" | "throw_statement" | "throw_expression" | "class_body"
            | "class_definition" => Step::Leaves,
            "for_clause" => self.header(is_field(ancestor, "initializer", child)),
            "range_clause" => self.header(true),
            "for_in_clause" => {
                self.header(!is_later_clause(ancestor) || !is_field(ancestor, "right", child))
            }
            "switch_statement"
            | "switch_expression"
            | "expression_switch_statement"
            | "type_switch_statement"
            | "select_statement" => {
                // A `break` below has left the `switch`, not a loop.
                self.breaks = false;
                Step::Up
            }
            "block" | "statement_block" | "statement_list" | "compound_statement"
            | "statements" | "colon_block" | "body_statement" | "block_body" | "then" | "do" => {
                self.block(ancestor, child)
            }
            kind => self.maybe_loop(kind, ancestor, child),
        }
    }

    fn ruby_block(&mut self, runs: Runs) -> Step {
        match runs {
            Runs::InPlace => Step::Up,
            Runs::Later => Step::Leaves,
            Runs::PerItem => {
                let once = self.breaks;
                *self = Self::default();
                if once { Step::Up } else { Step::Found }
            }
        }
    }

    fn header(&mut self, in_header: bool) -> Step {
        self.in_header |= in_header;
        Step::Up
    }

    fn block(&mut self, block: &SourceNode, child: &SourceNode) -> Step {
        let Some(last) = last_statement(block) else { return Step::Up };
        let text = last.text();
        // Kotlin has one kind for all that leaves, and lambdas that are left by label.
        let kind = if last.kind() != "jump_expression" {
            last.kind()
        } else if leaves_pass(&last) {
            return Step::Up;
        } else {
            text
        };
        let throws = ["raise", "throw", "goto"].iter().any(|word| kind.starts_with(word));
        let returns = kind.starts_with("return");
        let breaks = kind.starts_with("break");
        if !(throws || returns || breaks) || skips_a_pass(block, child) {
            return Step::Up;
        }
        if throws {
            return Step::Leaves;
        }
        self.returns |= returns;
        self.breaks |= breaks;
        Step::Up
    }

    fn maybe_loop(&mut self, kind: &str, node: &SourceNode, child: &SourceNode) -> Step {
        let Some(repeats) = repeats(kind, node, child) else { return Step::Up };
        if self.returns {
            return Step::Leaves;
        }
        let once = self.in_header || self.breaks || !repeats;
        *self = Self::default();
        if once { Step::Up } else { Step::Found }
    }
}

/// Whether a loop runs this child of it over and over; `None` where the node is no loop.
fn repeats(kind: &str, node: &SourceNode, child: &SourceNode) -> Option<bool> {
    Some(match kind {
        "for_statement" | "while_statement" | "do_while_statement"
            if kotlin::loop_body(node).is_some() =>
        {
            kind != "for_statement" || child.kind() == "control_structure_body"
        }
        "for_statement" => !["right", "left", "initializer", "initialize", "init", "alternative"]
            .iter()
            .any(|field| is_field(node, field, child)),
        "for_in_statement"
        | "enhanced_for_statement"
        | "for_expression"
        | "for_range_loop"
        | "foreach_statement"
        | "for" => is_field(node, "body", child),
        "while_statement" => !is_field(node, "alternative", child),
        "do_statement"
        | "while_expression"
        | "loop_expression"
        | "while"
        | "until"
        | "while_modifier"
        | "until_modifier"
        | "list_comprehension"
        | "set_comprehension"
        | "dictionary_comprehension"
        | "generator_expression" => true,
        _ => return None,
    })
}

pub(crate) fn is_while(node: &SourceNode) -> bool {
    matches!(
        node.kind().as_ref(),
        "while_statement"
            | "do_statement"
            | "do_while_statement"
            | "while_expression"
            | "loop_expression"
            | "while"
            | "until"
            | "while_modifier"
            | "until_modifier"
    ) || blocks::method(node).is_some_and(|method| method == "loop")
}

/// `while ($row = $result->fetch())` loops over items, whatever its keyword.
fn fetches_rows(node: &SourceNode) -> bool {
    node.field("condition").is_some_and(|condition| {
        condition.dfs().any(|node| node.kind() == "assignment_expression")
            && condition.text().contains("fetch")
    })
}

/// `while (i < rows.length) { … rows[i] … i++ }`, `while queue: row = queue.pop()` where nothing is added: over items, whatever
/// its keyword.
fn takes_items(node: &SourceNode) -> bool {
    let (Some(condition), Some(body)) = (node.field("condition"), node.field("body")) else {
        return false;
    };
    let condition = condition.text();
    let condition = condition.trim_matches(['(', ')', ' ']);
    let body = body.text();
    let is_name = |name: &str| !name.is_empty() && name.chars().all(is_of_name);
    if let Some((counter, limit)) = condition.split_once('<') {
        let counter = counter.trim();
        let list =
            limit.trim().trim_start_matches("len(").split(['.', ')']).next().unwrap_or_default();
        let counts = [format!("{counter}++"), format!("{counter} += 1"), format!("++{counter}")];
        let takes = [format!("{list}[{counter}]"), format!("{list}.get({counter})")];
        return is_name(counter)
            && is_name(list)
            && counts.iter().any(|count| body.contains(count))
            && takes.iter().any(|take| body.contains(take));
    }
    let list =
        condition.trim_start_matches(['!', ' ']).split(['.', ' ']).next().unwrap_or_default();
    let list = list.trim_start_matches("len(").trim_end_matches(')');
    let has =
        |methods: &[&str]| methods.iter().any(|method| body.contains(&format!("{list}.{method}(")));
    is_name(list)
        && has(&["pop", "popleft", "shift", "poll", "remove", "removeFirst", "Dequeue"])
        && !has(&[
            "push",
            "append",
            "extend",
            "add",
            "addAll",
            "offer",
            "unshift",
            "Enqueue",
            "appendleft",
        ])
}

/// `for {` in Go, `for (;;)` in C.
fn is_endless(node: &SourceNode) -> bool {
    let header: String = node.text().chars().take_while(|letter| *letter != '{').collect();
    header.trim_end() == "for" || header.contains(";;")
}

/// `do { … } while (0)`
fn runs_once(node: &SourceNode) -> bool {
    node.field("condition").is_some_and(|condition| {
        matches!(condition.text().trim_matches(['(', ')', ' ']), "0" | "false")
    })
}

/// Loops over chunks, pages or attempts already do what a rule would advise, or cannot.
pub(crate) fn is_batched(node: &SourceNode) -> bool {
    let text = node.text();
    let body = node
        .field("body")
        .or_else(|| kotlin::loop_body(node))
        .or_else(|| node.dfs().find(is_function))
        .map_or(text.len(), |body| body.range().start.saturating_sub(node.range().start));
    let header = text.get(..body).unwrap_or_default();
    let of_block = blocks::header(node);
    let header = of_block.as_deref().unwrap_or(header);
    // A comprehension has its header after its body.
    let header =
        if node.kind().ends_with("comprehension") { text.as_ref() } else { header }.to_lowercase();
    let words = [
        "chunk",
        "batch",
        "page",
        "partition",
        "attempt",
        "retry",
        "retries",
        "statements",
        "migrations",
        "each_slice",
    ];
    words.iter().any(|word| header.contains(word))
        || (header.contains("range(") && header.matches(',').count() >= 2)
}

fn is_field(node: &SourceNode, field: &str, child: &SourceNode) -> bool {
    node.field(field).is_some_and(|found| found.node_id() == child.node_id())
}

/// The second and later `for … in …` of a comprehension run once per item of the first.
fn is_later_clause(clause: &SourceNode) -> bool {
    clause.prev_all().any(|sibling| sibling.kind() == "for_in_clause")
}

/// `return@forEach` goes on with the next item.
fn leaves_pass(jump: &SourceNode) -> bool {
    jump.text().starts_with("return@") || jump.text().starts_with("continue")
}

/// `continue`, which Ruby calls `next`, between the child and the block's end: the pass may not get there.
fn skips_a_pass(block: &SourceNode, child: &SourceNode) -> bool {
    let start = child.range().start;
    let text = block.text();
    let rest = text.get(start.saturating_sub(block.range().start)..).unwrap_or_default();
    rest.contains("continue")
        || rest.contains("next")
            && block.dfs().any(|node| node.kind() == "next" && node.range().start >= start)
}

fn last_statement<'t>(block: &SourceNode<'t>) -> Option<SourceNode<'t>> {
    let last = block.named_children().filter(|child| !child.kind().contains("comment")).last()?;
    if last.kind() == "expression_statement" { last.child(0) } else { Some(last) }
}
