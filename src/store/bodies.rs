//! Texts that are too large or too dear for an item of DynamoDB, as objects in S3.
//!
//! An object is named for its content and written before the item that points to it, so the item's conditional write
//! decides alone what is kept. What nothing points to any more is left to the bucket's lifecycle, which has to keep an
//! object longer than the table keeps its item: `states/` for 30 days (twice 14, for a run may be finished long after its
//! last checkpoint), `reports/` for 100, `cache/` for 14 (nothing is cached for longer than a week).

use std::fmt::Write;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::error::{DisplayErrorContext, SdkError};
use aws_sdk_s3::operation::get_object::GetObjectOutput;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::ChecksumMode;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use contract::hexadecimal;
use sha2::{Digest, Sha256};

use super::StoreError;
use super::aws_calls::{self, Fault, OPERATION, failed};
use super::body::{Body, Packed, Pointer, TEXT_MOST};

/// DynamoDB bills a write for each kilobyte, S3 one for the whole object. By their price lists (0.625 and 5 dollars a
/// million in us-east-1) eight kilobytes cost the same in both.
const ITEM_BEST: usize = 8 * 1024;
/// An item may have 400 KB, with its other attributes and all names.
const ITEM_MOST: usize = 350 * 1000;
/// Megabytes may have to pass.
const ATTEMPT: Duration = Duration::from_secs(10);
/// A key of S3 has at most 1,024 bytes; this leaves room for the folder and the checksum.
const SEGMENT_MOST: usize = 512;

#[derive(Clone)]
pub(super) struct Bodies {
    client: Client,
    bucket: Option<String>,
}

impl Bodies {
    pub(super) fn new(sdk: &SdkConfig, bucket: Option<String>) -> Self {
        let config = aws_sdk_s3::config::Builder::from(sdk)
            .timeout_config(aws_calls::timeouts(ATTEMPT))
            .retry_config(aws_calls::retries())
            .build();
        Self { client: Client::from_conf(config), bucket }
    }

    /// Keeps a text: within the item, or as an object whose key begins with `prefix`.
    pub(super) async fn keep(&self, prefix: &str, text: &str) -> Result<Body, StoreError> {
        let body = inline(text)?;
        match (&self.bucket, body) {
            (Some(bucket), Body::Packed(packed)) if packed.gzip.len() > ITEM_BEST => {
                Ok(Body::Object(self.put(bucket, prefix, packed).await?))
            }
            (_, body) if body.size() > ITEM_MOST => {
                Err(Fault::NoBucket { bytes: body.size() }.into())
            }
            (_, body) => Ok(body),
        }
    }

    /// The text, or `None` where its object is gone. `item` is named if it makes no sense.
    pub(super) async fn text(&self, body: &Body, item: &str) -> Result<Option<String>, StoreError> {
        let packed = match body {
            Body::Plain(text) => return Ok(Some(text.clone())),
            Body::Packed(packed) => packed.clone(),
            Body::Object(pointer) => match self.get(pointer).await? {
                Some(packed) => packed,
                None => return Ok(None),
            },
        };
        let shape = || Fault::Shape { item: item.to_owned(), attribute: "body".to_owned() };
        Ok(Some(packed.text().ok_or_else(shape)?))
    }

    /// That its object is gone.
    pub(super) fn gone(&self, body: &Body) -> StoreError {
        let key = match body {
            Body::Object(pointer) => pointer.key.as_str(),
            Body::Plain(_) | Body::Packed(_) => "",
        };
        Fault::Gone { object: address(self.bucket.as_deref().unwrap_or_default(), key) }.into()
    }

    /// Deletes the object of a body to which nothing points any more. Where that fails, the lifecycle does it.
    pub(super) async fn forget(&self, body: &Body) {
        let (Some(bucket), Body::Object(Pointer { key, .. })) = (&self.bucket, body) else {
            return;
        };
        let deleted = self.client.delete_object().bucket(bucket).key(key).send().await;
        if let Err(error) = deleted {
            let error = failed("s3:DeleteObject", arn(bucket, key), &error);
            tracing::warn!(%error, "an object stays until the bucket's lifecycle deletes it");
        }
    }

