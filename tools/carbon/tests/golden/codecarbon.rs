//! Every case that `CodeCarbon` 3.3.2 computed, and what must hold of its numbers besides.

use carbon::codecarbon::{
    Architecture, Compat, Counter, Location, Processor, Session, compat, cpu_power_at_constant,
    cpu_power_at_load, cpu_power_of_process, cpu_power_static_helper, dimms, intensity,
    intensity_where_location_failed, memory_power, processor,
};
use carbon::units::{
    CpuSeconds, Gigabytes, LitersPerKilowattHour, Pue, Seconds, Utilization, Watts,
};
use proptest::prelude::*;
use serde_json::Value;

use crate::cases::{Case, Golden, number};

const TOLERANCE: f64 = 1e-9;

fn tdp(input: &Value) -> Option<Watts> {
    input["tdp_w"].as_f64().map(Watts)
}

fn load(input: &Value) -> Utilization {
    Utilization(number(&input["cpu_load_pct"]) / 100.0)
}

fn architecture(input: &Value) -> Architecture {
    if input["arch"] == "arm64" { Architecture::Arm } else { Architecture::X86 }
}

fn location(input: &Value) -> Location<'_> {
    Location {
        cloud: input["cloud_provider"].as_str().zip(input["cloud_region"].as_str()),
        country: input["country_iso_code"].as_str().or_else(|| input["country_iso3"].as_str()),
        part: input["region"].as_str(),
    }
}

fn session(input: &Value) -> Session<'_> {
    let processor = match (input["tracking_mode"].as_str(), input["cpu_mode"].as_str()) {
        (Some("process"), _) => Processor::Process {
            tdp: tdp(input).unwrap_or_default(),
            cpu_time: CpuSeconds(number(&input["cpu_time_s"])),
            logical_cpus: number(&input["logical_cpus"]) as u32,
        },
        (_, Some("cpu_load")) => {
            Processor::Load { tdp: tdp(input).unwrap_or_default(), load: load(input) }
        }
        _ => Processor::Constant { tdp: tdp(input) },
    };
    Session {
        wall: Seconds(number(&input["duration_s"])),
        processor,
        memory: Gigabytes(number(&input["ram_gb"])),
        architecture: architecture(input),
        location: location(input),
        pue: Pue(number(&input["pue"])),
        wue: LitersPerKilowattHour(number(&input["wue"])),
    }
}

#[test]
fn codecarbon_computes_the_same() {
    let mut golden = Golden::read(include_str!("codecarbon.json"), TOLERANCE);
    processors(&mut golden);
    powers(&mut golden);
    memories(&mut golden);
    intensities(&mut golden);
    for case in golden.of_kinds(&["end_to_end"]) {
        end_to_end(&mut golden, &case);
    }
    golden.all_seen(90);
}

#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
fn processors(golden: &mut Golden) {
    for case in golden.of_kinds(&["tdp_lookup"]) {
        let ours = processor(case.input["cpu_model_raw"].as_str().unwrap()).unwrap();
        let name = golden.take(&case, "/matched_name");
        assert_eq!(ours.map(|found| found.name), name.as_str(), "{}", case.id);
        let watts = golden.take(&case, "/tdp_w");
        assert_eq!(ours.map(|found| found.tdp.0), watts.as_f64(), "{}", case.id);
    }
}

fn powers(golden: &mut Golden) {
    for case in golden.of_kinds(&["cpu_power_machine_load"]) {
        let watts = cpu_power_at_load(tdp(&case.input).unwrap_or_default(), load(&case.input));
        golden.compare(&case, "/power_w", watts.0);
    }
    for case in golden.of_kinds(&["cpu_power_constant", "cpu_power_constant_unknown"]) {
        golden.compare(&case, "/power_w", cpu_power_at_constant(tdp(&case.input)).0);
    }
    for case in golden.of_kinds(&["cpu_power_process"]) {
        let wall = Seconds(number(&case.input["wall_s"]));
        let watts = cpu_power_of_process(
            tdp(&case.input).unwrap_or_default(),
            CpuSeconds(number(&case.input["cpu_time_s"])),
            wall,
            number(&case.input["logical_cpus"]) as u32,
        );
        golden.compare(&case, "/power_w", watts.0);
        golden.compare(&case, "/energy_kwh", (watts * wall).0);
    }
    for case in golden.of_kinds(&["cpu_power_static_helper"]) {
        let model = case.input["model"].as_str().unwrap_or_default();
        let watts =
            cpu_power_static_helper(tdp(&case.input).unwrap_or_default(), load(&case.input), model);
        golden.compare(&case, "/power_w", watts.0);
    }
    golden.not_compared(&["/assumed_tdp_w"]);
}

