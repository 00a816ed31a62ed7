//! Sorts the keys of a request's JSON. The SDK keeps schemas and tool inputs in hash maps, whose order differs from
//! request to request, and a prompt whose bytes differ is not found in the provider's cache.

use aws_sdk_bedrockruntime::config::interceptors::BeforeTransmitInterceptorContextMut;
use aws_sdk_bedrockruntime::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_bedrockruntime::error::BoxError;
use aws_smithy_types::body::SdkBody;
use serde_json::{Map, Value};

#[derive(Debug)]
pub(super) struct SortedKeys;

impl Intercept for SortedKeys {
    fn name(&self) -> &'static str {
        "SortedKeys"
    }

    fn modify_before_signing(
        &self,
        context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let request = context.request_mut();
        let Some(Ok(body)) = request.body().bytes().map(serde_json::from_slice::<Value>) else {
            return Ok(());
        };
        let body = sorted(body).to_string();
        request.headers_mut().insert("content-length", body.len().to_string());
        *request.body_mut() = SdkBody::from(body);
        Ok(())
    }
}

/// Sorted even where a crate of the build makes `serde_json` keep the order of insertion.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.into_iter().collect();
            fields.sort_by(|(one, _), (other, _)| one.cmp(other));
            Value::Object(
                fields
                    .into_iter()
                    .map(|(name, field)| (name, sorted(field)))
                    .collect::<Map<_, _>>(),
            )
        }
        Value::Array(items) => items.into_iter().map(sorted).collect(),
        other => other,
    }
}
