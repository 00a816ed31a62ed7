//! Whether a request is signed by Signature Version 4 with the credentials of the tests, or bears their API key.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>. Written from that
//! description and not by a client's library, so that it finds what such a library gets wrong.

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::answer::Refusal;
use crate::request::Request;

/// Whom the fake lets in.
#[derive(Debug, Clone)]
pub struct Credentials {
    pub access_key_id: String,
    pub secret_access_key: String,
    pub api_key: String,
}

impl Default for Credentials {
    fn default() -> Self {
        Self {
            access_key_id: "AKIDEXAMPLE".to_owned(),
            secret_access_key: "secret".to_owned(),
            api_key: "bedrock-api-key-example".to_owned(),
        }
    }
}

/// `Err` says what AWS would.
pub(crate) fn verify(request: &Request, credentials: &Credentials) -> Result<(), Refusal> {
    let header = request.header("authorization").ok_or_else(|| {
        refusal("MissingAuthenticationTokenException", "Missing Authentication Token")
    })?;
    if let Some(key) = header.strip_prefix("Bearer ") {
        return if key == credentials.api_key { Ok(()) } else { Err(unknown()) };
    }
    let signed = Signed::parse(header).ok_or_else(|| {
        incomplete("the Authorization header lacks Credential, SignedHeaders or Signature")
    })?;
    if signed.access_key_id != credentials.access_key_id {
        return Err(unknown());
    }
    let moment = request.header("x-amz-date").unwrap_or_default();
    if !moment.starts_with(signed.date) || moment.len() != "20260101T000000Z".len() {
        return Err(incomplete("x-amz-date is missing, or not of the day of the credential"));
    }
    if signed.service != "bedrock" {
        return Err(incomplete("the credential is scoped to another service than bedrock"));
    }
    if !["host", "x-amz-date"]
        .iter()
        .all(|name| signed.headers.split(';').any(|known| known == *name))
    {
        return Err(incomplete("host and x-amz-date must be among the signed headers"));
    }
    let canonical = canonical(request, signed.headers);
    let scope = format!("{}/{}/{}/aws4_request", signed.date, signed.region, signed.service);
    let text = format!("AWS4-HMAC-SHA256\n{moment}\n{scope}\n{}", hex(&Sha256::digest(canonical)));
    let mut key = format!("AWS4{}", credentials.secret_access_key).into_bytes();
    for part in [signed.date, signed.region, signed.service, "aws4_request"] {
        key = hmac(&key, part.as_bytes());
    }
    if hex(&hmac(&key, text.as_bytes())) == signed.signature {
        return Ok(());
    }
    Err(refusal(
        "InvalidSignatureException",
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.",
    ))
}

struct Signed<'a> {
    access_key_id: &'a str,
    date: &'a str,
    region: &'a str,
    service: &'a str,
    headers: &'a str,
    signature: &'a str,
}

impl<'a> Signed<'a> {
    fn parse(header: &'a str) -> Option<Self> {
        let rest = header.strip_prefix("AWS4-HMAC-SHA256 ")?;
        let part = |name: &str| {
            rest.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='))
        };
        let mut scope = part("Credential")?.split('/');
        let (access_key_id, date) = (scope.next()?, scope.next()?);
        let (region, service) = (scope.next()?, scope.next()?);
        let (headers, signature) = (part("SignedHeaders")?, part("Signature")?);
        (scope.next() == Some("aws4_request")).then_some(())?;
        Some(Self { access_key_id, date, region, service, headers, signature })
    }
}

fn canonical(request: &Request, signed_headers: &str) -> String {
    let mut query: Vec<(String, String)> = request
        .query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    query.sort();
    let query: Vec<String> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    // The path is encoded once more than it was sent, for every service but S3.
    let mut text = format!("{}\n{}\n{}\n", request.method, encoded(&request.path), query.join("&"));
    for name in signed_headers.split(';') {
        let values: Vec<String> = request
            .headers
            .iter()
            .filter(|(known, _)| known == name)
            .map(|(_, value)| value.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect();
        let _ = writeln!(text, "{name}:{}", values.join(","));
    }
    let _ = write!(text, "\n{signed_headers}\n{}", hex(&Sha256::digest(&request.body)));
    text
}

fn encoded(path: &str) -> String {
    let mut text = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => {
                text.push(char::from(byte));
            }
            other => {
                let _ = write!(text, "%{other:02X}");
            }
        }
    }
    text
}

fn hmac(key: &[u8], text: &[u8]) -> Vec<u8> {
    // A key of any length will do, so this cannot fail.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return Vec::new() };
    mac.update(text);
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn refusal(code: &str, message: &str) -> Refusal {
    Refusal::new(403, code, message)
}

fn incomplete(why: &str) -> Refusal {
    refusal("IncompleteSignatureException", why)
}

fn unknown() -> Refusal {
    refusal("UnrecognizedClientException", "The security token included in the request is invalid.")
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn request(authorization: &str) -> Request {
        Request {
            method: "POST".to_owned(),
            path: "/model/m/converse".to_owned(),
            query: String::new(),
            headers: vec![
                ("host".to_owned(), "127.0.0.1".to_owned()),
                ("x-amz-date".to_owned(), "20260102T030405Z".to_owned()),
                ("authorization".to_owned(), authorization.to_owned()),
            ],
            body: Bytes::from_static(b"{}"),
        }
    }

    /// That a right signature passes, boto3 and the drivers show.
    #[test]
    fn what_is_not_signed_with_the_tests_credentials_is_refused() {
        let code = |header: &str| match verify(&request(header), &Credentials::default()) {
            Ok(()) => "taken".to_owned(),
            Err(refusal) => refusal.code,
        };
        let signed = |key: &str, day: &str, service: &str, names: &str| {
            let scope = format!("{key}/{day}/us-east-1/{service}/aws4_request");
            code(&format!(
                "AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders={names}, Signature=00"
            ))
        };
        assert_eq!(code("Bearer bedrock-api-key-example"), "taken");
        assert_eq!(code("Bearer other"), "UnrecognizedClientException");
        assert_eq!(code("AWS4-HMAC-SHA256 Credential=x"), "IncompleteSignatureException");
        let (key, day, names) = ("AKIDEXAMPLE", "20260102", "host;x-amz-date");
        assert_eq!(signed(key, day, "bedrock", names), "InvalidSignatureException");
        assert_eq!(signed("AKIDOTHER", day, "bedrock", names), "UnrecognizedClientException");
        assert_eq!(signed(key, "20260103", "bedrock", names), "IncompleteSignatureException");
        assert_eq!(signed(key, day, "s3", names), "IncompleteSignatureException");
        assert_eq!(signed(key, day, "bedrock", "host"), "IncompleteSignatureException");
    }
}
