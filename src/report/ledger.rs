//! The ledger of findings across pushes, kept in a hidden block of the comment.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use contract::Recommendation;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Every finding that a pull request's reviews have named, and what became of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ledger {
    #[serde(default)]
    pub entries: Vec<Entry>,
    /// Millionths of a US dollar that the pull request's reviews have spent on a model.
    #[serde(rename = "u", default)]
    pub spent_micro_usd: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Entry {
    #[serde(rename = "f")]
    pub fingerprint: String,
    #[serde(rename = "r")]
    pub rule_id: String,
    #[serde(rename = "p")]
    pub file_path: String,
    #[serde(rename = "t")]
    pub title: String,
    #[serde(rename = "s")]
    pub state: State,
    /// The head at which it came into this state.
    #[serde(rename = "h")]
    pub head_sha: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// First seen at this head.
    New,
    /// Seen at an earlier head of the pull request, and still there.
    Open,
    /// Seen at an earlier head, and gone.
    Fixed,
    /// A maintainer ticked it off.
    Dismissed,
}

const OPEN: &str = "<!-- eco-coder:ledger ";
const TICK: &str = "<!-- eco-coder:dismiss ";
const CLOSE: &str = " -->";
/// Current findings come first, so what is beyond was fixed or dismissed long ago.
const MOST_ENTRIES: usize = 200;
/// The comment has room for 65,536 characters; the ledger takes less than a third of them.
const MOST_WRITTEN: usize = 20_000;
const MOST_BYTES: usize = 128 * 1024;

impl Ledger {
    /// The ledger after this review, and the state of each finding in the order given.
    pub fn update(
        &self,
        found: &[Recommendation],
        ticked: &[String],
        head_sha: &str,
    ) -> (Self, Vec<State>) {
        let states: Vec<State> =
            found.iter().map(|finding| self.state_of(finding, ticked, head_sha)).collect();
        let mut entries: Vec<Entry> = Vec::new();
        for (finding, state) in found.iter().zip(&states) {
            let known = self.entry(&finding.fingerprint).filter(|entry| entry.state == *state);
            entries.push(known.cloned().unwrap_or_else(|| Entry::of(finding, *state, head_sha)));
        }
        for entry in &self.entries {
            if found.iter().any(|finding| finding.fingerprint == entry.fingerprint) {
                continue;
            }
            let gone = matches!(entry.state, State::New | State::Open);
            let state = if gone { State::Fixed } else { entry.state };
            let since = if gone { head_sha.to_owned() } else { entry.head_sha.clone() };
            entries.push(Entry { state, head_sha: since, ..entry.clone() });
        }
        entries.truncate(MOST_ENTRIES);
        (Self { entries, spent_micro_usd: self.spent_micro_usd }, states)
    }

    /// What the pull request's reviews have spent, in US dollars.
    pub fn spent_usd(&self) -> f64 {
        self.spent_micro_usd as f64 / 1e6
    }

    pub fn spend(&mut self, usd: f64) {
        self.spent_micro_usd = self.spent_micro_usd.saturating_add((usd * 1e6).round() as u64);
    }

    /// Findings that this head fixed.
    pub fn just_fixed(&self, head_sha: &str) -> impl Iterator<Item = &Entry> {
        self.entries
            .iter()
            .filter(move |entry| entry.state == State::Fixed && entry.head_sha == head_sha)
    }

    pub fn dismissed(&self) -> usize {
        self.entries.iter().filter(|entry| entry.state == State::Dismissed).count()
    }

    /// The hidden block, without the last entries where it would outgrow its share of the comment.
    pub fn to_comment(&self) -> String {
        let mut kept = self.clone();
        loop {
            let json = serde_json::to_string(&kept).unwrap_or_default();
            // Base64, so that no path or title can hold the characters that end an HTML comment.
            let encoded = STANDARD.encode(json);
            if encoded.len() <= MOST_WRITTEN || kept.entries.is_empty() {
                return format!("{OPEN}{encoded}{CLOSE}");
            }
            kept.entries.truncate(kept.entries.len() * 3 / 4);
        }
    }

    /// The ledger in a comment's body. `None` where there is none that can be read.
    pub fn from_comment(body: &str) -> Option<Self> {
        let (_, rest) = body.rsplit_once(OPEN)?;
        let (encoded, _) = rest.split_once(CLOSE)?;
        if encoded.len() > MOST_BYTES {
            return None;
        }
        serde_json::from_slice(&STANDARD.decode(encoded.trim()).ok()?).ok()
    }

