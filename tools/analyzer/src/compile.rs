//! Rule files to matchers, by language and by the kind of node that each can match.

use std::error::Error;
use std::sync::OnceLock;

use aho_corasick::AhoCorasick;
use ast_grep_config::{DeserializeEnv, RuleCore, SerializableRuleCore};
use ast_grep_core::Matcher as _;
use ast_grep_core::matcher::MatcherExt as _;
use ast_grep_core::replacer::TemplateFix;
use globset::{Glob, GlobSet, GlobSetBuilder};
use include_dir::{Dir, include_dir};
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use regex::Regex;
use serde::Deserialize;
use serde_json::Value;

use crate::active::Active;
use crate::evidence::{self, Evidence};
use crate::language::{LANGUAGES, Language, SourceNode};
use crate::matchers::{self, Matcher};
use crate::reading::{Conditions, Demand, Demands, Loops, finder};
use crate::rule::{Resource, RuleInfo};
use crate::rule_file::{AstGrepSeverity, Metadata, RuleFile, Variant};
use crate::words::{self, with_plain_words};

/// Of one rule that a repository brings.
const MOST_KEYWORDS: usize = 50;
const LONGEST_KEYWORD: usize = 200;

static BUNDLED: Dir = include_dir!("$CARGO_MANIFEST_DIR/rules");

/// The rules cannot be used as they are.
#[derive(Debug, thiserror::Error)]
pub enum RuleError {
    #[error("rule `{rule}` cannot be used: {reason}")]
    BadRule { rule: String, reason: String },
    #[error("there is no rule `{id}`; the nearest are {}", quoted(nearest))]
    UnknownRule { id: String, nearest: Vec<String> },
    #[error("the path pattern `{glob}` cannot be used: {reason}")]
    BadGlob { glob: String, reason: String },
    #[error("the analyzer's threads cannot be started: {0}")]
    Threads(String),
}

fn quoted(ids: &[String]) -> String {
    ids.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ")
}

/// Every rule; those of a language are made ready to run when the first text in it comes.
pub(crate) struct Rules {
    pub(crate) infos: Vec<RuleInfo>,
    /// Whether rules run too that were measured in the language and gain nothing there.
    pub(crate) show_weak: bool,
    /// By index; those that never run are not made ready.
    never_run: Vec<bool>,
    variants: Vec<Stated>,
    languages: Vec<(Language, OnceLock<LanguageRules>)>,
}

/// A variant, with what its file says for all of them.
struct Stated {
    /// Index into [`Rules::infos`].
    info: usize,
    message: String,
    references: Vec<String>,
    variant: Variant,
}

/// The rules of one language.
#[derive(Default)]
pub(crate) struct LanguageRules {
    pub(crate) rules: Vec<CompiledRule>,
    /// Indices of the rules that can match a node, by the node's kind.
    by_kind: Vec<Vec<usize>>,
    /// None where there are no keywords.
    keywords: Option<AhoCorasick>,
    /// Which rule each keyword belongs to.
    keyword_owners: Vec<usize>,
    /// In a language of which parts can be read.
    pub(crate) demands: Option<Demands>,
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
    pub(crate) fix: Option<TemplateFix>,
    /// Measured in this language, and no gain was seen.
    pub(crate) is_weak: bool,
    /// Paths that it is for, and those that it is not for.
    files: Option<GlobSet>,
    ignores: Option<GlobSet>,
    /// Any text that the rule flags holds a keyword or matches a hint, where there are any.
    keywords: Vec<String>,
    hints: Vec<Regex>,
    pub(crate) demand: Demand,
    /// What matches wherever the rule does, without looking as far.
    relaxed: Option<RuleCore>,
    /// What else holds there, told without looking as far.
    places: Vec<Matcher>,
}

