//! Where an event is, as the words after its date say it.

use crate::text::date::mention::Token;

/// Prepositions that lead to a place.
const BEFORE_PLACE: &[&str] = &["im", "in", "auf", "an", "ins", "am"];

/// Tokens of a place, at most.
const MAX_WORDS: usize = 6;

/// Returns the place named in the tokens after a date: `online`, `im Kurhaus`,
/// `in der Alten Münze in Berlin`, `Wo: Congress Park`.
pub(super) fn place(tokens: &[Token], words: &[&str]) -> Option<String> {
    let word = |at: usize| tokens.get(at).map_or("", |token: &Token| token.word.as_str());
    for at in 0..tokens.len() {
        if matches!(word(at), "online" | "digital" | "virtuell") && words.get(at).is_some() {
            return Some("online".to_owned());
        }
        let start = if matches!(word(at), "wo" | "ort" | "veranstaltungsort") && word(at + 1) == ":"
        {
            at + 2
        } else if BEFORE_PLACE.contains(&word(at)) {
            at + 1 + usize::from(matches!(word(at + 1), "der" | "den" | "dem"))
        } else {
            continue;
        };
        let end = (start..tokens.len().min(start + MAX_WORDS))
            .take_while(|at| {
                let is_name = words
                    .get(*at)
                    .is_some_and(|word| word.chars().next().is_some_and(char::is_uppercase));
                // `Haus am Markt in Burg` goes on over a small word between two names.
                let joins = *at > start
                    && matches!(word(*at), "in" | "am" | "der" | "an" | "im")
                    && words
                        .get(*at + 1)
                        .is_some_and(|next| next.chars().next().is_some_and(char::is_uppercase));
                is_name || joins || word(*at) == "-"
            })
            .count();
        if end > 0 {
            let named = words.get(start..start + end)?.join(" ").replace(" - ", "-");
            return Some(named);
        }
    }
    None
}
