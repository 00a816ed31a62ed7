//! What must hold of every footprint, and cases computed by hand or by others.

use carbon::units::Intensity;
use carbon::{CarbonError, CarbonModel, OverrideIntensity, Work};
use proptest::prelude::*;
use serde_json::Value;

fn work() -> Work {
    Work {
        cpu_time_seconds: 3600.0,
        ram_usage_mb: 512.0,
        region: "us-east-1".into(),
        execution_count: 1,
        intensity: None,
    }
}

#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
fn grams(work: &Work) -> f64 {
    CarbonModel::bundled().footprint(work).unwrap().co2e_grams.0
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

#[test]
fn one_vcpu_hour_in_virginia_is_what_a_pocket_calculator_says() {
    let answer = CarbonModel::bundled().footprint(&work()).unwrap();
    assert!(
        close(answer.energy_consumed_kwh.0, WATTS / 1000.0 * 1.15),
        "{:?}",
        answer.energy_consumed_kwh
    );
    assert!(
        close(answer.co2e_grams.0, WATTS / 1000.0 * 1.15 * 244.8 + EMBODIED_PER_HOUR),
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
    assert!(close(
        grams(&Work { ram_usage_mb: baseline * 1000.0, ..work() }),
        grams(&Work { ram_usage_mb: 0.0, ..work() })
    ));
    let ten = CarbonModel::bundled()
        .footprint(&Work { ram_usage_mb: 10_000.0, region: "eu-west-3".into(), ..work() })
        .unwrap();
    let kwh = (WATTS + (10.0 - baseline) * 0.392) / 1000.0 * 1.135;
    assert!(close(ten.energy_consumed_kwh.0, kwh));
    assert!(close(ten.co2e_grams.0, kwh * 44.18 + EMBODIED_PER_HOUR));
}

#[test]
fn equivalents_are_those_of_the_epa() {
    let golden: Value = serde_json::from_str(include_str!("golden/equivalents.json")).unwrap();
    let model = CarbonModel::bundled();
    let per_gram = model.footprint(&work()).unwrap();
    for case in golden["golden"].as_array().unwrap() {
        let scale = case["co2e_g"].as_f64().unwrap() / per_gram.co2e_grams.0;
        let expected = |name: &str| case[name].as_f64().unwrap();
        assert!(close(
            per_gram.equivalents.smartphone_charges * scale,
            expected("smartphone_charges")
        ));
        assert!(close(per_gram.equivalents.km_driven * scale, expected("km")));
        assert!(close(per_gram.equivalents.tree_hours * scale, expected("tree_hours")));
    }
}

#[test]
fn every_region_gives_an_answer_that_names_its_zone_and_year() {
    let model = CarbonModel::bundled();
    assert!(model.regions().count() >= 39);
    for region in model.regions() {
        let answer = model.footprint(&Work { region: region.name.clone(), ..work() }).unwrap();
        assert!(
            answer.methodology.contains(&format!("{} (", region.zone)),
            "{}",
            answer.methodology
        );
        assert!(answer.methodology.contains(&region.year.to_string()));
    }
}

#[test]
fn the_interval_is_wider_where_less_is_known() {
    let model = CarbonModel::bundled();
    let width = |region: &str| {
        let answer = model.footprint(&Work { region: region.into(), ..work() }).unwrap();
        answer.interval_90.high.0 / answer.interval_90.low.0
    };
    assert!(width("eu-central-1") < width("us-east-1"));
    assert!(width("us-east-1") < width("ap-southeast-3"));
}

#[test]
fn an_intensity_from_outside_takes_the_place_of_the_bundled_one() {
    let given = OverrideIntensity {
        intensity: Intensity(100.0),
        source: "own meter".into(),
        year: Some(2026),
        read_at: None,
    };
    let answer = CarbonModel::bundled()
        .footprint(&Work { intensity: Some(given.clone()), ..work() })
        .unwrap();
    assert!(close(answer.co2e_grams.0, WATTS / 1000.0 * 1.15 * 100.0 + EMBODIED_PER_HOUR));
    assert!(
        answer.methodology.contains("the intensity comes from own meter, 2026"),
        "{}",
        answer.methodology
    );

    let absurd = OverrideIntensity { intensity: Intensity(f64::NAN), ..given };
    let refused = CarbonModel::bundled().footprint(&Work { intensity: Some(absurd), ..work() });
    assert_eq!(
        refused.unwrap_err().to_string(),
        "`intensity` must be grams per kWh from 0 to 2000"
    );
}

#[test]
fn numbers_that_are_none_are_refused() {
    for cpu_time_seconds in [f64::NAN, f64::INFINITY, -0.1, 1.000_001e9] {
        let refused = CarbonModel::bundled().footprint(&Work { cpu_time_seconds, ..work() });
        assert!(matches!(refused, Err(CarbonError::Invalid { field: "cpu_time_seconds", .. })));
    }
    for ram_usage_mb in [f64::NAN, f64::NEG_INFINITY, -1.0, 2e9] {
        let refused = CarbonModel::bundled().footprint(&Work { ram_usage_mb, ..work() });
        assert!(matches!(refused, Err(CarbonError::Invalid { field: "ram_usage_mb", .. })));
    }
}

#[test]
fn no_work_has_no_footprint_and_the_most_work_still_has_a_finite_one() {
    let none = CarbonModel::bundled().footprint(&Work { cpu_time_seconds: 0.0, ..work() }).unwrap();
    assert!(
        none.co2e_grams.0.abs() < f64::MIN_POSITIVE && none.interval_90.contains(none.co2e_grams)
    );
    let most = Work {
        cpu_time_seconds: 1e9,
        ram_usage_mb: 1e9,
        execution_count: 1_000_000_000_000_000,
        ..work()
    };
    let most = CarbonModel::bundled().footprint(&most).unwrap();
    assert!(most.interval_90.high.0.is_finite() && most.interval_90.contains(most.co2e_grams));
}

prop_compose! {
    fn some_work()(
        cpu_time_seconds in 0.0..1e9_f64,
        ram_usage_mb in 0.0..1e9_f64,
        region in prop::sample::select(CarbonModel::bundled().regions().map(|region| region.name.clone()).collect::<Vec<_>>()),
        execution_count in 1..1_000_000_000_u64,
    ) -> Work {
        Work { cpu_time_seconds, ram_usage_mb, region, execution_count, intensity: None }
    }
}

proptest! {
    #[test]
    fn more_cpu_time_is_never_less_carbon(work in some_work(), more in 0.0..1e6_f64) {
        let cpu_time_seconds = (work.cpu_time_seconds + more).min(1e9);
        let longer = Work { cpu_time_seconds, ..work.clone() };
        prop_assert!(grams(&longer) >= grams(&work));
    }

    #[test]
    fn executions_add_up(work in some_work(), others in 1..1_000_000_u64) {
        let together = grams(&Work { execution_count: work.execution_count + others, ..work.clone() });
        let apart = grams(&work) + grams(&Work { execution_count: others, ..work });
        prop_assert!(close(together, apart), "{together} {apart}");
    }

    #[test]
    fn the_interval_contains_the_value_and_the_parts_make_the_whole(work in some_work()) {
        let answer = CarbonModel::bundled().footprint(&work).unwrap();
        prop_assert!(answer.interval_90.contains(answer.co2e_grams));
        let operational = answer.energy_consumed_kwh * answer.carbon_intensity_gco2_per_kwh;
        prop_assert!(close((operational + answer.embodied_grams).0, answer.co2e_grams.0));
        prop_assert!(close(answer.co2e_per_execution.0 * work.execution_count as f64, answer.co2e_grams.0));
    }

    #[test]
    fn no_work_draws_no_energy(work in some_work()) {
        let answer = CarbonModel::bundled().footprint(&Work { cpu_time_seconds: 0.0, ..work }).unwrap();
        prop_assert!(answer.energy_consumed_kwh.0.abs() < f64::MIN_POSITIVE);
    }

    #[test]
    fn any_text_as_a_region_is_an_answer_or_a_short_refusal(region in "\\PC{0,80}") {
        match CarbonModel::bundled().footprint(&Work { region, ..work() }) {
            Ok(_) => {}
            Err(error) => prop_assert!(error.to_string().len() < 800),
        }
    }
}
