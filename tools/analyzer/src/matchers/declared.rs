//! What a name of the match is declared as, where the language writes types and the declaration is in the same file.

use crate::language::{SourceMatch, SourceNode};
use crate::matchers::loops::enclosing_loop;
use crate::matchers::names::{is_of_name, target};
use crate::syntax::enclosing_function;

/// `$TEXT` is a `std::string`.
pub(crate) fn string(found: &SourceMatch) -> bool {
    is_declared(found, "TEXT", |kind| matches!(kind, "std::string" | "string" | "std::wstring"))
}

/// `$TEXT` is a `std::string` from before the loop around the match, and no other statement of the loop sets it.
pub(crate) fn string_before_loop(found: &SourceMatch) -> bool {
    let Some(name) = name(found, "TEXT").filter(|_| string(found)) else { return false };
    let Some(around) = enclosing_loop(found) else { return false };
    around.dfs().filter(|node| node.range() != found.range()).all(|node| {
        type_of_declaration(&node, &name, "identifier").is_none()
            && target(&node).is_none_or(|target| target.text() != name)
    }) && !around.text().contains(&format!("{name}.clear()"))
}

/// `$LIST` is a vector that the loop around the match empties from its front.
pub(crate) fn vector_drained(found: &SourceMatch) -> bool {
    let Some(name) = name(found, "LIST").filter(|_| vector(found)) else { return false };
    let condition = enclosing_loop(found).and_then(|around| around.field("condition"));
    let empties = [
        format!("!{name}.empty()"),
        format!("{name}.size() > 0"),
        format!("{name}.size() != 0"),
        format!("{name}.size()"),
    ];
    condition.is_some_and(|condition| {
        let text = condition.text();
        empties
            .iter()
            .any(|wanted| text.trim_matches(['(', ')', ' ']) == wanted.trim_matches(['(', ')']))
    })
}

/// `$SET` is an ordered or hashed set of the standard library.
pub(crate) fn set(found: &SourceMatch) -> bool {
    let sets = ["set<", "unordered_set<", "multiset<", "unordered_multiset<"];
    is_declared(found, "SET", |kind| starts_with_one_of(kind, &sets))
}

/// `$LIST` is a vector, or a string of C++.
pub(crate) fn vector(found: &SourceMatch) -> bool {
    is_declared(found, "LIST", |kind| starts_with_one_of(kind, &["vector<", "string", "Vec<"]))
}

/// `$SOURCE` and `$LIST` are slices of the same type in Go, or `$LIST` is a vector in Rust or C++.
pub(crate) fn lists(found: &SourceMatch) -> bool {
    let Some(list) = name(found, "LIST") else { return false };
    match found.kind().as_ref() {
        "for_statement" => {
            let element = |name: &str| slice_element(found, name);
            name(found, "SOURCE")
                .and_then(|source| element(&source))
                .is_some_and(|kind| element(&list).is_some_and(|other| other == kind))
        }
        "for_range_loop" => vector(found),
        _ => rust_vector(found, &list),
    }
}

/// `$BYTES` is a slice of bytes in Go.
pub(crate) fn bytes(found: &SourceMatch) -> bool {
    name(found, "BYTES").is_some_and(|name| slice_element(found, &name).as_deref() == Some("byte"))
}

/// `$TEXT` is a string in Go: a literal, formatted, joined, or declared as one.
pub(crate) fn text(found: &SourceMatch) -> bool {
    let Some(text) = found.get_env().get_match("TEXT") else { return false };
    match text.kind().as_ref() {
        // A few bytes are copied in no time.
        "interpreted_string_literal" | "raw_string_literal" => text.text().len() > 64,
        "call_expression" => {
            starts_with_one_of(&text.text(), &["fmt.Sprint", "strings.", "strconv.Itoa("])
        }
        "identifier" => {
            let function = enclosing_function(found);
            let name = text.text();
            function.dfs().any(|node| is_string_of_go(&node, &name))
        }
        _ => false,
    }
}

/// `$WRITER` takes strings as they are: a buffer, a buffered writer, a builder, a file or a response.
pub(crate) fn string_writer(found: &SourceMatch) -> bool {
    let Some(writer) = name(found, "WRITER") else { return false };
    let function = enclosing_function(found);
    let text = function.text();
    let kinds = [
        "http.ResponseWriter",
        "*bytes.Buffer",
        "bytes.Buffer",
        "*bufio.Writer",
        "*strings.Builder",
        "strings.Builder",
        "*os.File",
    ];
    kinds.iter().any(|kind| has_words(&text, &format!("{writer} {kind}")))
        || has_words(&text, &format!("{writer} := bufio.NewWriter"))
        || has_words(&text, &format!("{writer} := &bytes.Buffer"))
}

