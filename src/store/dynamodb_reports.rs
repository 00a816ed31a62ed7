//! Reports in the table, their texts there or in the bucket, and a list of them for each day.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::time::Duration;

use aws_sdk_dynamodb::types::AttributeValue;
use contract::Timestamp;
use futures::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};

use super::aws_calls::Fault;
use super::bodies::segment;
use super::dynamodb::{DynamoStore, REPORTS_LAST};
use super::dynamodb_item::{Item, Key, day, days};
use super::dynamodb_list::{Order, Partition, Query};
use super::dynamodb_table::Condition;
use super::{KeptReport, StoreError};

/// Where the index has the reports that were not posted.
const NOT_POSTED: &str = "report";
const NOT_POSTED_MOST: usize = 100;
const SINCE_MOST: usize = 1000;
/// Texts fetched from the bucket side by side.
const FETCHED_AT_ONCE: usize = 16;
const DAY: Duration = Duration::from_hours(24);

/// The two texts of a report, kept as one.
#[derive(Serialize, Deserialize)]
struct Texts {
    markdown: String,
    json: String,
}

/// The day's list is written first: an entry without its report is passed over, a report without its entry would be
/// missed. A partition takes a thousand writes a second, far more than all pull requests that are opened anywhere.
pub(super) async fn keep(store: &DynamoStore, report: &KeptReport) -> Result<(), StoreError> {
    let [entry, item] = items(store, report).await?;
    store.table.put(entry).await?;
    let before = store.table.put(item).await?;
    let earlier = before.and_then(|item| item.read_time("touched").ok());
    if let Some(earlier) = earlier.filter(|earlier| *earlier != report.at) {
        forget_entry(store, earlier, &report.run_id).await;
    }
    Ok(())
}

pub(super) async fn find(
    store: &DynamoStore,
    run_id: &str,
) -> Result<Option<KeptReport>, StoreError> {
    match store.table.get(&Key::report(run_id)).await? {
        Some(item) if !item.has_expired((store.clock)()) => Ok(Some(report_of(store, item).await?)),
        _ => Ok(None),
    }
}

pub(super) async fn not_posted(store: &DynamoStore) -> Result<Vec<KeptReport>, StoreError> {
    let query = Query {
        partition: Partition::OfIndex(NOT_POSTED.to_owned()),
        order: Order::Ascending,
        most: NOT_POSTED_MOST,
    };
    let now = (store.clock)();
    let waiting = store.table.query(query, |item| !item.has_expired(now)).await?;
    let keys = waiting.iter().map(Item::key).collect::<Result<Vec<_>, _>>()?;
    let mut reports = load(store, &keys).await?;
    // The index may be a moment behind the table.
    reports.retain(|report| report.posting_failed);
    reports.sort_by_key(|report| report.at);
    Ok(reports)
}

pub(super) async fn since(
    store: &DynamoStore,
    since: Timestamp,
) -> Result<Vec<KeptReport>, StoreError> {
    let now = (store.clock)();
    // Another worker's clock may have passed midnight already.
    let days = days(since.max(now - REPORTS_LAST), now + DAY);
    let mut reports = Vec::new();
    for midnight in days.rev() {
        let most = SINCE_MOST - reports.len();
        reports.append(&mut of_day(store, &day(midnight), since, most).await?);
        if reports.len() >= SINCE_MOST {
            break;
        }
    }
    Ok(reports)
}

