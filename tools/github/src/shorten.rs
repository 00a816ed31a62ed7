//! Makes a comment fit: leaves out whole sections from the end, and says which.

/// The most characters that GitHub takes in a comment.
pub const COMMENT_LIMIT: usize = 65_536;
/// The note names so many sections; the others are counted.
const NAMED: usize = 8;
/// A rest smaller than this is left out rather than cut.
const WORTH_CUTTING: usize = 500;

/// The text within the limit. Hidden blocks at its end stay whole: the marker and the ledger are needed to find and continue the comment.
pub fn shorten(markdown: &str, limit: usize) -> String {
    if size(markdown) <= limit {
        return markdown.to_owned();
    }
    let (body, hidden, lost) = split_hidden(markdown, limit / 2);
    let sections = sections(body);
    let mut kept = most_that_fit(&sections, limit);
    loop {
        if let Some(text) = assemble(&sections, kept, &hidden, lost, limit) {
            return text;
        }
        if kept == 0 {
            return cut_hard(body, &hidden, limit);
        }
        kept -= 1;
    }
}

/// How many sections fit where nothing else has to.
fn most_that_fit(sections: &[Section<'_>], limit: usize) -> usize {
    let mut used = 0;
    let fits = |section: &&Section<'_>| {
        used += size(section.text);
        used <= limit
    };
    sections.iter().take_while(fits).count()
}

/// GitHub counts characters. UTF-16 units are never fewer, whichever of the two it means.
fn size(text: &str) -> usize {
    text.encode_utf16().count()
}

/// The body, the hidden blocks behind it, and whether one of those was too large to keep.
fn split_hidden(markdown: &str, room: usize) -> (&str, String, bool) {
    let mut body = markdown.trim_end();
    let (mut blocks, mut used, mut lost) = (Vec::new(), 0, false);
    while let Some(start) = body.ends_with("-->").then(|| body.rfind("<!--")).flatten() {
        let (before, block) = body.split_at(start);
        used += size(block) + 1;
        if used > room {
            lost = true;
            used -= size(block) + 1;
        } else {
            blocks.push(block);
        }
        body = before.trim_end();
    }
    blocks.reverse();
    (body, blocks.join("\n"), lost)
}

/// A heading or a folded block, with all that follows up to the next one.
struct Section<'a> {
    text: &'a str,
    title: String,
}

/// Cuts before `##` and `###` headings and outermost `<details>`, none of them inside a code fence.
fn sections(body: &str) -> Vec<Section<'_>> {
    let (mut starts, mut state, mut at) = (vec![0], State::default(), 0);
    for line in body.split_inclusive('\n') {
        let heading = line.starts_with("## ") || line.starts_with("### ");
        if at > 0 && state.is_plain() && (heading || line.trim_start().starts_with("<details")) {
            starts.push(at);
        }
        state.read(line);
        at += line.len();
    }
    let ends: Vec<usize> = starts.iter().skip(1).copied().chain([body.len()]).collect();
    starts
        .iter()
        .zip(ends)
        .filter_map(|(start, end)| body.get(*start..end))
        .map(|text| Section { text, title: title(text) })
        .collect()
}

/// What stands open at a line's end.
#[derive(Debug, Clone, Default)]
struct State {
    fence: Option<String>,
    details: usize,
    hidden: bool,
}

impl State {
    fn is_plain(&self) -> bool {
        self.fence.is_none() && self.details == 0 && !self.hidden
    }

    fn read(&mut self, line: &str) {
        let text = line.trim();
        if let Some(fence) = &self.fence {
            let closes = text.starts_with(fence.as_str())
                && text.chars().all(|character| fence.starts_with(character));
            if closes {
                self.fence = None;
            }
            return;
        }
        if !self.hidden && (text.starts_with("```") || text.starts_with("~~~")) {
            self.fence = text
                .chars()
                .next()
                .map(|mark| text.chars().take_while(|character| *character == mark).collect());
            return;
        }
        if let Some(opened) = text.rfind("<!--") {
            self.hidden = !text.get(opened..).is_some_and(|rest| rest.contains("-->"));
        } else if text.contains("-->") {
            self.hidden = false;
        }
        self.details = (self.details + text.matches("<details").count())
            .saturating_sub(text.matches("</details>").count());
    }

    /// What closes all that stands open.
    fn closers(&self) -> String {
        let mut closers = self.fence.as_ref().map(|fence| format!("{fence}\n")).unwrap_or_default();
        if self.details > 0 {
            closers.push('\n');
            closers.push_str(&"</details>\n".repeat(self.details));
        }
        closers
    }
}

