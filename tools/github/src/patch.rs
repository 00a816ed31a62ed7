//! Takes a patch back: head and its patch give base, which saves a request for every file.

/// The bytes at base. `None` where patch and head do not fit together, so that base must be fetched.
pub(crate) fn reverse(head: &[u8], patch: &str, additions: u64, deletions: u64) -> Option<Vec<u8>> {
    let mut undo = Undo {
        head: head.split_inclusive(|byte| *byte == b'\n').collect(),
        taken: 0,
        base: Vec::new(),
        lines: 0,
        added: 0,
        removed: 0,
    };
    let mut lines = patch.split('\n').peekable();
    while let Some(line) = lines.next() {
        let hunk = Hunk::parse(line)?;
        undo.start(&hunk)?;
        let (mut before, mut after) = (hunk.before_length, hunk.after_length);
        while before > 0 || after > 0 {
            let line = lines.next()?;
            let unended = lines.next_if(|next| next.starts_with('\\')).is_some();
            match undo.line(line, unended)? {
                Kind::Context => (before, after) = (before.checked_sub(1)?, after.checked_sub(1)?),
                Kind::Removed => before = before.checked_sub(1)?,
                Kind::Added => after = after.checked_sub(1)?,
            }
        }
    }
    // A patch that was cut short holds fewer lines than the file's entry counts.
    (undo.added == additions && undo.removed == deletions).then(|| undo.rest())
}

/// A submodule's patch moves a commit id and nothing else.
pub(crate) fn is_submodule(patch: &str) -> bool {
    let mut lines = patch.lines().skip(1).filter(|line| !line.starts_with('\\')).peekable();
    lines.peek().is_some()
        && lines.all(|line| {
            line.strip_prefix(['+', '-']).is_some_and(|text| text.starts_with("Subproject commit "))
        })
}

struct Undo<'a> {
    head: Vec<&'a [u8]>,
    /// Lines of head that are dealt with.
    taken: usize,
    base: Vec<u8>,
    /// Lines of base that are written.
    lines: usize,
    added: u64,
    removed: u64,
}

enum Kind {
    Context,
    Removed,
    Added,
}

struct Hunk {
    before_start: usize,
    before_length: usize,
    after_start: usize,
    after_length: usize,
}

impl Hunk {
    /// `@@ -1,2 +3,4 @@ context`; a length of 1 is left out.
    fn parse(line: &str) -> Option<Self> {
        let (ranges, _) = line.strip_prefix("@@ -")?.split_once(" @@")?;
        let (before, after) = ranges.split_once(" +")?;
        let ((before_start, before_length), (after_start, after_length)) =
            (range(before)?, range(after)?);
        Some(Self { before_start, before_length, after_start, after_length })
    }
}

fn range(text: &str) -> Option<(usize, usize)> {
    match text.split_once(',') {
        Some((start, length)) => Some((start.parse().ok()?, length.parse().ok()?)),
        None => Some((text.parse().ok()?, 1)),
    }
}

