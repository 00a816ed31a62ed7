//! Copies that C++ makes although the code only reads them: parameters by value, elements in a range-based `for`.

use std::sync::LazyLock;

use regex::Regex;

use crate::language::{SourceMatch, SourceNode};
use crate::matchers::declared::declared_type;

/// Types whose copy allocates.
static HEAVY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let kinds = "vector<|map<|unordered_map<|multimap<|set<|unordered_set<|list<|deque<|function<";
    Regex::new(&format!(r"^(std::(w?string$|{kinds})|(string$|vector<|map<))")).ok()
});

/// Containers with elements whose copy allocates, or counts references.
static OF_HEAVY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let lists = "vector|list|deque|set|unordered_set|multiset|initializer_list";
    let heavy = r"(std::)?(w?string\b|vector<|map<|set<|unordered_map<|shared_ptr<|function<)";
    Regex::new(&format!(
        r"^(std::)?(({lists})<\s*(const )?{heavy}|(unordered_|multi)?map<.*\b(string\b|vector<|map<|set<))"
    ))
    .ok()
});

const READING: [&str; 18] = [
    "size",
    "length",
    "empty",
    "c_str",
    "find",
    "rfind",
    "find_first_of",
    "find_last_of",
    "find_first_not_of",
    "find_last_not_of",
    "substr",
    "compare",
    "count",
    "contains",
    "starts_with",
    "ends_with",
    "cbegin",
    "cend",
];

/// What takes an element by value or by constant reference in every container.
const STORING: [&str; 4] = ["push_back", "insert", "count", "find"];

/// A parameter of a heavy type, by value, that is `const` or that the function only reads.
pub(crate) fn parameter_only_read(found: &SourceMatch) -> bool {
    let heavy = found.field("type").is_some_and(|kind| is(&HEAVY, &kind.text()));
    let Some((name, function)) = value_parameter(found).filter(|_| heavy) else { return false };
    if is_const(found) {
        return true;
    }
    let mut uses = uses(&function, found, &name).peekable();
    uses.peek().is_some() && uses.all(|node| only_reads(&node, &function))
}

/// A `shared_ptr` by value that the function only follows: no copy of it is kept.
pub(crate) fn pointer_only_followed(found: &SourceMatch) -> bool {
    let Some((name, function)) = value_parameter(found) else { return false };
    let mut uses = uses(&function, found, &name).peekable();
    uses.peek().is_some() && uses.all(|node| only_follows(&node, &function))
}

/// The loop's variable is a copy of an element that is costly to copy, and the body only reads it.
pub(crate) fn element_only_read(found: &SourceMatch) -> bool {
    let (Some(declarator), Some(source), Some(body)) =
        (found.field("declarator"), found.field("right"), found.field("body"))
    else {
        return false;
    };
    let source =
        if source.kind() == "field_expression" { source.field("field") } else { Some(source) };
    let of_heavy = source
        .filter(|source| source.kind().ends_with("identifier"))
        .and_then(|source| declared_type(found, &source.text()))
        .is_some_and(|kind| is(&OF_HEAVY, &kind));
    let copies =
        found.field("type").is_some_and(|kind| kind.text() == "auto" || is(&HEAVY, &kind.text()));
    if !of_heavy || !copies {
        return false;
    }
    match declarator.kind().as_ref() {
        "identifier" | "structured_binding_declarator" if is_const(found) => true,
        "identifier" => {
            let name = declarator.text();
            let mut uses = body
                .dfs()
                .filter(|node| node.kind() == "identifier" && node.text() == name)
                .peekable();
            uses.peek().is_some() && uses.all(|node| only_reads(&node, &body) || is_stored(&node))
        }
        _ => false,
    }
}

fn is(pattern: &LazyLock<Option<Regex>>, text: &str) -> bool {
    pattern.as_ref().is_some_and(|pattern| pattern.is_match(text))
}

fn is_const(declaration: &SourceNode) -> bool {
    declaration.children().any(|child| child.kind() == "type_qualifier" && child.text() == "const")
}

