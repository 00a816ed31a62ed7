//! What other tools computed: their cases, and our functions on the same inputs.

mod cases;
mod cloud_carbon_footprint;
mod codecarbon;
mod ecologits;
mod impact_framework;
