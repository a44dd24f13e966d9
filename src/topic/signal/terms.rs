//! The topic's terms in title and text.

use super::Signal;
use crate::model::Evidence;
use crate::topic::{Place, Reading, Topic};

/// The registry's line.
pub const SIGNAL: Signal =
    Signal { name: "terms", summary: "strong and weak terms in title, lead and body", read };

fn read(topic: &Topic, reading: &Reading<'_>) -> Vec<Evidence> {
    reading.evidence(topic, SIGNAL.name, |place| matches!(place, Place::Title | Place::Text))
}
