//! The public models of Bedrock's APIs: which operations there are, and what each takes, answers and fails with.

use std::collections::{BTreeMap, HashMap};
use std::sync::{LazyLock, OnceLock};

use regex::Regex;
use serde::Deserialize;

/// One service's model, as botocore carries it, cut down to the operations that are answered here.
#[derive(Debug, Deserialize)]
pub struct Api {
    pub operations: BTreeMap<String, Operation>,
    shapes: HashMap<String, Shape>,
}

#[derive(Debug, Deserialize)]
pub struct Operation {
    http: Http,
    pub input: Member,
    pub output: Member,
    /// The exceptions that the service names before the answer begins.
    #[serde(default)]
    pub errors: Vec<Member>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Http {
    method: String,
    request_uri: String,
}

/// A type. Which of the fields mean something depends on `kind`.
#[derive(Debug, Deserialize)]
pub struct Shape {
    #[serde(rename = "type")]
    pub kind: Kind,
    #[serde(default)]
    pub members: BTreeMap<String, Member>,
    #[serde(default)]
    pub required: Vec<String>,
    pub member: Option<Member>,
    pub key: Option<Member>,
    pub value: Option<Member>,
    pub min: Option<f64>,
    pub max: Option<f64>,
    pattern: Option<String>,
    /// Made when it is first asked for: some take long to make.
    #[serde(skip)]
    made: OnceLock<Regex>,
    #[serde(default, rename = "enum")]
    pub choices: Vec<String>,
    /// Exactly one member is set.
    #[serde(default)]
    pub union: bool,
    /// Any JSON.
    #[serde(default)]
    pub document: bool,
    error: Option<Failure>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Structure,
    List,
    Map,
    String,
    Blob,
    Integer,
    Long,
    Float,
    Double,
    Boolean,
    Timestamp,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Member {
    pub shape: String,
    /// `uri`, `header` or `querystring`; the body unless set.
    pub location: Option<String>,
    pub location_name: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    http_status_code: u16,
}

/// What answers for models.
pub static RUNTIME: LazyLock<Api> =
    LazyLock::new(|| read(include_str!("../data/bedrock_runtime.json")));
/// What tells which models there are.
pub static CONTROL: LazyLock<Api> = LazyLock::new(|| read(include_str!("../data/bedrock.json")));

/// An operation, and the label of the path that asked for it, percent-decoded.
#[derive(Debug, Clone)]
pub struct Route {
    pub api: &'static Api,
    pub operation: &'static str,
    pub model: Option<String>,
}

/// Which operation a request asks for; `path` is as it was sent.
pub fn route(method: &str, path: &str) -> Option<Route> {
    for api in [&*RUNTIME, &*CONTROL] {
        for (name, operation) in &api.operations {
            if operation.http.method != method {
                continue;
            }
            let uri = &operation.http.request_uri;
            let model = match uri.split_once("{modelId}") {
                None if uri == path => None,
                None => continue,
                Some((before, after)) => {
                    let label = path.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
                    let Some(label) =
                        label.filter(|label| !label.is_empty() && !label.contains('/'))
                    else {
                        continue;
                    };
                    Some(percent_decoded(label))
                }
            };
            return Some(Route { api, operation: name, model });
        }
    }
    None
}

impl Api {
    /// The type of this name; every name of the data has one.
    pub fn shape(&self, name: &str) -> &Shape {
        &self.shapes[name]
    }

    /// The status that goes with an exception, if the service has it.
    pub fn status(&self, exception: &str) -> Option<u16> {
        self.shapes.get(exception)?.error.as_ref().map(|error| error.http_status_code)
    }
}

impl Shape {
    /// The pattern that a whole text must match.
    #[expect(
        clippy::panic,
        reason = "the data is part of the program, and a test makes each of them"
    )]
    pub fn pattern(&self) -> Option<&Regex> {
        let pattern = self.pattern.as_ref()?;
        Some(self.made.get_or_init(|| {
            Regex::new(&format!(r"\A(?:{pattern})\z"))
                .unwrap_or_else(|error| panic!("the pattern {pattern}: {error}"))
        }))
    }
}

/// Bytes that are no UTF-8 are replaced, and match no model's id then.
pub fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[expect(clippy::panic, reason = "the data is part of the program, and a test reads it")]
fn read(text: &str) -> Api {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("the model of an API: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_in_the_data_has_a_shape_and_every_pattern_can_be_made() {
        for api in [&*RUNTIME, &*CONTROL] {
            for shape in api.shapes.values() {
                let parts = [&shape.member, &shape.key, &shape.value];
                for part in parts.into_iter().flatten().chain(shape.members.values()) {
                    api.shape(&part.shape);
                }
                shape.pattern();
            }
        }
        assert_eq!(RUNTIME.status("ModelNotReadyException"), Some(429));
    }

    #[test]
    fn an_arn_in_the_path_is_one_label_only_when_it_is_encoded() {
        let arn = "arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/abc";
        let encoded = arn.replace(':', "%3A").replace('/', "%2F");
        let route_to = |id: &str| route("POST", &format!("/model/{id}/converse-stream"));
        let found = route_to(&encoded).unwrap();
        assert_eq!((found.operation, found.model.as_deref()), ("ConverseStream", Some(arn)));
        assert!(route_to(arn).is_none());
        assert!(route("GET", "/model/m/converse").is_none());
        assert_eq!(route("GET", "/inference-profiles").unwrap().operation, "ListInferenceProfiles");
    }
}
