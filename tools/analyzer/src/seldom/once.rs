//! What runs once in the life of a process: its start, its command line, its constants.

use crate::language::SourceNode;
use crate::matchers::few::words;
use crate::matchers::loops::enclosing_loop;
use crate::syntax::is_function;

/// Functions that say what a command takes.
const COMMAND_LINE: [&str; 16] = [
    "addArguments",
    "add_args",
    "add_arguments",
    "build_parser",
    "configure_parser",
    "create_parser",
    "get_parser",
    "init_argparse",
    "make_parser",
    "parseArguments",
    "parse_args",
    "parse_arguments",
    "parse_cli",
    "parse_command_line",
    "parse_options",
    "setup_parser",
];
/// First words in the names of functions that a process, or an administrator, calls once.
const SETS_UP: [&str; 12] = [
    "bootstrap",
    "configure",
    "downgrade",
    "initialise",
    "initialize",
    "install",
    "migrate",
    "register",
    "setup",
    "teardown",
    "uninstall",
    "upgrade",
];
const START: &str = "process start";

/// `name` is that of the function around the node.
pub(super) fn of_place(node: &SourceNode, name: &str) -> Option<&'static str> {
    if COMMAND_LINE.contains(&name) {
        return Some("command line");
    }
    if sets_up(node, name) {
        return Some("one-time set-up");
    }
    if reads_settings(name) {
        return Some("reading of settings");
    }
    if is_left_out_of_build(node) {
        return Some("code generator");
    }
    // What an entry point repeats may be all that the program does.
    if enclosing_loop(node).is_some() {
        return None;
    }
    if matches!(name, "main" | "Main") || is_below_main_guard(node) {
        return Some(START);
    }
    is_constant(node).then_some("constant")
}

fn sets_up(node: &SourceNode, name: &str) -> bool {
    words(name).first().is_some_and(|word| SETS_UP.contains(&word.as_str()))
        || node.ancestors().any(|around| match around.kind().as_ref() {
            "static_initializer" => true,
            // Go runs it when the package is loaded; a method of that name is another thing.
            "function_declaration" => name == "init" && around.text().starts_with("func init()"),
            _ => false,
        })
}

/// `loadConfig`, `parse_settings`, `config_from_file`
fn reads_settings(name: &str) -> bool {
    let words = words(name);
    let has = |among: &[&str]| words.iter().any(|word| among.contains(&word.as_str()));
    has(&["config", "configuration", "preference", "setting"])
        && (has(&["from", "get", "init", "load", "make", "parse", "read", "setup", "validate"])
            || words.len() == 1)
}

/// `//go:build ignore` above a file of Go: no package has it, somebody runs it by its name.
fn is_left_out_of_build(node: &SourceNode) -> bool {
    let root = node.root().root();
    root.children().take_while(|top| top.kind() == "comment").any(|comment| {
        let text = comment.text();
        let condition = text.strip_prefix("//go:build").or_else(|| text.strip_prefix("// +build"));
        condition.is_some_and(|condition| condition.trim() == "ignore")
    })
}

/// `if __name__ == "__main__":`
fn is_below_main_guard(node: &SourceNode) -> bool {
    node.ancestors().any(|around| {
        let condition = around.field("condition").filter(|_| around.kind() == "if_statement");
        condition.is_some_and(|condition| {
            let text = condition.text();
            text.contains("__name__") && text.contains("__main__")
        })
    })
}

/// Part of the value of a constant: named in capitals, or declared as one, outside of all functions.
fn is_constant(node: &SourceNode) -> bool {
    node.ancestors().take_while(|around| !is_function(around)).any(|around| {
        match around.kind().as_ref() {
            "static_item" | "const_item" | "const_declaration" => true,
            "var_declaration" => is_outside_functions(&around),
            "field_declaration" => around.text().contains("static "),
            "assignment" => has_constant_name(&around, "left"),
            "variable_declarator" => has_constant_name(&around, "name"),
            _ => false,
        }
    })
}

fn has_constant_name(around: &SourceNode, field: &str) -> bool {
    let name = around.field(field).map(|name| name.text().into_owned()).unwrap_or_default();
    let is_capital =
        |letter: char| !letter.is_lowercase() && (letter.is_alphanumeric() || letter == '_');
    name.len() > 1 && name.chars().all(is_capital) && is_outside_functions(around)
}

fn is_outside_functions(node: &SourceNode) -> bool {
    !node.ancestors().any(|around| is_function(&around))
}
