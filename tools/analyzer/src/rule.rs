//! A rule as its file states it, and what of it a reader sees.

use std::collections::HashMap;

use ast_grep_config::{SerializableRule, SerializableRuleCore};
use ast_grep_language::SupportLang;
use contract::{Category, Severity};
use serde::{Deserialize, Serialize};

/// What a reader is told of a rule.
#[derive(Debug, Clone, Serialize)]
pub struct RuleInfo {
    /// Names what is flagged: `query-in-loop`.
    pub id: String,
    pub title: String,
    pub why: String,
    pub instead: String,
    pub languages: Vec<String>,
    /// What the flagged code wastes; `None` where the rule is not about cost.
    pub category: Option<Resource>,
    pub area: Category,
    pub severity: Severity,
    pub confidence: Confidence,
    pub references: Vec<String>,
    /// What other linters call it, as `noqa:E722`: their comments silence it too.
    pub known_as: Vec<String>,
    /// Whether it counts in tests, which serve nobody and whose data is small.
    pub in_tests: bool,
    pub examples: Vec<Example>,
}

/// What a program uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Resource {
    Cpu,
    Memory,
    Io,
    Network,
    Storage,
}

/// How often a finding of the rule is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    High,
    Medium,
    Low,
}

/// Code that a rule flags, or leaves alone.
#[derive(Debug, Clone, Serialize)]
pub struct Example {
    /// The languages that read this code alike.
    pub languages: Vec<String>,
    pub code: String,
    pub flagged: bool,
}

/// One file below `rules/`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleFile {
    pub(crate) id: String,
    pub(crate) metadata: Metadata,
    pub(crate) message: Option<String>,
    pub(crate) languages: Option<Vec<SupportLang>>,
    pub(crate) rule: Option<SerializableRule>,
    pub(crate) constraints: Option<HashMap<String, SerializableRule>>,
    pub(crate) utils: Option<HashMap<String, SerializableRule>>,
    pub(crate) matcher: Option<OneOrMore>,
    #[serde(default)]
    pub(crate) keywords: Vec<String>,
    #[serde(default)]
    pub(crate) hints: Vec<String>,
    #[serde(default)]
    pub(crate) valid: Vec<String>,
    #[serde(default)]
    pub(crate) invalid: Vec<String>,
    #[serde(default)]
    pub(crate) variants: Vec<Variant>,
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
}

fn yes() -> bool {
    true
}

/// What a rule looks for in one group of languages.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Variant {
    pub(crate) languages: Vec<SupportLang>,
    pub(crate) rule: SerializableRule,
    pub(crate) constraints: Option<HashMap<String, SerializableRule>>,
    pub(crate) utils: Option<HashMap<String, SerializableRule>>,
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
    pub(crate) valid: Vec<String>,
    pub(crate) invalid: Vec<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum OneOrMore {
    One(String),
    More(Vec<String>),
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
    /// The variants, the one that stands at the top level first.
    pub(crate) fn take_variants(&mut self) -> Vec<Variant> {
        let mut variants = std::mem::take(&mut self.variants);
        if let (Some(languages), Some(rule)) = (self.languages.take(), self.rule.take()) {
            let top = Variant {
                languages,
                rule,
                constraints: self.constraints.take(),
                utils: self.utils.take(),
                matcher: self.matcher.take(),
                keywords: std::mem::take(&mut self.keywords),
                hints: std::mem::take(&mut self.hints),
                message: None,
                why: None,
                instead: None,
                references: Vec::new(),
                valid: std::mem::take(&mut self.valid),
                invalid: std::mem::take(&mut self.invalid),
            };
            variants.insert(0, top);
        }
        variants
    }
}

impl Variant {
    pub(crate) fn core(&self) -> SerializableRuleCore {
        SerializableRuleCore {
            rule: self.rule.clone(),
            constraints: self.constraints.clone(),
            utils: self.utils.clone(),
            transform: None,
        }
    }

    pub(crate) fn examples(&self) -> Vec<Example> {
        let languages: Vec<_> = self.languages.iter().map(ToString::to_string).collect();
        let examples = self
            .invalid
            .iter()
            .map(|code| (code, true))
            .chain(self.valid.iter().map(|code| (code, false)));
        examples
            .map(|(code, flagged)| Example {
                languages: languages.clone(),
                code: code.clone(),
                flagged,
            })
            .collect()
    }
}
