//! How deep a document nests, told without recursion: readers recurse, and a stack that overflows ends the process.

/// About 500 frames of a call graph, each of which takes two levels.
pub(crate) const DEEPEST: usize = 1_024;

/// What hides brackets in JSON and Ion text: how it opens, how it closes, and whether `\` escapes in it.
const HIDING: [(&[u8], &[u8], bool); 5] = [
    (b"\"", b"\"", true),
    (b"'''", b"'''", true),
    (b"'", b"'", true),
    (b"//", b"\n", false),
    (b"/*", b"*/", false),
];

/// Whether a reader may go through this JSON or Ion text.
pub(crate) fn text_is_shallow(mut rest: &[u8]) -> bool {
    let mut depth = 0_usize;
    while let Some(byte) = rest.first() {
        match byte {
            b'{' | b'[' | b'(' => depth += 1,
            b'}' | b']' | b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST {
            return false;
        }
        rest = match HIDING.iter().find(|(opener, ..)| rest.starts_with(opener)) {
            Some((opener, closer, escapes)) => after(&rest[opener.len()..], closer, *escapes),
            None => &rest[1..],
        };
    }
    true
}

fn after<'a>(mut rest: &'a [u8], closer: &[u8], escapes: bool) -> &'a [u8] {
    while !rest.is_empty() {
        if rest.starts_with(closer) {
            return &rest[closer.len()..];
        }
        let step = if escapes && rest[0] == b'\\' { 2 } else { 1 };
        rest = rest.get(step..).unwrap_or_default();
    }
    rest
}

/// Whether a reader may go through this binary Ion 1.0. What is not well formed may not be read either.
pub(crate) fn binary_is_shallow(bytes: &[u8]) -> bool {
    let mut scan = Scan { bytes, at: 0, open: Vec::new() };
    while scan.leave_ended() {
        if scan.open.len() > DEEPEST || scan.enter_or_skip().is_none() {
            return false;
        }
    }
    true
}

const VERSION_MARKER: [u8; 4] = [0xE0, 0x01, 0x00, 0xEA];

/// A walk over the values of binary Ion by their lengths alone.
struct Scan<'a> {
    bytes: &'a [u8],
    at: usize,
    /// The containers around the position: where each ends, and whether its values carry field names.
    open: Vec<(usize, bool)>,
}

impl Scan<'_> {
    /// `false` at the end of all bytes.
    fn leave_ended(&mut self) -> bool {
        while self.open.last().is_some_and(|(end, _)| self.at >= *end) {
            self.open.pop();
        }
        self.at < self.bytes.len()
    }

    fn enter_or_skip(&mut self) -> Option<()> {
        if self.open.is_empty() && self.bytes[self.at..].starts_with(&VERSION_MARKER) {
            self.at += VERSION_MARKER.len();
            return Some(());
        }
        if self.open.last().is_some_and(|(_, is_struct)| *is_struct) {
            self.number()?;
        }
        let descriptor = *self.bytes.get(self.at)?;
        self.at += 1;
        let (kind, low) = (descriptor >> 4, descriptor & 0x0F);
        let length = match (kind, low) {
            // Null of any type, and booleans, have no body.
            (_, 15) | (1, _) => 0,
            (_, 14) | (13, 1) => self.number()?,
            (14, 0) | (15, _) => return None,
            _ => usize::from(low),
        };
        let end = self.at.checked_add(length).filter(|end| *end <= self.bytes.len())?;
        match kind {
            11..=13 if low != 15 => self.open.push((end, kind == 13)),
            14 => {
                let annotations = self.number()?;
                self.at = self.at.checked_add(annotations)?;
                self.open.push((end, false));
            }
            _ => self.at = end,
        }
        Some(())
    }

    /// A `VarUInt`: seven bits a byte, the last byte marked.
    fn number(&mut self) -> Option<usize> {
        let mut value = 0_usize;
        loop {
            let byte = *self.bytes.get(self.at)?;
            self.at += 1;
            value = value.checked_mul(128)?.checked_add(usize::from(byte & 0x7F))?;
            if byte & 0x80 != 0 {
                return Some(value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use ion_rs::{Element, v1_0};

    use super::*;

    #[test]
    fn brackets_in_texts_symbols_and_comments_do_not_count() {
        let many = "[".repeat(DEEPEST + 1);
        for hidden in [
            format!(r#"{{"a\"{many}": 1}}"#),
            format!("{{'{many}': 1}}"),
            format!("'''{many}'''"),
            format!("/*{many}*/1"),
            format!("//{many}\n1"),
        ] {
            assert!(text_is_shallow(hidden.as_bytes()), "{hidden}");
        }
        assert!(!text_is_shallow(many.as_bytes()));
        assert!(!text_is_shallow(format!("'\"'{many}").as_bytes()));
        assert!(text_is_shallow("[]".repeat(DEEPEST + 1).as_bytes()));
        assert!(text_is_shallow(br#""never closed \"#));
    }

    #[test]
    fn binary_ion_is_walked_by_its_lengths() {
        let text = r#"{a: [1, 2.5e0, 3.25, null, true, "x", {{aGk=}}], b: note::{c: (d e)}, long: "0123456789012345678901234567890"}"#;
        let binary = Element::read_one(text).unwrap().encode_as(v1_0::Binary).unwrap();
        assert!(binary_is_shallow(&binary));
        assert!(!binary_is_shallow(&binary[..binary.len() - 1]));
    }

    #[test]
    fn deep_binary_ion_is_refused() {
        let nested = |levels: usize| {
            Element::read_one(format!("{}{}", "[".repeat(levels), "]".repeat(levels))).unwrap()
        };
        assert!(binary_is_shallow(&nested(100).encode_as(v1_0::Binary).unwrap()));
        // Each level wraps the bytes so far: a list whose length follows as a number.
        let mut body = vec![0xB0];
        for _ in 0..=DEEPEST {
            let length = body.len();
            let mut level = vec![
                0xBE,
                (length >> 14 & 0x7F) as u8,
                (length >> 7 & 0x7F) as u8,
                (length & 0x7F) as u8 | 0x80,
            ];
            level.append(&mut body);
            body = level;
        }
        assert!(!binary_is_shallow(&[&VERSION_MARKER[..], &body].concat()));
    }
}
