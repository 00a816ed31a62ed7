//! Which statements of a text are read, told from what each rule looks for and how far around it.

use std::ops::Range;

use crate::reading::lines::{Kind, Line};
use crate::reading::needs::{Around, Scope};
use crate::reading::outline::{self, Statement};
use crate::reading::phrases::Places;
use crate::reading::{Asked, PLACEHOLDER, Reach, Selection};
use crate::seldom;

/// What is shorter is read as fast as it is left out.
const SHORTEST: usize = 20;
/// Deeper than people nest code, statements are read with all that is in them.
const DEEPEST: usize = 50;
/// Words of what leaves a block before its end.
const LEAVES: [&str; 4] = ["return", "break", "continue", "yield"];

/// What to read of a text whose lines are known.
pub(crate) struct Choice<'a, W> {
    text: &'a str,
    lines: &'a [Line],
    places: &'a Places,
    is_wanted: W,
    left_out: Vec<Range<usize>>,
}

/// A rule may look at all of the file.
struct WholeFile;

/// Whether it matters how a block ends. A finding tells what loops repeat it and whether it is on the way to an error, for
/// which it looks at the last statement of each block around it (`matchers::loops`, `seldom`).
#[derive(Clone, Copy)]
enum Ending {
    Unseen,
    Seen,
    /// It may be one that raises, so that it matters too whether the block is left before it.
    Error,
}

/// Where a block of statements stands.
#[derive(Clone, Copy)]
struct Place {
    around: Around,
    depth: usize,
}

impl<'a, W: Fn(&str) -> bool> Choice<'a, W> {
    pub(crate) fn new(text: &'a str, lines: &'a [Line], places: &'a Places, is_wanted: W) -> Self {
        Self { text, lines, places, is_wanted, left_out: Vec::new() }
    }

    pub(crate) fn among(mut self, asked: &[&'a Asked<'a>]) -> Selection {
        let module = Place { around: Around::MODULE, depth: 0 };
        match self.block(0..self.lines.len(), asked, module) {
            Err(WholeFile) => Selection::Everything,
            Ok(false) => Selection::Nothing,
            Ok(true) if self.left_out.is_empty() => Selection::Everything,
            Ok(true) => {
                self.left_out.sort_unstable_by_key(|part| part.start);
                Selection::AllBut(self.left_out)
            }
        }
    }

    /// Leaves out what no rule can match in; whether anything is left for one.
    fn block(
        &mut self,
        block: Range<usize>,
        asked: &[&'a Asked<'a>],
        place: Place,
    ) -> Result<bool, WholeFile> {
        let begin = self.left_out.len();
        let statements: Vec<_> = outline::statements(self.lines, block).collect();
        let mut read = Vec::with_capacity(statements.len());
        for statement in &statements {
            read.push(self.statement(statement, asked, place)?);
        }
        if !read.contains(&true) {
            self.left_out.truncate(begin);
            return Ok(false);
        }
        let ending = self.ending(&statements, place);
        let mut run = None;
        for (number, (statement, is_read)) in statements.iter().zip(read).enumerate() {
            let whole = self.whole(statement);
            let stays = match ending {
                Ending::Unseen => false,
                Ending::Seen => number + 1 == statements.len(),
                Ending::Error => number + 1 == statements.len() || self.leaves(&whole),
            };
            if stays && is_read && statement.lines.len() > 1 {
                let mut inside = self.left_out.split_off(begin);
                inside.retain(|part| part.start < whole.start || whole.end <= part.start);
                self.left_out.append(&mut inside);
            }
            if stays || is_read {
                self.leave_out(run.take());
            } else if run.is_some() || self.takes_placeholder(&whole) {
                run.get_or_insert(whole.clone()).end = whole.end;
            }
        }
        self.leave_out(run);
        Ok(true)
    }

