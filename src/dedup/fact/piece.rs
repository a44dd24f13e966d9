//! A sentence cut into words, numbers and the signs that matter.

use crate::text;

/// A piece of a text before its meaning is known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece<'a> {
    pub(super) text: &'a str,
    pub(super) from: usize,
    pub(super) kind: Kind,
    /// A full stop stands right behind it.
    pub(super) stop: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    Number,
    Sign,
}

/// Cuts a sentence into words, numbers and the signs that matter.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let (length, kind) = if first.is_ascii_digit() {
            (number_length(rest), Kind::Number)
        } else if first.is_alphanumeric() {
            (word_length(rest), Kind::Word)
        } else {
            (first.len_utf8(), Kind::Sign)
        };
        let piece = &rest[..length];
        let stop = rest[length..].starts_with('.');
        // A number with letters behind it is a name: "9b", "3D".
        let kind = if kind == Kind::Number && piece.ends_with(char::is_alphabetic) {
            Kind::Word
        } else {
            kind
        };
        let matters =
            kind != Kind::Sign || matches!(first, '%' | '€' | '–' | '-' | ':' | '„' | '“');
        if matters {
            pieces.push(Piece { text: piece, from: at, kind, stop });
        }
        at += length;
    }
    pieces
}

fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
    let mut at = digits(0);
    let first = at;
    let mut groups = 0;
    loop {
        let next = bytes.get(at).copied();
        if matches!(next, Some(b'.' | b',' | b':' | b'/' | b'-')) && digits(at + 1) > 0 {
            at += 1 + digits(at + 1);
            continue;
        }
        // "75 000": groups of three behind a plain or a hard blank.
        let blank = match text[at..].chars().next() {
            Some(c @ (' ' | '\u{a0}' | '\u{202f}')) => c.len_utf8(),
            _ => 0,
        };
        let is_group = blank > 0
            && first <= 3
            && at == first + groups
            && bytes[0] != b'0'
            && digits(at + blank) == 3;
        if is_group {
            groups += blank + 3;
            at += blank + 3;
            continue;
        }
        break;
    }
    text[at..]
        .char_indices()
        .find(|(_, c)| !c.is_alphanumeric())
        .map_or(text.len(), |(end, _)| at + end)
}

/// A word with its hyphens and with the ending that names women too; an address to
/// write to is one word.
fn word_length(text: &str) -> usize {
    let run = text.find(char::is_whitespace).map_or(text, |end| &text[..end]);
    if let Some(sign) = run.find('@')
        && run[sign..].contains('.')
    {
        return run.trim_end_matches(|c: char| !c.is_alphanumeric()).len();
    }
    for (at, letter) in text.char_indices() {
        if letter.is_alphanumeric() || is_inside(letter) {
            continue;
        }
        let rest = &text[at + letter.len_utf8()..];
        let joins = match letter {
            '-' | '\u{2010}' | '\u{2011}' => rest.starts_with(char::is_alphanumeric),
            ':' | '*' | '_' | '/' => ["innen", "in", "n", "r", "e"].iter().any(|ending| {
                rest.strip_prefix(ending)
                    .is_some_and(|rest| !rest.starts_with(char::is_alphanumeric))
            }),
            _ => false,
        };
        if !joins {
            return at;
        }
    }
    text.len()
}

fn is_inside(letter: char) -> bool {
    text::is_invisible(letter) || ('\u{300}'..='\u{36f}').contains(&letter)
}
