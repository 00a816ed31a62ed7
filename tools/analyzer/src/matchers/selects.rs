//! What the other cases of a `select` in Go do.

use crate::language::{SourceMatch, SourceNode};

/// Another case of the `select` around the match stays in the loop, so that passes end before the timer of the match does.
pub(crate) fn another_case_stays(found: &SourceMatch) -> bool {
    let Some(case) = found.ancestors().find(|node| node.kind() == "communication_case") else {
        return false;
    };
    case.parent().is_some_and(|select| {
        select
            .named_children()
            .filter(|other| matches!(other.kind().as_ref(), "communication_case" | "default_case"))
            .any(|other| other.node_id() != case.node_id() && !leaves(&other))
    })
}

/// The case ends with what leaves the loop; a `break` without a label only leaves the `select`.
fn leaves(case: &SourceNode) -> bool {
    let statement = match last(case) {
        Some(list) if list.kind() == "statement_list" => last(&list),
        other => other,
    };
    let waits_for_end = case.field("communication").is_some_and(|from| {
        let from = from.text().to_lowercase();
        let ends = ["done", "stop", "quit", "exit", "close", "shutdown"];
        ends.iter().any(|end| from.contains(end))
    });
    let Some(statement) = statement.filter(|last| !is_communication(case, last)) else {
        return waits_for_end;
    };
    let text = statement.text();
    match statement.kind().as_ref() {
        "return_statement" | "goto_statement" => true,
        "break_statement" => text.trim() != "break",
        "expression_statement" | "call_expression" => {
            ["panic(", "os.Exit(", "log.Fatal"].iter().any(|end| text.starts_with(end))
        }
        _ => false,
    }
}

fn last<'t>(node: &SourceNode<'t>) -> Option<SourceNode<'t>> {
    node.named_children().filter(|child| child.kind() != "comment").last()
}

fn is_communication(case: &SourceNode, node: &SourceNode) -> bool {
    case.field("communication").is_some_and(|from| from.node_id() == node.node_id())
}