    /// Leaves out what no rule can match in; whether anything of the statement is left for one.
    fn statement(
        &mut self,
        statement: &Statement,
        asked: &[&'a Asked<'a>],
        place: Place,
    ) -> Result<bool, WholeFile> {
        let whole = self.whole(statement);
        let mut met: Vec<_> = self.met(&whole, asked, place.around).collect();
        let head = &self.lines[statement.head];
        let form = if head.opens { head.kind } else { Kind::Other };
        if head.kind == Kind::Text {
            met.retain(|asked| asked.looks_at_texts);
        }
        // Of a class, each function is looked at by itself.
        if place.around.scope == Scope::Outer && form != Kind::Class {
            let function = (form == Kind::Function).then(|| self.text_of(&whole));
            met.retain(|asked| asked.may_be_in(function, self.text));
        }
        if met.is_empty() && !self.is_wanted(&whole) {
            return Ok(false);
        }
        if place.around.scope == Scope::Outer {
            // Outside of functions, a rule that looks at the function or class around its match looks at the file.
            let outside = match form {
                Kind::Function => whole.start..head.start,
                Kind::Class => whole.start..head.end,
                _ => whole.clone(),
            };
            if self.met(&outside, &met, place.around).any(|asked| asked.reach >= Reach::Function) {
                return Err(WholeFile);
            }
        }
        let (most, scope) = match form {
            Kind::Class if place.around.scope == Scope::Outer => (Reach::Function, Scope::Outer),
            Kind::Class => (Reach::Statement, place.around.scope),
            Kind::Function => (Reach::Statement, place.around.scope.max(Scope::InFunction)),
            Kind::For | Kind::While | Kind::Compound => (Reach::Line, Scope::Inner),
            Kind::Decorator | Kind::Continuation | Kind::Text | Kind::Other => return Ok(true),
        };
        if place.depth == DEEPEST || met.iter().any(|asked| asked.reach > most) {
            return Ok(true);
        }
        let Around { loops, over_items, .. } = place.around;
        let around = Around {
            scope,
            loops: loops + usize::from(matches!(form, Kind::For | Kind::While)),
            over_items: over_items + usize::from(form == Kind::For),
        };
        self.clauses(statement, &met, Place { around, depth: place.depth + 1 })
    }

    /// Keeps what each clause begins with, and of its body what is read.
    fn clauses(
        &mut self,
        statement: &Statement,
        asked: &[&'a Asked<'a>],
        place: Place,
    ) -> Result<bool, WholeFile> {
        let begin = self.left_out.len();
        let mut reads = false;
        let mut bodies = Vec::new();
        for clause in outline::clauses(self.lines, statement) {
            let is_first = clause.head == statement.head;
            let first = if is_first { statement.lines.start } else { clause.head };
            let head = self.bytes(&(first..clause.head + 1));
            reads |= self.met(&head, asked, place.around).next().is_some() || self.is_wanted(&head);
            if clause.body.is_empty() {
                continue;
            }
            if self.block(clause.body.clone(), asked, place)? {
                reads = true;
            } else {
                bodies.push(self.bytes(&clause.body));
            }
        }
        if !reads {
            self.left_out.truncate(begin);
            return Ok(false);
        }
        for body in bodies {
            let fits = self.takes_placeholder(&body);
            self.leave_out(Some(body).filter(|_| fits));
        }
        Ok(true)
    }

    fn met(
        &self,
        part: &Range<usize>,
        asked: &[&'a Asked<'a>],
        around: Around,
    ) -> impl Iterator<Item = &'a Asked<'a>> {
        let is_met = move |asked: &&Asked| asked.is_met(self.places, part.clone(), around);
        asked.iter().copied().filter(is_met)
    }

    fn is_wanted(&self, part: &Range<usize>) -> bool {
        (self.is_wanted)(self.text_of(part))
    }

    fn ending(&self, statements: &[Statement], place: Place) -> Ending {
        let simple = statements.last().filter(|last| {
            last.lines.len() == 1 && !self.lines[last.head].opens && place.depth > 0
        });
        match simple {
            None => Ending::Unseen,
            Some(last) if seldom::may_be_error(self.text_of(&self.whole(last))) => Ending::Error,
            Some(_) => Ending::Seen,
        }
    }

    fn leaves(&self, part: &Range<usize>) -> bool {
        LEAVES.iter().any(|word| self.text_of(part).contains(word))
    }

    fn leave_out(&mut self, part: Option<Range<usize>>) {
        self.left_out.extend(part.filter(|part| part.len() >= SHORTEST));
    }

    /// The placeholder has to fit on the first line.
    fn takes_placeholder(&self, part: &Range<usize>) -> bool {
        let first = self.text.get(part.start..part.start + PLACEHOLDER.len());
        first.is_some_and(|first| !first.contains(['\r', '\n']))
    }

    fn whole(&self, statement: &Statement) -> Range<usize> {
        self.bytes(&statement.lines)
    }

    /// From the first of these lines to the end of the last.
    fn bytes(&self, lines: &Range<usize>) -> Range<usize> {
        let end = lines.end.checked_sub(1).and_then(|last| self.lines.get(last));
        let start = self.lines.get(lines.start).map_or(0, |first| first.start);
        start..end.map_or(start, |last| last.end)
    }

    fn text_of(&self, part: &Range<usize>) -> &str {
        self.text.get(part.clone()).unwrap_or_default()
    }
}
