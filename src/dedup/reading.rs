//! Words as numbers: what the other files of this module compare.
//!
//! A word is hashed without making a string of it: this runs for every new item.
//! Letters are folded as readers would (case, `ä` = `ae`, `ß` = `ss`), soft hyphens
//! and zero-width characters vanish. What editors of other houses write otherwise has
//! one hash: forms of a word, ways to name women and men, numbers in words or with
//! points, days, words parted at the end of a line.

use crate::text::{fold, is_invisible, month_named, numeral, weekday_named};

/// A word as it stands in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Word<'a> {
    /// The letters and digits as written.
    pub(super) text: &'a str,
    /// Hash of its folded letters.
    pub(super) hash: u64,
    /// Characters.
    pub(super) length: u16,
    /// It begins with a capital.
    pub(super) capital: bool,
    /// Capitals after the first character: an abbreviation or a coined name.
    pub(super) inner_capitals: u8,
    pub(super) digits: u8,
    /// A full stop stands right behind it: an ordinal, if it is a number.
    pub(super) stop: bool,
    /// It is the first word of a sentence, so that its capital says nothing.
    pub(super) opens: bool,
    /// The number that it is, in figures or in words.
    pub(super) number: Option<u32>,
    /// It names a month, a day of the week or a year.
    pub(super) of_calendar: bool,
}

const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0100_0000_01b3;

fn step(hash: u64, byte: u8) -> u64 {
    (hash ^ u64::from(byte)).wrapping_mul(PRIME)
}

/// Spreads a hash over all its bits; FNV alone leaves the upper ones alike.
pub(super) const fn spread(mut hash: u64) -> u64 {
    hash ^= hash >> 32;
    hash = hash.wrapping_mul(0xd6e8_feb8_6659_fd93);
    hash ^= hash >> 32;
    hash = hash.wrapping_mul(0xd6e8_feb8_6659_fd93);
    hash ^ (hash >> 32)
}

/// Returns a stable hash of bytes as they are.
pub(super) fn hash_bytes(bytes: &[u8]) -> u64 {
    spread(bytes.iter().fold(OFFSET, |hash, byte| step(hash, *byte)))
}

/// Returns the hash of a word after folding; the same as [`words`] gives it.
pub(super) fn hash_word(word: &str) -> u64 {
    spread(word.chars().fold(OFFSET, fold_into))
}

/// Returns the same of the letters and digits alone.
fn hash_letters(word: &str) -> u64 {
    let is_part = |c: &char| c.is_alphanumeric() || ('\u{300}'..='\u{36f}').contains(c);
    spread(word.chars().filter(is_part).fold(OFFSET, fold_into))
}

fn fold_into(hash: u64, letter: char) -> u64 {
    if letter.is_ascii() {
        return step(hash, letter.to_ascii_lowercase() as u8);
    }
    let pair = match letter {
        'ä' | 'Ä' => "ae",
        'ö' | 'Ö' => "oe",
        'ü' | 'Ü' => "ue",
        'ß' | 'ẞ' => "ss",
        _ => {
            let mut buffer = [0; 4];
            return letter
                .to_lowercase()
                .fold(hash, |hash, lower| lower.encode_utf8(&mut buffer).bytes().fold(hash, step));
        }
    };
    pair.bytes().fold(hash, step)
}

/// Returns the words of a text, in order.
pub(super) fn words(text: &str) -> Words<'_> {
    Words { text, at: 0, opens: true, behind_number: false, pending: [None, None] }
}

/// See [`words`].
pub(super) struct Words<'a> {
    text: &'a str,
    at: usize,
    opens: bool,
    /// The full stop behind a number ends no sentence.
    behind_number: bool,
    /// The rest of a day such as `07.03.2026`, which counts as three words.
    pending: [Option<Word<'a>>; 2],
}

impl<'a> Iterator for Words<'a> {
    type Item = Word<'a>;