fn parse(name: &str, text: &str) -> Result<RuleFile, String> {
    let file: RuleFile = ast_grep_config::from_str(text).map_err(|error| error.to_string())?;
    if file.id != name {
        return Err(format!("its id is `{}`, unlike its file name", file.id));
    }
    Ok(file)
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
    /// Reads rules from (file name without ending, text).
    pub(crate) fn read(texts: &[(&str, &str)]) -> Result<Self, RuleError> {
        let mut rules = Self {
            infos: Vec::with_capacity(texts.len()),
            show_weak: false,
            never_run: Vec::new(),
            variants: Vec::new(),
            languages: LANGUAGES.map(|language| (language, OnceLock::new())).into(),
        };
        // Reading YAML is most of what a start takes.
        let files: Vec<_> = texts.par_iter().map(|(name, text)| parse(name, text)).collect();
        for ((name, _), file) in texts.iter().zip(files) {
            file.and_then(|file| rules.add_file(file)).map_err(|reason| bad(name, reason))?;
        }
        Ok(rules)
    }

    /// Adds a rule that a repository brings. It is made ready at once, so that one that cannot be used takes no other
    /// rule of its language down.
    pub(crate) fn add_own(&mut self, text: &str) -> Result<(), String> {
        let file: RuleFile = ast_grep_config::from_str(text).map_err(|error| error.to_string())?;
        let (infos, variants) = (self.infos.len(), self.variants.len());
        let added = self.add_file(file).and_then(|()| {
            for stated in self.variants.iter().skip(variants) {
                for language in &stated.variant.languages {
                    stated.check_sizes()?;
                    let mut demands = Demands::new(*language);
                    let rule = stated.compile(*language, demands.as_mut())?;
                    LanguageRules::index(vec![rule], demands)?;
                }
            }
            Ok(())
        });
        if added.is_err() {
            self.infos.truncate(infos);
            self.variants.truncate(variants);
        }
        added
    }

    fn add_file(&mut self, mut file: RuleFile) -> Result<(), String> {
        if let Some(feature) = file.untaken() {
            return Err(format!("it uses `{feature}`, which is not taken here"));
        }
        if self.infos.iter().any(|info| info.id == file.id) {
            return Err("there is a rule of that name already".to_owned());
        }
        if file.severity == Some(AstGrepSeverity::Off) {
            return Ok(());
        }
        let variants = file.take_variants();
        if variants.is_empty() {
            return Err("it has no `language` with a `rule`".to_owned());
        }
        let info = self.infos.len();
        let metadata = file.take_metadata()?;
        let common = metadata.references.clone();
        self.infos.push(describe(&mut file, metadata, &variants));
        for variant in variants {
            // A grammar that is not linked in panics when it is asked for.
            if let Some(unknown) = variant.languages.iter().find(|one| !LANGUAGES.contains(one)) {
                return Err(format!("there is no grammar for {unknown}"));
            }
            let message = variant.message.as_ref().or(file.message.as_ref());
            let message = message.ok_or("it has no message")?.clone();
            let references = variant.references.iter().chain(&common).cloned().collect();
            self.variants.push(Stated { info, message, references, variant });
        }
        Ok(())
    }

    /// Leaves rules out, by index, whatever the text. What has been made ready before stays.
    pub(crate) fn leave_out(&mut self, never_run: &[bool]) {
        self.never_run = never_run.to_vec();
    }

    /// Makes all rules ready, for the first error that is in them.
    #[cfg(test)]
    pub(crate) fn check(&self) -> Result<(), RuleError> {
        for (language, ready) in &self.languages {
            let compiled = self.compile(*language)?;
            let _ = ready.set(compiled);
        }
        Ok(())
    }

    pub(crate) fn of(&self, language: Language) -> Option<&LanguageRules> {
        let (_, ready) = self.languages.iter().find(|(known, _)| *known == language)?;
        let rules = ready.get_or_init(|| {
            self.compile(language).unwrap_or_else(|error| {
                tracing::error!(%error, "the rules of a language cannot be used");
                LanguageRules::default()
            })
        });
        // Where parts can be read, that is of use for SQL alone too.
        (!rules.rules.is_empty() || rules.demands.is_some()).then_some(rules)
    }

    fn compile(&self, language: Language) -> Result<LanguageRules, RuleError> {
        let of_language = self.variants.iter().filter(|stated| {
            let never_runs = self.never_run.get(stated.info).copied().unwrap_or_default();
            !never_runs && stated.variant.languages.contains(&language)
        });
        let mut rules = Vec::new();
        let mut demands = Demands::new(language);
        for stated in of_language {
            let compiled = stated.compile(language, demands.as_mut());
            let info = &self.infos[stated.info];
            let mut compiled = compiled.map_err(|reason| bad(&info.id, reason))?;
            let evidence = Evidence::for_language(&info.evidence, &language.to_string());
            compiled.is_weak = evidence.is_some_and(Evidence::is_weak);
            rules.push(compiled);
        }
        LanguageRules::index(rules, demands).map_err(|reason| bad("keywords", reason))
    }

    /// The ids most like one that does not exist.
    pub(crate) fn nearest(&self, id: &str) -> Vec<String> {
        let mut ids: Vec<_> =
            self.infos.iter().map(|info| (distance(&info.id, id), &info.id)).collect();
        ids.sort();
        ids.into_iter().take(3).map(|(_, id)| id.clone()).collect()
    }
}

