//! COMPOSE: select, group, cap; `Digest` → `Rendered`.

pub mod render;
pub mod select;
mod take_down;
mod urgency;

pub use render::{
    Asked, Confirm, DraftMail, Face, Legal, Notice, Ordered, Personal, Probe, RenderError, Welcome,
};
pub use select::{KEYWORDS, Selection, TopicTitle, left_out, select};
pub use take_down::{TakenDown, take_down};