    fn next(&mut self) -> Option<Word<'a>> {
        if let Some(word) = self.pending[0].take() {
            self.pending.swap(0, 1);
            return Some(word);
        }
        let rest = self.text.get(self.at..)?;
        let (start, first) = self.begin(rest)?;
        let opens = std::mem::take(&mut self.opens);
        let tail = &rest[start..];
        let word = if first.is_ascii_digit() {
            let (word, length, more) = number(tail);
            self.pending = more;
            self.at += start + length;
            word
        } else {
            let (text, length) = letters(tail);
            self.at += start + length;
            let mut word = Word::of(text);
            word.stop = self.text[self.at..].starts_with('.');
            word
        };
        self.behind_number = word.digits > 0;
        Some(Word { opens, ..word })
    }
}

impl Words<'_> {
    /// Skips to the next word.
    fn begin(&mut self, rest: &str) -> Option<(usize, char)> {
        for (offset, letter) in rest.char_indices() {
            if letter.is_alphanumeric() {
                return Some((offset, letter));
            }
            self.opens |=
                matches!(letter, '!' | '?' | ':' | '\n') || letter == '.' && !self.behind_number;
        }
        self.at = self.text.len();
        None
    }
}

/// Returns the word at the beginning of a text, and how far it reaches with what is not part of
/// it: the ending that names women too, the hyphen at the end of a line.
fn letters(text: &str) -> (&str, usize) {
    let mut end = 0;
    for (at, letter) in text.char_indices() {
        if !letter.is_alphanumeric() && !is_invisible(letter) {
            break;
        }
        end = at + letter.len_utf8();
    }
    let rest = &text[end..];
    if let Some(behind) = rest.strip_prefix([':', '*', '_', '/']) {
        let behind = behind.strip_prefix('-').unwrap_or(behind);
        let names = ["innen", "in"].iter().find_map(|ending| behind.strip_prefix(ending));
        if let Some(after) = names.filter(|after| !after.starts_with(char::is_alphanumeric)) {
            return (&text[..end], text.len() - after.len());
        }
    }
    // "Stadt-" at the end of a line, "baurätin" at the beginning of the next.
    if let Some(behind) = rest.strip_prefix('-')
        && let Some(next) = behind.trim_start_matches(' ').strip_prefix('\n')
        && let next = next.trim_start()
        && next.starts_with(char::is_lowercase)
        && !["und ", "oder ", "sowie "].iter().any(|word| next.starts_with(word))
    {
        let more = next.find(|c: char| !c.is_alphanumeric()).unwrap_or(next.len());
        let length = text.len() - next.len() + more;
        return (&text[..length], length);
    }
    (&text[..end], end)
}

