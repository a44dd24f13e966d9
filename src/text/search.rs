//! What a search looks for: German words whatever their ending, in compounds, with and
//! without hyphens; and where they stand in a text.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization as _;

use super::fold;

/// Words that are shorter are looked for whole: „Rat“ is not in „Beratung“.
const SHORTEST_PART: usize = 5;
/// Endings of words, the longest first.
const ENDINGS: [&str; 8] = ["ern", "en", "er", "es", "em", "e", "n", "s"];
/// Words of a search; what is longer is no search.
const MAX_WORDS: usize = 12;
/// Lengths of words that are kept to find compounds and misspelt words.
const KEPT_LENGTHS: std::ops::RangeInclusive<usize> = 4..=60;

/// A word of a search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// Words that hold one of these.
    Holding(Vec<String>),
    /// One of these words.
    Whole(Vec<String>),
}

/// How a word answers to one of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fit {
    /// It is a compound with it.
    Compound,
    /// It is the word itself, with whatever ending.
    Word,
}

impl Wanted {
    /// Returns how a folded word answers to this one; none if it does not.
    pub fn fit(&self, word: &str) -> Option<Fit> {
        match self {
            Self::Whole(words) => words.iter().any(|known| known == word).then_some(Fit::Word),
            Self::Holding(parts) => {
                let fits = parts.iter().filter_map(|part| {
                    let behind = word.strip_prefix(part.as_str());
                    let is_word =
                        behind.is_some_and(|behind| behind.is_empty() || ENDINGS.contains(&behind));
                    is_word
                        .then_some(Fit::Word)
                        .or_else(|| is_part_of(part, word).then_some(Fit::Compound))
                });
                fits.max()
            }
        }
    }
}

/// Returns a text as it is searched: folded, and every hyphenated word once more as one word.
pub fn searchable(text: &str) -> String {
    let folded = folded(text);
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

/// Returns the words of a searchable text by which compounds and misspelt words are found.
pub fn kept_words(searchable: &str) -> BTreeSet<&str> {
    let words = searchable.split(|c: char| !c.is_alphanumeric());
    let is_kept = |word: &&str| {
        KEPT_LENGTHS.contains(&word.len()) && word.contains(|c: char| c.is_ascii_lowercase())
    };
    words.filter(is_kept).collect()
}

/// Returns the words that a search is for; all of them must be found.
pub fn wanted(search: &str) -> Vec<Wanted> {
    let words = typed_words(search).into_iter();
    words.map(|word| wanted_word(&folded(&word).replace('-', ""))).collect()
}

/// Returns the words of a search as they were typed. A hyphen within a word is part of it, one
/// that stands alone separates.
pub fn typed_words(search: &str) -> Vec<String> {
    let words =
        search.split(|c: char| !is_letter(c) && c != '-').map(|word| word.trim_matches('-'));
    words
        .filter(|word| word.contains(char::is_alphanumeric))
        .take(MAX_WORDS)
        .map(str::to_owned)
        .collect()
}

/// A piece of a text.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Piece {
    /// Its letters.
    pub text: String,
    /// It is a word that was looked for.
    pub hit: bool,
}

/// Returns a text in pieces, of which some are words that were looked for.
pub fn marked(text: &str, wanted: &[Wanted]) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut push = |text: &str, hit: bool| match pieces.last_mut().filter(|last| last.hit == hit) {
        Some(last) => last.text.push_str(text),
        None if text.is_empty() => {}
        None => pieces.push(Piece { text: text.to_owned(), hit }),
    };
    if wanted.is_empty() {
        push(text, false);
        return pieces;
    }
    let mut rest = text;
    while let Some(start) = rest.find(char::is_alphanumeric) {
        let (before, tail) = rest.split_at(start);
        push(before, false);
        let end = tail.find(|c: char| !is_letter(c) && c != '-').unwrap_or(tail.len());
        let (run, behind) = tail.split_at(end);
        rest = behind;
        if is_hit(run, wanted) {
            let word = run.trim_end_matches('-');
            push(word, true);
            push(&run[word.len()..], false);
            continue;
        }
        for part in run.split_inclusive('-') {
            let word = part.trim_end_matches('-');
            push(word, is_hit(word, wanted));
            push(&part[word.len()..], false);
        }
    }
    push(rest, false);
    pieces
}

/// Returns how well a text answers to a search: none unless it has all words, else the worst fit.
pub fn fit(text: &str, wanted: &[Wanted]) -> Option<Fit> {
    let text = searchable(text);
    let words: BTreeSet<&str> = text.split(|c: char| !c.is_alphanumeric()).collect();
    let of = |wanted: &Wanted| words.iter().filter_map(|word| wanted.fit(word)).max();
    let fits: Option<Vec<Fit>> = wanted.iter().map(of).collect();
    fits?.into_iter().min()
}

/// Returns about so many characters of a text around the first word that was looked for.
pub fn excerpt(text: &str, wanted: &[Wanted], most: usize) -> Option<String> {
    let pieces = marked(text, wanted);
    let at = pieces.iter().position(|piece| piece.hit)?;
    let before: String = pieces[..at].iter().map(|piece| piece.text.as_str()).collect();
    let room = most / 3;
    let skipped = before.chars().count().saturating_sub(room);
    // It begins with a whole word.
    let lead: String = before.chars().skip(skipped).collect();
    let lead = if skipped == 0 {
        lead.as_str()
    } else {
        lead.split_once(' ').map_or("", |(_, lead)| lead)
    };
    let after: String = pieces[at..].iter().map(|piece| piece.text.as_str()).collect();
    let after = super::shorten(&after, most.saturating_sub(lead.chars().count()));
    let dots = if skipped == 0 { "" } else { "… " };
    Some(format!("{dots}{lead}{after}"))
}

