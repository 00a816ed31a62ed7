//! One review, end to end: fetch, drive the agent, build the report, publish, keep.

use std::sync::Arc;
use std::time::Duration;

use analyzer::AnalyzeCode;
use anyhow::Context;
use carbon::CalculateCarbonFootprint;
use contract::{Binding, Change, Clock, CodeReviewer, ProfileSource, Timestamp, Tool};
use profile::{FlameGraphs, ProfileCodePerformance, ProfileFiles};

use crate::agent::planner::Planner;
use crate::agent::run::POST;
use crate::agent::{
    self, Agent, Budget, Call, Leader, OnStep, Outcome, ProfileWindow, Recollection, Run,
    SessionMemory, Stop, Task, TaskFile, Toolbox, View, task,
};
use crate::report::measured::Measurements;
use crate::report::{Inputs, Ledger, Report, Subject};
use crate::store::Store;
use crate::telemetry::{About, ErrorType, Finished, Recorder, Session};

pub mod benchmarks;
mod check;
pub mod cost;
mod fleet;
pub mod git;
pub mod job;
mod lead;
mod lesson;
pub mod local;
pub mod measured;
pub mod measuring;
pub mod posting;
pub mod pull_request;
mod rules;
pub mod scan;
pub mod settings;
mod timed;
mod tree;
pub mod work;

use measured::ReadMeasurements;

pub use cost::Meter;
pub use lead::{Judge, Lead};
pub use rules::OwnRules;
pub use settings::Settings;

use fleet::WithFleet;
use timed::Timed;

/// What every review needs, filled in by the wiring.
#[derive(Clone)]
pub struct Reviewer {
    pub store: Arc<dyn Store>,
    pub recorder: Recorder,
    pub clock: Clock,
    /// `None`: the embedded planner leads.
    pub lead: Option<Lead>,
    pub budget: Budget,
    pub memory: Arc<dyn SessionMemory>,
    pub carbon: Arc<dyn Fn() -> CalculateCarbonFootprint + Send + Sync>,
    /// Reviewers beside the own analyzer.
    pub reviewers: Vec<Arc<dyn CodeReviewer>>,
    /// Sources of profiles beside files.
    pub profiles: Vec<Arc<dyn ProfileSource>>,
    pub profiling_group: Option<String>,
    pub association_arn: Option<String>,
    pub flame_graphs: Option<FlameGraphs>,
    /// Where this process runs, for the footprint of the review itself.
    pub region: Option<String>,
}

/// One change to review, with all that was fetched for it.
pub struct Assignment {
    pub run_id: String,
    pub binding: Binding,
    pub subject: Subject,
    pub title: String,
    pub change: Arc<Change>,
    pub settings: Settings,
    pub rules: OwnRules,
    /// Profile files by name.
    pub profiles: Vec<(String, Vec<u8>)>,
    /// Base against head, where that was measured.
    pub measured: Option<Measurements>,
    /// The ledger of the comment that is there already, and the boxes ticked in it.
    pub previous: Ledger,
    pub ticked: Vec<String>,
    /// What earlier pull requests of the repository taught.
    pub recollection: Recollection,
    /// What the reader should know of how this was fetched.
    pub notes: Vec<String>,
    pub posting: Option<posting::Posting>,
}

/// A review that came to its end.
pub struct Reviewed {
    pub report: Report,
    pub outcome: Outcome,
    /// The run, with the result of its posting.
    pub run: Run,
    /// When GitHub takes the report, where it refused it and said so.
    pub refused_until: Option<Timestamp>,
}

/// More slowly than this no tool answers; CodeGuru Reviewer is polled for 5 minutes.
const CALL_DEADLINE: Duration = Duration::from_secs(330);
/// Profiles of a service are asked for over this long before now.
const PROFILE_WINDOW: Duration = Duration::from_hours(24);

