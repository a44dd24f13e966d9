//! A word in one spelling.

use crate::dedup::reading::hash_word;
use crate::dedup::stem::stem;
use crate::text;

/// A word in one spelling.
#[derive(Debug, Clone)]
pub(in crate::dedup) struct Word {
    /// Folded letters.
    pub(in crate::dedup) letters: String,
    /// Hash of the letters without their ending.
    pub(in crate::dedup) stem: u64,
    /// It begins with a capital and does not open the sentence, or has capitals inside.
    pub(in crate::dedup) is_noun: bool,
    /// A small word of grammar.
    pub(in crate::dedup) is_small: bool,
}

/// Small words of more than three letters, and words by which editors mark that they edited.
const SMALL: &[&str] = &[
    "eine",
    "einen",
    "einem",
    "einer",
    "eines",
    "diese",
    "dieser",
    "dieses",
    "diesen",
    "diesem",
    "auch",
    "oder",
    "sowie",
    "dass",
    "wird",
    "werden",
    "wurde",
    "wurden",
    "sind",
    "haben",
    "hatte",
    "etwa",
    "rund",
    "circa",
    "nach",
    "beim",
    "ihre",
    "ihrer",
    "ihren",
    "seine",
    "seiner",
    "sich",
    "aber",
    "dort",
    "hier",
    "dabei",
    "sowohl",
    "jede",
    "jeder",
    "jedes",
    "jeden",
    "alle",
    "allen",
    "aller",
    "update",
    "aktualisiert",
    "aktualisierte",
    "aktualisierung",
    "korrektur",
    "korrigiert",
    "eilmeldung",
    "update:",
];

/// Returns a word in its one spelling. Forms of a word, and the ways to name women and men
/// alike, share a stem.
pub(super) fn word(text: &str, opens: bool) -> Word {
    let bare = text.split([':', '*', '_', '/', '(']).next().unwrap_or(text);
    let letters: String = text::fold(bare).chars().filter(|c| c.is_alphanumeric()).collect();
    let capital = bare.chars().next().is_some_and(char::is_uppercase);
    let inner = bare.chars().skip(1).any(char::is_uppercase);
    let count = letters.chars().count();
    Word {
        stem: hash_word(stem(&letters)),
        is_noun: (capital && !opens || inner) && count >= 3,
        is_small: count <= 3 && !capital || SMALL.contains(&letters.as_str()),
        letters,
    }
}
