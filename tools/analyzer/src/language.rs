//! Which languages have rules: those that ast-grep ships with, and two that it does not.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use ast_grep_core::matcher::PatternBuilder;
use ast_grep_core::meta_var::MetaVariable;
use ast_grep_core::tree_sitter::{LanguageExt, StrDoc, TSLanguage};
use ast_grep_core::{Node, NodeMatch, Pattern, PatternError};
use ast_grep_language::SupportLang;
use serde::{Deserialize, Deserializer, de};

pub(crate) type Document = StrDoc<Language>;
pub(crate) type SourceNode<'t> = Node<'t, Document>;
pub(crate) type SourceMatch<'t> = NodeMatch<'t, Document>;

/// A language that rules are written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Language {
    Shipped(SupportLang),
    Dockerfile,
    Sql,
}

/// The grammars that are linked in; any other would panic when asked for.
pub(crate) const LANGUAGES: [Language; 20] = [
    Language::Shipped(SupportLang::C),
    Language::Shipped(SupportLang::Cpp),
    Language::Shipped(SupportLang::CSharp),
    Language::Shipped(SupportLang::Css),
    Language::Shipped(SupportLang::Go),
    Language::Shipped(SupportLang::Hcl),
    Language::Shipped(SupportLang::Html),
    Language::Shipped(SupportLang::Java),
    Language::Shipped(SupportLang::JavaScript),
    Language::Shipped(SupportLang::Json),
    Language::Shipped(SupportLang::Kotlin),
    Language::Shipped(SupportLang::Php),
    Language::Shipped(SupportLang::Python),
    Language::Shipped(SupportLang::Ruby),
    Language::Shipped(SupportLang::Rust),
    Language::Shipped(SupportLang::Tsx),
    Language::Shipped(SupportLang::TypeScript),
    Language::Shipped(SupportLang::Yaml),
    Language::Dockerfile,
    Language::Sql,
];

/// Its patterns are made ready as those of any grammar must be that takes no `$` in a name, and a `_`.
const PLAIN: SupportLang = SupportLang::Css;

/// The language of a file by its name; `None` where there are no rules for it.
pub(crate) fn of_path(path: &str) -> Option<Language> {
    let name = Path::new(path).file_name()?.to_str()?.to_ascii_lowercase();
    let is_dockerfile = |stem: &str| matches!(stem, "dockerfile" | "containerfile");
    let (stem, ending) = name.rsplit_once('.').unwrap_or((&name, ""));
    if is_dockerfile(name.split('.').next().unwrap_or_default()) || is_dockerfile(ending) {
        return Some(Language::Dockerfile);
    }
    if stem.is_empty() {
        return None;
    }
    Some(Language::Shipped(match ending {
        "py" => SupportLang::Python,
        "js" | "cjs" | "mjs" | "jsx" => SupportLang::JavaScript,
        "ts" | "cts" | "mts" => SupportLang::TypeScript,
        "tsx" => SupportLang::Tsx,
        "java" => SupportLang::Java,
        "kt" | "kts" => SupportLang::Kotlin,
        "go" => SupportLang::Go,
        "rs" => SupportLang::Rust,
        "cs" => SupportLang::CSharp,
        "php" => SupportLang::Php,
        "rb" | "rake" => SupportLang::Ruby,
        "c" => SupportLang::C,
        // Headers are read as C++, which takes nearly all of C.
        "cc" | "cpp" | "cxx" | "h" | "hh" | "hpp" | "hxx" => SupportLang::Cpp,
        "tf" | "tfvars" | "hcl" => SupportLang::Hcl,
        "yml" | "yaml" => SupportLang::Yaml,
        "json" => SupportLang::Json,
        "html" | "htm" => SupportLang::Html,
        "css" => SupportLang::Css,
        "sql" => return Some(Language::Sql),
        _ => return None,
    }))
}

impl fmt::Display for Language {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shipped(shipped) => write!(formatter, "{shipped}"),
            Self::Dockerfile => formatter.write_str("Dockerfile"),
            Self::Sql => formatter.write_str("Sql"),
        }
    }
}

impl FromStr for Language {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name.to_ascii_lowercase().as_str() {
            "dockerfile" => Ok(Self::Dockerfile),
            "sql" => Ok(Self::Sql),
            _ => name
                .parse()
                .map(Self::Shipped)
                .map_err(|_| format!("there is no language `{name}`")),
        }
    }
}

impl<'de> Deserialize<'de> for Language {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl ast_grep_core::language::Language for Language {
    fn pre_process_pattern<'q>(&self, query: &'q str) -> std::borrow::Cow<'q, str> {
        match self {
            Self::Shipped(shipped) => shipped.pre_process_pattern(query),
            Self::Dockerfile | Self::Sql => PLAIN.pre_process_pattern(query),
        }
    }

    fn meta_var_char(&self) -> char {
        '$'
    }

    fn expando_char(&self) -> char {
        match self {
            Self::Shipped(shipped) => shipped.expando_char(),
            Self::Dockerfile | Self::Sql => PLAIN.expando_char(),
        }
    }

    fn extract_meta_var(&self, source: &str) -> Option<MetaVariable> {
        match self {
            Self::Shipped(shipped) => shipped.extract_meta_var(source),
            Self::Dockerfile | Self::Sql => PLAIN.extract_meta_var(source),
        }
    }

    fn kind_to_id(&self, kind: &str) -> u16 {
        match self {
            Self::Shipped(shipped) => shipped.kind_to_id(kind),
            Self::Dockerfile | Self::Sql => self.get_ts_language().id_for_node_kind(kind, true),
        }
    }

    fn field_to_id(&self, field: &str) -> Option<u16> {
        match self {
            Self::Shipped(shipped) => shipped.field_to_id(field),
            Self::Dockerfile | Self::Sql => {
                self.get_ts_language().field_id_for_name(field).map(Into::into)
            }
        }
    }

    fn build_pattern(&self, builder: &PatternBuilder) -> Result<Pattern, PatternError> {
        builder.build(|source| Document::try_new(source, *self))
    }
}

impl LanguageExt for Language {
    fn get_ts_language(&self) -> TSLanguage {
        match self {
            Self::Shipped(shipped) => shipped.get_ts_language(),
            Self::Dockerfile => tree_sitter_containerfile::LANGUAGE.into(),
            Self::Sql => tree_sitter_sequel::LANGUAGE.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_its_name() {
        let language = |path: &str| of_path(path).map(|language| language.to_string());
        for (path, expected) in [
            ("a/Dockerfile", Some("Dockerfile")),
            ("Dockerfile.dev", Some("Dockerfile")),
            ("build/api.dockerfile", Some("Dockerfile")),
            ("Containerfile", Some("Dockerfile")),
            ("dockerfile_notes.md", None),
            ("db/1.SQL", Some("Sql")),
            (".github/workflows/ci.yml", Some("Yaml")),
            ("include/a.h", Some("Cpp")),
            ("Rakefile.rb", Some("Ruby")),
            (".py", None),
            ("", None),
        ] {
            assert_eq!(language(path).as_deref(), expected, "{path}");
        }
    }

    #[test]
    fn every_grammar_can_be_had_and_is_named() {
        for language in LANGUAGES {
            assert!(language.get_ts_language().node_kind_count() > 0);
            assert_eq!(language.to_string().parse(), Ok(language));
        }
    }
}
