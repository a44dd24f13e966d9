//! What can be read off an item for a topic: one file per signal.

pub mod category;
pub mod source;
pub mod terms;

use super::{Reading, Topic};
use crate::model::Evidence;

/// One signal, as the registry lists it.
pub struct Signal {
    /// The word in evidence and documentation.
    pub name: &'static str,
    /// One line for the documentation.
    pub summary: &'static str,
    /// What it sees in the item for the topic. The text has been searched by
    /// then, once for all topics; a signal only reads the result.
    pub read: fn(&Topic, &Reading<'_>) -> Vec<Evidence>,
}

/// Every signal, in the order of the documentation.
pub const SIGNALS: &[Signal] = &[terms::SIGNAL, category::SIGNAL, source::SIGNAL];
