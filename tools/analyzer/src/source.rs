//! Bytes of a file to text worth analyzing, or the reason why not.

/// Why a file was not reviewed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reason {
    pub(crate) text: String,
    /// Whether a reader would have expected the file to be reviewed.
    pub(crate) unexpected: bool,
}

const LONGEST_LINE: usize = 5_000;
const LONGEST_AVERAGE: usize = 500;
/// Lines at the top of a file that may say it is generated.
const HEADER_LINES: usize = 12;
/// Lines of a page that may hold its head.
const PAGE_HEADER_LINES: usize = 40;
/// What renders pages from other texts, as it calls itself in a page.
const RENDERERS: [&str; 16] = [
    "AsciiDoc",
    "Astro",
    "DocBook",
    "Docutils",
    "Docusaurus",
    "Doxygen",
    "Gatsby",
    "Hexo",
    "Hugo",
    "javadoc",
    "Jekyll",
    "mkdocs",
    "pandoc",
    "quarto",
    "rustdoc",
    "VitePress",
];
const VENDORED: [&str; 9] = [
    "node_modules",
    "vendor",
    "third_party",
    "dist",
    "bower_components",
    "site-packages",
    ".yarn",
    "_vendor",
    "_vendored",
];

impl Reason {
    /// Left out on purpose.
    pub(crate) fn chosen(text: impl Into<String>) -> Self {
        Self { text: text.into(), unexpected: false }
    }

    /// Left out because it could not be done.
    pub(crate) fn forced(text: impl Into<String>) -> Self {
        Self { text: text.into(), unexpected: true }
    }
}

/// Whether a folder of this name holds what others wrote.
pub fn is_vendored(folder: &str) -> bool {
    VENDORED.contains(&folder)
}

/// Why the path alone says that the file was not written here.
pub(crate) fn foreign_path(path: &str) -> Option<Reason> {
    if let Some(folder) = path
        .rsplit_once('/')
        .and_then(|(folders, _)| folders.split('/').find(|part| is_vendored(part)))
    {
        return Some(Reason::chosen(format!("vendored: below `{folder}/`")));
    }
    let name = path.to_ascii_lowercase();
    let minified =
        name.ends_with(".min.js") || name.ends_with(".min.mjs") || name.ends_with(".min.cjs");
    if minified {
        return Some(Reason::chosen("minified"));
    }
    let name = path.rsplit('/').next().unwrap_or(path);
    is_bundled(name).then(|| Reason::chosen("bundled: a hash of the content is in its name"))
}

/// `main.3f2a9c01.js`, `994.bf6856d4.chunk.js`, `index-C8qwgKWF.mjs`
fn is_bundled(name: &str) -> bool {
    let Some(stem) = name.strip_suffix(".js").or_else(|| name.strip_suffix(".mjs")) else {
        return false;
    };
    let stem = stem.strip_suffix(".chunk").or_else(|| stem.strip_suffix(".bundle")).unwrap_or(stem);
    let hash = stem.rsplit(['.', '-']).next().unwrap_or(stem);
    let has = |kind: fn(&char) -> bool| hash.chars().any(|letter| kind(&letter));
    let is_hex = hash.chars().all(|letter| letter.is_ascii_digit() || matches!(letter, 'a'..='f'));
    let mixes = has(char::is_ascii_lowercase) && has(char::is_ascii_uppercase);
    matches!(hash.len(), 8 | 16 | 20 | 32)
        && has(char::is_ascii_digit)
        && has(char::is_ascii_alphabetic)
        && (is_hex || hash.len() == 8 && mixes && stem.len() > 8)
}

/// Whether the path is one of tests, by the customs of the languages.
pub(crate) fn is_test_path(path: &str) -> bool {
    let (folders, name) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = name.split('.').next().unwrap_or(name);
    folders.split('/').any(is_test_folder)
        || name.contains(".test.")
        || name.contains(".spec.")
        || ["test_", "Test"].iter().any(|start| stem.starts_with(start))
        || ["_test", "_tests", "Test", "Tests"].iter().any(|end| stem.ends_with(end))
        || ["test", "tests", "conftest"].contains(&stem)
}

/// Benchmarks and fuzzing are run by those who write them, as tests are.
fn is_test_folder(folder: &str) -> bool {
    let names = [
        "test",
        "tests",
        "__tests__",
        "spec",
        "testing",
        "testutil",
        "testutils",
        "testhelpers",
        "benches",
        "fuzz",
    ];
    let endings = ["-test", "-tests", "_test", "_tests", ".Test", ".Tests", "-testing", "-testlib"];
    names.contains(&folder) || endings.iter().any(|ending| folder.ends_with(ending))
}

/// The text of a file, without a byte order mark.
pub(crate) fn text(bytes: &[u8], max_bytes: usize) -> Result<&str, Reason> {
    if bytes.len() > max_bytes {
        return Err(Reason::forced(format!("larger than {} KiB", max_bytes / 1024)));
    }
    if bytes.contains(&0) {
        return Err(Reason::forced("binary: it holds NUL bytes"));
    }
    let Ok(text) = std::str::from_utf8(bytes) else { return Err(Reason::forced("not UTF-8")) };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if is_generated(text) {
        return Err(Reason::chosen("generated"));
    }
    if is_minified(text) {
        return Err(Reason::chosen("minified"));
    }
    Ok(text)
}

