//! Accounts in memory, each on what it holds of a ledger's lease. Pure: the time is an argument, and nobody is asked.
//!
//! A call reserves on all its accounts or on none. Reserved and used together never pass what the ledger granted, and
//! all that a ledger grants never passes the cap. So the cap holds, however many calls and processes there are, as long
//! as no call costs more than was reserved for it.

use std::collections::{BTreeMap, HashSet};

use contract::Timestamp;

use super::account::{Account, Room};
use super::ledger::{Granted, Settlement, Spent};
use super::money::Nanodollars;
use super::scope::{Line, Scope};

/// More accounts than this are not kept at a time; each takes about 300 bytes.
const MOST_ACCOUNTS: usize = 65_536;
/// So many scopes are remembered as warned of.
const MOST_WARNED: usize = 10_000;

/// All accounts of one process.
#[derive(Debug)]
pub struct Accounts {
    /// Sorted: there are mostly few, which are compared in a fraction of the time that hashing takes, and callers name
    /// some of them, so a cheaper hash will not do.
    by_scope: BTreeMap<Scope, Account>,
    warned: HashSet<Scope>,
    next_lease: u64,
}

/// Why nothing was reserved.
#[derive(Debug, PartialEq, Eq)]
pub enum Short {
    /// The accounts that must hold more first.
    Of(Vec<Need>),
    /// The ledger has said no a moment ago.
    Refused(Line, Granted),
    /// There are too many accounts.
    Crowded,
}

/// What an account must be granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    pub line: Line,
    pub lease: u64,
    pub least: Nanodollars,
}

/// An account has come near its cap, or has passed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    pub scope: Scope,
    pub spent: Nanodollars,
    pub cap: Nanodollars,
}

/// An account, for gauges.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    pub scope: Scope,
    pub cap: Nanodollars,
    /// By everybody, as far as is known here.
    pub spent: Nanodollars,
    /// For calls under way here.
    pub reserved: Nanodollars,
}

impl Accounts {
    /// Leases are numbered from `first_lease` on, which no other process may share: a random number does.
    pub fn new(first_lease: u64) -> Self {
        // A database's integers have a sign.
        let next_lease = first_lease & (u64::MAX >> 2);
        Self { by_scope: BTreeMap::new(), warned: HashSet::new(), next_lease }
    }

    /// Reserves the amount on every account, or on none.
    pub fn reserve(
        &mut self,
        lines: &[Line],
        amount: Nanodollars,
        now: Timestamp,
    ) -> Result<(), Short> {
        let mut needs = Vec::new();
        for line in lines {
            let account = self.by_scope.get(&line.scope);
            if !account.is_some_and(|account| account.covers(amount, now)) {
                needs.push(self.need(line, amount, now).ok_or(Short::Crowded)?);
            }
        }
        let refused = needs.iter().find_map(|need| {
            let said = self.by_scope.get(&need.line.scope)?.refusal(need.least, now)?;
            Some(Short::Refused(need.line.clone(), said))
        });
        match refused {
            Some(refused) => return Err(refused),
            None if !needs.is_empty() => return Err(Short::Of(needs)),
            None => {}
        }
        for line in lines {
            if let Some(account) = self.by_scope.get_mut(&line.scope) {
                account.reserve(amount, now);
            }
        }
        Ok(())
    }

    /// How much the account must be granted before so much can be reserved; `None` where it has no place.
    pub fn need(&mut self, line: &Line, amount: Nanodollars, now: Timestamp) -> Option<Need> {
        if !self.by_scope.contains_key(&line.scope) && self.by_scope.len() >= MOST_ACCOUNTS {
            return None;
        }
        let next_lease = &mut self.next_lease;
        let account = account(&mut self.by_scope, next_lease, line, now);
        account.lapse(next_lease, now);
        account.cap = line.cap;
        Some(Need { line: line.clone(), lease: account.lease, least: account.shortfall(amount) })
    }

    /// Books what the ledger answered to what was asked at `asked`.
    pub fn credit(&mut self, need: &Need, said: Granted, asked: Timestamp) {
        let account = account(&mut self.by_scope, &mut self.next_lease, &need.line, asked);
        if account.is_fresh() {
            account.lease = need.lease;
        }
        // Another lease than the account's has lapsed meanwhile, and expires in the ledger.
        if account.lease == need.lease {
            account.credit(need.least, said, asked);
        }
    }

