//! The ledger of budgets in the SQLite file, which processes may share.
//!
//! Every command runs within a transaction that has the file to itself for writing, so what is read in it still holds
//! when it is written.

use async_trait::async_trait;
use contract::Timestamp;
use model::budget::{
    BATCHES_ARE_KNOWN, Batch, Granted, LEASE_LASTS, LeaseRequest, Ledger, LedgerError, Nanodollars,
    Scope, Settlement, Spent,
};
use rusqlite::{Connection, OptionalExtension, params};

use super::{Database, DatabaseError};

/// A `Ledger` on the database that the store may share.
#[derive(Clone)]
pub struct SqliteLedger {
    database: Database,
}

impl SqliteLedger {
    pub fn new(database: Database) -> Self {
        Self { database }
    }
}

#[async_trait]
impl Ledger for SqliteLedger {
    async fn lease(&self, request: &LeaseRequest) -> Result<Granted, LedgerError> {
        let request = request.clone();
        let granted = self.database.run(move |connection| lease(connection, &request)).await;
        granted.map_err(unavailable)
    }

    async fn settle(&self, batch: &Batch, now: Timestamp) -> Result<(), LedgerError> {
        let batch = batch.clone();
        let settled = self.database.run(move |connection| {
            if !is_new(connection, batch.id, now)? {
                return Ok(());
            }
            batch.settlements.iter().try_for_each(|settlement| settle(connection, settlement, now))
        });
        settled.await.map_err(unavailable)
    }

    async fn spent(&self, scope: &Scope, now: Timestamp) -> Result<Spent, LedgerError> {
        let scope = scope.to_string();
        let spent = self.database.run(move |connection| {
            expire(connection, &scope, now)?;
            standing(connection, &scope)
        });
        spent.await.map_err(unavailable)
    }
}

fn lease(connection: &Connection, request: &LeaseRequest) -> rusqlite::Result<Granted> {
    let LeaseRequest { lease, cap, now, .. } = request;
    let scope = request.scope.to_string();
    expire(connection, &scope, *now)?;
    let Some(amount) = request.grant(standing(connection, &scope)?) else {
        return Ok(Granted { amount: None, account: standing(connection, &scope)? });
    };
    open(connection, &scope, *now)?;
    // The condition says once more what `grant` has found, where nothing can come between.
    let query = "
        UPDATE budget_accounts SET leased = leased + ?1, touched_at = ?2
        WHERE scope = ?3 AND spent + leased + ?1 <= ?4";
    let row = params![signed(amount), now.0, scope, signed(*cap)];
    let granted = connection.prepare_cached(query)?.execute(row)? == 1;
    if granted {
        let query = "
            INSERT INTO budget_leases (scope, lease, amount, expires_at) VALUES (?, ?, ?, ?)
            ON CONFLICT (scope, lease) DO UPDATE
            SET amount = amount + excluded.amount, expires_at = excluded.expires_at";
        let row = params![scope, number(*lease), signed(amount), (*now + LEASE_LASTS).0];
        connection.prepare_cached(query)?.execute(row)?;
    }
    Ok(Granted { amount: granted.then_some(amount), account: standing(connection, &scope)? })
}

/// Marks a batch as booked, unless it is.
fn is_new(connection: &Connection, batch: u64, now: Timestamp) -> rusqlite::Result<bool> {
    let query = "DELETE FROM budget_batches WHERE booked_at <= ?";
    connection.prepare_cached(query)?.execute([(now - BATCHES_ARE_KNOWN).0])?;
    let query = "INSERT OR IGNORE INTO budget_batches (id, booked_at) VALUES (?, ?)";
    let row = params![number(batch), now.0];
    Ok(connection.prepare_cached(query)?.execute(row)? == 1)
}

fn settle(
    connection: &Connection,
    settlement: &Settlement,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let Settlement { lease, used, returned, .. } = settlement;
    let scope = settlement.scope.to_string();
    open(connection, &scope, now)?;
    let query = "SELECT amount FROM budget_leases WHERE scope = ? AND lease = ?";
    let held = connection
        .prepare_cached(query)?
        .query_row(params![scope, number(*lease)], |row| row.get(0))
        .optional()?;
    let held = unsigned(held.unwrap_or(0));
    // What was used counts whether or not a lease covers it.
    let ended = held.min(*used + *returned);
    let query = "
        UPDATE budget_accounts SET spent = spent + ?, leased = leased - ?, touched_at = ?
        WHERE scope = ?";
    let row = params![signed(*used), signed(ended), now.0, scope];
    connection.prepare_cached(query)?.execute(row)?;
    if ended == held {
        let query = "DELETE FROM budget_leases WHERE scope = ? AND lease = ?";
        connection.prepare_cached(query)?.execute(params![scope, number(*lease)])?;
    } else {
        let query = "
            UPDATE budget_leases SET amount = amount - ?, expires_at = ?
            WHERE scope = ? AND lease = ?";
        let row = params![signed(ended), (now + LEASE_LASTS).0, scope, number(*lease)];
        connection.prepare_cached(query)?.execute(row)?;
    }
    Ok(())
}

/// Takes back the leases of an account that have expired.
fn expire(connection: &Connection, scope: &str, now: Timestamp) -> rusqlite::Result<()> {
    let query = "
        UPDATE budget_accounts SET leased = leased - (
          SELECT coalesce(sum(amount), 0) FROM budget_leases WHERE scope = ?1 AND expires_at <= ?2
        ) WHERE scope = ?1";
    connection.prepare_cached(query)?.execute(params![scope, now.0])?;
    let query = "DELETE FROM budget_leases WHERE scope = ? AND expires_at <= ?";
    connection.prepare_cached(query)?.execute(params![scope, now.0])?;
    Ok(())
}

fn open(connection: &Connection, scope: &str, now: Timestamp) -> rusqlite::Result<usize> {
    let query = "INSERT OR IGNORE INTO budget_accounts (scope, touched_at) VALUES (?, ?)";
    connection.prepare_cached(query)?.execute(params![scope, now.0])
}

fn standing(connection: &Connection, scope: &str) -> rusqlite::Result<Spent> {
    let query = "SELECT spent, leased FROM budget_accounts WHERE scope = ?";
    let found = connection
        .prepare_cached(query)?
        .query_row([scope], |row| {
            Ok(Spent { spent: unsigned(row.get(0)?), leased: unsigned(row.get(1)?) })
        })
        .optional()?;
    Ok(found.unwrap_or_default())
}

fn unavailable(error: DatabaseError) -> LedgerError {
    LedgerError(Box::new(error))
}

/// No amount is above what a signed integer holds.
fn signed(amount: Nanodollars) -> i64 {
    i64::try_from(amount.0).unwrap_or(i64::MAX)
}

fn unsigned(amount: i64) -> Nanodollars {
    Nanodollars(u64::try_from(amount).unwrap_or(0))
}

/// The number of a lease or a batch.
fn number(number: u64) -> i64 {
    number.cast_signed()
}
