//! The tool `profile_code_performance`, as a model sees it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use contract::{
    Binding, ProfileRequest, ProfileSource, Samples, Timestamp, Tool, ToolError, ToolSpec,
    parse_input, schema_of,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::task::{JoinSet, spawn_blocking};

use crate::bottlenecks::{Bottleneck, rounded, top, total_weight};
use crate::flame_graph::{FlameGraphs, short_hash};

/// What `profiling_group_name` must be where no profiling group is configured.
pub const PROFILE_FILES: &str = "profile-files";

const MAX_RANGE: Duration = Duration::from_hours(7 * 24);
/// A source that has not answered by then counts as failed.
const SOURCE_DEADLINE: Duration = Duration::from_mins(2);

/// Asks every source for samples and tells where the time goes.
pub struct ProfileCodePerformance {
    pub binding: Binding,
    /// In order of preference: the first with samples decides the bottlenecks.
    pub sources: Vec<Arc<dyn ProfileSource>>,
    pub flame_graphs: Option<FlameGraphs>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Input {
    /// The run's profiling group, or `profile-files` where none is configured.
    profiling_group_name: String,
    /// RFC 3339, as `2026-11-21T16:05:00Z`.
    start_time: String,
    /// RFC 3339, after `start_time` and at most 7 days later.
    end_time: String,
}

#[derive(Debug, Default, Serialize)]
struct Output {
    profiling_id: String,
    total_cpu_time_ms: Option<f64>,
    total_memory_mb: Option<f64>,
    bottlenecks: Vec<Bottleneck>,
    flame_graph_url: Option<String>,
    source: Option<String>,
    notes: Vec<String>,
    recommendations: Vec<String>,
}

/// What the sources answered together.
#[derive(Default)]
struct Answers {
    chosen: Option<Samples>,
    notes: Vec<String>,
}

#[async_trait]
impl Tool for ProfileCodePerformance {
    fn spec(&self) -> ToolSpec {
        ToolSpec {
            name: "profile_code_performance".to_owned(),
            description: "Tells which functions the program spends its time in, from a profiling service or from profile files. \
                          `cpu_percentage` includes callees; `invocation_count` is a number of samples, not of calls, unless a note says so; times are \
                          null where the profile only counts samples."
                .to_owned(),
            input_schema: schema_of::<Input>(),
        }
    }

    async fn call(&self, input: Value) -> Result<Value, ToolError> {
        let request = self.request(parse_input(input)?)?;
        let answers = self.ask(&request).await;
        let output = match answers.chosen {
            Some(samples) => self.output(Arc::new(samples), answers.notes).await,
            None => nothing(&request, answers.notes),
        };
        serde_json::to_value(output).map_err(|error| ToolError::EndRun(error.into()))
    }
}

impl ProfileCodePerformance {
    fn request(&self, input: Input) -> Result<ProfileRequest, ToolError> {
        let bound = self.binding.profiling_group.as_deref().unwrap_or(PROFILE_FILES);
        Binding::check("profiling_group_name", &input.profiling_group_name, bound)?;
        let start = time("start_time", &input.start_time)?;
        let end = time("end_time", &input.end_time)?;
        if start >= end {
            return Err(ToolError::tell("`start_time` must lie before `end_time`"));
        }
        if end.since(start) > MAX_RANGE {
            return Err(ToolError::tell(
                "`start_time` and `end_time` may lie at most 7 days apart",
            ));
        }
        Ok(ProfileRequest { profiling_group: input.profiling_group_name, start, end })
    }

    /// Asks all sources at once; their order, not their speed, decides.
    async fn ask(&self, request: &ProfileRequest) -> Answers {
        let mut asked = JoinSet::new();
        for (index, source) in self.sources.iter().enumerate() {
            let (source, request) = (Arc::clone(source), request.clone());
            asked.spawn(async move { (index, ask_one(source.as_ref(), &request).await) });
        }
        let mut answers: Vec<_> =
            (0..self.sources.len()).map(|_| Err("a profile source failed".to_owned())).collect();
        while let Some(answer) = asked.join_next().await {
            // A source that panicked keeps the failure that stands in its place.
            if let Ok((index, answer)) = answer {
                answers[index] = answer;
            }
        }
        answers.into_iter().fold(Answers::default(), Answers::with)
    }

