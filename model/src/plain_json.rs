//! What is wrong with JSON, in the words of JSON: whoever sends a request need not know the types that it is read into.

use serde::de::Error as _;
use serde_json::Error;

/// The same error, at the same place.
pub(crate) fn told(error: &Error) -> Error {
    let text = error.to_string();
    let (text, place) = text.rsplit_once(" at line ").unwrap_or((&text, ""));
    let place = if place.is_empty() { String::new() } else { format!(" at line {place}") };
    Error::custom(format!("{}{place}", plain(text)))
}

/// The forms are those of serde's errors.
fn plain(text: &str) -> String {
    if let Some(name) = text.strip_prefix("unknown variant ") {
        return format!("unknown {name}");
    }
    // What was sent may hold the same words, but only before these.
    let Some((found, expected)) = text.rsplit_once(", expected ") else {
        return text.to_owned();
    };
    let found = match found.strip_prefix("invalid type: ") {
        Some("map") => "invalid type: an object",
        Some("sequence") => "invalid type: a list",
        _ => found,
    };
    format!("{found}, expected {}", wanted(expected))
}

fn wanted(expected: &str) -> &str {
    match expected {
        "u32" => "a whole number from 0 to 4294967295",
        "u64" => "a whole number from 0 on",
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "a map" => "an object",
        _ => expected,
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "nothing of it is ever read")]
    struct Wanted {
        count: u32,
        share: f32,
        ready: bool,
        names: Vec<String>,
        side: Side,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Side {
        Left,
        Right,
    }

    #[test]
    fn an_error_speaks_of_json_and_names_the_place() {
        let said = [
            r#"{"count": "5, expected u32"}"#,
            r#"{"count": -1}"#,
            r#"{"count": {}}"#,
            r#"{"count": 1, "share": []}"#,
            r#"{"count": 1, "share": 1, "ready": null}"#,
            r#"{"count": 1, "share": 1, "ready": true, "names": {}}"#,
            r#"{"side": "up"}"#,
            r#"{"side": "left", "count": 1"#,
            r#"{"side": "left"}"#,
        ]
        .map(|json| told(&serde_json::from_str::<Wanted>(json).unwrap_err()).to_string());
        insta::assert_snapshot!(said.join("\n"), @r#"
invalid type: string "5, expected u32", expected a whole number from 0 to 4294967295 at line 1 column 27
invalid value: integer `-1`, expected a whole number from 0 to 4294967295 at line 1 column 12
invalid type: an object, expected a whole number from 0 to 4294967295 at line 1 column 10
invalid type: a list, expected a number at line 1 column 22
invalid type: null, expected true or false at line 1 column 38
invalid type: an object, expected a list at line 1 column 49
unknown `up`, expected `left` or `right` at line 1 column 13
EOF while parsing an object at line 1 column 27
missing field `count` at line 1 column 16
"#);
    }
}
