//! Whose money a call spends: its task's, its agent's, its client's, the day's and the month's.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Utc};
use contract::Timestamp;

use super::caps::Caps;
use super::money::Nanodollars;
use crate::call::Metadata;

/// Names that are longer are cut, and told apart by a hash.
const LONGEST_NAME: usize = 200;

/// An account. Days and months are UTC's.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    Task(String),
    /// One agent, in one month.
    Agent(String, Month),
    Day(NaiveDate),
    Month(Month),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Month {
    pub year: i32,
    pub month: u32,
}

/// An account that a call spends from, and what it may hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    pub scope: Scope,
    pub cap: Nanodollars,
}

/// The accounts of a call, the narrowest first. A call without a task or an agent has none of that kind. A client has the
/// account of an agent of its name, so that naming another agent opens no fresh one.
pub(super) fn lines(caps: &Caps, metadata: &Metadata, now: Timestamp) -> Vec<Line> {
    let date = date_of(now);
    let month = Month { year: date.year(), month: date.month() };
    let task = metadata.task_id.as_deref().map(|task| Scope::Task(name(task)));
    let agent_of = |of: &Option<String>| Some(Scope::Agent(name(of.as_deref()?), month));
    let agent = agent_of(&metadata.agent_id);
    let client = agent_of(&metadata.client).filter(|client| agent.as_ref() != Some(client));
    let candidates = [
        (task, caps.task_usd),
        (agent, caps.agent_usd),
        (client, caps.agent_usd),
        (Some(Scope::Day(date)), caps.day_usd),
        (Some(Scope::Month(month)), caps.month_usd),
    ];
    let line = |(scope, usd): (Option<Scope>, Option<f64>)| {
        Some(Line { scope: scope?, cap: Nanodollars::of_usd(usd?) })
    };
    candidates.into_iter().filter_map(line).collect()
}

impl Scope {
    /// When it begins anew; a task never does.
    pub fn renews(&self) -> Option<Timestamp> {
        let first = match self {
            Self::Task(_) => return None,
            Self::Day(date) => date.succ_opt()?,
            Self::Agent(_, month) | Self::Month(month) => month.next()?,
        };
        Some(Timestamp(first.and_time(NaiveTime::MIN).and_utc().timestamp_millis()))
    }

    /// The setting that caps it.
    pub fn setting(&self) -> &'static str {
        match self {
            Self::Task(_) => "task_usd",
            Self::Agent(..) => "agent_usd",
            Self::Day(_) => "day_usd",
            Self::Month(_) => "month_usd",
        }
    }

    /// For the reader.
    pub fn said(&self) -> String {
        match self {
            Self::Task(task) => format!("the task {task}"),
            Self::Agent(agent, month) => format!("the agent {agent} in {month}"),
            Self::Day(date) => format!("the day {date}"),
            Self::Month(month) => format!("the month {month}"),
        }
    }
}

/// Its key in a store: `task:pr-7`, `agent:reviewer@2026-11`, `day:2026-11-21`, `month:2026-11`.
impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Task(task) => write!(formatter, "task:{task}"),
            Self::Agent(agent, month) => write!(formatter, "agent:{agent}@{month}"),
            Self::Day(date) => write!(formatter, "day:{date}"),
            Self::Month(month) => write!(formatter, "month:{month}"),
        }
    }
}

impl Month {
    fn next(self) -> Option<NaiveDate> {
        let (year, month) =
            if self.month == 12 { (self.year + 1, 1) } else { (self.year, self.month + 1) };
        NaiveDate::from_ymd_opt(year, month, 1)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:04}-{:02}", self.year, self.month)
    }
}

fn date_of(now: Timestamp) -> NaiveDate {
    DateTime::<Utc>::from_timestamp_millis(now.0).unwrap_or_default().date_naive()
}

/// Names come from callers, and must neither fill the memory nor run into another account.
fn name(given: &str) -> String {
    if given.len() <= LONGEST_NAME {
        return given.to_owned();
    }
    let mut hasher = DefaultHasher::new();
    given.hash(&mut hasher);
    let start = given.floor_char_boundary(LONGEST_NAME);
    format!("{}~{:016x}", &given[..start], hasher.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(metadata: &Metadata, at: &str) -> String {
        let caps = Caps {
            task_usd: Some(1.0),
            agent_usd: Some(2.0),
            day_usd: Some(3.0),
            month_usd: Some(4.0),
            ..Caps::default()
        };
        let lines = lines(&caps, metadata, Timestamp::parse_rfc3339(at).unwrap());
        let told = lines.iter().map(|line| {
            let renews = line.scope.renews().map(Timestamp::rfc3339);
            format!("{} {} {}", line.scope, line.cap.usd(), renews.unwrap_or_default())
        });
        told.collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_call_spends_from_its_task_its_agent_the_day_and_the_month() {
        let metadata = Metadata {
            task_id: Some("pr-7".into()),
            agent_id: Some("reviewer".into()),
            ..Metadata::default()
        };
        insta::assert_snapshot!(keys(&metadata, "2026-12-31T23:59:59Z"), @"
        task:pr-7 1 
        agent:reviewer@2026-12 2 2027-01-01T00:00:00Z
        day:2026-12-31 3 2027-01-01T00:00:00Z
        month:2026-12 4 2027-01-01T00:00:00Z
        ");
        insta::assert_snapshot!(keys(&Metadata::default(), "2027-01-01T00:00:00Z"), @"
        day:2027-01-01 3 2027-01-02T00:00:00Z
        month:2027-01 4 2027-02-01T00:00:00Z
        ");
    }

    #[test]
    fn a_client_pays_for_every_agent_that_it_names_and_once_for_its_own() {
        let keys = |agent: &str| {
            let metadata = Metadata {
                agent_id: Some(agent.into()),
                client: Some("ci".into()),
                ..Metadata::default()
            };
            keys(&metadata, "2026-11-21T00:00:00Z").lines().map(str::to_owned).collect::<Vec<_>>()
        };
        let agents = |keys: Vec<String>| keys.into_iter().filter(|key| key.starts_with("agent:"));
        insta::assert_snapshot!(agents(keys("other")).collect::<Vec<_>>().join("\n"), @"
        agent:other@2026-11 2 2026-12-01T00:00:00Z
        agent:ci@2026-11 2 2026-12-01T00:00:00Z
        ");
        assert_eq!(agents(keys("ci")).count(), 1);
    }

    #[test]
    fn nobody_can_call_themselves_a_client() {
        let read: Metadata = serde_json::from_str(r#"{"agent_id": "a", "client": "ci"}"#).unwrap();
        assert_eq!((read.agent_id.as_deref(), read.client), (Some("a"), None));
    }

    #[test]
    fn long_names_are_cut_and_still_told_apart() {
        let (one, other) = (format!("{}1", "ä".repeat(5000)), format!("{}2", "ä".repeat(5000)));
        assert!(name(&one).len() < 240);
        assert_ne!(name(&one), name(&other));
    }
}
