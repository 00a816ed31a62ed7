//! The gate for a leader's words: a figure or a `file:line` that no tool result holds is removed, and counted.

use std::sync::LazyLock;

use contract::{CodeReview, Severity};
use regex::Regex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::text;
use crate::agent::{Call, run};

/// Words that passed the gate.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Checked {
    pub text: String,
    /// Each figure and place that stayed, and the tool result that holds it.
    pub citations: Vec<Citation>,
    /// Sentences with figures or places, all of which stayed.
    #[serde(default)]
    pub supported: usize,
    /// Sentences that were taken out.
    pub removed: usize,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Citation {
    pub claim: String,
    /// `CALL#/json/pointer`
    pub evidence: String,
}

/// More words than this are cut before anything else.
const MOST_CHARACTERS: usize = 6_000;

/// Keeps the sentences whose every figure and place stands in a tool result.
pub fn check(words: &str, calls: &[Call]) -> Checked {
    let evidence = Evidence::of(calls);
    let mut checked = Checked::default();
    let mut lines = Vec::new();
    for line in text::shorten(words.trim(), MOST_CHARACTERS).lines() {
        lines.push(check_line(line, &evidence, &mut checked));
    }
    let kept = lines.join("\n");
    checked.text = text::prose(collapse_blank_lines(&kept).trim());
    checked
}

fn check_line(line: &str, evidence: &Evidence, checked: &mut Checked) -> String {
    // Headings and fences of a model's would break the report's own structure.
    let line = line.trim_end().trim_start_matches('#');
    if line.trim_start().starts_with("```") || line.trim_start().starts_with("~~~") {
        return String::new();
    }
    let mut kept = String::new();
    for sentence in sentences(line) {
        match evidence.citations(sentence) {
            Some(citations) => {
                kept.push_str(sentence);
                checked.supported += usize::from(!citations.is_empty());
                checked.citations.extend(citations);
            }
            None => checked.removed += 1,
        }
    }
    let bare = kept.trim().trim_start_matches(['-', '*', '>', ' ']);
    if bare.is_empty() { String::new() } else { kept }
}

/// Splits after `.`, `!` or `?` that a space follows; the pieces join to the line again.
fn sentences(line: &str) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let bytes = line.as_bytes();
    for (at, pair) in bytes.windows(2).enumerate() {
        if matches!(pair[0], b'.' | b'!' | b'?') && pair[1] == b' ' && at + 2 > start {
            pieces.push(&line[start..at + 2]);
            start = at + 2;
        }
    }
    pieces.push(&line[start..]);
    pieces.into_iter().filter(|piece| !piece.is_empty()).collect()
}

fn collapse_blank_lines(text: &str) -> String {
    let mut lines: Vec<&str> = Vec::new();
    for line in text.lines() {
        if line.trim().is_empty() && lines.last().is_none_or(|last| last.trim().is_empty()) {
            continue;
        }
        lines.push(line);
    }
    lines.join("\n")
}

/// What `CodeCarbon` would say of the same work.
const COMPARED: &str = "#/codecarbon/";

/// `path/file.ext:12` or `path/file.ext:12-20`
static PLACE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r"(?P<path>[\w./@+-]*[\w+-]\.[A-Za-z]\w*):(?:L)?(?P<line>\d+)(?:-L?\d+)?").ok()
});
/// "line 12", "lines 12-14"
static LINE: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?i)\blines?\s+(?P<line>\d+)(?:\s?[-–]\s?\d+)?").ok());
/// `34`, `1,234.5`, `6e-7`
static NUMBER: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\d[\d,]*(?:\.\d+)?(?:[eE][+-]?\d+)?").ok());
/// What follows a number: ` %`, ` ms`, `x`.
static UNIT: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^\s?(?:%|[A-Za-zµ]+[A-Za-z0-9₂/]*)").ok());

/// What the tool results hold.
struct Evidence {
    /// Value, name of the field, reference.
    numbers: Vec<(f64, String, String)>,
    /// Path, first and last line, reference.
    places: Vec<(String, u32, u32, String)>,
}

impl Evidence {
    fn of(calls: &[Call]) -> Self {
        let mut evidence = Self { numbers: Vec::new(), places: Vec::new() };
        for call in calls.iter().filter(|call| !call.is_error && call.tool != run::POST) {
            evidence.collect(&call.output, "", &format!("{}#", call.id));
            if call.tool == run::ANALYZE
                && let Ok(review) = serde_json::from_value::<CodeReview>(call.output.clone())
            {
                evidence.count_by_severity(&review, &call.id);
                let places = review.recommendations.into_iter().enumerate();
                evidence.places.extend(places.map(|(index, found)| {
                    (
                        found.file_path,
                        found.start_line,
                        found.end_line,
                        format!("{}#/recommendations/{index}", call.id),
                    )
                }));
            }
        }
        evidence
    }

