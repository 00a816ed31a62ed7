//! Grid intensities that an operator keeps in AWS Systems Manager Parameter Store.
//!
//! `/eco-coder/carbon-intensity/{region}` holds a plain number of grams per kWh, or JSON:
//! `{"g_per_kwh": 250, "source": "own contract", "year": 2025}`. Whatever is wrong with it, the bundled table remains.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_ssm::Client;
use aws_sdk_ssm::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_ssm::operation::get_parameter::GetParameterError;
use contract::{Cache, Clock, Timestamp};
use serde::Deserialize;

use crate::units::Intensity;
use crate::work::{MOST_INTENSITY, OverrideIntensity};

const PREFIX: &str = "/eco-coder/carbon-intensity";
/// A footprint is not worth waiting longer for.
const DEADLINE: Duration = Duration::from_secs(3);
const KEPT: Duration = Duration::from_hours(24);
/// Parameter Store allows 8 KB; a source that is meant to be read is shorter.
const LONGEST_SOURCE: usize = 200;

/// Reads intensities, and keeps them for 24 hours.
pub struct ParameterStore {
    client: Client,
    cache: Option<Arc<dyn Cache>>,
    clock: Clock,
    deadline: Duration,
}

/// What Parameter Store had to say.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading {
    Found(OverrideIntensity),
    /// Why the bundled value counts, for the reader.
    Missing(String),
}

/// The value of a parameter.
#[derive(Deserialize)]
struct Parameter {
    g_per_kwh: f64,
    source: Option<String>,
    year: Option<u16>,
}

impl ParameterStore {
    pub fn new(
        config: &aws_config::SdkConfig,
        cache: Option<Arc<dyn Cache>>,
        clock: Clock,
    ) -> Self {
        Self { client: Client::new(config), cache, clock, deadline: DEADLINE }
    }

    /// The intensity set for a region whose name has been checked.
    pub async fn read(&self, region: &str) -> Reading {
        let name = format!("{PREFIX}/{region}");
        let now = (self.clock)();
        if let Some(kept) = self.kept(&name, now).await {
            return Reading::Found(kept);
        }
        match self.fetch(&name).await.and_then(|text| parse(&name, &text, now)) {
            Ok(intensity) => {
                self.keep(&name, &intensity, now).await;
                Reading::Found(intensity)
            }
            Err(reason) => {
                tracing::debug!(parameter = name, reason, "no intensity from Parameter Store");
                Reading::Missing(reason)
            }
        }
    }

    async fn fetch(&self, name: &str) -> Result<String, String> {
        let request = self.client.get_parameter().name(name).send();
        let Ok(answer) = tokio::time::timeout(self.deadline, request).await else {
            return Err(format!("it did not answer within {} s", self.deadline.as_secs_f64()));
        };
        let parameter = answer.map_err(|error| reason(name, &error))?.parameter;
        parameter
            .and_then(|parameter| parameter.value)
            .ok_or_else(|| format!("the parameter {name} has no value"))
    }

    async fn kept(&self, name: &str, now: Timestamp) -> Option<OverrideIntensity> {
        let text = self.cache.as_ref()?.cached(name, now).await?;
        serde_json::from_str(&text).ok()
    }

    async fn keep(&self, name: &str, intensity: &OverrideIntensity, now: Timestamp) {
        if let (Some(cache), Ok(text)) = (&self.cache, serde_json::to_string(intensity)) {
            cache.keep(name, &text, now + KEPT).await;
        }
    }
}

fn parse(name: &str, text: &str, now: Timestamp) -> Result<OverrideIntensity, String> {
    let plain =
        || text.trim().parse().map(|g_per_kwh| Parameter { g_per_kwh, source: None, year: None });
    let malformed =
        || format!("the value of {name} is neither a number of g/kWh nor JSON with `g_per_kwh`");
    let parameter: Parameter =
        plain().or_else(|_| serde_json::from_str(text)).map_err(|_| malformed())?;
    if !(0.0..=MOST_INTENSITY).contains(&parameter.g_per_kwh) {
        return Err(format!("the value of {name} is not between 0 and {MOST_INTENSITY} g/kWh"));
    }
    let source = parameter.source.map(|source| {
        source.chars().filter(|c| !c.is_control()).take(LONGEST_SOURCE).collect::<String>()
    });
    Ok(OverrideIntensity {
        intensity: Intensity(parameter.g_per_kwh),
        source: format!(
            "Parameter Store {name}{}",
            source.map(|source| format!(" ({source})")).unwrap_or_default()
        ),
        year: parameter.year,
        read_at: Some(now),
    })
}

