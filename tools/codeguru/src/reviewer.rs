//! CodeGuru Reviewer: start a review of a commit, wait for it, and read what it recommends.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_codegurureviewer::Client;
use aws_sdk_codegurureviewer::config::Builder;
use aws_sdk_codegurureviewer::config::retry::RetryConfig;
use aws_sdk_codegurureviewer::types::{
    AnalysisType, CodeReviewType, CommitDiffSourceCodeType, JobState, RecommendationSummary,
    RepositoryAnalysis, SourceCodeType, Type,
};
use contract::{Binding, Cache, Change, Clock, CodeReview, CodeReviewer, ReviewError};

use crate::failure::{Failure, Kind};
use crate::findings::{finding, fit, is_reviewable};
use crate::name::review_name;
use crate::patience::{Patience, Wait, longer, real_wait};

const KEPT_FOR: Duration = Duration::from_hours(7 * 24);
const PAGE: i32 = 300;
const MOST_PAGES: usize = 20;
/// Kept back from the deadline, to read what a review that is still running has found.
const FOR_READING: Duration = Duration::from_secs(20);

/// What a reviewer is set up with.
#[derive(Debug, Clone)]
pub struct ReviewerSettings {
    /// The association of the repository, `arn:aws:codeguru-reviewer:REGION:ACCOUNT:association:ID`.
    pub association_arn: String,
    /// CodeGuru Reviewer is asked only for changes of more lines than this.
    pub min_changed_lines: usize,
    /// The first pause between two looks at a running review; later ones are longer.
    pub poll_interval: Duration,
    /// For everything together.
    pub deadline: Duration,
    pub wait: Wait,
}

impl ReviewerSettings {
    pub fn new(association_arn: impl Into<String>) -> Self {
        Self {
            association_arn: association_arn.into(),
            min_changed_lines: 100,
            poll_interval: Duration::from_secs(5),
            deadline: Duration::from_mins(5),
            wait: real_wait,
        }
    }
}

/// Amazon CodeGuru Reviewer, for one associated repository.
pub struct Reviewer {
    client: Client,
    settings: ReviewerSettings,
    cache: Option<Arc<dyn Cache>>,
    clock: Clock,
}

#[async_trait]
impl CodeReviewer for Reviewer {
    async fn review(
        &self,
        binding: &Binding,
        change: &Arc<Change>,
    ) -> Result<CodeReview, ReviewError> {
        if let Some(reason) = self.unasked(change) {
            return Ok(CodeReview {
                status: "Completed".to_owned(),
                notes: vec![reason],
                ..CodeReview::default()
            });
        }
        let key =
            format!("codeguru-reviewer/{}/{}", self.settings.association_arn, binding.head_sha);
        if let Some(kept) = self.cached(&key).await {
            return Ok(fit(kept, change));
        }
        let review = self.ask(binding, change).await?;
        if review.status == "Completed" {
            self.keep(&key, &review).await;
        }
        Ok(fit(review, change))
    }
}

impl Reviewer {
    pub fn new(
        config: &SdkConfig,
        settings: ReviewerSettings,
        cache: Option<Arc<dyn Cache>>,
        clock: Clock,
    ) -> Self {
        // `Patience` repeats calls within the deadline; a second layer of retries beneath it would outlast that.
        let config = Builder::from(config).retry_config(RetryConfig::disabled()).build();
        Self { client: Client::from_conf(config), settings, cache, clock }
    }

    fn unasked(&self, change: &Change) -> Option<String> {
        let least = self.settings.min_changed_lines;
        let lines = change.lines_changed();
        if lines <= least {
            return Some(format!(
                "CodeGuru Reviewer was not asked: {lines} changed lines, and it is asked for more than {least}"
            ));
        }
        let known = change.files.iter().any(|file| is_reviewable(&file.path));
        (!known).then(|| "CodeGuru Reviewer was not asked: it knows Java and Python, and the change has neither".to_owned())
    }

