//! From work to energy to footprint: how much CO2e a piece of computing stands for, with an interval and a source per figure.
//!
//! Inputs describe one execution; an answer's totals are that times the number of executions. Nothing is asked over the
//! network, unless the feature `aws` is on and [`CalculateCarbonFootprint`] is given a Parameter Store, or the feature `live`
//! is and somebody asks one of its services.

pub mod best;
pub mod cloud_carbon_footprint;
pub mod codecarbon;
pub mod ecologits;
mod energy;
mod factors;
pub mod impact_framework;
mod interval;
#[cfg(feature = "live")]
pub mod live;
pub mod llm;
mod nearest;
mod own;
#[cfg(feature = "aws")]
mod parameter_store;
mod place;
mod records;
mod tool;
pub mod units;
mod work;

pub use factors::{Region, Scope, Source};
pub use interval::{Contribution, Interval};
pub use own::{OwnModelUse, own_footprint, own_model_use};
#[cfg(feature = "aws")]
pub use parameter_store::{ParameterStore, Reading};
pub use place::IntensityTable;
pub use tool::CalculateCarbonFootprint;
pub use work::{CarbonError, OverrideIntensity};
