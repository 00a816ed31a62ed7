//! The queue and its dead-letter queue.

use std::collections::HashMap;

use aws_config::SdkConfig;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::QueueAttributeName;
use serde_json::Value;

use super::Check;
use super::aws::Asked;

/// Six times the worker's timeout of 15 minutes: <https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html>
const VISIBILITY: u64 = 5400;
const DEPLOY: &str = "deploy template.yaml, or name the queues that it made in ECO_CODER_QUEUE_URL and ECO_CODER_DEAD_LETTER_QUEUE_URL";

type Attributes = HashMap<QueueAttributeName, String>;

pub(super) async fn look(sdk: &SdkConfig, url: &str, dead: Option<&str>) -> Vec<Check> {
    let attributes = match attributes(sdk, "queue", url, true).await {
        Ok(attributes) => attributes,
        Err(check) => return vec![*check],
    };
    let waiting = number(&attributes, &QueueAttributeName::ApproximateNumberOfMessages);
    let taken = number(&attributes, &QueueAttributeName::ApproximateNumberOfMessagesNotVisible);
    vec![
        Check::ok("queue", format!("{}, {waiting} waiting, {taken} with workers", name_of(url))),
        visibility(&attributes, url),
        redrive(&attributes, url, dead),
    ]
}

fn visibility(attributes: &Attributes, url: &str) -> Check {
    const NAME: &str = "queue visibility";
    let seconds = number(attributes, &QueueAttributeName::VisibilityTimeout);
    if seconds >= VISIBILITY {
        return Check::ok(NAME, format!("{seconds} s"));
    }
    let seen = format!(
        "{seconds} s: less than six times the 900 s that a worker may take, so jobs may be taken twice"
    );
    let fix = format!(
        "`aws sqs set-queue-attributes --queue-url {url} --attributes VisibilityTimeout={VISIBILITY}`"
    );
    Check::warning(NAME, seen, fix)
}

fn redrive(attributes: &Attributes, url: &str, dead: Option<&str>) -> Check {
    const NAME: &str = "redrive";
    let fix = "give the queue a RedrivePolicy as in template.yaml, and its target's URL in ECO_CODER_DEAD_LETTER_QUEUE_URL";
    let policy = attributes.get(&QueueAttributeName::RedrivePolicy);
    let policy: Value =
        policy.and_then(|policy| serde_json::from_str(policy).ok()).unwrap_or_default();
    let Some(target) = policy["deadLetterTargetArn"].as_str() else {
        let seen = format!("{} gives no job up: one that fails comes back for days", name_of(url));
        return Check::failed(NAME, seen, fix);
    };
    let target = target.rsplit(':').next().unwrap_or_default();
    // A number, or a text with one.
    let times = policy["maxReceiveCount"].to_string();
    let times = times.trim_matches('"');
    match dead {
        Some(dead) if name_of(dead) != target => {
            let seen = format!("jobs end in {target}, and the settings name {}", name_of(dead));
            Check::failed(NAME, seen, fix)
        }
        _ => Check::ok(NAME, format!("after {times} times to {target}")),
    }
}

pub(super) async fn dead_letters(sdk: &SdkConfig, url: &str) -> Vec<Check> {
    const NAME: &str = "dead letters";
    let attributes = match attributes(sdk, NAME, url, false).await {
        Ok(attributes) => attributes,
        Err(check) => return vec![*check],
    };
    let number = number(&attributes, &QueueAttributeName::ApproximateNumberOfMessages);
    if number == 0 {
        return vec![Check::ok(NAME, "none")];
    }
    let arn = attributes.get(&QueueAttributeName::QueueArn).map_or("ARN", String::as_str);
    let fix = format!(
        "find the cause (docs/runbooks.md#dead-letters), then `aws sqs start-message-move-task --source-arn {arn}`"
    );
    vec![Check::warning(NAME, format!("{number}: so many jobs were given up"), fix)]
}

async fn attributes(
    sdk: &SdkConfig,
    name: &str,
    url: &str,
    is_vital: bool,
) -> Result<Attributes, Box<Check>> {
    let what = format!("the queue {}", name_of(url));
    let asked =
        Asked { name, what: &what, action: "sqs:GetQueueAttributes", is_vital, absent: DEPLOY };
    let wanted = QueueAttributeName::All;
    let call = Client::new(sdk).get_queue_attributes().queue_url(url).attribute_names(wanted);
    match call.send().await {
        Ok(answer) => Ok(answer.attributes.unwrap_or_default()),
        Err(error) => Err(Box::new(asked.refused(&error))),
    }
}

fn number(attributes: &Attributes, name: &QueueAttributeName) -> u64 {
    attributes.get(name).and_then(|number| number.parse().ok()).unwrap_or(0)
}

fn name_of(url: &str) -> &str {
    url.rsplit('/').next().unwrap_or(url)
}
