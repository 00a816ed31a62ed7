//! Buffers of C: measured, appended to, allocated and filled once per pass of a loop.

use crate::language::{SourceMatch, SourceNode};
use crate::matchers::loops::enclosing_loop;
use crate::matchers::names::{identifiers, names_bound_in};

/// `$TEXT` is measured in the condition of a loop that does not change its length.
pub(crate) fn length_stays(found: &SourceMatch) -> bool {
    let Some(text) = variable(found, "TEXT") else { return false };
    let Some(around) = enclosing_loop(found) else { return false };
    let in_condition = around
        .field("condition")
        .is_some_and(|condition| condition.range().contains(&found.range().start));
    let Some(body) = around.field("body").filter(|_| in_condition) else { return false };
    let mut uses = mentions(&body, &text);
    let update =
        around.field("update").is_some_and(|update| mentions(&update, &text).next().is_some());
    !update && uses.all(|node| keeps_length(&node))
}

/// The use reads one character, measures, or writes a character that is not the end of the text.
fn keeps_length(node: &SourceNode) -> bool {
    let Some(parent) = node.parent() else { return false };
    match parent.kind().as_ref() {
        "subscript_expression" => parent.parent().is_none_or(|outer| {
            let ends_text = outer.kind() == "assignment_expression"
                && outer
                    .field("right")
                    .is_some_and(|right| matches!(right.text().as_ref(), "0" | r"'\0'" | "NULL"));
            !ends_text && outer.kind() != "pointer_expression"
        }),
        "argument_list" => {
            parent.parent().and_then(|call| call.field("function")).is_some_and(|function| {
                matches!(
                    function.text().as_ref(),
                    "strlen" | "printf" | "puts" | "strcmp" | "fputs"
                )
            })
        }
        _ => false,
    }
}

/// `$TEXT` is declared before the loop, and no pass starts it anew.
pub(crate) fn appended_from_start(found: &SourceMatch) -> bool {
    let Some(text) = variable(found, "TEXT") else { return false };
    let Some(around) = enclosing_loop(found) else { return false };
    let Some(body) = around.field("body") else { return false };
    let is_short = around.field("condition").is_some_and(|condition| ends_soon(&condition.text()));
    let declared = around
        .dfs()
        .any(|node| node.kind().ends_with("declarator") && mentions(&node, &text).next().is_some());
    !is_short && !declared && mentions(&body, &text).all(|node| !starts_anew(&node))
}

/// `i < 4`: nothing to gain.
fn ends_soon(condition: &str) -> bool {
    let end = condition.rsplit(['<', '=', ' ', '>']).next().unwrap_or_default();
    end.trim_end_matches(')').parse::<u32>().is_ok()
}

/// `strcpy(text, …)`, `*text = …`, `text[0] = …`, `text = …`
fn starts_anew(node: &SourceNode) -> bool {
    let Some(parent) = node.parent() else { return false };
    match parent.kind().as_ref() {
        "argument_list" => {
            let is_first = parent
                .named_children()
                .next()
                .is_some_and(|first| first.node_id() == node.node_id());
            let function = parent.parent().and_then(|call| call.field("function"));
            is_first && function.is_none_or(|function| function.text() != "strcat")
        }
        "assignment_expression" => is_field(&parent, "left", node),
        "subscript_expression" | "pointer_expression" => {
            parent.parent().is_some_and(|outer| is_field(&outer, "left", &parent))
        }
        _ => false,
    }
}

/// `$BUFFER` is allocated with a size that no pass changes, released in the same block, and handed to nobody who keeps it.
pub(crate) fn freed_in_same_pass(found: &SourceMatch) -> bool {
    let Some(buffer) = variable(found, "BUFFER") else { return false };
    let Some(around) = enclosing_loop(found) else { return false };
    let bound = names_bound_in(&around);
    let Some(size) = found.get_env().get_match("SIZE") else { return false };
    if size.dfs().any(|node| node.kind() == "call_expression")
        || identifiers(size).any(|name| bound.contains(name.as_ref()))
    {
        return false;
    }
    let Some(statement) = found
        .ancestors()
        .find(|node| matches!(node.kind().as_ref(), "declaration" | "expression_statement"))
    else {
        return false;
    };
    let releases =
        [format!("free({buffer});"), format!("delete[] {buffer};"), format!("delete [] {buffer};")];
    statement.next_all().any(|next| releases.iter().any(|release| next.text() == release.as_str()))
}

/// `realloc` with room for one more, and no look at the capacity before it.
pub(crate) fn grows_in_every_pass(found: &SourceMatch) -> bool {
    let Some(around) = enclosing_loop(found) else { return false };
    let mut child: SourceNode = (**found).clone();
    for ancestor in found.ancestors() {
        if ancestor.node_id() == around.node_id() {
            return true;
        }
        let in_condition = ancestor
            .field("condition")
            .is_some_and(|condition| condition.range().contains(&child.range().start));
        if ancestor.kind() == "if_statement" && !in_condition {
            let compares = ancestor.field("condition").is_some_and(|condition| {
                ["==", ">", "<", "%", "&"].iter().any(|sign| condition.text().contains(sign))
            });
            if compares {
                return false;
            }
        }
        child = ancestor;
    }
    false
}

/// The byte `$BYTE` is stored, passed on or compared with the end of a line, in a loop that is no retry.
pub(crate) fn collects_byte(found: &SourceMatch) -> bool {
    let Some(byte) = variable(found, "BYTE") else { return false };
    let Some(around) = enclosing_loop(found) else { return false };
    let text = around.text();
    if text.contains("EINTR") || text.contains("EAGAIN") {
        return false;
    }
    // `write(to, &byte, 1)`
    let is_passed_on = text.contains("write(") && text.matches(&format!("&{byte}, 1")).count() > 1;
    let kept = [format!("= {byte};"), format!(r"{byte} == '\n'"), format!(r"{byte} != '\n'")];
    is_passed_on || kept.iter().any(|wanted| text.contains(wanted.as_str()))
}

fn variable(found: &SourceMatch, name: &str) -> Option<String> {
    let node = found.get_env().get_match(name)?;
    (node.kind() == "identifier").then(|| node.text().into_owned())
}

fn mentions<'a, 't: 'a>(
    node: &'a SourceNode<'t>,
    name: &'a str,
) -> impl Iterator<Item = SourceNode<'t>> + 'a {
    node.dfs().filter(move |node| node.kind() == "identifier" && node.text() == name)
}

fn is_field(node: &SourceNode, field: &str, child: &SourceNode) -> bool {
    node.field(field).is_some_and(|found| found.node_id() == child.node_id())
}
