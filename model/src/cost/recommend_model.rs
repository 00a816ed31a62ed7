//! A cheaper model that did as well on the same tasks.

use super::bench::{Benchmark, Benchmarked};
use super::evidence::Calls;
use super::recommend::{Kind, Saving};
use crate::catalog::Catalog;

/// Fewer tasks tell nothing apart.
const LEAST_TASKS: u64 = 30;
/// What is promised of a model is the lower end of its interval. It may promise this much less, no more.
const MOST_LOSS: f64 = 0.02;

/// The cheapest of those that promise as much as the model in use.
pub(super) fn find(
    model: &str,
    calls: &Calls,
    benchmark: &Benchmark,
    catalog: &Catalog,
) -> Option<Saving> {
    let current = benchmark.models.iter().find(|row| row.model == model && row.is_sound())?;
    let as_good = benchmark.models.iter().filter(|row| passes(row, current));
    let priced = as_good.filter_map(|row| {
        let usd = catalog.lookup(&row.model).cost(calls.usage)?;
        Some((row, usd))
    });
    let (other, usd) = priced.min_by(|one, other| one.1.total_cmp(&other.1))?;
    let spent = calls.cost.usd();
    (usd < spent).then(|| Saving {
        kind: Kind::CheaperModel,
        model: model.to_owned(),
        usd: spent - usd,
        advice: format!(
            "ask {} instead of {model}: on {:?} it did {}, and {model} {}",
            other.model,
            benchmark.suite,
            said(other),
            said(current)
        ),
        arithmetic: format!(
            "{} calls cost ${spent:.4}; the same tokens at the other's prices ${usd:.4}; ${spent:.4} - ${usd:.4}",
            calls.count
        ),
    })
}

fn passes(other: &Benchmarked, current: &Benchmarked) -> bool {
    other.model != current.model
        && other.is_sound()
        && other.tasks == current.tasks
        && other.tasks >= LEAST_TASKS
        && other.low >= current.low - MOST_LOSS
}

fn said(row: &Benchmarked) -> String {
    let percent = |share: f64| share * 100.0;
    format!(
        "{:.0} % of {} tasks right ({:.0} to {:.0} %)",
        percent(row.quality),
        row.tasks,
        percent(row.low),
        percent(row.high)
    )
}

#[cfg(test)]
mod tests {
    use contract::Timestamp;

    use super::super::record::tests::record;
    use super::super::{Evidence, recommendations};
    use super::*;

    const SONNET: &str = "global.anthropic.claude-sonnet-5-5";
    const HAIKU: &str = "global.anthropic.claude-haiku-4-5-20251001-v1:0";

    fn row(model: &str, tasks: u64, low: f64) -> Benchmarked {
        Benchmarked { model: model.into(), tasks, quality: low + 0.1, low, high: low + 0.15 }
    }

    fn advice(models: Vec<Benchmarked>) -> Vec<String> {
        let mut evidence = Evidence::default();
        (0..100).for_each(|at| evidence.add(&record(SONNET, at, 10_000, 500)));
        let benchmark = Benchmark { suite: "triage".into(), models };
        let (catalog, now) = (Catalog::bundled(), Timestamp(2 * 86_400_000));
        let found = recommendations(&evidence, Some(&benchmark), &catalog, now);
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_cheaper_model_that_did_as_well_is_recommended_with_what_it_would_save() {
        let found = advice(vec![row(SONNET, 60, 0.7), row(HAIKU, 60, 0.69)]);
        insta::assert_snapshot!(found.join("\n"), @r#"
        $18.75 a month: ask global.anthropic.claude-haiku-4-5-20251001-v1:0 instead of global.anthropic.claude-sonnet-5-5: on "triage" it did 79 % of 60 tasks right (69 to 84 %), and global.anthropic.claude-sonnet-5-5 80 % of 60 tasks right (70 to 85 %)
          100 calls cost $2.5000; the same tokens at the other's prices $1.2500; $2.5000 - $1.2500 = $1.2500 in 2.0 days; x 30 / 2.0 = $18.75 a month
        "#);
    }

    #[test]
    fn a_model_that_may_be_worse_or_was_asked_otherwise_is_not() {
        let others = [
            row(HAIKU, 60, 0.6),
            row(HAIKU, 59, 0.7),
            row("nobody.knows", 60, 0.8),
            Benchmarked { low: f64::NAN, ..row(HAIKU, 60, 0.8) },
        ];
        for other in others {
            assert_eq!(advice(vec![row(SONNET, 60, 0.7), other]), Vec::<String>::new());
        }
        assert_eq!(advice(vec![row(SONNET, 20, 0.7), row(HAIKU, 20, 0.7)]), Vec::<String>::new());
        assert_eq!(advice(vec![row(HAIKU, 60, 0.7)]), Vec::<String>::new());
    }
}
