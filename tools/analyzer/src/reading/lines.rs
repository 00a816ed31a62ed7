//! The lines of code of a Python file: what is a string, a comment or in brackets is told from letters alone.

/// A string in a hole of a string in a hole …
const DEEPEST: usize = 5;

/// What the file means cannot be told for sure.
pub(crate) struct Doubt;

/// A line of code, with all that brackets, strings and backslashes carry on to the next.
pub(crate) struct Line {
    pub(crate) indent: usize,
    /// Without its indentation, and to the end of a comment behind it.
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) kind: Kind,
    /// Whether what is below it is on lines of its own.
    pub(crate) opens: bool,
}

/// How a line begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Decorator,
    Class,
    Function,
    For,
    While,
    /// A condition, `with` or `try`.
    Compound,
    /// `else:` and the like, which go on with a statement.
    Continuation,
    /// Nothing but a text without holes, which mostly documents what it stands in.
    Text,
    Other,
}

pub(crate) struct Lines<'t> {
    bytes: &'t [u8],
    at: usize,
}

impl<'t> Lines<'t> {
    pub(crate) fn of(text: &'t str) -> Self {
        Self { bytes: text.as_bytes(), at: 0 }
    }

    pub(crate) fn next(&mut self) -> Result<Option<Line>, Doubt> {
        let Some(indent) = self.indent()? else { return Ok(None) };
        let start = self.at;
        let (opens, tokens) = self.line()?;
        let line = &self.bytes[start..self.at];
        let kind = if tokens == 1 && begins_text(line) { Kind::Text } else { kind(line) };
        Ok(Some(Line { indent, start, end: self.at, kind, opens }))
    }

    /// Goes to the next code, and tells how far it is indented.
    fn indent(&mut self) -> Result<Option<usize>, Doubt> {
        loop {
            let start = self.at;
            self.skip(|byte| byte == b' ');
            match self.peek() {
                None => return Ok(None),
                Some(b'\n') => self.at += 1,
                Some(b'\r') => self.line_break()?,
                Some(b'#') => self.skip(|byte| byte != b'\n'),
                // Joined to a line above, or a letter that may be no more than a space.
                Some(b'\\' | 0x80..) => return Err(Doubt),
                Some(byte) if byte.is_ascii_graphic() => return Ok(Some(self.at - start)),
                Some(_) => return Err(Doubt),
            }
        }
    }

    /// Goes to the end of a line of code; whether it ends with a colon, and of how many words, texts and signs it is.
    fn line(&mut self) -> Result<(bool, usize), Doubt> {
        let mut brackets = Vec::new();
        let (mut last, mut tokens) = (0, 0);
        while let Some(byte) = self.peek() {
            match byte {
                b'\n' | b'\r' if brackets.is_empty() => break,
                b'\n' | b'\r' => self.line_break()?,
                b'#' => self.skip(|byte| byte != b'\n'),
                b'\\' => {
                    self.at += 1;
                    self.line_break()?;
                }
                b' ' | b'\t' => self.at += 1,
                _ => {
                    last = byte;
                    tokens += 1;
                    self.token(byte, &mut brackets, 0)?;
                }
            }
        }
        if brackets.is_empty() { Ok((last == b':', tokens)) } else { Err(Doubt) }
    }

    /// Goes past a word, a string or a sign.
    fn token(&mut self, byte: u8, brackets: &mut Vec<u8>, depth: usize) -> Result<(), Doubt> {
        match byte {
            b'"' | b'\'' => return self.string(byte, false, depth),
            b'(' => brackets.push(b')'),
            b'[' => brackets.push(b']'),
            b'{' => brackets.push(b'}'),
            b')' | b']' | b'}' if brackets.pop() != Some(byte) => return Err(Doubt),
            _ if is_of_word(byte) => return self.word(depth),
            _ if byte.is_ascii_control() => return Err(Doubt),
            _ => {}
        }
        self.at += 1;
        Ok(())
    }

    /// Goes past a word, and past the string that it is the prefix of.
    fn word(&mut self, depth: usize) -> Result<(), Doubt> {
        let start = self.at;
        self.skip(is_of_word);
        let word = &self.bytes[start..self.at];
        let Some(quote @ (b'"' | b'\'')) = self.peek() else { return Ok(()) };
        let has = |letter: u8| word.iter().any(|one| one.eq_ignore_ascii_case(&letter));
        let is_prefix = word.iter().all(|letter| b"bBfFrRtTuU".contains(letter));
        // Template strings are newer than the grammar.
        if is_prefix && has(b't') {
            return Err(Doubt);
        }
        self.string(quote, is_prefix && has(b'f'), depth)
    }