    async fn output(&self, samples: Arc<Samples>, mut notes: Vec<String>) -> Output {
        let mut told: Vec<_> = samples.notes.iter().take(50).cloned().collect();
        told.append(&mut notes);
        told.push(counted(&samples).to_owned());
        if samples.ms_per_weight.is_none() {
            told.push("the profile counts samples and does not say what one stands for, so times are null".to_owned());
        }
        let flame_graph_url = self.flame_graph(&samples, &mut told).await;
        Output { notes: told, flame_graph_url, ..summary(samples).await }
    }

    /// A flame graph that cannot be written is a note: the figures stand without it.
    async fn flame_graph(&self, samples: &Arc<Samples>, notes: &mut Vec<String>) -> Option<String> {
        let (graphs, samples) = (self.flame_graphs.clone()?, Arc::clone(samples));
        match spawn_blocking(move || graphs.write(&samples)).await {
            Ok(Ok(url)) => url,
            Ok(Err(error)) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "flame graph not written");
                notes.push(error.to_string());
                None
            }
            Err(error) => {
                tracing::warn!(%error, "flame graph not drawn");
                notes.push("the flame graph could not be drawn".to_owned());
                None
            }
        }
    }
}

impl Answers {
    fn with(mut self, answer: Result<Option<Samples>, String>) -> Self {
        match answer {
            Err(error) => self.notes.push(error),
            Ok(Some(samples)) if total_weight(&samples) > 0.0 && self.chosen.is_none() => {
                self.chosen = Some(samples);
            }
            Ok(Some(samples)) if total_weight(&samples) > 0.0 => self
                .notes
                .push(format!("another profile was there and is not shown: {}", samples.source)),
            Ok(Some(samples)) => {
                self.notes.push(format!("{} holds no samples", samples.source));
                self.notes.extend(samples.notes);
            }
            Ok(None) => {}
        }
        self
    }
}

async fn ask_one(
    source: &dyn ProfileSource,
    request: &ProfileRequest,
) -> Result<Option<Samples>, String> {
    match tokio::time::timeout(SOURCE_DEADLINE, source.samples(request)).await {
        Ok(answer) => answer.map_err(|error| format!("a profile source failed: {error}")),
        Err(_) => {
            Err(format!("a profile source did not answer within {} s", SOURCE_DEADLINE.as_secs()))
        }
    }
}

/// What `invocation_count` counts.
fn counted(samples: &Samples) -> &'static str {
    if samples.functions.is_empty() {
        "invocation_count is the number of samples in which a function occurs, not of calls"
    } else if samples.stacks.is_empty() {
        "invocation_count is the number of calls"
    } else {
        "invocation_count adds calls of the profiles that count calls to samples of those that do not"
    }
}

/// Adding up a large profile takes seconds, and so does not happen where other requests wait.
async fn summary(samples: Arc<Samples>) -> Output {
    spawn_blocking(move || summarize(&samples)).await.unwrap_or_default()
}

fn summarize(samples: &Samples) -> Output {
    let by_weight = samples.ms_per_weight.map(|ms| total_weight(samples) * ms);
    Output {
        profiling_id: profiling_id(samples),
        total_cpu_time_ms: samples.cpu_time_ms.or(by_weight).map(rounded),
        total_memory_mb: samples.memory_mb.map(rounded),
        bottlenecks: top(samples),
        source: Some(samples.source.clone()),
        recommendations: samples.recommendations.clone(),
        ..Output::default()
    }
}

/// The same for the same samples, so that a repeated call gives the same evidence.
fn profiling_id(samples: &Samples) -> String {
    format!("profile-{}", short_hash(&serde_json::to_vec(samples).unwrap_or_default()))
}

fn nothing(request: &ProfileRequest, mut notes: Vec<String>) -> Output {
    notes.push("no profile for this change".to_owned());
    let asked = format!("{} {} {}", request.profiling_group, request.start.0, request.end.0);
    Output {
        profiling_id: format!("profile-{}", short_hash(asked.as_bytes())),
        notes,
        ..Output::default()
    }
}

