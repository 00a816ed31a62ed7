//! Files and timers: what is read whole for its lines, written without a buffer, or never stopped.

use crate::language::{SourceMatch, SourceNode};
use crate::matchers::loops::in_for_loop;
use crate::syntax::{enclosing_function, is_function};

/// `$FILE` is opened in the same function, and each pass of a loop over items writes to it.
pub(crate) fn opened_without_buffer(found: &SourceMatch) -> bool {
    let Some(file) = found.get_env().get_match("FILE") else { return false };
    let makers = [
        "os.Create(",
        "os.OpenFile(",
        "File::create(",
        "fs::File::create(",
        "std::fs::File::create(",
    ];
    in_for_loop(found)
        && binding(found, &file.text())
            .is_some_and(|value| makers.iter().any(|maker| value.starts_with(maker)))
}

/// `$DATA` is read from a file, and nothing but the match looks at it.
pub(crate) fn read_only_for_lines(found: &SourceMatch) -> bool {
    let Some(data) = found.get_env().get_match("DATA") else { return false };
    let name = data.text();
    let readers = ["os.ReadFile(", "ioutil.ReadFile("];
    let is_read = binding(found, &name)
        .is_some_and(|value| readers.iter().any(|reader| value.starts_with(reader)));
    is_read && mentions(&enclosing_function(found), &name).count() == 2
}

/// `$TICKER` is made by a function that ends, which neither stops it nor hands it on.
pub(crate) fn ticker_never_stopped(found: &SourceMatch) -> bool {
    let Some(ticker) = found.get_env().get_match("TICKER") else { return false };
    let function = enclosing_function(found);
    let name = ticker.text();
    let mut uses = mentions(&function, &name)
        .filter(|node| !found.range().contains(&node.range().start))
        .peekable();
    uses.peek().is_some()
        && uses.all(|node| {
            node.parent().is_some_and(|parent| parent.text() == format!("{name}.C"))
                && !waits_forever(&node)
        })
}

/// The loop around the node has no way out.
fn waits_forever(node: &SourceNode) -> bool {
    let around = node
        .ancestors()
        .take_while(|ancestor| !is_function(ancestor))
        .find(|ancestor| ancestor.kind() == "for_statement");
    around.is_some_and(|around| {
        !around.dfs().any(|node| {
            matches!(
                node.kind().as_ref(),
                "return_statement" | "break_statement" | "goto_statement"
            )
        })
    })
}

/// The text of the value that the function around the node first binds to the name.
fn binding(found: &SourceMatch, name: &str) -> Option<String> {
    enclosing_function(found).dfs().find_map(|node| {
        let (bound, value) = match node.kind().as_ref() {
            "short_var_declaration" => (node.field("left")?.child(0)?, node.field("right")?),
            "let_declaration" => (node.field("pattern")?, node.field("value")?),
            _ => return None,
        };
        let bound = bound.text();
        (bound.trim_start_matches("mut ") == name).then(|| value.text().into_owned())
    })
}

fn mentions<'a, 't: 'a>(
    node: &'a SourceNode<'t>,
    name: &'a str,
) -> impl Iterator<Item = SourceNode<'t>> + 'a {
    node.dfs().filter(move |node| node.kind() == "identifier" && node.text() == name)
}
