//! Plots of a benchmark as SVG: quality against cost, and how long answers took.

use std::fmt::Write;

use plot::svg::{open, tick};
use plot::{Scale, escaped};

use super::row::Row;

const WIDTH: f64 = 720.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 28.0;
const HEIGHT: f64 = 320.0;
const BOTTOM: f64 = 44.0;
const ROW: f64 = 44.0;
/// Closer than this, two numbered points cover each other.
const APART: f64 = 24.0;

/// Each model by its number: what a thousand answers cost to the right, what they were worth upwards, with the interval.
pub(super) fn quality_by_cost(rows: &[Row]) -> String {
    let known = rows.iter().enumerate().filter(|(_, row)| row.tasks > 0);
    let mut points: Vec<(usize, &Row, f64)> =
        known.filter_map(|(at, row)| Some((at, row, row.usd_per_thousand()?))).collect();
    points.sort_by(|one, other| one.2.total_cmp(&other.2));
    let costs = points.iter().map(|point| point.2);
    let right = WIDTH - RIGHT;
    let (Some(across), Some(up)) = (
        Scale::of(costs.chain([0.0]), LEFT, right),
        Scale::of([0.0, 1.0].into_iter(), HEIGHT - BOTTOM, 8.0),
    ) else {
        return String::new();
    };
    if points.is_empty() {
        return String::new();
    }
    let mut svg = open(WIDTH, HEIGHT, "quality against cost");
    for share in [0.0, 0.25, 0.5, 0.75, 1.0] {
        let y = up.at(share);
        let _ = write!(
            svg,
            r#"<line class="grid" x1="{LEFT}" x2="{right}" y1="{y:.1}" y2="{y:.1}"/><text class="tick" text-anchor="end" x="{:.1}" y="{:.1}">{:.0} %</text>"#,
            LEFT - 6.0,
            y + 4.0,
            share * 100.0
        );
    }
    // Where nothing costs anything, ticks other than the one at 0 would say 0, too.
    let told = |cost: &f64| *cost == 0.0 || rounded(*cost) > 0.0;
    for cost in across.ticks().into_iter().filter(told) {
        svg += &tick(across.at(cost), HEIGHT - BOTTOM + 16.0, &format!("${}", rounded(cost)));
    }
    svg += &axis_name(HEIGHT, "US dollars of a thousand answers");
    let places = spread(points.iter().map(|point| across.at(point.2)), LEFT + 12.0, right);
    for ((at, row, _), x) in points.iter().zip(places) {
        let [low, high, middle] = [row.low, row.high, row.quality].map(|share| up.at(share));
        let _ = write!(
            svg,
            r#"<path class="whisker" d="M{x:.1} {high:.1}V{low:.1}M{0:.1} {high:.1}h10M{0:.1} {low:.1}h10"/>"#,
            x - 5.0
        );
        numbered(&mut svg, x, middle, at + 1, &row.model);
    }
    svg + "</svg>"
}

/// A row for each model that answered: the first piece, and where half, 95 % and 99 % of its answers had ended.
pub(super) fn latencies(rows: &[Row]) -> String {
    let found: Vec<_> =
        rows.iter().enumerate().filter_map(|(at, row)| Some((at, row, row.latency_ms?))).collect();
    let of = found.iter().flat_map(|(_, row, latency)| {
        let first = row.first_token_ms.map(|first| first.p50);
        [latency.p50, latency.p95, latency.p99].into_iter().chain(first)
    });
    // Less than a microsecond is no time that anyone waits.
    let seconds = of.map(|milliseconds| (milliseconds / 1e3).max(1e-6));
    let Some(across) = Scale::logarithmic(seconds, LEFT, WIDTH - RIGHT) else {
        return String::new();
    };
    let bottom = ROW * found.len() as f64 + 8.0;
    let mut svg = open(WIDTH, bottom + BOTTOM, "seconds until answers had ended");
    for seconds in across.ticks() {
        let x = across.at(seconds);
        let _ = write!(svg, r#"<line class="grid" x1="{x:.1}" x2="{x:.1}" y1="4" y2="{bottom}"/>"#);
        svg += &tick(x, bottom + 16.0, &format!("{} s", rounded(seconds)));
    }
    svg += &axis_name(bottom + BOTTOM, "seconds, ten times as long always as far apart");
    for (place, (at, row, latency)) in found.iter().enumerate() {
        let y = ROW * place as f64 + 30.0;
        let [half, most, nearly_all] =
            [latency.p50, latency.p95, latency.p99].map(|ms| across.at((ms / 1e3).max(1e-6)));
        let _ = write!(
            svg,
            r#"<text class="name" x="{LEFT}" y="{:.1}">{}</text><path class="whisker" d="M{half:.1} {y:.1}H{nearly_all:.1}M{nearly_all:.1} {:.1}v12"/><circle class="most" cx="{most:.1}" cy="{y:.1}" r="5"/>"#,
            y - 15.0,
            escaped(&row.model),
            y - 6.0
        );
        // Below the line: half of a model's answers often end soon after they begin.
        if let Some(first) = row.first_token_ms {
            let x = across.at((first.p50 / 1e3).max(1e-6));
            let _ =
                write!(svg, r#"<path class="first" d="M{x:.1} {:.1}l4 4l-4 4l-4 -4z"/>"#, y + 9.0);
        }
        numbered(&mut svg, half, y, at + 1, &row.model);
    }
    svg + "</svg>"
}

fn numbered(svg: &mut String, x: f64, y: f64, number: usize, model: &str) {
    let _ = write!(
        svg,
        r#"<g><title>{}</title><circle class="model" cx="{x:.1}" cy="{y:.1}" r="9"/><text class="number" text-anchor="middle" x="{x:.1}" y="{:.1}">{number}</text></g>"#,
        escaped(model),
        y + 4.0
    );
}

fn axis_name(height: f64, name: &str) -> String {
    tick(f64::midpoint(LEFT, WIDTH - RIGHT), height - 8.0, name)
}

/// Places in rising order, moved so far that none covers another, as far as there is room.
fn spread(places: impl Iterator<Item = f64>, least: f64, most: f64) -> Vec<f64> {
    let mut places: Vec<f64> = places.collect();
    let mut next = least;
    for place in &mut places {
        *place = place.max(next);
        next = *place + APART;
    }
    let mut next = most;
    for place in places.iter_mut().rev() {
        *place = place.min(next);
        next = *place - APART;
    }
    places
}

/// Without the noise that steps of a fraction add up to.
fn rounded(value: f64) -> f64 {
    (value * 1e9).round() / 1e9
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_that_would_cover_each_other_stand_side_by_side() {
        let places = |of: &[f64]| spread(of.iter().copied(), 0.0, 100.0);
        assert_eq!(places(&[0.0, 0.0, 90.0]), [0.0, 24.0, 90.0]);
        assert_eq!(places(&[95.0, 99.0]), [76.0, 100.0]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_cost_of_nothing_is_written_once() {
        let mut rows = super::super::sample::report().await.models;
        for row in &mut rows {
            row.usd = Some(0.0);
        }
        assert_eq!(quality_by_cost(&rows).matches(">$0<").count(), 1);
    }
}
