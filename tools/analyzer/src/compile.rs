//! Rule files to matchers, grouped by language and by the kind of node that each can match.

use std::error::Error;

use ast_grep_config::{DeserializeEnv, RuleCore};
use ast_grep_core::Matcher as _;
use ast_grep_language::SupportLang;
use include_dir::{Dir, include_dir};
use regex::{Regex, RegexSet};

use crate::language::LANGUAGES;
use crate::matchers::{self, Matcher};
use crate::rule::{RuleFile, RuleInfo, Variant};

static BUNDLED: Dir = include_dir!("$CARGO_MANIFEST_DIR/rules");

/// The rules cannot be used as they are.
#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    #[error("rule `{rule}` cannot be used: {reason}")]
    BadRule { rule: String, reason: String },
    #[error("there is no rule `{id}` to disable; the nearest are {}", quoted(nearest))]
    UnknownRule { id: String, nearest: Vec<String> },
    #[error("the path pattern `{glob}` cannot be used: {reason}")]
    BadGlob { glob: String, reason: String },
    #[error("the analyzer's threads cannot be started: {0}")]
    Threads(String),
}

fn quoted(ids: &[String]) -> String {
    ids.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ")
}

/// Every rule, ready to run.
pub(crate) struct Rules {
    pub(crate) infos: Vec<RuleInfo>,
    languages: Vec<LanguageRules>,
}

/// The rules of one language.
pub(crate) struct LanguageRules {
    language: SupportLang,
    pub(crate) rules: Vec<CompiledRule>,
    /// Indices of the rules that can match a node, by the node's kind.
    by_kind: Vec<Vec<usize>>,
    keywords: RegexSet,
    /// Which rule each keyword belongs to.
    keyword_owners: Vec<usize>,
}

pub(crate) struct CompiledRule {
    /// Index into [`Rules::infos`].
    pub(crate) info: usize,
    pub(crate) core: RuleCore,
    pub(crate) matchers: Vec<Matcher>,
    pub(crate) message: String,
    /// Where the variant says it better than the rule.
    pub(crate) why: Option<String>,
    pub(crate) instead: Option<String>,
    pub(crate) references: Vec<String>,
    /// Any text that the rule flags holds a keyword or matches a hint, where there are any.
    keywords: Vec<String>,
    hints: Vec<Regex>,
}

/// The texts of the bundled rules, in the order of their paths.
pub(crate) fn bundled_texts() -> Vec<(&'static str, &'static str)> {
    let mut files: Vec<_> = BUNDLED.dirs().flat_map(Dir::files).collect();
    files.sort_by_key(|file| file.path());
    files
        .into_iter()
        .filter_map(|file| Some((file.path().file_stem()?.to_str()?, file.contents_utf8()?)))
        .collect()
}

impl Rules {
    /// Compiles rules from (file name without ending, text).
    pub(crate) fn compile(texts: &[(&str, &str)]) -> Result<Self, RuleError> {
        let mut infos = Vec::with_capacity(texts.len());
        let mut compiled = Vec::new();
        for (name, text) in texts {
            let bad = |reason: String| RuleError::BadRule { rule: (*name).to_owned(), reason };
            let mut file: RuleFile =
                ast_grep_config::from_str(text).map_err(|error| bad(error.to_string()))?;
            if file.id != *name {
                return Err(bad(format!("its id is `{}`, unlike its file name", file.id)));
            }
            let variants = file.take_variants();
            for variant in &variants {
                let rules = compile_variant(infos.len(), &file, variant).map_err(bad)?;
                compiled.extend(rules);
            }
            infos.push(describe(file, &variants));
        }
        let languages = group(compiled)
            .map_err(|error| RuleError::BadRule { rule: "keywords".into(), reason: error })?;
        Ok(Self { infos, languages })
    }

    pub(crate) fn of(&self, language: SupportLang) -> Option<&LanguageRules> {
        self.languages.iter().find(|rules| rules.language == language)
    }

    /// The ids most like one that does not exist.
    pub(crate) fn nearest(&self, id: &str) -> Vec<String> {
        let mut ids: Vec<_> =
            self.infos.iter().map(|info| (distance(&info.id, id), &info.id)).collect();
        ids.sort();
        ids.into_iter().take(3).map(|(_, id)| id.clone()).collect()
    }
}

impl LanguageRules {
    /// Which rules can match anywhere in the text, judged by keywords and hints; `None` where none can.
    pub(crate) fn active(&self, text: &str) -> Option<Vec<bool>> {
        let hinted = |rule: &CompiledRule| rule.hints.iter().any(|hint| hint.is_match(text));
        let unconditional = |rule: &CompiledRule| rule.keywords.is_empty() && rule.hints.is_empty();
        let mut active: Vec<_> =
            self.rules.iter().map(|rule| unconditional(rule) || hinted(rule)).collect();
        for keyword in self.keywords.matches(text) {
            let owner = self.keyword_owners.get(keyword);
            if let Some(rule) = owner.and_then(|owner| active.get_mut(*owner)) {
                *rule = true;
            }
        }
        active.contains(&true).then_some(active)
    }

