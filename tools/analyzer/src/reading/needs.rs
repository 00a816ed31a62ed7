//! What a text must hold for a rule to match in it, told from the rule itself.

use std::collections::HashMap;
use std::ops::Range;

use ast_grep_core::Pattern;
use ast_grep_core::matcher::PatternNode;
use ast_grep_core::meta_var::MetaVariable;
use ast_grep_core::tree_sitter::LanguageExt;
use regex_syntax::hir::literal::{Extractor, Literal};
use serde_json::Value;

use crate::language::Language;
use crate::reading::Loops;
use crate::reading::phrases::{Phrases, Places, Role, Token};
use crate::reading::reach::{is_inner, may_be_function};

/// Utility rules of a rule that name each other.
const DEEPEST: usize = 20;

/// Of what a regular expression matches, so many beginnings are looked for, and none that stands everywhere for its shortness.
const MOST_BEGINNINGS: usize = 60;
const SHORTEST_BEGINNING: usize = 3;

/// The words that statements and expressions of Python begin with, or else have in them.
const WORDS: [(&str, &str, bool); 28] = [
    ("for_statement", "for", true),
    ("while_statement", "while", true),
    ("with_statement", "with", true),
    ("try_statement", "try", true),
    ("except_clause", "except", true),
    ("if_statement", "if", true),
    ("return_statement", "return", true),
    ("raise_statement", "raise", true),
    ("assert_statement", "assert", true),
    ("pass_statement", "pass", true),
    ("break_statement", "break", true),
    ("continue_statement", "continue", true),
    ("global_statement", "global", true),
    ("nonlocal_statement", "nonlocal", true),
    ("function_definition", "def", true),
    ("lambda", "lambda", true),
    ("await", "await", true),
    ("yield", "yield", true),
    ("import_statement", "import", true),
    ("import_from_statement", "from", true),
    ("for_in_clause", "for", true),
    ("if_clause", "if", true),
    ("conditional_expression", "if", false),
    ("not_operator", "not", true),
    ("list_comprehension", "for", false),
    ("set_comprehension", "for", false),
    ("dictionary_comprehension", "for", false),
    ("generator_expression", "for", false),
];

/// What stands in the line that a function begins with, or in a `lambda`.
const PARAMETERS: [&str; 2] = ["default_parameter", "typed_default_parameter"];

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Needs {
    /// It may match in any text.
    Unknown,
    /// These phrases in this order, by their numbers.
    InOrder(Vec<usize>),
    /// Those of what a match is inside of, which may begin with a phrase, and then those of the match itself.
    Inside {
        outer: Box<Needs>,
        may_be_function: bool,
        first: Option<usize>,
        inner: Box<Needs>,
    },
    /// Those of what is in these loops of its own function, which begin with one of these words.
    InLoops {
        loops: Loops,
        begins: Vec<usize>,
        inner: Box<Needs>,
    },
    /// Those of the file or the class around the match.
    InFile(Box<Needs>),
    All(Vec<Needs>),
    Any(Vec<Needs>),
}

/// How much of what is around a match a part of a text has: all of it that matters has a statement of the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scope {
    /// A statement of the module or of a class.
    Outer,
    /// A statement of a function, which has not the function around it.
    InFunction,
    /// A part of a statement.
    Inner,
}

/// What is known of what is around a part of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Around {
    pub(crate) scope: Scope,
    /// Loops of any kind, and `for` alone.
    pub(crate) loops: usize,
    pub(crate) over_items: usize,
}

impl Around {
    pub(crate) const MODULE: Self = Self { scope: Scope::Outer, loops: 0, over_items: 0 };
    /// Nothing is known of it but that it may be anything.
    pub(crate) const ANYTHING: Self =
        Self { scope: Scope::Inner, loops: usize::MAX, over_items: usize::MAX };

    /// How many loops more it would take.
    fn lacks(self, loops: Loops) -> usize {
        match loops {
            Loops::None => 0,
            Loops::One => 1_usize.saturating_sub(self.loops),
            Loops::TwoOverItems => 2_usize.saturating_sub(self.over_items),
        }
    }
}

