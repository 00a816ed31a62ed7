//! What is not read changes nothing that is found.

use std::collections::BTreeSet;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

use ast_grep_core::tree_sitter::LanguageExt;
use ast_grep_language::SupportLang;
use proptest::prelude::*;

use super::lines::Kind;
use super::{PLACEHOLDER, Selection, outline};
use crate::compile::{Rules, bundled_texts};
use crate::deadline::Deadline;
use crate::language::{Language, SourceNode};
use crate::own_rules;
use crate::scan::{Scan, Scanner};

const PYTHON: Language = Language::Shipped(SupportLang::Python);

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The files below a folder, by their paths.
fn files(folder: &Path, ending: &str) -> Vec<(String, String)> {
    let (mut open, mut files) = (vec![folder.to_owned()], Vec::new());
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|found| found == ending) {
                let text = std::fs::read_to_string(&path).unwrap();
                files.push((path.to_str().unwrap().to_owned(), text));
            }
        }
    }
    files
}

/// All rules, and those of the benchmark.
static RULES: LazyLock<[Rules; 3]> =
    LazyLock::new(|| [Rules::read(&bundled_texts()).unwrap(), rules("rules"), rules("many")]);

fn rules(folder: &str) -> Rules {
    let mut rules = Rules::read(&[]).unwrap();
    let own = files(&repository().join("benches/scan").join(folder), "yml");
    assert_eq!(own_rules::add(&mut rules, &own), [""; 0]);
    rules
}

fn scanner(rules: &Rules) -> Scanner<'_> {
    let deadline = Deadline::after(Duration::from_mins(10));
    Scanner { rules, disabled: &[], path: "src/a.py", language: PYTHON, deadline }
}

fn shown(scan: &Scan) -> String {
    let mut matched: Vec<_> = scan.matched.iter().collect();
    matched.sort();
    format!("{:#?}", (&scan.findings, &scan.silenced, matched))
}

/// What is found where: of a statement that is not there nothing can be told.
fn places(scan: &Scan) -> Vec<(usize, Range<usize>)> {
    scan.findings.iter().map(|finding| (finding.info, finding.range.clone())).collect()
}

fn selection(scanner: &Scanner, text: &str) -> Selection {
    let active = scanner.active_in_parts(text);
    scanner.select(text, active.as_ref(), scanner.may_hold_sql(text))
}

/// The text with a placeholder and spaces for what is left out, each line where it was.
fn blanked(text: &str, left_out: &[Range<usize>]) -> String {
    let mut blanked = text.as_bytes().to_vec();
    for part in left_out {
        for byte in &mut blanked[part.clone()] {
            *byte = if *byte == b'\n' { b'\n' } else { b' ' };
        }
        blanked[part.start..][..PLACEHOLDER.len()].copy_from_slice(PLACEHOLDER.as_bytes());
    }
    String::from_utf8(blanked).unwrap()
}

/// In a text that can be read throughout, parts of it give what the whole gives.
fn finds_the_same(rules: &Rules, text: &str) -> Result<(), TestCaseError> {
    let scanner = scanner(rules);
    let whole = scanner.scan_and_parse(text).map_err(|reason| reason.text);
    let parts = scanner.scan(text).map_err(|reason| reason.text);
    let (Ok(whole), Ok(parts)) = (whole, parts) else { return Ok(()) };
    if whole.syntax_errors == 0 {
        prop_assert_eq!(shown(&parts), shown(&whole));
    }
    Ok(())
}