    async fn ask(&self, binding: &Binding, change: &Change) -> Result<CodeReview, ReviewError> {
        let mut patience = Patience::new(self.settings.wait, self.settings.deadline);
        let arn = self.start(&mut patience, binding, change).await?;
        let finished = self.finish(&mut patience, &arn).await?;
        let read = self.recommendations(&mut patience, &arn).await;
        let mut review =
            CodeReview { review_id: arn, status: "Completed".to_owned(), ..CodeReview::default() };
        if !finished {
            let minutes = self.settings.deadline.as_secs_f64() / 60.0;
            review.notes.push(format!("CodeGuru Reviewer had not finished after {minutes:.1} minutes; what it had found by then is here"));
        }
        match read {
            Ok((found, None)) => review.recommendations = found,
            Ok((found, Some(note))) => {
                review.recommendations = found;
                review.notes.push(note);
            }
            // A review that still runs need not have a list to read.
            Err(_) if !finished => {}
            Err(failure) => return Err(told(&failure)),
        }
        if !review.notes.is_empty() {
            "Partial".clone_into(&mut review.status);
        }
        Ok(review)
    }

    /// Starts a review, or finds the one that an earlier attempt started for the same commit.
    async fn start(
        &self,
        patience: &mut Patience,
        binding: &Binding,
        change: &Change,
    ) -> Result<String, ReviewError> {
        let name = review_name(binding, &change.base_sha);
        let request = self
            .client
            .create_code_review()
            .name(&name)
            .client_request_token(&name)
            .repository_association_arn(&self.settings.association_arn)
            .r#type(kind_of_review(change));
        let created = patience.insist("CreateCodeReview", || request.clone().send()).await;
        match created {
            Ok(answer) => {
                let arn = answer.code_review().and_then(|review| review.code_review_arn());
                arn.map(str::to_owned).ok_or_else(|| {
                    ReviewError("CreateCodeReview answered without a review".to_owned())
                })
            }
            Err(failure) if failure.kind == Kind::Conflict => self.earlier(patience, &name).await,
            Err(failure) => Err(told(&failure)),
        }
    }

    async fn earlier(&self, patience: &mut Patience, name: &str) -> Result<String, ReviewError> {
        let mut next = None;
        for _ in 0..MOST_PAGES {
            let request = self
                .client
                .list_code_reviews()
                .r#type(Type::RepositoryAnalysis)
                .max_results(100)
                .set_next_token(next);
            let page = patience
                .insist("ListCodeReviews", || request.clone().send())
                .await
                .map_err(|failure| told(&failure))?;
            let mut summaries = page.code_review_summaries().iter();
            let found = summaries
                .find(|review| review.name() == Some(name))
                .and_then(|review| review.code_review_arn());
            if let Some(arn) = found {
                return Ok(arn.to_owned());
            }
            next = page.next_token().map(str::to_owned);
            if next.is_none() {
                break;
            }
        }
        Err(ReviewError(format!(
            "CodeGuru Reviewer says that a review {name} exists, and does not list it"
        )))
    }

    /// Waits for the review to end; `false` where the deadline comes first.
    async fn finish(&self, patience: &mut Patience, arn: &str) -> Result<bool, ReviewError> {
        let mut pause = self.settings.poll_interval;
        loop {
            let looked = patience
                .insist("DescribeCodeReview", || {
                    self.client.describe_code_review().code_review_arn(arn).send()
                })
                .await;
            match looked {
                Ok(answer) => {
                    if is_complete(answer.code_review())? {
                        return Ok(true);
                    }
                }
                // Throttled again and again: look later, as long as there is time.
                Err(failure) if failure.may_pass() => {
                    tracing::warn!(failure = failure.message, "CodeGuru Reviewer does not answer");
                }
                Err(failure) => return Err(told(&failure)),
            }
            let time_to_read = patience.left() > FOR_READING + pause;
            if !time_to_read || !patience.pause(pause).await {
                return Ok(false);
            }
            pause = longer(pause);
        }
    }

