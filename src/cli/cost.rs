//! `eco-coder cost`: what the reviews that are kept cost, or would cost, on AWS.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use anyhow::anyhow;
use clap::Args;
use contract::Timestamp;
use pricing::{Bill, Deployment, Host, Origin, Prices, Review, Use};
use serde::{Deserialize, Serialize};

use super::{Failure, output};
use crate::app;
use crate::config::Config;
use crate::report::Cost;
use crate::store::KeptReport;

const DAY: Duration = Duration::from_hours(24);

/// Say what a pull request costs on AWS, from the reviews that are kept.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Reviews of this many days count.
    #[arg(long, value_name = "DAYS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=3650))]
    days: u32,
    /// Memory of the worker.
    #[arg(long, value_name = "MB", default_value_t = 1024, value_parser = clap::value_parser!(u32).range(128..=10_240))]
    memory_mb: u32,
    /// What runs the worker.
    #[arg(long, value_enum, default_value_t)]
    host: HostName,
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

#[derive(Debug, Clone, Copy, Default, clap::ValueEnum)]
enum HostName {
    #[default]
    LambdaArm64,
    LambdaX86,
    Agentcore,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    #[default]
    Table,
    Json,
}

impl Arguments {
    pub async fn run(self, config: Config) -> Result<(), Failure> {
        let reports = self.kept(&config).await?;
        let costs = Costs::of(&reports, &self.deployment(), &Prices::bundled());
        let Some(costs) = costs else {
            return Err(Failure::Usage(self.nothing_kept(&config)));
        };
        let page = match self.format {
            Format::Table => format!("{costs}"),
            Format::Json => serde_json::to_string_pretty(&costs)
                .map_err(|error| Failure::Outside(error.into()))?,
        };
        output::print_page(&page)
    }

    async fn kept(&self, config: &Config) -> Result<Vec<KeptReport>, Failure> {
        // Asking for costs makes no database.
        let Some(store) = app::kept_store(config).await.map_err(Failure::Usage)? else {
            return Ok(Vec::new());
        };
        let since = Timestamp((app::CLOCK)().0 - (DAY * self.days).as_millis() as i64);
        store.reports_since(since).await.map_err(|error| Failure::Outside(error.into()))
    }

    fn nothing_kept(&self, config: &Config) -> anyhow::Error {
        let days = self.days;
        match &config.aws.table {
            Some(table) => anyhow!(
                "no review of the last {days} days is kept in the table {table}: let it review, name another in ECO_CODER_TABLE, or ask for more `--days`"
            ),
            None => anyhow!(
                "no review of the last {days} days is kept in {}: serve and let it review, name the database in ECO_CODER_DATABASE or the table in ECO_CODER_TABLE, or ask for more `--days`",
                config.database.display()
            ),
        }
    }

    fn deployment(&self) -> Deployment {
        let host = match self.host {
            HostName::LambdaArm64 => Host::LambdaArm64,
            HostName::LambdaX86 => Host::LambdaX86,
            HostName::Agentcore => Host::AgentCore,
        };
        Deployment { host, memory_mb: f64::from(self.memory_mb), ..Deployment::default() }
    }
}

/// What pull requests cost.
#[derive(Debug, Serialize)]
struct Costs {
    reviews: usize,
    pull_requests: usize,
    /// Reviews by a model without a known price, and reports that cannot be read.
    left_out: usize,
    host: String,
    memory_mb: f64,
    per_pull_request_usd: Spread,
    per_1000_pull_requests: Bill,
    each_month: Bill,
    prices: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Spread {
    median: f64,
    mean: f64,
    p95: f64,
}

/// As much of a kept report's JSON as a bill needs.
#[derive(Deserialize)]
struct Kept {
    cost: Cost,
}

impl Costs {
    /// `None` without a review to compute it from.
    fn of(reports: &[KeptReport], deployment: &Deployment, prices: &Prices) -> Option<Self> {
        let mut pull_requests: BTreeMap<(&str, u64), Use> = BTreeMap::new();
        let mut reviews = 0;
        for report in reports {
            let Some(review) = review_of(report) else { continue };
            let used = pull_requests.entry((&report.repository, report.pull_request)).or_default();
            used.add(&deployment.uses(&review));
            reviews += 1;
        }
        let mut all = Use::default();
        for used in pull_requests.values() {
            all.add(used);
        }
        let each = pull_requests.values().map(|used| Bill::of(used, prices).total_usd).collect();
        let count = pull_requests.len();
        Some(Self {
            reviews,
            pull_requests: count,
            left_out: reports.len() - reviews,
            host: host_name(deployment.host).to_owned(),
            memory_mb: deployment.memory_mb,
            per_pull_request_usd: Spread::of(each)?,
            per_1000_pull_requests: Bill::of(&all.times(1000.0 / count as f64), prices),
            each_month: Bill::of(&Deployment::standing(), prices),
            prices: about(prices),
        })
    }
}

impl Spread {
    fn of(mut each: Vec<f64>) -> Option<Self> {
        each.sort_by(f64::total_cmp);
        // The smallest value that at least this share of them does not exceed.
        let rank = |share: f64| {
            each.get(((each.len() as f64 * share).ceil() as usize).max(1) - 1).copied()
        };
        let mean = each.iter().sum::<f64>() / each.len() as f64;
        Some(Self { median: rank(0.5)?, mean, p95: rank(0.95)? })
    }
}

impl fmt::Display for Costs {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Spread { median, mean, p95 } = self.per_pull_request_usd;
        writeln!(
            formatter,
            "Computed from {} of {}, as if all had run on {} with {} MB.",
            counted(self.reviews, "review"),
            counted(self.pull_requests, "pull request"),
            self.host,
            self.memory_mb
        )?;
        if self.left_out > 0 {
            writeln!(
                formatter,
                "Left out: {}, by a model without a known price or not readable.",
                counted(self.left_out, "review")
            )?;
        }
        writeln!(
            formatter,
            "\nPer pull request: median ${median:.6}, mean ${mean:.6}, 95th percentile ${p95:.6}."
        )?;
        writeln!(formatter, "\nPer 1,000 pull requests:\n{}", self.per_1000_pull_requests)?;
        writeln!(formatter, "Each month, whatever is reviewed:\n{}", self.each_month)?;
        self.prices.iter().try_for_each(|line| writeln!(formatter, "{line}"))
    }
}

