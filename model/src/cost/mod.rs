//! What calls cost: kept as records, added up, and looked at for what would make them cheaper.

mod analytics;
mod bench;
mod evidence;
mod prefix;
mod recommend;
mod recommend_caching;
mod recommend_model;
mod recommend_prompt;
mod record;
mod recorder;
mod upkeep;

pub(crate) use analytics::percentile;
pub use analytics::{Analytics, By, Row};
pub use bench::{Benchmark, Benchmarked};
pub use evidence::Evidence;
pub use prefix::{Beginning, Prefix};
pub use recommend::{Kind, Recommendation, recommendations};
pub use record::CallRecord;
pub use recorder::{CallLog, LogError, Recorder};
pub use upkeep::upkeep;
