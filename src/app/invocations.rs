//! Reviews that somebody waits for: `/invocations`, on AgentCore or on the loopback interface.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use futures::FutureExt;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::timeout;

use super::handover::Answer;
use super::worker::Worker;
use crate::agent::Run;
use crate::review::job::Job;
use crate::review::work::JobEnd;
use crate::server::{Invocation, Invoke, Target};
use crate::store::Store;

/// One review of a pull request at a time. Who comes second waits, and finds it done.
#[derive(Default)]
struct Places(Mutex<HashMap<String, Weak<tokio::sync::Mutex<()>>>>);

/// The last state of a run that a caller waits for.
type Seen = Arc<Mutex<Option<Run>>>;

/// Runs what is invoked, as long as the server runs.
pub(super) fn invoke(worker: Arc<Worker>, store: Arc<dyn Store>, ends: &Ends) -> Invoke {
    let places = Arc::new(Places::default());
    let ends = ends.clone();
    Arc::new(move |invocation: Invocation| {
        let (worker, store, places) = (worker.clone(), store.clone(), places.clone());
        let review = async move { answer(&worker, store.as_ref(), &places, invocation).await };
        ends.unless_over(review).boxed()
    })
}

/// Ends reviews with the server: they go on where their callers hang up, so it would not wait for them.
#[derive(Clone, Default)]
pub(super) struct Ends(Arc<watch::Sender<bool>>);

/// What a review that is cut off gets to let go of what it holds, which takes no waiting.
const LETTING_GO: Duration = Duration::from_secs(2);

impl Ends {
    /// Lets reviews under way finish within the grace, and cuts the others off. When this returns, all have let go of
    /// what they hold.
    pub(super) async fn after(&self, grace: Duration) {
        if timeout(grace, self.0.closed()).await.is_err() {
            tracing::warn!(reviews = self.0.receiver_count(), "reviews were cut off at shutdown");
        }
        self.0.send_replace(true);
        drop(timeout(LETTING_GO, self.0.closed()).await);
    }

    fn unless_over<T, F: Future<Output = Result<T, String>>>(
        &self,
        review: F,
    ) -> impl Future<Output = Result<T, String>> + use<T, F> {
        let mut over = self.0.subscribe();
        async move {
            // Gone before the receiver is, which is what `closed` waits for.
            let review = std::pin::pin!(review);
            tokio::select! {
                ended = review => ended,
                _ = over.wait_for(|over| *over) => {
                    Err("the server was stopped before the review ended; ask again".to_owned())
                }
            }
        }
    }
}

async fn answer(
    worker: &Worker,
    store: &dyn Store,
    places: &Places,
    invocation: Invocation,
) -> Result<Value, String> {
    let job = match invocation.target {
        Target::Job(job) => *job,
        Target::PullRequest { owner, repo, number } => requested(owner, repo, number),
    };
    let name = format!("{}#{}", job.repository(), job.pull_request);
    let place = places.of(&name);
    let _alone = place.lock().await;
    let seen = Seen::default();
    let on_step = {
        let (seen, tell) = (seen.clone(), invocation.tell.clone());
        move |run: &Run| {
            tell(step(run));
            *seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(run.clone());
        }
    };
    let attempt = invocation.attempt.unwrap_or(1);
    let end = worker.review(&worker.github, &job, attempt, Arc::new(|| false), on_step).await;
    if invocation.attempt.is_some() {
        return Ok(json!(Answer::of(end)));
    }
    match end {
        JobEnd::Done => {
            let run = seen.lock().unwrap_or_else(PoisonError::into_inner).take();
            Ok(done(&name, run.as_ref(), store).await)
        }
        JobEnd::Stopped => Err(format!("the review of {name} was stopped")),
        JobEnd::Retry { reason, .. } | JobEnd::Failed { reason } => {
            Err(format!("the review of {name} failed: {reason}"))
        }
    }
}

/// The report to read, and how it came about.
async fn done(name: &str, run: Option<&Run>, store: &dyn Store) -> Value {
    let Some(run) = run else {
        return json!({"status": "done", "pull_request": name, "completion": format!("{name} is reviewed already, or closed")});
    };
    let report = store.report(&run.id).await.ok().flatten();
    let (markdown, url) =
        report.map(|report| (report.markdown, report.comment_url)).unwrap_or_default();
    json!({
        "status": "done",
        "pull_request": name,
        "completion": markdown,
        "content_type": "text/markdown",
        "comment_url": url,
        "trace": trace(run),
    })
}

fn step(run: &Run) -> Value {
    let last = run.calls.last();
    json!({
        "event": "step",
        "run_id": run.id,
        "tool": last.map(|call| &call.tool),
        "calls": run.calls.len(),
        "turns": run.spent.turns,
    })
}

/// Without what the tools read or answered: that is the repository's.
fn trace(run: &Run) -> Value {
    let calls: Vec<Value> = run
        .calls
        .iter()
        .map(|call| json!({"id": call.id, "tool": call.tool, "is_error": call.is_error}))
        .collect();
    json!({
        "run_id": run.id,
        "models": run.models,
        "chosen": run.chosen,
        "handed_over": run.handed_over,
        "turns": run.spent.turns,
        "calls": calls,
    })
}

/// A job that no delivery brought. Its commits are asked of GitHub, as those of every job are.
fn requested(owner: String, repo: String, pull_request: u64) -> Job {
    Job {
        v: Job::VERSION,
        delivery: String::new(),
        event: "invocation".into(),
        action: "requested".into(),
        installation_id: None,
        owner,
        repo,
        repo_id: 0,
        pull_request,
        base_sha: String::new(),
        head_sha: String::new(),
        fork: false,
        draft: false,
        sender: String::new(),
        traceparent: None,
    }
}

impl Places {
    fn of(&self, name: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        places.retain(|_, place| place.strong_count() > 0);
        let known = places.get(name).and_then(Weak::upgrade);
        known.unwrap_or_else(|| {
            let place = Arc::default();
            places.insert(name.to_owned(), Arc::downgrade(&place));
            place
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn reviews_get_a_grace_and_are_cut_off_after_it() {
        let ends = Ends::default();
        let held = Arc::new(());
        let holds = held.clone();
        let short = tokio::spawn(ends.unless_over(async {
            tokio::time::sleep(Duration::from_millis(10)).await;
            Ok("done")
        }));
        let long = tokio::spawn(ends.unless_over(async move {
            std::future::pending::<()>().await;
            drop(holds);
            Ok("done")
        }));

        ends.after(Duration::from_millis(100)).await;

        assert_eq!(Arc::strong_count(&held), 1, "it has let go");
        assert_eq!(short.await.unwrap(), Ok("done"));
        assert!(long.await.unwrap().unwrap_err().contains("ask again"));
    }
}
