//! The table of unit prices.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What AWS bills for, as the table names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Item {
    LambdaArm64,
    LambdaX86,
    LambdaRequests,
    AgentVcpu,
    AgentMemory,
    QueueRequests,
    TableWrites,
    TableReads,
    TableStorage,
    TableBackup,
    ObjectWrites,
    ObjectReads,
    ObjectStorage,
    LogsIngested,
    LogsStored,
    Metrics,
    Dashboards,
    Alarms,
    Secrets,
    SecretReads,
    Keys,
    KeyRequests,
    MemoryEvents,
    MemoryRecords,
    MemoryRetrievals,
    Traces,
    Notifications,
    Emails,
    Schedules,
    TransferOut,
}

/// Who says what a price is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Origin {
    Aws,
    ThirdParty,
}

/// One row of the table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Price {
    pub item: Item,
    pub title: String,
    pub region: String,
    /// What is counted.
    pub unit: String,
    /// How many units `usd` pays for.
    pub per: f64,
    pub usd: f64,
    pub origin: Origin,
    pub source: String,
    /// The day on which the source was read.
    pub read: String,
}

impl Price {
    pub fn unit_usd(&self) -> f64 {
        self.usd / self.per
    }
}

/// Unit prices by item.
#[derive(Debug, Clone)]
pub struct Prices(BTreeMap<Item, Price>);

impl Prices {
    /// The prices in the binary. A test reads them, so that a row that does not read cannot ship.
    pub fn bundled() -> Self {
        let mut reader = csv::ReaderBuilder::new()
            .comment(Some(b'#'))
            .from_reader(&include_bytes!("../aws.csv")[..]);
        let rows = reader.deserialize::<Price>().filter_map(Result::ok);
        Self(rows.map(|price| (price.item, price)).collect())
    }

    /// `None` where no source for a price was found.
    pub fn of(&self, item: Item) -> Option<&Price> {
        self.0.get(&item)
    }

    pub fn all(&self) -> impl Iterator<Item = &Price> {
        self.0.values()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_price_reads_and_carries_its_source_and_the_day_it_was_read() {
        let mut reader = csv::ReaderBuilder::new()
            .comment(Some(b'#'))
            .from_reader(&include_bytes!("../aws.csv")[..]);
        let rows: Vec<Price> = reader.deserialize().map(|row| row.expect("a price")).collect();
        assert_eq!(rows.len(), Prices::bundled().all().count(), "an item stands twice");
        for price in rows {
            assert!(price.usd > 0.0 && price.per >= 1.0, "{price:?}");
            assert!(price.source.starts_with("https://"), "{price:?}");
            let day: Vec<&str> = price.read.split('-').collect();
            assert!(matches!(day[..], [year, _, _] if year.len() == 4), "{price:?}");
            assert!(!price.unit.is_empty() && !price.title.is_empty(), "{price:?}");
        }
    }

    #[test]
    fn a_page_of_aws_is_told_from_what_others_say() {
        for price in Prices::bundled().all() {
            let aws = ["https://aws.amazon.com/", "https://raw.githubusercontent.com/aws/"]
                .iter()
                .any(|start| price.source.starts_with(start));
            assert_eq!(aws, price.origin == Origin::Aws, "{price:?}");
        }
    }
}
