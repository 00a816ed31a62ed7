//! What can go wrong with Bedrock, case by case, and what the driver makes of it.
//!
//! What is expected is what the service documents for the case, not what the driver did when the case was written.

#[cfg(test)]
mod bodies;
#[cfg(test)]
mod case;
#[cfg(test)]
mod connections;
#[cfg(test)]
mod contents;
#[cfg(test)]
mod frames;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod run;
#[cfg(test)]
mod streams;
#[cfg(test)]
mod words;
#[cfg(test)]
mod table;
