//! The repositories that are reviewed.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

/// Patterns over `owner/name`: `acme/shop`, `acme/*`, and `*` for every repository. An empty list allows none.
#[derive(Debug, Clone)]
pub struct AllowList {
    all: bool,
    patterns: GlobSet,
}

/// A pattern of the settings cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("{pattern:?} is not a pattern for repositories: {problem}")]
pub struct BadPattern {
    pattern: String,
    problem: String,
}

impl AllowList {
    pub fn new<P: AsRef<str>>(patterns: impl IntoIterator<Item = P>) -> Result<Self, BadPattern> {
        let mut all = false;
        let mut builder = GlobSetBuilder::new();
        for pattern in patterns {
            match pattern.as_ref().trim() {
                "*" => all = true,
                pattern => drop(builder.add(glob(pattern)?)),
            }
        }
        let patterns = builder.build().map_err(|error| BadPattern::new("", error.to_string()))?;
        Ok(Self { all, patterns })
    }

    /// Whether it allows nothing at all, which is worth a warning at start-up.
    pub fn is_empty(&self) -> bool {
        !self.all && self.patterns.is_empty()
    }

    pub fn allows(&self, owner: &str, name: &str) -> bool {
        self.all || self.patterns.is_match(format!("{owner}/{name}"))
    }
}

impl BadPattern {
    fn new(pattern: &str, problem: impl Into<String>) -> Self {
        Self { pattern: pattern.to_owned(), problem: problem.into() }
    }
}

fn glob(pattern: &str) -> Result<globset::Glob, BadPattern> {
    let parts: Vec<&str> = pattern.split('/').collect();
    if parts.len() != 2 || parts.contains(&"") {
        return Err(BadPattern::new(pattern, "it must read owner/name, owner/* or *"));
    }
    // GitHub's names do not tell upper from lower case.
    let glob = GlobBuilder::new(pattern).case_insensitive(true).literal_separator(true).build();
    glob.map_err(|error| BadPattern::new(pattern, error.kind().to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_is_allowed_by_name_or_by_its_owner() {
        let list = AllowList::new(["acme/shop", "Umbrella/*"]).unwrap();
        for (owner, name, allowed) in [
            ("acme", "shop", true),
            ("Acme", "Shop", true),
            ("acme", "shop2", false),
            ("acme2", "shop", false),
            ("umbrella", "anything", true),
            ("umbrella2", "anything", false),
        ] {
            assert_eq!(list.allows(owner, name), allowed, "{owner}/{name}");
        }
    }

    #[test]
    fn an_empty_list_allows_none_and_a_star_allows_all() {
        let empty = AllowList::new::<&str>([]).unwrap();
        assert!(empty.is_empty() && !empty.allows("acme", "shop"));
        let all = AllowList::new(["*"]).unwrap();
        assert!(!all.is_empty() && all.allows("acme", "shop"));
    }

    #[test]
    fn a_pattern_that_cannot_be_meant_is_refused() {
        let refusal = |pattern: &str| AllowList::new([pattern]).unwrap_err().to_string();
        insta::assert_snapshot!(refusal("acme"), @r#""acme" is not a pattern for repositories: it must read owner/name, owner/* or *"#);
        insta::assert_snapshot!(refusal("https://github.com/acme/shop"), @r#""https://github.com/acme/shop" is not a pattern for repositories: it must read owner/name, owner/* or *"#);
        insta::assert_snapshot!(refusal("acme/[a"), @r#""acme/[a" is not a pattern for repositories: unclosed character class; missing ']'"#);
    }
}
