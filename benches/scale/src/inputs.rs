//! What goes into the simulation, each figure with where it comes from. `docs/scale.md` lists them for people.

use fastrand::Rng;

use crate::random::{exponential, lognormal};
use crate::service::{Effort, Leader};
use crate::traffic::{DAY, HOUR, Traffic};

/// Merged a month on average: GitHub, Octoverse 2025,
/// <https://github.blog/news-insights/octoverse/octoverse-a-new-developer-joins-github-every-second-as-ai-leads-typescript-to-1/>
pub const MERGED_PER_MONTH: f64 = 43_200_000.0;
pub const WEEKS_PER_MONTH: f64 = 365.0 / 12.0 / 7.0;
/// Assumed: of 20 that are opened, 17 are merged.
pub const MERGED_SHARE: f64 = 0.85;
/// Deliveries per review that only the ingress sees: labels, comments, closing. Assumed, as in `pricing::Deployment`.
pub const DELIVERIES_PER_REVIEW: f64 = 3.0;

/// Seconds of the reviews in `docs/samples`, of 53 to 284 files each: measured, on two cores.
const MEASURED: [f64; 6] = [0.069, 0.338, 0.48, 0.121, 0.273, 0.166];
/// Lambda gives a whole core from 1,769 MB on: <https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html>
const CORES_OF_1024_MB: f64 = 1024.0 / 1769.0;

pub fn traffic() -> Traffic {
    let day = |number: f64, hour: f64| number * DAY + hour * HOUR;
    Traffic {
        opened_per_week: MERGED_PER_MONTH / MERGED_SHARE / WEEKS_PER_MONTH,
        // Weekends are slower: https://gist.521000.best/kafka399; how much is assumed.
        weekdays: [0.165, 0.175, 0.18, 0.18, 0.16, 0.07, 0.07],
        // Busiest between 15:00 and 17:00 GMT, quietest between 5:00 and 7:00 (the same source); the ratio is assumed.
        peak_to_trough: 2.5,
        peak_hour: 16.0,
        // 15.5 % of merged pull requests are bots' (https://dev.to/warlax/what-i-learned-analyzing-800k-github-pull-requests-3646);
        // that 40 % of these come on Monday morning, when weekly updates are due, is assumed.
        monday_flood: 0.155 * 0.4,
        monday_hours: (3.0, 7.0),
        // Assumed: three releases a week after which bots open 1 % of their week's pull requests in ten minutes each.
        floods: vec![day(1.0, 15.0), day(2.0, 16.0), day(4.0, 9.0)],
        flood: 0.155 * 0.01,
        flood_seconds: 600.0,
        // Commits of a pull request: median 1, third quartile 3, mean 3.26 (10,193 pull requests,
        // https://www.promyze.com/github-pull-requests-analyzed/). Several commits often come with one push: assumed 2.5
        // deliveries of code per pull request.
        pushed_to: 0.5,
        pushes: 3.0,
        quick: 0.25,
        quick_pause: 120.0,
        pause: 4.0 * HOUR,
        // Fitted to 2,631,366 merged pull requests of 153,688 owners in three months
        // (https://reviewpad.com/blog/2020s-pull-requests-part-ii): as many per owner, and the percentiles per project,
        // 2 at the 50th, 18 at the 90th, 117 at the 99th, come out as 3, 15 and 152.
        installations: MERGED_PER_MONTH * 3.0 / (2_631_366.0 / 153_688.0),
        flat_ranks: 100.0,
    }
}

/// What reviews take. Without a model only the time that GitHub takes is assumed.
#[derive(Debug, Clone)]
pub struct Reviews {
    analysis: (f64, f64),
    price: TokenPrices,
}

#[derive(Debug, Clone, Copy)]
pub struct TokenPrices {
    pub input: f64,
    pub output: f64,
    pub cache_read: f64,
    pub cache_write: f64,
}

/// The first of the models that the service asks unless told otherwise.
pub const MODEL: &str = "global.anthropic.claude-sonnet-5-5";
/// Seconds from a worker's start to its end for a pull request that has moved on: it is read, nothing else.
pub const SECONDS_TO_FIND_SUPERSEDED: f64 = 0.5;
/// Kept of one review, all forms.
pub const REPORT_BYTES: f64 = 12_000.0;

impl Reviews {
    pub fn new() -> Option<Self> {
        Some(Self { analysis: fit(&MEASURED), price: token_prices(MODEL)? })
    }

