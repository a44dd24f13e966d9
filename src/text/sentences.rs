//! Sentences of German officialese, in which most full stops end nothing.

use std::iter;

/// Words after which a full stop ends no sentence, in lower case.
const ABBREVIATIONS: &[&str] = &[
    "abs", "abt", "allg", "art", "aufl", "bspw", "bzgl", "bzw", "ca", "dr", "dipl", "einschl",
    "etc", "evtl", "f", "ff", "gem", "ggf", "hrsg", "inkl", "ing", "insb", "jan", "feb", "apr",
    "aug", "sep", "sept", "okt", "nov", "dez", "lt", "max", "min", "mio", "mrd", "nr", "pol",
    "prof", "rd", "s", "sog", "st", "std", "str", "tel", "u", "usw", "uvm", "vgl", "z", "ziff",
    "zzgl", "a", "b", "d", "e", "h", "i", "o", "v", "g",
];

/// Returns the sentences of `text`, each with its end mark and the white space after it:
/// together they are the text. Line breaks end a sentence too.
pub fn sentences(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (sentence, tail) = rest.split_at(sentence_length(rest));
        rest = tail;
        Some(sentence)
    })
}

fn sentence_length(text: &str) -> usize {
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let ends = match character {
            '\n' => true,
            '.' => {
                characters.peek().is_none_or(|(_, next)| next.is_whitespace())
                    && stop_ends(text, at)
            }
            '!' | '?' | '…' => characters.peek().is_none_or(|(_, next)| next.is_whitespace()),
            _ => false,
        };
        if ends {
            while characters.next_if(|(_, next)| next.is_whitespace()).is_some() {}
            return characters.peek().map_or(text.len(), |(next, _)| *next);
        }
    }
    text.len()
}

/// Returns whether the full stop at byte `at` ends a sentence: not after a number
/// ("3. Juli") nor after an abbreviation.
fn stop_ends(text: &str, at: usize) -> bool {
    let before = text.get(..at).unwrap_or_default();
    let start = before
        .char_indices()
        .rev()
        .take_while(|(_, c)| c.is_alphanumeric())
        .last()
        .map_or(before.len(), |(start, _)| start);
    let word = before.get(start..).unwrap_or_default();
    if word.chars().all(|c| c.is_ascii_digit()) && (1..=2).contains(&word.len()) {
        return false;
    }
    let lower = word.to_lowercase();
    !ABBREVIATIONS.contains(&lower.as_str())
}

/// Returns at most `max_chars` characters of `text`: whole if it fits, else cut after
/// a sentence if that keeps at least half of the room, else after a word, with
/// " …" at the end.
pub fn shorten(text: &str, max_chars: usize) -> String {
    let text = text.trim();
    if text.char_indices().nth(max_chars).is_none() {
        return text.to_owned();
    }
    let room = max_chars.saturating_sub(2);
    let limit = text.char_indices().nth(room).map_or(text.len(), |(at, _)| at);
    let half = text.char_indices().nth(room / 2).map_or(text.len(), |(at, _)| at);
    let mut end = 0;
    for sentence in sentences(text) {
        let whole = end + sentence.trim_end().len();
        if whole > limit {
            break;
        }
        end += sentence.len();
    }
    let kept = text.get(..end).unwrap_or_default().trim_end();
    let kept = if kept.len() >= half && !kept.is_empty() {
        kept
    } else {
        let head = text.get(..limit).unwrap_or_default();
        let inside_a_word =
            text.get(limit..).is_some_and(|rest| rest.starts_with(|c: char| !c.is_whitespace()));
        match head.rfind(char::is_whitespace) {
            Some(blank) if inside_a_word => head.get(..blank).unwrap_or_default(),
            _ => head,
        }
        .trim_end_matches(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | ':' | '–' | '-'))
    };
    format!("{kept} …")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinals_and_abbreviations_end_no_sentence() {
        let text = "Am 3. Juli tagt der Rat ca. zwei Stunden. Er berät z. B. das OZG! Ende";
        let found: Vec<_> = sentences(text).collect();
        assert_eq!(
            found,
            ["Am 3. Juli tagt der Rat ca. zwei Stunden. ", "Er berät z. B. das OZG! ", "Ende"]
        );
        assert_eq!(found.concat(), text);
    }

    #[test]
    fn a_short_text_stays_as_it_is() {
        assert_eq!(shorten("Kurz und gut.", 13), "Kurz und gut.");
    }

    #[test]
    fn a_long_text_is_cut_after_a_sentence_else_after_a_word() {
        assert_eq!(shorten("Der Rat tagt. Danach folgt noch vieles mehr.", 25), "Der Rat tagt. …");
        assert_eq!(
            shorten("Der Verwaltungsrat der Genossenschaft tagt", 24),
            "Der Verwaltungsrat der …"
        );
        assert_eq!(shorten("Donaudampfschifffahrt", 10), "Donaudam …");
        for max in 2..60 {
            let short =
                shorten("Der Rat tagt. Danach – so heißt es – folgt noch vieles mehr.", max);
            assert!(short.chars().count() <= max.max(2), "{short}");
        }
    }
}
