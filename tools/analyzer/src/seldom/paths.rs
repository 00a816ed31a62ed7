//! Files whose code runs seldom by the customs of their languages: builds, settings, scripts, examples.

/// Folders whose files run by themselves and seldom, and what those are.
const FOLDERS: [(&str, &str); 43] = [
    ("demo", EXAMPLE),
    ("demos", EXAMPLE),
    ("doc", EXAMPLE),
    ("docs", EXAMPLE),
    ("example", EXAMPLE),
    ("examples", EXAMPLE),
    ("sample", EXAMPLE),
    ("samples", EXAMPLE),
    ("tutorial", EXAMPLE),
    ("tutorials", EXAMPLE),
    ("alembic", MIGRATION),
    ("migrate", MIGRATION),
    ("migrations", MIGRATION),
    ("seeds", MIGRATION),
    ("install", INSTALLER),
    ("installer", INSTALLER),
    ("codegen", GENERATOR),
    ("code-generator", GENERATOR),
    ("gen", GENERATOR),
    ("gencode", GENERATOR),
    ("bench", MEASUREMENT),
    ("benchmark", MEASUREMENT),
    ("benchmarks", MEASUREMENT),
    ("perf", MEASUREMENT),
    ("e2e", TEST_SUPPORT),
    ("mock", TEST_SUPPORT),
    ("mocks", TEST_SUPPORT),
    ("test-utils", TEST_SUPPORT),
    ("test_helpers", TEST_SUPPORT),
    ("test_utils", TEST_SUPPORT),
    ("testsuite", TEST_SUPPORT),
    (".ci", SCRIPT),
    (".github", SCRIPT),
    ("_scripts", SCRIPT),
    ("build-tools", SCRIPT),
    ("buildscripts", SCRIPT),
    ("buildtools", SCRIPT),
    ("ci", SCRIPT),
    ("contrib", SCRIPT),
    ("hack", SCRIPT),
    ("misc", SCRIPT),
    ("script", SCRIPT),
    ("scripts", SCRIPT),
];
/// Files that a build or a tool reads once, wherever they lie.
const BUILD_FILES: [&str; 12] = [
    "Gruntfile.js",
    "conf.py",
    "conftest.py",
    "fabfile.py",
    "gruntfile.js",
    "knexfile.js",
    "magefile.go",
    "manage.py",
    "noxfile.py",
    "setup.py",
    "versioneer.py",
    "wscript.py",
];
/// Files that are one only at the top, where any package may have a module of the name.
const BUILD_FILES_AT_TOP: [&str; 3] = ["build.rs", "make.py", "tasks.py"];
const EXAMPLE: &str = "example or documentation";
const MIGRATION: &str = "database migration";
const INSTALLER: &str = "installer";
const SCRIPT: &str = "script";
const GENERATOR: &str = "code generator";
const MEASUREMENT: &str = "benchmark";
const TEST_SUPPORT: &str = "support of tests";
const BUILD: &str = "build or configuration file";

/// Why what the file holds runs seldom; `None` where its path does not say so.
pub(crate) fn of_path(path: &str) -> Option<&'static str> {
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    if is_build_file(folders, name) {
        return Some(BUILD);
    }
    let mut folders = folders.split('/').filter(|folder| !folder.is_empty());
    let named = folders.clone().find_map(|folder| {
        FOLDERS.iter().find(|(known, _)| *known == folder).map(|(_, what)| *what)
    });
    // A compiled language may keep its programs there, a package of a scripting one does not.
    let scripting = [".py", ".rb", ".js", ".mjs", ".cjs", ".ts", ".php"];
    let is_script = scripting.iter().any(|ending| name.ends_with(ending));
    // No other module can import it.
    let is_run = name.strip_suffix(".py").is_some_and(|stem| stem.contains('-'));
    // A program of its own among the tools of a library.
    let is_tool =
        matches!(name, "main.go" | "main.rs") && folders.clone().any(|one| one == "tools");
    let stands_alone =
        matches!((folders.next_back(), folders.next_back()), (Some("bin" | "tools"), None));
    let is_story = name.contains(".stories.");
    let named = named.or_else(|| is_story.then_some(EXAMPLE));
    let named = named.or_else(|| of_name(name));
    named.or_else(|| (is_tool || is_script && (is_run || stands_alone)).then_some(SCRIPT))
}

/// `gen_tables.go`, `generate-icons.js`, `mktables.py`; `test_utils.py`, `testing.py`
fn of_name(name: &str) -> Option<&'static str> {
    let stem = name.split('.').next().unwrap_or(name).to_ascii_lowercase();
    let generates = ["gen-", "gen_", "generate-", "generate_", "maketable", "mkall", "mksys"]
        .iter()
        .any(|start| stem.starts_with(start));
    let tests = ["testing", "testlib", "testutil", "testutils", "test_utils", "test_helpers"];
    if generates || stem == "gen" || stem == "generate" {
        Some(GENERATOR)
    } else {
        tests.contains(&stem.as_str()).then_some(TEST_SUPPORT)
    }
}

/// `webpack.config.js`, `karma.conf.js`, `.eslintrc.cjs`, `gulpfile.babel.js`, `build.gradle.kts`
fn is_build_file(folders: &str, name: &str) -> bool {
    BUILD_FILES.contains(&name)
        || folders.is_empty() && BUILD_FILES_AT_TOP.contains(&name)
        || [".config.", ".conf."].iter().any(|part| name.contains(part))
        || [".gradle.kts", ".main.kts", ".rake"].iter().any(|end| name.ends_with(end))
        || [".", "gulpfile."].iter().any(|start| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_that_run_seldom_are_known_by_their_paths() {
        for (path, what) in [
            ("setup.py", BUILD),
            ("web/webpack.config.js", BUILD),
            ("build.rs", BUILD),
            ("lib/tasks/cache.rake", BUILD),
            ("app/migrations/0001_initial.py", MIGRATION),
            ("db/migrate/20240101_orders.rb", MIGRATION),
            ("scripts/release.py", SCRIPT),
            ("bin/serve.js", SCRIPT),
            ("tools/update.py", SCRIPT),
            ("src/tables/gen-widths.py", GENERATOR),
            ("src/tables/widen-columns.py", SCRIPT),
            ("examples/orders/main.go", EXAMPLE),
            ("src/Button.stories.tsx", EXAMPLE),
            ("internal/tools/wrapping/main.go", SCRIPT),
            ("unicode/gen_tables.go", GENERATOR),
            ("internal/codegen/types.go", GENERATOR),
            ("benchmarks/orders.py", MEASUREMENT),
            ("shop/testing.py", TEST_SUPPORT),
        ] {
            assert_eq!(of_path(path), Some(what), "{path}");
        }
        for path in [
            "src/orders.py",
            "src/bin/server.rs",
            "tools/analyzer/src/scan.rs",
            "src/tools/text.py",
            "core/build.rs",
            "src/make-order.go",
            "app/tasks.py",
            "documents/scan.py",
            "src/general.py",
            "src/generator.py",
        ] {
            assert_eq!(of_path(path), None, "{path}");
        }
    }
}
