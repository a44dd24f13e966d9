//! The topic's terms in the categories that the source gave the item.

use super::Signal;
use crate::model::Evidence;
use crate::topic::{Place, Reading, Topic};

/// The registry's line.
pub const SIGNAL: Signal =
    Signal { name: "category", summary: "strong and weak terms in the source's categories", read };

fn read(topic: &Topic, reading: &Reading<'_>) -> Vec<Evidence> {
    reading.evidence(topic, SIGNAL.name, |place| matches!(place, Place::Category(_)))
}
