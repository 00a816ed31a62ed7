//! Whether a value is what a service's model allows: members, types, lengths, ranges, patterns and choices.

use serde_json::Value;

use crate::api::{Api, Kind, Shape};

/// Enough to see what is wrong; a hostile body may be wrong in a million places.
const MOST: usize = 20;

/// Sentences on what is wrong with the body of a request, each with the place.
pub fn request(api: &Api, operation: &str, body: &Value) -> Vec<String> {
    body_faults(api, &api.operations[operation].input.shape, body)
}

/// The same for an answer.
pub fn answer(api: &Api, operation: &str, body: &Value) -> Vec<String> {
    body_faults(api, &api.operations[operation].output.shape, body)
}

/// The same for a value of a named shape, as an event of a stream.
pub fn named(api: &Api, shape: &str, value: &Value) -> Vec<String> {
    let mut check = Check { api, found: Vec::new() };
    check.value(api.shape(shape), value, shape);
    check.found
}

/// Texts from the path or the query, which are checked as they stand.
pub fn text(api: &Api, shape: &str, value: &str, at: &str) -> Vec<String> {
    let mut check = Check { api, found: Vec::new() };
    let shape = api.shape(shape);
    let value = match shape.kind {
        Kind::Integer | Kind::Long => value.parse::<i64>().map_or(Value::from(value), Value::from),
        _ => Value::from(value),
    };
    check.value(shape, &value, at);
    check.found
}

fn body_faults(api: &Api, shape: &str, body: &Value) -> Vec<String> {
    let mut check = Check { api, found: Vec::new() };
    let shape = api.shape(shape);
    let Some(fields) = body.as_object() else {
        return vec![format!("the body is {}, not an object", kind_of(body))];
    };
    for (name, value) in fields {
        match shape.members.get(name).filter(|member| member.location.is_none()) {
            Some(member) if !value.is_null() => check.value(api.shape(&member.shape), value, name),
            Some(_) => {}
            None => check.fault(name, "no such member of the body"),
        }
    }
    for name in &shape.required {
        let is_in_the_body = shape.members[name].location.is_none();
        if is_in_the_body && fields.get(name).is_none_or(Value::is_null) {
            check.fault(name, "required, and missing");
        }
    }
    check.found
}

struct Check<'a> {
    api: &'a Api,
    found: Vec<String>,
}

impl Check<'_> {
    fn fault(&mut self, at: &str, fault: impl AsRef<str>) {
        if self.found.len() < MOST {
            self.found.push(format!("{at}: {}", fault.as_ref()));
        }
    }

    fn value(&mut self, shape: &Shape, value: &Value, at: &str) {
        match shape.kind {
            Kind::Structure if shape.document => {}
            Kind::Structure => self.structure(shape, value, at),
            Kind::List => self.list(shape, value, at),
            Kind::Map => self.map(shape, value, at),
            Kind::String => self.string(shape, value, at),
            Kind::Blob => self.blob(shape, value, at),
            Kind::Integer => self.integer(shape, value, i64::from(i32::MAX), at),
            Kind::Long => self.integer(shape, value, i64::MAX, at),
            Kind::Float | Kind::Double => match value.as_f64() {
                Some(number) => self.range(shape, number, at),
                None => self.wrong(value, "a number", at),
            },
            Kind::Boolean if value.is_boolean() => {}
            Kind::Boolean => self.wrong(value, "a boolean", at),
            // Both forms occur; none of them is sent by a client of these operations.
            Kind::Timestamp if value.is_number() || value.is_string() => {}
            Kind::Timestamp => self.wrong(value, "a timestamp", at),
        }
    }

    fn structure(&mut self, shape: &Shape, value: &Value, at: &str) {
        let Some(fields) = value.as_object() else {
            return self.wrong(value, "a structure", at);
        };
        let given = fields.values().filter(|field| !field.is_null()).count();
        if shape.union && given != 1 {
            self.fault(at, format!("{given} members of a union are set, and exactly 1 must be"));
        }
        for name in &shape.required {
            if fields.get(name).is_none_or(Value::is_null) {
                self.fault(&format!("{at}.{name}"), "required, and missing");
            }
        }
        for (name, field) in fields.iter().filter(|(_, field)| !field.is_null()) {
            let place = format!("{at}.{name}");
            match shape.members.get(name) {
                Some(member) => self.value(self.api.shape(&member.shape), field, &place),
                None => self.fault(&place, "no such member"),
            }
        }
    }

    fn list(&mut self, shape: &Shape, value: &Value, at: &str) {
        let Some(items) = value.as_array() else {
            return self.wrong(value, "a list", at);
        };
        self.size(shape, items.len(), "items", at);
        let Some(member) = &shape.member else { return };
        for (index, item) in items.iter().enumerate() {
            self.value(self.api.shape(&member.shape), item, &format!("{at}[{index}]"));
        }
    }

    fn map(&mut self, shape: &Shape, value: &Value, at: &str) {
        let Some(entries) = value.as_object() else {
            return self.wrong(value, "a map", at);
        };
        self.size(shape, entries.len(), "entries", at);
        let (Some(key), Some(member)) = (&shape.key, &shape.value) else { return };
        for (name, item) in entries {
            let place = format!("{at}[{name:?}]");
            self.string(self.api.shape(&key.shape), &Value::from(name.as_str()), &place);
            self.value(self.api.shape(&member.shape), item, &place);
        }
    }

    fn string(&mut self, shape: &Shape, value: &Value, at: &str) {
        let Some(text) = value.as_str() else {
            return self.wrong(value, "a string", at);
        };
        self.size(shape, text.chars().count(), "characters", at);
        if !shape.choices.is_empty() && !shape.choices.iter().any(|choice| choice == text) {
            self.fault(at, format!("{} is none of {}", brief(value), shape.choices.join(", ")));
        }
        if let Some(pattern) = shape.pattern().filter(|pattern| !pattern.is_match(text)) {
            self.fault(at, format!("{} does not match {:.120}", brief(value), pattern.as_str()));
        }
    }

    fn blob(&mut self, shape: &Shape, value: &Value, at: &str) {
        use base64::Engine;
        let bytes =
            value.as_str().map(|text| base64::engine::general_purpose::STANDARD.decode(text));
        match bytes {
            Some(Ok(bytes)) => self.size(shape, bytes.len(), "bytes", at),
            _ => self.wrong(value, "base64", at),
        }
    }

    fn integer(&mut self, shape: &Shape, value: &Value, most: i64, at: &str) {
        let Some(number) = value.as_i64() else {
            return self.wrong(value, "an integer", at);
        };
        if number > most || number < -most - 1 {
            return self.fault(at, format!("{number} does not fit the type"));
        }
        self.range(shape, number as f64, at);
    }

    fn size(&mut self, shape: &Shape, size: usize, unit: &str, at: &str) {
        let number = size as f64;
        if let Some(min) = shape.min.filter(|min| number < *min) {
            self.fault(at, format!("{size} {unit}, and at least {min} are wanted"));
        }
        if let Some(max) = shape.max.filter(|max| number > *max) {
            self.fault(at, format!("{size} {unit}, and at most {max} are allowed"));
        }
    }

    fn range(&mut self, shape: &Shape, number: f64, at: &str) {
        if let Some(min) = shape.min.filter(|min| number < *min) {
            self.fault(at, format!("{number} is less than {min}"));
        }
        if let Some(max) = shape.max.filter(|max| number > *max) {
            self.fault(at, format!("{number} is more than {max}"));
        }
    }

    fn wrong(&mut self, value: &Value, wanted: &str, at: &str) {
        self.fault(at, format!("{} is not {wanted}", brief(value)));
    }
}

