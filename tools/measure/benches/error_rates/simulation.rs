//! The plan and the verdict on made-up noise, where the truth is known and thousands of comparisons take a minute.

use std::time::Duration;

use measure::{Effort, Plan, Step, Verdict};

/// How log-ratios scatter.
#[derive(Clone, Copy)]
enum Noise {
    /// By a bell curve of this width.
    Bell(f64),
    /// A bell curve, and in one pair of ten something else ran on the machine.
    Disturbed(f64),
    /// Each pair resembles the one before.
    Lasting(f64),
}

const NOISES: [(&str, Noise); 5] = [
    ("bell curve, 1 %", Noise::Bell(0.01)),
    ("bell curve, 8 %", Noise::Bell(0.08)),
    ("bell curve, 2 %, each tenth pair 10 times wider", Noise::Disturbed(0.02)),
    ("bell curve, 8 %, each tenth pair 10 times wider", Noise::Disturbed(0.08)),
    ("bell curve, 4 %, correlated from pair to pair by 0.2", Noise::Lasting(0.04)),
];

/// The change in CPU time that is put in, and the effect that is asked for.
const CHANGES: [(f64, f64); 3] = [(0.0, 0.05), (0.10, 0.10), (0.03, 0.03)];

pub(crate) fn table(count: usize) -> String {
    let mut lines = vec![
        format!("Of {count} made-up comparisons each:\n"),
        "| scatter of log-ratios | change | asked for | found: more | found: less | pairs: mean |"
            .to_owned(),
        "|---|---|---|---|---|---|".to_owned(),
    ];
    for (name, noise) in NOISES {
        for (change, effect) in CHANGES {
            let effort = Effort { effect, ..Effort::default() };
            let (mut more, mut less, mut pairs) = (0, 0, 0);
            for seed in 0..count {
                let (verdict, length) = compare(&effort, noise, change, seed as u64);
                more += usize::from(verdict == Verdict::Regressed);
                less += usize::from(verdict == Verdict::Improved);
                pairs += length;
            }
            let share = |part: usize| format!("{:.1} %", part as f64 * 100.0 / count.max(1) as f64);
            lines.push(format!(
                "| {name} | {:.0} % | {:.0} % | {} | {} | {:.0} |",
                change * 100.0,
                effect * 100.0,
                share(more),
                share(less),
                pairs as f64 / count.max(1) as f64
            ));
        }
    }
    lines.join("\n") + "\n"
}

fn compare(effort: &Effort, noise: Noise, change: f64, seed: u64) -> (Verdict, usize) {
    let mut random = fastrand::Rng::with_seed(seed.wrapping_mul(0x9E37_79B9).wrapping_add(1));
    let mut plan = Plan::new(effort, Duration::from_hours(1), 1, seed);
    let (mut ratios, mut before) = (Vec::new(), 0.0);
    while let Step::Pair { .. } = plan.next(&ratios, ratios.len(), Duration::ZERO) {
        before = noise.draw(before, &mut random);
        ratios.push(change.ln_1p() + before);
    }
    let verdict = plan.assessment.map_or(Verdict::NoChangeDetectable, |found| {
        found.verdict(plan.p_value(), effort.threshold)
    });
    (verdict, ratios.len())
}

impl Noise {
    fn draw(self, before: f64, random: &mut fastrand::Rng) -> f64 {
        match self {
            Self::Bell(width) => width * normal(random),
            Self::Disturbed(width) => {
                let wider = if random.u8(..10) == 0 { 10.0 } else { 1.0 };
                width * wider * normal(random)
            }
            Self::Lasting(width) => 0.2 * before + width * (1.0_f64 - 0.04).sqrt() * normal(random),
        }
    }
}

/// Box and Muller's method.
fn normal(random: &mut fastrand::Rng) -> f64 {
    let radius = (-2.0 * (1.0 - random.f64()).ln()).sqrt();
    radius * (std::f64::consts::TAU * random.f64()).cos()
}
