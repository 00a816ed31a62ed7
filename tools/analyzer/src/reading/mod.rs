//! What of a text is read into a syntax tree, which takes nearly all the time of a scan: of Python only the functions and other
//! statements in which a rule can match.

mod lines;
mod needs;
mod outline;
mod phrases;
mod reach;
#[cfg(test)]
mod tests;

use std::ops::Range;

use ast_grep_core::tree_sitter::LanguageExt;
use ast_grep_language::SupportLang;
use serde_json::Value;

use crate::language::Language;
use needs::Needs;
use outline::{Form, Statement};
use phrases::{Phrases, Places};
pub(crate) use reach::Reach;

/// What stands in the place of statements that are not read.
pub(crate) const PLACEHOLDER: &str = "pass";
/// What is shorter is read as fast as it is left out.
const SHORTEST: usize = 20;

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
    reach: Reach,
}

/// Reads the demands of the rules of one language, and gathers what they look for.
pub(crate) struct Demands {
    language: Language,
    phrases: Phrases,
}

impl Default for Demand {
    fn default() -> Self {
        Self { needs: Needs::Unknown, reach: Reach::File }
    }
}

impl Demands {
    /// `None` for a language whose files are read as a whole.
    pub(crate) fn new(language: Language) -> Option<Self> {
        let is_python = language == Language::Shipped(SupportLang::Python);
        is_python.then(|| Self { language, phrases: Phrases::new(language) })
    }

    /// The demand of a rule as its file states it, which can match these kinds of nodes, under these conditions.
    pub(crate) fn add(
        &mut self,
        stated: &Value,
        kinds: impl Iterator<Item = u16>,
        conditions: &[Reach],
    ) -> Demand {
        let grammar = self.language.get_ts_language();
        let kinds: Vec<_> =
            kinds.map(|kind| grammar.node_kind_for_id(kind).unwrap_or("ERROR")).collect();
        let utils = stated.get("utils").and_then(Value::as_object).into_iter().flatten();
        let mut reader = needs::Reader {
            language: self.language,
            phrases: &mut self.phrases,
            utils: utils.map(|(name, util)| (name.clone(), util.clone())).collect(),
            depth: 0,
        };
        let needs = stated.get("rule").map_or(Needs::Unknown, |rule| reader.needs(rule));
        let reach = reach::reach(stated, &kinds, self.language);
        Demand { needs, reach: conditions.iter().copied().fold(reach, Reach::max) }
    }

    pub(crate) fn index(&mut self) -> Result<(), String> {
        self.phrases.index()
    }

    /// What to read of a text for these demands, beside the parts that are wanted in any case.
    pub(crate) fn select<'d>(
        &self,
        text: &str,
        demands: impl Iterator<Item = &'d Demand> + Clone,
        is_wanted: impl Fn(&str) -> bool,
    ) -> Selection {
        let mut wanted = vec![false; self.phrases.len()];
        demands.clone().for_each(|demand| demand.needs.want(&mut wanted));
        let places = self.phrases.find(text, &wanted);
        let demands: Vec<_> =
            demands.filter(|demand| demand.is_met(&places, 0..text.len())).collect();
        if demands.is_empty() && !is_wanted(text) {
            return Selection::Nothing;
        }
        if demands.iter().any(|demand| demand.reach == Reach::File) {
            return Selection::Everything;
        }
        let Some(statements) = outline::statements(text) else { return Selection::Everything };
        Choice { text, places, demands, is_wanted }.among(&statements)
    }
}

impl Demand {
    fn is_met(&self, places: &Places, part: Range<usize>) -> bool {
        !part.is_empty() && self.needs.are_met(places, part)
    }
}

/// What to read of a text whose statements are known.
struct Choice<'a, W> {
    text: &'a str,
    places: Places,
    demands: Vec<&'a Demand>,
    is_wanted: W,
}

impl<W: Fn(&str) -> bool> Choice<'_, W> {
    fn among(&self, statements: &[Statement]) -> Selection {
        if statements.iter().any(|statement| self.looks_at_file(statement)) {
            return Selection::Everything;
        }
        let mut reads = false;
        let mut left_out: Vec<Range<usize>> = Vec::new();
        // How far the statements at the end of what is left out so far are indented.
        let mut level = None;
        for Statement { whole, indent, form } in statements {
            let is_read = self.met(whole).next().is_some() || self.is_wanted(whole);
            reads |= is_read;
            if is_read || *form == Form::ClassHeader {
                level = None;
                continue;
            }
            match left_out.last_mut().filter(|_| level == Some(*indent)) {
                Some(before) => before.end = whole.end,
                None if self.takes_placeholder(whole) => {
                    left_out.push(whole.clone());
                    level = Some(*indent);
                }
                None => level = None,
            }
        }
        left_out.retain(|part| part.len() >= SHORTEST);
        match (reads, left_out.is_empty()) {
            (false, _) => Selection::Nothing,
            (true, true) => Selection::Everything,
            (true, false) => Selection::AllBut(left_out),
        }
    }

    /// Outside of functions, a rule that looks at the function around its match looks at the file.
    fn looks_at_file(&self, statement: &Statement) -> bool {
        let whole = &statement.whole;
        let outside = match statement.form {
            Form::Function { start } => whole.start..start,
            Form::ClassHeader | Form::Other => whole.clone(),
        };
        self.met(&outside).any(|demand| demand.reach == Reach::Function)
    }

    fn met(&self, part: &Range<usize>) -> impl Iterator<Item = &Demand> {
        let part = part.clone();
        let demands = self.demands.iter().copied();
        demands.filter(move |demand| demand.is_met(&self.places, part.clone()))
    }

    fn is_wanted(&self, part: &Range<usize>) -> bool {
        self.text.get(part.clone()).is_some_and(&self.is_wanted)
    }

    /// The placeholder has to fit on the first line.
    fn takes_placeholder(&self, part: &Range<usize>) -> bool {
        let first = self.text.get(part.start..part.start + PLACEHOLDER.len());
        first.is_some_and(|first| !first.contains(['\r', '\n']))
    }
}
