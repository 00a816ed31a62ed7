//! Files and timers: what is read whole for its lines, written without a buffer, or never stopped.

use crate::language::{SourceMatch, SourceNode};
use crate::matchers::loops::{enclosing_loop, in_for_loop};
use crate::matchers::names::bound_value;
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
    let is_opened_in_pass = enclosing_loop(found).is_some_and(|around| {
        around.dfs().any(|node| {
            let name = node.field("left").and_then(|left| left.child(0)).or(node.field("pattern"));
            name.is_some_and(|name| name.text().trim_start_matches("mut ") == file.text())
        })
    });
    in_for_loop(found)
        && !is_opened_in_pass
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

/// Nothing says that the file which the match reads is a short one: settings, or what the system tells of itself.
pub(crate) fn large_file(found: &SourceMatch) -> bool {
    const SHORT: [&str; 21] = [
        "/etc/",
        "/proc/",
        "/sys/",
        "changelog",
        "config",
        "cgroup",
        "hosts",
        "ignore",
        "license",
        "manifest",
        "meminfo",
        "metadata",
        "os-release",
        "passwd",
        "pidfile",
        "readme",
        "requirements",
        "settings",
        "stopwords",
        "template",
        "version",
    ];
    opened_path(found).is_none_or(|path| {
        let path = path.to_lowercase();
        !SHORT.iter().any(|short| path.contains(short))
    })
}

/// The arguments of the call that opens or reads what the match goes through.
fn opened_path(found: &SourceMatch) -> Option<String> {
    let env = found.get_env();
    let file = env.get_match("FILE").or_else(|| env.get_match("DATA"))?;
    if file.kind() == "call" {
        return Some(file.text().into_owned());
    }
    let name = file.text();
    if let Some(value) = binding(found, &name) {
        return Some(value);
    }
    let opens = |node: &SourceNode| match node.kind().as_ref() {
        // `with open(path) as file`
        "as_pattern" => {
            let alias = node.field("alias").is_some_and(|alias| alias.text() == name);
            alias.then(|| node.child(0).map(|opened| opened.text().into_owned())).flatten()
        }
        _ => bound_value(node, &name).map(|value| value.text().into_owned()),
    };
    let before = found.range().start;
    let function = enclosing_function(found);
    function
        .dfs()
        .take_while(|node| node.range().start < before)
        .filter_map(|node| opens(&node))
        .last()
}

/// `$LINES` is bound by the match and used once more in its function, for a loop or a stream to go through.
pub(crate) fn lines_walked_once(found: &SourceMatch) -> bool {
    let Some(lines) = found.get_env().get_match("LINES").map(SourceNode::text) else {
        return false;
    };
    let function = enclosing_function(found);
    let mut uses =
        mentions(&function, &lines).filter(|node| !found.range().contains(&node.range().start));
    let (Some(only), None) = (uses.next(), uses.next()) else { return false };
    only.parent().is_some_and(|parent| {
        let text = parent.text();
        let streamed = [".stream", ".Where", ".Select", ".Count", ".splitlines", ".lines"];
        match parent.kind().as_ref() {
            "for_statement" | "for_in_clause" | "enhanced_for_statement" | "foreach_statement" => {
                true
            }
            _ => streamed.iter().any(|method| {
                text.strip_prefix(lines.as_ref()).is_some_and(|rest| rest.starts_with(method))
            }),
        }
    })
}

/// `$LIST` is bound by the match and named once more in its function.
pub(crate) fn used_once(found: &SourceMatch) -> bool {
    let Some(list) = found.get_env().get_match("LIST").map(SourceNode::text) else { return false };
    mentions(&enclosing_function(found), &list).count() == 2
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
