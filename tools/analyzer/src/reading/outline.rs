//! The statements of a Python file, told from its lines without a syntax tree.
//!
//! These are the statements of the module and of its classes, each with all that is in it. Whatever is unusual is doubtful,
//! and where anything is doubtful nothing is told: such a file is read as a whole.

use std::ops::Range;

use crate::reading::lines::{Doubt, Kind, Line, Lines};

/// A statement of the module or of a class.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Statement {
    /// From its first decorator to the end of its last line of code.
    pub(crate) whole: Range<usize>,
    pub(crate) indent: usize,
    pub(crate) form: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// The first line of a class, whose statements follow.
    ClassHeader,
    /// A function behind its decorators, which run with the code around it.
    Function {
        start: usize,
    },
    Other,
}

/// The statements in the order of the file; `None` where they cannot be told for sure.
pub(crate) fn statements(text: &str) -> Option<Vec<Statement>> {
    read(&mut Lines::of(text)).ok()
}

fn read(lines: &mut Lines) -> Result<Vec<Statement>, Doubt> {
    let mut statements = Vec::new();
    // How far the module and the classes around a line are indented.
    let mut levels = vec![0];
    let mut decorated = None;
    let mut next = lines.next()?;
    while let Some(line) = next {
        let indent = line.indent;
        levels.retain(|level| *level <= indent);
        if levels.last() != Some(&indent) {
            return Err(Doubt);
        }
        next = lines.next()?;
        let start = decorated.take().unwrap_or(line.start);
        let form = match line.kind {
            Kind::Decorator => {
                decorated = Some(start);
                continue;
            }
            Kind::Class => Form::ClassHeader,
            Kind::Function => Form::Function { start: line.start },
            Kind::Continuation | Kind::Other => Form::Other,
        };
        let mut end = line.end;
        if form == Form::ClassHeader {
            let first = next.as_ref().filter(|first| first.indent > indent).ok_or(Doubt)?;
            levels.push(first.indent);
        } else {
            while let Some(inside) = next.as_ref().filter(|next| next.belongs_below(indent)) {
                end = inside.end;
                next = lines.next()?;
            }
        }
        statements.push(Statement { whole: start..end, indent, form });
    }
    Ok(statements)
}

impl Line {
    /// Whether it is part of a statement that is so far indented.
    fn belongs_below(&self, indent: usize) -> bool {
        self.indent > indent || self.indent == indent && self.kind == Kind::Continuation
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The statements, each by its first line and the number of its lines.
    fn read(text: &str) -> Option<Vec<(&str, usize)>> {
        let statements = statements(text)?;
        let shown = |statement: Statement| {
            let whole = &text[statement.whole];
            (whole.lines().next().unwrap().trim_end(), whole.lines().count())
        };
        Some(statements.into_iter().map(shown).collect())
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
