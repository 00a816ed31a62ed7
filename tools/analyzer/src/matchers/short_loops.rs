//! Loops and lists that stay short, by how they are written or by what their names say.

use ast_grep_language::SupportLang;

use crate::kotlin;
use crate::language::{Language, SourceMatch, SourceNode};
use crate::matchers::blocks;
use crate::matchers::few::{are_few, are_many, is_constant, words};
use crate::matchers::loops::enclosing_loop;
use crate::matchers::names::{identifiers, is_named_list, is_of_name, parameter, target};
use crate::syntax::enclosing_function;

/// What a program of PHP or Ruby has a handful of, beside what is few in any language.
const FEW: [&str; 34] = [
    "algorithm",
    "backend",
    "category",
    "cipher",
    "color",
    "config",
    "configuration",
    "constant",
    "driver",
    "encoding",
    "engine",
    "environment",
    "error",
    "extruder",
    "form",
    "handler",
    "hook",
    "index",
    "interface",
    "keyword",
    "layout",
    "listener",
    "master",
    "middleware",
    "module",
    "notifier",
    "permission",
    "privilege",
    "protocol",
    "provider",
    "strategy",
    "tag",
    "theme",
    "timezone",
];

/// What the data of an application is about, beside what is many in any program.
const OF_APPLICATION: [&str; 20] = [
    "account",
    "article",
    "booking",
    "comment",
    "contact",
    "customer",
    "document",
    "employee",
    "id",
    "invoice",
    "member",
    "order",
    "patient",
    "payment",
    "people",
    "person",
    "student",
    "ticket",
    "transaction",
    "word",
];

/// The most passes that are few.
const FEW_PASSES: u32 = 16;

/// How much the loops around a node repeat it, one inside the other: nothing by those that are seen to stay short, twice as
/// much as by others by those that go over things which are named as many.
pub(crate) fn repetition(node: &SourceNode) -> usize {
    let weight = |around: SourceNode| {
        if passes_are_few(&around) || has_few_passes(&around) {
            0
        } else if goes_over_many(&around) {
            2
        } else {
            1
        }
    };
    std::iter::successors(enclosing_loop(node), enclosing_loop).map(weight).sum()
}

/// `for row in table`, `lines.map(…)`, `i < items.size()`, `while (results.next())`; or through what the function is given,
/// of which only callers know how much it is.
fn goes_over_many(around: &SourceNode) -> bool {
    let walked = walked(around);
    let is_given = walked.as_ref().is_some_and(|walked| {
        let name = walked.text();
        is_named_list(&name) && parameter(&enclosing_function(around), &name).is_some()
    });
    let walked = walked.map(|walked| last_name(of_entries(&walked.text())).to_owned());
    let limit = around.field("condition").map(|condition| {
        let text = condition.text();
        let limit = text.rsplit('<').next().unwrap_or_default();
        last_name(of_length(limit)).to_owned()
    });
    let of_data = |name: &str| {
        let last = words(name).pop().unwrap_or_default();
        are_many(name) || OF_APPLICATION.contains(&last.as_str())
    };
    is_given
        || walked.iter().chain(&limit).any(|name| of_data(name))
        || target(around).is_some_and(|target| {
            identifiers(&target).any(|name| of_data(&name) && !is_any_entry(&name))
        })
}

/// What the entry of any collection is called, large or small: `skinEntry`, `item`.
fn is_any_entry(name: &str) -> bool {
    let last = words(name).pop().unwrap_or_default();
    ["data", "element", "entry", "item", "object"].contains(&last.as_str())
}

/// `rows` in `rows.size()`, `rows.length`, `len(rows)` and `results.next()`
fn of_length(limit: &str) -> &str {
    let limit = limit.trim().trim_matches(['(', ')', ';', ' ']);
    let limit =
        limit.strip_prefix("len(").or_else(|| limit.strip_prefix("count(")).unwrap_or(limit);
    [
        ".length",
        ".Length",
        ".size",
        ".Count",
        ".Count()",
        ".next",
        ".Next",
        ".hasNext",
        ".hasMoreTokens",
        ".hasMoreElements",
        ".Scan",
    ]
    .iter()
    .find_map(|end| limit.strip_suffix(end))
    .unwrap_or(limit)
}

/// The loop goes over a literal, a constant, what the caller wrote as single arguments, or things that are few.
pub(crate) fn passes_are_few(around: &SourceNode) -> bool {
    if counts_few(around) {
        return true;
    }
    let Some(walked) = walked(around) else { return false };
    let text = walked.text();
    is_written_out(&walked)
        || is_constant(&walked) && walked.kind() == "identifier"
        || is_few(of_entries(&text))
        || is_split_line(&text)
        || is_rest_parameter(&walked, around)
}