    /// Ends a reservation by what was really used, which may be more.
    pub fn settle(
        &mut self,
        lines: &[Line],
        reserved: Nanodollars,
        used: Nanodollars,
        warn_at: f64,
        now: Timestamp,
    ) -> Vec<Warning> {
        let mut warnings = Vec::new();
        for line in lines {
            let account = account(&mut self.by_scope, &mut self.next_lease, line, now);
            account.settle(reserved, used, now);
            let near = used > Nanodollars::ZERO && account.spent >= account.cap.share(warn_at);
            if near && self.warned.insert(line.scope.clone()) {
                let Account { spent, cap, .. } = *account;
                warnings.push(Warning { scope: line.scope.clone(), spent, cap });
            }
        }
        if self.warned.len() > MOST_WARNED {
            self.warned.clear();
        }
        warnings
    }

    /// What to tell the ledger: all that was used, what idle accounts give back, and which leases go on. Forgets what
    /// is idle and holds nothing. With `all`, as before the end, every account gives back what it has not reserved.
    pub fn reports(&mut self, all: bool, now: Timestamp) -> Vec<Settlement> {
        // A crowd is thinned out before it is refused.
        let all = all || self.by_scope.len() > MOST_ACCOUNTS / 2;
        let mut reports = Vec::new();
        let next_lease = &mut self.next_lease;
        self.by_scope.retain(|scope, account| {
            let lease = account.lease;
            let (used, returned) = account.report(all || account.is_idle(now));
            let silent = used == Nanodollars::ZERO && returned == Nanodollars::ZERO;
            if !silent || account.wants_renewal(now) {
                reports.push(Settlement { scope: scope.clone(), lease, used, returned });
            }
            account.lapse(next_lease, now);
            account.holds_something() || !account.is_idle(now)
        });
        reports
    }

    /// The ledger has booked these reports, sent at `asked`.
    pub fn renewed(&mut self, reports: &[Settlement], asked: Timestamp) {
        for report in reports {
            let account = self.by_scope.get_mut(&report.scope);
            if let Some(account) = account.filter(|account| account.lease == report.lease) {
                account.renew(asked);
            }
        }
    }

    /// Who has what of an account of which the ledger says this.
    pub(super) fn room(&self, scope: &Scope, said: Spent) -> Room {
        let unused =
            Room { spent: said.spent, under_way: Nanodollars::ZERO, elsewhere: said.leased };
        self.by_scope.get(scope).map_or(unused, |account| account.room(said))
    }

    pub fn standings(&self) -> Vec<Standing> {
        let standing = |(scope, account): (&Scope, &Account)| Standing {
            scope: scope.clone(),
            cap: account.cap,
            spent: account.spent,
            reserved: account.reserved,
        };
        self.by_scope.iter().map(standing).collect()
    }
}

