//! The statements of a Python file, told from its lines without a syntax tree.
//!
//! Whatever is unusual is doubtful, and where anything is doubtful nothing is told: such a file is read as a whole.

use std::ops::Range;

use crate::reading::lines::{Doubt, Kind, Line, Lines};

/// A statement by its lines, with all that is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Statement {
    /// From its first decorator on.
    pub(crate) lines: Range<usize>,
    /// The first line behind the decorators.
    pub(crate) head: usize,
}

/// A part of a statement with a body of its own: `if …:`, `else:`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Clause {
    pub(crate) head: usize,
    /// Empty where what is below stands in the same line.
    pub(crate) body: Range<usize>,
}

/// The lines of code; `None` where they, or what is below what, cannot be told for sure.
pub(crate) fn lines(text: &str) -> Option<Vec<Line>> {
    read(Lines::of(text)).ok()
}

fn read(mut lines: Lines) -> Result<Vec<Line>, Doubt> {
    let mut all = Vec::new();
    // How far the blocks around a line are indented.
    let mut levels = vec![0];
    let mut opened = false;
    while let Some(line) = lines.next()? {
        if opened && levels.last().is_some_and(|level| *level < line.indent) {
            levels.push(line.indent);
        } else {
            levels.retain(|level| *level <= line.indent);
            if opened || levels.last() != Some(&line.indent) {
                return Err(Doubt);
            }
        }
        opened = line.opens;
        all.push(line);
    }
    if opened { Err(Doubt) } else { Ok(all) }
}

/// The statements of a block, of which not one line is further left than the first.
pub(crate) fn statements(
    lines: &[Line],
    block: Range<usize>,
) -> impl Iterator<Item = Statement> + use<'_> {
    let indent = lines.get(block.start).map_or(0, |first| first.indent);
    let mut at = block.start;
    std::iter::from_fn(move || {
        let block = lines.get(..block.end)?;
        let first = at;
        while block.get(at)?.kind == Kind::Decorator && at + 1 < block.len() {
            at += 1;
        }
        let head = at;
        let goes_on = |line: &&Line| line.indent > indent || line.kind == Kind::Continuation;
        at += 1 + block[head + 1..].iter().take_while(goes_on).count();
        Some(Statement { lines: first..at, head })
    })
}

/// The parts of a statement with lines below one.
pub(crate) fn clauses(lines: &[Line], statement: &Statement) -> Vec<Clause> {
    let indent = lines[statement.head].indent;
    let mut clauses: Vec<Clause> = Vec::new();
    let from_head = lines.iter().enumerate().take(statement.lines.end).skip(statement.head);
    for (number, line) in from_head {
        match clauses.last_mut() {
            Some(clause) if line.indent > indent => clause.body.end = number + 1,
            _ => clauses.push(Clause { head: number, body: number + 1..number + 1 }),
        }
    }
    clauses
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The statements of the module and its classes, each by its first line and the number of its lines.
    fn read(text: &str) -> Option<Vec<(&str, usize)>> {
        let lines = lines(text)?;
        let mut shown = Vec::new();
        show(text, &lines, 0..lines.len(), &mut shown);
        Some(shown)
    }

    fn show<'t>(
        text: &'t str,
        lines: &[Line],
        block: Range<usize>,
        shown: &mut Vec<(&'t str, usize)>,
    ) {
        for statement in statements(lines, block) {
            let head = &lines[statement.head];
            let is_class = head.kind == Kind::Class && head.opens;
            let first = lines[statement.lines.start].start;
            let end = if is_class { head.end } else { lines[statement.lines.end - 1].end };
            let part = &text[first..end];
            shown.push((part.lines().next().unwrap().trim_end(), part.lines().count()));
            if is_class {
                show(text, lines, clauses(lines, &statement)[0].body.clone(), shown);
            }
        }
    }

    #[test]
    fn statements_are_those_of_the_module_and_of_its_classes() {
        let text = r#"import os
LIMITS = [
    1,  # one
]

@cache
# why
async def fetch(
    url,
):
    return url  # done

# about A
class A(B):  # small

    """
def no():
    """
    size = 1
    class Inner:
        def f(self): return 1
        def g(self):
            def h():
                pass
            return h
    @property
    def name(self):
        return 'a' \
'b'
# the end

if os.name:
    def one():
        pass
else:
    two = 2
class Short: pass
"#;
        let expected = [
            ("import os", 1),
            ("LIMITS = [", 3),
            ("@cache", 6),
            ("class A(B):  # small", 1),
            ("\"\"\"", 3),
            ("size = 1", 1),
            ("class Inner:", 1),
            ("def f(self): return 1", 1),
            ("def g(self):", 4),
            ("@property", 4),
            ("if os.name:", 5),
            ("class Short: pass", 1),
        ];
        assert_eq!(read(text).unwrap(), expected);
        let windows = text.replace('\n', "\r\n");
        assert_eq!(read(&windows).unwrap(), expected);
    }

    #[test]
    fn strings_of_every_kind_are_passed() {
        for string in [
            "''",
            r#""\"def""#,
            r"r'\''",
            "b\"a\"",
            "'''\n'\n\"\"\"'''",
            "f'{a}'",
            "f'{a[\"b\"]}'",
            "f\"{a[\"b\"]}\"",
            "f'{{'",
            "f'{a!r:>{width}}'",
            "f'{(lambda: 1)()}'",
            "f'''{a:%d}\n{{}}'''",
            r"rf'\d{a}'",
            "print'a'",
            "{'a': [b'(', u\")\"]}",
        ] {
            let text = format!("x = {string}\ny = 1\n");
            let lines = text.lines().count();
            let expected = [(text.lines().next().unwrap(), lines - 1), ("y = 1", 1)];
            assert_eq!(read(&text).as_deref(), Some(&expected[..]), "{string}");
        }
    }

    #[test]
    fn what_is_doubtful_is_not_told() {
        for text in [
            "x = 'a\n",
            "x = '''a",
            "x = (1\n",
            "x = (]\n",
            "x = )\n",
            "x = 1 \\ y\n",
            "x = 1\\",
            "x = f'{a'\n",
            "x = f'{a:\\'}'\n",
            "x = f'\\N{DASH}'\n",
            "x = f'{a\n}'\n",
            "x = f'{f\"{f'{f\"{f'{f\"{1}\"}'}\"}'}\"}'\n",
            "x = t'{a}'\n",
            "\tx = 1\n",
            "if x:\n\ty = 1\n",
            "\u{c}x = 1\n",
            "\u{feff}x = 1\n",
            "\\\n  x = 1\n",
            "  x = 1\ny = 2\n",
            "class A:\n    x = 1\n  y = 2\n",
            "class A:\nx = 1\n",
            "class A:\n",
            "x = 1\ry = 2\r",
            "x = \0\n",
        ] {
            assert_eq!(read(text), None, "{text:?}");
        }
    }
}
