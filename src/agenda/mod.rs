//! Which actionable dates a text holds: deadlines, events, funding calls, rules
//! that begin or end.
//!
//! Pure: reads each sentence for its dates (`text::date::mention`), then for the
//! words that tell what a date is for. A date without such words is none. Every
//! date found carries the sentence that proves it.

pub mod evaluate;
pub mod revise;
pub mod words;

mod background;
mod cues;
mod dated;
mod judge;
mod place;

use chrono::NaiveDate;

use self::background::Background;
use self::dated::dated;
use crate::model::{Budget, Exhausted, ItemDate, Precision};
use crate::text::date::mention;
use crate::text::sentences;

/// Dates that are kept of one item.
const MAX_DATES: usize = 20;

/// Characters of a sentence that are read; what is longer is a table or noise.
const MAX_SENTENCE: usize = 1_000;

/// Characters of a sentence that are kept as the proof.
const MAX_PROOF: usize = 400;

/// Returns the actionable dates of an item that was published on that local day,
/// in the order of the text, each once.
///
/// # Errors
/// Fails if the text costs more than the budget has.
pub fn dates(
    title: &str,
    text: &str,
    published: NaiveDate,
    budget: &Budget,
) -> Result<Vec<ItemDate>, Exhausted> {
    // Most items hold no date to come: then nobody asks what they are about.
    let mut background = None;
    let mut found: Vec<ItemDate> = Vec::new();
    let mut before = Vec::new();
    for sentence in std::iter::once(title).chain(sentences(text)) {
        let sentence = sentence.trim();
        let end = sentence.char_indices().nth(MAX_SENTENCE).map_or(sentence.len(), |(at, _)| at);
        let sentence = sentence.get(..end).unwrap_or_default();
        let tokens = mention::tokens(sentence, budget)?;
        let mentions = mention::mentions(&tokens);
        if mentions.is_empty() {
            before = tokens;
            continue;
        }
        // Each date looks at the words of its sentence.
        budget.step(mentions.len() * tokens.len())?;
        let dated = dated(&tokens, &mentions, published);
        if dated.is_empty() {
            before = tokens;
            continue;
        }
        let background = match &mut background {
            Some(background) => background,
            unread => unread.insert(Background::of(title, text, published, budget)?),
        };
        let proof: String = sentence.chars().take(MAX_PROOF).collect();
        for date in judge::judge(&before, &tokens, &dated, background) {
            keep(&mut found, ItemDate { sentence: proof.clone(), ..date });
        }
        if found.len() >= MAX_DATES {
            break;
        }
        before = tokens;
    }
    Ok(found)
}

/// Adds a date unless it is known; the one that says more takes the other's place.
fn keep(found: &mut Vec<ItemDate>, date: ItemDate) {
    for known in found.iter_mut() {
        if known.kind != date.kind || known.cancelled != date.cancelled {
            continue;
        }
        if (known.from, known.to, known.precision) == (date.from, date.to, date.precision) {
            if known.time.is_none() && date.time.is_some() {
                *known = date;
            }
            return;
        }
        // „ab Januar 2027, genauer ab dem 1. Januar“ is one date.
        let month = |of: &ItemDate| of.due().map(|day| day.format("%Y-%m").to_string());
        if month(known) == month(&date) && known.precision != date.precision {
            if known.precision == Precision::Month {
                *known = date;
            }
            return;
        }
    }
    found.push(date);
}

#[cfg(test)]
mod tests;
