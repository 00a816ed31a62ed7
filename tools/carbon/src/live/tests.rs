//! The services behind a fake on loopback that answers only what each of them would.

use std::collections::HashMap;
use std::sync::Mutex;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;
use crate::best::{Estimate, Location, Workload};
use crate::units::CpuSeconds;

const NOW: Clock = || Timestamp(1_795_276_800_000);

/// All three services at one address; what they do not know they refuse as they do.
struct FakeServices {
    address: Address,
    asked: Arc<Mutex<Vec<String>>>,
}

impl FakeServices {
    async fn start() -> Self {
        Self::answering(answer).await
    }

    async fn answering(answer: fn(&str, &str) -> (u16, Value)) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let log = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                if let Some(target) = reply(stream, answer).await {
                    log.lock().unwrap().push(target);
                }
            }
        });
        Self { address: Address::parse(&url).unwrap(), asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    fn maps(&self, token: &str, zone: Option<&str>) -> Box<dyn IntensityProvider> {
        let zone = zone.map(str::to_owned);
        Box::new(ElectricityMaps::new(self.address.clone(), Secret(token.into()), zone).unwrap())
    }

    fn uk(&self) -> Box<dyn IntensityProvider> {
        Box::new(UkCarbonIntensity::new(self.address.clone()).unwrap())
    }

    fn watt_time(&self, password: &str) -> Box<dyn IntensityProvider> {
        let account = WattTimeAccount { user: "user".into(), password: Secret(password.into()) };
        Box::new(WattTime::new(self.address.clone(), account, "CAISO_NORTH").unwrap())
    }
}

async fn reply(mut stream: TcpStream, answer: fn(&str, &str) -> (u16, Value)) -> Option<String> {
    let mut request = vec![0; 16_384];
    let mut length = 0;
    while !request[..length].ends_with(b"\r\n\r\n") {
        match stream.read(&mut request[length..]).await {
            Ok(read) if read > 0 => length += read,
            _ => return None,
        }
    }
    let head = String::from_utf8_lossy(&request[..length]).into_owned();
    let target = head.strip_prefix("GET ")?.split_once(" HTTP/1.1\r\n")?.0.to_owned();
    let (status, body) = answer(&target, &head);
    let body = body.to_string();
    let head = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
    Some(target)
}

fn answer(target: &str, head: &str) -> (u16, Value) {
    let has = |header: &str| head.lines().any(|line| line.eq_ignore_ascii_case(header));
    match target {
        "/v3/carbon-intensity/latest?zone=DE" if has("auth-token: good") => (
            200,
            json!({"zone": "DE", "carbonIntensity": 302, "datetime": "2026-11-21T16:00:00.000Z", "updatedAt": "2026-11-21T16:07:00.000Z", "emissionFactorType": "lifecycle", "isEstimated": true}),
        ),
        "/v3/carbon-intensity/latest?zone=DE" => (401, json!({"error": "Invalid auth-token"})),
        "/intensity" => (
            200,
            json!({"data": [{"from": "2026-11-21T16:00Z", "to": "2026-11-21T16:30Z", "intensity": {"forecast": 166, "actual": null, "index": "moderate"}}]}),
        ),
        // user:good
        "/login" if has("authorization: Basic dXNlcjpnb29k") => (200, json!({"token": "t0ken"})),
        "/login" => (403, json!({"error": "credentials"})),
        "/v3/forecast?region=CAISO_NORTH&signal_type=co2_moer&horizon_hours=0"
            if has("authorization: Bearer t0ken") =>
        {
            (
                200,
                json!({"data": [{"point_time": "2026-11-21T16:00:00+00:00", "value": 870.0}], "meta": {"region": "CAISO_NORTH", "units": "lbs_co2_per_mwh"}}),
            )
        }
        _ => (404, json!({})),
    }
}

async fn read(provider: Box<dyn IntensityProvider>, region: &str) -> Live {
    LiveIntensity::new(provider, None, NOW).read(region).await
}

