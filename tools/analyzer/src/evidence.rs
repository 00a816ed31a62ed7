//! What rules have been measured to gain: the rows of `evidence/*.csv`, embedded when the crate is built.

use std::sync::LazyLock;

use contract::Measured;
use include_dir::{Dir, include_dir};
use serde::{Deserialize, Serialize};

use crate::rule::{Benchmark, Runtime};

static FILES: Dir = include_dir!("$CARGO_MANIFEST_DIR/evidence");

static ROWS: LazyLock<Vec<Evidence>> = LazyLock::new(|| {
    let texts = Runtime::ALL
        .into_iter()
        .filter_map(|runtime| FILES.get_file(format!("{}.csv", runtime.name()))?.contents_utf8());
    texts.flat_map(|text| read(text).unwrap_or_default()).collect()
});

/// One benchmark at one size of its input on one runtime.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    pub rule_id: String,
    pub runtime: Runtime,
    /// As `CPython 3.11.2`.
    pub version: String,
    /// Size of the input.
    pub n: u64,
    /// How many times as long the flagged form takes as the advised one.
    pub ratio: f64,
    /// 95 % interval of the ratio.
    pub low: f64,
    pub high: f64,
    /// Pairs of samples.
    pub rounds: usize,
    /// Medians of one call.
    pub slow_ns: f64,
    pub fast_ns: f64,
    /// The day, as `2026-11-21`.
    pub measured_on: String,
    /// Its row in `machines.csv`.
    pub machine: String,
    /// [`Benchmark::fingerprint`] of what was run.
    pub benchmark: String,
}

/// The evidence for a rule that was measured with these benchmarks and no others, small sizes first.
pub(crate) fn of(rule_id: &str, benchmarks: &[Benchmark]) -> Vec<Evidence> {
    let is_current = |row: &&Evidence| {
        row.rule_id == rule_id
            && benchmarks.iter().any(|benchmark| {
                benchmark.runtime == row.runtime
                    && benchmark.sizes.contains(&row.n)
                    && benchmark.fingerprint() == row.benchmark
            })
    };
    let mut rows: Vec<_> = ROWS.iter().filter(is_current).cloned().collect();
    rows.sort_by_key(|row| (row.runtime, row.n));
    rows
}

/// The rows of one file.
pub(crate) fn read(text: &str) -> Result<Vec<Evidence>, csv::Error> {
    csv::Reader::from_reader(text.as_bytes()).deserialize().collect()
}

impl Evidence {
    /// For each runtime the row of the largest size, the greatest gain first.
    pub fn of_largest_sizes(evidence: &[Self]) -> Vec<&Self> {
        let largest = Runtime::ALL.into_iter().filter_map(|runtime| {
            evidence.iter().filter(|row| row.runtime == runtime).max_by_key(|row| row.n)
        });
        let mut largest: Vec<_> = largest.collect();
        largest.sort_by(|one, other| other.low.total_cmp(&one.low));
        largest
    }

    /// What counts for code in a language, by its name in rules: the largest size on the runtime of that language.
    pub fn for_language<'a>(evidence: &'a [Self], language: &str) -> Option<&'a Self> {
        evidence
            .iter()
            .filter(|row| row.runtime.languages().contains(&language))
            .max_by_key(|row| row.n)
    }

    /// The interval touches 1: nobody can say that the advice gains anything.
    pub fn is_weak(&self) -> bool {
        self.low <= 1.0
    }

    /// `12x on CPython 3.11, n=10^4`
    pub fn text(&self) -> String {
        format!("{} on {}, n={}", times(self.ratio), short(&self.version), power(self.n))
    }

    /// The 95 % interval: `11x to 13x`.
    pub fn interval(&self) -> String {
        format!("{} to {}", times(self.low), times(self.high))
    }

    pub(crate) fn measured(&self) -> Measured {
        Measured { text: self.text(), ratio: self.ratio, low: self.low, high: self.high }
    }
}

