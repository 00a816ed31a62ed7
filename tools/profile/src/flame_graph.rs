//! Draws samples as a flame graph and keeps it as a file.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use contract::{Frame, Samples, Stack, hexadecimal};
use inferno::flamegraph::{Options, from_lines};
use sha2::{Digest, Sha256};

use crate::bottlenecks::total_weight;

/// Frames that are drawn of a stack, counted from the outermost; a taller picture is of no use.
const MAX_HEIGHT: usize = 256;
/// Characters of a name that are drawn.
const MAX_LABEL: usize = 200;
/// Percent of the width under which a frame is not drawn: bounds the size of the file.
const MIN_WIDTH: f64 = 0.1;
/// What weights are scaled to where they are no whole numbers, which is all that inferno takes.
const RESOLUTION: f64 = 1e9;

/// Where flame graphs are kept.
#[derive(Debug, Clone)]
pub struct FlameGraphs {
    pub dir: PathBuf,
    /// Where `dir` is published; without it a graph is told by its `file://` URL.
    pub base_url: Option<String>,
}

/// A flame graph could not be drawn or kept.
#[derive(Debug, thiserror::Error)]
#[error("the flame graph could not be written")]
pub struct FlameGraphError(#[from] io::Error);

impl FlameGraphs {
    /// Draws the samples and gives the URL of the file; `None` where there is nothing to draw.
    pub fn write(&self, samples: &Samples) -> Result<Option<String>, FlameGraphError> {
        let Some(svg) = render(samples)? else { return Ok(None) };
        let name = format!("flame-{}.svg", short_hash(&svg));
        let dir = std::path::absolute(&self.dir)?;
        write_atomically(&dir, &name, &svg)?;
        Ok(Some(match &self.base_url {
            Some(base) => format!("{}/{name}", base.trim_end_matches('/')),
            None => file_url(&dir.join(name)),
        }))
    }
}

/// The samples as an SVG, the same bytes for the same samples; `None` where there is nothing to draw.
pub fn render(samples: &Samples) -> Result<Option<Vec<u8>>, FlameGraphError> {
    let scale = scale(samples);
    let lines = lines(samples, scale);
    if lines.is_empty() {
        return Ok(None);
    }
    let mut options = Options::default();
    options.title = label(&samples.source);
    let count_name = if samples.ms_per_weight.is_some() { "ms" } else { "samples" };
    count_name.clone_into(&mut options.count_name);
    options.factor = samples.ms_per_weight.unwrap_or(1.0) / scale;
    options.deterministic = true;
    options.min_width = MIN_WIDTH;
    // The lines are sorted here; inferno would sort by stack *and* count, and then stumble over its own order.
    options.no_sort = true;
    let mut svg = Vec::new();
    from_lines(&mut options, lines.iter().map(String::as_str), &mut svg)?;
    Ok(Some(svg))
}

/// The first sixteen hex digits of the SHA-256.
pub(crate) fn short_hash(bytes: &[u8]) -> String {
    hexadecimal::encode(&Sha256::digest(bytes)[..8])
}

/// 1 for whole weights, else what brings them to [`RESOLUTION`].
fn scale(samples: &Samples) -> f64 {
    let total = total_weight(samples);
    let whole = samples.stacks.iter().all(|stack| stack.weight.fract() == 0.0);
    if whole && total < 1e15 { 1.0 } else { RESOLUTION / total }
}

/// One line for each stack as it is drawn, sorted.
fn lines(samples: &Samples, scale: f64) -> Vec<String> {
    let mut weights: BTreeMap<String, f64> = BTreeMap::new();
    for stack in samples
        .stacks
        .iter()
        .filter(|stack| stack.weight > 0.0 && stack.weight.is_finite() && !stack.frames.is_empty())
    {
        *weights.entry(folded(stack)).or_default() += stack.weight * scale;
    }
    let whole = weights.into_iter().map(|(stack, weight)| (stack, weight.round() as u64));
    whole
        .filter(|(_, weight)| *weight > 0)
        .map(|(stack, weight)| format!("{stack} {weight}"))
        .collect()
}

fn folded(stack: &Stack) -> String {
    stack.frames.iter().take(MAX_HEIGHT).map(frame_label).collect::<Vec<_>>().join(";")
}

fn frame_label(frame: &Frame) -> String {
    match frame.file.as_deref().and_then(|file| file.rsplit(['/', '\\']).next()) {
        Some(file) => label(&format!("{} ({file})", frame.function)),
        None => label(&frame.function),
    }
}

/// A name that inferno cannot mistake for something else: `;` would split it, a last word of digits would count as a
/// weight, a leading `#` as a comment, and XML has no control characters.
fn label(name: &str) -> String {
    let plain = |c: char| {
        if c == ';' {
            ':'
        } else if c.is_control() || c.is_whitespace() || matches!(c, '\u{fffe}' | '\u{ffff}') {
            ' '
        } else {
            c
        }
    };
    let name: String = name.chars().map(plain).take(MAX_LABEL).collect();
    let name = name.trim().trim_start_matches('#').trim_start();
    match name.rsplit_once(' ') {
        _ if name.is_empty() => "(unknown)".to_owned(),
        Some((head, last)) if last.chars().all(|c| c.is_ascii_digit() || c == '.') => {
            format!("{head}_{last}")
        }
        _ => name.to_owned(),
    }
}

/// Readers see the whole file or none: it is written beside its place and then moved there.
fn write_atomically(dir: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    fs::create_dir_all(dir)?;
    let temporary = dir.join(format!(
        ".{name}.{}-{}",
        std::process::id(),
        COUNT.fetch_add(1, Ordering::Relaxed)
    ));
    let mut file = OpenOptions::new().write(true).create_new(true).open(&temporary)?;
    let moved = file.write_all(bytes).and_then(|()| fs::rename(&temporary, dir.join(name)));
    if moved.is_err() {
        let _ = fs::remove_file(&temporary);
    }
    moved
}

fn file_url(path: &Path) -> String {
    let path = path.to_string_lossy();
    path.bytes().fold("file://".to_owned(), |mut url, byte| {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            url.push(char::from(byte));
        } else {
            let _ = write!(url, "%{byte:02X}");
        }
        url
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::read;

    fn svg(text: &str) -> String {
        String::from_utf8(render(&read("a.folded", text.as_bytes()).unwrap()).unwrap().unwrap())
            .unwrap()
    }

    fn titles(svg: &str) -> Vec<&str> {
        svg.split("<title>").skip(1).filter_map(|rest| rest.split("</title>").next()).collect()
    }

    #[test]
    fn each_frame_shows_its_share() {
        let svg = svg("main;load (app/users.py:3);query 3\nmain 1\n");
        assert_eq!(
            titles(&svg),
            [
                "all (4 samples, 100%)",
                "main (4 samples, 100.00%)",
                "load (users.py) (3 samples, 75.00%)",
                "query (3 samples, 75.00%)"
            ]
            .map(String::from)
        );
        assert!(svg.contains(">a.folded (collapsed stacks)</text>"));
    }

    #[test]
    fn hostile_names_stay_text() {
        let name = "<script>alert(1)</script>]]>\" onload=\"x";
        let mut samples = read("a.folded", b"x 1").unwrap();
        samples.stacks[0].frames[0].function = name.to_owned();
        samples.source = format!("{name}\u{1}");
        let svg = String::from_utf8(render(&samples).unwrap().unwrap()).unwrap();
        assert!(!svg.contains("<script>alert"));
        assert!(svg.contains("&lt;script&gt;alert(1)&lt;/script&gt;"));
        assert!(!svg.contains('\u{1}'));
        assert!(!svg.contains("onload=\"x"));
    }

    #[test]
    fn names_that_look_like_something_else_are_drawn_as_names() {
        let svg = svg("# x;handler 5;b 2\nhandler 5 9\nhandler 5 b 3\n;; 4\n");
        let expected = ["(unknown)", "handler_5 (9 samples", "handler 5 b (3 samples"];
        assert!(expected.iter().all(|name| svg.contains(name)), "{:?}", titles(&svg));
    }

    #[test]
    fn fractions_and_times_are_drawn_to_scale() {
        let mut samples = read("a.folded", b"a 0.25\nb 0.75\n").unwrap();
        samples.ms_per_weight = Some(1_000.0);
        let svg = String::from_utf8(render(&samples).unwrap().unwrap()).unwrap();
        assert!(titles(&svg).contains(&"b (750 ms, 75.00%)"), "{:?}", titles(&svg));
    }

    #[test]
    fn nothing_to_draw_is_no_file() {
        let dir = tempfile::tempdir().unwrap();
        let graphs = FlameGraphs { dir: dir.path().join("new"), base_url: None };
        assert_eq!(graphs.write(&Samples::default()).unwrap(), None);
        assert!(!dir.path().join("new").exists());
    }

    #[test]
    fn a_graph_is_kept_under_the_hash_of_its_content() {
        let dir = tempfile::tempdir().unwrap();
        let graphs = FlameGraphs { dir: dir.path().join("with space"), base_url: None };
        let samples = read("a.folded", b"a;b 1").unwrap();
        let url = graphs.write(&samples).unwrap().unwrap();
        assert_eq!(graphs.write(&samples).unwrap().unwrap(), url);
        assert!(url.starts_with("file:///") && url.contains("with%20space/flame-"), "{url}");
        let names: Vec<_> = fs::read_dir(&graphs.dir)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        assert_eq!(names.len(), 1, "{names:?}");
        assert!(url.ends_with(&names[0]));
        let published = FlameGraphs { base_url: Some("https://ci.example/x/".into()), ..graphs };
        assert_eq!(
            published.write(&samples).unwrap().unwrap(),
            format!("https://ci.example/x/{}", names[0])
        );
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("file"), "").unwrap();
        let graphs = FlameGraphs { dir: dir.path().join("file"), base_url: None };
        assert!(graphs.write(&read("a.folded", b"a 1").unwrap()).is_err());
    }
}
