//! How far beyond a match a rule looks to tell whether it is one.

use ast_grep_core::matcher::PatternNode;
use ast_grep_core::tree_sitter::LanguageExt;
use serde_json::Value;

use crate::language::Language;
use crate::reading::needs::compiled;

/// What stands for statements that are not read is none that a rule may find.
const PLACEHOLDERS: &str = "pass_statement";

/// What may hold functions of the module or of a class. An `ERROR` may hold anything.
const AROUND_FUNCTIONS: [&str; 5] =
    ["module", "block", "class_definition", "decorated_definition", "ERROR"];

/// Where what a rule asks for stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reach {
    /// In the match, or in a statement around it.
    Match,
    /// In the function around the match, which is the file where there is none.
    Function,
    /// Anywhere in the file.
    File,
}

/// The reach of what a rule states, whose matches are of these kinds.
pub(crate) fn reach(stated: &Value, kinds: &[&str], language: Language) -> Reach {
    let matches_around =
        kinds.iter().any(|kind| AROUND_FUNCTIONS.contains(kind) || *kind == PLACEHOLDERS);
    let may_be_function = kinds.contains(&"function_definition");
    let stated_apart =
        ["utils", "constraints"].iter().filter_map(|key| stated.get(key)?.as_object());
    let mut apart = stated_apart.flat_map(|rules| rules.values());
    let stays = stated.get("rule").is_some_and(|rule| stays(rule, may_be_function, language))
        && apart.all(|rule| stays_anywhere(rule, language));
    if stays && !matches_around { Reach::Match } else { Reach::File }
}

fn stays_anywhere(rule: &Value, language: Language) -> bool {
    stays(rule, true, language)
}

/// Whether a rule about a node in a function looks at that function alone, and at what kinds of things are around it. Of
/// the function itself it must not ask what stands beside it.
fn stays(rule: &Value, may_be_function: bool, language: Language) -> bool {
    let parts = |key: &str| rule.get(key).and_then(Value::as_array).into_iter().flatten();
    let asks_beside = ["follows", "precedes", "nthChild"].iter().any(|key| rule.get(key).is_some());
    !(may_be_function && asks_beside)
        && parts("all").chain(parts("any")).all(|part| stays(part, may_be_function, language))
        && rule.get("not").is_none_or(|part| stays(part, may_be_function, language))
        && ["has", "follows", "precedes"]
            .iter()
            .filter_map(|key| rule.get(key))
            .all(|part| stays(part, false, language))
        && rule.get("inside").is_none_or(|outer| stays_inside(outer, language))
}

fn stays_inside(outer: &Value, language: Language) -> bool {
    let stops = outer.get("stopBy").filter(|stop| stop.is_object());
    stops.is_none_or(|stop| {
        is_plain(stop) || is_inner(stop, language) && stays_anywhere(stop, language)
    }) && if is_inner(outer, language) {
        let kind = outer.get("kind").and_then(Value::as_str);
        stays(outer, kind.is_none_or(|kind| kind == "function_definition"), language)
    } else {
        is_plain(outer)
    }
}

/// Whether a rule asks for no more than kinds of nodes.
fn is_plain(rule: &Value) -> bool {
    rule.as_object().is_some_and(|keys| {
        keys.iter().all(|(key, value)| match key.as_str() {
            "kind" | "field" => true,
            "stopBy" => value.is_string() || is_plain(value),
            "not" | "inside" => is_plain(value),
            "all" | "any" => value.as_array().is_some_and(|parts| parts.iter().all(is_plain)),
            _ => false,
        })
    })
}

/// Whether what a rule matches is no class and no file, but in a function or beside it.
pub(crate) fn is_inner(rule: &Value, language: Language) -> bool {
    let is_inner_kind = |kind: &str| !AROUND_FUNCTIONS.contains(&kind);
    let of_kind = rule.get("kind").and_then(Value::as_str).is_some_and(is_inner_kind);
    let of_pattern = || {
        let pattern = rule.get("pattern").and_then(|pattern| compiled(pattern, language));
        let kind = pattern.and_then(|pattern| match pattern.node {
            PatternNode::MetaVar { .. } => None,
            PatternNode::Terminal { kind_id, .. } | PatternNode::Internal { kind_id, .. } => {
                Some(kind_id)
            }
        });
        let grammar = language.get_ts_language();
        kind.and_then(|kind| grammar.node_kind_for_id(kind)).is_some_and(is_inner_kind)
    };
    let parts = |key: &str| rule.get(key).and_then(Value::as_array);
    let inner = |part: &Value| is_inner(part, language);
    of_kind
        || of_pattern()
        || parts("all").is_some_and(|parts| parts.iter().any(inner))
        || parts("any").is_some_and(|parts| !parts.is_empty() && parts.iter().all(inner))
}