/// Two digits that count, and whole numbers from 10 on.
fn times(ratio: f64) -> String {
    match ratio {
        ..2.0 => format!("{ratio:.2}x"),
        ..9.95 => format!("{ratio:.1}x"),
        ..100.0 => format!("{ratio:.0}x"),
        _ => {
            let unit = 10_f64.powf(ratio.log10().floor() - 1.0);
            format!("{:.0}x", (ratio / unit).round() * unit)
        }
    }
}

/// Without the patch level: `CPython 3.11.2` is `CPython 3.11`.
fn short(version: &str) -> String {
    let (name, number) = version.rsplit_once(' ').unwrap_or(("", version));
    let number = number.split('.').take(2).collect::<Vec<_>>().join(".");
    format!("{name} {number}").trim_start().to_owned()
}

/// Large powers of ten as such, other sizes as they are.
fn power(n: u64) -> String {
    let zeros = n.checked_ilog10().unwrap_or_default();
    if zeros > 3 && n == 10_u64.pow(zeros) { format!("10^{zeros}") } else { n.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_can_be_read_and_stands_in_its_runtimes_file_in_order() {
        for runtime in Runtime::ALL {
            let file = FILES.get_file(format!("{}.csv", runtime.name())).unwrap();
            let rows = read(file.contents_utf8().unwrap()).unwrap();
            assert!(rows.iter().all(|row| row.runtime == runtime), "{}", runtime.name());
            assert!(rows.is_sorted_by_key(|row| (&row.rule_id, row.n)), "{}", runtime.name());
            for row in rows {
                assert!(row.low <= row.ratio && row.ratio <= row.high, "{row:?}");
                assert!(row.rounds >= 5 && row.low > 0.0, "{row:?}");
            }
        }
    }

    #[test]
    fn every_row_names_a_machine_that_is_described() {
        let text = FILES.get_file("machines.csv").unwrap().contents_utf8().unwrap();
        let machines: Vec<String> = csv::Reader::from_reader(text.as_bytes())
            .records()
            .map(|row| row.unwrap()[0].to_owned())
            .collect();
        for row in ROWS.iter() {
            assert!(machines.contains(&row.machine), "{row:?}");
        }
    }

    #[test]
    fn ratio_and_size_read_well() {
        let text = |ratio, n| {
            let version = "CPython 3.11.2".to_owned();
            Evidence { version, n, ratio, ..example() }.text()
        };
        assert_eq!(text(12.4, 10_000), "12x on CPython 3.11, n=10^4");
        assert_eq!(text(1.257, 100), "1.26x on CPython 3.11, n=100");
        assert_eq!(text(3.449, 1000), "3.4x on CPython 3.11, n=1000");
        assert_eq!(text(1234.0, 20_000), "1200x on CPython 3.11, n=20000");
    }

    #[test]
    fn a_patch_level_is_left_out() {
        assert_eq!(short("Node.js 20.19.1"), "Node.js 20.19");
        assert_eq!(short("PHP 8"), "PHP 8");
    }

    #[test]
    fn a_gain_that_may_be_none_is_weak() {
        assert!(Evidence { low: 0.98, ..example() }.is_weak());
        assert!(Evidence { low: 1.0, ..example() }.is_weak());
        assert!(!Evidence { low: 1.01, ..example() }.is_weak());
    }

    #[test]
    fn the_largest_size_on_the_languages_runtime_counts() {
        let python = |n| Evidence { n, ..example() };
        let rows = [
            python(10),
            python(1000),
            python(100),
            Evidence { runtime: Runtime::Node, n: 10_000, ..example() },
        ];
        let of = |language: &str| Evidence::for_language(&rows, language).map(|row| row.n);
        assert_eq!((of("Python"), of("Tsx"), of("Go")), (Some(1000), Some(10_000), None));
    }

    fn example() -> Evidence {
        Evidence {
            rule_id: "slow".into(),
            runtime: Runtime::Python,
            version: "CPython 3.11.2".into(),
            n: 10,
            ratio: 2.0,
            low: 1.9,
            high: 2.1,
            rounds: 30,
            slow_ns: 2.0,
            fast_ns: 1.0,
            measured_on: "2026-11-21".into(),
            machine: "m".into(),
            benchmark: "b".into(),
        }
    }
}
