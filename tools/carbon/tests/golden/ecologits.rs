//! Every case that `EcoLogits` 0.11.3 computed, with every figure of it.

use carbon::ecologits::{Answer, DataCenter, Grid, Impacts};
use carbon::units::{Intensity, LitersPerKilowattHour, Pue, Seconds};
use serde_json::Value;

use crate::cases::{Golden, number};

#[derive(Clone, Copy)]
enum End {
    Min,
    Max,
}

impl End {
    fn of(self, value: &Value) -> f64 {
        let name = match self {
            Self::Min => "min",
            Self::Max => "max",
        };
        value[name].as_f64().or_else(|| value.as_f64()).unwrap_or(f64::NAN)
    }
}

fn impacts(input: &Value, end: End) -> Impacts {
    let mix = |name: &str| input["mix"][name].as_f64().unwrap_or(f64::NAN);
    let answer = Answer {
        total_billions: end.of(&input["total_params_b"]),
        active_billions: end.of(&input["active_params_b"]),
        output_tokens: number(&input["output_tokens"]),
        latency: input["request_latency_s"].as_f64().map(Seconds),
        tokens_per_second: input["tps"].as_f64(),
        first_token: input["ttft"].as_f64().map(Seconds),
    };
    answer.impacts(&DataCenter {
        pue: Pue(end.of(&input["pue"])),
        wue: LitersPerKilowattHour(end.of(&input["wue"])),
        grid: Grid {
            intensity: Intensity(mix("gwp") * 1000.0),
            antimony: mix("adpe"),
            primary: mix("pe"),
            water: LitersPerKilowattHour(mix("wue")),
        },
    })
}

#[test]
fn ecologits_computes_the_same() {
    let mut golden = Golden::read(include_str!("ecologits.json"), 1e-9);
    for case in golden.of_kinds(&["model", "params"]) {
        for (name, end) in [("min", End::Min), ("max", End::Max)] {
            let ours = impacts(&case.input, end);
            for (field, value) in [
                ("energy_kwh", ours.energy.0),
                ("gwp_kg", ours.total().kilograms()),
                ("usage_gwp_kg", ours.usage.kilograms()),
                ("embodied_gwp_kg", ours.embodied.kilograms()),
                ("pe_mj", ours.primary_energy.0),
                ("adpe_kgsbeq", ours.abiotic_depletion.0),
                ("wcf_l", ours.water.0),
            ] {
                golden.compare(&case, &format!("/{field}/{name}"), value);
            }
        }
    }
    for case in golden.of_kinds(&["dag"]) {
        let ours = impacts(&case.input, End::Min);
        for (field, value) in [
            ("gpu_energy", ours.gpu_energy.0),
            ("generation_latency", ours.seconds.0),
            ("gpu_required_count", ours.gpus),
            ("server_energy", ours.server_energy.0),
            ("request_it_energy", ours.it_energy.0),
            ("request_energy", ours.energy.0),
            ("request_usage_gwp", ours.usage.kilograms()),
            ("request_usage_wcf", ours.water.0),
            ("request_embodied_gwp", ours.embodied.kilograms()),
        ] {
            golden.compare(&case, &format!("/{field}"), value);
        }
    }
    // The memory and the making of the whole server are steps inside; what follows from them is compared above.
    golden.not_compared(&["/model_required_memory", "/server_gpu_embodied_gwp"]);
    golden.all_seen(12);
}
