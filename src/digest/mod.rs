//! COMPOSE: select, group, cap; `Digest` → `Rendered`.

pub mod render;
pub mod select;
mod urgency;

pub use render::{Confirm, Face, Notice, Ordered, Personal, Probe, RenderError, Welcome};
pub use select::{Selection, TopicTitle, left_out, select};
