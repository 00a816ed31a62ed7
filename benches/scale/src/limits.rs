//! The quotas that the design meets, and what they are by default.

/// What AWS and GitHub allow.
#[derive(Debug, Clone, PartialEq)]
pub struct Limits {
    /// Deliveries that the ingress takes per second.
    pub ingress_per_second: f64,
    /// Workers at once.
    pub workers: f64,
    /// Workers that a queue's pollers start with, and how many more they take on per second while messages wait.
    pub first_workers: f64,
    pub more_workers_per_second: f64,
    /// Write units per second that the table takes at once, and at most after it has grown with its traffic.
    pub table_at_first: f64,
    pub table_writes: f64,
    /// Of the model, as its quota counts them.
    pub tokens_per_minute: f64,
    /// Comments that one installation may write per hour.
    pub comments_per_hour: f64,
    /// How long the queue keeps a message.
    pub retention: f64,
}

impl Limits {
    /// An AWS account as it is opened, with a tenth of its concurrency kept for the ingress.
    ///
    /// - 1,000 executions at once per region, ten requests per second for each of them:
    ///   <https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html>
    /// - pollers begin with 5 and add up to 300 a minute, 1,000 at most:
    ///   <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html>
    /// - a new on-demand table takes 4,000 write units a second and twice its earlier peak within 30 minutes
    ///   (<https://repost.aws/knowledge-center/on-demand-table-throttling-dynamodb>), 40,000 at most unless raised
    ///   (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ServiceQuotas.html>)
    /// - 5,000,000 tokens a minute for a Claude model: third parties report this for established accounts, and 0 or
    ///   200,000 for new ones; AWS shows the figure in the account's own console only
    ///   (<https://github.com/alphagov/govuk-infrastructure/pull/4190> has 5 million before, 15 million after a raise)
    /// - GitHub: 500 pieces of content an hour, <https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api>
    /// - a message is kept for 4 days:
    ///   <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html>
    pub fn default_quotas() -> Self {
        Self {
            ingress_per_second: 10.0 * 100.0,
            workers: 900.0,
            first_workers: 5.0,
            more_workers_per_second: 300.0 / 60.0,
            table_at_first: 4000.0,
            table_writes: 40_000.0,
            tokens_per_minute: 5_000_000.0,
            comments_per_hour: 500.0,
            retention: 4.0 * 86_400.0,
        }
    }

    /// Nothing but the work itself takes time; shows what would be used at the peak.
    pub fn none() -> Self {
        Self {
            ingress_per_second: f64::INFINITY,
            workers: f64::INFINITY,
            first_workers: f64::INFINITY,
            more_workers_per_second: f64::INFINITY,
            table_at_first: f64::INFINITY,
            table_writes: f64::INFINITY,
            tokens_per_minute: f64::INFINITY,
            comments_per_hour: f64::INFINITY,
            retention: f64::INFINITY,
        }
    }

    /// The same for a sample of the traffic: what the whole shares is as much smaller; what belongs to one installation,
    /// and time, is not.
    #[must_use]
    pub fn sample(&self, share: f64) -> Self {
        Self {
            ingress_per_second: self.ingress_per_second * share,
            workers: self.workers * share,
            first_workers: self.first_workers * share,
            more_workers_per_second: self.more_workers_per_second * share,
            table_at_first: self.table_at_first * share,
            table_writes: self.table_writes * share,
            tokens_per_minute: self.tokens_per_minute * share,
            comments_per_hour: self.comments_per_hour,
            retention: self.retention,
        }
    }
}
