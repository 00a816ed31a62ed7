//! Where on a page an element stands, as far as its markup tells.

use crate::language::SourceMatch;

/// As many pictures before it, and one is likely to be below what shows first.
const PICTURES_ABOVE: usize = 3;

/// Enough pictures stand before the match that it is hardly on the screen when the page opens.
pub(crate) fn below_the_fold(found: &SourceMatch) -> bool {
    let start = found.range().start;
    let page = found.root().root();
    let pictures = page
        .dfs()
        .take_while(|node| node.range().start < start)
        .filter(|node| node.kind() == "tag_name" && node.text().eq_ignore_ascii_case("img"));
    pictures.take(PICTURES_ABOVE).count() == PICTURES_ABOVE
}
