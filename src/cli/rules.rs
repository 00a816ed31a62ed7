//! `eco-coder rules [ID]`: lists the rules, explains one, writes their catalog.

use std::path::{Path, PathBuf};

use analyzer::{Analyzer, RuleInfo, Settings};
use anyhow::{Context, anyhow};
use clap::{Args, Subcommand, ValueEnum};

use super::{Failure, output, rules_catalog, rules_measure, rules_page};

/// List the analyzer's rules, explain one of them, or measure what they gain.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct Arguments {
    /// The rule to explain, as `query-in-loop`.
    id: Option<String>,
    #[arg(long, value_enum, default_value_t = Format::Terminal)]
    format: Format,
    /// Write the catalog to this folder, a page for each rule.
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["id", "format"])]
    docs: Option<PathBuf>,
    #[command(flatten)]
    source: Source,
    #[command(subcommand)]
    command: Option<Command>,
}

/// Where the rules come from.
#[derive(Debug, Args)]
pub struct Source {
    /// Read the rules from the YAML files in this folder instead of the built-in ones.
    #[arg(long, value_name = "FOLDER")]
    from: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Measure(rules_measure::Arguments),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Terminal,
    Json,
}

impl Arguments {
    pub async fn run(&self) -> Result<(), Failure> {
        if let Some(Command::Measure(measure)) = &self.command {
            return measure.run().await;
        }
        let analyzer = self.source.analyzer()?;
        if let Some(folder) = &self.docs {
            let rules: Vec<_> = analyzer.rules().collect();
            return rules_catalog::write(folder, &rules)
                .with_context(|| format!("write the catalog to {}", folder.display()))
                .map_err(Failure::Outside);
        }
        let page = match &self.id {
            Some(id) => {
                let rule = find(&analyzer, id)?;
                match self.format {
                    Format::Terminal => rules_page::explain(rule),
                    Format::Json => json(rule)?,
                }
            }
            None => match self.format {
                Format::Terminal => rules_page::list(&analyzer.rules().collect::<Vec<_>>()),
                Format::Json => json(&analyzer.rules().collect::<Vec<_>>())?,
            },
        };
        output::print(&page)
    }
}

impl Source {
    pub fn analyzer(&self) -> Result<Analyzer, Failure> {
        let Some(folder) = &self.from else {
            return Analyzer::bundled(Settings::default())
                .map_err(|error| Failure::Usage(error.into()));
        };
        let mut rules = Vec::new();
        read_rules(folder, &mut rules)
            .with_context(|| format!("read the rules in {}", folder.display()))
            .map_err(Failure::Usage)?;
        rules.sort();
        let texts: Vec<_> =
            rules.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
        Analyzer::with_rules(&texts, Settings::default())
            .map_err(|error| Failure::Usage(error.into()))
    }
}

/// The rule of that name, or those that may be meant.
pub fn find<'a>(analyzer: &'a Analyzer, id: &str) -> Result<&'a RuleInfo, Failure> {
    analyzer.rules().find(|rule| rule.id == id).ok_or_else(|| {
        let nearest = analyzer.nearest(id).join(", ");
        Failure::Usage(anyhow!("there is no rule {id:?}; the nearest are {nearest}"))
    })
}

/// The rule files of a folder and of the folders in it, as (name without ending, text).
fn read_rules(folder: &Path, rules: &mut Vec<(String, String)>) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            read_rules(&path, rules)?;
            continue;
        }
        let ending = path.extension().and_then(|ending| ending.to_str());
        let (Some("yml" | "yaml"), Some(name)) = (ending, path.file_stem()) else { continue };
        let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        rules.push((name.to_string_lossy().into_owned(), text));
    }
    Ok(())
}

fn json(value: &impl serde::Serialize) -> Result<String, Failure> {
    serde_json::to_string_pretty(value)
        .map(|text| text + "\n")
        .map_err(|error| Failure::Outside(error.into()))
}
