//! Passages that mention a thing rather than tell of it: what somebody is
//! quoted with, lists of examples, the portrait of the sender at the end.

use std::ops::Range;

/// Fewer words between quotation marks are a name, not a quotation.
const SHORTEST_QUOTATION: usize = 6;
/// A quotation is never longer, in bytes: its closing mark was lost.
const LONGEST_QUOTATION: usize = 1500;
/// Words that open a list of examples; it reaches to the end of the sentence.
const EXAMPLES: [&str; 9] = [
    "zum Beispiel",
    "beispielsweise",
    "z. B.",
    "z.B.",
    "unter anderem",
    "u. a.",
    "darunter",
    "wie etwa",
    "so etwa",
];
/// Short lines that open a portrait, in lower case; it reaches to the end of the text.
const PORTRAITS: [&str; 9] = [
    "über ",
    "zur person",
    "der autor",
    "die autorin",
    "hintergrund",
    "zum unternehmen",
    "zum verband",
    "zum unternehmen:",
    "stichwort",
];
/// Longer lines are sentences of the item, in characters.
const LONGEST_HEADING: usize = 60;

/// Returns the bytes of `text` that mention in passing, ascending and apart.
pub fn passing(text: &str) -> Vec<Range<usize>> {
    let mut ranges = quotations(text);
    ranges.extend(examples(text));
    ranges.extend(portrait(text));
    ranges.sort_by_key(|range| (range.start, range.end));
    ranges.dedup_by(|later, earlier| {
        let overlaps = later.start < earlier.end;
        if overlaps {
            earlier.end = earlier.end.max(later.end);
        }
        overlaps
    });
    ranges
}

/// Returns what stands between quotation marks, if it is speech and not a name.
fn quotations(text: &str) -> Vec<Range<usize>> {
    let mut quotations = Vec::new();
    let mut opened: Option<(usize, char)> = None;
    for (at, c) in text.char_indices() {
        match opened {
            None => {
                let closing = match c {
                    '„' => '“',
                    '»' => '«',
                    '"' => '"',
                    _ => continue,
                };
                opened = Some((at, closing));
            }
            Some((from, _)) if at - from > LONGEST_QUOTATION => opened = None,
            // Typewriters close everything with the same mark.
            Some((from, closing)) if c == closing || (closing == '“' && matches!(c, '”' | '"')) =>
            {
                let is_speech = text[from..at].split_whitespace().take(SHORTEST_QUOTATION).count()
                    == SHORTEST_QUOTATION;
                if is_speech {
                    quotations.push(from..at + c.len_utf8());
                }
                opened = None;
            }
            Some(_) => {}
        }
    }
    quotations
}

/// Returns stretches from a word such as `darunter` to the end of its sentence.
fn examples(text: &str) -> Vec<Range<usize>> {
    EXAMPLES
        .into_iter()
        .flat_map(|opening| text.match_indices(opening))
        .filter(|&(at, _)| !text[..at].ends_with(char::is_alphanumeric))
        .map(|(at, opening)| {
            let after = at + opening.len();
            let end = text[after..]
                .find(['.', '!', '?', '\n', ';'])
                .map_or(text.len(), |end| after + end);
            at..end
        })
        .collect()
}

/// Returns the stretch from the heading of a portrait in the second half of the text to its end.
fn portrait(text: &str) -> Option<Range<usize>> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let begins = at;
        at += line.len();
        let heading = line.trim();
        if begins * 2 < text.len()
            || heading.chars().nth(LONGEST_HEADING).is_some()
            || heading.ends_with(['.', '!', '?'])
        {
            continue;
        }
        let heading = heading.to_lowercase();
        if PORTRAITS.iter().any(|opening| heading.starts_with(opening)) {
            return Some(begins..text.len());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<&str> {
        passing(text).into_iter().map(|range| &text[range]).collect()
    }

    #[test]
    fn speech_is_in_passing_and_a_quoted_name_is_not() {
        assert_eq!(
            found("Der „KITU-Tag“ kommt. „Wir brauchen das OZG mehr denn je“, sagt er."),
            ["„Wir brauchen das OZG mehr denn je“"]
        );
        assert_eq!(found("Er sagt: „das endet nie und nirgends und nimmer"), [""; 0]);
    }

    #[test]
    fn examples_end_with_their_sentence() {
        assert_eq!(
            found("Zehn Häuser, darunter KITU und Dataport, kamen. Danach war Schluss."),
            ["darunter KITU und Dataport, kamen"]
        );
    }

    #[test]
    fn a_portrait_at_the_end_is_in_passing() {
        assert_eq!(
            found(
                "Der Rat tagt heute im großen Saal des Rathauses am Markt.\nÜber die KITU\nDie KITU ist eine Genossenschaft."
            ),
            ["Über die KITU\nDie KITU ist eine Genossenschaft."]
        );
        assert_eq!(found("Über die KITU\nDie Genossenschaft tagt heute in Magdeburg."), [""; 0]);
    }

    proptest::proptest! {
        #[test]
        fn passages_are_ascending_and_at_characters(text in "(\\PC{0,9}|„|“|\"|darunter |\n|über |a b c ){0,12}") {
            let mut at = 0;
            for range in passing(&text) {
                proptest::prop_assert!(at <= range.start && range.start < range.end);
                proptest::prop_assert!(text.get(range.clone()).is_some());
                at = range.end;
            }
        }
    }
}
