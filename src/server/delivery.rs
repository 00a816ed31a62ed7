//! A webhook delivery that is known to come from GitHub.

use std::borrow::Cow;

use axum::http::{HeaderMap, header};
use bytes::Bytes;
use contract::hexadecimal;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use sha2::Sha256;

use super::rejection::Rejection;

const SIGNATURE: &str = "x-hub-signature-256";
/// GitHub's ids are 36 characters.
const LONGEST_ID: usize = 100;

/// `verify` is the only way to one, so nothing behind it thinks of signatures again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Delivery {
    /// `X-GitHub-Delivery`; a redelivery repeats it.
    pub id: String,
    /// `X-GitHub-Event`.
    pub event: String,
    json: Bytes,
}

/// The HMAC that a request claims. To have one at all is checked before the body is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Signature([u8; 32]);

impl Delivery {
    /// Checks the signature over the raw bytes, in constant time, before anything in them is looked at.
    pub(super) fn verify(
        headers: &HeaderMap,
        body: Bytes,
        secrets: &[SecretString],
    ) -> Result<Self, Rejection> {
        if !Signature::claimed(headers)?.is_of(&body, secrets) {
            return Err(Rejection::BadSignature);
        }
        let json = if is_form(headers) { payload_of_form(&body)? } else { body };
        Ok(Self {
            id: identifier(headers, "x-github-delivery")?,
            event: identifier(headers, "x-github-event")?,
            json,
        })
    }

    pub(super) fn payload<T: DeserializeOwned>(&self) -> Result<T, Rejection> {
        serde_json::from_slice(&self.json)
            .map_err(|error| Rejection::Malformed(format!("the payload cannot be read: {error}")))
    }
}

impl Signature {
    pub(super) fn claimed(headers: &HeaderMap) -> Result<Self, Rejection> {
        let value = headers.get(SIGNATURE).ok_or(Rejection::BadSignature)?.as_bytes();
        let digits = value.strip_prefix(b"sha256=").ok_or(Rejection::BadSignature)?;
        hexadecimal::decode(digits).map(Self).ok_or(Rejection::BadSignature)
    }

    fn is_of(self, body: &[u8], secrets: &[SecretString]) -> bool {
        secrets.iter().any(|secret| {
            let mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes());
            mac.is_ok_and(|mac| mac.chain_update(body).verify_slice(&self.0).is_ok())
        })
    }
}

/// A header that names something: short, visible ASCII.
fn identifier(headers: &HeaderMap, name: &str) -> Result<String, Rejection> {
    let value = headers
        .get(name)
        .ok_or_else(|| Rejection::Malformed(format!("the header {name} is missing")))?;
    let fits = value.len() <= LONGEST_ID
        && !value.is_empty()
        && value.as_bytes().iter().all(u8::is_ascii_graphic);
    let value = value.to_str().ok().filter(|_| fits);
    value
        .map(str::to_owned)
        .ok_or_else(|| Rejection::Malformed(format!("the header {name} is not one of GitHub's")))
}

/// GitHub's other content type, for webhooks that are configured so.
fn is_form(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).map_or(&b""[..], |value| value.as_bytes());
    content_type.to_ascii_lowercase().starts_with(b"application/x-www-form-urlencoded")
}

fn payload_of_form(body: &[u8]) -> Result<Bytes, Rejection> {
    let payload =
        body.split(|byte| *byte == b'&').find_map(|field| field.strip_prefix(b"payload="));
    let payload =
        payload.ok_or_else(|| Rejection::Malformed("the form has no field payload".to_owned()))?;
    Ok(percent_decoded(payload).into_owned().into())
}

