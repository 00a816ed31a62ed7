//! How far beyond a match a rule looks to tell whether it is one.

use ast_grep_core::matcher::PatternNode;
use ast_grep_core::tree_sitter::LanguageExt;
use serde_json::{Map, Value};

use crate::language::Language;
use crate::reading::needs::compiled;

/// What stands for statements that are not read is none that a rule may find.
const PLACEHOLDERS: &str = "pass_statement";

/// What may hold functions of the module or of a class. An `ERROR` may hold anything.
const AROUND_FUNCTIONS: [&str; 5] =
    ["module", "block", "class_definition", "decorated_definition", "ERROR"];

/// What else may hold statements, and so may take several lines of code. All others stand in one.
const COMPOUND: [&str; 13] = [
    "case_clause",
    "elif_clause",
    "else_clause",
    "except_clause",
    "except_group_clause",
    "finally_clause",
    "for_statement",
    "function_definition",
    "if_statement",
    "match_statement",
    "try_statement",
    "while_statement",
    "with_statement",
];

/// Where what a rule asks for stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reach {
    /// In one line of code with the match; of what is around it the rule knows no more than its kind.
    Line,
    /// In the match, or in a loop or the like around it in the same function.
    Statement,
    /// In the match, or in a statement of the module or of a class around it.
    Whole,
    /// In the function around the match, which is the file where there is none.
    Function,
    /// In the outermost class or function around the match, which is the file where there is none.
    Class,
    /// Anywhere in the file.
    File,
}

/// The reach of what a rule states, whose matches are of these kinds.
pub(crate) fn reach(stated: &Value, kinds: &[&str], language: Language) -> Reach {
    let Some(rule) = stated.get("rule") else { return Reach::File };
    let of_kinds = kinds.iter().map(|kind| of_kind(kind)).max().unwrap_or(Reach::File);
    let about = About { may_be_function: of_kinds >= Reach::Whole, is_beside_match: true };
    let stated_apart =
        ["utils", "constraints"].iter().filter_map(|key| stated.get(key)?.as_object());
    let apart = stated_apart.flat_map(|rules| rules.values());
    apart.fold(of_kinds.max(of_rule(rule, about, language)), |reach, rule| {
        reach.max(of_rule(rule, ANY, language))
    })
}

/// What a rule states, without what it asks for beyond the loop or the like around its match: this matches all that it does,
/// and perhaps more. `None` where nothing of that can be left out.
pub(crate) fn relaxed(stated: &Value, kinds: &[&str], language: Language) -> Option<Value> {
    let may_be_function = kinds.iter().any(|kind| of_kind(kind) >= Reach::Whole);
    let about = About { may_be_function, is_beside_match: true };
    let mut relaxed = stated.clone();
    let names_differ = relax(relaxed.get_mut("rule")?, about, language);
    let keys = relaxed.as_object_mut()?;
    // What names are given there is of no use without what is left out.
    keys.remove("transform");
    if names_differ {
        keys.remove("constraints");
    }
    (relaxed.get("rule") != stated.get("rule")).then_some(relaxed)
}

/// Whether names may be given to something else than before: of several alternatives the first that matches names what is in
/// it, and with less to ask for that may be another. Then nothing beside them is asked for that has names.
fn relax(rule: &mut Value, about: About, language: Language) -> bool {
    let Some(keys) = rule.as_object_mut() else { return false };
    keys.retain(|key, value| match key.as_str() {
        "inside" => of_outer(value, language) <= Reach::Statement,
        "not" => of_rule(value, about, language) <= Reach::Statement,
        "follows" | "precedes" | "nthChild" => !about.is_beside_match,
        _ => true,
    });
    let mut of_names = Vec::new();
    if let Some(alternatives) = keys.get_mut("any").and_then(Value::as_array_mut) {
        let before = alternatives.clone();
        for part in alternatives.iter_mut() {
            relax(part, about, language);
        }
        of_names.extend((*alternatives != before).then_some("any"));
    }
    if let Some(parts) = keys.get_mut("all").and_then(Value::as_array_mut) {
        let differ: Vec<_> = parts.iter_mut().map(|part| relax(part, about, language)).collect();
        let names_differ = differ.contains(&true);
        let mut differ = differ.into_iter();
        parts.retain(|part| {
            let stays = differ.next() == Some(true) || !names_differ || !has_names(part);
            stays && *part != Value::Object(Map::new())
        });
        of_names.extend(names_differ.then_some("all"));
    }
    if let Some(part) = keys.get_mut("has") {
        of_names.extend(relax(part, PART, language).then_some("has"));
    }
    if !of_names.is_empty() {
        keys.retain(|key, value| of_names.contains(&key.as_str()) || !has_names(value));
    }
    !of_names.is_empty()
}

