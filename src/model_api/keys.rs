//! Who may ask: one key per client, of which only the SHA-256 is kept.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{HOST, ORIGIN};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use model::{Cause, ModelError};
use sha2::{Digest, Sha256};

use super::ModelApi;
use super::answer::refused;

/// A client's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Whose calls these are, in logs and accounts.
    pub name: String,
    pub sha256: [u8; 32],
}

/// Which keys are taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keys {
    /// Anyone may ask; only for a server that listens on loopback.
    Off,
    Required(Vec<Key>),
}

/// The client of a request.
#[derive(Debug, Clone)]
pub(super) struct Client(pub(super) Option<String>);

impl Keys {
    /// Whose key the request has.
    pub(super) fn client(&self, headers: &HeaderMap) -> Result<Client, ModelError> {
        let Self::Required(keys) = self else {
            return only_this_machine(headers).map(|()| Client(None));
        };
        if keys.is_empty() {
            return Err(auth(
                "this server has no keys yet: make one with `eco-coder models key NAME` and put its line under [gateway]",
            ));
        }
        let Some(given) = given(headers) else {
            return Err(auth("send the key as `Authorization: Bearer KEY` or `x-api-key: KEY`"));
        };
        // Digests are compared, so how long the comparison takes tells nothing about a key.
        let digest: [u8; 32] = Sha256::digest(given.as_bytes()).into();
        let known = keys.iter().find(|key| key.sha256 == digest);
        known
            .map(|key| Client(Some(key.name.clone())))
            .ok_or_else(|| auth("no client has this key"))
    }

    /// Whether an agent's name is that of a client, and not of this one: its account is not for others to spend from.
    pub(super) fn is_another_client(&self, agent: &str, client: &Client) -> bool {
        let Self::Required(keys) = self else { return false };
        client.0.as_deref() != Some(agent) && keys.iter().any(|key| key.name == agent)
    }
}

/// A page from anywhere could otherwise spend through the browser of whoever opens it, and read answers under a name that
/// leads to loopback.
fn only_this_machine(headers: &HeaderMap) -> Result<(), ModelError> {
    if headers.contains_key(ORIGIN) {
        return Err(auth(
            "web pages need a key: make one with `eco-coder models key NAME` and put its line under [gateway]",
        ));
    }
    let is_here = |host: &HeaderValue| {
        let name = host.to_str().ok().and_then(|host| host.parse::<Authority>().ok());
        name.is_some_and(|name| is_loopback(name.host()))
    };
    if !headers.get_all(HOST).iter().all(is_here) {
        return Err(auth(
            "without keys this server is asked by the name localhost or a loopback address; make a key with `eco-coder models key NAME` for others",
        ));
    }
    Ok(())
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    address.map_or_else(|_| host.eq_ignore_ascii_case("localhost"), |address| address.is_loopback())
}

fn auth(message: &str) -> ModelError {
    ModelError::new(Cause::Auth, message)
}

fn given(headers: &HeaderMap) -> Option<&str> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let bearer = text("authorization")
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    bearer.map(|(_, key)| key.trim()).or_else(|| text("x-api-key")).filter(|key| !key.is_empty())
}

/// Lets known clients through to what takes no body.
pub(super) async fn check(
    State(api): State<Arc<ModelApi>>,
    request: Request,
    next: Next,
) -> Response {
    match api.keys.client(request.headers()) {
        Ok(_) => next.run(request).await,
        Err(error) => refused(&error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> Keys {
        let digest = Sha256::digest(b"eco-secret").into();
        Keys::Required(vec![Key { name: "ci".into(), sha256: digest }])
    }

    /// The client that is told by the key, `nobody` where none is needed, and nothing where it is refused.
    fn client(keys: &Keys, name: &'static str, value: &'static str) -> String {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        keys.client(&headers)
            .map_or_else(|_| "refused".into(), |client| client.0.unwrap_or_else(|| "nobody".into()))
    }

    #[test]
    fn a_key_is_taken_in_either_header_and_names_its_client() {
        assert_eq!(client(&keys(), "authorization", "Bearer eco-secret"), "ci");
        assert_eq!(client(&keys(), "authorization", "bearer  eco-secret"), "ci");
        assert_eq!(client(&keys(), "x-api-key", "eco-secret"), "ci");
    }

    #[test]
    fn no_key_another_key_and_a_server_without_keys_are_refused() {
        assert_eq!(client(&keys(), "authorization", "Bearer eco-secre"), "refused");
        assert_eq!(client(&keys(), "authorization", "Basic eco-secret"), "refused");
        assert_eq!(client(&keys(), "x-api-key", ""), "refused");
        assert_eq!(client(&Keys::Required(Vec::new()), "x-api-key", "eco-secret"), "refused");
        assert_eq!(client(&Keys::Off, "accept", "*/*"), "nobody");
    }

    #[test]
    fn without_keys_no_page_and_no_foreign_name_gets_in() {
        for host in ["localhost", "LOCALHOST:8080", "127.0.0.1:8080", "127.9.9.9", "[::1]:8080"] {
            assert_eq!(client(&Keys::Off, "host", host), "nobody", "{host}");
        }
        for host in ["evil.example", "localhost.evil.example:8080", "192.168.0.7", "[fe80::1]"] {
            assert_eq!(client(&Keys::Off, "host", host), "refused", "{host}");
        }
        assert_eq!(client(&Keys::Off, "origin", "http://localhost:3000"), "refused");
        assert_eq!(client(&Keys::Off, "origin", "null"), "refused");
    }
}