/// `None` where the report does not say what its review cost.
fn review_of(report: &KeptReport) -> Option<Review> {
    let kept: Kept = serde_json::from_str(&report.json).ok()?;
    Some(Review {
        seconds: kept.cost.seconds,
        cpu_seconds: kept.cost.cpu_seconds,
        report_bytes: (report.json.len() + report.markdown.len()) as f64,
        model_usd: kept.cost.usd?,
    })
}

fn host_name(host: Host) -> &'static str {
    match host {
        Host::LambdaArm64 => "Lambda (arm64)",
        Host::LambdaX86 => "Lambda (x86-64)",
        Host::AgentCore => "AgentCore Runtime",
    }
}

/// What a reader must know of the prices.
fn about(prices: &Prices) -> Vec<String> {
    let all = prices.all().count();
    let third_party = prices.all().filter(|price| price.origin == Origin::ThirdParty).count();
    let read = prices.all().map(|price| price.read.as_str()).min().unwrap_or_default();
    vec![
        format!("Prices: on demand in us-east-1, first tier, without the free tier, read on {read}; {third_party} of {all} from third parties that repeat AWS's list."),
        "Seconds, report sizes and the model's dollars are measured; requests, table units and log bytes are the design's own counts.".into(),
    ]
}

fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn kept(pull_request: u64, seconds: f64, usd: Option<f64>) -> KeptReport {
        let cost = Cost { usd, seconds, ..Cost::default() };
        KeptReport {
            run_id: format!("{pull_request}-{seconds}"),
            repository: "acme/shop".into(),
            pull_request,
            head_sha: "c0ffee".into(),
            markdown: "# Report".into(),
            json: json!({"version": 1, "cost": cost}).to_string(),
            posting_failed: false,
            comment_url: None,
            at: Timestamp(0),
        }
    }

    fn costs(reports: &[KeptReport]) -> Option<Costs> {
        Costs::of(reports, &Deployment::default(), &Prices::bundled())
    }

    #[test]
    fn a_pull_request_costs_what_all_its_reviews_cost() {
        let once = costs(&[kept(1, 30.0, Some(0.02))]).unwrap();
        let twice = costs(&[kept(1, 30.0, Some(0.02)), kept(1, 30.5, Some(0.02))]).unwrap();
        assert_eq!((twice.reviews, twice.pull_requests), (2, 1));
        let ratio = twice.per_pull_request_usd.mean / once.per_pull_request_usd.mean;
        assert!((1.99..2.01).contains(&ratio), "{ratio}");
        let thousand = twice.per_1000_pull_requests.total_usd;
        assert!((thousand - 1000.0 * twice.per_pull_request_usd.mean).abs() < 1e-9);
    }

    #[test]
    fn the_spread_is_by_rank() {
        let each = (1..=20).map(f64::from).collect();
        let Spread { median, mean, p95 } = Spread::of(each).unwrap();
        assert_eq!([median, mean, p95].map(|value| value.to_string()), ["10", "10.5", "19"]);
        assert!(Spread::of(vec![]).is_none());
    }

    #[test]
    fn a_review_without_a_known_price_is_left_out_and_counted() {
        let unreadable = KeptReport { json: String::new(), ..kept(2, 1.0, None) };
        let costs = costs(&[kept(1, 1.0, Some(0.0)), kept(2, 2.0, None), unreadable]).unwrap();
        assert_eq!((costs.reviews, costs.left_out), (1, 2));
        assert!(costs.to_string().contains("Left out: 2 reviews, "), "{costs}");
    }

    #[test]
    fn without_a_review_there_is_nothing_to_say() {
        assert!(costs(&[]).is_none());
        assert!(costs(&[kept(1, 1.0, None)]).is_none());
    }
}