    pub fn draw(&self, random: &mut Rng, leader: Leader) -> Effort {
        let (median, spread) = self.analysis;
        let analysis = lognormal(random, median, spread) * 2.0 / CORES_OF_1024_MB;
        // Assumed: about eight calls to GitHub, most of them after one another.
        let github = lognormal(random, 2.0, 0.4);
        let planner = analysis + github;
        match leader {
            Leader::Planner => Effort { seconds: planner, ..Effort::default() },
            // The driver waits 1 and 2 s between its three attempts, half as much to half as much again.
            Leader::Throttled => {
                Effort { seconds: planner + 3.0 * (0.5 + random.f64()), ..Effort::default() }
            }
            Leader::Model => self.led_by_model(random, planner),
        }
    }

    /// Assumed: three turns and more, 9 s each, 350 tokens out; 4,500 tokens of prompt and tools that are read again from
    /// the cache each turn, and tool results of 4,000 tokens, half of them shorter.
    fn led_by_model(&self, random: &mut Rng, planner: f64) -> Effort {
        let turns = 3.0 + exponential(random, 1.0).floor().min(9.0);
        let seconds: f64 = (0..turns as usize).map(|_| lognormal(random, 9.0, 0.5)).sum();
        let results = lognormal(random, 4000.0, 0.8).min(60_000.0);
        let written = 4500.0 + results;
        let read = (turns - 1.0) * written;
        let plain = turns * 200.0;
        let out = turns * 350.0;
        let price = self.price;
        let usd = (plain * price.input
            + out * price.output
            + read * price.cache_read
            + written * price.cache_write)
            / 1e6;
        // A quota counts each token that a Claude model writes five times (https://zenn.dev/pepabo/articles/d7de82614e2f0b,
        // after AWS); that it does not count what comes from the cache is assumed.
        Effort { seconds: planner + seconds, tokens: plain + written + 5.0 * out, usd }
    }
}

/// Median and spread of a lognormal distribution with the moments of these logarithms.
fn fit(seconds: &[f64]) -> (f64, f64) {
    let count = seconds.len() as f64;
    let mean = seconds.iter().map(|value| value.ln()).sum::<f64>() / count;
    let variance =
        seconds.iter().map(|value| (value.ln() - mean).powi(2)).sum::<f64>() / (count - 1.0);
    (mean.exp(), variance.sqrt())
}

/// From the catalog that the service itself prices models with.
pub fn token_prices(model: &str) -> Option<TokenPrices> {
    let catalog: serde_json::Value =
        serde_json::from_str(include_str!("../../../model/src/data/bedrock_models.json")).ok()?;
    let row = catalog["models"].as_array()?.iter().find(|row| row["id"] == model)?;
    let price = |column: &str| row[column].as_f64();
    Some(TokenPrices {
        input: price("input")?,
        output: price("output")?,
        cache_read: price("cache_read")?,
        cache_write: price("cache_write")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fit_has_the_spread_of_what_was_measured() {
        let (median, spread) = fit(&MEASURED);
        assert!(
            (0.15..0.25).contains(&median) && (0.6..0.8).contains(&spread),
            "{median} {spread}"
        );
    }

    #[test]
    fn a_model_takes_longer_and_costs_and_the_planner_does_not() {
        let reviews = Reviews::new().expect("the model has a price");
        let mut random = Rng::with_seed(1);
        let mut mean = |leader| {
            let efforts: Vec<_> = (0..10_000).map(|_| reviews.draw(&mut random, leader)).collect();
            let of = |what: fn(&Effort) -> f64| efforts.iter().map(what).sum::<f64>() / 1e4;
            (of(|effort| effort.seconds), of(|effort| effort.tokens), of(|effort| effort.usd))
        };
        let (model, planner, throttled) =
            (mean(Leader::Model), mean(Leader::Planner), mean(Leader::Throttled));
        assert!(planner.0 < throttled.0 && throttled.0 < model.0);
        assert!(planner.1 + planner.2 + throttled.1 + throttled.2 < f64::EPSILON);
        assert!(model.1 > 0.0 && (0.01..0.11).contains(&model.2), "{model:?}");
    }

    #[test]
    fn owners_have_as_many_pull_requests_as_was_counted() {
        let Traffic { installations, flat_ranks, .. } = traffic();
        let all = MERGED_PER_MONTH * 3.0;
        let unit = all / (installations / flat_ranks + 1.0).ln();
        let at =
            |percentile: f64| (unit / (installations * (1.0 - percentile) + flat_ranks)).round();
        assert_eq!([at(0.5), at(0.9), at(0.99)].map(|count| count as u32), [3, 15, 152]);
    }
}
