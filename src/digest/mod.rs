//! COMPOSE: select, group, cap; `Digest` → `Rendered`.

pub mod render;
pub mod select;
pub mod typography;
mod urgency;

pub use render::{
    Confirm, Face, Notice, Ordered, Personal, Probe, RenderError, SAMPLE_NAMES, TemplateProblem,
    Templates, Welcome,
};
pub use select::{Selection, TopicTitle, select};
