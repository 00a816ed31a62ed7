//! An account of a budget as an item of the table, and the changes that a ledger makes to it. Pure.
//!
//! One item holds what is spent, what is taken (spent or leased), and under its number what each lease holds, until when,
//! and by which write. A condition cannot add, so what is taken is kept beside its parts: a lease is granted by one
//! write on the condition that so much is still free, however many processes write at the same time.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use aws_sdk_dynamodb::types::AttributeValue;
use contract::Timestamp;
use model::budget::{LEASE_LASTS, LeaseRequest, Nanodollars, Scope, Settlement, Spent};

use super::aws_calls::Fault;
use super::dynamodb::REPORTS_LAST;
use super::dynamodb_change::Change;
use super::dynamodb_item::{Item, Key, expiry};

/// An expression may have 4 KB; leases that have expired and do not fit are cleared by the next change.
const MOST_CLEARED: usize = 20;

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Account {
    spent: Nanodollars,
    taken: Nanodollars,
    leases: BTreeMap<u64, Lease>,
}

#[derive(Debug, Clone, PartialEq)]
struct Lease {
    held: Nanodollars,
    ends: Timestamp,
}

/// What became of leases of one account, by their numbers: used and returned.
pub(super) type Uses = BTreeMap<u64, (Nanodollars, Nanodollars)>;

/// By account, because a transaction changes an item once.
pub(super) fn by_scope(settlements: &[Settlement]) -> BTreeMap<Scope, Uses> {
    let mut accounts: BTreeMap<Scope, Uses> = BTreeMap::new();
    for settlement in settlements {
        let leases = accounts.entry(settlement.scope.clone()).or_default();
        let (used, returned) = leases.entry(settlement.lease).or_default();
        *used += settlement.used;
        *returned += settlement.returned;
    }
    accounts
}

pub(super) fn key(scope: &Scope) -> Key {
    Key::budget(&scope.to_string())
}

impl Account {
    pub(super) fn read(item: &Item) -> Result<Self, Fault> {
        let amount = |name: &str| item.read_number(name).map(Nanodollars);
        let amount_if_any = |name: &str| {
            let is_there = item.attributes.contains_key(name);
            is_there.then(|| amount(name)).transpose().map(Option::unwrap_or_default)
        };
        let mut leases = BTreeMap::new();
        for name in item.attributes.keys() {
            let Some(digits) = name.strip_prefix("held_") else { continue };
            let number = u64::from_str_radix(digits, 16)
                .map_err(|_| Fault::Shape { item: item.name(), attribute: name.clone() })?;
            let ends = item.read_time(&format!("ends_{digits}"))?;
            leases.insert(number, Lease { held: amount(name)?, ends });
        }
        Ok(Self { spent: amount_if_any("spent")?, taken: amount_if_any("taken")?, leases })
    }

    /// Leases that have expired count no more, whether or not they are cleared yet.
    pub(super) fn standing(&self, now: Timestamp) -> Spent {
        let expired: Nanodollars = self.expired(now).map(|(_, lease)| lease.held).sum();
        Spent { spent: self.spent, leased: self.taken.saturating_sub(self.spent + expired) }
    }

    fn expired(&self, now: Timestamp) -> impl Iterator<Item = (u64, &Lease)> {
        let leases = self.leases.iter().filter(move |(_, lease)| lease.ends <= now);
        leases.map(|(number, lease)| (*number, lease))
    }

    /// Takes back what has expired, unless its holder has renewed it meanwhile; `None` where nothing has.
    pub(super) fn clear(&self, scope: &Scope, now: Timestamp) -> Option<Change> {
        let mut change = Builder::of(scope, now);
        for (number, lease) in self.expired(now).take(MOST_CLEARED) {
            let (held, ends) = (name("held", number), name("ends", number));
            change.only_if(&format!("#{held} = :{held} AND #{ends} = :{ends}"));
            change.value(&held, lease.held.0);
            change.value(&ends, lease.ends.0);
            change.remove(number);
            change.taken -= i128::from(lease.held.0);
        }
        (!change.condition.is_empty()).then(|| change.build())
    }

