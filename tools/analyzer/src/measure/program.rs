//! A benchmark to the program that measures it: the template of its runtime with the sides filled in.

use std::sync::LazyLock;

use regex::Regex;

use crate::rule::{Benchmark, Host};

/// One file of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Relative to the program's folder.
    pub name: &'static str,
    pub text: String,
}

/// The files of the program that measures a benchmark.
pub fn program(benchmark: &Benchmark) -> Vec<File> {
    let whole = |name, template: &str| {
        let parts = [&benchmark.setup, &benchmark.slow, &benchmark.fast];
        let [setup, slow, fast] = parts.map(String::as_str);
        vec![file(name, fill(template, &[("SETUP", setup), ("SLOW", slow), ("FAST", fast)]))]
    };
    match benchmark.runtime.host() {
        Host::Python => vec![
            file("main.py", include_str!("templates/main.py")),
            file("setup.py", benchmark.setup.as_str()),
            file("slow.py", benchmark.slow.as_str()),
            file("fast.py", benchmark.fast.as_str()),
        ],
        Host::Node => whole("main.js", include_str!("templates/main.js")),
        Host::Ruby => whole("main.rb", include_str!("templates/main.rb")),
        Host::Java => {
            vec![file(
                "Main.java",
                hoisted(include_str!("templates/Main.java"), benchmark, IMPORT.as_ref()),
            )]
        }
        Host::Cpp => {
            vec![file(
                "main.cpp",
                hoisted(include_str!("templates/main.cpp"), benchmark, INCLUDE.as_ref()),
            )]
        }
        Host::Kotlin => vec![file(
            "main.kt",
            hoisted(include_str!("templates/main.kt"), benchmark, KOTLIN_IMPORT.as_ref()),
        )],
        Host::Go => go(benchmark),
        Host::Rust => rust(benchmark),
        Host::Php => php(benchmark),
    }
}

static IMPORT: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?m)^import [^;\n]+;[ \t]*$").ok());
static KOTLIN_IMPORT: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?m)^import [^;\n]+$").ok());
static INCLUDE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"(?m)^#include [<"][^>"\n]+[>"][ \t]*$"#).ok());
static GO_IMPORT: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?m)^import (?:\w+ )?"[^"\n]+"[ \t]*$|^import \((?s:[^)]*)\)"#).ok()
});
static RUN: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?m)^(?:pub(?:\([a-z]+\))? )?fn run\b").ok());
static PHP_FUNCTION: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?m)^function &?(\w+)").ok());

/// A template with what must stand at a file's top taken out of the parts and put there.
fn hoisted(template: &str, benchmark: &Benchmark, pattern: Option<&Regex>) -> String {
    let mut imports = Vec::new();
    let mut part = |text: &str| take_out(text, pattern, &mut imports);
    let (setup, slow, fast) =
        (part(&benchmark.setup), part(&benchmark.slow), part(&benchmark.fast));
    let imports = distinct(imports).join("\n");
    fill(template, &[("IMPORTS", &imports), ("SETUP", &setup), ("SLOW", &slow), ("FAST", &fast)])
}

/// Two packages of one name, so that values of the types in `setup` read alike from either.
fn go(benchmark: &Benchmark) -> Vec<File> {
    let side = |text: &str| {
        let mut found = vec!["import \"time\"".to_owned()];
        let setup = take_out(&benchmark.setup, GO_IMPORT.as_ref(), &mut found);
        let side = take_out(text, GO_IMPORT.as_ref(), &mut found);
        let singles = found.iter().flat_map(|import| match import.strip_prefix("import (") {
            Some(block) => block.trim_end_matches(')').lines().map(str::trim).collect(),
            None => vec![import.trim_start_matches("import ").trim()],
        });
        let singles = singles.filter(|import| !import.is_empty());
        let imports = singles.map(|import| format!("import {import}")).collect();
        let imports = distinct(imports).join("\n");
        let template = include_str!("templates/side.go");
        fill(template, &[("IMPORTS", &imports), ("SETUP", &setup), ("SIDE", &side)])
    };
    vec![
        file("main.go", include_str!("templates/main.go")),
        file("go.mod", "module measure\n\ngo 1.18\n"),
        file("slow/side.go", side(&benchmark.slow)),
        file("fast/side.go", side(&benchmark.fast)),
    ]
}

fn rust(benchmark: &Benchmark) -> Vec<File> {
    let public = |text: &str| match &*RUN {
        Some(run) => run.replace(text, "pub fn run").into_owned(),
        None => text.to_owned(),
    };
    let (slow, fast) = (public(&benchmark.slow), public(&benchmark.fast));
    let parts = [("SETUP", benchmark.setup.as_str()), ("SLOW", &slow), ("FAST", &fast)];
    vec![file("main.rs", fill(include_str!("templates/main.rs"), &parts))]
}

fn php(benchmark: &Benchmark) -> Vec<File> {
    let plain = |text: &str| text.trim_start().trim_start_matches("<?php").to_owned();
    let renamed = |text: &str, side: &str| {
        let mut text = plain(text);
        let names: Vec<String> = PHP_FUNCTION
            .iter()
            .flat_map(|function| function.captures_iter(&text))
            .map(|captures| captures[1].to_owned())
            .collect();
        for name in distinct(names) {
            if let Ok(word) = Regex::new(&format!(r"\b{name}\b")) {
                text = word.replace_all(&text, format!("{side}_{name}")).into_owned();
            }
        }
        text
    };
    let (slow, fast) = (renamed(&benchmark.slow, "slow"), renamed(&benchmark.fast, "fast"));
    let setup = plain(&benchmark.setup);
    let parts = [("SETUP", setup.as_str()), ("SLOW", &slow), ("FAST", &fast)];
    vec![file("main.php", fill(include_str!("templates/main.php"), &parts))]
}

fn take_out(text: &str, pattern: Option<&Regex>, taken: &mut Vec<String>) -> String {
    let Some(pattern) = pattern else { return text.to_owned() };
    taken.extend(pattern.find_iter(text).map(|found| found.as_str().trim().to_owned()));
    pattern.replace_all(text, "").into_owned()
}

fn distinct(mut texts: Vec<String>) -> Vec<String> {
    texts.sort();
    texts.dedup();
    texts
}

/// Replaces each `@@NAME@@`. No part of a benchmark holds such a mark.
fn fill(template: &str, parts: &[(&str, &str)]) -> String {
    parts.iter().fold(template.to_owned(), |text, (name, part)| {
        text.replace(&format!("@@{name}@@"), part.trim_end())
    })
}

fn file(name: &'static str, text: impl Into<String>) -> File {
    File { name, text: text.into() }
}
