//! Text fit for a line or a paragraph: nothing in it that cannot be seen.

use std::borrow::Cow;

use unicode_normalization::{IsNormalized, UnicodeNormalization as _, is_nfc_quick};

/// Returns whether the character shows nothing and may change how others show:
/// controls but white space, bidi marks and overrides, zero-width characters,
/// the soft hyphen, noncharacters. The joiner of emoji is judged by its neighbour.
pub(crate) fn is_invisible(character: char) -> bool {
    if character < '\u{ad}' {
        return character < ' ' && !character.is_ascii_whitespace() && character != '\u{b}'
            || ('\u{7f}'..'\u{a0}').contains(&character) && character != '\u{85}';
    }
    match character {
        '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{115f}'..='\u{1160}'
        | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{3164}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{fffe}'..='\u{ffff}'
        | '\u{e0000}'..='\u{e0fff}' => true,
        _ => character.is_control() && !character.is_whitespace(),
    }
}

/// Returns whether the character steers a terminal, breaks a line or reorders it: controls,
/// line separators, bidi marks and overrides, and what shows nothing. Joiners are left, since
/// scripts and emoji need them.
pub fn steers(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{61c}' | '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

/// Returns the same lines with U+FFFD for what could steer a terminal or reorder a line.
pub fn harmless(text: &str) -> Cow<'_, str> {
    let is_harmless = |c: char| matches!(c, '\n' | '\t') || !steers(c);
    if text.chars().all(is_harmless) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().map(|c| if is_harmless(c) { c } else { '\u{fffd}' }).collect())
}

/// Returns the same as [`harmless`] on one line: nobody can write a second one into a log or a
/// table.
pub fn harmless_line(text: &str) -> Cow<'_, str> {
    if !text.chars().any(steers) {
        return Cow::Borrowed(text);
    }
    let on_one_line = |c: char| match c {
        '\n' | '\r' | '\t' | '\u{2028}' | '\u{2029}' => ' ',
        c if steers(c) => '\u{fffd}',
        c => c,
    };
    Cow::Owned(text.chars().map(on_one_line).collect())
}

/// Returns one clean line: composed (NFC), without invisible characters, each run of
/// white space one blank, trimmed, at most `max_chars` characters.
pub fn clean_line(text: &str, max_chars: usize) -> String {
    clean(text, max_chars, false)
}

/// Returns the same as [`clean_line`], but a run of white space with a line break in
/// it becomes one line break.
pub fn clean_block(text: &str, max_chars: usize) -> String {
    clean(text, max_chars, true)
}

/// Appends `text` with each run of white space as one blank and none at its ends.
pub(crate) fn push_single_spaced(target: &mut String, text: &str) {
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (words, gap) = rest.split_at(single_spaced(rest));
        target.push_str(words);
        rest = gap.trim_start();
        if !rest.is_empty() {
            target.push(' ');
        }
    }
}

/// Bytes that are looked at together.
const CHUNK: usize = 64;

/// Returns how much of a text that begins with a word is words with single blanks between them.
fn single_spaced(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut at, mut end) = (0, 0);
    let mut chunk_end = 1;
    loop {
        // Behind a word: the next bytes all at once, else one by one.
        if at >= chunk_end && at == end {
            chunk_end = at + CHUNK;
            if bytes.get(at - 1..chunk_end).is_some_and(is_single_spaced) {
                at = last_end_of_word(text, chunk_end);
                (end, chunk_end) = (at, at);
                continue;
            }
        }
        match bytes.get(at) {
            Some(b'!'..=b'~') => at += 1,
            Some(b' ') if at == end => {
                at += 1;
                continue;
            }
            Some(byte) if !byte.is_ascii() => match text[at..].chars().next() {
                Some(character) if !character.is_whitespace() => at += character.len_utf8(),
                _ => return end,
            },
            // A control character is no white space, but some are.
            Some(byte) if !char::from(*byte).is_whitespace() => at += 1,
            _ => return end,
        }
        end = at;
    }
}

/// Returns whether behind its first byte there is no white space but single blanks, and
/// no byte with which a character of white space beyond ASCII could begin.
fn is_single_spaced(bytes: &[u8]) -> bool {
    let begins_space = |byte: u8| matches!(byte, 0xc2 | 0xe1 | 0xe2 | 0xe3);
    // Gathered, not searched: without an early exit the compiler takes many bytes at a time.
    let pairs = bytes.iter().zip(bytes.get(1..).unwrap_or_default());
    pairs.fold(0, |odd, (before, byte)| {
        let in_row = *before == b' ' && *byte == b' ';
        odd | u8::from(*byte < b' ' || in_row || begins_space(*byte))
    }) == 0
}

/// Returns the last place up to `at` that is behind a character and not behind a blank,
/// where no two blanks stand in a row.
fn last_end_of_word(text: &str, at: usize) -> usize {
    let words = &text[..text.floor_char_boundary(at)];
    words.strip_suffix(' ').unwrap_or(words).len()
}

/// Returns whether nothing in the text composes. Below U+0300 no character does, nor
/// do the dashes, quotation marks and dots of typography.
fn is_composed(text: &str) -> bool {
    let plain = |c: char| c < '\u{300}' || matches!(c, '\u{2010}'..='\u{2027}' | '€');
    text.chars().all(plain) || is_nfc_quick(text.chars()) == IsNormalized::Yes
}

