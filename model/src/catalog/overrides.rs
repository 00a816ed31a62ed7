//! An operator's own prices over those that come with the program.

use std::collections::HashMap;
use std::fs::File as Opened;
use std::io::{self, Read};
use std::path::Path;

use chrono::NaiveDate;
use serde::Deserialize;

use super::own_rows::OwnRows;
use super::table::{self, Row, Service};
use super::{Model, nearest_of, quirks, without_geography};

/// A table of every model is a tenth of this.
const LARGEST: usize = 1 << 20;
const MOST_ROWS: usize = 5_000;

/// What is known of the models: what comes with the program, and an operator's rows over it.
#[derive(Debug, Clone, Default)]
pub struct Catalog {
    own: HashMap<String, OwnRows>,
}

/// Why a table of prices is not taken. It names the file, and says what to mend.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {problem}")]
pub struct OverrideError {
    pub file: String,
    pub problem: String,
}

/// Prices in US dollars per million tokens. What a row leaves out stays as it is known.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Override {
    id: String,
    #[serde(default)]
    driver: Option<Service>,
    input: Option<f64>,
    output: Option<f64>,
    cache_read: Option<f64>,
    cache_write: Option<f64>,
    context: Option<u32>,
    max_output: Option<u32>,
    /// Whether it takes cache points.
    caches: Option<bool>,
    /// Whether it takes `temperature` and `top_p`.
    samples: Option<bool>,
    /// Where the figures are from.
    source: String,
    /// When they were read there.
    date: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    models: Vec<Override>,
}

impl Catalog {
    /// What comes with the program.
    pub fn bundled() -> Self {
        Self::default()
    }

    /// With the rows of the file at this path over it.
    pub fn open(self, path: &Path) -> Result<Self, OverrideError> {
        let unreadable = |error: io::Error| OverrideError {
            file: path.display().to_string(),
            problem: format!("it cannot be read: {error}"),
        };
        let mut text = String::new();
        let mut file = Opened::open(path).map_err(unreadable)?.take(LARGEST as u64 + 1);
        file.read_to_string(&mut text).map_err(unreadable)?;
        self.with_overrides(path, &text)
    }

    /// With the rows of a file of prices over it: TOML (`[[models]]`) or JSON (`{"models": []}`), told by its name.
    pub fn with_overrides(mut self, path: &Path, text: &str) -> Result<Self, OverrideError> {
        let refuse = |problem: String| OverrideError { file: path.display().to_string(), problem };
        for row in parse(path, text).map_err(refuse)?.models {
            let merged = merge(&row).map_err(refuse)?;
            let rows = self.own.entry(row.id.clone()).or_default();
            if !rows.add(merged, row.driver.is_some()) {
                let through = row.driver.map_or("", Service::driver);
                return Err(refuse(format!(
                    "{} stands twice in it{}; keep one row",
                    row.id,
                    if through.is_empty() { String::new() } else { format!(" for {through}") }
                )));
            }
        }
        Ok(self)
    }

    /// What is known of a model by its id, its inference profile or the ARN of either, through whichever driver.
    pub fn lookup(&self, model_id: &str) -> Model {
        model(model_id, &|id| self.own.get(id)?.usual())
    }

    /// The same for who asks it through this driver.
    pub fn lookup_through(&self, driver: &str, model_id: &str) -> Model {
        model(model_id, &|id| self.own.get(id)?.of(driver))
    }

    /// Whether this driver has a model of this id, profile or ARN, as far as the tables know.
    pub fn knows(&self, driver: &str, model_id: &str) -> bool {
        let name = model_id.rsplit_once('/').map_or(model_id, |(_, name)| name);
        let of_driver = |row: &Row| row.service.driver() == driver;
        let has = |id: &str| {
            self.own.get(id).is_some_and(|rows| rows.all().any(of_driver))
                || table::row(id).is_some_and(of_driver)
        };
        has(name) || has(without_geography(name))
    }

