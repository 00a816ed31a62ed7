//! Signature Version 4: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>.
//!
//! A request to a model is signed each time, so the key, which is one for a day, is derived once, and the text to sign is
//! written at once. AWS's own crate takes several times as long, most of it for what no request of this driver has; a
//! test compares the two.

use std::fmt::Write as _;
use std::sync::{Arc, PoisonError, RwLock};

use aws_credential_types::Credentials;
use chrono::{DateTime, Datelike, Timelike, Utc};
use contract::{Timestamp, hexadecimal};
use hmac::{Hmac, KeyInit, Mac};
use http::Request;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderName, HeaderValue};
use sha2::{Digest, Sha256};

use super::access::unusable;
use crate::ModelError;
use crate::http::host_header;
use crate::pieces::Pieces;

const SERVICE: &str = "bedrock";
const DATE: HeaderName = HeaderName::from_static("x-amz-date");
const TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");

/// Signs requests to one region.
pub(super) struct Signer {
    region: String,
    key: RwLock<Option<Arc<DayKey>>>,
}

/// The key that credentials come to on one day.
struct DayKey {
    credentials: Credentials,
    /// As `20261122`.
    day: String,
    mac: Hmac<Sha256>,
}

impl Signer {
    pub(super) fn new(region: &str) -> Self {
        Self { region: region.to_owned(), key: RwLock::new(None) }
    }

    /// Only what the signature must cover is covered: proxies rewrite other headers. The body must not change after it.
    pub(super) fn sign(
        &self,
        request: &mut Request<Pieces>,
        credentials: &Credentials,
        now: Timestamp,
    ) -> Result<(), ModelError> {
        let (day, time) = day_and_time(now);
        let host = host_header(request.uri());
        let canonical = canonical(request, &host, &time, credentials.session_token())?;
        // Joined rather than formatted, which takes several times as long.
        let scope = [day.as_str(), "/", &self.region, "/", SERVICE, "/aws4_request"].concat();
        let digest = hexadecimal::encode(&Sha256::digest(canonical.text));
        let to_sign = ["AWS4-HMAC-SHA256\n", &time, "\n", &scope, "\n", &digest].concat();
        let signature =
            hexadecimal::encode(&mac(self.key(credentials, &day)?.mac.clone(), &to_sign));
        let id = credentials.access_key_id();
        let signed = canonical.signed;
        let authorization = [
            "AWS4-HMAC-SHA256 Credential=",
            id,
            "/",
            &scope,
            ", SignedHeaders=",
            signed,
            ", Signature=",
            &signature,
        ]
        .concat();
        let headers = request.headers_mut();
        headers.insert(HOST, value(&host)?);
        headers.insert(DATE, value(&time)?);
        headers.insert(AUTHORIZATION, secret(&authorization)?);
        if let Some(token) = credentials.session_token() {
            headers.insert(TOKEN, secret(token)?);
        }
        Ok(())
    }

    fn key(&self, credentials: &Credentials, day: &str) -> Result<Arc<DayKey>, ModelError> {
        let kept = self.key.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(kept) = kept.filter(|kept| kept.day == day && kept.credentials == *credentials)
        {
            return Ok(kept);
        }
        let of_day = format!("AWS4{}", credentials.secret_access_key());
        let mut key = mac(keyed(of_day.as_bytes())?, day);
        for part in [self.region.as_str(), SERVICE, "aws4_request"] {
            key = mac(keyed(&key)?, part);
        }
        let (credentials, day) = (credentials.clone(), day.to_owned());
        let new = Arc::new(DayKey { credentials, day, mac: keyed(&key)? });
        *self.key.write().unwrap_or_else(PoisonError::into_inner) = Some(new.clone());
        Ok(new)
    }
}

struct Canonical {
    text: String,
    signed: &'static str,
}

/// Method, path, query, headers and the body's digest, as both sides write them.
fn canonical(
    request: &Request<Pieces>,
    host: &str,
    time: &str,
    token: Option<&str>,
) -> Result<Canonical, ModelError> {
    let uri = request.uri();
    let mut text = String::with_capacity(512 + token.map_or(0, str::len));
    text.push_str(request.method().as_str());
    text.push('\n');
    // What is encoded already is encoded once more; only S3 wants it otherwise.
    encode(uri.path(), &mut text);
    // Its names come sorted and encoded from where this driver writes them.
    let query = uri.query().unwrap_or_default();
    let kind = request.headers().get(CONTENT_TYPE).map(HeaderValue::to_str).transpose();
    let kind = kind.map_err(|_| unusable("the content type is no text"))?.unwrap_or_default();
    let lines =
        ["\n", query, "\ncontent-type:", kind, "\nhost:", host, "\nx-amz-date:", time, "\n"];
    text.extend(lines);
    let signed = match token {
        None => "content-type;host;x-amz-date",
        Some(token) => {
            text.extend(["x-amz-security-token:", token, "\n"]);
            "content-type;host;x-amz-date;x-amz-security-token"
        }
    };
    text.extend(["\n", signed, "\n", &hexadecimal::encode(&digest(request.body()))]);
    Ok(Canonical { text, signed })
}

fn digest(body: &Pieces) -> [u8; 32] {
    let digest = body.iter().fold(Sha256::new(), Digest::chain_update);
    digest.finalize().into()
}

fn encode(path: &str, text: &mut String) {
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
}

