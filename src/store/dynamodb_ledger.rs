//! The ledger of budgets in the table, which all processes of a deployment share.
//!
//! An account is one item, and a lease is granted by one conditional write to it. What was used is booked in one
//! transaction over all accounts of a batch, together with a mark that the batch is booked.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use aws_config::SdkConfig;
use contract::Timestamp;
use model::budget::{Batch, Granted, LeaseRequest, Ledger, LedgerError, Nanodollars, Scope, Spent};

use super::StoreError;
use super::aws_calls::Fault;
use super::dynamodb::token;
use super::dynamodb_account::{self as account, Account};
use super::dynamodb_change::{Changed, ChangedAll};
use super::dynamodb_item::{Item, Key};
use super::dynamodb_table::Table;

/// With all repetitions. Whoever asks waits for a little longer.
const DEADLINE: Duration = Duration::from_secs(8);
/// A batch in doubt is told again within the next second, or when a frozen process runs again.
const MARKS_LAST: Duration = Duration::from_hours(24);
const FIRST_PAUSE_MILLISECONDS: u64 = 10;
const LONGEST_PAUSE_MILLISECONDS: u64 = 500;

/// A `Ledger` on DynamoDB.
#[derive(Clone)]
pub struct DynamoLedger {
    table: Table,
}

impl DynamoLedger {
    pub fn new(sdk: &SdkConfig, table: String) -> Self {
        Self { table: Table::new(sdk, table) }
    }
}

#[async_trait]
impl Ledger for DynamoLedger {
    async fn lease(&self, request: &LeaseRequest) -> Result<Granted, LedgerError> {
        self.in_time(self.grant(request)).await
    }

    async fn settle(&self, batch: &Batch, now: Timestamp) -> Result<(), LedgerError> {
        self.in_time(self.book(batch, now)).await
    }

    async fn spent(&self, scope: &Scope, now: Timestamp) -> Result<Spent, LedgerError> {
        let read = async { Ok(self.read(scope).await?.standing(now)) };
        self.in_time(read).await
    }
}

impl DynamoLedger {
    /// The first write is made without a look: mostly there is enough, and a refusal shows the account.
    async fn grant(&self, request: &LeaseRequest) -> Result<Granted, StoreError> {
        let LeaseRequest { scope, lease, now, .. } = request;
        let (mut known, mut pauses) = (None, Pauses::default());
        loop {
            let account: Account = known.clone().unwrap_or_default();
            if let Some(clear) = account.clear(scope, *now) {
                match self.table.change(clear).await? {
                    Changed::Done(item) => known = Some(Account::read(&item)?),
                    Changed::Refused(item) => known = Some(read(item.as_ref())?),
                    Changed::Busy => pauses.next().await,
                }
                continue;
            }
            let Some(amount) = request.grant(account.standing(*now)) else {
                if known.is_some() {
                    return Ok(Granted { amount: None, account: account.standing(*now) });
                }
                known = Some(self.read(scope).await?);
                continue;
            };
            let token = token();
            match self.table.change(account::grant(request, amount, &token)).await? {
                Changed::Done(item) => return self.granted(request, amount, &item).await,
                Changed::Refused(Some(item)) if account::is_by(&item, *lease, &token) => {
                    return self.granted(request, amount, &item).await;
                }
                Changed::Refused(item) => known = Some(read(item.as_ref())?),
                Changed::Busy => pauses.next().await,
            }
        }
    }

    /// Leases of those that crashed are cleared on the way, so that the item does not grow by them.
    async fn granted(
        &self,
        request: &LeaseRequest,
        amount: Nanodollars,
        item: &Item,
    ) -> Result<Granted, StoreError> {
        let account = Account::read(item)?;
        if let Some(clear) = account.clear(&request.scope, request.now)
            && let Err(error) = self.table.change(clear).await
        {
            tracing::debug!(%error, "leases that have expired were not cleared");
        }
        Ok(Granted { amount: Some(amount), account: account.standing(request.now) })
    }

    /// What a lease holds is read first, and the changes are made if it still does.
    async fn book(&self, batch: &Batch, now: Timestamp) -> Result<(), StoreError> {
        let accounts = account::by_scope(&batch.settlements);
        let keys: Vec<Key> = accounts.keys().map(account::key).collect();
        let mut pauses = Pauses::default();
        loop {
            let mut found = HashMap::new();
            for item in self.table.get_all(&keys).await? {
                found.insert(item.key()?, Account::read(&item)?);
            }
            let settled = accounts.iter().filter_map(|(scope, uses)| {
                let known = found.remove(&account::key(scope)).unwrap_or_default();
                known.settle(scope, uses, now)
            });
            let changes: Vec<_> = settled.collect();
            if changes.is_empty() {
                return Ok(());
            }
            let mark = Item::new(&Key::booked(batch.id), now, MARKS_LAST);
            match self.table.change_all(mark, changes).await? {
                ChangedAll::Done | ChangedAll::Marked => return Ok(()),
                ChangedAll::Refused | ChangedAll::Busy => pauses.next().await,
            }
        }
    }

    async fn read(&self, scope: &Scope) -> Result<Account, StoreError> {
        Ok(read(self.table.get(&account::key(scope)).await?.as_ref())?)
    }

    async fn in_time<T>(
        &self,
        operation: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, LedgerError> {
        let ended = tokio::time::timeout(DEADLINE, operation).await;
        let ended = ended.unwrap_or_else(|_| {
            let (action, resource) = ("dynamodb:UpdateItem", self.table.arn.clone());
            let problem = format!(
                "not done within {} s; the table does not answer, or too many write to one account",
                DEADLINE.as_secs()
            );
            Err(Fault::Call { action, resource, problem }.into())
        });
        ended.map_err(|error| LedgerError(Box::new(error)))
    }
}

fn read(item: Option<&Item>) -> Result<Account, Fault> {
    item.map_or_else(|| Ok(Account::default()), Account::read)
}

/// Longer and longer, and not those of others. The deadline ends them.
struct Pauses {
    most_milliseconds: u64,
}

impl Default for Pauses {
    fn default() -> Self {
        Self { most_milliseconds: FIRST_PAUSE_MILLISECONDS }
    }
}

impl Pauses {
    async fn next(&mut self) {
        let pause = Duration::from_millis(fastrand::u64(0..=self.most_milliseconds));
        self.most_milliseconds = (self.most_milliseconds * 2).min(LONGEST_PAUSE_MILLISECONDS);
        tokio::time::sleep(pause).await;
    }
}