fn is_generated(text: &str) -> bool {
    text.lines().take(PAGE_HEADER_LINES).any(is_written_by_renderer)
        || has_header_of_generator(text)
}

/// `<meta name="generator" content="Docutils …">`: who renders pages cannot mend one of them.
fn is_written_by_renderer(line: &str) -> bool {
    if line.trim_start().starts_with("<!-- Generated by ") {
        return true;
    }
    let Some((_, generator)) = line.split_once("name=\"generator\"") else { return false };
    let Some((_, content)) = generator.split_once("content=\"") else { return false };
    RENDERERS.iter().any(|renderer| {
        content.get(..renderer.len()).is_some_and(|start| start.eq_ignore_ascii_case(renderer))
    })
}

fn has_header_of_generator(text: &str) -> bool {
    text.lines().take(HEADER_LINES).any(|line| {
        let line = line.trim_start();
        let comment = ["//", "/*", "*", "#", "--"].iter().any(|marker| line.starts_with(marker));
        let lower = line.to_ascii_lowercase();
        comment
            && (line.contains("@generated")
                || (lower.contains("generated") && lower.contains("do not edit")))
    })
}

fn is_minified(text: &str) -> bool {
    let (mut lines, mut longest) = (0, 0);
    for line in text.split('\n') {
        lines += 1;
        longest = longest.max(line.len());
    }
    longest > LONGEST_LINE || (text.len() > 2_000 && text.len() / lines > LONGEST_AVERAGE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(bytes: &[u8]) -> String {
        text(bytes, 1024 * 1024).unwrap_err().text
    }

    #[test]
    fn what_a_bundler_wrote_is_known_by_the_hash_in_its_name() {
        for bundled in ["main.3f2a9c01.js", "994.bf6856d4.chunk.js", "index-C8qwgKWF.mjs"] {
            assert!(foreign_path(&format!("static/{bundled}")).is_some(), "{bundled}");
        }
        for written in ["base-8.js", "renderer-20230101.js", "facade-deadbeef.js", "Html5Qrcode.js"]
        {
            assert!(foreign_path(written).is_none(), "{written}");
        }
    }

    #[test]
    fn a_byte_order_mark_is_not_code() {
        assert_eq!(text("\u{feff}import re\n".as_bytes(), 100).unwrap(), "import re\n");
    }

    #[test]
    fn what_is_not_source_text_is_named() {
        assert_eq!(reason(b"x = '\xff'\n"), "not UTF-8");
        assert_eq!(reason(b"x\0y"), "binary: it holds NUL bytes");
        assert_eq!(reason(&vec![b'x'; 2 * 1024 * 1024]), "larger than 1024 KiB");
        assert_eq!(reason(format!("x = '{}'\n", "a".repeat(6_000)).as_bytes()), "minified");
        assert_eq!(reason("a=1;".repeat(600).as_bytes()), "minified");
    }

    #[test]
    fn generated_files_are_known_by_their_header_only() {
        assert_eq!(
            reason(b"/* Generated By:JavaCC: Do not edit this line. A.java */\npackage a;\n"),
            "generated"
        );
        assert_eq!(
            reason(b"// Code generated by protoc-gen-go. DO NOT EDIT.\npackage a\n"),
            "generated"
        );
        assert_eq!(reason(b"/*\n * @generated by a tool\n */\n"), "generated");
        assert!(text(b"marker = '@generated'\n", 100).is_ok());
        assert_eq!(
            reason(b"<head>\n<meta name=\"generator\" content=\"pandoc 3.1\" />\n"),
            "generated"
        );
        assert_eq!(reason(b"<html>\n<!-- Generated by javadoc (17) -->\n"), "generated");
        assert!(text(b"<meta name=\"generator\" content=\"{{ version }}\">\n", 100).is_ok());
    }

    #[test]
    fn tests_are_known_by_their_paths() {
        for path in [
            "tests/a.py",
            "src/test/java/A.java",
            "a_test.go",
            "test_a.py",
            "a.spec.ts",
            "OrderTest.java",
            "benches/parse.rs",
            "Store.Tests/Orders.cs",
            "guava-tests/src/A.java",
        ] {
            assert!(is_test_path(path), "{path}");
        }
        for path in ["src/latest/a.py", "contest.py", "attestation.go"] {
            assert!(!is_test_path(path), "{path}");
        }
    }

    #[test]
    fn vendored_paths_are_known_by_their_folders() {
        assert_eq!(
            foreign_path("web/node_modules/x/a.js").unwrap().text,
            "vendored: below `node_modules/`"
        );
        assert_eq!(foreign_path("static/app.min.js").unwrap().text, "minified");
        assert_eq!(foreign_path("src/vendor.py"), None);
    }
}
