//! What answering a prompt stands for, by the published method of `EcoLogits` 0.11.
//!
//! Formulas and constants are re-implemented from its documentation (<https://ecologits.ai>). It assumes servers of eight H100
//! and counts the generated tokens alone: reading the prompt, networks and training are left out.

use crate::units::{
    Footprint, Intensity, KilogramsAntimony, KilowattHours, Liters, LitersPerKilowattHour,
    Megajoules, Pue, Seconds,
};

/// One answer of a model.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Answer {
    /// Parameters of the model, in billions.
    pub total_billions: f64,
    /// Those that take part in each token, in billions.
    pub active_billions: f64,
    pub output_tokens: f64,
    /// How long the answer took, where that was measured.
    pub latency: Option<Seconds>,
    /// How fast the model is known to answer; else the method models it.
    pub tokens_per_second: Option<f64>,
    pub first_token: Option<Seconds>,
}

/// Where the servers stand.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DataCenter {
    pub pue: Pue,
    pub wue: LitersPerKilowattHour,
    pub grid: Grid,
}

/// What a kilowatt-hour of the grid stands for.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Grid {
    pub intensity: Intensity,
    /// kg of antimony equivalent per kWh.
    pub antimony: f64,
    /// MJ of primary energy per kWh.
    pub primary: f64,
    pub water: LitersPerKilowattHour,
}

/// What one answer stands for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Impacts {
    pub seconds: Seconds,
    pub gpus: f64,
    /// Of one GPU.
    pub gpu_energy: KilowattHours,
    /// Of the server without its GPUs.
    pub server_energy: KilowattHours,
    /// Of the machines.
    pub it_energy: KilowattHours,
    /// With the building.
    pub energy: KilowattHours,
    pub usage: Footprint,
    pub embodied: Footprint,
    pub abiotic_depletion: KilogramsAntimony,
    pub primary_energy: Megajoules,
    pub water: Liters,
}

impl Impacts {
    pub fn total(&self) -> Footprint {
        self.usage + self.embodied
    }
}

impl Answer {
    pub fn impacts(&self, place: &DataCenter) -> Impacts {
        let gpus = gpus_for(self.total_billions);
        let seconds = self.seconds();
        let share = gpus / GPUS_PER_SERVER;
        let server_energy = KilowattHours(seconds.0 / 3600.0 * SERVER_KW * share / BATCH);
        let gpu_energy =
            KilowattHours(self.output_tokens * gpu_kwh_per_token(self.active_billions));
        let it_energy = server_energy + KilowattHours(gpus * gpu_energy.0);
        let energy = it_energy * place.pue;
        let worn = seconds.0 / (LIFE.0 * BATCH);
        let of_making = |of: fn(&Making) -> f64| worn * (share * of(&SERVER) + gpus * of(&GPU));
        let grid = &place.grid;
        Impacts {
            seconds,
            gpus,
            gpu_energy,
            server_energy,
            it_energy,
            energy,
            usage: energy * grid.intensity,
            embodied: Footprint::from_kilograms(of_making(|making| making.kilograms)),
            abiotic_depletion: KilogramsAntimony(
                energy.0 * grid.antimony + of_making(|making| making.antimony),
            ),
            primary_energy: Megajoules(
                energy.0 * grid.primary + of_making(|making| making.megajoules),
            ),
            water: it_energy * place.wue + energy * grid.water,
        }
    }

    /// What was measured, if the model cannot have taken longer.
    fn seconds(&self) -> Seconds {
        let modeled = 6.785_088_094_353_663e-4 * self.active_billions
            + 3.119_310_311_688_259e-4 * BATCH
            + 0.019_473_717_579_473_387;
        let per_token = self.tokens_per_second.map_or(modeled, f64::recip);
        let answering = self.output_tokens * per_token + self.first_token.unwrap_or_default().0;
        Seconds(self.latency.map_or(answering, |latency| latency.0.min(answering)))
    }
}

/// What making a piece of hardware took: kg of CO2e, kg of antimony equivalent, MJ of primary energy.
struct Making {
    kilograms: f64,
    antimony: f64,
    megajoules: f64,
}

/// Without its GPUs.
const SERVER: Making = Making { kilograms: 5700.0, antimony: 0.37, megajoules: 70_000.0 };
const GPU: Making = Making { kilograms: 273.0, antimony: 0.008_95, megajoules: 3721.0 };
/// Requests that one server answers at a time.
const BATCH: f64 = 64.0;
const GPUS_PER_SERVER: f64 = 8.0;
const GPU_GIGABYTES: f64 = 80.0;
/// A server without its GPUs.
const SERVER_KW: f64 = 1.2;
/// Three years.
const LIFE: Seconds = Seconds(94_608_000.0);

/// GPUs that hold a model of 16-bit weights with a fifth on top, as a power of two.
fn gpus_for(total_billions: f64) -> f64 {
    let gigabytes = 1.2 * total_billions * 16.0 / 8.0;
    (gigabytes / GPU_GIGABYTES).ceil().log2().ceil().exp2()
}

fn gpu_kwh_per_token(active_billions: f64) -> f64 {
    let slope = 1.166_527_317_045_191_4e-6 * (-0.011_205_921_025_579_175 * BATCH).exp();
    (slope * active_billions + 4.052_928_146_734_005e-5) / 1000.0
}
