//! The stories: a signed delivery in, one comment out, and all that can go wrong between.
#![expect(unreachable_pub, reason = "the worlds are shared between stories")]

#[cfg(test)]
mod architecture;
#[cfg(test)]
mod deliveries;
#[cfg(test)]
mod world;
