//! Phrases: words and signs that stand next to each other wherever a pattern matches, and where a text has them.

use std::collections::BTreeSet;
use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use ast_grep_core::tree_sitter::LanguageExt;

use crate::language::Language;

/// Spaces, signs and words between two tokens of a phrase. In code that people write there are some dozens.
const MOST_BETWEEN: usize = 150;
/// Signs and words of a line of code that are looked at.
const MOST_OF_LINE: usize = 400;

/// One word, sign or part of a literal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) text: String,
    /// A whole word of the language, so that no letter stands beside it.
    pub(crate) is_word: bool,
    pub(crate) role: Role,
}

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Any,
    /// An `in` that compares, and is none of those that each `for` has.
    Compares,
    /// A `=` between a name and what has that name in it again, right behind this sign, where one is known.
    Extends(Option<u8>),
}

/// Tokens with nothing between them that has a name in the grammar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Phrase {
    tokens: Vec<Token>,
    /// The token that is looked for first, as the rarest.
    rarest: usize,
}

/// All phrases of the rules of a language.
#[derive(Default)]
pub(crate) struct Phrases {
    all: Vec<Phrase>,
    /// Words that the grammar gives no name of their own, such as `for` and `not`.
    unnamed: BTreeSet<String>,
    finder: Option<AhoCorasick>,
    /// The phrases whose rarest token is the one that the finder has found.
    of_token: Vec<Vec<usize>>,
}

/// Where in a text each phrase stands, by the start of its rarest token.
#[derive(Default)]
pub(crate) struct Places(Vec<Vec<usize>>);

impl Token {
    fn stands_at(&self, text: &[u8], start: usize) -> bool {
        // Nearly always the first letter tells.
        text.get(start) == self.text.as_bytes().first()
            && text.get(start..).is_some_and(|rest| rest.starts_with(self.text.as_bytes()))
            && self.is_told_at(text, start)
    }

    /// Whether its text, which stands there, is this token. A sign that a further `=` makes another sign of is none.
    fn is_told_at(&self, text: &[u8], start: usize) -> bool {
        let (before, after) =
            (text.get(..start).and_then(<[u8]>::last), text.get(start + self.text.len()));
        let is_letter = |byte: Option<&u8>| byte.is_some_and(|byte| is_of_word(*byte));
        match self.text.as_bytes() {
            _ if self.role == Role::Compares && is_of_for(text, start) => false,
            _ if self.is_word => !is_letter(before) && !is_letter(after),
            b"=" => {
                after != Some(&b'=')
                    && !before.is_some_and(|byte| b"=!<>+-*/%&|^@:".contains(byte))
                    && match self.role {
                        Role::Extends(sign) => may_extend(text, start, sign),
                        Role::Any | Role::Compares => true,
                    }
            }
            b"+" | b"-" | b"*" | b"/" | b"%" | b"|" | b"&" | b"<" | b">" => after != Some(&b'='),
            _ => true,
        }
    }

    /// Brackets, commas and dots stand everywhere.
    fn tells_much(&self) -> bool {
        !self.text.bytes().all(|byte| b"()[]{},.:;\"'".contains(&byte))
    }
}

impl Phrases {
    pub(crate) fn new(language: Language) -> Self {
        let grammar = language.get_ts_language();
        let kinds = 0..u16::try_from(grammar.node_kind_count()).unwrap_or(u16::MAX);
        let unnamed = kinds.filter(|kind| !grammar.node_kind_is_named(*kind));
        let words = unnamed.filter_map(|kind| grammar.node_kind_for_id(kind));
        let words = words.flat_map(str::split_whitespace).map(ToOwned::to_owned);
        Self { unnamed: words.collect(), ..Self::default() }
    }

