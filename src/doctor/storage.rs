//! The table and the bucket: that they are there, and as `template.yaml` has them.

use aws_config::SdkConfig;
use aws_sdk_dynamodb::types::{
    IndexStatus, KeySchemaElement, KeyType, PointInTimeRecoveryStatus, TableDescription,
    TableStatus, TimeToLiveStatus,
};
use aws_sdk_s3::error::ProvideErrorMetadata;

use super::Check;
use super::aws::Asked;

const INDEX: &str = "open";
const EXPIRY: &str = "expires";
const DEPLOY: &str = "deploy template.yaml, or name what it made: `aws cloudformation describe-stacks --stack-name STACK --query 'Stacks[0].Outputs'`";

pub(super) async fn table(sdk: &SdkConfig, table: &str) -> Vec<Check> {
    let what = format!("the table {table}");
    let asked = asked("table", &what, "dynamodb:DescribeTable");
    let client = aws_sdk_dynamodb::Client::new(sdk);
    let described = match client.describe_table().table_name(table).send().await {
        Ok(described) => described.table,
        Err(error) => return vec![asked.refused(&error)],
    };
    let faults = described.as_ref().map_or_else(|| vec!["AWS tells nothing of it".into()], faults);
    vec![if faults.is_empty() {
        Check::ok(asked.name, format!("{table}, with its index"))
    } else {
        let fix = "keys cannot be changed: make the table with template.yaml, and name that one";
        Check::failed(asked.name, format!("{table}: {}", faults.join(", ")), fix)
    }]
}

/// What is not as the queue and the store need it.
fn faults(table: &TableDescription) -> Vec<String> {
    let mut faults = Vec::new();
    if !is_keyed(table.key_schema(), "pk", "sk") {
        faults.push("its keys are not pk and sk".to_owned());
    }
    let indexes = table.global_secondary_indexes();
    match indexes.iter().find(|index| index.index_name() == Some(INDEX)) {
        None => faults.push(format!("it has no index `{INDEX}`")),
        Some(index) if !is_keyed(index.key_schema(), INDEX, "open_since") => {
            faults.push(format!("the keys of the index `{INDEX}` are not {INDEX} and open_since"));
        }
        Some(index) if index.index_status() != Some(&IndexStatus::Active) => {
            faults.push(format!("the index `{INDEX}` is not active"));
        }
        Some(_) => {}
    }
    if table.table_status() != Some(&TableStatus::Active) {
        faults.push("it is not active".to_owned());
    }
    faults
}

fn is_keyed(keys: &[KeySchemaElement], partition: &str, sort: &str) -> bool {
    let has = |name: &str, kind: &KeyType| {
        keys.iter().any(|key| key.attribute_name() == name && key.key_type() == kind)
    };
    has(partition, &KeyType::Hash) && has(sort, &KeyType::Range)
}

pub(super) async fn expiry(sdk: &SdkConfig, table: &str) -> Vec<Check> {
    let what = format!("the table {table}");
    let asked = asked("table expiry", &what, "dynamodb:DescribeTimeToLive");
    let client = aws_sdk_dynamodb::Client::new(sdk);
    let answer = match client.describe_time_to_live().table_name(table).send().await {
        Ok(answer) => answer,
        Err(error) => return unless_absent(asked.refused(&error)),
    };
    let expiry = answer.time_to_live_description();
    let is_on = expiry.is_some_and(|expiry| {
        let on = [TimeToLiveStatus::Enabled, TimeToLiveStatus::Enabling];
        expiry.attribute_name() == Some(EXPIRY)
            && expiry.time_to_live_status().is_some_and(|status| on.contains(status))
    });
    vec![if is_on {
        Check::ok(asked.name, format!("items end by `{EXPIRY}`"))
    } else {
        let fix = format!(
            "`aws dynamodb update-time-to-live --table-name {table} --time-to-live-specification Enabled=true,AttributeName={EXPIRY}`"
        );
        Check::warning(
            asked.name,
            format!("items do not end by `{EXPIRY}`, so the table grows"),
            fix,
        )
    }]
}

pub(super) async fn recovery(sdk: &SdkConfig, table: &str) -> Vec<Check> {
    let what = format!("the table {table}");
    let asked = asked("table recovery", &what, "dynamodb:DescribeContinuousBackups");
    let client = aws_sdk_dynamodb::Client::new(sdk);
    let answer = match client.describe_continuous_backups().table_name(table).send().await {
        Ok(answer) => answer,
        Err(error) => return unless_absent(asked.refused(&error)),
    };
    let status = answer
        .continuous_backups_description()
        .and_then(|backups| backups.point_in_time_recovery_description())
        .and_then(|recovery| recovery.point_in_time_recovery_status());
    vec![if status == Some(&PointInTimeRecoveryStatus::Enabled) {
        Check::ok(asked.name, "to any second of the last days")
    } else {
        let fix = format!(
            "`aws dynamodb update-continuous-backups --table-name {table} --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true`"
        );
        Check::warning(asked.name, "off: what is deleted by mistake is gone", fix)
    }]
}

pub(super) async fn bucket(sdk: &SdkConfig, bucket: &str) -> Vec<Check> {
    let what = format!("the bucket {bucket}");
    // HEAD is allowed by what the service needs to tell an absent object from a forbidden one.
    let asked = Asked { is_vital: true, ..asked("bucket", &what, "s3:ListBucket") };
    let client = aws_sdk_s3::Client::new(sdk);
    vec![match client.head_bucket().bucket(bucket).send().await {
        Ok(_) => Check::ok(asked.name, bucket),
        Err(error) => asked.refused(&error),
    }]
}

pub(super) async fn privacy(sdk: &SdkConfig, bucket: &str) -> Vec<Check> {
    const UNSET: &str = "NoSuchPublicAccessBlockConfiguration";
    let what = format!("the bucket {bucket}");
    let asked = asked("bucket privacy", &what, "s3:GetBucketPublicAccessBlock");
    let client = aws_sdk_s3::Client::new(sdk);
    let block = match client.get_public_access_block().bucket(bucket).send().await {
        Ok(answer) => answer.public_access_block_configuration,
        Err(error) if error.code() == Some(UNSET) => None,
        Err(error) => return unless_absent(asked.refused(&error)),
    };
    let is_blocked = block.is_some_and(|block| {
        [
            block.block_public_acls,
            block.ignore_public_acls,
            block.block_public_policy,
            block.restrict_public_buckets,
        ]
        .iter()
        .all(|part| *part == Some(true))
    });
    vec![if is_blocked {
        Check::ok(asked.name, "public access is blocked")
    } else {
        let fix = format!(
            "`aws s3api put-public-access-block --bucket {bucket} --public-access-block-configuration BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true`"
        );
        Check::warning(asked.name, "public access is not blocked on the bucket itself", fix)
    }]
}

fn asked<'a>(name: &'a str, what: &'a str, action: &'a str) -> Asked<'a> {
    Asked { name, what, action, is_vital: false, absent: DEPLOY }
}

/// That the whole does not exist is told once.
fn unless_absent(check: Check) -> Vec<Check> {
    if check.fix.as_deref() == Some(DEPLOY) { Vec::new() } else { vec![check] }
}
