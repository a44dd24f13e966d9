//! A text as the matcher reads it: nothing but folded letters and digits, with
//! a note before each on what stood between it and its neighbour, and the way
//! back to the bytes of the original.
//!
//! Folding is blind to what spelling leaves to taste: case, ä/ae, ß/ss, NFC and
//! NFD, soft hyphens, gender marks. It keeps Förderung and Forderung apart: an
//! umlaut becomes two letters, it never loses its dots.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// More letters than any word has; longer runs are serial numbers or noise.
pub(super) const LONGEST_WORD: usize = 120;
/// Marks over one letter beyond which a text is a prank.
const MOST_MARKS: usize = 4;

/// What stands between two neighbouring letters of the folded text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Joint {
    /// Nothing: they belong to one word.
    None,
    /// A hyphen, also one at the end of a line.
    Hyphen,
    /// Blanks, a line end, a slash.
    Blank,
    /// Punctuation without a blank, as in `Komm.ONE`.
    Tight,
    /// Punctuation with a blank, a dash between blanks, an empty line, the edge of the text.
    Hard,
}

/// One letter or digit of the folded text; an umlaut makes two of them. Kept
/// small, since there is one for each byte.
#[derive(Debug, Clone, Copy)]
pub(super) struct Letter {
    /// First byte of its character in the original.
    pub(super) from: u32,
    /// End of its character in the original, marks included.
    pub(super) to: u32,
    /// It is a capital there.
    pub(super) upper: bool,
    /// What stands before it.
    pub(super) joint: Joint,
}

/// A folded text.
#[derive(Debug, Clone, Default)]
pub(super) struct Folded {
    /// Letters and digits in UTF-8, joined.
    pub(super) bytes: Vec<u8>,
    /// One note per byte of `bytes`.
    pub(super) letters: Vec<Letter>,
    /// Where each word but the first begins; the parts of a hyphenated word are one.
    words: Vec<usize>,
    /// Where each sentence but the first begins.
    sentences: Vec<usize>,
    /// Where a word that ends in a hyphen ends, as in `Haupt- und`.
    pub(super) suspended: Vec<usize>,
    /// Where a word that begins with a hyphen begins, as in `und -digitalisierung`.
    pub(super) resumed: Vec<usize>,
}

impl Folded {
    /// Returns what stands before the letter at `at`; the ends of the text are hard.
    pub(super) fn joint(&self, at: usize) -> Joint {
        if at == 0 {
            return Joint::Hard;
        }
        self.letters.get(at).map_or(Joint::Hard, |letter| letter.joint)
    }

    /// Returns whether a word, or a part of a hyphenated one, begins or ends at `at`.
    pub(super) fn is_border(&self, at: usize) -> bool {
        self.joint(at) != Joint::None
    }

    /// Returns the next border from `at` on; none within the length of a word is none at all.
    pub(super) fn border_after(&self, at: usize) -> Option<usize> {
        (at..=(at + LONGEST_WORD).min(self.bytes.len())).find(|&at| self.is_border(at))
    }

    /// Returns the last border up to `at`.
    pub(super) fn border_before(&self, at: usize) -> Option<usize> {
        (at.saturating_sub(LONGEST_WORD)..=at).rev().find(|&at| self.is_border(at))
    }

    /// Returns which word the letter at `at` is in.
    pub(super) fn word(&self, at: usize) -> usize {
        self.words.partition_point(|&begins| begins <= at)
    }

    /// Returns which sentence the letter at `at` is in.
    pub(super) fn sentence(&self, at: usize) -> usize {
        self.sentences.partition_point(|&begins| begins <= at)
    }

    /// Returns the bytes of the original that the folded bytes `start..end` came from.
    pub(super) fn span(&self, start: usize, end: usize) -> (usize, usize) {
        let from = self.letters.get(start).map_or(0, |letter| letter.from as usize);
        let to = end
            .checked_sub(1)
            .and_then(|last| self.letters.get(last))
            .map_or(from, |letter| letter.to as usize);
        (from, to.max(from))
    }
}

/// Folds `text` without the ranges of `cuts` (ascending, at characters), which
/// leave a hard joint.
pub(super) fn fold(text: &str, cuts: &[Range<usize>]) -> Folded {
    let mut writer = Writer::new(text);
    let mut at = 0;
    for cut in cuts {
        at = writer.read(at, cut.start);
        if at < cut.end {
            writer.gap.cut = true;
            at = cut.end;
        }
    }
    writer.read(at, text.len());
    writer.folded
}

/// What has been seen since the last letter.
#[derive(Debug, Default)]
struct Gap {
    cut: bool,
    punctuation: bool,
    full_stop: bool,
    blank: bool,
    newlines: usize,
    hyphen: bool,
    begins_with_hyphen: bool,
    ends_with_hyphen: bool,
}

impl Gap {
    fn is_empty(&self) -> bool {
        !(self.cut || self.punctuation || self.blank || self.hyphen)
    }
}

