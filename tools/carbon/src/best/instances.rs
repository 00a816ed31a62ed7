//! EC2 instances: the processor under each, and what making its server emitted.

use std::sync::OnceLock;

use crate::nearest::nearest;
use crate::records::records;
use crate::units::{Footprint, Gigabytes, Vcpus};
use crate::work::CarbonError;

/// An instance type.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Instance {
    pub name: &'static str,
    pub vcpus: Vcpus,
    pub memory: Gigabytes,
    /// As AWS names it.
    pub processor: &'static str,
    /// Empty where the processor belongs to no family of the table of power.
    pub family: &'static str,
    /// Of the largest instance of the same kind, which is taken for the whole server.
    pub vcpus_of_server: f64,
    /// `None` where nobody has published a figure.
    pub server: Option<Footprint>,
}

const TABLE: &str = include_str!("../../data/instances.csv");
const GIGABYTES_PER_GIB: f64 = 1.073_741_824;
const PROPOSALS: usize = 3;

impl Instance {
    /// By its name: `m6g.large`.
    pub fn find(name: &str) -> Result<&'static Self, CarbonError> {
        let table = table();
        let place = table.binary_search_by(|row| row.name.cmp(name));
        place.map(|place| &table[place]).map_err(|_| CarbonError::UnknownMachine {
            kind: "EC2 instance type",
            given: name.chars().take(40).collect(),
            nearest: nearest(name, table.iter().map(|row| row.name), PROPOSALS).join(", "),
        })
    }
}

fn table() -> &'static [Instance] {
    static ROWS: OnceLock<Vec<Instance>> = OnceLock::new();
    ROWS.get_or_init(|| records(TABLE).filter_map(instance).collect())
}

fn instance(row: [&'static str; 7]) -> Option<Instance> {
    let [name, vcpus, gibibytes, processor, family, vcpus_of_server, kilograms] = row;
    Some(Instance {
        name,
        vcpus: Vcpus(vcpus.parse().ok()?),
        memory: Gigabytes(gibibytes.parse::<f64>().ok()? * GIGABYTES_PER_GIB),
        processor,
        family,
        vcpus_of_server: vcpus_of_server.parse().ok()?,
        server: kilograms.parse().ok().map(Footprint::from_kilograms),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::factors::Tables;

    #[test]
    fn every_row_of_the_table_reads_in_order_and_knows_its_family() {
        assert_eq!(table().len(), TABLE.lines().count() - 1);
        assert!(table().is_sorted_by(|a, b| a.name < b.name));
        let families = &Tables::bundled().families;
        let known = |row: &&Instance| families.iter().any(|family| family.name == row.family);
        assert_eq!(
            table().iter().filter(known).count(),
            table().iter().filter(|row| !row.family.is_empty()).count()
        );
        assert!(table().iter().all(|row| row.vcpus.0 <= row.vcpus_of_server && row.vcpus.0 >= 1.0));
    }

    #[test]
    fn an_instance_that_does_not_exist_is_refused_with_the_nearest_named() {
        assert_eq!(Instance::find("m6g.large").unwrap().family, "Graviton2");
        insta::assert_snapshot!(Instance::find("m6g.lrage").unwrap_err(), @r#"unknown EC2 instance type "m6g.lrage"; the nearest known ones are m6g.large, m6g.xlarge, m6gd.large"#);
        assert!(Instance::find(&"x".repeat(100_000)).is_err());
    }
}
