//! Words as numbers: what the other files of this room compare.
//!
//! A word is hashed while it is read, without making a string of it: this runs
//! for every new item. Letters are folded as readers would (case, `ä` = `ae`,
//! `ß` = `ss`), soft hyphens and zero-width characters vanish.

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
    /// Digits.
    pub(super) digits: u8,
    /// A full stop stands right behind it: an ordinal, if it is a number.
    pub(super) stop: bool,
    /// It is the first word of a sentence, so that its capital says nothing.
    pub(super) opens: bool,
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

/// Stable hash of bytes as they are.
pub(super) fn hash_bytes(bytes: &[u8]) -> u64 {
    spread(bytes.iter().fold(OFFSET, |hash, byte| step(hash, *byte)))
}

/// Hash of a word after folding; the same as [`words`] gives it.
pub(super) fn hash_word(word: &str) -> u64 {
    spread(word.chars().fold(OFFSET, fold_into))
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

/// Characters that stand inside words without being part of them.
fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
}

/// The words of a text, in order.
pub(super) fn words(text: &str) -> Words<'_> {
    Words { text, at: 0, opens: true, behind_number: false }
}

/// See [`words`].
pub(super) struct Words<'a> {
    text: &'a str,
    at: usize,
    opens: bool,
    /// The full stop behind a number ends no sentence.
    behind_number: bool,
}

impl<'a> Iterator for Words<'a> {
    type Item = Word<'a>;

    fn next(&mut self) -> Option<Word<'a>> {
        let rest = self.text.get(self.at..)?;
        let mut letters = rest.char_indices();
        let (start, first) = loop {
            let Some((offset, letter)) = letters.next() else {
                self.at = self.text.len();
                return None;
            };
            if letter.is_alphanumeric() {
                break (offset, letter);
            }
            self.opens |=
                matches!(letter, '!' | '?' | ':' | '\n') || letter == '.' && !self.behind_number;
        };
        let mut word = Word { opens: std::mem::take(&mut self.opens), ..Word::EMPTY };
        word.take(first);
        let mut end = start + first.len_utf8();
        loop {
            end += word.take_plain(&rest.as_bytes()[end..]);
            let Some(letter) = rest[end..].chars().next() else { break };
            if letter.is_alphanumeric() {
                word.take(letter);
            } else if !is_invisible(letter) {
                word.stop = letter == '.';
                break;
            }
            end += letter.len_utf8();
        }
        self.at += end;
        word.text = rest.get(start..end)?;
        word.hash = spread(word.hash);
        self.behind_number = word.digits > 0;
        Some(word)
    }
}

impl Word<'_> {
    const EMPTY: Self = Self {
        text: "",
        hash: OFFSET,
        length: 0,
        capital: false,
        inner_capitals: 0,
        digits: 0,
        stop: false,
        opens: false,
    };

    /// Takes the letters that are folded already, as most are. Answers how many.
    fn take_plain(&mut self, letters: &[u8]) -> usize {
        let mut count = 0;
        for letter in letters.iter().take_while(|letter| letter.is_ascii_lowercase()) {
            self.hash = step(self.hash, *letter);
            count += 1;
        }
        self.length = self.length.saturating_add(u16::try_from(count).unwrap_or(u16::MAX));
        count
    }

    fn take(&mut self, letter: char) {
        let capital = letter.is_uppercase();
        self.capital |= capital && self.length == 0;
        self.inner_capitals =
            self.inner_capitals.saturating_add(u8::from(capital && self.length > 0));
        self.digits = self.digits.saturating_add(u8::from(letter.is_ascii_digit()));
        self.length = self.length.saturating_add(1);
        self.hash = fold_into(self.hash, letter);
    }
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
        assert_ne!(hash("Amt"), hash("Amts"));
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