    async fn put(&self, bucket: &str, prefix: &str, packed: Packed) -> Result<Pointer, StoreError> {
        let digest = Sha256::digest(&packed.gzip);
        let sha256 = hexadecimal::encode(&digest);
        let key = format!("{prefix}{sha256}");
        self.client
            .put_object()
            .bucket(bucket)
            .key(&key)
            .content_type("application/gzip")
            // S3 refuses what does not arrive as it was sent, and keeps the checksum beside the object.
            .checksum_sha256(STANDARD.encode(digest))
            .body(ByteStream::from(packed.gzip))
            .send()
            .await
            .map_err(|error| failed("s3:PutObject", arn(bucket, &key), &error))?;
        Ok(Pointer { key, sha256, bytes: packed.bytes })
    }

    async fn get(&self, pointer: &Pointer) -> Result<Option<Packed>, StoreError> {
        let Some(bucket) = &self.bucket else {
            return Err(Fault::NoBucket { bytes: pointer.bytes }.into());
        };
        let call = self
            .client
            .get_object()
            .bucket(bucket)
            .key(&pointer.key)
            .checksum_mode(ChecksumMode::Enabled)
            .send();
        let answer = match call.await {
            Err(SdkError::ServiceError(error)) if error.err().is_no_such_key() => return Ok(None),
            Err(error) => {
                return Err(failed("s3:GetObject", arn(bucket, &pointer.key), &error).into());
            }
            Ok(answer) => answer,
        };
        let gzip = collect(answer, bucket, &pointer.key).await?;
        let found = hexadecimal::encode(&Sha256::digest(&gzip));
        if found != pointer.sha256 {
            let object = address(bucket, &pointer.key);
            return Err(Fault::Corrupt { object, found, kept: pointer.sha256.clone() }.into());
        }
        Ok(Some(Packed { gzip, bytes: pointer.bytes }))
    }
}

/// A text that is small by its nature, and never an object.
pub(super) fn inline_only(text: &str) -> Result<Body, StoreError> {
    let body = inline(text)?;
    if body.size() > ITEM_MOST {
        return Err(Fault::TooLarge { bytes: text.len() }.into());
    }
    Ok(body)
}

fn inline(text: &str) -> Result<Body, StoreError> {
    if text.len() > TEXT_MOST {
        return Err(Fault::TooLarge { bytes: text.len() }.into());
    }
    Body::inline(text).map_err(|error| StoreError::Unavailable(Box::new(error)))
}

/// Any text as one segment of a key, still readable where it is an ordinary name.
pub(super) fn segment(text: &str) -> String {
    let mut segment = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' => segment.push(byte.into()),
            other => {
                // Writing to a string cannot fail.
                let _ = write!(segment, "={other:02X}");
            }
        }
    }
    if segment.len() > SEGMENT_MOST { hexadecimal::encode(&Sha256::digest(text)) } else { segment }
}

/// The SDK's own deadlines end where the body begins.
async fn collect(answer: GetObjectOutput, bucket: &str, key: &str) -> Result<Vec<u8>, Fault> {
    let failed =
        |problem| Fault::Call { action: "s3:GetObject", resource: arn(bucket, key), problem };
    let length = answer.content_length().and_then(|length| usize::try_from(length).ok());
    // Compression makes no text much longer.
    if length.is_some_and(|length| length > TEXT_MOST + 1024 * 1024) {
        return Err(failed("the object is larger than any that is kept".to_owned()));
    }
    match tokio::time::timeout(OPERATION, answer.body.collect()).await {
        Ok(Ok(body)) => Ok(body.to_vec()),
        Ok(Err(error)) => Err(failed(DisplayErrorContext(error).to_string())),
        Err(_) => Err(failed("the object did not arrive in time".to_owned())),
    }
}

fn arn(bucket: &str, key: &str) -> String {
    format!("arn:aws:s3:::{bucket}/{key}")
}

fn address(bucket: &str, key: &str) -> String {
    format!("s3://{bucket}/{key}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_leaves_its_segment_and_no_two_share_one() {
        insta::assert_snapshot!(segment("acme/shop.js#7"), @"acme=2Fshop=2Ejs=237");
        let odd = ["../..", "..", ".", "", "a/b", "a=2Fb", "ä b", "%2F"];
        let segments: std::collections::BTreeSet<_> = odd.map(segment).into_iter().collect();
        assert_eq!(segments.len(), odd.len());
        assert!(segments.iter().all(|segment| !segment.contains(['/', '.'])));
        assert_eq!(segment(&"/".repeat(2000)).len(), 64);
    }
}
