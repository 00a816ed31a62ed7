//! A report with made-up figures, for the tests of its forms.

use std::collections::BTreeMap;

use super::{Callgrind, Failure, Machine, Measurement, Report, Revision};
use crate::energy::{EnergySource, Estimate, FrozenFactors};
use crate::metric::{Metric, Sample};
use crate::plan::Stopped;
use crate::request::Effort;
use crate::verdict::{Comparison, Pair, Verdict};

/// A regression of 10 % in CPU time, and a benchmark that could not be run.
pub(super) fn report() -> Report {
    let effort = Effort::default();
    let pairs: Vec<Pair> = (0..8_u32).map(pair).collect();
    let compared = |metric| Comparison::new(metric, &pairs, effort.threshold);
    let comparisons: Vec<Comparison> = Metric::ALL.into_iter().filter_map(compared).collect();
    let factors = FrozenFactors {
        watts_per_cpu: 5.0,
        power_usage_effectiveness: 1.1,
        grams_per_kwh: 300.0,
        sources: vec!["made up".to_owned()],
    };
    let change = Estimate { value: 0.1, low: 0.09, high: 0.11 };
    let measurement = Measurement {
        name: "parse\u{1b}[31m <b>".to_owned(),
        command: vec!["./bench".to_owned(), "parse".to_owned()],
        verdict: Verdict::Regressed,
        p_value: 0.0078,
        pairs_asked: 16,
        stopped: Stopped::TimeBudget,
        comparisons,
        missing: BTreeMap::from([(
            Metric::Joules,
            "this machine shows no energy meter (RAPL)".to_owned(),
        )]),
        energy: Some(factors.delta(EnergySource::CpuTime, 0.1, change)),
        callgrind: Some(Callgrind::Missing { why: "valgrind is not installed".to_owned() }),
        pairs,
    };
    let revision =
        |name: &str, digit: &str| Revision { name: name.to_owned(), commit: digit.repeat(40) };
    Report {
        base: revision("main", "a"),
        head: revision("HEAD", "b"),
        self_check: false,
        machine: Machine {
            processor: "A <processor>".to_owned(),
            processors: 2,
            counting: "all processes".to_owned(),
        },
        effort,
        factors: Some(factors),
        warnings: vec!["base and head are the same commit".to_owned()],
        benchmarks: vec![measurement],
        failed: vec![Failure { name: "print".to_owned(), error: "it fails".to_owned() }],
    }
}

fn pair(number: u32) -> Pair {
    let sample = |seconds: f64| {
        let mut sample = Sample::default();
        sample.put(Metric::CpuSeconds, Ok(seconds));
        sample.put(Metric::BytesRead, Ok(4096.0));
        sample
    };
    let base = 0.1 + 0.001 * f64::from(number % 3);
    Pair {
        base_first: number.is_multiple_of(2),
        base: sample(base),
        head: sample(base * (1.1 + 0.002 * f64::from(number % 4))),
    }
}