impl Reviewer {
    /// Reviews one change, going on from the last checkpoint if there is one.
    pub async fn review(
        &self,
        assignment: Assignment,
        stop: Stop,
        on_step: OnStep,
    ) -> anyhow::Result<Reviewed> {
        let meter = Meter::start((self.clock)());
        let view = View::default();
        let posting = assignment.posting.clone();
        let assignment = Arc::new(assignment);
        let session = self.recorder.session(assignment.about());
        let mut tools = self.tools(&assignment, &session)?;
        if let Some(posting) = &posting {
            tools.push(Arc::new(self.posting_tool(posting, &assignment, &view, meter)));
        }
        if let Some(lead) = &self.lead {
            tools = lead.offered(tools);
        }
        let toolbox = Toolbox::new(tools, CALL_DEADLINE);
        let (mut run, mut revision) = match self
            .store
            .run(&assignment.run_id)
            .await
            .context("look for an earlier attempt")?
        {
            Some(record) => agent::resume(&record)?,
            None => (self.new_run(&assignment, &toolbox), 0),
        };
        session.started(revision > 0).await;
        let agent = Agent {
            model: self.lead.as_ref().map(|lead| lead.model.clone()),
            planner: Arc::new(Planner),
            toolbox,
            store: self.store.clone(),
            session: session.clone(),
            clock: self.clock,
            view,
            stop,
            on_step,
        };
        let outcome = agent.drive(&mut run, &mut revision).await?;
        let words = posted_words(&run).or(run.closing()).unwrap_or_default().to_owned();
        let report = self.report(&assignment, &run, &words, meter);
        tell_end(&session, outcome, &report).await;
        if let Some(lead) = self.lead.as_ref().filter(|_| outcome == Outcome::Finished) {
            lead.tell(|| self.task(&assignment), &run, &report.words);
        }
        let refused_until = posting.as_ref().and_then(posting::Posting::refused_until);
        let reviewed = Reviewed { report, outcome, run, refused_until };
        if let (Some(posting), Some(comment_url)) = (&posting, reviewed.comment_url())
            && outcome == Outcome::Finished
        {
            check::conclude(&posting.github, &assignment, &reviewed.report, comment_url).await;
        }
        Ok(reviewed)
    }

    fn new_run(&self, assignment: &Assignment, toolbox: &Toolbox) -> Run {
        let leader = if self.lead.is_some() { Leader::Model } else { Leader::Planner };
        Run::new(
            assignment.run_id.clone(),
            &self.task(assignment),
            toolbox.specs(),
            leader,
            self.budget.after(assignment.previous.spent_usd()),
        )
    }

    fn task(&self, assignment: &Assignment) -> Task {
        let files =
            assignment.change.files.iter().take(task::MOST_FILES).map(|file| TaskFile {
                path: file.path.clone(),
                lines_changed: file.lines_changed(),
            });
        let now = (self.clock)();
        let profiled = !assignment.profiles.is_empty() || !self.profiles.is_empty();
        let profile = profiled.then(|| ProfileWindow {
            profiling_group_name: settings::profiling_group(&assignment.binding).to_owned(),
            start_time: (now - PROFILE_WINDOW).rfc3339(),
            end_time: now.rfc3339(),
        });
        Task {
            binding: assignment.binding.clone(),
            base_sha: assignment.subject.base_sha.clone(),
            title: crate::report::text::shorten(&assignment.title, 300),
            files: files.collect(),
            files_in_total: assignment.change.files.len(),
            profile,
            workload: assignment.settings.workload(),
            history: assignment.recollection.histories(assignment.subject.pull_request),
            learned: assignment.recollection.learned.clone(),
            post: assignment.posting.is_some(),
        }
    }

