//! How languages and profilers spell the name of a function, and what the spellings have in common.

use std::borrow::Cow;

/// A function's name, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    /// The parts, outermost first, without arguments, generics and profiler marks:
    /// `pkg.(*Users).Load[...]` and `<pkg::Users as Store>::Load` both give `pkg`, `Users`, `Load`.
    pub(crate) parts: Vec<String>,
    /// Whether it stands for a closure, block or lambda within the function that the parts name.
    pub(crate) is_closure: bool,
}

/// What compilers append to a copy of a function.
const CLONES: [&str; 5] = ["constprop", "isra", "llvm", "lto_priv", "part"];
/// What Kotlin appends to the function that fills in defaults, and to the body of a suspending one.
const KOTLIN_MARKS: [&str; 2] = ["$default", "$suspendImpl"];

/// Takes a name apart, whichever language and profiler spelled it.
pub(crate) fn parse(function: &str) -> Name {
    let whole = function.trim();
    let name = without_annotation(whole);
    let (name, in_block) = without_block(without_module(name));
    let (name, in_lambda) = of_csharp(name);
    let name = KOTLIN_MARKS.iter().find_map(|mark| name.strip_suffix(mark)).unwrap_or(&name);
    let (bare, in_braces) = bare(name);
    // What stands before a space is the type that is returned, or `get`, `async` and the like.
    let bare = bare.trim();
    let called = match bare.rsplit_once(' ') {
        Some((before, last)) if !before.ends_with("operator") => last,
        _ => bare,
    };
    let mut parts: Vec<String> = called
        .split(['.', ':', '/', '#', '$', '\\', '+'])
        .map(|part| part.split('`').next().unwrap_or(part).trim())
        .filter(|part| !part.is_empty() && !is_rust_hash(part))
        .map(ToOwned::to_owned)
        .collect();
    without_clone_marks(&mut parts);
    let in_literal = without_closure_marks(&mut parts, in_braces);
    // `<module>` and `<lambda>` are names although they look like generics.
    if parts.is_empty() {
        return Name { parts: vec![whole.to_owned()], is_closure: false };
    }
    if let Some(last) = parts.last_mut() {
        without_mangling(last);
    }
    Name { parts, is_closure: in_block || in_lambda || in_braces || in_literal }
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

/// .NET's tools and Windows' put the module before a name: `Shop!Shop.Users.Load()`.
fn without_module(name: &str) -> &str {
    match name.split_once('!') {
        Some((module, rest)) if !rest.is_empty() && !module.contains(['(', '<', ' ']) => rest,
        _ => name,
    }
}

/// Ruby's `block (2 levels) in Users#load` is a block of `Users#load`.
fn without_block(name: &str) -> (&str, bool) {
    let is_block = ["block ", "rescue in ", "ensure in "].iter().any(|mark| name.starts_with(mark));
    match name.rsplit_once(" in ") {
        Some((_, of)) if is_block => (of, true),
        _ => (name, false),
    }
}

/// What C# makes of a function: `<Load>d__5.MoveNext` is the body of an asynchronous `Load`, `<Load>b__0` a lambda in
/// it, and `<Load>g__Local|0` its local function `Local`.
fn of_csharp(name: &str) -> (Cow<'_, str>, bool) {
    let whole = (Cow::Borrowed(name), false);
    let Some((before, rest)) = name.rsplit_once('<') else { return whole };
    let Some((of, made)) = rest.split_once('>') else { return whole };
    if of.is_empty() {
        return whole;
    }
    // The class that holds lambdas, `<>c__DisplayClass0_0`, is nobody's name.
    let owner = before.split("+<>c").next().unwrap_or(before);
    if made.starts_with("d__") {
        (Cow::Owned(format!("{owner}.{of}")), false)
    } else if made.starts_with("b__") {
        (Cow::Owned(format!("{owner}.{of}")), true)
    } else if let Some(local) = made.strip_prefix("g__") {
        let local = local.split('|').next().unwrap_or(local);
        (Cow::Owned(format!("{owner}.{of}.{local}")), false)
    } else {
        whole
    }
}

/// The name without what stands in brackets, and whether braces, which mark closures, were among them.
fn bare(name: &str) -> (String, bool) {
    let (mut kept, rest) = implementor(name);
    let mut in_braces = false;
    let mut letters = rest.char_indices();
    while let Some((at, letter)) = letters.next() {
        let (before, after) = (&rest[..at], &rest[at + letter.len_utf8()..]);
        let skipped = match letter {
            _ if before.ends_with("operator") && operator_of(&rest[at..]).is_some() => {
                let symbols = operator_of(&rest[at..]).unwrap_or_default();
                kept.push_str(symbols);
                symbols.len() - letter.len_utf8()
            }
            // A pointer that a Go method belongs to is a qualifier.
            '(' if after.starts_with('*') => {
                let (owner, _) = after.split_once(')').unwrap_or((after, ""));
                kept.push_str(&without_brackets(owner.trim_start_matches('*')));
                owner.len() + 1
            }
            '<' | '[' | '(' | '{' => {
                let length = length_of_group(&rest[at..]);
                in_braces |= letter == '{';
                let next = rest[at + length..].chars().next();
                // After its arguments a name goes on only as the scope of another.
                if letter == '(' && !next.is_some_and(|next| ".:$#".contains(next)) && at > 0 {
                    return (kept, in_braces);
                }
                length - 1
            }
            // PHP's arrow.
            '-' if after.starts_with('>') => {
                kept.push(':');
                1
            }
            other => {
                kept.push(other);
                0
            }
        };
        let end = at + letter.len_utf8() + skipped;
        while letters.offset() < end && letters.next().is_some() {}
    }
    (kept, in_braces)
}

/// The symbols that name an operator of C++, as far as they look like brackets or an arrow.
fn operator_of(rest: &str) -> Option<&'static str> {
    const OPERATORS: [&str; 15] = [
        "<=>", "<<=", ">>=", "->*", "->", "<<", ">>", "<=", ">=", "--", "-=", "()", "[]", "<", ">",
    ];
    OPERATORS.into_iter().find(|operator| rest.starts_with(operator))
}

