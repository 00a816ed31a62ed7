//! Every case that the Impact Framework 1.1.0 computed with its unofficial plugins 0.3.1.

use carbon::cloud_carbon_footprint::PowerRange;
use carbon::impact_framework::{
    FunctionalUnits, Instance, Interpolation, Server, sci, teads_energy, teads_factor,
};
use carbon::units::{
    Footprint, GigabyteHours, Gigabytes, Intensity, KilowattHours, KilowattHoursPerGigabyteHour,
    Pue, Seconds, Utilization, Watts, WattsPerVcpu,
};
use proptest::prelude::*;
use serde_json::Value;

use crate::cases::{Case, Golden, number};

fn utilization(value: &Value) -> Utilization {
    Utilization(number(value) / 100.0)
}

fn time(input: &Value) -> Seconds {
    Seconds(number(&input["duration"]))
}

#[test]
fn the_impact_framework_computes_the_same() {
    let mut golden = Golden::read(include_str!("sci_if.json"), 1e-9);
    for (kinds, interpolation) in [
        (["if_sci_linear", "teads_curve_linear"], Interpolation::Linear),
        (["if_sci_spline", "teads_curve_spline"], Interpolation::Spline),
    ] {
        for case in golden.of_kinds(&kinds[..1]) {
            pipeline(&mut golden, &case, interpolation);
        }
        for case in golden.of_kinds(&kinds[1..]) {
            curve(&mut golden, &case, interpolation);
        }
    }
    for case in golden.of_kinds(&["if_ccf_plugin"]) {
        plugin(&mut golden, &case);
    }
    golden.all_seen(25);
}

fn curve(golden: &mut Golden, case: &Case, interpolation: Interpolation) {
    let load = utilization(&case.input["cpu/utilization"]);
    let tdp = Watts(number(&case.input["cpu/thermal-design-power"]));
    golden.compare(case, "/factor", teads_factor(load, interpolation));
    let energy = teads_energy(tdp, load, interpolation, time(&case.input), Utilization(1.0));
    golden.compare(case, "/cpu-energy", energy.0);
}

#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
fn pipeline(golden: &mut Golden, case: &Case, interpolation: Interpolation) {
    let of = |name: &str| number(&case.input[name]);
    let load = utilization(&case.input["cpu/utilization"]);
    let tdp = Watts(of("cpu/thermal-design-power"));
    let factor = teads_factor(load, interpolation);
    let share = Utilization(of("vcpus-allocated") / of("vcpus-total"));
    let of_cpu = teads_energy(tdp, load, interpolation, time(&case.input), share);
    let of_memory =
        GigabyteHours(of("memory/gbh")) * KilowattHoursPerGigabyteHour(of("memory/coefficient"));
    let it = of_cpu + of_memory;
    let energy = it * Pue(of("pue"));
    let intensity = Intensity(of("grid/carbon-intensity"));
    let server = Server {
        vcpus: of("vCPUs"),
        memory: Gigabytes(of("memory")),
        ssds: of("ssd"),
        hdds: of("hdd"),
        gpus: of("gpu"),
    };
    let embodied = server.embodied_of(Utilization(of("usage-ratio")), time(&case.input));
    let score = sci(energy, intensity, embodied, FunctionalUnits(of("requests"))).unwrap();
    for (place, ours) in [
        ("/cpu-factor", factor),
        ("/cpu-wattage", tdp.0 * factor),
        ("/cpu-energy", of_cpu.0),
        ("/memory-energy", of_memory.0),
        ("/it-energy", it.0),
        ("/energy", energy.0),
        ("/carbon-operational", (energy * intensity).0),
        ("/embodied-carbon", embodied.0),
        ("/carbon", (energy * intensity + embodied).0),
        ("/sci", score.0),
    ] {
        golden.compare(case, place, ours);
    }
}

/// What the plugin's tables say of the instances of the cases: vCPUs, those of the server, W per vCPU idle and busy (the mean of
/// its processors), W of the instance idle and at 10, 50, 100 %, and kg of making the server.
fn instance(name: &str) -> Instance {
    let (vcpus, vcpus_of_server, min, max, measured, server) = match name {
        "m5n.large" => (
            2.0,
            96.0,
            0.638_949_358_152_351_9,
            3.967_304_734_393_756_4,
            [4.1, 6.7, 11.8, 16.3],
            1610.79,
        ),
        "c5.xlarge" => (
            4.0,
            72.0,
            0.641_776_901_788_848_6,
            4.080_370_586_467_817,
            [9.7, 15.6, 26.6, 35.9],
            1344.29,
        ),
        _ => (
            2.0,
            64.0,
            0.474_262_152_777_777_8,
            1.692_961_516_203_703_7,
            [3.1, 4.8, 7.7, 10.5],
            1333.12,
        ),
    };
    Instance {
        vcpus,
        vcpus_of_server,
        power: PowerRange { min: WattsPerVcpu(min), max: WattsPerVcpu(max) },
        measured: Some(measured.map(Watts)),
        server: Footprint::from_kilograms(server),
    }
}

#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
fn plugin(golden: &mut Golden, case: &Case) {
    let instance = instance(case.input["instance-type"].as_str().unwrap());
    let interpolation = match case.input["interpolation"].as_str() {
        Some("spline") => Interpolation::Spline,
        _ => Interpolation::Linear,
    };
    let load = utilization(&case.input["utilization"]);
    let energy = instance.energy(load, interpolation, time(&case.input)).unwrap();
    if case.id == "sci-049" {
        // The plugin joins the watts of its two processors as texts, and answers with no number.
        assert!(golden.take(case, "/energy").is_null());
        assert!(energy.0 > 0.0);
    } else {
        golden.compare(case, "/energy", energy.0);
    }
    golden.compare(case, "/carbon-embodied", instance.embodied(time(&case.input)).0);
}

#[test]
fn a_spline_needs_what_was_measured() {
    let unmeasured = Instance { measured: None, ..instance("m5n.large") };
    assert_eq!(unmeasured.energy(Utilization(0.5), Interpolation::Spline, Seconds(1.0)), None);
}

proptest! {
    #[test]
    fn both_curves_pass_through_the_points_and_stay_near_each_other(load in 0.0..1.0_f64) {
        for (at, share) in [(0.0, 0.12), (0.1, 0.32), (0.5, 0.75), (1.0, 1.02)] {
            for interpolation in [Interpolation::Linear, Interpolation::Spline] {
                prop_assert!((teads_factor(Utilization(at), interpolation) - share).abs() < 1e-12);
            }
        }
        let of = |interpolation| teads_factor(Utilization(load), interpolation);
        prop_assert!((of(Interpolation::Linear) - of(Interpolation::Spline)).abs() < 0.1);
    }

    #[test]
    fn the_score_shares_the_carbon(kwh in 0.0..1e6_f64, grams in 0.0..2000.0_f64, units in 1e-3..1e9_f64) {
        let score = |units| sci(KilowattHours(kwh), Intensity(grams), Footprint(1.0), FunctionalUnits(units));
        let grams = |units| score(units).map_or(f64::NAN, |score| score.0);
        prop_assert!((grams(units) / (grams(units * 2.0) * 2.0) - 1.0).abs() <= 1e-12);
    }
}