/// Only the beginning, and of prompts nothing at all would do.
fn brief(value: &Value) -> String {
    match value {
        Value::Array(_) | Value::Object(_) => kind_of(value).to_owned(),
        other => other.to_string().chars().take(80).collect(),
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::api::RUNTIME;

    #[test]
    fn what_the_model_allows_passes() {
        let body = json!({
            "messages": [
                {"role": "user", "content": [{"text": "x"}, {"cachePoint": {"type": "default"}}]},
                {"role": "assistant", "content": [{"toolUse": {"toolUseId": "t.1", "name": "look", "input": {"any": [null, 1]}}}]},
            ],
            "system": null,
            "inferenceConfig": {"maxTokens": 1, "temperature": 1.0, "topP": 0, "stopSequences": ["\n"]},
            "requestMetadata": {"delivery": "a"},
        });
        assert_eq!(request(&RUNTIME, "Converse", &body), Vec::<String>::new());
    }

    #[test]
    fn every_kind_of_fault_is_told_with_its_place() {
        let body = json!({
            "modelId": "m",
            "prompt": "x",
            "messages": [
                {"role": "narrator", "content": [{"text": 1}, {"text": "a", "image": {}}, {}]},
                {"content": "x"},
                {"role": "user", "content": [{"toolUse": {"toolUseId": "t 1", "name": "x".repeat(65), "input": {}}}]},
            ],
            "system": [{"text": ""}],
            "inferenceConfig": {"maxTokens": 0, "temperature": 1.5, "stopSequences": [""], "topK": 5},
            "requestMetadata": {},
            "toolConfig": {"tools": []},
        });
        let mut faults = request(&RUNTIME, "Converse", &body);
        faults.sort();
        insta::assert_snapshot!(faults.join("\n"), @r#"
        inferenceConfig.maxTokens: 0 is less than 1
        inferenceConfig.stopSequences[0]: 0 characters, and at least 1 are wanted
        inferenceConfig.temperature: 1.5 is more than 1
        inferenceConfig.topK: no such member
        messages[0].content[0].text: 1 is not a string
        messages[0].content[1].image.format: required, and missing
        messages[0].content[1].image.source: required, and missing
        messages[0].content[1]: 2 members of a union are set, and exactly 1 must be
        messages[0].content[2]: 0 members of a union are set, and exactly 1 must be
        messages[0].role: "narrator" is none of user, assistant, system
        messages[1].content: "x" is not a list
        messages[1].role: required, and missing
        messages[2].content[0].toolUse.name: 65 characters, and at most 64 are allowed
        messages[2].content[0].toolUse.toolUseId: "t 1" does not match \A(?:[a-zA-Z0-9_.:-]+)\z
        modelId: no such member of the body
        prompt: no such member of the body
        requestMetadata: 0 entries, and at least 1 are wanted
        system[0].text: 0 characters, and at least 1 are wanted
        toolConfig.tools: 0 items, and at least 1 are wanted
        "#);
    }

    #[test]
    fn hostile_bodies_are_told_of_in_few_words() {
        let body = json!({"messages": vec![json!({"role": "x".repeat(100_000)}); 1000]});
        let faults = request(&RUNTIME, "Converse", &body);
        assert_eq!(faults.len(), MOST);
        assert!(faults.iter().all(|fault| fault.len() < 300));
    }
}
