//! The ledgers of one process, and of processes over one file.

use std::sync::Arc;

use model::budget::{Ledger, MemoryLedger};

use super::{Database, SqliteLedger, ledger_contract_tests};

mod in_memory {
    use super::*;

    ledger_contract_tests::holds_for!(10_000, {
        let ledger: Arc<dyn Ledger> = Arc::new(MemoryLedger::default());
        move || ledger.clone()
    });
}

mod in_a_file {
    use super::*;

    ledger_contract_tests::holds_for!(10_000, {
        let folder = tempfile::tempdir().unwrap();
        move || -> Arc<dyn Ledger> {
            let database = Database::open(&folder.path().join("eco-coder.db")).unwrap();
            Arc::new(SqliteLedger::new(database))
        }
    });
}