    /// The tools, bound to the assignment: no argument can point them elsewhere.
    fn tools(
        &self,
        assignment: &Assignment,
        session: &Session,
    ) -> anyhow::Result<Vec<Arc<dyn Tool>>> {
        let analyzer = rules::analyzer(&assignment.settings, &assignment.rules, &[])?;
        let mut reviewers: Vec<Arc<dyn CodeReviewer>> = vec![Arc::new(analyzer)];
        reviewers.extend(self.reviewers.iter().map(|reviewer| {
            Arc::new(Timed { reviewer: reviewer.clone(), session: session.clone() }) as _
        }));
        let mut tools: Vec<Arc<dyn Tool>> = vec![
            Arc::new(AnalyzeCode {
                binding: assignment.binding.clone(),
                change: assignment.change.clone(),
                reviewers,
            }),
            Arc::new((self.carbon)()),
        ];
        let mut sources: Vec<Arc<dyn ProfileSource>> = Vec::new();
        if !assignment.profiles.is_empty() {
            sources.push(Arc::new(ProfileFiles::new(assignment.profiles.clone())));
        }
        sources.extend(self.profiles.iter().cloned());
        if !sources.is_empty() {
            let profile: Arc<dyn Tool> = Arc::new(ProfileCodePerformance {
                binding: assignment.binding.clone(),
                sources,
                flame_graphs: self.flame_graphs.clone(),
            });
            tools.push(match assignment.settings.fleet.clone() {
                Some(fleet) => Arc::new(WithFleet { profile, carbon: (self.carbon)(), fleet }),
                None => profile,
            });
        }
        if let Some(measured) = &assignment.measured {
            tools.push(Arc::new(ReadMeasurements(measured.clone())));
        }
        Ok(tools)
    }

    /// The report as of a run's state.
    fn report(&self, assignment: &Assignment, run: &Run, words: &str, meter: Meter) -> Report {
        Report::build(Inputs {
            subject: assignment.subject.clone(),
            files_changed: assignment.change.files.len(),
            calls: &run.calls,
            has_workload: assignment.settings.workload.is_some(),
            words,
            previous: assignment.previous.clone(),
            history: assignment.recollection.histories(assignment.subject.pull_request),
            ticked: assignment.ticked.clone(),
            cost: cost::of(run, meter, (self.clock)(), self.region.as_deref()),
            notes: assignment
                .notes
                .iter()
                .chain(&run.notes)
                .cloned()
                .chain(new_settings(&assignment.change))
                .collect(),
        })
    }
}

impl Assignment {
    /// The same with what was measured of its commits; a run that began without it is another one.
    #[must_use]
    pub fn with_measured(mut self, measured: Measurements) -> Self {
        let bytes = serde_json::to_vec(&measured).unwrap_or_default();
        self.run_id = format!("{} {}", self.run_id, local::digest(&[&bytes]));
        self.measured = Some(measured);
        self
    }

    /// How operators tell this review from others.
    pub fn about(&self) -> About {
        About {
            session_id: self.run_id.clone(),
            repository: self.binding.repository.clone(),
            pr_number: self.binding.pull_request,
            commit_sha: self.subject.head_sha.clone(),
        }
    }
}

async fn tell_end(session: &Session, outcome: Outcome, report: &Report) {
    let took = Duration::try_from_secs_f64(report.cost.seconds).unwrap_or_default();
    match outcome {
        Outcome::Finished => {
            let finished = Finished {
                findings: report.findings.len(),
                tokens: report.cost.tokens,
                usd: report.cost.usd,
                co2e_grams: report.cost.co2e_grams.as_ref().map(|span| span.high),
                took,
            };
            session.finished(finished).await;
        }
        Outcome::Stopped => session.stopped(took).await,
        Outcome::NotPosted => {
            session.failed(ErrorType::NotPosted, "the report could not be posted", took).await;
        }
    }
}

/// Settings that the change itself brings count from the next change on.
fn new_settings(change: &Change) -> Option<String> {
    let heads = || change.files.iter().filter(|file| file.head.is_some()).map(|file| &file.path);
    let settings = heads().any(|path| path == settings::FILE).then_some(settings::FILE);
    let rules = heads().any(|path| path.starts_with(rules::FOLDER)).then_some(rules::FOLDER);
    settings.or(rules).map(|touched| format!("this change touches `{touched}`; settings are read from the base, so it counts once it is merged"))
}

/// The words of the report that was posted, before the gate.
fn posted_words(run: &Run) -> Option<&str> {
    Call::last(&run.calls, POST)?.input["report_markdown"].as_str()
}
