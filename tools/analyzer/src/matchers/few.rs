//! What a program has few of whatever its input: searching, shifting or lengthening those costs nothing worth a word.

use crate::language::{SourceMatch, SourceNode};
use crate::matchers::loops::enclosing_loop;
use crate::matchers::names::bound_value;
use crate::syntax::enclosing_function;

/// Words in the names of lists that stay short: parts of one path, command line, signature or table.
const FEW: [&str; 52] = [
    "alias",
    "arg",
    "argument",
    "argv",
    "attr",
    "attribute",
    "axis",
    "bit",
    "choice",
    "class",
    "col",
    "column",
    "component",
    "day",
    "dim",
    "dimension",
    "env",
    "ext",
    "extension",
    "feature",
    "field",
    "flag",
    "format",
    "header",
    "kind",
    "kwarg",
    "lang",
    "language",
    "level",
    "locale",
    "menu",
    "method",
    "mode",
    "month",
    "opt",
    "option",
    "param",
    "parameter",
    "parent",
    "platform",
    "plugin",
    "prefix",
    "prop",
    "property",
    "role",
    "scope",
    "segment",
    "setting",
    "shape",
    "suffix",
    "type",
    "unit",
];

/// Words in the names of texts that stay short, or that are shown once to a person.
const SHORT: [&str; 52] = [
    "addr",
    "address",
    "arg",
    "bit",
    "caption",
    "char",
    "clause",
    "cmd",
    "command",
    "cond",
    "condition",
    "desc",
    "digit",
    "err",
    "error",
    "flag",
    "header",
    "help",
    "hint",
    "ident",
    "identifier",
    "indent",
    "key",
    "label",
    "message",
    "msg",
    "name",
    "note",
    "opt",
    "pad",
    "padding",
    "path",
    "pattern",
    "phone",
    "postcode",
    "prefix",
    "reason",
    "regex",
    "sep",
    "sig",
    "signature",
    "suffix",
    "tag",
    "title",
    "token",
    "uri",
    "url",
    "usage",
    "version",
    "word",
    "zip",
    "zipcode",
];

/// Words in the names of lists that grow with the input.
const MANY: [&str; 79] = [
    "account",
    "agenda",
    "arr",
    "array",
    "backlog",
    "batch",
    "book",
    "buffer",
    "byte",
    "candidate",
    "char",
    "character",
    "chunk",
    "comment",
    "customer",
    "data",
    "datum",
    "descendant",
    "edge",
    "element",
    "employee",
    "entry",
    "event",
    "file",
    "frame",
    "frontier",
    "history",
    "invoice",
    "item",
    "job",
    "line",
    "link",
    "list",
    "log",
    "member",
    "message",
    "neighbor",
    "node",
    "num",
    "number",
    "object",
    "order",
    "out",
    "output",
    "packet",
    "page",
    "pending",
    "point",
    "post",
    "process",
    "product",
    "queue",
    "record",
    "reply",
    "request",
    "result",
    "reversed",
    "row",
    "sample",
    "stack",
    "state",
    "step",
    "stream",
    "student",
    "successor",
    "task",
    "text",
    "todo",
    "token",
    "transaction",
    "unvisited",
    "url",
    "user",
    "value",
    "vertex",
    "visit",
    "waiting",
    "work",
    "worklist",
];

/// `$LIST` is named for things that are many, or takes at one end what the loop finds while it gives from the other.
pub(crate) fn grows_with_input(found: &SourceMatch) -> bool {
    let Some(list) = found.get_env().get_match("LIST").map(SourceNode::text) else { return false };
    let takes = [".append(", ".extend(", ".push(", "+="];
    words(&list).iter().any(|word| MANY.contains(&word.as_str()))
        || enclosing_loop(found).is_some_and(|around| {
            let text = around.text();
            takes.iter().any(|take| {
                text.contains(&format!("{list}{take}")) || text.contains(&format!("{list} {take}"))
            })
        })
}

/// `$LIST` is not named for things that are few.
pub(crate) fn many_items(found: &SourceMatch) -> bool {
    found.get_env().get_match("LIST").is_none_or(|list| !are_few(&list.text()))
}

/// `$LIST` is named for things that are many, in the plural.
pub(crate) fn named_many(found: &SourceMatch) -> bool {
    let Some(list) = found.get_env().get_match("LIST").map(SourceNode::text) else { return false };
    let plural = list.ends_with('s') || list.ends_with("data") || list.ends_with("List");
    plural && are_many(&list)
}

/// `$TEXT` is not named for a text that stays short, and the loop around the match does not go over a handful of things.
pub(crate) fn long_text(found: &SourceMatch) -> bool {
    let is_short = found.get_env().get_match("TEXT").map(SourceNode::text);
    !is_short.is_some_and(|text| is_short_text(&text))
        && !enclosing_loop(found).is_some_and(|around| goes_over_few(&around))
        && is_first_in_function(found)
}