/// The name and the function of a parameter that is passed by value; `None` where a signature is given from elsewhere.
fn value_parameter<'t>(parameter: &SourceNode<'t>) -> Option<(String, SourceNode<'t>)> {
    let name = parameter.field("declarator").filter(|name| name.kind() == "identifier")?;
    let list = parameter.parent()?;
    let declarator = list.parent().filter(|node| node.kind() == "function_declarator")?;
    let function = parameter
        .ancestors()
        .find(|node| matches!(node.kind().as_ref(), "function_definition" | "lambda_expression"))?;
    // A class behind a macro is read as a function, with declarations in its body.
    let heads = function
        .field("declarator")
        .is_some_and(|head| head.range().contains(&parameter.range().start));
    let body =
        function.field("body").filter(|_| heads && function.kind() == "function_definition")?;
    let signature = declarator.text();
    let given = signature.contains("override") || signature.contains("final");
    let is_coroutine =
        ["co_await", "co_return", "co_yield"].iter().any(|word| body.text().contains(word));
    (!given && !is_coroutine && !is_for_a_caller(&declarator))
        .then(|| (name.text().into_owned(), function))
}

/// The signature is what callers by pointer or by interface expect: a parameter has no name, the function is handed on as a
/// value in this file, or its class is the implementation of another.
fn is_for_a_caller(declarator: &SourceNode) -> bool {
    let ignores_one = declarator.field("parameters").is_some_and(|list| {
        list.named_children()
            .any(|one| one.kind() == "parameter_declaration" && one.field("declarator").is_none())
    });
    let Some(name) = declarator.field("declarator") else { return false };
    let text = name.text();
    let class = text.rsplit_once("::").map(|(class, _)| class);
    if ignores_one || class.is_some_and(implements) {
        return true;
    }
    let root = name.root().root();
    root.dfs().any(|node| {
        node.kind() == "identifier"
            && node.text() == text
            && node.parent().is_some_and(|parent| {
                matches!(
                    parent.kind().as_ref(),
                    "pointer_expression" | "argument_list" | "initializer_list"
                )
            })
    })
}

fn implements(class: &str) -> bool {
    let roles = ["Impl", "Handler", "Listener", "Observer", "Visitor", "Delegate", "Callback"];
    roles.iter().any(|role| class.ends_with(role))
}

fn uses<'a, 't: 'a>(
    function: &'a SourceNode<'t>,
    parameter: &'a SourceNode<'t>,
    name: &'a str,
) -> impl Iterator<Item = SourceNode<'t>> + 'a {
    function
        .dfs()
        .filter(move |node| node.kind() == "identifier" && node.text() == name)
        .filter(|node| !parameter.range().contains(&node.range().start))
}

fn only_reads(node: &SourceNode, within: &SourceNode) -> bool {
    let Some(parent) = node.parent() else { return false };
    if is_in_lambda(node, within) {
        return false;
    }
    match parent.kind().as_ref() {
        "field_expression" => {
            parent.field("field").is_some_and(|method| READING.contains(&method.text().as_ref()))
                && parent.parent().is_some_and(|call| call.kind() == "call_expression")
        }
        "binary_expression" => {
            parent.field("operator").is_some_and(|operator| operator.text() != ">>")
        }
        "for_range_loop" => {
            is_field(&parent, "right", node)
                && parent
                    .field("declarator")
                    .is_some_and(|item| is_const(&parent) || item.kind() == "identifier")
        }
        _ => false,
    }
}

/// `list.push_back(node)`
fn is_stored(node: &SourceNode) -> bool {
    let call =
        node.parent().filter(|list| list.kind() == "argument_list").and_then(|list| list.parent());
    let function = call.and_then(|call| call.field("function"));
    function
        .and_then(|function| function.field("field"))
        .is_some_and(|method| STORING.contains(&method.text().as_ref()))
}

fn only_follows(node: &SourceNode, within: &SourceNode) -> bool {
    let Some(parent) = node.parent() else { return false };
    if is_in_lambda(node, within) {
        return false;
    }
    match parent.kind().as_ref() {
        "field_expression" => {
            parent.field("operator").is_some_and(|operator| operator.text() == "->")
                || parent.field("field").is_some_and(|field| field.text() == "get")
        }
        "pointer_expression" => parent.text().starts_with('*'),
        "unary_expression" | "condition_clause" => true,
        "binary_expression" => parent
            .field("operator")
            .is_some_and(|operator| matches!(operator.text().as_ref(), "==" | "!=" | "&&" | "||")),
        _ => false,
    }
}

fn is_in_lambda(node: &SourceNode, within: &SourceNode) -> bool {
    node.ancestors()
        .take_while(|ancestor| ancestor.node_id() != within.node_id())
        .any(|ancestor| ancestor.kind() == "lambda_expression")
}

fn is_field(node: &SourceNode, field: &str, child: &SourceNode) -> bool {
    node.field(field).is_some_and(|found| found.node_id() == child.node_id())
}
