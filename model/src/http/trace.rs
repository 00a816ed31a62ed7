//! Passes a caller's trace on to a service.

use http::HeaderValue;

use crate::Metadata;

/// `traceparent`, as W3C's Trace Context has it: each attempt is a span of its own. `None` without a valid trace id, which
/// a UUID is, too.
pub fn traceparent(metadata: &Metadata) -> Option<HeaderValue> {
    let trace: String = metadata.trace_id.as_deref()?.split('-').collect();
    let digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let is_valid =
        trace.len() == 32 && trace.bytes().all(digit) && trace.bytes().any(|byte| byte != b'0');
    let span = fastrand::u64(1..);
    is_valid.then(|| HeaderValue::from_str(&format!("00-{trace}-{span:016x}-01")).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_goes_on_with_a_span_for_each_attempt() {
        let of = |trace: &str| {
            let metadata = Metadata { trace_id: Some(trace.to_owned()), ..Metadata::default() };
            traceparent(&metadata).and_then(|value| value.to_str().map(str::to_owned).ok())
        };
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        let (first, second) = (of(trace).unwrap(), of(trace).unwrap());
        assert!(first.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-") && first.len() == 55);
        assert_ne!(first, second);
        assert!(of("4bf92f35-77b3-4da6-a3ce-929d0e0e4736").unwrap().starts_with(&first[..35]));
        assert_eq!(of("a trace\r\nx-evil: 1"), None);
        assert_eq!(of(&"0".repeat(32)), None);
        assert_eq!(traceparent(&Metadata::default()), None);
    }
}
