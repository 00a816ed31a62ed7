//! Alarms, dashboards and saved queries: they look at what the code says, and the alarms ring where they were meant to.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use eco_coder::telemetry::Metric;
use serde_json::Value;

use super::{properties, read, resources};

const TOOLS: &[&str] = &[
    "analyze_code",
    "calculate_carbon_footprint",
    "post_github_comment",
    "profile_code_performance",
];

#[test]
fn the_alarms() {
    let mut alarms: Vec<String> =
        resources("AWS::CloudWatch::Alarm").map(|(name, alarm)| in_words(name, alarm)).collect();
    alarms.sort();
    insta::assert_snapshot!(alarms.join("\n"), @"
    AnalyzerTimeoutsAlarm > 2 to WarningTopic, 1 times
      Sum of EcoCoder ToolErrors in 600 s
    DeadLettersAlarm > 0 to CriticalTopic, 1 times
      Maximum of AWS/SQS ApproximateNumberOfMessagesVisible in 60 s
    ErrorRateAlarm > 5 to CriticalTopic, 1 times
      FILL(ingress, 0) + FILL(worker, 0) + FILL(redeliver, 0) + FILL(reviews, 0)
      ingress: Sum of AWS/Lambda Errors in 300 s
      worker: Sum of AWS/Lambda Errors in 300 s
      redeliver: Sum of AWS/Lambda Errors in 300 s
      reviews: Sum of EcoCoder ReviewErrors in 300 s
    IngressDeploymentAlarm > 0 to CriticalTopic, 1 times
      Sum of AWS/Lambda Errors in 60 s
    ModelThrottlesAlarm > 0 to WarningTopic, 1 times
      FILL(first, 0) + FILL(second, 0) + FILL(third, 0)
      first: Sum of AWS/Bedrock InvocationThrottles in 60 s
      second: Sum of AWS/Bedrock InvocationThrottles in 60 s
      third: Sum of AWS/Bedrock InvocationThrottles in 60 s
    PostingFailuresAlarm > 3 to CriticalTopic, 1 times
      tried - posted
      tried: SampleCount of EcoCoder GitHubCommentPosted in 300 s
      posted: Sum of EcoCoder GitHubCommentPosted in 300 s
    QueueAgeAlarm > 900 to WarningTopic, 5 times
      Maximum of AWS/SQS ApproximateAgeOfOldestMessage in 60 s
    SlowReviewsAlarm > 300000 to WarningTopic, 1 times
      p95 of EcoCoder ReviewDuration in 300 s
    SlowestReviewsAlarm > 600000 to CriticalTopic, 1 times
      p99 of EcoCoder ReviewDuration in 300 s
    ThrottlesAlarm > 0 to WarningTopic, 1 times
      FILL(ingress, 0) + FILL(worker, 0) + FILL(redeliver, 0)
      ingress: Sum of AWS/Lambda Throttles in 60 s
      worker: Sum of AWS/Lambda Throttles in 60 s
      redeliver: Sum of AWS/Lambda Throttles in 60 s
    TokensAlarm > 100000 to WarningTopic, 1 times
      Sum of EcoCoder Tokens in 300 s
    WorkerDeploymentAlarm > 0 to CriticalTopic, 1 times
      Sum of AWS/Lambda Errors in 60 s
    ");
}

/// One alarm in a line, and what it looks at in more.
fn in_words(name: &str, alarm: &Value) -> String {
    let topic = alarm["AlarmActions"][0]["Ref"].as_str().unwrap();
    assert_eq!(alarm["ComparisonOperator"], "GreaterThanThreshold", "{name}");
    assert_eq!(alarm["TreatMissingData"], "notBreaching", "{name}");
    let mut said =
        format!("{name} > {} to {topic}, {} times", alarm["Threshold"], alarm["EvaluationPeriods"]);
    let statistic = |of: &Value, period: &Value, metric: &Value| {
        let namespace = metric["Namespace"].as_str().unwrap();
        format!(
            "{} of {namespace} {} in {period} s",
            of.as_str().unwrap(),
            metric["MetricName"].as_str().unwrap()
        )
    };
    for part in alarm["Metrics"].as_array().into_iter().flatten() {
        let id = part["Id"].as_str().unwrap();
        if let Some(expression) = part["Expression"].as_str() {
            write!(said, "\n  {expression}").unwrap();
        } else {
            let stat = &part["MetricStat"];
            write!(
                said,
                "\n  {id}: {}",
                statistic(&stat["Stat"], &stat["Period"], &stat["Metric"])
            )
            .unwrap();
        }
    }
    if alarm["MetricName"].is_string() {
        let of = if alarm["Statistic"].is_string() {
            &alarm["Statistic"]
        } else {
            &alarm["ExtendedStatistic"]
        };
        write!(said, "\n  {}", statistic(of, &alarm["Period"], alarm)).unwrap();
    }
    said
}

#[test]
fn alarms_look_at_metrics_that_are_written() {
    for (name, alarm) in resources("AWS::CloudWatch::Alarm") {
        let parts = alarm["Metrics"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|part| &part["MetricStat"]["Metric"]);
        for metric in parts.chain([alarm]).filter(|metric| metric["Namespace"] == "EcoCoder") {
            let dimensions = metric["Dimensions"].as_array().unwrap();
            let names: Vec<&str> =
                dimensions.iter().map(|one| one["Name"].as_str().unwrap()).collect();
            written(name, metric["MetricName"].as_str().unwrap(), &names);
        }
    }
}

fn written(place: &str, metric: &str, dimensions: &[&str]) {
    let known = Metric::ALL.into_iter().find(|known| known.name() == metric);
    let known = known.unwrap_or_else(|| panic!("{place}: nobody writes {metric}"));
    assert!(
        known.dimension_sets().contains(&dimensions),
        "{place}: {metric} has no dimensions {dimensions:?}"
    );
}

fn widgets(dashboard: &str) -> Vec<Value> {
    let body = properties(dashboard)["DashboardBody"]["Fn::Sub"].as_str().unwrap();
    let body: Value =
        serde_json::from_str(body).unwrap_or_else(|error| panic!("{dashboard}: {error}"));
    body["widgets"].as_array().unwrap().iter().map(|widget| widget["properties"].clone()).collect()
}

#[test]
fn the_dashboards() {
    let titles: Vec<String> = ["OperationsDashboard", "PerformanceDashboard", "CostsDashboard"]
        .into_iter()
        .flat_map(|name| {
            widgets(name)
                .into_iter()
                .map(move |widget| format!("{name}: {}", widget["title"].as_str().unwrap()))
        })
        .collect();
    insta::assert_snapshot!(titles.join("\n"), @"
    OperationsDashboard: Invocations
    OperationsDashboard: Success rate
    OperationsDashboard: Duration of a review
    OperationsDashboard: Errors by type
    OperationsDashboard: Comment success
    OperationsDashboard: Sessions
    OperationsDashboard: Queues
    PerformanceDashboard: Tool breakdown
    PerformanceDashboard: Review time
    PerformanceDashboard: Tokens
    PerformanceDashboard: gCO2e per pull request
    PerformanceDashboard: Tool success
    CostsDashboard: Daily cost
    CostsDashboard: Cost breakdown
    CostsDashboard: Pull requests analyzed
    CostsDashboard: Cost per pull request
    ");
}

#[test]
fn widgets_show_metrics_that_are_written() {
    let mut shown = BTreeSet::new();
    for (name, _) in resources("AWS::CloudWatch::Dashboard") {
        for widget in widgets(name) {
            for metric in widget["metrics"].as_array().unwrap() {
                let words: Vec<&str> =
                    metric.as_array().unwrap().iter().filter_map(Value::as_str).collect();
                if let ["EcoCoder", metric, dimensions @ ..] = words.as_slice() {
                    let names: Vec<&str> = dimensions.iter().step_by(2).copied().collect();
                    written(name, metric, &names);
                    let tool = dimensions.get(3);
                    assert!(
                        tool.is_none_or(|tool| TOOLS.contains(tool)),
                        "{name}: no tool is called {tool:?}"
                    );
                    shown.insert((*metric).to_owned());
                }
            }
        }
    }
    // Those that a search expression shows.
    shown.insert("ToolErrors".to_owned());
    let missing: Vec<&str> =
        Metric::ALL.map(Metric::name).into_iter().filter(|name| !shown.contains(*name)).collect();
    assert!(missing.is_empty(), "no dashboard shows {missing:?}");
}

#[test]
fn expressions_use_what_stands_beside_them() {
    for (name, _) in resources("AWS::CloudWatch::Dashboard") {
        for widget in widgets(name) {
            let settings: Vec<Value> = widget["metrics"]
                .as_array()
                .unwrap()
                .iter()
                .filter_map(|metric| {
                    metric.as_array().unwrap().last().filter(|last| last.is_object()).cloned()
                })
                .collect();
            let ids: Vec<&str> = settings.iter().filter_map(|one| one["id"].as_str()).collect();
            for expression in settings.iter().filter_map(|one| one["expression"].as_str()) {
                let used = expression.split(|letter: char| !letter.is_alphanumeric());
                let used = used
                    .filter(|word| word.starts_with(|letter: char| letter.is_ascii_lowercase()));
                if !expression.starts_with("SEARCH") {
                    used.for_each(|word| {
                        assert!(ids.contains(&word), "{name}: {expression} without {word}");
                    });
                }
            }
        }
    }
}

#[test]
fn every_alarm_names_a_runbook_that_exists_and_every_runbook_names_queries_that_do() {
    let runbooks = read("docs/runbooks.md");
    for (name, alarm) in resources("AWS::CloudWatch::Alarm") {
        assert!(runbooks.contains(&format!("`{name}`")), "no runbook speaks of {name}");
        let said = alarm["AlarmDescription"].as_str().unwrap();
        if let Some((_, runbook)) = said.split_once("Runbook ") {
            let heading = runbook.split([',', '.']).next().unwrap();
            assert!(
                runbooks.to_lowercase().contains(&format!("\n## {heading}")),
                "{name}: no runbook {heading:?}"
            );
        }
    }
    let queries: Vec<&str> = resources("AWS::Logs::QueryDefinition")
        .map(|(_, query)| query["Name"]["Fn::Sub"].as_str().unwrap().rsplit('/').next().unwrap())
        .collect();
    let named = runbooks.split("query `").skip(1).map(|rest| rest.split('`').next().unwrap());
    let named: BTreeSet<&str> = named.collect();
    assert!(
        !named.is_empty() && named.iter().all(|name| queries.contains(name)),
        "{named:?} of {queries:?}"
    );
}
