//! What runs only when something has gone wrong: handlers, what is thrown, and blocks that end by throwing.

use crate::language::SourceNode;
use crate::matchers::few::words;
use crate::syntax::is_function;

/// What the grammars call the code that handles an error.
const HANDLERS: [&str; 5] =
    ["catch_block", "catch_clause", "except_clause", "except_group_clause", "rescue"];
const THROWS: [&str; 3] = ["raise_statement", "throw_expression", "throw_statement"];
const CALLS: [&str; 6] = [
    "call",
    "call_expression",
    "function_call_expression",
    "invocation_expression",
    "macro_invocation",
    "method_invocation",
];
const BLOCKS: [&str; 9] = [
    "block",
    "block_body",
    "body_statement",
    "compound_statement",
    "control_structure_body",
    "statement_block",
    "statement_list",
    "statements",
    "then",
];
/// What makes an error, tells of one or ends the process, as it is called.
const FATAL: [&str; 27] = [
    "Err",
    "Promise.reject",
    "System.exit",
    "abort",
    "anyhow",
    "bail",
    "die",
    "errors.Errorf",
    "errors.New",
    "errors.Wrap",
    "errors.Wrapf",
    "error",
    "exit",
    "fail",
    "fmt.Errorf",
    "log.Fatal",
    "log.Fatalf",
    "log.Fatalln",
    "os.Exit",
    "panic",
    "parser.error",
    "process.exit",
    "raise",
    "reject",
    "sys.exit",
    "throw",
    "unreachable",
];
/// What leaves a block before its end.
const LEAVES: [&str; 12] = [
    "break",
    "break_expression",
    "break_statement",
    "continue_expression",
    "continue_statement",
    "jump_expression",
    "next",
    "return",
    "return_expression",
    "return_statement",
    "yield",
    "yield_statement",
];

/// `name` is that of the function around the node.
pub(super) fn is_on_way_to_error(node: &SourceNode, name: &str) -> bool {
    tells_error(name) || is_of_error(node) || is_in_handler(node)
}

/// `raise_for_status`, `formatError`
fn tells_error(name: &str) -> bool {
    let words = words(name);
    let is = |word: Option<&String>, among: &[&str]| {
        word.is_some_and(|word| among.contains(&word.as_str()))
    };
    is(words.first(), &["abort", "crash", "die", "fail", "panic", "raise", "throw"])
        || is(words.last(), &["error", "exception", "failure"])
}

/// A method of a class of errors.
fn is_of_error(node: &SourceNode) -> bool {
    node.ancestors().any(|around| {
        let is_class = matches!(
            around.kind().as_ref(),
            "class" | "class_declaration" | "class_definition" | "class_specifier"
        );
        let is_named = |name: &str| {
            let name = name.trim_end_matches(')');
            name.ends_with("Error") || name.ends_with("Exception")
        };
        is_class
            && ["name", "superclasses", "superclass"]
                .iter()
                .any(|field| around.field(field).is_some_and(|found| is_named(&found.text())))
    })
}

/// Looks past lambdas, whose code belongs to the statement that holds them, up to the function.
fn is_in_handler(node: &SourceNode) -> bool {
    let mut child = node.clone();
    for around in node.ancestors() {
        let kind = around.kind();
        let kind = kind.as_ref();
        if HANDLERS.contains(&kind)
            || throws(&around)
            || kind.ends_with("if_statement") && is_asked_for_error(&around, &child)
            || BLOCKS.contains(&kind) && ends_in_error(&around)
        {
            return true;
        }
        let is_lambda = ["arrow_function", "closure_expression", "lambda", "lambda_expression"];
        if is_function(&around) && !is_lambda.contains(&kind) {
            return false;
        }
        child = around;
    }
    false
}

/// The statement or call itself throws, makes an error or ends the process.
fn throws(node: &SourceNode) -> bool {
    let kind = node.kind();
    let kind = kind.as_ref();
    if THROWS.contains(&kind) {
        return true;
    }
    match kind {
        "jump_expression" => node.text().starts_with("throw"),
        "exit_statement" => true,
        kind if CALLS.contains(&kind) => called(node).is_some_and(|name| FATAL.contains(&&*name)),
        _ => false,
    }
}

/// `process.exit` in `process.exit(1)`
fn called(call: &SourceNode) -> Option<String> {
    let name = call
        .field("function")
        .or_else(|| call.field("macro"))
        .or_else(|| call.field("name"))
        .or_else(|| call.field("method"))?;
    let object = call.field("object").or_else(|| call.field("receiver"));
    Some(object.map_or_else(
        || name.text().into_owned(),
        |object| format!("{}.{}", object.text(), name.text()),
    ))
}

/// `if err != nil {`, `if (error) {`, and not the branch that is taken otherwise.
fn is_asked_for_error(branch: &SourceNode, child: &SourceNode) -> bool {
    let taken = branch.field("consequence").is_some_and(|taken| taken.node_id() == child.node_id());
    taken
        && branch.field("condition").is_some_and(|condition| {
            let text = condition.text();
            let text = text.trim_matches(['(', ')']);
            let name = text.strip_suffix("!= nil").unwrap_or(text).trim();
            let is_error = |name: &str| name.ends_with("err") || name.ends_with("error");
            is_error(&name.to_lowercase()) && name.chars().all(char::is_alphanumeric)
        })
}

/// The last statement throws, and nothing leaves the block before it.
fn ends_in_error(block: &SourceNode) -> bool {
    let last = block.named_children().filter(|child| !child.kind().contains("comment")).last();
    let Some(last) = last.filter(is_error) else { return false };
    let start = last.range().start;
    !block.dfs().any(|node| node.range().start < start && LEAVES.contains(&node.kind().as_ref()))
}

/// Whether a statement may be what a block ends in on the way to an error, told from its text.
pub(crate) fn may_be_error(statement: &str) -> bool {
    FATAL.iter().any(|name| statement.contains(name))
}

/// A statement that throws, ends the process, or gives back an error that it makes.
fn is_error(statement: &SourceNode) -> bool {
    let inner = match statement.kind().as_ref() {
        "expression_statement" | "return_expression" => statement.child(0),
        _ => None,
    };
    let text = statement.text();
    throws(statement)
        || inner.is_some_and(|inner| throws(&inner))
        || text.starts_with("return") && makes_error(&text)
}

/// `return nil, fmt.Errorf(…)`
fn makes_error(statement: &str) -> bool {
    ["fmt.Errorf(", "errors.New(", "errors.Wrap", "Err("]
        .iter()
        .any(|made| statement.contains(made))
}
