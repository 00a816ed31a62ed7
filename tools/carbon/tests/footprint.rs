//! What the agent's tool and the settings ask: CPU time in a region of AWS, computed by hand and for all regions.

use carbon::best::{Estimate, Report, Tier, Workload};
use carbon::units::{CpuSeconds, Executions, Gigabytes, Intensity};
use carbon::{CarbonError, IntensityTable, OverrideIntensity};
use proptest::prelude::*;

/// One vCPU, busy for an hour in Virginia.
fn hour() -> Workload<'static> {
    Workload::of_cpu_hours("us-east-1", 1)
}

#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
fn report(workload: &Workload) -> Report {
    Estimate::of(workload).unwrap().report().unwrap()
}

fn close(left: f64, right: f64) -> bool {
    (left - right).abs() <= 1e-9 * right.abs().max(1e-12)
}

/// Mean of the twelve families that power.csv marks, computed apart from the crate.
const WATTS: f64 = (4.0632
    + 2.6042
    + 1.6930
    + 1.9573
    + 1.57
    + 1.32
    + 4.4820
    + 2.5275
    + 1.6930
    + 3.7582
    + 4.1605
    + 4.1042)
    / 12.0;
/// 1,610.79 kg over 96 vCPUs and 35,040 hours.
const EMBODIED_PER_HOUR: f64 = 1_610_790.0 / (96.0 * 35_040.0);
/// The grid zone PJM in 2025; without that table what Virginia generates, in 2023.
const VIRGINIA: f64 = if cfg!(feature = "odbl-data") { 418.0 } else { 244.8 };
const FRANCE: f64 = if cfg!(feature = "odbl-data") { 31.0 } else { 44.18 };

#[test]
fn one_vcpu_hour_in_virginia_is_what_a_pocket_calculator_says() {
    let answer = report(&hour());
    assert_eq!(answer.tier, Tier::Processor);
    assert!(
        close(answer.energy_consumed_kwh.0, WATTS / 1000.0 * 1.15),
        "{:?}",
        answer.energy_consumed_kwh
    );
    assert!(
        close(answer.co2e_grams.0, WATTS / 1000.0 * 1.15 * VIRGINIA + EMBODIED_PER_HOUR),
        "{:?}",
        answer.co2e_grams
    );
    assert!((answer.embodied_grams.0 - 0.4789).abs() < 1e-4, "{:?}", answer.embodied_grams);
}

#[test]
fn memory_counts_only_above_what_the_watts_include() {
    let baseline =
        (105.97 + 92.44 + 129.78 + 137.14 + 160.0 + 221.14 + 129.78 + 136.0 + 130.8 + 75.1)
            / 10.0
            / 96.0;
    let included = Workload { memory: Gigabytes(baseline), ..hour() };
    assert!(close(report(&included).co2e_grams.0, report(&hour()).co2e_grams.0));
    let paris = Workload::of_cpu_hours("eu-west-3", 1);
    let ten = report(&Workload { memory: Gigabytes::from_megabytes(10_000.0), ..paris });
    let kwh = (WATTS + (10.0 - baseline) * 0.392) / 1000.0 * 1.135;
    assert!(close(ten.energy_consumed_kwh.0, kwh));
    assert!(close(ten.co2e_grams.0, kwh * FRANCE + EMBODIED_PER_HOUR));
}

#[test]
fn every_region_gives_an_answer_that_names_its_grid_and_year() {
    let regions = IntensityTable::bundled().regions();
    assert!(regions.count() >= 39);
    for region in IntensityTable::bundled().regions() {
        let answer = report(&Workload::of_cpu_hours(&region.name, 1));
        let grid = answer.sources.iter().find(|source| source.id.starts_with("intensity/"));
        let year = grid.and_then(|source| source.year).unwrap_or_default().to_string();
        let words = &answer.methodology;
        assert!(words.contains(&region.name) && words.contains(&year), "{words}");
        assert!(
            answer.steps.iter().any(|step| step.sources.iter().any(|id| id.contains("intensity/")))
        );
    }
}

