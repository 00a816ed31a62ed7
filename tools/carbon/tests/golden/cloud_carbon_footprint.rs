//! Every case that Cloud Carbon Footprint computed.

use carbon::cloud_carbon_footprint::{
    Copies, HDD, InstanceMemory, MEMORY, NETWORK, PowerRange, Provider, SSD, Server, chips,
    compute, embodied, intensity, lambda, memory, memory_above_baseline, network, power, storage,
};
use carbon::units::{
    CpuSeconds, Footprint, GigabyteHours, Gigabytes, KilowattHours, Pue, Seconds, TerabyteHours,
    Utilization, WattsPerVcpu,
};
use serde_json::Value;

use crate::cases::{Case, Golden, number};

fn provider(input: &Value) -> Provider {
    if input["provider"] == "azure" { Provider::Azure } else { Provider::Aws }
}

fn close(ours: f64, theirs: &Value) -> bool {
    (ours / number(theirs) - 1.0).abs() < 1e-12
}

/// Energy, and what it stands for in the region; the tables must say what the case says.
fn compare(golden: &mut Golden, case: &Case, energy: KilowattHours) {
    let input = &case.input;
    let region = input["factor_key"].as_str().or_else(|| input["region"].as_str());
    let intensity = intensity(provider(input), region.unwrap_or_default()).unwrap_or_default();
    if !input["t_per_kwh"].is_null() {
        assert!(close(intensity.0 / 1e6, &input["t_per_kwh"]), "{} {intensity:?}", case.id);
    }
    assert!(close(provider(input).pue().0, &input["pue"]), "{}", case.id);
    golden.compare(case, "/kwh", energy.0);
    golden.compare(case, "/co2e_g", (energy * intensity).0);
}

fn range(input: &Value) -> PowerRange {
    PowerRange {
        min: WattsPerVcpu(number(&input["min_watts"])),
        max: WattsPerVcpu(number(&input["max_watts"])),
    }
}

fn utilization(input: &Value) -> Utilization {
    Utilization(number(&input["cpu_utilization_pct"]) / 100.0)
}

#[test]
fn cloud_carbon_footprint_computes_the_same() {
    let mut golden = Golden::read(include_str!("ccf.json"), 1e-9);
    computes(&mut golden);
    memories(&mut golden);
    others(&mut golden);
    golden.all_seen(17);
}

fn computes(golden: &mut Golden) {
    for case in golden.of_kinds(&["compute"]) {
        let input = &case.input;
        let processors: Vec<&str> = input["processors"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let looked_up = power(provider(input), &processors);
        assert!(close(looked_up.min.0, &input["min_watts"]), "{}", case.id);
        assert!(close(looked_up.max.0, &input["max_watts"]), "{}", case.id);
        let reserved = CpuSeconds(number(&input["vcpu_hours"]) * 3600.0);
        let pue = Pue(number(&input["pue"]));
        let energy = compute(looked_up, utilization(input), reserved, pue, Copies::ONE);
        compare(golden, &case, energy);
    }
    for case in golden.of_kinds(&["lambda"]) {
        let input = &case.input;
        let time = lambda(number(&input["memory_mb"]), Seconds(number(&input["duration_s"])));
        assert!(close(time.0 / 3600.0, &input["vcpu_hours"]), "{}", case.id);
        let pue = Pue(number(&input["pue"]));
        let energy = compute(range(input), utilization(input), time, pue, Copies::ONE);
        compare(golden, &case, energy);
    }
}

fn memories(golden: &mut Golden) {
    for case in golden.of_kinds(&["memory"]) {
        assert!(close(MEMORY.0, &case.input["coefficient_kwh_per_gbh"]));
        let held = GigabyteHours(number(&case.input["gb_hours"]));
        let energy = memory(held, Pue(number(&case.input["pue"])), Copies::ONE);
        compare(golden, &case, energy);
    }
    for case in golden.of_kinds(&["memory_gb_hours"]) {
        let input = &case.input;
        assert!(close(chips(number(&input["largest_vcpus"])), &input["physical_chips"]));
        let instance = InstanceMemory {
            instance: Gigabytes(number(&input["instance_mem_gb"])),
            largest: Gigabytes(number(&input["largest_mem_gb"])),
            chips: number(&input["physical_chips"]),
            baseline_per_chip: Gigabytes(number(&input["processor_mem_gb"])),
        };
        let time = Seconds(number(&input["usage_hours"]) * 3600.0);
        golden.compare(&case, "/gb_hours", memory_above_baseline(instance, time).0);
    }
}

fn others(golden: &mut Golden) {
    for case in golden.of_kinds(&["network"]) {
        assert!(close(NETWORK.0, &case.input["coefficient_kwh_per_gb"]));
        let moved = Gigabytes(number(&case.input["gigabytes"]));
        compare(golden, &case, network(moved, Pue(number(&case.input["pue"]))));
    }
    for case in golden.of_kinds(&["storage"]) {
        let input = &case.input;
        let kind = if input["type"] == "SSD" { SSD } else { HDD };
        assert!(close(kind.0, &input["coefficient_wh_per_tbh"]));
        let held = TerabyteHours(number(&input["tb_hours"]));
        let copies = Copies(number(&input["replication"]));
        compare(golden, &case, storage(held, kind, Pue(number(&input["pue"])), copies));
    }
    for case in golden.of_kinds(&["embodied"]) {
        let input = &case.input;
        let ours = embodied(
            Footprint(number(&input["server_embodied_t"]) * 1e6),
            Seconds(number(&input["usage_hours"]) * 3600.0),
            number(&input["instance_vcpu"]),
            number(&input["largest_vcpu"]),
        );
        golden.compare(&case, "/co2e_g", ours.0);
    }
}

#[test]
fn a_server_of_two_sockets_and_384_gigabytes_is_that_of_the_published_table() {
    let server = Server { sockets: 2.0, memory: Gigabytes(384.0), ..Server::default() };
    // m5.metal has 1,610.79 there.
    assert!((server.embodied().kilograms() - 1610.79).abs() < 0.005, "{:?}", server.embodied());
}
