//! The bill: what was used times what it costs, line by line.

use std::fmt;

use serde::Serialize;

use super::{Item, Prices, Use};

/// What a use costs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bill {
    /// Dearest first.
    pub lines: Vec<Line>,
    pub total_usd: f64,
    /// Used, but without a known price; not in the total.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unpriced: Vec<Item>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Line {
    pub title: String,
    pub amount: f64,
    pub unit: String,
    pub unit_usd: f64,
    pub usd: f64,
}

impl Bill {
    pub fn of(used: &Use, prices: &Prices) -> Self {
        let mut lines = Vec::new();
        let mut unpriced = Vec::new();
        for (item, amount) in &used.amounts {
            match prices.of(*item) {
                Some(price) => lines.push(Line {
                    title: price.title.clone(),
                    amount: *amount,
                    unit: price.unit.clone(),
                    unit_usd: price.unit_usd(),
                    usd: amount * price.unit_usd(),
                }),
                None => unpriced.push(*item),
            }
        }
        if used.model_usd > 0.0 {
            lines.push(Line {
                title: "Model, by its tokens".into(),
                amount: used.model_usd,
                unit: "USD".into(),
                unit_usd: 1.0,
                usd: used.model_usd,
            });
        }
        lines.retain(|line| line.amount > 0.0);
        lines.sort_by(|one, other| other.usd.total_cmp(&one.usd));
        let total_usd = lines.iter().map(|line| line.usd).sum();
        Self { lines, total_usd, unpriced }
    }
}

impl fmt::Display for Bill {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head = ["item", "amount", "unit", "USD each", "USD"].map(str::to_owned);
        let rows: Vec<[String; 5]> = self.lines.iter().map(row).collect();
        let total = ["total", "", "", "", &decimals(self.total_usd)].map(str::to_owned);
        let all: Vec<&[String; 5]> = std::iter::once(&head).chain(&rows).chain([&total]).collect();
        let width = |column: usize| all.iter().map(|row| row[column].len()).max().unwrap_or(0);
        let widths: [usize; 5] = std::array::from_fn(width);
        for row in all {
            let [item, amount, unit, each, usd] = row;
            let [one, two, three, four, five] = widths;
            writeln!(
                formatter,
                "  {item:<one$}  {amount:>two$}  {unit:<three$}  {each:>four$}  {usd:>five$}"
            )?;
        }
        if !self.unpriced.is_empty() {
            writeln!(
                formatter,
                "  without a known price, and not in the total: {:?}",
                self.unpriced
            )?;
        }
        Ok(())
    }
}

fn row(line: &Line) -> [String; 5] {
    let each = format!("{:.10}", line.unit_usd);
    let each = each.trim_end_matches('0').trim_end_matches('.').to_owned();
    [line.title.clone(), decimals(line.amount), line.unit.clone(), each, decimals(line.usd)]
}

/// As many decimals as matter, with separators between thousands.
fn decimals(value: f64) -> String {
    let decimals = match value.abs() {
        size if size >= 1000.0 => 0,
        size if size >= 1.0 => 2,
        size if size >= 0.01 => 4,
        _ => 6,
    };
    let text = format!("{value:.decimals$}");
    let (whole, rest) =
        text.split_once('.').map_or((text.as_str(), None), |(whole, rest)| (whole, Some(rest)));
    let digits: Vec<char> = whole.chars().collect();
    let groups: Vec<String> = digits.rchunks(3).rev().map(|group| group.iter().collect()).collect();
    rest.map_or_else(|| groups.join(","), |rest| format!("{}.{rest}", groups.join(",")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Deployment, Host, Review};

    /// A review that a model led.
    const REVIEW: Review =
        Review { seconds: 30.0, cpu_seconds: 1.0, report_bytes: 20_000.0, model_usd: 0.03 };

    #[test]
    fn a_bill_reads_as_a_table_dearest_first() {
        let used = Deployment::default().uses(&REVIEW).times(1000.0);
        insta::assert_snapshot!(Bill::of(&used, &Prices::bundled()), @"
        item                              amount  unit            USD each       USD
        Model, by its tokens               30.00  USD                    1     30.00
        Lambda, arm64                     30,038  GB-second   0.0000133334    0.4005
        DynamoDB on-demand writes        129,000  write unit   0.000000625    0.0806
        DynamoDB storage                  0.0551  GB-month            0.25    0.0138
        DynamoDB point-in-time recovery   0.0551  GB-month             0.2    0.0110
        CloudWatch Logs ingestion         0.0153  GB                   0.5  0.007629
        KMS requests                       2,000  request         0.000003  0.006000
        S3 PUT                             1,000  request         0.000005  0.005000
        X-Ray traces                       1,000  trace           0.000005  0.005000
        Data transfer to the internet     0.0186  GB                  0.09  0.001676
        CloudWatch Logs storage           0.0451  GB-month            0.03  0.001354
        S3 Standard storage               0.0551  GB-month           0.023  0.001268
        DynamoDB on-demand reads          10,000  read unit    0.000000125  0.001250
        SQS standard requests              3,000  request        0.0000004  0.001200
        Lambda requests                    4,000  request        0.0000002  0.000800
        Secrets Manager calls             100.00  call            0.000005  0.000500
        total                                                                  30.54
        ");
    }

    #[test]
    fn what_is_paid_each_month_is_a_bill_too() {
        insta::assert_snapshot!(Bill::of(&Deployment::standing(), &Prices::bundled()), @"
        item                       amount  unit             USD each       USD
        CloudWatch custom metrics   30.00  metric-month          0.3      9.00
        CloudWatch dashboards        3.00  dashboard-month         3      9.00
        KMS keys                     1.00  key-month               1      1.00
        CloudWatch alarms            8.00  alarm-month           0.1    0.8000
        Secrets Manager secrets      2.00  secret-month          0.4    0.8000
        EventBridge Scheduler       2,920  invocation       0.000001  0.002920
        total                                                            20.60
        ");
    }

    #[test]
    fn the_total_is_the_sum_of_the_lines_and_scales_with_the_use() {
        let used = Deployment { host: Host::AgentCore, ..Deployment::default() }.uses(&REVIEW);
        let (one, thousand) = (
            Bill::of(&used, &Prices::bundled()),
            Bill::of(&used.times(1000.0), &Prices::bundled()),
        );
        let sum: f64 = one.lines.iter().map(|line| line.amount * line.unit_usd).sum();
        assert!((one.total_usd - sum).abs() < 1e-12);
        assert!((thousand.total_usd - 1000.0 * sum).abs() < 1e-9);
        assert_eq!(one.unpriced, []);
    }

    #[test]
    fn programs_read_the_same_figures() {
        let used = Use::default().with(Item::QueueRequests, 3_000_000.0);
        let bill = serde_json::to_value(Bill::of(&used, &Prices::bundled())).unwrap();
        assert_eq!(bill["lines"][0]["title"], "SQS standard requests");
        assert_eq!(bill["lines"][0]["amount"], 3e6);
        assert!((bill["total_usd"].as_f64().unwrap() - 1.2).abs() < 1e-12);
    }

    #[test]
    fn large_amounts_are_grouped_and_small_ones_keep_their_digits() {
        let shown = [1_234_567.8, 999.5, 0.0312, 0.000_012].map(decimals);
        assert_eq!(shown, ["1,234,568", "999.50", "0.0312", "0.000012"]);
    }
}