    /// Books what was used of leases, and renews or ends them; `None` where that changes nothing.
    pub(super) fn settle(&self, scope: &Scope, uses: &Uses, now: Timestamp) -> Option<Change> {
        let mut change = Builder::of(scope, now);
        for (&number, &(used, returned)) in uses {
            let (held, ends) = (name("held", number), name("ends", number));
            // What was used counts whether or not a lease covers it.
            change.spent += i128::from(used.0);
            change.taken += i128::from(used.0);
            let Some(lease) = self.leases.get(&number) else {
                if used > Nanodollars::ZERO {
                    change.only_if(&format!("attribute_not_exists(#{held})"));
                }
                continue;
            };
            change.only_if(&format!("#{held} = :{held}"));
            change.value(&held, lease.held.0);
            let ended = lease.held.min(used + returned);
            change.taken -= i128::from(ended.0);
            if ended == lease.held {
                change.remove(number);
                continue;
            }
            change.set(&ends, (now + LEASE_LASTS).0);
            if ended > Nanodollars::ZERO {
                change.add(&held, &format!("less_{number:016x}"), -i128::from(ended.0));
            }
        }
        (!change.condition.is_empty()).then(|| change.build())
    }
}

/// Grants so much, if it is still free and this write was not done before.
pub(super) fn grant(request: &LeaseRequest, amount: Nanodollars, token: &str) -> Change {
    let mut change = Builder::of(&request.scope, request.now);
    let (held, ends, by) =
        (name("held", request.lease), name("ends", request.lease), name("by", request.lease));
    change.only_if("(attribute_not_exists(#taken) OR #taken <= :room)");
    change.value("room", request.cap.saturating_sub(amount).0);
    change.only_if(&format!("(attribute_not_exists(#{by}) OR #{by} <> :{by})"));
    let _ = write!(change.set, ", #{by} = :{by}");
    change.values.push((by, AttributeValue::S(token.to_owned())));
    change.set(&ends, (request.now + LEASE_LASTS).0);
    change.add(&held, &held, amount.0);
    change.taken = amount.0.into();
    change.build()
}

/// Whether the lease was last written to by this write: one that was done, and whose answer was lost.
pub(super) fn is_by(item: &Item, lease: u64, token: &str) -> bool {
    item.read_text(&name("by", lease)).is_ok_and(|by| by == token)
}

fn name(what: &str, lease: u64) -> String {
    format!("{what}_{lease:016x}")
}

/// A change of an account, as its parts come together.
struct Builder {
    key: Key,
    set: String,
    add: String,
    remove: Vec<String>,
    condition: String,
    values: Vec<(String, AttributeValue)>,
    spent: i128,
    taken: i128,
}

impl Builder {
    fn of(scope: &Scope, now: Timestamp) -> Self {
        let mut change = Self {
            key: key(scope),
            set: "#touched = :touched, #expires = :expires".to_owned(),
            add: "#spent :spent, #taken :taken".to_owned(),
            remove: Vec::new(),
            condition: String::new(),
            values: Vec::new(),
            spent: 0,
            taken: 0,
        };
        change.value("touched", now.0);
        change.value("expires", expiry(now, REPORTS_LAST));
        change
    }

    fn value(&mut self, name: &str, number: impl Into<i128>) {
        self.values.push((name.to_owned(), AttributeValue::N(number.into().to_string())));
    }

    fn set(&mut self, name: &str, number: impl Into<i128>) {
        let _ = write!(self.set, ", #{name} = :{name}");
        self.value(name, number);
    }

    fn add(&mut self, name: &str, value: &str, number: impl Into<i128>) {
        let _ = write!(self.add, ", #{name} :{value}");
        self.value(value, number);
    }

    fn remove(&mut self, lease: u64) {
        self.remove.extend(["held", "ends", "by"].map(|what| format!("#{}", name(what, lease))));
    }

    fn only_if(&mut self, condition: &str) {
        let and = if self.condition.is_empty() { "" } else { " AND " };
        let _ = write!(self.condition, "{and}{condition}");
    }

    fn build(mut self) -> Change {
        self.value("spent", self.spent);
        self.value("taken", self.taken);
        let Self { key, set, add, remove, condition, values, .. } = self;
        let mut update = format!("SET {set} ADD {add}");
        if !remove.is_empty() {
            let _ = write!(update, " REMOVE {}", remove.join(", "));
        }
        let values = values.into_iter().map(|(name, value)| (format!(":{name}"), value)).collect();
        Change { key, update, condition, values }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_795_262_400_000);