fn time(name: &str, text: &str) -> Result<Timestamp, ToolError> {
    Timestamp::parse_rfc3339(text)
        .ok_or_else(|| ToolError::tell(format!("`{name}` must be a time as 2026-11-21T16:05:00Z")))
}

#[cfg(test)]
mod tests {
    use contract::ProfileError;
    use serde_json::json;

    use super::*;
    use crate::ProfileFiles;
    use crate::pprof::tests::gzipped;

    struct Failing;

    #[async_trait]
    impl ProfileSource for Failing {
        async fn samples(&self, _: &ProfileRequest) -> Result<Option<Samples>, ProfileError> {
            Err(ProfileError("throttled".into()))
        }
    }

    struct Panicking;

    #[async_trait]
    impl ProfileSource for Panicking {
        async fn samples(&self, _: &ProfileRequest) -> Result<Option<Samples>, ProfileError> {
            panic!("a bug")
        }
    }

    fn files(name: &str, bytes: &[u8]) -> Arc<dyn ProfileSource> {
        Arc::new(ProfileFiles::new(vec![(name.to_owned(), bytes.to_vec())]))
    }

    fn tool(sources: Vec<Arc<dyn ProfileSource>>) -> ProfileCodePerformance {
        let binding = Binding {
            repository: "o/r".into(),
            repository_arn: "local".into(),
            pull_request: None,
            branch: "b".into(),
            head_sha: "abc".into(),
            profiling_group: None,
        };
        ProfileCodePerformance { binding, sources, flame_graphs: None }
    }

    fn input() -> Value {
        json!({"profiling_group_name": "profile-files", "start_time": "2026-11-20T00:00:00Z", "end_time": "2026-11-21T00:00:00Z"})
    }

    async fn call(sources: Vec<Arc<dyn ProfileSource>>) -> Value {
        tool(sources).call(input()).await.unwrap()
    }

