//! The webhook's secrets: from the settings, or from Secrets Manager.

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use secrecy::{ExposeSecret, SecretString};
use tokio::time::timeout;

use super::CLOCK;
use crate::config::Config;
use crate::server::WebhookSecrets;

/// GitHub waits for 10 seconds in all.
const DEADLINE: Duration = Duration::from_secs(5);

pub(super) fn webhook_secrets(config: &Config) -> WebhookSecrets {
    let Some(secret_id) = config.webhook_secret_id.clone() else {
        return WebhookSecrets::fixed(config.webhook_secrets.clone());
    };
    let config = Arc::new(config.clone());
    let read = move || {
        let (config, secret_id) = (config.clone(), secret_id.clone());
        async move {
            let read = timeout(DEADLINE, super::secret(&config, &secret_id)).await;
            let text = read
                .map_err(|_| "Secrets Manager does not answer".to_owned())?
                .map_err(|error| format!("{error:#}"))?;
            Ok([parts(&text), config.webhook_secrets.clone()].concat())
        }
        .boxed()
    };
    WebhookSecrets::kept(Arc::new(read), CLOCK)
}

/// Several are separated by commas, while one replaces another.
pub(super) fn parts(text: &SecretString) -> Vec<SecretString> {
    let parts = text.expose_secret().split(',').map(str::trim);
    parts.filter(|part| !part.is_empty()).map(SecretString::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_may_hold_several() {
        let texts = |text: &str| -> Vec<String> {
            let parts = parts(&SecretString::from(text));
            parts.iter().map(|part| part.expose_secret().to_owned()).collect()
        };
        assert_eq!(texts("old, new\n"), ["old", "new"]);
        assert_eq!(texts("It's a Secret to Everybody"), ["It's a Secret to Everybody"]);
        assert!(texts(" ,\n").is_empty());
    }
}