    /// "2 high findings" is a count that no field holds.
    fn count_by_severity(&mut self, review: &CodeReview, call: &str) {
        for severity in [Severity::Critical, Severity::High, Severity::Medium, Severity::Low] {
            let count = review.recommendations.iter().filter(|found| found.severity == severity);
            let field = format!("{} recommendations", format!("{severity:?}").to_lowercase());
            self.numbers.push((count.count() as f64, field, format!("{call}#/recommendations")));
        }
    }

    fn collect(&mut self, value: &Value, field: &str, reference: &str) {
        match value {
            Value::Number(number) => self.numbers.extend(
                number.as_f64().map(|number| (number, field.to_owned(), reference.to_owned())),
            ),
            Value::Array(items) => {
                self.numbers.push((
                    items.len() as f64,
                    format!("number of {field}"),
                    reference.to_owned(),
                ));
                for (index, item) in items.iter().enumerate() {
                    self.collect(item, field, &format!("{reference}/{index}"));
                }
            }
            Value::Object(fields) => {
                for (name, item) in fields {
                    self.collect(item, name, &format!("{reference}/{name}"));
                }
            }
            // Numbers that a rule or a methodology states in words.
            Value::String(words) => self.collect_words(words, reference),
            _ => {}
        }
    }

    fn collect_words(&mut self, words: &str, reference: &str) {
        for (number, unit, _) in numbers(words) {
            if let Ok(value) = number.replace(',', "").parse() {
                self.numbers.push((value, format!("words {unit}"), reference.to_owned()));
            }
        }
    }

    /// The evidence for every claim in a sentence; `None` if one has none.
    fn citations(&self, sentence: &str) -> Option<Vec<Citation>> {
        let mut citations = Vec::new();
        let mut rest = sentence.to_owned();
        for place in captures(PLACE.as_ref(), sentence) {
            let line: u32 = place.name("line")?.as_str().parse().ok()?;
            let evidence = self.place(place.name("path")?.as_str(), line)?;
            let claim = place.get(0)?.as_str();
            citations.push(Citation { claim: claim.to_owned(), evidence });
            rest = rest.replace(claim, " ");
        }
        for line in captures(LINE.as_ref(), &rest.clone()) {
            let number: u32 = line.name("line")?.as_str().parse().ok()?;
            let (.., evidence) =
                self.places.iter().find(|(_, start, end, _)| (*start..=*end).contains(&number))?;
            let claim = line.get(0)?.as_str();
            citations.push(Citation { claim: claim.to_owned(), evidence: evidence.clone() });
            rest = rest.replace(claim, " ");
        }
        for (number, unit, claim) in numbers(&rest) {
            let evidence = self.number(&number, &unit, sentence.contains("CodeCarbon"))?;
            citations.push(Citation { claim, evidence });
        }
        Some(citations)
    }

    fn place(&self, path: &str, line: u32) -> Option<String> {
        let same = |known: &str| {
            known == path || known.strip_suffix(path).is_some_and(|folder| folder.ends_with('/'))
        };
        self.places
            .iter()
            .find(|(known, start, end, _)| same(known) && (*start..=*end).contains(&line))
            .map(|(.., evidence)| evidence.clone())
    }

    /// A number stands for a value that rounds to it, in a field of the same unit. `compared` says that another tool's figures
    /// are meant, which nobody shall take for ours.
    fn number(&self, number: &str, unit: &str, compared: bool) -> Option<String> {
        let plain = number.replace(',', "");
        let claimed: f64 = plain.parse().ok()?;
        let decimals = plain.split_once('.').map_or(0, |(_, fraction)| fraction.len());
        let half = 0.5 * 10_f64.powi(-i32::try_from(decimals).unwrap_or(0));
        let whole = decimals == 0;
        let matches = |value: f64| {
            if whole && claimed < 100.0 && value.fract() == 0.0 {
                value.to_bits() == claimed.to_bits()
            } else {
                (value - claimed).abs() <= half * (1.0 + 1e-9)
            }
        };
        self.numbers
            .iter()
            .filter(|(.., reference)| compared || !reference.contains(COMPARED))
            .find(|(value, field, _)| {
                // What is stated in words has the unit of those words.
                let in_words = field.starts_with("words ");
                let (factor, unit) = if in_words { (1.0, unit.trim()) } else { basic(unit.trim()) };
                matches(value / factor) && fits(field, unit)
            })
            .map(|(.., evidence)| evidence.clone())
    }
}