impl Undo<'_> {
    /// Copies what stands before a hunk, and checks that the hunk begins where both sides say.
    fn start(&mut self, hunk: &Hunk) -> Option<()> {
        // An empty side is counted from the line before it.
        let untouched = if hunk.after_length == 0 {
            hunk.after_start
        } else {
            hunk.after_start.checked_sub(1)?
        };
        let between = self.head.get(self.taken..untouched)?;
        self.base.extend(between.iter().copied().flatten());
        self.lines += between.len();
        self.taken = untouched;
        let before = if hunk.before_length == 0 {
            hunk.before_start
        } else {
            hunk.before_start.checked_sub(1)?
        };
        (before == self.lines).then_some(())
    }

    fn line(&mut self, line: &str, unended: bool) -> Option<Kind> {
        let (sign, text) = (line.as_bytes().first()?, line.as_bytes().get(1..)?);
        match sign {
            b' ' => {
                self.expect(text, unended)?;
                self.write(text, unended);
                Some(Kind::Context)
            }
            b'+' => {
                self.expect(text, unended)?;
                self.added += 1;
                Some(Kind::Added)
            }
            b'-' => {
                self.write(text, unended);
                self.removed += 1;
                Some(Kind::Removed)
            }
            _ => None,
        }
    }

    fn expect(&mut self, text: &[u8], unended: bool) -> Option<()> {
        let line = *self.head.get(self.taken)?;
        let found = if unended { line } else { line.strip_suffix(b"\n")? };
        self.taken += 1;
        (found == text).then_some(())
    }

    fn write(&mut self, text: &[u8], unended: bool) {
        self.base.extend_from_slice(text);
        if !unended {
            self.base.push(b'\n');
        }
        self.lines += 1;
    }

    fn rest(mut self) -> Vec<u8> {
        self.base.extend(self.head.iter().skip(self.taken).copied().flatten());
        self.base
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(head: &str, patch: &str, additions: u64, deletions: u64) -> Option<String> {
        reverse(head.as_bytes(), patch, additions, deletions)
            .map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn a_patch_is_taken_back() {
        let patch = "@@ -1,3 +1,3 @@\n one\n-two\n+2\n three\n@@ -8,2 +8,3 @@ fn eight() {\n eight\n nine\n+ten";
        let head = "one\n2\nthree\nfour\nfive\nsix\nseven\neight\nnine\nten\n";
        assert_eq!(
            base(head, patch, 2, 1).unwrap(),
            "one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\n"
        );
    }

    #[test]
    fn an_empty_side_and_a_missing_last_newline_are_kept() {
        assert_eq!(base("", "@@ -1,2 +0,0 @@\n-a\n-b", 0, 2).unwrap(), "a\nb\n");
        assert_eq!(base("a\nb\n", "@@ -0,0 +1,2 @@\n+a\n+b", 2, 0).unwrap(), "");
        assert_eq!(
            base("a\nb", "@@ -1,2 +1,2 @@\n a\n-c\n+b\n\\ No newline at end of file", 1, 1)
                .unwrap(),
            "a\nc\n"
        );
        assert_eq!(
            base("a\nb\n", "@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+b", 1, 1)
                .unwrap(),
            "a\nb"
        );
        assert_eq!(
            base("a\r\nc\r\n", "@@ -1,2 +1,2 @@\n a\r\n-b\r\n+c\r", 1, 1).unwrap(),
            "a\r\nb\r\n"
        );
    }

    #[test]
    fn a_patch_that_does_not_fit_is_refused() {
        let good = "@@ -1,2 +1,2 @@\n a\n-c\n+b";
        assert!(base("a\nb\n", good, 1, 1).is_some());
        for (head, patch, additions, deletions) in [
            ("a\nX\n", good, 1, 1),
            ("X\nb\n", good, 1, 1),
            ("a\n", good, 1, 1),
            ("a\nb\n", good, 2, 1),
            ("a\nb\n", "@@ -1,9 +1,9 @@\n a\n-c\n+b", 1, 1),
            ("a\nb\n", "@@ -5,2 +1,2 @@\n a\n-c\n+b", 1, 1),
            ("a\nb\n", "@@ -1,2 +99,2 @@\n a\n-c\n+b", 1, 1),
            ("a\nb\n", "@@ -1,2 +0,2 @@\n a\n-c\n+b", 1, 1),
            ("a\nb\n", "not a patch", 0, 0),
            ("a\nb\n", "", 0, 0),
        ] {
            assert_eq!(base(head, patch, additions, deletions), None, "{head:?} {patch:?}");
        }
    }

    #[test]
    fn a_submodule_is_known_by_its_patch() {
        assert!(is_submodule("@@ -1 +1 @@\n-Subproject commit 1111\n+Subproject commit 2222"));
        assert!(!is_submodule("@@ -1 +1 @@\n-Subproject commit 1111\n+something else"));
        assert!(!is_submodule("@@ -1 +1 @@"));
    }
}
