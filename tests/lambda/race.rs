//! Two workers that were rung for the same job at the same time: a message may come twice, and a lease may run out.
//!
//! Claim, lease, checkpoint, guard and posting are the real ones, on the emulated AWS and the fake GitHub; only the
//! review between them is left out.

use std::sync::Arc;
use std::time::Duration;

use contract::{Binding, Timestamp, Tool};
use eco_coder::app::worker::still_ours;
use eco_coder::queue::sqs::{Bell, Claim, Settings, SqsQueue};
use eco_coder::queue::{Ending, Handler, Leased, Queue, see_through};
use eco_coder::review::job::Job;
use eco_coder::store::{DynamoStore, Store};
use futures::FutureExt;
use futures::stream::{self, StreamExt};
use github::{Credentials, GitHub, PostGitHubComment};
use serde_json::json;
use tokio::sync::watch;

use crate::world::lambda::{LambdaWorld, sdk};
use crate::world::{REPOSITORY, github as fake};

const ROUNDS: usize = 1000;
const ROUNDS_WITHOUT_TIME: usize = 50;
const SIDE_BY_SIDE: usize = 4;
/// The longest that the fake GitHub keeps anybody waiting, before and after the effect of a call.
const JITTER: Duration = Duration::from_millis(4);
const MARKER: &str = "<!-- race -->";

/// What two processes do not share.
#[derive(Clone)]
struct Racer {
    name: &'static str,
    queue: SqsQueue,
    store: DynamoStore,
    github: GitHub,
}

impl Racer {
    fn new(world: &LambdaWorld, name: &'static str) -> Self {
        let settings = Settings {
            table: world.stack.table.clone(),
            queue_url: world.stack.queue_url.clone(),
            dead_letter_queue_url: None,
        };
        let token = Credentials::Token(fake::TOKEN.into());
        let github = GitHub::new(world.world.github.url(), token, Timestamp::now);
        Self {
            name,
            queue: SqsQueue::new(&sdk(), settings),
            store: world.store(),
            github: github.expect("a client"),
        }
    }

    /// Whether it got the job.
    async fn answer(&self, bell: &Bell, lease: Duration) -> bool {
        let claim = self.queue.claim(bell, self.name, lease, Timestamp::now()).await;
        let Claim::Claimed(leased) = claim.expect("the table answers") else { return false };
        let (_abandon, abandoned) = watch::channel(None);
        let queue: Arc<dyn Queue> = Arc::new(self.queue.clone());
        see_through(queue, leased, lease, Timestamp::now, abandoned, &self.handler(lease)).await;
        true
    }

    fn handler(&self, lease: Duration) -> Handler {
        let racer = self.clone();
        Arc::new(move |leased, _| {
            let racer = racer.clone();
            async move { racer.post(leased, lease).await }.boxed()
        })
    }

    async fn post(&self, leased: Leased, lease: Duration) -> Ending {
        let (number, now) = (leased.job.pull_request, Timestamp::now());
        let retry = |reason: String| Ending::Retry { reason, not_before: now };
        let run_id = format!("race#{number}#{}", leased.attempt);
        if let Err(error) = self.store.checkpoint(&run_id, "{}", 1, now).await {
            return retry(error.to_string());
        }
        let tool = PostGitHubComment {
            binding: Binding {
                repository: REPOSITORY.into(),
                repository_arn: String::new(),
                pull_request: Some(number),
                branch: String::new(),
                head_sha: String::new(),
                profiling_group: None,
            },
            github: self.github.clone(),
            marker: MARKER.into(),
            compose: Arc::new(|words| format!("{words}\n{MARKER}")),
            keep: None,
            one_comment: true,
            still_ours: Some(still_ours(Arc::new(self.queue.clone()), leased, lease)),
        };
        let input = json!({"repository_full_name": REPOSITORY, "pull_request_number": number, "report_markdown": format!("by {}", self.name)});
        match tool.call(input).await {
            Ok(posted) if posted["status"] == "success" => Ending::Done,
            Ok(refused) => retry(refused.to_string()),
            Err(error) => retry(error.to_string()),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_workers_with_the_same_job_one_posts_a_thousand_times_over() {
    let world = LambdaWorld::new().await;
    world.world.github.jitter(7, JITTER);
    let racers = [Racer::new(&world, "one"), Racer::new(&world, "another")];

    let rounds = stream::iter(0..ROUNDS).map(|round| {
        let (world, [one, another]) = (&world, &racers);
        async move {
            let (number, bell) = ring(world, one, round).await;
            let lease = Duration::from_mins(1);
            let (first, second) =
                tokio::join!(one.answer(&bell, lease), another.answer(&bell, lease));
            assert!(first != second, "round {round}: exactly one gets the job");
            assert_eq!(world.comments(number), 1, "round {round}");
            let path = format!("/issues/{number}/comments");
            assert_eq!(world.world.github.count("POST", &path), 1, "round {round}");
        }
    });
    rounds.buffer_unordered(SIDE_BY_SIDE).collect::<Vec<()>>().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_workers_whose_leases_run_out_at_once_one_comment_remains() {
    let world = LambdaWorld::new().await;
    world.world.github.jitter(11, JITTER);
    let racers = [Racer::new(&world, "one"), Racer::new(&world, "another")];
    let mut both = 0;

    for round in 0..ROUNDS_WITHOUT_TIME {
        let [one, another] = &racers;
        let (number, bell) = ring(&world, one, round).await;
        // Over before GitHub has answered, and never renewed in time.
        let lease = Duration::from_millis(3);
        let late = async {
            tokio::time::sleep(lease * 2).await;
            another.answer(&bell, lease).await
        };
        let (first, second) = tokio::join!(one.answer(&bell, lease), late);
        both += usize::from(first && second);
        // Whoever is left ends the job, if neither could.
        one.answer(&bell, Duration::from_mins(1)).await;
        assert_eq!(world.comments(number), 1, "round {round}");
    }

    assert!(both > 0, "in no round did both get the job");
}

/// A job of a new pull request, and the message that both are brought.
async fn ring(world: &LambdaWorld, racer: &Racer, round: usize) -> (u64, Bell) {
    let number = world.open_pull_request();
    let job = Job {
        v: Job::VERSION,
        delivery: format!("delivery-{round}"),
        event: "pull_request".into(),
        action: "opened".into(),
        installation_id: None,
        owner: "octo".into(),
        repo: "shop".into(),
        repo_id: 42,
        pull_request: number,
        base_sha: String::new(),
        head_sha: String::new(),
        fork: false,
        draft: false,
        sender: String::new(),
        traceparent: None,
    };
    racer.queue.enqueue(&job, Timestamp::now()).await.expect("the table answers");
    let message_id = format!("message-{round}");
    (number, Bell { message_id, receipt: "none".into(), job, redriven: false })
}