impl Needs {
    pub(crate) fn are_met(&self, places: &Places, part: Range<usize>, around: Around) -> bool {
        match self {
            Self::Unknown => true,
            Self::InOrder(phrases) => {
                let mut start = part.start;
                phrases.iter().all(|phrase| {
                    let place = places.first(*phrase, start..part.end);
                    start = place.map_or(start, |place| place + 1);
                    place.is_some()
                })
            }
            Self::Inside { outer, may_be_function, first, inner } => {
                let has_outer = match around.scope {
                    Scope::Outer => true,
                    Scope::InFunction => !may_be_function,
                    Scope::Inner => false,
                };
                if !has_outer {
                    return inner.are_met(places, part, around);
                }
                let after = match first {
                    Some(first) => places.first(*first, part.clone()).map(|place| place + 1),
                    None => Some(part.start),
                };
                outer.are_met(places, part.clone(), around)
                    && after.is_some_and(|start| inner.are_met(places, start..part.end, around))
            }
            Self::InLoops { loops, begins, inner } => {
                let lacking = around.lacks(*loops);
                let begin = |word: &usize| places.has(*word, lacking, part.clone());
                (lacking == 0 || begins.iter().any(begin)) && inner.are_met(places, part, around)
            }
            Self::InFile(needs) => needs.are_met(places, 0..usize::MAX, Around::MODULE),
            Self::All(all) => all.iter().all(|needs| needs.are_met(places, part.clone(), around)),
            Self::Any(any) => any.iter().any(|needs| needs.are_met(places, part.clone(), around)),
        }
    }

    /// The phrases that it asks for.
    pub(crate) fn phrases(&self) -> Vec<usize> {
        match self {
            Self::Unknown => Vec::new(),
            Self::InOrder(phrases) => phrases.clone(),
            Self::Inside { outer, first, inner, .. } => {
                first.iter().copied().chain(outer.phrases()).chain(inner.phrases()).collect()
            }
            Self::InLoops { begins, inner, .. } => {
                begins.iter().copied().chain(inner.phrases()).collect()
            }
            Self::InFile(needs) => needs.phrases(),
            Self::All(parts) | Self::Any(parts) => parts.iter().flat_map(Self::phrases).collect(),
        }
    }

    pub(crate) fn all(parts: Vec<Self>) -> Self {
        let mut known: Vec<_> = parts.into_iter().filter(|part| *part != Self::Unknown).collect();
        match known.len() {
            0 => Self::Unknown,
            1 => known.remove(0),
            _ => Self::All(known),
        }
    }

    fn any(parts: Vec<Self>) -> Self {
        if parts.contains(&Self::Unknown) { Self::Unknown } else { Self::Any(parts) }
    }
}

/// Reads the needs of rules, and gathers their phrases.
pub(crate) struct Reader<'a> {
    pub(crate) language: Language,
    pub(crate) phrases: &'a mut Phrases,
    /// The utility rules of the rule at hand.
    pub(crate) utils: HashMap<String, Value>,
    pub(crate) depth: usize,
}