/// Whether a rule may name something, or ask for what is named.
fn has_names(rule: &Value) -> bool {
    rule.to_string().contains('$')
}

fn of_kind(kind: &str) -> Reach {
    match kind {
        // Of a comment nobody knows to which statement it belongs.
        PLACEHOLDERS | "comment" => Reach::File,
        _ if AROUND_FUNCTIONS.contains(&kind) => Reach::File,
        "function_definition" => Reach::Whole,
        _ if COMPOUND.contains(&kind) => Reach::Statement,
        _ => Reach::Line,
    }
}

/// What a rule is about.
#[derive(Clone, Copy)]
struct About {
    may_be_function: bool,
    /// It is no part of another node that is known, so that what stands beside it may be another statement.
    is_beside_match: bool,
}

const PART: About = About { may_be_function: false, is_beside_match: false };
const ANY: About = About { may_be_function: true, is_beside_match: true };

/// How far a rule about a node looks beyond it.
fn of_rule(rule: &Value, about: About, language: Language) -> Reach {
    let parts = |key: &str| rule.get(key).and_then(Value::as_array).into_iter().flatten();
    let asks_beside = ["follows", "precedes", "nthChild"].iter().any(|key| rule.get(key).is_some());
    let beside = match about {
        About { may_be_function: true, .. } if asks_beside => Reach::File,
        About { is_beside_match: true, .. } if asks_beside => Reach::Function,
        _ => Reach::Line,
    };
    let stop = rule.get("stopBy").filter(|stop| stop.is_object());
    let same = parts("all").chain(parts("any")).chain(rule.get("not")).chain(stop);
    let same = same.map(|part| of_rule(part, about, language));
    let within = rule.get("has").into_iter().map(|part| of_rule(part, PART, language));
    let next_to = About { may_be_function: false, ..about };
    let siblings = ["follows", "precedes"].iter().filter_map(|key| rule.get(key));
    let siblings = siblings.map(|part| of_rule(part, next_to, language));
    let around = rule.get("inside").into_iter().map(|outer| of_outer(outer, language));
    same.chain(within).chain(siblings).chain(around).fold(beside, Reach::max)
}

/// How far a rule looks about what a node is inside of.
fn of_outer(outer: &Value, language: Language) -> Reach {
    let stop = outer.get("stopBy").filter(|stop| stop.is_object() && !is_plain(stop));
    if stop.is_none() && is_plain(outer) {
        return Reach::Line;
    }
    stop.into_iter()
        .chain([outer])
        .map(|rule| of_inner(rule, language))
        .max()
        .unwrap_or(Reach::File)
}

fn of_inner(rule: &Value, language: Language) -> Reach {
    if !is_inner(rule, language) {
        return Reach::File;
    }
    let kind = rule.get("kind").and_then(Value::as_str).map_or(Reach::Whole, of_kind);
    let about = About { may_be_function: may_be_function(rule), is_beside_match: true };
    kind.max(of_rule(rule, about, language))
}

/// Whether a rule about what is in a function or beside it may be about a function.
pub(crate) fn may_be_function(rule: &Value) -> bool {
    let any = rule.get("any").and_then(Value::as_array);
    match rule.get("kind").and_then(Value::as_str) {
        Some(kind) => kind == "function_definition",
        None => any.is_none_or(|any| any.iter().any(may_be_function)),
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
