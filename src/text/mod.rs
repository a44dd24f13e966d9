//! German text, shared by all below: folding, tokens, sentences, cleaning of
//! control and bidi characters. Knows nothing of markup: that is `extract::html`.

pub mod date;
pub mod furniture;

mod clean;
mod fold;
mod hash;
mod months;
mod rubric;
mod sentences;
mod words;

pub use clean::{clean_block, clean_line};
pub use fold::fold;
pub use hash::{checksum64, hash64};
pub use months::MONTHS;
pub use rubric::{Rubric, rubric};
pub use sentences::{sentences, shorten};
pub use words::words;

pub(crate) use clean::{is_invisible, push_single_spaced};