fn bad(rule: &str, reason: String) -> RuleError {
    RuleError::BadRule { rule: rule.to_owned(), reason }
}

impl Stated {
    /// What a rule from outside may ask the regular expressions of a whole language to hold.
    fn check_sizes(&self) -> Result<(), String> {
        let Variant { keywords, hints, .. } = &self.variant;
        if keywords.len() > MOST_KEYWORDS || hints.len() > MOST_KEYWORDS {
            return Err(format!("it has more than {MOST_KEYWORDS} keywords or hints"));
        }
        match keywords.iter().chain(hints).find(|text| text.len() > LONGEST_KEYWORD) {
            Some(long) => Err(format!("`{long:.20}…` is longer than {LONGEST_KEYWORD} bytes")),
            None => Ok(()),
        }
    }

    fn compile(
        &self,
        language: Language,
        demands: Option<&mut Demands>,
    ) -> Result<CompiledRule, String> {
        let variant = &self.variant;
        let (core, stated) = plain(variant.core());
        let transformed: Vec<_> =
            core.transform.iter().flatten().map(|(name, _)| name.clone()).collect();
        let core =
            core.get_matcher(DeserializeEnv::new(language)).map_err(|error| chain(&error))?;
        if core.potential_kinds().is_none() {
            return Err(format!(
                "its rule for {language} could match every kind of node; add a `kind`"
            ));
        }
        let kinds =
            core.potential_kinds().into_iter().flat_map(|kinds| kinds.iter().collect::<Vec<_>>());
        let kinds = kinds.filter_map(|kind| u16::try_from(kind).ok());
        let names = variant.matcher.as_ref().map_or(&[][..], |names| names.names());
        // Where words are looked for anyway, so are keywords, unless a hint would do instead.
        let is_worded = demands.is_some() && variant.hints.is_empty();
        let conditions = Conditions {
            keywords: if is_worded { &variant.keywords } else { &[] },
            in_text: names.iter().filter_map(|name| matchers::in_text(name)).collect(),
            reach: names.iter().map(|name| matchers::reach(name)).max(),
            loops: names.iter().map(|name| matchers::loops(name)).max().unwrap_or(Loops::None),
        };
        let compile = |relaxed| {
            let core: SerializableRuleCore = serde_json::from_value(relaxed).ok()?;
            core.get_matcher(DeserializeEnv::new(language)).ok()
        };
        let demand = demands.map(|demands| demands.add(&stated, kinds, conditions, compile));
        let (demand, relaxed) = demand.unwrap_or_default();
        // Without all conditions, another pattern than that of the rule may match, with other names.
        let place = if relaxed.is_some() { matchers::place } else { matchers::place_of_names };
        let places = names.iter().filter_map(|name| place(name)).collect();
        let matchers = names.iter().map(|name| {
            matchers::find(name).ok_or_else(|| format!("there is no matcher `{name}`"))
        });
        let fix = variant.fix.as_ref();
        Ok(CompiledRule {
            info: self.info,
            core,
            matchers: matchers.collect::<Result<_, _>>()?,
            message: self.message.clone(),
            why: variant.why.clone(),
            instead: variant.instead.clone(),
            references: self.references.clone(),
            is_weak: false,
            fix: fix.map(|fix| TemplateFix::with_transform(fix, &language, &transformed)),
            files: variant.files.as_deref().map(globs).transpose()?,
            ignores: variant.ignores.as_deref().map(globs).transpose()?,
            keywords: variant.keywords.clone(),
            hints: hints(variant)?,
            demand,
            relaxed,
            places,
        })
    }
}

impl CompiledRule {
    /// Whether the rule may match a node, as far as that can be told from what is seen first.
    pub(crate) fn may_match(&self, node: SourceNode) -> bool {
        let found = self.relaxed.as_ref().unwrap_or(&self.core).match_node(node);
        found.is_some_and(|found| self.places.iter().all(|place| place(&found)))
    }

    fn is_for(&self, path: &str) -> bool {
        self.files.as_ref().is_none_or(|files| files.is_match(path))
            && !self.ignores.as_ref().is_some_and(|ignores| ignores.is_match(path))
    }
}