    /// All recommendations, page by page, and a note where there were more.
    async fn recommendations(
        &self,
        patience: &mut Patience,
        arn: &str,
    ) -> Result<(Vec<contract::Recommendation>, Option<String>), Failure> {
        let mut found: Vec<RecommendationSummary> = Vec::new();
        let mut next = None;
        let mut note = None;
        for page_number in 1..=MOST_PAGES {
            let request = self
                .client
                .list_recommendations()
                .code_review_arn(arn)
                .max_results(PAGE)
                .set_next_token(next);
            let page = match patience.insist("ListRecommendations", || request.clone().send()).await
            {
                Ok(page) => page,
                Err(failure) if found.is_empty() => return Err(failure),
                Err(failure) => {
                    note = Some(format!(
                        "only the first {} recommendations of CodeGuru Reviewer could be read: {}",
                        found.len(),
                        failure.message
                    ));
                    break;
                }
            };
            next = page.next_token().map(str::to_owned);
            found.extend(page.recommendation_summaries.unwrap_or_default());
            if next.is_none() {
                break;
            }
            if page_number == MOST_PAGES {
                note = Some(format!(
                    "only the first {} recommendations of CodeGuru Reviewer were read",
                    found.len()
                ));
            }
        }
        Ok((found.iter().filter_map(finding).collect(), note))
    }

    async fn cached(&self, key: &str) -> Option<CodeReview> {
        let text = self.cache.as_ref()?.cached(key, (self.clock)()).await?;
        serde_json::from_str(&text).ok()
    }

    async fn keep(&self, key: &str, review: &CodeReview) {
        if let (Some(cache), Ok(text)) = (&self.cache, serde_json::to_string(review)) {
            cache.keep(key, &text, (self.clock)() + KEPT_FOR).await;
        }
    }
}

fn kind_of_review(change: &Change) -> CodeReviewType {
    let commits = CommitDiffSourceCodeType::builder()
        .source_commit(&change.head_sha)
        .destination_commit(&change.base_sha)
        .merge_base_commit(&change.base_sha)
        .build();
    let code = SourceCodeType::builder().commit_diff(commits).build();
    let analysis = RepositoryAnalysis::builder().source_code_type(code).build();
    CodeReviewType::builder()
        .repository_analysis(analysis)
        .analysis_types(AnalysisType::CodeQuality)
        .analysis_types(AnalysisType::Security)
        .build()
}

fn is_complete(
    review: Option<&aws_sdk_codegurureviewer::types::CodeReview>,
) -> Result<bool, ReviewError> {
    let reason = review.and_then(|review| review.state_reason()).unwrap_or("no reason given");
    match review.and_then(|review| review.state()) {
        Some(JobState::Completed) => Ok(true),
        Some(JobState::Failed) => {
            Err(ReviewError(format!("the review of CodeGuru Reviewer failed: {reason}")))
        }
        Some(JobState::Deleting) => {
            Err(ReviewError("the review of CodeGuru Reviewer is being deleted".to_owned()))
        }
        _ => Ok(false),
    }
}

/// A failure with what the reader can do about it.
fn told(failure: &Failure) -> ReviewError {
    let message = &failure.message;
    ReviewError(match failure.kind {
        Kind::Denied => {
            let operation = message.split(':').next().unwrap_or_default();
            format!(
                "CodeGuru Reviewer refused the credentials, which need the action codeguru-reviewer:{operation} ({message})"
            )
        }
        Kind::NotFound => format!(
            "CodeGuru Reviewer does not know the repository's association; it takes no new ones since 2025-11-07, so remove the setting if there is none ({message})"
        ),
        Kind::Refused => format!("CodeGuru Reviewer refused the request ({message})"),
        Kind::Throttled => format!("CodeGuru Reviewer throttled every attempt ({message})"),
        Kind::Conflict | Kind::Transient => format!("CodeGuru Reviewer failed ({message})"),
    })
}