/// The heading, or the summary of a folded block, without markup.
fn title(text: &str) -> String {
    let mut lines = text.lines().map(str::trim);
    let first = lines.next().unwrap_or_default();
    let summary = text
        .lines()
        .take(5)
        .find_map(|line| line.split_once("<summary>"))
        .map(|(_, rest)| rest.split("</summary>").next().unwrap_or_default());
    let raw = if first.starts_with('#') {
        first.trim_start_matches('#')
    } else {
        summary.unwrap_or_default()
    };
    let plain: String = without_tags(raw)
        .chars()
        .filter(|character| !matches!(character, '*' | '`' | '_' | '[' | ']' | '<' | '>'))
        .take(60)
        .collect();
    if plain.trim().is_empty() { "a section".to_owned() } else { plain.trim().to_owned() }
}

fn without_tags(text: &str) -> String {
    let mut inside = false;
    let outside = |character: &char| {
        let tag = inside || *character == '<';
        inside = tag && *character != '>';
        !tag
    };
    text.chars().filter(outside).collect()
}

/// The first `kept` sections, as much of the next as is worth it, the note and the hidden blocks; `None` where they do not fit.
fn assemble(
    sections: &[Section<'_>],
    kept: usize,
    hidden: &str,
    lost: bool,
    limit: usize,
) -> Option<String> {
    let (whole, rest) = sections.split_at_checked(kept)?;
    let whole: String = trim_empty_heading(whole).iter().map(|section| section.text).collect();
    let dropped = format!("\n\n{}\n{hidden}", note(rest, None, lost));
    let room = limit.checked_sub(size(&dropped) + size(whole.trim_end()))?;
    // Only a section too large to ever fit beside others is cut; the note then names it as cut.
    if let Some((next, others)) = rest.split_first()
        && (size(next.text) > limit / 2 || whole.is_empty())
        && (room > WORTH_CUTTING || whole.is_empty())
        && let Some(text) = cut_section(&whole, next, others, hidden, lost, limit)
    {
        return Some(text);
    }
    (!whole.is_empty()).then(|| format!("{}{dropped}", whole.trim_end()))
}

/// A heading whose sections are all left out would announce nothing.
fn trim_empty_heading<'a, 'b>(whole: &'a [Section<'b>]) -> &'a [Section<'b>] {
    match whole.split_last() {
        Some((last, before))
            if !before.is_empty()
                && last.text.starts_with('#')
                && last.text.trim().lines().count() == 1 =>
        {
            before
        }
        _ => whole,
    }
}