/// In any other, rules without conditions find what they would if the statements that are not read were not there, as long
/// as the rest can be read throughout, and else what they find in the whole.
fn finds_the_same_in_what_is_read(rules: &Rules, text: &str) -> Result<(), TestCaseError> {
    let scanner = scanner(rules);
    let without = match selection(&scanner, text) {
        Selection::Nothing => Ok(Scan::default()),
        Selection::AllBut(left_out) => scanner.scan_and_parse(&blanked(text, &left_out)),
        Selection::Everything => scanner.scan_and_parse(text),
    };
    let whole = scanner.scan_and_parse(text).map_err(|reason| reason.text);
    let parts = scanner.scan(text).map_err(|reason| reason.text);
    let (Ok(without), Ok(whole), Ok(parts)) = (without, whole, parts) else { return Ok(()) };
    if without.syntax_errors == 0 {
        prop_assert_eq!(places(&parts), places(&without));
    } else {
        prop_assert_eq!(shown(&parts), shown(&whole));
    }
    Ok(())
}

#[test]
fn as_much_is_found_in_the_corpus() {
    let corpus = files(&repository().join("tests/corpus/files"), "py");
    assert!(corpus.len() > 10);
    for rules in &*RULES {
        for (path, text) in &corpus {
            finds_the_same(rules, text).unwrap_or_else(|why| panic!("{path}: {why}"));
        }
    }
}

/// What rules find and do not find, as their files state it.
fn examples() -> Vec<String> {
    let rules = Rules::read(&bundled_texts()).unwrap();
    let examples = rules.infos.into_iter().flat_map(|info| info.examples);
    let of_python =
        examples.filter(|example| example.languages.iter().any(|name| name == "Python"));
    of_python.map(|example| example.code).collect()
}

fn indented(code: &str, by: usize) -> String {
    let line =
        |line: &str| if line.is_empty() { "\n".to_owned() } else { " ".repeat(by) + line + "\n" };
    code.lines().map(line).collect()
}

/// What code may stand in, and what may follow it.
const HEADS: [(&str, &[&str]); 12] = [
    ("@cache\ndef f(a, b=[]):", &[]),
    ("async def g(self): # :", &[]),
    ("def main():", &[]),
    ("class C(Base):", &[]),
    ("class BadError(Exception):", &[]),
    ("for item in items.keys():", &["else:"]),
    ("for index in range(len(names)):", &[]),
    ("while is_running(now):", &["else:"]),
    ("if holds == None:", &["elif holds(other):", "else:"]),
    ("if __name__ == '__main__':", &[]),
    ("with open(name) as file:", &[]),
    ("try:", &["except KeyError:", "finally:"]),
];

/// Statements that hardly any rule finds anything in, though they are long enough to be left out.
const OTHERS: [&str; 24] = [
    "'''Text\ndef no(a):\n    return [\n'''",
    "a_long_name = another.function(of_this_name)",
    "long_list_of_names = [\n1,\n  other(2)]",
    "a_long_name = another_name \\\n  + one_more_name",
    "if a_long_name: another_function(one_more_name)",
    "match a_long_name:\n    case 'another':\n        one_more_name()\n        raise Stop",
    "@decorated(by_another)\ndef inner_function(a=1):\n    return a_long_name",
    "a_long_name = f'{{{another[\"name\"]!r:>{one_more}}'",
    "else_of_it, class_of_it, for_each = a_long_name",
    "a_long_name(); another_function(one_more_name)",
    "raise ValueError(f'no {a_long_name!r} there')",
    "return another_function(one_more_name)",
    "another_parser.error('what is a_long_name')",
    "sys.exit(another_function(one_more_name))",
    "for a_long_name in another: one_more_name()",
    "continue  # a long comment of one line",
    "break  # a long comment of one line",
    "yield another_function(one_more_name)",
    "a_long_name = 'SELECT * FROM another'",
    "# eco-coder:ignore because of a reason",
    "# another comment of one line",
    "# noqa",
    "x = 1",
    "pass",
];

type Open = Vec<(&'static [&'static str], bool)>;

/// Code with all kinds of statements in and around each other, put together from the examples.
fn source() -> impl Strategy<Value = String> {
    let examples = examples();
    let step = (0..9_usize, 0..examples.len());
    prop::collection::vec(step, 1..30).prop_map(move |steps| written(&steps, &examples))
}

