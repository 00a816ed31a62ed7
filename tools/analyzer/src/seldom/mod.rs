//! Code that runs seldom: what it wastes there is hardly worth a word, unless a profile says otherwise.
//!
//! Told from syntax and path alone. A plain function, and a plain loop outside of all functions, are never called seldom.

mod errors;
mod once;
mod paths;

use crate::language::SourceNode;
use crate::matchers::few::words;
use crate::syntax::function_name;

pub(crate) use errors::may_be_error;
pub(crate) use paths::of_path;

/// Where too few loops repeat what costs next to nothing.
pub(crate) const SLIGHT: &str = "cheap, and repeated too little";

/// Of a rule of low confidence.
pub(crate) const HARDLY_WORTH_IT: &str = "seldom worth a change";

/// Methods that show a thing to a person, whatever the language.
const SHOWS: [&str; 13] = [
    "__debugInfo",
    "__repr__",
    "__str__",
    "__toString",
    "Error",
    "GoString",
    "String",
    "ToString",
    "debugDescription",
    "inspect",
    "pretty_print",
    "to_s",
    "toString",
];
/// Words in the names of functions that somebody calls who looks for a mistake, or asks what a command can do.
const SHOWS_WORDS: [&str; 4] = ["banner", "debug", "help", "usage"];
/// First words in such names: `PrintSelf`, `dump_tree`.
const SHOWS_FIRST: [&str; 2] = ["dump", "print"];

/// Why the code around the node runs seldom; `None` where nothing says so.
pub(crate) fn of_place(node: &SourceNode) -> Option<&'static str> {
    let name = function_name(node).unwrap_or_default();
    if errors::is_on_way_to_error(node, &name) {
        Some("error path")
    } else if shows_to_person(node, &name) {
        Some("debugging or display")
    } else {
        once::of_place(node, &name)
    }
}

fn shows_to_person(node: &SourceNode, name: &str) -> bool {
    // C++ has the class before it.
    let own = name.rsplit("::").next().unwrap_or(name);
    let first = words(own).into_iter().next().unwrap_or_default();
    SHOWS.contains(&own)
        || SHOWS_FIRST.contains(&first.as_str())
        || words(name).iter().any(|word| SHOWS_WORDS.contains(&word.as_str()))
        || name == "fmt" && is_of_debug(node)
}

/// `impl fmt::Debug for Order`
fn is_of_debug(node: &SourceNode) -> bool {
    let around = node.ancestors().find(|around| around.kind() == "impl_item");
    let of = around.and_then(|around| around.field("trait"));
    of.is_some_and(|of| of.text().ends_with("Debug"))
}

#[cfg(test)]
mod tests {
    use ast_grep_core::tree_sitter::LanguageExt;

    use super::*;
    use crate::language;