    pub(crate) fn for_kind(&self, kind: u16) -> &[usize] {
        self.by_kind.get(usize::from(kind)).map_or(&[], Vec::as_slice)
    }
}

fn compile_variant(
    info: usize,
    file: &RuleFile,
    variant: &Variant,
) -> Result<Vec<(SupportLang, CompiledRule)>, String> {
    variant
        .languages
        .iter()
        .map(|language| Ok((*language, compile(info, file, variant, *language)?)))
        .collect()
}

fn compile(
    info: usize,
    file: &RuleFile,
    variant: &Variant,
    language: SupportLang,
) -> Result<CompiledRule, String> {
    // A grammar that is not linked in panics when it is asked for.
    if !LANGUAGES.contains(&language) {
        return Err(format!("there is no grammar for {language}"));
    }
    let core =
        variant.core().get_matcher(DeserializeEnv::new(language)).map_err(|error| chain(&error))?;
    if core.potential_kinds().is_none() {
        return Err(format!(
            "its rule for {language} could match every kind of node; add a `kind`"
        ));
    }
    let names = variant.matcher.as_ref().map_or(&[][..], |names| names.names());
    let matchers = names
        .iter()
        .map(|name| matchers::find(name).ok_or_else(|| format!("there is no matcher `{name}`")));
    Ok(CompiledRule {
        info,
        core,
        matchers: matchers.collect::<Result<_, _>>()?,
        message: variant
            .message
            .as_ref()
            .or(file.message.as_ref())
            .ok_or("it has no message")?
            .clone(),
        why: variant.why.clone(),
        instead: variant.instead.clone(),
        references: variant.references.iter().chain(&file.metadata.references).cloned().collect(),
        keywords: variant.keywords.clone(),
        hints: hints(variant)?,
    })
}

fn hints(variant: &Variant) -> Result<Vec<Regex>, String> {
    variant.hints.iter().map(|hint| Regex::new(hint).map_err(|error| error.to_string())).collect()
}

fn describe(file: RuleFile, variants: &[Variant]) -> RuleInfo {
    let mut references = file.metadata.references;
    references.extend(variants.iter().flat_map(|variant| variant.references.clone()));
    RuleInfo {
        id: file.id,
        title: file.metadata.title,
        why: file.metadata.why,
        instead: file.metadata.instead,
        languages: variants
            .iter()
            .flat_map(|variant| &variant.languages)
            .map(ToString::to_string)
            .collect(),
        category: file.metadata.category,
        area: file.metadata.area,
        severity: file.metadata.severity,
        confidence: file.metadata.confidence,
        references,
        known_as: file.metadata.known_as,
        in_tests: file.metadata.in_tests,
        examples: variants.iter().flat_map(Variant::examples).collect(),
    }
}

fn group(compiled: Vec<(SupportLang, CompiledRule)>) -> Result<Vec<LanguageRules>, String> {
    let mut groups: Vec<(SupportLang, Vec<CompiledRule>)> =
        LANGUAGES.map(|language| (language, Vec::new())).into();
    for (language, rule) in compiled {
        if let Some((_, rules)) = groups.iter_mut().find(|(known, _)| *known == language) {
            rules.push(rule);
        }
    }
    groups
        .into_iter()
        .filter(|(_, rules)| !rules.is_empty())
        .map(|(language, rules)| index(language, rules))
        .collect()
}

fn index(language: SupportLang, rules: Vec<CompiledRule>) -> Result<LanguageRules, String> {
    let mut by_kind = Vec::new();
    let (mut keywords, mut keyword_owners) = (Vec::new(), Vec::new());
    for (number, rule) in rules.iter().enumerate() {
        for kind in rule.core.potential_kinds().iter().flatten() {
            if by_kind.len() <= kind {
                by_kind.resize_with(kind + 1, Vec::new);
            }
            by_kind[kind].push(number);
        }
        keywords.extend(rule.keywords.iter().map(|keyword| regex::escape(keyword)));
        keyword_owners.extend(std::iter::repeat_n(number, rule.keywords.len()));
    }
    let keywords = RegexSet::new(keywords).map_err(|error| error.to_string())?;
    Ok(LanguageRules { language, rules, by_kind, keywords, keyword_owners })
}

/// An error with its causes, as ast-grep names the fault only in the last of them.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// How many characters must be added, removed or replaced to make one text the other.
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.chars().count()).collect();
    for (index, left) in one.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], index + 1);
        for (column, right) in other.chars().enumerate() {
            let replaced = diagonal + usize::from(left != right);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row.last().copied().unwrap_or_default()
}
