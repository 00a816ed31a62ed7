//! The footprint of the review itself, on the machine that it ran on.

use std::time::Duration;

use crate::factors::Tables;
use crate::model::{Answer, CarbonModel};
use crate::place::{IntensityTable, Place};
use crate::work::{CarbonError, Work};

/// What one review stood for. Without a region the location is unknown, and is said to be: world average, wide interval.
pub fn own_footprint(
    cpu: Duration,
    ram_mb: f64,
    region: Option<&str>,
) -> Result<Answer, CarbonError> {
    let work = Work {
        cpu_time_seconds: cpu.as_secs_f64(),
        ram_usage_mb: ram_mb,
        region: region.unwrap_or_default().to_owned(),
        execution_count: 1,
        intensity: None,
    };
    let model = CarbonModel::bundled();
    if region.is_some() {
        return model.footprint(&work);
    }
    work.check()?;
    let world = IntensityTable::bundled().world()?;
    model.footprint_at(&Place::new(Tables::bundled(), world, None)?, &work)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_review_nobody_knows_where_is_a_world_average_and_says_so() {
        let own = own_footprint(Duration::from_mins(1), 300.0, None).unwrap();
        assert!((own.carbon_intensity_gco2_per_kwh.0 - 472.94).abs() < 1e-9);
        assert!(own.methodology.contains("location unknown"), "{}", own.methodology);
        assert!(own.assumptions.iter().any(|line| line.contains("location unknown")));
        assert!(own.interval_90.high.0 / own.co2e_grams.0 > 3.0);
    }

    #[test]
    fn a_region_is_used_where_it_is_given_and_never_guessed() {
        let own = own_footprint(Duration::from_mins(1), 300.0, Some("eu-west-3")).unwrap();
        assert!((own.carbon_intensity_gco2_per_kwh.0 - 44.18).abs() < 1e-9);
        assert!(matches!(
            own_footprint(Duration::from_mins(1), 300.0, Some("mars-1")),
            Err(CarbonError::UnknownRegion { .. })
        ));
    }
}
