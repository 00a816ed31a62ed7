//! An operator's rows of one model's id, which may be asked through several drivers.

use super::table::{self, Row};

/// An operator's rows of one id.
#[derive(Debug, Clone, Default)]
pub(super) struct OwnRows {
    /// Through whichever driver it is asked.
    any: Option<Row>,
    /// Through the driver of its service alone.
    by_driver: Vec<Row>,
}

impl OwnRows {
    pub(super) fn of(&self, driver: &str) -> Option<&Row> {
        let own = self.by_driver.iter().find(|row| row.service.driver() == driver);
        own.or(self.any.as_ref())
    }

    /// For who does not say through which driver: the row of all, that of the tables' own service, or any.
    pub(super) fn usual(&self) -> Option<&Row> {
        let home = || {
            let known = table::row(&self.by_driver.first()?.id)?;
            self.by_driver.iter().find(|row| row.service == known.service)
        };
        self.any.as_ref().or_else(home).or_else(|| self.by_driver.first())
    }

    /// Whether there was none for the same driver.
    pub(super) fn add(&mut self, row: Row, is_of_driver: bool) -> bool {
        if !is_of_driver {
            return self.any.replace(row).is_none();
        }
        let is_new = self.by_driver.iter().all(|known| known.service != row.service);
        self.by_driver.push(row);
        is_new
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Row> {
        self.any.iter().chain(&self.by_driver)
    }
}