fn signal(live: &Live) -> &Signal {
    let Live::Found(signal) = live else { unreachable!("{live:?}") };
    signal
}

#[tokio::test]
async fn electricity_maps_tells_the_average_of_the_zone() {
    let services = FakeServices::start().await;
    let live = read(services.maps("good", Some("DE")), "eu-central-1").await;
    let given = live.for_footprint().unwrap();
    assert!((given.intensity.0 - 302.0).abs() < 1e-9);
    insta::assert_snapshot!(given.origin(), @"Electricity Maps, zone DE, estimated, of 2026-11-21T16:00:00.000Z, read at 2026-11-21T16:00:00Z");
}

#[cfg(feature = "odbl-data")]
#[tokio::test]
async fn the_zone_of_a_region_is_known() {
    let services = FakeServices::start().await;
    read(services.maps("good", None), "eu-central-1").await;
    assert_eq!(services.asked(), ["/v3/carbon-intensity/latest?zone=DE"]);
}

#[tokio::test]
async fn great_britain_tells_its_forecast_until_the_half_hour_is_over() {
    let services = FakeServices::start().await;
    let live = read(services.uk(), "eu-west-2").await;
    assert!((signal(&live).intensity.0 - 166.0).abs() < 1e-9);
    assert!(signal(&live).source.contains("forecast"));
    let elsewhere = read(services.uk(), "eu-west-1").await;
    assert!(elsewhere.failure().is_some_and(|why| why.contains("eu-west-1 is elsewhere")));
    assert_eq!(services.asked(), ["/intensity"]);
}

#[tokio::test]
async fn what_watt_time_tells_is_marginal_and_in_no_footprint() {
    let services = FakeServices::start().await;
    let live = read(services.watt_time("good"), "us-west-1").await;
    assert!((signal(&live).intensity.0 - 870.0 * 0.453_592_37).abs() < 1e-9);
    assert_eq!((signal(&live).kind, live.for_footprint()), (Kind::Marginal, None));
}

#[derive(Default)]
struct Remembering(Mutex<HashMap<String, (String, Timestamp)>>);

#[async_trait]
impl Cache for Remembering {
    async fn cached(&self, key: &str, now: Timestamp) -> Option<String> {
        let kept = self.0.lock().unwrap();
        kept.get(key).filter(|(_, expires)| *expires > now).map(|(value, _)| value.clone())
    }

    async fn keep(&self, key: &str, value: &str, expires: Timestamp) {
        self.0.lock().unwrap().insert(key.to_owned(), (value.to_owned(), expires));
    }
}

#[tokio::test]
async fn a_service_is_asked_once_in_24_hours_and_again_after_a_failure() {
    let services = FakeServices::start().await;
    let cache: Arc<Remembering> = Arc::default();
    let mut live = LiveIntensity::new(services.uk(), Some(cache.clone()), NOW);
    let first = live.read("eu-west-2").await;
    live.clock = || Timestamp(1_795_276_800_000 + 86_399_000);
    assert_eq!(live.read("eu-west-2").await, first);
    live.clock = || Timestamp(1_795_276_800_000 + 86_401_000);
    assert_ne!(live.read("eu-west-2").await, first);
    assert_eq!(services.asked().len(), 2);

    let failing = LiveIntensity::new(services.maps("bad", Some("DE")), Some(cache), NOW);
    let failures = [failing.read("eu-central-1").await, failing.read("eu-central-1").await];
    assert!(failures.iter().all(|live| live.failure().is_some()));
    assert_eq!(services.asked().len(), 4);
}