    /// The number of a phrase; `None` for one that stands in every text.
    pub(crate) fn add(&mut self, tokens: &[Token]) -> Option<usize> {
        let tells = tokens.iter().enumerate().filter(|(_, token)| token.tells_much());
        let (rarest, _) = tells.rev().max_by_key(|(_, token)| token.text.len())?;
        let phrase = Phrase { tokens: tokens.to_vec(), rarest };
        let known = self.all.iter().position(|known| *known == phrase);
        Some(known.unwrap_or_else(|| {
            self.all.push(phrase);
            self.all.len() - 1
        }))
    }

    /// Makes the phrases ready to be found.
    pub(crate) fn index(&mut self) -> Result<(), String> {
        let mut tokens: Vec<&str> = Vec::new();
        self.of_token.clear();
        for (number, phrase) in self.all.iter().enumerate() {
            let Some(token) = phrase.tokens.get(phrase.rarest) else { continue };
            let known = tokens.iter().position(|known| *known == token.text);
            let at = known.unwrap_or_else(|| {
                tokens.push(&token.text);
                self.of_token.push(Vec::new());
                tokens.len() - 1
            });
            self.of_token[at].push(number);
        }
        self.finder = Some(finder(tokens)?);
        Ok(())
    }

    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    /// Looks for the phrases that are wanted, by their numbers.
    pub(crate) fn find(&self, text: &str, wanted: &[bool]) -> Places {
        let mut places = vec![Vec::new(); self.all.len()];
        let bytes = text.as_bytes();
        for found in self.finder.iter().flat_map(|finder| finder.find_overlapping_iter(bytes)) {
            for &number in &self.of_token[found.pattern()] {
                if wanted[number] && self.stands_at(&self.all[number], bytes, found.start()) {
                    places[number].push(found.start());
                }
            }
        }
        Places(places)
    }

    /// Whether a phrase stands where its rarest token was found.
    fn stands_at(&self, phrase: &Phrase, text: &[u8], start: usize) -> bool {
        let (before, after) = phrase.tokens.split_at(phrase.rarest);
        let Some((rarest, after)) = after.split_first() else { return false };
        rarest.is_told_at(text, start)
            && self.follow(after, text, start + rarest.text.len())
            && self.precede(before, text, start)
    }

    /// Whether the tokens follow in a text, with no more than spaces, comments and what has no name between them.
    /// Beyond so many signs and words it says that they do, so that a text of nothing else is not gone through for each.
    fn follow(&self, tokens: &[Token], text: &[u8], mut at: usize) -> bool {
        let mut passed = 0;
        for token in tokens {
            while !token.stands_at(text, at) {
                passed += 1;
                if passed > MOST_BETWEEN {
                    return true;
                }
                let Some(byte) = text.get(at) else { return false };
                match byte {
                    b'#' => at += length(text, at, |byte| byte != b'\n'),
                    b'"' | b'\'' => return false,
                    _ if is_of_word(*byte) => {
                        let word = &text[at..at + length(text, at, is_of_word)];
                        if !self.is_unnamed(word) {
                            return false;
                        }
                        at += word.len();
                    }
                    _ => at += 1,
                }
            }
            at += token.text.len();
        }
        true
    }

    /// Whether the tokens precede what stands in a text. It does not look past the line, above which a comment may stand.
    fn precede(&self, tokens: &[Token], text: &[u8], mut end: usize) -> bool {
        let mut passed = 0;
        for token in tokens.iter().rev() {
            loop {
                passed += 1;
                if passed > MOST_BETWEEN {
                    return true;
                }
                let start = end.checked_sub(token.text.len());
                if let Some(start) = start.filter(|start| token.stands_at(text, *start)) {
                    end = start;
                    break;
                }
                match end.checked_sub(1).and_then(|before| text.get(before)) {
                    None | Some(b'"' | b'\'') => return false,
                    Some(b'\n') => return true,
                    Some(byte) if is_of_word(*byte) => {
                        let letters =
                            text[..end].iter().rev().take_while(|byte| is_of_word(**byte));
                        let word = &text[end - letters.count()..end];
                        if !self.is_unnamed(word) {
                            return false;
                        }
                        end -= word.len();
                    }
                    Some(_) => end -= 1,
                }
            }
        }
        true
    }

