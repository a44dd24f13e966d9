//! Issues of newsletters, come by mail or standing on a page: their stories.

mod address;
mod blocks;
mod plain;
mod split;

pub(super) use address::{Readers, shared_tokens, target, without};
pub(super) use blocks::of_html;
pub(super) use plain::of_text;
pub(super) use split::{Issue, Story, split};
