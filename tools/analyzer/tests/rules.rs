//! Every rule against its own examples.

#![expect(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

use std::collections::HashSet;
use std::sync::LazyLock;

use analyzer::{Analyzer, Example, RuleInfo, Settings};
use contract::{Change, ChangedFile};

/// The rules as they lie on disk, so that whoever writes one need not build anything to try it.
static ANALYZER: LazyLock<Analyzer> = LazyLock::new(|| {
    let mut texts = Vec::new();
    for folder in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/rules")).unwrap() {
        for file in std::fs::read_dir(folder.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            texts.push((name, std::fs::read_to_string(path).unwrap()));
        }
    }
    texts.sort();
    let texts: Vec<_> = texts.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    Analyzer::with_rules(&texts, Settings::default()).unwrap()
});

fn path(language: &str) -> &'static str {
    match language {
        "Python" => "example.py",
        "JavaScript" => "example.js",
        "TypeScript" => "example.ts",
        "Tsx" => "example.tsx",
        "Java" => "Example.java",
        "Go" => "example.go",
        "Rust" => "example.rs",
        "C" => "example.c",
        "Cpp" => "example.cpp",
        "CSharp" => "Example.cs",
        "Css" => "example.css",
        "Dockerfile" => "Dockerfile",
        "Hcl" => "example.tf",
        "Html" => "example.html",
        "Json" => "example.json",
        "Kotlin" => "Example.kt",
        "Php" => "example.php",
        "Ruby" => "example.rb",
        "Sql" => "example.sql",
        "Yaml" => "example.yml",
        other => panic!("no file ending for {other}"),
    }
}

fn findings(rule: &RuleInfo, example: &Example, language: &str) -> usize {
    let file = ChangedFile {
        path: example.path.clone().unwrap_or_else(|| path(language).into()),
        head: Some(example.code.clone().into()),
        ..ChangedFile::default()
    };
    let review = ANALYZER.review(&Change { files: vec![file], ..Change::default() });
    assert!(review.skipped.is_empty(), "{}: {:?}", rule.id, review.skipped);
    assert!(
        !review.notes.iter().any(|note| note.contains("syntax")),
        "{}: broken example\n{}",
        rule.id,
        example.code
    );
    review.recommendations.iter().filter(|found| found.rule_id == rule.id).count()
}

#[test]
fn every_rule_flags_its_invalid_examples_and_no_valid_one() {
    let mut wrong = Vec::new();
    for rule in ANALYZER.rules() {
        for example in &rule.examples {
            for language in &example.languages {
                let found = findings(rule, example, language);
                if found != usize::from(example.flagged) {
                    wrong.push(format!(
                        "{} ({language}) found {found} in\n{}\n",
                        rule.id, example.code
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_rule_has_two_examples_of_each_kind_per_variant_and_a_reference() {
    for rule in ANALYZER.rules() {
        for language in &rule.languages {
            let of_language: Vec<_> = rule
                .examples
                .iter()
                .filter(|example| example.languages.contains(language))
                .collect();
            let flagged = of_language.iter().filter(|example| example.flagged).count();
            assert!(
                flagged >= 2 && of_language.len() - flagged >= 2,
                "{} for {language} needs more examples",
                rule.id
            );
        }
        assert!(!rule.examples.is_empty(), "{} has no examples", rule.id);
        assert!(!rule.references.is_empty(), "{} has no reference", rule.id);
        assert!(rule.references.iter().all(|link| link.starts_with("https://")), "{}", rule.id);
    }
}

#[test]
fn rule_ids_are_unique_and_every_language_has_at_least_five_rules() {
    let ids: Vec<_> = ANALYZER.rules().map(|rule| rule.id.clone()).collect();
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len());
    assert!(ids.len() >= 27, "only {} rules", ids.len());
    for language in ["Python", "JavaScript", "TypeScript", "Tsx", "Java", "Go", "Rust", "C", "Cpp"]
    {
        let rules = ANALYZER
            .rules()
            .filter(|rule| rule.languages.iter().any(|known| known == language))
            .count();
        assert!(rules >= 5, "{language} has {rules} rules");
    }
}

#[test]
fn texts_for_readers_are_whole_sentences() {
    for rule in ANALYZER.rules() {
        assert!(rule.why.ends_with('.') && rule.instead.ends_with('.'), "{}", rule.id);
        assert!(
            !rule.title.ends_with('.') && rule.title.len() <= 60,
            "{}: {}",
            rule.id,
            rule.title
        );
    }
}

#[test]
fn every_fix_makes_of_its_examples_what_the_rule_says() {
    let mut wrong = Vec::new();
    for rule in ANALYZER.rules().filter(|rule| rule.fixable) {
        let fixed = rule.examples.iter().filter(|example| example.fixed.is_some());
        assert!(fixed.count() >= 2, "{} has a `fix` and needs two `fixed` examples", rule.id);
        for example in &rule.examples {
            let Some(expected) = &example.fixed else { continue };
            for language in &example.languages {
                let path = example.path.clone().unwrap_or_else(|| path(language).into());
                let mended = ANALYZER.mend(&path, example.code.as_bytes());
                let mended = mended.map(|(bytes, _)| String::from_utf8(bytes).unwrap());
                if mended.as_deref() != Some(expected) {
                    wrong.push(format!(
                        "{} ({language}) made of\n{}{mended:#?}",
                        rule.id, example.code
                    ));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