    fn is_unnamed(&self, word: &[u8]) -> bool {
        str::from_utf8(word).is_ok_and(|word| self.unnamed.contains(word))
    }
}

/// Finds any of the texts, one look-up a byte: all that is scanned goes through it.
pub(crate) fn finder(
    texts: impl IntoIterator<Item = impl AsRef<[u8]>>,
) -> Result<AhoCorasick, String> {
    let mut builder = AhoCorasick::builder();
    builder.kind(Some(AhoCorasickKind::DFA)).build(texts).map_err(|error| error.to_string())
}

impl Places {
    /// The first place of a phrase in a part of the text.
    pub(crate) fn first(&self, phrase: usize, part: Range<usize>) -> Option<usize> {
        let places = self.0.get(phrase)?;
        let next = places.partition_point(|place| *place < part.start);
        places.get(next).copied().filter(|place| *place < part.end)
    }

    /// Whether a phrase stands so many times, one at least, in a part of the text.
    pub(crate) fn has(&self, phrase: usize, times: usize, part: Range<usize>) -> bool {
        let Some(places) = self.0.get(phrase) else { return false };
        let next = places.partition_point(|place| *place < part.start);
        places.get(next + times - 1).is_some_and(|place| *place < part.end)
    }
}

/// Whether nothing but the names of a target stands between the `in` there and a `for` in the same line.
fn is_of_for(text: &[u8], start: usize) -> bool {
    let is_of_target = |byte: &u8| is_of_word(*byte) || b" ,.*()".contains(byte);
    let begin = text[..start].iter().rposition(|byte| !is_of_target(byte)).map_or(0, |at| at + 1);
    let mut words = text[begin..start].split(|byte| !is_of_word(*byte)).rev();
    words.find(|word| matches!(*word, b"for" | b"in")) == Some(b"for")
}

/// Whether the name before the `=` there may stand again behind it, in the same line of code and right behind this sign.
fn may_extend(text: &[u8], start: usize, sign: Option<u8>) -> bool {
    let before = text[..start].trim_ascii_end();
    let letters = before.iter().rev().take_while(|byte| is_of_word(**byte)).count();
    let (before, name) = before.split_at(before.len() - letters);
    let before = before.trim_ascii_end().last();
    // `rows[0] = `, `text: str = `, and what may be no letter
    if name.is_empty() || before == Some(&b':') || !name.is_ascii() {
        return true;
    }
    // Of `self.text`, the sign stands before its first word.
    let sign = sign.filter(|_| before != Some(&b'.'));
    let mut open = 0_usize;
    let mut at = start + 1;
    for _ in 0..MOST_OF_LINE {
        match text.get(at) {
            None => return false,
            Some(b'\n') if open == 0 && text[at - 1] != b'\\' => return false,
            // A string may hold anything.
            Some(b'"' | b'\'' | b'#' | b'\r' | 0x80..) => return true,
            Some(b'(' | b'[' | b'{') => open += 1,
            Some(b')' | b']' | b'}') => open = open.saturating_sub(1),
            Some(byte) if is_of_word(*byte) => {
                let word = &text[at..at + length(text, at, is_of_word)];
                if word == name && sign.is_none_or(|sign| stands_behind(text, at, sign)) {
                    return true;
                }
                at += word.len() - 1;
            }
            Some(_) => {}
        }
        at += 1;
    }
    true
}

/// Whether nothing but spaces and the ends of lines stand between what begins there and a sign before it.
fn stands_behind(text: &[u8], start: usize, sign: u8) -> bool {
    let is_space = |byte: &u8| byte.is_ascii_whitespace() || *byte == b'\\';
    text[..start].iter().rev().find(|byte| !is_space(byte)) == Some(&sign)
}

/// Anything that is not of ASCII may be a space.
fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn length(text: &[u8], start: usize, belongs: impl Fn(u8) -> bool) -> usize {
    text[start..].iter().take_while(|byte| belongs(**byte)).count()
}
