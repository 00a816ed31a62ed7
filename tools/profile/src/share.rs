//! Joins a finding's function to the profile: which share of the run time does it touch?

use crate::Bottleneck;
use crate::function_name::{Name, parse};

/// The one function that is meant; `None` where none is, or where several could be.
///
/// Names match by their last parts, so `Users.load` is `app.users.Users.load` and `load` is both. Files match by their
/// last parts too, since a profile has the paths of the machine that ran it. A profile without files still matches
/// where the function's own qualifiers name the file: `crate::users::load` is in `src/users.rs`. Of functions of one name
/// in one file it is the last that begins before the line. A closure stands for its function only where that is not in
/// the profile itself, as with the code of a goroutine.
///
/// ```
/// # let samples = profile::read("cpu.folded", b"main (/srv/app/main.py:3);Users.load (/srv/app/users.py:7) 3\n").unwrap();
/// let functions = profile::functions(&samples);
/// let load = profile::find(&functions, "load", Some("app/users.py"), None);
/// assert_eq!(load.map(|load| load.cpu_percentage), Some(100.0));
/// assert_eq!(profile::find(&functions, "load", Some("app/orders.py"), None), None);
/// ```
pub fn find<'a>(
    functions: &'a [Bottleneck],
    function: &str,
    file: Option<&str>,
    line: Option<u32>,
) -> Option<&'a Bottleneck> {
    let wanted = parse(function).parts;
    let (closures, named): (Vec<_>, Vec<_>) = functions
        .iter()
        .map(|known| (parse(&known.function_name), known))
        .filter(|(name, _)| ends_alike(&name.parts, &wanted))
        .partition(|(name, _)| name.is_closure);
    let file = file.map(path_segments);
    let in_file = |candidates| in_file(candidates, file.as_deref());
    let (named, closures) = (in_file(named), in_file(closures));
    only(if named.is_empty() { &closures } else { &named }, line)
}

type Candidates<'a> = Vec<(Name, &'a Bottleneck)>;

/// Those that the profile puts in this file; where it puts none there, those whose names do.
fn in_file<'a>(candidates: Candidates<'a>, file: Option<&[String]>) -> Vec<&'a Bottleneck> {
    let bottlenecks = |candidates: Candidates<'a>| candidates.into_iter().map(|(_, known)| known);
    let Some(file) = file else { return bottlenecks(candidates).collect() };
    let (with_path, without): (Candidates<'_>, Candidates<'_>) =
        candidates.into_iter().partition(|(_, known)| known.file_path.is_some());
    let there: Vec<_> = bottlenecks(with_path)
        .filter(|known| {
            known.file_path.as_deref().is_some_and(|path| ends_alike(&path_segments(path), file))
        })
        .collect();
    if !there.is_empty() {
        return there;
    }
    bottlenecks(without.into_iter().filter(|(name, _)| names_file(&name.parts, file)).collect())
        .collect()
}

fn only<'a>(candidates: &[&'a Bottleneck], line: Option<u32>) -> Option<&'a Bottleneck> {
    if let [one] = candidates {
        return Some(one);
    }
    let line = line?;
    let begins = |known: &&'a Bottleneck| known.defined_at_line;
    if candidates.iter().any(|known| begins(known).is_none()) {
        return None;
    }
    let last = candidates
        .iter()
        .filter(|known| begins(known) <= Some(line))
        .max_by_key(|known| begins(known))?;
    // Two on one line could both be meant.
    let same = candidates.iter().filter(|known| begins(known) == begins(last)).count();
    (same == 1).then_some(*last)
}

/// True where the shorter list is the end of the longer.
fn ends_alike(a: &[String], b: &[String]) -> bool {
    !a.is_empty() && !b.is_empty() && a.iter().rev().zip(b.iter().rev()).all(|(a, b)| a == b)
}

fn path_segments(path: &str) -> Vec<String> {
    let path = path.strip_prefix("file://").unwrap_or(path);
    let path = unescaped(path);
    path.split(['/', '\\'])
        .filter(|part| !part.is_empty() && *part != ".")
        .map(ToOwned::to_owned)
        .collect()
}

