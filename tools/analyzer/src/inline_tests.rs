//! Tests of Rust that stand in the file that they test.

use std::ops::Range;

use crate::language::SourceNode;

const TESTING: [&str; 4] = ["cfg(test", "cfg(all(test", "test]", "bench]"];

/// Where the modules and functions are that only test builds hold.
pub(crate) fn inline_tests(root: &SourceNode) -> Vec<Range<usize>> {
    root.dfs().filter(is_test).map(|node| node.range()).collect()
}

fn is_test(node: &SourceNode) -> bool {
    matches!(node.kind().as_ref(), "mod_item" | "function_item")
        && node
            .prev_all()
            .take_while(|before| {
                matches!(
                    before.kind().as_ref(),
                    "attribute_item" | "line_comment" | "block_comment"
                )
            })
            .filter(|before| before.kind() == "attribute_item")
            .any(|attribute| {
                let text: String =
                    attribute.text().chars().filter(|letter| !letter.is_whitespace()).collect();
                TESTING.iter().any(|testing| text.contains(testing))
            })
}