    fn entry(&self, fingerprint: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.fingerprint == fingerprint)
    }

    fn state_of(&self, finding: &Recommendation, ticked: &[String], head_sha: &str) -> State {
        if ticked.contains(&finding.fingerprint) {
            return State::Dismissed;
        }
        match self.entry(&finding.fingerprint) {
            Some(Entry { state: State::New | State::Open, head_sha: seen, .. })
                if seen != head_sha =>
            {
                State::Open
            }
            Some(Entry { state: State::Open, .. }) => State::Open,
            // Its box was there and is no longer ticked, or it came back: it counts again.
            _ => State::New,
        }
    }
}

impl Entry {
    fn of(finding: &Recommendation, state: State, head_sha: &str) -> Self {
        Self {
            fingerprint: finding.fingerprint.clone(),
            rule_id: finding.rule_id.clone(),
            file_path: finding.file_path.clone(),
            title: finding.title.clone(),
            state,
            head_sha: head_sha.to_owned(),
        }
    }
}

/// A line with a box that dismisses the finding for good when a maintainer ticks it.
pub fn tick_box(fingerprint: &str, label: &str, ticked: bool) -> String {
    format!("- [{}] {label} {TICK}{fingerprint}{CLOSE}", if ticked { "x" } else { " " })
}

/// The fingerprints whose boxes are ticked in a comment's body.
pub fn ticked(body: &str) -> Vec<String> {
    let boxes =
        body.lines().filter(|line| line.trim_start().to_ascii_lowercase().starts_with("- [x]"));
    boxes
        .filter_map(|line| line.rsplit_once(TICK)?.1.split_once(CLOSE))
        .map(|(fingerprint, _)| fingerprint.trim().to_owned())
        .filter(|fingerprint| {
            !fingerprint.is_empty() && fingerprint.chars().all(|letter| letter.is_ascii_hexdigit())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use contract::{Category, Severity};

    use super::*;

    fn finding(fingerprint: &str) -> Recommendation {
        Recommendation {
            file_path: "a.py".into(),
            start_line: 1,
            end_line: 1,
            severity: Severity::High,
            category: Category::Performance,
            description: String::new(),
            recommendation: String::new(),
            rule_id: "query-in-loop".into(),
            title: "Query inside a loop -->".into(),
            excerpt: String::new(),
            function: None,
            seldom: None,
            fingerprint: fingerprint.into(),
            references: Vec::new(),
            source: "analyzer".into(),
            fix: None,
            measured: None,
        }
    }

    #[test]
    fn a_finding_is_new_then_open_then_fixed_and_new_when_it_returns() {
        let (first, states) = Ledger::default().update(&[finding("aa")], &[], "1");
        assert_eq!(states, [State::New]);
        let (again, states) = first.update(&[finding("aa")], &[], "1");
        assert_eq!((states, &again), (vec![State::New], &first), "the same head says the same");
        let (second, states) = first.update(&[finding("aa"), finding("bb")], &[], "2");
        assert_eq!(states, [State::Open, State::New]);
        let (third, _) = second.update(&[finding("bb")], &[], "3");
        assert_eq!(
            third.just_fixed("3").map(|entry| entry.fingerprint.as_str()).collect::<Vec<_>>(),
            ["aa"]
        );
        let (_, states) = third.update(&[finding("aa")], &[], "4");
        assert_eq!(states, [State::New]);
    }

    #[test]
    fn a_ticked_box_dismisses_for_good_until_it_is_cleared() {
        let body =
            format!("x\n{}\n{}\n", tick_box("aa", "one", true), tick_box("bb", "two", false));
        assert_eq!(ticked(&body), ["aa"]);
        let (ledger, states) = Ledger::default().update(&[finding("aa")], &ticked(&body), "1");
        assert_eq!((states, ledger.dismissed()), (vec![State::Dismissed], 1));
        let (_, states) = ledger.update(&[finding("aa")], &[], "2");
        assert_eq!(states, [State::New]);
    }

    #[test]
    fn the_hidden_block_stays_small() {
        let many: Vec<_> = (0..300)
            .map(|number| Recommendation {
                file_path: "long/".repeat(40),
                ..finding(&format!("{number:x}"))
            })
            .collect();
        let (ledger, _) = Ledger::default().update(&many, &[], "1");
        let block = ledger.to_comment();
        assert!(block.len() < 21_000, "{}", block.len());
        assert!(Ledger::from_comment(&block).unwrap().entries.len() > 20);
    }

    #[test]
    fn the_hidden_block_reads_back_and_rubbish_is_no_ledger() {
        let (ledger, _) = Ledger::default().update(&[finding("aa")], &[], "1");
        let body = format!("report\n{}\n", ledger.to_comment());
        assert_eq!(body.matches("-->").count(), 1);
        assert_eq!(Ledger::from_comment(&body), Some(ledger));
        assert_eq!(Ledger::from_comment("<!-- eco-coder:ledger $$$ -->"), None);
        assert_eq!(Ledger::from_comment("nothing"), None);
    }
}
