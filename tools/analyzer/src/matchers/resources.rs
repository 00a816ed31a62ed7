//! Resources that a function opens and never gives back.

use crate::language::{SourceMatch, SourceNode};
use crate::syntax::enclosing_function;

/// `$RESPONSE` is only ever looked into (`response.StatusCode`), never closed and never handed on.
pub(crate) fn response_never_closed(found: &SourceMatch) -> bool {
    let Some(response) = found.get_env().get_match("RESPONSE") else { return false };
    let name = response.text();
    if name == "_" {
        return false;
    }
    let function = enclosing_function(found);
    let uses = function.dfs().filter(|node| node.kind() == "identifier" && node.text() == name);
    let mut others = uses.filter(|node| !found.range().contains(&node.range().start)).peekable();
    others.peek().is_some() && others.all(|node| only_reads(&node))
}

/// The use is `name.Field` with a field that is not the body, or with the body as the argument of a call that reads it.
fn only_reads(node: &SourceNode) -> bool {
    let Some(selector) = node.parent().filter(|parent| parent.kind() == "selector_expression")
    else {
        return false;
    };
    if selector.field("field").is_none_or(|field| field.text() != "Body") {
        return true;
    }
    // Whatever else is given the body may close it.
    let readers = [
        "io.ReadAll(",
        "ioutil.ReadAll(",
        "json.NewDecoder(",
        "bufio.NewReader(",
        "bufio.NewScanner(",
    ];
    let call = selector.parent().and_then(|arguments| arguments.parent());
    call.is_some_and(|call| readers.iter().any(|reader| call.text().starts_with(reader)))
}
