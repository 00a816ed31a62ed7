//! A rule as its file states it: ast-grep's keys, and some of our own.

use std::collections::HashMap;

use ast_grep_config::{SerializableRule, SerializableRuleCore, Transformation};
use contract::{Category, Severity};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use crate::language::Language;
use crate::rule::{Benchmark, Confidence, Example, Resource};

/// One rule. `metadata` may be missing where a repository brings rules that were written for ast-grep.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleFile {
    pub(crate) id: String,
    metadata: Option<Value>,
    pub(crate) message: Option<String>,
    pub(crate) note: Option<String>,
    pub(crate) severity: Option<AstGrepSeverity>,
    pub(crate) url: Option<String>,
    /// ast-grep's colors for its terminal.
    #[serde(rename = "labels")]
    _labels: Option<IgnoredAny>,
    rewriters: Option<IgnoredAny>,
    language: Option<Language>,
    languages: Option<Vec<Language>>,
    rule: Option<SerializableRule>,
    constraints: Option<HashMap<String, SerializableRule>>,
    utils: Option<HashMap<String, SerializableRule>>,
    transform: Option<HashMap<String, Transformation>>,
    fix: Option<FixForm>,
    files: Option<Vec<String>>,
    ignores: Option<Vec<String>>,
    matcher: Option<OneOrMore>,
    #[serde(default)]
    keywords: Vec<String>,
    #[serde(default)]
    hints: Vec<String>,
    #[serde(default)]
    valid: Vec<String>,
    #[serde(default)]
    invalid: Vec<String>,
    #[serde(default)]
    fixed: Vec<String>,
    #[serde(default)]
    variants: Vec<Variant>,
    #[serde(default)]
    pub(crate) benchmarks: Vec<Benchmark>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Metadata {
    pub(crate) title: String,
    pub(crate) why: String,
    pub(crate) instead: String,
    #[serde(default)]
    pub(crate) references: Vec<String>,
    pub(crate) category: Option<Resource>,
    pub(crate) area: Category,
    pub(crate) severity: Severity,
    pub(crate) confidence: Confidence,
    #[serde(default)]
    pub(crate) known_as: Vec<String>,
    #[serde(default = "yes")]
    pub(crate) in_tests: bool,
    /// What costs processor time or memory costs it with each execution, where nothing else is said.
    pub(crate) per_execution: Option<bool>,
    #[serde(default = "yes")]
    pub(crate) in_scripts: bool,
    #[serde(default)]
    pub(crate) loops: usize,
}

fn yes() -> bool {
    true
}

/// ast-grep's own levels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum AstGrepSeverity {
    Error,
    Warning,
    Info,
    Hint,
    Off,
}

/// What a rule looks for in one group of languages.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Variant {
    pub(crate) languages: Vec<Language>,
    pub(crate) rule: SerializableRule,
    pub(crate) constraints: Option<HashMap<String, SerializableRule>>,
    pub(crate) utils: Option<HashMap<String, SerializableRule>>,
    pub(crate) transform: Option<HashMap<String, Transformation>>,
    /// What to put in the match's place.
    pub(crate) fix: Option<String>,
    /// Globs of the paths that it is for.
    pub(crate) files: Option<Vec<String>>,
    pub(crate) ignores: Option<Vec<String>>,
    pub(crate) matcher: Option<OneOrMore>,
    #[serde(default)]
    pub(crate) keywords: Vec<String>,
    #[serde(default)]
    pub(crate) hints: Vec<String>,
    pub(crate) message: Option<String>,
    pub(crate) why: Option<String>,
    pub(crate) instead: Option<String>,
    #[serde(default)]
    pub(crate) references: Vec<String>,
    #[serde(default)]
    pub(crate) valid: Vec<String>,
    #[serde(default)]
    pub(crate) invalid: Vec<String>,
    /// The invalid examples after the fix, in the same order.
    #[serde(default)]
    pub(crate) fixed: Vec<String>,
}