impl Reader<'_> {
    /// The needs of a rule as its file states it.
    pub(crate) fn needs(&mut self, rule: &Value) -> Needs {
        if self.depth > DEEPEST {
            return Needs::Unknown;
        }
        self.depth += 1;
        let mut parts = Vec::new();
        if let Some(pattern) = rule.get("pattern") {
            parts.push(self.pattern(pattern));
        }
        if let Some((word, _)) = rule.get("kind").and_then(word_of) {
            parts.push(self.word(word).map_or(Needs::Unknown, |word| Needs::InOrder(vec![word])));
        }
        if rule.get("kind").and_then(Value::as_str).is_some_and(|kind| PARAMETERS.contains(&kind)) {
            parts.push(self.in_any(["def", "lambda"], Needs::Unknown));
        }
        if let Some(regex) = rule.get("regex").and_then(Value::as_str) {
            parts.push(self.regex(regex));
        }
        if let Some(all) = rule.get("all").and_then(Value::as_array) {
            parts.extend(all.iter().map(|part| self.needs(part)));
        }
        if let Some(any) = rule.get("any").and_then(Value::as_array) {
            parts.push(Needs::any(any.iter().map(|part| self.needs(part)).collect()));
        }
        if let Some(inner) = rule.get("has") {
            parts.push(self.needs(inner));
        }
        let named = rule.get("matches").and_then(Value::as_str);
        if let Some(util) = named.and_then(|name| self.utils.get(name).cloned()) {
            parts.push(self.needs(&util));
        }
        let (inner, outer): (Vec<_>, Vec<_>) =
            rule.get("inside").into_iter().partition(|outer| is_inner(outer, self.language));
        // What may be a class or the file around the function says nothing of the function.
        if let Some(outer) = outer.first() {
            let outer = self.needs(outer);
            parts.extend((outer != Needs::Unknown).then(|| Needs::InFile(Box::new(outer))));
        }
        let mut needs = Needs::all(parts);
        if let Some(outer) = inner.first() {
            let first = outer.get("kind").and_then(word_of).filter(|(_, begins)| *begins);
            let first = first.and_then(|(word, _)| self.word(word));
            let (may_be_function, inner) = (may_be_function(outer), Box::new(needs));
            needs = match self.needs(outer) {
                Needs::Unknown if first.is_none() => *inner,
                outer => Needs::Inside { outer: Box::new(outer), may_be_function, first, inner },
            };
        }
        self.depth -= 1;
        needs
    }

    /// The needs of a rule for files that have one of these texts; `None` where that cannot be told.
    pub(crate) fn keywords(&mut self, keywords: &[String]) -> Option<Needs> {
        let phrase = |text: &String| {
            // A single sign may be a part of another one.
            let text = Some(text).filter(|text| text.len() > 1)?.clone();
            let phrase = self.phrases.add(&[Token { text, is_word: false, role: Role::Any }])?;
            Some(Needs::InOrder(vec![phrase]))
        };
        let needs: Vec<_> = keywords.iter().map(phrase).collect::<Option<_>>()?;
        (!needs.is_empty()).then(|| Needs::InFile(Box::new(Needs::Any(needs))))
    }

    /// The needs of what is in so many loops of its own function.
    pub(crate) fn in_loops(&mut self, loops: Loops, inner: Needs) -> Needs {
        let words: &[_] = match loops {
            Loops::None => return inner,
            Loops::One => &["for", "while"],
            Loops::TwoOverItems => &["for"],
        };
        let begins: Option<Vec<_>> = words.iter().map(|word| self.word(word)).collect();
        let Some(begins) = begins else { return inner };
        Needs::InLoops { loops, begins, inner: Box::new(inner) }
    }

    /// The needs of what is in a part of its statement that has one of these words.
    fn in_any(&mut self, words: [&str; 2], inner: Needs) -> Needs {
        let words = words.map(|word| self.word(word));
        let outer =
            words.map(|word| word.map_or(Needs::Unknown, |word| Needs::InOrder(vec![word])));
        within(Needs::any(outer.into()), inner)
    }

    /// The needs of what the names of a pattern stand for.
    pub(crate) fn named(&mut self, rule: &Value, constraints: &Value) -> Needs {
        let pattern = rule.get("pattern").and_then(Value::as_str).unwrap_or_default();
        let is_of_name = |letter: char| letter.is_alphanumeric() || "_$".contains(letter);
        let names: Vec<_> = pattern.split(|letter| !is_of_name(letter)).collect();
        let constraints = constraints.as_object().into_iter().flatten();
        let given = constraints.filter(|(name, _)| names.contains(&format!("${name}").as_str()));
        Needs::all(given.map(|(_, constraint)| self.needs(constraint)).collect())
    }

    /// One of the texts that whatever the expression matches begins with.
    fn regex(&mut self, regex: &str) -> Needs {
        let begins = regex_syntax::parse(regex).map(|parsed| Extractor::new().extract(&parsed));
        let begins = begins.ok().and_then(|begins| begins.literals().map(<[Literal]>::to_vec));
        let Some(begins) = begins.filter(|begins| begins.len() <= MOST_BEGINNINGS) else {
            return Needs::Unknown;
        };
        let needs = begins.iter().map(|begin| {
            let text = str::from_utf8(begin.as_bytes()).ok();
            let text = text.filter(|text| text.len() >= SHORTEST_BEGINNING)?.to_owned();
            let phrase = self.phrases.add(&[Token { text, is_word: false, role: Role::Any }])?;
            Some(Needs::InOrder(vec![phrase]))
        });
        needs.collect::<Option<_>>().map_or(Needs::Unknown, Needs::any)
    }

    fn word(&mut self, word: &str) -> Option<usize> {
        self.phrases.add(&[Token { text: word.to_owned(), is_word: true, role: Role::Any }])
    }

    fn pattern(&mut self, pattern: &Value) -> Needs {
        let Some(pattern) = compiled(pattern, self.language) else { return Needs::Unknown };
        let mut tokens =
            Tokens { language: self.language, phrases: vec![Vec::new()], role: Role::Any };
        tokens.read(&pattern.node);
        let phrases = tokens.phrases.iter().filter(|phrase| !phrase.is_empty());
        let numbers: Vec<_> = phrases.filter_map(|phrase| self.phrases.add(phrase)).collect();
        if numbers.is_empty() { Needs::Unknown } else { Needs::InOrder(numbers) }
    }
}

/// The needs of a part of a statement, and of the statement.
fn within(outer: Needs, inner: Needs) -> Needs {
    let (outer, inner) = (Box::new(outer), Box::new(inner));
    Needs::Inside { outer, may_be_function: false, first: None, inner }
}

