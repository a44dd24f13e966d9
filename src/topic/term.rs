//! The term language: what the admin writes in `strong`, `weak`, `context` and
//! `never`, and what it becomes before a text is seen (docs/TOPICS.md).

use super::folded::{self, Folded, Joint, LONGEST_WORD};
use crate::model::WordLists;

/// Most words of one phrase.
const MOST_WORDS: usize = 8;
/// Most characters of one term.
const LONGEST_TERM: usize = 240;
/// Most phrases that one side of a term stands for, those of its word lists included.
const MOST_ALTERNATIVES: usize = 400;
/// A stem shorter than this keeps its ending: `Akte` is not `Akt`.
const SHORTEST_STEM: usize = 5;
/// Letters a word must have beside its star.
const FEWEST_LETTERS_WITH_STAR: usize = 3;
/// Mixed case up to this length is an abbreviation (`EfA`), beyond it a name (`openDesk`).
const LONGEST_MIXED_ABBREVIATION: usize = 4;

/// Marks at the end of a strong term.
const MARKS: [char; 3] = ['!', '?', '^'];
/// A word of this many letters is known even if a blank was put into it.
const SHORTEST_SPLIT: usize = 9;

/// Endings that may stand after a plain word, folded.
const ENDINGS: [&str; 11] = ["", "e", "em", "en", "er", "ern", "es", "n", "s", "in", "innen"];
/// Endings that a plain word may have in the config, longest first.
const WRITTEN_ENDINGS: [&str; 7] = ["en", "em", "er", "es", "e", "n", "s"];

/// A term as it is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Term {
    /// One side, or two that must stand near each other in one sentence; each
    /// with the phrases of which any will do.
    pub(super) sides: Vec<Vec<Phrase>>,
    /// Written with a final `!`: one hit in title or lead is enough.
    pub(super) decisive: bool,
    /// Written with a final `?`: it counts only beside a context term.
    pub(super) needs_context: bool,
    /// Written with a final `^`: outside the title it is a weak hint.
    pub(super) names_sender: bool,
}

impl Term {
    /// Returns whether it ends in a mark, which only strong terms have.
    pub(super) fn is_marked(&self) -> bool {
        self.decisive || self.needs_context || self.names_sender
    }
}

/// Words that follow each other; at least one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Phrase {
    pub(super) words: Vec<Word>,
}

/// One word of a phrase; hyphens inside are optional.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Word {
    /// Folded letters that must stand there, without an inflected ending.
    pub(super) stem: Vec<u8>,
    /// What may stand before each letter, and in which case it must be.
    marks: Vec<Mark>,
    /// Letters may stand before it (`*amt`).
    pub(super) open_left: bool,
    /// Letters may follow (`Amt*`).
    pub(super) open_right: bool,
    /// What may follow the stem, folded; ignored with an open right.
    tails: Vec<Vec<u8>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Mark {
    joint: Joint,
    /// The letter must be a capital, or must not be one.
    upper: Option<bool>,
}

/// Reads a term.
pub(super) fn parse(term: &str, lists: &WordLists) -> Result<Term, String> {
    if term.chars().count() > LONGEST_TERM {
        return Err(format!("term of more than {LONGEST_TERM} characters"));
    }
    let written = term.trim_end();
    let mark = written.chars().next_back().filter(|last| MARKS.contains(last));
    let bare = if mark.is_some() { &written[..written.len() - 1] } else { term };
    let sides: Vec<&str> = bare.split('~').collect();
    if sides.len() > 2 {
        return Err("more than one `~`; a term joins two phrases at most".to_owned());
    }
    let sides = sides.into_iter().map(|text| side(text, lists)).collect::<Result<_, _>>()?;
    Ok(Term {
        sides,
        decisive: mark == Some('!'),
        needs_context: mark == Some('?'),
        names_sender: mark == Some('^'),
    })
}

/// The phrases of which any will do: `Antrag|@ausweis`.
fn side(text: &str, lists: &WordLists) -> Result<Vec<Phrase>, String> {
    let mut phrases = Vec::new();
    for alternative in text.split('|') {
        let Some(name) = alternative.trim().strip_prefix('@') else {
            phrases.push(phrase(alternative)?);
            continue;
        };
        let list = lists.0.get(name).ok_or_else(|| {
            let known: Vec<&str> = lists.0.keys().map(String::as_str).collect();
            format!("there is no word list `@{name}`; `[words]` has: {}", known.join(", "))
        })?;
        for word in list {
            let read = if word.contains(['~', '|', '@', '!', '?', '^']) {
                Err("a word list holds words and phrases only".to_owned())
            } else {
                phrase(word)
            };
            phrases.push(read.map_err(|message| format!("`{word}` of `@{name}`: {message}"))?);
        }
    }
    if phrases.len() > MOST_ALTERNATIVES {
        return Err(format!("stands for more than {MOST_ALTERNATIVES} phrases"));
    }
    Ok(phrases)
}

