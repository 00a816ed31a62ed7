//! Where the design breaks first: the most that would be used at once, against what is allowed by default.

use crate::limits::Limits;
use crate::outcome::Peak;
use crate::settings::service;

/// Calls to GitHub of one review, its comment included. Assumed, as in `inputs`.
const REQUESTS_PER_REVIEW: f64 = 10.0;

/// One quota under the load of all of GitHub.
#[derive(Debug, Clone, PartialEq)]
pub struct Quota {
    pub name: &'static str,
    pub by_default: f64,
    pub wanted: f64,
    /// What to do about it.
    pub remedy: &'static str,
}

impl Quota {
    /// The share of GitHub at which it binds.
    pub fn binds_at(&self) -> f64 {
        self.by_default / self.wanted
    }

    /// Half as much again as is wanted at the peak, in two digits.
    pub fn raise_to(&self) -> f64 {
        let enough = self.wanted * 1.5;
        let unit = 10_f64.powf(enough.log10().floor() - 1.0);
        (enough / unit).ceil() * unit
    }
}

/// All quotas, the first to break first. Besides those of [`Limits`]:
///
/// - SQS: 120,000 messages in flight,
///   <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html>
/// - Lambda: 1,000 more per function every 10 s, <https://docs.aws.amazon.com/lambda/latest/dg/scaling-behavior.html>
/// - AgentCore: 5,000 sessions (us-east-1), 25 invocations a second in older copies,
///   <https://docs.aws.amazon.com/bedrock-agentcore/latest/devguide/bedrock-agentcore-limits.html>
/// - Secrets Manager: 10,000 reads a second,
///   <https://aws.amazon.com/about-aws/whats-new/2025/03/aws-secrets-manager-increases-api-requests-seconds>
/// - GitHub: 5,000 requests an hour, more for large installations,
///   <https://docs.github.com/en/apps/creating-github-apps/registering-a-github-app/rate-limits-for-github-apps>
pub fn quotas(peak: &Peak) -> Vec<Quota> {
    let limits = Limits::default_quotas();
    let messages_in_flight = 120_000.0;
    let mut quotas = vec![
        Quota {
            name: "Bedrock tokens per minute",
            by_default: limits.tokens_per_minute,
            wanted: peak.tokens_per_minute,
            remedy: "more accounts and regions, a smaller model first; until then the planner leads",
        },
        Quota {
            name: "Lambda executions at once, workers",
            by_default: limits.workers,
            wanted: peak.workers,
            remedy: "Service Quotas; AgentCore or several regions beside it",
        },
        Quota {
            name: "SQS pollers, workers at once",
            by_default: 1000.0,
            wanted: peak.workers,
            remedy: "provisioned pollers (up to 16 times as much), several queues",
        },
        Quota {
            name: "SQS pollers, more workers per minute",
            by_default: limits.more_workers_per_second * 60.0,
            wanted: peak.new_workers_per_minute,
            remedy: "provisioned pollers (three times as fast), several queues",
        },
        Quota {
            name: "Lambda, more workers per minute",
            by_default: 6.0 * 1000.0,
            wanted: peak.new_workers_per_minute,
            remedy: "several worker functions: the rate is per function",
        },
        Quota {
            name: "Lambda requests per second, ingress",
            by_default: limits.ingress_per_second,
            wanted: peak.deliveries_per_second,
            remedy: "more of the account's concurrency for the ingress: ten requests a second each",
        },
        Quota {
            name: "DynamoDB write units per second, new table",
            by_default: limits.table_at_first,
            wanted: peak.table_writes,
            remedy: "warm throughput, set before opening",
        },
        Quota {
            name: "DynamoDB write units per second, table",
            by_default: limits.table_writes,
            wanted: peak.table_writes,
            remedy: "Service Quotas",
        },
        Quota {
            name: "SQS messages in flight",
            by_default: messages_in_flight,
            wanted: peak.workers,
            remedy: "several queues",
        },
        Quota {
            name: "AgentCore sessions at once, as the host",
            by_default: 5000.0,
            wanted: peak.workers,
            remedy: "Service Quotas; each session is stopped when its review ends",
        },
        Quota {
            name: "AgentCore invocations per second, as the host",
            by_default: 25.0,
            wanted: peak.starts_per_second,
            remedy: "several agents and regions",
        },
        Quota {
            name: "Secrets Manager reads per second, one per start at worst",
            by_default: 10_000.0,
            wanted: peak.starts_per_second,
            remedy: "none needed",
        },
        Quota {
            name: "GitHub requests per hour, largest installation",
            by_default: 5000.0,
            wanted: peak.comments_per_hour * REQUESTS_PER_REVIEW,
            remedy: "none: GitHub's",
        },
        Quota {
            name: "GitHub comments per hour, largest installation",
            by_default: limits.comments_per_hour,
            wanted: peak.comments_per_hour,
            remedy: "none: GitHub's; its comments come later, nobody else's do",
        },
    ];
    quotas.sort_by(|one, other| one.binds_at().total_cmp(&other.binds_at()));
    quotas
}

/// What is asked for, so that nothing but GitHub's own limits binds.
pub fn raised(peak: &Peak) -> Limits {
    let named = |name: &str| {
        quotas(peak)
            .into_iter()
            .find(|quota| quota.name == name)
            .map_or(f64::INFINITY, |quota| quota.raise_to())
    };
    let workers = named("Lambda executions at once, workers");
    let table =
        named("DynamoDB write units per second, table").max(4.0 * service(true).writes_per_review);
    Limits {
        ingress_per_second: named("Lambda requests per second, ingress"),
        workers,
        // Pollers that are provisioned for the quietest hour, and grow as fast as they may.
        first_workers: workers / 4.0,
        more_workers_per_second: named("SQS pollers, more workers per minute") / 60.0,
        table_at_first: table,
        table_writes: table,
        tokens_per_minute: named("Bedrock tokens per minute"),
        ..Limits::default_quotas()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quota_binds_where_the_whole_exceeds_it_and_is_raised_beyond_the_peak() {
        let quota = Quota { name: "", by_default: 1000.0, wanted: 8200.0, remedy: "" };
        assert!((quota.binds_at() - 0.122).abs() < 0.001);
        assert!((quota.raise_to() - 13_000.0).abs() < 1e-6);
    }

    #[test]
    fn what_breaks_first_stands_first() {
        let peak = Peak {
            workers: 9000.0,
            tokens_per_minute: 1e9,
            comments_per_hour: 600.0,
            ..Peak::default()
        };
        let quotas = quotas(&peak);
        assert_eq!(quotas[0].name, "Bedrock tokens per minute");
        assert!(quotas.windows(2).all(|pair| pair[0].binds_at() <= pair[1].binds_at()));
    }
}