/// Returns the number at the beginning of a text, how far it reaches, and the words behind it if
/// it is a day or a time.
fn number(text: &str) -> (Word<'_>, usize, [Option<Word<'_>>; 2]) {
    let bytes = text.as_bytes();
    let digits = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let mut end = digits(0);
    while matches!(bytes.get(end), Some(b'.' | b',')) && digits(end + 1) > 0 {
        end += 1 + digits(end + 1);
    }
    // "75 000": the parts of a number, not two.
    while (1..=3).contains(&digits(0))
        && matches!(bytes.get(end), Some(b' '))
        && digits(end + 1) == 3
        && bytes[0] != b'0'
        && (end == digits(0) || end > digits(0) && bytes[digits(0)] == b' ')
    {
        end += 4;
    }
    let whole = &text[..end];
    // "9b", "3D": a name.
    if text[end..].starts_with(char::is_alphabetic) {
        let (name, length) = letters(text);
        if length > end {
            return (Word::of(name), length, [None, None]);
        }
    }
    let stop = bytes.get(end) == Some(&b'.');
    let parts: Vec<&str> = whole.split('.').collect();
    let value = |part: &str| part.parse::<u32>().ok();
    match parts.as_slice() {
        [day, month, year]
            if value(month).is_some_and(|m| (1..=12).contains(&m)) && day.len() <= 2 =>
        {
            let year = value(year).map(|year| if year < 100 { year + 2000 } else { year });
            let month = Word::of_month(month, value(month).unwrap_or_default());
            let day = Word { stop: true, ..Word::of_number(day, value(day).unwrap_or_default()) };
            let year = year.map(|year| Word::of_number(parts[2], year));
            (day, end, [Some(month), year])
        }
        [day, month]
            if stop && day.len() <= 2 && value(month).is_some_and(|m| (1..=12).contains(&m)) =>
        {
            let month = Word::of_month(month, value(month).unwrap_or_default());
            let day = Word { stop: true, ..Word::of_number(day, value(day).unwrap_or_default()) };
            (day, end, [Some(month), None])
        }
        [hour, minute] if minute.len() == 2 && text[end..].trim_start().starts_with("Uhr") => {
            let minute = value(minute).filter(|m| *m > 0).map(|m| Word::of_number(minute, m));
            (Word::of_number(hour, value(hour).unwrap_or_default()), end, [minute, None])
        }
        _ => {
            let is_plain = whole.bytes().all(|byte| byte.is_ascii_digit());
            let is_grouped = whole.split(['.', ' ']).skip(1).all(|part| part.len() == 3);
            let read = if is_plain || is_grouped && !whole.contains(',') {
                whole.bytes().filter(u8::is_ascii_digit).try_fold(0_u32, |sum, digit| {
                    sum.checked_mul(10)?.checked_add(u32::from(digit - b'0'))
                })
            } else {
                None
            };
            let word = match read {
                Some(number) => Word::of_number(whole, number),
                None => Word { digits: u8::try_from(end).unwrap_or(u8::MAX), ..Word::of(whole) },
            };
            (Word { stop, ..word }, end, [None, None])
        }
    }
}

impl<'a> Word<'a> {
    const EMPTY: Self = Self {
        text: "",
        hash: OFFSET,
        length: 0,
        capital: false,
        inner_capitals: 0,
        digits: 0,
        stop: false,
        opens: false,
        number: None,
        of_calendar: false,
    };

    fn of(text: &'a str) -> Self {
        let mut word = Self { text, ..Self::EMPTY };
        for letter in text.chars() {
            let capital = letter.is_uppercase();
            word.capital |= capital && word.length == 0;
            let inner = u8::from(capital && word.length > 0);
            word.inner_capitals = word.inner_capitals.saturating_add(inner);
            word.digits = word.digits.saturating_add(u8::from(letter.is_ascii_digit()));
            word.length = word.length.saturating_add(u16::from(letter.is_alphanumeric()));
        }
        if word.capital
            && let Some(month) = month_of(text)
        {
            return Self { text, ..Self { length: word.length, ..Self::of_month(text, month) } };
        }
        if (!word.capital && word.length <= 12 || word.length <= 8)
            && let Some(number) = numeral_of(text)
        {
            return Self { length: word.length, ..Self::of_number(text, number) };
        }
        word.of_calendar = word.capital && weekday_named_in(text);
        let shouts = word.length >= 5 && u16::from(word.inner_capitals) + 1 >= word.length;
        word.hash = if shouts
            || !text.is_ascii()
            || NAMES_PEOPLE.iter().any(|begin| text.starts_with(begin))
        {
            hash_letters(super::stem::stem(&fold(text)))
        } else {
            hash_letters(stem_of(text))
        };
        word
    }

    fn of_number(text: &'a str, number: u32) -> Self {
        let digits =
            u8::try_from(number.checked_ilog10().unwrap_or_default() + 1).unwrap_or(u8::MAX);
        Self {
            text,
            hash: spread(0x6e75_6d62 << 32 | u64::from(number)),
            length: u16::from(digits),
            digits,
            number: Some(number),
            of_calendar: (1990..2100).contains(&number),
            ..Self::EMPTY
        }
    }

