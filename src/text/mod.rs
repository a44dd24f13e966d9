//! German text, shared by all below: folding, tokens, sentences, cleaning of
//! control and bidi characters. Knows nothing of markup: that is `extract::html`.

pub mod date;
pub mod furniture;
pub mod letter;
pub mod typography;

mod boilerplate;
mod clean;
mod common_nouns;
mod fold;
mod hash;
mod language;
mod links;
mod months;
mod numerals;
mod outcomes;
mod passing;
mod rubric;
mod search;
mod sentences;
mod unwrap;
mod words;

pub use boilerplate::{furniture_ranges, furniture_ranges_but_mail, is_furniture};
pub use clean::{clean_block, clean_line, harmless, harmless_line, steers};
pub use common_nouns::common_nouns;
pub use fold::fold;
pub use hash::{checksum64, hash64};
pub use language::foreign_language;
pub use links::{begins_leading_on, leads_on, without_link_ends, without_teaser_end};
pub use months::{MONTHS, WEEKDAYS};
pub use numerals::{numeral, ordinal};
pub use outcomes::{Outcome, Outcomes, deciding_bodies, outcomes};
pub use passing::passing;
pub use rubric::{Rubric, rubric};
pub use search::{
    Fit, Piece, Wanted, excerpt, fit, kept_words, marked, searchable, sound_pieces, spelt,
    typed_words, wanted,
};
pub use sentences::{sentences, shorten};
pub use unwrap::unwrapped;
pub use words::words;

pub(crate) use clean::{is_invisible, push_single_spaced};
pub(crate) use months::{month_named, weekday_named};
