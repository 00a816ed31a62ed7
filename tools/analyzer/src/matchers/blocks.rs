//! Ruby's blocks: which ones their call runs once per item, which in its place, which at some other time.

use crate::language::SourceNode;

const ITERATING: [&str; 50] = [
    "all?",
    "any?",
    "collect",
    "count",
    "cycle",
    "delete_if",
    "detect",
    "downto",
    "each",
    "each_char",
    "each_cons",
    "each_entry",
    "each_index",
    "each_key",
    "each_line",
    "each_pair",
    "each_slice",
    "each_value",
    "each_with_index",
    "each_with_object",
    "filter",
    "filter_map",
    "find",
    "find_all",
    "find_each",
    "flat_map",
    "foreach",
    "group_by",
    "in_batches",
    "index_by",
    "inject",
    "loop",
    "map",
    "map!",
    "max_by",
    "min_by",
    "none?",
    "partition",
    "reduce",
    "reject",
    "reject!",
    "reverse_each",
    "select",
    "select!",
    "sort_by",
    "step",
    "sum",
    "times",
    "upto",
    "with_index",
];

const IN_PLACE: [&str; 9] = [
    "benchmark",
    "catch",
    "instrument",
    "measure",
    "open",
    "synchronize",
    "tagged",
    "tap",
    "transaction",
];

/// When a block runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Runs {
    PerItem,
    InPlace,
    /// Perhaps never: `define_method(:name) { … }` keeps it.
    Later,
}

/// When the node's code runs; `None` where it is no block that a call is given.
pub(crate) fn runs(node: &SourceNode) -> Option<Runs> {
    let method = method(node)?;
    Some(if ITERATING.contains(&method.as_str()) {
        Runs::PerItem
    } else if IN_PLACE.contains(&method.as_str()) {
        Runs::InPlace
    } else {
        Runs::Later
    })
}

/// The method that is given this block.
pub(crate) fn method(node: &SourceNode) -> Option<String> {
    if !matches!(node.kind().as_ref(), "block" | "do_block") {
        return None;
    }
    let call = node.parent().filter(|parent| parent.kind() == "call")?;
    Some(call.field("method")?.text().into_owned())
}

/// What the block's call goes over: `rows` in `rows.compact.each { … }`.
pub(crate) fn walked<'t>(block: &SourceNode<'t>) -> Option<SourceNode<'t>> {
    let call = block.parent().filter(|parent| method(block).is_some() && parent.kind() == "call");
    let mut walked = call?.field("receiver")?;
    while walked.kind() == "call" && keeps_length(&walked) {
        walked = walked.field("receiver")?;
    }
    Some(walked)
}

fn keeps_length(call: &SourceNode) -> bool {
    call.field("method").is_some_and(|method| {
        matches!(method.text().as_ref(), "compact" | "uniq" | "reverse" | "each" | "map")
    })
}

/// What stands before the block's code: the call and the block's parameters.
pub(crate) fn header(block: &SourceNode) -> Option<String> {
    let call = block.parent().filter(|parent| parent.kind() == "call")?;
    let start = call.range().start;
    let end = block.field("body").map_or(block.range().end, |body| body.range().start);
    Some(call.text().get(..end.checked_sub(start)?)?.to_owned())
}