/// How much of the unit that the tools count in one of this unit is: `41 MWh` is 41,000 kWh.
fn basic(unit: &str) -> (f64, &str) {
    match unit {
        "MWh" => (1e3, "kWh"),
        "GWh" => (1e6, "kWh"),
        "kg" | "kgCO2e" | "kgCO₂e" => (1e3, "g"),
        "t" | "tonne" | "tonnes" | "tCO2e" | "tCO₂e" => (1e6, "g"),
        other => (1.0, other),
    }
}

/// Whether a field can be meant by a number with this unit. Without a unit that is known here, counts and plain fields fit.
fn fits(field: &str, unit: &str) -> bool {
    if let Some(stated) = field.strip_prefix("words ") {
        return stated.trim() == unit;
    }
    let has = |parts: &[&str]| parts.iter().any(|part| field.contains(part));
    match unit {
        "%" | "percent" => has(&["percent"]),
        "g" | "gram" | "grams" | "gCO2e" | "gCO₂e" => {
            has(&["co2e", "embodied_grams", "low", "high"])
        }
        "kWh" => has(&["kwh"]),
        "ms" | "milliseconds" => has(&["_ms"]),
        "s" | "seconds" | "second" => has(&["seconds"]),
        "MB" => has(&["_mb"]),
        "finding" | "findings" => has(&["recommendations", "existing", "suppressed", "fixed"]),
        "file" | "files" => has(&["files", "skipped"]),
        "critical" | "high" | "medium" | "low" => has(&[&format!("{unit} recommendations")]),
        "USD" | "US" | "dollars" => has(&["usd"]),
        "mg" | "cents" | "multiple" | "x" | "times" | "Wh" | "J" | "W" | "GB" | "KB" => false,
        _ => !has(&["line", "percent", "co2e", "kwh", "_ms", "_mb", "seconds", "usd"]),
    }
}

/// Number, unit and the whole claim, of every number that stands alone: `34 %`, `1,234.5 ms`, `$0.02`, `+40%`.
fn numbers(words: &str) -> Vec<(String, String, String)> {
    let found = NUMBER.as_ref().into_iter().flat_map(|pattern| pattern.find_iter(words));
    found
        .filter(|number| stands_alone(&words[..number.start()]))
        .map(|number| {
            let unit = UNIT.as_ref().and_then(|pattern| pattern.find(&words[number.end()..]));
            let unit = unit.map_or("", |unit| unit.as_str());
            let figure = number.as_str().trim_end_matches(',');
            if is_price(&words[..number.start()]) {
                // `$3 million` is not three dollars.
                let unit = if is_multiple(unit.trim()) { "multiple" } else { "USD" };
                return (figure.to_owned(), unit.to_owned(), format!("${figure}"));
            }
            (figure.to_owned(), unit.to_owned(), format!("{figure}{unit}"))
        })
        .collect()
}

fn is_price(before: &str) -> bool {
    let before = before.trim_end();
    before.ends_with('$') || before.ends_with("USD")
}

fn is_multiple(unit: &str) -> bool {
    matches!(unit, "k" | "K" | "m" | "M" | "million" | "bn" | "B" | "billion" | "thousand")
}

/// Whether a number after these words is a figure; it is none in `utf8`, `v1.2.3`, `N+1`, `O(n^2)`, `x86-64` or `HTTP/2`.
fn stands_alone(before: &str) -> bool {
    let mut letters = before.chars().rev();
    match letters.next() {
        // Part of a name or a formula, unless there are only figures before it, as in `10-20 %`.
        Some('-' | '+' | '^' | '/') => {
            let mut word = letters.take_while(|letter| !letter.is_whitespace());
            !word.any(|letter| letter.is_alphabetic() || matches!(letter, ')' | ']' | '_'))
        }
        Some('.') => !letters.next().is_some_and(char::is_alphanumeric),
        Some(letter) => !letter.is_alphanumeric() && letter != '_',
        None => true,
    }
}