    fn of_month(text: &'a str, month: u32) -> Self {
        let hash = spread(0x6d6f_6e74 << 32 | u64::from(month));
        let stop = text.starts_with(|c: char| c.is_ascii_digit());
        Self { text, hash, length: 4, capital: true, of_calendar: true, stop, ..Self::EMPTY }
    }
}

/// Months by their names and usual abbreviations; a fast look at the first letter first.
fn month_of(text: &str) -> Option<u32> {
    if !text.starts_with(['J', 'F', 'M', 'A', 'S', 'O', 'N', 'D']) || text.len() > 10 {
        return None;
    }
    u32::try_from(month_named(&text.to_lowercase())?).ok()
}

fn numeral_of(text: &str) -> Option<u32> {
    if !text.starts_with([
        'z', 'd', 'v', 'f', 's', 'a', 'n', 'e', 'Z', 'D', 'V', 'F', 'S', 'A', 'N', 'E',
    ]) {
        return None;
    }
    if text.bytes().all(|byte| byte.is_ascii_lowercase()) {
        numeral(text)
    } else {
        numeral(&fold(text))
    }
}

fn weekday_named_in(text: &str) -> bool {
    text.starts_with(['M', 'D', 'F', 'S'])
        && text.contains("tag")
        && weekday_named(&text.to_lowercase()).is_some()
        || text.starts_with("Mittwoch")
        || text.starts_with("Sonnabend")
}

/// Beginnings of the words that `stem::stem` knows as names of the same people.
const NAMES_PEOPLE: [&str; 8] =
    ["Besch", "Beleg", "Lehr", "Studier", "Teilnehm", "Einwohn", "Bürger", "Antrag"];

/// Returns the word without the ending of its form, as `stem::stem` has it, but of letters that
/// are not folded.
fn stem_of(text: &str) -> &str {
    super::stem::stem(match text {
        "Sonnabend" => "Samstag",
        "Mio" => "Millionen",
        "Mrd" => "Milliarden",
        "EUR" => "Euro",
        "Tsd" => "Tausend",
        _ => text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelling_variants_have_one_hash() {
        let hash = |text| words(text).next().expect("a word").hash;
        assert_eq!(hash("Straße"), hash("STRASSE"));
        assert_eq!(hash("Ämter"), hash("aemter"));
        assert_eq!(hash("Ver\u{ad}waltung"), hash("Verwaltung"));
        assert_eq!(hash("Ver\u{ad}waltung"), hash_word("verwaltung"));
        assert_ne!(hash("Amt"), hash("Rat"));
    }

    #[test]
    fn what_other_houses_write_otherwise_has_one_hash() {
        let hashes = |text| words(text).map(|word| word.hash).collect::<Vec<_>>();
        for (one, other) in [
            ("2.150 Stück", "2150 Stück"),
            ("75 000 Stück", "75.000 Stück"),
            ("am 07.03.2026 um", "am 7. März 2026 um"),
            ("um 10.00 Uhr", "um 10 Uhr"),
            ("zwei Räume", "2 Räume"),
            ("die Bürger:innen", "die Bürger"),
            ("Mitarbeitende", "Mitarbeiter"),
            ("von Stadt-\nbaurätin Dierks", "von Stadtbaurätin Dierks"),
            ("am Sonnabend", "am Samstag"),
        ] {
            assert_eq!(hashes(one), hashes(other), "{one} | {other}");
        }
    }

    #[test]
    fn a_word_knows_how_it_is_written() {
        let all: Vec<_> = words("Die 4. Sitzung, SicherKOMMUNAL; Ende").collect();
        assert_eq!(
            all.iter().map(|w| w.text).collect::<Vec<_>>(),
            ["Die", "4", "Sitzung", "SicherKOMMUNAL", "Ende"]
        );
        assert!(all[0].opens && all[0].capital && !all[2].opens);
        assert!(all[1].stop && all[1].digits == 1);
        assert_eq!(all[3].inner_capitals, 8);
    }
}
