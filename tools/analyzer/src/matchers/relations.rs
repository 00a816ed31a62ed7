//! Related rows that an object-relational mapper fetches only when they are asked for.

use std::sync::LazyLock;

use regex::Regex;

use crate::language::{SourceMatch, SourceNode};
use crate::matchers::loops::enclosing_loop;
use crate::matchers::names::bound_value;
use crate::syntax::enclosing_function;

/// The model that a query is for: `Book.objects…`, `session.query(Book)`, `select(Book)`.
static MODEL: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\b([A-Z]\w*)\.objects\b|\b(?:query|select)\(([A-Z]\w*)\)").ok());

/// Ways to have related rows come along.
const FETCHED_ALONG: [&str; 6] =
    ["select_related", "prefetch_related", ".options(", "joinedload", ".values", ".annotate"];

/// `$ITEM` is a row of the query that the loop goes through, and the query does not fetch `$RELATION` along. The relation is a
/// `_set` of Django's, or the row's model declares it in this file.
pub(crate) fn lazy_relation(found: &SourceMatch) -> bool {
    let env = found.get_env();
    let (Some(item), Some(relation)) = (env.get_match("ITEM"), env.get_match("RELATION")) else {
        return false;
    };
    let Some(around) = enclosing_loop(found) else { return false };
    let Some((row, rows)) = row_and_rows(&around) else { return false };
    let Some(query) = query(&around, &rows) else { return false };
    if row.text() != item.text() || FETCHED_ALONG.iter().any(|word| query.contains(word)) {
        return false;
    }
    let Some(model) = MODEL.as_ref().and_then(|model| model.captures(&query)) else { return false };
    let model = model.get(1).or(model.get(2)).map_or("", |name| name.as_str());
    relation.text().ends_with("_set") || declares(found, model, &relation.text())
}

fn row_and_rows<'t>(around: &SourceNode<'t>) -> Option<(SourceNode<'t>, SourceNode<'t>)> {
    let header = if around.kind() == "for_statement" {
        around.clone()
    } else {
        around.children().find(|child| child.kind() == "for_in_clause")?
    };
    Some((header.field("left")?, header.field("right")?))
}

/// The text of the query, also where a variable holds it.
fn query(around: &SourceNode, rows: &SourceNode) -> Option<String> {
    if rows.kind() != "identifier" {
        return Some(rows.text().into_owned());
    }
    let name = rows.text();
    let function = enclosing_function(around);
    let mut values = function
        .dfs()
        .filter_map(|node| bound_value(&node, &name))
        .map(|value| value.text().into_owned());
    let only = values.next()?;
    values.next().is_none().then_some(only)
}

fn declares(found: &SourceMatch, model: &str, relation: &str) -> bool {
    let class = found.root().root().dfs().find(|node| {
        node.kind() == "class_definition"
            && node.field("name").is_some_and(|name| name.text() == model)
    });
    class.is_some_and(|class| {
        class.dfs().filter(|node| node.kind() == "assignment").any(|assignment| {
            let is = assignment.field("left").is_some_and(|left| left.text() == relation);
            let value = assignment.field("right").map(|right| right.text().into_owned());
            is && value.is_some_and(|value| is_lazy(&value))
        })
    })
}

fn is_lazy(declaration: &str) -> bool {
    let starts = [
        "models.ForeignKey(",
        "models.OneToOneField(",
        "ForeignKey(\"",
        "relationship(",
        "db.relationship(",
    ];
    starts.iter().any(|start| declaration.starts_with(start)) && !declaration.contains("lazy=")
}