/// Returns the word of a text that is the folded one, as it is written there.
pub fn spelt<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let runs = text.split(|c: char| !is_letter(c) && c != '-').map(|run| run.trim_matches('-'));
    let mut all = runs.flat_map(|run| std::iter::once(run).chain(run.split('-')));
    all.find(|run| folded(run).replace('-', "") == word)
}

fn is_hit(run: &str, wanted: &[Wanted]) -> bool {
    let word = folded(run).replace('-', "");
    !word.is_empty() && wanted.iter().any(|wanted| wanted.fit(&word).is_some())
}

fn is_letter(c: char) -> bool {
    c.is_alphanumeric() || ('\u{300}'..='\u{36f}').contains(&c)
}

/// Folds a text as the index does, which knows no accents either.
fn folded(text: &str) -> String {
    let folded = fold(text);
    if folded.is_ascii() {
        return folded;
    }
    folded.nfd().filter(|c| !('\u{300}'..='\u{36f}').contains(c)).collect()
}

/// Returns whether a word is made of the part and others: what stands behind it is nothing,
/// an ending, or long enough to be a word.
fn is_part_of(part: &str, word: &str) -> bool {
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

/// Returns the stem with dots over its last vowel, as a plural may have it: `antrag` → `antraeg`,
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

/// Returns the stem without the dots over its last vowel: `antraeg` → `antrag`.
fn undotted(stem: &str) -> Option<String> {
    let at = stem.rfind(['a', 'e', 'i', 'o', 'u'])?;
    if let Some((before, after)) = stem.rsplit_once("aeu") {
        return Some(format!("{before}au{after}"));
    }
    let has_dots = stem[..at].ends_with(['a', 'o', 'u']) && stem[at..].starts_with('e');
    has_dots.then(|| format!("{}{}", &stem[..at], &stem[at + 1..]))
}

/// Returns the pieces of a word of which at least one is still right where it is misspelt, and how
/// many letters may be wrong.
pub fn sound_pieces(word: &str) -> (Vec<&str>, usize) {
    let length = word.len();
    if !word.is_ascii() || length < 4 {
        return (Vec::new(), 0);
    }
    match length {
        // No half is long enough to be looked for.
        4 | 5 => (vec![&word[..3], &word[length - 3..]], 1),
        // Two letters that are swapped at the middle leave the end.
        6..9 => (vec![&word[..length / 2], &word[length / 2..], &word[length - 3..]], 1),
        _ => {
            let third = length / 3;
            (vec![&word[..third], &word[third..2 * third], &word[2 * third..]], 2)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, search: &str) -> String {
        let pieces = marked(text, &wanted(search));
        pieces
            .iter()
            .map(|piece| if piece.hit { format!("[{}]", piece.text) } else { piece.text.clone() })
            .collect()
    }

    #[test]
    fn words_that_were_looked_for_are_marked_as_they_are_written() {
        for (text, search, expected) in [
            ("Das Bürgerkonto startet.", "konto", "Das [Bürgerkonto] startet."),
            ("Neue Service-Angebote – hier", "Serviceangebote", "Neue [Service-Angebote] – hier"),
            ("Die E-Akte kommt", "akte", "Die E-[Akte] kommt"),
            ("GRÖSSE zählt, Größe auch", "größe", "[GRÖSSE] zählt, [Größe] auch"),
            ("Rat und Beratung", "Rat", "[Rat] und Beratung"),
            ("<b>Portal</b>", "portal", "<b>[Portal]</b>"),
            ("Ein Café öffnet", "cafe", "Ein [Café] öffnet"),
            ("", "x", ""),
            ("nichts", "", "nichts"),
        ] {
            assert_eq!(shown(text, search), expected);
        }
    }

    #[test]
    fn a_title_with_the_word_fits_better_than_one_with_a_compound() {
        let wanted = wanted("Portal");
        assert_eq!(fit("Das Portal", &wanted), Some(Fit::Word));
        assert_eq!(fit("Serviceportal", &wanted), Some(Fit::Compound));
        assert_eq!(fit("Portugal", &wanted), None);
    }

    #[test]
    fn an_excerpt_begins_with_a_whole_word_before_the_hit() {
        let text =
            format!("{}Am Ende steht das Bürgerkonto und mehr.", "Ein langer Anfang. ".repeat(20));
        let excerpt = excerpt(&text, &wanted("bürgerkonto"), 60).unwrap();
        assert!(excerpt.starts_with("… ") && excerpt.contains("Bürgerkonto"), "{excerpt}");
        assert!(excerpt.chars().count() < 80, "{excerpt}");
        assert_eq!(super::excerpt(&text, &wanted("fehlt"), 60), None);
    }

    #[test]
    fn a_misspelt_word_has_a_piece_that_is_right() {
        for (typed, meant) in [
            ("digitalisirung", "digitalisierung"),
            ("buergerkotno", "buergerkonto"),
            ("portl", "portal"),
        ] {
            let (pieces, allowed) = sound_pieces(typed);
            assert!(pieces.iter().any(|piece| meant.contains(piece)), "{typed}");
            assert!(strsim::osa_distance(typed, meant) <= allowed, "{typed}");
        }
        assert_eq!(sound_pieces("ki").1, 0);
    }
}