fn cut_section(
    whole: &str,
    section: &Section<'_>,
    others: &[Section<'_>],
    hidden: &str,
    lost: bool,
    limit: usize,
) -> Option<String> {
    let tail = |left: usize| format!("\n\n{}\n{hidden}", note(others, Some((section, left)), lost));
    let room = limit.checked_sub(size(whole) + size(&tail(usize::MAX)))?;
    let (start, closers) = cut(section.text, room)?;
    let left = section.text.get(start.len()..).unwrap_or_default().lines().count();
    Some(format!("{whole}{start}{closers}{}", tail(left)))
}

/// The longest start that ends with a line and fits together with what closes it.
fn cut(text: &str, room: usize) -> Option<(&str, String)> {
    let (mut state, mut used, mut at, mut best) = (State::default(), 0, 0, None);
    for line in text.split_inclusive('\n') {
        state.read(line);
        used += size(line);
        at += line.len();
        let closers = state.closers();
        if used > room {
            break;
        }
        if !state.hidden && used + size(&closers) <= room {
            best = Some((at, closers));
        }
    }
    let (at, closers) = best.or_else(|| cut_line(text, room))?;
    Some((text.get(..at)?, closers))
}

/// Text whose very first line is too long.
fn cut_line(text: &str, room: usize) -> Option<(usize, String)> {
    let line = text.lines().next()?;
    let mut used = 0;
    let fits = |character: &char| {
        used += character.len_utf16();
        used <= room
    };
    let length: usize = line.chars().take_while(fits).map(char::len_utf8).sum();
    (length > 0).then(|| (length, String::new()))
}

fn note(dropped: &[Section<'_>], cut: Option<(&Section<'_>, usize)>, lost: bool) -> String {
    let cut = cut.map(|(section, left)| format!("the rest of {} ({left} lines)", section.title));
    let more = dropped.len().saturating_sub(NAMED);
    let whole = dropped.iter().take(NAMED).map(|section| {
        format!("{} ({} lines)", section.title, section.text.trim_end().lines().count())
    });
    let mut names: Vec<String> = cut.into_iter().chain(whole).collect();
    if more > 0 {
        names.push(format!("{more} more"));
    }
    if lost {
        names.push("hidden data of this comment".to_owned());
    }
    format!("_Left out for length: {}._", names.join(", "))
}

/// For limits too small for any section and a note.
fn cut_hard(body: &str, hidden: &str, limit: usize) -> String {
    let mut used = size(hidden) + 1;
    let fits = |character: &char| {
        used += character.len_utf16();
        used <= limit
    };
    let start: String = body.chars().take_while(fits).collect();
    format!("{start}\n{hidden}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAIL: &str = "<!-- eco-coder:ledger {\"open\":[]} -->\n<!-- eco-coder:v1 -->";

    fn lines(count: usize) -> String {
        (0..count)
            .fold(String::new(), |text, line| text + &format!("- line {line} of this section\n"))
    }

    #[test]
    fn a_comment_that_fits_is_left_alone() {
        assert_eq!(shorten("# Report\n<!-- x -->", 30), "# Report\n<!-- x -->");
    }

    #[test]
    fn whole_sections_go_from_the_end_and_are_named() {
        let text = format!(
            "# Verdict\nFine.\n\n## Findings\n{}\n<details>\n<summary><b>Method</b></summary>\n\n{}</details>\n\n### Skipped `files`\n{}\n{TAIL}",
            lines(4),
            lines(10),
            lines(9),
        );
        insta::assert_snapshot!(shorten(&text, 420), @r#"
        # Verdict
        Fine.

        ## Findings
        - line 0 of this section
        - line 1 of this section
        - line 2 of this section
        - line 3 of this section

        _Left out for length: Method (14 lines), Skipped files (10 lines)._
        <!-- eco-coder:ledger {"open":[]} -->
        <!-- eco-coder:v1 -->
        "#);
    }

    #[test]
    fn a_huge_section_is_cut_at_a_line_and_what_is_open_is_closed() {
        let text = format!(
            "# Verdict\n\n<details>\n<summary>Findings</summary>\n\n```python\n{}```\n\n</details>\n\n## Cost\n1 token\n{TAIL}",
            lines(100)
        );
        let short = shorten(&text, 900);
        assert!(short.contains("- line 25 of this section\n```\n\n</details>\n"), "{short}");
        insta::assert_snapshot!(short.split("</details>").last().unwrap().trim(), @r#"
        _Left out for length: the rest of Findings (78 lines), Cost (2 lines)._
        <!-- eco-coder:ledger {"open":[]} -->
        <!-- eco-coder:v1 -->
        "#);
    }

    #[test]
    fn a_heading_in_a_fence_or_a_folded_block_is_no_border() {
        let text = "# A\n```md\n## not one\n```\n<details>\n## not one\n<details>\nx\n</details>\n## not one\n</details>\n## B\ny\n";
        let titles: Vec<_> = sections(text).into_iter().map(|section| section.title).collect();
        assert_eq!(titles, ["A", "a section", "B"]);
    }

    #[test]
    fn hidden_data_that_leaves_no_room_goes_and_the_marker_stays() {
        let text = format!(
            "# Verdict\n\n## Findings\n{}\n<!-- ledger {} -->\n<!-- eco-coder:v1 -->",
            lines(3),
            "x".repeat(3000)
        );
        let short = shorten(&text, 1000);
        assert!(
            short.ends_with(
                "_Left out for length: hidden data of this comment._\n<!-- eco-coder:v1 -->"
            ),
            "{short}"
        );
        assert!(short.contains("- line 2 of this section"));
    }

    #[test]
    fn whatever_the_text_it_fits_and_keeps_its_marker() {
        let pieces = [
            "## H\n",
            "text 🌍 text\n",
            "<details>\n",
            "</details>\n",
            "```\n",
            "~~~~\n",
            "<!-- x -->\n",
            "<!--\n",
            "-->\n",
            "### K\n\n",
            &"long ".repeat(90),
            "\n",
        ];
        let mut seed = 7_usize;
        for _ in 0..400 {
            let mut text = String::new();
            for _ in 0..60 {
                seed = seed
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                text.push_str(pieces[(seed >> 33) % pieces.len()]);
            }
            text.push_str("\n<!-- eco-coder:v1 -->");
            for limit in [300, 900, 3000] {
                let short = shorten(&text, limit);
                assert!(size(&short) <= limit, "{} > {limit}", size(&short));
                assert!(
                    short.ends_with("<!-- eco-coder:v1 -->"),
                    "{limit}\n{text}\n=====\n{short}"
                );
            }
        }
    }

    #[test]
    fn a_giant_text_takes_no_giant_time() {
        let text = format!("{}\n{TAIL}", "## Section\nsome text\n".repeat(50_000));
        assert!(size(&shorten(&text, COMMENT_LIMIT)) <= COMMENT_LIMIT);
    }
}