fn written(steps: &[(usize, usize)], examples: &[String]) -> String {
    let mut text = String::new();
    // What may follow each statement that is open, and whether nothing is in it yet.
    let mut open: Open = Vec::new();
    for &(what, which) in steps {
        match what {
            0..3 => put(&mut text, &mut open, &examples[which]),
            3..5 => put(&mut text, &mut open, OTHERS[which % OTHERS.len()]),
            5..7 => {
                let (head, next) = HEADS[which % HEADS.len()];
                put(&mut text, &mut open, head);
                open.push((next, true));
            }
            _ => close(&mut text, &mut open, which % 2 == 0),
        }
    }
    while !open.is_empty() {
        close(&mut text, &mut open, false);
    }
    text
}

fn put(text: &mut String, open: &mut Open, code: &str) {
    text.push_str(&indented(code, open.len() * 4));
    if let Some((_, is_empty)) = open.last_mut() {
        *is_empty &= code.starts_with('#');
    }
}

fn close(text: &mut String, open: &mut Open, goes_on: bool) {
    let Some((next, is_empty)) = open.pop() else { return };
    if is_empty {
        text.push_str(&indented("pass", open.len() * 4 + 4));
    }
    // No `try` stands alone.
    let goes_on = goes_on || next.first().is_some_and(|next| next.starts_with("except"));
    if let Some((head, rest)) = next.split_first().filter(|_| goes_on) {
        text.push_str(&indented(head, open.len() * 4));
        open.push((rest, true));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 100 } else { 2_000 }))]

    #[test]
    fn as_much_is_found_in_any_source(text in source()) {
        for rules in &*RULES {
            finds_the_same(rules, &text)?;
        }
    }

    #[test]
    fn the_outline_of_any_source_is_that_of_its_syntax_tree(text in source()) {
        is_outlined_as_parsed(&text)?;
    }

    #[test]
    fn what_is_not_read_of_a_broken_source_hides_nothing(
        text in source(), place in any::<prop::sample::Index>(), put in "[\\\\\"'{}()#:@\r\n\t \u{c}\u{a0}]{0,3}",
    ) {
        let mut place = place.index(text.len().max(1));
        while !text.is_char_boundary(place) { place -= 1; }
        let text = format!("{}{put}{}", &text[..place], &text[place..]);
        finds_the_same_in_what_is_read(&RULES[2], &text)?;
    }
}

/// Where statements start, and in how many blocks, as the outline has them.
fn outlined(text: &str) -> Option<BTreeSet<(usize, usize)>> {
    let lines = outline::lines(text)?;
    let mut starts = BTreeSet::new();
    let mut open = vec![(0..lines.len(), 0)];
    while let Some((block, depth)) = open.pop() {
        for statement in outline::statements(&lines, block) {
            starts.insert((lines[statement.lines.start].start, depth));
            if !matches!(lines[statement.head].kind, Kind::Other | Kind::Text) {
                let clauses = outline::clauses(&lines, &statement);
                let bodies = clauses.into_iter().map(|clause| clause.body);
                open.extend(bodies.filter(|body| !body.is_empty()).map(|body| (body, depth + 1)));
            }
        }
    }
    Some(starts)
}

/// The same as the syntax tree has them, but for those that do not begin a line and those of `match`.
fn parsed(text: &str) -> BTreeSet<(usize, usize)> {
    let tree = PYTHON.ast_grep(text);
    let is_in_block = |node: &SourceNode| {
        let parent = node.parent();
        parent.is_some_and(|parent| ["module", "block"].contains(&parent.kind().as_ref()))
    };
    let begins_line = |node: &SourceNode| {
        let before = text[..node.range().start].trim_end_matches(' ');
        before.is_empty() || before.ends_with('\n')
    };
    let is_in_match =
        |node: &SourceNode| node.ancestors().any(|around| around.kind() == "match_statement");
    let root = tree.root();
    let statements = root.dfs().filter(|node| {
        node.is_named()
            && node.kind() != "comment"
            && is_in_block(node)
            && begins_line(node)
            && !is_in_match(node)
    });
    let depth = |node: &SourceNode| node.ancestors().filter(|one| one.kind() == "block").count();
    statements.map(|node| (node.range().start, depth(&node))).collect()
}

