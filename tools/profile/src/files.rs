//! Profile files as a source of samples: from disk or from CI artifacts, whoever read the bytes.

use std::sync::Arc;

use async_trait::async_trait;
use contract::{ProfileError, ProfileRequest, ProfileSource, Samples};

use crate::format::read;
use crate::stack_table::StackTable;

/// Files that are read of one change.
const MAX_FILES: usize = 32;

/// Files that hold profiles of the change under review, and so answer every request whatever its times.
pub struct ProfileFiles {
    files: Arc<Vec<(String, Vec<u8>)>>,
}

impl ProfileFiles {
    /// Names, as the reader should see them, with bytes.
    pub fn new(files: Vec<(String, Vec<u8>)>) -> Self {
        Self { files: Arc::new(files) }
    }
}

#[async_trait]
impl ProfileSource for ProfileFiles {
    async fn samples(&self, _request: &ProfileRequest) -> Result<Option<Samples>, ProfileError> {
        if self.files.is_empty() {
            return Ok(None);
        }
        let files = Arc::clone(&self.files);
        let merged = tokio::task::spawn_blocking(move || merge(&files)).await;
        merged
            .map_err(|error| ProfileError(format!("profile files could not be read: {error}")))?
            .map(Some)
    }
}

/// Adds the files up. The first that can be read decides whether weights are time or counts.
fn merge(files: &[(String, Vec<u8>)]) -> Result<Samples, ProfileError> {
    let mut table = StackTable::default();
    let mut sources: Vec<String> = Vec::new();
    let mut unit = None;
    let mut notes = Vec::new();
    if files.len() > MAX_FILES {
        notes.push(format!(
            "{} profile files left out: at most {MAX_FILES} are read",
            files.len() - MAX_FILES
        ));
    }
    for (name, bytes) in files.iter().take(MAX_FILES) {
        let samples = match read(name, bytes) {
            Ok(samples) => samples,
            Err(error) => {
                notes.push(error.to_string());
                continue;
            }
        };
        let Some(scale) = scale(*unit.get_or_insert(samples.ms_per_weight), samples.ms_per_weight)
        else {
            notes.push(format!(
                "{} left out: the profiles before it have another unit",
                samples.source
            ));
            continue;
        };
        if let Err(fault) = table.merge(&samples, scale) {
            notes.push(format!("{} is added in part only: {fault}", samples.source));
        }
        notes.extend(samples.notes.iter().map(|note| format!("{name}: {note}")));
        sources.push(samples.source);
    }
    let Some(ms_per_weight) = unit else { return Err(ProfileError(notes.join("; "))) };
    let mut merged = table.finish(ms_per_weight);
    merged.source = sources.join(", ");
    merged.notes.splice(0..0, notes);
    Ok(merged)
}

/// What weights are multiplied by to be in the agreed unit; `None` where one is time and the other is not.
fn scale(agreed: Option<f64>, this: Option<f64>) -> Option<f64> {
    match (agreed, this) {
        (Some(agreed), Some(this)) => Some(this / agreed),
        (None, None) => Some(1.0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use contract::Timestamp;

    use super::*;
    use crate::pprof::tests::gzipped;

    async fn samples(files: &[(&str, &[u8])]) -> Result<Option<Samples>, ProfileError> {
        let files =
            files.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec())).collect();
        let request =
            ProfileRequest { profiling_group: "x".into(), start: Timestamp(0), end: Timestamp(1) };
        ProfileFiles::new(files).samples(&request).await
    }

    #[tokio::test]
    async fn files_of_one_unit_are_added_up() {
        let samples =
            samples(&[("a.folded", b"a;b 1"), ("b.folded", b"a;b 2\nc 1")]).await.unwrap().unwrap();
        assert_eq!(samples.source, "a.folded (collapsed stacks), b.folded (collapsed stacks)");
        let weights: Vec<_> = samples.stacks.iter().map(|stack| stack.weight).collect();
        assert_eq!(weights, [3.0, 1.0]);
    }

    #[tokio::test]
    async fn what_cannot_be_added_is_noted() {
        let samples =
            samples(&[("broken.folded", b"a"), ("cpu.pb.gz", &gzipped()), ("b.folded", b"a;b 2")])
                .await
                .unwrap()
                .unwrap();
        insta::assert_snapshot!(samples.notes.join("\n"), @"
        broken.folded: the collapsed stacks profile is malformed at line 1: expected frames separated by `;`, a space and a count (formats that are read: pprof, collapsed stacks, speedscope, perf script, Python cProfile, V8 cpuprofile)
        b.folded (collapsed stacks) left out: the profiles before it have another unit
        ");
        assert_eq!((samples.source.as_str(), samples.stacks.len()), ("cpu.pb.gz (pprof)", 2));
    }

    #[tokio::test]
    async fn times_of_different_units_are_brought_to_one() {
        let seconds = br#"{"shared":{"frames":[{"name":"x"}]},"profiles":[{"type":"sampled","unit":"seconds","samples":[[0]],"weights":[2]}]}"#;
        let samples =
            samples(&[("cpu.pb.gz", &gzipped()), ("s.json", seconds)]).await.unwrap().unwrap();
        assert!((samples.stacks[2].weight - 2e9).abs() < 1.0);
    }

    #[tokio::test]
    async fn no_files_give_nothing_and_unreadable_ones_an_error() {
        assert_eq!(samples(&[]).await.unwrap(), None);
        assert!(
            samples(&[("a.txt", b"\0")])
                .await
                .unwrap_err()
                .to_string()
                .starts_with("a.txt: the content is in no known")
        );
    }
}
