//! SEND: one file per channel.
//!
//! A channel makes bytes of words once (`encode`, pure and deterministic) and
//! hands the same bytes over as often as it takes (`send`). When to try again
//! is the outbox's matter: a channel only says whether that can help.

mod channel;
pub mod maildir;
pub mod message;
pub mod smtp;
mod tls;
pub mod webhook;

pub(crate) use channel::without_addresses;
pub use channel::{Channel, ChannelContext, Examined, Gate, Kind, Outgoing, SendError, Step};

/// Every kind, in the order of the documentation.
pub const KINDS: &[Kind] = &[maildir::KIND, smtp::KIND, webhook::KIND];

// The example of docs/RECIPES.md is compiled, so that it stays true.
#[cfg(test)]
#[path = "../../tests/fixtures/recipes/sendmail.rs"]
#[expect(unreachable_pub, reason = "beside the others it is reachable")]
mod recipe;
#[cfg(test)]
const _: &Kind = &recipe::KIND;
