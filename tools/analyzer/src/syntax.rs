//! What the grammars call functions, and the names of them.

use crate::kotlin;
use crate::language::SourceNode;

const FUNCTIONS: [&str; 24] = [
    "function_definition",
    "lambda",
    "function_declaration",
    "function_expression",
    "generator_function",
    "generator_function_declaration",
    "arrow_function",
    "method_definition",
    "method_declaration",
    "constructor_declaration",
    "lambda_expression",
    "func_literal",
    "function_item",
    "closure_expression",
    "async_block",
    // C#
    "local_function_statement",
    "anonymous_method_expression",
    "accessor_declaration",
    // Kotlin
    "lambda_literal",
    "secondary_constructor",
    "anonymous_initializer",
    // PHP and Kotlin
    "anonymous_function",
    // Ruby
    "method",
    "singleton_method",
];

/// Whether the node's body runs at another time than the code around it.
pub(crate) fn is_function(node: &SourceNode) -> bool {
    FUNCTIONS.contains(&node.kind().as_ref())
}

/// The nearest function around the node, the whole file where there is none.
pub(crate) fn enclosing_function<'t>(node: &SourceNode<'t>) -> SourceNode<'t> {
    node.ancestors().find(is_function).unwrap_or_else(|| node.root().root())
}

/// The name of the nearest function around the node that has one.
pub(crate) fn function_name(node: &SourceNode) -> Option<String> {
    node.ancestors().filter(is_function).find_map(|function| {
        let name = stated_name(&function)
            .or_else(|| bound_name(&function))
            .or_else(|| kotlin::function_name(&function))?;
        Some(name.text().into_owned())
    })
}

/// The name in the function itself: a field in most grammars, in C and C++ what its declarators end at.
fn stated_name<'t>(function: &SourceNode<'t>) -> Option<SourceNode<'t>> {
    let name = function.field("name");
    match function.kind().as_ref() {
        "function_definition" if name.is_none() => {
            let inner = |declarator: &SourceNode<'t>| match declarator.kind().as_ref() {
                "reference_declarator" => declarator.children().last(),
                _ => declarator.field("declarator"),
            };
            std::iter::successors(function.field("declarator"), inner).last()
        }
        _ => name,
    }
}

/// `name` in `const name = () => …`, `name: () => …` and `name = () => …`.
fn bound_name<'t>(function: &SourceNode<'t>) -> Option<SourceNode<'t>> {
    let parent = function.parent()?;
    match parent.kind().as_ref() {
        "variable_declarator" | "public_field_definition" => parent.field("name"),
        "field_definition" => parent.field("property"),
        "pair" => parent.field("key"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use ast_grep_core::tree_sitter::LanguageExt;

    use super::*;
    use crate::language::of_path;

    #[test]
    fn the_function_around_a_place_is_named_in_every_language() {
        let cases = [
            ("a.c", "char *load(int n) { return mark; }", "load"),
            ("a.cpp", "int &Users::load(int n) { return mark; }", "Users::load"),
            ("a.cpp", "class A { int load() { return [](int x) { return mark; }(1); } };", "load"),
            ("a.cs", "class A { int Load() { return mark; } }", "Load"),
            ("a.go", "package a\nfunc (u *Users) Load() int { return mark }", "Load"),
            ("A.java", "class A { int load() { return mark; } }", "load"),
            ("a.js", "const load = () => mark;", "load"),
            ("a.kt", "fun String.load(): Int { return mark }", "load"),
            ("a.php", "<?php class A { function load() { return mark; } }", "load"),
            ("a.py", "class A:\n    def load(self):\n        return mark\n", "load"),
            ("a.rb", "def load\n  mark\nend\n", "load"),
            ("a.rs", "impl A { fn load() -> u8 { mark } }", "load"),
            ("a.ts", "class A { load(): number { return mark; } }", "load"),
        ];
        for (path, text, name) in cases {
            let tree = of_path(path).unwrap().ast_grep(text);
            let mark = tree.root().dfs().filter(|node| node.text() == "mark").last().unwrap();
            assert_eq!(function_name(&mark).as_deref(), Some(name), "{path}");
        }
    }
}
