//! Frames of `application/vnd.amazon.eventstream`, well formed; what is to be broken is broken afterwards.
//!
//! <https://smithy.io/2.0/aws/amazon-eventstream.html>

use serde_json::Value;

const TEXT: u8 = 7;

/// One event of a stream.
pub fn event(kind: &str, payload: &Value) -> Vec<u8> {
    let headers =
        [(":event-type", kind), (":content-type", "application/json"), (":message-type", "event")];
    frame(&headers, payload.to_string().as_bytes())
}

/// An exception of the service's model, after which the stream ends.
pub fn exception(kind: &str, payload: &Value) -> Vec<u8> {
    let headers = [
        (":exception-type", kind),
        (":content-type", "application/json"),
        (":message-type", "exception"),
    ];
    frame(&headers, payload.to_string().as_bytes())
}

/// A failure that the model of the service does not name.
pub fn error(code: &str, message: &str) -> Vec<u8> {
    frame(&[(":message-type", "error"), (":error-code", code), (":error-message", message)], b"")
}

/// Length and checksum of what leads, headers, payload, checksum of all. A header's name has at most 255 bytes, its
/// text at most 32,767.
pub fn frame(headers: &[(&str, &str)], payload: &[u8]) -> Vec<u8> {
    let mut named = Vec::new();
    for (name, text) in headers {
        named.push(name.len() as u8);
        named.extend_from_slice(name.as_bytes());
        named.push(TEXT);
        named.extend_from_slice(&(text.len() as u16).to_be_bytes());
        named.extend_from_slice(text.as_bytes());
    }
    let total = 12 + named.len() + payload.len() + 4;
    let mut frame = Vec::with_capacity(total);
    frame.extend_from_slice(&(total as u32).to_be_bytes());
    frame.extend_from_slice(&(named.len() as u32).to_be_bytes());
    frame.extend_from_slice(&crc32fast::hash(&frame).to_be_bytes());
    frame.extend_from_slice(&named);
    frame.extend_from_slice(payload);
    frame.extend_from_slice(&crc32fast::hash(&frame).to_be_bytes());
    frame
}

/// The frame with a wrong checksum of its lengths.
pub fn with_wrong_prelude_checksum(mut frame: Vec<u8>) -> Vec<u8> {
    flip(&mut frame, 8);
    frame
}

/// The frame with a wrong checksum of all of it.
pub fn with_wrong_checksum(mut frame: Vec<u8>) -> Vec<u8> {
    let last = frame.len() - 1;
    flip(&mut frame, last);
    frame
}

/// Lengths that claim so many bytes, with the checksum that belongs to them, and nothing after.
pub fn prelude(total: u32, headers: u32) -> Vec<u8> {
    let mut prelude = total.to_be_bytes().to_vec();
    prelude.extend_from_slice(&headers.to_be_bytes());
    prelude.extend_from_slice(&crc32fast::hash(&prelude).to_be_bytes());
    prelude
}

/// As it ends a frame of these bytes.
pub fn checksum(bytes: &[u8]) -> u32 {
    crc32fast::hash(bytes)
}

fn flip(frame: &mut [u8], at: usize) {
    if let Some(byte) = frame.get_mut(at) {
        *byte ^= 0x55;
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// That the checksum is the right one of the many of 32 bits, boto3 shows.
    #[test]
    fn a_frame_begins_with_its_lengths_and_both_checksums_cover_what_is_before_them() {
        let frame = event("messageStop", &json!({"stopReason": "end_turn"}));
        let word = |at: usize| u32::from_be_bytes(frame[at..at + 4].try_into().unwrap());
        let (total, headers) = (word(0) as usize, word(4) as usize);
        assert_eq!(total, frame.len());
        assert_eq!(&frame[12 + headers..total - 4], br#"{"stopReason":"end_turn"}"#);
        assert_eq!(word(8), crc32fast::hash(&frame[..8]));
        assert_eq!(word(total - 4), crc32fast::hash(&frame[..total - 4]));
        assert_eq!(prelude(word(0), word(4)), frame[..12]);
        assert_ne!(with_wrong_prelude_checksum(frame.clone())[..12], frame[..12]);
        assert_eq!(with_wrong_checksum(frame.clone())[..total - 4], frame[..total - 4]);
    }
}