fn phrase(text: &str) -> Result<Phrase, String> {
    if text.trim().is_empty() {
        return Err("empty term".to_owned());
    }
    let words: Vec<Word> = text
        .split(|c: char| c.is_whitespace() || c == '/')
        .filter(|word| !word.is_empty())
        .map(word)
        .collect::<Result<_, _>>()?;
    if words.len() > MOST_WORDS {
        return Err(format!("phrase of more than {MOST_WORDS} words"));
    }
    Ok(Phrase { words })
}

fn word(text: &str) -> Result<Word, String> {
    let inner = text.strip_prefix('*').unwrap_or(text);
    let open_left = inner.len() < text.len();
    let bare = inner.strip_suffix('*').unwrap_or(inner);
    let open_right = bare.len() < inner.len();
    if bare.contains('*') {
        return Err(format!(
            "`*` inside `{text}`; it may stand at the beginning and at the end of a word"
        ));
    }
    let folded = folded::fold(bare, &[]);
    let letters = folded.bytes.len();
    if letters == 0 {
        return Err(if open_left || open_right {
            "`*` alone matches everything"
        } else {
            "empty term: no letter and no digit"
        }
        .to_owned());
    }
    if (open_left || open_right) && letters < FEWEST_LETTERS_WITH_STAR {
        return Err(format!(
            "`{text}` matches nearly everything; a word with `*` needs {FEWEST_LETTERS_WITH_STAR} letters"
        ));
    }
    if letters < 2 {
        return Err(format!("`{text}` matches nearly everything; a word needs 2 letters"));
    }
    if letters > LONGEST_WORD / 2 {
        return Err(format!("`{text}` is longer than any word"));
    }
    let marks = marks(&folded);
    let exact_end = marks.last().is_some_and(|mark| mark.upper.is_some());
    let mut stem = folded.bytes;
    let written = stem.clone();
    let mut marks = marks;
    if !open_right && !exact_end {
        let length = stem_length(&stem, &marks);
        stem.truncate(length);
        marks.truncate(length);
    }
    let mut tails = Vec::new();
    if !open_right {
        let rest = &written[stem.len()..];
        let endings: &[&str] = if exact_end { &["", "s"] } else { &ENDINGS };
        for ending in endings {
            tails.push(ending.as_bytes().to_vec());
            tails.push([rest, ending.as_bytes()].concat());
        }
        tails.sort();
        tails.dedup();
    }
    Ok(Word { stem, marks, open_left, open_right, tails })
}

/// Returns how much of a plain word remains without its written ending.
fn stem_length(word: &[u8], marks: &[Mark]) -> usize {
    let fits = |ending: &&str| {
        word.ends_with(ending.as_bytes()) && {
            let rest = word.len() - ending.len();
            rest >= SHORTEST_STEM && marks[rest..].iter().all(|mark| mark.joint == Joint::None)
        }
    };
    word.len() - WRITTEN_ENDINGS.into_iter().find(fits).map_or(0, str::len)
}

/// Case is looked at part by part: `OZG-Umsetzung` is exact in its first only.
fn marks(folded: &Folded) -> Vec<Mark> {
    let mut marks = Vec::with_capacity(folded.bytes.len());
    let mut start = 0;
    while start < folded.bytes.len() {
        let end = (start + 1..folded.bytes.len())
            .find(|&at| folded.is_border(at))
            .unwrap_or(folded.bytes.len());
        let part = &folded.letters[start..end];
        let capitals = part.iter().filter(|letter| letter.upper).count();
        let alphabetic =
            folded.bytes[start..end].iter().filter(|byte| !byte.is_ascii_digit()).count();
        let exact =
            capitals >= 2 && (capitals == alphabetic || alphabetic <= LONGEST_MIXED_ABBREVIATION);
        for (index, letter) in part.iter().enumerate() {
            let joint = if start + index == 0 { Joint::None } else { letter.joint };
            marks.push(Mark { joint, upper: exact.then_some(letter.upper) });
        }
        start = end;
    }
    marks
}

impl Word {
    /// Returns where the word can end when its stem begins at `stem_at` (borders and case checked). Folded offsets.
    pub(super) fn ends(&self, text: &Folded, stem_at: usize) -> Vec<usize> {
        let end = stem_at + self.stem.len();
        if text.bytes.get(stem_at..end) != Some(&self.stem[..]) {
            return Vec::new();
        }
        if !self.open_left && !text.is_border(stem_at) {
            return Vec::new();
        }
        for (index, mark) in self.marks.iter().enumerate() {
            let letter = &text.letters[stem_at + index];
            if mark.upper.is_some_and(|upper| upper != letter.upper) {
                return Vec::new();
            }
            let split = letter.joint == Joint::Blank
                && mark.upper.is_none()
                && self.stem.len() >= SHORTEST_SPLIT;
            if index > 0 && !mark.allows(letter.joint) && !(split && mark.joint == Joint::None) {
                return Vec::new();
            }
        }
        if self.open_right {
            return text.border_after(end).into_iter().collect();
        }
        let exact = self.marks.last().is_some_and(|mark| mark.upper.is_some());
        self.tails
            .iter()
            .filter_map(|tail| {
                let tail_end = end + tail.len();
                let fits = text.bytes.get(end..tail_end) == Some(&tail[..])
                    && text.is_border(tail_end)
                    && (end..tail_end).all(|at| {
                        text.joint(at) == Joint::None && !(exact && text.letters[at].upper)
                    });
                fits.then_some(tail_end)
            })
            .collect()
    }

