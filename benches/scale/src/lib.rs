//! All of GitHub's pull requests through the design, as a discrete-event simulation.
//!
//! In reading order: who opens and pushes, what is allowed, the machine, what came of it, what it means.

pub mod inputs;
pub mod traffic;
pub mod limits;
pub mod service;
pub mod simulation;
pub mod agenda;
pub mod table;
pub mod github;
pub mod outcome;
pub mod settings;
pub mod breaking;
pub mod page;
pub mod histogram;
pub mod random;

#[cfg(test)]
mod simulation_tests;