/// A `%` that two hexadecimal digits do not follow stands for itself.
fn percent_decoded(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.iter().any(|byte| matches!(byte, b'%' | b'+')) {
        return Cow::Borrowed(text);
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        let escaped = (byte == b'%')
            .then(|| {
                after
                    .split_first_chunk::<2>()
                    .and_then(|(pair, after)| Some((hexadecimal::decode_byte(*pair)?, after)))
            })
            .flatten();
        match escaped {
            Some((value, after)) => {
                decoded.push(value);
                rest = after;
            }
            None => decoded.push(if byte == b'+' { b' ' } else { byte }),
        }
    }
    Cow::Owned(decoded)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;
    use serde_json::{Value, json};

    use super::*;

    /// The example in GitHub's documentation of webhooks.
    const SECRET: &str = "It's a Secret to Everybody";
    const BODY: &[u8] = b"Hello, World!";
    const SIGNED: &str = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

    fn headers(signature: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(SIGNATURE, HeaderValue::from_str(signature).unwrap());
        headers.insert(
            "x-github-delivery",
            HeaderValue::from_static("72d3162e-cc78-11e3-81ab-4c9367dc0958"),
        );
        headers.insert("x-github-event", HeaderValue::from_static("pull_request"));
        headers
    }

    fn verify(
        headers: &HeaderMap,
        body: &'static [u8],
        secrets: &[&str],
    ) -> Result<Delivery, Rejection> {
        let secrets: Vec<SecretString> =
            secrets.iter().map(|secret| SecretString::from(*secret)).collect();
        Delivery::verify(headers, Bytes::from_static(body), &secrets)
    }

    /// The reason for which a delivery is refused that is otherwise in order.
    fn refusal(name: &'static str, value: Option<&str>) -> Rejection {
        let mut headers = headers(SIGNED);
        match value {
            Some(value) => drop(headers.insert(name, HeaderValue::from_str(value).unwrap())),
            None => drop(headers.remove(name)),
        }
        verify(&headers, BODY, &[SECRET]).unwrap_err()
    }

    #[test]
    fn the_signature_of_githubs_own_example_holds() {
        let delivery = verify(&headers(SIGNED), BODY, &[SECRET]).unwrap();
        assert_eq!(
            (delivery.id.as_str(), delivery.event.as_str()),
            ("72d3162e-cc78-11e3-81ab-4c9367dc0958", "pull_request")
        );
    }

    #[test]
    fn while_a_secret_is_replaced_both_the_old_and_the_new_hold() {
        assert!(verify(&headers(SIGNED), BODY, &["new", SECRET]).is_ok());
        assert!(verify(&headers(SIGNED), BODY, &[SECRET, "new"]).is_ok());
    }

    #[test]
    fn a_forged_signature_is_refused_whatever_is_wrong_with_it() {
        let digits = SIGNED.strip_prefix("sha256=").unwrap();
        let forged = [
            String::new(),
            "sha256=".to_owned(),
            digits.to_owned(),
            format!("sha1={digits}"),
            SIGNED.replace("757107", "757108"),
            SIGNED[..SIGNED.len() - 2].to_owned(),
            SIGNED[..SIGNED.len() - 1].to_owned(),
            format!("{SIGNED}00"),
            SIGNED.replace('7', "g"),
            format!("sha256={}", "+7".repeat(32)),
        ];
        for signature in forged {
            assert_eq!(
                refusal(SIGNATURE, Some(&signature)),
                Rejection::BadSignature,
                "{signature:?}"
            );
        }
        assert_eq!(refusal(SIGNATURE, None), Rejection::BadSignature);
        assert_eq!(
            verify(&headers(SIGNED), b"Hello, World?", &[SECRET]),
            Err(Rejection::BadSignature)
        );
        assert_eq!(verify(&headers(SIGNED), BODY, &["other"]), Err(Rejection::BadSignature));
        assert_eq!(verify(&headers(SIGNED), BODY, &[]), Err(Rejection::BadSignature));
    }

    #[test]
    fn a_delivery_needs_a_sensible_id_and_event() {
        for value in [None, Some(""), Some("two words"), Some(&*"x".repeat(101))] {
            assert!(
                matches!(refusal("x-github-delivery", value), Rejection::Malformed(_)),
                "{value:?}"
            );
            assert!(
                matches!(refusal("x-github-event", value), Rejection::Malformed(_)),
                "{value:?}"
            );
        }
    }

    #[test]
    fn a_payload_may_come_as_a_form() {
        let form = b"a=b&payload=%7B%22title%22%3A+%22100%25+%C3%BC%22%7D&c=d";
        let delivery = Delivery {
            id: String::new(),
            event: String::new(),
            json: payload_of_form(form).unwrap(),
        };
        assert_eq!(delivery.payload::<Value>().unwrap(), json!({"title": "100% ü"}));
        assert_eq!(percent_decoded(b"%zz%4").as_ref(), b"%zz%4");
        assert!(payload_of_form(b"other=1").is_err());
    }
}
