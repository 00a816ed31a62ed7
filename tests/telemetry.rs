//! What operators are told of a review: metrics, logs, the audit trail, and traces.

use std::collections::BTreeMap;

use eco_coder::store::Store;
use eco_coder::telemetry::Metric;
use eco_coder::telemetry::metrics::NAMESPACE;
use serde_json::{Map, Value, json};

use crate::world::{QUICK, SLOW, World, tree};

const WORKLOAD: &str = "workload: {cpu_time_seconds: 0.5, ram_usage_mb: 128, aws_region: eu-west-1, executions: 1000}\n";

/// A server that writes metrics.
async fn measured() -> World {
    let mut world = World::new().await;
    world.set("ECO_CODER_METRICS", "emf");
    world.start();
    world
}

/// A pull request to a repository that states its workload.
fn open(world: &World) -> u64 {
    let settings = (".eco-coder.yml", WORKLOAD);
    world
        .open(tree([settings, ("shop/names.py", QUICK)]), tree([settings, ("shop/names.py", SLOW)]))
}

async fn review(world: &World, number: u64) {
    world.deliver("d1", "opened", number).await;
    world.comment(number);
    assert_eq!(world.idle().await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_metrics_of_a_review_are_lines_that_cloudwatch_takes() {
    let world = measured().await;
    let number = open(&world);

    review(&world, number).await;

    let lines = world.metrics();
    for line in &lines {
        assert_eq!(faults(line), [""; 0], "{line}");
        assert_eq!(line["session_id"], world.run_id(number));
        assert_eq!(
            (&line["repository"], &line["pr_number"]),
            (&json!("octo/shop"), &json!(number))
        );
        assert_eq!(line["request_id"], "d1");
    }
    insta::assert_snapshot!(lines.iter().map(shown).collect::<Vec<_>>().join("\n"), @"
    Sessions=1 Count [eco-coder]
    ToolInvocation=1 Count, ToolDuration=… Milliseconds, ToolErrors=0 Count [eco-coder | eco-coder+analyze_code]
    ToolInvocation=1 Count, ToolDuration=… Milliseconds, ToolErrors=0 Count [eco-coder | eco-coder+calculate_carbon_footprint]
    CarbonFootprintCalculated=… None [eco-coder]
    ToolInvocation=1 Count, ToolDuration=… Milliseconds, ToolErrors=0 Count [eco-coder | eco-coder+post_github_comment]
    GitHubCommentPosted=1 Count [eco-coder]
    Reviews=1 Count, ReviewErrors=0 Count, ReviewDuration=… Milliseconds, ReviewCost=0 None, ReviewFootprint=… None [eco-coder]
    ");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_comment_that_github_refuses_counts_as_an_error() {
    let world = measured().await;
    let number = open(&world);
    world.github.fail_next("POST", "/comments", 429, &[("retry-after", "3600")], 1);

    world.deliver("d1", "opened", number).await;
    world.wait_for_log("the report could not be posted and is kept");
    let failed = |line: &Value| line["ReviewErrors"] == 1;
    crate::world::wait(|| world.metrics().into_iter().find(failed)).expect("a failed review");

    let lines = world.metrics();
    let told: Vec<_> =
        lines.iter().filter(|line| !line["ErrorType"].is_null()).map(shown).collect();
    insta::assert_snapshot!(told.join("\n"), @"
    ToolInvocation=1 Count, ToolDuration=… Milliseconds [eco-coder | eco-coder+post_github_comment]; ToolErrors=1 Count [eco-coder | eco-coder+post_github_comment | eco-coder+post_github_comment+not_posted]
    ReviewErrors=1 Count [eco-coder | eco-coder+not_posted]
    ");
    assert!(lines.iter().any(|line| line["GitHubCommentPosted"] == 0));
    assert!(lines.iter().all(|line| faults(line).is_empty()), "{lines:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_being_asked_no_metrics_are_written() {
    let world = World::serving().await;
    let number = open(&world);

    review(&world, number).await;

    assert_eq!(world.metrics(), [Value::Null; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_line_of_the_log_says_when_what_and_of_which_review() {
    let world = World::serving().await;
    let number = open(&world);

    review(&world, number).await;

    let log = world.log();
    let names =
        ["timestamp", "level", "session_id", "request_id", "component", "message", "context"];
    for line in &log {
        let members: Vec<_> =
            line.as_object().expect("an object").keys().map(String::as_str).collect();
        let mut expected = names.to_vec();
        expected.sort_unstable();
        let mut sorted = members.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, expected, "{line}");
        let timestamp = line["timestamp"].as_str().expect("a time");
        assert!(timestamp.len() == 24 && timestamp.ends_with('Z'), "{timestamp}");
    }
    let reviewed = world.wait_for_log("reviewed");
    assert_eq!(
        (&reviewed["component"], &reviewed["session_id"], &reviewed["request_id"]),
        (&json!("review"), &json!(world.run_id(number)), &json!("d1"))
    );
    let context = &reviewed["context"];
    assert_eq!(
        (&context["repository"], &context["pr_number"], &context["commit_sha"]),
        (&json!("octo/shop"), &json!(number), &json!(world.github.head_sha(number)))
    );
    let audited = log.iter().filter(|line| line["component"] == "audit");
    let events: Vec<_> = audited.map(|line| line["message"].as_str().expect("a word")).collect();
    insta::assert_snapshot!(events.join(" "), @"review_started model_turn tool_call model_turn tool_call model_turn tool_call posting review_finished");
}

#[cfg(feature = "odbl-data")]
#[tokio::test(flavor = "multi_thread")]
async fn the_audit_trail_of_a_review_is_kept_without_its_code() {
    let world = World::serving().await;
    let number = open(&world);

    review(&world, number).await;

    let trail = world.store().audit_trail(&world.run_id(number)).await.expect("the store");
    for entry in &trail {
        let event: Value = serde_json::from_str(&entry.detail).expect("JSON");
        let mut names: Vec<_> = event.as_object().expect("an object").keys().cloned().collect();
        names.sort_unstable();
        assert_eq!(
            names.join(" "),
            "duration_ms event_type parameters result session_id timestamp tool_name"
        );
        assert_eq!(
            (event["event_type"].as_str(), &event["session_id"]),
            (Some(entry.event.as_str()), &json!(world.run_id(number)))
        );
        assert!(
            !entry.detail.contains("cursor") && !entry.detail.contains("SELECT"),
            "{}",
            entry.detail
        );
    }
    let told: Vec<_> = trail.iter().map(|entry| told(&entry.detail)).collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    review_started - {"resumed":false} -> null
    model_turn - {"driver":"embedded"} -> {"cached_tokens":0,"input_tokens":0,"model":"embedded","output_tokens":0,"tool_uses":1,"usd":0.0}
    tool_call analyze_code {"bytes":"…","fields":{"branch_name":"topic","commit_sha":"…","repository_arn":"eco-coder:repository/octo/shop"},"sha256":"…"} -> {"bytes":"…","fields":{"existing":0,"files_reviewed":1,"fixed":{"items":0},"notes":{"items":0},"recommendations":{"items":1},"review_id":"…","skipped":{"items":0},"status":"Completed","suppressed":0,"total_recommendations":1},"sha256":"…"}
    model_turn - {"driver":"embedded"} -> {"cached_tokens":0,"input_tokens":0,"model":"embedded","output_tokens":0,"tool_uses":1,"usd":0.0}
    tool_call calculate_carbon_footprint {"bytes":"…","fields":{"aws_region":"eu-west-1","cpu_time_seconds":"…","execution_count":1000,"ram_usage_mb":128.0},"sha256":"…"} -> {"bytes":"…","fields":{"assumptions":{"items":6},"carbon_intensity_gco2_per_kwh":301.0,"co2e_grams":"…","co2e_per_execution":"…","codecarbon":{"fields":8},"embodied_grams":"…","energy_consumed_kwh":"…","equivalents":{"fields":3},"executions":1000,"interval_90":{"fields":2},"location_unknown":false,"market_based_grams":null,"methodology":{"chars":332},"pue":"…","sci_grams":"…","sources":{"items":13},"steps":{"items":7},"tier":"processor","uncertainty":{"items":6}},"sha256":"…"}
    model_turn - {"driver":"embedded"} -> {"cached_tokens":0,"input_tokens":0,"model":"embedded","output_tokens":0,"tool_uses":1,"usd":0.0}
    tool_call post_github_comment {"bytes":"…","fields":{"pull_request_number":2,"report_markdown":{"chars":55},"repository_full_name":"octo/shop","update_existing":true},"sha256":"…"} -> {"bytes":"…","fields":{"comment_id":5,"comment_url":"…","error_message":null,"status":"success"},"sha256":"…"}
    posting - null -> {"comment_url":"…","posted":true}
    review_finished - null -> {"co2e_grams":"…","findings":1,"tokens":0,"usd":0.0}
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_review_that_fails_is_in_the_trail_with_its_reason() {
    let world = World::serving().await;
    let number = world.open_pull_request();
    let mut payload = world.payload("opened", number);
    payload["pull_request"]["number"] = json!(999);

    world.deliver_payload("pull_request", "d1", &payload).await;
    assert_eq!(world.idle().await, 1);

    let run_id = world.run_id(number).replace(&format!("#{number}@"), "#999@");
    let trail = world.store().audit_trail(&run_id).await.expect("the store");
    let told: Vec<_> = trail.iter().map(|entry| told(&entry.detail)).collect();
    insta::assert_snapshot!(told.join("\n"), @r#"review_failed - null -> {"error_type":"refused","why":"octo/shop#999 does not exist on GitHub, or the token may not see it (a private repository needs read access to contents and pull requests)"}"#);
}

/// An event in short, without what differs from run to run.
fn told(detail: &str) -> String {
    let event: Value = serde_json::from_str(detail).expect("JSON");
    let text = |value: &Value| redacted(value).to_string();
    format!(
        "{} {} {} -> {}",
        event["event_type"].as_str().expect("a word"),
        event["tool_name"].as_str().unwrap_or("-"),
        text(&event["parameters"]),
        text(&event["result"])
    )
}

/// Sorted, and without digests, sizes and measured figures.
fn redacted(value: &Value) -> Value {
    let Value::Object(fields) = value else { return value.clone() };
    let sorted: BTreeMap<&String, &Value> = fields.iter().collect();
    let shown = sorted.into_iter().map(|(name, value)| {
        let hidden = ["sha256", "bytes", "commit_sha", "comment_url", "review_id", "co2e_grams"];
        let hidden = hidden.contains(&name.as_str()) && !value.is_null();
        let value = if hidden || value.as_f64().is_some_and(|figure| figure.fract() != 0.0) {
            json!("…")
        } else {
            redacted(value)
        };
        (name.clone(), value)
    });
    Value::Object(shown.collect::<Map<_, _>>())
}

/// A line of metrics in short: dimensions, values and units; figures that are measured are left out.
fn shown(line: &Value) -> String {
    let directives = line["_aws"]["CloudWatchMetrics"].as_array().expect("directives");
    let directives = directives.iter().map(|directive| {
        let sets = directive["Dimensions"].as_array().expect("sets").iter().map(|set| {
            let names = set.as_array().expect("names").iter();
            let values =
                names.map(|name| line[name.as_str().expect("a name")].as_str().expect("a value"));
            values.collect::<Vec<_>>().join("+")
        });
        let metrics = directive["Metrics"].as_array().expect("metrics").iter().map(|metric| {
            let name = metric["Name"].as_str().expect("a name");
            let unit = metric["Unit"].as_str().expect("a unit");
            let measured = unit == "Milliseconds" || name.contains("Footprint");
            let value = if measured { "…".into() } else { line[name].to_string() };
            format!("{name}={value} {unit}")
        });
        format!(
            "{} [{}]",
            metrics.collect::<Vec<_>>().join(", "),
            sets.collect::<Vec<_>>().join(" | ")
        )
    });
    directives.collect::<Vec<_>>().join("; ")
}

/// What CloudWatch would not take of a document, after "Specification: Embedded metric format" and the limits of
/// `MetricDatum`:
/// <https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html>.
fn faults(document: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    let mut check = |holds: bool, fault: &str| {
        if !holds {
            faults.push(fault.to_owned());
        }
    };
    check(document.to_string().len() <= 256 * 1024, "the event is too long");
    let metadata = &document["_aws"];
    check(metadata["Timestamp"].is_i64(), "Timestamp is not an integer");
    let none = Vec::new();
    let directives = metadata["CloudWatchMetrics"].as_array().unwrap_or(&none);
    check(!directives.is_empty(), "there is no directive");
    for directive in directives {
        let namespace = directive["Namespace"].as_str().unwrap_or_default();
        check((1..=256).contains(&namespace.len()), "the namespace has a wrong length");
        check(!namespace.starts_with("AWS/"), "the namespace is reserved");
        let sets = directive["Dimensions"].as_array().unwrap_or(&none);
        check(!sets.is_empty(), "there is no dimension set");
        for set in sets {
            let names = set.as_array().unwrap_or(&none);
            check(names.len() <= 30, "a set has too many dimensions");
            for name in names {
                let name = name.as_str().unwrap_or_default();
                check((1..=250).contains(&name.len()), "a dimension's name has a wrong length");
                let value = document[name].as_str().unwrap_or_default();
                check((1..=1024).contains(&value.len()), "a dimension's value has a wrong length");
                check(
                    value.is_ascii() && !value.starts_with(':'),
                    "a dimension's value is not plain",
                );
            }
        }
        let metrics = directive["Metrics"].as_array().unwrap_or(&none);
        check((1..=100).contains(&metrics.len()), "a directive has a wrong number of metrics");
        for metric in metrics {
            let name = metric["Name"].as_str().unwrap_or_default();
            check((1..=1024).contains(&name.len()), "a metric's name has a wrong length");
            check(UNITS.contains(&metric["Unit"].as_str().unwrap_or("None")), "a unit is unknown");
            let resolution = metric.get("StorageResolution").map(Value::as_i64);
            check(matches!(resolution, None | Some(Some(1 | 60))), "a resolution is unknown");
            let value = &document[name];
            let values = value.as_array().map_or(1, Vec::len);
            let numbers =
                value.as_array().map_or(value.is_number(), |all| all.iter().all(Value::is_number));
            check(numbers && (1..=100).contains(&values), "a value is not a number");
        }
    }
    faults
}

/// Of `StandardUnit`: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html>.
const UNITS: [&str; 27] = [
    "Seconds",
    "Microseconds",
    "Milliseconds",
    "Bytes",
    "Kilobytes",
    "Megabytes",
    "Gigabytes",
    "Terabytes",
    "Bits",
    "Kilobits",
    "Megabits",
    "Gigabits",
    "Terabits",
    "Percent",
    "Count",
    "Bytes/Second",
    "Kilobytes/Second",
    "Megabytes/Second",
    "Gigabytes/Second",
    "Terabytes/Second",
    "Bits/Second",
    "Kilobits/Second",
    "Megabits/Second",
    "Gigabits/Second",
    "Terabits/Second",
    "Count/Second",
    "None",
];

#[test]
fn the_check_of_metrics_finds_what_is_wrong() {
    let good = json!({
        "_aws": {"Timestamp": 1, "CloudWatchMetrics": [{
            "Namespace": "N", "Dimensions": [["A"]], "Metrics": [{"Name": "M", "Unit": "Count"}]
        }]},
        "A": "a", "M": 1,
    });
    assert_eq!(faults(&good), [""; 0]);
    let wrong: [(&str, Value, &str); 8] = [
        ("/_aws/Timestamp", json!("now"), "Timestamp is not an integer"),
        ("/_aws/CloudWatchMetrics", json!([]), "there is no directive"),
        ("/_aws/CloudWatchMetrics/0/Namespace", json!("AWS/Lambda"), "the namespace is reserved"),
        (
            "/_aws/CloudWatchMetrics/0/Dimensions",
            json!([["B"]]),
            "a dimension's value has a wrong length",
        ),
        ("/_aws/CloudWatchMetrics/0/Metrics/0/Unit", json!("Grams"), "a unit is unknown"),
        ("/_aws/CloudWatchMetrics/0/Metrics/0/Name", json!("X"), "a value is not a number"),
        ("/A", json!("ä"), "a dimension's value is not plain"),
        ("/M", json!("1"), "a value is not a number"),
    ];
    for (place, value, fault) in wrong {
        let mut document = good.clone();
        *document.pointer_mut(place).expect("a place") = value;
        assert_eq!(faults(&document), [fault], "{document}");
    }
}

#[test]
fn every_metric_has_a_name_of_its_own_and_known_dimensions() {
    let names: std::collections::BTreeSet<_> =
        Metric::ALL.iter().map(|metric| metric.name()).collect();
    assert_eq!((names.len(), NAMESPACE), (Metric::ALL.len(), "EcoCoder"));
    for metric in Metric::ALL {
        assert!(UNITS.contains(&metric.unit().name()));
        let known = ["AgentName", "ToolName", "ErrorType"];
        assert!(
            metric
                .dimension_sets()
                .iter()
                .flat_map(|set| set.iter())
                .all(|name| known.contains(name))
        );
    }
}

#[cfg(all(feature = "otlp", feature = "aws"))]
mod traces {
    use std::time::Duration;

    use super::*;
    use crate::world::aws::{FakeAws, Scripted, env, uses};
    use crate::world::collector::{Collector, Span};

    const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
    const CALLER: &str = "b7ad6b7169203331";

    /// A world whose reviews a model leads, and whose spans go to `endpoint`.
    async fn traced(endpoint: &str) -> (World, FakeAws) {
        let (mut world, aws) = (World::new().await, FakeAws::start().await);
        for (name, value) in env(aws.url()) {
            world.set(&name, &value);
        }
        world.set("ECO_CODER_DRIVER", "bedrock");
        world.set("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint);
        world.set("OTEL_EXPORTER_OTLP_HEADERS", "x-collector-token=open-sesame");
        aws.script(vec![looks(), posts()]);
        world.start();
        (world, aws)
    }

    fn turn(make: impl Fn(&Value) -> Value + Send + 'static) -> Scripted {
        Scripted::Answer(Box::new(move |request| {
            let opening = request["messages"][0]["content"][0]["text"].as_str().expect("words");
            let (_, facts) = opening.split_once("<task>").expect("a task");
            let facts = facts.split_once("</task>").expect("its end").0;
            make(&serde_json::from_str(facts).expect("JSON"))
        }))
    }

    fn looks() -> Scripted {
        turn(|task| {
            let bound = &task["binding"];
            let analyze = json!({"repository_arn": bound["repository_arn"], "branch_name": bound["branch"], "commit_sha": bound["head_sha"]});
            uses(&[
                ("t1", "analyze_code", analyze),
                ("t2", "calculate_carbon_footprint", task["workload"].clone()),
            ])
        })
    }

    fn posts() -> Scripted {
        turn(|task| {
            let bound = &task["binding"];
            let post = json!({"repository_full_name": bound["repository"], "pull_request_number": bound["pull_request"], "report_markdown": "Fetch all names at once."});
            uses(&[("t3", "post_github_comment", post)])
        })
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_delivery_is_one_trace_from_the_webhook_to_the_calls_of_apis() {
        let collector = Collector::start().await;
        let (mut world, _aws) = traced(&collector.url).await;
        let number = open(&world);

        let body = world.payload("opened", number).to_string();
        let traceparent = format!("00-{TRACE}-{CALLER}-01");
        let signature = crate::world::sign(body.as_bytes());
        let headers = [
            ("X-GitHub-Event", "pull_request"),
            ("X-GitHub-Delivery", "d1"),
            ("X-Hub-Signature-256", &*signature),
            ("traceparent", &*traceparent),
        ];
        world.request("POST", "/webhook", &headers, body.as_bytes()).await;
        world.comment(number);
        assert_eq!(world.idle().await, 0);
        let run_id = world.run_id(number);
        assert_eq!(world.terminate(), Some(0), "what waits is sent at the end");

        let spans = collector.spans();
        assert!(spans.iter().all(|span| span.trace == TRACE), "{spans:#?}");
        insta::assert_snapshot!(tree_of(&spans, CALLER, 0), @r#"
        webhook (server)
          session (consumer)
            GET /repos/{owner}/{repo}/compare/{range} (client, 200)
            GET /repos/{owner}/{repo}/contents/{path} (client, 200)
            GET /repos/{owner}/{repo}/contents/{path} (client, 404)
            GET /repos/{owner}/{repo}/issues/{id}/comments (client, 200)
            GET /repos/{owner}/{repo}/pulls/{id} (client, 200)
            GET /repos/{owner}/{repo}/pulls/{id}/files (client, 200)
            GET /user (client, 200)
            reasoning (internal, "global.anthropic.claude-sonnet-5-5", 1000, "Model")
              chat global.anthropic.claude-sonnet-5-5 (client)
              analyze_code (internal)
              calculate_carbon_footprint (internal)
            reasoning (internal, "global.anthropic.claude-sonnet-5-5", 1000, "Model")
              chat global.anthropic.claude-sonnet-5-5 (client)
              post_github_comment (internal)
                GET /repos/{owner}/{repo}/issues/{id}/comments (client, 200)
                POST /repos/{owner}/{repo}/issues/{id}/comments (client, 201)
        "#);
        let session = spans.iter().find(|span| span.name == "session").expect("a session");
        let annotated: BTreeMap<_, _> = session.attributes["aws.xray.annotations"]
            .as_array()
            .expect("names")
            .iter()
            .map(|name| name.as_str().expect("a name"))
            .map(|name| (name, &session.attributes[name]))
            .collect();
        assert_eq!(
            json!(annotated),
            json!({"repository": "octo/shop", "pr_number": number, "session_id": run_id, "agent_version": env!("CARGO_PKG_VERSION")})
        );
        assert_eq!(session.resource["service.name"], "eco-coder");
        assert_eq!(session.resource["service.version"], env!("CARGO_PKG_VERSION"));
        assert_eq!(session.resource["cloud.region"], "us-east-1");
        let requests = collector.headers();
        assert!(
            !requests.is_empty()
                && requests.iter().all(|headers| headers["x-collector-token"] == "open-sesame"
                    && headers["content-type"] == "application/x-protobuf")
        );
        let values = spans.iter().flat_map(|span| span.attributes.values());
        let values: Vec<_> = values.map(Value::to_string).collect();
        assert!(
            !values.iter().any(
                |value| value.contains("cursor") || value.contains(crate::world::github::TOKEN)
            ),
            "{values:?}"
        );
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_collector_that_is_down_or_hangs_does_not_touch_a_review() {
        let hanging = Collector::hanging().await;
        for endpoint in ["http://127.0.0.1:9", hanging.url.as_str()] {
            let (mut world, _aws) = traced(endpoint).await;
            let number = open(&world);

            review(&world, number).await;

            let begun = std::time::Instant::now();
            if endpoint.ends_with(":9") {
                world.wait_for_log("spans cannot be sent");
            }
            assert_eq!(world.terminate(), Some(0));
            assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
        }
        assert!(!hanging.headers().is_empty(), "it was asked");
    }

    /// The spans below a parent, an indented line each. Calls of APIs side by side are sorted, and repeated ones shown once.
    fn tree_of(spans: &[Span], parent: &str, depth: usize) -> String {
        let mut below: Vec<_> = spans.iter().filter(|span| span.parent == parent).collect();
        let is_call = |span: &Span| span.kind == 3;
        let status =
            |span: &Span| span.attributes.get("http.response.status_code").map(ToString::to_string);
        below.sort_by_key(|span| {
            if is_call(span) {
                (0, 0, span.name.clone(), status(span))
            } else {
                (1, span.start, String::new(), None)
            }
        });
        below.dedup_by(|one, other| {
            is_call(one) && one.name == other.name && status(one) == status(other)
        });
        let lines = below.iter().map(|span| {
            let mut facts = vec![kind(span.kind).to_owned()];
            let told = [
                "http.response.status_code",
                "gen_ai.response.model",
                "gen_ai.usage.input_tokens",
                "leader",
            ];
            facts.extend(
                told.iter().filter_map(|name| Some(span.attributes.get(*name)?.to_string())),
            );
            format!(
                "{}{} ({})\n{}",
                "  ".repeat(depth),
                span.name,
                facts.join(", "),
                tree_of(spans, &span.id, depth + 1)
            )
        });
        lines.collect()
    }

    fn kind(kind: i32) -> &'static str {
        ["unspecified", "internal", "server", "client", "producer", "consumer"][kind as usize]
    }
}