#[test]
fn an_intensity_from_outside_takes_the_place_of_the_bundled_one() {
    let given = OverrideIntensity {
        intensity: Intensity(100.0),
        source: "own meter".into(),
        year: Some(2026),
        read_at: None,
    };
    let answer = report(&Workload { intensity: Some(&given), ..hour() });
    assert!(close(answer.co2e_grams.0, WATTS / 1000.0 * 1.15 * 100.0 + EMBODIED_PER_HOUR));
    assert!(
        answer.methodology.contains("the grid's intensity comes from own meter, 2026"),
        "{}",
        answer.methodology
    );

    let absurd = OverrideIntensity { intensity: Intensity(f64::NAN), ..given };
    let absurd = Workload { intensity: Some(&absurd), ..hour() };
    let refused = Estimate::of(&absurd).err().map(|error| error.to_string());
    assert_eq!(refused.as_deref(), Some("`intensity` must be grams per kWh from 0 to 2000"));
}

#[test]
fn no_work_has_no_footprint_and_the_most_work_still_has_a_finite_one() {
    let none = report(&Workload { cpu_time: CpuSeconds(0.0), ..hour() });
    assert!(
        none.co2e_grams.0.abs() < f64::MIN_POSITIVE && none.interval_90.contains(none.co2e_grams)
    );
    let most = report(&Workload {
        cpu_time: CpuSeconds(1e9),
        memory: Gigabytes(1e6),
        executions: Executions(1_000_000_000_000_000),
        ..hour()
    });
    assert!(most.interval_90.high.0.is_finite() && most.interval_90.contains(most.co2e_grams));
}

#[test]
fn codecarbon_stands_beside_it_for_one_execution() {
    let (once, often) = (report(&hour()), report(&Workload::of_cpu_hours("us-east-1", 1000)));
    assert_eq!(once.codecarbon, often.codecarbon);
    // 4 W per thread where nothing is known, 10 W for whatever memory, and the average of the region in its own table.
    assert!(close(once.codecarbon.memory_power.0, 10.0), "{:?}", once.codecarbon);
    assert!(
        once.codecarbon.co2e_grams.0 > 0.0 && once.codecarbon.energy > once.energy_consumed_kwh
    );
}

prop_compose! {
    fn some_work()(
        cpu_time in 0.0..1e9_f64,
        megabytes in 0.0..1e9_f64,
        region in prop::sample::select(IntensityTable::bundled().regions().map(|region| region.name.as_str()).collect::<Vec<_>>()),
        executions in 1..1_000_000_000_u64,
    ) -> Workload<'static> {
        Workload {
            cpu_time: CpuSeconds(cpu_time),
            memory: Gigabytes::from_megabytes(megabytes),
            ..Workload::of_cpu_hours(region, executions)
        }
    }
}

proptest! {
    #[test]
    fn the_interval_contains_the_value_and_the_parts_make_the_whole(work in some_work()) {
        let answer = report(&work);
        prop_assert!(answer.interval_90.contains(answer.co2e_grams));
        let operational = answer.energy_consumed_kwh * answer.carbon_intensity_gco2_per_kwh;
        prop_assert!(close((operational + answer.embodied_grams).0, answer.co2e_grams.0));
        prop_assert!(close((answer.co2e_per_execution * work.executions).0, answer.co2e_grams.0));
    }

    #[test]
    fn no_work_draws_no_energy(work in some_work()) {
        let answer = report(&Workload { cpu_time: CpuSeconds(0.0), ..work });
        prop_assert!(answer.energy_consumed_kwh.0.abs() < f64::MIN_POSITIVE);
    }

    #[test]
    fn any_text_as_a_region_is_an_answer_or_a_short_refusal(region in "\\PC{0,80}") {
        match Estimate::of(&Workload::of_cpu_hours(&region, 1)) {
            Ok(_) => {}
            Err(error @ CarbonError::UnknownRegion { .. }) => prop_assert!(error.to_string().len() < 800),
            Err(error) => prop_assert!(false, "{error}"),
        }
    }
}
