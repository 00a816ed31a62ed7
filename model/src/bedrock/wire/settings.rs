//! What the driver is set up with, and where Bedrock listens.

use std::time::Duration;

use aws_types::SdkConfig;
use aws_types::service_config::ServiceConfigKey;
use contract::Clock;

use super::access::Access;
use super::endpoint::{self, Hosts};
use crate::catalog;
use crate::limit::backoff;
use crate::{Cause, ModelError};

/// More only keep the caller waiting; each may take its whole time.
const MOST_ATTEMPTS: u32 = 10;

/// How and where Bedrock is asked.
#[derive(Clone)]
pub struct Settings {
    /// As `eu-central-1`.
    pub region: String,
    /// Instead of `https://bedrock-runtime.REGION.amazonaws.com`.
    pub runtime_endpoint: Option<String>,
    /// Instead of `https://bedrock.REGION.amazonaws.com`, where models are listed.
    pub control_endpoint: Option<String>,
    pub hosts: Hosts,
    /// Attempts at one model for one call, the first included.
    pub attempts: u8,
    pub access: Access,
    /// Signatures hold for minutes around the time that they name.
    pub clock: Clock,
    /// Asked where a call names no model.
    pub model: String,
    /// Whether cache points are set where a model takes them.
    pub caches: bool,
    /// How long a stream may say nothing. A model that thinks is silent for a while.
    pub silence: Duration,
}

impl Settings {
    pub fn new(region: impl Into<String>, access: Access, clock: Clock) -> Self {
        Self {
            region: region.into(),
            runtime_endpoint: None,
            control_endpoint: None,
            hosts: Hosts::default(),
            attempts: backoff::TRIES,
            access,
            clock,
            model: catalog::default_models()[0].to_owned(),
            caches: true,
            silence: Duration::from_mins(1),
        }
    }

    /// As AWS's own tools are set up: region, credentials, endpoints and attempts, but for an API key.
    pub fn of(config: &SdkConfig, clock: Clock) -> Result<Self, ModelError> {
        let missing = |what: &str| ModelError::new(Cause::Auth, what);
        let region = config.region().ok_or_else(|| missing("no region: set AWS_REGION"))?;
        let provider = config
            .credentials_provider()
            .ok_or_else(|| missing("no source of AWS credentials is configured"))?;
        let mut settings = Self::new(region.as_ref(), Access::Credentials(provider), clock);
        settings.runtime_endpoint = given(config, "Bedrock Runtime");
        settings.control_endpoint = given(config, "Bedrock");
        let asked = |said: Option<bool>| said.unwrap_or_default();
        settings.hosts =
            Hosts { fips: asked(config.use_fips()), dual_stack: asked(config.use_dual_stack()) };
        let own = settings.runtime_endpoint.as_deref().or(settings.control_endpoint.as_deref());
        endpoint::check(settings.hosts, own)?;
        if let Some(retries) = config.retry_config() {
            // `AWS_MAX_ATTEMPTS`: <https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html>
            settings.attempts = retries.max_attempts().clamp(1, MOST_ATTEMPTS) as u8;
        }
        Ok(settings)
    }

    pub(super) fn runtime(&self) -> String {
        self.address(self.runtime_endpoint.as_deref(), "bedrock-runtime")
    }

    pub(super) fn control(&self) -> String {
        self.address(self.control_endpoint.as_deref(), "bedrock")
    }

    fn address(&self, own: Option<&str>, service: &str) -> String {
        match own {
            Some(own) => own.trim_end_matches('/').to_owned(),
            None => endpoint::of_region(service, &self.region, self.hosts),
        }
    }
}

