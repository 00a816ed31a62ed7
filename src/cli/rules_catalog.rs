//! The catalog of rules under `docs/rules/`: an index by language, and a page for each rule.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

use analyzer::{Evidence, Example, RuleInfo};

use super::rules_page::{category, facts, languages, severity};
use crate::report::text::{amount, cell, cell_code, code, code_block, count, prose};

const INDEX: &str = "README.md";

/// Writes the catalog, and removes the pages of rules that are gone.
pub(super) fn write(folder: &Path, rules: &[&RuleInfo]) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let pages = catalog(rules);
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if Path::new(&name).extension().is_some_and(|ending| ending == "md")
            && !pages.contains_key(&name)
        {
            std::fs::remove_file(path)?;
        }
    }
    for (name, text) in pages {
        std::fs::write(folder.join(name), text)?;
    }
    Ok(())
}

/// The catalog's files by name.
fn catalog(rules: &[&RuleInfo]) -> BTreeMap<String, String> {
    let pages = rules.iter().map(|rule| (format!("{}.md", rule.id), page(rule)));
    pages.chain([(INDEX.to_owned(), index(rules))]).collect()
}

fn index(rules: &[&RuleInfo]) -> String {
    let measured = rules.iter().filter(|rule| !rule.evidence.is_empty()).count();
    let mut page = format!(
        "# Rules\n\n{}, {measured} of them measured. `eco-coder rules --docs docs/rules` writes these pages from the rules and \
         their evidence; `eco-coder rules ID` shows one at a terminal.\n\n\
         A measured rule has run in both forms, the flagged and the advised: `12x on CPython 3.11, n=10^4` says that the flagged \
         one took twelve times as long. Where the 95 % interval of that ratio touches 1 the rule stays silent in that language, \
         unless `.eco-coder.yml` says `weak_rules: show`. What a rule of low confidence finds is seldom worth a change, and is folded \
         unless a profile or a benchmark shows that the code runs often.\n",
        count(rules.len(), "rule")
    );
    let names: BTreeSet<&str> = rules.iter().flat_map(|rule| languages(rule)).collect();
    for language in names {
        let _ = writeln!(page, "\n## {}\n", known_as(language));
        page.push_str("| Rule | Finds | Saves | Severity | Evidence |\n|---|---|---|---|---|\n");
        let mut of_language: Vec<_> =
            rules.iter().filter(|rule| languages(rule).contains(&language)).collect();
        of_language.sort_by_key(|rule| (category(rule), &rule.id));
        for rule in of_language {
            let _ = writeln!(
                page,
                "| [{}]({}.md) | {} | {} | {} | {} |",
                cell_code(&rule.id),
                rule.id,
                cell(&rule.title),
                category(rule),
                severity(rule),
                cell(&gain_in(rule, language))
            );
        }
    }
    page
}

/// What was measured in the language that the row stands under; another's runtime says nothing of it.
fn gain_in(rule: &RuleInfo, language: &str) -> String {
    match Evidence::for_language(&rule.evidence, language) {
        None => "rule".into(),
        Some(row) if row.is_weak() => format!("no gain on {}", row.version),
        Some(row) => row.text(),
    }
}

fn page(rule: &RuleInfo) -> String {
    let mut page = format!("# {}\n\n{} · ", prose(&rule.title), code(&rule.id));
    let _ = writeln!(page, "{}\n", facts(rule).join(" · "));
    let _ = writeln!(
        page,
        "{}\n\n## Instead\n\n{}\n",
        prose(rule.why.trim()),
        prose(rule.instead.trim())
    );
    page.push_str("## Examples\n");
    let mut groups: Vec<&[String]> = Vec::new();
    for example in &rule.examples {
        if !groups.contains(&example.languages.as_slice()) {
            groups.push(&example.languages);
        }
    }
    for group in groups {
        let examples = rule.examples.iter().filter(|example| example.languages == group);
        write_examples(&mut page, group, &examples.collect::<Vec<_>>());
    }
    page.push_str("\n## Evidence\n\n");
    if rule.evidence.is_empty() {
        page.push_str("Not measured: the rule rests on its references.\n");
    } else {
        write_evidence(&mut page, &rule.evidence);
    }
    page.push_str("\n## References\n\n");
    for reference in &rule.references {
        let _ = writeln!(page, "- <{reference}>");
    }
    page
}

/// One example of each kind.
fn write_examples(page: &mut String, languages: &[String], examples: &[&Example]) {
    let names: Vec<_> = languages.iter().map(|language| known_as(language)).collect();
    for (flagged, kind) in [(true, "flagged"), (false, "fine")] {
        let Some(example) = examples.iter().find(|example| example.flagged == flagged) else {
            continue;
        };
        let highlighting = languages.first().map(|one| one.to_lowercase()).unwrap_or_default();
        let block = code_block(&example.code, &highlighting);
        let _ = writeln!(page, "\n{}, {kind}:\n\n{block}", names.join(", "));
    }
}

fn write_evidence(page: &mut String, evidence: &[Evidence]) {
    page.push_str("| Runtime | n | Flagged form | Advised form | Ratio | 95 % interval | Rounds | Measured |\n");
    page.push_str("|---|--:|--:|--:|--:|---|--:|---|\n");
    for row in evidence {
        let _ = writeln!(
            page,
            "| {} | {} | {} | {} | {} | {}{} | {} | {} on [{}](../../tools/analyzer/evidence/machines.csv) |",
            cell(&row.version),
            row.n,
            duration(row.slow_ns),
            duration(row.fast_ns),
            amount(row.ratio),
            row.interval(),
            if row.is_weak() { " (may be no gain)" } else { "" },
            row.rounds,
            row.measured_on,
            cell(&row.machine)
        );
    }
}

fn duration(nanoseconds: f64) -> String {
    match nanoseconds {
        ..1e3 => format!("{} ns", amount(nanoseconds)),
        ..1e6 => format!("{} µs", amount(nanoseconds / 1e3)),
        ..1e9 => format!("{} ms", amount(nanoseconds / 1e6)),
        _ => format!("{} s", amount(nanoseconds / 1e9)),
    }
}

/// What people call a language that grammars call otherwise.
fn known_as(language: &str) -> &str {
    match language {
        "Cpp" => "C++",
        "CSharp" => "C#",
        "Css" => "CSS",
        "Hcl" => "HCL (Terraform)",
        "Html" => "HTML",
        "Json" => "JSON",
        "Php" => "PHP",
        "Sql" => "SQL",
        "Tsx" => "TSX",
        "Yaml" => "YAML",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use analyzer::{Analyzer, Settings};

    use super::*;

    #[test]
    fn the_published_catalog_is_current() {
        let analyzer = Analyzer::bundled(Settings::default()).unwrap();
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules");
        let pages = catalog(&analyzer.rules().collect::<Vec<_>>());
        let published: BTreeMap<String, String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .map(|path| {
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                (name, std::fs::read_to_string(path).unwrap())
            })
            .collect();
        let names: BTreeSet<_> = pages.keys().chain(published.keys()).collect();
        let stale: Vec<_> =
            names.iter().filter(|name| pages.get(**name) != published.get(**name)).collect();
        assert!(
            stale.is_empty(),
            "run `eco-coder rules --docs docs/rules`; not current: {stale:?}"
        );
    }

    #[test]
    fn durations_have_the_unit_that_fits() {
        assert_eq!(
            [12.34, 56_700.0, 8.9e6, 1.2e9].map(duration),
            ["12.3 ns", "56.7 µs", "8.9 ms", "1.2 s"]
        );
    }
}