#[tokio::test]
async fn whatever_goes_wrong_the_bundled_value_counts_and_the_reader_is_told() {
    let services = FakeServices::start().await;
    let nobody = FakeServices {
        address: Address::parse("http://127.0.0.1:1").unwrap(),
        asked: Arc::default(),
    };
    let other_zone =
        FakeServices::answering(|_, _| (200, json!({"zone": "FR", "carbonIntensity": 1}))).await;
    let absurd =
        FakeServices::answering(|_, _| (200, json!({"zone": "DE", "carbonIntensity": -5}))).await;
    let words = FakeServices::answering(|_, _| (200, json!({"intensity": "low"}))).await;
    let huge = FakeServices::answering(|_, _| (200, json!("x".repeat(100_000)))).await;
    let kilograms = FakeServices::answering(|target, _| match target {
        "/login" => (200, json!({"token": "t"})),
        _ => (200, json!({"data": [], "meta": {"units": "kg"}})),
    })
    .await;
    let zone = Some("DE");
    let cases = [
        ("wrong token", services.maps("bad", zone)),
        ("token of two lines", services.maps("good\r\nx: y", zone)),
        ("zone of words", services.maps("good", Some("DE&x=y"))),
        ("wrong password", services.watt_time("bad")),
        ("nobody there", nobody.maps("good", zone)),
        ("another zone", other_zone.maps("good", zone)),
        ("absurd", absurd.maps("good", zone)),
        ("words", words.maps("good", zone)),
        ("huge", huge.maps("good", zone)),
        ("other units", kilograms.watt_time("good")),
    ];
    let mut told = Vec::new();
    for (name, provider) in cases {
        let live = read(provider, "eu-central-1").await;
        told.push(format!("{name}: {}", live.failure().unwrap_or("?")));
    }
    insta::assert_snapshot!(told.join("\n"), @"
    wrong token: Electricity Maps was asked first: it answered 401
    token of two lines: Electricity Maps was asked first: the credential has characters that no header may have
    zone of words: Electricity Maps was asked first: the zone has characters that no zone has
    wrong password: WattTime was asked first: it answered 403
    nobody there: Electricity Maps was asked first: it could not be reached
    another zone: Electricity Maps was asked first: it answered for another zone than DE
    absurd: Electricity Maps was asked first: it says -5 g/kWh, which is not between 0 and 2000
    words: Electricity Maps was asked first: its answer is not what its documentation describes
    huge: Electricity Maps was asked first: its answer broke off or is above 65536 bytes
    other units: WattTime was asked first: it answers in other units than lbs_co2_per_mwh
    ");
}

#[tokio::test]
async fn a_service_that_does_not_answer_is_not_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = Address::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let mut service = fetch::Service::at(address).unwrap();
    service.impatient();
    let answer = service.get::<Value>("/intensity", None).await;
    assert_eq!(answer, Err("it did not answer within 0.1 s".to_owned()));
}

#[test]
fn credentials_go_nowhere_without_tls_but_to_this_machine() {
    for refused in ["http://api.watttime.org", "api.watttime.org", "ftp://x", "", "https://"] {
        assert!(Address::parse(refused).is_err(), "{refused}");
    }
    for address in [ElectricityMaps::ADDRESS, UkCarbonIntensity::ADDRESS, WattTime::ADDRESS] {
        assert!(Address::parse(address).is_ok());
    }
    assert_eq!(format!("{:?}", Secret("hunter2".into())), "Secret");
}

#[tokio::test]
async fn an_answer_says_that_a_service_was_asked_and_gave_nothing() {
    let services = FakeServices::start().await;
    let live = read(services.maps("bad", Some("DE")), "eu-central-1").await;
    let location = Location::Region("eu-central-1");
    let plain = Workload { location, ..Workload::of(CpuSeconds(1.0)) };
    let workload = Workload { live_failure: live.failure(), ..plain.clone() };
    let report = Estimate::of(&workload).unwrap().report().unwrap();
    let bundled = Estimate::of(&plain).unwrap().report().unwrap();
    assert_eq!(report.carbon_intensity_gco2_per_kwh, bundled.carbon_intensity_gco2_per_kwh);
    assert_eq!(report.live_failure.as_deref(), live.failure());
    assert!(report.assumptions.iter().any(|line| line.ends_with("the bundled intensity counts")));
}
