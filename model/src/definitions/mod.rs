//! Agents as files: who is asked, how, with which tools, and what it is told.
//!
//! One file is one agent, as Markdown with front matter or as JSON. What a file leaves out comes from the global
//! settings. A mistake names the file and the line; a model or driver that nobody knows names those that are spelled
//! like it.

mod agents;
mod check;
mod fields;
mod file;
mod folder;
mod schema;

use std::path::PathBuf;

pub use self::agents::{Agents, PREFIX};
pub use self::check::DRIVERS;
pub use self::folder::load;
pub use self::schema::JsonDefinition;
use crate::catalog::Catalog;
use crate::{Cause, Parameters};

/// One agent, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentDefinition {
    /// Lower case, digits and hyphens: the name of a Markdown file, or what a JSON file says.
    pub id: String,
    pub name: String,
    pub description: String,
    /// One of [`DRIVERS`].
    pub driver: String,
    /// `None` leaves the choice to the driver.
    pub model: Option<String>,
    pub parameters: Parameters,
    /// Names of tools that it may call.
    pub tools: Vec<String>,
    /// What it is told before everything else; empty where its file says nothing.
    pub instructions: String,
    /// Where it stands.
    pub file: PathBuf,
}

/// What holds for an agent whose file does not say.
#[derive(Debug, Clone, PartialEq)]
pub struct Defaults {
    pub driver: String,
    pub model: Option<String>,
    pub parameters: Parameters,
}

impl Default for Defaults {
    fn default() -> Self {
        Self { driver: "embedded".to_owned(), model: None, parameters: Parameters::default() }
    }
}

/// A mistake in a file: where it is, what it is, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}:{line}: {problem}", file.display())]
pub struct DefinitionError {
    pub file: PathBuf,
    pub line: usize,
    /// `UnknownModel` for a model or a driver that nobody knows, `BadRequest` for everything else.
    pub cause: Cause,
    pub problem: String,
}

/// What a file may name.
#[derive(Debug, Clone, Copy)]
pub struct Known<'a> {
    pub catalog: &'a Catalog,
    pub tools: &'a [&'a str],
    /// Agents that cannot do without some tools, if they name any.
    pub needs: &'a [(&'a str, &'a [&'a str])],
}

#[cfg(test)]
mod agents_tests;
#[cfg(test)]
mod tests;