struct Writer<'a> {
    text: &'a str,
    folded: Folded,
    gap: Gap,
    /// Folded letters of the word so far, and whether all of them are digits.
    length: usize,
    digits: bool,
}

impl<'a> Writer<'a> {
    fn new(text: &'a str) -> Self {
        let folded = Folded {
            bytes: Vec::with_capacity(text.len()),
            letters: Vec::with_capacity(text.len()),
            ..Folded::default()
        };
        Self { text, folded, gap: Gap::default(), length: 0, digits: true }
    }

    /// Reads from `at` to `end`; answers where what it read ends, which may be
    /// later: marks belong to their letter.
    fn read(&mut self, mut at: usize, end: usize) -> usize {
        while at < end {
            let plain = self.plain_letters(at, end);
            if plain > 0 {
                self.push_plain(at, plain);
                at += plain;
            } else if let Some(c) = self.text.get(at..).and_then(|rest| rest.chars().next()) {
                at = self.take(c, at);
            } else {
                break;
            }
        }
        at
    }

    /// Returns how many letters and digits of ASCII that bear no mark follow each other
    /// from `at` on: nearly all there is.
    fn plain_letters(&self, at: usize, end: usize) -> usize {
        let letters =
            self.text.as_bytes()[at..end].iter().take_while(|byte| byte.is_ascii_alphanumeric());
        let count = letters.count();
        if self.is_mark_at(at + count) { count.saturating_sub(1) } else { count }
    }

    /// Returns whether a combining mark stands at `at`.
    fn is_mark_at(&self, at: usize) -> bool {
        /// No character that begins with a smaller byte is a mark: they are below U+0300.
        const FIRST_OF_MARKS: u8 = 0xcc;
        self.text.as_bytes().get(at).is_some_and(|byte| *byte >= FIRST_OF_MARKS)
            && self.text[at..].chars().next().is_some_and(is_combining_mark)
    }

    /// Takes the character at `at` and what belongs to it; answers where the next begins.
    fn take(&mut self, c: char, at: usize) -> usize {
        let next = at + c.len_utf8();
        if !c.is_ascii() && !self.is_mark_at(next) {
            let pair = match c {
                'Ä' => Some("ae"),
                'Ö' => Some("oe"),
                'Ü' => Some("ue"),
                _ => pair(c),
            };
            if let Some(pair) = pair {
                self.push_all(pair, at, next, c.is_uppercase());
                return next;
            }
        }
        if is_invisible(c) || is_combining_mark(c) {
            return next;
        }
        if is_letter(c) {
            return self.letter(c, at);
        }
        if self.gap.is_empty()
            && !self.folded.bytes.is_empty()
            && let Some(skipped) = gender_mark(&self.text[at..])
        {
            return at + skipped;
        }
        let hyphen = is_hyphen(c);
        if self.gap.is_empty() {
            self.gap.begins_with_hyphen = hyphen;
        }
        self.gap.ends_with_hyphen = hyphen;
        if hyphen {
            self.gap.hyphen = true;
        } else if c.is_whitespace() {
            self.gap.blank = true;
            self.gap.newlines += usize::from(c == '\n');
        } else if c == '/' {
            self.gap.blank = true;
        } else if c == '&' && self.gap.blank {
            for letter in "und".chars() {
                self.push(letter, at, next, false);
            }
        } else {
            self.gap.punctuation = true;
            self.gap.full_stop |= matches!(c, '.' | '!' | '?' | '…');
        }
        next
    }

    /// Writes a letter or digit with its marks, which may lie apart in NFD.
    fn letter(&mut self, c: char, at: usize) -> usize {
        let mut next = at + c.len_utf8();
        let upper = c.is_uppercase();
        let mut cluster = String::from(c);
        let mut marks = 0;
        for mark in self.text[next..].chars().take_while(|&c| is_combining_mark(c)) {
            next += mark.len_utf8();
            marks += 1;
            if marks <= MOST_MARKS {
                cluster.push(mark);
            }
        }
        for composed in cluster.nfkc() {
            for lower in composed.to_lowercase() {
                if let Some(pair) = pair(lower) {
                    self.push_all(pair, at, next, upper);
                    continue;
                }
                for base in lower.nfd().filter(|&c| is_letter(c)) {
                    match pair(base) {
                        Some(pair) => self.push_all(pair, at, next, upper),
                        None => self.push(base, at, next, upper),
                    }
                }
            }
        }
        next
    }

    fn push_all(&mut self, letters: &str, from: usize, to: usize, upper: bool) {
        for letter in letters.chars() {
            self.push(letter, from, to, upper);
        }
    }

    fn push(&mut self, letter: char, from: usize, to: usize, upper: bool) {
        let mut joint = self.open(from, upper);
        self.length += 1;
        self.digits &= letter.is_numeric();
        let (from, to) = (place(from), place(to));
        let mut buffer = [0; 4];
        for byte in letter.encode_utf8(&mut buffer).bytes() {
            self.folded.bytes.push(byte);
            self.folded.letters.push(Letter { from, to, upper, joint });
            joint = Joint::None;
        }
    }