/// The loop around the match is not one over a handful of things.
pub(crate) fn many_passes(found: &SourceMatch) -> bool {
    enclosing_loop(found).is_some_and(|around| !passes_are_few(&around))
}

/// `i < columns.length`
fn counts_few(around: &SourceNode) -> bool {
    let Some(condition) = around.field("condition") else { return false };
    let text = condition.text();
    let limit = text.rsplit('<').next().unwrap_or_default().trim().trim_end_matches(';');
    [".length", ".Length", ".size()", ".Count"]
        .iter()
        .any(|end| limit.strip_suffix(end).is_some_and(is_few))
}

/// The loop counts to a small number, or goes over the members of an enumeration.
fn has_few_passes(around: &SourceNode) -> bool {
    let to_number = around.field("condition").is_some_and(|condition| {
        let text = condition.text();
        let limit = text.rsplit_once('<').map_or("", |(_, limit)| limit);
        is_small(limit.trim_matches(['=', ';', ')', ' ']))
    });
    to_number
        || walked(around)
            .is_some_and(|walked| counts_to_few(&walked.text()) || is_enumeration(&walked))
}

fn is_small(number: &str) -> bool {
    number.parse().is_ok_and(|number: u32| number <= FEW_PASSES)
}

/// `range(3)`, `0..8`
fn counts_to_few(walked: &str) -> bool {
    let of_range = walked.strip_prefix("range(").and_then(|rest| rest.strip_suffix(')'));
    let end = of_range.map_or_else(
        || walked.rsplit_once("..").map(|(_, end)| end.trim_start_matches(['=', '.', '<'])),
        |arguments| arguments.split(',').nth(1).or(Some(arguments)),
    );
    end.is_some_and(|end| is_small(end.trim()))
}

/// `Color.values()`, `for color in Color`: the members of an enumeration.
fn is_enumeration(walked: &SourceNode) -> bool {
    let text = walked.text();
    let is_type = |name: &str| {
        name.starts_with(|first: char| first.is_ascii_uppercase())
            && name.chars().any(|letter| letter.is_ascii_lowercase())
            && name.chars().all(char::is_alphanumeric)
    };
    let of_class = text.strip_suffix(".values()").or_else(|| text.strip_suffix(".entries"));
    of_class.is_some_and(|class| class.rsplit('.').next().is_some_and(is_type))
        // Go names what a package exports so, Ruby its classes.
        || walked.kind() == "identifier" && is_type(&text)
            && *walked.lang() == Language::Shipped(SupportLang::Python)
}

/// `attributes` in `sorted(attributes.items())`, `fields` in `&self.fields.iter().enumerate()`
fn of_entries(walked: &str) -> &str {
    let mut inner = ["sorted(", "enumerate(", "reversed("]
        .iter()
        .find_map(|order| walked.strip_prefix(order)?.strip_suffix(')'))
        .unwrap_or(walked);
    let ends = [
        ".items()",
        ".values()",
        ".keys()",
        ".entries()",
        ".entrySet()",
        ".keySet()",
        ".iter()",
        ".iter_mut()",
        ".into_iter()",
        ".enumerate()",
        ".ToList()",
        ".stream()",
    ];
    while let Some(shorter) = ends.iter().find_map(|end| inner.strip_suffix(end)) {
        inner = shorter;
    }
    inner
}

/// `line.split(",")`, `explode(';', $header)`: the entries of one line.
fn is_split_line(walked: &str) -> bool {
    ["split(", "explode("].iter().any(|split| {
        let given = walked.rfind(split).and_then(|at| walked.get(at + split.len()..));
        given.is_some_and(|given| {
            let separator = given.trim_start_matches(['"', '\'']);
            separator.len() < given.len() && separator.starts_with([',', ';', ':', '.', '/', '|'])
        })
    })
}

/// The last name of the expression is one of things that are few: `$this->providers`, `table.columns`.
pub(crate) fn is_few(expression: &str) -> bool {
    let name = last_name(expression);
    are_few(name) || words(name).iter().any(|word| FEW.contains(&word.as_str()))
}

/// `providers` in `$this->providers` and in `self.providers(1)`
fn last_name(expression: &str) -> &str {
    let before_call = expression.split('(').next().unwrap_or_default();
    let name = before_call.split(|letter| !is_of_name(letter)).rfind(|part| !part.is_empty());
    name.unwrap_or_default()
}

