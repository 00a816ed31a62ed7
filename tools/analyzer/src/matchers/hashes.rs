//! Whether a name of Ruby is known to hold a `Hash`.

use crate::language::{SourceMatch, SourceNode};
use crate::matchers::names::bound_value;

/// `$TABLE` is bound in this file, and nothing but hashes are bound to it.
pub(crate) fn known_hash(found: &SourceMatch) -> bool {
    let Some(table) = found.get_env().get_match("TABLE") else { return false };
    let (name, page) = (table.text(), table.root().root());
    let mut values =
        page.dfs().filter_map(|node| bound_value(&node, &name).or_else(|| default(&node, &name)));
    values.next().is_some_and(|first| is_hash(&first) && values.all(|value| is_hash(&value)))
}

/// What a parameter of this name holds where it is not given, or holds in any case: `**options`.
fn default<'t>(node: &SourceNode<'t>, name: &str) -> Option<SourceNode<'t>> {
    let is_parameter = matches!(
        node.kind().as_ref(),
        "identifier" | "optional_parameter" | "keyword_parameter" | "hash_splat_parameter"
    );
    if !is_parameter {
        return None;
    }
    if node.kind() == "identifier" {
        // A parameter of which nothing is known.
        let is_plain = node.text() == name
            && node.parent().is_some_and(|parent| {
                matches!(parent.kind().as_ref(), "method_parameters" | "block_parameters")
            });
        return is_plain.then(|| node.clone());
    }
    let is_named = node.field("name").is_some_and(|found| found.text() == name);
    is_named.then(|| node.field("value").unwrap_or_else(|| node.clone()))
}

fn is_hash(value: &SourceNode) -> bool {
    let text = value.text();
    let text = text.trim_end_matches(".freeze");
    matches!(value.kind().as_ref(), "hash" | "hash_splat_parameter")
        || text.starts_with('{')
        || text.starts_with("Hash.new")
        || text.starts_with("Hash[")
        || [".to_h", ".index_by(&:id)", ".tally"].iter().any(|end| text.ends_with(end))
}