/// The word that nodes of a kind have, and whether they begin with it.
fn word_of(kind: &Value) -> Option<(&'static str, bool)> {
    let kind = kind.as_str()?;
    WORDS.iter().find(|(known, ..)| *known == kind).map(|(_, word, begins)| (*word, *begins))
}

/// A pattern of which everything that it states must be in the text.
pub(crate) fn compiled(pattern: &Value, language: Language) -> Option<Pattern> {
    if let Some(text) = pattern.as_str() {
        return Pattern::try_new(text, language).ok();
    }
    let text = |key: &str| pattern.get(key).and_then(Value::as_str);
    if !matches!(text("strictness"), None | Some("smart" | "cst")) {
        return None;
    }
    let context = text("context")?;
    match text("selector") {
        Some(selector) => Pattern::contextual(context, selector, language).ok(),
        None => Pattern::try_new(context, language).ok(),
    }
}

/// What a pattern states, in phrases: between two of them anything may stand.
struct Tokens {
    language: Language,
    phrases: Vec<Vec<Token>>,
    /// Of the sign or word that is read next.
    role: Role,
}

impl Tokens {
    fn read(&mut self, node: &PatternNode) {
        match node {
            PatternNode::MetaVar { .. } => self.phrases.push(Vec::new()),
            PatternNode::Terminal { text, is_named, kind_id } => {
                self.token(text, *is_named, *kind_id);
            }
            PatternNode::Internal { children, kind_id, .. } => {
                let grammar = self.language.get_ts_language();
                let compares = grammar.node_kind_for_id(*kind_id) == Some("comparison_operator");
                let mut after_several = false;
                for (number, child) in children.iter().enumerate() {
                    self.role = match () {
                        () if compares => Role::Compares,
                        () => extended(children, number).unwrap_or(Role::Any),
                    };
                    // Matching takes no notice of what follows `$$$` and has no name.
                    if !(after_several && child.is_trivial()) {
                        self.read(child);
                        after_several = is_several(child);
                    }
                }
                // Nor of what else a node has at its end.
                self.phrases.push(Vec::new());
            }
        }
    }

    fn token(&mut self, text: &str, is_named: bool, kind: u16) {
        let Some(phrase) = self.phrases.last_mut() else { return };
        let is_word = |text: &str| {
            text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
                && !text.starts_with(|letter: char| letter.is_ascii_digit())
        };
        if is_named {
            let grammar = self.language.get_ts_language();
            let kind = grammar.node_kind_for_id(kind).unwrap_or_default();
            let is_word = matches!(kind, "identifier" | "none" | "true" | "false") && is_word(text);
            if !text.is_empty() {
                phrase.push(Token { text: text.to_owned(), is_word, role: Role::Any });
            }
            return;
        }
        // `not in` may have more spaces, and a comment.
        let pieces = text.split_whitespace();
        phrase.extend(pieces.map(|text| {
            let is_told = self.role != Role::Compares || text == "in";
            let role = if is_told { self.role } else { Role::Any };
            Token { text: text.to_owned(), is_word: is_word(text), role }
        }));
    }
}

/// The role of this part of a pattern, where it is a `=` between a name and what has that name in it again.
fn extended(children: &[PatternNode], number: usize) -> Option<Role> {
    let (before, after) = children.split_at(number);
    let (PatternNode::Terminal { text, .. }, after) = after.split_first()? else { return None };
    let Some(PatternNode::MetaVar { meta_var: MetaVariable::Capture(name, _) }) = before.last()
    else {
        return None;
    };
    let mut sign = Some(b'=');
    let is_found = text == "=" && after.iter().any(|part| sign_before(part, name, &mut sign));
    is_found.then_some(Role::Extends(sign))
}

/// Whether a name stands in this part of a pattern. Before it stands this sign then, which is that before the part at first.
fn sign_before(part: &PatternNode, wanted: &str, sign: &mut Option<u8>) -> bool {
    match part {
        PatternNode::MetaVar { meta_var: MetaVariable::Capture(name, _) } if name == wanted => {
            return true;
        }
        PatternNode::MetaVar { .. } => *sign = None,
        // A comma may be left out where nothing stands before it.
        PatternNode::Terminal { text, .. } => {
            *sign = text.bytes().last().filter(|byte| b"+-*/%|&".contains(byte));
        }
        PatternNode::Internal { children, .. } => {
            return children.iter().any(|child| sign_before(child, wanted, sign));
        }
    }
    false
}

fn is_several(node: &PatternNode) -> bool {
    matches!(
        node,
        PatternNode::MetaVar { meta_var: MetaVariable::Multiple | MetaVariable::MultiCapture(_) }
    )
}
