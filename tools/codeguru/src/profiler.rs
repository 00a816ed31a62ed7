//! CodeGuru Profiler: where a running service spent its time, and what the service recommends.

use std::time::Duration;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_codeguruprofiler::Client;
use aws_sdk_codeguruprofiler::config::Builder;
use aws_sdk_codeguruprofiler::config::retry::RetryConfig;
use aws_sdk_codeguruprofiler::operation::get_profile::GetProfileOutput;
use aws_sdk_codeguruprofiler::primitives::DateTime;
use aws_sdk_codeguruprofiler::types::Recommendation;
use contract::{ProfileError, ProfileRequest, ProfileSource, Samples, Timestamp};

use crate::callgraph::{Profile, profile};
use crate::decode;
use crate::failure::{Failure, Kind};
use crate::patience::{Patience, Wait, real_wait};

const DEADLINE: Duration = Duration::from_mins(1);
/// `GetProfile` refuses more.
const LONGEST_RANGE: Duration = Duration::from_hours(7 * 24);
const MOST_RECOMMENDATIONS: usize = 20;
const LONGEST_RECOMMENDATION: usize = 2_000;

/// Amazon CodeGuru Profiler.
pub struct Profiler {
    client: Client,
    wait: Wait,
}

#[async_trait]
impl ProfileSource for Profiler {
    async fn samples(&self, request: &ProfileRequest) -> Result<Option<Samples>, ProfileError> {
        let mut patience = Patience::new(self.wait, DEADLINE);
        let (request, mut notes) = within_range(request);
        let Some(answer) = self.profile(&mut patience, &request).await? else { return Ok(None) };
        match read(answer).await {
            Ok(profile) => Ok(Some(self.samples_of(profile, notes, &mut patience, &request).await)),
            // The layout is the service's own affair; its recommendations still count.
            Err(error) => {
                notes.push(error.to_string());
                Ok(Some(self.samples_of(Profile::default(), notes, &mut patience, &request).await))
            }
        }
    }
}

impl Profiler {
    pub fn new(config: &SdkConfig) -> Self {
        let config = Builder::from(config).retry_config(RetryConfig::disabled()).build();
        Self { client: Client::from_conf(config), wait: real_wait }
    }

    /// Pauses between attempts as told, for tests.
    #[must_use]
    pub fn with_wait(mut self, wait: Wait) -> Self {
        self.wait = wait;
        self
    }

    /// `None` where the group is unknown or has no profile for the time.
    async fn profile(
        &self,
        patience: &mut Patience,
        request: &ProfileRequest,
    ) -> Result<Option<GetProfileOutput>, ProfileError> {
        let call = self
            .client
            .get_profile()
            .profiling_group_name(&request.profiling_group)
            .start_time(time(request.start))
            .end_time(time(request.end))
            .accept("application/json");
        match patience.insist("GetProfile", || call.clone().send()).await {
            Ok(answer) => Ok(Some(answer)),
            Err(failure) if failure.kind == Kind::NotFound => Ok(None),
            Err(failure) => Err(told(&failure)),
        }
    }

    async fn samples_of(
        &self,
        profile: Profile,
        mut notes: Vec<String>,
        patience: &mut Patience,
        request: &ProfileRequest,
    ) -> Samples {
        let recommendations =
            self.recommendations(patience, request).await.unwrap_or_else(|failure| {
                notes.push(format!("its recommendations could not be had: {}", failure.message));
                Vec::new()
            });
        notes.extend(profile.notes);
        Samples {
            source: format!("CodeGuru Profiler, group {}", request.profiling_group),
            stacks: profile.stacks,
            functions: Vec::new(),
            ms_per_weight: profile.ms_per_weight,
            cpu_time_ms: profile.cpu_time_ms,
            // The agent states the memory that it takes itself, not that of the program.
            memory_mb: None,
            recommendations,
            notes,
        }
    }

    async fn recommendations(
        &self,
        patience: &mut Patience,
        request: &ProfileRequest,
    ) -> Result<Vec<String>, Failure> {
        let call = self
            .client
            .get_recommendations()
            .profiling_group_name(&request.profiling_group)
            .start_time(time(request.start))
            .end_time(time(request.end));
        let answer = patience.insist("GetRecommendations", || call.clone().send()).await?;
        Ok(answer.recommendations().iter().filter_map(advice).take(MOST_RECOMMENDATIONS).collect())
    }
}

async fn read(answer: GetProfileOutput) -> Result<Profile, decode::DecodeError> {
    let read = move || decode::read(answer.profile().as_ref(), answer.content_type(), profile);
    tokio::task::spawn_blocking(read)
        .await
        .unwrap_or_else(|error| Err(decode::DecodeError::Thread(error.to_string())))
}

/// The last seven days of a longer range, and a note that says so.
fn within_range(request: &ProfileRequest) -> (ProfileRequest, Vec<String>) {
    if request.end.since(request.start) <= LONGEST_RANGE {
        return (request.clone(), Vec::new());
    }
    let start = request.end - LONGEST_RANGE;
    let note = format!("only from {}: CodeGuru Profiler gives seven days at most", start.rfc3339());
    (ProfileRequest { start, ..request.clone() }, vec![note])
}

fn time(time: Timestamp) -> DateTime {
    DateTime::from_millis(time.0)
}

/// A recommendation in the service's words, on one paragraph.
fn advice(theirs: &Recommendation) -> Option<String> {
    let pattern = theirs.pattern()?;
    let parts = [pattern.name(), pattern.description(), pattern.resolution_steps()];
    let parts: Vec<&str> =
        parts.into_iter().flatten().map(str::trim).filter(|part| !part.is_empty()).collect();
    let text: String = parts.join(" — ").chars().take(LONGEST_RECOMMENDATION).collect();
    (!text.is_empty()).then_some(text)
}

fn told(failure: &Failure) -> ProfileError {
    let message = &failure.message;
    ProfileError(match failure.kind {
        Kind::Denied => format!(
            "CodeGuru Profiler refused the credentials, which need the action codeguru-profiler:GetProfile ({message})"
        ),
        Kind::Refused => format!("CodeGuru Profiler refused the request ({message})"),
        Kind::Throttled => format!("CodeGuru Profiler throttled every attempt ({message})"),
        _ => format!("CodeGuru Profiler failed ({message})"),
    })
}
