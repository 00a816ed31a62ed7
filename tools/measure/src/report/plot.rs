//! Plots of one benchmark as SVG: how the runs of each side lie, and what each pair differs by.

use std::fmt::Write;

use plot::Scale;
use plot::svg::{open, tick};

use crate::metric::{Metric, Sample};
use crate::statistics::median;
use crate::verdict::{Comparison, Pair};

const WIDTH: f64 = 720.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 16.0;
/// More points than this hide each other.
const MOST_POINTS: usize = 600;
const ROW: f64 = 56.0;
const DIFFERENCES_HEIGHT: f64 = 220.0;

/// The runs of base above, those of head below, each with its median.
pub(super) fn distributions(metric: Metric, pairs: &[Pair]) -> String {
    let side = |of: fn(&Pair) -> &Sample| -> Vec<f64> {
        pairs.iter().filter_map(|pair| of(pair).get(metric)).collect()
    };
    let sides = [("base", side(|pair| &pair.base)), ("head", side(|pair| &pair.head))];
    let Some(scale) =
        Scale::of(sides.iter().flat_map(|(_, values)| values.iter().copied()), LEFT, WIDTH - RIGHT)
    else {
        return String::new();
    };
    let height = ROW * 2.0 + 34.0;
    let mut svg = open(WIDTH, height, &format!("{} of each run", metric.name()));
    for (index, (name, values)) in sides.iter().enumerate() {
        let middle = ROW * (index as f64 + 0.5);
        let _ = write!(svg, r#"<text x="8" y="{:.1}">{name}</text>"#, middle + 4.0);
        for (place, value) in thinned(values) {
            // Apart from each other in a fixed pattern, so that equal values can be told.
            let offset = (place as f64 * 0.618_034).fract() - 0.5;
            let _ = write!(
                svg,
                r#"<circle class="{name}" cx="{:.1}" cy="{:.1}" r="3"/>"#,
                scale.at(value),
                middle + offset * 32.0
            );
        }
        let center = scale.at(median(values));
        let _ = write!(
            svg,
            r#"<line class="median" x1="{center:.1}" x2="{center:.1}" y1="{:.1}" y2="{:.1}"/>"#,
            middle - 22.0,
            middle + 22.0
        );
    }
    for value in scale.ticks() {
        svg += &tick(scale.at(value), height - 8.0, &metric.show(value));
    }
    svg + "</svg>"
}

/// What head takes more than base in each pair, in the order of the runs; the band is the noise floor.
pub(super) fn differences(found: &Comparison, pairs: &[Pair]) -> String {
    let percent: Vec<f64> = pairs
        .iter()
        .filter_map(|pair| pair.log_ratio(found.metric))
        .map(|ratio| ratio.exp_m1() * 100.0)
        .collect();
    let floor = found.noise_floor * 100.0;
    let bottom = DIFFERENCES_HEIGHT - 26.0;
    let Some(scale) = Scale::of(percent.iter().copied().chain([-floor, floor]), bottom, 10.0)
    else {
        return String::new();
    };
    let mut svg =
        open(WIDTH, DIFFERENCES_HEIGHT, &format!("change of {} in each pair", found.metric.name()));
    let right = WIDTH - RIGHT;
    let _ = write!(
        svg,
        r#"<rect class="floor" x="{LEFT}" width="{:.1}" y="{:.1}" height="{:.1}"/>"#,
        right - LEFT,
        scale.at(floor),
        scale.at(-floor) - scale.at(floor)
    );
    let [low, high, value] = [found.change.low, found.change.high, found.change.value]
        .map(|share| scale.at(share * 100.0));
    let _ = write!(
        svg,
        r#"<rect class="interval" x="{LEFT}" width="{:.1}" y="{high:.1}" height="{:.1}"/>"#,
        right - LEFT,
        (low - high).max(1.0)
    );
    let _ = write!(
        svg,
        r#"<line class="zero" x1="{LEFT}" x2="{right}" y1="{0:.1}" y2="{0:.1}"/>"#,
        scale.at(0.0)
    );
    let _ = write!(
        svg,
        r#"<line class="median" x1="{LEFT}" x2="{right}" y1="{value:.1}" y2="{value:.1}"/>"#
    );
    let step = (right - LEFT - 8.0) / percent.len().max(1) as f64;
    for (place, value) in thinned(&percent) {
        let _ = write!(
            svg,
            r#"<circle class="pair" cx="{:.1}" cy="{:.1}" r="3"/>"#,
            LEFT + 4.0 + step * (place as f64 + 0.5),
            scale.at(value)
        );
    }
    for value in scale.ticks() {
        let _ = write!(
            svg,
            r#"<text class="tick" text-anchor="end" x="{:.1}" y="{:.1}">{value:+.1} %</text>"#,
            LEFT - 4.0,
            scale.at(value) + 4.0
        );
    }
    let _ = write!(
        svg,
        r#"<text class="tick" x="{LEFT}" y="{:.1}">first pair</text><text class="tick" text-anchor="end" x="{right}" y="{0:.1}">last pair</text>"#,
        DIFFERENCES_HEIGHT - 8.0
    );
    svg + "</svg>"
}

fn thinned(values: &[f64]) -> impl Iterator<Item = (usize, f64)> {
    let every = values.len().div_ceil(MOST_POINTS).max(1);
    values.iter().copied().enumerate().step_by(every)
}
