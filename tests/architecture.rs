//! Who may import what inside `src/`. Between crates, Cargo keeps the direction.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Area and the areas it may import.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("main", &["cli"]),
    ("lib", &[]),
    ("cli", &["app", "doctor", "config", "review", "report", "agent", "store", "telemetry"]),
    (
        "app",
        &[
            "doctor",
            "config",
            "server",
            "model_api",
            "queue",
            "review",
            "agent",
            "store",
            "telemetry",
        ],
    ),
    ("doctor", &["config", "server", "report"]),
    ("config", &["agent"]),
    ("model_api", &[]),
    ("server", &["queue", "review", "telemetry"]),
    ("queue", &["review", "store", "telemetry"]),
    ("review", &["report", "agent", "store", "telemetry"]),
    ("report", &["agent"]),
    ("agent", &["store", "telemetry"]),
    ("store", &[]),
    ("telemetry", &[]),
];

/// What only one file may do.
const ONLY_HERE: &[(&str, &str)] =
    &[("std::env::var", "src/config/"), ("octocrab", "tools/github")];

#[test]
fn imports_go_down() {
    let rules: BTreeMap<&str, &[&str]> = MAY_IMPORT.iter().copied().collect();
    let mut wrong = Vec::new();
    for file in rust_files(&root().join("src")) {
        if file.file_name().is_some_and(|name| {
            name == "testing.rs" || name.to_string_lossy().ends_with("_tests.rs")
        }) {
            continue;
        }
        let area = area_of(&file);
        let Some(allowed) = rules.get(area.as_str()) else {
            wrong.push(format!(
                "{} is in the area `{area}`, which the table does not know",
                file.display()
            ));
            continue;
        };
        for imported in imports(&std::fs::read_to_string(&file).expect("readable")) {
            if rules.contains_key(imported.as_str())
                && imported != area
                && !allowed.contains(&imported.as_str())
            {
                wrong.push(format!(
                    "{} imports `{imported}`, which `{area}` may not",
                    file.display()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn folders_go_two_deep() {
    let deep: Vec<_> = rust_files(&root().join("src"))
        .into_iter()
        .filter(|file| file.strip_prefix(root()).is_ok_and(|path| path.components().count() > 3))
        .collect();
    assert!(deep.is_empty(), "{deep:?}");
}

#[test]
fn some_things_are_done_in_one_place() {
    let mut wrong = Vec::new();
    for folder in ["src", "model", "tools"] {
        for file in rust_files(&root().join(folder)) {
            let text = std::fs::read_to_string(&file).expect("readable");
            let place = file.strip_prefix(root()).expect("inside").display().to_string();
            let elsewhere = ONLY_HERE
                .iter()
                .filter(|(what, home)| !place.starts_with(home) && code_of(&text).contains(what));
            wrong.extend(
                elsewhere
                    .map(|(what, home)| format!("{place} uses `{what}`, which belongs to {home}")),
            );
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_state_machines_do_no_io() {
    for file in ["src/agent/run.rs", "src/queue/pull.rs"] {
        let machine = std::fs::read_to_string(root().join(file)).expect("readable");
        for io in ["async ", ".await", "tokio", "std::fs", "std::net", "Instant", "SystemTime"] {
            assert!(!code_of(&machine).contains(io), "{file} has {io:?}");
        }
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder").filter_map(Result::ok) {
        let path = entry.path();
        if path.is_dir() && path.file_name().is_none_or(|name| name != "target") {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

fn area_of(file: &Path) -> String {
    let inside = file.strip_prefix(root().join("src")).expect("inside src");
    let first = inside.components().next().expect("a part");
    first.as_os_str().to_string_lossy().trim_end_matches(".rs").to_owned()
}

/// The code without comments, and without its inline tests.
fn code_of(text: &str) -> String {
    let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// The first segment after every `crate::`, grouped imports included.
fn imports(text: &str) -> Vec<String> {
    let code = code_of(text);
    let mut found = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        match rest.strip_prefix('{') {
            Some(group) => found.extend(top_level_names(group)),
            None => found.push(name_at_start(rest)),
        }
    }
    found
}

fn top_level_names(group: &str) -> Vec<String> {
    let (mut depth, mut names, mut current) = (0, Vec::new(), String::new());
    for letter in group.chars() {
        match letter {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => names.push(std::mem::take(&mut current)),
            _ if depth == 0 => current.push(letter),
            _ => {}
        }
    }
    names.push(current);
    names.iter().map(|name| name_at_start(name.trim())).collect()
}

fn name_at_start(text: &str) -> String {
    text.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect()
}