/// Returns whether cleaning would leave the text as it is: visible characters that do
/// not compose, single gaps between them. Most texts come so from the reader of
/// markup; asking is far cheaper than cleaning.
fn is_clean(text: &str, keeps_breaks: bool) -> bool {
    let mut in_gap = true;
    for character in text.chars() {
        match character {
            '!'..='~' | '\u{a1}'..='\u{ac}' | '\u{ae}'..='\u{2ff}' => in_gap = false,
            '\u{2010}'..='\u{2027}' | '€' => in_gap = false,
            ' ' if !in_gap => in_gap = true,
            '\n' if keeps_breaks && !in_gap => in_gap = true,
            _ => return false,
        }
    }
    !in_gap
}

fn clean(text: &str, max_chars: usize, keeps_breaks: bool) -> String {
    let fits = text.len() <= max_chars || text.chars().count() <= max_chars;
    if fits && is_clean(text, keeps_breaks) {
        return text.to_owned();
    }
    if is_composed(text) {
        collect(text.chars(), text.len(), max_chars, keeps_breaks)
    } else {
        collect(text.nfc(), text.len(), max_chars, keeps_breaks)
    }
}

fn collect(
    characters: impl Iterator<Item = char>,
    bytes: usize,
    max_chars: usize,
    keeps_breaks: bool,
) -> String {
    let mut cleaned = String::with_capacity(bytes.min(max_chars.saturating_mul(2)));
    let mut count = 0_usize;
    let mut gap: Option<char> = None;
    let mut previous = ' ';
    for character in characters {
        if character.is_whitespace() {
            let breaks = keeps_breaks
                && matches!(character, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}');
            gap = Some(if breaks || gap == Some('\n') { '\n' } else { ' ' });
            continue;
        }
        // The joiner holds emoji families together; between letters it only hides.
        let joins_emoji = character == '\u{200d}' && previous >= '\u{2190}';
        if is_invisible(character) && !joins_emoji {
            continue;
        }
        if let Some(blank) = gap.take().filter(|_| count > 0) {
            if count + 1 >= max_chars {
                break;
            }
            cleaned.push(blank);
            count += 1;
        }
        if count >= max_chars {
            break;
        }
        cleaned.push(character);
        count += 1;
        previous = character;
    }
    cleaned
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_text_cannot_steer_a_terminal_or_forge_a_line() {
        assert_eq!(
            harmless("a\u{1b}[31mb\u{202e}c\td\r\n"),
            "a\u{fffd}[31mb\u{fffd}c\td\u{fffd}\n"
        );
        assert_eq!(
            harmless_line("a\u{1b}[2Kb\nerror: c\u{2028}d\u{85}\u{2066}"),
            "a\u{fffd}[2Kb error: c d\u{fffd}\u{fffd}"
        );
        for fine in ["Straße", "\u{1f468}\u{200d}\u{1f469}", "a\u{a0}b", "می\u{200c}خواهم"]
        {
            assert_eq!((harmless(fine), harmless_line(fine)), (fine.into(), fine.into()));
        }
    }

    #[test]
    fn below_the_soft_hyphen_only_controls_hide() {
        for character in '\0'..'\u{ad}' {
            let hides = character.is_control() && !character.is_whitespace();
            assert_eq!(is_invisible(character), hides, "{character:?}");
        }
    }

    #[test]
    fn a_line_shows_all_it_holds() {
        assert_eq!(clean_line(" a\u{202e}b\u{200b}\t\n c\u{0} \u{a0}", 99), "ab c");
        assert_eq!(clean_line("Ver\u{ad}waltung u\u{308}ber", 99), "Verwaltung über");
        assert_eq!(clean_line("👩\u{200d}👧 a\u{200d}b", 99), "👩\u{200d}👧 ab");
        assert_eq!(clean_line("\u{200b}\u{feff}", 99), "");
    }

    #[test]
    fn a_line_is_cut_at_a_character_and_not_after_a_blank() {
        assert_eq!(clean_line("äöü", 2), "äö");
        assert_eq!(clean_line("ab cd", 3), "ab");
        assert_eq!(clean_line("ab cd", 4), "ab c");
        assert_eq!(clean_line("ab", 0), "");
    }

    proptest::proptest! {
        #[test]
        fn single_spaced_words_are_those_of_the_text(text in "[a ä\\n\u{a0}\u{b}\u{1}\u{2003}„]{0,12}") {
            let mut spaced = String::from("x");
            push_single_spaced(&mut spaced, &text);
            let words: Vec<&str> = text.split_whitespace().collect();
            proptest::prop_assert_eq!(spaced, format!("x{}", words.join(" ")));
        }

        #[test]
        fn long_texts_are_single_spaced_alike(
            text in "(([a-zß„é]{1,12}|[.,äÖ\u{7f}]) (|||||||||| |\n|\u{a0}|\u{2003}|\t )){0,60}"
        ) {
            let mut spaced = String::new();
            push_single_spaced(&mut spaced, &text);
            let words: Vec<&str> = text.split_whitespace().collect();
            proptest::prop_assert_eq!(spaced, words.join(" "));
        }

        #[test]
        fn what_is_clean_is_left_as_it_is(text in "[a ä\\n\u{a0}„–€\u{ad}\u{300}.]{0,12}", breaks: bool) {
            if is_clean(&text, breaks) {
                let cleaned = collect(text.nfc(), text.len(), usize::MAX, breaks);
                proptest::prop_assert_eq!(&cleaned, &text);
            }
        }
    }

    #[test]
    fn a_block_keeps_single_breaks() {
        assert_eq!(clean_block("a \r\n\n b  c\n", 99), "a\nb c");
    }
}