    fn of(path: &str, text: &str) -> Option<&'static str> {
        let tree = language::of_path(path).unwrap().ast_grep(text);
        let mark = tree.root().dfs().filter(|node| node.text() == "mark").last();
        of_place(&mark.unwrap_or_else(|| panic!("no mark in {text}")))
    }

    #[test]
    fn what_is_on_the_way_to_an_error_runs_seldom() {
        for (path, text) in [
            ("a.py", "def f():\n    try:\n        g()\n    except KeyError:\n        mark\n"),
            (
                "a.py",
                "def f(x):\n    if x:\n        for y in x:\n            mark\n        raise ValueError(x)\n",
            ),
            ("a.py", "def f(x):\n    raise ValueError(g(mark))\n"),
            (
                "a.py",
                "class BadName(Exception):\n    def __init__(self):\n        self.text = mark\n",
            ),
            ("a.py", "class NameError(Base):\n    def __init__(self):\n        self.text = mark\n"),
            ("a.py", "def f(x):\n    if x:\n        sys.exit(mark)\n"),
            ("a.js", "function f() { try { g(); } catch (e) { h(mark); } }"),
            ("a.js", "function f(x) { throw new Error(x.map((y) => mark)); }"),
            ("a.js", "f((err) => { if (err) { g(mark); } });"),
            ("a.ts", "function failWith(x: string) { return mark; }"),
            ("A.java", "class A { void f() { if (x) { g(mark); throw new B(); } } }"),
            ("A.java", "class A { void f() { try { g(); } catch (E e) { mark.h(); } } }"),
            ("A.cs", "class A { void F() { if (x) { G(mark); throw new B(); } } }"),
            ("A.kt", "fun f() { if (x) { g(mark)\n throw B() } }"),
            ("a.go", "package a\nfunc f() error { if err != nil { g(mark) }; return nil }"),
            (
                "a.go",
                "package a\nfunc f() error { if x { g(mark); return fmt.Errorf(\"no\") }; return nil }",
            ),
            ("a.go", "package a\nfunc f() error { return fmt.Errorf(\"no\", mark) }"),
            ("a.rs", "fn f() -> R { if x { g(mark); return Err(y); } Ok(()) }"),
            ("a.rb", "def f\n  g\nrescue KeyError\n  mark\nend\n"),
            ("a.rb", "def f(x)\n  if x\n    g(mark)\n    raise ArgumentError\n  end\nend\n"),
            ("a.php", "<?php function f() { if ($x) { g(mark); throw new B(); } }"),
            ("a.cpp", "int f() { try { g(); } catch (const E& e) { h(mark); } }"),
        ] {
            assert_eq!(of(path, text), Some("error path"), "{path}: {text}");
        }
    }

    #[test]
    fn what_shows_a_thing_to_a_person_runs_seldom() {
        for (path, text) in [
            ("a.py", "class A:\n    def __repr__(self):\n        return mark\n"),
            ("a.py", "def print_usage():\n    show(mark)\n"),
            ("A.java", "class A { public String toString() { return mark; } }"),
            ("a.go", "package a\nfunc (a A) String() string { return mark }"),
            ("a.rs", "impl fmt::Debug for A { fn fmt(&self) -> R { g(mark) } }"),
            ("a.rb", "def inspect\n  mark\nend\n"),
            ("a.cpp", "void Image::PrintSelf(std::ostream& os) { mark(); }"),
            ("a.js", "class A { debugState() { return mark; } }"),
        ] {
            assert_eq!(of(path, text), Some("debugging or display"), "{path}: {text}");
        }
        let display = "impl fmt::Display for A { fn fmt(&self) -> R { g(mark) } }";
        assert_eq!(of("a.rs", display), None);
    }

    #[test]
    fn what_runs_once_is_told_from_what_a_plain_function_or_loop_does() {
        for (path, text, expected) in [
            ("a.py", "if __name__ == '__main__':\n    mark\n", Some("process start")),
            ("a.py", "if __name__ == '__main__':\n    for x in y:\n        mark\n", None),
            ("a.py", "def main():\n    mark\n", Some("process start")),
            ("a.go", "package a\nfunc main() { for { mark() } }", None),
            ("a.py", "def build_parser():\n    for x in y:\n        mark\n", Some("command line")),
            ("a.py", "KNOWN = sorted(mark)\n", Some("constant")),
            ("a.py", "known = sorted(mark)\n", None),
            ("a.py", "for x in y:\n    mark\n", None),
            ("a.js", "const KNOWN = f(mark);", Some("constant")),
            ("a.js", "const known = f(mark);", None),
            ("a.go", "package a\nvar known = f(mark)", Some("constant")),
            ("a.go", "package a\nfunc init() { f(mark) }", Some("one-time set-up")),
            ("a.rb", "KNOWN = f(mark)\n", Some("constant")),
            ("A.java", "class A { static final B b = f(mark); }", Some("constant")),
            ("A.java", "class A { static { f(mark); } }", Some("one-time set-up")),
            ("A.java", "class A { B b = f(mark); void g() {} }", None),
            ("A.cs", "class A { static readonly B b = F(mark); }", Some("constant")),
            ("a.rs", "static A: B = f(mark);", Some("constant")),
            ("a.py", "def install(app):\n    mark\n", Some("one-time set-up")),
            ("a.py", "def load_settings(path):\n    mark\n", Some("reading of settings")),
            (
                "a.go",
                "//go:build ignore\n\npackage main\nfunc f() { mark() }",
                Some("code generator"),
            ),
            ("a.go", "//go:build linux\n\npackage a\nfunc f() { mark() }", None),
            ("a.py", "def load(app):\n    mark\n", None),
            (
                "a.py",
                "def find(x):\n    for y in x:\n        if y: return mark\n    raise KeyError\n",
                None,
            ),
            ("a.js", "function load(rows) { return rows.map((row) => mark); }", None),
        ] {
            assert_eq!(of(path, text), expected, "{path}: {text}");
        }
    }
}