    fn string(&mut self, quote: u8, has_holes: bool, depth: usize) -> Result<(), Doubt> {
        let is_triple = self.starts_with(&[quote; 3]);
        if !is_triple && self.starts_with(&[quote; 2]) {
            self.at += 2;
            return Ok(());
        }
        self.at += if is_triple { 3 } else { 1 };
        while let Some(byte) = self.peek() {
            match byte {
                b'\\' if has_holes && !self.escapes_plainly() => return Err(Doubt),
                b'\\' => self.at += 2,
                b'\n' | b'\r' if !is_triple => return Err(Doubt),
                b'{' if has_holes && self.starts_with(b"{{") => self.at += 2,
                b'{' if has_holes => self.hole(depth + 1)?,
                _ if byte == quote && !is_triple => {
                    self.at += 1;
                    return Ok(());
                }
                _ if byte == quote && self.starts_with(&[quote; 3]) => {
                    self.at += 3;
                    return Ok(());
                }
                _ => self.at += 1,
            }
        }
        Err(Doubt)
    }

    /// What follows the backslash neither is a hole nor looks like one: `\N{DASH}`, `\{`.
    fn escapes_plainly(&self) -> bool {
        !matches!(self.bytes.get(self.at + 1), Some(b'N' | b'{' | b'}' | b'\n' | b'\r'))
    }

    /// Goes past the `{name!r:>10}` of a string.
    fn hole(&mut self, depth: usize) -> Result<(), Doubt> {
        if depth > DEEPEST {
            return Err(Doubt);
        }
        self.at += 1;
        let mut brackets = Vec::new();
        while let Some(byte) = self.peek() {
            match byte {
                b'}' if brackets.is_empty() => {
                    self.at += 1;
                    return Ok(());
                }
                b':' if brackets.is_empty() => return self.format(depth),
                b'\\' | b'#' => return Err(Doubt),
                b' ' => self.at += 1,
                _ => self.token(byte, &mut brackets, depth)?,
            }
        }
        Err(Doubt)
    }

    /// Goes past the `:>10}` of a hole, which may have holes too.
    fn format(&mut self, depth: usize) -> Result<(), Doubt> {
        while let Some(byte) = self.peek() {
            match byte {
                b'}' => {
                    self.at += 1;
                    return Ok(());
                }
                b'{' => self.hole(depth + 1)?,
                b'"' | b'\'' | b'\\' => return Err(Doubt),
                _ if byte.is_ascii_control() => return Err(Doubt),
                _ => self.at += 1,
            }
        }
        Err(Doubt)
    }

    fn line_break(&mut self) -> Result<(), Doubt> {
        self.at += if self.starts_with(b"\r\n") { 2 } else { 1 };
        if self.bytes.get(self.at - 1) == Some(&b'\n') { Ok(()) } else { Err(Doubt) }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn starts_with(&self, what: &[u8]) -> bool {
        self.bytes.get(self.at..).is_some_and(|rest| rest.starts_with(what))
    }

    fn skip(&mut self, skips: impl Fn(u8) -> bool) {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        self.at += rest.iter().position(|byte| !skips(*byte)).unwrap_or(rest.len());
    }
}

fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// With no prefix or one of those without holes.
fn begins_text(line: &[u8]) -> bool {
    let prefix = line.iter().position(|byte| !b"bBrRuU".contains(byte)).unwrap_or(line.len());
    matches!(line.get(prefix), Some(b'"' | b'\''))
}

fn kind(line: &[u8]) -> Kind {
    if line.first() == Some(&b'@') {
        return Kind::Decorator;
    }
    match first_word(line) {
        b"class" => Kind::Class,
        b"def" => Kind::Function,
        b"for" => Kind::For,
        b"while" => Kind::While,
        b"if" | b"with" | b"try" => Kind::Compound,
        b"else" | b"elif" | b"except" | b"finally" => Kind::Continuation,
        _ => Kind::Other,
    }
}

/// The word that tells what a line of code is.
fn first_word(line: &[u8]) -> &[u8] {
    let word =
        |line: &'_ [u8]| line.iter().position(|byte| !is_of_word(*byte)).unwrap_or(line.len());
    let line = match line.split_at(word(line)) {
        (b"async", rest) => rest.trim_ascii_start(),
        _ => line,
    };
    &line[..word(line)]
}