/// The name is one of texts that stay short, or that a person is shown once.
pub(crate) fn is_short_text(name: &str) -> bool {
    words(name).iter().any(|word| SHORT.contains(&word.as_str()))
}

/// `$TEXT` is not named for a version or for what a command printed, which are taken apart once.
pub(crate) fn text_of_data(found: &SourceMatch) -> bool {
    const ASKED_ONCE: [&str; 7] = ["ver", "vers", "version", "out", "output", "content", "stdout"];
    let text = found.get_env().get_match("TEXT").map(SourceNode::text).unwrap_or_default();
    !words(&text).iter().any(|word| ASKED_ONCE.contains(&word.as_str()))
}

/// One remark serves for all loops that lengthen the same text.
fn is_first_in_function(found: &SourceMatch) -> bool {
    let Some(text) = found.get_env().get_match("TEXT").map(SourceNode::text) else { return false };
    let function = enclosing_function(found);
    let first = function.dfs().find(|node| {
        node.kind() == "augmented_assignment"
            && node.field("left").is_some_and(|left| left.text() == text)
            && enclosing_loop(node).is_some_and(|around| !goes_over_few(&around))
    });
    first.is_none_or(|first| first.range().start >= found.range().start)
}

/// `$VALUE` is not written out as an object of a few fields in the same function.
pub(crate) fn unknown_size(found: &SourceMatch) -> bool {
    let Some(value) = found.get_env().get_match("VALUE").map(SourceNode::text) else { return true };
    let function = enclosing_function(found);
    !function
        .dfs()
        .filter_map(|node| bound_value(&node, &value))
        .any(|value| value.kind() == "object")
}

/// `path.split('/')`: the parts of a path, a name or an address.
pub(crate) fn is_split_path(value: &SourceNode) -> bool {
    let text = value.text();
    [
        ".split('/')",
        ".split(\"/\")",
        ".split('.')",
        ".split(\".\")",
        ".split(os.sep)",
        ".split('::')",
    ]
    .iter()
    .any(|split| text.contains(split))
}

/// A constant that is written in capitals, or its entries: what the program itself lists.
pub(crate) fn is_constant(items: &SourceNode) -> bool {
    let text = items.text();
    let inner = text.trim_end_matches(')').rsplit(['(', '.']).next().unwrap_or(&text);
    inner.len() > 1
        && inner
            .chars()
            .all(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '_')
}

/// The name says that it holds things of which there are few: `columnNames`, `supported_options`.
pub(crate) fn are_few(name: &str) -> bool {
    words(name).iter().any(|word| FEW.contains(&word.as_str()))
}

/// The name says that it holds things which grow with the input: `rows`, `userRecords`.
pub(crate) fn are_many(name: &str) -> bool {
    words(name).iter().any(|word| MANY.contains(&word.as_str())) && !are_few(name)
}

/// The loop goes over a literal, or over the parts of an address.
fn goes_over_few(around: &SourceNode) -> bool {
    let Some(items) = around.field("right") else { return false };
    match items.kind().as_ref() {
        "tuple" | "list" | "array" | "expression_list" => !items.text().contains('*'),
        "call" => {
            [".split('.')", ".split(\".\")"].iter().any(|split| items.text().ends_with(split))
        }
        _ => false,
    }
}

/// The words of `snake_case` and `camelCase`, in lower case and in the singular.
pub(crate) fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before_is_lower = false;
    for letter in name.chars() {
        if !letter.is_alphanumeric() || (letter.is_uppercase() && before_is_lower) {
            words.push(String::new());
        }
        before_is_lower = letter.is_lowercase();
        if let Some(word) = words.last_mut().filter(|_| letter.is_alphanumeric()) {
            word.extend(letter.to_lowercase());
        }
    }
    words.iter_mut().for_each(singular);
    words
}

fn singular(word: &mut String) {
    const ENDS_IN_S: [&str; 5] = ["alias", "class", "address", "suffix", "prefix"];
    let stem =
        word.strip_suffix("es").filter(|stem| ENDS_IN_S.contains(stem)).map(ToOwned::to_owned);
    let single = stem
        .or_else(|| word.strip_suffix("ies").map(|stem| format!("{stem}y")))
        .or_else(|| word.strip_suffix('s').map(ToOwned::to_owned));
    if let Some(single) = single.filter(|_| !ENDS_IN_S.contains(&word.as_str()) && word != "axis") {
        *word = single;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_in_either_style_tells_that_things_are_few() {
        let few = ["columnNames", "supported_options", "argv", "primaryKeyProperties", "aliases"];
        assert!(few.iter().all(|name| are_few(name)));
        let many = ["users", "known", "optimized", "rowsByName", "partners"];
        assert!(!many.iter().any(|name| are_few(name)));
    }
}