fn captures<'r, 't>(
    pattern: Option<&'r Regex>,
    words: &'t str,
) -> impl Iterator<Item = regex::Captures<'t>> + use<'r, 't> {
    pattern.into_iter().flat_map(move |pattern| pattern.captures_iter(words))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn calls() -> Vec<Call> {
        let found = json!({
            "file_path": "shop/views.py", "start_line": 12, "end_line": 14, "severity": "High", "category": "Performance",
            "description": "Each pass pays a round trip.", "recommendation": "", "rule_id": "query-in-loop", "title": "", "excerpt": "",
            "fingerprint": "aa", "source": "analyzer",
        });
        let review = json!({"review_id": "r", "status": "Completed", "recommendations": [found], "total_recommendations": 1, "files_reviewed": 7});
        let profile = json!({"total_cpu_time_ms": 1234.5, "bottlenecks": [{"function_name": "f", "cpu_percentage": 34.21}]});
        let call = |id: &str, tool: &str, output| Call {
            id: id.into(),
            tool: tool.into(),
            input: Value::Null,
            is_error: false,
            output,
        };
        vec![
            call("a", run::ANALYZE, review),
            call("p", run::PROFILE, profile),
            call(
                "c",
                run::CARBON,
                json!({"co2e_grams": 1.6234, "codecarbon": {"co2e_grams": 9.8765}}),
            ),
            call(
                "f",
                run::PROFILE,
                json!({"bottlenecks": [{"function_name": "g", "fleet_year":
                {"cpu_hours": 40_800, "energy_kwh": 41_230.0, "co2e_grams": 12_340_000.0, "usd": 1_632.0}}]}),
            ),
        ]
    }

    fn kept(words: &str) -> (String, usize) {
        let checked = check(words, &calls());
        (checked.text, checked.removed)
    }

    #[test]
    fn what_a_tool_result_holds_stays() {
        for words in [
            "Start with `shop/views.py:12`.",
            "Start with views.py:13, it takes 34 % of CPU time.",
            "It emits 1.62 g.",
            "CodeCarbon would say 9.88 g.",
            "It takes 34.2% (1,234.5 ms).",
            "There is 1 finding in 7 files.",
            "The N+1 query is O(n^2) in utf8, UTF-8, x86-64 and v1.2.3, over HTTP/2.",
            "Lines 12-14 hold it.",
            "It has 1 high finding.",
            "Over the fleet that is 41 MWh, 12.3 t CO2e and $1,632 a year.",
            "It takes 41,230 kWh, 12,340 kg, USD 1,632 or 1632 dollars, and 40,800 CPU-hours.",
        ] {
            assert_eq!(kept(words), (words.to_owned(), 0));
        }
    }

    #[test]
    fn what_no_tool_result_holds_goes_and_is_counted() {
        for words in [
            "See shop/views.py:99.",
            "See other.py:12.",
            "It saves 40 % of CPU time.",
            "It emits 12 g.",
            "It emits 9.88 g.",
            "It is 10x faster.",
            "It costs $0.02.",
            "It is +40% faster.",
            "It is \"40\" ms faster.",
            "It takes ≥40 ms.",
            "Between 10-20%.",
            "It took 34 % 99 times.",
            "It runs 5000 times.",
            "A share of 1.62 % is wasted.",
            "It takes 34 ms.",
            "Line 99 is slow.",
            "It takes `40` ms.",
            "There are 7 findings.",
            "It has 1 critical finding.",
            "It takes 42 MWh a year.",
            "It takes 41 kWh a year.",
            "It emits 12.3 kg a year.",
            "It costs $1,632 million.",
            "It costs $40,800.",
            "It runs on 1632 machines.",
        ] {
            assert_eq!(kept(words), (String::new(), 1), "{words}");
        }
    }

    #[test]
    fn only_the_sentence_with_the_claim_goes() {
        let checked = check("Fix the query first. It saves 99 %. Then rest.", &calls());
        assert_eq!(
            (checked.text.as_str(), checked.removed),
            ("Fix the query first. Then rest.", 1)
        );
        let cited = check("It takes 34 % of the time.", &calls());
        assert_eq!(
            cited.citations,
            [Citation { claim: "34 %".into(), evidence: "p#/bottlenecks/0/cpu_percentage".into() }]
        );
    }

    #[test]
    fn words_cannot_bring_structure_or_markup() {
        assert_eq!(
            kept("# Title\n```\n<img src=x> @octo\n```").0,
            "Title\n\n&lt;img src=x> @\u{200b}octo".replace("Title\n\n", " Title\n\n").trim()
        );
    }
}