fn reason(name: &str, error: &SdkError<GetParameterError>) -> String {
    let service = error.as_service_error();
    if service.is_some_and(GetParameterError::is_parameter_not_found) {
        return format!("it has no parameter {name}");
    }
    tracing::debug!(error = %DisplayErrorContext(error), "Parameter Store failed");
    match service.and_then(ProvideErrorMetadata::code) {
        Some("AccessDeniedException") => format!("reading {name} is not allowed"),
        Some(code) => {
            format!("it answered {}", code.chars().take(LONGEST_SOURCE).collect::<String>())
        }
        None if error.raw_response().is_some() => "its answer could not be read".to_owned(),
        None => "it could not be reached".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use async_trait::async_trait;
    use aws_sdk_ssm::config::{Credentials, Region, SharedCredentialsProvider};
    use contract::Tool;
    use serde_json::json;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;
    use crate::CalculateCarbonFootprint;
    use crate::best::{Estimate, Workload};

    /// A Parameter Store on loopback that gives every request the same answer.
    struct FakeSsm {
        url: String,
        asked: Arc<AtomicUsize>,
    }

    impl FakeSsm {
        async fn answering(status: u16, body: serde_json::Value) -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}", listener.local_addr().unwrap());
            let asked = Arc::new(AtomicUsize::new(0));
            let counter = Arc::clone(&asked);
            tokio::spawn(async move {
                while let Ok((stream, _)) = listener.accept().await {
                    counter.fetch_add(1, Ordering::SeqCst);
                    answer(stream, status, &body.to_string()).await;
                }
            });
            Self { url, asked }
        }

        async fn holding(value: &str) -> Self {
            Self::answering(
                200,
                json!({"Parameter": {"Name": "n", "Type": "String", "Value": value, "Version": 1}}),
            )
            .await
        }

        fn store(&self, cache: Option<Arc<dyn Cache>>) -> ParameterStore {
            store_at(&self.url, cache)
        }
    }

    async fn answer(mut stream: TcpStream, status: u16, body: &str) {
        let mut request = vec![0; 65_536];
        let mut length = 0;
        while !String::from_utf8_lossy(&request[..length]).contains("carbon-intensity/us-east-1") {
            match stream.read(&mut request[length..]).await {
                Ok(read) if read > 0 => length += read,
                _ => return,
            }
        }
        let head = format!(
            "HTTP/1.1 {status} X\r\ncontent-type: application/x-amz-json-1.1\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            body.len()
        );
        let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
    }

    fn store_at(url: &str, cache: Option<Arc<dyn Cache>>) -> ParameterStore {
        let config = aws_config::SdkConfig::builder()
            .behavior_version(aws_config::BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .endpoint_url(url)
            .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
                "id", "key", None, None, "test",
            )))
            .build();
        ParameterStore::new(&config, cache, || Timestamp(1_795_276_800_000))
    }

    async fn asked(store: ParameterStore) -> serde_json::Value {
        let tool = CalculateCarbonFootprint::default().with_parameter_store(store);
        let input = json!({"cpu_time_seconds": 1, "ram_usage_mb": 1, "aws_region": "us-east-1", "execution_count": 1});
        tool.call(input).await.unwrap()
    }

    fn intensity(answer: &serde_json::Value) -> f64 {
        answer["carbon_intensity_gco2_per_kwh"].as_f64().unwrap()
    }

    #[derive(Default)]
    struct Remembering(Mutex<HashMap<String, (String, Timestamp)>>);

    #[async_trait]
    impl Cache for Remembering {
        async fn cached(&self, key: &str, now: Timestamp) -> Option<String> {
            self.0
                .lock()
                .unwrap()
                .get(key)
                .filter(|(_, expires)| *expires > now)
                .map(|(value, _)| value.clone())
        }

        async fn keep(&self, key: &str, value: &str, expires: Timestamp) {
            self.0.lock().unwrap().insert(key.to_owned(), (value.to_owned(), expires));
        }
    }

    #[tokio::test]
    async fn a_plain_number_takes_the_place_of_the_bundled_one() {
        let answer = asked(FakeSsm::holding(" 250.5\n").await.store(None)).await;
        assert!((intensity(&answer) - 250.5).abs() < 1e-9);
        let words = answer["methodology"].as_str().unwrap();
        insta::assert_snapshot!(words, @"Footprint = (energy of the processor + memory beside it) x PUE 1.15 x grid intensity 250.5 gCO2e/kWh + a share of making the hardware. The energy is of tier T2: the processor is not known: mean of 12 server families, 2.83 W per busy vCPU. The grid: the grid's intensity comes from Parameter Store /eco-coder/carbon-intensity/us-east-1, read at 2026-11-21T16:00:00Z. Equivalents are US EPA figures.");
    }

    #[tokio::test]
    async fn json_may_name_its_source_and_year() {
        let held = r#"{"g_per_kwh": 42, "source": "own contract", "year": 2025}"#;
        let answer = asked(FakeSsm::holding(held).await.store(None)).await;
        assert!((intensity(&answer) - 42.0).abs() < 1e-9);
        let words = answer["methodology"].as_str().unwrap();
        assert!(words.contains("us-east-1 (own contract), 2025, read at 2026-11-21T"), "{words}");
    }

    #[tokio::test]
    async fn a_value_is_asked_for_once_in_24_hours() {
        let ssm = FakeSsm::holding("250").await;
        let cache: Arc<Remembering> = Arc::default();
        let mut store = ssm.store(Some(cache.clone()));
        let first = store.read("us-east-1").await;
        store.clock = || Timestamp(1_795_276_800_000 + 86_399_000);
        assert_eq!(store.read("us-east-1").await, first);
        assert_eq!(ssm.asked.load(Ordering::SeqCst), 1);
        store.clock = || Timestamp(1_795_276_800_000 + 86_401_000);
        assert_ne!(store.read("us-east-1").await, first);
        assert_eq!(ssm.asked.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn whatever_goes_wrong_the_bundled_value_counts_and_the_reader_is_told() {
        let refusal = |kind: &str| json!({"__type": kind, "message": "no"});
        let cases = [
            ("absent", FakeSsm::answering(400, refusal("ParameterNotFound")).await),
            ("denied", FakeSsm::answering(400, refusal("AccessDeniedException")).await),
            ("words", FakeSsm::holding("green").await),
            ("not a number", FakeSsm::holding("NaN").await),
            ("negative", FakeSsm::holding("-3").await),
            ("other JSON", FakeSsm::holding(r#"{"kg": 1}"#).await),
            ("no JSON at all", FakeSsm::answering(200, json!("?")).await),
        ];
        let workload = Workload::of_cpu_hours("us-east-1", 1);
        let bundled = Estimate::of(&workload).unwrap().intensity.0;
        let mut told = Vec::new();
        for (name, ssm) in cases {
            let answer = asked(ssm.store(None)).await;
            assert!((intensity(&answer) - bundled).abs() < 1e-9, "{name}");
            let why = answer["live_failure"].as_str().unwrap();
            assert!(answer["assumptions"].to_string().contains("the bundled intensity counts"));
            told.push(format!("{name}: {}", why.split_once("Parameter Store ").unwrap().1));
        }
        insta::assert_snapshot!(told.join("\n"), @"
        absent: was asked first: it has no parameter /eco-coder/carbon-intensity/us-east-1
        denied: was asked first: reading /eco-coder/carbon-intensity/us-east-1 is not allowed
        words: was asked first: the value of /eco-coder/carbon-intensity/us-east-1 is neither a number of g/kWh nor JSON with `g_per_kwh`
        not a number: was asked first: the value of /eco-coder/carbon-intensity/us-east-1 is not between 0 and 2000 g/kWh
        negative: was asked first: the value of /eco-coder/carbon-intensity/us-east-1 is not between 0 and 2000 g/kWh
        other JSON: was asked first: the value of /eco-coder/carbon-intensity/us-east-1 is neither a number of g/kWh nor JSON with `g_per_kwh`
        no JSON at all: was asked first: its answer could not be read
        ");
    }

    #[tokio::test]
    async fn a_parameter_store_that_does_not_answer_is_not_waited_for() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let mut store = store_at(&format!("http://{}", listener.local_addr().unwrap()), None);
        assert_eq!(store.deadline, Duration::from_secs(3));
        store.deadline = Duration::from_millis(50);
        assert_eq!(
            store.read("us-east-1").await,
            Reading::Missing("it did not answer within 0.05 s".to_owned())
        );
    }
}