fn account<'a>(
    accounts: &'a mut BTreeMap<Scope, Account>,
    next_lease: &mut u64,
    line: &Line,
    now: Timestamp,
) -> &'a mut Account {
    accounts.entry(line.scope.clone()).or_insert_with(|| {
        *next_lease += 1;
        Account::new(line.cap, *next_lease, now)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::account::IDLE;

    const START: Timestamp = Timestamp(1_000_000);

    fn line(scope: &str, cap: u64) -> Line {
        Line { scope: Scope::Task(scope.into()), cap: Nanodollars(cap) }
    }

    /// As a ledger would that has granted nothing to anyone else.
    fn grant(accounts: &mut Accounts, need: &Need, amount: u64, now: Timestamp) {
        let leased = Nanodollars(amount);
        let account = Spent { spent: Nanodollars::ZERO, leased };
        accounts.credit(need, Granted { amount: Some(leased), account }, now);
    }

    fn needs(short: Result<(), Short>) -> Vec<(String, u64)> {
        match short {
            Err(Short::Of(needs)) => {
                needs.iter().map(|need| (need.line.scope.to_string(), need.least.0)).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    fn reserve(accounts: &mut Accounts, lines: &[Line], amount: u64) -> Result<(), Short> {
        accounts.reserve(lines, Nanodollars(amount), START)
    }

    #[test]
    fn where_one_account_is_short_none_is_charged() {
        let mut accounts = Accounts::new(1);
        let (wide, narrow) = (line("wide", 100), line("narrow", 10));
        let need = accounts.need(&wide, Nanodollars(50), START).unwrap();
        grant(&mut accounts, &need, 50, START);
        let both = [wide.clone(), narrow];
        assert_eq!(needs(reserve(&mut accounts, &both, 20)), [("task:narrow".to_owned(), 20)]);
        assert_eq!(reserve(&mut accounts, &[wide], 50), Ok(()), "all 50 are still free");
    }

    #[test]
    fn what_a_call_did_not_use_is_free_for_the_next_and_what_it_overran_is_booked() {
        let mut accounts = Accounts::new(1);
        let lines = [line("one", 100)];
        let need = accounts.need(&lines[0], Nanodollars(100), START).unwrap();
        grant(&mut accounts, &need, 100, START);
        reserve(&mut accounts, &lines, 60).unwrap();
        accounts.settle(&lines, Nanodollars(60), Nanodollars(10), 1.0, START);
        reserve(&mut accounts, &lines, 90).unwrap();
        assert_eq!(needs(reserve(&mut accounts, &lines, 1)), [("task:one".to_owned(), 1)]);
        let warnings = accounts.settle(&lines, Nanodollars(90), Nanodollars(95), 1.0, START);
        assert_eq!(warnings.len(), 1, "105 of 100 are spent");
        let reports = accounts.reports(true, START);
        assert_eq!((reports[0].used, reports[0].returned), (Nanodollars(105), Nanodollars::ZERO));
    }

    #[test]
    fn it_warns_once_of_each_account() {
        let mut accounts = Accounts::new(1);
        let lines = [line("one", 100)];
        let warned: Vec<_> = (0..4)
            .map(|_| accounts.settle(&lines, Nanodollars::ZERO, Nanodollars(30), 0.8, START).len())
            .collect();
        assert_eq!(warned, [0, 0, 1, 0]);
    }

    #[test]
    fn an_idle_account_gives_back_what_it_holds_and_is_forgotten() {
        let mut accounts = Accounts::new(1);
        let lines = [line("one", 100)];
        let need = accounts.need(&lines[0], Nanodollars(50), START).unwrap();
        grant(&mut accounts, &need, 50, START);
        reserve(&mut accounts, &lines, 20).unwrap();
        let report = |accounts: &mut Accounts, now| {
            let reports = accounts.reports(false, now);
            reports.iter().map(|report| (report.used.0, report.returned.0)).collect::<Vec<_>>()
        };
        assert_eq!(report(&mut accounts, START), []);
        accounts.settle(&lines, Nanodollars(20), Nanodollars(5), 1.0, START);
        assert_eq!(report(&mut accounts, START), [(5, 0)]);
        assert_eq!(report(&mut accounts, START + IDLE), [(0, 45)]);
        assert_eq!(accounts.standings(), []);
    }

    #[test]
    fn what_is_held_past_its_lease_is_no_longer_handed_out() {
        use crate::budget::ledger::LEASE_LASTS;
        let mut accounts = Accounts::new(1);
        let lines = [line("one", 100)];
        let need = accounts.need(&lines[0], Nanodollars(50), START).unwrap();
        grant(&mut accounts, &need, 50, START);
        reserve(&mut accounts, &lines, 20).unwrap();
        let later = START + LEASE_LASTS;
        let again = accounts.need(&lines[0], Nanodollars(10), later).unwrap();
        assert_eq!(again.least, Nanodollars(30), "the call under way must be covered again too");
        assert_ne!(again.lease, need.lease, "the old one may be released already");
    }

    #[test]
    fn a_refusal_is_remembered_for_a_moment_and_for_as_much() {
        let mut accounts = Accounts::new(1);
        let lines = [line("one", 100)];
        let need = accounts.need(&lines[0], Nanodollars(50), START).unwrap();
        let account = Spent { spent: Nanodollars(60), leased: Nanodollars::ZERO };
        accounts.credit(&need, Granted { amount: None, account }, START);
        assert!(matches!(reserve(&mut accounts, &lines, 50), Err(Short::Refused(..))));
        assert!(matches!(reserve(&mut accounts, &lines, 40), Err(Short::Of(_))));
        let later = Timestamp(START.0 + 1000);
        assert!(matches!(accounts.reserve(&lines, Nanodollars(50), later), Err(Short::Of(_))));
    }

    #[test]
    fn names_without_end_do_not_fill_the_memory() {
        let mut accounts = Accounts::new(1);
        for task in 0..MOST_ACCOUNTS {
            assert!(accounts.need(&line(&task.to_string(), 1), Nanodollars(1), START).is_some());
        }
        assert_eq!(reserve(&mut accounts, &[line("one more", 1)], 1), Err(Short::Crowded));
        accounts.reports(false, START + IDLE);
        assert!(accounts.need(&line("one more", 1), Nanodollars(1), START).is_some());
    }
}
