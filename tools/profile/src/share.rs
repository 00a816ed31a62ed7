//! Joins a finding's function to the profile: which share of the run time does it touch?

use crate::Bottleneck;
use crate::function_name::segments;

/// The one function that is meant; `None` where none is, or where several could be.
///
/// Names match by their last parts, so `Users.load` is `app.users.Users.load` and `load` is both. Files match by their
/// last parts too, since a profile has the paths of the machine that ran it. A profile without files still matches
/// where the function's own qualifiers name the file: `crate::users::load` is in `src/users.rs`.
///
/// ```
/// # let samples = profile::read("cpu.folded", b"main (/srv/app/main.py:3);Users.load (/srv/app/users.py:7) 3\n").unwrap();
/// let functions = profile::functions(&samples);
/// let load = profile::find(&functions, "load", Some("app/users.py"));
/// assert_eq!(load.map(|load| load.cpu_percentage), Some(100.0));
/// assert_eq!(profile::find(&functions, "load", Some("app/orders.py")), None);
/// ```
pub fn find<'a>(
    functions: &'a [Bottleneck],
    function: &str,
    file: Option<&str>,
) -> Option<&'a Bottleneck> {
    let wanted = segments(function);
    let named: Vec<_> = functions
        .iter()
        .filter(|known| ends_alike(&segments(&known.function_name), &wanted))
        .collect();
    let Some(file) = file else { return only(&named) };
    let file = path_segments(file);
    let in_file: Vec<_> = named
        .iter()
        .copied()
        .filter(|known| {
            known.file_path.as_deref().is_some_and(|path| ends_alike(&path_segments(path), &file))
        })
        .collect();
    if !in_file.is_empty() {
        return only(&in_file);
    }
    let qualified: Vec<_> = named
        .into_iter()
        .filter(|known| {
            known.file_path.is_none() && names_file(&segments(&known.function_name), &file)
        })
        .collect();
    only(&qualified)
}

fn only<'a>(candidates: &[&'a Bottleneck]) -> Option<&'a Bottleneck> {
    match candidates {
        [one] => Some(one),
        _ => None,
    }
}

/// True where the shorter list is the end of the longer.
fn ends_alike(a: &[String], b: &[String]) -> bool {
    !a.is_empty() && !b.is_empty() && a.iter().rev().zip(b.iter().rev()).all(|(a, b)| a == b)
}

fn path_segments(path: &str) -> Vec<String> {
    let path = path.strip_prefix("file://").unwrap_or(path);
    path.split(['/', '\\'])
        .filter(|part| !part.is_empty() && *part != ".")
        .map(ToOwned::to_owned)
        .collect()
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
        find(functions, function, file).map(|found| found.cpu_percentage)
    }

    fn known(function: &str, file: Option<&str>, percent: f64) -> Bottleneck {
        Bottleneck {
            function_name: function.into(),
            file_path: file.map(Into::into),
            line_number: None,
            cpu_percentage: percent,
            self_time_ms: None,
            total_time_ms: None,
            invocation_count: 1,
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
}