    /// Writes `count` letters and digits of ASCII, all at once.
    fn push_plain(&mut self, at: usize, count: usize) {
        let run = &self.text.as_bytes()[at..at + count];
        let joint = self.open(at, run.first().is_some_and(u8::is_ascii_uppercase));
        self.length += count;
        self.digits &= run.iter().all(u8::is_ascii_digit);
        let first = self.folded.letters.len();
        self.folded.bytes.extend(run.iter().map(u8::to_ascii_lowercase));
        self.folded.letters.extend((at..).zip(run).map(|(at, letter)| Letter {
            from: place(at),
            to: place(at + 1),
            upper: letter.is_ascii_uppercase(),
            joint: Joint::None,
        }));
        if let Some(letter) = self.folded.letters.get_mut(first) {
            letter.joint = joint;
        }
    }

    /// Returns what stands before the letter at `from`, which may open a word.
    fn open(&mut self, from: usize, upper: bool) -> Joint {
        if self.gap.is_empty() {
            return Joint::None;
        }
        let joint = self.close_gap(from, upper);
        if joint != Joint::None {
            if joint != Joint::Hyphen {
                self.folded.words.push(self.folded.bytes.len());
            }
            self.length = 0;
            self.digits = true;
        }
        joint
    }

    /// Returns what the gap before a letter amounts to.
    fn close_gap(&mut self, from: usize, upper: bool) -> Joint {
        let gap = std::mem::take(&mut self.gap);
        // "57. Sitzung" and "Dr. Meier" end no sentence.
        let stopped = gap.full_stop && gap.blank && upper && self.length > 2 && !self.digits;
        let wrapped = gap.begins_with_hyphen && gap.newlines == 1 && !gap.punctuation;
        if stopped || gap.cut || (gap.newlines > 0 && !wrapped) {
            self.folded.sentences.push(self.folded.bytes.len());
        }
        if gap.cut || gap.newlines > 1 {
            return Joint::Hard;
        }
        if gap.begins_with_hyphen && gap.blank {
            if wrapped && !begins_with_conjunction(&self.text[from..]) {
                return Joint::Hyphen;
            }
            self.folded.suspended.push(self.folded.bytes.len());
        }
        if gap.ends_with_hyphen && gap.blank && !gap.begins_with_hyphen && !gap.punctuation {
            self.folded.resumed.push(self.folded.bytes.len());
        }
        match (gap.punctuation, gap.hyphen, gap.blank) {
            (true, _, true) => Joint::Hard,
            (true, _, false) => Joint::Tight,
            (false, true, true) if !gap.begins_with_hyphen && !gap.ends_with_hyphen => Joint::Hard,
            (false, true, false) => Joint::Hyphen,
            _ => Joint::Blank,
        }
    }
}

/// Returns a place in the text; texts of four gigabytes are cut long before.
fn place(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// Returns whether `rest` begins with a word that joins the halves of `Haupt- und Personalamt`.
fn begins_with_conjunction(rest: &str) -> bool {
    let end = rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
    is_conjunction(&rest.as_bytes()[..end])
}

/// Returns whether a folded word stands between coordinated compounds.
pub(super) fn is_conjunction(word: &[u8]) -> bool {
    matches!(word, b"und" | b"oder" | b"sowie" | b"bzw" | b"beziehungsweise" | b"wie")
}

/// Returns the length of a mark as in `Bürger:innen`, `Bürger*in`, `Leiter/-innen`, which is no
/// joint.
fn gender_mark(rest: &str) -> Option<usize> {
    let mark = rest.chars().next().filter(|c| matches!(c, ':' | '*' | '_' | '·' | '/' | '('))?;
    let after = &rest[mark.len_utf8()..];
    let (skipped, ending) = after.strip_prefix('-').map_or((0, after), |ending| (1, ending));
    let following = ending.strip_prefix("innen").or_else(|| ending.strip_prefix("in"))?;
    let ends = following.chars().next().is_none_or(|c| !c.is_alphanumeric());
    ends.then_some(mark.len_utf8() + skipped)
}

/// Returns the two letters that stand for a special one where it cannot be typed.
fn pair(letter: char) -> Option<&'static str> {
    match letter {
        'ä' | 'æ' => Some("ae"),
        'ö' | 'ø' | 'œ' => Some("oe"),
        'ü' => Some("ue"),
        'ß' => Some("ss"),
        _ => None,
    }
}

/// Returns whether it is a letter or digit; Unicode counts some marks as alphabetic.
fn is_letter(c: char) -> bool {
    c.is_alphanumeric() && !is_combining_mark(c)
}

fn is_hyphen(c: char) -> bool {
    matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe63}' | '\u{ff0d}')
}

/// Returns whether it is a soft hyphen, or a zero-width, bidi or variation character: nobody sees
/// them.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
    )
}

#[cfg(test)]
mod tests;