/// A template, or one of ast-grep's other forms (with `expandEnd`, or several to choose from).
#[derive(Deserialize)]
#[serde(untagged)]
enum FixForm {
    Template(String),
    Other(IgnoredAny),
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl FixForm {
    fn template(self) -> Option<String> {
        match self {
            Self::Template(template) => Some(template),
            Self::Other(_) => None,
        }
    }
}

impl OneOrMore {
    pub(crate) fn names(&self) -> &[String] {
        match self {
            Self::One(name) => std::slice::from_ref(name),
            Self::More(names) => names,
        }
    }
}

impl RuleFile {
    /// A feature of ast-grep's rules that is there and not taken.
    pub(crate) fn untaken(&self) -> Option<&'static str> {
        if self.rewriters.is_some() {
            return Some("rewriters");
        }
        matches!(self.fix, Some(FixForm::Other(_))).then_some("fix with more than a template")
    }

    /// The variants, the one that stands at the top level first.
    pub(crate) fn take_variants(&mut self) -> Vec<Variant> {
        let mut variants = std::mem::take(&mut self.variants);
        let languages = self.languages.take().or(self.language.take().map(|one| vec![one]));
        if let (Some(languages), Some(rule)) = (languages, self.rule.take()) {
            let top = Variant {
                languages,
                rule,
                constraints: self.constraints.take(),
                utils: self.utils.take(),
                transform: self.transform.take(),
                fix: self.fix.take().and_then(FixForm::template),
                files: self.files.take(),
                ignores: self.ignores.take(),
                matcher: self.matcher.take(),
                keywords: std::mem::take(&mut self.keywords),
                hints: std::mem::take(&mut self.hints),
                message: None,
                why: None,
                instead: None,
                references: Vec::new(),
                valid: std::mem::take(&mut self.valid),
                invalid: std::mem::take(&mut self.invalid),
                fixed: std::mem::take(&mut self.fixed),
            };
            variants.insert(0, top);
        }
        variants
    }

    /// What the file tells of the rule, or what can be made of ast-grep's keys. ast-grep's own `metadata` may hold
    /// anything; it is ours where it has a title.
    pub(crate) fn take_metadata(&mut self) -> Result<Metadata, String> {
        let ours = self.metadata.take().filter(|metadata| metadata.get("title").is_some());
        ours.map_or_else(
            || Ok(self.made_up_metadata()),
            |ours| serde_json::from_value(ours).map_err(|error| format!("metadata: {error}")),
        )
    }

    fn made_up_metadata(&mut self) -> Metadata {
        let message = self.message.clone().unwrap_or_else(|| self.id.replace('-', " "));
        Metadata {
            title: self.id.replace('-', " "),
            why: self.note.take().unwrap_or_else(|| message.clone()),
            instead: message,
            references: self.url.take().into_iter().collect(),
            category: None,
            area: Category::BestPractices,
            severity: match self.severity {
                Some(AstGrepSeverity::Error) => Severity::High,
                Some(AstGrepSeverity::Warning) => Severity::Medium,
                _ => Severity::Low,
            },
            confidence: Confidence::Medium,
            known_as: Vec::new(),
            in_tests: true,
            per_execution: None,
            in_scripts: true,
            loops: 0,
        }
    }
}

impl Variant {
    pub(crate) fn core(&self) -> SerializableRuleCore {
        SerializableRuleCore {
            rule: self.rule.clone(),
            constraints: self.constraints.clone(),
            utils: self.utils.clone(),
            transform: self.transform.clone(),
        }
    }

    pub(crate) fn examples(&self) -> Vec<Example> {
        let languages: Vec<_> = self.languages.iter().map(ToString::to_string).collect();
        let fixed = self.fixed.iter().cloned().map(Some).chain(std::iter::repeat(None));
        let flagged = self.invalid.iter().zip(fixed).map(|(code, fixed)| (code, true, fixed));
        let examples = flagged.chain(self.valid.iter().map(|code| (code, false, None)));
        examples
            .map(|(code, flagged, fixed)| Example {
                languages: languages.clone(),
                path: self.example_path(),
                code: code.clone(),
                flagged,
                fixed,
            })
            .collect()
    }

    /// Where an example lies, if the rule is for some paths only: the first of them with its stars filled in.
    fn example_path(&self) -> Option<String> {
        let glob = self.files.as_ref()?.first()?;
        let braces = glob.find('{').zip(glob.find('}'));
        let one = match braces {
            Some((open, close)) => {
                let choice = glob[open + 1..close].split(',').next().unwrap_or_default();
                format!("{}{choice}{}", &glob[..open], &glob[close + 1..])
            }
            None => glob.clone(),
        };
        Some(one.replace("**/", "").replace('*', "example"))
    }
}
