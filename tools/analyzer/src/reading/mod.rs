//! What of a text is read into a syntax tree, which takes nearly all the time of a scan: of Python only the statements in which
//! a rule can match, and what tells about a match.

mod choice;
mod lines;
mod needs;
mod outline;
mod phrases;
mod reach;
#[cfg(test)]
mod tests;

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::ops::Range;

use ast_grep_core::tree_sitter::LanguageExt;
use ast_grep_language::SupportLang;
use serde_json::Value;

use crate::language::Language;
use choice::Choice;
use needs::{Around, Needs};
use phrases::Phrases;
pub(crate) use phrases::{Places, finder};
pub(crate) use reach::Reach;

/// What stands in the place of statements that are not read.
pub(crate) const PLACEHOLDER: &str = "pass";

/// What a statement may be made of that is nothing but a text without holes, or stand beside it.
const OF_TEXTS: [&str; 9] = [
    "ERROR",
    "comment",
    "concatenated_string",
    "escape_sequence",
    "expression_statement",
    "string",
    "string_content",
    "string_end",
    "string_start",
];

/// What to read of a text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Selection {
    /// No rule can match in it.
    Nothing,
    /// All but these statements, in their order.
    AllBut(Vec<Range<usize>>),
    Everything,
}

/// What a rule asks of a text before it is read.
#[derive(Debug, Clone)]
pub(crate) struct Demand {
    needs: Needs,
    /// Those of its needs, each once.
    phrases: Vec<usize>,
    /// Its keywords are among its needs.
    pub(crate) has_keywords: bool,
    /// Of what has to be seen first, and of all that the rule asks for.
    stated: Reach,
    conditions: Reach,
    /// Each holds of the text of the function that a match is in, or of the file where it is in none.
    in_text: Vec<InText>,
    /// It may match a statement that is nothing but a text, or in it.
    looks_at_texts: bool,
}

pub(crate) type InText = fn(&str) -> bool;

/// What a rule asks for beside what its file states.
pub(crate) struct Conditions<'a> {
    /// Texts of which the file has one, where there are any.
    pub(crate) keywords: &'a [String],
    pub(crate) in_text: Vec<InText>,
    /// How far they look, where there are any.
    pub(crate) reach: Option<Reach>,
    /// Those that a match has to be in.
    pub(crate) loops: Loops,
}

/// Loops of the function that something is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Loops {
    None,
    One,
    TwoOverItems,
}

/// Where what a rule matches begins, in the order of the text, by the rule's number.
pub(crate) type Seen = BTreeMap<usize, Vec<usize>>;

/// What is read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sight<'a> {
    /// To see which rules match, whatever their conditions.
    Matches,
    /// To tell of each match that has been seen whether its conditions hold.
    Conditions(&'a Seen),
    /// For both at once.
    Whole,
}

/// What has to be met in a statement, and how much is read with it.
pub(crate) struct Asked<'a> {
    needs: &'a Needs,
    reach: Reach,
    /// Where it is met, if that is known.
    seen: Option<&'a [usize]>,
    in_text: &'a [InText],
    looks_at_texts: bool,
    /// Whether those hold of the file, once that has been looked at.
    in_file: OnceCell<bool>,
}

/// Reads the demands of the rules of one language, and gathers what they look for.
pub(crate) struct Demands {
    language: Language,
    phrases: Phrases,
}

impl Default for Demand {
    fn default() -> Self {
        let (stated, conditions) = (Reach::File, Reach::File);
        let (needs, phrases, in_text) = (Needs::Unknown, Vec::new(), Vec::new());
        let looks_at_texts = true;
        Self { needs, phrases, has_keywords: false, stated, conditions, in_text, looks_at_texts }
    }
}

impl Demands {
    /// `None` for a language whose files are read as a whole.
    pub(crate) fn new(language: Language) -> Option<Self> {
        let is_python = language == Language::Shipped(SupportLang::Python);
        is_python.then(|| Self { language, phrases: Phrases::new(language) })
    }