impl LanguageRules {
    /// Those of the rules that run which are for a path; `None` where none is.
    pub(crate) fn active(
        &self,
        path: &str,
        runs: impl Fn(&CompiledRule) -> bool,
    ) -> Option<Active<'_>> {
        let runs: Vec<_> = self.rules.iter().map(|rule| runs(rule) && rule.is_for(path)).collect();
        runs.contains(&true).then(|| Active::new(self, runs))
    }

    /// Leaves of the rules that run those that have a keyword or a hint in the text, where they name any. Keywords that a demand
    /// has may have been found with it.
    pub(crate) fn keep_hinted(&self, runs: &mut [bool], demands_are_met: bool, text: &str) {
        let is_hinted = |rule: &CompiledRule| {
            let has_keywords =
                rule.keywords.is_empty() || demands_are_met && rule.demand.has_keywords;
            let is_unconditional = has_keywords && rule.hints.is_empty();
            is_unconditional || rule.hints.iter().any(|hint| hint.is_match(text))
        };
        let mut hinted: Vec<_> =
            runs.iter().zip(&self.rules).map(|(runs, rule)| *runs && is_hinted(rule)).collect();
        // Looking for all keywords takes a while, so it is done only for a rule that still needs it.
        let needs_keyword = |number: &usize| runs[*number] && !hinted[*number];
        if self.keyword_owners.iter().any(needs_keyword) {
            let keywords = self.keywords.iter();
            for keyword in keywords.flat_map(|known| known.find_overlapping_iter(text)) {
                let number = self.keyword_owners[keyword.pattern()];
                hinted[number] |= runs[number];
            }
        }
        runs.copy_from_slice(&hinted);
    }

    /// Kinds of nodes above which none is that a rule can match.
    pub(crate) fn kinds(&self) -> usize {
        self.by_kind.len()
    }

    /// The rules that can match a node, by its kind.
    pub(crate) fn for_kind(&self, kind: u16) -> &[usize] {
        self.by_kind.get(usize::from(kind)).map_or(&[], Vec::as_slice)
    }

    fn index(rules: Vec<CompiledRule>, mut demands: Option<Demands>) -> Result<Self, String> {
        demands.as_mut().map_or(Ok(()), Demands::index)?;
        let mut by_kind = Vec::new();
        let (mut keywords, mut keyword_owners) = (Vec::new(), Vec::new());
        for (number, rule) in rules.iter().enumerate() {
            for kind in rule.core.potential_kinds().iter().flatten() {
                if by_kind.len() <= kind {
                    by_kind.resize_with(kind + 1, Vec::new);
                }
                by_kind[kind].push(number);
            }
            keywords.extend(&rule.keywords);
            keyword_owners.extend(std::iter::repeat_n(number, rule.keywords.len()));
        }
        let keywords = Some(finder(keywords)?);
        Ok(Self { rules, by_kind, keywords, keyword_owners, demands })
    }
}

fn globs(patterns: &[String]) -> Result<GlobSet, String> {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        set.add(Glob::new(pattern).map_err(|error| error.to_string())?);
    }
    set.build().map_err(|error| error.to_string())
}

fn hints(variant: &Variant) -> Result<Vec<Regex>, String> {
    let hint =
        |hint: &String| Regex::new(&with_plain_words(hint)).map_err(|error| error.to_string());
    variant.hints.iter().map(hint).collect()
}

/// What a rule states with expressions that are ready soon, and the same as data.
fn plain(core: SerializableRuleCore) -> (SerializableRuleCore, Value) {
    let stated = serde_json::to_value(&core).unwrap_or_default();
    let mut plain = stated.clone();
    words::make_plain(&mut plain);
    // Few rules have such an expression, and reading one again takes a while.
    if plain != stated
        && let Ok(core) = SerializableRuleCore::deserialize(&plain)
    {
        return (core, plain);
    }
    (core, stated)
}

fn describe(file: &mut RuleFile, metadata: Metadata, variants: &[Variant]) -> RuleInfo {
    let mut references = metadata.references;
    references.extend(variants.iter().flat_map(|variant| variant.references.clone()));
    let benchmarks = std::mem::take(&mut file.benchmarks);
    RuleInfo {
        id: file.id.clone(),
        title: metadata.title,
        why: metadata.why,
        instead: metadata.instead,
        languages: variants
            .iter()
            .flat_map(|variant| &variant.languages)
            .map(ToString::to_string)
            .collect(),
        category: metadata.category,
        area: metadata.area,
        severity: metadata.severity,
        confidence: metadata.confidence,
        references,
        known_as: metadata.known_as,
        in_tests: metadata.in_tests,
        loops: metadata.loops,
        in_scripts: metadata.in_scripts,
        per_execution: metadata
            .per_execution
            .unwrap_or(matches!(metadata.category, Some(Resource::Cpu | Resource::Memory))),
        fixable: variants.iter().any(|variant| variant.fix.is_some()),
        examples: variants.iter().flat_map(Variant::examples).collect(),
        evidence: evidence::of(&file.id, &benchmarks),
        benchmarks,
    }
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