fn memories(golden: &mut Golden) {
    for case in golden.of_kinds(&["ram_power"]) {
        let memory = Gigabytes(number(&case.input["ram_gb"]));
        golden.compare(&case, "/dimm_count", f64::from(dimms(memory)));
        golden.compare(&case, "/power_w", memory_power(memory, architecture(&case.input)).0);
    }
}

fn intensities(golden: &mut Golden) {
    for case in golden.of_kinds(&["intensity_cloud", "intensity_country"]) {
        golden.compare(&case, "/g_per_kwh", intensity(&location(&case.input)).0);
    }
}

fn end_to_end(golden: &mut Golden, case: &Case) {
    let ours = compat(&session(&case.input));
    for (place, value) in [
        ("/cpu_power_w", ours.cpu_power.0),
        ("/ram_power_w", ours.memory_power.0),
        ("/cpu_energy_kwh", ours.cpu_energy.0),
        ("/ram_energy_kwh", ours.memory_energy.0),
        ("/energy_consumed_kwh", ours.energy.0),
        ("/water_l", ours.water.0),
        ("/co2e_g", ours.co2e_grams.0),
        ("/carbon_intensity_gco2_per_kwh", ours.intensity.0),
    ] {
        golden.compare(case, place, value);
    }
}

fn run() -> Session<'static> {
    Session {
        wall: Seconds(3600.0),
        processor: Processor::Load { tdp: Watts(100.0), load: Utilization(0.5) },
        memory: Gigabytes(16.0),
        architecture: Architecture::X86,
        location: Location { country: Some("DEU"), ..Location::default() },
        pue: Pue(1.0),
        wue: LitersPerKilowattHour(0.0),
    }
}

#[test]
fn counted_energy_goes_as_it_is() {
    let mut counter = Counter::new(Some(262_143_000_000.0), 262_143_328_850.0);
    let energy = counter.advance(Some(3_600_000_000.0 - 328_850.0));
    let Compat { cpu_energy, cpu_power, .. } =
        compat(&Session { processor: Processor::Counters(energy), ..run() });
    assert!((cpu_energy.0 - 3600.0 * 2.777_78e-7).abs() < 1e-12, "{cpu_energy:?}");
    assert!((cpu_power.0 - 1.000_000_8).abs() < 1e-9, "{cpu_power:?}");
}

#[test]
fn water_is_that_of_the_energy_with_the_building() {
    let ours = compat(&Session { pue: Pue(1.2), wue: LitersPerKilowattHour(1.8), ..run() });
    assert!((ours.water.0 - ours.energy.0 * 1.8).abs() < 1e-15);
    assert!((ours.energy.0 - (21.25 + 10.0) * 1.2 / 1000.0).abs() < 1e-15);
}

#[test]
fn a_tracker_that_found_no_place_believes_to_be_in_quebec() {
    let quebec = Location { country: Some("CAN"), part: Some("quebec"), ..Location::default() };
    assert_eq!(intensity_where_location_failed(), intensity(&quebec));
}

proptest! {
    #[test]
    fn more_cpu_time_is_never_less(seconds in 0.0..1e6_f64, more in 0.0..1e6_f64) {
        let grams = |cpu_time| {
            let processor = Processor::Process { tdp: Watts(225.0), cpu_time: CpuSeconds(cpu_time), logical_cpus: 96 };
            compat(&Session { processor, ..run() }).co2e_grams
        };
        prop_assert!(grams(seconds + more) >= grams(seconds));
    }

}

proptest! {
    // Each case reads the whole table.
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_name_of_a_processor_finds_a_row_or_none(model in "\\PC{0,60}") {
        prop_assert!(processor(&model).is_ok());
    }
}
