//! The rules of a language that can match in one text, and where in it.

use std::cell::OnceCell;

use tree_sitter::Node;

use crate::compile::{CompiledRule, LanguageRules};
use crate::reading::{self, Places, Seen, Selection, Sight};

/// The rules that can match in a text.
pub(crate) struct Active<'a> {
    rules: &'a LanguageRules,
    /// Which of the rules, by their numbers.
    runs: Vec<bool>,
    /// Those that run and can match a node of a kind, once one has been met.
    of_kind: Vec<OnceCell<Vec<usize>>>,
    /// Where the text has what they look for. Without it, they are tried wherever a node is of the right kind.
    places: Option<Places>,
}

impl<'a> Active<'a> {
    pub(crate) fn new(rules: &'a LanguageRules, runs: Vec<bool>) -> Self {
        Self { rules, runs, of_kind: Vec::new(), places: None }
    }

    /// Looks for the words of the rules in their text, and leaves out those that have none there; `None` where all have none.
    pub(crate) fn found_in(mut self, text: &str) -> Option<Self> {
        let Some(demands) = &self.rules.demands else { return Some(self) };
        let active = self.rules.rules.iter().zip(&self.runs).filter(|(_, runs)| **runs);
        let places = demands.find(text, active.map(|(rule, _)| &rule.demand));
        for (rule, runs) in self.rules.rules.iter().zip(&mut self.runs) {
            *runs &= rule.demand.is_met(&places);
        }
        self.places = Some(places);
        self.runs.contains(&true).then_some(self)
    }

    /// Leaves out those whose keywords and hints the text has none of; `None` where that are all.
    pub(crate) fn hinted_in(mut self, text: &str) -> Option<Self> {
        self.rules.keep_hinted(&mut self.runs, self.places.is_some(), text);
        self.of_kind.resize_with(self.rules.kinds(), OnceCell::new);
        self.runs.contains(&true).then_some(self)
    }

    /// What to read of the text, beside the parts that are wanted in any case: to see what matches, or once that is seen, to
    /// tell of it whether its conditions hold.
    pub(crate) fn select(
        &self,
        text: &str,
        seen: Option<&Seen>,
        is_wanted: impl Fn(&str) -> bool,
    ) -> Selection {
        let Some(places) = &self.places else { return Selection::Everything };
        let rules = self.rules.rules.iter().enumerate().zip(&self.runs);
        let active = rules.filter(|(_, runs)| **runs);
        let asked = active.filter_map(|((number, rule), _)| rule.demand.asked(number, seen));
        reading::select(text, places, &asked.collect::<Vec<_>>(), is_wanted)
    }

    /// The rules that can match a node, and their numbers.
    pub(crate) fn of_node(
        &self,
        node: &Node,
        sight: Sight,
    ) -> impl Iterator<Item = (usize, &CompiledRule)> {
        let range = node.byte_range();
        let may_match = move |number: usize, rule: &CompiledRule| match (sight, &self.places) {
            (Sight::Conditions(seen), _) => {
                seen.get(&number).is_some_and(|starts| starts.binary_search(&range.start).is_ok())
            }
            (Sight::Matches | Sight::Whole, Some(places)) => {
                rule.demand.may_match(places, range.clone())
            }
            (Sight::Matches | Sight::Whole, None) => true,
        };
        let rules = self.of_kind(node.kind_id()).iter();
        let rules = rules.filter_map(|number| Some((*number, self.rules.rules.get(*number)?)));
        rules.filter(move |(number, rule)| may_match(*number, rule))
    }

    fn of_kind(&self, kind: u16) -> &[usize] {
        let runs = |number: &usize| self.runs.get(*number).is_some_and(|runs| *runs);
        let running = || self.rules.for_kind(kind).iter().copied().filter(runs).collect();
        let known = self.of_kind.get(usize::from(kind));
        known.map_or(&[], |rules| rules.get_or_init(running))
    }
}
