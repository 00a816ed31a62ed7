//! Answers of HTTP/1.1 as bytes.

use std::io::Write as _;

use serde_json::Value;

/// Status, headers, length and body.
pub fn answer(status: u16, headers: &[(&str, String)], body: &[u8]) -> Vec<u8> {
    let mut bytes = head(status, headers);
    bytes.truncate(bytes.len() - 2);
    let _ = write!(bytes, "content-length: {}\r\n\r\n", body.len());
    bytes.extend_from_slice(body);
    bytes
}

/// 200 and JSON.
pub fn json(body: &Value) -> Vec<u8> {
    answer(200, &[("content-type", "application/json".to_owned())], body.to_string().as_bytes())
}

/// All before the body.
pub fn head(status: u16, headers: &[(&str, String)]) -> Vec<u8> {
    let mut bytes = format!("HTTP/1.1 {status} {}\r\n", phrase(status)).into_bytes();
    bytes.extend_from_slice(b"x-amzn-requestid: 00000000-0000-4000-8000-000000000000\r\n");
    for (name, value) in headers {
        let _ = write!(bytes, "{name}: {value}\r\n");
    }
    bytes.extend_from_slice(b"\r\n");
    bytes
}

/// One piece of a body whose length nobody knows beforehand.
pub fn chunk(bytes: &[u8]) -> Vec<u8> {
    let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
    chunk.extend_from_slice(bytes);
    chunk.extend_from_slice(b"\r\n");
    chunk
}

/// The end of such a body.
pub const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

fn phrase(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400..500 => "Refused",
        500.. => "Failed",
        _ => "Other",
    }
}