    /// The demand of a rule as its file states it, which can match these kinds of nodes, under these conditions; and a rule
    /// that matches wherever this one does without looking as far, where there is one that can be compiled.
    pub(crate) fn add<Compiled>(
        &mut self,
        stated: &Value,
        kinds: impl Iterator<Item = u16>,
        conditions: Conditions,
        compile: impl FnOnce(Value) -> Option<Compiled>,
    ) -> (Demand, Option<Compiled>) {
        let grammar = self.language.get_ts_language();
        let kinds: Vec<_> =
            kinds.map(|kind| grammar.node_kind_for_id(kind).unwrap_or("ERROR")).collect();
        let looks_at_texts = kinds.iter().any(|kind| OF_TEXTS.contains(kind));
        let utils = stated.get("utils").and_then(Value::as_object).into_iter().flatten();
        let mut reader = needs::Reader {
            language: self.language,
            phrases: &mut self.phrases,
            utils: utils.map(|(name, util)| (name.clone(), util.clone())).collect(),
            depth: 0,
        };
        let needs = stated.get("rule").map_or(Needs::Unknown, |rule| {
            let of_names = stated.get("constraints");
            let of_names = of_names.map(|constraints| reader.named(rule, constraints));
            Needs::all([reader.needs(rule)].into_iter().chain(of_names).collect())
        });
        let keywords = reader.keywords(conditions.keywords);
        let has_keywords = keywords.is_some();
        let needs = Needs::all(keywords.into_iter().chain([needs]).collect());
        let needs = reader.in_loops(conditions.loops, needs);
        let reach_of = |stated: &Value| reach::reach(stated, &kinds, self.language);
        let whole = reach_of(stated);
        let relaxed = reach::relaxed(stated, &kinds, self.language);
        let relaxed = relaxed.map(|relaxed| (reach_of(&relaxed), relaxed));
        let relaxed = relaxed.filter(|(reach, _)| *reach < whole);
        let relaxed = relaxed.and_then(|(reach, relaxed)| Some((reach, compile(relaxed)?)));
        let in_text = conditions.in_text;
        let conditions = conditions.reach.map_or(whole, |reach| reach.max(whole));
        let (stated, compiled) =
            relaxed.map_or((whole, None), |(reach, compiled)| (reach, Some(compiled)));
        let mut phrases = needs.phrases();
        phrases.sort_unstable();
        phrases.dedup();
        let demand =
            Demand { needs, phrases, has_keywords, stated, conditions, in_text, looks_at_texts };
        (demand, compiled)
    }

    pub(crate) fn index(&mut self) -> Result<(), String> {
        self.phrases.index()
    }

    /// Where the text has what these demands look for.
    pub(crate) fn find<'d>(&self, text: &str, demands: impl Iterator<Item = &'d Demand>) -> Places {
        let mut wanted = vec![false; self.phrases.len()];
        demands.flat_map(|demand| &demand.phrases).for_each(|phrase| wanted[*phrase] = true);
        self.phrases.find(text, &wanted)
    }
}

/// What to read of a text for what is asked, beside the parts that are wanted in any case.
pub(crate) fn select(
    text: &str,
    places: &Places,
    asked: &[Asked],
    is_wanted: impl Fn(&str) -> bool,
) -> Selection {
    if asked.is_empty() && !is_wanted(text) {
        return Selection::Nothing;
    }
    if asked.iter().any(|asked| asked.reach == Reach::File) {
        return Selection::Everything;
    }
    let Some(lines) = outline::lines(text) else { return Selection::Everything };
    let asked: Vec<_> = asked.iter().collect();
    Choice::new(text, &lines, places, is_wanted).among(&asked)
}

impl Demand {
    /// Whether the rule can match anywhere in a text that has what it looks for there.
    pub(crate) fn is_met(&self, places: &Places) -> bool {
        self.needs.are_met(places, 0..usize::MAX, Around::MODULE)
    }

    /// Whether the rule can match a node that lies there.
    pub(crate) fn may_match(&self, places: &Places, node: Range<usize>) -> bool {
        self.needs.are_met(places, node, Around::ANYTHING)
    }

    /// Whether its conditions look at more than is read to see what matches.
    pub(crate) fn looks_further(&self) -> bool {
        self.conditions > self.stated
    }

    /// What the rule of this number asks for, to see whether it matches, or where it has been seen to match.
    pub(crate) fn asked<'a>(&'a self, rule: usize, seen: Option<&'a Seen>) -> Option<Asked<'a>> {
        let (reach, seen, in_text): (_, _, &[InText]) = match seen {
            None => (self.stated, None, &self.in_text),
            Some(seen) => (self.conditions, Some(seen.get(&rule)?.as_slice()), &[]),
        };
        let (needs, looks_at_texts) = (&self.needs, self.looks_at_texts);
        Some(Asked { needs, reach, seen, in_text, looks_at_texts, in_file: OnceCell::new() })
    }
}

impl Asked<'_> {
    /// Whether the rule may match in a function of a file, as far as its text tells, or else outside of all functions.
    fn may_be_in(&self, function: Option<&str>, file: &str) -> bool {
        let holds = |text: &str| self.in_text.iter().all(|holds| holds(text));
        function.map_or_else(|| *self.in_file.get_or_init(|| holds(file)), holds)
    }

    fn is_met(&self, places: &Places, part: Range<usize>, around: Around) -> bool {
        let Some(seen) = self.seen else {
            return !part.is_empty() && self.needs.are_met(places, part, around);
        };
        let next = seen.partition_point(|place| *place < part.start);
        seen.get(next).is_some_and(|place| *place < part.end)
    }
}
