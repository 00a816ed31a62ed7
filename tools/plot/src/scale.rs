//! From values to places on a page.

/// More ticks than this stand in each other's way.
const MOST_TICKS: usize = 10;

/// An axis. Places may run against values, as they do from the bottom of a page up.
#[derive(Debug, Clone, PartialEq)]
pub struct Scale {
    low: f64,
    high: f64,
    start: f64,
    end: f64,
    logarithmic: bool,
}

impl Scale {
    /// From the smallest to the largest value, with a margin. `None` without values; a single one stands in the middle.
    pub fn of(values: impl Iterator<Item = f64>, start: f64, end: f64) -> Option<Self> {
        let (low, high) = span(values)?;
        let margin = if high > low { (high - low) * 0.05 } else { high.abs().max(1e-9) * 0.05 };
        Some(Self { low: low - margin, high: high + margin, start, end, logarithmic: false })
    }

    /// The same where ten times as much is always as far apart. Only values above zero have a place.
    pub fn logarithmic(values: impl Iterator<Item = f64>, start: f64, end: f64) -> Option<Self> {
        let (low, high) = span(values.filter(|value| *value > 0.0).map(f64::log10))?;
        let margin = ((high - low) * 0.05).max(0.1);
        Some(Self { low: low - margin, high: high + margin, start, end, logarithmic: true })
    }

    pub fn at(&self, value: f64) -> f64 {
        let value = if self.logarithmic { value.log10() } else { value };
        self.start + (value - self.low) / (self.high - self.low) * (self.end - self.start)
    }

    /// Round values, about five of them.
    pub fn ticks(&self) -> Vec<f64> {
        if self.logarithmic { self.powers() } else { self.steps() }
    }

    fn steps(&self) -> Vec<f64> {
        let rough = (self.high - self.low) / 5.0;
        let size = 10_f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0]
            .into_iter()
            .map(|factor| factor * size)
            .find(|step| *step >= rough);
        let step = step.unwrap_or(rough);
        let first = (self.low / step).ceil();
        // Adding nothing turns -0 to 0.
        (0..10)
            .map(|index| (first + f64::from(index)) * step + 0.0)
            .take_while(|value| *value <= self.high)
            .collect()
    }

    /// Powers of ten, and where those are few, what lies between them.
    fn powers(&self) -> Vec<f64> {
        let (first, last) = (self.low.floor() as i32, self.high.ceil() as i32);
        let inside = |factors: &[f64]| -> Vec<f64> {
            let all = (first..=last)
                .flat_map(|power| factors.iter().map(move |factor| factor * 10_f64.powi(power)));
            all.filter(|value| (self.low..=self.high).contains(&value.log10())).collect()
        };
        let fine = inside(&[1.0, 2.0, 5.0]);
        if fine.len() <= MOST_TICKS { fine } else { inside(&[1.0]) }
    }
}

fn span(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let span = values.fold(None, |span: Option<(f64, f64)>, value| {
        let (low, high) = span.unwrap_or((value, value));
        Some((low.min(value), high.max(value)))
    });
    span.filter(|(low, high)| low.is_finite() && high.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round_and_lie_inside() {
        let scale = Scale::of([-3.2, 11.0].into_iter(), 0.0, 100.0).unwrap();
        assert_eq!(scale.ticks(), [0.0, 5.0, 10.0]);
        assert!(Scale::of(std::iter::empty(), 0.0, 1.0).is_none());
        let single = Scale::of([4.0].into_iter(), 0.0, 100.0).unwrap();
        assert!((single.at(4.0) - 50.0).abs() < 1e-9);
    }

    #[test]
    fn ten_times_as_much_is_always_as_far_apart() {
        let scale = Scale::logarithmic([0.0, 3.0, 700.0].into_iter(), 0.0, 100.0).unwrap();
        assert_eq!(scale.ticks(), [5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0]);
        assert!((scale.at(100.0) - scale.at(10.0) - scale.at(50.0) + scale.at(5.0)).abs() < 1e-9);
        let wide = Scale::logarithmic([1.0, 1e6].into_iter(), 0.0, 100.0).unwrap();
        assert_eq!(wide.ticks().len(), 7);
        assert_eq!(Scale::logarithmic([0.0].into_iter(), 0.0, 1.0), None);
    }
}
