//! Related rows that an object-relational mapper fetches only when they are asked for.

use std::sync::LazyLock;

use regex::Regex;

use crate::language::{SourceMatch, SourceNode};
use crate::matchers::blocks;
use crate::matchers::loops::enclosing_loop;
use crate::matchers::names::{bound_value, target};
use crate::syntax::enclosing_function;

/// The model that a query is for: `Book.objects…`, `session.query(Book)`, `select(Book)`.
static MODEL: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\b([A-Z]\w*)\.objects\b|\b(?:query|select)\(([A-Z]\w*)\)").ok());

/// A query of Active Record or Eloquent, whose rows fetch what they are related to when they are asked for it.
static ROWS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    let methods =
        "all|where|order|limit|latest|recent|find_each|joins|not|orderBy|has|whereHas|query";
    Regex::new(&format!(r"^\\?([A-Z]\w*(::|\\))*[A-Z]\w*(\.|::)({methods})\b")).ok()
});

/// Ways to have related rows come along.
const FETCHED_ALONG: [&str; 12] = [
    "select_related",
    "prefetch_related",
    ".options(",
    "joinedload",
    ".values",
    ".annotate",
    "includes(",
    "preload(",
    "eager_load(",
    "with(",
    "withCount(",
    "load(",
];
/// Fields that a related row has, and no value of a column.
const OF_ROWS: [&str; 10] = [
    "name",
    "title",
    "email",
    "username",
    "first_name",
    "last_name",
    "full_name",
    "slug",
    "price",
    "address",
];

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
    relation.text().ends_with("_set")
        || asks_related_row(found)
        || declares(found, model, &relation.text())
}

/// The same as far as the head of the loop tells, and whether there is a query at all.
pub(crate) fn may_be_lazy_relation(found: &SourceMatch) -> bool {
    let Some(item) = found.get_env().get_match("ITEM") else { return false };
    let Some(around) = enclosing_loop(found) else { return false };
    let Some((row, rows)) = row_and_rows(&around) else { return false };
    let function = enclosing_function(&around);
    let query = if rows.kind() == "identifier" { function.text() } else { rows.text() };
    row.text() == item.text() && may_ask_for_rows(&query)
}

/// Whether a function, or a file, asks a model for rows, as far as its mere text tells.
pub(crate) fn may_ask_for_rows(text: &str) -> bool {
    MODEL.as_ref().is_some_and(|model| model.is_match(text))
}

/// `$ITEM` is a row that the loop goes through, of a query that does not fetch related rows along.
pub(crate) fn row_of_query(found: &SourceMatch) -> bool {
    let Some(item) = found.get_env().get_match("ITEM") else { return false };
    let Some(around) = enclosing_loop(found) else { return false };
    let Some((row, rows)) = row_and_rows(&around) else { return false };
    let Some(query) = query(&around, &rows) else { return false };
    row.dfs().any(|node| node.text() == item.text())
        && !FETCHED_ALONG.iter().any(|word| query.contains(word))
        && ROWS.as_ref().is_some_and(|rows| rows.is_match(&query))
}

/// `book.author.name`, `book.tags.all()`: no column's value has these.
fn asks_related_row(found: &SourceMatch) -> bool {
    let is_called = found.parent().is_some_and(|parent| parent.kind() == "call");
    match found.get_env().get_match("FIELD") {
        Some(field) => !is_called && OF_ROWS.contains(&field.text().as_ref()),
        None => true,
    }
}

fn row_and_rows<'t>(around: &SourceNode<'t>) -> Option<(SourceNode<'t>, SourceNode<'t>)> {
    let header = if around.kind() == "for_statement" {
        around.clone()
    } else if matches!(around.kind().as_ref(), "block" | "do_block") {
        return target(around).zip(blocks::walked(around));
    } else if around.kind() == "for" {
        // Ruby
        let rows = around.field("value").and_then(|value| value.named_children().next());
        return target(around).zip(rows);
    } else if around.kind() == "foreach_statement" {
        return target(around).zip(around.named_children().next());
    } else {
        around.children().find(|child| child.kind() == "for_in_clause")?
    };
    Some((header.field("left")?, header.field("right")?))
}

/// The text of the query, also where a variable holds it.
fn query(around: &SourceNode, rows: &SourceNode) -> Option<String> {
    if !matches!(rows.kind().as_ref(), "identifier" | "variable_name" | "instance_variable") {
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
