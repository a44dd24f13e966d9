//! What can be read off an item for a topic: one file per signal.

pub mod category;
pub mod source;
pub mod terms;

pub use super::reading::Signal;

/// Every signal, in the order of the documentation.
pub const SIGNALS: &[Signal] = &[terms::SIGNAL, category::SIGNAL, source::SIGNAL];

// The example of docs/RECIPES.md is compiled, so that it stays true.
#[cfg(test)]
#[path = "../../../tests/fixtures/recipes/headline.rs"]
#[expect(unreachable_pub, reason = "beside the others it is reachable")]
mod recipe;
#[cfg(test)]
const _: &Signal = &recipe::SIGNAL;
