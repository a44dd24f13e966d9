//! Issues of newsletters, come by mail or standing on a page: their stories.

mod address;
mod blocks;
mod choose;
mod plain;
mod sayings;
mod split;
mod style;
mod titles;

pub(super) use address::{Readers, shared_tokens, target, without};
pub(super) use blocks::of_html;
pub(super) use plain::of_text;
pub(super) use split::{Issue, Story, bare_subject, split, split_message};