/// `AWS_ENDPOINT_URL_BEDROCK_RUNTIME` or its line in the shared configuration, before `AWS_ENDPOINT_URL`, which is for all
/// services: <https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html>. What code has set comes before both.
fn given(config: &SdkConfig, service: &str) -> Option<String> {
    let usual = config.endpoint_url().map(str::to_owned);
    if config.get_origin("endpoint_url").is_client_config() {
        return usual;
    }
    let key = ServiceConfigKey::builder()
        .service_id(service)
        .env("AWS_ENDPOINT_URL")
        .profile("endpoint_url")
        .build();
    let own = key.ok().zip(config.service_config()).and_then(|(key, own)| own.load_config(key));
    own.or(usual)
}

/// A model's id as one segment of a path. An ARN has slashes and colons.
pub(super) fn segment(model_id: &str) -> Result<String, ModelError> {
    const LONGEST: usize = 2048;
    let named = model_id.contains(|c: char| c.is_ascii_alphanumeric());
    if model_id.len() > LONGEST || !named {
        let text = format!("a model's id has 1 to {LONGEST} characters, with letters or digits");
        return Err(ModelError::new(Cause::UnknownModel, text));
    }
    let mut encoded = String::with_capacity(model_id.len() + 16);
    for byte in model_id.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            for digit in [byte >> 4, byte & 15] {
                encoded.push(char::from(b"0123456789ABCDEF"[usize::from(digit)]));
            }
        }
    }
    Ok(encoded)
}

#[cfg(test)]
mod tests {
    use aws_credential_types::Credentials;
    use aws_credential_types::provider::SharedCredentialsProvider;
    use aws_smithy_types::retry::RetryConfig;
    use aws_types::region::Region;

    use super::*;

    #[test]
    fn an_id_or_an_arn_is_one_segment_of_a_path() {
        assert_eq!(segment("amazon.nova-lite-v1:0").unwrap(), "amazon.nova-lite-v1%3A0");
        assert_eq!(
            segment("arn:aws:bedrock:us-east-1:1:inference-profile/a").unwrap(),
            "arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fa"
        );
        assert_eq!(segment("é b").unwrap(), "%C3%A9%20b");
        for id in ["", "..", &"a".repeat(2049)] {
            assert_eq!(segment(id).unwrap_err().cause, Cause::UnknownModel);
        }
    }

    #[test]
    fn bedrock_listens_in_the_region_unless_told_otherwise() {
        let key = Access::Key("key".to_owned().into());
        let mut settings = Settings::new("eu-central-1", key, || contract::Timestamp(0));
        assert_eq!(settings.runtime(), "https://bedrock-runtime.eu-central-1.amazonaws.com");
        assert_eq!(settings.control(), "https://bedrock.eu-central-1.amazonaws.com");
        settings.runtime_endpoint = Some("http://127.0.0.1:1/".to_owned());
        assert_eq!(settings.runtime(), "http://127.0.0.1:1");
    }

    #[test]
    fn awss_settings_for_hosts_and_attempts_hold() {
        let config = || {
            let credentials = Credentials::new("AKIDEXAMPLE", "secret", None, None, "tests");
            SdkConfig::builder()
                .region(Region::new("us-east-1"))
                .credentials_provider(SharedCredentialsProvider::new(credentials))
        };
        let clock = || contract::Timestamp(0);
        let of = |config: aws_types::sdk_config::Builder| Settings::of(&config.build(), clock);
        let attempts = |attempts| {
            let retries = RetryConfig::standard().with_max_attempts(attempts);
            of(config().retry_config(retries)).unwrap().attempts
        };
        assert_eq!([1, 5, 1_000].map(attempts), [1, 5, 10]);
        assert_eq!(of(config()).unwrap().attempts, 3);
        let both = of(config().use_fips(true).use_dual_stack(true)).unwrap();
        assert_eq!(both.runtime(), "https://bedrock-runtime-fips.us-east-1.api.aws");
        assert_eq!(both.control(), "https://bedrock-fips.us-east-1.api.aws");
        let refused = of(config().use_fips(true).endpoint_url("http://127.0.0.1:1"));
        assert_eq!(refused.err().map(|error| error.cause), Some(Cause::BadRequest));
    }
}
