//! One page that loads nothing and runs no script, in the reader's choice of light or dark.

const PAGE: &str = include_str!("page.html");

/// A whole page. `style` is CSS of the caller's own; `title` is text, and `body` is markup.
pub fn page(title: &str, style: &str, body: &str) -> String {
    let title = escaped(title);
    let filled = PAGE.split("{{}}").zip([&title, style, body, ""]);
    filled.flat_map(|(around, inside)| [around, inside]).collect()
}

/// Text as markup that shows it.
pub fn escaped(text: &str) -> String {
    // A page may not hold control characters in any form.
    let text: String = text.chars().filter(|char| !char.is_control() || *char == '\n').collect();
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_is_text_and_nothing_is_looked_through_for_places_to_fill() {
        let page = page("<b>\u{1b}[31m & {{}}", "p {}", "<p>{{}}</p>");
        assert!(page.contains("<title>&lt;b&gt;[31m &amp; {{}}</title>"), "{page}");
        assert!(
            page.contains("p {}</style>") && page.contains("<body>\n<p>{{}}</p>\n</body>"),
            "{page}"
        );
    }
}