fn walked<'t>(around: &SourceNode<'t>) -> Option<SourceNode<'t>> {
    match around.kind().as_ref() {
        // Kotlin
        "for_statement" if kotlin::loop_body(around).is_some() => kotlin::walked(around),
        // Go
        "for_statement" if around.field("right").is_none() => {
            around.children().find(|child| child.kind() == "range_clause")?.field("right")
        }
        "list_comprehension"
        | "set_comprehension"
        | "dictionary_comprehension"
        | "generator_expression" => {
            let clauses = around.children().filter(|child| child.kind() == "for_in_clause");
            clauses.last()?.field("right")
        }
        // A method that calls a function once per item.
        "call_expression" => {
            let function = around.field("function")?;
            function.field("object").or_else(|| function.field("value"))
        }
        // PHP
        "foreach_statement" if around.field("left").is_none() => around.named_children().next(),
        // Ruby
        "for" => around.field("value").and_then(|value| value.named_children().next()),
        // Python, JavaScript, C# and C++
        "for_statement" | "for_in_statement" | "foreach_statement" | "for_range_loop" => {
            around.field("right")
        }
        // Java and Rust
        "enhanced_for_statement" | "for_expression" => around.field("value"),
        _ => blocks::walked(around),
    }
}

fn is_written_out(walked: &SourceNode) -> bool {
    match walked.kind().as_ref() {
        "array_creation_expression"
        | "array"
        | "array_expression"
        | "expression_list"
        | "list"
        | "set"
        | "string_array"
        | "symbol_array"
        | "tuple" => {
            !walked.text().contains("...")
                && !walked
                    .children()
                    .any(|child| matches!(child.kind().as_ref(), "splat_argument" | "list_splat"))
        }
        "reference_expression" => walked.field("value").is_some_and(|value| is_written_out(&value)),
        // PHP, Go and C++
        "class_constant_access_expression" | "composite_literal" | "initializer_list" => true,
        "constant" => walked.text().chars().all(|letter| !letter.is_lowercase()),
        _ => false,
    }
}

/// `def all(*types)`, `function all(...$types)`
fn is_rest_parameter(walked: &SourceNode, around: &SourceNode) -> bool {
    let name = walked.text();
    let parameters = enclosing_function(around).field("parameters");
    parameters.is_some_and(|parameters| {
        parameters.dfs().any(|node| {
            matches!(node.kind().as_ref(), "splat_parameter" | "variadic_parameter")
                && node.field("name").is_some_and(|found| found.text() == name)
        })
    })
}

#[cfg(test)]
mod tests {
    use ast_grep_core::tree_sitter::LanguageExt;

    use super::*;
    use crate::language;

    #[test]
    fn a_loop_repeats_more_the_more_it_goes_over() {
        for (path, text, expected) in [
            ("a.py", "for x in y:\n    mark\n", 1),
            ("a.py", "for x in (1, 2):\n    mark\n", 0),
            ("a.py", "for x in range(3):\n    mark\n", 0),
            ("a.py", "for color in Color:\n    mark\n", 0),
            ("a.py", "for row in y:\n    for x in y:\n        mark\n", 3),
            ("a.py", "z = [mark for x in rows]\n", 2),
            ("a.py", "for line in y:\n    mark\n", 2),
            ("a.py", "for item in y:\n    mark\n", 1),
            ("a.py", "for x in customer_ids:\n    mark\n", 2),
            ("a.py", "for key, value in self.options.items():\n    mark\n", 0),
            ("a.js", "for (let i = 0; i < items.length; i++) { mark; }", 2),
            ("a.js", "for (let i = 0; i < 8; i++) { mark; }", 0),
            ("a.js", "users.map((x) => mark);", 2),
            ("A.java", "class A { void f() { while (results.next()) { mark(); } } }", 2),
            ("A.java", "class A { void f() { for (Color c : Color.values()) { mark(); } } }", 0),
            ("a.go", "package a\nfunc f() { for _, x := range rows { mark() } }", 2),
            ("a.go", "package a\nfunc f() { for _, x := range []int{1} { mark() } }", 0),
            ("a.rs", "fn f() { for x in self.fields.iter() { mark(); } }", 0),
            ("a.rs", "fn f() { for x in lines { mark(); } }", 2),
            ("a.cpp", "void f() { for (auto& x : rows) { mark(); } }", 2),
            ("a.kt", "fun f() { for (x in rows) { mark() } }", 2),
            ("a.php", "<?php foreach ($rows as $x) { mark(); }", 2),
            ("a.rb", "rows.each { |x| mark }\n", 2),
        ] {
            let tree = language::of_path(path).unwrap().ast_grep(text);
            let mark = tree.root().dfs().filter(|node| node.text() == "mark").last().unwrap();
            assert_eq!(repetition(&mark), expected, "{path}: {text}");
        }
    }

    #[test]
    fn names_tell_of_what_there_are_few() {
        for few in ["$this->providers", "$customFields", "table.columns", "$o->getPermissions()"] {
            assert!(is_few(few), "{few}");
        }
        for many in ["$rows", "users", "$this->types->rows()", "Profile.all"] {
            assert!(!is_few(many), "{many}");
        }
    }
}
