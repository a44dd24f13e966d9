//! What a search looks for: German words whatever their ending, in compounds, with and
//! without hyphens.

use super::fold;

/// Words that are shorter are looked for whole: „Rat“ is not in „Beratung“.
const SHORTEST_PART: usize = 5;
/// Endings of words, the longest first.
const ENDINGS: [&str; 8] = ["ern", "en", "er", "es", "em", "e", "n", "s"];

/// A word of a search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// Words that hold one of these.
    Holding(Vec<String>),
    /// One of these words.
    Whole(Vec<String>),
}

/// Returns a text as it is searched: folded, and every hyphenated word once more as one word.
pub fn searchable(text: &str) -> String {
    let folded = fold(text);
    let mut searchable = folded.clone();
    for word in folded.split(|c: char| !c.is_alphanumeric() && c != '-') {
        let word = word.trim_matches('-');
        if word.contains('-') {
            searchable.push(' ');
            searchable.extend(word.chars().filter(|c| *c != '-'));
        }
    }
    searchable
}

/// Returns the words that a search is for; all of them must be found.
pub fn wanted(search: &str) -> Vec<Wanted> {
    let folded = fold(search);
    // A hyphen within a word is none; one that stands alone separates.
    let words = folded.split(|c: char| !c.is_alphanumeric() && c != '-');
    words
        .map(|word| word.chars().filter(|c| *c != '-').collect::<String>())
        .filter(|word| !word.is_empty())
        .map(|word| wanted_word(&word))
        .collect()
}

/// Returns whether a word is made of the part and others: what stands behind it is nothing,
/// an ending, or long enough to be a word.
pub fn is_part_of(part: &str, word: &str) -> bool {
    word.match_indices(part).any(|(at, _)| {
        let behind = &word[at + part.len()..];
        at != 1 && (behind.is_empty() || behind.len() >= 3 || ENDINGS.contains(&behind))
    })
}

fn wanted_word(word: &str) -> Wanted {
    if word.chars().count() < SHORTEST_PART {
        let endings = if word.len() < 3 { &[][..] } else { &ENDINGS[..] };
        let mut whole = vec![word.to_owned()];
        whole.extend(endings.iter().map(|ending| format!("{word}{ending}")));
        whole.extend(dotted(word).into_iter().flat_map(|plural| {
            ["", "e", "er", "en", "ern"].map(|ending| format!("{plural}{ending}"))
        }));
        return Wanted::Whole(whole);
    }
    let is_long = |stem: &&str| stem.chars().count() >= SHORTEST_PART;
    let stem = ENDINGS.iter().find_map(|ending| word.strip_suffix(ending).filter(is_long));
    // A plural may have got its dots: Anträge, Antrag; Rathaus, Rathäuser.
    let others = stem.and_then(undotted).into_iter().chain(dotted(word));
    Wanted::Holding([stem.unwrap_or(word).to_owned()].into_iter().chain(others).collect())
}

/// The stem with dots over its last vowel, as a plural may have it: `antrag` → `antraeg`,
/// `rathaus` → `rathaeus`.
fn dotted(stem: &str) -> Option<String> {
    let at = stem.rfind(['a', 'e', 'i', 'o', 'u'])?;
    let (before, after) = stem.split_at(at);
    if after.starts_with('u') && before.ends_with('a') {
        return Some(format!("{before}e{after}"));
    }
    let is_plain = matches!(after.as_bytes().first(), Some(b'a' | b'o' | b'u'));
    let is_part = before.ends_with(['a', 'e', 'i', 'o', 'u']) || after == "ung";
    (is_plain && !is_part).then(|| format!("{before}{}e{}", &after[..1], &after[1..]))
}

/// The stem without the dots over its last vowel: `antraeg` → `antrag`.
fn undotted(stem: &str) -> Option<String> {
    let at = stem.rfind(['a', 'e', 'i', 'o', 'u'])?;
    if let Some((before, after)) = stem.rsplit_once("aeu") {
        return Some(format!("{before}au{after}"));
    }
    let has_dots = stem[..at].ends_with(['a', 'o', 'u']) && stem[at..].starts_with('e');
    has_dots.then(|| format!("{}{}", &stem[..at], &stem[at + 1..]))
}
