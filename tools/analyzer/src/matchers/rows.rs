//! Rows and values of SQL, by their number.

use crate::language::{SourceMatch, SourceNode};

const MANY_VALUES: usize = 1_000;
const MANY_STATEMENTS: usize = 20;

/// The match is a list of more values than a statement should hold.
pub(crate) fn many_values(found: &SourceMatch) -> bool {
    found.children().filter(|child| child.kind() == "literal").nth(MANY_VALUES).is_some()
}

/// The match is a file with a long run of statements that insert one row each.
pub(crate) fn inserts_one_by_one(found: &SourceMatch) -> bool {
    let mut run = 0;
    found.children().filter(|child| child.kind() == "statement").any(|statement| {
        run = if inserts_one_row(&statement) { run + 1 } else { 0 };
        run == MANY_STATEMENTS
    })
}

fn inserts_one_row(statement: &SourceNode) -> bool {
    let Some(insert) = statement.children().find(|child| child.kind() == "insert") else {
        return false;
    };
    let values = insert.children().skip_while(|child| child.kind() != "keyword_values");
    values.filter(|child| child.kind() == "list").count() == 1
}