    fn day() -> Scope {
        Scope::Day("2026-11-21".parse().unwrap())
    }

    fn account() -> Account {
        let lease = |held, ends| Lease { held: Nanodollars(held), ends };
        let leases = [(1, lease(40, NOW + LEASE_LASTS)), (2, lease(10, NOW))];
        Account { spent: Nanodollars(5), taken: Nanodollars(55), leases: leases.into() }
    }

    fn told(change: &Change) -> String {
        let mut values: Vec<_> = change.values.iter().collect();
        values.sort_by_key(|(name, _)| *name);
        let values = values.iter().map(|(name, value)| match value {
            AttributeValue::N(value) | AttributeValue::S(value) => format!("{name} {value}"),
            other => panic!("{other:?}"),
        });
        let told = [change.key.to_string(), change.update.clone(), change.condition.clone()];
        let told: Vec<_> = told.into_iter().chain(values).collect();
        told.join("\n").replace("000000000000000", "~")
    }

    #[test]
    fn a_lease_is_granted_if_as_much_is_free_and_not_twice() {
        let request = LeaseRequest {
            scope: day(),
            lease: 1,
            least: Nanodollars(10),
            wish: Nanodollars(30),
            cap: Nanodollars(100),
            now: NOW,
        };
        insta::assert_snapshot!(told(&grant(&request, Nanodollars(30), "t")), @"
        budget#day:2026-11-21 (account)
        SET #touched = :touched, #expires = :expires, #by_~1 = :by_~1, #ends_~1 = :ends_~1 ADD #spent :spent, #taken :taken, #held_~1 :held_~1
        (attribute_not_exists(#taken) OR #taken <= :room) AND (attribute_not_exists(#by_~1) OR #by_~1 <> :by_~1)
        :by_~1 t
        :ends_~1 1795263300000
        :expires 1803038400
        :held_~1 30
        :room 70
        :spent 0
        :taken 30
        :touched 1795262400000
        ");
    }

    #[test]
    fn what_was_used_of_a_lease_is_booked_if_it_holds_as_much_as_was_read() {
        let used = |used, returned| (Nanodollars(used), Nanodollars(returned));
        let settle = |uses: &Uses| account().settle(&day(), uses, NOW).map(|change| told(&change));
        let parts = settle(&[(1, used(7, 3))].into()).unwrap();
        insta::assert_snapshot!(parts, @"
        budget#day:2026-11-21 (account)
        SET #touched = :touched, #expires = :expires, #ends_~1 = :ends_~1 ADD #spent :spent, #taken :taken, #held_~1 :less_~1
        #held_~1 = :held_~1
        :ends_~1 1795263300000
        :expires 1803038400
        :held_~1 40
        :less_~1 -10
        :spent 7
        :taken -3
        :touched 1795262400000
        ");
        let beyond = settle(&[(2, used(12, 0)), (9, used(1, 0))].into()).unwrap();
        insta::assert_snapshot!(beyond, @"
        budget#day:2026-11-21 (account)
        SET #touched = :touched, #expires = :expires ADD #spent :spent, #taken :taken REMOVE #held_~2, #ends_~2, #by_~2
        #held_~2 = :held_~2 AND attribute_not_exists(#held_~9)
        :expires 1803038400
        :held_~2 10
        :spent 13
        :taken 3
        :touched 1795262400000
        ");
        assert_eq!(settle(&[(9, used(0, 5))].into()), None, "there is no such lease");
    }

    #[test]
    fn what_has_expired_counts_no_more_and_is_taken_back() {
        let account = account();
        let left = Spent { spent: Nanodollars(5), leased: Nanodollars(40) };
        assert_eq!(account.standing(NOW), left);
        assert_eq!(account.clear(&day(), Timestamp(NOW.0 - 1)).map(|change| told(&change)), None);
        insta::assert_snapshot!(told(&account.clear(&day(), NOW).unwrap()), @"
        budget#day:2026-11-21 (account)
        SET #touched = :touched, #expires = :expires ADD #spent :spent, #taken :taken REMOVE #held_~2, #ends_~2, #by_~2
        #held_~2 = :held_~2 AND #ends_~2 = :ends_~2
        :ends_~2 1795262400000
        :expires 1803038400
        :held_~2 10
        :spent 0
        :taken -10
        :touched 1795262400000
        ");
    }
}