/// A path of a URL with its `%20` read; other paths hold no such thing.
fn unescaped(path: &str) -> String {
    let mut pieces = path.split('%');
    let mut bytes = pieces.next().unwrap_or_default().as_bytes().to_vec();
    for piece in pieces {
        let escaped = piece.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(escaped.unwrap_or(b'%'));
        bytes.extend(&piece.as_bytes()[if escaped.is_some() { 2 } else { 0 }..]);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// True where a qualifier before the bare name is the file's stem, or the folder (a Go package) that it lies in.
fn names_file(function: &[String], file: &[String]) -> bool {
    let Some((_, qualifiers)) = function.split_last() else { return false };
    let Some((name, folders)) = file.split_last() else { return false };
    let (stem, ending) = name.rsplit_once('.').unwrap_or((name, ""));
    let module = if ending == "go" { folders.last().map(String::as_str) } else { Some(stem) };
    module.is_some_and(|module| qualifiers.iter().any(|qualifier| qualifier == module))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share_of(functions: &[Bottleneck], function: &str, file: Option<&str>) -> Option<f64> {
        find(functions, function, file, None).map(|found| found.cpu_percentage)
    }

    fn known(function: &str, file: Option<&str>, percent: f64) -> Bottleneck {
        Bottleneck {
            function_name: function.into(),
            file_path: file.map(Into::into),
            line_number: None,
            defined_at_line: None,
            cpu_percentage: percent,
            self_time_ms: None,
            total_time_ms: None,
            invocation_count: 1,
            lines: Vec::new(),
        }
    }

    fn profile() -> Vec<Bottleneck> {
        vec![
            known("load", Some("/home/ci/work/x/app/users.py"), 10.0),
            known("load", Some("/home/ci/work/x/app/orders.py"), 20.0),
            known("Cart.total", Some("cart.py"), 30.0),
            known("github.com/x/shop/pkg/users.(*Store).Find", None, 40.0),
            known("shop::catalog::list", None, 50.0),
            known("save", None, 60.0),
            known("A.close", Some("io.py"), 70.0),
            known("B.close", Some("io.py"), 80.0),
        ]
    }

    #[test]
    fn a_function_is_joined_only_where_it_is_certain() {
        let cases: &[(&str, Option<&str>, Option<f64>)] = &[
            ("load", Some("app/users.py"), Some(10.0)),
            ("app.orders:load", Some("app/orders.py"), Some(20.0)),
            ("load", Some("app/orders.py"), Some(20.0)),
            ("load", None, None),
            ("load", Some("other/users.py"), None),
            ("Cart.total", Some("src/shop/cart.py"), Some(30.0)),
            ("total", None, Some(30.0)),
            ("Order.total", Some("src/shop/cart.py"), None),
            ("Store.Find", Some("pkg/users/store.go"), Some(40.0)),
            ("Find", Some("pkg/orders/store.go"), None),
            ("list", Some("src/catalog.rs"), Some(50.0)),
            ("list", Some("src/orders.rs"), None),
            ("save", Some("app/users.py"), None),
            ("save", None, Some(60.0)),
            ("close", Some("io.py"), None),
            ("A.close", Some("io.py"), Some(70.0)),
            ("missing", None, None),
        ];
        for (function, file, expected) in cases {
            assert_eq!(share_of(&profile(), function, *file), *expected, "{function} in {file:?}");
        }
    }

    #[test]
    fn of_functions_of_one_name_the_one_around_the_line_is_meant() {
        let begins = |line, percent| Bottleneck {
            defined_at_line: Some(line),
            ..known("load", Some("file:///srv/my%20shop/users.js"), percent)
        };
        let functions = [begins(10, 1.0), begins(30, 2.0), begins(50, 3.0)];
        let share = |line| {
            let found = find(&functions, "load", Some("my shop/users.js"), line);
            found.map(|found| found.cpu_percentage)
        };
        assert_eq!(
            [Some(12), Some(49), Some(50), Some(9), None].map(share),
            [Some(1.0), Some(2.0), Some(3.0), None, None]
        );
    }

    #[test]
    fn a_closure_stands_for_a_function_that_is_not_there() {
        let closure = known("shop.(*Users).Load.func1", Some("users.go"), 30.0);
        let whole = known("shop.(*Users).Load", Some("users.go"), 40.0);
        let share =
            |functions: Vec<Bottleneck>| share_of(&functions, "Load", Some("shop/users.go"));
        assert_eq!(share(vec![closure.clone()]), Some(30.0));
        assert_eq!(share(vec![closure.clone(), whole]), Some(40.0));
        assert_eq!(share(vec![closure.clone(), closure]), None);
    }
}
