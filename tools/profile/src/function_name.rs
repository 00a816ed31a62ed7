//! How languages and profilers spell the name of a function, and what the spellings have in common.

/// The parts of a qualified name, outermost first, without arguments, generics and profiler marks:
/// `pkg.(*Users).Load[...]` and `<pkg::Users as Store>::Load` both give `pkg`, `Users`, `Load`.
pub(crate) fn segments(function: &str) -> Vec<String> {
    let name = without_annotation(function.trim());
    let name = without_arguments(&name.replacen("(*", "", 1).replacen(").", ".", 1)).to_owned();
    let name = without_brackets(&name);
    let parts: Vec<_> = name
        .split(['.', ':', '/', '#', '$'])
        .map(str::trim)
        .filter(|part| !part.is_empty() && !is_rust_hash(part))
        .map(ToOwned::to_owned)
        .collect();
    // `<module>` and `<lambda>` are names although they look like generics.
    if parts.is_empty() { vec![function.trim().to_owned()] } else { parts }
}

/// Function, file and line out of the names that Python and Node give their compiled code for `perf`:
/// `py::load:/srv/users.py`, `JS:*load /srv/users.js:12:3`.
pub(crate) fn from_runtime_symbol(symbol: &str) -> Option<(&str, &str, Option<u32>)> {
    if let Some(python) = symbol.strip_prefix("py::") {
        let (function, file) = python.split_once(':')?;
        return Some((function, file, None));
    }
    let (kind, rest) = symbol.split_once(':')?;
    if !matches!(kind, "JS" | "LazyCompile" | "Function") {
        return None;
    }
    let (function, location) = rest.rsplit_once(' ')?;
    let mut parts = location.rsplitn(3, ':');
    let (_column, line, file) = (parts.next()?, parts.next()?, parts.next()?);
    let function = function.trim_start_matches(['*', '~', '^', '+']);
    Some((function, file, line.parse().ok()))
}

/// Removes the `_[j]` or `_[k]` by which stack collapsers mark compiled and kernel frames.
fn without_annotation(name: &str) -> &str {
    match name.strip_suffix(']').and_then(|name| name.rsplit_once("_[")) {
        Some((bare, mark)) if mark.len() == 1 => bare,
        _ => name,
    }
}

fn without_arguments(name: &str) -> &str {
    match name.find('(') {
        Some(at) if at > 0 => &name[..at],
        _ => name,
    }
}

/// Drops what stands in `<…>` and `[…]`, except the type of Rust's `<Type as Trait>::method`.
fn without_brackets(name: &str) -> String {
    let (mut kept, rest) = match name.strip_prefix('<').and_then(|name| name.split_once(">::")) {
        Some((of, method)) => {
            (format!("{}::", without_generics(of.split(" as ").next().unwrap_or(of))), method)
        }
        None => (String::new(), name),
    };
    kept.push_str(&without_generics(rest));
    kept
}

fn without_generics(name: &str) -> String {
    let mut depth = 0_u32;
    let outside = |c: &char| {
        match c {
            '<' | '[' => depth += 1,
            '>' | ']' => depth = depth.saturating_sub(1),
            _ => return depth == 0,
        }
        false
    };
    name.chars().filter(outside).collect()
}

/// The last part of a legacy Rust symbol: `h` and sixteen hex digits.
fn is_rust_hash(part: &str) -> bool {
    part.len() == 17
        && part.starts_with('h')
        && part[1..].bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_function_is_recognized_in_every_spelling() {
        let cases: &[(&str, &[&str])] = &[
            ("load", &["load"]),
            ("Users.load", &["Users", "load"]),
            ("app.users:Users:load", &["app", "users", "Users", "load"]),
            ("outer.<locals>.load", &["outer", "load"]),
            ("<module>", &["<module>"]),
            ("github.com/x/pkg.(*Users).Load", &["github", "com", "x", "pkg", "Users", "Load"]),
            ("pkg.Map[...].Get", &["pkg", "Map", "Get"]),
            ("crate::users::load::h0123456789abcdef", &["crate", "users", "load"]),
            ("<crate::Users<T> as Store>::load", &["crate", "Users", "load"]),
            ("alloc::vec::Vec<T>::push", &["alloc", "vec", "Vec", "push"]),
            ("com/foo/Users$Inner.load_[j]", &["com", "foo", "Users", "Inner", "load"]),
            ("com.foo.Users.load(java.lang.String)", &["com", "foo", "Users", "load"]),
            ("", &[""]),
            ("é(", &["é"]),
        ];
        for (name, expected) in cases {
            assert_eq!(segments(name), *expected, "{name}");
        }
    }

    #[test]
    fn compiled_code_of_runtimes_names_its_source() {
        assert_eq!(
            from_runtime_symbol("py::load:/srv/users.py"),
            Some(("load", "/srv/users.py", None))
        );
        assert_eq!(
            from_runtime_symbol("JS:*load file:///srv/users.js:12:3"),
            Some(("load", "file:///srv/users.js", Some(12)))
        );
        assert_eq!(
            from_runtime_symbol("LazyCompile:~load /srv/users.js:12:3"),
            Some(("load", "/srv/users.js", Some(12)))
        );
        assert_eq!(from_runtime_symbol("std::load"), None);
    }
}