    /// Returns where the word can end when it begins at `start`, a border.
    pub(super) fn ends_from(&self, text: &Folded, start: usize) -> Vec<usize> {
        if !self.open_left {
            return self.ends(text, start);
        }
        let Some(border) = text.border_after(start + 1) else { return Vec::new() };
        (start..border).flat_map(|at| self.ends(text, at)).collect()
    }

    /// Returns where the word begins when its stem does at `stem_at`.
    pub(super) fn start(&self, text: &Folded, stem_at: usize) -> Option<usize> {
        if self.open_left { text.border_before(stem_at) } else { Some(stem_at) }
    }

    /// Returns how many parts its hyphens make at most.
    pub(super) fn parts(&self) -> usize {
        self.stem.len().min(6)
    }

    /// Returns whether `whole`, a word put together from two, is this one. All folded.
    pub(super) fn is_exactly(&self, whole: &[u8]) -> bool {
        let rest = whole.strip_prefix(&self.stem[..]);
        let plain = self.marks.iter().all(|mark| mark.upper.is_none());
        plain
            && !self.open_left
            && rest
                .is_some_and(|rest| self.open_right || self.tails.iter().any(|tail| tail == rest))
    }

    /// Returns whether `head` and the end of `compound` make this word: `Haupt` and
    /// `Personalamtsleiter` make `Hauptamtsleiter`. All folded.
    pub(super) fn is_made_of(&self, head: &[u8], head_upper: &[bool], compound: &[u8]) -> bool {
        /// Less is an ending, not a word.
        const SHORTEST_REST: usize = 4;
        let Some(rest) = self.stem.strip_prefix(head) else { return false };
        let cased = self
            .marks
            .iter()
            .zip(head_upper)
            .all(|(mark, &upper)| mark.upper.is_none_or(|needed| needed == upper));
        if self.open_left || rest.len() < SHORTEST_REST || !cased {
            return false;
        }
        if self.open_right {
            return compound.windows(rest.len()).any(|window| window == rest);
        }
        self.tails
            .iter()
            .any(|tail| compound.strip_suffix(&tail[..]).is_some_and(|stem| stem.ends_with(rest)))
    }
}

impl Mark {
    /// Returns whether the text may have this joint where the term has the mark's.
    fn allows(self, found: Joint) -> bool {
        match self.joint {
            // Abbreviations are written in one piece.
            Joint::None => found == Joint::None || (found == Joint::Hyphen && self.upper.is_none()),
            Joint::Hyphen | Joint::Blank => {
                matches!(found, Joint::None | Joint::Hyphen | Joint::Blank)
            }
            Joint::Tight | Joint::Hard => found == Joint::Tight,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(term: &str) -> Result<Term, String> {
        super::parse(term, &WordLists::default())
    }

    #[test]
    fn a_bad_term_says_what_is_wrong() {
        for (term, message) in [
            ("", "empty term"),
            ("  ", "empty term"),
            ("-", "no letter"),
            ("*", "alone"),
            ("**", "alone"),
            ("a*", "nearly everything"),
            ("*it*", "nearly everything"),
            ("e", "nearly everything"),
            ("Ver*ung", "inside"),
            ("IT ~", "empty term"),
            ("!", "empty term"),
            ("?", "empty term"),
            ("IT|", "empty term"),
            ("@amt ~ IT", "no word list `@amt`"),
            ("IT ~ Amt ~ Haus", "more than one"),
            ("a1 b1 c1 d1 e1 f1 g1 h1 i1", "8 words"),
        ] {
            let error = parse(term).unwrap_err();
            assert!(error.contains(message), "{term}: {error}");
        }
        assert!(parse(&"x".repeat(241)).is_err());
    }

    #[test]
    fn terms_that_mean_the_same_are_the_same() {
        assert_eq!(parse("Förderung"), parse("Foerderung"));
        assert_eq!(parse("zentrale  Dienste"), parse("zentrale Dienste"));
        assert_ne!(parse("KITU"), parse("Kitu"));
    }

    fn lists_of(words: &[&str]) -> WordLists {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        WordLists([("netz".to_owned(), words)].into())
    }

    #[test]
    fn a_word_list_stands_for_its_words() {
        let lists = lists_of(&["online", "im Netz"]);
        assert_eq!(
            super::parse("Antrag ~ @netz|Handy", &lists),
            parse("Antrag ~ online|im Netz|Handy")
        );
        let wrong = lists_of(&["a ~ b"]);
        assert!(super::parse("@netz", &wrong).unwrap_err().contains("`a ~ b` of `@netz`"));
    }
}