fn is_outlined_as_parsed(text: &str) -> Result<(), TestCaseError> {
    let has_errors = PYTHON.ast_grep(text).root().get_inner_node().has_error();
    if let Some(outlined) = outlined(text).filter(|_| !has_errors) {
        prop_assert_eq!(outlined, parsed(text));
    }
    Ok(())
}

#[test]
fn the_outline_of_the_corpus_is_that_of_its_syntax_trees() {
    for (path, text) in files(&repository().join("tests/corpus/files"), "py") {
        is_outlined_as_parsed(&text).unwrap_or_else(|why| panic!("{path}: {why}"));
    }
}

/// What the ten rules read of a text.
fn read(text: &str) -> String {
    match selection(&scanner(&RULES[1]), text) {
        Selection::Nothing => String::new(),
        Selection::Everything => text.to_owned(),
        Selection::AllBut(left_out) => {
            let mut read = text.to_owned();
            for part in left_out.into_iter().rev() {
                read.replace_range(part, PLACEHOLDER);
            }
            read
        }
    }
}

#[test]
fn only_what_a_rule_can_match_in_is_read() {
    let text = "\
import a_long_name_of_a_module


def one(items):
    total = 0
    return a(items)


class A:
    def two(self):
        self.another.function()
        return self.one == None

    def three(self):
        return self.one is not None


class B:
    def four(self):
        return self.one is not None
";
    insta::assert_snapshot!(read(text), @"
    pass


    class A:
        def two(self):
            pass
            return self.one == None

        pass


    pass
    ");
    assert_eq!(read("def f():\n    return other.function(of_this_name)\n"), "");
    let apart = |spaces| format!("def f(a):\n    return a is{}None\n", " ".repeat(spaces));
    assert_eq!(read(&apart(100)), "");
    assert_eq!(read(&apart(10_000)), apart(10_000), "too far apart to be looked at");
}

#[test]
fn of_a_statement_only_what_tells_about_a_match_is_read() {
    let text = "\
def one(items):
    '''Adds all of them.'''
    for item in items.of_this_name():
        a_long_name = item.another()
        if a_long_name:
            another(a_long_name)
        elif item:
            total = total + item
            another(a_long_name)
            one_more(a_long_name)
        else:
            another(a_long_name)
    for key in items.keys():
        another(a_long_name)
    with a_long_name, another_name:
        total = total + item
    return a_long_name
";
    insta::assert_snapshot!(read(text), @"
    def one(items):
        pass
        for item in items.of_this_name():
            pass
            if a_long_name:
                pass
            elif item:
                total = total + item
                pass
                one_more(a_long_name)
            else:
                pass
        for key in items.keys():
            another(a_long_name)
        pass
        return a_long_name
    ");
}

/// A rule of ast-grep's form, by what it states, and a text in which it finds so much.
const LOOKS: [(&str, &str, usize); 15] = [
    (
        "{pattern: two($A), inside: {kind: expression_statement, follows: {has: {pattern: one($B)}}}}",
        "one(another_long_name)\ntwo(1)\n",
        1,
    ),
    ("{pattern: '# TODO'}", "a_long_name = another_name\n# TODO\na_long_name = another_name\n", 1),
    (
        "{pattern: two($A), inside: {kind: for_statement, stopBy: end, has: {pattern: one($B), stopBy: end}}}",
        "def f():\n    for a in b:\n        one(another_long_name)\n        if a:\n            two(1)\n",
        1,
    ),
    (
        "{pattern: two($A), inside: {kind: function_definition, stopBy: end, has: {pattern: one($B), stopBy: end}}}",
        "def f():\n    one(another_long_name)\n    two(1)\n",
        1,
    ),
    (
        "{pattern: two($A), not: {inside: {kind: function_definition, stopBy: end, has: {pattern: one($B), stopBy: end}}}}",
        "def f():\n    one(another_long_name)\n    two(1)\n",
        0,
    ),
    (
        "{pattern: two($A), inside: {kind: class_definition, stopBy: end, has: {pattern: one($B), stopBy: end}}}",
        "class C:\n    def f():\n        one(another_long_name)\n    def g():\n        two(1)\n",
        1,
    ),
    (
        "{pattern: two($A), inside: {kind: try_statement, stopBy: end, not: {has: {pattern: one($B), stopBy: end}}}}",
        "def f():\n    try:\n        two(1)\n    finally:\n        one(another_long_name)\n",
        0,
    ),
    (
        "{pattern: two($A), inside: {kind: block, stopBy: end, inside: {kind: function_definition, stopBy: end}}}",
        "def f():\n    one(another_long_name)\n    for a in b:\n        two(1)\n",
        1,
    ),
    (
        "{pattern: 'for $A in $B: $$$C', has: {pattern: two($D), stopBy: end}}",
        "def f():\n    for a in b:\n        one(another_long_name)\n        if a:\n            two(1)\n",
        1,
    ),
    (
        "{pattern: two($A), inside: {kind: module, stopBy: end, has: {kind: import_statement}}}",
        "import another_long_name\ndef f():\n    two(1)\n",
        1,
    ),
    (
        "{pattern: two($A), not: {inside: {kind: module, stopBy: end, has: {kind: import_statement}}}}",
        "import another_long_name\ndef f():\n    two(1)\n",
        0,
    ),
    (
        "{any: [{pattern: three($A)}, {all: [{pattern: two($A)}, {inside: {kind: module, stopBy: end, has: {pattern: one($B), stopBy: end}}}]}]}",
        "def g():\n    one(another_long_name)\ndef f():\n    two(1)\n    three(1)\n",
        2,
    ),
    (
        "{any: [{all: [{pattern: $A.$B($C)}, {inside: {kind: module, stopBy: end, has: {pattern: one($D), stopBy: end}}}]}, {pattern: three.two($C)}]}\nconstraints: {B: {regex: ^one$}}",
        "def f():\n    three.two(1)\n",
        1,
    ),
    (
        "{any: [{all: [{pattern: $A($C)}, {inside: {kind: module, stopBy: end, has: {pattern: one($D), stopBy: end}}}]}, {pattern: two($A)}], has: {pattern: $A, stopBy: end, kind: integer}}",
        "def f():\n    two(1)\n",
        1,
    ),
    (
        "{all: [{any: [{all: [{pattern: $A($C)}, {inside: {kind: module, stopBy: end, has: {pattern: one($D), stopBy: end}}}]}, {pattern: two($A)}]}, {has: {pattern: $A, stopBy: end, kind: integer}}]}",
        "def f():\n    two(1)\n",
        1,
    ),
];

/// A rule of ast-grep's form that states this, and a matcher of ours where there is one.
fn rule(stated: &str) -> Rules {
    let text = format!("id: a\nlanguage: python\nmessage: found\nrule: {stated}\n");
    let mut rules = Rules::read(&[]).unwrap();
    assert_eq!(own_rules::add(&mut rules, &[("a.yml".to_owned(), text)]), [""; 0]);
    rules
}

#[test]
fn as_much_is_read_as_a_rule_looks_at() {
    for (stated, text, found) in LOOKS {
        let rules = rule(stated);
        let text = format!("another_long_name = 1\n{text}another_long_name = 2\n");
        let whole = scanner(&rules).scan_and_parse(&text).unwrap();
        let parts = scanner(&rules).scan(&text).unwrap();
        assert_eq!((parts.findings.len(), whole.findings.len()), (found, found), "{stated}{text}");
    }
}

/// What a rule asks for beside its patterns, a text that has it, and one that has not, of which nothing is read.
const ASKS: [(&str, &str, &str); 7] = [
    (
        "{pattern: $A in $B, kind: comparison_operator}",
        "for (a, b.c), *d in e: a_long_name(a in b)\n",
        "for (a, b.c), *d in e: a_long_name(a)\n",
    ),
    (
        "{pattern: two($A)}\nmatcher: in-loop",
        "while a:\n    two(another_long_name)\n",
        "if a:\n    two(another_long_name)\n",
    ),
    (
        "{pattern: two($A)}\nmatcher: joins-two-lists",
        "for a in b: c = [two(another_long_name) for d in e]\n",
        "for a in b: c = [two(another_long_name)]\n",
    ),
    (
        "{kind: call, regex: '^(one|two_and_more)\\('}",
        "two_and_more(another_long_name)\n",
        "two_and_less(another_long_name)\n",
    ),
    (
        "{pattern: $A($B), inside: {kind: module, stopBy: end, has: {kind: import_statement, regex: '^import one'}}}",
        "import one_long_name\ntwo(another_long_name)\n",
        "import two_long_name\ntwo(another_long_name)\n",
    ),
    (
        "{pattern: $A.two()}\nconstraints: {A: {regex: (?i)cache}}",
        "my_Cache_of_all.two()\n",
        "my_list_of_all.two()\n",
    ),
    (
        "{pattern: two($A), inside: {stopBy: end, any: [{kind: for_statement, has: {field: right, pattern: b.one()}}]}}",
        "def f():\n    a_long_name()\n    for a in b.one(): two(another_long_name)\n",
        "def f():\n    b.one()\n    for a in another_long_name: two(a)\n",
    ),
];

#[test]
fn nothing_is_read_where_what_a_rule_asks_for_is_not() {
    for (stated, with, without) in ASKS {
        let rules = rule(stated);
        assert_ne!(selection(&scanner(&rules), with), Selection::Nothing, "{stated}");
        assert_eq!(selection(&scanner(&rules), without), Selection::Nothing, "{stated}");
    }
}

#[test]
fn of_functions_only_those_with_a_match_are_read_for_its_conditions() {
    let rules = rule(
        "{pattern: two($A), inside: {kind: function_definition, stopBy: end, has: {pattern: one($B), stopBy: end}}}",
    );
    let text = "\
def f():
    one(another_long_name)
    two(1)
def g():
    one(another_long_name)
    two(2)
";
    let scanner = scanner(&rules);
    let active = scanner.active_in_parts(text).unwrap();
    let seen = |place| [(0, vec![text.find(place).unwrap()])].into();
    let of_first = active.select(text, Some(&seen("two(1)")), |_| false);
    let of_second = active.select(text, Some(&seen("two(2)")), |_| false);
    let (first, second) = text.split_at(text.find("def g").unwrap());
    let part = |start: usize, part: &str| start..start + part.trim_end().len();
    assert_eq!(of_first, Selection::AllBut(vec![part(first.len(), second)]));
    assert_eq!(of_second, Selection::AllBut(vec![part(0, first)]));
}

#[test]
fn of_classes_only_those_with_a_match_are_read_for_a_condition_that_looks_at_its_class() {
    let rules = rule(
        "{kind: default_parameter, has: {field: value, kind: list}}\nmatcher: default-changes",
    );
    let text = "\
class Basket:
    def __init__(self, items=[]):
        self.items = items
    def add(self, item):
        self.items.append(item)
class Other:
    def add(self, an_item_of_a_long_name):
        self.items.append(an_item_of_a_long_name)
def one(items=[]):
    return items
";
    let scanner = scanner(&rules);
    let active = scanner.active_in_parts(text).unwrap();
    let seen = |place| [(0, vec![text.find(place).unwrap()])].into();
    let start = |text_part: &str| text.find(text_part).unwrap();
    let (other, one) = (start("class Other"), start("def one"));
    let of_basket = active.select(text, Some(&seen("items=[]):\n        self")), |_| false);
    let part = |start: usize, end: usize| start..end;
    assert_eq!(of_basket, Selection::AllBut(vec![part(other, text.trim_end().len())]));
    let of_function = active.select(text, Some(&seen("items=[]):\n    return")), |_| false);
    assert_eq!(of_function, Selection::AllBut(vec![part(0, one - 1)]));
}

#[test]
fn functions_whose_text_tells_that_a_matcher_cannot_hold_are_not_read() {
    let rules = rule("{pattern: $TEXT += $PART}\nmatcher: text-accumulator");
    let scanner = scanner(&rules);
    let text = "\
def total(prices_of_all):
    total_of_all = 0
    for price in prices_of_all:
        total_of_all += price
    return total_of_all
def page(rows_of_all):
    page_of_all = 'rows'
    for row in rows_of_all:
        page_of_all += row
    return page_of_all
";
    let Selection::AllBut(left_out) = selection(&scanner, text) else { panic!() };
    let (total, _) = text.split_at(text.find("def page").unwrap());
    let left_out: Vec<_> = left_out.into_iter().map(|part| &text[part]).collect();
    assert_eq!(left_out, [total.trim_end(), "page_of_all = 'rows'"]);
    // What is in no function may start anywhere in the file.
    let outside = "page = 'rows'\nfor row in all_of_the_rows:\n    page += row\n";
    assert_eq!(selection(&scanner, outside), Selection::Everything);
    assert_eq!(scanner.scan(outside).unwrap().findings.len(), 1);
    assert_eq!(selection(&scanner, &outside.replace("'rows'", "0")), Selection::Nothing);
}

#[test]
fn rows_that_fetch_what_they_are_related_to_are_looked_for_in_functions_that_ask_for_rows() {
    let rules = rule(
        "{pattern: $ITEM.$RELATION.$FIELD}\nmatcher: lazy-relation\nkeywords: [.objects, query(]",
    );
    let scanner = scanner(&rules);
    let other = "def other(of_all):\n    for one in of_all:\n        show(one.long.name)\n";
    for query in ["Book.objects.all()", "session.query(Book)"] {
        let asking = format!(
            "def asking(session):\n    books = {query}\n    for book in books:\n        show(book.author.name)\n"
        );
        let text = format!("{other}{asking}");
        let Selection::AllBut(left_out) = selection(&scanner, &text) else { panic!() };
        assert_eq!(left_out.first(), Some(&(0..other.trim_end().len())));
        assert_eq!(scanner.scan(&text).unwrap().findings.len(), 1);
    }
}

#[test]
fn a_text_that_documents_is_read_for_rules_about_texts_alone() {
    let (call, text) = (rule("{pattern: one($A)}"), rule("{kind: string, regex: one}"));
    let (call, text) = (scanner(&call), scanner(&text));
    for documents in ["'''one(two)\n    '''", "r\"one(two)\"  # one(two)", "Rb'one(two)'"] {
        let function = format!("def f(a):\n    {documents}\n    return a\n");
        assert_eq!(selection(&call, &function), Selection::Nothing, "{documents}");
        assert_ne!(selection(&text, &function), Selection::Nothing, "{documents}");
    }
    for other in ["f'{one(two)}'", "'one'.join(one(two))", "'one', one(two)", "'one'; one(two)"] {
        let function = format!("def f(a):\n    {other}\n    return a\n");
        assert_eq!(call.scan(&function).unwrap().findings.len(), 1, "{other}");
    }
}

#[test]
fn loops_are_counted_where_a_rule_asks_for_some() {
    let one = rule("{pattern: one($A)}\nmatcher: in-loop");
    let two = rule("{pattern: $LEFT == $RIGHT}\nmatcher: joins-two-lists");
    let text = "\
def f(orders, users):
    one(before_all_of_the_loops == 1)
    for order in orders:
        one(in_one_of_the_loops == 1)
        for user in users:
            if user.id == order.user_id:
                one(in_both_of_the_loops)
    while one(another_name):
        one(yet_another_name == 2)
    one(after_all_of_the_loops == 1)
    return one
";
    let is_left_out = |rules: &Rules, part: &str| {
        let Selection::AllBut(parts) = selection(&scanner(rules), text) else { panic!() };
        let start = text.find(part).unwrap();
        parts.iter().any(|part| part.contains(&start))
    };
    for (part, loops, over_items) in [
        ("one(before", 0, 0),
        ("one(in_one", 1, 1),
        ("user.id == order", 2, 2),
        ("one(yet", 1, 0),
        ("one(after", 0, 0),
    ] {
        assert_eq!(is_left_out(&one, part), loops == 0, "{part}");
        assert_eq!(is_left_out(&two, part), over_items < 2, "{part}");
    }
    assert_eq!(scanner(&one).scan(text).unwrap().findings.len(), 4);
    assert_eq!(scanner(&two).scan(text).unwrap().findings.len(), 1);
}

#[test]
fn what_has_a_statement_or_an_operator_in_it_is_looked_for_by_its_word() {
    for (kind, met, other) in [
        ("pass_statement", "while not one:\n    pass\n", "while not one:\n    wait(another_one)\n"),
        ("break_statement", "while one:\n    break\n", "while one:\n    wait(another_one)\n"),
        ("not_operator", "while not one:\n    wait()\n", "while one:\n    wait(another_one)\n"),
        (
            "conditional_expression",
            "while a if b else c:\n    wait()\n",
            "while a:\n    wait(another_one)\n",
        ),
    ] {
        let rules = rule(&format!("{{kind: while_statement, has: {{kind: {kind}, stopBy: end}}}}"));
        let scanner = scanner(&rules);
        assert_eq!(scanner.scan(met).unwrap().findings.len(), 1, "{kind}");
        assert_eq!(selection(&scanner, other), Selection::Nothing, "{kind}");
    }
}

#[test]
fn a_file_without_a_keyword_is_none_for_its_rule_however_it_is_read() {
    let rules = rule("{pattern: one($A)}\nkeywords: [from here, from there]");
    let scanner = scanner(&rules);
    let found = |text: &str| {
        let [parts, whole] = [scanner.scan(text), scanner.scan_and_parse(text)];
        [parts, whole].map(|scan| scan.unwrap().findings.len())
    };
    let call = "def f():\n    return one(another_long_name)\n";
    assert_eq!(found(call), [0, 0]);
    assert_eq!(found(&format!("from there import one\n{call}")), [1, 1]);
}

#[test]
fn a_name_that_a_pattern_has_twice_about_an_assignment_has_to_stand_there_twice() {
    let rules = rule("{any: [{pattern: $SUM = $SUM + $PART}, {pattern: $SUM = $PART + $SUM}]}");
    let scanner = scanner(&rules);
    for extended in [
        "total = total + price",
        "total = price + total",
        "total = \\\n  price \\\n  + total",
        "total = (\n  price.of(one, other)\n) + total",
        "self.total = self.total + price",
        "totals[key(1)] = totals[key(1)] + price",
        "total = 'price' + total",
        "größe = 1 + größe",
        "one = total = total + price",
    ] {
        let text = format!("{extended}\n");
        assert_eq!(selection(&scanner, &text), Selection::Everything, "{extended}");
    }
    for other in [
        "total = price + subtotal",
        "total = one + two\ntotal = 3",
        "totals = (total) + one",
        "total = price_of(total) + one",
        "total = one + price_of(other, total)",
        "total = price - total",
    ] {
        assert_eq!(selection(&scanner, &format!("{other}\n")), Selection::Nothing, "{other}");
    }
}
