//! Eco-Coder.
