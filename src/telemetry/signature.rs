//! Signs what is sent to X-Ray's own OTLP endpoint, which takes no other credentials.
//!
//! <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-OTLPEndpoint.html>

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_config::BehaviorVersion;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use contract::Clock;
use opentelemetry_http::{Bytes, HttpError, Request};
use tokio::sync::OnceCell;

const SERVICE: &str = "xray";

/// Signs with the process's own credentials.
#[derive(Debug, Clone)]
pub(super) struct Signer {
    region: String,
    /// Looked for at the first request: a start must not wait for credentials.
    credentials: Arc<OnceCell<SharedCredentialsProvider>>,
    clock: Clock,
}

impl Signer {
    /// `None` where nothing is to be signed.
    pub(super) fn for_host(host: &str, clock: Clock) -> Option<Self> {
        let rest = host.strip_prefix("xray.")?;
        let region = rest
            .strip_suffix(".amazonaws.com")
            .or_else(|| rest.strip_suffix(".amazonaws.com.cn"))?;
        let region = (!region.is_empty() && !region.contains('.')).then(|| region.to_owned())?;
        Some(Self { region, credentials: Arc::default(), clock })
    }

    pub(super) async fn sign(
        &self,
        mut request: Request<Bytes>,
    ) -> Result<Request<Bytes>, HttpError> {
        let provider = self.credentials.get_or_try_init(find_credentials).await?;
        let identity = provider.provide_credentials().await?.into();
        let since = Duration::from_millis(u64::try_from((self.clock)().0).unwrap_or(0));
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(&self.region)
            .name(SERVICE)
            .time(SystemTime::UNIX_EPOCH + since)
            .settings(SigningSettings::default())
            .build()?
            .into();
        let headers = request
            .headers()
            .iter()
            .filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let signable = SignableRequest::new(
            request.method().as_str(),
            request.uri().to_string(),
            headers,
            SignableBody::Bytes(request.body()),
        )?;
        let (instructions, _signature) = sign(signable, &parameters)?.into_parts();
        instructions.apply_to_request_http1x(&mut request);
        Ok(request)
    }

    #[cfg(test)]
    pub(super) fn with_test_credentials(self) -> Self {
        let credentials = aws_credential_types::Credentials::new(
            "AKIDEXAMPLE",
            "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            None,
            None,
            "tests",
        );
        let credentials =
            Arc::new(OnceCell::new_with(Some(SharedCredentialsProvider::new(credentials))));
        Self { credentials, ..self }
    }
}

async fn find_credentials() -> Result<SharedCredentialsProvider, HttpError> {
    let config = aws_config::defaults(BehaviorVersion::latest()).load().await;
    config.credentials_provider().ok_or_else(|| "there are no AWS credentials".into())
}

#[cfg(test)]
mod tests {
    use contract::Timestamp;

    use super::*;

    #[test]
    fn only_x_ray_is_signed_for() {
        let region =
            |host: &str| Signer::for_host(host, || Timestamp(0)).map(|signer| signer.region);
        assert_eq!(region("xray.eu-west-1.amazonaws.com").as_deref(), Some("eu-west-1"));
        assert_eq!(region("xray.cn-north-1.amazonaws.com.cn").as_deref(), Some("cn-north-1"));
        for other in [
            "localhost",
            "xray.amazonaws.com.evil.example",
            "xray.a.b.amazonaws.com",
            "logs.eu-west-1.amazonaws.com",
            "xray..amazonaws.com",
        ] {
            assert_eq!(region(other), None, "{other}");
        }
    }
}