/// The type of Rust's `<Type as Trait>::method`, and what follows it.
fn implementor(name: &str) -> (String, &str) {
    let length = length_of_group(name);
    match name.get(length..).filter(|rest| name.starts_with('<') && rest.starts_with("::")) {
        Some(rest) => {
            let inner = &name[1..length - 1];
            (without_brackets(inner.split(" as ").next().unwrap_or(inner)), rest)
        }
        None => (String::new(), name),
    }
}

fn without_brackets(name: &str) -> String {
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

/// Bytes up to and with the bracket that closes the first one; all of them where none does.
fn length_of_group(name: &str) -> usize {
    let mut depth = 0_u32;
    let mut last = ' ';
    for (at, letter) in name.char_indices() {
        match letter {
            '<' | '[' | '(' | '{' => depth += 1,
            // Not the arrow of a function type.
            '>' if last == '-' => {}
            '>' | ']' | ')' | '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return at + letter.len_utf8();
        }
        last = letter;
    }
    name.len()
}

/// Drops `constprop` and `0` of `load.constprop.0`.
fn without_clone_marks(parts: &mut Vec<String>) {
    if parts.len() > 1 && parts.last().is_some_and(|last| last == "cold") {
        parts.pop();
    }
    while let [_, .., mark, number] = parts.as_slice()
        && CLONES.contains(&mark.as_str())
        && is_number(number)
    {
        parts.truncate(parts.len() - 2);
    }
}

/// Drops what Go, Java, Kotlin and C++ call a closure after its function, and says whether there was something.
fn without_closure_marks(parts: &mut Vec<String>, in_braces: bool) -> bool {
    let count = parts.len();
    // Go: `Load.func1`, `Load.func1.2`, `Load.gowrap1`.
    let is_go = |part: &str| {
        ["func", "gowrap", "deferwrap"]
            .iter()
            .any(|mark| part.strip_prefix(mark).is_some_and(is_number))
    };
    let of_go = parts.iter().skip(1).position(|part| is_go(part)).map(|at| at + 1);
    if let Some(at) =
        of_go.filter(|at| parts[at + 1..].iter().all(|part| is_go(part) || is_number(part)))
    {
        parts.truncate(at);
    }
    match parts.as_slice() {
        // Java: `Users.lambda$load$0`.
        [.., lambda, function, number] if lambda == "lambda" && is_number(number) => {
            let function = function.clone();
            parts.truncate(parts.len() - 3);
            parts.push(function);
        }
        // Kotlin: `Users$load$1.invokeSuspend`.
        [_, .., number, invoke]
            if matches!(invoke.as_str(), "invoke" | "invokeSuspend")
                && is_number(number)
                && parts.len() > 2 =>
        {
            parts.truncate(parts.len() - 2);
        }
        // C++: `load(int)::{lambda()#1}::operator()`.
        [_, .., operator] if in_braces && operator == "operator()" => {
            parts.pop();
        }
        _ => {}
    }
    parts.len() < count
}

/// Kotlin's `load-WZ4Q5Ns` takes an inline class, Go's `Load-fm` is a method as a value.
fn without_mangling(part: &mut String) {
    if let Some(at) = part.find('-').filter(|at| *at > 0 && !part.starts_with("operator")) {
        part.truncate(at);
    }
}

fn is_number(part: &str) -> bool {
    !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())
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

    fn told(name: &str) -> String {
        let name = parse(name);
        format!("{}{}", name.parts.join(" "), if name.is_closure { " (closure)" } else { "" })
    }

    #[test]
    fn one_function_is_recognized_in_every_spelling() {
        let cases = [
            ("load", "load"),
            ("<module>", "<module>"),
            ("(garbage collector)", "(garbage collector)"),
            ("", ""),
            ("é(", "é"),
            // Python
            ("Users.load", "Users load"),
            ("app.users:Users:load", "app users Users load"),
            ("outer.<locals>.load", "outer load"),
            ("<listcomp>", "<listcomp>"),
            (
                "<method 'execute' of 'sqlite3.Connection' objects>",
                "<method 'execute' of 'sqlite3.Connection' objects>",
            ),
            // JavaScript
            ("get name", "name"),
            ("Users.#load", "Users load"),
            ("(anonymous)", "(anonymous)"),
            // Go
            ("github.com/x/pkg.(*Users).Load", "github com x pkg Users Load"),
            ("pkg.Map[...].Get", "pkg Map Get"),
            ("pkg.(*Map[...]).Get", "pkg Map Get"),
            ("main.Load.func1", "main Load (closure)"),
            ("main.Load.func1.2", "main Load (closure)"),
            ("main.(*Users).Load-fm", "main Users Load"),
            // Rust
            ("crate::users::load::h0123456789abcdef", "crate users load"),
            ("<crate::Users<T> as Store>::load", "crate Users load"),
            ("<alloc::vec::Vec<T> as Into<Box<[T]>>>::into", "alloc vec Vec into"),
            ("alloc::vec::Vec<T>::push", "alloc vec Vec push"),
            ("shop::load::{{closure}}", "shop load (closure)"),
            ("shop::load::{async_fn_env#0}<T>", "shop load (closure)"),
            // Java and Kotlin
            ("com/foo/Users$Inner.load_[j]", "com foo Users Inner load"),
            ("com.foo.Users.load(java.lang.String)", "com foo Users load"),
            ("com.foo.Users.<init>", "com foo Users"),
            ("com.foo.Users.lambda$load$0", "com foo Users load (closure)"),
            ("UsersKt.load$default", "UsersKt load"),
            ("Users.load-WZ4Q5Ns", "Users load"),
            ("Users$load$1.invokeSuspend", "Users load (closure)"),
            // C and C++
            ("void shop::load<int, std::less<int> >(std::vector<int>&, int) const", "shop load"),
            ("(anonymous namespace)::Users::load(int)", "Users load"),
            ("shop::(anonymous namespace)::load()", "shop load"),
            ("shop::Users::operator()(int) const", "shop Users operator()"),
            ("shop::Users::operator<(shop::Users const&)", "shop Users operator<"),
            ("shop::Users::operator->()", "shop Users operator->"),
            ("load(int)::{lambda(int)#1}::operator()(int) const", "load (closure)"),
            ("load.constprop.0", "load"),
            ("load.part.3.cold", "load"),
            ("load [clone .isra.0]", "load"),
            // C#
            ("Shop!Shop.Users.Load(class System.String)", "Shop Users Load"),
            ("Shop.Cache`1[System.__Canon].Get(!0)", "Shop Cache Get"),
            ("Shop.Users+<LoadAsync>d__5.MoveNext()", "Shop Users LoadAsync"),
            ("Shop.Users+<>c__DisplayClass3_0.<Load>b__0(int32)", "Shop Users Load (closure)"),
            ("Shop.Users.<Load>g__Parse|3_0(class System.String)", "Shop Users Load Parse"),
            // PHP
            ("App\\Models\\User::load", "App Models User load"),
            ("App\\Models\\User->load", "App Models User load"),
            ("App\\Models\\User->App\\Models\\{closure}", "App Models User App Models (closure)"),
            // Ruby
            ("Shop::User#load", "Shop User load"),
            ("block (2 levels) in Shop::User#load", "Shop User load (closure)"),
            ("Array#each [c function]", "Array each"),
        ];
        for (name, expected) in cases {
            assert_eq!(told(name), expected, "{name}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_name_is_too_strange(name in "([a-zé.:<>(){}\\[\\]*$#!` -]|operator|func1|lambda|block in ){0,30}") {
            proptest::prop_assert!(!parse(&name).parts.is_empty());
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
