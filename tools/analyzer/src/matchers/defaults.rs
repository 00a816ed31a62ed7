//! Default arguments that one call changes for all later ones.

use crate::language::{SourceMatch, SourceNode};
use crate::syntax::enclosing_function;

const CHANGING: [&str; 12] = [
    "append",
    "extend",
    "insert",
    "pop",
    "remove",
    "clear",
    "sort",
    "update",
    "setdefault",
    "popitem",
    "add",
    "discard",
];

/// The function changes the parameter, or lets go of it to where it can be changed. A default that is named a cache, or
/// like something private, is meant to be shared.
pub(crate) fn default_changes(found: &SourceMatch) -> bool {
    let Some(name) = found.field("name").map(|name| name.text()) else { return false };
    if name.starts_with('_') || name.contains("cache") || name.contains("memo") {
        return false;
    }
    let Some(body) = enclosing_function(found).field("body") else { return false };
    let uses = body.dfs().filter(|node| node.kind() == "identifier" && node.text() == name);
    let mut uses = uses.peekable();
    // `items = items or []` gives the name a value of its own first.
    let rebound = uses.peek().and_then(SourceNode::parent).is_some_and(|parent| {
        parent.kind() == "assignment"
            && parent.field("left").is_some_and(|left| left.text() == name)
    });
    !rebound && uses.any(|node| changes_or_escapes(&node))
}

/// What an object keeps of its arguments is mostly read; where its class changes it, that stands in its text.
fn is_only_kept(name: &SourceNode) -> bool {
    let text = name.text();
    let class = name.ancestors().find(|around| around.kind() == "class_definition");
    class.is_some_and(|class| {
        let whole = class.text();
        !CHANGING.iter().any(|change| whole.contains(&format!("{text}.{change}(")))
            && !whole.contains(&format!("{text}["))
    })
}

fn changes_or_escapes(node: &SourceNode) -> bool {
    let Some(parent) = node.parent() else { return false };
    let is =
        |field: &str| parent.field(field).is_some_and(|found| found.node_id() == node.node_id());
    match parent.kind().as_ref() {
        "attribute" => {
            is("object")
                && parent
                    .field("attribute")
                    .is_some_and(|method| CHANGING.contains(&method.text().as_ref()))
                && parent.parent().is_some_and(|call| call.kind() == "call")
        }
        "subscript" => {
            is("value")
                && parent.parent().is_some_and(|assignment| {
                    assignment.kind().ends_with("assignment")
                        && assignment
                            .field("left")
                            .is_some_and(|left| left.node_id() == parent.node_id())
                })
        }
        "augmented_assignment" => is("left"),
        "return_statement" => true,
        "assignment" => {
            is("right")
                && !is_only_kept(node)
                && parent.field("left").is_some_and(|left| left.kind() == "attribute")
        }
        _ => false,
    }
}