    #[tokio::test]
    async fn a_profile_file_becomes_bottlenecks() {
        let output = call(vec![files("cpu.pb.gz", &gzipped())]).await;
        insta::assert_snapshot!(serde_json::to_string_pretty(&output).unwrap(), @r#"
        {
          "bottlenecks": [
            {
              "cpu_percentage": 75.0,
              "defined_at_line": 1,
              "file_path": "app/users.py",
              "function_name": "query",
              "invocation_count": 3,
              "line_number": 14,
              "lines": [
                {
                  "cpu_percentage": 75.0,
                  "line_number": 14,
                  "with_callees": true
                }
              ],
              "self_time_ms": 30.0,
              "total_time_ms": 30.0
            },
            {
              "cpu_percentage": 100.0,
              "defined_at_line": 1,
              "file_path": "app/users.py",
              "function_name": "main",
              "invocation_count": 4,
              "line_number": 40,
              "lines": [
                {
                  "cpu_percentage": 100.0,
                  "line_number": 40,
                  "with_callees": true
                }
              ],
              "self_time_ms": 10.0,
              "total_time_ms": 40.0
            },
            {
              "cpu_percentage": 75.0,
              "defined_at_line": 1,
              "file_path": "app/users.py",
              "function_name": "load",
              "invocation_count": 3,
              "line_number": 12,
              "lines": [
                {
                  "cpu_percentage": 75.0,
                  "line_number": 12,
                  "with_callees": true
                }
              ],
              "self_time_ms": 0.0,
              "total_time_ms": 30.0
            }
          ],
          "flame_graph_url": null,
          "notes": [
            "invocation_count is the number of samples in which a function occurs, not of calls"
          ],
          "profiling_id": "profile-8f8942d54bd26425",
          "recommendations": [],
          "source": "cpu.pb.gz (pprof)",
          "total_cpu_time_ms": 40.0,
          "total_memory_mb": null
        }
        "#);
    }

    #[tokio::test]
    async fn the_first_source_with_samples_decides_and_the_rest_is_noted() {
        let sources: Vec<Arc<dyn ProfileSource>> = vec![
            Arc::new(Failing),
            Arc::new(Panicking),
            files("empty.folded", b""),
            files("a.folded", b"a 1"),
            files("b.folded", b"b 1"),
        ];
        let output = call(sources).await;
        assert_eq!(output["source"], "a.folded (collapsed stacks)");
        insta::assert_snapshot!(serde_json::to_string_pretty(&output["notes"]).unwrap(), @r#"
        [
          "a profile source failed: throttled",
          "a profile source failed",
          "empty.folded (collapsed stacks) holds no samples",
          "another profile was there and is not shown: b.folded (collapsed stacks)",
          "invocation_count is the number of samples in which a function occurs, not of calls",
          "the profile counts samples and does not say what one stands for, so times are null"
        ]
        "#);
    }

    #[tokio::test]
    async fn no_profile_is_an_answer() {
        let output = call(vec![Arc::new(ProfileFiles::new(Vec::new())), Arc::new(Failing)]).await;
        assert_eq!(output["bottlenecks"], json!([]));
        assert_eq!(
            output["notes"],
            json!(["a profile source failed: throttled", "no profile for this change"])
        );
        assert_eq!(output["flame_graph_url"], Value::Null);
    }

    #[tokio::test]
    async fn the_same_profile_has_the_same_id() {
        let first = call(vec![files("a.folded", b"a 1")]).await;
        let again = call(vec![files("a.folded", b"a 1")]).await;
        let other = call(vec![files("a.folded", b"a 2")]).await;
        assert_eq!(first["profiling_id"], again["profiling_id"]);
        assert_ne!(first["profiling_id"], other["profiling_id"]);
    }

    #[tokio::test]
    async fn a_flame_graph_is_written_or_its_failure_noted() {
        let dir = tempfile::tempdir().unwrap();
        let mut tool = tool(vec![files("a.folded", b"a 1")]);
        tool.flame_graphs = Some(FlameGraphs {
            dir: dir.path().to_owned(),
            base_url: Some("https://ci.example".into()),
        });
        let output = tool.call(input()).await.unwrap();
        let name = output["flame_graph_url"]
            .as_str()
            .unwrap()
            .strip_prefix("https://ci.example/")
            .unwrap()
            .to_owned();
        assert!(dir.path().join(&name).exists());
        tool.flame_graphs = Some(FlameGraphs { dir: dir.path().join(name), base_url: None });
        let output = tool.call(input()).await.unwrap();
        assert_eq!(output["flame_graph_url"], Value::Null);
        assert_eq!(output["bottlenecks"][0]["function_name"], "a");
        assert!(
            output["notes"]
                .as_array()
                .unwrap()
                .contains(&json!("the flame graph could not be written"))
        );
    }

    #[tokio::test]
    async fn a_wrong_input_is_told_to_the_model() {
        let cases = [
            (
                "profiling_group_name",
                json!("other"),
                "`profiling_group_name` must be \"profile-files\" in this run",
            ),
            (
                "start_time",
                json!("yesterday"),
                "`start_time` must be a time as 2026-11-21T16:05:00Z",
            ),
            ("end_time", json!("2026-11-20T00:00:00Z"), "`start_time` must lie before `end_time`"),
            (
                "end_time",
                json!("2026-11-27T00:00:01Z"),
                "`start_time` and `end_time` may lie at most 7 days apart",
            ),
            (
                "start_time",
                json!(5),
                "the input does not fit the schema: invalid type: integer `5`, expected a string",
            ),
        ];
        for (field, value, expected) in cases {
            let mut input = input();
            input[field] = value;
            let error = tool(Vec::new()).call(input).await.unwrap_err();
            assert_eq!(error.to_string(), expected);
        }
    }

    #[test]
    fn the_model_is_told_what_to_give() {
        let spec = tool(Vec::new()).spec();
        assert_eq!(spec.name, "profile_code_performance");
        assert_eq!(
            spec.input_schema["required"],
            json!(["profiling_group_name", "start_time", "end_time"])
        );
    }
}
