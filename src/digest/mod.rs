//! COMPOSE: select, group, cap; `Digest` → `Rendered`.

pub mod render;
pub mod select;
mod take_down;
mod urgency;

pub use render::{
    Confirm, DraftMail, Face, Notice, Ordered, Personal, Probe, RenderError, Welcome,
};
pub use select::{KEYWORDS, Selection, TopicTitle, left_out, select};
pub use take_down::{TakenDown, take_down};
