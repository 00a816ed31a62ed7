//! `eco-coder rules [ID]`: lists the rules, or explains one.

use std::fmt::Write as _;
use std::io::Write as _;

use analyzer::{Analyzer, RuleInfo, Settings};
use anstyle::Style;
use anyhow::anyhow;
use clap::Args;

use super::Failure;

/// List the analyzer's rules, or explain one of them.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The rule to explain, as `query-in-loop`.
    id: Option<String>,
}

impl Arguments {
    pub fn run(&self) -> Result<(), Failure> {
        let analyzer =
            Analyzer::bundled(Settings::default()).map_err(|error| Failure::Usage(error.into()))?;
        let page = match &self.id {
            Some(id) => {
                let rules: Vec<&RuleInfo> =
                    analyzer.rules().filter(|rule| rule.id == *id).collect();
                if rules.is_empty() {
                    return Err(Failure::Usage(anyhow!(
                        "there is no rule {id:?}; `eco-coder rules` lists them"
                    )));
                }
                rules.into_iter().map(explain).collect()
            }
            None => list(analyzer.rules()),
        };
        // A closed pipe has read what it wanted.
        let _ = anstream::stdout().lock().write_all(page.as_bytes());
        Ok(())
    }
}

fn list<'a>(rules: impl Iterator<Item = &'a RuleInfo>) -> String {
    let bold = Style::new().bold();
    let mut rules: Vec<_> = rules.map(|rule| (languages(rule), rule)).collect();
    rules.sort_by(|(one, rule), (other, next)| one.cmp(other).then_with(|| rule.id.cmp(&next.id)));
    let mut page = String::new();
    let mut heading = String::new();
    for (languages, rule) in rules {
        if languages != heading {
            let _ = writeln!(
                page,
                "{}{bold}{languages}{bold:#}",
                if page.is_empty() { "" } else { "\n" }
            );
            heading = languages;
        }
        let _ = writeln!(
            page,
            "  {:<38} {:<9} {}",
            rule.id,
            format!("{:?}", rule.severity).to_lowercase(),
            rule.title
        );
    }
    page
}

fn explain(rule: &RuleInfo) -> String {
    let bold = Style::new().bold();
    let mut page = format!("{bold}{}{bold:#}  {}\n", rule.id, rule.title);
    let _ = writeln!(page, "{}, {:?}, {:?}\n", languages(rule), rule.severity, rule.category);
    let _ =
        writeln!(page, "{}\n\n{bold}Instead{bold:#}  {}\n", rule.why.trim(), rule.instead.trim());
    for reference in &rule.references {
        let _ = writeln!(page, "{reference}");
    }
    page
}

fn languages(rule: &RuleInfo) -> String {
    rule.languages.join(", ")
}
