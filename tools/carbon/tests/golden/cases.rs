//! Cases that another tool computed: each is compared, each expected figure is compared, and none is edited.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// One case: what went in, and what the other tool said.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) input: Value,
}

/// A file of cases, with a record of what has been compared.
pub(crate) struct Golden {
    cases: Vec<Case>,
    /// By case and by place in its answer.
    expected: BTreeMap<(String, String), Value>,
    taken: BTreeSet<String>,
    tolerance: f64,
}

impl Golden {
    pub(crate) fn read(text: &str, tolerance: f64) -> Self {
        let file: Value = serde_json::from_str(text).unwrap();
        let (mut cases, mut expected) = (Vec::new(), BTreeMap::new());
        for case in file["cases"].as_array().unwrap() {
            let text = |name: &str| case[name].as_str().unwrap().to_owned();
            let id = text("id");
            figures(&case["expected"], "", &mut |place, value| {
                expected.insert((id.clone(), place), value);
            });
            cases.push(Case { id: id.clone(), kind: text("kind"), input: case["input"].clone() });
        }
        Self { cases, expected, taken: BTreeSet::new(), tolerance }
    }

    /// The cases of some kinds, which are from now on taken care of.
    pub(crate) fn of_kinds(&mut self, kinds: &[&str]) -> Vec<Case> {
        let cases: Vec<Case> =
            self.cases.iter().filter(|case| kinds.contains(&case.kind.as_str())).cloned().collect();
        self.taken.extend(cases.iter().map(|case| case.id.clone()));
        cases
    }

    /// Compares one figure of a case, and ticks it off.
    pub(crate) fn compare(&mut self, case: &Case, place: &str, ours: f64) {
        let theirs = self.take(case, place);
        let theirs =
            theirs.as_f64().unwrap_or_else(|| panic!("{} {place}: expected {theirs}", case.id));
        let close = (ours - theirs).abs() <= self.tolerance * theirs.abs();
        assert!(close, "{} {place}: {ours}, expected {theirs}", case.id);
    }

    /// What the other tool said at a place, to be compared by the caller.
    pub(crate) fn take(&mut self, case: &Case, place: &str) -> Value {
        let key = (case.id.clone(), place.to_owned());
        self.expected.remove(&key).unwrap_or_else(|| panic!("{} has no {place}", case.id))
    }

    /// Figures that are steps of the other tool, and have no counterpart.
    pub(crate) fn not_compared(&mut self, places: &[&str]) {
        self.expected.retain(|(_, place), _| !places.contains(&place.as_str()));
    }

    /// Nothing may be left over, and the file must hold as many cases as it did.
    pub(crate) fn all_seen(&self, count: usize) {
        let forgotten: Vec<&Case> =
            self.cases.iter().filter(|case| !self.taken.contains(&case.id)).collect();
        assert!(forgotten.is_empty(), "no test looks at {forgotten:?}");
        assert!(self.expected.is_empty(), "not compared: {:?}", self.expected);
        assert_eq!(self.taken.len(), count);
    }
}

/// A number that must be there.
pub(crate) fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

fn figures(value: &Value, place: &str, found: &mut impl FnMut(String, Value)) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                figures(field, &format!("{place}/{}", name.replace('/', "-")), found);
            }
        }
        _ => found(place.to_owned(), value.clone()),
    }
}
