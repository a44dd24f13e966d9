//! Header fields: cleaning, folding (RFC 5322 2.2.3), encoded-words (RFC 2047).

/// A header field: its name and what it says, folded.
pub(super) type Field = (&'static str, String);

/// Longest header line without CRLF (RFC 5322 2.1.1).
const MAX_LINE: usize = 78;
/// Longest line that holds an encoded-word (RFC 2047 2).
const MAX_ENCODED_LINE: usize = 76;
/// Longest encoded-word (RFC 2047 2).
const MAX_ENCODED_WORD: usize = 75;
const PREFIX: &str = "=?UTF-8?Q?";
const SUFFIX: &str = "?=";

/// Returns one line: control characters and line separators become blanks, bidi
/// controls and zero-width characters go, runs of blanks become one.
pub(super) fn clean(text: &str) -> String {
    let spaced: String = text
        .chars()
        .filter(|c| {
            !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{ad}')
        })
        .map(|c| if c.is_control() || c.is_whitespace() { ' ' } else { c })
        .collect();
    spaced.split(' ').filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Returns the field of a subject, with its name and CRLF. `text` must be [`clean`].
pub(super) fn subject(text: &str) -> String {
    const NAME: &str = "Subject";
    let is_plain = text.bytes().all(|b| b == b' ' || b.is_ascii_graphic())
        && !text.contains("=?")
        && text.split(' ').all(|word| word.len() < MAX_LINE);
    if is_plain {
        let words: Vec<&str> = text.split(' ').collect();
        return folded(NAME, &words);
    }
    let words = encoded_words(text, MAX_ENCODED_LINE - NAME.len() - 2);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    folded(NAME, &words)
}

/// Returns the words of a phrase (RFC 5322 3.2.5), each ready to stand in a field:
/// atoms, else a quoted string, else encoded-words. `None` if there are none.
pub(super) fn phrase(text: &str) -> Option<Vec<String>> {
    let text = clean(text);
    if text.is_empty() {
        return None;
    }
    let is_atom =
        |b: u8| b == b' ' || b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b);
    if text.is_ascii() && !text.contains("=?") && text.len() < 60 {
        if text.bytes().all(is_atom) {
            return Some(vec![text]);
        }
        let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
        return Some(vec![format!("\"{escaped}\"")]);
    }
    Some(encoded_words(&text, MAX_ENCODED_LINE - "List-Id: ".len()))
}

/// Returns `name: pieces…`, a fold before each piece that would pass the limit. No
/// piece is ever broken inside.
pub(super) fn folded(name: &str, pieces: &[&str]) -> String {
    let mut field = format!("{name}:");
    let mut width = field.len();
    for (index, piece) in pieces.iter().enumerate() {
        let limit = if piece.contains(PREFIX) { MAX_ENCODED_LINE } else { MAX_LINE };
        // A first piece that fits nowhere stays on the first line: a line of
        // white space alone would be obsolete syntax, and folding gains nothing.
        let fits = width + 1 + piece.len() <= limit;
        let folds = !fits && (index > 0 || piece.len() < limit);
        if folds {
            field.push_str("\r\n ");
            width = 1;
        } else {
            field.push(' ');
            width += 1;
        }
        field.push_str(piece);
        width += piece.len();
    }
    field.push_str("\r\n");
    field
}

/// Returns encoded-words that join to `text`; none cuts a character. The first has
/// `first_room` columns.
fn encoded_words(text: &str, first_room: usize) -> Vec<String> {
    let frame = PREFIX.len() + SUFFIX.len();
    let mut words = Vec::new();
    let mut word = String::new();
    let mut room = first_room.min(MAX_ENCODED_WORD) - frame;
    for c in text.chars() {
        let encoded = q(c);
        if word.len() + encoded.len() > room {
            words.push(format!("{PREFIX}{word}{SUFFIX}"));
            word.clear();
            room = MAX_ENCODED_WORD - frame;
        }
        word.push_str(&encoded);
    }
    words.push(format!("{PREFIX}{word}{SUFFIX}"));
    words
}

/// Returns the Q encoding in the narrow set that is allowed in phrases too (RFC 2047 5 (3)).
fn q(c: char) -> String {
    if c == ' ' {
        return "_".to_owned();
    }
    if c.is_ascii_alphanumeric() || "!*+-/".contains(c) {
        return c.to_string();
    }
    let mut bytes = [0; 4];
    let mut encoded = String::with_capacity(12);
    for byte in c.encode_utf8(&mut bytes).bytes() {
        super::quoted::push_encoded(byte, &mut encoded);
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ascii_stays_readable_and_folds_between_words() {
        assert_eq!(subject("7 Meldungen"), "Subject: 7 Meldungen\r\n");
        let long = ["Meldung"; 20].join(" ");
        let field = subject(&long);
        assert!(field.split("\r\n").all(|line| line.len() <= 78));
        assert_eq!(field.replace("\r\n", ""), format!("Subject: {long}"));
    }

    #[test]
    fn what_looks_like_an_encoded_word_is_shown_literally() {
        let field = subject("=?utf-8?q?=0D=0ABcc:_x?=");
        assert!(field.starts_with("Subject: =?UTF-8?Q?=3D=3Futf-8"), "{field}");
    }

    #[test]
    fn a_name_with_specials_is_quoted_and_one_with_umlauts_encoded() {
        assert_eq!(phrase("Amt fuer IT"), Some(vec!["Amt fuer IT".to_owned()]));
        assert_eq!(phrase("Amt, \"IT\""), Some(vec!["\"Amt, \\\"IT\\\"\"".to_owned()]));
        assert_eq!(phrase("Ämter, IT"), Some(vec!["=?UTF-8?Q?=C3=84mter=2C_IT?=".to_owned()]));
        assert_eq!(phrase(" \u{200b}"), None);
    }

    proptest::proptest! {
        #[test]
        fn any_text_becomes_a_field_within_the_limits(dirty in ".{0,300}") {
            let field = subject(&clean(&dirty));
            proptest::prop_assert!(field.is_ascii());
            for line in field.trim_end_matches("\r\n").split("\r\n") {
                proptest::prop_assert!(line.len() <= MAX_LINE, "{line}");
                proptest::prop_assert!(!line.contains(['\r', '\n']), "{line}");
            }
        }
    }
}