/// Newest first. An entry whose report has been kept again at another time does not count.
async fn of_day(
    store: &DynamoStore,
    day: &str,
    since: Timestamp,
    most: usize,
) -> Result<Vec<KeptReport>, StoreError> {
    let now = (store.clock)();
    let query = Query {
        partition: Partition::OfTable(format!("reports#{day}")),
        order: Order::Descending,
        most,
    };
    let is_recent = |item: &Item| item.read_time("touched").is_ok_and(|at| at >= since);
    let wanted = |item: &Item| is_recent(item) && !item.has_expired(now);
    let entries = store.table.query(query, wanted).await?;
    let mut kept = HashSet::new();
    for entry in &entries {
        kept.insert((entry.read_text("run_id")?, entry.read_time("touched")?));
    }
    let runs: HashSet<&str> = kept.iter().map(|(run_id, _)| run_id.as_str()).collect();
    let keys: Vec<Key> = runs.into_iter().map(Key::report).collect();
    let mut reports = load(store, &keys).await?;
    reports.retain(|report| kept.contains(&(report.run_id.clone(), report.at)));
    reports.sort_by_key(|report| Reverse(report.at));
    Ok(reports)
}

async fn load(store: &DynamoStore, keys: &[Key]) -> Result<Vec<KeptReport>, StoreError> {
    let now = (store.clock)();
    let items = store.table.get_all(keys).await?;
    let current = items.into_iter().filter(|item| !item.has_expired(now));
    stream::iter(current.map(|item| report_of(store, item)))
        .buffer_unordered(FETCHED_AT_ONCE)
        .try_collect()
        .await
}

/// Where this fails, the entry is passed over and expires.
async fn forget_entry(store: &DynamoStore, at: Timestamp, run_id: &str) {
    let key = Key::report_at(at, run_id);
    let touched = AttributeValue::N(at.0.to_string());
    let unchanged =
        Condition { expression: "#touched = :touched", values: vec![(":touched", touched)] };
    if let Err(error) = store.table.delete_if(&key, unchanged).await {
        tracing::warn!(%error, "the list of a day names a report that was kept again later");
    }
}

/// The entry in the day's list, and the report itself, whose texts are in the bucket by now if they are large.
pub(super) async fn items(
    store: &DynamoStore,
    report: &KeptReport,
) -> Result<[Item; 2], StoreError> {
    let texts = Texts { markdown: report.markdown.clone(), json: report.json.clone() };
    let texts =
        serde_json::to_string(&texts).map_err(|error| StoreError::Unavailable(error.into()))?;
    let prefix = format!("reports/{}/", segment(&report.run_id));
    let body = store.bodies.keep(&prefix, &texts).await?;
    let entry = Item::new(&Key::report_at(report.at, &report.run_id), report.at, REPORTS_LAST)
        .text("run_id", &report.run_id);
    Ok([entry, item_of(report).body(&body)])
}

fn item_of(report: &KeptReport) -> Item {
    let item = Item::new(&Key::report(&report.run_id), report.at, REPORTS_LAST)
        .text("run_id", &report.run_id)
        .text("repository", &report.repository)
        .number("pull_request", report.pull_request)
        .text("head_sha", &report.head_sha)
        .flag("posting_failed", report.posting_failed);
    let item = match &report.comment_url {
        Some(url) => item.text("comment_url", url),
        None => item,
    };
    if report.posting_failed {
        item.text("open", NOT_POSTED).number("open_since", report.at.0)
    } else {
        item
    }
}

async fn report_of(store: &DynamoStore, item: Item) -> Result<KeptReport, StoreError> {
    let body = item.read_body()?;
    let texts = store.bodies.text(&body, &item.name()).await?;
    let texts = texts.ok_or_else(|| store.bodies.gone(&body))?;
    let texts: Texts = serde_json::from_str(&texts)
        .map_err(|_| Fault::Shape { item: item.name(), attribute: "body".to_owned() })?;
    Ok(KeptReport {
        run_id: item.read_text("run_id")?,
        repository: item.read_text("repository")?,
        pull_request: item.read_number("pull_request")?,
        head_sha: item.read_text("head_sha")?,
        markdown: texts.markdown,
        json: texts.json,
        posting_failed: item.read_flag("posting_failed")?,
        comment_url: item.read_text_if_any("comment_url")?,
        at: item.read_time("touched")?,
    })
}