/// The type that `name` is declared with in the function around the node, or else as a field in the file.
pub(crate) fn declared_type(node: &SourceNode, name: &str) -> Option<String> {
    let function = enclosing_function(node);
    let local = function.dfs().find_map(|node| type_of_declaration(&node, name, "identifier"));
    local.or_else(|| {
        let root = node.root().root();
        root.dfs().find_map(|node| type_of_declaration(&node, name, "field_identifier"))
    })
}

fn type_of_declaration(node: &SourceNode, name: &str, kind: &str) -> Option<String> {
    let declares = ["declaration", "parameter_declaration", "field_declaration"];
    if !declares.contains(&node.kind().as_ref()) {
        return None;
    }
    let named = node.field_children("declarator").any(|declarator| {
        // Neither `char name[9]` nor `vector<int> *name` is what its type says.
        let inner = match declarator.kind().as_ref() {
            "init_declarator" => declarator.field("declarator"),
            "reference_declarator" => declarator.children().last(),
            _ => Some(declarator),
        };
        let inner = match inner {
            Some(inner) if inner.kind() == "reference_declarator" => inner.children().last(),
            other => other,
        };
        inner.is_some_and(|inner| inner.kind() == kind && inner.text() == name)
    });
    if named { Some(node.field("type")?.text().into_owned()) } else { None }
}

fn is_declared(found: &SourceMatch, variable: &str, right: impl Fn(&str) -> bool) -> bool {
    name(found, variable)
        .and_then(|name| declared_type(found, &name))
        .is_some_and(|kind| right(&kind))
}

fn name(found: &SourceMatch, variable: &str) -> Option<String> {
    let node = found.get_env().get_match(variable)?;
    let kind = node.kind();
    (kind == "identifier" || kind == "field_identifier").then(|| node.text().into_owned())
}

fn starts_with_one_of(kind: &str, starts: &[&str]) -> bool {
    let kind = kind.strip_prefix("std::").unwrap_or(kind);
    starts.iter().any(|start| kind.starts_with(start))
}

/// `T` where the function says `name []T`, `name := []T{` or `name := make([]T`.
fn slice_element(found: &SourceMatch, name: &str) -> Option<String> {
    let function = enclosing_function(found);
    let text = function.text();
    let starts = [format!("{name} []"), format!("{name} := []"), format!("{name} := make([]")];
    starts.iter().find_map(|start| {
        let (before, after) = text.split_once(start.as_str())?;
        if before.ends_with(is_of_name) {
            return None;
        }
        let end = after.find([',', ')', '{', '\n', ' ']).unwrap_or(after.len());
        after.get(..end).map(ToOwned::to_owned)
    })
}

fn is_string_of_go(node: &SourceNode, name: &str) -> bool {
    let declares = ["parameter_declaration", "var_spec"];
    declares.contains(&node.kind().as_ref())
        && node.field("type").is_some_and(|kind| kind.text() == "string")
        && node.field_children("name").any(|known| known.text() == name)
}

/// A local vector or string, or a parameter that is a reference to one.
fn rust_vector(found: &SourceMatch, list: &str) -> bool {
    let function = enclosing_function(found);
    function.dfs().any(|node| {
        let names = |pattern: &SourceNode| pattern.text().trim_start_matches("mut ").trim() == list;
        let declared = matches!(node.kind().as_ref(), "let_declaration" | "parameter")
            && node.field("pattern").is_some_and(|pattern| names(&pattern));
        declared
            && ["type", "value"].iter().filter_map(|field| node.field(field)).any(|part| {
                let text = part.text();
                let text = text.trim_start_matches("&mut ");
                starts_with_one_of(text, &["Vec<", "Vec::", "vec![", "String::new"])
            })
    })
}

/// Whether the text holds these words, and not as the end of a longer name.
fn has_words(text: &str, words: &str) -> bool {
    text.match_indices(words)
        .any(|(start, _)| !text.get(..start).unwrap_or_default().ends_with(is_of_name))
}