/// `20261122` and `20261122T095354Z`.
fn day_and_time(now: Timestamp) -> (String, String) {
    let now = DateTime::<Utc>::from_timestamp_millis(now.0).unwrap_or_default();
    let (year, month, day) = (now.year(), now.month(), now.day());
    let day = format!("{:08}", i64::from(year) * 10_000 + i64::from(month * 100 + day));
    let time = now.hour() * 10_000 + now.minute() * 100 + now.second();
    let time = format!("{day}T{time:06}Z");
    (day, time)
}

fn keyed(key: &[u8]) -> Result<Hmac<Sha256>, ModelError> {
    Hmac::new_from_slice(key).map_err(|_| unusable("the secret access key cannot sign"))
}

fn mac(mut keyed: Hmac<Sha256>, text: &str) -> [u8; 32] {
    keyed.update(text.as_bytes());
    keyed.finalize().into_bytes().into()
}

fn value(text: &str) -> Result<HeaderValue, ModelError> {
    HeaderValue::from_str(text)
        .map_err(|_| unusable("the credentials have characters that no header may have"))
}

fn secret(text: &str) -> Result<HeaderValue, ModelError> {
    let mut value = value(text)?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
    use aws_sigv4::sign::v4::SigningParams;
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp(1_795_305_600_123);

    /// In two pieces, as long texts are sent.
    fn request(url: &str, body: &str) -> Request<Pieces> {
        let request = Request::post(url).header(CONTENT_TYPE, "application/json");
        let (begins, goes_on) = body.as_bytes().split_at(body.len() / 2);
        let mut pieces = Pieces::from(begins.to_vec());
        pieces.push(goes_on.to_vec());
        request.body(pieces).unwrap()
    }

    fn credentials(secret: &str, token: Option<&str>) -> Credentials {
        Credentials::new("AKIDEXAMPLE", secret, token.map(str::to_owned), None, "tests")
    }

    /// The headers that AWS's own crate adds.
    fn theirs(request: &mut Request<Pieces>, body: &str, credentials: &Credentials, region: &str) {
        let identity = credentials.clone().into();
        let time = SystemTime::UNIX_EPOCH + Duration::from_millis(NOW.0 as u64);
        let parameters = SigningParams::builder()
            .identity(&identity)
            .region(region)
            .name(SERVICE)
            .time(time)
            .settings(SigningSettings::default())
            .build()
            .unwrap();
        let signable = SignableRequest::new(
            request.method().as_str(),
            request.uri().to_string(),
            std::iter::once((CONTENT_TYPE.as_str(), "application/json")),
            SignableBody::Bytes(body.as_bytes()),
        );
        let (instructions, _) = sign(signable.unwrap(), &parameters.into()).unwrap().into_parts();
        instructions.apply_to_request_http1x(request);
    }

    fn compared(url: &str, body: &str, credentials: &Credentials, region: &str) {
        let (mut own, mut other) = (request(url, body), request(url, body));
        // A second time with the key of the first.
        let signer = Signer::new(region);
        signer.sign(&mut request(url, "other"), credentials, NOW).unwrap();
        signer.sign(&mut own, credentials, NOW).unwrap();
        theirs(&mut other, body, credentials, region);
        for name in [AUTHORIZATION, DATE, TOKEN] {
            assert_eq!(own.headers().get(&name), other.headers().get(&name), "{name} for {url}");
        }
    }

    #[test]
    fn every_kind_of_request_is_signed_as_aws_signs_it() {
        let (plain, session) = (credentials("secret", None), credentials("s", Some("to/k+e=n")));
        for url in [
            "https://bedrock-runtime.eu-central-1.amazonaws.com/model/us.amazon.nova-2-lite-v1%3A0/converse",
            "http://127.0.0.1:8123/model/arn%3Aaws%3Abedrock%3A%3A1%3Aprofile%2Fa/converse-stream",
            "https://proxy.example:443/bedrock/model/a~b/invoke",
            "https://bedrock.us-east-1.amazonaws.com/foundation-models",
            "https://bedrock.us-east-1.amazonaws.com/inference-profiles?maxResults=1000&nextToken=a%2Fb%3D",
        ] {
            compared(url, r#"{"messages":[]}"#, &plain, "eu-central-1");
            compared(url, "", &session, "us-gov-west-1");
        }
    }

    #[test]
    fn other_credentials_and_another_day_have_other_keys() {
        let signer = Signer::new("eu-central-1");
        let authorized = |credentials: &Credentials, now| {
            let mut request = request("http://x/", "");
            signer.sign(&mut request, credentials, now).unwrap();
            request.headers()[AUTHORIZATION].to_str().unwrap().to_owned()
        };
        let first = authorized(&credentials("one", None), NOW);
        assert_ne!(first, authorized(&credentials("two", None), NOW));
        assert_ne!(first, authorized(&credentials("one", None), Timestamp(NOW.0 + 86_400_000)));
        assert_eq!(first, authorized(&credentials("one", None), NOW));
    }

    proptest! {
        #[test]
        fn any_model_and_any_body_are_signed_as_aws_signs_them(
            id in "[ -~é]{1,40}[a-z]", body in ".{0,200}", secret in "[!-~]{1,60}",
        ) {
            let segment = super::super::settings::segment(&id).unwrap();
            let url = format!("http://127.0.0.1:1234/model/{segment}/converse");
            compared(&url, &body, &credentials(&secret, None), "eu-central-1");
        }
    }
}
