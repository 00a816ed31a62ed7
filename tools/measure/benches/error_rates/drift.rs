//! The same recorded runs of equal commits, judged twice: in the pairs in which they were run, and as if the first half had been
//! base and the second half head.

use measure::statistics::{bootstrap, median};
use measure::{Assessment, Metric, Pair};

const THRESHOLD: f64 = 0.02;
/// Comparisons joined to one recording, as long as a benchmark with many runs takes.
const JOINED: [usize; 2] = [1, 10];
const DRIFTS: [f64; 3] = [0.0, 0.03, 0.06];

pub(crate) fn table(comparisons: &[Vec<Pair>]) -> String {
    let mut lines = vec![
        "| runs of equal commits | drift laid over them | recordings | in pairs: interval without 0 | in pairs: whole rule | one after the other: interval without 0 | one after the other: whole rule |".to_owned(),
        "|---|---|---|---|---|---|---|".to_owned(),
    ];
    for joined in JOINED {
        let recordings: Vec<Vec<Pair>> =
            comparisons.chunks_exact(joined).map(<[Vec<Pair>]>::concat).collect();
        let runs =
            median(&recordings.iter().map(|pairs| pairs.len() as f64 * 2.0).collect::<Vec<_>>());
        for drift in DRIFTS {
            let mut wrong = [0; 4];
            for pairs in &recordings {
                let times = in_time(pairs, drift);
                let (paired, sequential) = (in_pairs(pairs, &times), one_after_the_other(&times));
                for (count, found) in
                    wrong.iter_mut().zip([paired.0, paired.1, sequential.0, sequential.1])
                {
                    *count += usize::from(found);
                }
            }
            let share = |count: usize| {
                format!("{:.1} %", count as f64 * 100.0 / recordings.len().max(1) as f64)
            };
            lines.push(format!(
                "| {runs:.0} | {:.0} % | {} | {} | {} | {} | {} |",
                drift * 100.0,
                recordings.len(),
                share(wrong[0]),
                share(wrong[1]),
                share(wrong[2]),
                share(wrong[3])
            ));
        }
    }
    lines.join("\n") + "\n"
}

/// The logarithms of all CPU times in the order of the runs, growing by `drift` from the first to the last.
fn in_time(pairs: &[Pair], drift: f64) -> Vec<f64> {
    let both = pairs.iter().flat_map(|pair| {
        if pair.base_first { [&pair.base, &pair.head] } else { [&pair.head, &pair.base] }
    });
    let seconds: Vec<f64> = both.filter_map(|sample| sample.get(Metric::CpuSeconds)).collect();
    let last = (seconds.len().max(2) - 1) as f64;
    seconds
        .iter()
        .enumerate()
        .map(|(place, value)| (value * (1.0 + drift * place as f64 / last)).ln())
        .collect()
}

/// Whether the interval leaves zero out, and whether the whole rule sees a change.
fn in_pairs(pairs: &[Pair], times: &[f64]) -> (bool, bool) {
    let ratios: Vec<f64> = times
        .chunks_exact(2)
        .zip(pairs)
        .map(|(two, pair)| if pair.base_first { two[1] - two[0] } else { two[0] - two[1] })
        .collect();
    let interval = bootstrap(&ratios, |resample| median(resample));
    let found = Assessment::new(&ratios);
    (interval.low > 0.0 || interval.high < 0.0, found.p_value <= 0.05 && found.is_change(THRESHOLD))
}

/// The same questions for the difference of the halves' medians, from a bootstrap of each half.
fn one_after_the_other(times: &[f64]) -> (bool, bool) {
    let (base, head) = times.split_at(times.len() / 2);
    let difference = median(head) - median(base);
    let errors =
        [base, head].map(|half| bootstrap(half, |resample| median(resample)).standard_error);
    let error = errors[0].hypot(errors[1]);
    let outside = difference.abs() > 1.96 * error;
    (outside, outside && difference.abs() > (2.802 * error).max(THRESHOLD.ln_1p()))
}
