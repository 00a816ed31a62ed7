//! The report as one HTML page that needs nothing from elsewhere.

use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, html};

use super::Report;

const PAGE: &str = include_str!("page.html");

impl Report {
    /// The Markdown report, rendered; only the tags that the report itself writes survive.
    pub fn to_html(&self) -> String {
        let markdown = self.to_markdown();
        let parser = Parser::new_ext(&markdown, Options::ENABLE_TABLES | Options::ENABLE_TASKLISTS)
            .map(harmless);
        let mut body = String::new();
        html::push_html(&mut body, parser);
        let title = html_escape(&format!("Eco-Coder: {}", self.subject.repository));
        PAGE.replacen("{{title}}", &title, 1).replacen("{{body}}", &body, 1)
    }
}

/// The report's own tags; all other HTML becomes text.
const OWN_TAGS: [&str; 8] =
    ["<details>", "</details>", "<summary>", "</summary>", "<sub>", "</sub>", "<br>", "</br>"];

fn harmless(event: Event<'_>) -> Event<'_> {
    match event {
        Event::Html(markup) | Event::InlineHtml(markup) => {
            Event::Html(CowStr::from(own_markup(&markup)))
        }
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            let safe = dest_url.starts_with("https://") || dest_url.starts_with("http://");
            let dest_url = if safe { dest_url } else { CowStr::Borrowed("#") };
            Event::Start(Tag::Link { link_type, dest_url, title, id })
        }
        other => other,
    }
}

fn own_markup(markup: &str) -> String {
    let mut escaped = html_escape(markup);
    for tag in OWN_TAGS {
        escaped = escaped.replace(&html_escape(tag), tag);
    }
    // `&amp;lt;` was an entity in the Markdown already.
    escaped.replace("&amp;", "&")
}

fn html_escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
