//! The App's side of the fake: its key, what it may do, and where it is installed.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use axum::body::Body;
use axum::http::Response;
use base64::Engine;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::{APP_ID, APP_SLUG, Call, INSTALLATION, State, json_response, page};

/// The App as its owner has set it up.
pub struct AppState {
    pub permissions: BTreeMap<String, String>,
    pub events: Vec<String>,
    /// What the installation's owner has agreed to, where that is not what the App asks for.
    pub granted: Option<BTreeMap<String, String>>,
    pub suspended: bool,
    pub webhook_url: String,
    pub content_type: String,
    pub insecure_ssl: bool,
    pub has_secret: bool,
}

impl Default for AppState {
    fn default() -> Self {
        let permissions = [
            ("checks", "write"),
            ("contents", "read"),
            ("metadata", "read"),
            ("pull_requests", "write"),
        ];
        Self {
            permissions: permissions
                .map(|(name, level)| (name.to_owned(), level.to_owned()))
                .into(),
            events: vec!["pull_request".into()],
            granted: None,
            suspended: false,
            webhook_url: "https://eco-coder.example/webhook".into(),
            content_type: "json".into(),
            insecure_ssl: false,
            has_secret: true,
        }
    }
}

/// The App's key: of this test run, and kept nowhere.
static KEY: LazyLock<KeyPair> = LazyLock::new(generate);

/// The private key that the fake's App signs with, in PEM form.
pub fn app_private_key() -> String {
    pem(&KEY)
}

/// A private key of somebody else.
pub fn private_key() -> String {
    pem(&generate())
}

fn generate() -> KeyPair {
    KeyPair::generate(KeySize::Rsa2048).expect("a key")
}

fn pem(key: &KeyPair) -> String {
    let der: Pkcs8V1Der<'_> = key.as_der().expect("a key in DER form");
    let encoded = BASE64_STANDARD.encode(der.as_ref());
    let lines: Vec<_> = encoded
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).expect("ASCII"))
        .collect();
    format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", lines.join("\n"))
}

/// Whether this is a token that the App has signed for itself, with a life that GitHub allows.
pub(super) fn signed(token: &str) -> bool {
    let Some((content, signature)) = token.rsplit_once('.') else { return false };
    let Some((head, claims)) = content.split_once('.') else { return false };
    let read = |part: &str| {
        serde_json::from_slice::<Value>(&BASE64_URL_SAFE_NO_PAD.decode(part).ok()?).ok()
    };
    let (Some(head), Some(claims)) = (read(head), read(claims)) else { return false };
    let time = |name: &str| claims[name].as_i64().unwrap_or_default();
    let issuer = claims["iss"].as_u64().or_else(|| claims["iss"].as_str()?.parse().ok());
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, KEY.public_key());
    let genuine = BASE64_URL_SAFE_NO_PAD
        .decode(signature)
        .is_ok_and(|signature| public.verify(content.as_bytes(), &signature).is_ok());
    head["alg"] == "RS256"
        && issuer == Some(APP_ID)
        && (1..=660).contains(&(time("exp") - time("iat")))
        && genuine
}

/// GET `/app` and what is below it, but for the webhook's deliveries.
pub(super) fn respond(
    state: &State,
    call: &Call<'_>,
    rest: &[&str],
    query: &str,
) -> Option<Response<Body>> {
    let app = &state.app;
    match rest {
        [] => Some(json_response(
            200,
            &json!({"id": APP_ID, "slug": APP_SLUG, "name": "Eco-Coder", "permissions": app.permissions, "events": app.events}),
        )),
        ["hook", "config"] => {
            let mut config = json!({
                "url": app.webhook_url,
                "content_type": app.content_type,
                "insecure_ssl": if app.insecure_ssl { "1" } else { "0" },
            });
            if app.has_secret {
                config["secret"] = json!("********");
            }
            Some(json_response(200, &config))
        }
        ["installations"] => {
            let installation = json!({
                "id": INSTALLATION,
                "account": {"login": "octo-org", "type": "Organization"},
                "repository_selection": "selected",
                "permissions": app.granted.as_ref().unwrap_or(&app.permissions),
                "events": app.events,
                "suspended_at": app.suspended.then(|| state.now.clone()),
            });
            Some(page(call, query, &[installation], None))
        }
        _ => None,
    }
}
