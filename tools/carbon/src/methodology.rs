//! What the reader is told of how an answer came about.

use crate::energy::VcpuPower;
use crate::factors::Scope;
use crate::place::Place;
use crate::units::Gigabytes;

/// The formula, where the intensity comes from, and what the equivalents are.
pub(crate) fn methodology(power: &VcpuPower, place: &Place) -> String {
    format!(
        "Footprint = (CPU time x {:.2} W per vCPU + memory above the server's baseline) x PUE {} x grid intensity {} gCO2e/kWh \
         + a share of making the server; {}. Equivalents are US EPA figures.",
        power.max.0,
        place.pue.0,
        place.intensity.0,
        intensity_origin(place),
    )
}

fn intensity_origin(place: &Place) -> String {
    let region = place.region;
    match &place.override_intensity {
        Some(given) => format!("the intensity comes from {}", given.origin()),
        None if region.scope == Scope::World => {
            format!(
                "location unknown, so the intensity is the world average of {} in the bundled table ({})",
                region.year, region.source
            )
        }
        None => format!(
            "the intensity comes from the bundled table: {} ({}), {}, {}",
            region.zone, region.zone_name, region.year, region.source
        ),
    }
}

/// What the answer takes for granted.
pub(crate) fn assumptions(power: &VcpuPower, place: &Place, memory: Gigabytes) -> Vec<String> {
    let mut list = vec![
        "cpu_time_seconds and ram_usage_mb describe one execution; co2e_grams and energy_consumed_kwh are for all executions".to_owned(),
        "one vCPU, fully busy: wall time equals CPU time".to_owned(),
        format!("the processor is not known: mean of {} server families, {:.2} W per busy vCPU", power.families, power.max.0),
        memory_assumption(power, memory),
        "making the server: 1/96 of an m5.metal (1,611 kg CO2e over four years) per vCPU; this formula gives 1.7 to 3.4 times what Boavizta gives".to_owned(),
        "location-based yearly average intensity: purchased certificates and the hour of the day are left out".to_owned(),
        "storage, network and idle capacity are not counted".to_owned(),
    ];
    if place.override_intensity.is_none() {
        list.extend(fit_assumption(place));
    }
    if place.pue_source.id == "pue/provider" {
        list.push(format!(
            "no PUE is published for this place: average of the provider, {}",
            place.pue.0
        ));
    }
    list
}

fn memory_assumption(power: &VcpuPower, memory: Gigabytes) -> String {
    let baseline = power.memory.0;
    if memory <= power.memory {
        format!(
            "{:.2} GB of memory add nothing: the watts per vCPU already include {baseline:.2} GB",
            memory.0
        )
    } else {
        format!(
            "of {:.2} GB of memory, {baseline:.2} GB are already in the watts per vCPU",
            memory.0
        )
    }
}

fn fit_assumption(place: &Place) -> Option<String> {
    let name = &place.region.zone_name;
    match place.region.scope {
        Scope::CountryZone => None,
        Scope::Country => {
            Some(format!("the average of {name} stands for the grid zone of the region"))
        }
        Scope::Part => Some(format!(
            "what is generated inside {name} stands for the grid zone of the region; imports and exports are left out"
        )),
        Scope::World => Some("location unknown: world average".to_owned()),
    }
}