    /// All ids of one driver, in no order.
    pub fn ids<'a>(&'a self, driver: &'a str) -> impl Iterator<Item = &'a str> {
        let own = self.own.values().flat_map(OwnRows::all);
        let own = own.map(|row| (row.id.as_str(), row.service));
        let bundled = table::ids().map(|(id, service)| -> (&'a str, Service) { (id, service) });
        own.chain(bundled).filter(move |(_, service)| service.driver() == driver).map(|(id, _)| id)
    }

    /// Ids of this driver that are spelled like this one; at most three.
    pub fn nearest<'a>(&'a self, driver: &'a str, id: &str) -> Vec<&'a str> {
        nearest_of(id, self.ids(driver))
    }
}

/// As an operator's own rows say, and the tables where these say nothing.
fn model<'a>(model_id: &str, own: &dyn Fn(&str) -> Option<&'a Row>) -> Model {
    let name = model_id.rsplit_once('/').map_or(model_id, |(_, name)| name);
    let base = without_geography(name);
    let row = |id: &str| own(id).or_else(|| table::row(id));
    // Limits are the model's own; the price is the profile's.
    let priced = row(name);
    let row = priced.or_else(|| row(base));
    let cache_points = quirks::cache_points(base);
    let table_caches = row.is_some_and(|row| row.caches);
    Model {
        id: model_id.to_owned(),
        vendor: row.map_or_else(|| quirks::vendor(base), |row| row.vendor.clone()),
        max_output_tokens: row.and_then(|row| row.max_output),
        context: row.and_then(|row| row.context),
        price: priced.and_then(Row::price),
        price_is_own: own(name).is_some_and(|row| row.price().is_some()),
        takes: quirks::takes(row, base),
        caches: table_caches && cache_points.contains("messages"),
        caches_tools: table_caches && cache_points.contains("tools"),
        takes_tool_status: quirks::takes_tool_status(base),
        manner: quirks::manner(base),
        lifecycle_end: quirks::end(row, base),
    }
}

fn parse(path: &Path, text: &str) -> Result<File, String> {
    if text.len() > LARGEST {
        return Err(format!("it is larger than {LARGEST} bytes"));
    }
    let file: File = match path.extension().and_then(|extension| extension.to_str()) {
        Some("json") => serde_json::from_str(text).map_err(|error| error.to_string())?,
        Some("toml") => toml::from_str(text).map_err(|error| error.to_string())?,
        _ => return Err("its name ends neither in .toml nor in .json".to_owned()),
    };
    if file.models.len() > MOST_ROWS {
        return Err(format!("it has more than {MOST_ROWS} rows"));
    }
    Ok(file)
}

fn merge(row: &Override) -> Result<Row, String> {
    let id = &row.id;
    if id.is_empty() || id.len() > 200 || id.chars().any(char::is_control) {
        return Err("an id is empty, longer than 200 bytes, or has control characters".to_owned());
    }
    if row.source.trim().is_empty() {
        return Err(format!("{id} names no source; say where its prices are from"));
    }
    if row.date.parse::<NaiveDate>().is_err() {
        return Err(format!("the date of {id} is no day; write it like 2026-11-22"));
    }
    for (name, price) in [
        ("input", row.input),
        ("output", row.output),
        ("cache_read", row.cache_read),
        ("cache_write", row.cache_write),
    ] {
        // The dearest model of the tables costs 60 US dollars; a price per token or per thousand would be far off.
        if price.is_some_and(|price| !(0.0..=10_000.0).contains(&price)) {
            return Err(format!(
                "{name} of {id} is not between 0 and 10,000 US dollars per million tokens"
            ));
        }
    }
    for (name, tokens) in [("context", row.context), ("max_output", row.max_output)] {
        if tokens == Some(0) {
            return Err(format!(
                "{name} of {id} is 0, so nothing could be asked; leave it out where it is not known"
            ));
        }
    }
    let known = table::row(id).or_else(|| table::row(without_geography(id)));
    let priced = table::row(id);
    let unpriced = |of: fn(&Row) -> Option<f64>| priced.and_then(of);
    Ok(Row {
        id: id.clone(),
        vendor: known
            .map_or_else(|| quirks::vendor(without_geography(id)), |row| row.vendor.clone()),
        input: row.input.or(unpriced(|row| row.input)),
        output: row.output.or(unpriced(|row| row.output)),
        cache_read: row.cache_read.or(unpriced(|row| row.cache_read)),
        cache_write: row.cache_write.or(unpriced(|row| row.cache_write)),
        // Whoever gives prices of their own gives them for requests of every length.
        price_up_to: priced.and_then(|known| known.price_up_to).filter(|_| row.input.is_none()),
        context: row.context.or_else(|| known.and_then(|row| row.context)),
        max_output: row.max_output.or_else(|| known.and_then(|row| row.max_output)),
        caches: row.caches.unwrap_or(known.is_some_and(|row| row.caches)),
        samples: row.samples.unwrap_or(known.is_none_or(|row| row.samples)),
        ends: known.and_then(|row| row.ends.clone()),
        service: row.driver.or(known.map(|row| row.service)).unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Usage;

    const OWN: &str = r#"
[[models]]
id = "us.anthropic.claude-sonnet-5-5"
input = 1.5
source = "our agreement with AWS"
date = "2026-11-01"

[[models]]
id = "qwen-on-our-own-machine"
driver = "openai"
input = 0.0
output = 0.0
context = 32768
source = "our own machine"
date = "2026-11-01"
"#;

    fn over(name: &str, text: &str) -> Result<Catalog, OverrideError> {
        Catalog::bundled().with_overrides(Path::new(name), text)
    }

    #[test]
    fn an_operators_price_goes_before_the_tables_and_the_rest_stays() {
        let catalog = over("prices.toml", OWN).unwrap();
        let usage = Usage { input_tokens: 1_000_000, output_tokens: 1_000_000, ..Usage::default() };
        let cost = |id: &str| catalog.lookup(id).cost(usage).map(|cost| format!("{cost:.2}"));
        assert_eq!(cost("us.anthropic.claude-sonnet-5-5").as_deref(), Some("12.50"));
        assert_eq!(cost("anthropic.claude-sonnet-5-5").as_deref(), Some("12.00"));
        assert_eq!(cost("qwen-on-our-own-machine").as_deref(), Some("0.00"));
        assert_eq!(catalog.lookup("us.anthropic.claude-sonnet-5-5").context, Some(1_000_000));
        assert!(catalog.lookup("us.anthropic.claude-sonnet-5-5").caches);
        assert!(catalog.knows("openai", "qwen-on-our-own-machine"));
        assert!(!catalog.knows("bedrock", "qwen-on-our-own-machine"));
        assert_eq!(catalog.nearest("openai", "qwen-on-our-machine"), ["qwen-on-our-own-machine"]);
    }

    #[test]
    fn a_row_of_one_driver_says_nothing_of_the_same_id_through_another() {
        const SONNET: &str = "us.anthropic.claude-sonnet-5-5";
        let row = |driver: &str, input: f64| {
            format!(
                "[[models]]\nid = \"{SONNET}\"\n{driver}\ninput = {input}\noutput = {input}\nsource = \"x\"\ndate = \"2026-11-01\"\n"
            )
        };
        let input = |catalog: &Catalog, driver: &str| {
            let model = catalog.lookup_through(driver, SONNET);
            (model.price.unwrap().input, model.price_is_own)
        };
        let own = over("prices.toml", &row("driver = \"openai\"", 0.0)).unwrap();
        assert_eq!((input(&own, "bedrock"), input(&own, "openai")), ((2.2, false), (0.0, true)));
        assert!(own.knows("bedrock", SONNET) && own.knows("openai", SONNET));
        let two = row("driver = \"openai\"", 0.0) + &row("driver = \"bedrock\"", 1.5);
        let two = over("prices.toml", &two).unwrap();
        assert_eq!((input(&two, "bedrock"), input(&two, "openai")), ((1.5, true), (0.0, true)));
        let usual = two.lookup(SONNET).price;
        assert_eq!(usual, two.lookup_through("bedrock", SONNET).price, "the id is Bedrock's");
        let all = row("", 1.0) + &row("driver = \"openai\"", 0.0);
        let all = over("prices.toml", &all).unwrap();
        assert_eq!((input(&all, "bedrock"), input(&all, "openai")), ((1.0, true), (0.0, true)));
        let twice = row("driver = \"openai\"", 0.0).repeat(2);
        let said = over("prices.toml", &twice).unwrap_err().problem;
        assert!(said.contains("stands twice in it for openai"), "{said}");
    }

    #[test]
    fn the_same_rows_may_be_json() {
        let json =
            r#"{"models": [{"id": "gpt-4o", "input": 2.25, "source": "x", "date": "2026-11-01"}]}"#;
        let price = over("prices.json", json).unwrap().lookup("gpt-4o").price.unwrap();
        assert_eq!((price.input, price.output), (2.25, 10.0));
    }

    #[test]
    fn a_table_with_a_mistake_is_refused_as_a_whole() {
        let row = |rest: &str| format!(r#"{{"models": [{{"id": "a.b", {rest}}}]}}"#);
        let mistakes = [
            ("prices.yaml", String::new()),
            ("prices.json", row(r#""input": 1, "date": "2026-11-01""#)),
            ("prices.json", row(r#""input": 1, "source": " ", "date": "2026-11-01""#)),
            ("prices.json", row(r#""input": 1, "source": "x", "date": "yesterday""#)),
            ("prices.json", row(r#""input": -1, "source": "x", "date": "2026-11-01""#)),
            ("prices.json", row(r#""inputs": 1, "source": "x", "date": "2026-11-01""#)),
            (
                "prices.toml",
                "[[models]]\nid = \"a.b\"\ninput = nan\nsource = \"x\"\ndate = \"2026-11-01\"\n"
                    .to_owned(),
            ),
            ("prices.json", row(r#""context": 0, "source": "x", "date": "2026-11-01""#)),
            ("prices.json", row(r#""max_output": 0, "source": "x", "date": "2026-11-01""#)),
            (
                "prices.toml",
                OWN.replace("qwen-on-our-own-machine", "us.anthropic.claude-sonnet-5-5")
                    .replace("driver = \"openai\"\n", ""),
            ),
        ];
        let said = mistakes.map(|(name, text)| over(name, &text).unwrap_err().to_string());
        insta::assert_snapshot!(said.join("\n"), @"
prices.yaml: its name ends neither in .toml nor in .json
prices.json: missing field `source` at line 1 column 59
prices.json: a.b names no source; say where its prices are from
prices.json: the date of a.b is no day; write it like 2026-11-22
prices.json: input of a.b is not between 0 and 10,000 US dollars per million tokens
prices.json: unknown field `inputs`, expected one of `id`, `driver`, `input`, `output`, `cache_read`, `cache_write`, `context`, `max_output`, `caches`, `samples`, `source`, `date` at line 1 column 34
prices.toml: input of a.b is not between 0 and 10,000 US dollars per million tokens
prices.json: context of a.b is 0, so nothing could be asked; leave it out where it is not known
prices.json: max_output of a.b is 0, so nothing could be asked; leave it out where it is not known
prices.toml: us.anthropic.claude-sonnet-5-5 stands twice in it; keep one row
");
    }
}
