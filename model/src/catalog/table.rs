//! The tables of prices and limits that come with the program.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::Price;

/// Whose service a row's price and id belong to, named as the driver that asks it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Service {
    #[default]
    Bedrock,
    Anthropic,
    #[serde(rename = "openai")]
    OpenAi,
}

impl Service {
    /// The name of its driver.
    pub fn driver(self) -> &'static str {
        match self {
            Self::Bedrock => "bedrock",
            Self::Anthropic => "anthropic",
            Self::OpenAi => "openai",
        }
    }
}

/// One model, as a table has it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Row {
    pub id: String,
    pub vendor: String,
    pub input: Option<f64>,
    pub output: Option<f64>,
    pub cache_read: Option<f64>,
    pub cache_write: Option<f64>,
    pub price_up_to: Option<u64>,
    pub context: Option<u32>,
    pub max_output: Option<u32>,
    #[serde(default)]
    pub caches: bool,
    #[serde(default = "yes")]
    pub samples: bool,
    pub ends: Option<String>,
    #[serde(skip)]
    pub service: Service,
}

fn yes() -> bool {
    true
}

impl Row {
    pub(super) fn price(&self) -> Option<Price> {
        let (input, output) = (self.input?, self.output?);
        Some(Price {
            input,
            output,
            cache_read: self.cache_read,
            cache_write: self.cache_write,
            up_to: self.price_up_to,
        })
    }
}

#[derive(Deserialize)]
struct File {
    models: Vec<Row>,
}

static ROWS: LazyLock<HashMap<String, Row>> = LazyLock::new(|| {
    // A test reads both files, so a failure here cannot ship.
    let read = |text| serde_json::from_str(text).unwrap_or(File { models: Vec::new() }).models;
    let bedrock = read(include_str!("../data/bedrock_models.json"));
    let mut direct = read(include_str!("../data/direct_models.json"));
    for row in &mut direct {
        row.service = if row.vendor == "anthropic" { Service::Anthropic } else { Service::OpenAi };
    }
    bedrock.into_iter().chain(direct).map(|row| (row.id.clone(), row)).collect()
});

pub(super) fn row(id: &str) -> Option<&'static Row> {
    ROWS.get(id)
}

/// All ids, in no order.
pub(super) fn ids() -> impl Iterator<Item = (&'static str, Service)> {
    ROWS.values().map(|row| (row.id.as_str(), row.service))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_read_and_no_id_stands_in_both() {
        let read = |text| serde_json::from_str::<File>(text).unwrap().models;
        let bedrock = read(include_str!("../data/bedrock_models.json"));
        let direct = read(include_str!("../data/direct_models.json"));
        assert!(bedrock.len() > 250);
        assert!(direct.len() > 70);
        assert_eq!(ROWS.len(), bedrock.len() + direct.len());
        let priced = |row: &Row| row.price().is_some_and(|price| price.input >= 0.0);
        assert!(direct.iter().all(priced));
    }
}
