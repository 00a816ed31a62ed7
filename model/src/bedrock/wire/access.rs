//! Who asks: credentials, kept until shortly before they expire, or an API key of Bedrock.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use contract::Timestamp;
use http::Request;
use http::header::{AUTHORIZATION, HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::{Instant, timeout_at};

use super::signature::Signer;
use crate::pieces::Pieces;
use crate::{Cause, ModelError};

/// Credentials are asked for anew this long before they expire.
const BEFORE_EXPIRY: Duration = Duration::from_mins(5);

/// How the driver proves on whose behalf it asks.
#[derive(Clone)]
pub enum Access {
    /// Requests are signed (Signature Version 4).
    Credentials(SharedCredentialsProvider),
    /// A Bedrock API key: `AWS_BEARER_TOKEN_BEDROCK`.
    Key(SecretString),
}

pub(super) struct Keeper {
    access: Access,
    kept: RwLock<Option<Arc<Credentials>>>,
    /// One asks at a time; the others wait for what it gets.
    asking: tokio::sync::Mutex<()>,
    signer: Signer,
}

impl Keeper {
    pub(super) fn new(access: Access, region: &str) -> Self {
        Self {
            access,
            kept: RwLock::new(None),
            asking: tokio::sync::Mutex::new(()),
            signer: Signer::new(region),
        }
    }

    /// Adds what proves who asks. The body must not change after it.
    pub(super) async fn authorize(
        &self,
        request: &mut Request<Pieces>,
        now: Timestamp,
        deadline: Instant,
    ) -> Result<(), ModelError> {
        match &self.access {
            Access::Key(key) => {
                let value = HeaderValue::from_str(&format!("Bearer {}", key.expose_secret()));
                let mut value = value.map_err(|_| unusable("the API key has line breaks"))?;
                value.set_sensitive(true);
                request.headers_mut().insert(AUTHORIZATION, value);
                Ok(())
            }
            Access::Credentials(provider) => {
                let since_1970 = Duration::from_millis(u64::try_from(now.0).unwrap_or(0));
                let time = SystemTime::UNIX_EPOCH + since_1970;
                let credentials = self.credentials(provider, time, deadline).await?;
                self.signer.sign(request, &credentials, now)
            }
        }
    }

    /// After the service has said that they expired: a file may have others by now.
    pub(super) fn forget(&self) {
        *self.kept.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    async fn credentials(
        &self,
        provider: &SharedCredentialsProvider,
        now: SystemTime,
        deadline: Instant,
    ) -> Result<Arc<Credentials>, ModelError> {
        if let Some(kept) = self.kept(now + BEFORE_EXPIRY) {
            return Ok(kept);
        }
        // Once in hours; in a box, it is not moved with each request.
        let ask = Box::pin(async {
            let _alone = self.asking.lock().await;
            if let Some(kept) = self.kept(now + BEFORE_EXPIRY) {
                return Ok(kept);
            }
            provider.provide_credentials().await.map(Arc::new).inspect(|new| {
                *self.kept.write().unwrap_or_else(PoisonError::into_inner) = Some(new.clone());
            })
        });
        let why = match timeout_at(deadline, ask).await {
            Ok(Ok(credentials)) => return Ok(credentials),
            Ok(Err(error)) => chain(&error),
            Err(_) => "their source did not answer in time".to_owned(),
        };
        // They hold for some minutes more, and their source may be back by then.
        self.kept(now).ok_or_else(|| {
            unusable(&format!("no AWS credentials were found, or they could not be loaded: {why}"))
        })
    }

    /// What is kept, if it holds until then.
    fn kept(&self, until: SystemTime) -> Option<Arc<Credentials>> {
        let kept = self.kept.read().unwrap_or_else(PoisonError::into_inner);
        kept.clone().filter(|kept| kept.expiry().is_none_or(|expiry| expiry > until))
    }
}

pub(super) fn unusable(what: &str) -> ModelError {
    ModelError::new(Cause::Auth, what)
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(deeper) = source {
        text = format!("{text}: {deeper}");
        source = deeper.source();
    }
    text.chars().take(300).collect()
}
