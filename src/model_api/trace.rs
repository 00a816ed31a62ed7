//! On whose account a call is, and which trace it belongs to.

use axum::http::HeaderMap;
use model::{Cause, Metadata, ModelError};

use super::keys::{Client, Keys};

/// Says whose key it was, and fills in what the caller left out: the trace of `traceparent` or one of our own, and the
/// client as the agent. An agent that is another client is refused.
pub(super) fn complete(
    metadata: &mut Metadata,
    headers: &HeaderMap,
    client: Client,
    keys: &Keys,
) -> Result<(), ModelError> {
    let other = metadata.agent_id.as_deref().filter(|agent| keys.is_another_client(agent, &client));
    if let Some(agent) = other {
        return Err(ModelError::new(
            Cause::BadRequest,
            format!(
                "`agent_id`: {agent:?} is another client, whose account only its own key spends from; name another agent, or none"
            ),
        ));
    }
    if metadata.trace_id.is_none() {
        let parent = headers.get("traceparent").and_then(|value| value.to_str().ok());
        let trace = parent.and_then(trace_id);
        metadata.trace_id = Some(trace.unwrap_or_else(|| format!("{:032x}", fastrand::u128(1..))));
    }
    metadata.client = client.0;
    if metadata.agent_id.is_none() {
        metadata.agent_id.clone_from(&metadata.client);
    }
    Ok(())
}

/// The trace of a `traceparent`: <https://www.w3.org/TR/trace-context/#traceparent-header>.
fn trace_id(traceparent: &str) -> Option<String> {
    let mut parts = traceparent.split('-');
    let (version, trace) = (parts.next()?, parts.next()?);
    let hexadecimal = trace.len() == 32
        && trace.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    let known = version.len() == 2 && version != "ff" && trace.bytes().any(|byte| byte != b'0');
    (hexadecimal && known).then(|| trace.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_valid_trace_is_passed_on() {
        let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
        assert_eq!(trace_id(&format!("00-{trace}-00f067aa0ba902b7-01")).as_deref(), Some(trace));
        assert_eq!(trace_id("00-00000000000000000000000000000000-00f067aa0ba902b7-01"), None);
        assert_eq!(trace_id("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01"), None);
        assert_eq!(trace_id(&format!("ff-{trace}-00f067aa0ba902b7-01")), None);
        assert_eq!(trace_id("nonsense"), None);
    }
}
