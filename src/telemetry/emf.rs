//! CloudWatch's embedded metric format: metrics as lines on stdout.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>

use std::collections::BTreeMap;
use std::sync::PoisonError;

use contract::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use super::Sink;
use super::metrics::{Dimensions, Metric, NAMESPACE};

/// Writes documents of metrics.
#[derive(Clone)]
pub(super) struct Emf {
    sink: Sink,
}

#[derive(Serialize)]
struct Document<'a> {
    #[serde(rename = "_aws")]
    metadata: Metadata,
    #[serde(flatten)]
    members: Map<String, Value>,
    #[serde(flatten)]
    properties: &'a Map<String, Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata {
    timestamp: i64,
    cloud_watch_metrics: Vec<Directive>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Directive {
    namespace: &'static str,
    dimensions: Vec<&'static [&'static str]>,
    metrics: Vec<Definition>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Definition {
    name: &'static str,
    unit: &'static str,
}

impl Emf {
    pub(super) fn to(sink: Sink) -> Self {
        Self { sink }
    }

    /// One line. Properties are there to be searched for; CloudWatch does not add up by them.
    pub(super) fn write(
        &self,
        values: &[(Metric, f64)],
        dimensions: Dimensions<'_>,
        properties: &Map<String, Value>,
        now: Timestamp,
    ) {
        let document = document(values, dimensions, properties, now);
        if document.metadata.cloud_watch_metrics.is_empty() {
            return;
        }
        let Ok(mut line) = serde_json::to_vec(&document) else { return };
        line.push(b'\n');
        let mut sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
        // A review does not fail because nobody reads its metrics, and the log has the rest of the story.
        let _ = sink.write_all(&line).and_then(|()| sink.flush());
    }
}

fn document<'a>(
    values: &[(Metric, f64)],
    dimensions: Dimensions<'_>,
    properties: &'a Map<String, Value>,
    now: Timestamp,
) -> Document<'a> {
    let mut directives: BTreeMap<Vec<&'static [&'static str]>, Vec<Definition>> = BTreeMap::new();
    let mut members = Map::new();
    for &(metric, value) in values {
        let Some(number) = number(value) else { continue };
        let sets: Vec<_> = metric
            .dimension_sets()
            .iter()
            .copied()
            .filter(|set| set.iter().all(|name| dimensions.value(name).is_some()))
            .collect();
        for name in sets.iter().copied().flatten() {
            members.insert((*name).to_owned(), dimensions.value(name).into());
        }
        members.insert(metric.name().to_owned(), number);
        let definition = Definition { name: metric.name(), unit: metric.unit().name() };
        directives.entry(sets).or_default().push(definition);
    }
    let directives = directives.into_iter().map(|(dimensions, metrics)| Directive {
        namespace: NAMESPACE,
        dimensions,
        metrics,
    });
    Document {
        metadata: Metadata { timestamp: now.0, cloud_watch_metrics: directives.collect() },
        members,
        properties,
    }
}

/// Whole numbers are written as such. What is not a number is left out: CloudWatch would drop the line.
fn number(value: f64) -> Option<Value> {
    const EXACT: f64 = 9_007_199_254_740_992.0; // 2^53
    if value.fract() == 0.0 && value.abs() < EXACT {
        return Some(Value::from(value as i64));
    }
    serde_json::Number::from_f64(value).map(Value::Number)
}
