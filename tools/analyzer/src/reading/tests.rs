//! What is not read changes nothing that is found.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::Duration;

use ast_grep_language::SupportLang;
use proptest::prelude::*;

use super::Selection;
use crate::compile::{Rules, bundled_texts};
use crate::deadline::Deadline;
use crate::language::Language;
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

fn finds_the_same(rules: &Rules, text: &str) -> Result<(), TestCaseError> {
    let scanner = scanner(rules);
    let whole = scanner.scan_and_parse(text).map_err(|reason| reason.text);
    let parts = scanner.scan(text).map_err(|reason| reason.text);
    let (Ok(whole), Ok(parts)) = (whole, parts) else { return Ok(()) };
    // What cannot be read takes more with it than its own statement.
    if whole.syntax_errors == 0 {
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

/// Code in one of the places where code may stand.
fn placed(code: &str, place: usize, number: usize) -> String {
    match place {
        0 => code.to_owned(),
        1 => format!("@cache\ndef f{number}(a, b=[]):\n    '''Def.'''\n{}", indented(code, 4)),
        2 => format!(
            "class C{number}(B):\n  # def\n  async def f(self): # :\n{}\n  x = '''\ndef f():\n'''\n",
            indented(code, 5)
        ),
        3 => format!("if a:\n{}else:\n    pass\n", indented(code, 4)),
        4 => format!(
            "class C{number}:\n    class D:\n{}    def f(self): return {{f'{{a[\"b\"]}}': (\n1)}}\n",
            indented(code, 8)
        ),
        _ => format!(
            "def f{number}():\n    for a in b:\n        def g():\n{}        g()\n",
            indented(code, 12)
        ),
    }
}

fn source() -> impl Strategy<Value = String> {
    let examples = examples();
    let part = (0..examples.len(), 0..6_usize);
    prop::collection::vec(part, 1..12).prop_map(move |parts| {
        let parts = parts.into_iter().enumerate();
        parts.map(|(number, (example, place))| placed(&examples[example], place, number)).collect()
    })
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
    fn broken_sources_are_read_without_harm(
        text in source(), place in any::<prop::sample::Index>(), put in "[\\\\\"'{}()#:@\r\n\t \u{c}\u{a0}]{0,3}",
    ) {
        let mut place = place.index(text.len());
        while !text.is_char_boundary(place) { place -= 1; }
        let text = format!("{}{put}{}", &text[..place], &text[place..]);
        finds_the_same(&RULES[2], &text)?;
    }
}

#[test]
fn only_what_a_rule_can_match_in_is_read() {
    let rules = rules("rules");
    let scanner = scanner(&rules);
    let read = |text: &str| {
        let (rules, active) = scanner.active(PYTHON, text).unwrap();
        match rules.select(text, &active, |_| false) {
            Selection::Nothing => String::new(),
            Selection::Everything => text.to_owned(),
            Selection::AllBut(left_out) => {
                let mut read = text.to_owned();
                for part in left_out.into_iter().rev() {
                    read.replace_range(part, "pass");
                }
                read
            }
        }
    };
    let text = "import a_long_name_of_a_module\n\n\ndef one(items):\n    total = 0\n    return a(items)\n\n\nclass A:\n    def two(self):\n        return self.one == None\n\n    def three(self):\n        return self.one is not None\n";
    insta::assert_snapshot!(read(text), @"
    pass


    class A:
        def two(self):
            return self.one == None

        pass
    ");
    assert_eq!(read("def f():\n    return other.function(of_this_name)\n"), "");
}
